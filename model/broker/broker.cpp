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

void on_timer(const Context& context, Broker& broker, TimerKey key) {
  if (broker.memory.kraft && on_kraft_timer(context, broker, key)) return;
  switch (key.kind) {
    case TimerKind::zk_start:
      return open_session(context, broker);
    case TimerKind::zk_ping:
    case TimerKind::zk_read_timeout:
    case TimerKind::zk_connect_timeout:
    case TimerKind::zk_reconnect:
      on_zk_timer(context, broker, key);
      return;
    case TimerKind::register_broker:
      return start_registration(context, broker);
    case TimerKind::begin_serving:
      broker.memory.serving = true;
      // The last it asks ZooKeeper for before it serves: changed configurations (ZkConfigManager.startup). Its
      // pings count from here.
      return zk_request(context, broker, ZkOwner::nobody, 0,
                        zk_single(zk_read(ZkOpType::children, paths::config(), false)));
    case TimerKind::isr_check:
      return on_isr_check_due(context, broker);
    case TimerKind::checkpoint_high_watermarks:
      checkpoint_high_watermarks(context, broker);
      return context.arm_on_grid(key, context.config.broker(broker.id).replica_high_watermark_checkpoint_interval);
    case TimerKind::isr_change_propagation:
      return on_isr_propagation_due(context, broker);
    case TimerKind::shutdown_retry:
    case TimerKind::shutdown_timeout:
    case TimerKind::shutdown_steps:
      on_shutdown_timer(context, broker, key);
      return;
    case TimerKind::fetch_wait:
      return on_fetch_wait_over(context, broker, key.about);
    case TimerKind::produce_wait:
      return on_produce_wait_over(context, broker, key.about);
    case TimerKind::fetcher_timeout:
    case TimerKind::fetch_backoff:
      on_fetcher_timer(context, broker, key);
      return;
    case TimerKind::alter_partition_timeout:
    case TimerKind::alter_partition_retry:
      on_alter_partition_timer(context, broker, key);
      return;
    case TimerKind::sender_timeout:
    case TimerKind::sender_backoff:
      on_sender_timer(context, broker, key);
      return;
    case TimerKind::rebalance_check:
      return put_event(context, broker, AutoRebalance{});
    // A client's, or ZooKeeper's.
    case TimerKind::zk_expire:
    case TimerKind::produce_next:
    case TimerKind::client_timeout:
    case TimerKind::client_backoff:
    case TimerKind::client_connect_timeout:
    case TimerKind::metadata_refresh:
    case TimerKind::delivery_timeout:
    case TimerKind::metadata_timeout:
    case TimerKind::produce_retry:
    case TimerKind::produce_linger:
    case TimerKind::producer_id_retry:
    case TimerKind::kinds:
    // KRaft mode's.
    case TimerKind::quorum_start:
    case TimerKind::quorum_election:
    case TimerKind::quorum_fetch:
    case TimerKind::quorum_check:
    case TimerKind::quorum_begin:
    case TimerKind::quorum_backoff:
    case TimerKind::quorum_request:
    case TimerKind::quorum_retry:
    case TimerKind::quorum_reconnect:
    case TimerKind::quorum_linger:
    case TimerKind::quorum_fetch_wait:
    case TimerKind::quorum_shutdown:
    case TimerKind::quorum_clean:
    case TimerKind::quorum_commit:
    case TimerKind::lifecycle_send:
    case TimerKind::lifecycle_timeout:
    case TimerKind::lifecycle_give_up:
    case TimerKind::fence_stale_brokers:
    case TimerKind::write_no_op:
    case TimerKind::elect_preferred:
    case TimerKind::elect_unclean:
      return;
  }
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
