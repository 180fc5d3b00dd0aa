// ISR changes that a leader wants: when it wants them, and the zookeeper way to commit them (up to 2.6).
// The way through the controller is in alter_partition.cpp.
// (cluster/Partition.maybeExpandIsr, maybeShrinkIsr, expandIsr, shrinkIsr; utils/ReplicationUtils)
#include <algorithm>

#include "model/broker/broker.h"
#include "model/rules.h"

namespace model {
namespace {

// Tags of the direct write: the partition, and in which of its two requests we are.
constexpr std::uint32_t kReadBack = 1U << 16;

constexpr Duration kPropagationCheck = milliseconds(2'500);
constexpr Duration kPropagationLinger = milliseconds(5'000);
constexpr Duration kPropagationMax = milliseconds(60'000);
// The planted defect looks this often; no real broker does.
constexpr Duration kCheckAtOnce = milliseconds(50);

IsrChannel isr_channel(const Context& context, const Broker& broker) {
  return broker.memory.kraft ? IsrChannel::alter_partition : context.rules.isr_channel;
}

Path state_path(const Context& context, PartitionId p) {
  const PartitionConfig& config = context.config.partitions[index(p)];
  return paths::partition_state(config.topic, config.number);
}

// The leader writes the znode itself, holding the partition's lock until ZooKeeper has answered: the
// high watermark cannot move between the commit and our knowing of it, which is what makes this safe.
void write_isr(const Context& context, Broker& broker, PartitionId p) {
  Partition& partition = broker.partition(p);
  partition.frozen = true;
  const PartitionState state{broker.id, partition.leader_epoch, partition.proposed, partition.controller_epoch};
  const PartitionEpoch expected = context.rules.isr_writes_compare_epochs ? partition.partition_epoch : kAnyVersion;
  zk_request(context, broker, ZkOwner::isr_change, static_cast<std::uint32_t>(index(p)),
             zk_single(zk_set(state_path(context, p), state, expected)));
}

void propose(const Context& context, Broker& broker, PartitionId p, PendingIsr pending, const Replicas& isr) {
  Partition& partition = broker.partition(p);
  partition.pending = pending;
  partition.proposed = isr;
  if (isr_channel(context, broker) == IsrChannel::zookeeper) return write_isr(context, broker, p);
  submit_alter_partition(context, broker, p);
}

Replicas lagging_replicas(const Context& context, Broker& broker, PartitionId p) {
  Partition& partition = broker.partition(p);
  const Offset leader_end = broker.log(p).end();
  const Duration lag_max = context.config.broker(broker.id).replica_lag_time_max;
  Replicas lagging;
  for (const NodeId replica : partition.isr) {
    if (replica == broker.id) continue;
    const Remote* remote = find_remote(partition, replica);
    if (remote == nullptr || context.rules.must_leave_isr(*remote, leader_end, lag_max, context.clock))
      lagging.push_back(replica);
  }
  return lagging;
}

// True if a change was proposed.
bool maybe_shrink_isr(const Context& context, Broker& broker, PartitionId p) {
  Partition& partition = broker.partition(p);
  if (partition.role != Role::leader || partition.pending != PendingIsr::none || partition.frozen) return false;
  const Replicas lagging = lagging_replicas(context, broker, p);
  if (lagging.empty()) return false;
  const Replicas rest = without(partition.isr, lagging);
  context.tell(IsrShrinkProposed{p, partition.isr, rest, partition.high_watermark, broker.log(p).end()});
  propose(context, broker, p, PendingIsr::shrink, rest);
  return true;
}

// From partition isr_check_next on. With direct writes the checking thread waits for each of them.
void go_on_checking(const Context& context, Broker& broker) {
  BrokerMemory& memory = broker.memory;
  while (true) {
    while (static_cast<std::size_t>(memory.isr_check_next) < memory.partitions.size()) {
      const PartitionId p{static_cast<std::uint16_t>(memory.isr_check_next++)};
      if (maybe_shrink_isr(context, broker, p) && isr_channel(context, broker) == IsrChannel::zookeeper) {
        memory.isr_check_blocked = true;
        return;
      }
    }
    memory.isr_check_blocked = false;
    if (memory.isr_checks_missed == 0) return;
    --memory.isr_checks_missed;  // a fixed-rate task catches up
    memory.isr_check_next = 0;
  }
}

void end_isr_write(const Context& context, Broker& broker, PartitionId p, bool applied, PartitionEpoch version) {
  Partition& partition = broker.partition(p);
  const bool was_shrink = partition.pending == PendingIsr::shrink;
  partition.frozen = false;
  if (applied) {
    partition.isr = partition.proposed;
    partition.partition_epoch = version;
    context.tell(IsrCommitted{p, partition.isr, version});
    if (!std::count(broker.memory.isr_changes.begin(), broker.memory.isr_changes.end(), p))
      broker.memory.isr_changes.push_back(p);
    broker.memory.last_isr_change = context.clock.now();
  } else {
    context.tell(IsrChangeRefused{p, ErrorCode::invalid_update_version});
  }
  partition.pending = PendingIsr::none;
  partition.proposed.clear();
  if (maybe_advance_high_watermark(context, broker, p)) {
    complete_parked_produces(context, broker, p);
    complete_parked_fetches(context, broker, p);
  }
  unblock_requests(broker);
  if (was_shrink && broker.memory.isr_check_blocked) go_on_checking(context, broker);
}

}  // namespace

bool is_isr_eligible(const Broker& broker, const Remote& remote) {
  if (!broker.memory.kraft) return broker.memory.cached_live.contains(remote.replica);
  const BrokerEpoch published = published_broker_epoch(broker, remote.replica);
  return published != -1 && (remote.broker_epoch == -1 || remote.broker_epoch == published);
}

void maybe_expand_isr(const Context& context, Broker& broker, PartitionId p, NodeId replica) {
  Partition& partition = broker.partition(p);
  if (partition.pending != PendingIsr::none || partition.isr.contains(replica)) return;
  const Remote* remote = find_remote(partition, replica);
  if (remote == nullptr || !context.rules.may_join_isr(partition, *remote, is_isr_eligible(broker, *remote))) return;
  Replicas larger = partition.isr;
  larger.push_back(replica);
  context.tell(IsrExpandProposed{p, partition.isr, larger});
  propose(context, broker, p, PendingIsr::expand, larger);
}

void run_isr_check(const Context& context, Broker& broker) {
  BrokerMemory& memory = broker.memory;
  if (memory.isr_check_blocked) {
    ++memory.isr_checks_missed;
    return;
  }
  memory.isr_check_next = 0;
  go_on_checking(context, broker);
}

void on_isr_check_due(const Context& context, Broker& broker) {
  if (!broker.memory.isr_check_started) {
    broker.memory.isr_check_started = true;
    context.tell(IsrCheckStarted{});
    if (isr_channel(context, broker) == IsrChannel::zookeeper)
      context.arm({TimerKind::isr_change_propagation}, kPropagationCheck);
  }
  run_isr_check(context, broker);
  const Duration lag_max = context.config.broker(broker.id).replica_lag_time_max;
  const Duration half = milliseconds(lag_max.us / 1000 / 2);  // integer milliseconds, as in ReplicaManager.startup
  context.arm_on_grid({TimerKind::isr_check}, context.rules.isr_check_is_periodic ? half : kCheckAtOnce);
}

void on_isr_write_reply(const Context& context, Broker& broker, std::uint32_t tag, const ZkResponse& response) {
  const PartitionId p{static_cast<std::uint16_t>(tag & 0xffffU)};
  const Partition& partition = broker.partition(p);
  if (!partition.frozen) return;
  if (response.code == ZkCode::ok && (tag & kReadBack) == 0) {
    return end_isr_write(context, broker, p, true, response.results.front().stat.version);
  }
  if (response.code == ZkCode::ok) {
    // Is it what we wanted to write? Then our first attempt was applied and only its answer got lost.
    const PartitionState* found = std::get_if<PartitionState>(&response.results.front().data);
    const PartitionState wanted{broker.id, partition.leader_epoch, partition.proposed, partition.controller_epoch};
    return end_isr_write(context, broker, p, found != nullptr && *found == wanted,
                         response.results.front().stat.version);
  }
  if (response.code == ZkCode::bad_version && (tag & kReadBack) == 0) {
    return zk_request(context, broker, ZkOwner::isr_change, tag | kReadBack,
                      zk_single(zk_read(ZkOpType::get, state_path(context, p), false)));
  }
  end_isr_write(context, broker, p, false, 0);
}

void on_isr_propagation_due(const Context& context, Broker& broker) {
  BrokerMemory& memory = broker.memory;
  const Clock& clock = context.clock;
  if (!memory.isr_changes.empty() && (clock.has_elapsed(memory.last_isr_change, kPropagationLinger) ||
                                      clock.has_elapsed(memory.last_isr_propagation, kPropagationMax))) {
    IsrChangeInfo info;
    for (const PartitionId p : memory.isr_changes) info.partitions.push_back(p);
    memory.isr_changes.clear();
    memory.last_isr_propagation = clock.now();
    zk_request(context, broker, ZkOwner::nobody, 0,
               zk_single(zk_create(paths::isr_change_prefix(), info, false, true)));
  }
  context.arm_on_grid({TimerKind::isr_change_propagation}, kPropagationCheck);
}

}  // namespace model
