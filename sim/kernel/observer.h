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

// What an event or a fault began with: the event in whose step the message was sent, the timer armed, the
// connection opened or closed; or the fault that did it; or nothing but the plan.
class Cause {
 public:
  constexpr Cause() = default;
  static constexpr Cause event(std::uint64_t number) { return Cause(static_cast<std::int64_t>(number)); }
  static constexpr Cause fault(std::uint32_t number) { return Cause(-std::int64_t{number}); }
  constexpr bool is_event() const { return code_ > 0; }
  constexpr bool is_fault() const { return code_ < 0; }
  // As EventView and AppliedFault number them; 0: it is none.
  constexpr std::uint64_t event() const { return is_event() ? static_cast<std::uint64_t>(code_) : 0; }
  constexpr std::uint32_t fault() const { return is_fault() ? static_cast<std::uint32_t>(-code_) : 0; }
  bool operator==(const Cause&) const = default;

 private:
  explicit constexpr Cause(std::int64_t code) : code_(code) {}
  std::int64_t code_ = 0;
};

struct AppliedFault {
  Time at;
  std::size_t row = 0;                       // index into Plan::faults
  bool undo = false;                         // the end of `lasts`
  std::vector<model::NodeId> who, from, to;  // resolved
  std::string note;                          // roles at that moment: "controller, leader of t-0"
  std::uint32_t number = 0;                  // in the order in which they are told, from 1
  // If Observer::wants_causes(): of an undoing the fault that ends, of one that waited for a fact or a state the event.
  Cause cause = {};
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
  Cause cause = {};                     // if Observer::wants_causes()
};

// What happens and where, whatever number it has and whatever it began with.
inline void hash_append(model::Hasher& hasher, const EventView& event) {
  model::hash_append(hasher, event.at.us);
  model::hash_append(hasher, event.kind);
  model::hash_append(hasher, event.node);
  model::hash_append(hasher, event.peer);
  model::hash_append(hasher, event.via);
  model::hash_append(hasher, event.timer);
  if (event.body != nullptr) model::hash_append(hasher, *event.body);
}

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
  // That EventView::cause is filled in, which takes memory for each message and timer. Asked once, at the start.
  virtual bool wants_causes() const { return false; }
  virtual void on_event(const EventView&) {}
};

}  // namespace sim
