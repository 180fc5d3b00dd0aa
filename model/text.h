// Values as text for people, scenarios and reports: nodes and partitions by name, errors and enums by
// Kafka's words.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/config.h"
#include "model/facts.h"

namespace model {

struct FieldText {
  std::string_view name;
  std::string text;
  bool is_number = false;  // `text` is a decimal number or true/false
};
// The fields of a fact in the order of FIELDS, flattened: PartitionStateChanged's `state` gives leader,
// leader_epoch, isr and controller_epoch. Nodes are "b2" ("none" for kNoNode), partitions "t-0", replica
// lists "b1 b2 b3", durations in ms with as many decimals as they need, paths as text, sessions as "0x1".
std::vector<FieldText> fields_of(const Fact& fact, const ClusterConfig& config);

std::string text_of(const Path& path, const ClusterConfig& config);
std::string text_of(const Replicas& replicas, const ClusterConfig& config);  // "b1 b2 b3"; "none" if empty

}  // namespace model
