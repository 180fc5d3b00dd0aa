// Facts with some of their fields given, as faults ("when") and expectations name them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/json_value.h"
#include "scenarios/names.h"
#include "sim/kernel/plan.h"

namespace scenarios {

enum class FieldKind : std::uint8_t {
  node,
  nodes,
  partition,
  topic,
  integer,
  boolean,
  duration,
  error,
  invariant,
  text
};
struct FactField {
  std::string_view name;
  FieldKind kind{};
};
// Fields of fact number `fact` as model::fields_of names them, in its order; a nested value's among them.
std::vector<FactField> fields_of_fact(std::size_t fact);

// The fact that `name` names, with every other member of `object` as a field, except those in `other_keys`.
// "node" is who told it. Lists are compared in their order: an ISR as ZooKeeper has it.
std::optional<sim::FactPattern> read_pattern(const Value& object, const Member& name,
                                             std::span<const std::string_view> other_keys, const Names& names,
                                             Problems& problems);

// The promise of that name, "leader-in-isr".
std::optional<model::InvariantId> read_invariant(const Value& value, Problems& problems);

// "controller_epoch broker=b2 epoch=2"
std::string text_of(const sim::FactPattern& pattern);

}  // namespace scenarios
