#include "sim/kernel/world.h"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "model/rules.h"
#include "sim/search/run.h"

using model::NodeId;
using model::TimerKind;
using sim::EventKind;
using sim::Fault;
using sim::FaultKind;
using sim::Target;
using sim::Time;

namespace {

constexpr NodeId kB1{1}, kB2{2};
constexpr model::PartitionId kT0{0};

Time at(std::int64_t ms) { return Time{} + model::milliseconds(ms); }

// ZooKeeper and two brokers; one topic with one partition on both, created at -5 s.
sim::Plan small_plan() {
  sim::Plan plan;
  plan.config.brokers.resize(2);
  for (model::BrokerSettings& settings : plan.config.brokers) {
    settings.zookeeper_session_timeout = model::seconds(6);
    settings.replica_lag_time_max = model::seconds(10);
  }
  model::TopicConfig topic;
  topic.name = "t";
  topic.assignment.push_back({kB1, kB2});
  plan.config.topics.push_back(topic);
  plan.config.partitions.push_back({model::TopicId{0}, 0});
  plan.rules = *model::find_profile(plan.version)->rules;
  plan.until = at(30'000);
  for (const int node : {0, 1, 2}) {
    sim::Start start;
    start.node = NodeId(static_cast<std::uint8_t>(node));
    start.at = plan.begins + model::seconds(node);
    plan.starts.push_back(start);
  }
  Fault create;
  create.kind = FaultKind::create_topic;
  create.at = at(-5'000);
  plan.faults.push_back(create);
  return plan;
}

Target node(NodeId id) {
  Target target;
  target.node = id;
  return target;
}
Target role(Target::Form form) {
  Target target;
  target.form = form;
  target.partition = kT0;
  return target;
}
Fault fault(FaultKind kind, Time when, const Target& who) {
  Fault row;
  row.kind = kind;
  row.at = when;
  row.who.push_back(who);
  return row;
}

struct Watcher final : sim::Observer {
  struct Event {
    Time at;
    EventKind kind;
    NodeId node, peer;
    TimerKind timer;
  };
  std::vector<Event> events;
  std::vector<sim::AppliedFault> faults;
  std::vector<sim::RecordedFact> facts;

  bool wants_events() const override { return true; }
  void on_event(const sim::EventView& e) override { events.push_back({e.at, e.kind, e.node, e.peer, e.timer.kind}); }
  void on_fault(const sim::AppliedFault& applied) override { faults.push_back(applied); }
  void on_fact(Time when, NodeId teller, const model::Fact& fact) override { facts.push_back({when, teller, fact}); }

  std::size_t events_of(NodeId id, Time from, Time to) const {
    return static_cast<std::size_t>(std::count_if(
        events.begin(), events.end(), [&](const Event& e) { return e.node == id && from < e.at && e.at < to; }));
  }
  Time first_timer(NodeId id, TimerKind kind) const {
    for (const Event& e : events) {
      if (e.node == id && e.kind == EventKind::timer && e.timer == kind) return e.at;
    }
    return at(-1'000'000);
  }
};

}  // namespace

TEST_CASE("the same plan gives the same run, with and without an observer; another seed gives another one") {
  sim::Plan plan = small_plan();
  plan.faults.push_back(fault(FaultKind::crash, at(2'000), role(Target::Form::leader)));
  Watcher watcher;
  sim::World silent(plan), watched(plan, &watcher);
  silent.run();
  watched.run();
  CHECK(silent.events() > 100);
  CHECK(watcher.events.size() == watched.events());
  CHECK(silent.fingerprint() == watched.fingerprint());
  CHECK(silent.events() == watched.events());

  sim::World stepwise(plan);
  while (stepwise.step()) {
  }
  CHECK(stepwise.fingerprint() == silent.fingerprint());

  plan.seed = 2;
  sim::World other(plan);
  other.run();
  CHECK(other.fingerprint() != silent.fingerprint());
  plan.seed = 1;
  plan.boot_draw = 1;
  sim::World again(plan);
  again.run();
  CHECK(again.fingerprint() != silent.fingerprint());
}

TEST_CASE("pinned durations of a start replace its draws") {
  sim::Plan plan = small_plan();
  plan.starts[1].connect = model::milliseconds(611);
  plan.starts[1].isr_check = model::milliseconds(1'777);
  Watcher watcher;
  sim::World world(plan, &watcher);
  world.run_until(at(0));
  CHECK(watcher.first_timer(kB1, TimerKind::zk_start) == plan.starts[1].at + model::milliseconds(611));
  CHECK(watcher.first_timer(kB1, TimerKind::isr_check) == plan.starts[1].at + model::milliseconds(1'777));
}

TEST_CASE("a paused process holds what comes up and handles it right after waking") {
  sim::Plan plan = small_plan();
  Fault pause = fault(FaultKind::pause, at(5'000), node(kB2));
  pause.lasts = model::seconds(3);
  plan.faults.push_back(pause);
  Watcher watcher;
  sim::World world(plan, &watcher);
  world.run_until(at(6'000));
  CHECK(world.is_running(kB2));
  CHECK(world.is_paused(kB2));
  world.run_until(at(8'000));
  CHECK_FALSE(world.is_paused(kB2));
  const std::int64_t held = world.fault_effects()[1].held;
  world.run_until(at(9'000));
  CHECK(watcher.events_of(kB2, at(5'000), at(8'000)) == 0);
  CHECK(held > 0);
  // All but the timers of ZooKeeper's client that were armed anew by what was read before them.
  CHECK(watcher.events_of(kB2, at(8'000) - model::microseconds(1), at(8'010)) + 2 >= static_cast<std::size_t>(held));
  REQUIRE(watcher.faults.size() == 3);
  CHECK(watcher.faults[2].undo);
  CHECK(watcher.faults[2].at == at(8'000));
}

TEST_CASE("a crashed process is gone until it is started again, and only what a fault hit comes back") {
  sim::Plan plan = small_plan();
  Fault crash = fault(FaultKind::crash, at(1'000), node(kB2));
  crash.lasts = model::seconds(10);
  plan.faults.push_back(crash);
  Fault idle = fault(FaultKind::crash, at(2'000), node(kB2));  // it is down already
  idle.lasts = model::seconds(2);
  plan.faults.push_back(idle);
  Watcher watcher;
  sim::World world(plan, &watcher);
  world.run_until(at(10'999));
  CHECK_FALSE(world.is_running(kB2));
  CHECK(watcher.events_of(kB2, at(1'000), at(10'999)) == 0);
  world.run_until(at(11'000));
  CHECK(world.is_running(kB2));
  CHECK(world.fault_effects()[1].acted);
  CHECK(world.fault_effects()[1].reset > 0);
  CHECK_FALSE(world.fault_effects()[2].any());
}

TEST_CASE("targets are resolved when the fault happens, and its note names their roles") {
  sim::Plan plan = small_plan();
  plan.faults.push_back(fault(FaultKind::crash, at(1'000), role(Target::Form::leader)));
  plan.faults.push_back(fault(FaultKind::pause, at(20'000), role(Target::Form::controller)));
  Watcher watcher;
  sim::World world(plan, &watcher);
  world.run_until(at(999));
  REQUIRE(world.partition_state(kT0) != nullptr);
  CHECK(world.partition_state(kT0)->leader == kB1);
  world.run_until(at(19'999));
  CHECK(world.partition_state(kT0)->leader == kB2);
  CHECK(world.controller() == kB2);
  world.run_until(at(20'000));
  REQUIRE(watcher.faults.size() == 3);
  CHECK(watcher.faults[1].who == std::vector<NodeId>{kB1});
  CHECK(watcher.faults[1].note.ends_with("leader of t-0"));
  CHECK(watcher.faults[2].who == std::vector<NodeId>{kB2});
  CHECK(watcher.faults[2].note == "controller, leader of t-0");
}

TEST_CASE("a fault whose role nobody holds does nothing") {
  sim::Plan plan = small_plan();
  plan.faults.push_back(fault(FaultKind::crash, plan.begins, role(Target::Form::leader)));
  plan.until = at(0);
  sim::World world(plan);
  world.run();
  CHECK_FALSE(world.fault_effects()[1].any());
  CHECK(sim::run(plan, {}).verdict == sim::Verdict::vacuous);
}

TEST_CASE("a fault that waits for a fact follows it by its delay, as often as it may") {
  sim::Plan plan = small_plan();
  Fault pause = fault(FaultKind::pause, {}, role(Target::Form::controller));
  pause.when = sim::FactPattern{model::kFactIndex<model::BelievesController>, {}};
  pause.after = model::milliseconds(123);
  pause.lasts = model::milliseconds(100);
  plan.faults.push_back(pause);
  Fault move = fault(FaultKind::move_controller, at(5'000), node(model::kZooKeeper));
  move.who.clear();
  plan.faults.push_back(move);
  Watcher watcher;
  sim::World world(plan, &watcher);
  world.run();
  const auto first = std::find_if(watcher.facts.begin(), watcher.facts.end(), [](const sim::RecordedFact& told) {
    return std::holds_alternative<model::BelievesController>(told.fact);
  });
  REQUIRE(first != watcher.facts.end());
  std::vector<Time> times;
  for (const sim::AppliedFault& applied : watcher.faults) {
    if (applied.row == 1 && !applied.undo) times.push_back(applied.at);
  }
  CHECK(times == std::vector<Time>{first->at + model::milliseconds(123)});
}

TEST_CASE("a stopped broker ends by itself, and its peers go on") {
  sim::Plan plan = small_plan();
  plan.faults.push_back(fault(FaultKind::stop, at(1'000), node(kB1)));
  sim::World world(plan);
  world.run_until(at(1'000));
  CHECK(world.is_running(kB1));
  world.run();
  CHECK_FALSE(world.is_running(kB1));
  CHECK(world.is_running(kB2));
  CHECK(world.fault_effects()[1].acted);
}

TEST_CASE("a cut stalls its own pair of nodes and ends after its time") {
  sim::Plan plan = small_plan();
  Fault cut;
  cut.kind = FaultKind::cut;
  cut.at = at(1'000);
  cut.from.push_back(node(kB1));
  cut.to.push_back(node(kB2));
  cut.lasts = model::seconds(3);
  plan.faults.push_back(cut);
  Watcher watcher;
  sim::World world(plan, &watcher);
  world.run_until(at(9'000));
  const auto between = [&](Time from, Time to) {
    return std::count_if(watcher.events.begin(), watcher.events.end(), [&](const Watcher::Event& e) {
      const bool pair = (e.node == kB1 && e.peer == kB2) || (e.node == kB2 && e.peer == kB1);
      return pair && from < e.at && e.at < to;
    });
  };
  CHECK(between(at(0), at(1'000)) > 0);
  CHECK(between(at(1'050), at(4'000)) == 0);
  CHECK(between(at(4'000), at(9'000)) > 0);
  CHECK(world.fault_effects()[1].stalled > 0);
}

TEST_CASE("expectations about states and facts decide the verdict") {
  sim::Plan plan = small_plan();
  plan.until = at(5'000);
  sim::Expectation leader;
  leader.form = sim::Expectation::Form::state;
  leader.from = leader.to = at(1'000);
  leader.condition.word = sim::Condition::Word::leader;
  leader.condition.partition = kT0;
  leader.condition.nodes = {kB1};
  sim::Expectation created;
  created.pattern.fact = model::kFactIndex<model::TopicCreated>;
  created.times = 1;
  sim::Expectation quiet;
  quiet.form = sim::Expectation::Form::never;
  quiet.pattern.fact = model::kFactIndex<model::ElectionFailed>;
  plan.expectations = {leader, created, quiet};
  sim::Outcome outcome = sim::run(plan, {});
  CHECK(outcome.verdict == sim::Verdict::passed);
  REQUIRE(outcome.expectations.size() == 3);
  CHECK(outcome.expectations[0].found == "b1");
  CHECK(outcome.expectations[0].at == at(1'000));

  plan.expectations[0].condition.nodes = {kB2};
  CHECK(sim::run(plan, {}).verdict == sim::Verdict::not_reached);
  plan.expectations[0].condition.nodes = {kB1};
  plan.expectations[1].times = 2;
  outcome = sim::run(plan, {});
  CHECK(outcome.verdict == sim::Verdict::not_reached);
  CHECK(outcome.expectations[1].found == "1 times");
  plan.expectations[1].times = 1;
  plan.expectations[2].to = at(6'000);  // the run ends before
  outcome = sim::run(plan, {});
  CHECK(outcome.verdict == sim::Verdict::vacuous);
  CHECK_FALSE(outcome.expectations[2].decided);
}

TEST_CASE("many seeds come back in their order, whatever the number of threads") {
  sim::Plan plan = small_plan();
  plan.until = at(0);
  const auto alone = sim::run_seeds(plan, 3, 8, 1, {});
  const auto together = sim::run_seeds(plan, 3, 8, 3, {});
  REQUIRE(alone.size() == 6);
  REQUIRE(together.size() == 6);
  for (std::size_t i = 0; i < alone.size(); ++i) {
    CHECK(alone[i].seed == 3 + i);
    CHECK(together[i].seed == 3 + i);
    CHECK(alone[i].fingerprint == together[i].fingerprint);
  }
  CHECK(alone[0].fingerprint != alone[1].fingerprint);
}
