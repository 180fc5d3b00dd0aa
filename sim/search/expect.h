// Judges the expectations of a plan while it runs.
#pragma once

#include <cstdint>
#include <optional>
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
  // Runs the world to its end and looks at states on the way: at single times, and after every event while the
  // window of some expectation is open.
  void run(World& world);
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
  void judge_states(Time at, bool is_complete, const World& world);
  void judge_state(std::size_t i, Time at, bool is_last, const World& world);
  // Windows of states that are still to be judged: is one open just after `at`? When is the next to be looked at?
  bool is_watching(Time at) const;
  std::optional<Time> next_look(Time after) const;
  void decide(std::size_t i, bool met, Time at);

  const Plan& plan_;
  std::vector<ExpectationResult> results_;
  std::vector<Progress> progress_;
  model::FactSet facts_ = 0;                // bit i: some expectation is about the i-th kind
  std::vector<std::int64_t> acknowledged_;  // records, by producer
};

}  // namespace sim
