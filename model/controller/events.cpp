// The controller's event queue and the interpreter of its programs
// (controller/ControllerEventManager, KafkaController.process).
#include <algorithm>
#include <utility>

#include "model/controller/steps.h"

namespace model {
namespace {

constexpr Duration kFirstRebalanceCheck = seconds(5);

void refuse(const Context& context, Broker& broker, const AlterPartitionReceived& event) {
  answer(context, broker, event.via, AlterPartitionResponse{ErrorCode::not_controller, {}});
}

void begin_alter_partition(const Context& context, Broker& broker, const AlterPartitionReceived& event) {
  if (!is_active(broker.memory.controller, broker.id)) return refuse(context, broker, event);
  WriteAlterPartitions step;
  step.via = event.via;
  step.request = event.request;
  then(broker, std::move(step));
}

ErrorCode check_shutdown_request(const Broker& broker, const ControlledShutdownRequest& request) {
  const Controller& controller = broker.memory.controller;
  if (!is_active(controller, broker.id)) return ErrorCode::stale_controller_epoch;
  const BrokerEpoch known = live_epoch(controller, request.broker);
  if (known == -1) return ErrorCode::broker_not_available;
  if (request.broker_epoch != -1 && request.broker_epoch < known) return ErrorCode::stale_broker_epoch;
  return ErrorCode::none;
}

// Leadership of the stopping broker moves on; then it leaves the ISRs it follows in
// (KafkaController.doControlledShutdown).
void begin_controlled_shutdown(const Context& context, Broker& broker, const ControlledShutdownReceived& event) {
  const ErrorCode error = check_shutdown_request(broker, event.request);
  if (error != ErrorCode::none) return answer(context, broker, event.via, ControlledShutdownResponse{error, {}});
  Controller& controller = broker.memory.controller;
  const NodeId stopping = event.request.broker;
  if (!controller.shutting_down.contains(stopping)) controller.shutting_down.push_back(stopping);
  ElectLeaders elect;
  elect.strategy = Strategy::controlled_shutdown;
  TakeReplicasOffline offline;
  for (const ReplicaOfPartition& replica : replicas_on(controller, {stopping})) {
    const PartitionInfo& info = controller.partitions[index(replica.partition)];
    if (info.assignment.replicas.size() < 2 || !info.has_state) continue;
    if (info.state.leader == stopping) {
      elect.todo.push_back(replica.partition);
    } else {
      offline.todo.push_back(replica);
    }
  }
  then(broker, FinishControlledShutdown{event.via, stopping});
  if (!offline.todo.empty()) then(broker, std::move(offline));
  if (!elect.todo.empty()) then(broker, std::move(elect));
}

void begin_operator_election(Broker& broker, const ReplicaLeaderElection& event) {
  Controller& controller = broker.memory.controller;
  if (!is_active(controller, broker.id)) return;
  const PartitionInfo& info = controller.partitions[index(event.partition)];
  if (!info.has_state) return;
  ElectLeaders elect;
  elect.todo.push_back(event.partition);
  if (event.unclean) {
    if (is_online(controller, info.state.leader)) return;  // election_not_needed
    elect.strategy = Strategy::offline;
    elect.allow_unclean = true;
  } else {
    if (info.state.leader == info.assignment.replicas.front()) return;
    elect.strategy = Strategy::preferred;
  }
  then(broker, std::move(elect));
}

// A broker whose share of lost preferred leaderships is above the limit gets all of them back that it
// can take (KafkaController.checkAndTriggerAutoLeaderRebalance).
void begin_rebalance(const Context& context, Broker& broker) {
  const Controller& controller = broker.memory.controller;
  if (!is_active(controller, broker.id)) return;
  const BrokerSettings& settings = context.config.broker(broker.id);
  context.arm({TimerKind::rebalance_check}, settings.leader_imbalance_check_interval);
  ElectLeaders elect;
  elect.strategy = Strategy::preferred;
  for (const NodeId preferred : controller.live) {
    std::int32_t all = 0;
    std::vector<PartitionId> lost;
    for (std::size_t p = 0; p < controller.partitions.size(); ++p) {
      const PartitionInfo& info = controller.partitions[p];
      if (!info.has_state || info.assignment.replicas.front() != preferred) continue;
      ++all;
      if (info.state.leader != preferred) lost.push_back(PartitionId(static_cast<std::uint16_t>(p)));
    }
    const std::int32_t lost_count = static_cast<std::int32_t>(lost.size());
    if (all == 0 || lost_count * 100 <= settings.leader_imbalance_per_broker_percentage * all) continue;
    const Replicas online = online_brokers(controller);
    for (const PartitionId p : lost) {
      const PartitionInfo& info = controller.partitions[index(p)];
      const ElectionView view{info.state, info.assignment.replicas, online, controller.shutting_down, false};
      if (context.rules.elect_preferred(view).leader != kNoNode) elect.todo.push_back(p);
    }
  }
  if (!elect.todo.empty() && context.rules.rebalance_elects_preferred) then(broker, std::move(elect));
}

void begin(const Context& context, Broker& broker, ControllerEvent& event) {
  const bool active = is_active(broker.memory.controller, broker.id);
  std::visit(overloaded{
                 [&](const ControllerStartup&) { then(broker, ReadController{true}); },
                 [&](const Reelect&) { then(broker, ReadController{true}); },
                 [&](const ControllerChange&) { then(broker, ReadController{false}); },
                 [&](const Expire&) {},
                 [&](const BrokerChange&) {
                   if (active) then(broker, ListBrokers{false});
                 },
                 [&](const TopicChange&) {
                   if (active) then(broker, ListTopics{false});
                 },
                 [&](const IsrChangeNotification&) {
                   if (active) then(broker, ListNotifications{false});
                 },
                 [&](const AlterPartitionReceived& e) { begin_alter_partition(context, broker, e); },
                 [&](const ControlledShutdownReceived& e) { begin_controlled_shutdown(context, broker, e); },
                 [&](const ReplicaLeaderElection& e) { begin_operator_election(broker, e); },
                 [&](const AutoRebalance&) { begin_rebalance(context, broker); },
                 [&](const UncleanElectionEnabled&) {
                   if (active) elect_where_needed(broker);
                 },
                 [&](const ApiPartitionReassignment& e) { begin_reassignment(context, broker, e); },
                 [&](const PartitionReassignmentIsrChange& e) {
                   if (active) then(broker, CheckReassignment{e.partition, true, {}});
                 },
             },
             event);
}

// Runs steps until one waits for ZooKeeper or nothing is left to do.
void go_on(const Context& context, Broker& broker) {
  Controller& controller = broker.memory.controller;
  while (!controller.current) {
    if (controller.program.empty()) {
      controller.busy = false;
      if (controller.queue.empty()) return;
      ControllerEvent event = std::move(controller.queue.front());
      controller.queue.erase(controller.queue.begin());
      controller.busy = true;
      ++controller.generation;
      begin(context, broker, event);
      continue;
    }
    ControllerStep step = std::move(controller.program.back());
    controller.program.pop_back();
    const Progress progress = std::visit([&](auto& s) { return enter(context, broker, s); }, step);
    if (progress == Progress::waiting) controller.current = std::move(step);
  }
}

}  // namespace

void then(Broker& broker, ControllerStep step) { broker.memory.controller.program.push_back(std::move(step)); }

void ask_zookeeper(const Context& context, Broker& broker, std::uint32_t index, ZkRequest request) {
  const std::uint32_t tag = (broker.memory.controller.generation << 16) | index;
  zk_request(context, broker, ZkOwner::controller, tag, std::move(request));
}

ZkRequest guarded(const Context& context, const Controller& controller, ZkOp op) {
  ZkRequest request;
  if (context.rules.controller_writes_are_guarded) {
    request.multi = true;
    request.ops.push_back(zk_check(paths::controller_epoch(), controller.epoch_version));
  }
  request.ops.push_back(std::move(op));
  return request;
}

const ZkResult& write_result(const ZkResponse& response) { return response.results.back(); }

bool is_fenced(const Context& context, const ZkResponse& response) {
  return context.rules.controller_writes_are_guarded && response.code != ZkCode::ok && response.results.size() == 2 &&
         response.results.front().code != ZkCode::ok;
}

void controller_moved(const Context& context, Broker& broker) {
  Controller& controller = broker.memory.controller;
  context.tell(ControllerMoved{controller.epoch});
  controller.program.clear();
  controller.batch = {};
  ++controller.generation;  // what is still under way belongs to nobody
  then(broker, ReadController{false});
}

void put_event(const Context& context, Broker& broker, ControllerEvent event) {
  broker.memory.controller.queue.push_back(std::move(event));
  if (!broker.memory.controller.busy) go_on(context, broker);
}

void on_controller_reply(const Context& context, Broker& broker, std::uint32_t tag, const ZkRequest&,
                         const ZkResponse& response) {
  Controller& controller = broker.memory.controller;
  if (response.code == ZkCode::session_expired) return;  // expire_controller follows
  if ((tag >> 16) != (controller.generation & 0xffffU) || !controller.current) return;
  ControllerStep step = std::move(*controller.current);
  controller.current.reset();
  const std::uint32_t generation = controller.generation;
  const Progress progress =
      std::visit([&](auto& s) { return resume(context, broker, s, tag & 0xffffU, response); }, step);
  if (progress == Progress::waiting && generation == controller.generation) controller.current = std::move(step);
  go_on(context, broker);
}

void on_other_partitions_read(const Context& context, Broker& broker) {
  Controller& controller = broker.memory.controller;
  // A timer of a program that was cut off: another step waits, or none.
  if (!controller.current || !std::holds_alternative<ReadOtherPartitions>(*controller.current)) return;
  controller.current.reset();
  go_on(context, broker);
}

void on_controller_watch(const Context& context, Broker& broker, const ZkEvent& event) {
  const bool children = event.type == ZkEventType::node_children_changed;
  if (event.path == paths::controller()) {
    if (event.type == ZkEventType::node_deleted && context.rules.brokers_run_for_vacancy)
      return put_event(context, broker, Reelect{});
    return put_event(context, broker, ControllerChange{});
  }
  if (event.type == ZkEventType::node_data_changed && event.path.depth() == 6) {
    // Only the states of partitions that are being reassigned are watched.
    const TopicId topic{static_cast<std::uint16_t>(event.path.name(2).value)};
    const PartitionId p = context.config.partition_of(topic, event.path.name(4).value);
    return put_event(context, broker, PartitionReassignmentIsrChange{p});
  }
  if (!children) return;
  if (event.path == paths::broker_ids()) put_event(context, broker, BrokerChange{});
  if (event.path == paths::topics()) put_event(context, broker, TopicChange{});
  if (event.path == paths::isr_changes()) put_event(context, broker, IsrChangeNotification{});
}

void resign(const Context& context, Broker& broker) {
  Controller& controller = broker.memory.controller;
  context.tell(ControllerResigned{controller.epoch});
  context.disarm({TimerKind::rebalance_check});
  remove_all_senders(context, broker);
  controller.epoch = 0;
  controller.epoch_version = 0;
  controller.live.clear();
  controller.live_epochs.clear();
  controller.shutting_down.clear();
  controller.partitions.clear();
  controller.topics_known.clear();
  controller.batch = {};
}

// ZooKeeperClient.reinitialize clears the queue before the new session: what was planned under the old
// one must not be carried out under the new one.
void expire_controller(const Context& context, Broker& broker) {
  Controller& controller = broker.memory.controller;
  for (const ControllerEvent& event : controller.queue) {
    if (const auto* shutdown = std::get_if<ControlledShutdownReceived>(&event)) {
      answer(context, broker, shutdown->via, ControlledShutdownResponse{ErrorCode::stale_controller_epoch, {}});
    } else if (const auto* reassignment = std::get_if<ApiPartitionReassignment>(&event)) {
      context.tell(ReassignmentRefused{reassignment->partition, ErrorCode::not_controller});
    }
  }
  controller.queue.clear();
  controller.program.clear();
  controller.current.reset();
  controller.busy = false;
  ++controller.generation;
  controller.active_id = kNoNode;
  resign(context, broker);
}

void stop_controller(const Context& context, Broker& broker) { expire_controller(context, broker); }

void schedule_first_rebalance(const Context& context, const Broker& broker) {
  if (!context.config.broker(broker.id).auto_leader_rebalance_enable) return;
  context.arm({TimerKind::rebalance_check}, kFirstRebalanceCheck);
}

}  // namespace model
