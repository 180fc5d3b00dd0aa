// The words for a state of the cluster and the values that they take: in "when" of a fault and in "expect".
//   "isr(t-0)": ["b1", "b2"]             as a set
//   "leader(t-0)": "b2", "controller": "none" (or null)
//   "high_watermark(t-0, b1)": 5, "log_end_offset(t-0, b1)": ">= 5"
//   "role(t-0, b1)": "leader", "follower", "none"
//   "running(b1)": true, "registered(b1)": false
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "scenarios/json_value.h"
#include "scenarios/names.h"
#include "sim/kernel/condition.h"

namespace scenarios {

struct StateWord {
  std::string_view word;
  sim::Condition::Word kind;
  bool takes_partition;
  bool takes_broker;
  std::string_view example;  // of the key: "isr(t-0)"
  std::string_view value;    // of its value, in JSON: "[\"b1\", \"b2\"]"
};
inline constexpr std::array kStateWords{
    StateWord{"isr", sim::Condition::Word::isr, true, false, "isr(t-0)", "[\"b1\", \"b2\"]"},
    StateWord{"leader", sim::Condition::Word::leader, true, false, "leader(t-0)", "\"b2\""},
    StateWord{"controller", sim::Condition::Word::controller, false, false, "controller", "\"b2\""},
    StateWord{"high_watermark", sim::Condition::Word::high_watermark, true, true, "high_watermark(t-0, b1)",
              "\">= 5\""},
    StateWord{"log_end_offset", sim::Condition::Word::log_end_offset, true, true, "log_end_offset(t-0, b1)", "5"},
    StateWord{"role", sim::Condition::Word::role, true, true, "role(t-0, b1)", "\"follower\""},
    StateWord{"running", sim::Condition::Word::running, false, true, "running(b1)", "false"},
    StateWord{"registered", sim::Condition::Word::registered, false, true, "registered(b1)", "true"},
};

// The row of a key's word, whatever its arguments; null if the key is about no state.
const StateWord* state_word_of(std::string_view key);

// `member`: the key names a state, the value is what it must be. Empty after a report.
std::optional<sim::Condition> read_condition(const Member& member, const Names& names, Problems& problems);

// "isr(t-0) is b1 b2", "controller is none", "high_watermark(t-0, b1) >= 5"
std::string text_of(const sim::Condition& condition, const model::ClusterConfig& config);

}  // namespace scenarios
