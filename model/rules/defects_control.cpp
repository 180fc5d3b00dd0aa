// Defects of the control plane: who is controller, whom brokers obey, whom a controller elects.
#include <array>

#include "model/rules/defects.h"
#include "model/rules/history.h"

namespace model {
namespace {

// "It is alive, so it may lead": forgets that only the ISR is known to hold what was acknowledged.
ElectionChoice elect_any_live_replica(const ElectionView& view) {
  for (const NodeId replica : view.assignment) {
    if (!view.live.contains(replica)) continue;
    ElectionChoice choice{replica, {replica}};
    for (const NodeId member : view.state.isr) {
      if (member != replica && view.live.contains(member)) choice.isr.push_back(member);
    }
    return choice;
  }
  return {};
}

// "It is the preferred one, so it gets its leadership back": forgets to ask whether it has caught up.
ElectionChoice elect_preferred_if_live(const ElectionView& view) {
  const NodeId preferred = view.assignment.front();
  if (!view.live.contains(preferred)) return {};
  return {preferred, view.state.isr};
}

// Whoever lives can hold a copy: forgets that only the assigned brokers will.
Replicas first_isr_of_all_live(const Replicas& assignment, const Replicas& online) {
  Replicas isr;
  for (const NodeId replica : assignment) {
    if (online.contains(replica)) isr.push_back(replica);
  }
  if (isr.empty()) return isr;
  for (const NodeId broker : online) {
    if (!assignment.contains(broker)) isr.push_back(broker);
  }
  return isr;
}

constexpr std::array kDefects{
    Defect{"controller-epoch-skips", "A new controller raises /controller_epoch by two.",
           [](Rules& rules) { rules.next_controller_epoch = [](ControllerEpoch stored) { return stored + 2; }; }},
    // The first controller of a cluster still begins with 1: 0 is the epoch of nobody.
    Defect{"controller-epoch-reused", "A new controller goes on with the epoch of the one before it.",
           [](Rules& rules) {
             rules.next_controller_epoch = [](ControllerEpoch stored) { return stored == 0 ? 1 : stored; };
           }},
    Defect{"controller-writes-unguarded", "A controller writes without asking whether it still is the controller.",
           before_kafka_6082},
    Defect{
        "takes-older-controller-epoch", "A broker obeys a controller whose epoch has passed.",
        [](Rules& rules) { rules.accepts_controller_epoch = [](ControllerEpoch, ControllerEpoch) { return true; }; }},
    Defect{"takes-older-broker-epoch", "A broker takes requests that were meant for its previous incarnation.",
           [](Rules& rules) { rules.accepts_broker_epoch = [](BrokerEpoch, BrokerEpoch) { return true; }; }},
    Defect{"no-broker-epochs", "Nobody tells a broker that restarted from the one that stopped.", before_kip_380},
    Defect{"session-ends-with-connection",
           "ZooKeeper ends a session when its connection breaks instead of waiting for the time-out.",
           [](Rules& rules) { rules.session_outlives_connection = false; }},
    Defect{"ephemerals-outlive-session", "ZooKeeper keeps the ephemeral znodes of a session that has expired.",
           [](Rules& rules) { rules.expiry_deletes_ephemerals = false; }},
    Defect{
        "election-keeps-leader-epoch", "An election gives the new leader the epoch of the old one.",
        [](Rules& rules) { rules.epoch_after_election = [](LeaderEpoch stored, ControllerEpoch) { return stored; }; }},
    Defect{"leader-epoch-from-controller-epoch", "An election takes the controller's epoch for the leader's.",
           [](Rules& rules) {
             rules.epoch_after_election = [](LeaderEpoch, ControllerEpoch epoch) { return LeaderEpoch{epoch}; };
           }},
    Defect{"no-epoch-bump-on-removal",
           "The controller takes a dead follower out of the ISR without a new leader epoch.",
           [](Rules& rules) { rules.epoch_after_isr_removal = [](LeaderEpoch epoch) { return epoch; }; }},
    Defect{"one-step-failover", "A new controller elects leaders before it takes dead replicas out of the ISRs.",
           [](Rules& rules) { rules.failover_removes_dead_replicas_first = false; }},
    Defect{"election-outside-isr", "Any live replica may lead, though unclean election is off.",
           [](Rules& rules) { rules.elect_offline = elect_any_live_replica; }},
    Defect{"elected-leader-not-in-isr", "The preferred leader gets its role back whether it is in the ISR or not.",
           [](Rules& rules) { rules.elect_preferred = elect_preferred_if_live; }},
    Defect{"last-isr-member-removed", "The controller takes the last member out of an ISR when it dies.",
           [](Rules& rules) { rules.last_isr_member_stays = false; }},
    Defect{"new-partition-isr-all-live", "The first ISR of a partition is every live broker, assigned or not.",
           [](Rules& rules) { rules.first_isr = first_isr_of_all_live; }},
    Defect{
        "reassignment-completes-at-once",
        "A reassignment is completed without waiting for its new replicas to be in the ISR.",
        [](Rules& rules) { rules.is_reassignment_complete = [](const Replicas&, const Replicas&) { return true; }; }},
    Defect{"removed-replicas-stay-in-isr",
           "A reassignment deletes the replicas that are to go and does not take them out of the ISR.",
           [](Rules& rules) { rules.removed_replicas_leave_isr_first = false; }},
    // Any state with a smaller leader epoch has a smaller partition epoch as well: both comparisons go.
    Defect{"takes-older-leader-epoch", "A broker acts on a LeaderAndIsr whose leader epoch has passed.",
           [](Rules& rules) {
             rules.is_new_leader_epoch = [](LeaderEpoch requested, LeaderEpoch local) { return requested != local; };
             rules.skips_older_partition_epoch = false;
           }},
};

}  // namespace

std::span<const Defect> control_defects() { return kDefects; }

}  // namespace model
