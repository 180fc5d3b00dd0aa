#include "reports/export.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "model/text.h"
#include "reports/fault_words.h"
#include "reports/json_writer.h"
#include "reports/mermaid.h"
#include "reports/step_words.h"
#include "reports/words.h"
#include "sim/search/slice.h"

namespace reports {
namespace {

using sim::Cause;

bool is_notable(const sim::CausalRun& run, const sim::CausalEvent& event) {
  for (std::size_t f = event.facts_begin; f < event.facts_end; ++f) {
    const model::Fact& fact = run.outcome.facts[f].fact;
    if (!sim::is_routine(fact) && !sim::cuts_nothing(fact)) return true;
  }
  return false;
}

// Events and faults in their order.
std::vector<Cause> steps_of(const sim::CausalRun& run) {
  std::vector<Cause> steps(run.events.size() + run.fault_orders.size());
  for (std::size_t i = 0; i < run.events.size(); ++i) steps[run.events[i].order] = Cause::event(i + 1);
  for (std::size_t i = 0; i < run.fault_orders.size(); ++i) {
    steps[run.fault_orders[i]] = Cause::fault(static_cast<std::uint32_t>(i + 1));
  }
  return steps;
}

using Clock = std::vector<std::int64_t>;  // by host: the nodes, then the faults

void merge(Clock& clock, const Clock& other) {
  for (std::size_t i = 0; i < other.size(); ++i) clock[i] = std::max(clock[i], other[i]);
}

std::string host_name(const sim::Plan& plan, std::size_t host) {
  if (host == plan.config.node_count()) return "faults";
  std::string name = plan.config.name_of(model::NodeId(static_cast<std::uint8_t>(host)));
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

std::string text_of(const Clock& clock, const sim::Plan& plan) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  for (std::size_t host = 0; host < clock.size(); ++host) {
    if (clock[host] > 0) json.member(host_name(plan, host), clock[host]);
  }
  json.end_object();
  return out;
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace

std::string shiviz_of_run(const sim::Plan& plan, const sim::CausalRun& run) {
  const StepWords words(plan, run);
  const std::size_t hosts = plan.config.node_count() + 1;
  std::vector<Clock> now(hosts, Clock(hosts, 0));
  std::vector<Clock> by_event(run.events.size()), by_fault(run.fault_orders.size());
  std::string text = "(?<host>\\S*) (?<clock>{.*})\\n(?<event>.*)\n\n";
  for (const Cause step : steps_of(run)) {
    const std::size_t host = step.is_event() ? static_cast<std::size_t>(run.event(step.event()).node) : hosts - 1;
    const Cause cause = step.is_event() ? run.event(step.event()).cause : run.fault(step.fault()).applied.cause;
    Clock& clock = now[host];
    if (cause.is_event()) merge(clock, by_event[cause.event() - 1]);
    if (cause.is_fault()) merge(clock, by_fault[cause.fault() - 1]);
    const bool is_shown = step.is_fault() || is_notable(run, run.event(step.event()));
    if (is_shown) {
      ++clock[host];
      text += fmt::format("{} {}\n{} s {}\n", host_name(plan, host), text_of(clock, plan),
                          seconds_text(run.at(step).us), words.what(step));
    }
    (step.is_event() ? by_event[step.event() - 1] : by_fault[step.fault() - 1]) = clock;
  }
  return text;
}

std::string mermaid_of_run(const sim::Plan& plan, const sim::CausalRun& run) {
  const StepWords words(plan, run);
  MermaidSequence diagram(plan.config);
  std::int64_t shown = 0, left_out = 0, boot = 0;
  for (const Cause step : steps_of(run)) {
    if (step.is_event() && !is_notable(run, run.event(step.event()))) continue;
    if (run.at(step) < sim::Time{0}) {
      ++boot;
      continue;
    }
    if (static_cast<std::size_t>(++shown) > kMermaidSteps) {
      ++left_out;
      continue;
    }
    const std::string when = seconds_text(run.at(step).us);
    if (step.is_fault()) {
      diagram.note_over_all(fmt::format("{} {}: {}", when, words.who(step), words.what(step)));
      continue;
    }
    const sim::CausalEvent& event = run.event(step.event());
    if (event.kind == sim::EventKind::message) {
      diagram.message(event.peer, event.node, model::name_of_body(event.body));
    }
    diagram.note(event.node, fmt::format("{} {}", when, words.what(step)));
  }
  diagram.note_over_all(fmt::format("left out: {} of the boot, {} at the end, and every step that told nothing new",
                                    counted(boot, "step"), counted(left_out, "step")));
  return diagram.text();
}

std::string csv_of_run(const sim::Plan& plan, const sim::CausalRun& run) {
  std::string text = "event,t_us,node,fact,fields\n";
  for (std::size_t i = 0; i < run.outcome.facts.size(); ++i) {
    const sim::RecordedFact& told = run.outcome.facts[i];
    std::vector<std::string> fields;
    for (const model::FieldText& field : model::fields_of(told.fact, plan.config)) {
      fields.push_back(fmt::format("{}={}", field.name, field.text));
    }
    const std::string event = run.told_by[i].is_event() ? std::to_string(run.told_by[i].event()) : "";
    const std::string node = told.node == model::kNoNode ? "" : plan.config.name_of(told.node);
    text += fmt::format("{},{},{},{},{}\n", event, told.at.us, csv_cell(node), model::name_of(told.fact),
                        csv_cell(joined(fields, "; ")));
  }
  return text;
}

}  // namespace reports
