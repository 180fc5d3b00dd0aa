#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>

#include "reports/json_run.h"
#include "reports/text_run.h"
#include "reports/trace_jsonl.h"
#include "reports/why.h"
#include "sim/cli/commands.h"
#include "sim/cli/load.h"
#include "sim/cli/meter.h"
#include "sim/cli/output.h"
#include "sim/cli/progress.h"
#include "sim/search/run.h"

namespace cli {
namespace {

// The file of --trace and what writes to it.
class Trace {
 public:
  // False: the file cannot be written, which is said.
  bool open(const std::string& path, const sim::Plan& plan) {
    path_ = path;
    is_stdout_ = path == "-";
    file_ = is_stdout_ ? stdout : std::fopen(path.c_str(), "wb");
    if (file_ == nullptr) return complain();
    writer_ = std::make_unique<reports::TraceWriter>(file_, plan);
    return true;
  }
  bool close() {
    if (file_ == nullptr) return true;
    const bool is_written = writer_->finish() && std::fflush(file_) == 0;
    const bool is_closed = is_stdout_ || std::fclose(file_) == 0;
    file_ = nullptr;
    return (is_written && is_closed) || complain();
  }
  sim::Observer* observer() { return writer_.get(); }

 private:
  bool complain() const {
    print_error("fencepost: cannot write the trace to " + path_ + ": " + std::strerror(errno) + "\n");
    return false;
  }

  std::string path_;
  std::FILE* file_ = nullptr;
  bool is_stdout_ = false;
  std::unique_ptr<reports::TraceWriter> writer_;
};

struct Runs {
  const RunArguments& arguments;
  bool colour = false;
  Progress progress;
  Meter meter;
  int exit = kGood;
  int failure = kInternal;  // the exit code if the output cannot be written

  reports::TextOptions text_options(const LoadedPlan& loaded, std::uint64_t seed) const {
    return {colour, loaded.path, repeat_command(arguments, "run", loaded.path, seed)};
  }
  bool print_text(const std::string& text) {
    progress.clear();
    return print(text);
  }
  void count(const sim::Outcome& outcome) {
    meter.add(outcome);
    exit = worse_of(exit, sim::exit_code(outcome.verdict));
  }
};

std::optional<sim::Outcome> run_one(Runs& runs, const sim::Plan& plan, bool with_record_facts) {
  Trace trace;
  if (!runs.arguments.trace.empty() && !trace.open(runs.arguments.trace, plan)) {
    runs.failure = kUsage;  // a name that cannot be a file
    return std::nullopt;
  }
  sim::RunOptions options;
  options.keep_facts = true;
  options.keep_record_facts = with_record_facts;
  options.observer = trace.observer();
  sim::Outcome outcome = sim::run(plan, options);
  if (!trace.close()) return std::nullopt;
  runs.count(outcome);
  return outcome;
}

// What led to each broken promise takes a second run, which is the same one.
std::vector<std::string> whys_of(const Runs& runs, const LoadedPlan& loaded, const sim::Outcome& outcome) {
  const auto& results = outcome.invariants;
  if (std::none_of(results.begin(), results.end(), [](const auto& row) { return row.broken; })) return {};
  const sim::CausalRun run = sim::run_with_causes(loaded.plan);
  std::vector<std::string> whys;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const std::string name(model::invariants()[i].name);
    const std::string command = repeat_command(runs.arguments, "why", loaded.path, outcome.seed) + " " + name;
    whys.push_back(reports::short_why(loaded.plan, run, i, command));
  }
  return whys;
}

bool run_to_text(Runs& runs, const LoadedPlan& loaded) {
  const std::optional<sim::Outcome> outcome = run_one(runs, loaded.plan, true);
  if (!outcome) return false;
  reports::TextOptions options = runs.text_options(loaded, outcome->seed);
  options.whys = whys_of(runs, loaded, *outcome);
  const std::string text = reports::text_of_run(loaded.plan, *outcome, options);
  // A trace on standard output stays alone there.
  if (runs.arguments.trace != "-") return print(text);
  print_error(text);
  return true;
}

// So many seeds are run before they are counted and their lines are printed: all at once would keep every outcome
// and say nothing for long.
constexpr std::uint64_t kSeedsAtOnce = 200;

bool run_seeds_to_text(Runs& runs, const LoadedPlan& loaded) {
  const auto [first, last] = *runs.arguments.seeds;
  if (!runs.print_text(loaded.path + "\n")) return false;
  std::optional<std::uint64_t> first_failing;
  reports::SeedTally tally;
  for (std::uint64_t from = first;; from += kSeedsAtOnce) {
    const std::uint64_t to = last - from < kSeedsAtOnce ? last : from + kSeedsAtOnce - 1;
    std::string text;
    for (const sim::Outcome& outcome : sim::run_seeds(loaded.plan, from, to, runs.arguments.jobs, {})) {
      text += reports::text_of_seed(outcome, runs.text_options(loaded, outcome.seed));
      runs.count(outcome);
      tally.add(outcome);
      if (outcome.verdict != sim::Verdict::passed && !first_failing) first_failing = outcome.seed;
    }
    if (!runs.print_text(text)) return false;
    runs.progress.add(to - from + 1);
    if (to == last) break;
  }
  if (!runs.print_text(reports::text_of_tally(tally))) return false;
  if (!first_failing) return true;
  LoadedPlan failing = loaded;
  failing.plan.seed = *first_failing;
  return print(fmt::format("\nThe first seed that fails, {}:\n\n", *first_failing)) && run_to_text(runs, failing);
}

bool run_all_to_text(Runs& runs, const std::vector<LoadedPlan>& plans) {
  bool is_first = true;
  for (const LoadedPlan& loaded : plans) {
    if (!is_first && !print("\n")) return false;
    is_first = false;
    const auto& seeds = runs.arguments.seeds;
    if (seeds && seeds->first != seeds->second) {
      if (!run_seeds_to_text(runs, loaded)) return false;
    } else if (!run_to_text(runs, loaded)) {
      return false;
    }
  }
  return true;
}

bool run_all_to_json(Runs& runs, const std::vector<LoadedPlan>& plans) {
  std::vector<std::pair<const sim::Plan*, sim::Outcome>> results;
  for (const LoadedPlan& loaded : plans) {
    const auto& seeds = runs.arguments.seeds;
    if (!seeds) {
      std::optional<sim::Outcome> outcome = run_one(runs, loaded.plan, false);
      if (!outcome) return false;
      results.emplace_back(&loaded.plan, std::move(*outcome));
      continue;
    }
    sim::RunOptions options;
    options.keep_facts = true;
    for (std::uint64_t from = seeds->first;; from += kSeedsAtOnce) {
      const std::uint64_t to = seeds->second - from < kSeedsAtOnce ? seeds->second : from + kSeedsAtOnce - 1;
      for (sim::Outcome& outcome : sim::run_seeds(loaded.plan, from, to, runs.arguments.jobs, options)) {
        runs.count(outcome);
        results.emplace_back(&loaded.plan, std::move(outcome));
      }
      runs.progress.add(to - from + 1);
      if (to == seeds->second) break;
    }
  }
  runs.progress.clear();
  std::vector<reports::JsonRun> rows;
  for (const auto& result : results) rows.push_back({result.first, &result.second});
  const bool is_single = plans.size() == 1 && !runs.arguments.seeds;
  return print(is_single ? reports::json_of_run(rows.front()) : reports::json_of_runs(rows));
}

}  // namespace

int run_command(const RunArguments& arguments) {
  LoadedPlans loaded = load_plans(arguments);
  if (loaded.exit != kGood) return loaded.exit;
  if (arguments.seeds && arguments.seeds->first == arguments.seeds->second) {
    for (LoadedPlan& plan : loaded.plans) plan.plan.seed = arguments.seeds->first;
  }
  const std::uint64_t seeds = arguments.seeds ? arguments.seeds->second - arguments.seeds->first + 1 : 1;
  Runs runs{arguments, is_coloured(arguments.colour), Progress(seeds * loaded.plans.size()), {}, kGood, kInternal};
  const bool is_written =
      arguments.format == Format::json ? run_all_to_json(runs, loaded.plans) : run_all_to_text(runs, loaded.plans);
  if (!is_written) return runs.failure;
  if (shows_wall_clock(arguments.verbose)) runs.meter.report();
  return runs.exit;
}

}  // namespace cli
