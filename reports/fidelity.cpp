#include "reports/fidelity.h"

#include <fmt/format.h>

#include "model/config.h"
#include "reports/words.h"
#include "sim/kernel/plan.h"
#include "sim/kernel/writeback.h"

namespace reports {
namespace {

std::string range(model::Duration least, model::Duration most) {
  return fmt::format("{} to {}", short_seconds(least), short_seconds(most));
}

void add_network(std::vector<TableRow>& rows) {
  const sim::LinkSettings links;
  rows.push_back(
      {"network",
       fmt::format("A message takes {} each way, drawn evenly; each direction of a connection keeps its order. "
                   "Bandwidth, queues of routers and packets are not modelled.",
                   range(links.latency_min, links.latency_max)),
       "Races between nodes are real, throughput limits are not."});
  rows.push_back(
      {"tcp-retransmission",
       fmt::format("What a cut stalls arrives after it with the sender's next retransmission: {} after the first loss, "
                   "doubling up to {}, each up to an eighth late.",
                   short_seconds(links.retransmit_first), short_seconds(links.retransmit_max)),
       "After a long cut a connection may stay silent for longer than the cut has lasted, as with Linux."});
  rows.push_back(
      {"tcp-connect",
       fmt::format("A connection attempt into a cut is repeated every {}, {} times, then at doubling intervals.",
                   short_seconds(links.syn_retry), links.syn_linear),
       "As Linux does with tcp_syn_linear_timeouts."});
  rows.push_back(
      {"tcp-acknowledgements",
       "While one direction is cut, the other goes on until its first retransmission is due or ten messages are "
       "unacknowledged, then waits; the first message that gets through the healed direction releases it.",
       "A cut of one direction soon silences both, as with Linux; windows and congestion are not modelled otherwise."});
  rows.push_back(
      {"tcp-half-open",
       "A peer that vanishes behind a cut is noticed by time-outs of Kafka and ZooKeeper alone; TCP's keep-alives and "
       "limits are ignored.",
       "Kafka's own time-outs are shorter than TCP's, so they come first in practice."});
  rows.push_back(
      {"connection-backoff",
       "Brokers repeat connection attempts without the jitter and growth of Kafka's reconnect back-off, at fixed "
       "intervals of 50 to 100 ms.",
       "Recordings show no difference; a producer's back-off is Kafka's."});
  rows.push_back(
      {"producer-start",
       "A producer hands over its first record when its process starts; a real one waits for classes to load and then "
       "catches up with about ten records at once.",
       "The first half second of a producer's life differs."});
}

void add_disturbances(std::vector<TableRow>& rows) {
  rows.push_back({"packet-loss",
                  "A message is one packet, lost as a whole; its sender repeats it after its retransmission time-out. "
                  "Linux often notices earlier, by what arrives behind it.",
                  "Loss costs more time here than on a busy connection."});
  rows.push_back({"slow-disk", "A slow disk delays each write by itself; writes of different connections overlap.",
                  "A single flusher's queue cannot build up."});
  rows.push_back(
      {"page-cache",
       fmt::format(
           "Records reach the disk with a clean shutdown, or when they are {} old and the machine wakes to write "
           "back, every {}, at a phase of its own. Linux ages files instead, and then writes all of one.",
           short_seconds(model::microseconds(sim::Writeback::kDirtyFor)),
           short_seconds(model::microseconds(sim::Writeback::kWakesEvery))),
       "A power loss takes the records of the last 30 to 35 s, on a real machine of up to 35 s. flush.messages and "
       "flush.ms have no effect."});
  rows.push_back({"config-changes",
                  "ZooKeeper mode: upon a notification a broker reads the configuration of every topic, not only of "
                  "the one that the "
                  "notification names; notifications are never deleted.",
                  "Who learns when is as with Kafka."});
}

void add_machines(std::vector<TableRow>& rows) {
  const sim::LinkSettings links;
  const model::StartupTimes startup;
  rows.push_back(
      {"processing",
       fmt::format("A request takes {} before it has an effect; LeaderAndIsr, UpdateMetadata and StopReplica {}; a "
                   "write of ZooKeeper {}.",
                   range(links.request_min, links.request_max), range(links.control_min, links.control_max),
                   range(links.zk_write_min, links.zk_write_max)),
       "Measured on an idle cluster of three brokers; load does not slow them down."});
  rows.push_back(
      {"other-partitions",
       fmt::format(
           "ZooKeeper mode: the partitions that \"other_partitions\" adds cost a new controller {} each before it "
           "acts, and every broker {} each in the LeaderAndIsr and in the UpdateMetadata that follow. Nothing "
           "else happens to them, and a broker that comes back is not told of them.",
           short_seconds(model::OtherPartitions{}.read), short_seconds(links.control_per_partition)),
       "Reading as measured for Kafka 1.1, before which it took twice as long; what telling costs is an estimate. "
       "docs/failover.md has the sources."});
  rows.push_back(
      {"start-up",
       fmt::format("A broker opens its session {} after its start, registers {} later, and checks its ISRs for the "
                   "first time {} after the session.",
                   range(startup.connect_min, startup.connect_max), range(startup.register_min, startup.register_max),
                   range(startup.isr_check_min, startup.isr_check_max)),
       "Times of a small machine; recovery of large logs is not modelled."});
  rows.push_back({"disk",
                  "Appends are visible at once and a flush costs nothing, unless a fault slows the disk; disks never "
                  "fill and never return an error.",
                  "A crash keeps what was appended, as the page cache of a living machine does."});
  rows.push_back({"clocks", "All nodes share one virtual clock; clock_rate makes a node's timers run faster or slower.",
                  "Clocks never jump; a pause stops a process, never its clock."});
}

void add_cluster(std::vector<TableRow>& rows) {
  const model::ClusterConfig config;
  rows.push_back(
      {"zookeeper-server",
       fmt::format(
           "One server, tickTime {}. Its client waits 1 s more before each reconnect, since its list of servers "
           "has been cycled.",
           short_seconds(config.zookeeper_tick)),
       "ZooKeeper mode: an ensemble's leader elections and lagging followers cannot be studied."});
  rows.push_back(
      {"records",
       fmt::format("A record is its producer and a running number; it has no payload, and sizes count {} bytes "
                   "for each.",
                   config.record_bytes),
       "Corruption, compression and message formats cannot be studied."});
  rows.push_back({"fetch-sessions", "Every fetch names all of its partitions; sessions are not incremental (KIP-227).",
                  "Fewer ways to go wrong than a real fetch session has."});
  rows.push_back(
      {"handlers",
       "A broker handles a request in one step: applying LeaderAndIsr to many partitions cannot be interrupted.",
       "Races between threads inside one broker are not explored."});
  rows.push_back({"consumers",
                  "A consumer reads all partitions of one topic, as by assign(): no groups, no committed offsets, no "
                  "fetch.max.bytes. Its application takes what arrives at once, and is gone after an exception.",
                  "Rebalances and lag by slow processing cannot be studied."});
  rows.push_back({"racks",
                  "Latencies between racks are drawn evenly for each packet; bandwidth does not matter, and a "
                  "controller or client without a rack is equally near to everybody.",
                  "What crosses between racks is counted, not slowed down by how much it is."});
  rows.push_back({"transactions", "No transactions and no transaction coordinator; idempotent producers are modelled.",
                  "Read-committed isolation cannot be studied."});
  rows.push_back({"log-retention",
                  "No segments, retention, compaction or tiered storage: a log starts at offset 0 for ever.",
                  "Followers never fall behind the start of their leader's log."});
  rows.push_back({"log-directories", "One log directory for each broker (no JBOD), which never fails.",
                  "LogDirFailure and moves between directories cannot be studied."});
  rows.push_back(
      {"reassignment",
       "The tool's request reaches the controller at once and is not repeated if no broker acts as one. "
       "Versions before 2.4 reassign as 2.4 does (KIP-455), not by /admin/reassign_partitions. No throttles, "
       "and a broker that was away when its replica was to be deleted keeps the log, as with Kafka.",
       "Who is assigned, leads and is in sync at each stage is as with Kafka since 2.4."});
  rows.push_back({"topics", "Partitions are never added, topics never deleted.", "Neither can be studied."});
  rows.push_back({"quotas-and-security", "No quotas, no TLS, no SASL, no ACLs, one listener.",
                  "They change who may speak, not what replicas agree on."});
  rows.push_back({"settings",
                  "A setting of Kafka without effect here warns when a scenario uses it; \"describe settings\" lists "
                  "those with effect.",
                  "Silence would look like an answer."});
}

void add_kraft(std::vector<TableRow>& rows) {
  const model::ClusterConfig config;
  rows.push_back({"kraft-controller-queue",
                  "KRaft mode: the active controller handles an event in one step as soon as it comes: no queue, no "
                  "load, no event that waits behind a slow one.",
                  "Heartbeats that come too late because a controller is overloaded cannot be studied."});
  rows.push_back({"kraft-metadata-flush",
                  "KRaft mode: flushing the metadata log or the quorum-state file takes no time, unless a fault slows "
                  "the disk; what a follower has appended is on disk before it fetches again, and a leader's own "
                  "records with the next step.",
                  "Elections and commits are faster than on a slow disk; what a power loss takes is as with Kafka."});
  rows.push_back({"kraft-election-draws",
                  fmt::format("KRaft mode: an election time-out is {} and as much again at most, drawn in whole "
                              "microseconds; Kafka draws whole milliseconds.",
                              short_seconds(config.quorum.controller_quorum_election_timeout)),
                  "Two candidates that start within the same millisecond are rarer here."});
  rows.push_back(
      {"kraft-connections",
       fmt::format("KRaft mode: one connection of each member to each voter, one request at a time, at fixed "
                   "back-offs of {} without jitter and growth.",
                   short_seconds(config.quorum.controller_quorum_retry_backoff)),
       "As with the other connections of brokers."});
  rows.push_back({"kraft-api-versions",
                  "KRaft mode: nobody negotiates versions (ApiVersions); all processes of a cluster run the same one, "
                  "and metadata.version never changes.",
                  "Rolling upgrades, downgrades and migration from ZooKeeper cannot be studied."});
  rows.push_back({"kraft-observers",
                  "KRaft mode: brokers, and controllers that are no voters, fetch the metadata log from the leader as "
                  "voters do, though nobody waits for them; the leader forgets none that falls silent.",
                  "The limit on observers' memory has no effect."});
  rows.push_back(
      {"kraft-snapshots",
       fmt::format("KRaft mode: a snapshot is made within one step, fetched as one piece (FetchSnapshot) and "
                   "loaded at once; each record counts {} bytes towards the size that triggers one.",
                   config.quorum.metadata_record_bytes),
       "A snapshot that is cut off half-way, or takes minutes to load, cannot be studied."});
  rows.push_back(
      {"kraft-metadata-transactions",
       "KRaft mode: no transactions of metadata (KIP-868): what one request changes is one batch, and so are "
       "the records with which an empty log begins.",
       "A controller never has to abort what the one before it left half-done."});
  rows.push_back({"kraft-records",
                  "KRaft mode: brokers, partitions, topics with their configuration, feature levels and voters are in "
                  "the metadata log; client quotas, ACLs, producer ids, tokens and log directories are not.",
                  "Offsets are smaller than a real cluster's after the same events."});
  rows.push_back({"kraft-publishing",
                  "KRaft mode: a broker applies what it has learnt from a batch of the metadata log in one step, as "
                  "with LeaderAndIsr.",
                  "Races between threads inside one broker are not explored."});
}

// What Kafka itself gets wrong, in every version that is modelled unless said: the model does the same, and the
// invariants tell it from a failure.
void add_gaps(std::vector<TableRow>& rows) {
  rows.push_back({"gap-forgotten-isr-change",
                  "KRaft mode: metadata with the partition epoch that a leader already has makes it forget a change of "
                  "the ISR that it has asked for since. If that is carried out, the leader does not wait for the new "
                  "member until metadata tells it of the change.",
                  "Partition.makeLeader takes equal epochs, since answers to AlterPartition run ahead of metadata. No "
                  "recording shows it."});
  rows.push_back({"gap-late-metadata",
                  "ZooKeeper mode: as in Kafka, an UpdateMetadata that a cut kept back on an old connection replaces "
                  "newer ones: no "
                  "epoch fences it.",
                  "A live broker that it shows dead is neither followed nor taken into an ISR until the next one."});
  rows.push_back({"gap-pending-isr-change",
                  "As in Kafka, a leader whose ISR change was refused for good keeps it pending until the next leader "
                  "epoch (Partition.handleAlterPartitionError).",
                  "Its ISR neither shrinks nor grows meanwhile; it waits for the larger one, which is safe."});
  rows.push_back({"gap-vacancy-missed",
                  "ZooKeeper mode: as in Kafka, nobody elects if /controller is deleted while its holder still takes "
                  "over: its creation "
                  "has used up everybody's watch (KafkaController.processControllerChange).",
                  "There is no controller until a broker starts."});
  rows.push_back({"gap-lost-isr-write",
                  "ZooKeeper mode: as in Kafka before KIP-497 (2.7), a leader whose session ends while it writes the "
                  "ISR never learns "
                  "what it has written, and commits without a member of the stored ISR.",
                  "If that member leads next, acknowledged records are lost: lost_isr_write."});
  rows.push_back(
      {"gap-second-batch",
       "As in Kafka (KAFKA-15591), a leader that has just taken over may refuse a producer's first batch and "
       "take its second.",
       "The first may come later, out of order, though the producer is idempotent."});
  rows.push_back({"gap-reassignment",
                  "ZooKeeper mode: as in Kafka, phase B of a reassignment tells the leader of the target before the "
                  "others leave the "
                  "ISR (KafkaController.onPartitionReassignment): a controller that is elected between the two may "
                  "choose one of them, for which nobody has waited. A leader taken away with its replica is not "
                  "replaced before another broker dies or another controller is elected.",
                  "Acknowledged records may be lost within a few milliseconds: reason reassignment."});
  rows.push_back({"gap-power-loss",
                  "As in Kafka, a member of the ISR that comes back without its records may lead: only KIP-966 (4.0) "
                  "remembers that it did not stop cleanly.",
                  "Acknowledged records may be lost by the power loss of one machine, if no other member can lead."});
}

}  // namespace

Table fidelity_table() {
  Table table{"fidelity",
              "Where the model differs from a real cluster. It runs no code of Kafka, and finds no bugs in it.",
              {}};
  add_network(table.rows);
  add_disturbances(table.rows);
  add_machines(table.rows);
  add_cluster(table.rows);
  add_kraft(table.rows);
  add_gaps(table.rows);
  return table;
}

}  // namespace reports
