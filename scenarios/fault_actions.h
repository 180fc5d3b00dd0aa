// What a fault does: the member that names it, and those that go with it.
#pragma once

#include "scenarios/json_value.h"
#include "scenarios/names.h"
#include "sim/kernel/plan.h"

namespace scenarios {

struct FaultContext {
  const Names& names;
  const sim::Plan& plan;
  Problems& problems;
};

// `verb` is the member of `object` that names fault.kind. Fills whom it is about, its numbers and its text.
void read_action(const Member& verb, const Value& object, sim::Fault& fault, const FaultContext& context);

}  // namespace scenarios
