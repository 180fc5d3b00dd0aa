// Faults that wait for a fact or for a state.
#pragma once

#include "model/facts.h"
#include "model/ids.h"

namespace sim {

struct Engine;

// Before the first event: a state that holds already has to be lost before it counts.
void arm_triggers(Engine& engine);
// A fact of a kind that some fault waits for has been told.
void pull_triggers(Engine& engine, model::NodeId teller, const model::Fact& fact);
// After whatever may have changed a state that some fault waits for: each fault whose state has come true since
// it was judged last is scheduled.
void judge_states(Engine& engine);

}  // namespace sim
