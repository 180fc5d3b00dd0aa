#include "scenarios/faults.h"

#include <algorithm>
#include <array>

#include "scenarios/decode.h"
#include "scenarios/fact_patterns.h"
#include "scenarios/suggest.h"

namespace scenarios {
namespace {

using sim::Fault;
using sim::FaultKind;

enum class Takes : std::uint8_t { targets, sides, all_or_sides, partition, flag, topic };
struct Verb {
  std::string_view key;
  FaultKind kind;
  Takes takes;
  bool can_last;  // "for" undoes it
};
constexpr std::array kVerbs{
    Verb{"crash", FaultKind::crash, Takes::targets, true},
    Verb{"power_loss", FaultKind::power_loss, Takes::targets, true},
    Verb{"stop", FaultKind::stop, Takes::targets, false},
    Verb{"start", FaultKind::start, Takes::targets, false},
    Verb{"pause", FaultKind::pause, Takes::targets, true},
    Verb{"resume", FaultKind::resume, Takes::targets, false},
    Verb{"cut", FaultKind::cut, Takes::sides, true},
    Verb{"heal", FaultKind::heal, Takes::all_or_sides, false},
    Verb{"elect", FaultKind::elect, Takes::partition, false},
    Verb{"move_controller", FaultKind::move_controller, Takes::flag, false},
    Verb{"create_topic", FaultKind::create_topic, Takes::topic, false},
};
// Faults and acts that the format has names for and the simulator does not carry out yet.
constexpr std::array<std::string_view, 9> kLaterVerbs{
    "alter_config", "clock_rate", "delay", "expire_session", "lose", "reassign", "reset", "slow_disk", "wipe",
};
constexpr std::array<std::string_view, 19> kFaultKeys{
    "after",           "at",   "crash",   "create_topic", "cut",        "elect",  "for",   "heal",
    "move_controller", "note", "one_way", "pause",        "power_loss", "resume", "start", "stop",
    "times",           "type", "when",
};
constexpr DurationRange kLater{{0}, model::seconds(86'400)};

struct Context {
  const Names& names;
  const sim::Plan& plan;
  Problems& problems;
};

std::string text_of_targets(const std::vector<sim::Target>& targets) {
  std::string text;
  for (const sim::Target& target : targets) text += (text.empty() ? "" : ", ") + target.text;
  return text;
}

// Which of the members says what happens; null after a report.
const Member* find_verb(const Value& object, const Verb*& verb, Problems& problems) {
  const Member* found = nullptr;
  bool has_guess = false;
  for (const Member& member : object.members) {
    const auto row = std::find_if(kVerbs.begin(), kVerbs.end(), [&](const Verb& v) { return v.key == member.key; });
    if (row == kVerbs.end()) {
      if (std::find(kLaterVerbs.begin(), kLaterVerbs.end(), member.key) != kLaterVerbs.end()) {
        problems.error_at_key("not-supported", member, "\"" + member.key + "\" is not modelled yet");
        has_guess = true;
      } else if (std::find(kFaultKeys.begin(), kFaultKeys.end(), member.key) == kFaultKeys.end()) {
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
  const bool has_sides = verb.kind == FaultKind::cut || verb.kind == FaultKind::heal;
  for (const Member& member : object.members) {
    const bool is_foreign = (member.key == "for" && !verb.can_last) || (member.key == "one_way" && !has_sides) ||
                            (member.key == "type" && verb.kind != FaultKind::elect);
    if (!is_foreign) continue;
    std::string hint;
    if (member.key == "for" && verb.kind == FaultKind::stop) hint = "add a \"start\" entry";
    problems.error_at_key("unknown-key", member,
                          "\"" + member.key + "\" has no meaning for \"" + std::string(verb.key) + "\"", hint);
  }
}

void read_trigger(const Value& object, Fault& fault, const Context& context) {
  Problems& problems = context.problems;
  const Member* at = object.find_member("at");
  const Member* when = object.find_member("when");
  if (at != nullptr && when != nullptr) {
    problems.error_at_key("conflict", *when, "a fault happens either \"at\" a time or \"when\" a fact is told");
  } else if (at == nullptr && when == nullptr) {
    problems.error("missing-key", object, "when does it happen?",
                   "add \"at\": \"10s\" or \"when\": {\"fact\": \"...\"}");
  }
  if (at != nullptr) {
    const DurationRange range{{context.plan.begins.us}, {context.plan.until.us}};
    const auto time = read_duration(at->value, "\"at\"", range, problems);
    if (time) fault.at.us = time->us;
  }
  if (when != nullptr) {
    if (!when->value.is_object()) {
      problems.error("wrong-type", when->value, "\"when\" is an object, not " + describe(when->value),
                     "write {\"fact\": \"became_leader\", \"node\": \"b2\"}");
    } else if (const Member* fact = when->value.find_member("fact")) {
      auto pattern = read_pattern(when->value, *fact, {}, context.names, problems);
      fault.when = pattern ? std::move(pattern) : sim::FactPattern{};
    } else {
      problems.error("missing-key", when->value, "which fact?", "add \"fact\": \"...\"");
    }
  }
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

void read_who(const Member& verb_member, Fault& fault, const Context& context) {
  fault.who = read_targets(verb_member.value, context.names, context.problems);
  if (fault.kind == FaultKind::stop) {
    for (const sim::Target& target : fault.who) {
      if (target.form != sim::Target::Form::node || context.plan.config.is_broker(target.node)) continue;
      context.problems.error("bad-target", verb_member.value,
                             "\"stop\" is a broker's controlled shutdown, and " + target.text + " is no broker",
                             "use \"crash\"");
    }
  }
  fault.text = verb_member.key + " " + text_of_targets(fault.who);
  if (fault.kind == FaultKind::power_loss) fault.text = "power loss of " + text_of_targets(fault.who);
}

void read_sides(const Member& verb_member, const Value& object, Fault& fault, const Context& context) {
  const Value& sides = verb_member.value;
  if (!sides.is_array() || sides.items.size() != 2) {
    const bool is_heal = fault.kind == FaultKind::heal;
    context.problems.error(
        "wrong-type", sides,
        "\"" + verb_member.key + "\" has two sides, each a target or a list, not " + describe(sides),
        is_heal ? "write \"all\" or [[\"b1\"], [\"zookeeper\"]]" : "write [[\"b1\"], [\"zookeeper\"]]");
    return;
  }
  fault.from = read_targets(sides.items[0], context.names, context.problems);
  fault.to = read_targets(sides.items[1], context.names, context.problems);
  for (const sim::Target& a : fault.from) {
    for (const sim::Target& b : fault.to) {
      if (a.text != b.text) continue;
      context.problems.error("bad-target", sides.items[1], "\"" + a.text + "\" is on both sides");
    }
  }
  if (const Value* one_way = object.find("one_way")) {
    fault.one_way = read_boolean(*one_way, "\"one_way\"", context.problems).value_or(false);
  }
  fault.text = verb_member.key + (fault.one_way ? " packets from " : " ") + text_of_targets(fault.from) +
               (fault.one_way ? " to " : " from ") + text_of_targets(fault.to);
}

void read_elect(const Member& verb_member, const Value& object, Fault& fault, const Context& context) {
  constexpr std::array<std::string_view, 2> kTypes{"preferred", "unclean"};
  if (const auto name = read_text(verb_member.value, "\"elect\"", context.problems)) {
    const Value& value = verb_member.value;
    const auto partition = context.names.find_partition(*name, value.at, value.end, context.problems);
    fault.partition = partition.value_or(model::PartitionId{});
  }
  if (const Value* type = object.find("type")) {
    const auto name = read_text(*type, "\"type\"", context.problems);
    if (name && std::find(kTypes.begin(), kTypes.end(), *name) == kTypes.end()) {
      context.problems.error("bad-value", *type, describe(*type) + " is not a type of election",
                             did_you_mean_or_list(*name, kTypes, "types"));
    }
    fault.unclean = name == "unclean";
  }
  fault.text =
      std::string("elect a leader of ") + verb_member.value.text + (fault.unclean ? " (unclean)" : " (preferred)");
}

void read_action(const Member& member, const Verb& verb, const Value& object, Fault& fault, const Context& context) {
  Problems& problems = context.problems;
  switch (verb.takes) {
    case Takes::targets:
      read_who(member, fault, context);
      return;
    case Takes::sides:
      read_sides(member, object, fault, context);
      return;
    case Takes::partition:
      read_elect(member, object, fault, context);
      return;
    case Takes::all_or_sides:
      if (!member.value.is_string() || member.value.text != "all") return read_sides(member, object, fault, context);
      fault.text = "heal all cuts";
      return;
    case Takes::flag:
      if (!read_boolean(member.value, "\"move_controller\"", problems).value_or(true)) {
        problems.error("bad-value", member.value, "\"move_controller\" is true, or is left out");
      }
      fault.text = "move the controller";
      return;
    case Takes::topic:
      if (const auto name = read_text(member.value, "\"create_topic\"", problems)) {
        fault.topic = context.names.find_topic(*name, member.value, problems).value_or(model::TopicId{});
        fault.text = "create topic " + *name;
      }
      return;
  }
}

void read_fault(const Value& object, const Context& context, std::vector<Fault>& faults) {
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
  read_action(*member, *verb, object, fault, context);
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
  plan.faults = std::move(faults);
}

}  // namespace scenarios
