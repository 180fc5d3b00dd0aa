#include "sim/search/run.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "model/ensure.h"
#include "sim/search/expect.h"
#include "sim/search/history.h"

namespace sim {
namespace {

// They come with each record and would fill memory.
bool is_record_fact(const model::Fact& fact) {
  return std::holds_alternative<model::HighWatermarkMoved>(fact) ||
         std::holds_alternative<model::RecordsAppended>(fact) ||
         std::holds_alternative<model::RecordsAcknowledged>(fact);
}

class Recorder final : public Observer {
 public:
  Recorder(const Plan& plan, const RunOptions& options, Outcome& outcome)
      : options_(options), outcome_(outcome), expectations_(plan), history_(plan) {}

  void watch(const World& world) { world_ = &world; }
  void on_fact(Time at, model::NodeId node, const model::Fact& fact) override {
    take(at, node, fact);
    if (world_ == nullptr) return;
    lost_.clear();
    history_.on_fact(node, fact, *world_, lost_);
    take_lost(at);
  }
  void conclude(Time at) {
    lost_.clear();
    history_.conclude(*world_, lost_);
    take_lost(at);
  }
  void take(Time at, model::NodeId node, const model::Fact& fact) {
    expectations_.on_fact(at, node, fact);
    const bool keep = is_record_fact(fact) ? options_.keep_record_facts : options_.keep_facts;
    if (keep) outcome_.facts.push_back({at, node, fact});
    if (options_.observer != nullptr) options_.observer->on_fact(at, node, fact);
  }
  void on_fault(const AppliedFault& applied) override {
    outcome_.faults.push_back({applied, {}});
    if (options_.observer != nullptr) options_.observer->on_fault(applied);
  }
  bool wants_events() const override { return options_.observer != nullptr && options_.observer->wants_events(); }
  void on_event(const EventView& event) override { options_.observer->on_event(event); }

  Expectations& expectations() { return expectations_; }

 private:
  void take_lost(Time at) {
    for (const model::RecordLost& lost : lost_) take(at, world_->partition_state(lost.partition)->leader, lost);
  }

  const RunOptions& options_;
  Outcome& outcome_;
  Expectations expectations_;
  History history_;
  const World* world_ = nullptr;
  std::vector<model::RecordLost> lost_;
};

Verdict judge(const Outcome& outcome, const std::vector<FaultEffect>& effects) {
  const auto& results = outcome.expectations;
  if (std::any_of(results.begin(), results.end(), [](const auto& r) { return r.decided && !r.met; })) {
    return Verdict::not_reached;
  }
  const bool open = std::any_of(results.begin(), results.end(), [](const auto& r) { return !r.decided; });
  const bool idle = std::any_of(effects.begin(), effects.end(), [](const FaultEffect& e) { return !e.any(); });
  return open || idle ? Verdict::vacuous : Verdict::passed;
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed:
      return "passed";
    case Verdict::safety_violated:
      return "safety violated";
    case Verdict::not_reached:
      return "not reached";
    case Verdict::vacuous:
      return "vacuous";
  }
  return "";
}

int exit_code(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed:
      return 0;
    case Verdict::safety_violated:
      return 10;
    case Verdict::not_reached:
      return 11;
    case Verdict::vacuous:
      return 12;
  }
  return 70;
}

Outcome run(const Plan& plan, const RunOptions& options) {
  Outcome outcome;
  Recorder recorder(plan, options, outcome);
  World world(plan, &recorder);
  recorder.watch(world);
  for (const Time at : recorder.expectations().state_times()) {
    world.run_until(at);
    recorder.expectations().judge_state(at, world);
  }
  world.run();
  recorder.conclude(plan.until);

  outcome.seed = plan.seed;
  outcome.fingerprint = world.fingerprint();
  outcome.events = world.events();
  outcome.simulated = plan.until - plan.begins;
  outcome.expectations = recorder.expectations().conclude();
  for (RecordedFault& fault : outcome.faults) fault.effect = world.fault_effects()[fault.applied.row];
  outcome.verdict = judge(outcome, world.fault_effects());
  return outcome;
}

std::vector<Outcome> run_seeds(const Plan& plan, std::uint64_t first, std::uint64_t last, int jobs,
                               const RunOptions& options) {
  if (last < first) return {};
  const auto count = static_cast<std::size_t>(last - first + 1);
  const std::size_t workers = std::min(count, static_cast<std::size_t>(std::max(jobs, 1)));
  // One observer cannot follow several runs at once.
  ENSURE(workers == 1 || options.observer == nullptr);
  std::vector<Outcome> outcomes(count);
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    Plan own = plan;
    for (std::size_t i = next++; i < count; i = next++) {
      own.seed = first + i;
      outcomes[i] = run(own, options);
    }
  };
  if (workers == 1) {
    work();
    return outcomes;
  }
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < workers; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  return outcomes;
}

}  // namespace sim
