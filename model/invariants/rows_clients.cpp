// What producers were told, and what becomes of what they sent.
#include <algorithm>
#include <array>
#include <limits>

#include "model/invariants/rows.h"

namespace model {
namespace {

bool loss_has_a_reason(const View& view, const Told& told, Breach& breach) {
  const auto& lost = std::get<RecordLost>(told.fact);
  if (lost.reason != LossReason::none) return true;
  breach = {told.teller, true, lost.partition, {}};
  breach.what = (told.teller == kNoNode ? "nobody" : name_of(view, told.teller)) + " leads without " +
                std::to_string(lost.count) + (lost.count == 1 ? " record" : " records") + " from value " +
                std::to_string(lost.first_value) + " on that " + name_of(view, lost.producer) +
                " had been told are safe";
  return false;
}

std::string values_text(const Batch& batch) {
  return "values " + std::to_string(batch.first_value) + " to " + std::to_string(batch.first_value + batch.count - 1);
}

// Calls visit(batch) for the stretches that the current leader's move of its high watermark commits.
// False as soon as visit is.
template <typename Visit>
bool each_newly_committed(const View& view, const Told& told, Visit&& visit) {
  const auto& moved = std::get<HighWatermarkMoved>(told.fact);
  const PartitionHistory& past = history_of(view, moved.partition);
  if (!moved.as_leader || past.loss != LossReason::none) return true;
  if (current_leader(view, moved.partition) != told.teller) return true;
  const Log& log = log_at(view, moved.partition, told.teller);
  for (std::size_t i = first_batch_at(log, past.committed.end()); i < log.batches.size(); ++i) {
    Batch batch = log.batches[i];
    if (batch.base_offset >= moved.to) break;
    const Offset end = std::min(batch.end(), moved.to);
    const auto skipped = static_cast<std::int32_t>(std::max<Offset>(0, past.committed.end() - batch.base_offset));
    batch.base_offset += skipped;
    batch.first_value += skipped;
    batch.count = static_cast<std::int32_t>(end - batch.base_offset);
    if (batch.count > 0 && !visit(batch)) return false;
  }
  return true;
}

bool is_refused(const PartitionHistory& past, NodeId producer, std::int32_t first, std::int32_t end) {
  return std::any_of(past.refused.begin(), past.refused.end(), [&](const AcknowledgedRange& range) {
    return range.producer == producer && range.first < end && first < range.end;
  });
}

bool committed_was_sent(const View& view, const Told& told, Breach& breach) {
  const PartitionId p = *partition_of(told.fact);
  const PartitionHistory& past = history_of(view, p);
  breach = {told.teller, true, p, {}};
  if (const auto* failed = std::get_if<RecordsFailed>(&told.fact)) {
    if (failed->outcome_unknown) return true;
    const std::int32_t end = failed->first_value + failed->count;
    for (auto batch = past.committed.batches.end(); batch != past.committed.batches.begin();) {
      --batch;
      if (batch->producer != told.teller || batch->first_value >= end ||
          batch->first_value + batch->count <= failed->first_value) {
        continue;
      }
      breach.what = name_of(view, told.teller) + " is told that " + values_text(*batch) +
                    " were not written; they are committed at offset " + std::to_string(batch->base_offset);
      return false;
    }
    return true;
  }
  return each_newly_committed(view, told, [&](const Batch& batch) {
    const auto& producer = std::get<Producer>(view.nodes[static_cast<std::size_t>(batch.producer)]);
    if (batch.first_value + batch.count > producer.memory.next_value) {
      breach.what = values_text(batch) + " are committed, which " + name_of(view, batch.producer) + " never sent";
      return false;
    }
    if (!is_refused(past, batch.producer, batch.first_value, batch.first_value + batch.count)) return true;
    breach.what = values_text(batch) + " are committed at offset " + std::to_string(batch.base_offset) + ", although " +
                  name_of(view, batch.producer) + " had been told that they were not written";
    return false;
  });
}

std::int32_t committed_end(const View& view, const PartitionHistory& past, NodeId producer) {
  return past.committed_values[static_cast<std::size_t>(producer) - 1 - view.config.brokers.size()];
}

// The committed batch that holds one of these values already.
const Batch* earlier_copy(const PartitionHistory& past, const Batch& batch) {
  for (const Batch& held : past.committed.batches) {
    if (held.producer == batch.producer && held.first_value < batch.first_value + batch.count &&
        batch.first_value < held.first_value + held.count) {
      return &held;
    }
  }
  return nullptr;
}

// After the client has given itself a new producer epoch, a record of unknown outcome may come twice.
bool committed_once(const View& view, const Told& told, Breach& breach) {
  const PartitionHistory& past = history_of(view, *partition_of(told.fact));
  return each_newly_committed(view, told, [&](const Batch& batch) {
    if (!view.config.producer(batch.producer).enable_idempotence) return true;
    if (batch.first_value >= committed_end(view, past, batch.producer)) return true;
    const Batch* copy = earlier_copy(past, batch);
    if (copy == nullptr || copy->producer_epoch != batch.producer_epoch) return true;
    breach = {told.teller, true, *partition_of(told.fact), {}};
    breach.what = values_text(batch) + " of " + name_of(view, batch.producer) + " are committed at offset " +
                  std::to_string(batch.base_offset) + " and, before, at offset " + std::to_string(copy->base_offset);
    return false;
  });
}

// A leader whose log holds nothing of a producer takes any first sequence: of two batches in flight while it
// becomes leader it may refuse the first and take the second (KAFKA-15591, open in every version modelled).
bool began_in_the_middle(const PartitionHistory& past, NodeId producer) {
  for (const Batch& held : past.committed.batches) {
    if (held.producer == producer) return held.first_sequence > 0;
  }
  return false;
}

bool committed_in_order(const View& view, const Told& told, Breach& breach) {
  const PartitionHistory& past = history_of(view, *partition_of(told.fact));
  return each_newly_committed(view, told, [&](const Batch& batch) {
    if (!view.config.producer(batch.producer).enable_idempotence) return true;
    if (batch.first_value >= committed_end(view, past, batch.producer)) return true;
    if (earlier_copy(past, batch) != nullptr || began_in_the_middle(past, batch.producer)) return true;
    breach = {told.teller, true, *partition_of(told.fact), {}};
    breach.what = values_text(batch) + " of " + name_of(view, batch.producer) + " are committed at offset " +
                  std::to_string(batch.base_offset) + ", behind later ones";
    return false;
  });
}

bool has_acknowledged(const View& view, const Told& told) {
  return !history_of(view, std::get<BecameLeader>(told.fact).partition).acknowledged.empty();
}
bool commits(const View&, const Told& told) { return std::get<HighWatermarkMoved>(told.fact).as_leader; }
bool is_definite(const View&, const Told& told) { return !std::get<RecordsFailed>(told.fact).outcome_unknown; }

constexpr std::array<std::string_view, 20> kAckedLost{"election-outside-isr",
                                                      "stamps-older-epoch",
                                                      "commits-alone",
                                                      "acknowledges-at-append",
                                                      "never-truncates",
                                                      "elected-leader-not-in-isr",
                                                      "truncates-to-high-watermark",
                                                      "election-keeps-leader-epoch",
                                                      "high-watermark-assumes-pending-shrink",
                                                      "isr-write-unchecked",
                                                      "joins-isr-at-once",
                                                      "leader-epoch-from-controller-epoch",
                                                      "skips-truncation-for-same-leader",
                                                      "truncates-by-epoch-end-only",
                                                      "quorum-minority-elects",
                                                      "leader-drops-unconfirmed",
                                                      "broker-epoch-reused",
                                                      "kraft-election-keeps-leader-epoch",
                                                      "kraft-election-outside-isr",
                                                      "elr-kept"};
constexpr std::array<std::string_view, 1> kPhantom{"min-isr-checked-after-append"};
constexpr std::array<std::string_view, 3> kDuplicate{"duplicates-appended", "retries-with-new-sequence",
                                                     "sequence-gaps-taken"};
constexpr std::array<std::string_view, 2> kOrder{"sequence-gaps-taken", "retries-with-new-sequence"};

const std::array kRows{
    Invariant{
        .name = "acked-record-not-lost",
        .promise = "A record acknowledged with acks=all is in the log of every later leader.",
        .precondition = "a broker begins to lead after records were acknowledged",
        .facts = facts_of<RecordLost>(),
        .exposed_by = facts_of<BecameLeader>(),
        .occurs = has_acknowledged,
        .allows = loss_has_a_reason,
        .broken_by = kAckedLost,
    },
    Invariant{
        .name = "no-phantom",
        .promise = "Nothing is committed that was never sent, or that its producer was told had not been written.",
        .precondition = "a producer gives up on records as not written",
        .facts = facts_of<HighWatermarkMoved, RecordsFailed>(),
        .exposed_by = facts_of<RecordsFailed>(),
        .occurs = is_definite,
        .allows = committed_was_sent,
        .broken_by = kPhantom,
    },
    Invariant{
        .name = "no-duplicate",
        .promise = "A record of an idempotent producer is committed once.",
        .precondition = "a leader's high watermark moves",
        .facts = facts_of<HighWatermarkMoved>(),
        .exposed_by = facts_of<HighWatermarkMoved>(),
        .occurs = commits,
        .allows = committed_once,
        .broken_by = kDuplicate,
    },
    Invariant{
        .name = "committed-order",
        .promise = "Records of an idempotent producer are committed in the order in which it sent them, from the first "
                   "on that a leader knows (KAFKA-15591).",
        .precondition = "a leader's high watermark moves",
        .facts = facts_of<HighWatermarkMoved>(),
        .exposed_by = facts_of<HighWatermarkMoved>(),
        .occurs = commits,
        .allows = committed_in_order,
        .broken_by = kOrder,
    },
};

}  // namespace

std::span<const Invariant> client_rows() { return kRows; }

}  // namespace model
