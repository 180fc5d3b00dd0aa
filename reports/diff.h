// Where two runs part, told for people and programs: the first event that differs, the state of its node, and what
// made the difference.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reports/state_fields.h"
#include "sim/kernel/plan.h"
#include "sim/search/causes.h"
#include "sim/search/divergence.h"

namespace reports {

struct DiffSide {
  std::string name;  // "leader-crash.json seed 1"
  const sim::Plan* plan = nullptr;
  sim::CausalRun run;
};

struct Diff {
  DiffSide a, b;
  sim::Divergence divergence;
  std::vector<FieldDifference> state;  // of the event's node in A: before it, or as the step left it if that differs
  sim::StoryParting story;
};
Diff diff_of(const sim::Plan& a, const sim::Plan& b);

// What made the difference, a sentence: a fault or a draw that only one run has, rules or settings, an earlier step.
std::string reason_of(const Diff& diff);

std::string text_of_diff(const Diff& diff, bool colour);
std::string json_of_diff(const Diff& diff);

}  // namespace reports
