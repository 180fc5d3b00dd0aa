// Faults drawn at random: what a scenario may go through besides what it says itself. The same plan and
// seed draw the same faults; the run's own dice have nothing to do with it.
#pragma once

#include <cstdint>

#include "sim/kernel/plan.h"

namespace sim {

struct DrawLimits {
  std::int32_t faults_min = 1, faults_max = 6;
  model::Duration settled = model::seconds(3);  // of the run's start: nothing happens before
  // At the end nothing happens any more, so that liveness can be judged. Faults that are drawn end before;
  // only those that wait for a fact may come later.
  model::Duration quiet = model::seconds(45);
  model::Duration longest = model::seconds(15);  // that one fault lasts
  bool disks = true;                             // whether disks may fail too: power losses
};

// The plan with its own faults and drawn ones. Expectations are dropped: they are about the plan's own
// story. Time is added if the limits leave less than ten seconds for faults.
Plan with_drawn_faults(const Plan& plan, std::uint64_t seed, const DrawLimits& limits);

}  // namespace sim
