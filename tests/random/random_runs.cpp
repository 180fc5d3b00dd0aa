// Random faults over scenarios, and what they break:
// One seed alone is told as a story; --trace writes its events to standard error.
//   random_runs FIRST LAST JOBS [--defect NAME] [--stop] [--no-disks] [--trace] SCENARIO...
// Ends with 10 if a promise was broken, else 0.
#include <cstdlib>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "model/invariants/invariant.h"
#include "model/rules.h"
#include "reports/text_run.h"
#include "reports/trace_jsonl.h"
#include "scenarios/loader.h"
#include "sim/search/campaign.h"

int main(int count, char** words) {
  const std::vector<std::string> arguments(words + 1, words + count);
  if (arguments.size() < 4) return 64;
  struct : sim::CampaignOptions {
    bool traced = false;
  } options;
  options.first = std::stoull(arguments[0]);
  options.last = std::stoull(arguments[1]);
  options.jobs = std::stoi(arguments[2]);
  std::vector<sim::Plan> plans;
  const model::Defect* defect = nullptr;
  for (std::size_t i = 3; i < arguments.size(); ++i) {
    if (arguments[i] == "--stop") {
      options.block = 200;
    } else if (arguments[i] == "--trace") {
      options.traced = true;
    } else if (arguments[i] == "--no-disks") {
      options.limits.disks = false;
    } else if (arguments[i] == "--defect") {
      defect = model::find_defect(arguments[++i]);
      if (defect == nullptr) return 64;
    } else {
      auto loaded = scenarios::load_scenario_file(arguments[i]);
      if (!loaded.ok()) return 65;
      plans.push_back(*loaded.value);
    }
  }
  if (defect != nullptr) {
    for (sim::Plan& plan : plans) defect->plant(plan.rules);
  }
  if (options.first == options.last) {
    const sim::Plan plan = sim::campaign_plan(plans, options.first, options.limits);
    sim::RunOptions all;
    all.keep_facts = all.keep_record_facts = true;
    reports::TraceWriter trace(stderr, plan);
    if (options.traced) all.observer = &trace;
    fmt::print("{}", reports::text_of_run(plan, sim::run(plan, all), {false, plan.file, ""}));
    return 0;
  }
  const sim::Campaign campaign = sim::run_campaign(plans, options);
  for (std::size_t i = 0; i < campaign.rows.size(); ++i) {
    const sim::CampaignRow& row = campaign.rows[i];
    fmt::print("{:34} exposed in {:6} runs, broken in {:6}", model::invariants()[i].name, row.exposed_runs,
               row.broken_runs);
    if (row.broken_runs > 0) fmt::print("  first: seed {} of {}", row.first_seed, plans[row.first_plan].file);
    fmt::print("\n");
  }
  fmt::print("{} runs, {} events, {} s simulated\n", campaign.runs, campaign.events, campaign.simulated.us / 1'000'000);
  return campaign.any_broken() ? 10 : 0;
}
