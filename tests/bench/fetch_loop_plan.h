// The fetch loop of fetch_loop_bare.h as a plan for the full model: three brokers, one partition, one
// producer that sends a batch of five records as often as the hand-written one does.
#pragma once

#include "sim/kernel/plan.h"

namespace bench {

sim::Plan fetch_loop_plan(model::Duration simulated, std::uint64_t seed);

}  // namespace bench
