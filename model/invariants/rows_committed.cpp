// What has been committed stays, whoever leads.
#include <algorithm>
#include <array>
#include <limits>

#include "model/invariants/rows.h"

namespace model {
namespace {

constexpr Offset kNoBound = std::numeric_limits<Offset>::max();

bool leader_is_complete(const View& view, PartitionId p, Breach& breach) {
  const PartitionHistory& past = history_of(view, p);
  const NodeId id = current_leader(view, p);
  if (id == kNoNode || past.loss != LossReason::none || epochs_are_reused(view, p)) return true;
  const Offset committed = past.committed.end();
  const Log& log = log_at(view, p, id);
  if (log.end() >= committed) return true;
  breach.broker = id;
  breach.what = name_of(view, id) + " leads in epoch " + std::to_string(past.stored.leader_epoch) +
                " with a log up to " + offset_text(log.end()) + "; offsets below " + offset_text(committed) +
                " had been committed";
  return false;
}

bool committed_is_not_rewritten(const View& view, PartitionId p, Breach& breach) {
  const PartitionHistory& past = history_of(view, p);
  const NodeId id = current_leader(view, p);
  if (id == kNoNode || past.loss != LossReason::none || epochs_are_reused(view, p)) return true;
  const Log& log = log_at(view, p, id);
  const Offset end = std::min(past.committed.end(), log.end());
  const Offset held = view.logs.agree_until(p, kCommitted, past.committed, id, log, end);
  if (held >= end) return true;
  breach.broker = id;
  breach.what = name_of(view, id) + " leads with another record at offset " + offset_text(held) +
                " than the one that had been committed there";
  return false;
}

bool truncation_is_bounded(const View& view, const Told& told, Breach& breach) {
  const auto& cut = std::get<Truncated>(told.fact);
  const PartitionHistory& past = history_of(view, cut.partition);
  const Offset held = past.replicas[static_cast<std::size_t>(told.teller)].committed_held;
  if (cut.to >= std::min(held, cut.from) || past.loss != LossReason::none || epochs_are_reused(view, cut.partition)) {
    return true;
  }
  // Only what the leader that it follows has as well: a leader that lacks it is the failure of another row.
  const Partition* follower = replica_at(view, cut.partition, told.teller);
  if (follower == nullptr || follower->leader == kNoNode) return true;
  const Log& log = log_at(view, cut.partition, follower->leader);
  const Offset leader_held =
      view.logs.agree_until(cut.partition, kCommitted, past.committed, follower->leader, log, kNoBound);
  if (cut.to >= std::min(held, leader_held)) return true;
  breach = {told.teller, true, cut.partition, {}};
  breach.what = name_of(view, told.teller) + " cuts its log from " + offset_text(cut.from) + " to " +
                offset_text(cut.to) + ", although it held the committed records below " +
                offset_text(std::min(held, leader_held)) + " as its leader does";
  return false;
}

// A deposed leader may take writes as long as it commits nothing that its successor lacks.
bool zombies_commit_nothing(const View& view, PartitionId p, Breach& breach) {
  const PartitionHistory& past = history_of(view, p);
  if (past.stored.leader == kNoNode || past.loss != LossReason::none || epochs_are_reused(view, p)) return true;
  if (misses_what_it_lost(view, p, past.stored.leader)) return true;
  return all_replicas(view, p, [&](NodeId id) {
    const Partition* zombie = leader_at(view, p, id);
    if (zombie == nullptr || zombie->leader_epoch >= past.stored.leader_epoch) return true;
    if (!counts_as_leader(view, p, *zombie) || id == past.stored.leader) return true;
    if (past.replicas[static_cast<std::size_t>(id)].unaware_of_isr) return true;
    // Told of a reassignment's target alone, it does not wait for who leads now (see PartitionHistory::left_out).
    if (!zombie->replicas.contains(past.stored.leader)) return true;
    const Log& log = log_at(view, p, id);
    const Offset bound = std::min(zombie->high_watermark, log.end());
    const Offset held =
        view.logs.agree_until(p, id, log, past.stored.leader, log_at(view, p, past.stored.leader), bound);
    if (held >= bound) return true;
    breach.broker = id;
    breach.what = name_of(view, id) + " still acts as leader of epoch " + std::to_string(zombie->leader_epoch) +
                  " and has high watermark " + offset_text(bound) + "; " + name_of(view, past.stored.leader) +
                  ", which leads, has these records only below " + offset_text(held);
    return false;
  });
}

// --- preconditions --------------------------------------------------------------------------------

bool cuts_something(const View&, const Told& told) {
  const auto& cut = std::get<Truncated>(told.fact);
  return cut.to < cut.from;
}
// The leader changed while somebody else still acts as one.
bool leaves_a_zombie(const View& view, const Told& told) {
  const auto& changed = std::get<PartitionStateChanged>(told.fact);
  const PartitionHistory& past = history_of(view, changed.partition);
  return is_election(view, told) && past.stored.leader != kNoNode &&
         leader_at(view, changed.partition, past.stored.leader) != nullptr;
}

constexpr std::array<std::string_view, 15> kLeaderComplete{"election-outside-isr",
                                                           "commits-alone",
                                                           "isr-write-unchecked",
                                                           "elected-leader-not-in-isr",
                                                           "truncates-to-high-watermark",
                                                           "election-keeps-leader-epoch",
                                                           "leader-epoch-from-controller-epoch",
                                                           "joins-isr-at-once",
                                                           "high-watermark-assumes-pending-shrink",
                                                           "quorum-minority-elects",
                                                           "leader-drops-unconfirmed",
                                                           "broker-epoch-reused",
                                                           "kraft-election-keeps-leader-epoch",
                                                           "kraft-election-outside-isr",
                                                           "elr-kept"};
constexpr std::array<std::string_view, 19> kNotRewritten{"election-outside-isr",
                                                         "stamps-older-epoch",
                                                         "never-truncates",
                                                         "commits-alone",
                                                         "isr-write-unchecked",
                                                         "elected-leader-not-in-isr",
                                                         "truncates-to-high-watermark",
                                                         "election-keeps-leader-epoch",
                                                         "leader-epoch-from-controller-epoch",
                                                         "joins-isr-at-once",
                                                         "skips-truncation-for-same-leader",
                                                         "truncates-by-epoch-end-only",
                                                         "quorum-minority-elects",
                                                         "leader-drops-unconfirmed",
                                                         "broker-epoch-reused",
                                                         "kraft-election-keeps-leader-epoch",
                                                         "kraft-election-outside-isr",
                                                         "elr-kept",
                                                         "high-watermark-assumes-pending-shrink"};
constexpr std::array<std::string_view, 3> kTruncation{"truncates-to-high-watermark", "stamps-older-epoch",
                                                      "isr-write-unchecked"};
constexpr std::array<std::string_view, 15> kZombie{"commits-alone",
                                                   "stamps-older-epoch",
                                                   "never-truncates",
                                                   "election-outside-isr",
                                                   "high-watermark-assumes-pending-shrink",
                                                   "elected-leader-not-in-isr",
                                                   "truncates-to-high-watermark",
                                                   "joins-isr-at-once",
                                                   "isr-write-unchecked",
                                                   "skips-truncation-for-same-leader",
                                                   "truncates-by-epoch-end-only",
                                                   "quorum-minority-elects",
                                                   "leader-drops-unconfirmed",
                                                   "kraft-election-outside-isr",
                                                   "elr-kept"};

const std::array kRows{
    Invariant{
        .name = "leader-complete",
        .promise = "A leader's log reaches beyond every committed record.",
        .precondition = "an election of another leader",
        .facts = facts_of<BecameLeader, PartitionStateChanged, Truncated, LogLost, HighWatermarkMoved>(),
        .exposed_by = facts_of<PartitionStateChanged>(),
        .occurs = is_election,
        .holds = leader_is_complete,
        .broken_by = kLeaderComplete,
    },
    Invariant{
        .name = "no-committed-rewrite",
        .promise = "A committed offset never holds another record in a later leader's log.",
        .precondition = "an election of another leader",
        .facts = facts_of<BecameLeader, PartitionStateChanged, RecordsAppended, HighWatermarkMoved>(),
        .exposed_by = facts_of<PartitionStateChanged>(),
        .occurs = is_election,
        .holds = committed_is_not_rewritten,
        .broken_by = kNotRewritten,
    },
    Invariant{
        .name = "truncation-bound",
        .promise = "A follower never cuts off a committed record that its leader has.",
        .precondition = "a follower cuts records off",
        .facts = facts_of<Truncated>(),
        .exposed_by = facts_of<Truncated>(),
        .occurs = cuts_something,
        .allows = truncation_is_bounded,
        .broken_by = kTruncation,
    },
    Invariant{
        .name = "zombie-harmless",
        .promise = "What a deposed leader counts as committed is in the log of the leader that ZooKeeper names.",
        .precondition = "another leader is elected while the old one still acts",
        .facts =
            facts_of<HighWatermarkMoved, PartitionStateChanged, Truncated, LogLost, BecameLeader, ReplicaDeleted>() |
            FactSet{1} << kExcuseEnded,
        .exposed_by = facts_of<PartitionStateChanged>(),
        .occurs = leaves_a_zombie,
        .holds = zombies_commit_nothing,
        .broken_by = kZombie,
    },
};

}  // namespace

std::span<const Invariant> committed_rows() { return kRows; }

}  // namespace model
