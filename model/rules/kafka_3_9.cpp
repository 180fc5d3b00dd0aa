// Kafka 3.9: the rules on which the other profiles and defects are changes.
#include <algorithm>

#include "model/rules/profiles.h"

namespace model::kafka_3_9 {
namespace {

// A replica whose log ends where the leader's does is caught up however long ago it last fetched: a
// partition without writes must not lose its ISR (KAFKA-3085, Replica.isCaughtUp).
bool is_caught_up(const Remote& remote, Offset leader_end, Duration lag_max, const Clock& clock) {
  return remote.log_end == leader_end || !clock.has_elapsed(remote.last_caught_up, lag_max);
}

// Waiting for caught-up replicas outside the ISR as well lets them join; else the high watermark of a
// lone leader would run away from them for ever (Partition.maybeIncrementLeaderHW).
bool holds_back_high_watermark(const Partition& partition, const Remote& remote, Offset leader_end, Duration lag_max,
                               bool alive, const Clock& clock) {
  return in_maximal_isr(partition, remote.replica) || (alive && is_caught_up(remote, leader_end, lag_max, clock));
}

// With fewer members than min.insync.replicas nothing more becomes visible (KAFKA-15583, 3.7).
bool high_watermark_may_move(const Partition& partition, std::int32_t min_isr) {
  return static_cast<std::int32_t>(partition.isr.size()) >= min_isr;
}

// What was shown to readers stays shown, also while a member of the ISR is behind it
// (Partition.maybeIncrementLeaderHW).
Offset leader_high_watermark(Offset held, Offset reached) { return std::max(held, reached); }

// The leader's word counts and may go down after a leader change, but not beyond the own log.
Offset follower_high_watermark(Offset leaders, const Log& log) {
  return std::min(std::max(leaders, log.start), log.end());
}

// A replica joins only when it has everything committed and has reached the start of this epoch: the
// high watermark of a new leader may be stale (KAFKA-7128). It must be alive in our metadata, else a
// fetch sent before its death would bring it back (KIP-841).
bool may_join_isr(const Partition& partition, const Remote& remote, bool alive) {
  return alive && remote.log_end >= partition.high_watermark && remote.log_end >= partition.epoch_start;
}

bool must_leave_isr(const Remote& remote, Offset leader_end, Duration lag_max, const Clock& clock) {
  return !is_caught_up(remote, leader_end, lag_max, clock);
}

// KIP-320: both sides must act on the same leader epoch; a requester that names none is not checked.
ErrorCode check_leader_epoch(LeaderEpoch requested, LeaderEpoch local) {
  if (requested == kNoEpoch || requested == local) return ErrorCode::none;
  return requested < local ? ErrorCode::fenced_leader_epoch : ErrorCode::unknown_leader_epoch;
}

LeaderEpoch stamped_epoch(const Log&, LeaderEpoch own) { return own; }

bool accepts_controller_epoch(ControllerEpoch requested, ControllerEpoch seen) { return requested >= seen; }

// A newer one than ours is our own registration, of which we have not heard yet (KAFKA-9839).
bool accepts_broker_epoch(BrokerEpoch requested, BrokerEpoch own) { return requested == -1 || requested >= own; }

// An equal epoch is ignored too: it refreshes neither ISR nor partition epoch.
bool is_new_leader_epoch(LeaderEpoch requested, LeaderEpoch local) { return requested > local; }

// Produce carries no leader epoch: whoever believes to lead takes the write, however stale the belief.
bool may_take_write(Instant, Duration, const Clock&) { return true; }

ControllerEpoch next_controller_epoch(ControllerEpoch stored) { return stored + 1; }

// The first live member of the ISR in assignment order, so that the preferred leader comes first. Only
// when nobody in the ISR lives and unclean election is allowed: any live replica, whose log then counts
// (PartitionLeaderElectionAlgorithms.offlinePartitionLeaderElection).
ElectionChoice elect_offline(const ElectionView& view) {
  for (const NodeId replica : view.assignment) {
    if (!view.live.contains(replica) || !view.state.isr.contains(replica)) continue;
    ElectionChoice choice;
    choice.leader = replica;
    for (const NodeId member : view.state.isr) {
      if (view.live.contains(member)) choice.isr.push_back(member);
    }
    return choice;
  }
  if (!view.allow_unclean) return {};
  for (const NodeId replica : view.assignment) {
    if (view.live.contains(replica)) return {replica, {replica}};
  }
  return {};
}

ElectionChoice elect_preferred(const ElectionView& view) {
  const NodeId preferred = view.assignment.front();
  if (!view.live.contains(preferred) || !view.state.isr.contains(preferred)) return {};
  return {preferred, view.state.isr};
}

ElectionChoice elect_controlled_shutdown(const ElectionView& view) {
  for (const NodeId replica : view.assignment) {
    if (!view.live.contains(replica) || !view.state.isr.contains(replica)) continue;
    ElectionChoice choice;
    choice.leader = replica;
    for (const NodeId member : view.state.isr) {
      if (!view.shutting_down.contains(member)) choice.isr.push_back(member);
    }
    return choice;
  }
  return {};
}

// Whoever holds what was committed, in the target's order; who is to go stays in the ISR until its replica goes
// (PartitionLeaderElectionAlgorithms.reassignPartitionLeaderElection).
ElectionChoice elect_reassigned(const ElectionView& view) {
  for (const NodeId replica : view.assignment) {
    if (view.live.contains(replica) && view.state.isr.contains(replica)) return {replica, view.state.isr};
  }
  return {};
}

// The old replicas may go only when each of the new ones holds what was committed.
bool is_reassignment_complete(const Replicas& target, const Replicas& isr) {
  return std::all_of(target.begin(), target.end(), [&](NodeId replica) { return isr.contains(replica); });
}

LeaderEpoch epoch_after_election(LeaderEpoch stored, ControllerEpoch) { return stored + 1; }

// Every removal by the controller begins a new epoch, so that the leader learns of it through a
// LeaderAndIsr it cannot ignore (ReplicaStateMachine.removeReplicasFromIsr).
LeaderEpoch epoch_after_isr_removal(LeaderEpoch epoch) { return epoch + 1; }

Replicas first_isr(const Replicas& assignment, const Replicas& online) {
  Replicas isr;
  for (const NodeId replica : assignment) {
    if (online.contains(replica)) isr.push_back(replica);
  }
  return isr;
}

// A consumer sees what is committed, and only so much of it as the replica that it asks knows to be
// (ReplicaManager.readFromLog, FetchIsolation.HIGH_WATERMARK).
Offset consumer_bound(const Partition& partition, const Log& log) {
  return std::min(partition.high_watermark, log.end());
}

// A new leader's high watermark may be behind what its predecessor has shown: until it has passed the start of the
// epoch, nothing is said rather than something smaller than before (KIP-207, Partition.fetchOffsetForTimestamp).
ErrorCode check_latest_offset(const Partition& partition) {
  return partition.high_watermark < partition.epoch_start ? ErrorCode::offset_not_available : ErrorCode::none;
}

// --- KRaft mode ---

// The last epoch first, then how much of it (raft/OffsetAndEpoch).
bool is_up_to_date(const OffsetAndEpoch& candidate, const OffsetAndEpoch& own) { return candidate >= own; }

std::int32_t majority(std::int32_t voters) { return voters / 2 + 1; }

// Beyond the first record of the epoch: what an earlier leader left is committed only together with one of its own
// (Raft, figure 8; KAFKA-12619).
bool quorum_high_watermark_may_be(Offset candidate, Offset epoch_start) { return candidate > epoch_start; }

// So far as its own registration: the end of the log moves on with every NoOp, and would never be reached
// (KAFKA-13955, KAFKA-13959).
bool has_caught_up(Offset reported, Offset registered_at, Offset) { return reported >= registered_at; }

}  // namespace

const Rules& rules() {
  static constexpr Rules kRules{
      .name = "3.9",
      .holds_back_high_watermark = holds_back_high_watermark,
      .high_watermark_may_move = high_watermark_may_move,
      .leader_high_watermark = leader_high_watermark,
      .follower_high_watermark = follower_high_watermark,
      .may_join_isr = may_join_isr,
      .must_leave_isr = must_leave_isr,
      .check_fetch_epoch = check_leader_epoch,
      .check_truncation_epoch = check_leader_epoch,
      .answer_epoch_end = end_of_epoch,
      .stamped_epoch = stamped_epoch,
      .accepts_controller_epoch = accepts_controller_epoch,
      .accepts_broker_epoch = accepts_broker_epoch,
      .is_new_leader_epoch = is_new_leader_epoch,
      .may_take_write = may_take_write,
      .next_controller_epoch = next_controller_epoch,
      .elect_offline = elect_offline,
      .elect_preferred = elect_preferred,
      .elect_controlled_shutdown = elect_controlled_shutdown,
      .elect_reassigned = elect_reassigned,
      .epoch_after_election = epoch_after_election,
      .epoch_after_isr_removal = epoch_after_isr_removal,
      .first_isr = first_isr,
      .is_reassignment_complete = is_reassignment_complete,
      .consumer_bound = consumer_bound,
      .check_latest_offset = check_latest_offset,
      .quorum = {.is_up_to_date = is_up_to_date,
                 .majority = majority,
                 .high_watermark_may_be = quorum_high_watermark_may_be},
      // An incarnation that was never seen to stop stays in its ISRs until KAFKA-18106, 4.0.
      .kraft = {.has_caught_up = has_caught_up, .new_incarnation_leaves_isr = false},
  };
  return kRules;
}

}  // namespace model::kafka_3_9
