// What is said of a fault: what happens to whom, what it did, why it did nothing.
#pragma once

#include <string>
#include <string_view>

#include "sim/search/run.h"

namespace reports {

// One line for people: what happens to whom, roles resolved. "pause b1 (controller, leader of t-0) for 25 s",
// "cut b1 (controller) from zookeeper for 5 s", "heal b1 from zookeeper".
std::string fault_text(const sim::Plan& plan, const sim::AppliedFault& applied);

// What it did to messages, connections, timers and records, as a sentence: "the cut between b1 and b2 stalled 2
// messages". Empty if there is nothing to count.
std::string effect_text(const sim::Plan& plan, const sim::RecordedFault& recorded);

// Why a fault that came had no effect: "nobody noticed it", "b1 is on both sides".
std::string idle_text(const sim::Plan& plan, const sim::AppliedFault& applied);
// Why one never came.
std::string_view absence_text(const sim::Fault& fault);

// Something an operator does, as opposed to something that goes wrong.
bool is_operator_act(sim::FaultKind kind);

}  // namespace reports
