// The decision points of the protocol: where a version, a KIP or a planted defect may differ. A table of
// rules is stateless; a profile is one table per Kafka version (rules/registry.cpp), a KIP or a defect
// replaces single entries. No other code compares versions.
#pragma once

#include <span>
#include <string_view>

#include "model/broker/partition.h"
#include "model/config.h"
#include "model/errors.h"
#include "model/log.h"
#include "model/rules_kraft.h"
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
  high_watermark,            // asks nobody: cuts to its own high watermark (before KIP-101)
  never,                     // asks nobody and cuts nothing
};

// What a leader makes of a lost answer to its ISR change. It may have been carried out.
enum class LostAnswer : std::uint8_t {
  asked_again,        // for ever, and it waits for the larger ISR meanwhile
  forgotten,          // it waits for an answer that no longer comes
  taken_for_refusal,  // it returns to the ISR before
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

// A function or value that is not given here is Kafka 3.9's.
struct Rules {
  std::string_view name;
  // Invariants that this version is known not to keep, as its bug list says; judged all the same.
  std::span<const std::string_view> not_promised = {};

  // --- the high watermark ---
  // Must the high watermark wait for this replica? (Partition.maybeIncrementLeaderHW)
  bool (*holds_back_high_watermark)(const Partition&, const Remote&, Offset leader_end, Duration lag_max, bool alive,
                                    const Clock&);
  // May the high watermark move at all? (KAFKA-15583)
  bool (*high_watermark_may_move)(const Partition&, std::int32_t min_isr);
  // A leader's next high watermark: what it has, and what every replica that it waits for has reached
  Offset (*leader_high_watermark)(Offset held, Offset reached);
  // A follower's high watermark after a fetch (UnifiedLog.updateHighWatermark)
  Offset (*follower_high_watermark)(Offset leaders, const Log&);

  // --- the ISR ---
  // May a replica outside the ISR be proposed for it? (Partition.needsExpandIsr)
  bool (*may_join_isr)(const Partition&, const Remote&, bool alive);
  // Is a member of the ISR to be taken out? (Partition.getOutOfSyncReplicas)
  bool (*must_leave_isr)(const Remote&, Offset leader_end, Duration lag_max, const Clock&);
  IsrChannel isr_channel = IsrChannel::alter_partition;
  bool isr_check_is_periodic = true;      // false: at the instant at which the lag passes
  bool isr_writes_compare_epochs = true;  // an ISR change names the partition epoch that it changes
  bool isr_admits_only_live = true;       // the controller's half of KIP-841
  LostAnswer lost_alter_partition = LostAnswer::asked_again;

  // --- leader epochs and truncation ---
  // none, fenced_leader_epoch or unknown_leader_epoch for a request that names a leader epoch (KIP-320):
  // one to read the log, one to find out where it parts from the asker's
  ErrorCode (*check_fetch_epoch)(LeaderEpoch requested, LeaderEpoch local);
  ErrorCode (*check_truncation_epoch)(LeaderEpoch requested, LeaderEpoch local);
  // Only where check_fetch_epoch lets such a fetch pass: does a fetch in another leader epoch count?
  bool other_epochs_move_high_watermark = true;
  bool other_epochs_join_isr = true;
  bool fetch_names_leader_epoch = true;  // KIP-320
  TruncationProtocol truncation = TruncationProtocol::fetch_answer;
  // The answer to OffsetsForLeaderEpoch (LeaderEpochFileCache.endOffsetFor)
  EpochEnd (*answer_epoch_end)(const Log&, LeaderEpoch);
  bool truncates_for_same_leader = true;   // KAFKA-7164: in every new epoch, whoever leads
  bool new_leader_notes_its_epoch = true;  // KAFKA-7415: at once, not with its first record
  // The epoch with which a leader stamps what it appends
  LeaderEpoch (*stamped_epoch)(const Log&, LeaderEpoch own);

  // --- a broker and the controller ---
  bool (*accepts_controller_epoch)(ControllerEpoch requested, ControllerEpoch seen);
  // requested -1: the request names none
  bool (*accepts_broker_epoch)(BrokerEpoch requested, BrokerEpoch own);
  bool broker_epochs = true;  // KIP-380
  // Is a LeaderAndIsr to be acted on? (ReplicaManager.becomeLeaderOrFollower)
  bool (*is_new_leader_epoch)(LeaderEpoch requested, LeaderEpoch local);
  bool skips_older_partition_epoch = true;  // 3.3: LeaderAndIsr with a smaller partition epoch than ours
  bool follower_fetches_from_new_leader = true;
  bool brokers_run_for_vacancy = true;  // when /controller is deleted

  // --- produce ---
  // Does a leader take a write? `heard`: when its ZooKeeper client last heard from the server.
  bool (*may_take_write)(Instant heard, Duration session_timeout, const Clock&);
  bool min_isr_capped_by_replicas = true;     // 3.7: min(min.insync.replicas, replication factor)
  bool min_isr_checked_before_append = true;  // and nothing is appended if it is not met
  bool acks_all_waits_for_high_watermark = true;
  bool recognises_duplicates = true;  // a sequence that is in the log already
  bool checks_sequence_order = true;  // a sequence follows the producer's last

  // --- controller ---
  // What a new controller makes of /controller_epoch (KafkaZkClient.registerControllerAndIncrementControllerEpoch)
  ControllerEpoch (*next_controller_epoch)(ControllerEpoch stored);
  bool controller_writes_are_guarded = true;  // KAFKA-6082: multi(check /controller_epoch, write)
  // Strategies offline, preferred, controlled shutdown, reassignment (controller/Election)
  ElectionChoice (*elect_offline)(const ElectionView&);
  ElectionChoice (*elect_preferred)(const ElectionView&);
  ElectionChoice (*elect_controlled_shutdown)(const ElectionView&);
  ElectionChoice (*elect_reassigned)(const ElectionView&);  // `assignment` is the target
  LeaderEpoch (*epoch_after_election)(LeaderEpoch stored, ControllerEpoch);
  // Leader epoch after the controller takes a replica out of an ISR (ReplicaStateMachine.removeReplicasFromIsr)
  LeaderEpoch (*epoch_after_isr_removal)(LeaderEpoch);
  // First ISR of a partition, its leader in front; empty: it stays new (PartitionStateMachine.initializeLeaderAndIsr)
  Replicas (*first_isr)(const Replicas& assignment, const Replicas& online);
  bool last_isr_member_stays = true;                 // an empty ISR would forget who has the data
  bool failover_removes_dead_replicas_first = true;  // before it elects (KafkaController.onControllerFailover)
  bool broker_failure_elects = true;                 // KafkaController.onBrokerFailure
  bool rebalance_elects_preferred = true;            // KafkaController.checkAndTriggerAutoLeaderRebalance
  bool isr_notifications_are_deleted = true;
  // Has a reassignment arrived at its target? (KafkaController.isReassignmentComplete)
  bool (*is_reassignment_complete)(const Replicas& target, const Replicas& isr);
  bool removed_replicas_leave_isr_first = true;  // before their logs are deleted
  bool failover_resumes_reassignments = true;    // KafkaController.initializePartitionReassignments

  // --- clients ---
  // What becomes of a producer's requests when one of them has timed out (KAFKA-14317)
  ErrorCode error_of_timed_out_request = ErrorCode::request_timed_out;
  bool requests_time_out = true;    // request.timeout.ms
  bool deliveries_time_out = true;  // delivery.timeout.ms
  bool retries_keep_sequence = true;
  // --- consumers ---
  bool consumers_read_from_followers = true;     // KIP-392 (2.4)
  bool preferred_replica_is_in_isr = true;       // KAFKA-14372 (3.3)
  bool followers_wake_fetches = true;            // KAFKA-14334 (3.4): when their high watermark moves
  bool consumers_validate_positions = true;      // KIP-320, the consumer's half (2.3)
  bool consumers_check_fetch_offset = true;      // an answer to where it no longer is does not count
  bool consumers_doubt_lagging_replicas = true;  // out of range there: they ask the leader
  // How far a consumer may read here: the offset after the last one
  Offset (*consumer_bound)(const Partition&, const Log&);
  // none, or offset_not_available, for who asks a leader for its latest offset (KIP-207, 2.2)
  ErrorCode (*check_latest_offset)(const Partition&);

  // --- ZooKeeper ---
  bool session_outlives_connection = true;
  bool expiry_deletes_ephemerals = true;

  QuorumRules quorum;
  KraftRules kraft;
};

struct Profile {
  std::string_view version;  // "3.9"
  const Rules* rules;
  void (*settings)(BrokerSettings&);  // defaults that differ from the newest version's
  void (*producer)(ProducerConfig&);
  bool zookeeper = true;  // modes in which that version runs
  bool kraft = false;
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
