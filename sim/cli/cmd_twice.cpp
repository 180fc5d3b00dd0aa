#include <fmt/format.h>

#include "reports/event_digest.h"
#include "reports/json_writer.h"
#include "reports/words.h"
#include "sim/cli/commands.h"
#include "sim/cli/load.h"
#include "sim/cli/output.h"
#include "sim/search/run.h"

namespace cli {
namespace {

struct Comparison {
  bool is_same = false;
  std::uint64_t seed = 0, events = 0, fingerprint = 0;
  std::string difference;  // a paragraph
};

sim::Outcome run_watched(const sim::Plan& plan, sim::Observer& observer) {
  sim::RunOptions options;
  options.observer = &observer;
  return sim::run(plan, options);
}

// The first execution left only digests: a third one says what the event was there, if it goes the same way.
std::string first_version(const sim::Plan& plan, const std::vector<std::uint64_t>& digests, std::size_t index) {
  if (index >= digests.size()) return "no event any more";
  reports::EventDigests again(plan.config, &digests, index);
  run_watched(plan, again);
  const bool went_the_same_way = !again.first_difference() || *again.first_difference() > index;
  return went_the_same_way ? again.description() : "unknown: a third run went a third way";
}

Comparison compare(const sim::Plan& plan) {
  Comparison result;
  reports::EventDigests first(plan.config);
  const sim::Outcome one = run_watched(plan, first);
  reports::EventDigests second(plan.config, &first.digests());
  const sim::Outcome two = run_watched(plan, second);
  result.seed = one.seed;
  result.events = one.events;
  result.fingerprint = one.fingerprint;
  std::optional<std::size_t> parted = second.first_difference();
  // A second run that merely ends earlier has no event that differs.
  if (!parted && second.count() != first.count()) parted = second.count();
  result.is_same = !parted && one.fingerprint == two.fingerprint && one.events == two.events;
  if (parted) {
    const std::string there = second.description().empty() ? "no event any more" : second.description();
    result.difference = fmt::format("the runs part at event {}\n  first run:  {}\n  second run: {}\n", *parted + 1,
                                    first_version(plan, first.digests(), *parted), there);
  } else if (!result.is_same) {
    result.difference = fmt::format("all events agree, but the fingerprints are {} and {}\n",
                                    reports::hex16(one.fingerprint), reports::hex16(two.fingerprint));
  }
  return result;
}

std::string text_of(const Comparison& result) {
  const std::string fingerprint = reports::hex16(result.fingerprint);
  if (result.is_same)
    return fmt::format("same: {} events, fingerprint {}", reports::grouped(result.events), fingerprint);
  return "different: " + result.difference;
}

void write(reports::JsonWriter& json, const LoadedPlan& loaded, const Comparison& result) {
  json.begin_object();
  json.member("file", loaded.plan.file);
  json.member("seed", result.seed);
  json.member("same", result.is_same);
  json.member("events", result.events);
  json.member("fingerprint", reports::hex16(result.fingerprint));
  if (!result.is_same) json.member("difference", result.difference);
  json.end_object();
}

}  // namespace

int twice_command(const RunArguments& arguments) {
  const LoadedPlans loaded = load_plans(arguments);
  if (loaded.exit != kGood) return loaded.exit;
  int exit = kGood;
  std::string out;
  reports::JsonWriter json(out, 2);
  const bool is_json = arguments.format == Format::json;
  if (is_json) {
    json.begin_object();
    json.member("version", 1);
    json.key("runs");
    json.begin_array();
  }
  for (const LoadedPlan& one : loaded.plans) {
    sim::Plan plan = one.plan;
    const auto [first, last] = arguments.seeds.value_or(std::pair{plan.seed, plan.seed});
    for (std::uint64_t i = 0; i <= last - first; ++i) {
      plan.seed = first + i;
      const Comparison result = compare(plan);
      if (!result.is_same) exit = kNondeterminism;
      if (is_json) {
        write(json, one, result);
      } else if (!print(fmt::format("{}  seed {}  {}\n", one.path, result.seed, text_of(result)))) {
        return kInternal;
      }
    }
  }
  if (!is_json) return exit;
  json.end_array();
  json.end_object();
  return print(out) ? exit : kInternal;
}

}  // namespace cli
