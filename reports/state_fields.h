// The state of a node, field by field, under the names that the model gives its members.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/node.h"

namespace reports {

struct FieldDifference {
  std::string field;  // "memory.partitions[0].leader_epoch"
  std::string a, b;   // "-": there is no such field
};
// In the order of the fields; instants are left out, as they are of fingerprints.
std::vector<FieldDifference> differences(const model::Node& a, const model::Node& b,
                                         const model::ClusterConfig& config);

}  // namespace reports
