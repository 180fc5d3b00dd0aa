#include "sim/kernel/triggers.h"

#include "sim/kernel/engine.h"
#include "sim/kernel/faults.h"

namespace sim {

void arm_triggers(Engine& engine) {
  const Plan& plan = engine.plan;
  engine.times_left.resize(plan.faults.size());
  engine.held_before.resize(plan.faults.size());
  for (std::size_t row = 0; row < plan.faults.size(); ++row) {
    const Fault& fault = plan.faults[row];
    if (!fault.when && !fault.when_state) continue;
    engine.times_left[row] = fault.times;
    if (fault.when) engine.trigger_facts |= model::FactSet{1} << fault.when->fact;
    if (!fault.when_state) continue;
    engine.state_facts |= facts_about(fault.when_state->word);
    engine.held_before[row] = holds(*fault.when_state, engine.view()) ? 1 : 0;
  }
}

void pull_triggers(Engine& engine, model::NodeId teller, const model::Fact& fact) {
  for (std::size_t row = 0; row < engine.plan.faults.size(); ++row) {
    const Fault& fault = engine.plan.faults[row];
    if (!fault.when || engine.times_left[row] <= 0 || engine.now_us < fault.waits_from.us) continue;
    if (!matches(*fault.when, engine.plan.config, teller, fact)) continue;
    --engine.times_left[row];
    schedule_fault(engine, engine.now_us + fault.after.us, row);
  }
}

void judge_states(Engine& engine) {
  if (engine.state_facts == 0) return;
  for (std::size_t row = 0; row < engine.plan.faults.size(); ++row) {
    const Fault& fault = engine.plan.faults[row];
    if (!fault.when_state) continue;
    const bool holds_now = holds(*fault.when_state, engine.view());
    const bool came_true = holds_now && engine.held_before[row] == 0;
    engine.held_before[row] = holds_now ? 1 : 0;
    if (!came_true || engine.times_left[row] <= 0 || engine.now_us < fault.waits_from.us) continue;
    --engine.times_left[row];
    schedule_fault(engine, engine.now_us + fault.after.us, row);
  }
}

}  // namespace sim
