// A broker in KRaft mode: which of its parts an input is for, and in which order they have their turn.
#include "model/broker/kraft.h"

#include "model/broker/broker.h"
#include "model/rules.h"

namespace model {
namespace {

// Of a broker with both roles.
std::optional<ControllerContext> controller_of(const Context& context, Broker& broker) {
  KraftMemory& kraft = *broker.memory.kraft;
  if (!kraft.controller) return std::nullopt;
  return ControllerContext{context, raft_of(broker), *kraft.controller};
}

bool is_for_controller(const Broker& broker, const ConnectionId& via) {
  return via.server == broker.id &&
         (via.kind == ChannelKind::broker_lifecycle || via.kind == ChannelKind::alter_partition);
}

void come_up(const Context& context, Broker& broker) {
  broker.memory.phase = BrokerPhase::loading;
  start_raft(context, raft_of(broker));
  // Counted by its disk, told apart by its id: no other process of the cluster has it.
  broker.memory.kraft->lifecycle.incarnation =
      broker.disk.raft->processes << 8U | static_cast<std::uint32_t>(broker.id);
  if (const auto controller = controller_of(context, broker)) start_controller(*controller);
  const StartupTimes& times = context.config.startup;
  context.arm({TimerKind::register_broker}, times.register_min, times.register_max);
}

void on_lifecycle_answer(const Context& context, Broker& broker, const ConnectionId& via, const Body& body) {
  if (via.number != broker.memory.kraft->lifecycle.channel.connection) return;
  if (const auto* registered = std::get_if<BrokerRegistrationResponse>(&body)) {
    on_registration_answer(context, broker, *registered);
  } else if (const auto* heard = std::get_if<BrokerHeartbeatResponse>(&body)) {
    on_heartbeat_answer(context, broker, *heard);
  }
}

void begin_serving(const Context& context, Broker& broker) {
  broker.memory.serving = true;
  set_ready_to_unfence(context, broker);
}

}  // namespace

void start_kraft(const Context& context, Broker& broker) {
  KraftMemory& kraft = broker.memory.kraft.emplace();
  kraft.image = empty_image(context.config);
  if (context.config.voters.contains(broker.id)) kraft.controller.emplace();
  const StartupTimes& times = context.config.startup;
  context.arm({TimerKind::quorum_start}, times.connect_min, times.connect_max);
  context.arm({TimerKind::isr_check}, times.connect_min + times.isr_check_min, times.connect_max + times.isr_check_max);
}

void on_kraft_received(const Context& context, Broker& broker, const ConnectionId& via, const Body& body) {
  const bool is_ours_to_read = via.client == broker.id && is_answer(body);
  if (broker.memory.phase == BrokerPhase::connecting) {
    context.out.closes.push_back(via);  // nothing listens yet
    return;
  }
  if (via.kind == ChannelKind::quorum) {
    if (is_ours_to_read) return on_raft_answer(context, raft_of(broker), via, body);
    return on_raft_request(context, raft_of(broker), via, body);
  }
  if (is_ours_to_read) {
    if (via.kind == ChannelKind::broker_lifecycle) return on_lifecycle_answer(context, broker, via, body);
    return on_answer(context, broker, via, body);
  }
  if (is_for_controller(broker, via)) {
    if (const auto controller = controller_of(context, broker)) return on_controller_request(*controller, via, body);
    return;
  }
  if (via.server != broker.id) return;
  if (broker.memory.serving) return on_request(context, broker, via, body);
  context.out.closes.push_back(via);  // its data plane listens when the metadata is published, not before
}

bool on_kraft_connected(const Context& context, Broker& broker, const ConnectionId& via) {
  if (via.kind == ChannelKind::broker_lifecycle) return on_lifecycle_connected(context, broker, via);
  if (via.kind != ChannelKind::quorum) return false;
  on_raft_connected(context, raft_of(broker), via);
  return true;
}

bool on_kraft_disconnected(const Context& context, Broker& broker, const ConnectionId& via) {
  if (via.kind == ChannelKind::broker_lifecycle) {
    if (via.client == broker.id) on_lifecycle_disconnected(context, broker, via);
    if (via.server != broker.id) return true;
    if (const auto controller = controller_of(context, broker)) on_controller_disconnected(*controller, via);
    return true;
  }
  if (via.kind != ChannelKind::quorum) return false;
  on_raft_disconnected(context, raft_of(broker), via);
  return true;
}

bool on_kraft_timer(const Context& context, Broker& broker, TimerKey key) {
  if (key.kind == TimerKind::quorum_start) return come_up(context, broker), true;
  if (key.kind == TimerKind::register_broker) return start_lifecycle(context, broker), true;
  if (key.kind == TimerKind::begin_serving) return begin_serving(context, broker), true;
  if (on_raft_timer(context, raft_of(broker), key) || on_lifecycle_timer(context, broker, key)) return true;
  const auto controller = controller_of(context, broker);
  return controller && on_controller_timer(*controller, key);
}

void on_kraft_act(const Context& context, Broker& broker, const Act& act) {
  if (std::holds_alternative<Stop>(act)) return begin_kraft_shutdown(context, broker);
  if (const auto controller = controller_of(context, broker)) on_controller_act(*controller, act);
}

void run_kraft(const Context& context, Broker& broker) {
  if (broker.memory.phase == BrokerPhase::connecting) return;
  load_metadata(context, broker);
  if (const auto controller = controller_of(context, broker)) run_controller(*controller);
  poll_raft(context, raft_of(broker));
  if (!broker.memory.kraft->raft.shutdown_over) return;
  context.tell(Stopped{});
  context.out.exits = true;
}

}  // namespace model
