// Promises judged from facts and judged after every event, over random faults: the verdicts must agree.
//   judge_runs FIRST LAST [--defects] SCENARIO...
// Seed s takes scenario s % scenarios; with --defects also the (s / scenarios)-th planted defect, in turn with none.
// Ends with 10 if the judges disagree somewhere, else 0.
#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "model/invariants/invariant.h"
#include "model/rules.h"
#include "scenarios/loader.h"
#include "sim/search/campaign.h"
#include "tests/judge_pair.h"

int main(int count, char** words) {
  const std::vector<std::string> arguments(words + 1, words + count);
  if (arguments.size() < 3) return 64;
  const std::uint64_t first = std::stoull(arguments[0]), last = std::stoull(arguments[1]);
  bool with_defects = false;
  std::vector<sim::Plan> plans;
  for (std::size_t i = 2; i < arguments.size(); ++i) {
    if (arguments[i] == "--defects") {
      with_defects = true;
      continue;
    }
    auto loaded = scenarios::load_scenario_file(arguments[i]);
    if (!loaded.ok()) return 65;
    plans.push_back(*loaded.value);
  }
  if (plans.empty()) return 64;
  const auto defects = model::defects();
  std::vector<std::int64_t> broken_runs(model::invariants().size());
  std::uint64_t events = 0, disagreements = 0;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    sim::Plan plan = sim::campaign_plan(plans, seed, {});
    const std::uint64_t turn = seed / plans.size() % (defects.size() + 1);
    const model::Defect* defect = with_defects && turn > 0 ? &defects[static_cast<std::size_t>(turn - 1)] : nullptr;
    if (defect != nullptr) defect->plant(plan.rules);
    const sim::test::JudgedRun run = sim::test::judge_twice(plan);
    events += run.events;
    for (const sim::test::RowBreak& one : run.after_every_event) ++broken_runs[static_cast<std::size_t>(one.row)];
    for (const std::string& difference : run.differences()) {
      ++disagreements;
      fmt::print("seed {} of {}, {}: {}\n", seed, plan.file, defect == nullptr ? "no defect" : defect->name,
                 difference);
    }
  }
  for (std::size_t i = 0; i < broken_runs.size(); ++i) {
    if (broken_runs[i] > 0) fmt::print("{:34} broken in {:6} runs\n", model::invariants()[i].name, broken_runs[i]);
  }
  fmt::print("{} runs, {} events, {} disagreements\n", last - first + 1, events, disagreements);
  return disagreements > 0 ? 10 : 0;
}
