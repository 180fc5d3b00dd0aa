// Single steps of a run, and faults, put into words: those of the story where it has a line about the step.
#pragma once

#include <string>
#include <vector>

#include "sim/kernel/plan.h"
#include "sim/search/causes.h"

namespace reports {

class StepWords {
 public:
  // Both outlive it.
  StepWords(const sim::Plan& plan, const sim::CausalRun& run);

  std::string who(sim::Cause step) const;      // "zk", "b2", "FAULT", "ACT"
  std::string name(model::NodeId node) const;  // "zk", "b2"
  // What the step told: the story's words for it, else its facts, notable ones first; of a step that told nothing,
  // what it began with. "b3: controller, epoch 2 (was b1, epoch 1)"
  std::string what(sim::Cause step) const;
  // What it began with: "Fetch from b1", "timer isr_check", "connected to b2".
  std::string beginning(const sim::CausalEvent& event) const;

 private:
  std::string what_of_event(std::uint64_t number) const;
  std::string words_of(const model::Fact& fact) const;

  const sim::Plan& plan_;
  const sim::CausalRun& run_;
  struct Told {
    std::string who, text;
    std::vector<std::size_t> facts;
  };
  std::vector<Told> lines_;
  std::vector<std::vector<std::size_t>> lines_of_;  // by event - 1
  std::vector<bool> is_in_line_;                    // by fact
};

}  // namespace reports
