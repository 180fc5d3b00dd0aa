// Judges the expectations of a plan while it runs.
#pragma once

#include <cstdint>
#include <vector>

#include "model/facts.h"
#include "sim/kernel/plan.h"
#include "sim/kernel/world.h"
#include "sim/search/run.h"

namespace sim {

class Expectations {
 public:
  explicit Expectations(const Plan& plan);

  void on_fact(Time at, model::NodeId teller, const model::Fact& fact);
  // Times at which the run must be stopped for judge_state, in order, each once.
  std::vector<Time> state_times() const;
  // Everything at or before `at` has happened.
  void judge_state(Time at, const World& world);
  // The run is over.
  std::vector<ExpectationResult> conclude();

 private:
  struct Progress {
    std::int32_t count = 0;          // matches within the window
    std::size_t nearest_fields = 0;  // of the fact of that name that came nearest so far
    bool has_nearest = false;
  };

  void judge_fact(std::size_t i, Time at, model::NodeId teller, const model::Fact& fact);
  void note_nearest(std::size_t i, Time at, model::NodeId teller, const model::Fact& fact);
  void decide(std::size_t i, bool met, Time at);

  const Plan& plan_;
  std::vector<ExpectationResult> results_;
  std::vector<Progress> progress_;
  std::uint64_t facts_ = 0;  // bit i: some expectation is about the i-th kind
};

}  // namespace sim
