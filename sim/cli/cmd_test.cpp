#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>

#include "reports/github.h"
#include "reports/junit.h"
#include "reports/test_report.h"
#include "sim/cli/commands.h"
#include "sim/cli/find.h"
#include "sim/cli/load.h"
#include "sim/cli/meter.h"
#include "sim/cli/output.h"
#include "sim/cli/progress.h"
#include "sim/cli/scenario_file.h"
#include "sim/search/run.h"
#include "sim/search/threads.h"

namespace cli {
namespace {

struct Tests {
  std::vector<ScenarioFile> files;
  std::vector<reports::TestedScenario> scenarios;  // by file
};

reports::TestedScenario bad_scenario(const ScenarioFile& file) {
  reports::TestedScenario scenario;
  scenario.file = file.path;
  scenario.is_bad = true;
  return scenario;
}

// False: what the command line changes in the plans is wrong, which is said.
bool load(const TestArguments& arguments, const std::vector<std::string>& paths, Tests& tests) {
  for (const std::string& path : paths) {
    ScenarioFile file = load_file(path);
    if (file.plan) {
      if (!change_plan(arguments.run, *file.plan)) return false;
      if (arguments.run.seed) file.plan->seed = *arguments.run.seed;
    }
    reports::TestedScenario scenario =
        file.plan ? reports::scenario_of(*file.plan, path, places_of(path)) : bad_scenario(file);
    scenario.name = file.name;
    scenario.problems = file.problems;
    if (file.plan) {
      scenario.first_seed = arguments.run.seeds ? arguments.run.seeds->first : file.plan->seed;
      scenario.last_seed = arguments.run.seeds ? arguments.run.seeds->second : file.plan->seed;
    }
    tests.files.push_back(std::move(file));
    tests.scenarios.push_back(std::move(scenario));
  }
  return true;
}

// Some seeds of one scenario: what a thread takes at once.
struct Work {
  std::size_t scenario = 0;
  std::uint64_t first = 0, last = 0;
};
constexpr std::uint64_t kSeedsAtOnce = 16;

std::vector<Work> work_of(const Tests& tests) {
  std::vector<Work> work;
  for (std::size_t i = 0; i < tests.files.size(); ++i) {
    if (!tests.files[i].plan) continue;
    const std::uint64_t last = tests.scenarios[i].last_seed;
    for (std::uint64_t from = tests.scenarios[i].first_seed;; from += kSeedsAtOnce) {
      const std::uint64_t to = last - from < kSeedsAtOnce ? last : from + kSeedsAtOnce - 1;
      work.push_back({i, from, to});
      if (to == last) break;
    }
  }
  return work;
}

class Workers {
 public:
  Workers(Tests& tests, Meter& meter) : tests_(tests), meter_(meter), work_(work_of(tests)), progress_(total()) {}

  void run(int jobs) {
    const std::size_t others = std::min(static_cast<std::size_t>(std::max(jobs, 1)), work_.size());
    sim::on_threads(others, [this](std::size_t) { take_all(); });
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  std::uint64_t total() const {
    std::uint64_t runs = 0;
    for (const Work& part : work_) runs += part.last - part.first + 1;
    return runs;
  }

  void take_all() {
    try {
      for (std::size_t i = next_++; i < work_.size(); i = next_++) take(work_[i]);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      next_ = work_.size();
    }
  }

  void take(const Work& part) {
    sim::Plan plan = *tests_.files[part.scenario].plan;
    for (std::uint64_t seed = part.first;; ++seed) {
      plan.seed = seed;
      const sim::Outcome outcome = sim::run(plan, {});
      const std::lock_guard<std::mutex> lock(mutex_);
      reports::add_outcome(tests_.scenarios[part.scenario], plan, outcome);
      meter_.add(outcome);
      progress_.add(1);
      if (seed == part.last) return;
    }
  }

  Tests& tests_;
  Meter& meter_;
  const std::vector<Work> work_;
  Progress progress_;
  std::atomic<std::size_t> next_{0};
  std::mutex mutex_;  // of what follows, of the scenarios, the meter and the progress
  std::exception_ptr failure_;
};

std::string report_of(Format format, const std::vector<reports::TestedScenario>& scenarios, bool colour) {
  switch (format) {
    case Format::text:
      return reports::text_of_test(scenarios, colour);
    case Format::json:
      return reports::json_of_test(scenarios);
    case Format::junit:
      return reports::junit_of_test(scenarios);
    case Format::github:
      return reports::github_of_test(scenarios);
  }
  return "";
}

bool deliver(const TestArguments& arguments, const std::vector<reports::TestedScenario>& scenarios) {
  const bool colour = is_coloured(arguments.run.colour);
  if (!arguments.summary.empty() && !append_file(arguments.summary, reports::markdown_of_test(scenarios))) return false;
  if (arguments.out.empty()) return print(report_of(arguments.run.format, scenarios, colour));
  return write_file(arguments.out, report_of(arguments.run.format, scenarios, false)) &&
         print(reports::text_of_test(scenarios, colour));
}

}  // namespace

int test_command(const TestArguments& arguments) {
  const Found found = find_scenarios(arguments.run.files);
  for (const std::string& mistake : found.mistakes) print_error("fencepost test: " + mistake + "\n");
  if (!found.mistakes.empty()) return kUsage;
  Tests tests;
  if (!load(arguments, found.files, tests)) return kUsage;
  Meter meter;
  Workers(tests, meter).run(arguments.run.jobs);

  int exit = kGood;
  for (std::size_t i = 0; i < tests.files.size(); ++i) {
    reports::TestedScenario& scenario = tests.scenarios[i];
    if (!scenario.is_bad) {
      scenario.repeat = repeat_command(arguments.run, "run", scenario.file, scenario.verdict_seed);
    }
    exit = worse_of(exit, reports::exit_of(scenario));
  }
  if (!deliver(arguments, tests.scenarios)) return kInternal;
  if (shows_wall_clock(arguments.run.verbose)) meter.report();
  return exit;
}

}  // namespace cli
