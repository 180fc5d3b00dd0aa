// What the model costs, as ratios to the hand-written loop in the same process: rounds alternate, medians
// are compared, so that a noisy machine slows both down. `bench_model [PROGRAM]`; with the program also the
// time of `PROGRAM --version`.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "model/facts.h"
#include "reports/trace_jsonl.h"
#include "sim/kernel/world.h"
#include "sim/search/recorder.h"
#include "sim/search/run.h"
#include "tests/bench/fetch_loop_bare.h"
#include "tests/bench/fetch_loop_plan.h"

namespace {

constexpr int kRounds = 7;
constexpr std::uint64_t kBareEvents = 3'000'000;
constexpr std::uint64_t kModelEvents = 400'000;
constexpr std::uint64_t kShortRun = 2'000;  // events of the run that seeds are counted with
constexpr int kShortRuns = 200;
constexpr std::uint64_t kParallelRuns = 40;
constexpr int kSpawns = 50;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

// A loop that stands still would be fast.
class AcknowledgedRecords : public sim::Observer {
 public:
  void on_fact(sim::Time, model::NodeId, const model::Fact& fact) override {
    if (const auto* acknowledged = std::get_if<model::RecordsAcknowledged>(&fact)) count_ += acknowledged->count;
  }
  std::int64_t count() const { return count_; }

 private:
  std::int64_t count_ = 0;
};

struct Speed {
  double ns_per_event = 0;
  double simulated_per_second = 0;
  std::uint64_t fingerprint = 0;
};

// From the moment at which the producer starts: the boot is another workload.
template <typename Watch>
Speed measure_model(const sim::Plan& plan, sim::Observer* observer, Watch&& watch) {
  sim::World world(plan, observer);
  watch(world);
  world.run_until(sim::Time{} + model::seconds(1));

  const sim::Time from = world.now();
  const std::uint64_t first = world.events();
  const auto start = std::chrono::steady_clock::now();
  while (world.events() - first < kModelEvents && world.step()) {
  }
  const double seconds = seconds_since(start);

  Speed speed;
  speed.ns_per_event = seconds * 1e9 / static_cast<double>(world.events() - first);
  speed.simulated_per_second = static_cast<double>((world.now() - from).us) / 1e6 / seconds;
  speed.fingerprint = world.fingerprint();
  return speed;
}

// As `run` has it: promises judged, expectations, the last events kept.
Speed measure_judged(const sim::Plan& plan) {
  sim::Outcome outcome;
  const sim::RunOptions options;
  sim::Recorder recorder(plan, options, outcome);
  return measure_model(plan, &recorder, [&](const sim::World& world) { recorder.watch(world); });
}

bool producer_keeps_its_pace() {
  constexpr std::int64_t kSeconds = 10, kRecordsPerSecond = 2000;
  AcknowledgedRecords records;
  const sim::Plan plan = bench::fetch_loop_plan(model::seconds(kSeconds), 42);
  sim::World world(plan, &records);
  world.run();
  return records.count() > (kSeconds - 2) * kRecordsPerSecond;
}

double measure_bare() {
  const auto start = std::chrono::steady_clock::now();
  const bench::BareResult result = bench::run_bare_fetch_loop(kBareEvents, 42);
  return seconds_since(start) * 1e9 / static_cast<double>(result.events);
}

// Whole runs: a world is built, boots, works and is torn down.
double seeds_per_second() {
  const auto start = std::chrono::steady_clock::now();
  for (int seed = 1; seed <= kShortRuns; ++seed) {
    const sim::Plan plan = bench::fetch_loop_plan(model::seconds(60), static_cast<std::uint64_t>(seed));
    sim::Outcome outcome;
    const sim::RunOptions options;
    sim::Recorder recorder(plan, options, outcome);
    sim::World world(plan, &recorder);
    recorder.watch(world);
    while (world.events() < kShortRun && world.step()) {
    }
  }
  return kShortRuns / seconds_since(start);
}

// Two threads against one over the same seeds: runs share nothing.
double gain_of_two_workers() {
  const sim::Plan plan = bench::fetch_loop_plan(model::seconds(5), 1);
  std::vector<double> gains;
  for (int round = 0; round < kRounds; ++round) {
    auto start = std::chrono::steady_clock::now();
    sim::run_seeds(plan, 1, kParallelRuns, 1, {});
    const double one = seconds_since(start);
    start = std::chrono::steady_clock::now();
    sim::run_seeds(plan, 1, kParallelRuns, 2, {});
    gains.push_back(one / seconds_since(start));
  }
  return median(gains);
}

double start_up_ms(const std::string& program) {
  std::vector<double> times;
  for (int i = 0; i < kSpawns; ++i) {
    std::string path = program, option = "--version";
    char* arguments[] = {path.data(), option.data(), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    const auto start = std::chrono::steady_clock::now();
    pid_t child = 0;
    int status = -1;
    const bool started = posix_spawn(&child, path.c_str(), &actions, nullptr, arguments, environ) == 0;
    const bool ended = started && waitpid(child, &status, 0) == child && status == 0;
    posix_spawn_file_actions_destroy(&actions);
    if (!ended) return -1;
    times.push_back(seconds_since(start) * 1e3);
  }
  return median(times);
}

int fail(const std::string& what) {
  fmt::print(stderr, "bench: {}\n", what);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (!producer_keeps_its_pace()) return fail("the model acknowledges too few records: nothing to compare");
  std::vector<double> bare, model_speed, with_trace, with_judge, ratio, judged_ratio, simulated;
  std::uint64_t fingerprint = 0;
  const sim::Plan plan = bench::fetch_loop_plan(model::seconds(3600), 42);
  std::FILE* nowhere = std::fopen("/dev/null", "w");
  if (nowhere == nullptr) return fail("cannot open /dev/null");
  for (int round = 0; round < kRounds; ++round) {
    bare.push_back(measure_bare());
    const Speed plain = measure_model(plan, nullptr, [](const sim::World&) {});
    const Speed judged = measure_judged(plan);
    reports::TraceWriter writer(nowhere, plan);
    const Speed traced = measure_model(plan, &writer, [](const sim::World&) {});
    if (!writer.finish()) return fail("the trace could not be written");
    if (plain.fingerprint != traced.fingerprint) return fail("a trace changed the fingerprint");
    if (plain.fingerprint != judged.fingerprint) return fail("judging changed the fingerprint");
    if (round > 0 && plain.fingerprint != fingerprint) return fail("two rounds have different fingerprints");
    fingerprint = plain.fingerprint;
    model_speed.push_back(plain.ns_per_event);
    with_trace.push_back(traced.ns_per_event);
    with_judge.push_back(judged.ns_per_event);
    judged_ratio.push_back(judged.ns_per_event / bare.back());
    simulated.push_back(plain.simulated_per_second);
    ratio.push_back(plain.ns_per_event / bare.back());
  }

  std::fclose(nowhere);

  fmt::print("bare loop       {:8.1f} ns/event\n", median(bare));
  fmt::print("full model      {:8.1f} ns/event  {:.2f} M events/s  {:.0f} simulated s/s\n", median(model_speed),
             1e3 / median(model_speed), median(simulated));
  fmt::print("with a trace    {:8.1f} ns/event  JSON Lines to /dev/null\n", median(with_trace));
  fmt::print("judged          {:8.1f} ns/event  every invariant, the last events kept\n", median(with_judge));
  fmt::print("model / bare    {:8.1f}\n", median(ratio));
  fmt::print("judged / bare   {:8.1f}           (at most 25, aiming for 10)\n", median(judged_ratio));
  fmt::print("short runs      {:8.0f} seeds/s   of {} events each (at least 1000)\n", seeds_per_second(), kShortRun);
  fmt::print("two workers     {:8.2f}           times one (at least 1.6)\n", gain_of_two_workers());
  if (argc > 1) {
    const double ms = start_up_ms(argv[1]);
    if (ms < 0) return fail(fmt::format("{} --version did not succeed", argv[1]));
    fmt::print("start-up        {:8.1f} ms        of --version\n", ms);
  }
  return 0;
}
