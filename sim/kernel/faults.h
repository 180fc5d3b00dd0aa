// The fault rows and starts of a plan, carried out on the engine.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sim {

struct Engine;

void schedule_plan(Engine& engine);  // before the first event
void schedule_fault(Engine& engine, std::int64_t at_us, std::size_t row);
// The control event with this slot is due.
void carry_out_control(Engine& engine, std::uint32_t slot);

}  // namespace sim
