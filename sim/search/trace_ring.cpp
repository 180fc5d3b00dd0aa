#include "sim/search/trace_ring.h"

#include <algorithm>

namespace sim {

std::vector<PastEvent> TraceRing::last(model::NodeId node, std::size_t most) const {
  std::vector<PastEvent> found;
  const std::uint64_t oldest = count_ > kSize ? count_ - kSize : 0;
  for (std::uint64_t i = count_; i > oldest && found.size() < most; --i) {
    const PastEvent& event = events_[(i - 1) % kSize];
    if (node == model::kNoNode || event.node == node) found.push_back(event);
  }
  std::reverse(found.begin(), found.end());
  return found;
}

}  // namespace sim
