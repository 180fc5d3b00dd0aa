// A run as text for people: what was set up, what happened, what came of it, how to repeat it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/kernel/plan.h"
#include "sim/search/run.h"

namespace reports {

struct TextOptions {
  bool colour = false;
  std::string path;                    // of the scenario, as given
  std::string repeat;                  // a command that repeats this run; empty: no such line
  std::vector<std::string> whys = {};  // by invariant, what led to a broken one; none: it is not said
};

// A report of one run. Needs Outcome::facts, best with those of each record.
std::string text_of_run(const sim::Plan& plan, const sim::Outcome& outcome, const TextOptions& options);

// "seed 7  PASS  4 of 4 expectations · fingerprint 53de64a7…": one line for one of many seeds.
std::string text_of_seed(const sim::Outcome& outcome, const TextOptions& options);
// How many seeds came to which verdict.
struct SeedTally {
  std::array<std::int64_t, 4> by_verdict{};
  void add(const sim::Outcome& outcome) { ++by_verdict[static_cast<std::size_t>(outcome.verdict)]; }
};
// "100 seeds: 97 passed, 2 not reached, 1 vacuous"
std::string text_of_tally(const SeedTally& tally);

// Why the verdict is not PASS, a sentence each: expectations that failed or were never decided, and faults
// that did nothing or never came.
std::vector<std::string> complaints_of(const sim::Plan& plan, const sim::Outcome& outcome, const std::string& path);

}  // namespace reports
