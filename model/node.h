// A node of the cluster and the step function over all of them.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "model/broker/broker.h"
#include "model/client/consumer.h"
#include "model/client/producer.h"
#include "model/quorum/server.h"
#include "model/step.h"
#include "model/zookeeper/server.h"

namespace model {

using Node = std::variant<ZooKeeper, Broker, Producer, ControllerServer, Consumer>;

// Nodes by NodeId: ZooKeeper (in KRaft mode nobody starts it), the brokers, the producers, the controllers of KRaft
// mode that are no brokers; none of them started.
std::vector<Node> make_cluster(const ClusterConfig& config);

// One input to one node. Total and deterministic: what a node cannot expect is ignored or answered with
// a protocol error.
void step(const Context& context, Node& node, const Input& input);

// The process dies: memory is lost, disk stays as it is.
void crash(const ClusterConfig& config, Node& node);
// The machine loses power: the log is also cut back to what was flushed.
void power_loss(const ClusterConfig& config, Node& node);
// A broker's or controller's disk is lost and replaced by an empty one, while no process runs: its logs, their
// checkpointed high watermarks and leader epochs, the state of the quorum. What only the simulation counts (ports,
// processes, disks) goes on.
void wipe(const ClusterConfig& config, Node& node);

std::uint64_t fingerprint(const Node& node);

// A node's part in the metadata quorum, voter or observer; null: it has none, or its process does not run.
struct QuorumMember {
  const RaftDisk* disk = nullptr;
  const RaftMemory* memory = nullptr;
  const QuorumController* controller = nullptr;  // null: an observer has none
};
QuorumMember member_of(const Node& node);
// Of a node that takes part, its process running or not; null: it does not.
const RaftDisk* raft_disk_of(const Node& node);
RaftDisk* raft_disk_of(Node& node);
// Of several that take themselves for the leader, the one in the highest epoch; kNoNode: nobody does.
NodeId quorum_leader_of(const std::vector<Node>& nodes);

}  // namespace model
