#include "model/log.h"

#include <algorithm>

namespace model {

void assign_epoch(SmallVec<EpochStart, 2>& epochs, LeaderEpoch epoch, Offset offset) {
  if (!epochs.empty() && epochs.back().epoch == epoch && offset >= epochs.back().start) return;
  while (!epochs.empty() && (epochs.back().epoch >= epoch || epochs.back().start >= offset)) epochs.pop_back();
  epochs.push_back({epoch, offset});
}

void append(Log& log, const Batch& batch) {
  ENSURE(batch.base_offset == log.end());
  ENSURE(batch.count > 0);
  assign_epoch(log, batch.epoch, batch.base_offset);
  log.batches.push_back(batch);
}

EpochEnd end_of_epoch(const Log& log, LeaderEpoch epoch) {
  if (epoch == kNoEpoch || log.epochs.empty()) return {};
  if (epoch == log.epochs.back().epoch) return {epoch, log.end()};
  const EpochStart* next =
      std::find_if(log.epochs.begin(), log.epochs.end(), [&](const EpochStart& entry) { return entry.epoch > epoch; });
  if (next == log.epochs.end()) return {};
  if (next == log.epochs.begin()) return {epoch, next->start};
  return {(next - 1)->epoch, next->start};
}

void truncate(Log& log, Offset offset) {
  while (!log.epochs.empty() && log.epochs.back().start >= std::min(offset, log.end())) log.epochs.pop_back();
  if (offset >= log.end()) return;
  while (!log.batches.empty() && log.batches.back().base_offset >= offset) log.batches.pop_back();
  if (!log.batches.empty() && log.batches.back().end() > offset) {
    Batch& last = log.batches.back();
    last.count = static_cast<std::int32_t>(offset - last.base_offset);
  }
  if (log.batches.empty()) log.start = std::min(log.start, offset);
  log.flushed = std::min(log.flushed, offset);
}

}  // namespace model
