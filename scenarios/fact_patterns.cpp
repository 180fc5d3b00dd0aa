#include "scenarios/fact_patterns.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "model/facts.h"
#include "model/invariants/invariant.h"
#include "scenarios/decode.h"
#include "scenarios/suggest.h"

namespace scenarios {
namespace {

// Who told a fact: "node", or "broker" where the fact has no field of that name (sim::matches).
constexpr std::string_view kTellerKeys[] = {"node", "broker"};

template <typename T>
struct IsPaths : std::false_type {};
template <std::size_t N>
struct IsPaths<model::SmallVec<model::Path, N>> : std::true_type {};

template <typename T>
FieldKind kind_of() {
  if constexpr (std::is_same_v<T, model::NodeId>) {
    return FieldKind::node;
  } else if constexpr (std::is_same_v<T, model::Replicas>) {
    return FieldKind::nodes;
  } else if constexpr (std::is_same_v<T, model::PartitionId>) {
    return FieldKind::partition;
  } else if constexpr (std::is_same_v<T, model::TopicId>) {
    return FieldKind::topic;
  } else if constexpr (std::is_same_v<T, bool>) {
    return FieldKind::boolean;
  } else if constexpr (std::is_same_v<T, model::ErrorCode>) {
    return FieldKind::error;
  } else if constexpr (std::is_same_v<T, model::InvariantId>) {
    return FieldKind::invariant;
  } else if constexpr (std::is_same_v<T, model::Duration>) {
    return FieldKind::duration;
  } else if constexpr (std::is_same_v<T, model::Path> || IsPaths<T>::value || std::is_same_v<T, model::LossReason> ||
                       std::is_same_v<T, model::ResetReason> || std::is_same_v<T, model::QuorumRole> ||
                       std::is_same_v<T, model::QuorumFault>) {
    return FieldKind::text;
  } else {
    static_assert(std::is_integral_v<T>);
    return FieldKind::integer;
  }
}

template <typename T>
void add_fields(const T& value, std::vector<FactField>& fields) {
  model::for_each_field(value, [&](std::string_view name, const auto& member) {
    using Field = std::remove_cvref_t<decltype(member)>;
    if constexpr (std::is_same_v<Field, model::PartitionState>) {
      add_fields(member, fields);
    } else {
      // Sessions are integers to the model and hexadecimal text to people, as in ZooKeeper's own logs.
      fields.push_back({name, name == "session" ? FieldKind::text : kind_of<Field>()});
    }
  });
}

using FieldsFunction = std::vector<FactField> (*)();
template <std::size_t... I>
std::array<FieldsFunction, sizeof...(I)> make_table(std::index_sequence<I...>) {
  return {+[] {
    std::vector<FactField> fields;
    add_fields(std::variant_alternative_t<I, model::Fact::Alternatives>{}, fields);
    return fields;
  }...};
}

std::string expected_of(FieldKind kind) {
  switch (kind) {
    case FieldKind::node:
      return "a node such as \"b1\", or \"none\"";
    case FieldKind::nodes:
      return "a list of brokers such as [\"b1\", \"b2\"]";
    case FieldKind::partition:
      return "a partition such as \"t-0\"";
    case FieldKind::topic:
      return "a topic";
    case FieldKind::integer:
      return "a whole number";
    case FieldKind::boolean:
      return "true or false";
    case FieldKind::duration:
      return "a duration such as \"6s\"";
    case FieldKind::error:
      return "an error such as \"fenced_leader_epoch\"";
    case FieldKind::invariant:
      return "an invariant such as \"leader-in-isr\"";
    case FieldKind::text:
      return "a string";
  }
  return {};
}

std::vector<std::string_view> error_names() {
  constexpr int kFirst = -1, kLast = 200;
  std::vector<std::string_view> words;
  for (int code = kFirst; code <= kLast; ++code) {
    const std::string_view name = model::name_of(static_cast<model::ErrorCode>(code));
    if (code == kFirst || name != words.front()) words.push_back(name);
  }
  return words;
}

std::string plain_text_of(const Value& value) { return value.is(Value::Kind::null) ? "none" : value.text; }

std::optional<std::string> read_nodes(const Value& value, const Names& names, Problems& problems) {
  if (value.is(Value::Kind::null) || (value.is_array() && value.items.empty())) return "none";
  std::string text;
  for (const Value& item : value.items) {
    const auto node = names.find_broker(item.text, item, problems);
    if (!node) return std::nullopt;
    text += (text.empty() ? "" : " ") + item.text;
  }
  return text;
}

bool fits(FieldKind kind, const Value& value) {
  switch (kind) {
    case FieldKind::node:
      return value.is_string() || value.is(Value::Kind::null);
    case FieldKind::nodes:
      return value.is(Value::Kind::null) ||
             (value.is_array() &&
              std::all_of(value.items.begin(), value.items.end(), [](const Value& item) { return item.is_string(); }));
    case FieldKind::integer:
      return value.is_integer();
    case FieldKind::boolean:
      return value.is(Value::Kind::boolean);
    case FieldKind::partition:
    case FieldKind::topic:
    case FieldKind::duration:
    case FieldKind::error:
    case FieldKind::invariant:
    case FieldKind::text:
      return value.is_string();
  }
  return false;
}

std::optional<std::string> read_field(const FactField& field, const Value& value, const Names& names,
                                      Problems& problems) {
  if (!fits(field.kind, value)) {
    problems.error("wrong-type", value,
                   "\"" + std::string(field.name) + "\" is " + expected_of(field.kind) + ", not " + describe(value));
    return std::nullopt;
  }
  switch (field.kind) {
    case FieldKind::node: {
      const std::string text = plain_text_of(value);
      if (text != "none" && !names.find_node(text, value, problems)) return std::nullopt;
      return text;
    }
    case FieldKind::nodes:
      return read_nodes(value, names, problems);
    case FieldKind::partition:  // a refused request may be about none
      if (value.text != "none" && !names.find_partition(value.text, value.at, value.end, problems)) return std::nullopt;
      return value.text;
    case FieldKind::topic:
      if (!names.find_topic(value.text, value, problems)) return std::nullopt;
      return value.text;
    case FieldKind::boolean:
      return value.boolean ? "true" : "false";
    case FieldKind::duration: {
      const auto duration = read_duration(value, field.name, {{0}, model::seconds(86'400)}, problems);
      if (!duration) return std::nullopt;
      return std::to_string(duration->us / 1'000);
    }
    case FieldKind::error: {
      const std::vector<std::string_view> words = error_names();
      if (std::find(words.begin(), words.end(), value.text) != words.end()) return value.text;
      problems.error("unknown-error", value, describe(value) + " is not an error of Kafka's protocol",
                     did_you_mean(value.text, words));
      return std::nullopt;
    }
    case FieldKind::invariant:
      if (!read_invariant(value, problems)) return std::nullopt;
      return value.text;
    case FieldKind::integer:
    case FieldKind::text:
      break;
  }
  return value.text;
}

std::optional<std::size_t> read_fact_name(const Value& value, Problems& problems) {
  const auto name = read_text(value, "a fact's name", problems);
  if (!name) return std::nullopt;
  std::vector<std::string_view> words;
  for (const model::FactRow& row : model::fact_rows()) words.push_back(row.name);
  const auto at = std::find(words.begin(), words.end(), *name);
  if (at != words.end()) return static_cast<std::size_t>(at - words.begin());
  std::string hint = did_you_mean(*name, words);
  if (hint.empty()) hint = "`fencepost describe facts` lists them";
  problems.error("unknown-fact", value, describe(value) + " is not a fact", hint);
  return std::nullopt;
}

}  // namespace

std::vector<FactField> fields_of_fact(std::size_t fact) {
  static const auto kTable = make_table(std::make_index_sequence<model::kFactKinds>{});
  return kTable[fact]();
}

std::optional<sim::FactPattern> read_pattern(const Value& object, const Member& name,
                                             std::span<const std::string_view> other_keys, const Names& names,
                                             Problems& problems) {
  const std::optional<std::size_t> fact = read_fact_name(name.value, problems);
  if (!fact) return std::nullopt;
  sim::FactPattern pattern{*fact, {}};
  std::vector<FactField> fields = fields_of_fact(*fact);
  std::vector<std::string_view> words;
  for (const FactField& field : fields) words.push_back(field.name);
  for (const std::string_view key : kTellerKeys) {
    if (std::find(words.begin(), words.end(), key) != words.end()) continue;
    words.push_back(key);
    fields.push_back({key, FieldKind::node});
  }
  words.insert(words.end(), other_keys.begin(), other_keys.end());
  bool is_good = true;
  for (const Member& member : object.members) {
    const bool is_other = std::find(other_keys.begin(), other_keys.end(), member.key) != other_keys.end();
    if (&member == &name || is_other || member.key == kNoteKey) continue;
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [&](const FactField& candidate) { return candidate.name == member.key; });
    if (field == fields.end()) {
      problems.error_at_key("unknown-field", member, "\"" + member.key + "\" is not a field of " + name.value.text,
                            did_you_mean_or_list(member.key, words, "known"));
      is_good = false;
      continue;
    }
    auto text = read_field(*field, member.value, names, problems);
    if (text) pattern.fields.emplace_back(field->name, std::move(*text));
    is_good = is_good && text.has_value();
  }
  if (!is_good) return std::nullopt;
  return pattern;
}

std::optional<model::InvariantId> read_invariant(const Value& value, Problems& problems) {
  const auto name = read_text(value, "an invariant's name", problems);
  if (!name) return std::nullopt;
  if (const model::Invariant* row = model::find_invariant(*name)) return model::id_of(*row);
  std::vector<std::string_view> words;
  for (const model::Invariant& row : model::invariants()) words.push_back(row.name);
  problems.error("unknown-invariant", value, describe(value) + " is not an invariant",
                 did_you_mean_or_list(*name, words, "known"));
  return std::nullopt;
}

std::string text_of(const sim::FactPattern& pattern) {
  std::string text(model::fact_rows()[pattern.fact].name);
  for (const auto& [field, value] : pattern.fields) {
    const bool is_list = value.find(' ') != std::string::npos;
    text += " " + field + "=" + (is_list ? "[" + value + "]" : value);
  }
  return text;
}

}  // namespace scenarios
