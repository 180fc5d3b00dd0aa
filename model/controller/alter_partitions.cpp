// AlterPartition as the controller serves it (KafkaController.tryProcessAlterPartition).
#include <algorithm>

#include "model/controller/steps.h"

namespace model {
namespace {

ErrorCode check(const Rules& rules, const Controller& controller, const AlterPartitionItem& item) {
  const PartitionInfo& info = controller.partitions[index(item.partition)];
  if (!info.has_state) return ErrorCode::unknown_topic_or_partition;
  if (item.partition_epoch > info.partition_epoch || item.leader_epoch > info.state.leader_epoch)
    return ErrorCode::not_controller;
  if (item.leader_epoch < info.state.leader_epoch) return ErrorCode::fenced_leader_epoch;
  if (item.partition_epoch < info.partition_epoch && rules.isr_writes_compare_epochs)
    return ErrorCode::invalid_update_version;
  for (const NodeId member : item.new_isr) {
    if (rules.isr_admits_only_live && !is_online(controller, member)) return ErrorCode::ineligible_replica;
  }
  return ErrorCode::none;
}

// A retry of what already stands, whose first answer was lost.
bool stands_already(const Controller& controller, const AlterPartitionItem& item) {
  const PartitionInfo& info = controller.partitions[index(item.partition)];
  if (!info.has_state || item.leader_epoch != info.state.leader_epoch) return false;
  if (item.partition_epoch > info.partition_epoch || item.new_isr.size() != info.state.isr.size()) return false;
  return std::all_of(item.new_isr.begin(), item.new_isr.end(),
                     [&](NodeId member) { return info.state.isr.contains(member); });
}

AlterPartitionResult as_it_stands(const Controller& controller, PartitionId p) {
  const PartitionInfo& info = controller.partitions[index(p)];
  return {p, ErrorCode::none, info.state.leader, info.state.leader_epoch, info.partition_epoch, info.state.isr};
}

Progress finish(const Context& context, Broker& broker, WriteAlterPartitions& step) {
  Controller& controller = broker.memory.controller;
  if (step.moved) {
    // Kafka's handler swallows the exception here: the zombie does not resign, the leader asks again.
    answer(context, broker, step.via, AlterPartitionResponse{ErrorCode::unknown_server_error, {}});
    return Progress::done;
  }
  for (const AlterPartitionItem& item : step.request.partitions) {
    if (controller.partitions[index(item.partition)].has_state)
      add_metadata(controller, controller.live, item.partition);
  }
  send_batch(context, broker);
  // A reassignment may have waited for this very member of the ISR.
  for (std::size_t i = step.response.partitions.size(); i-- > 0;) {
    const AlterPartitionResult& result = step.response.partitions[i];
    if (result.error == ErrorCode::none) then(broker, CheckReassignment{result.partition, true, {}});
  }
  answer(context, broker, step.via, std::move(step.response));
  return Progress::done;
}

}  // namespace

Progress enter(const Context& context, Broker& broker, WriteAlterPartitions& step) {
  Controller& controller = broker.memory.controller;
  if (live_epoch(controller, step.request.broker) == -1 ||
      (context.rules.broker_epochs && step.request.broker_epoch != live_epoch(controller, step.request.broker))) {
    context.tell(RequestFenced{step.request.broker,
                               ErrorCode::stale_broker_epoch,
                               false,
                               {},
                               step.request.broker_epoch,
                               live_epoch(controller, step.request.broker)});
    answer(context, broker, step.via, AlterPartitionResponse{ErrorCode::stale_broker_epoch, {}});
    return Progress::done;
  }
  for (std::size_t i = 0; i < step.request.partitions.size(); ++i) {
    const AlterPartitionItem& item = step.request.partitions[i];
    if (stands_already(controller, item)) {
      step.response.partitions.push_back(as_it_stands(controller, item.partition));
      continue;
    }
    const ErrorCode error = check(context.rules, controller, item);
    step.response.partitions.push_back({item.partition, error, kNoNode, kNoEpoch, 0, {}});
    if (error != ErrorCode::none) {
      context.tell(RequestFenced{step.request.broker, error, true, item.partition, item.leader_epoch,
                                 controller.partitions[index(item.partition)].state.leader_epoch});
      continue;
    }
    PartitionState state = controller.partitions[index(item.partition)].state;
    state.isr = item.new_isr;
    state.controller_epoch = controller.epoch;
    const PartitionEpoch expected = context.rules.isr_writes_compare_epochs ? item.partition_epoch : kAnyVersion;
    ask_zookeeper(context, broker, static_cast<std::uint32_t>(step.written.size()),
                  guarded(context, controller, zk_set(state_path(context, item.partition), state, expected)));
    step.written.push_back(static_cast<std::uint32_t>(i));
  }
  return step.written.empty() ? finish(context, broker, step) : Progress::waiting;
}

Progress resume(const Context& context, Broker& broker, WriteAlterPartitions& step, std::uint32_t index_of_answer,
                const ZkResponse& response) {
  Controller& controller = broker.memory.controller;
  const std::uint32_t item_index = step.written[index_of_answer];
  const PartitionId p = step.request.partitions[item_index].partition;
  if (is_fenced(context, response)) {
    step.moved = true;
  } else if (response.code == ZkCode::ok) {
    PartitionInfo& info = controller.partitions[index(p)];
    info.state.isr = step.request.partitions[item_index].new_isr;
    info.state.controller_epoch = controller.epoch;
    info.partition_epoch = write_result(response).stat.version;
    step.response.partitions[item_index] = as_it_stands(controller, p);
  } else {
    step.response.partitions[item_index].error = ErrorCode::invalid_update_version;
  }
  return ++step.answers < step.written.size() ? Progress::waiting : finish(context, broker, step);
}

}  // namespace model
