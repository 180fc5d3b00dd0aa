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

std::vector<ReplicaOfPartition> replicas_on(const Controller& controller, const Replicas& brokers) {
  std::vector<ReplicaOfPartition> replicas;
  for (std::size_t p = 0; p < controller.partitions.size(); ++p) {
    for (const NodeId replica : controller.partitions[p].assignment.replicas) {
      if (brokers.contains(replica)) replicas.push_back({PartitionId(static_cast<std::uint16_t>(p)), replica});
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
  if (elect.todo.empty()) return;
  then(broker, std::move(elect));
  if (!broker.memory.topic_settings.empty()) then(broker, ReadTopicConfigs{});
}

Progress enter(const Context& context, Broker& broker, ReadTopicConfigs&) {
  broker.memory.controller.topic_settings = broker.memory.topic_settings;
  for (std::size_t i = 0; i < broker.memory.topic_settings.size(); ++i) {
    const Path path = paths::topic_config(TopicId(static_cast<std::uint16_t>(i)));
    ask_zookeeper(context, broker, static_cast<std::uint32_t>(i), zk_single(zk_read(ZkOpType::get, path, false)));
  }
  return Progress::waiting;
}

Progress resume(const Context&, Broker& broker, ReadTopicConfigs& step, std::uint32_t index_of_answer,
                const ZkResponse& response) {
  if (response.code == ZkCode::ok) {
    const TopicSettings* read = std::get_if<TopicSettings>(&response.results.front().data);
    if (read != nullptr) broker.memory.controller.topic_settings[index_of_answer] = *read;
  }
  return ++step.answers < broker.memory.topic_settings.size() ? Progress::waiting : Progress::done;
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
    for (const NodeId replica : info.assignment.replicas) {
      if (is_online(controller, replica)) {
        online.push_back(replica);
      } else {
        offline.todo.push_back({id, replica});
      }
    }
    add_leader_and_isr(controller, online, id, false);
  }
  controller.batch.other_partitions = context.config.other_partitions.count;
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
    if (info.assignment.replicas.empty()) continue;
    if (!info.has_state) {
      info.phase = PartitionPhase::fresh;
    } else {
      info.phase = is_online(controller, info.state.leader) ? PartitionPhase::online : PartitionPhase::offline;
    }
  }
  elect_where_needed(broker);
  return Progress::done;
}

// New brokers first, then those that bounced (down, then up), then those that are gone. Each group becomes
// live, or ceases to be, only when its turn comes: a broker that bounced must not be elected while it is
// down, and of two that died together neither may follow the other.
Progress enter(const Context&, Broker& broker, BrokersCameOrWent& step) {
  if (!step.deleted.empty()) then(broker, FailBrokers{step.deleted});
  if (!step.bounced.empty()) {
    then(broker, StartBrokers{step.bounced, step.bounced_epochs});
    then(broker, FailBrokers{step.bounced});
  }
  if (!step.added.empty()) then(broker, StartBrokers{step.added, step.added_epochs});
  return Progress::done;
}

Progress enter(const Context& context, Broker& broker, StartBrokers& step) {
  Controller& controller = broker.memory.controller;
  const Replicas others = controller.live;
  for (std::size_t i = 0; i < step.brokers.size(); ++i) add_live(controller, step.brokers[i], step.epochs[i]);
  add_metadata(controller, others);
  send_batch(context, broker);
  add_metadata(controller, step.brokers);
  for (std::size_t p = 0; p < controller.partitions.size(); ++p) {
    if (controller.partitions[p].has_state)
      add_metadata(controller, step.brokers, PartitionId(static_cast<std::uint16_t>(p)));
  }
  send_batch(context, broker);
  for (const ReplicaOfPartition& replica : replicas_on(controller, step.brokers)) {
    if (!controller.partitions[index(replica.partition)].has_state) continue;
    add_leader_and_isr(controller, {replica.replica}, replica.partition, false);
  }
  send_batch(context, broker);
  then(broker, ResumeReassignments{false, step.brokers});
  elect_where_needed(broker);
  return Progress::done;
}

Progress enter(const Context& context, Broker& broker, FailBrokers& step) {
  Controller& controller = broker.memory.controller;
  for (const NodeId gone : step.brokers) {
    remove_live(controller, gone);
    controller.shutting_down.remove(gone);
  }
  for (PartitionInfo& info : controller.partitions) {
    // One that has no leader has lost it with a replica that was taken away.
    const bool led = info.state.leader != kNoNode && !step.brokers.contains(info.state.leader);
    if (info.has_state && !led) info.phase = PartitionPhase::offline;
  }
  if (replicas_on(controller, step.brokers).empty()) {
    add_metadata(controller, controller.live);
    send_batch(context, broker);
    return Progress::done;
  }
  then(broker, ReplicasBecomeOffline{step.brokers});
  if (context.rules.broker_failure_elects) elect_where_needed(broker);
  return Progress::done;
}

Progress enter(const Context&, Broker& broker, ReplicasBecomeOffline& step) {
  TakeReplicasOffline offline;
  offline.todo = replicas_on(broker.memory.controller, step.brokers);
  if (!offline.todo.empty()) then(broker, std::move(offline));
  return Progress::done;
}

Progress enter(const Context& context, Broker& broker, FinishControlledShutdown& step) {
  ControlledShutdownResponse response;
  const Controller& controller = broker.memory.controller;
  for (std::size_t p = 0; p < controller.partitions.size(); ++p) {
    const PartitionInfo& info = controller.partitions[p];
    if (info.has_state && info.assignment.replicas.size() > 1 && info.state.leader == step.broker) {
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
