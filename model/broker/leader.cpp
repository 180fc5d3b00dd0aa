// The leader's side of replication: the high watermark, writes, and the state of followers
// (server/ReplicaManager, cluster/Partition, storage ProducerAppendInfo). Serving fetches is in
// fetch_service.cpp.
#include <algorithm>
#include <limits>

#include "model/broker/broker.h"
#include "model/rules.h"

namespace model {
namespace {

constexpr std::size_t kRememberedBatches = 5;  // per producer (ProducerStateEntry.NUM_BATCHES_TO_RETAIN)

struct Admission {
  ErrorCode error = ErrorCode::none;
  bool duplicate = false;
  Offset base_offset = kUnknownOffset;  // of a duplicate: where the original stands
  Offset end = 0;
};

std::int32_t after(std::int32_t sequence, std::int32_t count) {
  const std::int64_t next = std::int64_t{sequence} + count;
  const std::int64_t wrap = std::int64_t{std::numeric_limits<std::int32_t>::max()} + 1;
  return static_cast<std::int32_t>(next % wrap);
}

// Idempotence by what the log itself holds: after a failover the new leader knows exactly the duplicates
// that were replicated to it.
Admission admit(const Rules& rules, const Log& log, const Batch& batch) {
  if (batch.first_sequence < 0) return {};
  std::size_t seen = 0;
  const Batch* latest = nullptr;
  for (std::size_t i = log.batches.size(); i-- > 0 && seen < kRememberedBatches;) {
    const Batch& known = log.batches[i];
    if (known.producer != batch.producer || known.first_sequence < 0) continue;
    if (latest == nullptr) latest = &known;
    if (known.producer_epoch == batch.producer_epoch && known.first_sequence == batch.first_sequence &&
        known.count == batch.count) {
      if (!rules.recognises_duplicates) return {};
      return {ErrorCode::none, true, known.base_offset, known.end()};
    }
    ++seen;
  }
  if (latest == nullptr || !rules.checks_sequence_order) return {};  // no state is known: any sequence may begin
  if (batch.producer_epoch < latest->producer_epoch) return {ErrorCode::invalid_producer_epoch};
  if (batch.producer_epoch > latest->producer_epoch) {
    return {batch.first_sequence == 0 ? ErrorCode::none : ErrorCode::out_of_order_sequence_number};
  }
  const bool next = batch.first_sequence == after(latest->first_sequence, latest->count);
  return {next ? ErrorCode::none : ErrorCode::out_of_order_sequence_number};
}

ErrorCode check_min_isr(const Context& context, Broker& broker, PartitionId p, Acks acks) {
  const std::int32_t min_isr = effective_min_isr(context, broker, p);
  const std::int32_t isr = static_cast<std::int32_t>(broker.partition(p).isr.size());
  if (acks != Acks::all || isr >= min_isr) return ErrorCode::none;
  context.tell(NotEnoughReplicas{p, isr, min_isr});
  return ErrorCode::not_enough_replicas;
}

ErrorCode check_write(const Context& context, Broker& broker, PartitionId p, Acks acks) {
  if (!broker.memory.cached[index(p)].known) return ErrorCode::unknown_topic_or_partition;
  const Partition& partition = broker.partition(p);
  if (partition.role != Role::leader) return ErrorCode::not_leader_or_follower;
  const Duration session_timeout = context.config.broker(broker.id).zookeeper_session_timeout;
  if (!broker.memory.kraft &&
      !context.rules.may_take_write(broker.memory.zk.last_heard, session_timeout, context.clock)) {
    return ErrorCode::not_leader_or_follower;
  }
  return context.rules.min_isr_checked_before_append ? check_min_isr(context, broker, p, acks) : ErrorCode::none;
}

void acknowledge(const Context& context, const Partition& partition, ParkedProduce::Wait& wait) {
  wait.decided = true;
  wait.error = ErrorCode::none;
  context.tell(AcksAllAnswered{wait.partition, wait.base_offset,
                               static_cast<std::int32_t>(wait.required - wait.base_offset),
                               static_cast<std::int32_t>(maximal_isr_size(partition)), partition.high_watermark});
}

// Decides one wait if it can be decided now (Partition.checkEnoughReplicasReachOffset).
void try_decide(const Context& context, Broker& broker, ParkedProduce::Wait& wait) {
  const Partition& partition = broker.partition(wait.partition);
  if (partition.role != Role::leader) {
    wait.decided = true;
    wait.error = ErrorCode::not_leader_or_follower;
  } else if (partition.high_watermark >= wait.required) {
    const bool enough =
        effective_min_isr(context, broker, wait.partition) <= static_cast<std::int32_t>(maximal_isr_size(partition));
    if (enough) return acknowledge(context, partition, wait);
    wait.decided = true;
    wait.error = ErrorCode::not_enough_replicas_after_append;
  }
}

void answer_produce(const Context& context, Broker& broker, const ConnectionId& via, const ParkedProduce& parked) {
  ProduceResponse response;
  for (const ParkedProduce::Wait& wait : parked.waits) {
    response.partitions.push_back(
        {wait.partition, wait.error, wait.error == ErrorCode::none ? wait.base_offset : kUnknownOffset});
  }
  answer(context, broker, via, std::move(response));
}

bool all_decided(const ParkedProduce& parked) {
  return std::all_of(parked.waits.begin(), parked.waits.end(),
                     [](const ParkedProduce::Wait& wait) { return wait.decided; });
}

ParkedProduce::Wait append_as_leader(const Context& context, Broker& broker, const ProduceData& data, Acks acks,
                                     bool& moved, bool& appended) {
  const PartitionId p = data.partition;
  ParkedProduce::Wait wait{p, true, check_write(context, broker, p, acks)};
  if (wait.error != ErrorCode::none) return wait;
  Log& log = broker.log(p);
  const Admission admission = admit(context.rules, log, data.batch);
  wait.error = admission.error;
  if (wait.error != ErrorCode::none) return wait;
  wait.base_offset = admission.base_offset;
  wait.required = admission.end;
  if (!admission.duplicate) {
    Batch batch = data.batch;
    batch.base_offset = log.end();
    batch.epoch = context.rules.stamped_epoch(log, broker.partition(p).leader_epoch);
    append(log, batch);
    context.tell(RecordsAppended{p, batch.base_offset, batch.count, true});
    wait.base_offset = batch.base_offset;
    wait.required = batch.end();
    moved = maybe_advance_high_watermark(context, broker, p);
    appended = true;
  }
  if (!context.rules.min_isr_checked_before_append) wait.error = check_min_isr(context, broker, p, acks);
  if (acks != Acks::all || wait.error != ErrorCode::none) return wait;
  if (context.rules.acks_all_waits_for_high_watermark) {
    wait.decided = false;
    wait.error = ErrorCode::request_timed_out;
    try_decide(context, broker, wait);
  } else {
    acknowledge(context, broker.partition(p), wait);
  }
  return wait;
}

}  // namespace

std::int32_t effective_min_isr(const Context& context, const Broker& broker, PartitionId p) {
  const PartitionConfig& row = context.config.partitions[index(p)];
  const std::int32_t wanted = settings_of(context, broker, row.topic).min_insync_replicas;
  if (!context.rules.min_isr_capped_by_replicas) return wanted;
  return std::min(wanted, static_cast<std::int32_t>(broker.memory.partitions[index(p)].replicas.size()));
}

bool maybe_advance_high_watermark(const Context& context, Broker& broker, PartitionId p) {
  Partition& partition = broker.partition(p);
  if (partition.frozen) return false;  // whoever holds the lock does it when it is done
  if (!context.rules.high_watermark_may_move(partition, effective_min_isr(context, broker, p))) return false;
  const Offset leader_end = broker.log(p).end();
  const Duration lag_max = context.config.broker(broker.id).replica_lag_time_max;
  Offset candidate = leader_end;
  for (const Remote& remote : partition.remotes) {
    if (remote.log_end >= candidate) continue;
    const bool alive = is_isr_eligible(broker, remote);
    if (context.rules.holds_back_high_watermark(partition, remote, leader_end, lag_max, alive, context.clock)) {
      candidate = remote.log_end;
    }
  }
  const Offset next = context.rules.leader_high_watermark(partition.high_watermark, candidate);
  if (next == partition.high_watermark) return false;
  context.tell(HighWatermarkMoved{p, partition.high_watermark, next, true});
  partition.high_watermark = next;
  return true;
}

bool serve_produce(const Context& context, Broker& broker, const ConnectionId& via, const ProduceRequest& request) {
  for (const ProduceData& data : request.partitions) {
    if (broker.partition(data.partition).frozen) return false;
  }
  ParkedProduce parked;
  bool failed = false;
  for (const ProduceData& data : request.partitions) {
    bool moved = false;
    bool appended = false;
    const ParkedProduce::Wait wait = append_as_leader(context, broker, data, request.acks, moved, appended);
    failed = failed || (wait.decided && wait.error != ErrorCode::none);
    parked.waits.push_back(wait);
    if (moved) complete_parked_produces(context, broker, data.partition);
    if (appended) complete_parked_fetches(context, broker, data.partition);
  }
  if (request.acks == Acks::none) {
    // Nobody waits for an answer; a client that did something wrong finds its connection closed.
    if (failed) {
      context.out.closes.push_back(via);
      on_client_gone(context, broker, via);
    }
    return true;
  }
  if (all_decided(parked)) {
    answer_produce(context, broker, via, parked);
  } else {
    park(broker, via, std::move(parked), TimerKind::produce_wait, request.timeout, context);
  }
  return true;
}

void complete_parked_produces(const Context& context, Broker& broker, PartitionId p) {
  for (std::size_t i = 0; i < broker.memory.served.size(); ++i) {
    Served& served = broker.memory.served[i];
    ParkedProduce* parked = std::get_if<ParkedProduce>(&served.parked);
    if (parked == nullptr) continue;
    for (ParkedProduce::Wait& wait : parked->waits) {
      if (wait.partition == p && !wait.decided) try_decide(context, broker, wait);
    }
    if (!all_decided(*parked)) continue;
    const ParkedProduce done = std::move(*parked);
    answer_produce(context, broker, served.via, done);
  }
}

void on_produce_wait_over(const Context& context, Broker& broker, std::uint16_t slot) {
  if (slot >= broker.memory.served.size()) return;
  Served& served = broker.memory.served[slot];
  if (ParkedProduce* parked = std::get_if<ParkedProduce>(&served.parked)) {
    for (ParkedProduce::Wait& wait : parked->waits) {
      if (!wait.decided) try_decide(context, broker, wait);
    }
    const ParkedProduce done = std::move(*parked);
    answer_produce(context, broker, served.via, done);
  }
}

}  // namespace model
