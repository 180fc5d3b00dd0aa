// The inside of a World: state of a run, and the loop that hands inputs to model::step and carries out
// its effects.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/node.h"
#include "sim/kernel/committed_metadata.h"
#include "sim/kernel/connections.h"
#include "sim/kernel/dice.h"
#include "sim/kernel/event_queue.h"
#include "sim/kernel/local_clock.h"
#include "sim/kernel/observer.h"
#include "sim/kernel/origins.h"
#include "sim/kernel/plan.h"
#include "sim/kernel/roles.h"
#include "sim/kernel/timers.h"
#include "sim/kernel/writeback.h"

namespace sim {

// Durations of a start that are known beforehand. Each replaces the first draw of its timer.
struct Pins {
  std::optional<model::Duration> connect, registration, isr_check;
  bool any() const { return connect || registration || isr_check; }
};

struct Process {
  bool running = false;
  bool paused = false;
  std::int32_t paused_by = Connections::kNoRow;   // fault row
  std::int32_t stopped_by = Connections::kNoRow;  // fault row that asked it to end
  Pins pins;
  LocalClock clock;                              // of its machine
  std::int32_t skewed_by = Connections::kNoRow;  // fault row that set its rate...
  std::uint32_t skewed_in = 0;                   // ...and which application of it
  std::vector<Event> waiting;                    // what came up while it was paused, in order
  Dice choices, resume;
};

// A fault, or the end of one, or a planned start, or an operator's next attempt, that waits for its time.
struct Control {
  enum class What : std::uint8_t { start, fault, undo, retry };
  What what = What::fault;
  std::size_t row = 0;            // of Plan::starts or Plan::faults
  std::uint32_t application = 0;  // undo: which one
  AppliedFault applied;           // undo: whom it had hit; retry: when it was tried first
};

struct WaitingAct {
  model::NodeId node{};
  model::Act act;
  Cause cause;
};

struct Engine {
  Engine(const Plan& run, Observer* watcher);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  const Plan& plan;
  Observer* observer;
  bool wants_events, wants_causes;
  std::uint64_t seed;  // of every stream

  std::int64_t now_us;
  std::uint64_t events = 0;
  std::uint32_t faults_told = 0;
  Origins origins;  // if wants_causes, but for `now`
  model::Hasher hasher;
  std::vector<model::Node> nodes;
  std::optional<CommittedMetadata> committed;  // KRaft mode
  std::vector<Process> processes;
  EventQueue queue;
  std::vector<FaultEffect> fault_effects;
  Timers timers;
  Connections connections;
  model::Effects effects;  // of the step that is being carried out
  Writeback writeback;

  std::vector<Control> controls;         // by the slot of their event
  std::vector<WaitingAct> acts;          // likewise
  model::FactSet trigger_facts = 0;      // bit i: a fault waits for the i-th kind of fact
  model::FactSet state_facts = 0;        // bit i: a state that a fault waits for may come with such a fact
  std::vector<std::int32_t> times_left;  // of triggers, by fault row
  std::vector<char> held_before;         // of states that faults wait for, by fault row
  std::uint32_t applications = 0;

  Process& process(model::NodeId node) { return processes[static_cast<std::size_t>(node)]; }
  Time now() const { return {now_us}; }
  ClusterView view() const { return {nodes, plan.config, committed ? &*committed : nullptr}; }

  // Carries out the next event at or before `limit`. False: there is none.
  bool advance(std::int64_t limit_us);

  // Each returns whether anything changed.
  bool start_process(model::NodeId node, const Pins& pins);
  bool end_process(model::NodeId node, std::int32_t row, bool power_loss);
  bool pause(model::NodeId node, std::int32_t row);
  bool resume(model::NodeId node);
  // False: no process is there. A paused one gets it when it wakes.
  bool act(model::NodeId node, const model::Act& what);
  // The disk of a process that has ended: what it lost is told and returned, in records.
  std::int64_t cut_to_flushed(model::NodeId node);
  std::int64_t wipe(model::NodeId node);
  // `row`: the fault that sets it.
  void set_clock_rate(model::NodeId node, std::int32_t per_mille, std::int32_t row, std::uint32_t application);
  // A fact of the kernel's own.
  void tell(model::NodeId node, const model::Fact& fact);

 private:
  bool on_packet(const Event& event);
  bool on_timer(const Event& event);
  bool on_act(const Event& event);
  void hold(Process& process, const Event& event);
  void begin(const EventView& view);
  void take_step(model::NodeId node, const model::Input& input);
  void carry_out(model::NodeId node);
  void tell_facts(model::NodeId node);
  void arm(model::NodeId node, const model::Arm& arm);
};

}  // namespace sim
