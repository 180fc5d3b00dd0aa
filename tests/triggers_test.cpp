// Faults that wait for a state, and the words for it.
#include "sim/kernel/triggers.h"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "scenarios/loader.h"
#include "scenarios/state_words.h"
#include "sim/search/run.h"

using model::NodeId;
using sim::Condition;
using sim::Time;

namespace {

constexpr NodeId kB1{1}, kB2{2}, kB3{3};

Time at(std::int64_t ms) { return Time{} + model::milliseconds(ms); }

sim::Plan plan_of(const std::string& faults) {
  auto result = scenarios::load_scenario("test.json", R"j({"cluster": {
    "config": {"zookeeper.session.timeout.ms": 6000, "replica.lag.time.max.ms": 10000},
    "topics": {"t": {"partitions": [[1, 2, 3]]}}},
    "clients": [{"producer": "p1", "acks": "all", "rate": "10/s", "start": "1s"}],
    "until": "60s", "faults": [)j" + faults + "]}");
  for (const scenarios::Problem& problem : result.errors) FAIL_CHECK(scenarios::text_of(problem));
  REQUIRE(result.ok());
  return *result.value;
}

// When the faults of the last row happened.
std::vector<Time> times_of_last(const std::string& faults) {
  const sim::Plan plan = plan_of(faults);
  std::vector<Time> times;
  for (const sim::RecordedFault& fault : sim::run(plan, {}).faults) {
    if (fault.applied.row + 1 == plan.faults.size() && !fault.applied.undo) times.push_back(fault.applied.at);
  }
  return times;
}

}  // namespace

TEST_CASE("a state triggers when it comes true, not while it holds and not at the boot") {
  // Nobody is controller before the first broker registers, and again when the controller's session is gone.
  const auto times = times_of_last(
      R"j({"at": "10s", "crash": "controller"}, {"when": {"controller": "none"}, "times": 5, "resume": "b3"})j");
  REQUIRE(times.size() == 1);
  CHECK(times.front() > at(14'000));
  CHECK(times.front() < at(20'000));
}

TEST_CASE("a state triggers as often as it is asked to, after the given time") {
  const std::string twice =
      R"j({"at": "10s", "pause": "b3", "for": "15s"}, {"at": "35s", "pause": "b3", "for": "15s"}, )j";
  const auto once = times_of_last(twice + R"j({"when": {"isr(t-0)": ["b2", "b1"]}, "resume": "b1"})j");
  const auto both =
      times_of_last(twice + R"j({"when": {"isr(t-0)": ["b1", "b2"]}, "times": 2, "after": "1s", "resume": "b1"})j");
  REQUIRE(once.size() == 1);
  REQUIRE(both.size() == 2);
  CHECK(both.front() - once.front() == model::seconds(1));
}

TEST_CASE("states of brokers trigger with the step, the start or the end that makes them true") {
  const std::string crash = R"j({"at": "5s", "crash": "b1"}, )j";
  CHECK(times_of_last(R"j({"when": {"log_end_offset(t-0, b2)": {"at_least": 50}}, "crash": "b2"})j").size() == 1);
  CHECK(times_of_last(R"j({"when": {"high_watermark(t-0, b1)": {"at_least": 20}}, "crash": "b2"})j").size() == 1);
  CHECK(times_of_last(crash + R"j({"when": {"role(t-0, b2)": "leader"}, "resume": "b2"})j").size() == 1);
  CHECK(times_of_last(crash + R"j({"when": {"leader(t-0)": "b2"}, "resume": "b2"})j").size() == 1);
  CHECK(times_of_last(crash + R"j({"when": {"registered(b1)": false}, "resume": "b2"})j").size() == 1);
  const auto down = times_of_last(crash + R"j({"when": {"running(b1)": false}, "resume": "b2"})j");
  CHECK(down == std::vector<Time>{at(5'000)});
  const auto up = times_of_last(R"j({"at": "5s", "crash": "b1", "for": "20s"},
                                    {"when": {"running(b1)": true}, "after": "1s", "times": 9, "resume": "b2"})j");
  REQUIRE(up.size() == 2);  // at the boot, and after the crash
  CHECK(up.back() == at(26'000));
}

TEST_CASE("a state that is already so when the run begins has to be lost first") {
  CHECK(times_of_last(R"j({"when": {"running(b1)": false}, "resume": "b2"})j").empty());
}

TEST_CASE("conditions are told in the words of the scenario") {
  const sim::Plan plan = plan_of("");
  Condition condition;
  condition.word = Condition::Word::isr;
  condition.nodes = {kB1, kB3};
  CHECK(scenarios::text_of(condition, plan.config) == "isr(t-0) is b1 b3");
  condition = {};
  condition.word = Condition::Word::high_watermark;
  condition.broker = kB2;
  condition.least = 5;
  CHECK(scenarios::text_of(condition, plan.config) == "high_watermark(t-0, b2) >= 5");
  condition = {};
  condition.word = Condition::Word::running;
  condition.broker = kB2;
  condition.yes = false;
  CHECK(scenarios::text_of(condition, plan.config) == "running(b2) is false");
  condition = {};
  condition.word = Condition::Word::controller;
  CHECK(scenarios::text_of(condition, plan.config) == "controller is none");
}

TEST_CASE("every word of a state is known, and no other") {
  for (const scenarios::StateWord& row : scenarios::kStateWords) {
    const scenarios::StateWord* found = scenarios::state_word_of(row.example);
    REQUIRE(found != nullptr);
    CHECK(found->kind == row.kind);
    CHECK(sim::facts_about(row.kind) != 0);
  }
  CHECK(scenarios::state_word_of("isrs(t-0)") == nullptr);
}
