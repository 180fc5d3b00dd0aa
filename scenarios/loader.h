// A scenario file as a Plan. Nothing of a file is trusted: whatever it holds, the result is a plan within
// the limits of plan_builder.h and faults.h, or a list of positioned problems.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "model/time.h"
#include "scenarios/result.h"
#include "sim/kernel/plan.h"

namespace scenarios {

inline constexpr model::Duration kUntilMax = model::seconds(86'400);

struct LoadOptions {
  std::string mode;                   // "zookeeper" or "kraft", whatever the file says; empty: as it says
  bool without_expectations = false;  // "expect" and "exposes" are left unread: they may be about another mode
};
// `file_name` is for messages; Plan::file gets its last component.
Result<sim::Plan> load_scenario(std::string_view file_name, std::string_view text, const LoadOptions& options = {});
// Problem "no-file" if it cannot be read.
Result<sim::Plan> load_scenario_file(const std::string& path, const LoadOptions& options = {});

// Keys of a scenario and of its "cluster", alphabetically; the schema has the same.
std::span<const std::string_view> scenario_keys();
std::span<const std::string_view> cluster_keys();
std::span<const std::string_view> producer_keys();
std::span<const std::string_view> consumer_keys();

}  // namespace scenarios
