#include "reports/invariants.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "model/invariants/view.h"
#include "model/text.h"
#include "reports/words.h"
#include "sim/search/slice.h"

namespace reports {
namespace {

using model::Invariant;
using model::InvariantKind;

bool is_expected(const sim::Plan& plan, std::size_t row) {
  return std::any_of(plan.expectations.begin(), plan.expectations.end(), [&](const sim::Expectation& wanted) {
    return wanted.form == sim::Expectation::Form::violates && static_cast<std::size_t>(wanted.invariant) == row;
  });
}

std::string fact_line(const sim::Plan& plan, const sim::RecordedFact& told) {
  std::string text = fmt::format("{:>8}  {}  {}", seconds_text(told.at.us), short_name(told.node, plan.config),
                                 model::name_of(told.fact));
  for (const model::FieldText& field : model::fields_of(told.fact, plan.config)) {
    if (field.name == "zxid") continue;
    text += fmt::format(" {}={}", field.name,
                        field.text.find(' ') == std::string::npos ? field.text : "[" + field.text + "]");
  }
  return text;
}

// The last facts of the kinds that the row is about, of the same partition if it is about one.
std::vector<std::string> leading_facts(const sim::Plan& plan, const sim::Outcome& outcome, const Invariant& row,
                                       const sim::InvariantResult& result) {
  constexpr std::size_t kShown = 6;
  const model::FactSet control =
      model::facts_of<model::PartitionStateChanged, model::BecameLeader, model::BecameFollower, model::Truncated,
                      model::LogLost, model::ControllerElected, model::IsrExpandProposed>();
  const model::FactSet wanted = row.facts | row.exposed_by | control;
  std::vector<std::string> lines;
  const sim::RecordedFact* shown = nullptr;
  for (auto told = outcome.facts.rbegin(); told != outcome.facts.rend() && lines.size() < kShown; ++told) {
    if (told->at > result.at || !model::contains(wanted, told->fact.index())) continue;
    const model::PartitionId* about = model::partition_of(told->fact);
    if (about != nullptr && result.breach.has_partition && *about != result.breach.partition) continue;
    if (std::holds_alternative<model::InvariantViolated>(told->fact)) continue;
    if (sim::cuts_nothing(told->fact)) continue;
    // A log that grows record by record would hide what happened to it before.
    const bool goes_on = shown != nullptr && shown->node == told->node && shown->fact.index() == told->fact.index();
    const bool is_frequent = std::holds_alternative<model::RecordsAppended>(told->fact) ||
                             std::holds_alternative<model::HighWatermarkMoved>(told->fact);
    if (goes_on && is_frequent) continue;
    shown = &*told;
    lines.push_back(fact_line(plan, *told));
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

std::string event_word(const sim::Plan& plan, const sim::PastEvent& event) {
  const std::string peer = event.peer == model::kNoNode ? "" : " from " + plan.config.name_of(event.peer);
  switch (event.kind) {
    case sim::EventKind::message:
      return std::string(model::name_of_body(event.body)) + peer;
    case sim::EventKind::timer:
      return "timer " + std::string(model::name_of(event.timer.kind));
    case sim::EventKind::connected:
      return "connected" + peer;
    case sim::EventKind::disconnected:
      return "disconnected" + peer;
    case sim::EventKind::started:
      return "started";
    case sim::EventKind::act:
      return "operator";
  }
  return "";
}

// "last at b2: Fetch from b1 at 17.874, timer isr_check at 17.875"
std::string last_events(const sim::Plan& plan, const sim::InvariantResult& result) {
  std::vector<std::string> parts;
  for (const sim::PastEvent& event : result.before) {
    parts.push_back(fmt::format("{} at {}", event_word(plan, event), seconds_text(event.at.us)));
  }
  if (parts.empty()) return "";
  const std::string where =
      result.breach.broker == model::kNoNode ? "" : fmt::format(" at {}", plan.config.name_of(result.breach.broker));
  return fmt::format("last events{}: {}", where, joined(parts, ", "));
}

std::string standing(const sim::Plan& plan, std::size_t row, const sim::InvariantResult& result) {
  if (is_expected(plan, row)) return "VIOLATED as expected";
  if (!result.promised) return fmt::format("VIOLATED, as known of Kafka {}", plan.version);
  return model::invariants()[row].kind == InvariantKind::safety ? "VIOLATED" : "NOT REACHED";
}

std::string proof(const sim::Plan& plan, const sim::Outcome& outcome, std::size_t i) {
  const Invariant& row = model::invariants()[i];
  const sim::InvariantResult& result = outcome.invariants[i];
  const std::string where =
      result.breach.has_partition ? fmt::format(" of {}", plan.config.name_of(result.breach.partition)) : "";
  const std::string when = result.event == 0
                               ? "at the end of the run"
                               : fmt::format("at {} s, event {}", seconds_text(result.at.us), grouped(result.event));
  std::string text = fmt::format("{} {}{}: {}\n  {}: {}\n", standing(plan, i, result), row.name, where, row.promise,
                                 when, result.breach.what);
  for (const std::string& line : leading_facts(plan, outcome, row, result)) text += "  " + line + "\n";
  const std::string events = last_events(plan, result);
  if (!events.empty()) text += "  " + events + "\n";
  return text;
}

}  // namespace

std::string invariants_text(const sim::Outcome& outcome) {
  std::int64_t exposed = 0, broken = 0, unexposed = 0;
  for (const sim::InvariantResult& result : outcome.invariants) {
    if (result.broken) {
      ++broken;
    } else if (result.exposures > 0) {
      ++exposed;
    } else {
      ++unexposed;
    }
  }
  std::string text = counted(exposed + broken, "invariant") + " exposed, ";
  text += broken == 0 ? "all held" : fmt::format("{} broken", broken);
  if (unexposed > 0) text += fmt::format(" ({} not exposed)", unexposed);
  return text;
}

std::vector<std::string> proofs_of(const sim::Plan& plan, const sim::Outcome& outcome,
                                   const std::vector<std::string>& whys) {
  std::vector<std::string> proofs;
  for (std::size_t i = 0; i < outcome.invariants.size(); ++i) {
    if (!outcome.invariants[i].broken) continue;
    proofs.push_back(proof(plan, outcome, i));
    for (std::size_t at = 0; i < whys.size() && at < whys[i].size();) {
      const std::size_t end = whys[i].find('\n', at) + 1;
      proofs.back() += "  " + whys[i].substr(at, end - at);
      at = end;
    }
  }
  return proofs;
}

std::string design_losses_text(const sim::Plan& plan, const sim::Outcome& outcome) {
  std::map<std::pair<model::LossReason, model::NodeId>, std::int64_t> lost;
  for (const sim::RecordedFact& told : outcome.losses) {
    const auto& fact = std::get<model::RecordLost>(told.fact);
    if (fact.reason != model::LossReason::none) lost[{fact.reason, fact.producer}] += fact.count;
  }
  std::vector<std::string> parts;
  for (const auto& [key, count] : lost) {
    parts.push_back(
        fmt::format("{} of {}: {}", counted(count, "record"), plan.config.name_of(key.second), loss_text(key.first)));
  }
  return parts.empty() ? "" : "lost by design: " + joined(parts, "; ");
}

void write_invariants(JsonWriter& json, const sim::Plan& plan, const sim::Outcome& outcome) {
  json.key("invariants");
  json.begin_array();
  for (std::size_t i = 0; i < outcome.invariants.size(); ++i) {
    const Invariant& row = model::invariants()[i];
    const sim::InvariantResult& result = outcome.invariants[i];
    json.begin_object();
    json.member("name", row.name);
    json.member("kind", row.kind == InvariantKind::safety ? "safety" : "liveness");
    json.member("held", !result.broken);
    json.member("exposures", result.exposures);
    json.member("promised", result.promised);
    json.member("expected", is_expected(plan, i));
    if (result.broken) {
      json.member("t_us", result.at.us);
      json.member("event", result.event);
      if (result.breach.broker != model::kNoNode) json.member("broker", plan.config.name_of(result.breach.broker));
      if (result.breach.has_partition) json.member("partition", plan.config.name_of(result.breach.partition));
      json.member("what", result.breach.what);
    }
    json.end_object();
  }
  json.end_array();
}

}  // namespace reports
