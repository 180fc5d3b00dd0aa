#include "reports/step_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/text.h"
#include "reports/fault_words.h"
#include "reports/narrate.h"
#include "reports/words.h"
#include "sim/search/slice.h"

namespace reports {
namespace {

constexpr std::size_t kFactsShown = 3;

}  // namespace

StepWords::StepWords(const sim::Plan& plan, const sim::CausalRun& run)
    : plan_(plan), run_(run), lines_of_(run.events.size()), is_in_line_(run.outcome.facts.size(), false) {
  for (const Line& line : narrate(plan, run.outcome)) {
    if (line.facts.empty()) continue;
    const std::string text = line.why.empty() ? line.what : fmt::format("{} ({})", line.what, line.why);
    lines_.push_back({line.who, text, line.facts});
    for (const std::size_t fact : line.facts) {
      is_in_line_[fact] = true;
      const sim::Cause teller = run.told_by[fact];
      if (!teller.is_event()) continue;
      std::vector<std::size_t>& lines = lines_of_[teller.event() - 1];
      if (lines.empty() || lines.back() != lines_.size() - 1) lines.push_back(lines_.size() - 1);
    }
  }
}

std::string StepWords::name(model::NodeId node) const { return short_name(node, plan_.config); }

std::string StepWords::who(sim::Cause step) const {
  if (step.is_event()) return name(run_.event(step.event()).node);
  return is_operator_act(plan_.faults[run_.fault(step.fault()).applied.row].kind) ? "ACT" : "FAULT";
}

std::string StepWords::what(sim::Cause step) const {
  return step.is_fault() ? fault_text(plan_, run_.fault(step.fault()).applied) : what_of_event(step.event());
}

std::string StepWords::what_of_event(std::uint64_t number) const {
  const sim::CausalEvent& event = run_.event(number);
  std::vector<std::string> parts;
  for (const std::size_t line : lines_of_[number - 1]) {
    const Told& told = lines_[line];
    parts.push_back(told.who == name(event.node) ? told.text : told.who + ": " + told.text);
  }
  for (const bool routine : {false, true}) {
    if (routine && !parts.empty()) break;
    for (std::size_t f = event.facts_begin; f < event.facts_end && parts.size() < kFactsShown; ++f) {
      const model::Fact& fact = run_.outcome.facts[f].fact;
      if (!is_in_line_[f] && sim::is_routine(fact) == routine && !sim::cuts_nothing(fact))
        parts.push_back(words_of(fact));
    }
  }
  return parts.empty() ? beginning(event) : joined(parts, "; ");
}

// A fact without a line of its own: its name and what it says.
std::string StepWords::words_of(const model::Fact& fact) const {
  std::string name(model::name_of(fact));
  std::replace(name.begin(), name.end(), '_', ' ');
  std::vector<std::string> fields;
  for (const model::FieldText& field : model::fields_of(fact, plan_.config)) {
    if (field.name == "zxid" || field.text == "none") continue;
    std::string key(field.name);
    std::replace(key.begin(), key.end(), '_', ' ');
    const bool names_itself = field.name == "partition" || field.name == "topic";
    fields.push_back(names_itself ? field.text : key + " " + field.text);
  }
  return fields.empty() ? name : fmt::format("{} ({})", name, joined(fields, ", "));
}

std::string StepWords::beginning(const sim::CausalEvent& event) const {
  switch (event.kind) {
    case sim::EventKind::message:
      return fmt::format("receives {} from {}", model::name_of_body(event.body), name(event.peer));
    case sim::EventKind::timer:
      return fmt::format("timer {} goes off", model::name_of(event.timer.kind));
    case sim::EventKind::connected:
      return "is connected to " + name(event.peer);
    case sim::EventKind::disconnected:
      return "its connection with " + name(event.peer) + " is gone";
    case sim::EventKind::started:
      return "starts";
    case sim::EventKind::act:
      return "is asked by an operator";
  }
  return "";
}

}  // namespace reports
