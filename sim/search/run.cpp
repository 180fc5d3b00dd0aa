#include "sim/search/run.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <utility>

#include "model/ensure.h"
#include "model/invariants/judge.h"
#include "model/rules.h"
#include "sim/search/expect.h"

namespace sim {
namespace {

// They come with each record and would fill memory.
bool is_record_fact(const model::Fact& fact) {
  return std::holds_alternative<model::HighWatermarkMoved>(fact) ||
         std::holds_alternative<model::RecordsAppended>(fact) ||
         std::holds_alternative<model::RecordsAcknowledged>(fact) ||
         std::holds_alternative<model::AcksAllAnswered>(fact) ||
         std::holds_alternative<model::ControlRequestApplied>(fact);
}

class Recorder final : public Observer {
 public:
  Recorder(const Plan& plan, const RunOptions& options, Outcome& outcome)
      : plan_(plan), options_(options), outcome_(outcome), expectations_(plan) {
    outcome_.invariants.resize(model::invariants().size());
  }

  void watch(const World& world) {
    world_ = &world;
    judge_.emplace(plan_.config, plan_.rules, world.nodes());
  }
  void on_start(Time, model::NodeId node) override { judge_->on_start(node); }
  void on_fact(Time at, model::NodeId node, const model::Fact& fact) override {
    judge_->count_exposures(at.us >= 0);
    judge_->on_fact({node, fact});
    take(at, node, fact);
  }
  void on_step_over(Time at) override {
    judge_->on_step_over();
    if (judge_->has_news()) take_news(at);
  }
  void on_fault(const AppliedFault& applied) override {
    const Fault& fault = plan_.faults[applied.row];
    if (fault.kind == FaultKind::elect && fault.unclean) judge_->on_unclean_request(fault.partition);
    if (fault.kind != FaultKind::create_topic) last_fault_ = applied.at;
    outcome_.faults.push_back({applied, {}});
    if (options_.observer != nullptr) options_.observer->on_fault(applied);
  }
  bool wants_events() const override { return options_.observer != nullptr && options_.observer->wants_events(); }
  void on_event(const EventView& event) override { options_.observer->on_event(event); }

  // The run is over.
  void conclude(Time at) {
    at_end_ = true;
    judge_->conclude(world_->is_disturbed() ? model::Duration{-1} : at - last_fault_);
    take_news(at);
    const auto& verdicts = judge_->verdicts();
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
      const auto& excepted = plan_.rules.not_promised;
      const std::string_view name = model::invariants()[i].name;
      outcome_.invariants[i].exposures = verdicts[i].exposures;
      outcome_.invariants[i].promised = std::find(excepted.begin(), excepted.end(), name) == excepted.end();
    }
  }
  Expectations& expectations() { return expectations_; }

 private:
  void take(Time at, model::NodeId node, const model::Fact& fact) {
    expectations_.on_fact(at, node, fact);
    const bool keep = is_record_fact(fact) ? options_.keep_record_facts : options_.keep_facts;
    if (keep) outcome_.facts.push_back({at, node, fact});
    if (options_.observer != nullptr) options_.observer->on_fact(at, node, fact);
  }
  // What the judge found: facts like others, told by whom they are about.
  void take_news(Time at) {
    for (const model::RecordLost& lost : judge_->take_lost()) {
      const model::NodeId leader = world_->partition_state(lost.partition)->leader;
      judge_->on_fact({leader, lost});
      outcome_.losses.push_back({at, leader, lost});
      take(at, leader, lost);
    }
    for (const model::InvariantId id : judge_->take_broken()) {
      const model::Breach& breach = judge_->verdicts()[static_cast<std::size_t>(id)].breach;
      InvariantResult& result = outcome_.invariants[static_cast<std::size_t>(id)];
      result.broken = true;
      result.at = at;
      result.event = at_end_ ? 0 : world_->events();
      result.breach = breach;
      take(at, breach.broker, model::InvariantViolated{id, breach.broker, breach.has_partition, breach.partition});
    }
  }

  const Plan& plan_;
  const RunOptions& options_;
  Outcome& outcome_;
  Expectations expectations_;
  std::optional<model::Judge> judge_;
  const World* world_ = nullptr;
  Time last_fault_{0};
  bool at_end_ = false;
};

bool is_expected(const Plan& plan, std::size_t invariant) {
  return std::any_of(plan.expectations.begin(), plan.expectations.end(), [&](const Expectation& row) {
    return row.form == Expectation::Form::violates && static_cast<std::size_t>(row.invariant) == invariant;
  });
}

Verdict judge(const Plan& plan, const Outcome& outcome, const std::vector<FaultEffect>& effects) {
  const auto& results = outcome.expectations;
  bool is_lively = std::none_of(results.begin(), results.end(), [](const auto& r) { return r.decided && !r.met; });
  for (std::size_t i = 0; i < outcome.invariants.size(); ++i) {
    const InvariantResult& row = outcome.invariants[i];
    if (!row.broken || !row.promised || is_expected(plan, i)) continue;
    if (model::invariants()[i].kind == model::InvariantKind::safety) return Verdict::safety_violated;
    is_lively = false;
  }
  if (!is_lively) return Verdict::not_reached;
  const bool open = std::any_of(results.begin(), results.end(), [](const auto& r) { return !r.decided; });
  const bool idle = std::any_of(effects.begin(), effects.end(), [](const FaultEffect& e) { return !e.any(); });
  const bool unexposed = std::any_of(plan.exposes.begin(), plan.exposes.end(), [&](model::InvariantId id) {
    return outcome.invariants[static_cast<std::size_t>(id)].exposures == 0;
  });
  return open || idle || unexposed ? Verdict::vacuous : Verdict::passed;
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
  recorder.expectations().run(world);
  recorder.conclude(plan.until);

  outcome.seed = plan.seed;
  outcome.fingerprint = world.fingerprint();
  outcome.events = world.events();
  outcome.simulated = plan.until - plan.begins;
  outcome.expectations = recorder.expectations().conclude();
  for (RecordedFault& fault : outcome.faults) fault.effect = world.fault_effects()[fault.applied.row];
  outcome.verdict = judge(plan, outcome, world.fault_effects());
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
