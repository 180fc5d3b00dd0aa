#include "scenarios/state_words.h"

#include <algorithm>
#include <charconv>

#include "model/ensure.h"
#include "scenarios/decode.h"
#include "scenarios/suggest.h"

namespace scenarios {
namespace {

using sim::Condition;

constexpr std::int64_t kCountMax = 1'000'000'000;

// "b2", "none" or null.
bool read_holder(const Value& value, Condition& condition, const Names& names, Problems& problems) {
  if (value.is(Value::Kind::null) || (value.is_string() && value.text == "none")) return true;
  const auto name = read_text(value, "who it is", problems);
  if (!name) return false;
  const bool is_controller = condition.word == Condition::Word::controller && names.config().is_kraft();
  const auto node =
      is_controller ? names.find_controller(*name, value, problems) : names.find_broker(*name, value, problems);
  if (!node) return false;
  condition.nodes.push_back(*node);
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

bool read_bounds(const Value& object, Condition& condition, Problems& problems) {
  constexpr std::array<std::string_view, 2> kBounds{"at_least", "at_most"};
  check_keys(object, kBounds, "a range", problems);
  const Value* least = object.find("at_least");
  const Value* most = object.find("at_most");
  if (least == nullptr && most == nullptr) {
    problems.error("missing-key", object, "a range has a bound", "add \"at_least\" or \"at_most\"");
    return false;
  }
  const auto low =
      least != nullptr ? read_integer(*least, "\"at_least\"", 0, kCountMax, problems) : std::optional<std::int64_t>(0);
  const auto high = most != nullptr ? read_integer(*most, "\"at_most\"", 0, kCountMax, problems)
                                    : std::optional<std::int64_t>(Condition::kNoLimit);
  if (!low || !high) return false;
  if (*low > *high) {
    problems.error("bad-value", object, "the range ends before it begins", "swap the two bounds");
    return false;
  }
  condition.least = *low;
  condition.most = *high;
  return true;
}

// ">= 5" or "<= 5".
bool read_comparison(std::string_view text, Condition& condition) {
  const bool is_least = text.starts_with(">=");
  if (!is_least && !text.starts_with("<=")) return false;
  std::string_view digits = text.substr(2);
  while (digits.starts_with(' ')) digits.remove_prefix(1);
  std::int64_t bound = 0;
  const char* end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, bound);
  if (error != std::errc{} || at != end || bound < 0 || bound > kCountMax) return false;
  (is_least ? condition.least : condition.most) = bound;
  return true;
}

bool read_count(const Value& value, Condition& condition, Problems& problems) {
  if (value.is_object()) return read_bounds(value, condition, problems);
  if (value.is_integer()) {
    const auto count = read_integer(value, "it", 0, kCountMax, problems);
    condition.least = condition.most = count.value_or(0);
    return count.has_value();
  }
  if (value.is_string() && read_comparison(value.text, condition)) return true;
  problems.error("wrong-type", value, "it is a whole number or a range, not " + describe(value),
                 "write 5 or {\"at_least\": 5}");
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
    case Condition::Word::acknowledged:
      return read_count(value, condition, problems);
    case Condition::Word::role:
      return read_role_value(value, condition, problems);
    case Condition::Word::running:
    case Condition::Word::registered: {
      const auto yes = read_boolean(value, "the state", problems);
      condition.yes = yes.value_or(true);
      return yes.has_value();
    }
  }
  return false;
}

// A broker's name, reported at the key; where a process is meant, also that of a controller.
std::optional<model::NodeId> read_broker(std::string_view name, const Member& member, bool or_controller,
                                         const Names& names, Problems& problems) {
  const auto node = names.node(name);
  if (node && or_controller && names.config().is_controller(*node)) return node;
  if (node && names.config().is_broker(*node)) return node;
  std::vector<std::string> words;
  for (std::size_t i = 1; i <= names.config().brokers.size(); ++i) words.push_back("b" + std::to_string(i));
  const std::vector<std::string_view> views(words.begin(), words.end());
  problems.error_at_key("unknown-node", member, "\"" + std::string(name) + "\" is not a broker",
                        did_you_mean_or_list(name, views, "brokers"));
  return std::nullopt;
}

std::optional<model::NodeId> read_producer(std::string_view name, const Member& member, const Names& names,
                                           Problems& problems) {
  const auto node = names.node(name);
  if (node && names.config().is_producer(*node)) return node;
  std::vector<std::string_view> words;
  for (const model::ProducerConfig& producer : names.config().producers) words.push_back(producer.name);
  problems.error_at_key("unknown-node", member, "\"" + std::string(name) + "\" is not a producer",
                        did_you_mean_or_list(name, words, "producers"));
  return std::nullopt;
}

// "is 5", ">= 5", "<= 9", "is 5 to 9"
std::string range_text(const Condition& condition) {
  const std::string least = std::to_string(condition.least), most = std::to_string(condition.most);
  if (condition.most == Condition::kNoLimit) return ">= " + least;
  if (condition.least == condition.most) return "is " + least;
  return condition.least == 0 ? "<= " + most : "is " + least + " to " + most;
}

// What stands in the parentheses of the key.
bool read_arguments(const Call& call, const StateWord& row, const Member& member, Condition& condition,
                    const Names& names, Problems& problems) {
  const bool takes_node = row.takes_broker || row.takes_producer;
  const std::size_t arguments = (row.takes_partition ? 1U : 0U) + (takes_node ? 1U : 0U);
  const std::string hint = "write \"" + std::string(row.example) + "\"";
  if (arguments == 0 ? call.has_parentheses : call.arguments.size() > arguments) {
    problems.error_at_key("bad-target", member, "\"" + member.key + "\" says too much", hint);
    return false;
  }
  std::size_t next = 0;
  if (row.takes_partition) {
    const std::string_view name = call.arguments.empty() ? std::string_view{} : call.arguments[next++];
    const auto partition = names.find_partition(name, member.key_at, member.key_end, problems);
    if (!partition) return false;
    condition.partition = *partition;
  }
  if (!takes_node) return true;
  if (next >= call.arguments.size()) {
    problems.error_at_key("bad-target", member, "\"" + member.key + "\" is incomplete", hint);
    return false;
  }
  const std::string_view name = call.arguments[next];
  const auto node = row.takes_broker ? read_broker(name, member, row.kind == Condition::Word::running, names, problems)
                                     : read_producer(name, member, names, problems);
  if (node) (row.takes_broker ? condition.broker : condition.producer) = *node;
  return node.has_value();
}

std::string names_of(const model::Replicas& nodes, const model::ClusterConfig& config) {
  std::string text;
  for (const model::NodeId node : nodes) text += (text.empty() ? "" : " ") + config.name_of(node);
  return text.empty() ? "none" : text;
}

}  // namespace

std::array<std::string_view, kStateWords.size()> state_words() {
  std::array<std::string_view, kStateWords.size()> words;
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = kStateWords[i].word;
  return words;
}

const StateWord* state_word_of(std::string_view key) {
  const auto call = parse_call(key);
  if (!call) return nullptr;
  const auto* row = std::find_if(kStateWords.begin(), kStateWords.end(),
                                 [&](const StateWord& known) { return known.word == call->role; });
  return row == kStateWords.end() ? nullptr : row;
}

std::optional<Condition> read_condition(const Member& member, const Names& names, Problems& problems, StateUse use) {
  const StateWord* row = state_word_of(member.key);
  ENSURE(row != nullptr);
  const auto call = parse_call(member.key);
  Condition condition;
  condition.word = row->kind;
  if (row->takes_producer && use == StateUse::trigger) {
    problems.error_at_key("not-supported", member, "\"" + member.key + "\" can be expected, but triggers nothing");
    return std::nullopt;
  }
  if (!read_arguments(*call, *row, member, condition, names, problems)) return std::nullopt;
  if (!read_value(member.value, condition, names, problems)) return std::nullopt;
  return condition;
}

std::string text_of(const Condition& condition, const model::ClusterConfig& config) {
  const auto* row = std::find_if(kStateWords.begin(), kStateWords.end(),
                                 [&](const StateWord& known) { return known.kind == condition.word; });
  std::string text{row->word};
  if (row->takes_partition) text += "(" + config.name_of(condition.partition);
  if (row->takes_broker) text += (row->takes_partition ? ", " : "(") + config.name_of(condition.broker);
  if (row->takes_producer) text += "(" + config.name_of(condition.producer);
  if (row->takes_partition || row->takes_broker || row->takes_producer) text += ")";
  switch (condition.word) {
    case Condition::Word::isr:
    case Condition::Word::leader:
    case Condition::Word::controller:
      return text + " is " + names_of(condition.nodes, config);
    case Condition::Word::high_watermark:
    case Condition::Word::log_end_offset:
    case Condition::Word::acknowledged:
      return text + " " + range_text(condition);
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
