#include "model/invariants/acknowledged.h"

#include <algorithm>
#include <utility>

#include "model/invariants/view.h"

namespace model {
namespace {

// Sorted and merged, so that one pass answers for a whole range.
std::vector<AcknowledgedRange> values_in(const Log& log) {
  std::vector<AcknowledgedRange> held;
  for (const Batch& batch : log.batches) {
    held.push_back({batch.producer, batch.first_value, batch.first_value + batch.count});
  }
  std::sort(held.begin(), held.end(), [](const AcknowledgedRange& a, const AcknowledgedRange& b) {
    return a.producer != b.producer ? a.producer < b.producer
                                    : (a.first != b.first ? a.first < b.first : a.end < b.end);
  });
  std::vector<AcknowledgedRange> merged;
  for (const AcknowledgedRange& next : held) {
    if (!merged.empty() && merged.back().producer == next.producer && merged.back().end >= next.first) {
      merged.back().end = std::max(merged.back().end, next.end);
    } else {
      merged.push_back(next);
    }
  }
  return merged;
}

// The end of the stretch from `value` on that is held, or that is missing; at most `end`.
std::int32_t end_of_stretch(const std::vector<AcknowledgedRange>& held, NodeId producer, std::int32_t value,
                            std::int32_t end, bool& present) {
  present = false;
  for (const AcknowledgedRange& stretch : held) {
    if (stretch.producer != producer || stretch.end <= value) continue;
    present = stretch.first <= value;
    return std::min(end, present ? stretch.end : stretch.first);
  }
  return end;
}

// Why the value may be missing; `end` becomes the end of the stretch of which the same is true.
LossReason excuse_for(const PartitionHistory& past, NodeId producer, std::int32_t value, std::int32_t& end) {
  for (const ExcusedRange& range : past.excused) {
    if (range.producer != producer || range.end <= value) continue;
    if (range.first <= value) {
      end = std::min(end, range.end);
      return range.why;
    }
    end = std::min(end, range.first);
  }
  return LossReason::none;
}

}  // namespace

void find_lost(PartitionHistory& past, const View& view, PartitionId p, NodeId leader, LossReason reason,
               std::vector<RecordLost>& lost) {
  const std::vector<AcknowledgedRange> held = values_in(log_at(view, p, leader));
  std::vector<AcknowledgedRange> kept;
  for (const AcknowledgedRange& range : past.acknowledged) {
    for (std::int32_t value = range.first; value < range.end;) {
      bool present = false;
      std::int32_t end = end_of_stretch(held, range.producer, value, range.end, present);
      if (present) {
        kept.push_back({range.producer, value, end});
      } else {
        const Acks acks = view.config.producer(range.producer).acks;
        LossReason why = reason;
        if (why == LossReason::none && acks == Acks::leader) why = LossReason::acks;
        if (why == LossReason::none) why = excuse_for(past, range.producer, value, end);
        // Whoever held the old records of an epoch that was led on took them for the new ones.
        if (why == LossReason::none && past.reused_epoch != kNoEpoch) why = LossReason::power_loss;
        lost.push_back({p, range.producer, value, end - value, static_cast<std::int32_t>(acks), why});
      }
      value = end;
    }
  }
  past.acknowledged = std::move(kept);
}

void acknowledge(PartitionHistory& past, const ClusterConfig& config, NodeId producer,
                 const RecordsAcknowledged& told) {
  if (config.producer(producer).acks == Acks::none) return;
  const std::int32_t end = told.first_value + told.count;
  for (auto range = past.acknowledged.rbegin(); range != past.acknowledged.rend(); ++range) {
    if (range->producer != producer) continue;
    if (range->end != told.first_value) break;
    range->end = end;
    return;
  }
  past.acknowledged.push_back({producer, told.first_value, end});
}

void note_answer(PartitionHistory& past, const View& view, NodeId broker, const AcksAllAnswered& told) {
  const Partition* leader = leader_at(view, told.partition, broker);
  if (leader == nullptr) return;
  LossReason why = LossReason::none;
  if (leader->leader_epoch < past.loss_epoch) why = past.loss_reason;
  if (past.replicas[static_cast<std::size_t>(broker)].unaware_of_isr) why = LossReason::lost_isr_write;
  if (why == LossReason::none) return;
  const Log& log = log_at(view, told.partition, broker);
  for (std::size_t i = first_batch_at(log, told.base_offset); i < log.batches.size(); ++i) {
    const Batch& batch = log.batches[i];
    if (batch.base_offset >= told.base_offset + told.count) break;
    past.excused.push_back({batch.producer, batch.first_value, batch.first_value + batch.count, why});
  }
}

}  // namespace model
