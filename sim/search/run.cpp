#include "sim/search/run.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "model/ensure.h"
#include "sim/search/recorder.h"
#include "sim/search/threads.h"

namespace sim {
namespace {

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
  recorder.conclude();

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
  const auto work = [&](std::size_t) {
    Plan own = plan;
    for (std::size_t i = next++; i < count; i = next++) {
      own.seed = first + i;
      outcomes[i] = run(own, options);
    }
  };
  on_threads(workers, work);
  return outcomes;
}

}  // namespace sim
