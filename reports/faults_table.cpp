// Faults and operator acts, one row each: what happens, what survives it, what "for" undoes, when it is vacuous.
#include <fmt/format.h>

#include <array>

#include "reports/tables.h"
#include "sim/kernel/plan.h"

namespace reports {
namespace {

using sim::FaultKind;

struct FaultRow {
  FaultKind kind;
  std::string_view what;
  std::string_view undone;   // by "for"; empty: it takes none
  std::string_view vacuous;  // did nothing if...
  std::string_view example;
};

constexpr std::array<FaultRow, sim::kFaultKinds> kFaults{{
    {FaultKind::crash,
     "The process dies at once (SIGKILL). Its memory is lost. The log stays whole, also what was never flushed, since "
     "the operating system has it; the high watermark comes back from its last checkpoint. The machine resets its "
     "connections: peers learn behind what was sent before. Ephemeral znodes stay until the session expires.",
     "starts it again", "no process was there", R"j({"at": "10s", "crash": "leader(t-0)", "for": "5s"})j"},
    {FaultKind::power_loss,
     "As crash, and the machine goes dark: peers are told nothing and find out by their own time-outs, or by a reset "
     "when they send something after it is back. The log is cut to what had reached the disk, which log_lost tells: "
     "what a clean shutdown had flushed, and what was 30 s old when the operating system last woke to write back, "
     "every 5 s, whether the process ran, slept or was dead. The checkpointed high watermark is cut with the log.",
     "gives power back and starts the process", "no process was there",
     R"j({"at": "60s", "power_loss": "b1", "for": "10s"})j"},
    {FaultKind::stop,
     "SIGTERM: a broker hands its leaderships over (controlled shutdown, with retries), flushes its logs, closes its "
     "session and exits in its own time. A paused broker begins when it wakes.",
     "", "no process was there", R"j({"at": "10s", "stop": "b2"})j"},
    {FaultKind::start,
     "Starts a process that does not run. A broker whose id is still registered by the session of its killed "
     "predecessor fails to start and exits.",
     "", "it ran already", R"j({"at": "20s", "start": "b2"})j"},
    {FaultKind::pause,
     "SIGSTOP: nothing is read, sent or timed. The machine still acknowledges TCP and accepts connections, so peers "
     "see a silent node. On waking it finds everything that arrived, each connection in its order, within 3 ms; timers "
     "that came due meanwhile fire within 6 ms in any order among them, a periodic one once for each missed period; "
     "the time-outs of ZooKeeper's client come 4 to 8 ms after waking, after what had arrived has been read.",
     "wakes it", "nothing was held back", R"j({"at": "10s", "pause": "controller", "for": "25s"})j"},
    {FaultKind::resume, "SIGCONT: a paused process wakes, as at the end of a pause.", "", "it was not paused",
     R"j({"at": "35s", "resume": "b1"})j"},
    {FaultKind::cut,
     "Packets between two sides are lost, both ways or only from the first side to the second. Connections stay open "
     "until somebody times out. What is sent into the cut waits at the sender. One way: data in the other direction "
     "arrives, but its acknowledgements do not, so after 200 ms or ten messages the sender stalls as well. New "
     "connections need both ways.",
     "heals it: what was stalled arrives with the sender's next retransmission (200 ms after the first loss, doubling)",
     "nothing was stalled", R"j({"at": "10s", "cut": [["b1"], ["zookeeper", "b2"]], "one_way": true, "for": "5s"})j"},
    {FaultKind::heal, "Ends every cut, delay and loss, or those between two sides.", "", "there was none",
     R"j({"at": "20s", "heal": "all"})j"},
    {FaultKind::delay,
     "Each packet between two sides, or between one side and everybody else, takes longer by \"by\", give or take "
     "\"jitter\", evenly drawn; one way or both. Each direction of a connection keeps its order: a packet that would "
     "overtake waits. Several delays add up.",
     "ends it; what is on its way keeps its delay", "no packet came that way",
     R"j({"at": "10s", "delay": [["b1"], ["b2"]], "by": "100ms", "jitter": "20ms", "for": "10s"})j"},
    {FaultKind::lose,
     "A part of the packets between two sides, or between one side and everybody else, is lost. A message is one "
     "packet. A lost one is sent again after 200 ms, then at doubling intervals, and may be lost again; what was sent "
     "behind it on the same connection waits for it. A lost attempt to connect is repeated every second. "
     "Acknowledgements are never lost.",
     "ends it; what was lost arrives with its next retransmission", "no packet was lost",
     R"j({"at": "10s", "lose": "b1", "ratio": "10%", "one_way": true, "for": "10s"})j"},
    {FaultKind::reset,
     "Tears down the open connections between two sides, or between one side and everybody else. What is on its way is "
     "lost; both ends are told at once, behind what a paused process had received already. They may connect again.",
     "", "no connection was open between them", R"j({"at": "10s", "reset": [["b1"], ["b2"]]})j"},
    {FaultKind::wipe,
     "A broker's disk is replaced by an empty one: logs, leader epochs and checkpointed high watermarks are gone, "
     "which "
     "log_lost tells. A process that runs there dies first, as by a crash.",
     "starts the process again if the wipe ended it", "the disk was empty and no process was there",
     R"j({"at": "10s", "wipe": "b3", "for": "5s"})j"},
    {FaultKind::slow_disk,
     "What is written to the disk takes effect later: a transaction of ZooKeeper, an append by a producer's request or "
     "by a fetch's answer. Either \"by\" is added to each write, give or take \"jitter\", or its own time is "
     "multiplied "
     "by \"factor\". Writes of different connections do not queue behind each other.",
     "ends it", "nothing was written", R"j({"at": "10s", "slow_disk": "zookeeper", "by": "500ms", "for": "10s"})j"},
    {FaultKind::clock_rate,
     "The clock of a node's machine runs fast or slow, 10% to 1000%: its timers fire earlier or later, armed ones "
     "included, and what it measures (a follower's lag, a session's silence) passes as fast. It never jumps; a restart "
     "of the process does not set it right. TCP is not affected.",
     "sets the rate to 100%; the clock stays apart by what it gained", "it moved no timer",
     R"j({"at": "10s", "clock_rate": "b1", "rate": "110%", "for": "60s"})j"},
    {FaultKind::expire_session,
     "ZooKeeper ends a broker's session at once, as by expiry: its ephemeral znodes go in one transaction, watches "
     "fire, the connection is closed. The broker learns when it connects again.",
     "", "it had no session", R"j({"at": "10s", "expire_session": "controller"})j"},
    {FaultKind::elect,
     "kafka-leader-election: asks the controller to elect the preferred leader of a partition, or with \"type\": "
     "\"unclean\" any live replica if there is no leader.",
     "", "nobody was controller", R"j({"at": "10s", "elect": "t-0", "type": "unclean"})j"},
    {FaultKind::move_controller,
     "Deletes /controller, so that the brokers elect again while the old controller's session lives.", "",
     "nobody was controller", R"j({"at": "10s", "move_controller": true})j"},
    {FaultKind::create_topic, "Creates a topic of the scenario at that moment instead of during the boot.", "",
     "ZooKeeper did not run", R"j({"at": "10s", "create_topic": "t"})j"},
    {FaultKind::alter_config,
     "kafka-configs: changes min.insync.replicas or unclean.leader.election.enable of a topic. ZooKeeper stores it and "
     "a notification; each broker goes by the old value until it has read the new one, which topic_config_applied "
     "tells. The controller reads the setting when it elects, and elects at once where unclean election was allowed "
     "for a partition without a leader.",
     "", "ZooKeeper did not run", R"j({"at": "10s", "alter_config": "t", "config": {"min.insync.replicas": 2}})j"},
    {FaultKind::reassign,
     "kafka-reassign-partitions: asks the controller to move a partition to the brokers in \"to\", one or a list, the "
     "preferred leader first. Old and new replicas are assigned until every new one is in the ISR; then one of the new "
     "leads, and the others delete their logs, which replica_deleted tells. ZooKeeper stores each stage "
     "(assignment_changed), so that another controller can go on; a later one takes the place of one under way. The "
     "controller refuses a new replica whose broker is dead (reassignment_refused).",
     "", "nobody was controller", R"j({"at": "10s", "reassign": "t-0", "to": ["b2", "b3"]})j"},
    {FaultKind::add_voter,
     "KRaft mode with kraft.version 1: kafka-metadata-quorum add-controller. A controller that runs, and has read the "
     "metadata log, votes from now on (KIP-853).",
     "", "nobody was controller", R"j({"at": "10s", "add_voter": "c4"})j"},
    {FaultKind::remove_voter,
     "KRaft mode with kraft.version 1: kafka-metadata-quorum remove-controller. A controller votes no more, the one in "
     "office included.",
     "", "nobody was controller", R"j({"at": "10s", "remove_voter": "c1"})j"},
}};

}  // namespace

Table faults_table() {
  Table table{"faults",
              "What a scenario can do to its cluster: \"at\" a time, or \"when\" a fact is told or a state comes true "
              "that was not before. A fault without any effect makes the run vacuous.",
              {}};
  for (const FaultRow& row : kFaults) {
    const std::string undone = row.undone.empty() ? "Takes no \"for\"." : fmt::format("\"for\" {}.", row.undone);
    table.rows.push_back({std::string(sim::name_of(row.kind)), std::string(row.what),
                          fmt::format("{} Vacuous if {}. Example: {}", undone, row.vacuous, row.example)});
  }
  return table;
}

}  // namespace reports
