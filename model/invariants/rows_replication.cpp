// Logs, the high watermark and the ISR.
#include <algorithm>
#include <array>
#include <limits>

#include "model/invariants/rows.h"
#include "model/rules.h"

namespace model {
namespace {

constexpr Offset kNoBound = std::numeric_limits<Offset>::max();

// --- one replica ----------------------------------------------------------------------------------

bool offsets_in_order(const View& view, PartitionId p, Breach& breach) {
  return all_replicas(view, p, [&](NodeId id) {
    const Partition* replica = replica_at(view, p, id);
    if (replica == nullptr) return true;
    const Log& log = log_at(view, p, id);
    if (log.start <= replica->high_watermark && replica->high_watermark <= log.end()) return true;
    breach.broker = id;
    breach.what = name_of(view, id) + " has high watermark " + offset_text(replica->high_watermark) +
                  " on a log from " + offset_text(log.start) + " to " + offset_text(log.end());
    return false;
  });
}

bool high_watermark_never_falls(const View& view, PartitionId p, Breach& breach) {
  return all_replicas(view, p, [&](NodeId id) {
    const Partition* leader = leader_at(view, p, id);
    const Offset highest = history_of(view, p).replicas[static_cast<std::size_t>(id)].reign_high_watermark;
    if (leader == nullptr || leader->high_watermark >= highest) return true;
    breach.broker = id;
    breach.what = name_of(view, id) + " leads without a break, and its high watermark went from " +
                  offset_text(highest) + " back to " + offset_text(leader->high_watermark);
    return false;
  });
}

// Only the last batches can have changed; those before were judged when they were the last.
bool epochs_in_order(const View& view, PartitionId p, Breach& breach) {
  return all_replicas(view, p, [&](NodeId id) {
    const auto& batches = log_at(view, p, id).batches;
    if (batches.size() < 2) return true;
    const Batch& last = batches.back();
    const Batch& before = batches[batches.size() - 2];
    if (before.epoch <= last.epoch && before.end() == last.base_offset) return true;
    breach.broker = id;
    breach.what = name_of(view, id) + "'s log has epoch " + std::to_string(before.epoch) + " before offset " +
                  offset_text(last.base_offset) + " and epoch " + std::to_string(last.epoch) + " from there on";
    return false;
  });
}

// --- pairs of replicas ----------------------------------------------------------------------------

// The records of one epoch come from one leader, so where two logs name the same epoch at the same offset
// they must be equal up to there. Beyond the first difference no pair of equal epochs may follow.
bool logs_match(const View& view, PartitionId p, Breach& breach) {
  if (epochs_are_reused(view, p)) return true;
  const auto& replicas = history_of(view, p).hosts;
  for (std::size_t i = 0; i < replicas.size(); ++i) {
    for (std::size_t j = i + 1; j < replicas.size(); ++j) {
      const NodeId a = std::min(replicas[i], replicas[j]);
      const NodeId b = std::max(replicas[i], replicas[j]);
      const Log& log_a = log_at(view, p, a);
      const Log& log_b = log_at(view, p, b);
      const Offset end = std::min(log_a.end(), log_b.end());
      const Offset parted = view.logs.agree_until(p, a, log_a, b, log_b, kNoBound);
      if (parted >= end) continue;
      // Epochs grow along a log: if any later pair is equal, the search from the end meets it first.
      for (Offset at = end - 1; at >= parted; --at) {
        const Batch* in_a = batch_at(log_a, at);
        const Batch* in_b = batch_at(log_b, at);
        if (in_a == nullptr || in_b == nullptr) break;
        if (in_a->epoch != in_b->epoch) {
          at = std::max(in_a->base_offset, in_b->base_offset);
          continue;
        }
        breach.broker = b;
        breach.what = name_of(view, a) + " and " + name_of(view, b) + " both have epoch " +
                      std::to_string(in_a->epoch) + " at offset " + offset_text(at) +
                      ", but their logs part at offset " + offset_text(parted);
        return false;
      }
    }
  }
  return true;
}

// Nobody elects it any more, so nobody has to wait for it. Phase B of a reassignment tells the leader of the target
// before those that are to go leave the ISR (KafkaController.onPartitionReassignment, B3 and B4); a controller that is
// elected between the two could still choose one of them, a known gap. And what a reassignment had added before another
// took its place is not assigned, though the ISR may name it: until the controller has put that right, or, where
// leaders write ISRs themselves, if one did so behind its back.
bool is_written_off(const View& view, PartitionId p, const Partition& leader, NodeId member) {
  const PartitionHistory& past = history_of(view, p);
  if (past.given_up.contains(member) || past.behind.contains(member)) return true;
  if (past.replicas[static_cast<std::size_t>(member)].deleted) return true;
  return past.assignment.removing.contains(member) && !leader.replicas.contains(member);
}

// Everything that `leader` counts as committed is in the log of every one of `isr`.
// Except those whose machine lost records: a leader that waits for one learns it only by its silence.
bool held_by_all(const View& view, PartitionId p, NodeId leader, const Partition& replica, const Replicas& isr,
                 Breach& breach) {
  const Log& log = log_at(view, p, leader);
  const Offset bound = std::min(replica.high_watermark, log.end());
  for (const NodeId member : isr) {
    if (member == leader || misses_what_it_lost(view, p, member) || is_written_off(view, p, replica, member)) continue;
    const Offset held = view.logs.agree_until(p, leader, log, member, log_at(view, p, member), bound);
    if (held >= bound) continue;
    breach.broker = member;
    breach.what = name_of(view, leader) + " counts offsets below " + offset_text(bound) + " as committed (epoch " +
                  std::to_string(replica.leader_epoch) + "), but " + name_of(view, member) +
                  " of the ISR has them only below " + offset_text(held);
    return false;
  }
  return true;
}

bool isr_is_complete(const View& view, PartitionId p, Breach& breach) {
  const PartitionHistory& past = history_of(view, p);
  if (past.loss != LossReason::none || epochs_are_reused(view, p)) return true;
  return all_replicas(view, p, [&](NodeId id) {
    const Partition* leader = leader_at(view, p, id);
    if (leader == nullptr || !counts_as_leader(view, p, *leader) || misses_what_it_lost(view, p, id)) return true;
    if (past.replicas[static_cast<std::size_t>(id)].unaware_of_isr) return true;
    return held_by_all(view, p, id, *leader, past.stored.isr, breach);
  });
}

bool believed_isr_is_complete(const View& view, PartitionId p, Breach& breach) {
  if (history_of(view, p).loss != LossReason::none || epochs_are_reused(view, p)) return true;
  return all_replicas(view, p, [&](NodeId id) {
    const Partition* leader = leader_at(view, p, id);
    if (leader == nullptr || leader->leader_epoch != history_of(view, p).stored.leader_epoch) return true;
    if (misses_what_it_lost(view, p, id)) return true;
    return held_by_all(view, p, id, *leader, leader->isr, breach);
  });
}

// --- the leader and its ISR -----------------------------------------------------------------------

// Whoever may be elected is waited for: else something could be committed that the next leader lacks.
bool quorum_covers_isr(const View& view, PartitionId p, Breach& breach) {
  const NodeId id = current_leader(view, p);
  if (id == kNoNode) return true;
  const Partition& leader = *leader_at(view, p, id);
  if (leader.frozen) return true;  // its own write of the ISR is on the way: what it asks for counts as well
  if (history_of(view, p).replicas[static_cast<std::size_t>(id)].unaware_of_isr) return true;
  for (const NodeId member : history_of(view, p).stored.isr) {
    if (in_maximal_isr(leader, member)) continue;
    breach.broker = id;
    breach.what =
        name_of(view, id) + " leads and does not wait for " + name_of(view, member) + ", which the stored ISR names";
    return false;
  }
  return true;
}

bool high_watermark_is_covered(const View& view, const Told& told, Breach& breach) {
  const auto& moved = std::get<HighWatermarkMoved>(told.fact);
  const PartitionId p = moved.partition;
  if (!moved.as_leader) return true;
  const Partition* leader = leader_at(view, p, told.teller);
  if (leader == nullptr) return true;
  breach = {told.teller, true, p, {}};
  for (const NodeId member : leader->isr) {
    if (member == told.teller || misses_what_it_lost(view, p, member) || is_written_off(view, p, *leader, member)) {
      continue;
    }
    if (leader->leader_epoch < history_of(view, p).stored.leader_epoch) return true;  // zombie-harmless has it
    const Offset end = log_at(view, p, member).end();
    if (end >= moved.to) continue;
    breach.what = name_of(view, told.teller) + " moves its high watermark to " + offset_text(moved.to) + " while " +
                  name_of(view, member) + " of its ISR has a log up to " + offset_text(end);
    return false;
  }
  return true;
}

// As the leader knows the topic's configuration and its assignment.
std::int32_t wanted_in_sync(const View& view, PartitionId p, NodeId id) {
  const std::int32_t wanted = history_of(view, p).replicas[static_cast<std::size_t>(id)].min_insync_replicas;
  const Partition* leader = leader_at(view, p, id);
  return leader == nullptr ? wanted : std::min(wanted, static_cast<std::int32_t>(leader->replicas.size()));
}

bool high_watermark_has_min_isr(const View& view, const Told& told, Breach& breach) {
  const auto& moved = std::get<HighWatermarkMoved>(told.fact);
  if (!moved.as_leader) return true;
  const Partition* leader = leader_at(view, moved.partition, told.teller);
  if (leader == nullptr) return true;
  const std::int32_t wanted = wanted_in_sync(view, moved.partition, told.teller);
  const auto members = static_cast<std::int32_t>(leader->isr.size());
  if (members >= wanted) return true;
  breach = {told.teller, true, moved.partition,
            name_of(view, told.teller) + " makes offsets below " + offset_text(moved.to) + " visible with " +
                std::to_string(members) + " in sync of " + std::to_string(wanted) + " wanted"};
  return false;
}

bool acks_all_is_earned(const View& view, const Told& told, Breach& breach) {
  const auto& answer = std::get<AcksAllAnswered>(told.fact);
  const std::int32_t wanted = wanted_in_sync(view, answer.partition, told.teller);
  const Offset end = answer.base_offset + answer.count;
  if (answer.high_watermark >= end && answer.isr >= wanted) return true;
  breach = {told.teller, true, answer.partition, {}};
  breach.what = name_of(view, told.teller) + " acknowledges offsets below " + offset_text(end) +
                " with high watermark " + offset_text(answer.high_watermark) + " and " + std::to_string(answer.isr) +
                " in sync of " + std::to_string(wanted) + " wanted";
  return false;
}

// What the leader believes of a replica that it proposes may be old; what the replica has is what counts.
bool isr_entry_is_earned(const View& view, const Told& told, Breach& breach) {
  const auto& proposed = std::get<IsrExpandProposed>(told.fact);
  const Partition* leader = leader_at(view, proposed.partition, told.teller);
  if (leader == nullptr) return true;
  // A deposed leader's view of its followers is as old as its epoch; whoever commits its proposal refuses it.
  if (leader->leader_epoch < history_of(view, proposed.partition).stored.leader_epoch) return true;
  const Offset needed = std::max(leader->high_watermark, leader->epoch_start);
  for (const NodeId member : proposed.to) {
    if (proposed.isr.contains(member) || misses_what_it_lost(view, proposed.partition, member)) continue;
    // Its last fetch was under way when the controller's word came; the controller's next epoch refuses it.
    if (history_of(view, proposed.partition).replicas[static_cast<std::size_t>(member)].deleted) continue;
    const Offset end = log_at(view, proposed.partition, member).end();
    if (end >= needed) continue;
    breach = {told.teller, true, proposed.partition, {}};
    breach.what = name_of(view, told.teller) + " wants " + name_of(view, member) + " in the ISR with a log up to " +
                  offset_text(end) + "; it needs " + offset_text(needed);
    return false;
  }
  return true;
}

// --- preconditions --------------------------------------------------------------------------------

bool moves_as_leader(const View&, const Told& told) { return std::get<HighWatermarkMoved>(told.fact).as_leader; }
bool follows_another_reign(const View&, const Told& told) {
  return std::get<BecameLeader>(told.fact).previous_epoch != kNoEpoch;
}
bool is_small_isr(const View& view, const Told& told) {
  const auto& changed = std::get<PartitionStateChanged>(told.fact);
  const auto members = static_cast<std::int32_t>(changed.state.isr.size());
  return members < history_of(view, changed.partition).min_insync_replicas;
}
bool is_isr_change(const View& view, const Told& told) {
  const auto& changed = std::get<PartitionStateChanged>(told.fact);
  const PartitionHistory& past = history_of(view, changed.partition);
  return past.created && !(changed.state.isr == past.stored.isr);
}

constexpr std::array<std::string_view, 1> kOffsetOrder{"follower-trusts-high-watermark"};
constexpr std::array<std::string_view, 1> kNeverFalls{"high-watermark-falls"};
constexpr std::array<std::string_view, 1> kEpochOrder{"stamps-older-epoch"};
constexpr std::array<std::string_view, 10> kLogMatching{"truncates-by-epoch-end-only",
                                                        "stamps-older-epoch",
                                                        "never-truncates",
                                                        "truncates-to-high-watermark",
                                                        "skips-truncation-for-same-leader",
                                                        "fetch-unfenced",
                                                        "high-watermark-counts-other-epochs",
                                                        "isr-admits-other-epochs",
                                                        "broker-epoch-reused",
                                                        "kraft-election-keeps-leader-epoch"};
constexpr std::array<std::string_view, 4> kQuorum{"lost-isr-change-taken-back", "quorum-minority-elects",
                                                  "votes-for-shorter-log", "answers-before-commit"};
constexpr std::array<std::string_view, 22> kIsrComplete{"joins-isr-at-once",
                                                        "commits-alone",
                                                        "stamps-older-epoch",
                                                        "never-truncates",
                                                        "truncates-to-high-watermark",
                                                        "high-watermark-assumes-pending-shrink",
                                                        "isr-write-unchecked",
                                                        "election-outside-isr",
                                                        "skips-truncation-for-same-leader",
                                                        "truncates-by-epoch-end-only",
                                                        "high-watermark-ignores-pending-expansion",
                                                        "elected-leader-not-in-isr",
                                                        "fetch-unfenced",
                                                        "high-watermark-counts-other-epochs",
                                                        "isr-admits-other-epochs",
                                                        "removed-replicas-stay-in-isr",
                                                        "quorum-minority-elects",
                                                        "leader-drops-unconfirmed",
                                                        "answers-before-commit",
                                                        "kraft-election-keeps-leader-epoch",
                                                        "kraft-election-outside-isr",
                                                        "elr-kept"};
constexpr std::array<std::string_view, 14> kBelievedIsr{"commits-alone",
                                                        "stamps-older-epoch",
                                                        "never-truncates",
                                                        "joins-isr-at-once",
                                                        "truncates-to-high-watermark",
                                                        "high-watermark-assumes-pending-shrink",
                                                        "skips-truncation-for-same-leader",
                                                        "truncates-by-epoch-end-only",
                                                        "election-outside-isr",
                                                        "fetch-unfenced",
                                                        "high-watermark-counts-other-epochs",
                                                        "isr-admits-other-epochs",
                                                        "leader-drops-unconfirmed",
                                                        "kraft-election-keeps-leader-epoch"};
constexpr std::array<std::string_view, 3> kCovered{"commits-alone", "high-watermark-assumes-pending-shrink",
                                                   "election-outside-isr"};
constexpr std::array<std::string_view, 1> kMinIsr{"high-watermark-ignores-min-isr"};
constexpr std::array<std::string_view, 1> kAcksAll{"acknowledges-at-append"};
constexpr std::array<std::string_view, 2> kIsrEntry{"joins-isr-at-once", "joins-isr-behind-epoch-start"};

const std::array kRows{
    Invariant{
        .name = "offset-order",
        .promise = "On every replica, log start <= high watermark <= log end.",
        .precondition = "a high watermark moves",
        .facts = facts_of<HighWatermarkMoved, Truncated, LogLost, BecameLeader, BecameFollower>() |
                 FactSet{1} << kFollowerHighWatermark,
        .exposed_by = facts_of<HighWatermarkMoved>() | FactSet{1} << kFollowerHighWatermark,
        .holds = offsets_in_order,
        .broken_by = kOffsetOrder,
    },
    Invariant{
        .name = "high-watermark-never-falls",
        .promise = "While a broker leads without a break, its high watermark never goes back.",
        .precondition = "a leader's high watermark moves",
        .facts = facts_of<HighWatermarkMoved, BecameLeader>(),
        .exposed_by = facts_of<HighWatermarkMoved>(),
        .occurs = moves_as_leader,
        .holds = high_watermark_never_falls,
        .broken_by = kNeverFalls,
    },
    Invariant{
        .name = "epoch-order",
        .promise = "Along a log, offsets have no gaps and leader epochs never go back.",
        .precondition = "a broker leads again in a later epoch",
        .facts = facts_of<RecordsAppended, Truncated>(),
        .exposed_by = facts_of<BecameLeader>(),
        .occurs = follows_another_reign,
        .holds = epochs_in_order,
        .broken_by = kEpochOrder,
    },
    Invariant{
        .name = "log-matching",
        .promise = "If two logs have the same leader epoch at the same offset, they are equal up to there.",
        .precondition = "an election of another leader",
        .facts = facts_of<RecordsAppended>(),
        .exposed_by = facts_of<PartitionStateChanged>(),
        .occurs = is_election,
        .holds = logs_match,
        .broken_by = kLogMatching,
    },
    Invariant{
        .name = "replication-quorum",
        .promise = "The current leader waits for every member of the stored ISR before it commits.",
        .precondition = "an ISR changes",
        .facts = facts_of<PartitionStateChanged, BecameLeader, IsrCommitted, IsrChangeRefused, IsrExpandProposed,
                          IsrShrinkProposed>(),
        .exposed_by = facts_of<PartitionStateChanged>(),
        .occurs = is_isr_change,
        .holds = quorum_covers_isr,
        .broken_by = kQuorum,
    },
    Invariant{
        .name = "isr-complete",
        .promise = "Every member of the stored ISR holds every record below any acting leader's high watermark.",
        .precondition = "an ISR changes",
        .facts = facts_of<PartitionStateChanged, HighWatermarkMoved, BecameLeader, BecameFollower, Truncated, LogLost,
                          ReplicaDeleted>() |
                 FactSet{1} << kExcuseEnded,
        .exposed_by = facts_of<PartitionStateChanged>(),
        .occurs = is_isr_change,
        .holds = isr_is_complete,
        .broken_by = kIsrComplete,
    },
    Invariant{
        .name = "believed-isr-complete",
        .promise = "Every member of the ISR that a leader of the stored epoch believes in holds every record below its "
                   "high watermark.",
        .precondition = "a leader proposes an ISR or becomes one",
        .facts = facts_of<PartitionStateChanged, HighWatermarkMoved, BecameLeader, BecameFollower, IsrCommitted,
                          Truncated, LogLost, ReplicaDeleted>() |
                 FactSet{1} << kExcuseEnded,
        .exposed_by = facts_of<IsrCommitted, BecameLeader>(),
        .holds = believed_isr_is_complete,
        .broken_by = kBelievedIsr,
    },
    Invariant{
        .name = "high-watermark-covered",
        .promise = "When a leader's high watermark moves, every member of its ISR has a log that reaches it.",
        .precondition = "a leader's high watermark moves",
        .facts = facts_of<HighWatermarkMoved>(),
        .exposed_by = facts_of<HighWatermarkMoved>(),
        .occurs = moves_as_leader,
        .allows = high_watermark_is_covered,
        .broken_by = kCovered,
    },
    Invariant{
        .name = "high-watermark-min-isr",
        .promise = "No record becomes visible while the ISR is smaller than min.insync.replicas.",
        .precondition = "an ISR falls below min.insync.replicas",
        .facts = facts_of<HighWatermarkMoved>(),
        .exposed_by = facts_of<PartitionStateChanged>(),
        .occurs = is_small_isr,
        .allows = high_watermark_has_min_isr,
        .broken_by = kMinIsr,
    },
    Invariant{
        .name = "acks-all-earned",
        .promise = "A write of acks=all is acknowledged only below the high watermark and with min.insync.replicas.",
        .precondition = "a write of acks=all is acknowledged",
        .facts = facts_of<AcksAllAnswered>(),
        .exposed_by = facts_of<AcksAllAnswered>(),
        .allows = acks_all_is_earned,
        .broken_by = kAcksAll,
    },
    Invariant{
        .name = "isr-entry",
        .promise = "A replica is proposed for the ISR only with a log that reaches the high watermark and the start of "
                   "the leader's epoch.",
        .precondition = "a leader proposes a replica",
        .facts = facts_of<IsrExpandProposed>(),
        .exposed_by = facts_of<IsrExpandProposed>(),
        .allows = isr_entry_is_earned,
        .broken_by = kIsrEntry,
    },
};

}  // namespace

std::span<const Invariant> replication_rows() { return kRows; }

}  // namespace model
