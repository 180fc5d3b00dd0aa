// Members "expect" and "exposes" of a scenario.
#pragma once

#include <cstddef>

#include "scenarios/json_value.h"
#include "scenarios/names.h"
#include "sim/kernel/plan.h"

namespace scenarios {

inline constexpr std::size_t kExpectationsMax = 1'000;

// plan.config, plan.begins and plan.until must be set.
void read_expectations(const Value& list, const Names& names, sim::Plan& plan, Problems& problems);
// Names of invariants, each once.
void read_exposes(const Value& list, sim::Plan& plan, Problems& problems);

}  // namespace scenarios
