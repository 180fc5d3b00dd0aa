#include "reports/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "model/text.h"
#include "reports/colour.h"
#include "reports/fault_words.h"
#include "reports/json_writer.h"
#include "reports/settings.h"
#include "reports/step_words.h"
#include "reports/words.h"

namespace reports {
namespace {

constexpr std::size_t kFieldsShown = 12;

DiffSide side_of(const sim::Plan& plan) {
  return {fmt::format("{} seed {}", plan.file, plan.seed), &plan, sim::run_with_causes(plan)};
}

const sim::CausalEvent* event_of(const DiffSide& side, std::uint64_t number) {
  return number == 0 || number > side.run.events.size() ? nullptr : &side.run.event(number);
}

std::string described(const DiffSide& side, std::uint64_t number) {
  const sim::CausalEvent* event = event_of(side, number);
  if (event == nullptr) return "the run is over";
  const StepWords words(*side.plan, side.run);
  const sim::Cause step = sim::Cause::event(number);
  std::string text = fmt::format("{} s  {}  {}", seconds_text(event->at.us), words.who(step), words.beginning(*event));
  const std::string what = words.what(step);
  return what == words.beginning(*event) ? text : text + ": " + what;
}

std::string told_fact(const DiffSide& side, std::optional<std::size_t> fact) {
  if (!fact) return "nothing more from that node";
  const sim::RecordedFact& told = side.run.outcome.facts[*fact];
  std::string text = fmt::format("{} s  {}  {}", seconds_text(told.at.us), short_name(told.node, side.plan->config),
                                 model::name_of(told.fact));
  for (const model::FieldText& field : model::fields_of(told.fact, side.plan->config)) {
    if (field.name != "zxid") text += fmt::format(" {}={}", field.name, field.text);
  }
  return text;
}

// The first fault that one run has and the other has not, or elsewhere, no later than the parting.
std::string fault_reason(const Diff& diff, sim::Time until) {
  const auto& a = diff.a.run.outcome.faults;
  const auto& b = diff.b.run.outcome.faults;
  const auto text = [](const DiffSide& side, const sim::RecordedFault& fault) {
    return fmt::format("{} at {} s", fault_text(*side.plan, fault.applied), seconds_text(fault.applied.at.us));
  };
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    const bool in_a = i < a.size() && a[i].applied.at <= until, in_b = i < b.size() && b[i].applied.at <= until;
    if (!in_a && !in_b) return "";
    if (in_a && in_b && text(diff.a, a[i]) == text(diff.b, b[i])) continue;
    if (in_a && (!in_b || a[i].applied.at < b[i].applied.at)) return "a fault that only A has: " + text(diff.a, a[i]);
    return "a fault that only B has: " + text(diff.b, b[i]);
  }
  return "";
}

std::string differing_plans(const Diff& diff) {
  std::vector<std::string> parts;
  const sim::Plan &a = *diff.a.plan, &b = *diff.b.plan;
  const auto differ = [&](const char* name, const std::string& in_a, const std::string& in_b) {
    if (in_a != in_b) parts.push_back(fmt::format("{}: {} in A, {} in B", name, in_a, in_b));
  };
  const auto listed = [](const std::vector<std::string>& words) { return words.empty() ? "none" : joined(words, " "); };
  differ("mode", a.mode, b.mode);
  differ("version", a.version, b.version);
  differ("planted defects", listed(a.defects), listed(b.defects));
  differ("settings", listed(changed_settings(a)), listed(changed_settings(b)));
  return joined(parts, "; ");
}

bool are_alike(const sim::CausalEvent& a, const sim::CausalEvent& b) {
  return a.kind == b.kind && a.node == b.node && a.peer == b.peer && a.body == b.body && a.timer == b.timer &&
         a.cause == b.cause;
}

// The event of `here` comes in `there` too, at another time.
std::string draw_reason(const DiffSide& here, const char* name, const DiffSide& there, const char* other,
                        std::uint64_t number) {
  constexpr std::uint64_t kNear = 2'000;
  const sim::CausalEvent* event = event_of(here, number);
  if (event == nullptr) return "";
  for (std::uint64_t n = number; n < number + kNear; ++n) {
    const sim::CausalEvent* found = event_of(there, n);
    if (found == nullptr || !are_alike(*event, *found) || found->at == event->at) continue;
    return fmt::format("a draw: what {} has at {} s, {} has at {} s (event {})", name, seconds_text(event->at.us),
                       other, seconds_text(found->at.us), grouped(n));
  }
  return "";
}

}  // namespace

Diff diff_of(const sim::Plan& a, const sim::Plan& b) {
  Diff diff{side_of(a), side_of(b), {}, {}, {}};
  diff.divergence = sim::divergence_of(sim::digests_of(a), sim::digests_of(b));
  if (diff.divergence.event == 0) return diff;
  const std::uint64_t number = diff.divergence.event;
  const sim::CausalEvent* event = event_of(diff.a, number);
  if (event == nullptr) event = event_of(diff.b, number);
  const auto node = static_cast<std::size_t>(event->node);
  if (node < std::min(a.config.node_count(), b.config.node_count())) {
    const bool after = diff.divergence.in_outcome;
    diff.state = differences(sim::nodes_at(a, number, after)[node], sim::nodes_at(b, number, after)[node], a.config);
  }
  if (a.config.node_count() == b.config.node_count()) diff.story = sim::story_parting(a, diff.a.run, diff.b.run);
  return diff;
}

std::string reason_of(const Diff& diff) {
  const std::uint64_t number = diff.divergence.event;
  const sim::CausalEvent *a = event_of(diff.a, number), *b = event_of(diff.b, number);
  sim::Time until{INT64_MAX};
  for (const sim::CausalEvent* event : {a, b}) {
    if (event != nullptr) until = std::min(until, event->at);
  }
  if (std::string fault = fault_reason(diff, until); !fault.empty()) return fault;
  const std::string plans = differing_plans(diff);
  if (diff.divergence.in_outcome && !plans.empty()) return "other rules or settings: " + plans;
  if (diff.divergence.in_outcome) return "the same step led elsewhere: a choice that each seed draws for itself";
  // The one that comes first is what the other run does later.
  const bool a_first = a != nullptr && (b == nullptr || a->at <= b->at);
  std::string draw =
      a_first ? draw_reason(diff.a, "A", diff.b, "B", number) : draw_reason(diff.b, "B", diff.a, "A", number);
  if (draw.empty()) {
    draw = a_first ? draw_reason(diff.b, "B", diff.a, "A", number) : draw_reason(diff.a, "A", diff.b, "B", number);
  }
  if (!plans.empty()) return "other rules or settings: " + plans + (draw.empty() ? "" : "; " + draw);
  return draw.empty() ? "the scenarios differ in what they plan" : draw;
}

std::string text_of_diff(const Diff& diff, bool colour) {
  std::string text = fmt::format("A  {}\nB  {}\n\n", diff.a.name, diff.b.name);
  const std::uint64_t number = diff.divergence.event;
  if (number == 0) {
    return text + fmt::format("the runs are the same: {} events, fingerprint {}\n", grouped(diff.a.run.outcome.events),
                              hex16(diff.a.run.outcome.fingerprint));
  }
  text += fmt::format(
      "{}, after {} the same\n", paint(fmt::format("they part at event {}", grouped(number)), Ink::bold, colour),
      counted(static_cast<std::int64_t>(number - 1), "event") + (number == 2 ? " that is" : " that are"));
  text += fmt::format("  A  {}\n  B  {}\n", described(diff.a, number), described(diff.b, number));
  const char* when = diff.divergence.in_outcome ? "after its step" : "before it";
  text += diff.state.empty() ? fmt::format("state of the node {}: the same in both\n", when)
                             : fmt::format("state of the node {}, where it differs:\n", when);
  for (std::size_t i = 0; i < diff.state.size() && i < kFieldsShown; ++i) {
    text += fmt::format("  {}: {} in A, {} in B\n", diff.state[i].field, diff.state[i].a, diff.state[i].b);
  }
  if (diff.state.size() > kFieldsShown) {
    text +=
        fmt::format("  and {}\n", counted(static_cast<std::int64_t>(diff.state.size() - kFieldsShown), "more field"));
  }
  text += fmt::format("because of {}\n", reason_of(diff));
  if (diff.story.a || diff.story.b) {
    text += fmt::format("\nthe stories part, times aside, at\n  A  {}\n  B  {}\n", told_fact(diff.a, diff.story.a),
                        told_fact(diff.b, diff.story.b));
  } else {
    text += "\nthe stories are the same, times aside\n";
  }
  return text;
}

std::string json_of_diff(const Diff& diff) {
  std::string out;
  JsonWriter json(out, 2);
  json.begin_object();
  json.member("version", 1);
  json.member("a", diff.a.name);
  json.member("b", diff.b.name);
  json.member("same", diff.divergence.event == 0);
  if (diff.divergence.event != 0) {
    json.member("event", diff.divergence.event);
    json.member("in_outcome", diff.divergence.in_outcome);
    json.member("event_a", described(diff.a, diff.divergence.event));
    json.member("event_b", described(diff.b, diff.divergence.event));
    json.member("because_of", reason_of(diff));
    json.key("state");
    json.begin_array();
    for (const FieldDifference& field : diff.state) {
      json.begin_object();
      json.member("field", field.field);
      json.member("a", field.a);
      json.member("b", field.b);
      json.end_object();
    }
    json.end_array();
  }
  json.end_object();
  return out + "\n";
}

}  // namespace reports
