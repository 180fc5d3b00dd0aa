#include "model/broker/broker.h"

#include "model/rules.h"

namespace model {
namespace {

void start(const Context& context, Broker& broker) {
  BrokerMemory& memory = broker.memory;
  memory.phase = BrokerPhase::connecting;
  memory.partitions.assign(context.config.partitions.size(), {});
  memory.cached.assign(context.config.partitions.size(), {});
  forget_topic_configs(context, broker);
  memory.last_isr_change = context.clock.now();
  memory.last_isr_propagation = context.clock.now();
  if (context.config.is_kraft()) return start_kraft(context, broker);
  const StartupTimes& times = context.config.startup;
  context.arm({TimerKind::zk_start}, times.connect_min, times.connect_max);
  context.arm({TimerKind::isr_check}, times.connect_min + times.isr_check_min, times.connect_max + times.isr_check_max);
}

}  // namespace

void on_answer(const Context& context, Broker& broker, const ConnectionId& via, const Body& body) {
  if (via.kind == ChannelKind::zookeeper) return on_zk_message(context, broker, via, body);
  std::visit(overloaded{
                 [&](const FetchResponse& r) { on_fetch_answer(context, broker, via, r); },
                 [&](const OffsetsForLeaderEpochResponse& r) { on_epochs_answer(context, broker, via, r); },
                 [&](const ListOffsetsResponse& r) { on_offsets_answer(context, broker, via, r); },
                 [&](const ControlResponse& r) { on_control_answer(context, broker, via, r); },
                 [&](const AlterPartitionResponse& r) {
                   if (via.number == broker.memory.alter_partition.connection)
                     on_alter_partition_answer(context, broker, r);
                 },
                 [&](const ControlledShutdownResponse& r) {
                   if (via.number == broker.memory.shutdown.connection) on_shutdown_answer(context, broker, r);
                 },
                 [](const auto&) {},
             },
             body);
}

namespace {

void on_connected(const Context& context, Broker& broker, const ConnectionId& via) {
  if (broker.memory.kraft && on_kraft_connected(context, broker, via)) return;
  switch (via.kind) {
    case ChannelKind::zookeeper:
      on_zk_connected(context, broker, via);
      return;
    case ChannelKind::control:
      on_sender_connected(context, broker, via);
      return;
    case ChannelKind::fetch:
      on_fetcher_connected(context, broker, via);
      return;
    case ChannelKind::alter_partition:
      on_alter_partition_connected(context, broker, via);
      return;
    case ChannelKind::controlled_shutdown:
      on_shutdown_connected(context, broker, via);
      return;
    case ChannelKind::client:
    case ChannelKind::quorum:
    case ChannelKind::broker_lifecycle:
      return;
  }
}

void on_disconnected(const Context& context, Broker& broker, const ConnectionId& via) {
  if (broker.memory.kraft && on_kraft_disconnected(context, broker, via)) return;
  if (via.server == broker.id) on_client_gone(context, broker, via);
  if (via.client != broker.id) return;
  switch (via.kind) {
    case ChannelKind::zookeeper:
      on_zk_disconnected(context, broker, via);
      return;
    case ChannelKind::control:
      on_sender_disconnected(context, broker, via);
      return;
    case ChannelKind::fetch:
      on_fetcher_disconnected(context, broker, via);
      return;
    case ChannelKind::alter_partition:
      on_alter_partition_disconnected(context, broker, via);
      return;
    case ChannelKind::controlled_shutdown:
      on_shutdown_disconnected(context, broker, via);
      return;
    case ChannelKind::client:
    case ChannelKind::quorum:
    case ChannelKind::broker_lifecycle:
      return;
  }
}

bool is_of_shutdown(TimerKind kind) {
  return kind == TimerKind::shutdown_retry || kind == TimerKind::shutdown_timeout || kind == TimerKind::shutdown_steps;
}

// Those that are the same in both modes. False: another one.
bool on_common_timer(const Context& context, Broker& broker, TimerKey key) {
  if (key.kind == TimerKind::isr_check) return on_isr_check_due(context, broker), true;
  if (key.kind == TimerKind::fetch_wait) return on_fetch_wait_over(context, broker, key.about), true;
  if (key.kind == TimerKind::produce_wait) return on_produce_wait_over(context, broker, key.about), true;
  if (key.kind == TimerKind::checkpoint_high_watermarks) {
    checkpoint_high_watermarks(context, broker);
    context.arm_on_grid(key, context.config.broker(broker.id).replica_high_watermark_checkpoint_interval);
    return true;
  }
  if (is_of_shutdown(key.kind)) return on_shutdown_timer(context, broker, key);
  return on_fetcher_timer(context, broker, key) || on_alter_partition_timer(context, broker, key);
}

void on_zookeeper_mode_timer(const Context& context, Broker& broker, TimerKey key) {
  if (key.kind == TimerKind::zk_start) return open_session(context, broker);
  if (key.kind == TimerKind::register_broker) return start_registration(context, broker);
  if (key.kind == TimerKind::begin_serving) {
    broker.memory.serving = true;
    // The last it asks ZooKeeper for before it serves: changed configurations (ZkConfigManager.startup). Its
    // pings count from here.
    return zk_request(context, broker, ZkOwner::nobody, 0,
                      zk_single(zk_read(ZkOpType::children, paths::config(), false)));
  }
  if (key.kind == TimerKind::isr_change_propagation) return on_isr_propagation_due(context, broker);
  if (key.kind == TimerKind::rebalance_check) return put_event(context, broker, AutoRebalance{});
  if (key.kind == TimerKind::read_partitions) return on_other_partitions_read(context, broker);
  if (key.kind == TimerKind::sender_timeout || key.kind == TimerKind::sender_backoff) {
    on_sender_timer(context, broker, key);
    return;
  }
  on_zk_timer(context, broker, key);
}

void on_timer(const Context& context, Broker& broker, TimerKey key) {
  if (broker.memory.kraft && on_kraft_timer(context, broker, key)) return;
  if (on_common_timer(context, broker, key) || broker.memory.kraft) return;
  on_zookeeper_mode_timer(context, broker, key);
}

void on_act(const Context& context, Broker& broker, const Act& act) {
  if (broker.memory.kraft) return on_kraft_act(context, broker, act);
  if (std::holds_alternative<Stop>(act)) return begin_shutdown(context, broker);
  if (const Elect* elect = std::get_if<Elect>(&act)) {
    put_event(context, broker, ReplicaLeaderElection{elect->partition, elect->unclean});
  } else if (const Reassign* reassign = std::get_if<Reassign>(&act)) {
    put_event(context, broker, ApiPartitionReassignment{reassign->partition, reassign->replicas});
  }
}

}  // namespace

void step(const Context& context, Broker& broker, const Input& input) {
  if (std::holds_alternative<Started>(input)) return start(context, broker);
  if (broker.memory.phase == BrokerPhase::down) return;
  std::visit(overloaded{
                 [&](const Started&) {},
                 [&](const Received& r) {
                   if (broker.memory.kraft) return on_kraft_received(context, broker, r.via, *r.body);
                   // A broker talks to itself as controller: only the kind of message tells which end it is.
                   if (r.via.client == broker.id && is_answer(*r.body))
                     return on_answer(context, broker, r.via, *r.body);
                   if (r.via.server == broker.id) on_request(context, broker, r.via, *r.body);
                 },
                 [&](const TimerFired& t) { on_timer(context, broker, t.key); },
                 [&](const Connected& c) { on_connected(context, broker, c.via); },
                 [&](const Disconnected& d) { on_disconnected(context, broker, d.via); },
                 [&](const Act& act) { on_act(context, broker, act); },
             },
             input);
  if (broker.memory.requests_queued > 0) serve_queued_requests(context, broker);
  if (broker.memory.kraft) run_kraft(context, broker);
}

void on_zk_reply(const Context& context, Broker& broker, ZkOwner owner, std::uint32_t tag, const ZkRequest& request,
                 const ZkResponse& response) {
  switch (owner) {
    case ZkOwner::registration:
      return on_registration_reply(context, broker, tag, response);
    case ZkOwner::controller:
      return on_controller_reply(context, broker, tag, request, response);
    case ZkOwner::isr_change:
      return on_isr_write_reply(context, broker, tag, response);
    case ZkOwner::topic_config:
      return on_topic_config_reply(context, broker, tag, response);
    case ZkOwner::nobody:
      return;
  }
}

void on_zk_watch(const Context& context, Broker& broker, const ZkEvent& event) {
  if (!on_config_watch(context, broker, event)) on_controller_watch(context, broker, event);
}

}  // namespace model
