#include "sim/search/expect.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

#include "model/text.h"

namespace sim {
namespace {

bool is_about_facts(const Expectation& row) {
  return row.form == Expectation::Form::fact || row.form == Expectation::Form::never ||
         row.form == Expectation::Form::violates;
}

std::size_t producer_index(const model::ClusterConfig& config, model::NodeId producer) {
  return static_cast<std::size_t>(producer) - 1 - config.brokers.size();
}

// "14.250 s"; negative during the boot.
std::string seconds_text(Time at) {
  const std::int64_t ms = at.us / 1000;
  const std::string digits = std::to_string(1000 + std::abs(ms) % 1000);
  return (at.us < 0 ? "-" : "") + std::to_string(std::abs(ms) / 1000) + "." + digits.substr(1) + " s";
}

std::string fact_text(const model::ClusterConfig& config, Time at, model::NodeId teller, const model::Fact& fact) {
  std::string text{model::name_of(fact)};
  text += " by " + config.name_of(teller) + " at " + seconds_text(at);
  const char* separator = ": ";
  for (const model::FieldText& field : model::fields_of(fact, config)) {
    text += separator + std::string(field.name) + " " + field.text;
    separator = ", ";
  }
  return text;
}

}  // namespace

Expectations::Expectations(const Plan& plan)
    : plan_(plan),
      results_(plan.expectations.size()),
      progress_(plan.expectations.size()),
      acknowledged_(plan.config.producers.size()) {
  for (const Expectation& row : plan.expectations) {
    if (is_about_facts(row)) facts_ |= model::FactSet{1} << row.pattern.fact;
  }
}

void Expectations::decide(std::size_t i, bool met, Time at) {
  results_[i].decided = true;
  results_[i].met = met;
  results_[i].at = at;
}

void Expectations::on_fact(Time at, model::NodeId teller, const model::Fact& fact) {
  if (const auto* acknowledged = std::get_if<model::RecordsAcknowledged>(&fact)) {
    acknowledged_[producer_index(plan_.config, teller)] += acknowledged->count;
  }
  if (!model::contains(facts_, fact.index())) return;
  for (std::size_t i = 0; i < results_.size(); ++i) {
    const Expectation& row = plan_.expectations[i];
    if (is_about_facts(row) && row.pattern.fact == fact.index() && !results_[i].decided) {
      judge_fact(i, at, teller, fact);
    }
  }
}

void Expectations::judge_fact(std::size_t i, Time at, model::NodeId teller, const model::Fact& fact) {
  const Expectation& row = plan_.expectations[i];
  const bool in_time = row.from <= at && at <= row.to;
  if (!in_time || !matches(row.pattern, plan_.config, teller, fact)) {
    if (row.form == Expectation::Form::fact) note_nearest(i, at, teller, fact);
    return;
  }
  ++progress_[i].count;
  if (row.form == Expectation::Form::never) {
    results_[i].found = fact_text(plan_.config, at, teller, fact);
    return decide(i, false, at);
  }
  if (row.times == 0) {
    results_[i].found = fact_text(plan_.config, at, teller, fact);
    return decide(i, true, at);
  }
  if (progress_[i].count > row.times) {
    results_[i].found = "once more: " + fact_text(plan_.config, at, teller, fact);
    return decide(i, false, at);
  }
}

// The fact of that name with most of the wanted fields; of equals the first.
void Expectations::note_nearest(std::size_t i, Time at, model::NodeId teller, const model::Fact& fact) {
  std::size_t agreeing = 0;
  FactPattern one{fact.index(), {}};
  for (const auto& field : plan_.expectations[i].pattern.fields) {
    one.fields.assign(1, field);
    if (matches(one, plan_.config, teller, fact)) ++agreeing;
  }
  Progress& progress = progress_[i];
  if (progress.has_nearest && agreeing <= progress.nearest_fields) return;
  progress.has_nearest = true;
  progress.nearest_fields = agreeing;
  results_[i].found = fact_text(plan_.config, at, teller, fact);
}

std::optional<Time> Expectations::next_look(Time after) const {
  std::optional<Time> next;
  for (std::size_t i = 0; i < results_.size(); ++i) {
    const Expectation& row = plan_.expectations[i];
    if (is_about_facts(row) || results_[i].decided) continue;
    // A window beyond the end is watched to the end.
    for (const Time at : {row.from, std::min(row.to, plan_.until)}) {
      if (at > after && at <= plan_.until && (!next || at < *next)) next = at;
    }
  }
  return next;
}

bool Expectations::is_watching(Time at) const {
  for (std::size_t i = 0; i < results_.size(); ++i) {
    const Expectation& row = plan_.expectations[i];
    if (!is_about_facts(row) && !results_[i].decided && row.from <= at && at < row.to) return true;
  }
  return false;
}

void Expectations::run(World& world) {
  Time at = plan_.begins - model::microseconds(1);
  while (const auto next = next_look(at)) {
    while (is_watching(at) && world.step_until(*next)) {
      at = world.now();
      judge_states(at, false, world);
    }
    world.run_until(*next);
    at = *next;
    judge_states(at, true, world);
  }
  world.run();
}

// While an instant is under way, only open windows look: a window begins, and a single time is judged, when all of
// its instant has happened.
void Expectations::judge_states(Time at, bool is_complete, const World& world) {
  for (std::size_t i = 0; i < results_.size(); ++i) {
    const Expectation& row = plan_.expectations[i];
    if (is_about_facts(row) || results_[i].decided || at < row.from || at > row.to) continue;
    if (is_complete || row.from < at) judge_state(i, at, is_complete && at == row.to, world);
  }
}

void Expectations::judge_state(std::size_t i, Time at, bool is_last, const World& world) {
  const Expectation& row = plan_.expectations[i];
  bool is_so = false;
  if (row.condition.word == Condition::Word::acknowledged) {
    const std::int64_t count = acknowledged_[producer_index(plan_.config, row.condition.producer)];
    is_so = row.condition.least <= count && count <= row.condition.most;
    results_[i].found = std::to_string(count);
  } else {
    is_so = holds(row.condition, world.view());
    results_[i].found = value_text(row.condition, world.view());
  }
  // One look is enough to fulfil what must be so at some instant, and to break what must always be so.
  if (is_last || is_so != row.always) decide(i, is_so, at);
}

std::vector<ExpectationResult> Expectations::conclude() {
  for (std::size_t i = 0; i < results_.size(); ++i) {
    const Expectation& row = plan_.expectations[i];
    if (results_[i].decided || !is_about_facts(row)) continue;
    // A window that the run did not see to its end leaves the question open; no end means that of the run.
    const bool seen = row.from <= plan_.until && (row.to <= plan_.until || row.to.us == INT64_MAX);
    if (!seen) continue;
    const bool met = row.form == Expectation::Form::never || (row.times != 0 && progress_[i].count == row.times);
    decide(i, met, std::min(row.to, plan_.until));
    if (!met && row.times != 0) results_[i].found = std::to_string(progress_[i].count) + " times";
  }
  return std::move(results_);
}

}  // namespace sim
