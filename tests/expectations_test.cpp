#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "model/rules.h"
#include "scenarios/loader.h"
#include "sim/search/run.h"

namespace {

// b1 leads t-0; p1 has its twenty records acknowledged by 4 s; b2 is down from 5 s on: at 8 s its id is still
// registered.
sim::Plan plan_with(std::string_view expectation) {
  auto result = scenarios::load_scenario("test.json", R"({
    "cluster": {"brokers": 2, "topics": {"t": {"partitions": [[1, 2]]}}},
    "clients": [{"producer": "p1", "rate": "10/s", "start": "1s", "count": 20}],
    "faults": [{"at": "5s", "crash": "b2", "for": "3s"}],
    "until": "30s",
    "expect": [)" + std::string(expectation) + "]}");
  REQUIRE_MESSAGE(result.ok(), scenarios::text_of(result.errors.front()));
  REQUIRE(result.value->expectations.size() == 1);
  return std::move(*result.value);
}

sim::ExpectationResult judged(std::string_view expectation) {
  CAPTURE(expectation);
  const sim::Outcome outcome = sim::run(plan_with(expectation), {});
  REQUIRE(outcome.expectations.size() == 1);
  CHECK(outcome.expectations[0].decided);
  CHECK(outcome.verdict == (outcome.expectations[0].met ? sim::Verdict::passed : sim::Verdict::not_reached));
  return outcome.expectations[0];
}

// "met: 20" or "not met: 20": and what was found.
std::string verdict_of(std::string_view expectation) {
  const sim::ExpectationResult result = judged(expectation);
  return (result.met ? "met: " : "not met: ") + result.found;
}

// The leader of t-0 is cut off while it is written to, and dies: a broker that answers before its followers have a
// record loses some.
sim::Plan crash_plan(std::string_view rest, bool is_defective) {
  auto result = scenarios::load_scenario("crash.json", R"e({
    "cluster": {"topics": {"t": {"partitions": [[2, 3, 1]], "config": {"min.insync.replicas": 2}}}},
    "clients": [{"producer": "p1", "rate": "500/s", "start": "1s", "count": 4000}],
    "faults": [{"at": "4s", "cut": ["b2", ["b1", "b3"]], "for": "2s"}, {"at": "5s", "crash": "leader(t-0)"}],
    "until": "40s")e" + std::string(rest) + "}");
  REQUIRE_MESSAGE(result.ok(), scenarios::text_of(result.errors.front()));
  sim::Plan plan = std::move(*result.value);
  if (is_defective) model::find_defect("acknowledges-at-append")->plant(plan.rules);
  return plan;
}

}  // namespace

TEST_CASE("every word for a state is judged at its time, and says what it found") {
  CHECK(verdict_of(R"e({"at": "4s", "isr(t-0)": ["b2", "b1"]})e") == "met: b1 b2");
  CHECK(verdict_of(R"e({"at": "4s", "isr(t-0)": ["b1"]})e") == "not met: b1 b2");
  CHECK(verdict_of(R"e({"at": "4s", "leader(t-0)": "b1"})e") == "met: b1");
  CHECK(verdict_of(R"e({"at": "4s", "controller": null})e") == "not met: b1");
  CHECK(verdict_of(R"e({"at": "4s", "running(b2)": true})e") == "met: true");
  CHECK(verdict_of(R"e({"at": "6s", "running(b2)": true})e") == "not met: false");
  CHECK(verdict_of(R"e({"at": "4s", "registered(b2)": true})e") == "met: true");
  CHECK(verdict_of(R"e({"at": "4s", "registered(b2)": false})e") == "not met: true");
  CHECK(verdict_of(R"e({"at": "4s", "role(t-0, b1)": "leader"})e") == "met: leader");
  CHECK(verdict_of(R"e({"at": "4s", "role(t-0, b2)": "leader"})e") == "not met: follower");
  CHECK(verdict_of(R"e({"at": "6s", "role(t-0, b2)": "none"})e") == "met: none");
  CHECK(verdict_of(R"e({"at": "4s", "high_watermark(t-0, b1)": 20})e") == "met: 20");
  CHECK(verdict_of(R"e({"at": "4s", "high_watermark(t-0, b1)": 19})e") == "not met: 20");
  CHECK(verdict_of(R"e({"at": "6s", "high_watermark(t-0, b2)": {"at_least": 0}})e") == "not met: none");
  CHECK(verdict_of(R"e({"at": "6s", "log_end_offset(t-0, b2)": ">= 20"})e") == "met: 20");
  CHECK(verdict_of(R"e({"at": "4s", "acknowledged(p1)": 20})e") == "met: 20");
  CHECK(verdict_of(R"e({"at": "500ms", "acknowledged(p1)": {"at_least": 1}})e") == "not met: 0");
}

TEST_CASE("a number may have a bound on either side") {
  CHECK(verdict_of(R"e({"at": "4s", "acknowledged(p1)": {"at_least": 20}})e") == "met: 20");
  CHECK(verdict_of(R"e({"at": "4s", "acknowledged(p1)": {"at_least": 21}})e") == "not met: 20");
  CHECK(verdict_of(R"e({"at": "4s", "acknowledged(p1)": {"at_most": 20}})e") == "met: 20");
  CHECK(verdict_of(R"e({"at": "4s", "acknowledged(p1)": {"at_most": 19}})e") == "not met: 20");
  CHECK(verdict_of(R"e({"at": "4s", "log_end_offset(t-0, b2)": {"at_least": 19, "at_most": 21}})e") == "met: 20");
  CHECK(verdict_of(R"e({"at": "4s", "log_end_offset(t-0, b2)": {"at_least": 1, "at_most": 2}})e") == "not met: 20");
}

TEST_CASE("what holds at both ends of a window but not within it does not always hold") {
  const sim::ExpectationResult broken = judged(R"e({"between": ["4s", "20s"], "running(b2)": true, "always": true})e");
  CHECK_FALSE(broken.met);
  CHECK(broken.found == "false");
  CHECK(broken.at == sim::Time{5'000'000});
  CHECK(verdict_of(R"e({"between": ["1s", "4s"], "running(b2)": true, "always": true})e") == "met: true");
  CHECK(verdict_of(R"e({"between": ["1s", "4s"], "acknowledged(p1)": {"at_most": 20}, "always": true})e") == "met: 20");
  CHECK(verdict_of(R"e({"before": "4s", "acknowledged(p1)": {"at_most": 5}, "always": true})e") == "not met: 6");
  CHECK(verdict_of(R"e({"after": "4s", "acknowledged(p1)": 20, "always": true})e") == "met: 20");
}

TEST_CASE("what holds at neither end of a window may hold at some instant within it") {
  const sim::ExpectationResult down = judged(R"e({"between": ["4s", "20s"], "running(b2)": false})e");
  CHECK(down.met);
  CHECK(down.at == sim::Time{5'000'000});
  CHECK(verdict_of(R"e({"between": ["1s", "4s"], "acknowledged(p1)": 7})e") == "met: 7");
  CHECK(verdict_of(R"e({"between": ["1s", "4s"], "running(b2)": false})e") == "not met: true");
  CHECK(verdict_of(R"e({"after": "9s", "running(b1)": false})e") == "not met: true");
}

TEST_CASE("a window that the run does not see to its end is undecided, which is vacuous") {
  sim::Plan plan = plan_with(R"e({"between": ["4s", "29s"], "leader(t-0)": "b1", "always": true})e");
  plan.until = sim::Time{20'000'000};
  const sim::Outcome outcome = sim::run(plan, {});
  CHECK_FALSE(outcome.expectations[0].decided);
  CHECK(outcome.verdict == sim::Verdict::vacuous);
  // What has been seen decides all the same.
  plan = plan_with(R"e({"between": ["4s", "29s"], "running(b2)": true, "always": true})e");
  plan.until = sim::Time{20'000'000};
  CHECK(sim::run(plan, {}).verdict == sim::Verdict::not_reached);
}

TEST_CASE("looking at states leaves a run as it is") {
  const sim::Outcome watched = sim::run(
      plan_with(R"e({"between": ["1s", "29s"], "high_watermark(t-0, b1)": {"at_most": 20}, "always": true})e"), {});
  const sim::Outcome plain = sim::run(plan_with(R"e({"never": "record_lost"})e"), {});
  CHECK(watched.verdict == sim::Verdict::passed);
  CHECK(watched.fingerprint == plain.fingerprint);
  CHECK(watched.events == plain.events);
}

TEST_CASE("an invariant that is expected to be broken must be, and then is no failure") {
  constexpr std::string_view kExpected =
      R"(, "expect": [{"violates": "acked-record-not-lost", "after": "5s"}, {"violates": "acks-all-earned"}])";
  CHECK(sim::run(crash_plan("", true), {}).verdict == sim::Verdict::safety_violated);
  CHECK(sim::run(crash_plan("", false), {}).verdict == sim::Verdict::passed);
  const sim::Outcome broken = sim::run(crash_plan(kExpected, true), {});
  CHECK(broken.verdict == sim::Verdict::passed);
  REQUIRE(broken.expectations.size() == 2);
  CHECK(broken.expectations[0].met);
  CHECK(broken.expectations[1].met);
  CHECK(broken.expectations[0].found.starts_with("invariant_violated by "));
  CHECK(sim::run(crash_plan(kExpected, false), {}).verdict == sim::Verdict::not_reached);
  // It was broken, but not then.
  constexpr std::string_view kEarly =
      R"(, "expect": [{"violates": "acked-record-not-lost", "before": "5s"}, {"violates": "acks-all-earned"}])";
  CHECK(sim::run(crash_plan(kEarly, true), {}).verdict == sim::Verdict::not_reached);
  // One that is expected does not excuse another.
  constexpr std::string_view kOther = R"(, "expect": [{"violates": "isr-never-empty"}])";
  CHECK(sim::run(crash_plan(kOther, true), {}).verdict == sim::Verdict::safety_violated);
}

TEST_CASE("a run that does not put to the test what it names in exposes is vacuous") {
  CHECK(sim::run(crash_plan(R"(, "exposes": ["acked-record-not-lost", "clean-election"])", false), {}).verdict ==
        sim::Verdict::passed);
  const sim::Plan unexposed = crash_plan(R"(, "exposes": ["zombie-controller-writes-nothing"])", false);
  CHECK(unexposed.exposes.size() == 1);
  CHECK(sim::run(unexposed, {}).verdict == sim::Verdict::vacuous);
}
