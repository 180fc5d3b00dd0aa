#include "scenarios/fault_actions.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "scenarios/decode.h"
#include "scenarios/settings.h"
#include "scenarios/suggest.h"

namespace scenarios {
namespace {

using sim::Fault;
using sim::FaultKind;

constexpr std::int32_t kAsUsual = 1'000;  // per mille
constexpr DurationRange kAddedTime{{1}, model::seconds(600)};

std::string text_of_targets(const std::vector<sim::Target>& targets) {
  std::string text;
  for (const sim::Target& target : targets) text += (text.empty() ? "" : ", ") + target.text;
  return text;
}

// "10%", "0.5%" or "5‰", in per mille.
std::optional<std::int32_t> parse_per_mille(std::string_view text) {
  const bool is_mille = text.ends_with("‰");
  if (!is_mille && !text.ends_with('%')) return std::nullopt;
  text.remove_suffix(is_mille ? std::string_view("‰").size() : 1);
  const std::size_t point = text.find('.');
  std::int32_t whole = 0, tenths = 0;
  const auto parse = [](std::string_view digits, std::int32_t& number) {
    const char* end = digits.data() + digits.size();
    const auto [at, error] = std::from_chars(digits.data(), end, number);
    return !digits.empty() && error == std::errc{} && at == end && number >= 0 && number <= 1'000'000;
  };
  if (!parse(text.substr(0, point), whole)) return std::nullopt;
  if (point != std::string_view::npos) {
    const std::string_view digits = text.substr(point + 1);
    if (is_mille || digits.size() != 1 || !parse(digits, tenths)) return std::nullopt;
  }
  return is_mille ? whole : whole * 10 + tenths;
}

std::int32_t read_per_mille(const Value& value, std::string_view key, std::int32_t min, std::int32_t max,
                            std::string_view example, Problems& problems) {
  const std::string what = "\"" + std::string(key) + "\"";
  const std::string hint = "write \"" + std::string(example) + "\"";
  if (!value.is_string()) {
    problems.error("wrong-type", value, what + " is a percentage, not " + describe(value), hint);
    return kAsUsual;
  }
  const auto found = parse_per_mille(value.text);
  if (!found) {
    problems.error("bad-value", value, describe(value) + " is not a percentage with at most one decimal", hint);
    return kAsUsual;
  }
  if (*found < min || *found > max) {
    const auto percent = [](std::int32_t n) {
      return std::to_string(n / 10) + (n % 10 == 0 ? "" : "." + std::to_string(n % 10)) + "%";
    };
    problems.error("out-of-range", value, what + " is between " + percent(min) + " and " + percent(max), hint);
    return kAsUsual;
  }
  return *found;
}

// A member that must be there; null after a report.
const Value* need(const Value& object, std::string_view key, const Member& verb, std::string_view example,
                  Problems& problems) {
  const Value* found = object.find(key);
  if (found != nullptr) return found;
  problems.error_at_key("missing-key", verb, "\"" + verb.key + "\" needs \"" + std::string(key) + "\"",
                        "add \"" + std::string(key) + "\": " + std::string(example));
  return nullptr;
}

std::string text_of(const model::AlterConfig& act) {
  std::string text;
  if (act.min_insync_replicas) text += ": min.insync.replicas=" + std::to_string(*act.min_insync_replicas);
  if (act.unclean_leader_election_enable) {
    text += (text.empty() ? ": " : ", ") + std::string("unclean.leader.election.enable=") +
            (*act.unclean_leader_election_enable ? "true" : "false");
  }
  return text;
}

struct NeedsBroker {
  FaultKind kind;
  std::string_view what;
  std::string_view hint;
  bool or_zookeeper;
};
constexpr std::array<NeedsBroker, 4> kNeedBrokers{{
    {FaultKind::stop, "is a broker's controlled shutdown", "use \"crash\"", false},
    {FaultKind::wipe, "empties a broker's disk", "", false},
    {FaultKind::expire_session, "ends a broker's session with ZooKeeper", "", false},
    {FaultKind::slow_disk, "slows the disk of a broker or of ZooKeeper", "", true},
}};

// What these kinds cannot be done to, if it is named. Roles are brokers always.
void check_who(const Member& verb, const Fault& fault, const FaultContext& context) {
  const auto* row = std::find_if(kNeedBrokers.begin(), kNeedBrokers.end(),
                                 [&](const NeedsBroker& needs) { return needs.kind == fault.kind; });
  if (row == kNeedBrokers.end()) return;
  for (const sim::Target& target : fault.who) {
    if (target.form != sim::Target::Form::node || context.plan.config.is_broker(target.node)) continue;
    if (context.plan.config.is_controller(target.node)) continue;  // what a broker's process can do, it can
    if (row->or_zookeeper && target.node == model::kZooKeeper) continue;
    context.problems.error("bad-target", verb.value,
                           "\"" + verb.key + "\" " + std::string(row->what) + ", and " + target.text +
                               (row->or_zookeeper ? " is neither" : " is no broker"),
                           std::string(row->hint));
  }
}

void read_who(const Member& verb, Fault& fault, const FaultContext& context) {
  fault.who = read_targets(verb.value, context.names, context.problems);
  check_who(verb, fault, context);
  std::string what = verb.key;
  if (fault.kind == FaultKind::power_loss) what = "power loss of";
  if (fault.kind == FaultKind::slow_disk) what = "slow disk of";
  if (fault.kind == FaultKind::clock_rate) what = "clock of";
  if (fault.kind == FaultKind::expire_session) what = "expire the session of";
  fault.text = what + " " + text_of_targets(fault.who);
}

// What Kafka has in one mode only.
bool is_of_other_mode(const Member& verb, const Fault& fault, const FaultContext& context) {
  const bool is_kraft = context.plan.config.is_kraft();
  const bool needs_zookeeper = fault.kind == FaultKind::expire_session || fault.kind == FaultKind::move_controller;
  const bool needs_quorum = fault.kind == FaultKind::add_voter || fault.kind == FaultKind::remove_voter;
  if (is_kraft ? !needs_zookeeper : !needs_quorum) return false;
  std::string hint;
  if (fault.kind == FaultKind::move_controller) hint = "pause the controller, or cut it from the others";
  if (fault.kind == FaultKind::expire_session) hint = "pause the broker, or cut it from the controllers";
  context.problems.error_at_key(
      "wrong-mode", verb,
      "there is no \"" + verb.key + "\" " + (is_kraft ? "in KRaft mode" : "with ZooKeeper: it has no voters"), hint);
  return true;
}

// kafka-metadata-quorum add-controller, remove-controller.
void read_voter(const Member& verb, Fault& fault, const FaultContext& context) {
  if (context.plan.config.quorum.kraft_version == 0) {
    context.problems.error_at_key("conflict", verb, "voters change only with kraft.version 1",
                                  "add \"kraft.version\": 1 to the \"config\" of the cluster");
  }
  const auto name = read_text(verb.value, "\"" + verb.key + "\"", context.problems);
  const auto node = name ? context.names.find_controller(*name, verb.value, context.problems) : std::nullopt;
  if (!node) return;
  sim::Target target;
  target.node = *node;
  target.text = *name;
  fault.who = {target};
  fault.text = std::string(fault.kind == FaultKind::add_voter ? "add" : "remove") + " the voter " + *name;
}

// [["b1"], ["zookeeper"]]; where one side is enough also "b1" or [["b1", "b2"]], the other one being everybody else.
bool read_both_sides(const Member& verb, Fault& fault, bool one_is_enough, const FaultContext& context) {
  const Value& sides = verb.value;
  Problems& problems = context.problems;
  if (one_is_enough && (sides.is_string() || (sides.is_array() && sides.items.size() == 1))) {
    fault.from = read_targets(sides.is_string() ? sides : sides.items[0], context.names, problems);
    return true;
  }
  if (!sides.is_array() || sides.items.size() != 2) {
    std::string hint = "write [[\"b1\"], [\"zookeeper\"]]";
    if (fault.kind == FaultKind::heal) hint = "write \"all\" or [[\"b1\"], [\"zookeeper\"]]";
    if (one_is_enough) hint = "write [[\"b1\"], [\"zookeeper\"]], or \"b1\" for its ways to everybody";
    problems.error("wrong-type", sides,
                   "\"" + verb.key + "\" has two sides, each a target or a list, not " + describe(sides), hint);
    return false;
  }
  fault.from = read_targets(sides.items[0], context.names, problems);
  fault.to = read_targets(sides.items[1], context.names, problems);
  for (const sim::Target& a : fault.from) {
    for (const sim::Target& b : fault.to) {
      if (a.text == b.text) problems.error("bad-target", sides.items[1], "\"" + a.text + "\" is on both sides");
    }
  }
  return true;
}

void read_sides(const Member& verb, const Value& object, Fault& fault, const FaultContext& context) {
  const bool one_is_enough =
      fault.kind == FaultKind::delay || fault.kind == FaultKind::lose || fault.kind == FaultKind::reset;
  if (!read_both_sides(verb, fault, one_is_enough, context)) return;
  if (const Value* one_way = object.find("one_way")) {
    fault.one_way = read_boolean(*one_way, "\"one_way\"", context.problems).value_or(false);
  }
  const std::string_view link = fault.one_way                                                   ? " to "
                                : fault.kind == FaultKind::cut || fault.kind == FaultKind::heal ? " from "
                                                                                                : " and ";
  const std::string whom = text_of_targets(fault.from) + std::string(link) +
                           (fault.to.empty() ? "everybody else" : text_of_targets(fault.to));
  const std::string ways = std::string(fault.one_way ? "from " : "between ") + whom;
  if (fault.kind == FaultKind::delay) {
    fault.text = "delay packets " + ways;
  } else if (fault.kind == FaultKind::lose) {
    fault.text = "lose packets " + ways;
  } else if (fault.kind == FaultKind::reset) {
    fault.text = "reset connections " + ways;
  } else {
    fault.text = verb.key + (fault.one_way ? " packets from " : " ") + whom;
  }
}

void read_added_time(const Member& verb, const Value& object, Fault& fault, const FaultContext& context) {
  const Value* by = object.find("by");
  if (by == nullptr) by = need(object, "by", verb, "\"100ms\"", context.problems);
  if (by == nullptr) return;
  const auto added = read_duration(*by, "\"by\"", kAddedTime, context.problems);
  fault.by = added.value_or(model::Duration{});
  fault.text += " by " + scenarios::text_of(fault.by);
  const Value* jitter = object.find("jitter");
  if (jitter == nullptr || !added) return;
  fault.jitter = read_duration(*jitter, "\"jitter\"", {{0}, fault.by}, context.problems).value_or(model::Duration{});
  fault.text += " (+-" + scenarios::text_of(fault.jitter) + ")";
}

void read_slow_disk(const Member& verb, const Value& object, Fault& fault, const FaultContext& context) {
  const Member* factor = object.find_member("factor");
  if (factor == nullptr) return read_added_time(verb, object, fault, context);
  if (object.find("by") != nullptr) {
    context.problems.error_at_key("conflict", *factor, "a slow disk adds a time or multiplies its own, not both");
    return;
  }
  constexpr std::int64_t kFactorMax = 1'000;
  const auto times = read_integer(factor->value, "\"factor\"", 2, kFactorMax, context.problems);
  fault.per_mille = static_cast<std::int32_t>(times.value_or(2)) * kAsUsual;
  fault.text += ", " + std::to_string(times.value_or(2)) + " times slower";
}

void read_ratio(const Member& verb, const Value& object, Fault& fault, const FaultContext& context) {
  const Value* ratio = need(object, "ratio", verb, "\"10%\"", context.problems);
  if (ratio == nullptr) return;
  fault.per_mille = read_per_mille(*ratio, "ratio", 1, 1'000, "10%", context.problems);
  fault.text += ", " + ratio->text;
}

void read_rate_of_clock(const Member& verb, const Value& object, Fault& fault, const FaultContext& context) {
  const Value* rate = need(object, "rate", verb, "\"110%\"", context.problems);
  if (rate == nullptr) return;
  fault.per_mille = read_per_mille(*rate, "rate", 100, 10'000, "110%", context.problems);
  if (rate->is_string() && parse_per_mille(rate->text) == kAsUsual) {
    context.problems.error("bad-value", *rate, "at 100% a clock runs as usual", "write \"110%\" or \"90%\"");
  }
  fault.text += " runs at " + rate->text;
}

void read_alteration(const Member& verb, const Value& object, Fault& fault, const FaultContext& context) {
  Problems& problems = context.problems;
  if (const auto name = read_text(verb.value, "\"alter_config\"", problems)) {
    const auto topic = context.names.find_topic(*name, verb.value, problems);
    fault.alteration.topic = topic.value_or(model::TopicId{});
  }
  fault.text = "alter the config of " + verb.value.text;
  const Value* config = need(object, "config", verb, "{\"min.insync.replicas\": 2}", problems);
  if (config == nullptr) return;
  model::TopicConfig altered;
  apply_config(*config, altered, problems);
  if (config->find("min.insync.replicas") != nullptr)
    fault.alteration.min_insync_replicas = altered.min_insync_replicas;
  if (config->find("unclean.leader.election.enable") != nullptr) {
    fault.alteration.unclean_leader_election_enable = altered.unclean_leader_election_enable;
  }
  // A key that is wrong has been reported, one without effect has been warned of.
  const auto has_no_effect = [](const Member& member) {
    const auto keys = unmodelled_topic_keys();
    return std::find(keys.begin(), keys.end(), member.key) != keys.end();
  };
  if (config->is_object() && std::all_of(config->members.begin(), config->members.end(), has_no_effect)) {
    problems.error("bad-value", *config, "nothing that has an effect is altered",
                   "known: min.insync.replicas, unclean.leader.election.enable");
  }
  fault.text += text_of(fault.alteration);
}

void read_partition(const Member& verb, Fault& fault, const FaultContext& context) {
  const Value& value = verb.value;
  const auto name = read_text(value, "\"" + verb.key + "\"", context.problems);
  if (!name) return;
  const auto partition = context.names.find_partition(*name, value.at, value.end, context.problems);
  fault.partition = partition.value_or(model::PartitionId{});
}

// "b4" or ["b2", "b3", "b4"], the preferred leader first.
void read_reassign(const Member& verb, const Value& object, Fault& fault, const FaultContext& context) {
  Problems& problems = context.problems;
  read_partition(verb, fault, context);
  fault.text = "reassign " + verb.value.text + " to";
  const Value* to = need(object, "to", verb, "[\"b2\", \"b3\"]", problems);
  if (to == nullptr) return;
  const bool is_list = to->is_array() && !to->items.empty() && to->items.size() <= model::kReplicasMax;
  if (!is_list && !to->is_string()) {
    problems.error("bad-assignment", *to,
                   "\"to\" is a broker or a list of 1 to " + std::to_string(model::kReplicasMax) +
                       ", the preferred leader first, not " + describe(*to),
                   "write [\"b2\", \"b3\"]");
    return;
  }
  const auto add = [&](const Value& item) {
    const auto name = read_text(item, "a broker", problems);
    const auto broker = name ? context.names.find_broker(*name, item, problems) : std::nullopt;
    if (!broker) return;
    if (fault.replicas.contains(*broker)) {
      problems.error("bad-assignment", item, item.text + " stands twice in one partition");
      return;
    }
    fault.replicas.push_back(*broker);
    fault.text += " " + item.text;
  };
  if (!is_list) return add(*to);
  for (const Value& item : to->items) add(item);
}

void read_elect(const Member& verb, const Value& object, Fault& fault, const FaultContext& context) {
  constexpr std::array<std::string_view, 2> kTypes{"preferred", "unclean"};
  read_partition(verb, fault, context);
  if (const Value* type = object.find("type")) {
    const auto name = read_text(*type, "\"type\"", context.problems);
    if (name && std::find(kTypes.begin(), kTypes.end(), *name) == kTypes.end()) {
      context.problems.error("bad-value", *type, describe(*type) + " is not a type of election",
                             did_you_mean_or_list(*name, kTypes, "types"));
    }
    fault.unclean = name == "unclean";
  }
  fault.text = std::string("elect a leader of ") + verb.value.text + (fault.unclean ? " (unclean)" : " (preferred)");
}

void read_flag(const Member& verb, Fault& fault, const FaultContext& context) {
  if (!read_boolean(verb.value, "\"move_controller\"", context.problems).value_or(true)) {
    context.problems.error("bad-value", verb.value, "\"move_controller\" is true, or is left out");
  }
  fault.text = "move the controller";
}

void read_topic(const Member& verb, Fault& fault, const FaultContext& context) {
  const auto name = read_text(verb.value, "\"create_topic\"", context.problems);
  if (!name) return;
  fault.topic = context.names.find_topic(*name, verb.value, context.problems).value_or(model::TopicId{});
  fault.text = "create topic " + *name;
}

}  // namespace

void read_action(const Member& verb, const Value& object, sim::Fault& fault, const FaultContext& context) {
  if (is_of_other_mode(verb, fault, context)) return;
  switch (fault.kind) {
    case FaultKind::crash:
    case FaultKind::power_loss:
    case FaultKind::stop:
    case FaultKind::start:
    case FaultKind::pause:
    case FaultKind::resume:
    case FaultKind::wipe:
    case FaultKind::expire_session:
      return read_who(verb, fault, context);
    case FaultKind::slow_disk:
      read_who(verb, fault, context);
      return read_slow_disk(verb, object, fault, context);
    case FaultKind::clock_rate:
      read_who(verb, fault, context);
      return read_rate_of_clock(verb, object, fault, context);
    case FaultKind::cut:
    case FaultKind::reset:
      return read_sides(verb, object, fault, context);
    case FaultKind::heal:
      if (!verb.value.is_string() || verb.value.text != "all") return read_sides(verb, object, fault, context);
      fault.text = "heal everything between nodes";
      return;
    case FaultKind::delay:
      read_sides(verb, object, fault, context);
      return read_added_time(verb, object, fault, context);
    case FaultKind::lose:
      read_sides(verb, object, fault, context);
      return read_ratio(verb, object, fault, context);
    case FaultKind::elect:
      return read_elect(verb, object, fault, context);
    case FaultKind::move_controller:
      return read_flag(verb, fault, context);
    case FaultKind::create_topic:
      return read_topic(verb, fault, context);
    case FaultKind::alter_config:
      return read_alteration(verb, object, fault, context);
    case FaultKind::reassign:
      return read_reassign(verb, object, fault, context);
    case FaultKind::add_voter:
    case FaultKind::remove_voter:
      return read_voter(verb, fault, context);
  }
}

}  // namespace scenarios
