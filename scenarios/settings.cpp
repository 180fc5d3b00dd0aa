#include "scenarios/settings.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "scenarios/consistency.h"
#include "scenarios/suggest.h"

namespace scenarios {
namespace {

using model::BrokerSettings;
using model::ConsumerConfig;
using model::Duration;
using model::ProducerConfig;
using model::QuorumSettings;
using model::TopicConfig;

using B = BrokerSettings;
using Q = QuorumSettings;
using T = TopicConfig;
using P = ProducerConfig;
using C = ConsumerConfig;

template <typename Owner>
struct KeyTable {
  std::string_view what;  // "a broker key of Kafka"
  std::span<const Setting<Owner>> modelled;
  std::span<const std::string_view> unmodelled;
};
KeyTable<B> keys_of(const B*) { return {"a broker key of Kafka", broker_settings(), unmodelled_broker_keys()}; }
KeyTable<Q> keys_of(const Q*) { return {"a broker key of Kafka", quorum_settings(), {}}; }
KeyTable<T> keys_of(const T*) { return {"a topic key of Kafka", topic_settings(), unmodelled_topic_keys()}; }
KeyTable<P> keys_of(const P*) { return {"a producer key of Kafka", producer_settings(), unmodelled_producer_keys()}; }
KeyTable<C> keys_of(const C*) { return {"a consumer key of Kafka", consumer_settings(), unmodelled_consumer_keys()}; }
template <typename Owner>
KeyTable<Owner> keys_of() {
  return keys_of(static_cast<const Owner*>(nullptr));
}

template <typename Owner>
const Setting<Owner>* find_setting(std::string_view key) {
  for (const Setting<Owner>& row : keys_of<Owner>().modelled) {
    if (row.key == key) return &row;
  }
  return nullptr;
}
template <typename Owner>
bool is_unmodelled(std::string_view key) {
  const auto keys = keys_of<Owner>().unmodelled;
  return std::binary_search(keys.begin(), keys.end(), key);
}
template <typename Owner>
bool is_known(std::string_view key) {
  return find_setting<Owner>(key) != nullptr || is_unmodelled<Owner>(key);
}

// What is wrong with a key or its value; an empty message: nothing.
struct Complaint {
  bool is_warning = false;
  bool is_about_key = false;
  std::string_view code;
  std::string message;
  std::string hint;
};

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || at != end) return std::nullopt;
  return value;
}

std::string_view unit_of(SettingKind kind) {
  switch (kind) {
    case SettingKind::milliseconds:
      return " milliseconds";
    case SettingKind::seconds:
      return " seconds";
    case SettingKind::integer:
    case SettingKind::boolean:
    case SettingKind::word:
    case SettingKind::text:
      return "";
  }
  return "";
}

template <typename Owner>
Complaint read_value(const Setting<Owner>& row, std::string_view text, std::int64_t& value) {
  const std::string shown = text.size() <= 40 ? "\"" + std::string(text) + "\"" : "a long text";
  if (row.kind == SettingKind::boolean) {
    if (text == "true" || text == "false") {
      value = text == "true" ? 1 : 0;
      return {};
    }
    return {false, false, "bad-value", std::string(row.key) + " is true or false, not " + shown, {}};
  }
  if (row.kind == SettingKind::word) {
    const auto at = std::find(row.words.begin(), row.words.end(), text);
    value = at - row.words.begin();
    if (at != row.words.end()) return {};
    return {false, false, "bad-value", shown + " is no value of " + std::string(row.key),
            did_you_mean_or_list(text, row.words, "known")};
  }
  const std::optional<std::int64_t> number = parse_integer(text);
  if (!number) {
    return {false, false, "bad-value", std::string(row.key) + " is a whole number, not " + shown, {}};
  }
  if (*number < row.min || *number > row.max) {
    return {false,
            false,
            "out-of-range",
            std::string(row.key) + " is " + std::to_string(row.min) + " to " + std::to_string(row.max) +
                std::string(unit_of(row.kind)) + ", not " + std::to_string(*number),
            {}};
  }
  value = *number;
  return {};
}

constexpr std::string_view kBrokerRack = "broker.rack";
// Topics are never created by use in the model, so that only `true` asks for something else.
constexpr std::string_view kAutoCreate = "auto.create.topics.enable";

std::string other_table_hint(std::string_view key) {
  const std::string name = "\"" + std::string(key) + "\" is ";
  if (is_known<B>(key) || is_known<Q>(key) || key == kAutoCreate) return name + std::string(keys_of<B>().what);
  if (is_known<T>(key)) return name + std::string(keys_of<T>().what);
  if (is_known<P>(key)) return name + std::string(keys_of<P>().what);
  if (is_known<C>(key)) return name + std::string(keys_of<C>().what);
  if (key == "acks") return "\"acks\" is a member of the client itself";
  return {};
}

template <typename Owner>
Complaint unknown_key(std::string_view key) {
  const KeyTable<Owner> table = keys_of<Owner>();
  std::vector<std::string_view> known;
  for (const Setting<Owner>& row : table.modelled) known.push_back(row.key);
  known.insert(known.end(), table.unmodelled.begin(), table.unmodelled.end());
  if constexpr (std::is_same_v<Owner, B>) {
    for (const Setting<Q>& row : quorum_settings()) known.push_back(row.key);
  }
  std::string hint = other_table_hint(key);
  if (hint.empty()) hint = did_you_mean(key, known);
  return {false, true, "unknown-key", "\"" + std::string(key) + "\" is not " + std::string(table.what), hint};
}

template <typename Owner>
Complaint apply(std::string_view key, std::string_view text, Owner& owner) {
  if constexpr (std::is_same_v<Owner, B>) {
    if (key == kAutoCreate && text == "false") return {};
    if (key == kAutoCreate && text != "true") {
      return {false, false, "bad-value", std::string(key) + " is true or false", {}};
    }
  }
  if (is_unmodelled<Owner>(key) || (std::is_same_v<Owner, B> && key == kAutoCreate)) {
    return {true,
            true,
            "not-modelled",
            "\"" + std::string(key) + "\" is a real key of Kafka, but has no effect in the model",
            {}};
  }
  const Setting<Owner>* row = find_setting<Owner>(key);
  if (row == nullptr) return unknown_key<Owner>(key);
  if (row->kind == SettingKind::text) {
    owner.*(row->text) = text;
    return {};
  }
  std::int64_t value = 0;
  Complaint complaint = read_value(*row, text, value);
  if (complaint.message.empty()) row->set(owner, value);
  return complaint;
}

// Keys without a meaning in KRaft mode, where nobody has a session with ZooKeeper and no controller sends requests.
constexpr std::string_view kZooKeeperKeys[] = {"controller.socket.timeout.ms", "zookeeper.session.timeout.ms"};

Complaint no_effect(std::string_view key, std::string_view mode) {
  return {true, true, "no-effect", "\"" + std::string(key) + "\" has no effect in " + std::string(mode) + " mode", {}};
}

// Of a broker's or controller's properties, whichever table has the key.
Complaint apply(std::string_view key, std::string_view text, NodeSettings settings) {
  if (key == kBrokerRack && settings.rack != nullptr) {
    *settings.rack = text;
    return {};
  }
  if (key == kBrokerRack) {
    return {false, true, "conflict", "\"broker.rack\" is one broker's", "write \"racks\": {\"us-east\": [1, 2]}"};
  }
  if (find_setting<Q>(key) == nullptr) {
    Complaint complaint = apply(key, text, settings.broker);
    const bool is_of_zookeeper =
        std::find(std::begin(kZooKeeperKeys), std::end(kZooKeeperKeys), key) != std::end(kZooKeeperKeys);
    if (complaint.message.empty() && settings.is_kraft && is_of_zookeeper) return no_effect(key, "KRaft");
    return complaint;
  }
  QuorumSettings probe;
  const bool is_effective = settings.is_kraft && settings.quorum != nullptr;
  Complaint complaint = apply(key, text, is_effective ? *settings.quorum : probe);
  if (!complaint.message.empty()) return complaint;
  if (!settings.is_kraft) return no_effect(key, "ZooKeeper");
  if (settings.quorum != nullptr) return {};
  return {false, true, "conflict", "\"" + std::string(key) + "\" is the same for all nodes of the model",
          "set it in the \"config\" of the cluster"};
}

std::optional<std::string> text_of_scalar(const Value& value) {
  switch (value.kind) {
    case Value::Kind::boolean:
      return value.boolean ? "true" : "false";
    case Value::Kind::integer:
    case Value::Kind::number:
    case Value::Kind::string:
      return value.text;
    case Value::Kind::null:
    case Value::Kind::array:
    case Value::Kind::object:
      break;
  }
  return std::nullopt;
}

template <typename Owner>
void apply_object(const Value& object, Owner&& owner, Problems& problems) {
  if (!object.is_object()) {
    problems.error("wrong-type", object, "expected an object of configuration keys, not " + describe(object));
    return;
  }
  for (const Member& member : object.members) {
    const std::optional<std::string> text = text_of_scalar(member.value);
    if (!text) {
      problems.error("wrong-type", member.value,
                     "\"" + member.key + "\" is a number, a boolean or a string, not " + describe(member.value));
      continue;
    }
    const Complaint complaint = apply(member.key, *text, owner);
    if (complaint.message.empty()) continue;
    if (complaint.is_warning) {
      problems.warning_at_key(complaint.code, member, complaint.message, complaint.hint);
    } else if (complaint.is_about_key) {
      problems.error_at_key(complaint.code, member, complaint.message, complaint.hint);
    } else {
      problems.error(complaint.code, member.value, complaint.message, complaint.hint);
    }
  }
}

Problem option_problem(const Complaint& complaint) {
  Problem problem;
  problem.severity = complaint.is_warning ? Problem::Severity::warning : Problem::Severity::error;
  problem.file = "--set";
  problem.code = complaint.code;
  problem.message = complaint.message;
  problem.hint = complaint.hint;
  return problem;
}

Complaint conflict(std::string message) { return {false, true, "conflict", std::move(message), {}}; }

Complaint apply_to_producers(model::ClusterConfig& config, std::string_view key, std::string_view text) {
  ProducerConfig probe;  // a mistake is one even if there are no producers
  Complaint complaint = apply(key, text, probe);
  const ExplicitKeys set{key == "enable.idempotence", key == "delivery.timeout.ms"};
  for (ProducerConfig& producer : config.producers) {
    apply(key, text, producer);
    std::string message = settle_producer(producer, set);
    if (!message.empty()) return conflict(producer.name + ": " + message);
  }
  return complaint;
}

Complaint apply_to_consumers(model::ClusterConfig& config, std::string_view key, std::string_view text) {
  ConsumerConfig probe;
  for (ConsumerConfig& consumer : config.consumers) apply(key, text, consumer);
  return apply(key, text, probe);
}

Complaint apply_to_brokers(model::ClusterConfig& config, std::string_view key, std::string_view text) {
  BrokerSettings probe;
  Complaint complaint = apply(key, text, NodeSettings{probe, &config.quorum, config.is_kraft()});
  for (BrokerSettings& broker : config.brokers) {
    if (find_setting<Q>(key) == nullptr) apply(key, text, broker);
    std::string message = broker_conflict(broker);
    if (!message.empty()) return conflict(std::move(message));
  }
  if (find_setting<T>(key) != nullptr) {
    for (TopicConfig& topic : config.topics) apply(key, text, topic);
  }
  return complaint;
}

Complaint apply_to_cluster(model::ClusterConfig& config, std::string_view key, std::string_view text) {
  constexpr std::string_view kProducerPrefix = "producer.";
  constexpr std::string_view kConsumerPrefix = "consumer.";
  const bool is_broker_key =
      is_known<B>(key) || is_known<Q>(key) || key == kAutoCreate;  // producer.id.expiration.ms is one
  if (is_broker_key) return apply_to_brokers(config, key, text);
  if (key.substr(0, kProducerPrefix.size()) == kProducerPrefix) {
    return apply_to_producers(config, key.substr(kProducerPrefix.size()), text);
  }
  if (key.substr(0, kConsumerPrefix.size()) == kConsumerPrefix) {
    return apply_to_consumers(config, key.substr(kConsumerPrefix.size()), text);
  }
  if (is_known<P>(key)) return apply_to_producers(config, key, text);
  if (is_known<C>(key)) return apply_to_consumers(config, key, text);
  if (is_known<T>(key)) {
    TopicConfig probe;
    return apply(key, text, probe);
  }
  return apply_to_brokers(config, key, text);
}

}  // namespace

void apply_config(const Value& object, NodeSettings settings, Problems& problems) {
  apply_object(object, settings, problems);
}
void apply_config(const Value& object, TopicConfig& topic, Problems& problems) {
  apply_object(object, topic, problems);
}
void apply_config(const Value& object, ProducerConfig& producer, Problems& problems) {
  apply_object(object, producer, problems);
}
void apply_config(const Value& object, ConsumerConfig& consumer, Problems& problems) {
  apply_object(object, consumer, problems);
}

std::vector<Problem> apply_setting(sim::Plan& plan, std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  Complaint complaint;
  if (equals == std::string_view::npos || equals == 0) {
    complaint = {false, true, "bad-value", "\"" + std::string(assignment) + "\" is not of the form key=value", {}};
  } else {
    model::ClusterConfig config = plan.config;
    complaint = apply_to_cluster(config, assignment.substr(0, equals), assignment.substr(equals + 1));
    if (complaint.message.empty()) plan.config = std::move(config);
  }
  if (complaint.message.empty()) return {};
  return {option_problem(complaint)};
}

}  // namespace scenarios
