// A broker's life in KRaft mode, as the active controller sees it: registration, heartbeats, controlled shutdown
// (server/BrokerLifecycleManager), and the channel that carries them (server/NodeToControllerChannelManager). One
// request is outstanding at a time. Who leads the quorum is looked up when a connection is needed; that another one
// leads by now is learnt from an answer, a disconnect or a time-out, which is why requests wait only for half a
// session (KAFKA-14392).
#include <algorithm>

#include "model/broker/broker.h"

namespace model {
namespace {

constexpr Duration kControllerUnknown = milliseconds(100);
constexpr Duration kReconnectMin = milliseconds(40);  // reconnect.backoff.ms 50, with jitter
constexpr Duration kReconnectMax = milliseconds(50);
constexpr Duration kWhileStarting = milliseconds(10);
constexpr Duration kFirstWhileShuttingDown = milliseconds(50);
constexpr Duration kResendMin = milliseconds(100);
constexpr Duration kControlledShutdownMax = seconds(300);

BrokerLifecycle& lifecycle_of(Broker& broker) { return broker.memory.kraft->lifecycle; }

ConnectionId channel_id(Broker& broker) {
  const LifecycleChannel& channel = lifecycle_of(broker).channel;
  return {broker.id, channel.controller, ChannelKind::broker_lifecycle, 0, channel.connection};
}

Duration request_limit(const Context& context) { return context.config.quorum.broker_session_timeout / 2; }

void communicate(const Context& context, Broker& broker);

void schedule(const Context& context, Broker& broker, Duration min, Duration max) {
  BrokerLifecycle& lifecycle = lifecycle_of(broker);
  if (lifecycle.next_at_once) return communicate(context, broker);
  context.arm({TimerKind::lifecycle_send}, min, max);
}

void after_failure(const Context& context, Broker& broker) {
  BrokerLifecycle& lifecycle = lifecycle_of(broker);
  const Duration session = context.config.quorum.broker_session_timeout;
  Duration delay = kResendMin;
  for (std::int32_t i = 0; i < lifecycle.failed_attempts && delay < session; ++i) delay = delay * 2;
  delay = std::min(delay, session);
  ++lifecycle.failed_attempts;
  schedule(context, broker, delay * 98 / 100, std::min(delay * 102 / 100, session));
}

// Looked up anew; what is outstanding goes out again, to whoever leads then.
void lose_controller(const Context& context, Broker& broker) {
  LifecycleChannel& channel = lifecycle_of(broker).channel;
  channel.state = LifecycleChannel::State::closed;
  channel.controller = kNoNode;
  channel.sent = false;
  context.disarm({TimerKind::lifecycle_timeout});
  if (channel.in_flight) context.arm({TimerKind::lifecycle_send}, kReconnectMin, kReconnectMax);
}

void connect(const Context& context, Broker& broker) {
  LifecycleChannel& channel = lifecycle_of(broker).channel;
  const ConnectionId id = connection_to(broker, channel.controller, ChannelKind::broker_lifecycle);
  channel.connection = id.number;
  channel.state = LifecycleChannel::State::connecting;
  context.out.connects.push_back(id);
  const Duration limit = context.config.broker(broker.id).socket_connection_setup_timeout;
  context.arm({TimerKind::lifecycle_timeout}, limit * 8 / 10, limit * 12 / 10);
}

void send_request(const Context& context, Broker& broker) {
  const KraftMemory& kraft = *broker.memory.kraft;
  const BrokerLifecycle& lifecycle = kraft.lifecycle;
  if (!lifecycle.registered) {
    context.send(channel_id(broker),
                 BrokerRegistrationRequest{broker.id, lifecycle.incarnation, broker.disk.clean_shutdown_epoch});
  } else {
    const Offset read = kraft.caught_up ? kraft.image.offset - 1 : kUnknownOffset;
    context.send(channel_id(broker), BrokerHeartbeatRequest{broker.id, broker.memory.broker_epoch, read,
                                                            !lifecycle.ready_to_unfence, lifecycle.wants_shutdown});
  }
  lifecycle_of(broker).channel.sent = true;
  context.arm({TimerKind::lifecycle_timeout}, request_limit(context));
}

// Gets the outstanding request on its way, or gives it up.
void go_on(const Context& context, Broker& broker) {
  LifecycleChannel& channel = lifecycle_of(broker).channel;
  if (!channel.in_flight || channel.sent) return;
  const Duration limit = request_limit(context);
  if (context.clock.has_elapsed(channel.asked, limit - milliseconds(1))) {
    channel.in_flight = false;
    return after_failure(context, broker);
  }
  if (channel.state == LifecycleChannel::State::open) return send_request(context, broker);
  if (channel.state == LifecycleChannel::State::closed) {
    if (channel.controller == kNoNode) channel.controller = leader_of(broker.memory.kraft->raft);
    if (channel.controller == kNoNode) return context.arm({TimerKind::lifecycle_send}, kControllerUnknown);
    connect(context, broker);
  }
  context.arm({TimerKind::lifecycle_send}, limit);  // until then it may be connected
}

void communicate(const Context& context, Broker& broker) {
  BrokerLifecycle& lifecycle = lifecycle_of(broker);
  if (lifecycle.channel.in_flight) {
    lifecycle.next_at_once = true;
    return;
  }
  lifecycle.next_at_once = false;
  lifecycle.channel.in_flight = true;
  lifecycle.channel.asked = context.clock.now();
  context.disarm({TimerKind::lifecycle_send});
  go_on(context, broker);
}

// False: nobody asked, or it has to be asked again of somebody else.
bool is_answered(const Context& context, Broker& broker, ErrorCode error) {
  LifecycleChannel& channel = lifecycle_of(broker).channel;
  if (!channel.in_flight || !channel.sent) return false;
  if (error == ErrorCode::not_controller) {
    context.out.closes.push_back(channel_id(broker));
    lose_controller(context, broker);
    return false;
  }
  channel.in_flight = false;
  channel.sent = false;
  context.disarm({TimerKind::lifecycle_timeout});
  return true;
}

void shut_down(const Context& context, Broker& broker) {
  BrokerLifecycle& lifecycle = lifecycle_of(broker);
  lifecycle.state = BrokerState::shutting_down;
  if (lifecycle.channel.state != LifecycleChannel::State::closed) context.out.closes.push_back(channel_id(broker));
  lifecycle.channel = {};
  for (const TimerKind kind : {TimerKind::lifecycle_send, TimerKind::lifecycle_timeout, TimerKind::lifecycle_give_up,
                               TimerKind::register_broker, TimerKind::begin_serving}) {
    context.disarm({kind});
  }
  close_down(context, broker);
}

void on_shutdown_heartbeat(const Context& context, Broker& broker, const BrokerHeartbeatResponse& response) {
  BrokerLifecycle& lifecycle = lifecycle_of(broker);
  if (response.should_shut_down) return shut_down(context, broker);
  const Duration next =
      lifecycle.had_shutdown_answer ? context.config.quorum.broker_heartbeat_interval : kFirstWhileShuttingDown;
  lifecycle.had_shutdown_answer = true;
  schedule(context, broker, next, next);
}

}  // namespace

void start_lifecycle(const Context& context, Broker& broker) {
  lifecycle_of(broker).state = BrokerState::starting;
  context.arm({TimerKind::lifecycle_give_up}, context.config.quorum.initial_broker_registration_timeout);
  communicate(context, broker);
}

void set_ready_to_unfence(const Context& context, Broker& broker) {
  lifecycle_of(broker).ready_to_unfence = true;
  communicate(context, broker);
}

bool on_lifecycle_connected(const Context& context, Broker& broker, const ConnectionId& via) {
  LifecycleChannel& channel = lifecycle_of(broker).channel;
  if (via.number != channel.connection || channel.state != LifecycleChannel::State::connecting) return false;
  channel.state = LifecycleChannel::State::open;
  context.disarm({TimerKind::lifecycle_timeout});
  if (channel.in_flight) context.disarm({TimerKind::lifecycle_send});
  go_on(context, broker);
  return true;
}

bool on_lifecycle_disconnected(const Context& context, Broker& broker, const ConnectionId& via) {
  const LifecycleChannel& channel = lifecycle_of(broker).channel;
  if (via.number != channel.connection || channel.state == LifecycleChannel::State::closed) return false;
  lose_controller(context, broker);
  return true;
}

bool on_lifecycle_timer(const Context& context, Broker& broker, TimerKey key) {
  LifecycleChannel& channel = lifecycle_of(broker).channel;
  if (key.kind == TimerKind::lifecycle_send) {
    if (channel.in_flight) return go_on(context, broker), true;
    communicate(context, broker);
    return true;
  }
  if (key.kind == TimerKind::lifecycle_timeout) {
    if (channel.state == LifecycleChannel::State::closed) return true;
    context.out.closes.push_back(channel_id(broker));
    lose_controller(context, broker);
    return true;
  }
  if (key.kind == TimerKind::lifecycle_give_up) {
    context.tell(StartFailed{});
    context.out.exits = true;
    return true;
  }
  if (key.kind != TimerKind::shutdown_timeout) return false;
  shut_down(context, broker);  // it stops all the same
  return true;
}

void on_registration_answer(const Context& context, Broker& broker, const BrokerRegistrationResponse& response) {
  BrokerLifecycle& lifecycle = lifecycle_of(broker);
  if (!is_answered(context, broker, response.error)) return;
  if (response.error != ErrorCode::none) {
    context.tell(RegistrationRefused{response.error});
    return after_failure(context, broker);
  }
  lifecycle.failed_attempts = 0;
  lifecycle.registered = true;
  broker.memory.broker_epoch = response.broker_epoch;
  context.disarm({TimerKind::lifecycle_give_up});
  communicate(context, broker);
}

void on_heartbeat_answer(const Context& context, Broker& broker, const BrokerHeartbeatResponse& response) {
  BrokerLifecycle& lifecycle = lifecycle_of(broker);
  if (!is_answered(context, broker, response.error)) return;
  if (response.error != ErrorCode::none) return after_failure(context, broker);
  lifecycle.failed_attempts = 0;
  const Duration interval = context.config.quorum.broker_heartbeat_interval;
  switch (lifecycle.state) {
    case BrokerState::starting:
      if (response.is_caught_up) lifecycle.state = BrokerState::recovery;
      return schedule(context, broker, kWhileStarting, kWhileStarting);
    case BrokerState::recovery:
      if (!response.is_fenced) {
        lifecycle.state = BrokerState::running;
        broker.memory.phase = BrokerPhase::running;
      }
      return schedule(context, broker, interval, interval);
    case BrokerState::running:  // fenced or not, it goes on: what it may do is decided by leader epochs
      return schedule(context, broker, interval, interval);
    case BrokerState::pending_controlled_shutdown:
      return on_shutdown_heartbeat(context, broker, response);
    case BrokerState::not_running:
    case BrokerState::shutting_down:
      return;
  }
}

void begin_kraft_shutdown(const Context& context, Broker& broker) {
  BrokerMemory& memory = broker.memory;
  if (memory.phase == BrokerPhase::stopping) return;
  if (memory.phase == BrokerPhase::connecting) {  // nothing has begun that would have to end
    context.tell(Stopped{});
    context.out.exits = true;
    return;
  }
  BrokerLifecycle& lifecycle = lifecycle_of(broker);
  memory.phase = BrokerPhase::stopping;
  const bool is_controlled = context.config.broker(broker.id).controlled_shutdown_enable;
  if (lifecycle.state != BrokerState::running || !is_controlled) return shut_down(context, broker);
  lifecycle.state = BrokerState::pending_controlled_shutdown;
  lifecycle.wants_shutdown = true;
  context.arm({TimerKind::shutdown_timeout}, kControlledShutdownMax);
  communicate(context, broker);
}

bool is_in_controlled_shutdown(const Broker& broker) {
  return broker.memory.kraft && broker.memory.kraft->lifecycle.wants_shutdown;
}

}  // namespace model
