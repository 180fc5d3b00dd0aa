// The nodes, topics and partitions of a cluster by name, for whatever a scenario says about them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/config.h"
#include "scenarios/json_value.h"
#include "sim/kernel/plan.h"

namespace scenarios {

class Names {
 public:
  explicit Names(const model::ClusterConfig& config);

  std::optional<model::NodeId> node(std::string_view name) const;
  std::optional<model::PartitionId> partition(std::string_view name) const;
  std::optional<model::TopicId> topic(std::string_view name) const;
  const model::ClusterConfig& config() const { return config_; }

  // Report at `at` unless `name` is one. `name` is part of the value's text, or all of it.
  std::optional<model::NodeId> find_node(std::string_view name, const Value& at, Problems& problems) const;
  std::optional<model::NodeId> find_broker(std::string_view name, const Value& at, Problems& problems) const;
  // Of KRaft mode: a process of its own, or a broker that has this role as well.
  std::optional<model::NodeId> find_controller(std::string_view name, const Value& at, Problems& problems) const;
  std::optional<model::PartitionId> find_partition(std::string_view name, Position at, std::size_t end,
                                                   Problems& problems) const;
  std::optional<std::string> find_rack(std::string_view name, const Value& at, Problems& problems) const;
  std::optional<model::TopicId> find_topic(std::string_view name, const Value& at, Problems& problems) const;

 private:
  const model::ClusterConfig& config_;
  std::vector<std::string> nodes_;       // by NodeId; empty for a ZooKeeper that is not there
  std::vector<std::string> partitions_;  // by PartitionId
};

// "leader(t-0)": a role and what stands in its parentheses; no arguments for a plain word.
struct Call {
  std::string_view role;
  std::vector<std::string_view> arguments;
  bool has_parentheses = false;
};
std::optional<Call> parse_call(std::string_view text);

// "b1", "controller", "isr(t-0)", ...; or a list of them. Empty if anything is wrong.
std::vector<sim::Target> read_targets(const Value& value, const Names& names, Problems& problems);

}  // namespace scenarios
