// A run as one HTML page that needs nothing but itself: no network, no other file. Its content policy allows the
// script and the style that it carries, by their hashes, and nothing else.
#pragma once

#include <string>

#include "sim/kernel/plan.h"
#include "sim/search/run.h"

namespace reports {

struct Page {
  std::string html;
  sim::Outcome outcome;  // with every fact
};

// Runs the plan twice, once to judge it and once to look at every event. Bytes depend on the plan and on `repeat`,
// the command that the page shows to repeat the run.
Page page_of(const sim::Plan& plan, const std::string& repeat);

}  // namespace reports
