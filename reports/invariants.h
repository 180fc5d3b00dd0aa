// What a run says of the protocol's promises: one line for those that held, a short proof for each that did
// not.
#pragma once

#include <string>
#include <vector>

#include "reports/json_writer.h"
#include "sim/kernel/plan.h"
#include "sim/search/run.h"

namespace reports {

// "11 invariants exposed, all held (7 not exposed)"
std::string invariants_text(const sim::Outcome& outcome);

// For every broken one: the promise, what was seen where and when, the facts that led there, and, if it is no
// failure, why not. Without indentation; lines end with '\n'. `whys`, if there are some, by invariant: what led there.
std::vector<std::string> proofs_of(const sim::Plan& plan, const sim::Outcome& outcome,
                                   const std::vector<std::string>& whys = {});

// "lost by design: unclean election (12 records of p1)"; empty if nothing was.
std::string design_losses_text(const sim::Plan& plan, const sim::Outcome& outcome);

// The member "invariants" of a run.
void write_invariants(JsonWriter& json, const sim::Plan& plan, const sim::Outcome& outcome);

}  // namespace reports
