#include <algorithm>
#include <array>

#include "scenarios/decode.h"
#include "scenarios/fact_patterns.h"
#include "scenarios/faults.h"
#include "scenarios/suggest.h"

namespace scenarios {
namespace {

using sim::Expectation;

constexpr std::array<std::string_view, 4> kWindowKeys{"after", "before", "between", "times"};

struct Context {
  const Names& names;
  const sim::Plan& plan;
  Problems& problems;

  std::optional<sim::Time> time(const Value& value, std::string_view what) const {
    const DurationRange range{{plan.begins.us}, {plan.until.us}};
    const auto at = read_duration(value, what, range, problems);
    return at ? std::optional(sim::Time{at->us}) : std::nullopt;
  }
};

std::string text_of_time(sim::Time time) { return text_of(model::Duration{time.us}); }

void read_between(const Value& value, Expectation& expectation, const Context& context) {
  if (!value.is_array() || value.items.size() != 2) {
    context.problems.error("wrong-type", value, "\"between\" is a list of two times, not " + describe(value),
                           "write [\"14s\", \"20s\"]");
    return;
  }
  const auto from = context.time(value.items[0], "\"between\"");
  const auto to = context.time(value.items[1], "\"between\"");
  if (!from || !to) return;
  if (*from > *to) {
    context.problems.error("bad-value", value, "the window ends before it begins", "swap the two times");
  }
  expectation.from = *from;
  expectation.to = *to;
  expectation.text += " between " + text_of_time(*from) + " and " + text_of_time(*to);
}

void read_window(const Value& object, Expectation& expectation, const Context& context) {
  const Member* between = object.find_member("between");
  const Member* after = object.find_member("after");
  const Member* before = object.find_member("before");
  if (between != nullptr) read_between(between->value, expectation, context);
  if (between != nullptr && (after != nullptr || before != nullptr)) {
    context.problems.error_at_key("conflict", after != nullptr ? *after : *before, "\"between\" already says when");
    return;
  }
  if (after != nullptr) {
    if (const auto from = context.time(after->value, "\"after\"")) {
      expectation.from = *from;
      expectation.text += " after " + text_of_time(*from);
    }
  }
  if (before != nullptr) {
    if (const auto to = context.time(before->value, "\"before\"")) {
      expectation.to = *to;
      expectation.text += " before " + text_of_time(*to);
    }
  }
  if (expectation.from > expectation.to && before != nullptr && after != nullptr) {
    context.problems.error("bad-value", before->value, "the window ends before it begins");
  }
}

bool read_fact(const Value& object, const Member& name, Expectation& expectation, const Context& context) {
  expectation.form = Expectation::Form::fact;
  auto pattern = read_pattern(object, name, kWindowKeys, context.names, context.problems);
  if (pattern) {
    expectation.pattern = std::move(*pattern);
    expectation.text = text_of(expectation.pattern);
  }
  if (const Value* times = object.find("times")) {
    const auto count = read_integer(*times, "\"times\"", 1, 1'000'000, context.problems);
    expectation.times = static_cast<std::int32_t>(count.value_or(1));
    expectation.text += " " + std::to_string(expectation.times) + " times";
  }
  read_window(object, expectation, context);
  return pattern.has_value();
}

bool read_never(const Value& object, const Member& name, Expectation& expectation, const Context& context) {
  expectation.form = Expectation::Form::never;
  for (const std::string_view key : kWindowKeys) {
    const Member* member = object.find_member(key);
    if (member == nullptr) continue;
    context.problems.error_at_key("unknown-key", *member,
                                  "\"never\" holds for the whole run; it takes no \"" + member->key + "\"");
  }
  auto pattern = read_pattern(object, name, kWindowKeys, context.names, context.problems);
  if (!pattern) return false;
  expectation.pattern = std::move(*pattern);
  expectation.text = "never " + text_of(expectation.pattern);
  return true;
}

// "b2", "none" or null.
bool read_holder(const Value& value, Expectation& expectation, const Context& context) {
  if (value.is(Value::Kind::null) || (value.is_string() && value.text == "none")) {
    expectation.text += " is none";
    return true;
  }
  const auto name = read_text(value, "who it is", context.problems);
  if (!name) return false;
  const auto broker = context.names.find_broker(*name, value, context.problems);
  if (!broker) return false;
  expectation.nodes.push_back(*broker);
  expectation.text += " is " + *name;
  return true;
}

bool read_members_of_isr(const Value& value, Expectation& expectation, const Context& context) {
  if (!value.is_array() || value.items.empty() || value.items.size() > context.plan.config.brokers.size()) {
    context.problems.error("wrong-type", value, "an ISR is a list of brokers, not " + describe(value),
                           "write [\"b1\", \"b2\"]");
    return false;
  }
  expectation.text += " is";
  for (const Value& item : value.items) {
    const auto name = read_text(item, "a member of the ISR", context.problems);
    const auto broker = name ? context.names.find_broker(*name, item, context.problems) : std::nullopt;
    if (!broker) return false;
    if (expectation.nodes.contains(*broker)) {
      context.problems.error("bad-value", item, "\"" + *name + "\" stands twice in the list");
      return false;
    }
    expectation.nodes.push_back(*broker);
    expectation.text += " " + *name;
  }
  return true;
}

bool is_state_key(std::string_view key) {
  const auto call = parse_call(key);
  if (!call) return false;
  if (call->role == "controller") return !call->has_parentheses;
  return call->role == "isr" || call->role == "leader";
}

bool read_state(const Value& object, const Member& state, Expectation& expectation, const Context& context) {
  for (const Member& member : object.members) {
    if (&member == &state || member.key == "at" || member.key == kNoteKey) continue;
    const bool is_second = is_state_key(member.key);
    context.problems.error_at_key(is_second ? "conflict" : "unknown-key", member,
                                  is_second ? "one expectation is about one thing; make it two entries"
                                            : "\"" + member.key + "\" is not a member of such an expectation",
                                  is_second ? "" : "known: at, " + state.key);
  }
  expectation.from = expectation.to = sim::Time{};
  if (const Value* at = object.find("at")) {
    expectation.from = expectation.to = context.time(*at, "\"at\"").value_or(sim::Time{});
  } else {
    context.problems.error("missing-key", object, "when is " + state.key + " so?", "add \"at\": \"30s\"");
  }
  expectation.text = "at " + text_of_time(expectation.from) + " " + state.key;
  const auto call = parse_call(state.key);
  if (call->role == "controller") {
    expectation.form = Expectation::Form::state_controller;
    return read_holder(state.value, expectation, context);
  }
  const std::string_view name = call->arguments.empty() ? std::string_view{} : call->arguments.front();
  const auto partition = context.names.find_partition(name, state.key_at, state.key_end, context.problems);
  if (!partition) return false;
  expectation.partition = *partition;
  const bool is_isr = call->role == "isr";
  expectation.form = is_isr ? Expectation::Form::state_isr : Expectation::Form::state_leader;
  return is_isr ? read_members_of_isr(state.value, expectation, context)
                : read_holder(state.value, expectation, context);
}

void explain_missing_form(const Value& object, Problems& problems) {
  constexpr std::array<std::string_view, 5> kForms{"controller", "fact", "isr(t-0)", "leader(t-0)", "never"};
  for (const Member& member : object.members) {
    const std::string hint = did_you_mean(member.key, kForms);
    if (hint.empty()) continue;
    problems.error_at_key("unknown-key", member, "\"" + member.key + "\" is not a member of an expectation", hint);
    return;
  }
  problems.error("missing-key", object, "what is expected?",
                 "add \"fact\", \"never\", \"isr(t-0)\", \"leader(t-0)\" or \"controller\"");
}

void read_expectation(const Value& object, const Context& context, std::vector<Expectation>& expectations) {
  if (!object.is_object()) {
    context.problems.error("wrong-type", object, "an expectation is an object, not " + describe(object));
    return;
  }
  Expectation expectation;
  expectation.line = object.at.line;
  const Member* fact = object.find_member("fact");
  const Member* never = object.find_member("never");
  bool is_good = false;
  if (fact != nullptr && never != nullptr) {
    context.problems.error_at_key("conflict", *never, "an expectation has either \"fact\" or \"never\"");
  } else if (fact != nullptr) {
    is_good = read_fact(object, *fact, expectation, context);
  } else if (never != nullptr) {
    is_good = read_never(object, *never, expectation, context);
  } else {
    const auto state = std::find_if(object.members.begin(), object.members.end(),
                                    [](const Member& member) { return is_state_key(member.key); });
    if (state == object.members.end()) {
      explain_missing_form(object, context.problems);
    } else {
      is_good = read_state(object, *state, expectation, context);
    }
  }
  if (is_good) expectations.push_back(std::move(expectation));
}

}  // namespace

void read_expectations(const Value& list, const Names& names, sim::Plan& plan, Problems& problems) {
  if (!list.is_array()) {
    problems.error("wrong-type", list, "\"expect\" is a list, not " + describe(list));
    return;
  }
  if (list.items.size() > kExpectationsMax) {
    problems.error("out-of-range", list.items[kExpectationsMax],
                   "at most " + std::to_string(kExpectationsMax) + " expectations");
    return;
  }
  std::vector<Expectation> expectations;
  for (const Value& item : list.items) read_expectation(item, {names, plan, problems}, expectations);
  plan.expectations = std::move(expectations);
}

}  // namespace scenarios
