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

std::string names(const model::Replicas& nodes, const model::ClusterConfig& config) {
  std::string text;
  for (const model::NodeId node : nodes) text += (text.empty() ? "" : " ") + config.name_of(node);
  return text.empty() ? "none" : text;
}

model::Replicas one_or_none(model::NodeId node) {
  return node == model::kNoNode ? model::Replicas{} : model::Replicas{node};
}

// The ISR is a set: its order depends on who came back first.
bool same_set(model::Replicas a, model::Replicas b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

}  // namespace

Expectations::Expectations(const Plan& plan)
    : plan_(plan), results_(plan.expectations.size()), progress_(plan.expectations.size()) {
  for (const Expectation& row : plan.expectations) {
    if (is_about_facts(row)) facts_ |= std::uint64_t{1} << row.pattern.fact;
  }
}

void Expectations::decide(std::size_t i, bool met, Time at) {
  results_[i].decided = true;
  results_[i].met = met;
  results_[i].at = at;
}

void Expectations::on_fact(Time at, model::NodeId teller, const model::Fact& fact) {
  if (((facts_ >> fact.index()) & 1U) == 0) return;
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

std::vector<Time> Expectations::state_times() const {
  std::vector<Time> times;
  for (const Expectation& row : plan_.expectations) {
    if (!is_about_facts(row) && row.from <= plan_.until) times.push_back(row.from);
  }
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  return times;
}

void Expectations::judge_state(Time at, const World& world) {
  for (std::size_t i = 0; i < results_.size(); ++i) {
    const Expectation& row = plan_.expectations[i];
    if (is_about_facts(row) || row.from != at) continue;
    const model::PartitionState* state = world.partition_state(row.partition);
    model::Replicas found;
    if (row.form == Expectation::Form::state_controller) {
      found = one_or_none(world.controller());
    } else if (state != nullptr) {
      found = row.form == Expectation::Form::state_isr ? state->isr : one_or_none(state->leader);
    }
    results_[i].found = names(found, plan_.config);
    decide(i, same_set(found, row.nodes), at);
  }
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
