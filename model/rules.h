// The decision points of the protocol: where a version, a KIP or a planted defect may differ. A table of
// rules is stateless; a profile is one table per Kafka version (rules/registry.cpp), a KIP or a defect
// replaces single entries. No other code compares versions.
#pragma once

#include <span>
#include <string_view>

#include "model/broker/partition.h"
#include "model/config.h"
#include "model/errors.h"
#include "model/time.h"
#include "model/znode.h"

namespace model {

// How a leader gets an ISR change committed.
enum class IsrChannel : std::uint8_t {
  alter_partition,  // asks the controller (KIP-497)
  zookeeper,        // writes the state znode itself, holding the partition's lock
};
// How a follower finds where its log parts from the leader's.
enum class TruncationProtocol : std::uint8_t {
  fetch_answer,              // the fetch answer says so (KIP-595 in ZooKeeper mode, 2.8)
  offsets_for_leader_epoch,  // asks first, repeatedly (KIP-279)
};

struct ElectionView {
  const PartitionState& state;
  const Replicas& assignment;
  const Replicas& live;  // without brokers that are shutting down
  const Replicas& shutting_down;
  bool allow_unclean = false;
};
// leader kNoNode: nobody is eligible.
struct ElectionChoice {
  NodeId leader = kNoNode;
  Replicas isr;
};

struct Rules {
  std::string_view name;
  // Invariants that this version is known not to keep, as its bug list says; judged all the same.
  std::span<const std::string_view> not_promised = {};

  // --- replication ---
  // May the replica be counted as caught up? (Replica.isCaughtUp)
  bool (*is_caught_up)(const Remote&, Offset leader_end, Duration lag_max, const Clock&);
  // Must the high watermark wait for this replica? (Partition.maybeIncrementLeaderHW)
  bool (*holds_back_high_watermark)(const Partition&, const Remote&, Offset leader_end, Duration lag_max, bool alive,
                                    const Clock&);
  // May the high watermark move at all? (KAFKA-15583)
  bool (*high_watermark_may_move)(const Partition&, std::int32_t min_isr);
  // May a replica outside the ISR be proposed for it? (Partition.needsExpandIsr)
  bool (*may_join_isr)(const Partition&, const Remote&, bool alive);
  // Is a member of the ISR to be taken out? (Partition.getOutOfSyncReplicas)
  bool (*must_leave_isr)(const Remote&, Offset leader_end, Duration lag_max, const Clock&);
  // none, fenced_leader_epoch or unknown_leader_epoch for a request that names a leader epoch (KIP-320)
  ErrorCode (*check_leader_epoch)(LeaderEpoch requested, LeaderEpoch local);
  // Does a leader take a write? `heard`: when its ZooKeeper client last heard from the server.
  bool (*may_take_write)(Instant heard, Duration session_timeout, const Clock&);
  TruncationProtocol truncation = TruncationProtocol::fetch_answer;
  IsrChannel isr_channel = IsrChannel::alter_partition;
  bool fetch_names_leader_epoch = true;     // KIP-320
  bool isr_check_is_periodic = true;        // false: at the instant at which the lag passes
  bool skips_older_partition_epoch = true;  // 3.3: LeaderAndIsr with a smaller partition epoch than ours
  bool min_isr_capped_by_replicas = true;   // 3.7: min(min.insync.replicas, replication factor)

  // --- controller ---
  // Strategies offline, preferred, controlled shutdown (controller/Election)
  ElectionChoice (*elect_offline)(const ElectionView&);
  ElectionChoice (*elect_preferred)(const ElectionView&);
  ElectionChoice (*elect_controlled_shutdown)(const ElectionView&);
  // Leader epoch after the controller takes a replica out of an ISR (ReplicaStateMachine.removeReplicasFromIsr)
  LeaderEpoch (*epoch_after_isr_removal)(LeaderEpoch);
  bool controller_writes_are_guarded = true;         // KAFKA-6082: multi(check /controller_epoch, write)
  bool broker_epochs = true;                         // KIP-380
  bool failover_removes_dead_replicas_first = true;  // before it elects (KafkaController.onControllerFailover)

  // --- clients ---
  // What becomes of a producer's requests when one of them has timed out (KAFKA-14317)
  ErrorCode error_of_timed_out_request = ErrorCode::request_timed_out;

  // --- ZooKeeper ---
  bool session_outlives_connection = true;
};

struct Profile {
  std::string_view version;  // "3.9"
  const Rules* rules;
  void (*settings)(BrokerSettings&);  // defaults that differ from the newest version's
  void (*producer)(ProducerConfig&);
};
// Oldest first.
std::span<const Profile> profiles();
const Profile* find_profile(std::string_view version);
// A planted defect replaces entries of a profile's table.
struct Defect {
  std::string_view name;
  std::string_view breaks;  // one sentence
  void (*plant)(Rules&);
};
std::span<const Defect> defects();
const Defect* find_defect(std::string_view name);

}  // namespace model
