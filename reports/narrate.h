// A run as a story: faults and facts turned into sentences, what belongs together in one line. What a
// reader can infer is left out (a broker that acts on what the controller decided); JSON has every fact.
#pragma once

#include <string>
#include <vector>

#include "reports/colour.h"
#include "sim/kernel/plan.h"
#include "sim/search/run.h"

namespace reports {

struct Line {
  sim::Time at;
  std::string who;   // "FAULT", "ACT", "zk", "b2", "p1"
  std::string what;  // "t-0 no leader · leader epoch 1 · isr b2 b3"
  std::string why;   // "b1 is dead"; may be empty
  Ink ink = Ink::plain;
  std::vector<std::size_t> facts = {};  // of Outcome::facts: what it tells; of a fault none
};

// Needs Outcome::facts. The lines about clients and about committed records need the facts that come with
// each record as well; without them those lines are left out.
std::vector<Line> narrate(const sim::Plan& plan, const sim::Outcome& outcome);

// By producer: "p1: 496 of 500 records acknowledged, 4 failed". Empty without the records' facts.
std::vector<std::string> client_summaries(const sim::Plan& plan, const sim::Outcome& outcome);

}  // namespace reports
