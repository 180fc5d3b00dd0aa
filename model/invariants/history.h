// What a global observer remembers of a run: folded from facts, with a look at the nodes' logs where a
// fact only says that something moved. Invariants compare the present with it.
#pragma once

#include <vector>

#include "model/config.h"
#include "model/facts.h"
#include "model/ids.h"
#include "model/invariants/quorum_history.h"
#include "model/invariants/reader_history.h"
#include "model/log.h"
#include "model/small_vec.h"

namespace model {

struct View;
struct Told;

inline constexpr NodeId kCommitted = kZooKeeper;  // in LogPairs: ZooKeeper has no log of its own

// Acknowledged values of one producer, [first, end).
struct AcknowledgedRange {
  NodeId producer{};
  std::int32_t first = 0;
  std::int32_t end = 0;
};

// One replica, in the life of its present process.
struct ReplicaHistory {
  LeaderEpoch highest_epoch = kNoEpoch;
  // The highest high watermark since it leads without a break; kUnknownOffset: it does not lead.
  Offset reign_high_watermark = kUnknownOffset;
  // How much of the committed records its log held when it was last looked at.
  Offset committed_held = 0;
  // Its last ISR change was refused for good: known to leave the change pending until it is told of another
  // epoch.
  bool stuck_pending = false;
  // What it last asked for, whether that was stored, and whether it will never know: a direct write whose answer
  // the end of its session took along. It commits without a member of the ISR from then on, which is the hole that
  // KIP-497 closed (Partition.expandIsr, ZooKeeperClient.waitUntilConnected).
  Replicas proposed_isr;
  bool proposal_stored = false;
  bool unaware_of_isr = false;
  // It could not take the role of this epoch, since its metadata showed the leader dead.
  LeaderEpoch missed_epoch = kNoEpoch;
  // Where its log ended before its machine lost records. A leader that has not yet heard of it cannot know.
  Offset lost_end = 0;
  LeaderEpoch lost_in_epoch = kNoEpoch;  // stored then
  ControllerEpoch noticed_under = 0;     // of the controller that has seen its broker go since; 0: none has
  std::int32_t min_insync_replicas = 1;  // that its broker goes by
  bool deleted = false;                  // at the controller's word, and not begun anew since
};

// Values of one producer, [first, end), that a leader acknowledged which could not know better.
struct ExcusedRange {
  NodeId producer{};
  std::int32_t first = 0;
  std::int32_t end = 0;
  LossReason why{};
};

struct PartitionHistory {
  // ZooKeeper's word.
  bool created = false;
  PartitionState stored;
  PartitionEpoch stored_epoch = -1;
  PartitionState before;                              // the change before
  Replicas eligible_leader_replicas, last_known_elr;  // KIP-966
  // By leader epoch, as far as known: the first leader that was stored with it.
  std::vector<NodeId> leader_of_epoch;
  // ZooKeeper's word likewise; before the topic is created, as it will be.
  ReplicaAssignment assignment;
  // Whoever is assigned now, or was and has not deleted its replica.
  SmallVec<NodeId, 4> hosts;
  // A reassignment took the place of another one, which had added these: ZooKeeper's ISR may still name them.
  Replicas given_up;
  std::int32_t min_insync_replicas = 1;  // by the topic...
  std::int32_t configured_at_start = 1;  // ...and before anybody changed it, which a new process begins with
  bool unclean_configured = false;       // by the topic
  bool unclean_requested = false;        // by the operator, until the next election

  // Records that some current leader held below its high watermark: what consumers may have read. Cut where
  // a legitimate loss took them away. LogPairs knows it as the log of kCommitted.
  Log committed;

  // An election after which records may be missing, from its commit until its leader acts.
  LossReason loss = LossReason::none;
  LeaderEpoch loss_epoch = kNoEpoch;  // the last such election, for ever...
  LossReason loss_reason{};           // ...and why
  // Whom the last LeaderAndIsr to a leader did not name any more: phase B of a reassignment tells it of the target
  // before the others leave the ISR, and from then on it does not wait for them.
  Replicas left_out;
  Replicas behind;  // who was left out once and does not hold again what is committed
  // The leader went with its replica: its assignment named it no more when it ceased to be stored as leader.
  bool leader_moved_away = false;
  // A change of the ISR is stored that its controller takes for failed: it checks no reassignment upon it.
  bool change_unknown = false;
  // Acknowledged by leaders that such an election had deposed, or that are unaware of their ISR.
  std::vector<ExcusedRange> excused;
  // Led on by a leader that had lost what it wrote in it: from then on equal epochs say nothing of records.
  LeaderEpoch reused_epoch = kNoEpoch;
  // Given up by their producer as certainly not written.
  std::vector<AcknowledgedRange> refused;
  // By producer: the end of the highest values that are committed.
  std::vector<std::int32_t> committed_values;
  std::vector<AcknowledgedRange> acknowledged;  // in the order of acknowledgement; acks=0 is nobody's promise

  std::vector<ReplicaHistory> replicas;  // by NodeId
};

struct BrokerHistory {
  SessionId session = 0;        // that owns its registration
  BrokerEpoch registered = -1;  // of its last registration
  bool is_registered = false;
  std::int32_t registrations = 0;
  Incarnation incarnation = 0;  // KRaft mode: of its last registration
  // Unfenced by a heartbeat from before its shutdown, which came late: it may lead what has no leader, as in Kafka
  // (ReplicationControlManager.handleBrokerUnfenced takes it for active whatever it is about to do).
  bool unfenced_while_stopping = false;
  ControllerEpoch highest_controller_epoch = 0;  // that this process acted on
  BrokerEpoch process_broker_epoch = -1;         // highest registration of this process
  ControllerEpoch elected = 0;                   // of its last election
  // What it knows of live brokers came with a request that its controller no longer waits for, after newer ones:
  // no epoch fences that (ReplicaManager.maybeUpdateMetadataCache).
  bool metadata_is_late = false;
};

struct History {
  std::vector<PartitionHistory> partitions;  // by PartitionId
  std::vector<BrokerHistory> brokers;        // by NodeId
  ControllerEpoch controller_epoch = 0;      // stored
  NodeId controller = kNoNode;               // who holds /controller
  std::vector<NodeId> controller_of_epoch;   // by epoch
  // /controller was deleted while its holder was still taking over: whoever had been told of its creation and
  // not looked again missed the deletion, and nobody elects (KafkaController.processControllerChange).
  bool vacancy_missed = false;
  // The last fact took an excuse from a replica: what its machine had lost, or a reassignment had left out, it has
  // again.
  bool excuse_ended = false;
  QuorumHistory quorum;
  ReaderHistory readers;
};

// Has somebody who may allowed an election from outside the ISR?
inline bool may_lose_records(const PartitionHistory& past) { return past.unclean_configured || past.unclean_requested; }

// The machine took records from this replica's log which it does not hold again yet.
bool misses_what_it_lost(const View& view, PartitionId p, NodeId replica);

History make_history(const ClusterConfig& config);
// Folds one fact in. Records that acknowledgements promised and the current leader lacks are appended to
// `lost`, each once.
void observe(History& history, const View& view, const Told& told, std::vector<RecordLost>& lost);
// A process began: what belonged to the one before is over.
void observe_start(History& history, NodeId node);
// The operator asked for an election that may lose records.
void observe_unclean_request(History& history, PartitionId p);
// The run is over: every partition is looked at once more.
void observe_end(History& history, const View& view, std::vector<RecordLost>& lost);

}  // namespace model
