// Who is controller: the race for /controller, and learning that somebody else is
// (KafkaController.elect, maybeResign; KafkaZkClient.registerControllerAndIncrementControllerEpoch).
#include "model/controller/steps.h"

namespace model {
namespace {

NodeId holder(const ZkResponse& response) {
  if (response.code != ZkCode::ok) return kNoNode;
  const ControllerInfo* info = std::get_if<ControllerInfo>(&response.results.front().data);
  return info != nullptr ? info->broker : kNoNode;
}

// KafkaController.onControllerFailover, in its order. The last one pushed runs first.
void begin_failover(const Context& context, Broker& broker, ControllerEpoch epoch, std::int32_t version) {
  Controller& controller = broker.memory.controller;
  controller.epoch = epoch;
  controller.epoch_version = version;
  controller.active_id = broker.id;
  controller.partitions.assign(context.config.partitions.size(), {});
  controller.topics_known.assign(context.config.topics.size(), 0);
  context.tell(BelievesController{epoch});
  schedule_first_rebalance(context, broker);
  then(broker, ResumeReassignments{true, {}});
  if (context.rules.failover_removes_dead_replicas_first) then(broker, StartPartitions{});
  then(broker, StartReplicas{});
  then(broker, AnnounceBrokers{});
  if (context.config.other_partitions.count > 0) then(broker, ReadOtherPartitions{});
  then(broker, ListTopics{true});
  then(broker, ListBrokers{true});
  then(broker, ListNotifications{true});
}

}  // namespace

Progress enter(const Context& context, Broker& broker, ReadController&) {
  // exists arms the watch also when the node is missing; only get tells who it is.
  ask_zookeeper(context, broker, 0, zk_single(zk_read(ZkOpType::exists, paths::controller(), true)));
  ask_zookeeper(context, broker, 1, zk_single(zk_read(ZkOpType::get, paths::controller(), false)));
  return Progress::waiting;
}

Progress resume(const Context& context, Broker& broker, ReadController& step, std::uint32_t index,
                const ZkResponse& response) {
  if (index == 0) return Progress::waiting;
  Controller& controller = broker.memory.controller;
  const bool was_active = is_active(controller, broker.id);
  controller.active_id = holder(response);
  if (was_active && !is_active(controller, broker.id)) resign(context, broker);
  if (step.then_elect && controller.active_id == kNoNode) then(broker, ReadControllerEpoch{});
  return Progress::done;
}

Progress enter(const Context& context, Broker& broker, ReadControllerEpoch&) {
  ask_zookeeper(context, broker, 0, zk_single(zk_read(ZkOpType::get, paths::controller_epoch(), false)));
  return Progress::waiting;
}

Progress resume(const Context&, Broker& broker, ReadControllerEpoch&, std::uint32_t, const ZkResponse& response) {
  if (response.code == ZkCode::no_node) {
    then(broker, CreateControllerEpoch{});
    return Progress::done;
  }
  const ZkResult& result = response.results.front();
  const ControllerEpochInfo* info = std::get_if<ControllerEpochInfo>(&result.data);
  if (info != nullptr) then(broker, RegisterAsController{info->epoch, result.stat.version});
  return Progress::done;
}

Progress enter(const Context& context, Broker& broker, CreateControllerEpoch&) {
  ask_zookeeper(context, broker, 0, zk_single(zk_create(paths::controller_epoch(), ControllerEpochInfo{0}, false)));
  return Progress::waiting;
}

Progress resume(const Context&, Broker& broker, CreateControllerEpoch&, std::uint32_t, const ZkResponse& response) {
  if (response.code == ZkCode::ok) {
    then(broker, RegisterAsController{0, 0});
  } else {
    then(broker, ReadControllerEpoch{});  // somebody was faster
  }
  return Progress::done;
}

Progress enter(const Context& context, Broker& broker, RegisterAsController& step) {
  ZkRequest request;
  request.multi = true;
  request.ops.push_back(zk_create(paths::controller(), ControllerInfo{broker.id}, true));
  request.ops.push_back(zk_set(paths::controller_epoch(),
                               ControllerEpochInfo{context.rules.next_controller_epoch(step.epoch)}, step.version));
  ask_zookeeper(context, broker, 0, std::move(request));
  return Progress::waiting;
}

Progress resume(const Context& context, Broker& broker, RegisterAsController& step, std::uint32_t,
                const ZkResponse& response) {
  const ControllerEpoch epoch = context.rules.next_controller_epoch(step.epoch);
  if (response.code == ZkCode::ok) {
    begin_failover(context, broker, epoch, write_result(response).stat.version);
  } else {
    then(broker, ConfirmRegistration{epoch, false});
  }
  return Progress::done;
}

Progress enter(const Context& context, Broker& broker, ConfirmRegistration& step) {
  const Path path = step.reading_epoch ? paths::controller_epoch() : paths::controller();
  ask_zookeeper(context, broker, 0, zk_single(zk_read(ZkOpType::get, path, false)));
  return Progress::waiting;
}

Progress resume(const Context& context, Broker& broker, ConfirmRegistration& step, std::uint32_t,
                const ZkResponse& response) {
  if (!step.reading_epoch) {
    if (holder(response) == broker.id) {
      then(broker, ConfirmRegistration{step.epoch, true});
    } else {
      then(broker, ReadController{false});  // somebody was faster: follow
    }
    return Progress::done;
  }
  const ZkResult& result = response.results.front();
  const ControllerEpochInfo* info = std::get_if<ControllerEpochInfo>(&result.data);
  if (response.code == ZkCode::ok && info != nullptr && info->epoch == step.epoch) {
    begin_failover(context, broker, step.epoch, result.stat.version);
  } else {
    then(broker, ReadController{false});
  }
  return Progress::done;
}

}  // namespace model
