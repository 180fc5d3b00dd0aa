// Between the controller's own files: how a step waits for ZooKeeper, and the parts that several steps
// share. Not for others.
#pragma once

#include "model/broker/broker.h"
#include "model/rules.h"

namespace model {

enum class Progress : std::uint8_t { done, waiting };

// enter() begins a step; it may push further steps on the program, which run after it. resume() hands it
// the answer to its request number `index`.
Progress enter(const Context&, Broker&, ReadController&);
Progress enter(const Context&, Broker&, ReadControllerEpoch&);
Progress enter(const Context&, Broker&, CreateControllerEpoch&);
Progress enter(const Context&, Broker&, RegisterAsController&);
Progress enter(const Context&, Broker&, ConfirmRegistration&);
Progress enter(const Context&, Broker&, ListNotifications&);
Progress enter(const Context&, Broker&, ReadNotifications&);
Progress enter(const Context&, Broker&, DeleteNotifications&);
Progress enter(const Context&, Broker&, ListBrokers&);
Progress enter(const Context&, Broker&, ReadBrokers&);
Progress enter(const Context&, Broker&, ListTopics&);
Progress enter(const Context&, Broker&, ReadTopics&);
Progress enter(const Context&, Broker&, ReadPartitionStates&);
Progress enter(const Context&, Broker&, ReadOtherPartitions&);
Progress enter(const Context&, Broker&, AnnounceBrokers&);
Progress enter(const Context&, Broker&, StartReplicas&);
Progress enter(const Context&, Broker&, StartPartitions&);
Progress enter(const Context&, Broker&, BrokersCameOrWent&);
Progress enter(const Context&, Broker&, StartBrokers&);
Progress enter(const Context&, Broker&, FailBrokers&);
Progress enter(const Context&, Broker&, CreatePartitions&);
Progress enter(const Context&, Broker&, TakeReplicasOffline&);
Progress enter(const Context&, Broker&, ElectLeaders&);
Progress enter(const Context&, Broker&, WriteAlterPartitions&);
Progress enter(const Context&, Broker&, FinishControlledShutdown&);
Progress enter(const Context&, Broker&, SendBatch&);
Progress enter(const Context&, Broker&, ReplicasBecomeOffline&);
Progress enter(const Context&, Broker&, ReadTopicConfigs&);
Progress enter(const Context&, Broker&, WriteAssignment&);
Progress enter(const Context&, Broker&, CheckReassignment&);
Progress enter(const Context&, Broker&, BumpLeaderEpoch&);
Progress enter(const Context&, Broker&, StartNewReplicas&);
Progress enter(const Context&, Broker&, CompleteReassignment&);
Progress enter(const Context&, Broker&, DeleteReplicas&);
Progress enter(const Context&, Broker&, AnnouncePartition&);
Progress enter(const Context&, Broker&, ResumeReassignments&);

Progress resume(const Context&, Broker&, ReadController&, std::uint32_t index, const ZkResponse&);
Progress resume(const Context&, Broker&, ReadControllerEpoch&, std::uint32_t index, const ZkResponse&);
Progress resume(const Context&, Broker&, CreateControllerEpoch&, std::uint32_t index, const ZkResponse&);
Progress resume(const Context&, Broker&, RegisterAsController&, std::uint32_t index, const ZkResponse&);
Progress resume(const Context&, Broker&, ConfirmRegistration&, std::uint32_t index, const ZkResponse&);
Progress resume(const Context&, Broker&, ListNotifications&, std::uint32_t index, const ZkResponse&);
Progress resume(const Context&, Broker&, ReadNotifications&, std::uint32_t index, const ZkResponse&);
Progress resume(const Context&, Broker&, DeleteNotifications&, std::uint32_t index, const ZkResponse&);
Progress resume(const Context&, Broker&, ListBrokers&, std::uint32_t index, const ZkResponse&);
Progress resume(const Context&, Broker&, ReadBrokers&, std::uint32_t index, const ZkResponse&);
Progress resume(const Context&, Broker&, ListTopics&, std::uint32_t index, const ZkResponse&);
Progress resume(const Context&, Broker&, ReadTopics&, std::uint32_t index, const ZkResponse&);
Progress resume(const Context&, Broker&, ReadPartitionStates&, std::uint32_t index, const ZkResponse&);
Progress resume(const Context&, Broker&, CreatePartitions&, std::uint32_t index, const ZkResponse&);
Progress resume(const Context&, Broker&, TakeReplicasOffline&, std::uint32_t index, const ZkResponse&);
Progress resume(const Context&, Broker&, ElectLeaders&, std::uint32_t index, const ZkResponse&);
Progress resume(const Context&, Broker&, WriteAlterPartitions&, std::uint32_t index, const ZkResponse&);
Progress resume(const Context&, Broker&, ReadTopicConfigs&, std::uint32_t index, const ZkResponse&);
Progress resume(const Context&, Broker&, WriteAssignment&, std::uint32_t index, const ZkResponse&);
Progress resume(const Context&, Broker&, CheckReassignment&, std::uint32_t index, const ZkResponse&);
Progress resume(const Context&, Broker&, BumpLeaderEpoch&, std::uint32_t index, const ZkResponse&);
// The steps above are all that wait.
template <typename Step>
Progress resume(const Context&, Broker&, Step&, std::uint32_t, const ZkResponse&) {
  return Progress::done;
}

// --- events.cpp ---
void ask_zookeeper(const Context& context, Broker& broker, std::uint32_t index, ZkRequest request);
// A write that ZooKeeper carries out only while our controller epoch is the current one (KAFKA-6082).
ZkRequest guarded(const Context& context, const Controller& controller, ZkOp op);
// The answer to the write itself; its check, if it had one, held.
const ZkResult& write_result(const ZkResponse& response);
// The guard refused: another controller has been elected.
bool is_fenced(const Context& context, const ZkResponse& response);
// Drops what is left of the running event and finds out who is controller now.
void controller_moved(const Context& context, Broker& broker);
void resign(const Context& context, Broker& broker);
void then(Broker& broker, ControllerStep step);  // run next, before what is on the program already

void schedule_first_rebalance(const Context& context, const Broker& broker);

// --- sender.cpp ---
void add_leader_and_isr(Controller& controller, const Replicas& to, PartitionId p, bool is_new);
void add_metadata(Controller& controller, const Replicas& to);  // live brokers only
void add_metadata(Controller& controller, const Replicas& to, PartitionId p);
void add_stop_replica(Controller& controller, NodeId to, PartitionId p, bool deletes);
void send_batch(const Context& context, Broker& broker);

void add_sender(Controller& controller, NodeId broker);
void remove_sender(const Context& context, Broker& self, NodeId broker);
void remove_all_senders(const Context& context, Broker& self);
void enqueue(const Context& context, Broker& self, NodeId to, Body request);

// --- reassignment.cpp ---
void begin_reassignment(const Context& context, Broker& broker, const ApiPartitionReassignment& event);
// Reads a partition's state; while it is being reassigned and leaders write ISRs themselves, with a watch.
ZkRequest read_state(const Context& context, const Controller& controller, PartitionId p);

// --- shared views ---
inline bool is_live(const Controller& controller, NodeId broker) { return controller.live.contains(broker); }
inline bool is_online(const Controller& controller, NodeId broker) {
  return is_live(controller, broker) && !controller.shutting_down.contains(broker);
}
Replicas online_brokers(const Controller& controller);
void add_live(Controller& controller, NodeId broker, BrokerEpoch epoch);
void remove_live(Controller& controller, NodeId broker);
BrokerEpoch live_epoch(const Controller& controller, NodeId broker);  // -1: not live
// Steps that elect leaders for every offline partition and create the state of every new one
// (PartitionStateMachine.triggerOnlinePartitionStateChange).
void elect_where_needed(Broker& broker);
std::vector<ReplicaOfPartition> replicas_on(const Controller& controller, const Replicas& brokers);
inline Path state_path(const Context& context, PartitionId p) {
  const PartitionConfig& config = context.config.partitions[index(p)];
  return paths::partition_state(config.topic, config.number);
}

}  // namespace model
