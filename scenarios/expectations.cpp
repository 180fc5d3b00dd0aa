#include "scenarios/expectations.h"

#include <algorithm>
#include <array>

#include "model/facts.h"
#include "scenarios/decode.h"
#include "scenarios/fact_patterns.h"
#include "scenarios/state_words.h"
#include "scenarios/suggest.h"

namespace scenarios {
namespace {

using sim::Expectation;

constexpr std::array<std::string_view, 4> kWindowKeys{"after", "before", "between", "times"};
constexpr std::array<std::string_view, 3> kForms{"fact", "never", "violates"};
constexpr std::array<std::string_view, 3> kStateWindowKeys{"after", "before", "between"};
constexpr std::array<std::string_view, 6> kStateKeys{"after", "always", "at", "before", "between", kNoteKey};

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

bool read_violates(const Value& object, const Member& name, Expectation& expectation, const Context& context) {
  expectation.form = Expectation::Form::violates;
  constexpr std::array<std::string_view, 4> kKeys{"after", "before", "between", "violates"};
  check_keys(object, kKeys, "such an expectation", context.problems);
  const auto invariant = read_invariant(name.value, context.problems);
  if (invariant) {
    expectation.invariant = *invariant;
    expectation.pattern = {model::kFactIndex<model::InvariantViolated>, {{"invariant", name.value.text}}};
    expectation.text = "violates " + name.value.text;
  }
  read_window(object, expectation, context);
  return invariant.has_value();
}

// One time, or a window; without an end it is that of the run.
bool read_instants(const Value& object, const Member& state, Expectation& expectation, const Context& context) {
  const Value* at = object.find("at");
  const bool has_window = std::any_of(kStateWindowKeys.begin(), kStateWindowKeys.end(),
                                      [&](std::string_view key) { return object.find(key) != nullptr; });
  if (at != nullptr && has_window) {
    context.problems.error("conflict", *at, "a state is judged either \"at\" a time or within a window");
    return false;
  }
  if (at == nullptr && !has_window) {
    context.problems.error("missing-key", object, "when is " + state.key + " so?",
                           "add \"at\": \"30s\" or \"between\": [\"14s\", \"20s\"]");
    return false;
  }
  if (const Member* always = object.find_member("always")) {
    if (at != nullptr) context.problems.error_at_key("unknown-key", *always, "\"always\" needs a window");
    expectation.always = read_boolean(always->value, "\"always\"", context.problems).value_or(false);
  }
  if (at != nullptr) {
    expectation.from = expectation.to = context.time(*at, "\"at\"").value_or(sim::Time{});
    expectation.text = "at " + text_of_time(expectation.from) + " " + expectation.text;
    return true;
  }
  if (expectation.always) expectation.text = "always " + expectation.text;
  read_window(object, expectation, context);
  expectation.from = std::max(expectation.from, context.plan.begins);
  expectation.to = std::min(expectation.to, context.plan.until);
  return true;
}

bool read_state(const Value& object, const Member& state, Expectation& expectation, const Context& context) {
  for (const Member& member : object.members) {
    const bool is_known = std::find(kStateKeys.begin(), kStateKeys.end(), member.key) != kStateKeys.end();
    if (&member == &state || is_known) continue;
    const bool is_second = state_word_of(member.key) != nullptr;
    context.problems.error_at_key(is_second ? "conflict" : "unknown-key", member,
                                  is_second ? "one expectation is about one thing; make it two entries"
                                            : "\"" + member.key + "\" is not a member of such an expectation",
                                  is_second ? "" : did_you_mean_or_list(member.key, kStateKeys, "known"));
  }
  expectation.form = Expectation::Form::state;
  const auto condition = read_condition(state, context.names, context.problems, StateUse::expectation);
  if (condition) {
    expectation.condition = *condition;
    expectation.text = text_of(*condition, context.plan.config);
  }
  return read_instants(object, state, expectation, context) && condition.has_value();
}

void explain_missing_form(const Value& object, Problems& problems) {
  std::vector<std::string_view> forms(kForms.begin(), kForms.end());
  for (const StateWord& row : kStateWords) forms.push_back(row.example);
  for (const Member& member : object.members) {
    const std::string hint = did_you_mean(member.key, forms);
    if (hint.empty()) continue;
    problems.error_at_key("unknown-key", member, "\"" + member.key + "\" is not a member of an expectation", hint);
    return;
  }
  std::string list;
  for (const std::string_view form : forms) list += (list.empty() ? "\"" : ", \"") + std::string(form) + "\"";
  problems.error("missing-key", object, "what is expected?", "add one of " + list);
}

void read_expectation(const Value& object, const Context& context, std::vector<Expectation>& expectations) {
  if (!object.is_object()) {
    context.problems.error("wrong-type", object, "an expectation is an object, not " + describe(object));
    return;
  }
  Expectation expectation;
  expectation.line = object.at.line;
  const Member* form = nullptr;
  for (const Member& member : object.members) {
    const bool is_form = std::find(kForms.begin(), kForms.end(), member.key) != kForms.end();
    if (is_form && form != nullptr) {
      context.problems.error_at_key("conflict", member,
                                    "an expectation has either \"" + form->key + "\" or \"" + member.key + "\"");
      return;
    }
    if (is_form) form = &member;
  }
  const auto state = std::find_if(object.members.begin(), object.members.end(),
                                  [](const Member& member) { return state_word_of(member.key) != nullptr; });
  bool is_good = false;
  if (form != nullptr) {
    is_good = form->key == "fact"    ? read_fact(object, *form, expectation, context)
              : form->key == "never" ? read_never(object, *form, expectation, context)
                                     : read_violates(object, *form, expectation, context);
  } else if (state != object.members.end()) {
    is_good = read_state(object, *state, expectation, context);
  } else {
    explain_missing_form(object, context.problems);
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

void read_exposes(const Value& list, sim::Plan& plan, Problems& problems) {
  if (!list.is_array()) {
    problems.error("wrong-type", list, "\"exposes\" is a list of invariants, not " + describe(list));
    return;
  }
  for (const Value& item : list.items) {
    const auto invariant = read_invariant(item, problems);
    if (!invariant) continue;
    if (std::find(plan.exposes.begin(), plan.exposes.end(), *invariant) != plan.exposes.end()) {
      problems.error("bad-value", item, describe(item) + " stands twice in the list");
      continue;
    }
    plan.exposes.push_back(*invariant);
  }
}

}  // namespace scenarios
