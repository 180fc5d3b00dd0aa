// The words for a state of the cluster and the values that they take: in "when" of a fault and in "expect".
//   "isr(t-0)": ["b1", "b2"]             as a set
//   "leader(t-0)": "b2", "controller": "none" (or null)
//   "high_watermark(t-0, b1)": 5, "log_end_offset(t-0, b1)": {"at_least": 5, "at_most": 9} (or ">= 5")
//   "role(t-0, b1)": "leader", "follower", "none"
//   "running(b1)": true, "registered(b1)": false
//   "acknowledged(p1)": {"at_least": 100}     a number like the offsets; in "expect" only
#pragma once

#include <array>
#include <cstdint>
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
  bool takes_producer;
  std::string_view example;  // of the key: "isr(t-0)"
  std::string_view value;    // of its value, in JSON: "[\"b1\", \"b2\"]"
};
inline constexpr std::array kStateWords{
    StateWord{"isr", sim::Condition::Word::isr, true, false, false, "isr(t-0)", "[\"b1\", \"b2\"]"},
    StateWord{"leader", sim::Condition::Word::leader, true, false, false, "leader(t-0)", "\"b2\""},
    StateWord{"controller", sim::Condition::Word::controller, false, false, false, "controller", "\"b2\""},
    StateWord{"high_watermark", sim::Condition::Word::high_watermark, true, true, false, "high_watermark(t-0, b1)",
              "\">= 5\""},
    StateWord{"log_end_offset", sim::Condition::Word::log_end_offset, true, true, false, "log_end_offset(t-0, b1)",
              "5"},
    StateWord{"role", sim::Condition::Word::role, true, true, false, "role(t-0, b1)", "\"follower\""},
    StateWord{"running", sim::Condition::Word::running, false, true, false, "running(b1)", "false"},
    StateWord{"registered", sim::Condition::Word::registered, false, true, false, "registered(b1)", "true"},
    StateWord{"acknowledged", sim::Condition::Word::acknowledged, false, false, true, "acknowledged(p1)",
              "{\"at_least\": 100}"},
};

std::array<std::string_view, kStateWords.size()> state_words();

// The row of a key's word, whatever its arguments; null if the key is about no state.
const StateWord* state_word_of(std::string_view key);

// `member`: the key names a state, the value is what it must be. Empty after a report. A trigger sees the
// cluster's state alone; an expectation also what has been counted since the run began.
enum class StateUse : std::uint8_t { trigger, expectation };
std::optional<sim::Condition> read_condition(const Member& member, const Names& names, Problems& problems,
                                             StateUse use = StateUse::trigger);

// "isr(t-0) is b1 b2", "controller is none", "high_watermark(t-0, b1) >= 5"
std::string text_of(const sim::Condition& condition, const model::ClusterConfig& config);

}  // namespace scenarios
