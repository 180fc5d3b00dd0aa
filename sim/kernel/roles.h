// Who holds which role now, from what ZooKeeper has stored; and the targets of faults, resolved.
#pragma once

#include <string>
#include <vector>

#include "model/node.h"
#include "sim/kernel/plan.h"

namespace sim {

model::NodeId controller_of(const std::vector<model::Node>& nodes);  // kNoNode: nobody
bool is_registered(const std::vector<model::Node>& nodes, model::NodeId broker);
bool has_session(const std::vector<model::Node>& nodes, model::NodeId owner);  // with ZooKeeper
// nullptr: the partition has no state yet.
const model::PartitionState* state_of(const std::vector<model::Node>& nodes, const model::ClusterConfig& config,
                                      model::PartitionId partition);

// As the topic's znode has it, a reassignment's new and old replicas included; as it will be created, if there is none.
model::Replicas assignment_of(const std::vector<model::Node>& nodes, const model::ClusterConfig& config,
                              model::PartitionId partition);

// Each node once, in the order of the targets. Empty: nobody has that role.
std::vector<model::NodeId> resolve(const std::vector<Target>& targets, const std::vector<model::Node>& nodes,
                                   const model::ClusterConfig& config);

// "controller, leader of t-0"; with several nodes "b1 controller; b2 leader of t-0". Empty: no roles.
std::string note_roles(const std::vector<model::NodeId>& who, const std::vector<model::Node>& nodes,
                       const model::ClusterConfig& config);

}  // namespace sim
