// Watches one run: judges promises and expectations, keeps the facts that were asked for and the last
// events.
#pragma once

#include <optional>

#include "model/invariants/judge.h"
#include "sim/kernel/observer.h"
#include "sim/kernel/world.h"
#include "sim/search/expect.h"
#include "sim/search/run.h"
#include "sim/search/trace_ring.h"

namespace sim {

class Recorder final : public Observer {
 public:
  // All three outlive it.
  Recorder(const Plan& plan, const RunOptions& options, Outcome& outcome);

  // Before the world takes its first step.
  void watch(const World& world);
  // The run is over.
  void conclude();
  Expectations& expectations() { return expectations_; }

  void on_start(Time at, model::NodeId node) override;
  void on_fact(Time at, model::NodeId node, const model::Fact& fact) override;
  void on_step_over(Time at) override;
  void on_fault(const AppliedFault& applied) override;
  bool wants_events() const override { return true; }
  bool wants_causes() const override { return options_.observer != nullptr && options_.observer->wants_causes(); }
  void on_event(const EventView& event) override;

 private:
  void take(Time at, model::NodeId node, const model::Fact& fact);
  void take_news(Time at);

  const Plan& plan_;
  const RunOptions& options_;
  Outcome& outcome_;
  Expectations expectations_;
  std::optional<model::Judge> judge_;
  TraceRing ring_;
  const World* world_ = nullptr;
  bool passes_events_on_;
  Time last_fault_{0};
  bool at_end_ = false;
};

}  // namespace sim
