// The causes of an event, told from a slice: as numbered prose for people, as diagrams, as JSON.
//
//   1.  10.000  FAULT             pause b1 (controller, leader of t-1) for 25 s
//   2.   9.998  zk     event 742  receives ZkPing from b1
//   3.  16.205  zk     event 801  session of b1 expired: /controller and … are gone; nothing came after 2: see 1
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sim/kernel/plan.h"
#include "sim/search/causes.h"
#include "sim/search/slice.h"

namespace reports {

struct WhyOptions {
  bool colour = false;
  std::size_t columns = 100;
  std::string question;  // "controller_elected"
};

std::string text_of_slice(const sim::Plan& plan, const sim::CausalRun& run, const sim::Slice& slice,
                          const WhyOptions& options);
// A sequence diagram: steps as notes, messages as arrows.
std::string mermaid_of_slice(const sim::Plan& plan, const sim::CausalRun& run, const sim::Slice& slice);
std::string dot_of_slice(const sim::Plan& plan, const sim::CausalRun& run, const sim::Slice& slice);
std::string json_of_slice(const sim::Plan& plan, const sim::CausalRun& run, const sim::Slice& slice,
                          const std::string& question);

// The essence of why a promise was broken, at most eight lines without indentation; empty: it held, or nothing led
// there. `command` shows the rest.
std::string short_why(const sim::Plan& plan, const sim::CausalRun& run, std::size_t invariant,
                      const std::string& command);

}  // namespace reports
