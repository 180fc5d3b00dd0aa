#include "tests/judge_pair.h"

#include <algorithm>

namespace sim::test {
namespace {

class JudgePair final : public Observer {
 public:
  JudgePair(const Plan& plan, std::optional<OtherFacts> other) : plan_(plan), other_(other) {}

  void watch(const World& world) {
    world_ = &world;
    by_facts_.emplace(plan_.config, plan_.rules, world.nodes());
    always_.emplace(plan_.config, plan_.rules, world.nodes());
    if (other_) by_other_facts_.emplace(plan_.config, plan_.rules, world.nodes());
  }

  void on_start(Time, model::NodeId node) override {
    for_each_judge([&](model::Judge& judge) { judge.on_start(node); });
  }
  void on_fact(Time, model::NodeId node, const model::Fact& fact) override {
    told_ |= model::FactSet{1} << fact.index();
    for_each_judge([&](model::Judge& judge) { judge.on_fact({node, fact}); });
  }
  // A process that ends does so after this: what it held must be looked at before.
  void on_step_over(Time) override {
    by_facts_->on_step_over();
    always_->judge_all();
    if (by_other_facts_ && (told_ & other_->facts) != 0) by_other_facts_->judge_all();
    told_ = 0;
    take_news(world_->events());
  }
  void on_fault(const AppliedFault& applied) override {
    const Fault& fault = plan_.faults[applied.row];
    if (fault.kind == FaultKind::elect && fault.unclean) {
      for_each_judge([&](model::Judge& judge) { judge.on_unclean_request(fault.partition); });
    }
    if (fault.kind != FaultKind::create_topic) last_fault_ = applied.at;
  }

  void after_event() {
    always_->judge_all();
    if (always_->has_news()) take_news(world_->events());
  }
  void conclude() {
    const model::Duration quiet = world_->is_disturbed() ? model::Duration{-1} : plan_.until - last_fault_;
    for_each_judge([&](model::Judge& judge) { judge.conclude(quiet); });
    take_news(0);
  }

  JudgedRun result;

 private:
  template <typename Visit>
  void for_each_judge(Visit&& visit) {
    visit(*by_facts_);
    visit(*always_);
    if (by_other_facts_) visit(*by_other_facts_);
  }

  // Records found missing are facts again, as in every run.
  void take_lost(model::Judge& judge) {
    for (const model::RecordLost& lost : judge.take_lost()) {
      judge.on_fact({world_->partition_state(lost.partition)->leader, lost});
    }
  }
  void take_news(std::uint64_t event) {
    for_each_judge([&](model::Judge& judge) { take_lost(judge); });
    for (const model::InvariantId row : by_facts_->take_broken()) {
      if (!other_ || other_->row != row) result.by_facts.push_back({row, event});
    }
    for (const model::InvariantId row : always_->take_broken()) result.after_every_event.push_back({row, event});
    if (!by_other_facts_) return;
    for (const model::InvariantId row : by_other_facts_->take_broken()) {
      if (other_->row == row) result.by_facts.push_back({row, event});
    }
  }

  const Plan& plan_;
  std::optional<OtherFacts> other_;
  const World* world_ = nullptr;
  std::optional<model::Judge> by_facts_, always_, by_other_facts_;
  model::FactSet told_ = 0;
  Time last_fault_{0};
};

const RowBreak* find_break(const std::vector<RowBreak>& breaks, model::InvariantId row) {
  const auto at = std::find_if(breaks.begin(), breaks.end(), [&](const RowBreak& one) { return one.row == row; });
  return at == breaks.end() ? nullptr : &*at;
}

std::string event_text(const RowBreak* found) {
  if (found == nullptr) return "never";
  return found->event == 0 ? "at the end" : "at event " + std::to_string(found->event);
}

}  // namespace

std::vector<std::string> JudgedRun::differences() const {
  std::vector<std::string> found;
  for (std::size_t i = 0; i < model::invariants().size(); ++i) {
    const auto row = model::InvariantId(static_cast<std::uint16_t>(i));
    const RowBreak* told = find_break(by_facts, row);
    const RowBreak* seen = find_break(after_every_event, row);
    if ((told == nullptr) == (seen == nullptr) && (told == nullptr || *told == *seen)) continue;
    found.push_back(std::string(model::invariants()[i].name) + ": broken " + event_text(told) +
                    " as judged from facts, " + event_text(seen) + " as judged after every event");
  }
  return found;
}

JudgedRun judge_twice(const Plan& plan, std::optional<OtherFacts> other) {
  JudgePair judges(plan, other);
  World world(plan, &judges);
  judges.watch(world);
  while (world.step()) judges.after_event();
  judges.conclude();
  judges.result.events = world.events();
  judges.result.fingerprint = world.fingerprint();
  return judges.result;
}

}  // namespace sim::test
