#include "sim/search/causes.h"

namespace sim {
namespace {

class Gatherer final : public Observer {
 public:
  explicit Gatherer(CausalRun& run) : run_(run) {}

  bool wants_events() const override { return true; }
  bool wants_causes() const override { return true; }
  void on_event(const EventView& event) override {
    CausalEvent kept{event.at,    event.kind,  event.node, event.peer, 0,
                     event.timer, event.cause, order_++,   facts_,     facts_};
    if (event.body != nullptr) kept.body = static_cast<std::uint8_t>(event.body->index());
    run_.events.push_back(kept);
    current_ = Cause::event(event.number);
  }
  void on_fault(const AppliedFault& applied) override {
    run_.fault_orders.push_back(order_++);
    current_ = Cause::fault(applied.number);
  }
  void on_fact(Time, model::NodeId, const model::Fact&) override {
    run_.told_by.push_back(current_);
    ++facts_;
    if (current_.is_event()) run_.events[current_.event() - 1].facts_end = facts_;
  }

 private:
  CausalRun& run_;
  Cause current_;
  std::size_t order_ = 0, facts_ = 0;
};

// What is judged when all is over is nobody's step.
void part_from_last_event(CausalRun& run) {
  for (std::size_t i = run.told_by.size(); i-- > 0;) {
    const auto* broken = std::get_if<model::InvariantViolated>(&run.outcome.facts[i].fact);
    if (broken == nullptr || run.outcome.invariants[static_cast<std::size_t>(broken->invariant)].event != 0) return;
    if (run.told_by[i].is_event()) run.events[run.told_by[i].event() - 1].facts_end = i;
    run.told_by[i] = {};
  }
}

}  // namespace

CausalRun run_with_causes(const Plan& plan) {
  CausalRun run;
  Gatherer gatherer(run);
  RunOptions options;
  options.keep_facts = options.keep_record_facts = true;
  options.observer = &gatherer;
  run.outcome = sim::run(plan, options);
  part_from_last_event(run);
  return run;
}

}  // namespace sim
