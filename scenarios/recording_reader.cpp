#include "scenarios/recording_reader.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace scenarios {
namespace {

// A day, as for scenarios: far beyond any recording, and a replay of it still ends.
constexpr double kSecondsMax = 86'400;

constexpr std::int64_t kFirstController = 101;  // id of c1

std::string_view name_of_kind(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::null:
      return "null";
    case Value::Kind::boolean:
      return "true or false";
    case Value::Kind::integer:
      return "an integer";
    case Value::Kind::number:
      return "a number";
    case Value::Kind::string:
      return "a string";
    case Value::Kind::array:
      return "an array";
    case Value::Kind::object:
      break;
  }
  return "an object";
}

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

// "12": without sign, at most six digits.
std::optional<std::int32_t> number_in(std::string_view digits) {
  if (digits.empty() || digits.size() > 6) return std::nullopt;
  std::int32_t number = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

}  // namespace

bool RecordingReader::has_kind(const Value& value, Value::Kind kind, std::string_view key) {
  if (value.is(kind) || (kind == Value::Kind::number && value.is_integer())) return true;
  problems_.error("wrong-type", value,
                  quoted(key) + " is " + describe(value) + "; expected " + std::string(name_of_kind(kind)));
  return false;
}

bool RecordingReader::is_object(const Value& value) {
  // Several members are asked of the same value: one report is enough.
  if (!value.is_object() && value.at.offset != not_an_object_) {
    not_an_object_ = value.at.offset;
    problems_.error("wrong-type", value, "expected an object, found " + describe(value));
  }
  return value.is_object();
}

const Value* RecordingReader::need(const Value& object, std::string_view key) {
  if (!is_object(object)) return nullptr;
  const Value* value = object.find(key);
  if (value == nullptr) problems_.error("missing-key", object.at, object.at.offset + 1, quoted(key) + " is missing");
  return value;
}

const Value* RecordingReader::need(const Value& object, std::string_view key, Value::Kind kind) {
  const Value* value = need(object, key);
  return value != nullptr && has_kind(*value, kind, key) ? value : nullptr;
}

const Value* RecordingReader::maybe(const Value& object, std::string_view key, Value::Kind kind) {
  const Value* value = object.find(key);
  if (value == nullptr || value->is(Value::Kind::null)) return nullptr;
  return has_kind(*value, kind, key) ? value : nullptr;
}

std::optional<sim::Millis> RecordingReader::millis(const Value& value) {
  if (!value.is_integer() && !value.is(Value::Kind::number)) {
    problems_.error("wrong-type", value, "expected a number of seconds, found " + describe(value));
    return std::nullopt;
  }
  if (!(std::abs(value.number) <= kSecondsMax)) {
    problems_.error("out-of-range", value, "a time lies within 86400 seconds of 0");
    return std::nullopt;
  }
  return static_cast<sim::Millis>(std::llround(value.number * 1000));
}

std::optional<sim::Millis> RecordingReader::need_millis(const Value& object, std::string_view key) {
  const Value* value = need(object, key, Value::Kind::number);
  return value != nullptr ? millis(*value) : std::nullopt;
}

std::optional<sim::Millis> RecordingReader::maybe_millis(const Value& object, std::string_view key) {
  const Value* value = maybe(object, key, Value::Kind::number);
  return value != nullptr ? millis(*value) : std::nullopt;
}

std::optional<std::int32_t> RecordingReader::need_integer(const Value& object, std::string_view key) {
  const Value* value = need(object, key, Value::Kind::integer);
  if (value == nullptr) return std::nullopt;
  if (value->integer < -1 || value->integer > INT32_MAX) {
    problems_.error("out-of-range", *value, quoted(key) + " must lie between -1 and 2147483647");
    return std::nullopt;
  }
  return static_cast<std::int32_t>(value->integer);
}

std::optional<model::NodeId> RecordingReader::broker_of(std::string_view name) const {
  if (name.empty() || name.front() != 'b') return std::nullopt;
  const std::optional<std::int32_t> id = number_in(name.substr(1));
  if (!id || *id < 1 || static_cast<std::size_t>(*id) > config_.brokers.size()) return std::nullopt;
  return model::NodeId(static_cast<std::uint8_t>(*id));
}

std::optional<model::NodeId> RecordingReader::controller_of(std::string_view name) const {
  if (name.empty() || name.front() != 'c') return std::nullopt;
  const std::optional<std::int32_t> number = number_in(name.substr(1));
  if (!number || *number < 1 || *number > config_.controllers) return std::nullopt;
  return config_.controller(*number);
}

std::optional<model::TopicId> RecordingReader::topic_of(std::string_view name) const {
  for (std::size_t i = 0; i < config_.topics.size(); ++i) {
    if (config_.topics[i].name == name) return model::TopicId(static_cast<std::uint16_t>(i));
  }
  return std::nullopt;
}

std::optional<model::PartitionId> RecordingReader::partition_of(std::string_view name) const {
  const std::size_t dash = name.rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::optional<model::TopicId> topic = topic_of(name.substr(0, dash));
  const std::optional<std::int32_t> number = number_in(name.substr(dash + 1));
  if (!topic || !number) return std::nullopt;
  if (static_cast<std::size_t>(*number) >= config_.topics[model::index(*topic)].assignment.size()) return std::nullopt;
  return config_.partition_of(*topic, *number);
}

std::optional<model::NodeId> RecordingReader::broker_named(const Value& name) {
  const auto id = name.is_string() ? broker_of(name.text) : std::nullopt;
  if (!id) problems_.error("unknown-node", name, describe(name) + " is not a broker of this recording");
  return id;
}

std::optional<model::NodeId> RecordingReader::broker_named(const Member& named) {
  const auto id = broker_of(named.key);
  if (!id) problems_.error_at_key("unknown-node", named, quoted(named.key) + " is not a broker of this recording");
  return id;
}

std::optional<model::NodeId> RecordingReader::server_named(const Value& name) {
  if (const auto id = name.is_string() ? controller_of(name.text) : std::nullopt) return id;
  return broker_named(name);
}

std::optional<model::NodeId> RecordingReader::controller_numbered(const Value& id) {
  const bool is_controller = id.is_integer() && id.integer >= kFirstController &&
                             id.integer < kFirstController + std::int64_t{config_.controllers};
  if (is_controller) return config_.controller(static_cast<std::int32_t>(id.integer - kFirstController) + 1);
  problems_.error("unknown-node", id, describe(id) + " is not the id of a controller of this recording");
  return std::nullopt;
}

std::optional<model::NodeId> RecordingReader::broker_numbered(const Value& id) {
  const bool is_broker =
      id.is_integer() && id.integer >= 1 && id.integer <= static_cast<std::int64_t>(config_.brokers.size());
  if (is_broker) return model::NodeId(static_cast<std::uint8_t>(id.integer));
  problems_.error("unknown-node", id, describe(id) + " is not the id of a broker of this recording");
  return std::nullopt;
}

std::optional<model::NodeId> RecordingReader::leader_numbered(const Value& id) {
  if (id.is_integer() && id.integer == -1) return model::kNoNode;
  return broker_numbered(id);
}

std::optional<model::Replicas> RecordingReader::brokers_numbered(const Value& ids) {
  model::Replicas brokers;
  for (const Value& id : ids.items) {
    const auto broker = broker_numbered(id);
    if (!broker) return std::nullopt;
    if (brokers.contains(*broker)) {
      problems_.error("duplicate-node", id, describe(id) + " stands here twice");
      return std::nullopt;
    }
    brokers.push_back(*broker);
  }
  return brokers;
}

std::optional<model::TopicId> RecordingReader::topic_named(const Value& name) {
  const auto id = name.is_string() ? topic_of(name.text) : std::nullopt;
  if (!id && !unknown_.topics)
    problems_.error("unknown-topic", name, describe(name) + " is not a topic of this recording");
  return id;
}

std::optional<model::TopicId> RecordingReader::topic_named(const Member& named) {
  const auto id = topic_of(named.key);
  if (!id && !unknown_.topics)
    problems_.error_at_key("unknown-topic", named, quoted(named.key) + " is not a topic of this recording");
  return id;
}

std::optional<model::PartitionId> RecordingReader::partition_named(const Value& name) {
  const auto id = name.is_string() ? partition_of(name.text) : std::nullopt;
  if (!id && !unknown_.topics)
    problems_.error("unknown-partition", name, describe(name) + " is not a partition of this recording");
  return id;
}

std::optional<model::PartitionId> RecordingReader::partition_named(const Member& named) {
  const auto id = partition_of(named.key);
  if (!id && !unknown_.topics) {
    problems_.error_at_key("unknown-partition", named, quoted(named.key) + " is not a partition of this recording");
  }
  return id;
}

std::optional<std::size_t> RecordingReader::producer_named(const Member& named) {
  for (std::size_t i = 0; i < config_.producers.size(); ++i) {
    if (config_.producers[i].name == named.key) return i;
  }
  if (unknown_.producers) return std::nullopt;
  problems_.error_at_key("unknown-node", named, quoted(named.key) + " is not a producer of this recording");
  return std::nullopt;
}

std::optional<std::size_t> RecordingReader::consumer_named(const Member& named) {
  for (std::size_t i = 0; i < config_.consumers.size(); ++i) {
    if (config_.consumers[i].name == named.key) return i;
  }
  if (unknown_.consumers) return std::nullopt;
  problems_.error_at_key("unknown-node", named, quoted(named.key) + " is not a consumer of this recording");
  return std::nullopt;
}

}  // namespace scenarios
