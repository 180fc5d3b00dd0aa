#include "model/raft/metadata_log.h"

#include <algorithm>
#include <utility>

#include "model/ensure.h"

namespace model {

void append(MetadataLog& log, MetadataBatch batch) {
  ENSURE(batch.base_offset == log.end());
  ENSURE(!batch.records.empty());
  assign_epoch(log.epochs, batch.epoch, batch.base_offset);
  log.batches.push_back(std::move(batch));
}

void begin_epoch(MetadataLog& log, LeaderEpoch epoch) { assign_epoch(log.epochs, epoch, log.end()); }

void truncate(MetadataLog& log, Offset offset) {
  ENSURE(offset >= log.start);
  while (!log.batches.empty() && log.batches.back().end() > offset) log.batches.pop_back();
  const Offset kept = std::min(offset, log.end());
  while (!log.epochs.empty() && log.epochs.back().start >= kept) log.epochs.pop_back();
  log.flushed = std::min(log.flushed, log.end());
}

void lose_unflushed(MetadataLog& log) {
  if (log.flushed < log.end()) truncate(log, std::max(log.flushed, log.start));
}

LeaderEpoch last_fetched_epoch(const MetadataLog& log) {
  if (!log.epochs.empty()) return log.epochs.back().epoch;
  const Snapshot* latest = latest_snapshot(log);
  return latest != nullptr && latest->id.offset == log.end() ? latest->id.epoch : 0;
}

OffsetAndEpoch position(const MetadataLog& log) { return {last_fetched_epoch(log), log.end()}; }

OffsetAndEpoch end_of_epoch(const MetadataLog& log, LeaderEpoch epoch) {
  if (log.epochs.empty() || epoch > log.epochs.back().epoch) return position(log);
  if (epoch == log.epochs.back().epoch) return {epoch, log.end()};
  const EpochStart* next = std::find_if(log.epochs.begin(), log.epochs.end(),
                                        [epoch](const EpochStart& entry) { return entry.epoch > epoch; });
  const OffsetAndEpoch found{next == log.epochs.begin() ? epoch : (next - 1)->epoch, next->start};
  // Below everything that the log has: what precedes it is in the oldest snapshot.
  if (!log.snapshots.empty() && found.offset == log.snapshots.front().id.offset && found.epoch == epoch) {
    return log.snapshots.front().id;
  }
  return found;
}

Validation validate(const MetadataLog& log, Offset fetch_offset, LeaderEpoch last_epoch) {
  if (log.start == 0 && fetch_offset == 0) return {};
  if (!log.snapshots.empty()) {
    const OffsetAndEpoch earliest = log.snapshots.front().id;
    if (fetch_offset < log.start || (fetch_offset == log.start && last_epoch != earliest.epoch) ||
        last_epoch < earliest.epoch) {
      return {Validity::snapshot, log.snapshots.back().id};
    }
  }
  const OffsetAndEpoch end = end_of_epoch(log, last_epoch);
  if (end.epoch != last_epoch || end.offset < fetch_offset) return {Validity::diverging, end};
  return {};
}

Offset truncation_point(const MetadataLog& log, OffsetAndEpoch diverging) {
  if (diverging.epoch == 0) return std::min(diverging.offset, log.end());
  const OffsetAndEpoch own = end_of_epoch(log, diverging.epoch);
  return own.epoch == diverging.epoch ? std::min(own.offset, diverging.offset) : own.offset;
}

const Snapshot* latest_snapshot(const MetadataLog& log) {
  return log.snapshots.empty() ? nullptr : &log.snapshots.back();
}

void start_from(MetadataLog& log, const Snapshot& snapshot) {
  Snapshot kept = snapshot;  // it may be the log's own
  log = {};
  log.start = log.flushed = kept.id.offset;
  log.snapshots.push_back(std::move(kept));
}

void delete_before(MetadataLog& log, Offset snapshot_end) {
  ENSURE(snapshot_end <= log.end());
  const auto is_older = [snapshot_end](const Snapshot& snapshot) { return snapshot.id.offset < snapshot_end; };
  std::erase_if(log.snapshots, is_older);
  ENSURE(!log.snapshots.empty() && log.snapshots.front().id.offset == snapshot_end);
  const Offset end = log.end();
  const auto kept = log.batches.begin() + static_cast<std::ptrdiff_t>(first_batch_at(log, snapshot_end));
  log.batches.erase(log.batches.begin(), kept);
  log.start = snapshot_end;
  ENSURE(log.end() == end);
  while (log.epochs.size() > 1 && log.epochs[1].start <= snapshot_end) log.epochs.erase(log.epochs.begin());
  if (!log.epochs.empty()) log.epochs[0].start = std::max(log.epochs[0].start, snapshot_end);
}

}  // namespace model
