#include "model/client/accumulator.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "model/rules.h"

namespace model {

namespace {

// The partitioner stays with a partition for batch.size bytes, counted as the batches' sizes: a header
// per batch and a few bytes per record. Alone in their batches, some 230 small records fill it; records
// that wait behind a slow request share batches and fill it more slowly (BuiltInPartitioner).
constexpr std::int32_t kBatchSize = 16'384;
constexpr std::int32_t kBatchHeader = 61;
constexpr std::int32_t kSmallRecord = 10;

std::int32_t number_of(const Client& client, PartitionId partition) {
  return client.context.config.partitions[index(partition)].number;
}

ProducerPartition& state_of(Client& client, PartitionId partition) {
  return client.memory.partitions[static_cast<std::size_t>(number_of(client, partition))];
}
const ProducerPartition& state_of(const Client& client, PartitionId partition) {
  return client.memory.partitions[static_cast<std::size_t>(number_of(client, partition))];
}

// Visits every batch that waits or is in flight.
template <typename Memory, typename Visit>
void for_each_batch(Memory& memory, Visit visit) {
  for (auto& batch : memory.accumulated) visit(batch);
  for (auto& link : memory.links) {
    for (auto& request : link.in_flight) {
      for (auto& batch : request.batches) visit(batch);
    }
  }
}

// The lowest sequence that waits for its outcome, queued again or in flight.
std::optional<std::int32_t> first_outstanding_sequence(const Client& client, PartitionId partition) {
  std::optional<std::int32_t> lowest;
  for_each_batch(client.memory, [&](const ProducerBatch& batch) {
    if (batch.partition != partition || batch.first_sequence < 0) return;
    if (!lowest || batch.first_sequence < *lowest) lowest = batch.first_sequence;
  });
  return lowest;
}

bool is_in_flight(const Client& client, PartitionId partition) {
  for (const ProducerLink& link : client.memory.links) {
    for (const ProducerRequest& request : link.in_flight) {
      for (const ProducerBatch& batch : request.batches) {
        if (batch.partition == partition) return true;
      }
    }
  }
  return false;
}

bool is_first_of_partition(const ProducerMemory& memory, std::size_t i) {
  for (std::size_t j = 0; j < i; ++j) {
    if (memory.accumulated[j].partition == memory.accumulated[i].partition) return false;
  }
  return true;
}

// RecordAccumulator.shouldStopDrainBatchesForPartition, of the first batch of a partition.
bool must_wait(const Client& client, const ProducerBatch& first) {
  if (first.retry_slot >= 0) return true;
  if (client.config.max_in_flight == 1 && is_in_flight(client, first.partition)) return true;
  if (!client.config.enable_idempotence) return false;
  if (!client.memory.has_producer_id) return true;
  const ProducerPartition& partition = state_of(client, first.partition);
  const std::optional<std::int32_t> outstanding = first_outstanding_sequence(client, first.partition);
  // A batch that was sent before goes again only once all before it are done: one at a time, in order.
  if (first.first_sequence >= 0) return outstanding && *outstanding != first.first_sequence;
  if (partition.unresolved) return true;
  return outstanding && partition.producer_epoch != client.memory.producer_epoch;
}

bool is_full(const Client& client, const ProducerBatch& batch) { return batch.count >= client.config.batch_records; }

void assign_sequence(Client& client, ProducerBatch& batch) {
  if (!client.config.enable_idempotence || batch.first_sequence >= 0) return;
  ProducerPartition& partition = state_of(client, batch.partition);
  if (partition.producer_epoch != client.memory.producer_epoch) {
    partition.producer_epoch = client.memory.producer_epoch;
    partition.next_sequence = 0;
    partition.last_acked_sequence = -1;
  }
  batch.first_sequence = partition.next_sequence;
  batch.producer_epoch = partition.producer_epoch;
  partition.next_sequence += batch.count;
}

// A new producer epoch, in which the partition's outstanding batches are numbered from 0 again
// (TransactionManager.bumpIdempotentProducerEpoch). Records whose outcome was unknown may come twice.
void bump_producer_epoch(Client& client, PartitionId partition) {
  if (client.memory.producer_epoch < std::numeric_limits<std::int16_t>::max()) ++client.memory.producer_epoch;
  SmallVec<ProducerBatch*, 8> outstanding;
  for_each_batch(client.memory, [&](ProducerBatch& batch) {
    if (batch.partition == partition && batch.first_sequence >= 0) outstanding.push_back(&batch);
  });
  std::sort(outstanding.begin(), outstanding.end(), [](const ProducerBatch* a, const ProducerBatch* b) {
    return std::pair(a->first_sequence, a->first_value) < std::pair(b->first_sequence, b->first_value);
  });
  ProducerPartition& state = state_of(client, partition);
  state.producer_epoch = client.memory.producer_epoch;
  state.next_sequence = 0;
  state.last_acked_sequence = -1;
  state.unresolved = false;
  for (ProducerBatch* batch : outstanding) {
    batch->first_sequence = state.next_sequence;
    batch->producer_epoch = state.producer_epoch;
    batch->sequence_was_reset = true;
    state.next_sequence += batch->count;
  }
}

template <std::size_t N>
bool is_one_of(ErrorCode error, const std::array<ErrorCode, N>& errors) {
  return std::find(errors.begin(), errors.end(), error) != errors.end();
}

// Did the leader perhaps append the batch although it did not acknowledge it?
bool may_have_appended(const ProducerConfig& config, ErrorCode error) {
  constexpr std::array kDoubtful{ErrorCode::network_exception, ErrorCode::request_timed_out,
                                 ErrorCode::not_enough_replicas_after_append, ErrorCode::kafka_storage_error,
                                 ErrorCode::unknown_server_error};
  if (is_one_of(error, kDoubtful)) return true;
  // With acks=all the leader may have appended it and lost its role while the request was parked.
  return error == ErrorCode::not_leader_or_follower && config.acks == Acks::all;
}

// InvalidMetadataException and its subclasses.
bool means_stale_metadata(ErrorCode error) {
  constexpr std::array kStale{ErrorCode::not_leader_or_follower, ErrorCode::unknown_topic_or_partition,
                              ErrorCode::leader_not_available,   ErrorCode::network_exception,
                              ErrorCode::kafka_storage_error,    ErrorCode::replica_not_available,
                              ErrorCode::fenced_leader_epoch};
  return is_one_of(error, kStale);
}

// RetriableException and its subclasses, of those that a produce request can end with.
bool is_retriable(ErrorCode error) {
  constexpr std::array kRetriable{ErrorCode::not_enough_replicas, ErrorCode::not_enough_replicas_after_append,
                                  ErrorCode::request_timed_out, ErrorCode::unknown_leader_epoch};
  return is_one_of(error, kRetriable) || means_stale_metadata(error);
}

bool is_too_old(const Client& client, const ProducerBatch& batch) {
  if (!client.context.rules.deliveries_time_out) return false;
  return client.context.clock.has_elapsed(batch.created, client.config.delivery_timeout);
}

enum class Verdict : std::uint8_t { fail, retry, bump_epoch_and_retry };

// Sender.canRetry and TransactionManager.canRetry
Verdict judge(const Client& client, const ProducerBatch& batch, ErrorCode error) {
  if (batch.attempts >= client.config.retries) return Verdict::fail;
  if (is_too_old(client, batch)) return Verdict::fail;
  if (client.config.enable_idempotence) {
    const ProducerPartition& partition = state_of(client, batch.partition);
    if (error == ErrorCode::out_of_order_sequence_number) {
      const bool is_next = batch.first_sequence == partition.last_acked_sequence + 1;
      // Not the next one: an earlier batch failed for a reason of its own and will be sent again first.
      if (!partition.unresolved && (batch.sequence_was_reset || !is_next)) return Verdict::retry;
      return Verdict::bump_epoch_and_retry;
    }
    if (error == ErrorCode::invalid_producer_epoch || error == ErrorCode::unknown_producer_id) {
      return Verdict::bump_epoch_and_retry;
    }
  }
  return is_retriable(error) ? Verdict::retry : Verdict::fail;
}

std::int16_t free_slot(const ProducerMemory& memory) {
  for (std::int16_t slot = 0;; ++slot) {
    const bool taken = std::any_of(memory.accumulated.begin(), memory.accumulated.end(),
                                   [&](const ProducerBatch& batch) { return batch.retry_slot == slot; });
    if (!taken) return slot;
  }
}

void insert(SmallVec<ProducerBatch, 2>& batches, std::size_t at, const ProducerBatch& batch) {
  batches.push_back(batch);
  std::rotate(batches.begin() + at, batches.end() - 1, batches.end());
}

// RecordAccumulator.reenqueue: with sequences in their order; without, in front of the partition's
// others. Several failed batches thus come back in reverse: they reorder, as Kafka's do.
void queue_again(Client& client, ProducerBatch batch) {
  ++batch.attempts;
  batch.lingering = false;
  if (!client.context.rules.retries_keep_sequence) batch.first_sequence = -1;
  batch.retry_slot = free_slot(client.memory);
  const Backoff wait = backoff(client.config.retry_backoff, client.config.retry_backoff_max, batch.attempts - 1);
  client.context.arm({TimerKind::produce_retry, static_cast<std::uint16_t>(batch.retry_slot)}, wait.shortest,
                     wait.longest);
  auto& queue = client.memory.accumulated;
  std::size_t at = 0;
  for (; at != queue.size(); ++at) {
    if (queue[at].partition != batch.partition) continue;
    if (batch.first_sequence < 0 || queue[at].first_sequence < 0) break;
    if (queue[at].first_sequence > batch.first_sequence) break;
  }
  insert(queue, at, batch);
}

void give_up(Client& client, const ProducerBatch& batch, ErrorCode error) {
  client.context.tell(RecordsFailed{batch.partition, batch.first_value, batch.count, error, batch.maybe_appended});
}

void expire(Client& client, ProducerBatch& batch, bool in_flight) {
  batch.maybe_appended |= in_flight;
  if (batch.first_sequence >= 0) state_of(client, batch.partition).unresolved = true;
  if (batch.retry_slot >= 0) {
    client.context.disarm({TimerKind::produce_retry, static_cast<std::uint16_t>(batch.retry_slot)});
  }
  give_up(client, batch, ErrorCode::request_timed_out);
}

template <typename Batches>
void expire_in(Client& client, Batches& batches, bool in_flight) {
  for (auto* at = batches.begin(); at != batches.end();) {
    if (is_too_old(client, *at)) {
      expire(client, *at, in_flight);
      at = batches.erase(at);
    } else {
      ++at;
    }
  }
}

void choose_partition(Client& client) {
  SmallVec<std::int32_t, 8> candidates;
  const auto& partitions = client.memory.partitions;
  for (std::size_t i = 0; i != partitions.size(); ++i) {
    if (partitions[i].leader != kNoNode) candidates.push_back(static_cast<std::int32_t>(i));
  }
  if (candidates.empty()) {
    for (std::size_t i = 0; i != partitions.size(); ++i) candidates.push_back(static_cast<std::int32_t>(i));
  }
  const auto n = static_cast<std::uint32_t>(candidates.size());
  client.memory.chosen = candidates[client.context.choices.below(n)];
  client.memory.chosen_bytes = 0;
}

ProducerBatch* last_batch(ProducerMemory& memory, PartitionId partition) {
  for (std::size_t i = memory.accumulated.size(); i != 0; --i) {
    if (memory.accumulated[i - 1].partition == partition) return &memory.accumulated[i - 1];
  }
  return nullptr;
}

void start_batch(Client& client, PartitionId partition, std::int32_t value) {
  ProducerBatch batch;
  batch.partition = partition;
  batch.first_value = value;
  batch.count = 1;
  batch.created = client.context.clock.now();
  batch.lingering = client.config.linger > Duration{};
  client.memory.accumulated.push_back(batch);
  if (batch.lingering) {
    const auto about = static_cast<std::uint16_t>(client.memory.chosen);
    client.context.arm({TimerKind::produce_linger, about}, client.config.linger);
  }
  if (!client.memory.delivery_timer_armed) {
    client.memory.delivery_timer_armed = true;
    client.context.arm({TimerKind::delivery_timeout, 0}, client.config.delivery_timeout + milliseconds(1));
  }
}

}  // namespace

void hand_over(Client& client) {
  ProducerMemory& memory = client.memory;
  const std::int32_t value = memory.next_value++;
  if (memory.chosen < 0 || memory.chosen_bytes >= 2 * kBatchSize) choose_partition(client);
  PartitionId partition = client.context.config.partition_of(client.config.topic, memory.chosen);
  ProducerBatch* last = last_batch(memory, partition);
  const bool joins = last != nullptr && last->attempts == 0 && last->first_sequence < 0 && !is_full(client, *last) &&
                     last->first_value + last->count == value;
  if (joins) {
    memory.chosen_bytes += kSmallRecord;
    ++last->count;
    if (is_full(client, *last)) last->lingering = false;
    return;
  }
  // The partitioner turns to another partition where a batch ends, so as not to leave half-filled ones.
  if (memory.chosen_bytes >= kBatchSize) {
    choose_partition(client);
    partition = client.context.config.partition_of(client.config.topic, memory.chosen);
  }
  memory.chosen_bytes += kBatchHeader + kSmallRecord;
  end_linger(client, memory.chosen);
  start_batch(client, partition, value);
}

bool has_leaderless_batch(const Client& client) {
  const auto& queue = client.memory.accumulated;
  return std::any_of(queue.begin(), queue.end(),
                     [&](const ProducerBatch& batch) { return state_of(client, batch.partition).leader == kNoNode; });
}

bool has_ready_batch(const Client& client, NodeId broker) {
  const auto& queue = client.memory.accumulated;
  for (std::size_t i = 0; i != queue.size(); ++i) {
    if (state_of(client, queue[i].partition).leader != broker || !is_first_of_partition(client.memory, i)) continue;
    if (!queue[i].lingering && !must_wait(client, queue[i])) return true;
  }
  return false;
}

SmallVec<ProducerBatch, 1> drain(Client& client, NodeId broker) {
  SmallVec<ProducerBatch, 1> drained;
  for (std::size_t number = 0; number != client.memory.partitions.size(); ++number) {
    if (client.memory.partitions[number].leader != broker) continue;
    const PartitionId partition =
        client.context.config.partition_of(client.config.topic, static_cast<std::int32_t>(number));
    auto& queue = client.memory.accumulated;
    ProducerBatch* first = std::find_if(queue.begin(), queue.end(),
                                        [&](const ProducerBatch& batch) { return batch.partition == partition; });
    if (first == queue.end() || must_wait(client, *first)) continue;
    assign_sequence(client, *first);
    first->lingering = false;
    drained.push_back(*first);
    queue.erase(first);
  }
  return drained;
}

void complete(Client& client, ProducerBatch batch, ErrorCode error, Offset base_offset) {
  ProducerPartition& partition = state_of(client, batch.partition);
  if (error == ErrorCode::none || error == ErrorCode::duplicate_sequence_number) {
    if (batch.first_sequence >= 0) {
      partition.last_acked_sequence = std::max(partition.last_acked_sequence, batch.first_sequence + batch.count - 1);
    }
    const Offset offset = error == ErrorCode::none ? base_offset : kUnknownOffset;
    client.context.tell(RecordsAcknowledged{batch.partition, batch.first_value, batch.count, offset});
    return;
  }
  batch.maybe_appended |= may_have_appended(client.config, error);
  if (means_stale_metadata(error)) client.memory.metadata_needed = true;
  const Verdict verdict = judge(client, batch, error);
  if (verdict != Verdict::fail) {
    queue_again(client, batch);
    if (verdict == Verdict::bump_epoch_and_retry) bump_producer_epoch(client, batch.partition);
    return;
  }
  give_up(client, batch, error);
  if (batch.first_sequence < 0) return;
  // Those behind it carry sequences that the leader will never expect.
  if (batch.maybe_appended) {
    partition.unresolved = true;
  } else {
    bump_producer_epoch(client, batch.partition);
  }
}

void expire_batches(Client& client) {
  expire_in(client, client.memory.accumulated, false);
  for (ProducerLink& link : client.memory.links) {
    for (ProducerRequest& request : link.in_flight) expire_in(client, request.batches, true);
  }
}

bool has_batches(const Client& client) {
  bool any = false;
  for_each_batch(client.memory, [&](const ProducerBatch&) { any = true; });
  return any;
}

void resolve_sequences(Client& client) {
  for (std::size_t number = 0; number != client.memory.partitions.size(); ++number) {
    ProducerPartition& partition = client.memory.partitions[number];
    if (!partition.unresolved) continue;
    const PartitionId id = client.context.config.partition_of(client.config.topic, static_cast<std::int32_t>(number));
    if (first_outstanding_sequence(client, id)) continue;
    if (partition.next_sequence == partition.last_acked_sequence + 1) {
      partition.unresolved = false;
    } else {
      bump_producer_epoch(client, id);
    }
  }
}

void end_retry_backoff(Client& client, std::int16_t slot) {
  for (ProducerBatch& batch : client.memory.accumulated) {
    if (batch.retry_slot == slot) batch.retry_slot = -1;
  }
}

void end_retry_backoffs(Client& client, PartitionId partition) {
  for (ProducerBatch& batch : client.memory.accumulated) {
    if (batch.partition != partition || batch.retry_slot < 0) continue;
    client.context.disarm({TimerKind::produce_retry, static_cast<std::uint16_t>(batch.retry_slot)});
    batch.retry_slot = -1;
  }
}

void end_linger(Client& client, std::int32_t partition_number) {
  for (ProducerBatch& batch : client.memory.accumulated) {
    if (number_of(client, batch.partition) == partition_number) batch.lingering = false;
  }
}

}  // namespace model
