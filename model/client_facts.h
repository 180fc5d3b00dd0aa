// What clients tell: part of model/facts.h.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/errors.h"
#include "model/ids.h"
#include "model/value.h"

namespace model {

struct ProducerStarted {
  NO_FIELDS();
};
struct RecordsAcknowledged {
  PartitionId partition{};
  std::int32_t first_value = 0;
  std::int32_t count = 0;
  Offset base_offset = kUnknownOffset;  // unknown with acks=0 and for duplicates
  FIELDS(partition, first_value, count, base_offset);
};
// The client gave up on these records. `outcome_unknown`: they may have been appended all the same.
struct RecordsFailed {
  PartitionId partition{};
  std::int32_t first_value = 0;
  std::int32_t count = 0;
  ErrorCode error = ErrorCode::none;
  bool outcome_unknown = false;
  FIELDS(partition, first_value, count, error, outcome_unknown);
};

struct ConsumerStarted {
  NO_FIELDS();
};
// A consumer asks another broker than it asked before.
struct FetchesFrom {
  PartitionId partition{};
  NodeId broker = kNoNode;
  Offset offset = 0;
  FIELDS(partition, broker, offset);
};
// A consumer was told to read from another replica than the leader (KIP-392).
struct ReadReplicaPreferred {
  PartitionId partition{};
  NodeId broker = kNoNode;
  Offset offset = 0;
  FIELDS(partition, broker, offset);
};
// Handed to a consuming application: records of one batch, told by the consumer.
struct RecordsConsumed {
  PartitionId partition{};
  NodeId broker = kNoNode;  // that served them
  Offset base_offset = 0;
  std::int32_t count = 0;
  LeaderEpoch epoch = 0;
  NodeId producer = kNoNode;
  std::int32_t first_value = 0;
  FIELDS(partition, broker, base_offset, count, epoch, producer, first_value);
};
// Why a consumer goes on from somewhere else than where it was.
enum class ResetReason : std::uint8_t {
  no_position,   // it had none
  out_of_range,  // its leader's log does not reach its position, or no longer
  truncated,     // the records before its position are not its leader's (KIP-320)
};
std::string_view name_of(ResetReason reason);
struct PositionReset {
  PartitionId partition{};
  Offset from = kUnknownOffset;
  Offset to = 0;
  ResetReason reason{};
  FIELDS(partition, from, to, reason);
};
// The application got an exception and is gone: auto.offset.reset is none.
struct ConsumerFailed {
  PartitionId partition{};
  Offset position = kUnknownOffset;
  ResetReason reason{};
  FIELDS(partition, position, reason);
};
// A leader's answer to a consumer that asked where its log ends (ListOffsets, latest).
struct LatestOffsetAnswered {
  PartitionId partition{};
  NodeId consumer = kNoNode;
  Offset offset = 0;
  FIELDS(partition, consumer, offset);
};

}  // namespace model
