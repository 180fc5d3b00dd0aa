#include "scenarios/faults.h"

#include <algorithm>
#include <array>

#include "scenarios/decode.h"
#include "scenarios/fact_patterns.h"
#include "scenarios/fault_actions.h"
#include "scenarios/state_words.h"
#include "scenarios/suggest.h"

namespace scenarios {
namespace {

using sim::Fault;
using sim::FaultKind;

struct Verb {
  std::string_view key;
  FaultKind kind;
  bool can_last;                           // "for" undoes it
  std::array<std::string_view, 3> also{};  // members that go with it
};
constexpr std::array<Verb, sim::kFaultKinds> kVerbs{{
    {"crash", FaultKind::crash, true},
    {"power_loss", FaultKind::power_loss, true},
    {"stop", FaultKind::stop, false},
    {"start", FaultKind::start, false},
    {"pause", FaultKind::pause, true},
    {"resume", FaultKind::resume, false},
    {"cut", FaultKind::cut, true, {"one_way"}},
    {"heal", FaultKind::heal, false, {"one_way"}},
    {"delay", FaultKind::delay, true, {"by", "jitter", "one_way"}},
    {"lose", FaultKind::lose, true, {"one_way", "ratio"}},
    {"reset", FaultKind::reset, false},
    {"wipe", FaultKind::wipe, true},
    {"slow_disk", FaultKind::slow_disk, true, {"by", "factor", "jitter"}},
    {"clock_rate", FaultKind::clock_rate, true, {"rate"}},
    {"expire_session", FaultKind::expire_session, false},
    {"elect", FaultKind::elect, false, {"type"}},
    {"move_controller", FaultKind::move_controller, false},
    {"create_topic", FaultKind::create_topic, false},
    {"alter_config", FaultKind::alter_config, false, {"config"}},
    {"reassign", FaultKind::reassign, false, {"to"}},
    {"add_voter", FaultKind::add_voter, false},
    {"remove_voter", FaultKind::remove_voter, false},
}};
// These may stand in a fault of any kind.
constexpr std::array<std::string_view, 5> kCommonKeys{"after", "at", "note", "times", "when"};
constexpr std::array<std::string_view, 37> kFaultKeys{
    "add_voter",
    "after",
    "alter_config",
    "at",
    "by",
    "clock_rate",
    "config",
    "crash",
    "create_topic",
    "cut",
    "delay",
    "elect",
    "expire_session",
    "factor",
    "for",
    "heal",
    "jitter",
    "lose",
    "move_controller",
    "note",
    "one_way",
    "pause",
    "power_loss",
    "rate",
    "ratio",
    "reassign",
    "remove_voter",
    "reset",
    "resume",
    "slow_disk",
    "start",
    "stop",
    "times",
    "to",
    "type",
    "when",
    "wipe",
};
constexpr DurationRange kLater{{0}, model::seconds(86'400)};

// Which of the members says what happens; null after a report.
const Member* find_verb(const Value& object, const Verb*& verb, Problems& problems) {
  const Member* found = nullptr;
  bool has_guess = false;
  for (const Member& member : object.members) {
    const auto row = std::find_if(kVerbs.begin(), kVerbs.end(), [&](const Verb& v) { return v.key == member.key; });
    if (row == kVerbs.end()) {
      if (std::find(kFaultKeys.begin(), kFaultKeys.end(), member.key) == kFaultKeys.end()) {
        problems.error_at_key("unknown-key", member, "\"" + member.key + "\" is not a fault or a member of one",
                              did_you_mean_or_list(member.key, kFaultKeys, "known"));
        has_guess = true;
      }
    } else if (found != nullptr) {
      problems.error_at_key("conflict", member, "one fault is either \"" + found->key + "\" or \"" + member.key + "\"",
                            "make it two entries");
    } else {
      found = &member;
      verb = &*row;
    }
  }
  if (found == nullptr && !has_guess) {
    problems.error("missing-key", object, "what happens? No fault is named",
                   "add one such as \"crash\": \"b1\" or \"pause\": \"controller\"");
  }
  return found;
}

void check_members(const Value& object, const Verb& verb, Problems& problems) {
  const auto has = [](const auto& keys, std::string_view key) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
  };
  for (const Member& member : object.members) {
    const bool is_verb = std::any_of(kVerbs.begin(), kVerbs.end(), [&](const Verb& v) { return v.key == member.key; });
    // Another verb, or no key of a fault at all, has been reported.
    if (is_verb || !has(kFaultKeys, member.key) || has(kCommonKeys, member.key) || has(verb.also, member.key)) continue;
    if (member.key == "for" && verb.can_last) continue;
    std::string hint;
    if (member.key == "for" && verb.kind == FaultKind::stop) hint = "add a \"start\" entry";
    problems.error_at_key("unknown-key", member,
                          "\"" + member.key + "\" has no meaning for \"" + std::string(verb.key) + "\"", hint);
  }
}

// {"fact": "became_leader", "node": "b2"} or {"isr(t-0)": ["b1"]}.
void read_when(const Member& when, Fault& fault, const FaultContext& context) {
  Problems& problems = context.problems;
  if (!when.value.is_object()) {
    problems.error("wrong-type", when.value, "\"when\" is an object, not " + describe(when.value),
                   "write {\"fact\": \"became_leader\", \"node\": \"b2\"} or {\"isr(t-0)\": [\"b1\"]}");
    return;
  }
  if (const Member* fact = when.value.find_member("fact")) {
    auto pattern = read_pattern(when.value, *fact, {}, context.names, problems);
    fault.when = pattern ? std::move(pattern) : sim::FactPattern{};
    return;
  }
  const Member* state = nullptr;
  for (const Member& member : when.value.members) {
    if (member.key == kNoteKey) continue;
    const bool is_state = state_word_of(member.key) != nullptr;
    if (!is_state) {
      problems.error_at_key("unknown-key", member, "\"" + member.key + "\" is neither \"fact\" nor a state",
                            did_you_mean_or_list(member.key.substr(0, member.key.find('(')), state_words(), "states"));
      return;
    }
    if (state != nullptr) {
      problems.error_at_key("conflict", member, "a fault waits for one state; make it two entries");
      return;
    }
    state = &member;
  }
  if (state != nullptr) {
    fault.when_state = read_condition(*state, context.names, problems, StateUse::trigger);
    return;
  }
  problems.error("missing-key", when.value, "which fact, or which state?",
                 "add \"fact\": \"...\" or \"isr(t-0)\": [\"b1\"]");
}

void read_trigger(const Value& object, Fault& fault, const FaultContext& context) {
  Problems& problems = context.problems;
  const Member* at = object.find_member("at");
  const Member* when = object.find_member("when");
  if (at != nullptr && when != nullptr) {
    problems.error_at_key("conflict", *when,
                          "a fault happens either \"at\" a time or \"when\" a fact is told or a state comes true");
  } else if (at == nullptr && when == nullptr) {
    problems.error("missing-key", object, "when does it happen?",
                   "add \"at\": \"10s\" or \"when\": {\"fact\": \"...\"}");
  }
  if (at != nullptr) {
    const DurationRange range{{context.plan.begins.us}, {context.plan.until.us}};
    const auto time = read_duration(at->value, "\"at\"", range, problems);
    if (time) fault.at.us = time->us;
  }
  if (when != nullptr) read_when(*when, fault, context);
  for (const std::string_view key : {std::string_view("after"), std::string_view("times")}) {
    const Member* member = object.find_member(key);
    if (member == nullptr) continue;
    if (when == nullptr) {
      problems.error_at_key("unknown-key", *member, "\"" + member->key + "\" needs a \"when\"");
    } else if (key == "after") {
      fault.after = read_duration(member->value, "\"after\"", kLater, problems).value_or(model::Duration{});
    } else {
      const auto times = read_integer(member->value, "\"times\"", 1, kFaultsMax, problems);
      fault.times = static_cast<std::int32_t>(times.value_or(1));
    }
  }
}

void read_fault(const Value& object, const FaultContext& context, std::vector<Fault>& faults) {
  if (!object.is_object()) {
    context.problems.error("wrong-type", object, "a fault is an object, not " + describe(object));
    return;
  }
  Fault fault;
  fault.line = object.at.line;
  const Verb* verb = nullptr;
  const Member* member = find_verb(object, verb, context.problems);
  read_trigger(object, fault, context);
  if (member == nullptr) return;
  fault.kind = verb->kind;
  check_members(object, *verb, context.problems);
  read_action(*member, object, fault, context);
  const Value* lasts = object.find("for");
  if (lasts != nullptr && verb->can_last) {
    fault.lasts = read_duration(*lasts, "\"for\"", {{1}, kLater.max}, context.problems);
    if (fault.lasts) fault.text += " for " + text_of(*fault.lasts);
  }
  faults.push_back(std::move(fault));
}

}  // namespace

std::span<const std::string_view> fault_keys() { return kFaultKeys; }

void read_faults(const Value& list, const Names& names, sim::Plan& plan, Problems& problems) {
  if (!list.is_array()) {
    problems.error("wrong-type", list, "\"faults\" is a list, not " + describe(list));
    return;
  }
  if (list.items.size() > kFaultsMax) {
    problems.error("out-of-range", list.items[kFaultsMax], "at most " + std::to_string(kFaultsMax) + " faults");
    return;
  }
  std::vector<Fault> faults;
  for (const Value& item : list.items) read_fault(item, {names, plan, problems}, faults);
  plan.config.topic_configs_change = std::any_of(
      faults.begin(), faults.end(), [](const Fault& fault) { return fault.kind == FaultKind::alter_config; });
  plan.faults = std::move(faults);
}

}  // namespace scenarios
