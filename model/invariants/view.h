// What a global observer sees: every node's state now, and what it remembers of the past. Predicates of
// invariants are functions of a View; no node can see one.
#pragma once

#include <vector>

#include "model/broker/broker.h"
#include "model/config.h"
#include "model/facts.h"
#include "model/invariants/history.h"
#include "model/invariants/log_pairs.h"
#include "model/node.h"

namespace model {

struct View {
  const ClusterConfig& config;
  const Rules& rules;
  const std::vector<Node>& nodes;  // by NodeId
  const History& history;
  LogPairs& logs;  // a cache: asking changes what it remembers, never an answer
};

// A fact and who told it. State in the View is that after the step that told it.
struct Told {
  NodeId teller{};
  const Fact& fact;
};

inline const Broker& broker_at(const View& view, NodeId id) {
  return std::get<Broker>(view.nodes[static_cast<std::size_t>(id)]);
}
inline const Log& log_at(const View& view, PartitionId p, NodeId id) { return broker_at(view, id).log(p); }
// Null: no process runs there, or it has not been told of the partition yet.
const Partition* replica_at(const View& view, PartitionId p, NodeId id);
// Null: the broker does not act as leader.
const Partition* leader_at(const View& view, PartitionId p, NodeId id);
// Null: no member of the metadata quorum.
const RaftDisk* raft_disk_at(const View& view, NodeId id);
const RaftMemory* raft_at(const View& view, NodeId id);  // null also if none runs
// Null: no controller there. One whose process does not run stands by.
const QuorumController* controller_at(const View& view, NodeId id);
bool majority_of_voters_runs(const View& view);  // of KRaft mode
// What a broker has published to itself; null before it has.
const MetadataImage* published_at(const View& view, NodeId id);
// Leads by ZooKeeper's or the metadata log's word and knows it; kNoNode: nobody does.
NodeId current_leader(const View& view, PartitionId p);
inline const PartitionHistory& history_of(const View& view, PartitionId p) { return view.history.partitions[index(p)]; }
// The partition that a fact is about.
const PartitionId* partition_of(const Fact& fact);

// "b2"
inline std::string name_of(const View& view, NodeId id) { return view.config.name_of(id); }

}  // namespace model
