// What a global observer remembers of the metadata quorum and of its log, part of History. Only in KRaft mode.
#pragma once

#include <cstdint>
#include <vector>

#include "model/facts.h"
#include "model/ids.h"
#include "model/metadata/image.h"
#include "model/metadata/records.h"

namespace model {

struct View;
struct Told;

// A batch of the metadata log: where it stands, who appended it, what is in it.
struct MetadataPlace {
  LeaderEpoch epoch = 0;
  Offset base_offset = 0;
  Offset end = 0;
  LeaderEpoch epoch_before = 0;  // of the batch before it in the log of whoever appended it
  std::uint64_t content = 0;     // hash of its records
  bool operator==(const MetadataPlace&) const = default;
};

struct MemberHistory {
  std::uint32_t directory = 0;             // of its disk, as last seen; another one is another voter
  LeaderEpoch epoch = 0;                   // highest that this disk has been in
  LeaderEpoch voted_in = -1;               // the last epoch in which it voted...
  ReplicaKey voted;                        // ...and for whom first
  Offset high_watermark = kUnknownOffset;  // that its present process has known
};

struct ImageAt {
  Offset offset = 0;
  std::uint64_t hash = 0;
};

struct QuorumHistory {
  std::vector<MemberHistory> members;   // by NodeId; empty in ZooKeeper mode
  std::vector<NodeId> leader_of_epoch;  // by epoch: who was first named
  LeaderEpoch highest_led = -1;
  std::vector<MetadataPlace> appended;   // each (epoch, base offset) as its leader appended it, in that order
  std::vector<MetadataPlace> committed;  // by offset: below some leader's high watermark
  MetadataImage image;                   // of what is committed
  std::vector<ImageAt> images;           // at the ends of committed batches, by offset
  std::vector<LeaderEpoch> claimed;      // epochs in which a controller began to act
};

QuorumHistory make_quorum_history(const ClusterConfig& config);
void observe_quorum(QuorumHistory& history, const View& view, const Told& told);
void observe_member_start(QuorumHistory& history, NodeId node);

// Which process of the broker it is about, by the record in the teller's log; 0: that is not there any more.
Incarnation incarnation_of(const View& view, NodeId teller, const BrokerRegistered& registered);

// Null: nobody appended it.
const MetadataPlace* find_appended(const QuorumHistory& history, LeaderEpoch epoch, Offset base_offset);
// Null: not known to be committed.
const MetadataPlace* find_committed(const QuorumHistory& history, Offset base_offset);
inline Offset committed_end(const QuorumHistory& history) {
  return history.committed.empty() ? 0 : history.committed.back().end;
}

}  // namespace model
