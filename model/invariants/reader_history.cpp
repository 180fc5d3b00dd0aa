#include "model/invariants/reader_history.h"

#include <algorithm>
#include <utility>

namespace model {
namespace {

std::size_t place_of(const ReaderHistory& history, const ClusterConfig& config, NodeId consumer, PartitionId p) {
  return config.consumer_index(consumer) * history.partitions + index(p);
}

template <typename Batches>
auto first_that_ends_after(const Batches& known, Offset offset) {
  return std::upper_bound(known.begin(), known.end(), offset,
                          [](Offset value, const Batch& batch) { return value < batch.end(); });
}

Batch part_of(Batch batch, Offset from, Offset to) {
  batch.first_value += static_cast<std::int32_t>(from - batch.base_offset);
  batch.base_offset = from;
  batch.count = static_cast<std::int32_t>(to - from);
  return batch;
}

// Only where nothing has been given yet: what was shown first is what later readers are compared with.
void note_shown(std::vector<Batch>& shown, const Batch& given) {
  Offset from = given.base_offset;
  while (from < given.end()) {
    const auto next = first_that_ends_after(shown, from);
    if (next != shown.end() && next->base_offset <= from) {
      from = next->end();
      continue;
    }
    const Offset to = next == shown.end() ? given.end() : std::min(given.end(), next->base_offset);
    Batch part = part_of(given, from, to);
    const auto at = shown.begin() + (next - shown.begin());
    Batch* before = at == shown.begin() ? nullptr : &*(at - 1);
    const bool joins = before != nullptr && before->end() == part.base_offset && before->epoch == part.epoch &&
                       before->producer == part.producer && before->first_value + before->count == part.first_value;
    if (joins) {
      before->count += part.count;
    } else {
      shown.insert(at, part);
    }
    from = to;
  }
}

}  // namespace

ReaderHistory make_reader_history(const ClusterConfig& config) {
  ReaderHistory history;
  if (config.consumers.empty()) return history;
  history.partitions = config.partitions.size();
  history.progress.resize(config.consumers.size() * history.partitions);
  history.shown.resize(history.partitions);
  history.shown_end.resize(history.partitions, 0);
  return history;
}

const ReaderProgress& progress_of(const ReaderHistory& history, const ClusterConfig& config, NodeId consumer,
                                  PartitionId p) {
  return history.progress[place_of(history, config, consumer, p)];
}
ReaderProgress& progress_of(ReaderHistory& history, const ClusterConfig& config, NodeId consumer, PartitionId p) {
  return const_cast<ReaderProgress&>(progress_of(std::as_const(history), config, consumer, p));
}

Batch batch_of(const RecordsConsumed& consumed) {
  Batch batch;
  batch.base_offset = consumed.base_offset;
  batch.count = consumed.count;
  batch.epoch = consumed.epoch;
  batch.producer = consumed.producer;
  batch.first_value = consumed.first_value;
  return batch;
}

Offset first_difference(std::span<const Batch> known, const Batch& given) {
  for (auto at = first_that_ends_after(known, given.base_offset); at != known.end(); ++at) {
    const Offset from = std::max(at->base_offset, given.base_offset);
    if (from >= given.end()) break;
    const bool same = at->epoch == given.epoch && at->producer == given.producer &&
                      at->first_value - at->base_offset == given.first_value - given.base_offset;
    if (!same) return from;
  }
  return given.end();
}

void observe(ReaderHistory& history, const ClusterConfig& config, NodeId teller, const Fact& fact) {
  if (history.progress.empty()) return;
  if (const auto* reset = std::get_if<PositionReset>(&fact)) {
    progress_of(history, config, teller, reset->partition).next = reset->to;
  }
  if (const auto* answered = std::get_if<LatestOffsetAnswered>(&fact)) {
    Offset& end = history.shown_end[index(answered->partition)];
    end = std::max(end, answered->offset);
  }
  const auto* consumed = std::get_if<RecordsConsumed>(&fact);
  if (consumed == nullptr) return;
  const Batch batch = batch_of(*consumed);
  progress_of(history, config, teller, consumed->partition).next = batch.end();
  Offset& end = history.shown_end[index(consumed->partition)];
  end = std::max(end, batch.end());
  note_shown(history.shown[index(consumed->partition)], batch);
}

}  // namespace model
