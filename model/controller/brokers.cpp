// Brokers that start, fail and stop, and what a new controller does first with what it has read
// (KafkaController.onBrokerStartup, onBrokerFailure, onReplicasBecomeOffline, onControllerFailover;
// PartitionStateMachine.startup, ReplicaStateMachine.startup).
#include <algorithm>

#include "model/controller/steps.h"

namespace model {

Replicas online_brokers(const Controller& controller) {
  Replicas online;
  for (const NodeId id : controller.live) {
    if (!controller.shutting_down.contains(id)) online.push_back(id);
  }
  return online;
}

void add_live(Controller& controller, NodeId broker, BrokerEpoch epoch) {
  std::size_t at = 0;
  while (at < controller.live.size() && controller.live[at] < broker) ++at;
  controller.live.push_back(broker);
  controller.live_epochs.push_back(epoch);
  std::rotate(controller.live.begin() + at, controller.live.end() - 1, controller.live.end());
  std::rotate(controller.live_epochs.begin() + at, controller.live_epochs.end() - 1, controller.live_epochs.end());
}

void remove_live(Controller& controller, NodeId broker) {
  for (std::size_t i = 0; i < controller.live.size(); ++i) {
    if (controller.live[i] != broker) continue;
    controller.live.erase(controller.live.begin() + i);
    controller.live_epochs.erase(controller.live_epochs.begin() + i);
    return;
  }
}

BrokerEpoch live_epoch(const Controller& controller, NodeId broker) {
  for (std::size_t i = 0; i < controller.live.size(); ++i) {
    if (controller.live[i] == broker) return controller.live_epochs[i];
  }
  return -1;
}

std::vector<ReplicaOfPartition> replicas_on(const Controller& controller, NodeId broker) {
  std::vector<ReplicaOfPartition> replicas;
  for (std::size_t p = 0; p < controller.partitions.size(); ++p) {
    if (controller.partitions[p].assignment.contains(broker)) {
      replicas.push_back({PartitionId(static_cast<std::uint16_t>(p)), broker});
    }
  }
  return replicas;
}

void elect_where_needed(Broker& broker) {
  const Controller& controller = broker.memory.controller;
  ElectLeaders elect;
  CreatePartitions create;
  for (std::size_t p = 0; p < controller.partitions.size(); ++p) {
    const PartitionId id{static_cast<std::uint16_t>(p)};
    if (controller.partitions[p].phase == PartitionPhase::offline) elect.todo.push_back(id);
    if (controller.partitions[p].phase == PartitionPhase::fresh) create.partitions.push_back(id);
  }
  if (!create.partitions.empty()) then(broker, std::move(create));
  if (!elect.todo.empty()) then(broker, std::move(elect));
}

Progress enter(const Context& context, Broker& broker, AnnounceBrokers&) {
  Controller& controller = broker.memory.controller;
  add_metadata(controller, controller.live);
  send_batch(context, broker);
  return Progress::done;
}

// Everybody alive hears the state as it stands; then the replicas of dead brokers leave their ISRs. A
// leader that died is thereby replaced in two steps: first none, then the next one.
Progress enter(const Context& context, Broker& broker, StartReplicas&) {
  Controller& controller = broker.memory.controller;
  TakeReplicasOffline offline;
  for (std::size_t p = 0; p < controller.partitions.size(); ++p) {
    const PartitionId id{static_cast<std::uint16_t>(p)};
    const PartitionInfo& info = controller.partitions[p];
    if (!info.has_state) continue;
    Replicas online;
    for (const NodeId replica : info.assignment) {
      if (is_online(controller, replica)) {
        online.push_back(replica);
      } else {
        offline.todo.push_back({id, replica});
      }
    }
    add_leader_and_isr(controller, online, id, false);
  }
  send_batch(context, broker);
  if (!context.rules.failover_removes_dead_replicas_first) {
    if (!offline.todo.empty()) then(broker, std::move(offline));
    then(broker, StartPartitions{});
  } else if (!offline.todo.empty()) {
    then(broker, std::move(offline));
  }
  return Progress::done;
}

Progress enter(const Context&, Broker& broker, StartPartitions&) {
  Controller& controller = broker.memory.controller;
  for (PartitionInfo& info : controller.partitions) {
    if (info.assignment.empty()) continue;
    if (!info.has_state) {
      info.phase = PartitionPhase::fresh;
    } else {
      info.phase = is_online(controller, info.state.leader) ? PartitionPhase::online : PartitionPhase::offline;
    }
  }
  elect_where_needed(broker);
  return Progress::done;
}

// New brokers first, then those that bounced (down, then up), then those that are gone.
Progress enter(const Context&, Broker& broker, BrokersCameOrWent& step) {
  for (std::size_t i = step.deleted.size(); i-- > 0;) then(broker, FailBroker{step.deleted[i]});
  for (std::size_t i = step.bounced.size(); i-- > 0;) {
    then(broker, StartBroker{step.bounced[i]});
    then(broker, FailBroker{step.bounced[i]});
  }
  for (std::size_t i = step.added.size(); i-- > 0;) then(broker, StartBroker{step.added[i]});
  return Progress::done;
}

Progress enter(const Context& context, Broker& broker, StartBroker& step) {
  Controller& controller = broker.memory.controller;
  Replicas others;
  for (const NodeId id : controller.live) {
    if (id != step.broker) others.push_back(id);
  }
  add_metadata(controller, others);
  send_batch(context, broker);
  const Replicas self{step.broker};
  add_metadata(controller, self);
  for (std::size_t p = 0; p < controller.partitions.size(); ++p) {
    if (controller.partitions[p].has_state) add_metadata(controller, self, PartitionId(static_cast<std::uint16_t>(p)));
  }
  send_batch(context, broker);
  for (const ReplicaOfPartition& replica : replicas_on(controller, step.broker)) {
    if (controller.partitions[index(replica.partition)].has_state) add_leader_and_isr(controller, self, replica.partition, false);
  }
  send_batch(context, broker);
  elect_where_needed(broker);
  return Progress::done;
}

Progress enter(const Context& context, Broker& broker, FailBroker& step) {
  Controller& controller = broker.memory.controller;
  controller.shutting_down.remove(step.broker);
  bool lost_leader = false;
  for (PartitionInfo& info : controller.partitions) {
    if (!info.has_state || info.state.leader != step.broker) continue;
    info.phase = PartitionPhase::offline;
    lost_leader = true;
  }
  const std::vector<ReplicaOfPartition> replicas = replicas_on(controller, step.broker);
  if (replicas.empty() && !lost_leader) {
    add_metadata(controller, controller.live);
    send_batch(context, broker);
    return Progress::done;
  }
  then(broker, ReplicasBecomeOffline{step.broker});
  elect_where_needed(broker);
  return Progress::done;
}

Progress enter(const Context&, Broker& broker, ReplicasBecomeOffline& step) {
  TakeReplicasOffline offline;
  offline.todo = replicas_on(broker.memory.controller, step.broker);
  if (!offline.todo.empty()) then(broker, std::move(offline));
  return Progress::done;
}

Progress enter(const Context& context, Broker& broker, FinishControlledShutdown& step) {
  ControlledShutdownResponse response;
  const Controller& controller = broker.memory.controller;
  for (std::size_t p = 0; p < controller.partitions.size(); ++p) {
    const PartitionInfo& info = controller.partitions[p];
    if (info.has_state && info.assignment.size() > 1 && info.state.leader == step.broker) {
      response.remaining.push_back(PartitionId(static_cast<std::uint16_t>(p)));
    }
  }
  answer(context, broker, step.via, std::move(response));
  return Progress::done;
}

Progress enter(const Context& context, Broker& broker, SendBatch&) {
  send_batch(context, broker);
  return Progress::done;
}

}  // namespace model
