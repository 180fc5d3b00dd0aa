#include "model/invariants/view.h"

#include "model/invariants/rows.h"

namespace model {

const Partition* replica_at(const View& view, PartitionId p, NodeId id) {
  const Broker& broker = broker_at(view, id);
  if (broker.memory.partitions.empty()) return nullptr;
  const Partition& replica = broker.memory.partitions[index(p)];
  return replica.hosted ? &replica : nullptr;
}

const Partition* leader_at(const View& view, PartitionId p, NodeId id) {
  const Partition* replica = replica_at(view, p, id);
  return replica != nullptr && replica->role == Role::leader ? replica : nullptr;
}

NodeId current_leader(const View& view, PartitionId p) {
  const PartitionState& stored = history_of(view, p).stored;
  if (stored.leader == kNoNode) return kNoNode;
  const Partition* leader = leader_at(view, p, stored.leader);
  return leader != nullptr && leader->leader_epoch == stored.leader_epoch ? stored.leader : kNoNode;
}

const RaftDisk* raft_disk_at(const View& view, NodeId id) {
  return raft_disk_of(view.nodes[static_cast<std::size_t>(id)]);
}

const RaftMemory* raft_at(const View& view, NodeId id) {
  const RaftMemory* memory = member_of(view.nodes[static_cast<std::size_t>(id)]).memory;
  return memory != nullptr && memory->running ? memory : nullptr;
}

const QuorumController* controller_at(const View& view, NodeId id) {
  return member_of(view.nodes[static_cast<std::size_t>(id)]).controller;
}

bool majority_of_voters_runs(const View& view) {
  std::size_t running = 0;
  for (const NodeId voter : view.config.voters) running += raft_at(view, voter) != nullptr ? 1U : 0U;
  return running > view.config.voters.size() / 2;
}

const MetadataImage* published_at(const View& view, NodeId id) {
  const auto* broker = std::get_if<Broker>(&view.nodes[static_cast<std::size_t>(id)]);
  if (broker == nullptr || !broker->memory.kraft || !broker->memory.kraft->published) return nullptr;
  return &broker->memory.kraft->image;
}

bool is_election(const View& view, const Told& told) {
  const auto& changed = std::get<PartitionStateChanged>(told.fact);
  const PartitionHistory& past = history_of(view, changed.partition);
  return past.created && changed.state.leader != kNoNode && changed.state.leader_epoch > past.stored.leader_epoch &&
         changed.state.leader != past.stored.leader;
}

const PartitionId* partition_of(const Fact& fact) {
  return std::visit(
      [](const auto& held) -> const PartitionId* {
        if constexpr (requires { held.partition; }) {
          if constexpr (requires { held.has_partition; }) {
            if (!held.has_partition) return nullptr;
          }
          return &held.partition;
        } else {
          return nullptr;
        }
      },
      fact);
}

}  // namespace model
