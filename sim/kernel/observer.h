// Who watches a run. Observers are told what happens in order and change nothing: a run with one has the
// same fingerprint as a run without.
#pragma once

#include "model/facts.h"
#include "model/message.h"
#include "model/step.h"
#include "sim/kernel/plan.h"

namespace sim {

// What a fault did, counted until the run ends.
struct FaultEffect {
  std::int64_t held = 0;     // messages and timers that waited for a paused process
  std::int64_t stalled = 0;  // messages and connection attempts that a cut kept back
  std::int64_t lost = 0;     // messages that died with a process
  std::int64_t reset = 0;    // connections torn down
  bool acted = false;        // an operator's act reached somebody; a process started or stopped
  std::int64_t delayed = 0;  // packets that took longer on their way
  std::int64_t dropped = 0;  // packets that a lossy way lost, to be sent again
  std::int64_t slowed = 0;   // writes to a slow disk
  std::int64_t skewed = 0;   // timers that ran by a clock that is too fast or too slow
  std::int64_t wiped = 0;    // records that a disk lost
  std::int64_t count() const { return held + stalled + lost + reset + delayed + dropped + slowed + skewed + wiped; }
  bool any() const { return acted || count() > 0; }
};

struct AppliedFault {
  Time at;
  std::size_t row = 0;                       // index into Plan::faults
  bool undo = false;                         // the end of `lasts`
  std::vector<model::NodeId> who, from, to;  // resolved
  std::string note;                          // roles at that moment: "controller, leader of t-0"
};

enum class EventKind : std::uint8_t { message, timer, connected, disconnected, started, act };

struct EventView {
  Time at;
  std::uint64_t number = 0;
  EventKind kind{};
  model::NodeId node{};                 // where it happens
  model::NodeId peer = model::kNoNode;  // message, connected, disconnected
  model::ConnectionId via;              // likewise
  const model::Body* body = nullptr;    // message
  model::TimerKey timer;                // timer
};

class Observer {
 public:
  virtual ~Observer() = default;
  // A process begins, before its first step.
  virtual void on_start(Time, model::NodeId) {}
  // Told after the step, when the nodes are as it left them.
  virtual void on_fact(Time, model::NodeId, const model::Fact&) {}
  // Every fact of a step has been told; only after steps that told some.
  virtual void on_step_over(Time) {}
  virtual void on_fault(const AppliedFault&) {}
  virtual bool wants_events() const { return false; }
  virtual void on_event(const EventView&) {}
};

}  // namespace sim
