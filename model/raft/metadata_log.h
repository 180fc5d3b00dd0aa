// The replicated log of the metadata quorum: batches, the leader-epoch cache and snapshots
// (raft/ReplicatedLog, core/raft/KafkaMetadataLog; KIP-595, KIP-630). Offsets count records; bounds are exclusive.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/ids.h"
#include "model/log.h"
#include "model/metadata/image.h"
#include "model/metadata/records.h"
#include "model/small_vec.h"
#include "model/time.h"
#include "model/value.h"

namespace model {

// Records that were appended together: they stay together, whatever is cut off.
struct MetadataBatch {
  Offset base_offset = 0;
  LeaderEpoch epoch = kNoEpoch;  // of the leader that appended it
  Instant appended;              // by that leader's clock
  SmallVec<MetadataRecord, 1> records;
  FIELDS(base_offset, epoch, appended, records);
  bool operator==(const MetadataBatch&) const = default;
  Offset end() const { return base_offset + static_cast<Offset>(records.size()); }
};

// The position of a log, compared epoch first (raft/OffsetAndEpoch). As the name of a snapshot: it holds every
// record below `offset`, the last of which has `epoch`.
struct OffsetAndEpoch {
  LeaderEpoch epoch = 0;
  Offset offset = 0;
  FIELDS(epoch, offset);
  auto operator<=>(const OffsetAndEpoch&) const = default;
};

struct Snapshot {
  OffsetAndEpoch id;
  MetadataImage image;
  Voters voters;  // in force at its end; empty: those of the configuration
  FIELDS(id, image, voters);
  bool operator==(const Snapshot&) const = default;
};

struct MetadataLog {
  std::vector<MetadataBatch> batches;
  SmallVec<EpochStart, 2> epochs;   // both members strictly increase
  std::vector<Snapshot> snapshots;  // by id; the last one is the latest
  Offset start = 0;                 // > 0: a snapshot ends exactly there
  Offset flushed = 0;               // <= end(); a power loss cuts the log to here
  FIELDS(batches, epochs, snapshots, start, flushed);
  bool operator==(const MetadataLog&) const = default;

  Offset end() const { return batches.empty() ? start : batches.back().end(); }
};

void append(MetadataLog& log, MetadataBatch batch);  // base_offset equals end()
// Notes that `epoch` begins at the end of the log, before any record of it exists (initializeLeaderEpoch).
void begin_epoch(MetadataLog& log, LeaderEpoch epoch);
// Drops whole batches at or beyond `offset` and the epochs that begin there.
void truncate(MetadataLog& log, Offset offset);
void lose_unflushed(MetadataLog& log);

// Latest epoch in the cache, else that of the snapshot which the empty log follows, else 0.
LeaderEpoch last_fetched_epoch(const MetadataLog& log);
OffsetAndEpoch position(const MetadataLog& log);  // last_fetched_epoch and end: what a vote compares
// The largest epoch <= `epoch` and where it ends (KafkaMetadataLog.endOffsetForEpoch).
OffsetAndEpoch end_of_epoch(const MetadataLog& log, LeaderEpoch epoch);

enum class Validity : std::uint8_t { valid, diverging, snapshot };
struct Validation {
  Validity kind = Validity::valid;
  OffsetAndEpoch at;  // diverging: where the fetcher's epoch ends here; snapshot: the one to load
};
Validation validate(const MetadataLog& log, Offset fetch_offset, LeaderEpoch last_epoch);
// Where a follower cuts its log when the leader has said `diverging` (truncateToEndOffset).
Offset truncation_point(const MetadataLog& log, OffsetAndEpoch diverging);

inline std::size_t first_batch_at(const MetadataLog& log, Offset from) { return first_batch_in(log.batches, from); }
const Snapshot* latest_snapshot(const MetadataLog& log);
// Everything is replaced by the snapshot (truncateToLatestSnapshot).
void start_from(MetadataLog& log, const Snapshot& snapshot);
// The log begins at the end of a snapshot that it holds; earlier records and snapshots are deleted.
void delete_before(MetadataLog& log, Offset snapshot_end);

}  // namespace model
