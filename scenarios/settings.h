// Kafka's configuration keys: which the model implements, how each is read, and which real ones it does
// not implement. A value may be a number, a boolean, or a string as in a properties file.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/config.h"
#include "scenarios/json_value.h"
#include "scenarios/result.h"
#include "sim/kernel/plan.h"

namespace scenarios {

// word: one of Setting::words, as its place there; text: any.
enum class SettingKind : std::uint8_t { milliseconds, seconds, integer, boolean, word, text };

template <typename Owner>
struct Setting {
  std::string_view key;
  SettingKind kind{};
  std::int64_t min = 0;  // in the key's own unit
  std::int64_t max = 0;
  void (*set)(Owner&, std::int64_t) = nullptr;  // value in the key's own unit; booleans 0 and 1
  std::int64_t (*get)(const Owner&) = nullptr;
  std::span<const std::string_view> words = {};
  std::string Owner::*text = nullptr;  // in the place of set and get
};
// A setting's value as it would be written in a properties file.
template <typename Owner>
std::string value_text(const Setting<Owner>& row, const Owner& owner) {
  if (row.kind == SettingKind::text) return owner.*(row.text);
  const std::int64_t value = row.get(owner);
  if (row.kind == SettingKind::word) return std::string(row.words[static_cast<std::size_t>(value)]);
  return row.kind == SettingKind::boolean ? (value != 0 ? "true" : "false") : std::to_string(value);
}
// Keys that the model implements, alphabetically.
std::span<const Setting<model::BrokerSettings>> broker_settings();
std::span<const Setting<model::QuorumSettings>> quorum_settings();  // keys of brokers and controllers of KRaft mode
std::span<const Setting<model::TopicConfig>> topic_settings();
std::span<const Setting<model::ProducerConfig>> producer_settings();
std::span<const Setting<model::ConsumerConfig>> consumer_settings();

// Real keys of Kafka without effect in the model, alphabetically: they warn.
std::span<const std::string_view> unmodelled_broker_keys();
std::span<const std::string_view> unmodelled_topic_keys();
std::span<const std::string_view> unmodelled_producer_keys();
std::span<const std::string_view> unmodelled_consumer_keys();

// A JSON object of keys. Each mistake is a problem at its key or value; the others take effect. A key that has an
// effect in the other mode only warns.
//
// `quorum`: of the whole cluster. Null: the keys are those of one broker.
struct NodeSettings {
  model::BrokerSettings& broker;
  model::QuorumSettings* quorum = nullptr;
  bool is_kraft = false;
  std::string* rack = nullptr;  // broker.rack of that one broker
};
void apply_config(const Value& object, NodeSettings settings, Problems& problems);
void apply_config(const Value& object, model::TopicConfig& topic, Problems& problems);
void apply_config(const Value& object, model::ProducerConfig& producer, Problems& problems);
void apply_config(const Value& object, model::ConsumerConfig& consumer, Problems& problems);

// "key=value" for a whole plan, as of `--set`. A broker's key changes all brokers (and, where topics have
// the same key, all topics); a producer's key all producers, with `producer.` in front if brokers have
// that key too; likewise a consumer's with `consumer.`. Returns errors and warnings; with an error the plan is as it
// was.
std::vector<Problem> apply_setting(sim::Plan& plan, std::string_view assignment);

}  // namespace scenarios
