// The rows by subject; registry.cpp puts them in order. For the files that define them.
#pragma once

#include <span>

#include "model/invariants/invariant.h"

namespace model {

std::span<const Invariant> control_rows();      // ZooKeeper's word, the controller, epochs
std::span<const Invariant> replication_rows();  // logs, high watermark, ISR
std::span<const Invariant> committed_rows();    // what has been committed
std::span<const Invariant> consumer_rows();     // what consumers are given
std::span<const Invariant> client_rows();       // what producers were told
std::span<const Invariant> liveness_rows();     // what must come back when the faults are over
std::span<const Invariant> quorum_rows();       // KRaft mode: the metadata quorum and its log
std::span<const Invariant> kraft_rows();        // KRaft mode: the controller above it, and brokers

// --- shared by predicates -------------------------------------------------------------------------

// Calls visit(broker) for each broker that has a replica of the partition, or may have one, until one returns false;
// returns whether none did.
template <typename Visit>
bool all_replicas(const View& view, PartitionId p, Visit&& visit) {
  for (const NodeId replica : history_of(view, p).hosts) {
    if (!visit(replica)) return false;
  }
  return true;
}

inline std::string offset_text(Offset offset) { return std::to_string(offset); }

// Leaders that an election has written off take no part any more: what they had may be lost by design.
inline bool counts_as_leader(const View& view, PartitionId p, const Partition& leader) {
  return leader.leader_epoch >= history_of(view, p).loss_epoch;
}

// After a leader led on in an epoch whose records its machine had lost, followers cannot tell their records of
// that epoch from its new ones: the loss is told, what follows from it promises nothing.
inline bool epochs_are_reused(const View& view, PartitionId p) { return history_of(view, p).reused_epoch != kNoEpoch; }

// A broker other than the one before is stored as leader, in a new epoch. The fact is a partition's state.
bool is_election(const View& view, const Told& told);

}  // namespace model
