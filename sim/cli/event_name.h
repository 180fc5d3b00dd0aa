// Which event of a run is meant.
#pragma once

#include <string>
#include <vector>

#include "sim/kernel/plan.h"
#include "sim/search/causes.h"

namespace cli {

struct NamedEvent {
  std::vector<sim::Cause> targets;  // empty: `wrong` says what was wrong
  std::string question;             // what is asked about, for people
  std::string wrong;                // a sentence
};
// `name` is an event's number ("3130", "3,130"), a fact ("controller_elected" the last one, "controller_elected:2" the
// second), an invariant that was broken, or "violation", the first of these.
NamedEvent find_event(const sim::Plan& plan, const sim::CausalRun& run, const std::string& name);

// Names of facts that were told, in the order of `describe facts`, each once.
std::vector<std::string> told_facts(const sim::CausalRun& run);

}  // namespace cli
