// A replica's log: batches in offset order, and the leader-epoch cache that finds where two logs part
// (storage LeaderEpochFileCache, UnifiedLog). Bounds are exclusive: `end()` is the log end offset,
// the offset of the next record.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "model/ids.h"
#include "model/small_vec.h"
#include "model/value.h"

namespace model {

// Records that were appended together. A record is identified by (producer, value): the producer's
// client node and the running number of the record there, consecutive within a batch.
struct Batch {
  Offset base_offset = 0;
  std::int32_t count = 0;
  LeaderEpoch epoch = kNoEpoch;  // of the leader that appended it
  std::int32_t first_value = 0;
  std::int32_t first_sequence = -1;  // -1: not idempotent
  std::int16_t producer_epoch = -1;
  NodeId producer = kNoNode;
  Offset end() const { return base_offset + count; }
  FIELDS(base_offset, count, epoch, first_value, first_sequence, producer_epoch, producer);
  bool operator==(const Batch&) const = default;
};

struct EpochStart {
  LeaderEpoch epoch = kNoEpoch;
  Offset start = 0;
  FIELDS(epoch, start);
  bool operator==(const EpochStart&) const = default;
};

// Where an epoch ends. Undefined: epoch -1, end -1.
struct EpochEnd {
  LeaderEpoch epoch = kNoEpoch;
  Offset end = kUnknownOffset;
  FIELDS(epoch, end);
  bool operator==(const EpochEnd&) const = default;
};

struct Log {
  SmallVec<Batch, 2> batches;
  SmallVec<EpochStart, 2> epochs;  // both members strictly increase
  Offset start = 0;
  Offset flushed = 0;  // <= end(); a power loss cuts the log to here
  FIELDS(batches, epochs, start, flushed);
  bool operator==(const Log&) const = default;

  Offset end() const { return batches.empty() ? start : batches.back().end(); }
  LeaderEpoch latest_epoch() const { return epochs.empty() ? kNoEpoch : epochs.back().epoch; }
};

// Notes that `epoch` starts at `offset` unless the cache already ends with it. Entries that contradict
// the new one are dropped from the end (KAFKA-7415).
void assign_epoch(SmallVec<EpochStart, 2>& epochs, LeaderEpoch epoch, Offset offset);
inline void assign_epoch(Log& log, LeaderEpoch epoch, Offset offset) { assign_epoch(log.epochs, epoch, offset); }

// Appends a batch whose base_offset equals end() and whose epoch is stamped.
void append(Log& log, const Batch& batch);

// The largest epoch <= `epoch` that the cache knows and the offset at which the next one starts; the
// log end for the latest epoch; undefined if `epoch` is -1 or newer than all, or the cache is empty
// (KIP-279, LeaderEpochFileCache.endOffsetFor).
EpochEnd end_of_epoch(const Log& log, LeaderEpoch epoch);

// Removes every record at or beyond `offset` and the epochs that start there; cuts a batch that
// straddles it. Without effect on records when `offset` >= end().
void truncate(Log& log, Offset offset);

// Index of the first batch that holds `from` or lies beyond it; the number of batches if there is none.
template <typename Batches>
std::size_t first_batch_in(const Batches& batches, Offset from) {
  // Whoever keeps up asks for the last batch or beyond: look there before searching.
  const std::size_t size = batches.size();
  if (size == 0 || from >= batches.back().end()) return size;
  if (from >= batches.back().base_offset) return size - 1;
  const auto at = std::upper_bound(batches.begin(), batches.end(), from,
                                   [](Offset offset, const auto& batch) { return offset < batch.end(); });
  return static_cast<std::size_t>(at - batches.begin());
}
inline std::size_t first_batch_at(const Log& log, Offset from) { return first_batch_in(log.batches, from); }

}  // namespace model
