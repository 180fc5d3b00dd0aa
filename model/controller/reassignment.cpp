// Moving a partition to other brokers (KafkaController.onPartitionReassignment, KIP-455). The topic's znode says where
// it stands, so that any later controller can go on from there:
//
//   U  the znode names the target and what is there now, and what of both is adding and removing; replicas that only a
//      reassignment before this one wanted go at once
//   A  until every replica of the target is in the ISR: a new leader epoch, so that the leader takes the new replicas
//      for its followers, and they begin to fetch
//   B  then the target alone is assigned and one of it leads, the others leave the ISR and delete their logs, and at
//      last the znode says so
//
// A reassignment to where the partition is goes through B: it has a new leader epoch and changes nothing else.
#include "model/controller/steps.h"

namespace model {
namespace {

PartitionInfo& info_of(Broker& broker, PartitionId p) { return broker.memory.controller.partitions[index(p)]; }

// KafkaController.validateReplicas. Replicas that are there already may be dead.
ErrorCode check(const Broker& broker, PartitionId p, const ReplicaAssignment& wanted) {
  const Controller& controller = broker.memory.controller;
  if (controller.partitions[index(p)].assignment.replicas.empty()) return ErrorCode::unknown_topic_or_partition;
  for (const NodeId replica : wanted.adding) {
    if (!is_online(controller, replica)) return ErrorCode::invalid_replica_assignment;
  }
  return ErrorCode::none;
}

// They leave the ISR, then their brokers delete them (stopRemovedReplicasOfReassignedPartition).
void remove_replicas(const Context& context, Broker& broker, PartitionId p, const Replicas& replicas) {
  if (replicas.empty()) return;
  then(broker, DeleteReplicas{p, replicas});
  if (!context.rules.removed_replicas_leave_isr_first) return;
  TakeReplicasOffline offline;
  for (const NodeId replica : replicas) offline.todo.push_back({p, replica});
  then(broker, std::move(offline));
}

// The assignments of the whole topic: its znode is written at once.
TopicInfo topic_with(const Context& context, const Controller& controller, const WriteAssignment& step) {
  const TopicId topic = context.config.partitions[index(step.partition)].topic;
  TopicInfo info;
  for (std::size_t p = 0; p < controller.partitions.size(); ++p) {
    if (context.config.partitions[p].topic != topic) continue;
    info.assignment.push_back(p == index(step.partition) ? step.assignment : controller.partitions[p].assignment);
  }
  return info;
}

}  // namespace

ZkRequest read_state(const Context& context, const Controller& controller, PartitionId p) {
  const bool watched = context.rules.isr_channel == IsrChannel::zookeeper &&
                       is_being_reassigned(controller.partitions[index(p)].assignment);
  return zk_single(zk_read(ZkOpType::get, state_path(context, p), watched));
}

void begin_reassignment(const Context& context, Broker& broker, const ApiPartitionReassignment& event) {
  const PartitionId p = event.partition;
  if (!is_active(broker.memory.controller, broker.id)) {
    return context.tell(ReassignmentRefused{p, ErrorCode::not_controller});
  }
  const ReplicaAssignment now = info_of(broker, p).assignment;
  const ReplicaAssignment wanted = reassigned_to(now, event.target);
  const ErrorCode error = check(broker, p, wanted);
  if (error != ErrorCode::none) return context.tell(ReassignmentRefused{p, error});
  then(broker, CheckReassignment{p, false, without(wanted.adding, now.replicas)});
  if (wanted == now) return;
  remove_replicas(context, broker, p, without(now.replicas, wanted.replicas));
  then(broker, WriteAssignment{p, wanted});
}

Progress enter(const Context& context, Broker& broker, WriteAssignment& step) {
  const Controller& controller = broker.memory.controller;
  const Path path = paths::topic(context.config.partitions[index(step.partition)].topic);
  ask_zookeeper(context, broker, 0,
                guarded(context, controller, zk_set(path, topic_with(context, controller, step), kAnyVersion)));
  return Progress::waiting;
}

Progress resume(const Context& context, Broker& broker, WriteAssignment& step, std::uint32_t,
                const ZkResponse& response) {
  if (is_fenced(context, response)) {
    controller_moved(context, broker);
  } else {
    info_of(broker, step.partition).assignment = step.assignment;
  }
  return Progress::done;
}

Progress enter(const Context& context, Broker& broker, CheckReassignment& step) {
  const PartitionInfo& info = info_of(broker, step.partition);
  if (is_being_reassigned(info.assignment)) {
    ask_zookeeper(context, broker, 0, read_state(context, broker.memory.controller, step.partition));
    return Progress::waiting;
  }
  // It is where it was to go; nothing is left to do for those that only wait for others.
  if (!step.only_complete) then(broker, CompleteReassignment{step.partition});
  return Progress::done;
}

Progress resume(const Context& context, Broker& broker, CheckReassignment& step, std::uint32_t,
                const ZkResponse& response) {
  const ReplicaAssignment& assignment = info_of(broker, step.partition).assignment;
  const PartitionState* state =
      response.code == ZkCode::ok ? std::get_if<PartitionState>(&response.results.front().data) : nullptr;
  if (state != nullptr && context.rules.is_reassignment_complete(target_of(assignment), state->isr)) {
    then(broker, CompleteReassignment{step.partition});
  } else if (!step.only_complete) {
    if (!step.unknown.empty()) then(broker, StartNewReplicas{step.partition, step.unknown});
    BumpLeaderEpoch bump;
    bump.todo.push_back(step.partition);
    then(broker, std::move(bump));
  }
  return Progress::done;
}

// ReplicaStateMachine's NewReplica: they are told once more, now by themselves.
Progress enter(const Context& context, Broker& broker, StartNewReplicas& step) {
  Controller& controller = broker.memory.controller;
  if (controller.partitions[index(step.partition)].has_state) {
    add_leader_and_isr(controller, step.replicas, step.partition, true);
    send_batch(context, broker);
  }
  return Progress::done;
}

Progress enter(const Context& context, Broker& broker, CompleteReassignment& step) {
  PartitionInfo& info = info_of(broker, step.partition);
  const Replicas removing = info.assignment.removing;
  const ReplicaAssignment completed{target_of(info.assignment), {}, {}};
  info.assignment = completed;
  then(broker, AnnouncePartition{step.partition});
  then(broker, WriteAssignment{step.partition, completed});
  remove_replicas(context, broker, step.partition, removing);
  if (!info.has_state) return Progress::done;
  const NodeId leader = info.state.leader;
  if (completed.replicas.contains(leader) && is_online(broker.memory.controller, leader)) {
    BumpLeaderEpoch bump;
    bump.todo.push_back(step.partition);
    then(broker, std::move(bump));
  } else {
    ElectLeaders elect;
    elect.strategy = Strategy::reassigned;
    elect.todo.push_back(step.partition);
    then(broker, std::move(elect));
  }
  return Progress::done;
}

Progress enter(const Context& context, Broker& broker, DeleteReplicas& step) {
  for (const NodeId replica : step.replicas) {
    add_stop_replica(broker.memory.controller, replica, step.partition, true);
  }
  send_batch(context, broker);
  return Progress::done;
}

Progress enter(const Context& context, Broker& broker, AnnouncePartition& step) {
  Controller& controller = broker.memory.controller;
  add_metadata(controller, controller.live, step.partition);
  send_batch(context, broker);
  return Progress::done;
}

Progress enter(const Context& context, Broker& broker, ResumeReassignments& step) {
  const std::vector<PartitionInfo>& partitions = broker.memory.controller.partitions;
  if (step.all && !context.rules.failover_resumes_reassignments) return Progress::done;
  for (std::size_t p = partitions.size(); p-- > 0;) {
    const ReplicaAssignment& assignment = partitions[p].assignment;
    if (!is_being_reassigned(assignment)) continue;
    bool waits = step.all;
    for (const NodeId replica : target_of(assignment)) waits = waits || step.brokers.contains(replica);
    if (waits) then(broker, CheckReassignment{PartitionId(static_cast<std::uint16_t>(p)), false, {}});
  }
  return Progress::done;
}

}  // namespace model
