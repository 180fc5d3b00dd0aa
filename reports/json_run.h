// Runs as JSON, version 1. Bytes depend on the plans alone.
#pragma once

#include <string>
#include <vector>

#include "sim/kernel/plan.h"
#include "sim/search/run.h"

namespace reports {

struct JsonRun {
  const sim::Plan* plan = nullptr;
  const sim::Outcome* outcome = nullptr;
};

// {"version": 1, "scenario", "file", "seed", "fingerprint", "events", "simulated_us", "verdict", "exit",
//  "facts", "expectations", "invariants", "faults"}; facts are those that the outcome has kept.
std::string json_of_run(const JsonRun& run);
// {"version": 1, "runs": [...]}
std::string json_of_runs(const std::vector<JsonRun>& runs);

}  // namespace reports
