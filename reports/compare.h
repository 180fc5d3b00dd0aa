// One scenario in several modes, side by side: what its faults cost in each.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/kernel/plan.h"
#include "sim/search/tally.h"

namespace reports {

struct ComparedMode {
  const sim::Plan* plan = nullptr;  // the modes of one scenario have the same partitions and producers
  sim::Tally tally;                 // the median of the seeds
};
struct Comparison {
  std::string path;  // of the scenario, as given
  std::uint64_t first_seed = 0, last_seed = 0;
  std::vector<ComparedMode> modes;
};

// A column for each mode; times in seconds.
std::string text_of_comparison(const Comparison& comparison);
// {"version": 1, "comparisons": [{"file", "seeds": [first, last], "modes": [{"mode", "without_controller": {"total_us",
// "longest_us"}, "partitions": [...], "producers": [...], "records_acknowledged", ...}]}]}
std::string json_of_comparisons(const std::vector<Comparison>& comparisons);

}  // namespace reports
