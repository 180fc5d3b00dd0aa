// What a page knows of a run, as JSON without any '<': it stands inside a script element.
//
//   {"version":1,"title":…,"verdict":…,"nodes":[…],"partitions":[…],"texts":[…],"shapes":[…],
//    "rows":{"t":[…],"kind":[…],…},"facts":{…},"fields":[…],"state":{…},"faults":[…],"story":[…],"invariants":[…],…}
//
// Columns that only grow (times, rows) hold differences to the value before.
#pragma once

#include <string>

#include "reports/page_trace.h"
#include "sim/search/run.h"

namespace reports {

// Needs Outcome::facts with those of each record. `repeat`: the command that repeats the run.
std::string page_data(const sim::Plan& plan, const sim::Outcome& outcome, const PageTrace& trace,
                      const std::string& repeat);

}  // namespace reports
