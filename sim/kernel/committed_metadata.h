// What the metadata quorum of KRaft mode has committed, as somebody knows it who sees every disk: a record counts once
// the high watermark of the first leader has passed it, whatever becomes of that leader. The controllers and brokers
// of the cluster learn of it later, if at all.
#pragma once

#include <optional>
#include <vector>

#include "model/config.h"
#include "model/facts.h"
#include "model/metadata/image.h"
#include "model/node.h"
#include "model/raft/raft.h"
#include "model/znode.h"

namespace sim {

class CommittedMetadata {
 public:
  explicit CommittedMetadata(const model::ClusterConfig& config);

  // `leader` leads the quorum: what its high watermark has passed is taken in, and each record told once, in the order
  // of offsets. Where its log begins only beyond what is known here, the snapshot is taken in whose end that is, and
  // its records stay untold.
  void take_in(const model::RaftDisk& disk, const model::RaftMemory& leader, std::vector<model::Fact>& facts);

  const model::MetadataImage& image() const { return image_; }
  // As ZooKeeper would store it, the controller's epoch being that of the quorum in which it was written. Null: the
  // partition does not exist yet.
  const model::PartitionState* state_of(model::PartitionId partition) const;

 private:
  void load(const model::Snapshot& snapshot);
  void apply(const model::MetadataRecord& record, model::LeaderEpoch epoch, std::vector<model::Fact>& facts);
  void note_state(model::PartitionId partition, model::LeaderEpoch epoch);

  model::MetadataImage image_;
  std::vector<model::PartitionState> states_;  // by PartitionId, of those that exist
};

}  // namespace sim
