#include <tuple>
#include <utility>
#include <vector>

#include "reports/compare.h"
#include "sim/cli/commands.h"
#include "sim/cli/load.h"
#include "sim/cli/output.h"
#include "sim/cli/progress.h"
#include "sim/search/tally.h"

namespace cli {
namespace {

// So many seeds are run before they are counted.
constexpr std::uint64_t kSeedsAtOnce = 200;

sim::Tally run_mode(const RunArguments& arguments, const sim::Plan& plan, const reports::Comparison& comparison,
                    Progress& progress) {
  std::vector<sim::Tally> tallies;
  for (std::uint64_t from = comparison.first_seed;; from += kSeedsAtOnce) {
    const std::uint64_t to =
        comparison.last_seed - from < kSeedsAtOnce ? comparison.last_seed : from + kSeedsAtOnce - 1;
    for (sim::Tally& tally : sim::run_tallied(plan, from, to, arguments.jobs)) tallies.push_back(std::move(tally));
    progress.add(to - from + 1);
    if (to == comparison.last_seed) return sim::median_of(tallies);
  }
}

}  // namespace

int compare_command(const CompareArguments& arguments) {
  const RunArguments& run = arguments.run;
  std::vector<LoadedPlans> by_mode;
  for (const std::string& mode : arguments.modes) {
    by_mode.push_back(load_plans(run, {mode, true}));
    if (by_mode.back().exit != kGood) return by_mode.back().exit;
  }
  const std::uint64_t seeds = run.seeds ? run.seeds->second - run.seeds->first + 1 : 1;
  Progress progress(seeds * run.files.size() * by_mode.size());
  std::vector<reports::Comparison> comparisons;
  for (std::size_t i = 0; i < run.files.size(); ++i) {
    reports::Comparison comparison{run.files[i], by_mode.front().plans[i].plan.seed, 0, {}};
    comparison.last_seed = comparison.first_seed;
    if (run.seeds) std::tie(comparison.first_seed, comparison.last_seed) = *run.seeds;
    for (const LoadedPlans& loaded : by_mode) {
      const sim::Plan& plan = loaded.plans[i].plan;
      comparison.modes.push_back({&plan, run_mode(run, plan, comparison, progress)});
    }
    comparisons.push_back(std::move(comparison));
  }
  progress.clear();
  if (run.format == Format::json) return print(reports::json_of_comparisons(comparisons)) ? kGood : kInternal;
  std::string text;
  for (const reports::Comparison& comparison : comparisons)
    text += (text.empty() ? "" : "\n") + reports::text_of_comparison(comparison);
  return print(text) ? kGood : kInternal;
}

}  // namespace cli
