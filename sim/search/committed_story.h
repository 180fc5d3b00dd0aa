// What was committed to the metadata log of KRaft mode, as a recording holds it: read at the end of a run from the disk
// of the member that knows of most, so that what was cut off again is not in, each record at the time of its append.
#pragma once

#include <vector>

#include "model/config.h"
#include "model/node.h"
#include "sim/search/recording.h"
#include "sim/search/run.h"

namespace sim {

struct CommittedFact {
  RecordedFact told;  // at the append; by nobody
  model::LeaderEpoch raft_epoch = 0;
};
// In the order of offsets. Records that a snapshot has replaced are left out.
std::vector<CommittedFact> read_committed(const std::vector<model::Node>& nodes, const model::ClusterConfig& config);

// The story facts among them.
std::vector<StoryFact> story_of(const std::vector<CommittedFact>& facts);

// In the words of a recording: whether a broker's change is one to or from being fenced; if it is not, it begins its
// controlled shutdown.
bool is_about_fencing(const model::BrokerChanged& changed);

}  // namespace sim
