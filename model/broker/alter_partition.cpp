// Committing ISR changes through the controller (KIP-497): one request in flight per broker with all
// partitions that wait, retried for ever (server/DefaultAlterPartitionManager,
// BrokerToControllerRequestThread, Partition.submitAlterPartition).
#include <algorithm>

#include "model/broker/broker.h"
#include "model/rules.h"

namespace model {
namespace {

constexpr Duration kRetryAfterError = milliseconds(50);
constexpr Duration kControllerUnknown = milliseconds(100);

ConnectionId channel_id(const Broker& broker) {
  const AlterPartitionChannel& channel = broker.memory.alter_partition;
  return {broker.id, channel.controller, ChannelKind::alter_partition, 0, channel.connection};
}

void retry_later(const Context& context, Broker& broker, Duration min, Duration max) {
  broker.memory.alter_partition.backing_off = true;
  context.arm({TimerKind::alter_partition_retry}, min, max);
}

void requeue_sent(AlterPartitionChannel& channel) {
  for (const AlterPartitionItem& item : channel.waiting) channel.sent.push_back(item);
  channel.waiting = std::move(channel.sent);
  channel.sent.clear();
  channel.in_flight = false;
}

// The controller that was cached is forgotten; the next one is looked up anew.
void lose_controller(const Context& context, Broker& broker) {
  AlterPartitionChannel& channel = broker.memory.alter_partition;
  channel.state = AlterPartitionChannel::State::closed;
  context.disarm({TimerKind::alter_partition_timeout});
  requeue_sent(channel);
  if (!channel.waiting.empty()) retry_later(context, broker, kRetryAfterError, kControllerUnknown);
}

// After these the leader can only wait for the next LeaderAndIsr; anything else is asked again.
bool stays_pending(ErrorCode error) {
  return error == ErrorCode::unknown_topic_or_partition || error == ErrorCode::fenced_leader_epoch ||
         error == ErrorCode::invalid_update_version || error == ErrorCode::invalid_request ||
         error == ErrorCode::new_leader_elected;
}

// False: a LeaderAndIsr has replaced what was proposed.
bool is_still_pending(const Partition& partition, const AlterPartitionItem& item) {
  return partition.pending != PendingIsr::none && partition.role == Role::leader &&
         partition.leader_epoch == item.leader_epoch && partition.proposed == item.new_isr;
}

// The answer for one partition. True: it is settled; false: the same proposal goes out again.
bool settle(const Context& context, Broker& broker, const AlterPartitionItem& item,
            const AlterPartitionResult& result) {
  Partition& partition = broker.partition(item.partition);
  if (!is_still_pending(partition, item)) return true;
  if (result.error == ErrorCode::none) {
    if (result.leader_epoch != partition.leader_epoch || result.partition_epoch < partition.partition_epoch)
      return true;
    partition.isr = result.isr;
    partition.partition_epoch = result.partition_epoch;
    partition.pending = PendingIsr::none;
    partition.proposed.clear();
    context.tell(IsrCommitted{item.partition, partition.isr, partition.partition_epoch});
    if (maybe_advance_high_watermark(context, broker, item.partition)) {
      complete_parked_fetches(context, broker, item.partition);
    }
    complete_parked_produces(context, broker, item.partition);
    return true;
  }
  context.tell(IsrChangeRefused{item.partition, result.error});
  if (result.error == ErrorCode::operation_not_attempted || result.error == ErrorCode::ineligible_replica) {
    partition.pending = PendingIsr::none;  // back to the committed state
    partition.proposed.clear();
    return true;
  }
  return stays_pending(result.error);
}

void lose_answer(const Context& context, Broker& broker) {
  SmallVec<AlterPartitionItem, 1>& sent = broker.memory.alter_partition.sent;
  if (context.rules.lost_alter_partition == LostAnswer::asked_again) return;
  if (context.rules.lost_alter_partition == LostAnswer::taken_for_refusal) {
    for (const AlterPartitionItem& item : sent) {
      AlterPartitionResult refused;
      refused.partition = item.partition;
      refused.error = ErrorCode::operation_not_attempted;
      settle(context, broker, item, refused);
    }
  }
  sent.clear();
}

// KIP-903: the controller admits nobody who has been restarted since its last fetch from here. -1: no fetch yet.
SmallVec<BrokerEpoch, 1> epochs_of(const Context& context, Broker& broker, PartitionId p) {
  SmallVec<BrokerEpoch, 1> epochs;
  if (!broker.memory.kraft || !context.rules.kraft.isr_names_broker_epochs) return epochs;
  Partition& partition = broker.partition(p);
  for (const NodeId member : partition.proposed) {
    const Remote* remote = find_remote(partition, member);
    const BrokerEpoch fetched_in = remote == nullptr ? -1 : remote->broker_epoch;
    epochs.push_back(member == broker.id ? broker.memory.broker_epoch : fetched_in);
  }
  return epochs;
}

}  // namespace

NodeId known_controller(const Broker& broker) {
  return broker.memory.kraft ? leader_of(broker.memory.kraft->raft) : broker.memory.cached_controller;
}

void submit_alter_partition(const Context& context, Broker& broker, PartitionId p) {
  Partition& partition = broker.partition(p);
  AlterPartitionChannel& channel = broker.memory.alter_partition;
  const auto about_p = [&](const AlterPartitionItem& other) { return other.partition == p; };
  // One item per partition until it is answered. What an older epoch still has on its way must not be
  // taken for an answer to this one.
  if (std::any_of(channel.waiting.begin(), channel.waiting.end(), about_p) ||
      std::any_of(channel.sent.begin(), channel.sent.end(), about_p)) {
    partition.pending = PendingIsr::none;
    partition.proposed.clear();
    context.tell(IsrChangeRefused{p, ErrorCode::operation_not_attempted});
    return;
  }
  channel.waiting.push_back(
      {p, partition.leader_epoch, partition.partition_epoch, partition.proposed, epochs_of(context, broker, p)});
  alter_partition_go_on(context, broker);
}

void alter_partition_go_on(const Context& context, Broker& broker) {
  AlterPartitionChannel& channel = broker.memory.alter_partition;
  const BrokerSettings& settings = context.config.broker(broker.id);
  if (channel.in_flight || channel.waiting.empty() || channel.backing_off) return;
  if (channel.state == AlterPartitionChannel::State::connecting) return;
  if (channel.state == AlterPartitionChannel::State::closed) {
    channel.controller = known_controller(broker);
    if (channel.controller == kNoNode) return retry_later(context, broker, kControllerUnknown, kControllerUnknown);
    const ConnectionId id = connection_to(broker, channel.controller, ChannelKind::alter_partition);
    channel.connection = id.number;
    channel.state = AlterPartitionChannel::State::connecting;
    context.out.connects.push_back(id);
    return context.arm({TimerKind::alter_partition_timeout}, settings.socket_connection_setup_timeout);
  }
  AlterPartitionRequest request{broker.id, broker.memory.broker_epoch, {}};
  for (const AlterPartitionItem& item : channel.waiting) request.partitions.push_back(item);
  channel.sent = std::move(channel.waiting);
  channel.waiting.clear();
  channel.in_flight = true;
  context.send(channel_id(broker), std::move(request));
  context.arm({TimerKind::alter_partition_timeout}, settings.request_timeout);
}

void on_alter_partition_answer(const Context& context, Broker& broker, const AlterPartitionResponse& response) {
  AlterPartitionChannel& channel = broker.memory.alter_partition;
  if (!channel.in_flight) return;
  context.disarm({TimerKind::alter_partition_timeout});
  const bool moved = response.error == ErrorCode::not_controller ||
                     std::any_of(response.partitions.begin(), response.partitions.end(),
                                 [](const AlterPartitionResult& r) { return r.error == ErrorCode::not_controller; });
  if (moved) {
    context.out.closes.push_back(channel_id(broker));
    return lose_controller(context, broker);
  }
  if (response.error != ErrorCode::none) {
    for (const AlterPartitionItem& item : channel.sent) {
      if (!is_still_pending(broker.partition(item.partition), item)) continue;
      context.tell(IsrChangeRefused{item.partition, response.error});
    }
    requeue_sent(channel);
    return retry_later(context, broker, kRetryAfterError, kRetryAfterError);
  }
  channel.in_flight = false;
  const SmallVec<AlterPartitionItem, 1> sent = std::move(channel.sent);
  channel.sent.clear();
  for (const AlterPartitionItem& item : sent) {
    for (const AlterPartitionResult& result : response.partitions) {
      if (result.partition == item.partition && !settle(context, broker, item, result)) channel.waiting.push_back(item);
    }
  }
  alter_partition_go_on(context, broker);
}

bool on_alter_partition_connected(const Context& context, Broker& broker, const ConnectionId& via) {
  AlterPartitionChannel& channel = broker.memory.alter_partition;
  if (via.number != channel.connection || channel.state != AlterPartitionChannel::State::connecting) return false;
  channel.state = AlterPartitionChannel::State::open;
  context.disarm({TimerKind::alter_partition_timeout});
  alter_partition_go_on(context, broker);
  return true;
}

bool on_alter_partition_disconnected(const Context& context, Broker& broker, const ConnectionId& via) {
  if (via.number != broker.memory.alter_partition.connection) return false;
  lose_answer(context, broker);
  lose_controller(context, broker);
  return true;
}

bool on_alter_partition_timer(const Context& context, Broker& broker, TimerKey key) {
  AlterPartitionChannel& channel = broker.memory.alter_partition;
  if (key.kind == TimerKind::alter_partition_retry) {
    channel.backing_off = false;
    alter_partition_go_on(context, broker);
    return true;
  }
  if (key.kind != TimerKind::alter_partition_timeout) return false;
  if (channel.state == AlterPartitionChannel::State::closed) return true;
  context.out.closes.push_back(channel_id(broker));
  lose_answer(context, broker);
  lose_controller(context, broker);
  return true;
}

}  // namespace model
