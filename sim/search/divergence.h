// Where two runs part: the first event that differs, or that had another outcome.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/node.h"
#include "sim/kernel/plan.h"
#include "sim/search/causes.h"

namespace sim {

struct StepDigest {
  std::uint64_t event = 0;  // time, kind, place and content
  std::uint64_t after = 0;  // its node, as the step left it
};
// One for each event. Instants are no part of a state's digest.
std::vector<StepDigest> digests_of(const Plan& plan);

struct Divergence {
  std::uint64_t event = 0;  // number of the first event that differs; 0: none does
  bool in_outcome = false;  // the event is the same in both, what its step made of its node is not
};
Divergence divergence_of(const std::vector<StepDigest>& a, const std::vector<StepDigest>& b);

// All nodes before the event, or after its step; of a fault that makes several steps, between its steps as well as
// after all of them.
std::vector<model::Node> nodes_at(const Plan& plan, std::uint64_t event, bool after);

// The place in Outcome::facts, in each run, of the first notable fact that one node told and the same node of the
// other run did not, times aside. None on one side: the other tells more.
struct StoryParting {
  std::optional<std::size_t> a, b;
};
StoryParting story_parting(const Plan& plan, const CausalRun& a, const CausalRun& b);

}  // namespace sim
