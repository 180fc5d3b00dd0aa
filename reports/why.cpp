#include "reports/why.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/colour.h"
#include "reports/step_words.h"
#include "reports/words.h"
#include "reports/wrap.h"

namespace reports {
namespace {

using sim::Cause;
using sim::LinkKind;

std::string event_text(Cause step) { return step.is_event() ? "event " + grouped(step.event()) : ""; }

// A list of steps, each with its number from 1.
class Told {
 public:
  Told(const sim::Plan& plan, const sim::CausalRun& run, const sim::Slice& slice, std::vector<Cause> steps)
      : words_(plan, run), run_(run), slice_(slice), steps_(std::move(steps)) {
    for (const Cause step : steps_) {
      time_ = std::max(time_, time(step).size());
      who_ = std::max(who_, width_of(words_.who(step)));
      event_ = std::max(event_, width_of(event_text(step)));
    }
  }

  std::string line(std::size_t i, const WhyOptions& options) const {
    const Cause step = steps_[i];
    const std::string who = padded(words_.who(step), who_);
    const Ink ink = step.is_fault() ? Ink::yellow : Ink::bold;
    const std::size_t digits = std::to_string(steps_.size()).size();
    std::string text = fmt::format("{:>{}}.  {:>{}}  {}  {}  ", i + 1, digits, time(step), time_,
                                   paint(who, ink, options.colour), padded(event_text(step), event_));
    const std::size_t indent = digits + 1 + 2 + time_ + 2 + who_ + 2 + event_ + 2;
    const std::string because = reasons(step);
    append_wrapped(text, words_.what(step) + (because.empty() ? "" : " — " + because), indent, options.columns);
    return text;
  }

 private:
  std::string time(Cause step) const { return seconds_text(run_.at(step).us); }

  // 0: it is not told.
  std::size_t number(Cause step) const {
    const auto found = std::find(steps_.begin(), steps_.end(), step);
    return found == steps_.end() ? 0 : static_cast<std::size_t>(found - steps_.begin()) + 1;
  }

  std::string numbers(Cause step, LinkKind kind) const {
    std::vector<std::string> texts;
    for (const sim::Link& link : slice_.links) {
      if (link.to == step && link.kind == kind && number(link.from) != 0)
        texts.push_back(std::to_string(number(link.from)));
    }
    return joined(texts, ", ");
  }

  static std::string way(const sim::Link& link, std::size_t from) {
    if (link.kind == LinkKind::timer && link.through.empty()) return fmt::format("a timer that {} set", from);
    if (link.kind == LinkKind::connection && link.through.empty()) return fmt::format("through {}", from);
    if (link.kind == LinkKind::fault && link.through.empty()) return fmt::format("by {}", from);
    if (link.through.empty()) return fmt::format("sent by {}", from);
    return fmt::format("after {}, {} later", from, counted(static_cast<std::int64_t>(link.through.size() + 1), "step"));
  }

  // "after 3, 4 steps later; nothing came after 2: see 1"
  std::string reasons(Cause step) const {
    std::vector<std::string> parts;
    const std::string silence = numbers(step, LinkKind::silence), heard = numbers(step, LinkKind::last_heard);
    if (!silence.empty()) {
      parts.push_back(heard.empty() ? "nothing came: see " + silence
                                    : fmt::format("nothing came after {}: see {}", heard, silence));
    }
    for (const sim::Link& link : slice_.links) {
      const std::size_t from = number(link.from);
      const bool is_way = link.kind == LinkKind::message || link.kind == LinkKind::timer ||
                          link.kind == LinkKind::connection || link.kind == LinkKind::fault;
      if (link.to == step && is_way && from != 0) parts.push_back(way(link, from));
    }
    const auto add = [&](LinkKind kind, const char* format) {
      const std::string which = numbers(step, kind);
      if (!which.empty()) parts.push_back(fmt::format(fmt::runtime(format), which));
    };
    add(LinkKind::held_back, "held back until {}");
    add(LinkKind::undoing, "the end of {}");
    add(LinkKind::trigger, "it waited for {}");
    add(LinkKind::state, "given {}");
    return joined(parts, "; ");
  }

  StepWords words_;
  const sim::CausalRun& run_;
  const sim::Slice& slice_;
  std::vector<Cause> steps_;
  std::size_t time_ = 0, who_ = 0, event_ = 0;
};

}  // namespace

std::string text_of_slice(const sim::Plan& plan, const sim::CausalRun& run, const sim::Slice& slice,
                          const WhyOptions& options) {
  const Cause last = slice.targets.back();
  std::string text =
      fmt::format("{}: {}, in {} with seed {}\n\n", paint("why " + options.question, Ink::bold, options.colour),
                  last.is_event() ? fmt::format("{} at {} s", event_text(last), seconds_text(run.at(last).us))
                                  : fmt::format("a fault at {} s", seconds_text(run.at(last).us)),
                  plan.file, run.outcome.seed);
  const Told told(plan, run, slice, slice.steps);
  for (std::size_t i = 0; i < slice.steps.size(); ++i) text += told.line(i, options);
  const auto faults = std::count_if(slice.steps.begin(), slice.steps.end(), [](Cause step) { return step.is_fault(); });
  text += "\n" + (faults == 0 ? std::string("no fault led here: it is what this cluster does by itself")
                              : counted(faults, "fault") + " and " +
                                    counted(static_cast<std::int64_t>(slice.steps.size()) - faults, "step") + " of " +
                                    grouped(run.outcome.events) + " led here");
  return text + "\n";
}

std::string short_why(const sim::Plan& plan, const sim::CausalRun& run, std::size_t invariant,
                      const std::string& command) {
  constexpr std::size_t kLines = 8;
  const std::vector<Cause> targets = sim::causes_of_breach(run, invariant);
  if (targets.empty()) return "";
  const sim::Slice slice = sim::slice_of(plan, run, targets);
  const std::vector<Cause> steps = sim::essence_of(slice, kLines - 2);
  std::string text = fmt::format("why: {}\n", command);
  const Told told(plan, run, slice, steps);
  // A line for each: a terminal breaks what is longer.
  const WhyOptions options{false, 10'000, {}};
  for (std::size_t i = 0; i < steps.size(); ++i) text += "  " + told.line(i, options);
  if (slice.steps.size() > steps.size()) {
    text += fmt::format("  … {}\n", counted(static_cast<std::int64_t>(slice.steps.size() - steps.size()), "more step"));
  }
  return text;
}

}  // namespace reports
