// The timers of every node. Each has one entry in the event queue, however often it is armed again: an
// entry that comes up too early is pushed again for the deadline that holds by then. The order of two
// timers that are due at once is that of their last arming, as if older entries had been taken out.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "model/ids.h"
#include "model/step.h"
#include "sim/kernel/dice.h"
#include "sim/kernel/event_queue.h"
#include "sim/kernel/origins.h"

namespace sim {

class Timers {
 public:
  Timers(std::uint64_t seed, std::size_t nodes, EventQueue& queue);

  // What each arming begins with is noted there, from now on.
  void note_origins(Origins& origins) { origins_ = &origins; }

  // Due at an instant that is drawn from the timer's own stream, between min and max from now; on the grid,
  // from when it was last due.
  void arm(std::int64_t now_us, model::NodeId node, const model::Arm& arm);
  void disarm(model::NodeId node, model::TimerKey key);
  void disarm_all(model::NodeId node);  // its process is gone

  // An entry of the queue came up. False: not due after all.
  bool is_due(const Event& event);
  // Of a timer that is due: it is no longer armed.
  model::TimerKey take(std::uint32_t slot);
  // Of a timer that is due, or waits for a paused process: due then instead.
  void postpone(std::uint32_t slot, std::int64_t at_us);
  // The node's clock runs at another rate from now on: what is left until each of its armed timers is due takes
  // before/after times as long. Returns how many there are.
  std::int64_t rescale(std::int64_t now_us, model::NodeId node, std::int32_t before, std::int32_t after);
  model::TimerKey key(std::uint32_t slot) const { return at(slot).key; }
  static model::NodeId node(std::uint32_t slot) { return model::NodeId(static_cast<std::uint8_t>(slot >> 16)); }

 private:
  static constexpr std::int64_t kNever = INT64_MIN;

  struct Timer {
    model::TimerKey key;
    bool armed = false;
    bool queued = false;
    std::int64_t grid_us = kNever;  // when it is or was due, however late it is delivered
    Event deadline;                 // as armed last
    Event entry;                    // in the queue, if queued
    Dice dice;
  };
  struct Table {
    std::vector<std::uint32_t> names;  // kind and about, for a quick search
    std::vector<Timer> timers;
    std::array<std::uint16_t, static_cast<std::size_t>(model::TimerKind::kinds)> last{};  // found there last
  };

  Timer& at(std::uint32_t slot) { return tables_[slot >> 16].timers[slot & 0xffffU]; }
  const Timer& at(std::uint32_t slot) const { return tables_[slot >> 16].timers[slot & 0xffffU]; }
  static std::uint32_t find(Table& table, model::TimerKey key);
  std::uint32_t find_or_add(model::NodeId node, model::TimerKey key);
  void set_deadline(Timer& timer, std::uint32_t slot, std::int64_t at_us);

  std::uint64_t seed_;
  std::vector<Table> tables_;  // by node
  EventQueue& queue_;
  Origins* origins_ = nullptr;
};

}  // namespace sim
