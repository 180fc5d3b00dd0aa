// What the two halves of a recording's decoder share: values of the recordings' own form, each mistake a problem
// at its place.
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>

#include "scenarios/json_value.h"
#include "scenarios/source.h"
#include "sim/search/recording.h"

namespace scenarios {

class RecordingReader {
 public:
  RecordingReader(const model::ClusterConfig& config, Problems& problems) : config_(config), problems_(problems) {}

  const model::ClusterConfig& config() const { return config_; }
  Problems& problems() { return problems_; }

  // Null, with a problem, if it is missing or of another kind.
  const Value* need(const Value& object, std::string_view key, Value::Kind kind);
  // Null if it is missing or null; with a problem if it is of another kind.
  const Value* maybe(const Value& object, std::string_view key, Value::Kind kind);

  // A number of seconds.
  std::optional<sim::Millis> millis(const Value& value);
  std::optional<sim::Millis> need_millis(const Value& object, std::string_view key);
  std::optional<sim::Millis> maybe_millis(const Value& object, std::string_view key);
  std::optional<std::int32_t> need_integer(const Value& object, std::string_view key);

  std::optional<model::NodeId> broker_named(const Value& name);    // "b1"
  std::optional<model::NodeId> broker_named(const Member& named);  // likewise, by the key
  std::optional<model::NodeId> broker_numbered(const Value& id);   // 1
  std::optional<model::NodeId> leader_numbered(const Value& id);   // 1; -1 is none
  std::optional<model::Replicas> brokers_numbered(const Value& ids);
  std::optional<model::TopicId> topic_named(const Value& name);
  std::optional<model::TopicId> topic_named(const Member& named);
  std::optional<model::PartitionId> partition_named(const Value& name);  // "t-0"
  std::optional<model::PartitionId> partition_named(const Member& named);
  std::optional<std::size_t> producer_named(const Member& named);

 private:
  std::optional<model::NodeId> broker_of(std::string_view name) const;
  std::optional<model::TopicId> topic_of(std::string_view name) const;
  std::optional<model::PartitionId> partition_of(std::string_view name) const;
  bool has_kind(const Value& value, Value::Kind kind, std::string_view key);

  const model::ClusterConfig& config_;
  Problems& problems_;
};

// metadata_facts, node_facts, clients and final_logs, all of which are there.
sim::Observed read_observed(const Value& recording, RecordingReader& reader);

}  // namespace scenarios
