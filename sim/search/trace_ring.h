// The last events of a run, always kept: what a broken promise is told with, without running again.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/kernel/observer.h"

namespace sim {

// An event without what it carried.
struct PastEvent {
  Time at;
  std::uint64_t number = 0;
  EventKind kind{};
  model::NodeId node{};
  model::NodeId peer = model::kNoNode;
  std::uint8_t body = 0;  // message: alternative of model::Body
  model::TimerKey timer;  // timer
};

class TraceRing {
 public:
  static constexpr std::size_t kSize = 256;

  void add(const EventView& event) {
    PastEvent& slot = events_[count_++ % kSize];
    slot = {event.at, event.number, event.kind, event.node, event.peer, 0, event.timer};
    if (event.body != nullptr) slot.body = static_cast<std::uint8_t>(event.body->index());
  }
  // The last `most` events at this node, or at all nodes for kNoNode, oldest first.
  std::vector<PastEvent> last(model::NodeId node, std::size_t most) const;

 private:
  std::array<PastEvent, kSize> events_{};
  std::uint64_t count_ = 0;
};

}  // namespace sim
