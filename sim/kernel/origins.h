// What each packet and timer began with, beside them and not in them: only a run whose observer wants causes pays
// for it.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "sim/kernel/observer.h"

namespace sim {

class Origins {
 public:
  Cause now;  // the event or fault that is being carried out

  // A packet or timer that begins now. The slots are those of their pool and their table.
  void note_packet(std::uint32_t slot) {
    if (slot >= packets_.size()) packets_.resize(slot + 1);
    packets_[slot] = now;
  }
  void note_timer(std::uint32_t slot) { timers_[slot] = now; }

  Cause of_packet(std::uint32_t slot) const { return slot < packets_.size() ? packets_[slot] : Cause(); }
  Cause of_timer(std::uint32_t slot) const {
    const auto found = timers_.find(slot);
    return found == timers_.end() ? Cause() : found->second;
  }

 private:
  std::vector<Cause> packets_;
  std::map<std::uint32_t, Cause> timers_;
};

}  // namespace sim
