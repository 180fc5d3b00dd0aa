// Planted defects: decisions that plausible code could get wrong. Each changes what the protocol does,
// never what an observer is told, so that a check which stays green over one is a check that sleeps.
#include <array>

#include "model/rules/profiles.h"

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

// A lease that nobody granted: refuse writes when ZooKeeper has been silent for a session's length.
bool take_writes_only_with_a_fresh_session(Instant heard, Duration session_timeout, const Clock& clock) {
  return !clock.has_elapsed(heard, session_timeout);
}

constexpr std::array kDefects{
    Defect{"session-ends-with-connection",
           "ZooKeeper ends a session when its connection breaks instead of waiting for the time-out.",
           [](Rules& rules) { rules.session_outlives_connection = false; }},
    Defect{"isr-check-at-once",
           "The leader looks at its ISR all the time instead of every half replica.lag.time.max.ms.",
           [](Rules& rules) { rules.isr_check_is_periodic = false; }},
    Defect{"no-epoch-bump-on-removal",
           "The controller takes a dead follower out of the ISR without a new leader epoch.",
           [](Rules& rules) { rules.epoch_after_isr_removal = [](LeaderEpoch epoch) { return epoch; }; }},
    Defect{"one-step-failover", "A new controller elects leaders before it takes dead replicas out of the ISRs.",
           [](Rules& rules) { rules.failover_removes_dead_replicas_first = false; }},
    Defect{"election-outside-isr", "Any live replica may lead, though unclean election is off.",
           [](Rules& rules) { rules.elect_offline = elect_any_live_replica; }},
    Defect{"woken-leader-refuses-produce", "A leader that wakes refuses the writes that queued while it slept.",
           [](Rules& rules) { rules.may_take_write = take_writes_only_with_a_fresh_session; }},
};

}  // namespace

std::span<const Defect> defects() { return kDefects; }

const Defect* find_defect(std::string_view name) {
  for (const Defect& defect : kDefects) {
    if (defect.name == name) return &defect;
  }
  return nullptr;
}

}  // namespace model
