#include "model/invariants/log_pairs.h"

#include <algorithm>

namespace model {
namespace {

// Equal from `offset` on, as far as both reach.
bool same_stretch(const Batch& a, const Batch& b, Offset offset) {
  const auto value = [&](const Batch& batch) { return batch.first_value + (offset - batch.base_offset); };
  const auto sequence = [&](const Batch& batch) {
    return batch.first_sequence < 0 ? -1 : batch.first_sequence + (offset - batch.base_offset);
  };
  return a.epoch == b.epoch && a.producer == b.producer && a.producer_epoch == b.producer_epoch &&
         value(a) == value(b) && sequence(a) == sequence(b);
}

}  // namespace

LogPairs::LogPairs(const ClusterConfig& config)
    : brokers_(config.brokers.size() + 1), agreed_(config.partitions.size() * brokers_ * brokers_, 0) {}

void LogPairs::cut(PartitionId p, NodeId replica, Offset end) {
  for (std::size_t other = 0; other < brokers_; ++other) {  // kCommitted is one of them
    Offset& known = agreed(p, replica, NodeId(static_cast<std::uint8_t>(other)));
    known = std::min(known, end);
  }
}

Offset LogPairs::compare(Offset& known, const Log& log_a, const Log& log_b, Offset end) {
  std::size_t i = first_batch_at(log_a, known);
  std::size_t j = first_batch_at(log_b, known);
  while (known < end && same_stretch(log_a.batches[i], log_b.batches[j], known)) {
    known = std::min(log_a.batches[i].end(), log_b.batches[j].end());
    if (log_a.batches[i].end() == known) ++i;
    if (log_b.batches[j].end() == known) ++j;
  }
  return std::min(known, end);
}

bool same_record(const Batch& a, const Batch& b, Offset offset) { return same_stretch(a, b, offset); }

const Batch* batch_at(const Log& log, Offset offset) {
  if (offset < log.start || offset >= log.end()) return nullptr;
  return &log.batches[first_batch_at(log, offset)];
}

LeaderEpoch epoch_at(const Log& log, Offset offset) {
  const Batch* batch = batch_at(log, offset);
  return batch == nullptr ? kNoEpoch : batch->epoch;
}

}  // namespace model
