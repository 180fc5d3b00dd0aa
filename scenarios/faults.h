// Member "faults" of a scenario.
#pragma once

#include <span>
#include <string_view>

#include "scenarios/json_value.h"
#include "scenarios/names.h"
#include "sim/kernel/plan.h"

namespace scenarios {

inline constexpr std::size_t kFaultsMax = 1'000;

// Every key that a fault may have, alphabetically; the schema has the same.
std::span<const std::string_view> fault_keys();

// plan.config and plan.until must be set.
void read_faults(const Value& list, const Names& names, sim::Plan& plan, Problems& problems);

}  // namespace scenarios
