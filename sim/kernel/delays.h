// How long a receiver works on a message before it takes effect.
#pragma once

#include "model/message.h"
#include "sim/kernel/dice.h"
#include "sim/kernel/plan.h"

namespace sim {

// One draw from `dice`, or none.
std::int64_t draw_processing_us(const LinkSettings& links, const model::Body& body, Dice& dice);

}  // namespace sim
