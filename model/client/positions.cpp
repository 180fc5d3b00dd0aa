#include "model/client/positions.h"

#include "model/rules.h"

namespace model {
namespace {

TimerKey of_partition(const Reader& reader, TimerKind kind, PartitionId id) {
  return {kind, static_cast<std::uint16_t>(reader.context.config.partitions[index(id)].number)};
}

// The application gets an exception (NoOffsetForPartitionException, OffsetOutOfRangeException,
// LogTruncationException) and does not survive it.
void fail(Reader& reader, const ConsumerPartition& partition, PartitionId id, ResetReason reason) {
  reader.memory.failed = true;
  reader.context.tell(ConsumerFailed{id, partition.position, reason});
}

void request_reset(Reader& reader, ConsumerPartition& partition, PartitionId id, ResetReason reason) {
  if (reader.config.auto_offset_reset == OffsetReset::none) return fail(reader, partition, id, reason);
  partition.state = PositionState::awaits_reset;
  partition.reset_reason = reason;
  partition.waits = false;
}

void settle_at(Reader& reader, ConsumerPartition& partition, PartitionId id, Offset offset, LeaderEpoch epoch,
               ResetReason reason) {
  reader.context.tell(PositionReset{id, partition.position, offset, reason});
  partition.position = offset;
  partition.position_epoch = epoch;
}

// SubscriptionState.FetchPosition: the record before has a known epoch, and so has the leader.
bool can_be_validated(const Reader& reader, const ConsumerPartition& partition) {
  return reader.context.rules.consumers_validate_positions && partition.position_epoch != kNoEpoch &&
         partition.position_leader_epoch != kNoEpoch;
}

void hand_over(Reader& reader, ConsumerPartition& partition, NodeId from, const FetchData& data) {
  for (const Batch& batch : data.records) {
    reader.context.tell(RecordsConsumed{data.partition, from, batch.base_offset, batch.count, batch.epoch,
                                        batch.producer, batch.first_value});
    partition.position = batch.end();
    partition.position_epoch = batch.epoch;
  }
}

// FetchUtils.requestMetadataUpdate.
void look_for_leader(Reader& reader, ConsumerPartition& partition, PartitionId id) {
  reader.memory.metadata_needed = true;
  forget_preferred(reader, partition, id);
}

// FetchCollector.handleInitializeErrors.
void take_fetch_error(Reader& reader, ConsumerPartition& partition, PartitionId id, ErrorCode error) {
  if (error == ErrorCode::unknown_leader_epoch) return;  // the broker will know soon: asked again
  if (error != ErrorCode::offset_out_of_range) return look_for_leader(reader, partition, id);
  // A replica that lags does not know what its leader has: its word resets nothing.
  if (partition.preferred != kNoNode && reader.context.rules.consumers_doubt_lagging_replicas) {
    return forget_preferred(reader, partition, id);
  }
  request_reset(reader, partition, id, ResetReason::out_of_range);
}

}  // namespace

ConsumerPartition& partition_of(Reader& reader, PartitionId id) {
  return reader.memory.partitions[static_cast<std::size_t>(reader.context.config.partitions[index(id)].number)];
}

void follow_leader(Reader& reader, ConsumerPartition& partition, PartitionId id) {
  if (partition.state == PositionState::awaits_reset && partition.position == kUnknownOffset &&
      reader.config.auto_offset_reset == OffsetReset::none) {
    return fail(reader, partition, id, ResetReason::no_position);
  }
  if (partition.state == PositionState::awaits_reset || partition.leader == kNoNode) return;
  const bool is_same =
      partition.leader == partition.position_leader && partition.leader_epoch == partition.position_leader_epoch;
  if (is_same) return;
  partition.position_leader = partition.leader;
  partition.position_leader_epoch = partition.leader_epoch;
  partition.waits = false;
  forget_preferred(reader, partition, id);
  partition.state = can_be_validated(reader, partition) ? PositionState::awaits_validation : PositionState::fetching;
}

void forget_preferred(Reader& reader, ConsumerPartition& partition, PartitionId id) {
  if (partition.preferred == kNoNode) return;
  partition.preferred = kNoNode;
  reader.context.disarm(of_partition(reader, TimerKind::preferred_replica_lease, id));
}

void wait_with_position(Reader& reader, ConsumerPartition& partition, PartitionId id) {
  reader.memory.metadata_needed = true;
  partition.waits = true;
  const Backoff wait = backoff(reader.config.retry_backoff, reader.config.retry_backoff_max, 0);
  reader.context.arm(of_partition(reader, TimerKind::position_retry, id), wait.shortest, wait.longest);
}

void take_offsets(Reader& reader, const ConsumerRequest& request, const ListOffsetsResponse& answer) {
  const PartitionId id = request.partitions.front().partition;
  ConsumerPartition& partition = partition_of(reader, id);
  if (partition.state != PositionState::awaits_reset) return;
  if (answer.error != ErrorCode::none) return wait_with_position(reader, partition, id);
  const bool earliest = reader.config.auto_offset_reset == OffsetReset::earliest;
  settle_at(reader, partition, id, earliest ? answer.log_start : answer.log_end,
            earliest ? answer.start_epoch : answer.end_epoch, partition.reset_reason);
  // Where it is now is looked up at the leader like any other position (SubscriptionState.maybeSeekUnvalidated).
  partition.position_leader = partition.leader;
  partition.position_leader_epoch = partition.leader_epoch;
  partition.state = can_be_validated(reader, partition) ? PositionState::awaits_validation : PositionState::fetching;
}

void take_epoch_end(Reader& reader, const ConsumerRequest& request, const OffsetsForLeaderEpochResponse& answer) {
  const FetchPartition& asked = request.partitions.front();
  ConsumerPartition& partition = partition_of(reader, asked.partition);
  if (partition.state != PositionState::awaits_validation || answer.partitions.empty()) return;
  // The leader has changed since: the question is asked again, of the new one.
  const bool is_current = partition.position == asked.fetch_offset &&
                          partition.position_epoch == asked.last_fetched_epoch &&
                          partition.position_leader_epoch == asked.current_leader_epoch;
  if (!is_current) return;
  const EpochAnswer& entry = answer.partitions.front();
  if (entry.error != ErrorCode::none) return wait_with_position(reader, partition, asked.partition);
  if (entry.end.epoch == kNoEpoch) return request_reset(reader, partition, asked.partition, ResetReason::truncated);
  if (entry.end.end < partition.position) {
    if (reader.config.auto_offset_reset == OffsetReset::none) {
      return fail(reader, partition, asked.partition, ResetReason::truncated);
    }
    settle_at(reader, partition, asked.partition, entry.end.end, entry.end.epoch, ResetReason::truncated);
  }
  partition.state = PositionState::fetching;
}

void take_fetched(Reader& reader, NodeId from, const FetchPartition& asked, const FetchData& data) {
  ConsumerPartition& partition = partition_of(reader, asked.partition);
  // A position that moved meanwhile wants other records (FetchCollector.initialize).
  const bool is_there = partition.position == asked.fetch_offset || !reader.context.rules.consumers_check_fetch_offset;
  if (partition.state != PositionState::fetching || !is_there) return;
  if (data.error != ErrorCode::none) return take_fetch_error(reader, partition, asked.partition, data.error);
  if (data.preferred_read_replica != kNoNode) {
    partition.preferred = data.preferred_read_replica;
    reader.context.tell(ReadReplicaPreferred{asked.partition, partition.preferred, partition.position});
    reader.context.arm(of_partition(reader, TimerKind::preferred_replica_lease, asked.partition),
                       reader.config.metadata_max_age);
  }
  hand_over(reader, partition, from, data);
}

}  // namespace model
