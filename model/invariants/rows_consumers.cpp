// What consumers are given: committed records, each once, in order, whoever serves them.
#include <algorithm>
#include <array>

#include "model/invariants/rows.h"

namespace model {
namespace {

// After an election that may lose records offsets are given anew, and nothing here is promised.
bool may_have_lost(const PartitionHistory& past) {
  return past.loss != LossReason::none || past.loss_epoch != kNoEpoch;
}

// Somebody counts as committed what the others do not, for a reason that another row knows.
bool somebody_cannot_know(const PartitionHistory& past) {
  return !past.left_out.empty() || !past.behind.empty() ||
         std::any_of(past.replicas.begin(), past.replicas.end(),
                     [](const ReplicaHistory& replica) { return replica.unaware_of_isr; });
}

std::string by_whom(const View& view, const RecordsConsumed& consumed) {
  return " from " + name_of(view, consumed.broker);
}

// A deposed leader that has not heard of it goes on counting what the whole ISR has, and shows it: as long as the
// leader that is named now has it too, that is as good as committed (see zombie-harmless).
bool is_held_by_successor(const View& view, const PartitionHistory& past, PartitionId p, const Batch& given) {
  if (given.epoch >= past.stored.leader_epoch) return false;
  if (past.stored.leader == kNoNode || misses_what_it_lost(view, p, past.stored.leader)) return true;
  const Log& log = log_at(view, p, past.stored.leader);
  return log.end() >= given.end() && first_difference({log.batches.begin(), log.batches.size()}, given) >= given.end();
}

bool reads_are_committed(const View& view, const Told& told, Breach& breach) {
  const auto& consumed = std::get<RecordsConsumed>(told.fact);
  const PartitionHistory& past = history_of(view, consumed.partition);
  if (may_have_lost(past) || somebody_cannot_know(past) || epochs_are_reused(view, consumed.partition)) return true;
  const Batch given = batch_of(consumed);
  breach = {consumed.broker, true, consumed.partition, {}};
  if (given.end() > past.committed.end() && !is_held_by_successor(view, past, consumed.partition, given)) {
    breach.what = name_of(view, told.teller) + " is given offset " + offset_text(given.end() - 1) +
                  by_whom(view, consumed) + "; only offsets below " + offset_text(past.committed.end()) +
                  " are committed";
    return false;
  }
  const Offset other = first_difference({past.committed.batches.begin(), past.committed.batches.size()}, given);
  if (other >= given.end()) return true;
  breach.what = name_of(view, told.teller) + " is given another record at offset " + offset_text(other) +
                by_whom(view, consumed) + " than the one that is committed there";
  return false;
}

bool reads_repeat(const View& view, const Told& told, Breach& breach) {
  const auto& consumed = std::get<RecordsConsumed>(told.fact);
  if (may_have_lost(history_of(view, consumed.partition)) || epochs_are_reused(view, consumed.partition)) return true;
  const Batch given = batch_of(consumed);
  const Offset other = first_difference(view.history.readers.shown[index(consumed.partition)], given);
  if (other >= given.end()) return true;
  breach = {consumed.broker, true, consumed.partition, {}};
  breach.what = name_of(view, told.teller) + " is given another record at offset " + offset_text(other) +
                by_whom(view, consumed) + " than was given there before";
  return false;
}

bool nothing_is_left_out(const View& view, const Told& told, Breach& breach) {
  const auto& consumed = std::get<RecordsConsumed>(told.fact);
  const Offset next = progress_of(view.history.readers, view.config, told.teller, consumed.partition).next;
  if (consumed.base_offset == next) return true;
  breach = {consumed.broker, true, consumed.partition, {}};
  breach.what = name_of(view, told.teller) + " is given offset " + offset_text(consumed.base_offset) +
                by_whom(view, consumed) + " and not " + offset_text(next) + ", which comes next";
  return false;
}

bool position_is_kept(const View& view, const Told& told, Breach& breach) {
  const auto* reset = std::get_if<PositionReset>(&told.fact);
  const auto* failed = std::get_if<ConsumerFailed>(&told.fact);
  const ResetReason reason = reset != nullptr ? reset->reason : failed->reason;
  const PartitionId p = *partition_of(told.fact);
  const PartitionHistory& past = history_of(view, p);
  if (reason == ResetReason::no_position || may_have_lost(past) || somebody_cannot_know(past)) return true;
  breach = {kNoNode, true, p, {}};
  breach.what = name_of(view, told.teller) + " loses its position " +
                offset_text(reset != nullptr ? reset->from : failed->position) +
                ", although no committed record was lost";
  return false;
}

bool latest_offset_is_kept(const View& view, const Told& told, Breach& breach) {
  const auto& answered = std::get<LatestOffsetAnswered>(told.fact);
  const PartitionHistory& past = history_of(view, answered.partition);
  // A deposed leader that does not know it yet tells what it knows.
  if (may_have_lost(past) || somebody_cannot_know(past) || current_leader(view, answered.partition) != told.teller) {
    return true;
  }
  const Offset shown = view.history.readers.shown_end[index(answered.partition)];
  if (answered.offset >= shown) return true;
  breach = {told.teller, true, answered.partition, {}};
  breach.what = name_of(view, told.teller) + " tells " + name_of(view, answered.consumer) + " that its log ends at " +
                offset_text(answered.offset) + "; offsets below " + offset_text(shown) + " have been seen";
  return false;
}

// --- preconditions --------------------------------------------------------------------------------

bool serves_follower(const View& view, const Told& told) {
  const auto& consumed = std::get<RecordsConsumed>(told.fact);
  return leader_at(view, consumed.partition, consumed.broker) == nullptr;
}
bool is_given_again(const View& view, const Told& told) {
  const auto& consumed = std::get<RecordsConsumed>(told.fact);
  return consumed.base_offset < view.history.readers.shown_end[index(consumed.partition)];
}
bool loses_position(const View&, const Told& told) {
  const auto* fetches = std::get_if<FetchesFrom>(&told.fact);
  return fetches != nullptr && fetches->offset > 0;
}
bool epoch_is_young(const View& view, const Told& told) {
  const auto& answered = std::get<LatestOffsetAnswered>(told.fact);
  return history_of(view, answered.partition).stored.leader_epoch > 0;
}

constexpr std::array<std::string_view, 1> kCommittedReads{"consumers-see-uncommitted"};
constexpr std::array<std::string_view, 2> kRepeatable{"consumers-see-uncommitted", "election-outside-isr"};
constexpr std::array<std::string_view, 1> kWithoutGaps{"late-fetches-accepted"};
constexpr std::array<std::string_view, 2> kPositions{"consumers-see-uncommitted", "follower-resets-consumer"};
constexpr std::array<std::string_view, 2> kLatest{"latest-offset-of-new-leader", "consumers-see-uncommitted"};

const std::array kRows{
    Invariant{
        .name = "committed-reads",
        .promise = "A consumer is given committed records only, by a leader and by a follower.",
        .precondition = "a consumer is given records",
        .facts = facts_of<RecordsConsumed>(),
        .exposed_by = facts_of<RecordsConsumed>(),
        .allows = reads_are_committed,
        .broken_by = kCommittedReads,
    },
    Invariant{
        .name = "repeatable-reads",
        .promise = "Whoever reads an offset is given the record that others were given there.",
        .precondition = "an offset is read that has been read before",
        .facts = facts_of<RecordsConsumed>(),
        .exposed_by = facts_of<RecordsConsumed>(),
        .occurs = is_given_again,
        .allows = reads_repeat,
        .broken_by = kRepeatable,
    },
    Invariant{
        .name = "reads-without-gaps",
        .promise = "A consumer is given offset after offset, none twice and none left out, unless it is told.",
        .precondition = "a follower serves a consumer",
        .facts = facts_of<RecordsConsumed>(),
        .exposed_by = facts_of<RecordsConsumed>(),
        .occurs = serves_follower,
        .allows = nothing_is_left_out,
        .broken_by = kWithoutGaps,
    },
    Invariant{
        .name = "positions-kept",
        .promise = "A consumer loses its position only where records were lost.",
        .precondition = "a consumer with a position turns to another broker",
        .facts = facts_of<PositionReset, ConsumerFailed>(),
        .exposed_by = facts_of<FetchesFrom>(),
        .occurs = loses_position,
        .allows = position_is_kept,
        .broken_by = kPositions,
    },
    Invariant{
        .name = "latest-offset-kept",
        .promise = "The latest offset that a leader tells never goes back.",
        .precondition = "a later leader is asked for its latest offset",
        .facts = facts_of<LatestOffsetAnswered>(),
        .exposed_by = facts_of<LatestOffsetAnswered>(),
        .occurs = epoch_is_young,
        .allows = latest_offset_is_kept,
        .broken_by = kLatest,
    },
};

}  // namespace

std::span<const Invariant> consumer_rows() { return kRows; }

}  // namespace model
