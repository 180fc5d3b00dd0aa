// The fault rows and starts of a plan, carried out on the engine.
#pragma once

#include <cstdint>

#include "model/facts.h"
#include "model/ids.h"

namespace sim {

struct Engine;

void schedule_plan(Engine& engine);  // before the first event
// A fact of a kind that some fault waits for has been told.
void pull_triggers(Engine& engine, model::NodeId teller, const model::Fact& fact);
// The control event with this slot is due.
void carry_out_control(Engine& engine, std::uint32_t slot);

}  // namespace sim
