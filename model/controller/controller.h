// The controller's half of a broker: an event queue, one event at a time, each a program of steps that
// wait for ZooKeeper (kafka.controller.KafkaController, ControllerEventManager, PartitionStateMachine,
// ReplicaStateMachine, ControllerChannelManager). A step is data: between any two of them the process
// may be paused, cut off or killed, and what it remembers when it goes on is in these structs.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "model/message.h"
#include "model/one_of.h"
#include "model/small_vec.h"
#include "model/step.h"

namespace model {

struct Broker;

// --- events ------------------------------------------------------------------------------------

struct ControllerStartup {  // arm the watch on /controller, then elect
  NO_FIELDS();
};
struct Reelect {  // /controller is gone
  NO_FIELDS();
};
struct ControllerChange {  // /controller was created or changed
  NO_FIELDS();
};
struct Expire {  // the session has expired: everything the controller knows is stale
  NO_FIELDS();
};
struct BrokerChange {
  NO_FIELDS();
};
struct TopicChange {
  NO_FIELDS();
};
struct IsrChangeNotification {
  NO_FIELDS();
};
struct AlterPartitionReceived {
  ConnectionId via;
  AlterPartitionRequest request;
  FIELDS(via, request);
};
struct ControlledShutdownReceived {
  ConnectionId via;
  ControlledShutdownRequest request;
  FIELDS(via, request);
};
struct ReplicaLeaderElection {  // an operator's
  PartitionId partition{};
  bool unclean = false;
  FIELDS(partition, unclean);
};
struct AutoRebalance {
  NO_FIELDS();
};
struct UncleanElectionEnabled {  // by a changed topic configuration
  TopicId topic{};
  FIELDS(topic);
};
struct ApiPartitionReassignment {  // an operator's (AlterPartitionReassignments, KIP-455)
  PartitionId partition{};
  Replicas target;
  FIELDS(partition, target);
};
struct PartitionReassignmentIsrChange {  // the state of a partition that is being reassigned was written
  PartitionId partition{};
  FIELDS(partition);
};
using ControllerEvent = OneOf<
    std::variant<ControllerStartup, Reelect, ControllerChange, Expire, BrokerChange, TopicChange, IsrChangeNotification,
                 AlterPartitionReceived, ControlledShutdownReceived, ReplicaLeaderElection, AutoRebalance,
                 UncleanElectionEnabled, ApiPartitionReassignment, PartitionReassignmentIsrChange>>;

// --- steps -------------------------------------------------------------------------------------

// maybeResign: read /controller (and watch it). With then_elect: if nobody holds it, run for it.
struct ReadController {
  bool then_elect = false;
  FIELDS(then_elect);
};
struct ReadControllerEpoch {
  NO_FIELDS();
};
struct CreateControllerEpoch {
  NO_FIELDS();
};
// The atomic creation of /controller and raise of /controller_epoch.
struct RegisterAsController {
  ControllerEpoch epoch = 0;  // read; ours is the next one
  std::int32_t version = 0;
  FIELDS(epoch, version);
};
// It failed: was it our own earlier attempt, whose answer was lost?
struct ConfirmRegistration {
  ControllerEpoch epoch = 0;  // that would be ours
  bool reading_epoch = false;
  FIELDS(epoch, reading_epoch);
};
struct ListNotifications {
  bool at_failover = false;  // delete them unread
  FIELDS(at_failover);
};
struct ReadNotifications {
  std::vector<Path> paths;
  std::vector<PartitionId> partitions;
  std::uint32_t answers = 0;
  FIELDS(paths, partitions, answers);
};
struct DeleteNotifications {
  std::vector<Path> paths;
  std::uint32_t answers = 0;
  FIELDS(paths, answers);
};
struct ListBrokers {
  bool at_failover = false;
  FIELDS(at_failover);
};
struct ReadBrokers {
  bool at_failover = false;
  std::vector<Path> paths;
  SmallVec<NodeId, 4> found;
  SmallVec<BrokerEpoch, 4> epochs;
  std::uint32_t answers = 0;
  FIELDS(at_failover, paths, found, epochs, answers);
};
struct ListTopics {
  bool at_failover = false;
  FIELDS(at_failover);
};
struct ReadTopics {
  bool at_failover = false;
  std::vector<TopicId> topics;
  std::uint32_t answers = 0;
  FIELDS(at_failover, topics, answers);
};
// Reads `state` znodes into the cache; partitions without one stay New. With `announce`: UpdateMetadata.
struct ReadPartitionStates {
  std::vector<PartitionId> partitions;
  bool announce = false;
  std::uint32_t answers = 0;
  FIELDS(partitions, announce, answers);
};
struct ReadOtherPartitions {  // takes its time; no request of its own
  NO_FIELDS();
};
struct AnnounceBrokers {  // UpdateMetadata without partitions, to everyone
  NO_FIELDS();
};
struct StartReplicas {  // failover: current state to all live replicas; then the dead ones leave their ISRs
  NO_FIELDS();
};
struct StartPartitions {  // failover: elect for new and offline partitions
  NO_FIELDS();
};
struct BrokersCameOrWent {
  Replicas added, bounced, deleted;
  SmallVec<BrokerEpoch, 4> added_epochs, bounced_epochs;
  FIELDS(added, bounced, deleted, added_epochs, bounced_epochs);
};
struct StartBrokers {  // live from now on: onBrokerStartup
  Replicas brokers;
  SmallVec<BrokerEpoch, 4> epochs;
  FIELDS(brokers, epochs);
};
struct FailBrokers {  // live no more: onBrokerFailure
  Replicas brokers;
  FIELDS(brokers);
};
struct CreatePartitions {
  std::vector<PartitionId> partitions;
  std::vector<PartitionState> states;  // first leader and ISR of each
  std::uint8_t level = 0;              // 0: .../partitions, 1: .../partitions/P, 2: state
  std::uint32_t answers = 0;
  FIELDS(partitions, states, level, answers);
};
// Replica -> OfflineReplica: it leaves the ISR, with a leader epoch bump. One replica of one partition
// per item.
struct ReplicaOfPartition {
  PartitionId partition{};
  NodeId replica = kNoNode;
  FIELDS(partition, replica);
};
// The state znodes of some partitions, read together, then those written that have to change.
struct StateRound {
  bool writing = false;
  std::vector<ReplicaOfPartition> items;  // read or written now, by tag; kNoNode: not about one replica
  std::vector<PartitionState> states;     // as read, then as written
  std::vector<PartitionEpoch> versions;   // as read; -1: not there
  std::uint32_t answers = 0;
  FIELDS(writing, items, states, versions, answers);
};
struct TakeReplicasOffline {  // StopReplica first
  std::vector<ReplicaOfPartition> todo;
  StateRound round;
  FIELDS(todo, round);
};
enum class Strategy : std::uint8_t { offline, preferred, controlled_shutdown, reassigned };
struct ElectLeaders {
  Strategy strategy{};
  bool allow_unclean = false;
  std::vector<PartitionId> todo;
  StateRound round;
  FIELDS(strategy, allow_unclean, todo, round);
};
struct WriteAlterPartitions {
  ConnectionId via;
  AlterPartitionRequest request;
  AlterPartitionResponse response;     // filled in as decided
  std::vector<std::uint32_t> written;  // indexes into request.partitions, by tag
  std::uint32_t answers = 0;
  bool moved = false;
  FIELDS(via, request, response, written, answers, moved);
};
struct FinishControlledShutdown {
  ConnectionId via;
  NodeId broker = kNoNode;
  FIELDS(via, broker);
};
struct SendBatch {  // what the state machines have gathered goes out
  NO_FIELDS();
};
struct ReplicasBecomeOffline {  // onReplicasBecomeOffline, after the leaders were replaced
  Replicas brokers;
  FIELDS(brokers);
};
// Before partitions without a leader get one: may it be unclean? (ZkPartitionStateMachine reads log configurations)
struct ReadTopicConfigs {
  std::uint32_t answers = 0;
  FIELDS(answers);
};
// --- reassignment: phases and their order as in KafkaController.onPartitionReassignment ---

// The topic's znode says from now on that the partition is assigned like this, and so does our memory.
struct WriteAssignment {
  PartitionId partition{};
  ReplicaAssignment assignment;
  FIELDS(partition, assignment);
};
// Is every replica of the target in the ISR? Then the reassignment can be completed; else its new replicas start.
struct CheckReassignment {
  PartitionId partition{};
  bool only_complete = false;  // they have been started before
  Replicas unknown;            // new replicas that no broker has been told of
  FIELDS(partition, only_complete, unknown);
};
// Phase A: nothing changes but the leader epoch, so that nobody can ignore who is assigned from now on.
struct BumpLeaderEpoch {
  std::vector<PartitionId> todo;  // one, until it is written
  StateRound round;
  FIELDS(todo, round);
};
struct StartNewReplicas {
  PartitionId partition{};
  Replicas replicas;
  FIELDS(partition, replicas);
};
// Phase B: the target is all that is assigned, one of it leads, the others go.
struct CompleteReassignment {
  PartitionId partition{};
  FIELDS(partition);
};
struct DeleteReplicas {  // StopReplica with delete
  PartitionId partition{};
  Replicas replicas;
  FIELDS(partition, replicas);
};
struct AnnouncePartition {  // UpdateMetadata to everyone
  PartitionId partition{};
  FIELDS(partition);
};
// What is still under way goes on: all of it with a new controller, else what waits for one of these brokers.
struct ResumeReassignments {
  bool all = false;
  Replicas brokers;
  FIELDS(all, brokers);
};
using ControllerStep = OneOf<std::variant<
    ReadController, ReadControllerEpoch, CreateControllerEpoch, RegisterAsController, ConfirmRegistration,
    ListNotifications, ReadNotifications, DeleteNotifications, ListBrokers, ReadBrokers, ListTopics, ReadTopics,
    ReadPartitionStates, AnnounceBrokers, StartReplicas, StartPartitions, BrokersCameOrWent, StartBrokers, FailBrokers,
    CreatePartitions, TakeReplicasOffline, ElectLeaders, WriteAlterPartitions, FinishControlledShutdown, SendBatch,
    ReplicasBecomeOffline, ReadTopicConfigs, WriteAssignment, CheckReassignment, BumpLeaderEpoch, StartNewReplicas,
    CompleteReassignment, DeleteReplicas, AnnouncePartition, ResumeReassignments, ReadOtherPartitions>>;

// --- what it knows ------------------------------------------------------------------------------

enum class PartitionPhase : std::uint8_t { unknown, fresh, online, offline };  // NonExistent, New, Online, Offline

struct PartitionInfo {
  PartitionPhase phase = PartitionPhase::unknown;
  bool has_state = false;  // its state znode has been read or written
  ReplicaAssignment assignment;
  PartitionState state;
  PartitionEpoch partition_epoch = -1;
  FIELDS(phase, has_state, assignment, state, partition_epoch);
};

// One FIFO of control requests per broker, one in flight, the same one again until it is answered
// (RequestSendThread).
struct Sender {
  enum class State : std::uint8_t { closed, connecting, open, waiting };
  NodeId broker = kNoNode;
  State state = State::closed;
  bool in_flight = false;
  std::uint32_t connection = 0;
  std::vector<Body> queue;  // front: in flight or next
  FIELDS(broker, state, in_flight, connection, queue);
};

// Gathered by the state machines between two sends (AbstractControllerBrokerRequestBatch).
struct ControlItem {
  NodeId to = kNoNode;
  PartitionId partition{};
  bool is_new = false;   // LeaderAndIsr
  bool deletes = false;  // StopReplica
  FIELDS(to, partition, is_new, deletes);
};
struct ControlBatch {
  std::vector<ControlItem> leader_and_isr;
  std::vector<ControlItem> stop_replica;
  bool metadata = false;  // UpdateMetadata goes to metadata_to...
  Replicas metadata_to;
  std::vector<PartitionId> metadata_about;  // ...with the state of these
  std::int32_t other_partitions = 0;        // and of so many that are not modelled, as every LeaderAndIsr
  FIELDS(leader_and_isr, stop_replica, metadata, metadata_to, metadata_about, other_partitions);
};

struct Controller {
  NodeId active_id = kNoNode;  // who it believes holds /controller; a zombie still has its own id here
  ControllerEpoch epoch = 0;
  std::int32_t epoch_version = 0;  // of /controller_epoch: the guard of every write
  SmallVec<ControllerEvent, 1> queue;
  bool busy = false;                      // an event is being processed:
  std::optional<ControllerStep> current;  // the step that waits for ZooKeeper...
  std::vector<ControllerStep> program;    // ...and those after it; the last one is next
  std::uint32_t generation = 0;           // of the running program: replies to an older one are dropped

  Replicas live;                         // registered brokers, shutting-down ones included; ascending
  SmallVec<BrokerEpoch, 4> live_epochs;  // in the same order
  Replicas shutting_down;
  std::vector<PartitionInfo> partitions;   // by PartitionId; empty unless active
  std::vector<std::uint8_t> topics_known;  // by TopicId
  SmallVec<Sender, 2> senders;             // by broker; one per live broker while active
  ControlBatch batch;
  std::vector<TopicSettings> topic_settings;  // by TopicId, as read before the last election; empty: as created
  FIELDS(active_id, epoch, epoch_version, queue, busy, current, program, generation, live, live_epochs, shutting_down,
         partitions, topics_known, senders, batch, topic_settings);
};

inline bool is_active(const Controller& controller, NodeId self) { return controller.active_id == self; }

// Queue an event; it runs at once if nothing else does.
void put_event(const Context& context, Broker& broker, ControllerEvent event);
// The session has expired: queued events are preempted, the running one is cut off, the controller
// resigns. Elections wait for the new registration.
void expire_controller(const Context& context, Broker& broker);
// The process stops: resign, tell nobody.
void stop_controller(const Context& context, Broker& broker);

void on_controller_reply(const Context& context, Broker& broker, std::uint32_t tag, const ZkRequest& request,
                         const ZkResponse& response);
void on_controller_watch(const Context& context, Broker& broker, const ZkEvent& event);
void on_other_partitions_read(const Context& context, Broker& broker);  // TimerKind::read_partitions

// Control connections, client side. Each returns true if the input was one of theirs.
bool on_sender_connected(const Context& context, Broker& broker, const ConnectionId& via);
bool on_sender_disconnected(const Context& context, Broker& broker, const ConnectionId& via);
bool on_sender_timer(const Context& context, Broker& broker, TimerKey key);
void on_control_answer(const Context& context, Broker& broker, const ConnectionId& via, const ControlResponse& answer);

}  // namespace model
