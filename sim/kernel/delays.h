// How long a receiver works on a message before it takes effect.
#pragma once

#include "model/message.h"
#include "sim/kernel/dice.h"
#include "sim/kernel/plan.h"

namespace sim {

// One draw from `dice`, or none.
std::int64_t draw_processing_us(const LinkSettings& links, const model::Body& body, Dice& dice);

// The receiver writes it to its disk before it takes effect: a transaction of ZooKeeper, records to append.
bool is_written(const model::Body& body);

}  // namespace sim
