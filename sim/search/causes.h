// A run with what each of its events began with. Gathered by an observer on a run of its own: looking changes
// nothing, so that the run is the one that was asked about, with its fingerprint.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/kernel/observer.h"
#include "sim/kernel/plan.h"
#include "sim/search/run.h"

namespace sim {

// An event without what it carried.
struct CausalEvent {
  Time at;
  EventKind kind{};
  model::NodeId node{};
  model::NodeId peer = model::kNoNode;
  std::uint8_t body = 0;  // message: alternative of model::Body
  model::TimerKey timer;  // timer
  Cause cause;
  std::size_t order = 0;                       // among events and faults
  std::size_t facts_begin = 0, facts_end = 0;  // of Outcome::facts: what its step told
};

struct CausalRun {
  Outcome outcome;                        // with every fact
  std::vector<CausalEvent> events;        // by number - 1
  std::vector<std::size_t> fault_orders;  // by Outcome::faults, likewise among events and faults
  std::vector<Cause> told_by;             // by Outcome::facts; of what the end of the run showed none

  const CausalEvent& event(std::uint64_t number) const { return events[number - 1]; }
  const RecordedFault& fault(std::uint32_t number) const { return outcome.faults[number - 1]; }
  Time at(Cause what) const { return what.is_event() ? event(what.event()).at : fault(what.fault()).applied.at; }
  std::size_t order(Cause what) const {
    return what.is_event() ? event(what.event()).order : fault_orders[what.fault() - 1];
  }
};

CausalRun run_with_causes(const Plan& plan);

}  // namespace sim
