// Replays a recording in the model: the same set-up, the same faults at the same times, processes as fast as
// they were; everything else is the protocol and the seed.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/kernel/plan.h"
#include "sim/search/recording.h"
#include "sim/search/run.h"

namespace sim {

// The plan of seed 1. A boot's process starts 600 ms before its session opened or its member of the quorum began; one
// that a fault starts comes up as fast as recorded, or as at its boot where the recording does not say. Faults after
// the end are left out.
Plan replay_plan(const RecordingSetup& setup);

// No process that the recording names comes up before its end (the recorder's clock was set back): there is
// nothing to replay.
bool nothing_comes_up(const RecordingSetup& setup);

struct Simulated {
  std::uint64_t seed = 0;
  std::uint64_t boot_draw = 0;
  bool boot_as_recorded = true;  // false: no draw of the boot ended with the recorded controller
  Observed observed;
  std::vector<RecordedFact> metadata_facts;  // if asked for: what ZooKeeper or the quorum committed, in that order...
  std::vector<model::LeaderEpoch> raft_epochs;  // ...in KRaft mode the quorum's epoch in which each was written...
  std::vector<RecordedFact> node_facts;         // ...and what the nodes believed
};

// How often a seed may draw its boot again until it ends with the controller that the recording has at 0.
inline constexpr std::uint64_t kBootDraws = 200;

Simulated replay(const RecordingSetup& setup, const Plan& plan, std::uint64_t seed, bool keep_facts);

}  // namespace sim
