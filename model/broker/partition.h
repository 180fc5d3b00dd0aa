// One replica of one partition on one broker: what it believes (memory) and what it keeps (disk).
// Names and rules are those of kafka.cluster.Partition, Replica and of AbstractFetcherThread.
#pragma once

#include "model/ids.h"
#include "model/log.h"
#include "model/small_vec.h"
#include "model/time.h"
#include "model/value.h"

namespace model {

// What a leader knows of another replica, from its fetches (cluster/Replica.ReplicaState).
struct Remote {
  NodeId replica = kNoNode;
  Offset log_end = kUnknownOffset;                // its fetch offset; may go down after a truncation
  Offset last_fetch_leader_end = kUnknownOffset;  // our log end at its last fetch
  Instant last_fetch;
  Instant last_caught_up;
  BrokerEpoch broker_epoch = -1;  // of its last fetch (KIP-903); -1: it has not fetched or does not say
  FIELDS(replica, log_end, last_fetch_leader_end, last_fetch, last_caught_up, broker_epoch);
};

enum class Role : std::uint8_t { none, follower, leader };

// An ISR change that the leader asked for and that is not confirmed yet.
enum class PendingIsr : std::uint8_t { none, expand, shrink };

// A follower's place in its fetcher.
enum class FetchState : std::uint8_t {
  none,        // not fetched
  truncating,  // must ask OffsetsForLeaderEpoch first
  fetching,
  failed,  // marked failed, until the next LeaderAndIsr
};

struct Partition {
  bool hosted = false;  // a LeaderAndIsr named it since the process started
  Role role = Role::none;
  NodeId leader = kNoNode;
  LeaderEpoch leader_epoch = kNoEpoch;
  PartitionEpoch partition_epoch = -1;
  ControllerEpoch controller_epoch = 0;  // of the LeaderAndIsr that made it leader
  Replicas replicas;
  Replicas isr;  // as committed; empty on a follower
  Offset high_watermark = 0;

  // Leader.
  PendingIsr pending = PendingIsr::none;
  Replicas proposed;       // the ISR asked for
  bool frozen = false;     // its lock is held by a direct ZooKeeper write: nobody else gets in
  Offset epoch_start = 0;  // log end when this epoch began
  SmallVec<Remote, 2> remotes;

  // Follower.
  FetchState fetch_state = FetchState::none;
  bool delayed = false;       // backing off
  bool out_of_range = false;  // must ask ListOffsets first
  Offset fetch_offset = 0;
  LeaderEpoch last_fetched_epoch = kNoEpoch;

  FIELDS(hosted, role, leader, leader_epoch, partition_epoch, controller_epoch, replicas, isr, high_watermark, pending,
         proposed, frozen, epoch_start, remotes, fetch_state, delayed, out_of_range, fetch_offset, last_fetched_epoch);
};

// What survives the process.
struct PartitionDisk {
  bool created = false;  // this broker has had a log of the partition before
  Log log;
  Offset checkpoint = 0;  // high watermark as of the last checkpoint
  FIELDS(created, log, checkpoint);
};

inline Remote* find_remote(Partition& partition, NodeId replica) {
  for (Remote& remote : partition.remotes) {
    if (remote.replica == replica) return &remote;
  }
  return nullptr;
}

// The ISR that the high watermark must respect: with a pending expansion the larger one, with a pending
// shrink still the old one.
inline bool in_maximal_isr(const Partition& partition, NodeId replica) {
  if (partition.isr.contains(replica)) return true;
  return partition.pending == PendingIsr::expand && partition.proposed.contains(replica);
}
inline std::size_t maximal_isr_size(const Partition& partition) {
  return partition.pending == PendingIsr::expand ? partition.proposed.size() : partition.isr.size();
}

}  // namespace model
