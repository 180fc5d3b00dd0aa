// Controlled shutdown: hand leadership over through the controller, then close in order
// (server/KafkaServer.controlledShutdown, shutdown). In KRaft mode heartbeats see to the first (lifecycle.cpp).
#include "model/broker/broker.h"

namespace model {
namespace {

using Stage = ShutdownProgress::Stage;

ConnectionId channel_id(const Broker& broker) {
  const ShutdownProgress& progress = broker.memory.shutdown;
  return {broker.id, progress.controller, ChannelKind::controlled_shutdown, 0, progress.connection};
}

}  // namespace

// Requests are no longer processed; the rest takes a moment.
void close_down(const Context& context, Broker& broker) {
  ShutdownProgress& progress = broker.memory.shutdown;
  progress.stage = Stage::closing;
  if (progress.controller != kNoNode) context.out.closes.push_back(channel_id(broker));
  context.disarm({TimerKind::shutdown_timeout});
  context.out.stops_listening = true;
  close_served_connections(context, broker);
  for (std::size_t p = 0; p < context.config.partitions.size(); ++p) {
    stop_fetching(context, broker, PartitionId(static_cast<std::uint16_t>(p)));
  }
  drop_idle_fetchers(context, broker);
  checkpoint_high_watermarks(context, broker);
  for (PartitionDisk& disk : broker.disk.partitions) disk.log.flushed = disk.log.end();
  // Without open logs there is nothing to vouch for.
  if (broker.memory.kraft && broker.memory.kraft->published)
    broker.disk.clean_shutdown_epoch = broker.memory.broker_epoch;
  context.arm({TimerKind::shutdown_steps}, context.config.startup.stop_min, context.config.startup.stop_max);
}

namespace {

void ask(const Context& context, Broker& broker) {
  ShutdownProgress& progress = broker.memory.shutdown;
  const BrokerSettings& settings = context.config.broker(broker.id);
  progress.stage = Stage::asking;
  progress.connected = false;
  progress.controller = broker.memory.cached_controller;
  if (progress.controller == kNoNode) {
    progress.stage = Stage::backing_off;
    return context.arm({TimerKind::shutdown_retry}, settings.controlled_shutdown_retry_backoff);
  }
  const ConnectionId id = connection_to(broker, progress.controller, ChannelKind::controlled_shutdown);
  progress.connection = id.number;
  context.out.connects.push_back(id);
  context.arm({TimerKind::shutdown_timeout}, settings.controller_socket_timeout);
}

void attempt_failed(const Context& context, Broker& broker) {
  ShutdownProgress& progress = broker.memory.shutdown;
  if (progress.stage != Stage::asking) return;
  context.disarm({TimerKind::shutdown_timeout});
  if (--progress.attempts_left <= 0) return close_down(context, broker);  // it stops all the same
  progress.stage = Stage::backing_off;
  context.arm({TimerKind::shutdown_retry}, context.config.broker(broker.id).controlled_shutdown_retry_backoff);
}

void finish(const Context& context, Broker& broker) {
  ShutdownProgress& progress = broker.memory.shutdown;
  if (broker.memory.zk.state != ZkClient::State::off) {
    stop_controller(context, broker);
    close_session(context, broker);
    const StartupTimes& times = context.config.startup;
    return context.arm({TimerKind::shutdown_steps}, times.stop_min, times.stop_max);
  }
  // A process with both roles: the broker's goes first, then a leader resigns (run_kraft ends it).
  if (broker.memory.kraft && broker.memory.kraft->controller) return begin_raft_shutdown(context, raft_of(broker));
  progress.stage = Stage::running;
  context.tell(Stopped{});
  context.out.exits = true;
}

}  // namespace

void begin_shutdown(const Context& context, Broker& broker) {
  BrokerMemory& memory = broker.memory;
  if (memory.phase == BrokerPhase::stopping) return;
  const bool was_running = memory.phase == BrokerPhase::running;
  memory.phase = BrokerPhase::stopping;
  const BrokerSettings& settings = context.config.broker(broker.id);
  memory.shutdown.attempts_left = settings.controlled_shutdown_max_retries;
  if (!was_running || !settings.controlled_shutdown_enable) return close_down(context, broker);
  ask(context, broker);
}

bool on_shutdown_connected(const Context& context, Broker& broker, const ConnectionId& via) {
  ShutdownProgress& progress = broker.memory.shutdown;
  if (via.number != progress.connection || progress.stage != Stage::asking) return false;
  progress.connected = true;
  context.send(via, ControlledShutdownRequest{broker.id, broker.memory.broker_epoch});
  return true;
}

bool on_shutdown_disconnected(const Context& context, Broker& broker, const ConnectionId& via) {
  if (via.number != broker.memory.shutdown.connection) return false;
  attempt_failed(context, broker);
  return true;
}

bool on_shutdown_timer(const Context& context, Broker& broker, TimerKey key) {
  ShutdownProgress& progress = broker.memory.shutdown;
  if (key.kind == TimerKind::shutdown_retry) {
    if (progress.stage == Stage::backing_off) ask(context, broker);
  } else if (key.kind == TimerKind::shutdown_timeout) {
    if (progress.stage == Stage::asking) context.out.closes.push_back(channel_id(broker));
    attempt_failed(context, broker);
  } else if (key.kind == TimerKind::shutdown_steps && progress.stage == Stage::closing) {
    finish(context, broker);
  }
  return true;
}

void on_shutdown_answer(const Context& context, Broker& broker, const ControlledShutdownResponse& response) {
  if (broker.memory.shutdown.stage != Stage::asking) return;
  if (response.error == ErrorCode::none && response.remaining.empty()) return close_down(context, broker);
  context.out.closes.push_back(channel_id(broker));
  attempt_failed(context, broker);
}

}  // namespace model
