// The controller of KRaft mode (controller/QuorumController): a state machine above the metadata log. Every voter
// carries one; the one whose node leads the quorum is active. Each part is a file of its own:
//   controller.cpp     claim, renounce, reading what was committed, the write path, periodic tasks
//   registration.cpp   RegisterBroker (ClusterControlManager)
//   heartbeats.cpp     BrokerHeartbeat, sessions (BrokerHeartbeatManager, BrokerHeartbeatTracker)
//   partitions.cpp     what becomes of partitions when brokers come and go (ReplicationControlManager)
//   partition_change.cpp  one partition's next state (PartitionChangeBuilder)
//   alter_partition.cpp   AlterPartition and its checks
//   acts.cpp           what operators ask: topics, configurations, elections, reassignments, voters
//
// An active controller answers from memory that is ahead of the log: every write is replayed there at once, and
// its answer waits until the records are committed. When it loses its office, memory goes back to what is.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/message.h"
#include "model/metadata/image.h"
#include "model/raft/raft.h"
#include "model/small_vec.h"
#include "model/step.h"
#include "model/time.h"
#include "model/value.h"

namespace model {

// What it remembers of a broker besides the log; lost with its office.
struct BrokerContact {
  NodeId broker = kNoNode;
  BrokerEpoch broker_epoch = -1;
  Instant contact;                                 // its last heartbeat in this epoch
  bool tracked = false;                            // it has been in contact: its session can expire
  Offset metadata_offset = kUnknownOffset;         // that it reported last
  Offset controlled_shutdown_at = kUnknownOffset;  // of the records that began its controlled shutdown; -1: none
  bool fenced = true;                              // as of the last heartbeat
  FIELDS(broker, broker_epoch, contact, tracked, metadata_offset, controlled_shutdown_at, fenced);
};

// An answer that waits until everything below `offset` is committed.
struct DeferredAnswer {
  Offset offset = 0;  // exclusive
  ConnectionId via;
  std::vector<Body> body;  // one
  FIELDS(offset, via, body);
};

struct QuorumController {
  RaftListener listener;
  MetadataImage stable;                  // of what is committed
  LeaderEpoch claim_epoch = kNoEpoch;    // -1: standing by
  std::optional<MetadataImage> working;  // active: with what is not committed yet
  SmallVec<BrokerContact, 4> contacts;   // active: by NodeId
  std::vector<DeferredAnswer> deferred;  // in the order of their offsets
  FIELDS(listener, stable, claim_epoch, working, contacts, deferred);
};

inline bool is_active(const QuorumController& controller) { return controller.claim_epoch != kNoEpoch; }
// What it decides by.
inline const MetadataImage& image_of(const QuorumController& controller) {
  return controller.working ? *controller.working : controller.stable;
}

// A controller and what it stands on, for the length of a call.
struct ControllerContext {
  const Context& context;
  Raft raft;
  QuorumController& controller;
  const MetadataImage& image() const { return image_of(controller); }
};

void start_controller(const ControllerContext& c);
// Requests of ChannelKind::broker_lifecycle and alter_partition. An answer goes out at once or when its records
// are committed; one that is not active answers not_controller.
void on_controller_request(const ControllerContext& c, const ConnectionId& via, const Body& body);
// The server's end of a connection of ChannelKind::broker_lifecycle is gone.
void on_controller_disconnected(const ControllerContext& c, const ConnectionId& via);
bool on_controller_timer(const ControllerContext& c, TimerKey key);  // false: not the controller's
void on_controller_act(const ControllerContext& c, const Act& act);  // by the operator; only an active one acts
// Reads what was committed since, learns of its office, answers what was waiting. Between raft's inputs and its
// poll.
void run_controller(const ControllerContext& c);

// --- within the controller -----------------------------------------------------------------------

using Records = SmallVec<MetadataRecord, 1>;

// Writes records atomically: replays them in memory and hands them to raft. Returns the exclusive offset of all that
// is written by then, also when there is nothing to write; nothing, after it renounced, if it does not lead any more.
std::optional<Offset> write(const ControllerContext& c, const Records& records);
void renounce(const ControllerContext& c);
// Sends `body` when everything below `written` is committed: an event that wrote nothing has its answer when what
// was pending has. Nothing written: the same kind of answer, not_controller.
void answer(const ControllerContext& c, const ConnectionId& via, std::optional<Offset> written, Body body);

void on_register_broker(const ControllerContext& c, const ConnectionId& via, const BrokerRegistrationRequest& request);
void on_broker_heartbeat(const ControllerContext& c, const ConnectionId& via, const BrokerHeartbeatRequest& request);
void on_alter_partition(const ControllerContext& c, const ConnectionId& via, const AlterPartitionRequest& request);
// The registration that a request acts for; null, and the sender has its answer, if its broker epoch is stale.
const BrokerRegistration* sender_of(const ControllerContext& c, const ConnectionId& via, NodeId broker,
                                    BrokerEpoch broker_epoch, Body stale);

// heartbeats.cpp
void seed_contacts(const ControllerContext& c);     // with its office (KAFKA-18138)
void arm_fence_checks(const ControllerContext& c);  // likewise
void disarm_fence_checks(const ControllerContext& c);
bool has_valid_session(const ControllerContext& c, NodeId broker);
void begin_contact(const ControllerContext& c, NodeId broker, BrokerEpoch broker_epoch);  // of a new registration
void on_fence_check(const ControllerContext& c, std::uint16_t about);
void fence_broker(const ControllerContext& c, NodeId broker);

// partitions.cpp: records appended to `records`, in Kafka's order; `c.image()` is the state before them.
void add_broker_fenced(const ControllerContext& c, NodeId broker, Records& records);
void add_broker_unfenced(const ControllerContext& c, NodeId broker, Records& records);
void add_controlled_shutdown(const ControllerContext& c, NodeId broker, Records& records);
// A new incarnation registers while the partitions still count on the one before (KAFKA-18106). `clean`: that one
// had shut down in order, hence has lost nothing.
void add_shutdown(const ControllerContext& c, NodeId broker, bool clean, Records& records);
bool leads_partitions(const ControllerContext& c, NodeId broker);
void elect_preferred_leaders(const ControllerContext& c);  // periodic
void elect_unclean_leaders(const ControllerContext& c);    // periodic

// partition_change.cpp
enum class ElectionKind : std::uint8_t { preferred, online, unclean };
struct PartitionTarget {
  Replicas isr;
  ReplicaAssignment assignment;
  std::optional<bool> recovering;
  ElectionKind election = ElectionKind::online;
  // Besides the active brokers of the image: one that is to be taken for active already, or not any more.
  NodeId becomes_active = kNoNode;
  NodeId becomes_inactive = kNoNode;
  NodeId shut_down_uncleanly = kNoNode;
};
PartitionTarget target_of(const PartitionRegistration& partition);  // no change
// Nothing: the partition stays as it is.
std::optional<PartitionChangeRecord> build_change(const ControllerContext& c, PartitionId partition,
                                                  const PartitionTarget& target);
bool allows_unclean_election(const ControllerContext& c, PartitionId partition);
std::int32_t min_isr_of(const ControllerContext& c, PartitionId partition);  // at most the number of replicas
bool elr_enabled(const ControllerContext& c);

}  // namespace model
