// Slices for other programs: diagrams and JSON.
#include <fmt/format.h>

#include <algorithm>

#include "model/text.h"
#include "reports/json_writer.h"
#include "reports/mermaid.h"
#include "reports/step_words.h"
#include "reports/why.h"
#include "reports/words.h"

namespace reports {
namespace {

using sim::Cause;

std::string id_of(Cause step) {
  return step.is_event() ? fmt::format("e{}", step.event()) : fmt::format("f{}", step.fault());
}

std::string dot_quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c == '\n' ? ' ' : c;
  }
  return quoted + "\"";
}

std::string label(const sim::CausalRun& run, const StepWords& words, Cause step) {
  return fmt::format("{} s {}: {}", seconds_text(run.at(step).us), words.who(step), words.what(step));
}

bool is_message(const sim::Link& link) { return link.kind == sim::LinkKind::message; }

}  // namespace

std::string mermaid_of_slice(const sim::Plan& plan, const sim::CausalRun& run, const sim::Slice& slice) {
  const StepWords words(plan, run);
  MermaidSequence diagram(plan.config);
  for (const Cause step : slice.steps) {
    if (step.is_event()) diagram.participant(run.event(step.event()).node);
  }
  for (const Cause step : slice.steps) {
    const std::string when = seconds_text(run.at(step).us);
    if (step.is_fault()) {
      diagram.note_over_all(fmt::format("{} {}: {}", when, words.who(step), words.what(step)));
      continue;
    }
    const sim::CausalEvent& event = run.event(step.event());
    for (const sim::Link& link : slice.links) {
      if (link.to != step || !is_message(link) || !link.from.is_event()) continue;
      const auto more =
          link.through.empty() ? std::string() : fmt::format(" ({} more steps before)", link.through.size());
      diagram.message(event.peer, event.node, fmt::format("{}{}", model::name_of_body(event.body), more));
    }
    diagram.note(event.node, fmt::format("{} event {}: {}", when, step.event(), words.what(step)));
  }
  return diagram.text();
}

std::string dot_of_slice(const sim::Plan& plan, const sim::CausalRun& run, const sim::Slice& slice) {
  const StepWords words(plan, run);
  std::string text = "digraph why {\n  rankdir=TB;\n  node [shape=box, fontname=\"sans-serif\"];\n";
  for (const Cause step : slice.steps) {
    const bool is_target = std::find(slice.targets.begin(), slice.targets.end(), step) != slice.targets.end();
    const char* style = step.is_fault() ? ", shape=octagon" : is_target ? ", penwidth=3" : "";
    text += fmt::format("  {} [label={}{}];\n", id_of(step), dot_quoted(label(run, words, step)), style);
  }
  for (const sim::Link& link : slice.links) {
    const std::string more = link.through.empty() ? "" : fmt::format(" +{}", link.through.size());
    const bool is_inferred = link.kind == sim::LinkKind::silence || link.kind == sim::LinkKind::state ||
                             link.kind == sim::LinkKind::last_heard || link.kind == sim::LinkKind::held_back;
    text += fmt::format("  {} -> {} [label={}{}];\n", id_of(link.from), id_of(link.to),
                        dot_quoted(std::string(sim::name_of(link.kind)) + more), is_inferred ? ", style=dashed" : "");
  }
  return text + "}\n";
}

std::string json_of_slice(const sim::Plan& plan, const sim::CausalRun& run, const sim::Slice& slice,
                          const std::string& question) {
  const StepWords words(plan, run);
  std::string out;
  JsonWriter json(out, 2);
  json.begin_object();
  json.member("version", 1);
  json.member("file", plan.file);
  json.member("seed", run.outcome.seed);
  json.member("fingerprint", hex16(run.outcome.fingerprint));
  json.member("question", question);
  json.key("targets");
  json.begin_array();
  for (const Cause target : slice.targets) json.value(id_of(target));
  json.end_array();
  json.key("steps");
  json.begin_array();
  for (const Cause step : slice.steps) {
    json.begin_object();
    json.member("id", id_of(step));
    json.member("kind", step.is_fault() ? "fault" : "event");
    json.member("number", step.is_fault() ? std::uint64_t{step.fault()} : step.event());
    json.member("t_us", run.at(step).us);
    json.member("who", words.who(step));
    json.member("text", words.what(step));
    if (step.is_event()) json.member("began_with", words.beginning(run.event(step.event())));
    json.end_object();
  }
  json.end_array();
  json.key("links");
  json.begin_array();
  for (const sim::Link& link : slice.links) {
    json.begin_object();
    json.member("from", id_of(link.from));
    json.member("to", id_of(link.to));
    json.member("kind", sim::name_of(link.kind));
    json.key("through");
    json.begin_array();
    for (const std::uint64_t event : link.through) json.value(event);
    json.end_array();
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return out + "\n";
}

}  // namespace reports
