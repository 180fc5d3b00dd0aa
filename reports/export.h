// A run in the formats of other programs. All of them tell the same run; each says what it leaves out.
#pragma once

#include <string>

#include "sim/kernel/plan.h"
#include "sim/search/causes.h"

namespace reports {

// ShiViz (https://bestchai.bitbucket.io/shiviz/): the expression that reads the log, an empty line, then two lines a
// step, "host {vector clock}" and what happened. Steps that told no notable fact are left out; what they knew of
// others is handed on, so that the clocks order the steps that are there. Faults are a host of their own.
std::string shiviz_of_run(const sim::Plan& plan, const sim::CausalRun& run);

// Trace events as JSON, for https://ui.perfetto.dev or chrome://tracing: a process for each node, its steps on the
// first track and its roles on others, a message as a flow from the step that sent it, faults as instants. Times count
// from the begin of the boot; "otherData" says where the scenario's 0 is.
std::string perfetto_of_run(const sim::Plan& plan, const sim::CausalRun& run);

// A sequence diagram of the steps after the boot that told something notable, with the messages that brought them,
// at most kMermaidSteps of them; how many are left out is said in the diagram.
inline constexpr std::size_t kMermaidSteps = 100;
std::string mermaid_of_run(const sim::Plan& plan, const sim::CausalRun& run);

// Every fact, a row each: event,t_us,node,fact,fields. RFC 4180; `fields` are key=value, separated by "; ".
std::string csv_of_run(const sim::Plan& plan, const sim::CausalRun& run);

}  // namespace reports
