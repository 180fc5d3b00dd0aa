// Reading the cluster's state back from ZooKeeper, at failover and when a watch says that it changed
// (KafkaController.initializeControllerContext, processTopicChange, processIsrChangeNotification).
#include <algorithm>

#include "model/controller/steps.h"

namespace model {
namespace {

void finish_notifications(const Context& context, Broker& broker, const std::vector<Path>& paths) {
  if (paths.empty() || !context.rules.isr_notifications_are_deleted) return;
  DeleteNotifications remove;
  remove.paths = paths;
  then(broker, std::move(remove));
}

PartitionId partition_of(const Context& context, TopicId topic, std::size_t number) {
  return context.config.partition_of(topic, static_cast<std::int32_t>(number));
}

}  // namespace

// --- ISR change notifications ----------------------------------------------------------------------

Progress enter(const Context& context, Broker& broker, ListNotifications&) {
  ask_zookeeper(context, broker, 0, zk_single(zk_read(ZkOpType::children, paths::isr_changes(), true)));
  return Progress::waiting;
}

Progress resume(const Context& context, Broker& broker, ListNotifications& step, std::uint32_t,
                const ZkResponse& response) {
  if (step.at_failover) {
    finish_notifications(context, broker, response.children);
  } else if (!response.children.empty()) {
    ReadNotifications read;
    read.paths = response.children;
    then(broker, std::move(read));
  }
  return Progress::done;
}

Progress enter(const Context& context, Broker& broker, ReadNotifications& step) {
  for (std::size_t i = 0; i < step.paths.size(); ++i) {
    ask_zookeeper(context, broker, static_cast<std::uint32_t>(i),
                  zk_single(zk_read(ZkOpType::get, step.paths[i], false)));
  }
  return Progress::waiting;
}

Progress resume(const Context& context, Broker& broker, ReadNotifications& step, std::uint32_t,
                const ZkResponse& response) {
  if (response.code == ZkCode::ok) {
    if (const IsrChangeInfo* info = std::get_if<IsrChangeInfo>(&response.results.front().data)) {
      for (const PartitionId p : info->partitions) {
        if (std::find(step.partitions.begin(), step.partitions.end(), p) == step.partitions.end())
          step.partitions.push_back(p);
      }
    }
  }
  if (++step.answers < step.paths.size()) return Progress::waiting;
  finish_notifications(context, broker, step.paths);
  ReadPartitionStates read;
  read.partitions = step.partitions;
  read.announce = true;
  if (!read.partitions.empty()) then(broker, std::move(read));
  return Progress::done;
}

Progress enter(const Context& context, Broker& broker, DeleteNotifications& step) {
  for (std::size_t i = 0; i < step.paths.size(); ++i) {
    ask_zookeeper(context, broker, static_cast<std::uint32_t>(i),
                  guarded(context, broker.memory.controller, zk_delete(step.paths[i])));
  }
  return Progress::waiting;
}

Progress resume(const Context& context, Broker& broker, DeleteNotifications& step, std::uint32_t,
                const ZkResponse& response) {
  if (is_fenced(context, response)) {
    controller_moved(context, broker);
    return Progress::done;
  }
  return ++step.answers < step.paths.size() ? Progress::waiting : Progress::done;
}

// --- brokers ---------------------------------------------------------------------------------------

Progress enter(const Context& context, Broker& broker, ListBrokers&) {
  ask_zookeeper(context, broker, 0, zk_single(zk_read(ZkOpType::children, paths::broker_ids(), true)));
  return Progress::waiting;
}

Progress resume(const Context&, Broker& broker, ListBrokers& step, std::uint32_t, const ZkResponse& response) {
  ReadBrokers read;
  read.at_failover = step.at_failover;
  read.paths = response.children;
  std::sort(read.paths.begin(), read.paths.end());
  then(broker, std::move(read));
  return Progress::done;
}

namespace {

void know_brokers_at_failover(const Context&, Broker& broker, const ReadBrokers& step) {
  Controller& controller = broker.memory.controller;
  controller.live.clear();
  controller.live_epochs.clear();
  controller.shutting_down.clear();
  for (std::size_t i = 0; i < step.found.size(); ++i) add_live(controller, step.found[i], step.epochs[i]);
  for (const NodeId id : controller.live) add_sender(controller, id);
}

// A broker whose registration is newer than the one we know has restarted without our seeing it gone
// (KIP-380); before that KIP such a bounce is not noticed at all.
void compare_brokers(const Context& context, Broker& broker, const ReadBrokers& step) {
  const Controller& controller = broker.memory.controller;
  BrokersCameOrWent change;
  for (std::size_t i = 0; i < step.found.size(); ++i) {
    const BrokerEpoch known = live_epoch(controller, step.found[i]);
    if (known == -1) {
      change.added.push_back(step.found[i]);
      change.added_epochs.push_back(step.epochs[i]);
    } else if (known < step.epochs[i] && context.rules.broker_epochs) {
      change.bounced.push_back(step.found[i]);
      change.bounced_epochs.push_back(step.epochs[i]);
    }
  }
  for (const NodeId known : controller.live) {
    if (std::find(step.found.begin(), step.found.end(), known) == step.found.end()) change.deleted.push_back(known);
  }
  if (change.added.empty() && change.bounced.empty() && change.deleted.empty()) return;
  Replicas live;
  for (const NodeId id : step.found) live.push_back(id);
  context.tell(ControllerSeesBrokers{change.added, change.deleted, change.bounced, live});
  Controller& changing = broker.memory.controller;
  for (const NodeId id : change.added) add_sender(changing, id);
  for (const NodeId id : change.bounced) {
    remove_sender(context, broker, id);
    add_sender(changing, id);
  }
  for (const NodeId id : change.deleted) remove_sender(context, broker, id);
  then(broker, std::move(change));
}

void finish_reading_brokers(const Context& context, Broker& broker, const ReadBrokers& step) {
  if (step.at_failover) return know_brokers_at_failover(context, broker, step);
  compare_brokers(context, broker, step);
}

}  // namespace

Progress enter(const Context& context, Broker& broker, ReadBrokers& step) {
  for (std::size_t i = 0; i < step.paths.size(); ++i) {
    ask_zookeeper(context, broker, static_cast<std::uint32_t>(i),
                  zk_single(zk_read(ZkOpType::get, step.paths[i], false)));
  }
  if (!step.paths.empty()) return Progress::waiting;
  finish_reading_brokers(context, broker, step);
  return Progress::done;
}

Progress resume(const Context& context, Broker& broker, ReadBrokers& step, std::uint32_t, const ZkResponse& response) {
  if (response.code == ZkCode::ok) {  // else it went between the two reads
    const ZkResult& result = response.results.front();
    if (const BrokerInfo* info = std::get_if<BrokerInfo>(&result.data)) {
      step.found.push_back(info->broker);
      step.epochs.push_back(result.stat.czxid);
    }
  }
  if (++step.answers < step.paths.size()) return Progress::waiting;
  finish_reading_brokers(context, broker, step);
  return Progress::done;
}

// --- topics ----------------------------------------------------------------------------------------

Progress enter(const Context& context, Broker& broker, ListTopics&) {
  ask_zookeeper(context, broker, 0, zk_single(zk_read(ZkOpType::children, paths::topics(), true)));
  return Progress::waiting;
}

Progress resume(const Context&, Broker& broker, ListTopics& step, std::uint32_t, const ZkResponse& response) {
  const Controller& controller = broker.memory.controller;
  ReadTopics read;
  read.at_failover = step.at_failover;
  for (const Path& path : response.children) {
    const TopicId topic{static_cast<std::uint16_t>(path.last().value)};
    if (step.at_failover || controller.topics_known[index(topic)] == 0) read.topics.push_back(topic);
  }
  std::sort(read.topics.begin(), read.topics.end());
  if (!read.topics.empty()) then(broker, std::move(read));
  return Progress::done;
}

Progress enter(const Context& context, Broker& broker, ReadTopics& step) {
  for (std::size_t i = 0; i < step.topics.size(); ++i) {
    ask_zookeeper(context, broker, static_cast<std::uint32_t>(i),
                  zk_single(zk_read(ZkOpType::get, paths::topic(step.topics[i]), false)));
  }
  return Progress::waiting;
}

Progress resume(const Context& context, Broker& broker, ReadTopics& step, std::uint32_t index_of_answer,
                const ZkResponse& response) {
  Controller& controller = broker.memory.controller;
  const TopicId topic = step.topics[index_of_answer];
  if (response.code == ZkCode::ok) {
    controller.topics_known[index(topic)] = 1;
    const TopicInfo& info = std::get<TopicInfo>(response.results.front().data);
    for (std::size_t number = 0; number < info.assignment.size(); ++number) {
      controller.partitions[index(partition_of(context, topic, number))].assignment = info.assignment[number];
    }
  }
  if (++step.answers < step.topics.size()) return Progress::waiting;
  std::vector<PartitionId> partitions;
  for (const TopicId id : step.topics) {
    for (std::size_t number = 0; number < context.config.topics[index(id)].assignment.size(); ++number) {
      const PartitionId p = partition_of(context, id, number);
      if (!controller.partitions[index(p)].assignment.replicas.empty()) partitions.push_back(p);
    }
  }
  if (step.at_failover) {
    ReadPartitionStates read;
    read.partitions = std::move(partitions);
    if (!read.partitions.empty()) then(broker, std::move(read));
  } else {  // onNewPartitionCreation
    for (const PartitionId p : partitions) controller.partitions[index(p)].phase = PartitionPhase::fresh;
    CreatePartitions create;
    create.partitions = std::move(partitions);
    if (!create.partitions.empty()) then(broker, std::move(create));
  }
  return Progress::done;
}

Progress enter(const Context& context, Broker& broker, ReadPartitionStates& step) {
  for (std::size_t i = 0; i < step.partitions.size(); ++i) {
    ask_zookeeper(context, broker, static_cast<std::uint32_t>(i),
                  read_state(context, broker.memory.controller, step.partitions[i]));
  }
  return Progress::waiting;
}

Progress resume(const Context& context, Broker& broker, ReadPartitionStates& step, std::uint32_t index_of_answer,
                const ZkResponse& response) {
  Controller& controller = broker.memory.controller;
  if (response.code == ZkCode::ok) {
    PartitionInfo& info = controller.partitions[index(step.partitions[index_of_answer])];
    const ZkResult& result = response.results.front();
    info.state = std::get<PartitionState>(result.data);
    info.partition_epoch = result.stat.version;
    info.has_state = true;
  }
  if (++step.answers < step.partitions.size()) return Progress::waiting;
  if (step.announce) {
    for (const PartitionId p : step.partitions) add_metadata(controller, controller.live, p);
    send_batch(context, broker);
  }
  return Progress::done;
}

// ZooKeeper answers in a stream, as many requests being under way as it takes (KAFKA-5642).
Progress enter(const Context& context, Broker&, ReadOtherPartitions&) {
  const OtherPartitions& others = context.config.other_partitions;
  context.arm({TimerKind::read_partitions}, others.read * others.count);
  return Progress::waiting;
}

}  // namespace model
