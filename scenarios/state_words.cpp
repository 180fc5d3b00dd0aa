#include "scenarios/state_words.h"

#include <algorithm>
#include <charconv>

#include "scenarios/decode.h"
#include "scenarios/suggest.h"

namespace scenarios {
namespace {

using sim::Condition;

constexpr std::int64_t kOffsetMax = 1'000'000'000;

// "b2", "none" or null.
bool read_holder(const Value& value, Condition& condition, const Names& names, Problems& problems) {
  if (value.is(Value::Kind::null) || (value.is_string() && value.text == "none")) return true;
  const auto name = read_text(value, "who it is", problems);
  if (!name) return false;
  const auto broker = names.find_broker(*name, value, problems);
  if (!broker) return false;
  condition.nodes.push_back(*broker);
  return true;
}

bool read_isr(const Value& value, Condition& condition, const Names& names, Problems& problems) {
  if (!value.is_array() || value.items.empty() || value.items.size() > names.config().brokers.size()) {
    problems.error("wrong-type", value, "an ISR is a list of brokers, not " + describe(value),
                   "write [\"b1\", \"b2\"]");
    return false;
  }
  for (const Value& item : value.items) {
    const auto name = read_text(item, "a member of the ISR", problems);
    const auto broker = name ? names.find_broker(*name, item, problems) : std::nullopt;
    if (!broker) return false;
    if (condition.nodes.contains(*broker)) {
      problems.error("bad-value", item, "\"" + *name + "\" stands twice in the list");
      return false;
    }
    condition.nodes.push_back(*broker);
  }
  return true;
}

// 5, ">= 5" or "<= 5".
bool read_offset(const Value& value, Condition& condition, Problems& problems) {
  if (value.is_string() && (value.text.starts_with(">=") || value.text.starts_with("<="))) {
    std::string_view digits = std::string_view(value.text).substr(2);
    while (digits.starts_with(' ')) digits.remove_prefix(1);
    const char* end = digits.data() + digits.size();
    const auto [at, error] = std::from_chars(digits.data(), end, condition.offset);
    condition.compare = value.text.front() == '>' ? Condition::Compare::at_least : Condition::Compare::at_most;
    if (error == std::errc{} && at == end && condition.offset >= 0 && condition.offset <= kOffsetMax) return true;
  } else if (value.is_integer()) {
    const auto offset = read_integer(value, "an offset", 0, kOffsetMax, problems);
    condition.offset = offset.value_or(0);
    return offset.has_value();
  }
  problems.error("wrong-type", value, "an offset is a whole number or a bound, not " + describe(value),
                 "write 5 or \">= 5\"");
  return false;
}

bool read_role_value(const Value& value, Condition& condition, Problems& problems) {
  constexpr std::array<std::string_view, 3> kRoleNames{"leader", "follower", "none"};
  constexpr std::array kRoles{model::Role::leader, model::Role::follower, model::Role::none};
  const auto name = read_text(value, "a role", problems);
  if (!name) return false;
  const auto at = std::find(kRoleNames.begin(), kRoleNames.end(), *name);
  if (at == kRoleNames.end()) {
    problems.error("bad-value", value, describe(value) + " is not a role",
                   did_you_mean_or_list(*name, kRoleNames, "roles"));
    return false;
  }
  condition.role = kRoles[static_cast<std::size_t>(at - kRoleNames.begin())];
  return true;
}

bool read_value(const Value& value, Condition& condition, const Names& names, Problems& problems) {
  switch (condition.word) {
    case Condition::Word::isr:
      return read_isr(value, condition, names, problems);
    case Condition::Word::leader:
    case Condition::Word::controller:
      return read_holder(value, condition, names, problems);
    case Condition::Word::high_watermark:
    case Condition::Word::log_end_offset:
      return read_offset(value, condition, problems);
    case Condition::Word::role:
      return read_role_value(value, condition, problems);
    case Condition::Word::running:
    case Condition::Word::registered: {
      const auto yes = read_boolean(value, "it", problems);
      condition.yes = yes.value_or(true);
      return yes.has_value();
    }
  }
  return false;
}

// A broker's name, reported at the key.
std::optional<model::NodeId> read_broker(std::string_view name, const Member& member, const Names& names,
                                         Problems& problems) {
  const auto node = names.node(name);
  if (node && names.config().is_broker(*node)) return node;
  std::vector<std::string> words;
  for (std::size_t i = 1; i <= names.config().brokers.size(); ++i) words.push_back("b" + std::to_string(i));
  const std::vector<std::string_view> views(words.begin(), words.end());
  problems.error_at_key("unknown-node", member, "\"" + std::string(name) + "\" is not a broker",
                        did_you_mean_or_list(name, views, "brokers"));
  return std::nullopt;
}

std::string names_of(const model::Replicas& nodes, const model::ClusterConfig& config) {
  std::string text;
  for (const model::NodeId node : nodes) text += (text.empty() ? "" : " ") + config.name_of(node);
  return text.empty() ? "none" : text;
}

}  // namespace

const StateWord* state_word_of(std::string_view key) {
  const auto call = parse_call(key);
  if (!call) return nullptr;
  const auto* row = std::find_if(kStateWords.begin(), kStateWords.end(),
                                 [&](const StateWord& known) { return known.word == call->role; });
  return row == kStateWords.end() ? nullptr : row;
}

std::optional<Condition> read_condition(const Member& member, const Names& names, Problems& problems) {
  const StateWord* row = state_word_of(member.key);
  ENSURE(row != nullptr);
  const auto call = parse_call(member.key);
  Condition condition;
  condition.word = row->kind;
  const std::size_t arguments = (row->takes_partition ? 1U : 0U) + (row->takes_broker ? 1U : 0U);
  const std::string hint = "write \"" + std::string(row->example) + "\"";
  if (arguments == 0 ? call->has_parentheses : call->arguments.size() > arguments) {
    problems.error_at_key("bad-target", member, "\"" + member.key + "\" says too much", hint);
    return std::nullopt;
  }
  std::size_t next = 0;
  if (row->takes_partition) {
    const std::string_view name = call->arguments.empty() ? std::string_view{} : call->arguments[next++];
    const auto partition = names.find_partition(name, member.key_at, member.key_end, problems);
    if (!partition) return std::nullopt;
    condition.partition = *partition;
  }
  if (row->takes_broker) {
    if (next >= call->arguments.size()) {
      problems.error_at_key("bad-target", member, "\"" + member.key + "\" is incomplete: at which broker?", hint);
      return std::nullopt;
    }
    const auto broker = read_broker(call->arguments[next], member, names, problems);
    if (!broker) return std::nullopt;
    condition.broker = *broker;
  }
  if (!read_value(member.value, condition, names, problems)) return std::nullopt;
  return condition;
}

std::string text_of(const Condition& condition, const model::ClusterConfig& config) {
  const auto* row = std::find_if(kStateWords.begin(), kStateWords.end(),
                                 [&](const StateWord& known) { return known.kind == condition.word; });
  std::string text{row->word};
  if (row->takes_partition) text += "(" + config.name_of(condition.partition);
  if (row->takes_broker) text += (row->takes_partition ? ", " : "(") + config.name_of(condition.broker);
  if (row->takes_partition || row->takes_broker) text += ")";
  switch (condition.word) {
    case Condition::Word::isr:
    case Condition::Word::leader:
    case Condition::Word::controller:
      return text + " is " + names_of(condition.nodes, config);
    case Condition::Word::high_watermark:
    case Condition::Word::log_end_offset:
      if (condition.compare == Condition::Compare::equal) return text + " is " + std::to_string(condition.offset);
      return text + (condition.compare == Condition::Compare::at_least ? " >= " : " <= ") +
             std::to_string(condition.offset);
    case Condition::Word::role:
      return text + (condition.role == model::Role::leader     ? " is leader"
                     : condition.role == model::Role::follower ? " is follower"
                                                               : " is none");
    case Condition::Word::running:
    case Condition::Word::registered:
      return text + (condition.yes ? " is true" : " is false");
  }
  return text;
}

}  // namespace scenarios
