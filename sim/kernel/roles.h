// Who holds which role now, from what ZooKeeper has stored or the metadata quorum has committed; and the targets of
// faults, resolved.
#pragma once

#include <string>
#include <vector>

#include "model/node.h"
#include "sim/kernel/committed_metadata.h"
#include "sim/kernel/plan.h"

namespace sim {

// Lent for the length of a call.
struct ClusterView {
  const std::vector<model::Node>& nodes;
  const model::ClusterConfig& config;
  const CommittedMetadata* committed = nullptr;  // KRaft mode; null with ZooKeeper
};

// Who holds /controller; in KRaft mode who leads the quorum, in the highest epoch if two believe so. kNoNode: nobody.
model::NodeId controller_of(const ClusterView& cluster);
// /brokers/ids/N exists; in KRaft mode: it has registered and is not fenced.
bool is_registered(const ClusterView& cluster, model::NodeId broker);
bool has_session(const ClusterView& cluster, model::NodeId owner);  // with ZooKeeper
// nullptr: the partition has no state yet.
const model::PartitionState* state_of(const ClusterView& cluster, model::PartitionId partition);

// A reassignment's new and old replicas included; as it will be created, if the topic does not exist.
model::Replicas assignment_of(const ClusterView& cluster, model::PartitionId partition);

// Each node once, in the order of the targets. Empty: nobody has that role.
std::vector<model::NodeId> resolve(const std::vector<Target>& targets, const ClusterView& cluster);

// "controller, leader of t-0"; with several nodes "b1 controller; b2 leader of t-0". Empty: no roles.
std::string note_roles(const std::vector<model::NodeId>& who, const ClusterView& cluster);

}  // namespace sim
