#include "sim/search/recorder.h"

#include <algorithm>

#include "model/rules.h"

namespace sim {
namespace {

// They come with each record and would fill memory.
bool is_record_fact(const model::Fact& fact) {
  return std::holds_alternative<model::HighWatermarkMoved>(fact) ||
         std::holds_alternative<model::RecordsAppended>(fact) ||
         std::holds_alternative<model::RecordsAcknowledged>(fact) ||
         std::holds_alternative<model::RecordsConsumed>(fact) || std::holds_alternative<model::AcksAllAnswered>(fact) ||
         std::holds_alternative<model::ControlRequestApplied>(fact);
}

}  // namespace

Recorder::Recorder(const Plan& plan, const RunOptions& options, Outcome& outcome)
    : plan_(plan),
      options_(options),
      outcome_(outcome),
      expectations_(plan),
      passes_events_on_(options.observer != nullptr && options.observer->wants_events()) {
  outcome_.invariants.resize(model::invariants().size());
}

void Recorder::watch(const World& world) {
  world_ = &world;
  judge_.emplace(plan_.config, plan_.rules, world.nodes());
}

void Recorder::on_start(Time at, model::NodeId node) {
  judge_->on_start(node);
  if (options_.observer != nullptr) options_.observer->on_start(at, node);
}

void Recorder::on_fact(Time at, model::NodeId node, const model::Fact& fact) {
  judge_->count_exposures(at.us >= 0);
  judge_->on_fact({node, fact});
  take(at, node, fact);
}

void Recorder::on_step_over(Time at) {
  judge_->on_step_over();
  if (judge_->has_news()) take_news(at);
  if (options_.observer != nullptr) options_.observer->on_step_over(at);
}

void Recorder::on_fault(const AppliedFault& applied) {
  const Fault& fault = plan_.faults[applied.row];
  if (fault.kind == FaultKind::elect && fault.unclean) judge_->on_unclean_request(fault.partition);
  // Topics that are created are part of a cluster's ordinary life.
  if (fault.kind != FaultKind::create_topic) last_fault_ = applied.at;
  outcome_.faults.push_back({applied, {}, outcome_.facts.size()});
  if (options_.observer != nullptr) options_.observer->on_fault(applied);
}

void Recorder::on_event(const EventView& event) {
  ring_.add(event);
  if (passes_events_on_) options_.observer->on_event(event);
}

void Recorder::conclude() {
  at_end_ = true;
  const Time at = plan_.until;
  judge_->conclude(world_->is_disturbed() ? model::Duration{-1} : at - last_fault_);
  take_news(at);
  const auto& verdicts = judge_->verdicts();
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    const auto& excepted = plan_.rules.not_promised;
    const std::string_view name = model::invariants()[i].name;
    outcome_.invariants[i].exposures = verdicts[i].exposures;
    outcome_.invariants[i].promised = std::find(excepted.begin(), excepted.end(), name) == excepted.end();
  }
}

void Recorder::take(Time at, model::NodeId node, const model::Fact& fact) {
  expectations_.on_fact(at, node, fact);
  const bool keep = is_record_fact(fact) ? options_.keep_record_facts : options_.keep_facts;
  if (keep) outcome_.facts.push_back({at, node, fact});
  if (options_.observer != nullptr) options_.observer->on_fact(at, node, fact);
}

// What the judge found: facts like others, told by whom they are about.
void Recorder::take_news(Time at) {
  constexpr std::size_t kEventsShown = 8;
  for (const model::RecordLost& lost : judge_->take_lost()) {
    const model::NodeId leader = world_->partition_state(lost.partition)->leader;
    judge_->on_fact({leader, lost});
    outcome_.losses.push_back({at, leader, lost});
    take(at, leader, lost);
  }
  for (const model::InvariantId id : judge_->take_broken()) {
    const model::Breach& breach = judge_->verdicts()[static_cast<std::size_t>(id)].breach;
    InvariantResult& result = outcome_.invariants[static_cast<std::size_t>(id)];
    result.broken = true;
    result.at = at;
    result.event = at_end_ ? 0 : world_->events();
    result.breach = breach;
    if (!at_end_) result.before = ring_.last(breach.broker, kEventsShown);
    take(at, breach.broker, model::InvariantViolated{id, breach.broker, breach.has_partition, breach.partition});
  }
}

}  // namespace sim
