// What the two halves of a recording's decoder share: values of the recordings' own form, each mistake a problem
// at its place.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "scenarios/json_value.h"
#include "scenarios/source.h"
#include "sim/search/recording.h"

namespace scenarios {

class RecordingReader {
 public:
  RecordingReader(const model::ClusterConfig& config, Problems& problems) : config_(config), problems_(problems) {}

  // Parts whose names could not be read. One mistake is one problem: what refers to such a part gives nothing,
  // and no problem of its own.
  struct Unknown {
    bool topics = false;
    bool producers = false;
    bool consumers = false;
  };
  void set_unknown(Unknown unknown) { unknown_ = unknown; }

  const model::ClusterConfig& config() const { return config_; }
  Problems& problems() { return problems_; }

  // Null, with a problem, if it is missing or of another kind.
  const Value* need(const Value& object, std::string_view key, Value::Kind kind);
  const Value* need(const Value& object, std::string_view key);  // of any kind
  // Null if it is missing or null; with a problem if it is of another kind.
  const Value* maybe(const Value& object, std::string_view key, Value::Kind kind);

  // A number of seconds.
  std::optional<sim::Millis> millis(const Value& value);
  std::optional<sim::Millis> need_millis(const Value& object, std::string_view key);
  std::optional<sim::Millis> maybe_millis(const Value& object, std::string_view key);
  std::optional<std::int32_t> need_integer(const Value& object, std::string_view key);

  std::optional<model::NodeId> broker_named(const Value& name);    // "b1"
  std::optional<model::NodeId> broker_named(const Member& named);  // likewise, by the key
  std::optional<model::NodeId> server_named(const Value& name);    // likewise, or "c1"
  // 101 is c1; null in ZooKeeper mode, after a report.
  std::optional<model::NodeId> controller_numbered(const Value& id);
  std::optional<model::NodeId> broker_numbered(const Value& id);  // 1
  std::optional<model::NodeId> leader_numbered(const Value& id);  // 1; -1 is none
  std::optional<model::Replicas> brokers_numbered(const Value& ids);
  std::optional<model::TopicId> topic_named(const Value& name);
  std::optional<model::TopicId> topic_named(const Member& named);
  std::optional<model::PartitionId> partition_named(const Value& name);  // "t-0"
  std::optional<model::PartitionId> partition_named(const Member& named);
  std::optional<std::size_t> producer_named(const Member& named);
  std::optional<std::size_t> consumer_named(const Member& named);

 private:
  std::optional<model::NodeId> broker_of(std::string_view name) const;
  std::optional<model::NodeId> controller_of(std::string_view name) const;
  std::optional<model::TopicId> topic_of(std::string_view name) const;
  std::optional<model::PartitionId> partition_of(std::string_view name) const;
  bool has_kind(const Value& value, Value::Kind kind, std::string_view key);
  bool is_object(const Value& value);

  const model::ClusterConfig& config_;
  Problems& problems_;
  Unknown unknown_;
  std::size_t not_an_object_ = SIZE_MAX;  // offset of the value last reported as such
};

// metadata_facts, node_facts, clients and final_logs, all of which are there.
sim::Observed read_observed(const Value& recording, RecordingReader& reader);

}  // namespace scenarios
