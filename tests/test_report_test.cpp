#include "reports/test_report.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "model/invariants/invariant.h"
#include "reports/github.h"
#include "reports/junit.h"
#include "tests/golden.h"
#include "tests/zombie_outcome.h"

using namespace tests;
using reports::TestedScenario;

namespace {

const reports::EntryPlaces kPlaces{{{31, 5}, {32, 5}, {33, 7}}, {{20, 5}, {21, 9}}, {}};

// All promises held that the run put to the test: the first two.
void judge_promises(sim::Outcome& outcome) {
  outcome.invariants.assign(model::invariants().size(), {});
  outcome.invariants[0].exposures = 3;
  outcome.invariants[1].exposures = 1;
}

void break_promise(sim::Outcome& outcome, std::size_t i) {
  sim::InvariantResult& result = outcome.invariants[i];
  result.broken = true;
  result.at = at_ms(36'000);
  result.breach.has_partition = true;
  result.breach.what = "b2 leads in epoch 3, and so does b1";
}

TestedScenario red_scenario() {
  TestedScenario scenario = reports::scenario_of(zombie_plan(), "dir/zombie.json", kPlaces);
  scenario.name = "zombie";
  scenario.first_seed = scenario.last_seed = 42;
  sim::Outcome outcome = zombie_outcome();
  judge_promises(outcome);
  break_promise(outcome, 0);
  reports::add_outcome(scenario, zombie_plan(), outcome);
  scenario.repeat = "fencepost run dir/zombie.json --seed 42";
  return scenario;
}

// The plan without what fails.
sim::Plan green_plan() {
  sim::Plan plan = zombie_plan();
  plan.faults.pop_back();
  plan.expectations.resize(1);
  return plan;
}

sim::Outcome green_outcome(std::uint64_t seed) {
  sim::Outcome outcome = zombie_outcome();
  judge_promises(outcome);
  outcome.seed = seed;
  outcome.expectations.resize(1);
  outcome.verdict = sim::Verdict::passed;
  return outcome;
}

TestedScenario green_scenario() {
  TestedScenario scenario = reports::scenario_of(green_plan(), "dir/awake.json", kPlaces);
  scenario.name = "awake";
  scenario.first_seed = 1;
  scenario.last_seed = 2;
  for (std::uint64_t seed = 1; seed <= 2; ++seed) reports::add_outcome(scenario, green_plan(), green_outcome(seed));
  scenario.repeat = "fencepost run dir/awake.json --seed 1";
  return scenario;
}

TestedScenario bad_scenario() {
  TestedScenario scenario;
  scenario.file = "dir/bad.json";
  scenario.name = "bad";
  scenario.is_bad = true;
  scenario.problems.push_back(
      {false, 3, 7, "unknown-node", "\"b4\" is not a node", "did you mean \"b3\"?",
       "dir/bad.json:3:7: error[unknown-node]: \"b4\" is not a node\n   3 | \"b4\"\n     | ^^^^"});
  scenario.problems.push_back(
      {true, 9, 1, "not-modelled", "\"log.dirs\" has no effect", "", "dir/bad.json:9:1: warning"});
  return scenario;
}

}  // namespace

TEST_CASE("the results of tests read as they always did, in every format") {
  std::vector<TestedScenario> all{green_scenario(), bad_scenario(), red_scenario()};
  // One invariant of each kind of standing is enough to see.
  for (TestedScenario& scenario : all) {
    if (scenario.checks.size() > 6) scenario.checks.resize(scenario.name == "zombie" ? 8 : 5);
  }
  check_golden("test_formats.txt",
               "Three scenarios, one green, one bad, one red, as each format of `fencepost test` tells them: what\n"
               "people, GitHub and the readers of JUnit get to see. The JSON is checked by its members instead.\n"
               "\n== text ==\n" +
                   reports::text_of_test(all, false) + "\n== github ==\n" + reports::github_of_test(all) +
                   "\n== summary ==\n" + reports::markdown_of_test(all) + "== junit ==\n" +
                   reports::junit_of_test(all));
}

TEST_CASE("the worst of many seeds counts, with the first seed that came to it, whatever the order of the runs") {
  std::vector<sim::Outcome> outcomes;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) outcomes.push_back(green_outcome(seed));
  for (const std::size_t i : {std::size_t{1}, std::size_t{2}}) {
    outcomes[i].expectations[0].met = false;
    outcomes[i].expectations[0].found = "found by seed " + std::to_string(outcomes[i].seed);
    outcomes[i].verdict = sim::Verdict::not_reached;
  }
  outcomes[0].faults.clear();
  outcomes[0].verdict = sim::Verdict::vacuous;
  std::vector<std::size_t> order{0, 1, 2, 3};
  int permutations = 0;
  do {
    TestedScenario scenario = reports::scenario_of(green_plan(), "x.json", kPlaces);
    scenario.first_seed = 1;
    scenario.last_seed = 4;
    for (const std::size_t i : order) reports::add_outcome(scenario, green_plan(), outcomes[i]);
    CHECK(scenario.verdict == sim::Verdict::not_reached);
    CHECK(scenario.verdict_seed == 2);
    CHECK(reports::exit_of(scenario) == 11);
    REQUIRE(scenario.checks.size() == 2 + model::invariants().size());
    CHECK(scenario.checks[0].standing == reports::Standing::failed);
    CHECK(scenario.checks[0].seed == 2);
    CHECK(scenario.checks[0].found == "found by seed 2");
    CHECK(scenario.checks[1].standing == reports::Standing::idle);
    CHECK(scenario.checks[1].seed == 1);
    CHECK(scenario.checks[1].found == "never came: the run ends before it");
    CHECK(reports::figures_of(scenario) ==
          "not reached · 1 of 4 seeds passed · 0 of 1 expectation · 2 invariants exposed · 41,648 events");
    ++permutations;
  } while (std::next_permutation(order.begin(), order.end()));
  CHECK(permutations == 24);
}

TEST_CASE("each verdict has its word and its exit code") {
  TestedScenario scenario = green_scenario();
  const auto judged = [&](sim::Verdict verdict) {
    scenario.verdict = verdict;
    return std::string(reports::word_of(scenario)) + " " + std::to_string(reports::exit_of(scenario));
  };
  CHECK(judged(sim::Verdict::passed) == "PASS 0");
  CHECK(judged(sim::Verdict::safety_violated) == "FAIL 10");
  CHECK(judged(sim::Verdict::not_reached) == "FAIL 11");
  CHECK(judged(sim::Verdict::vacuous) == "VACUOUS 12");
  CHECK(reports::exit_of(bad_scenario()) == 65);
}

TEST_CASE("a promise may break where a scenario says so, or where that version never gave it") {
  sim::Plan plan = green_plan();
  sim::Outcome outcome = green_outcome(1);
  break_promise(outcome, 0);
  const auto standing = [&] {
    TestedScenario scenario = reports::scenario_of(plan, "x.json", kPlaces);
    reports::add_outcome(scenario, plan, outcome);
    return scenario.checks[plan.expectations.size() + 1].standing;
  };
  CHECK(standing() == reports::Standing::failed);
  outcome.invariants[0].promised = false;
  CHECK(standing() == reports::Standing::held);
  outcome.invariants[0].promised = true;
  sim::Expectation violates;
  violates.form = sim::Expectation::Form::violates;
  violates.line = 40;
  plan.expectations.push_back(violates);
  outcome.expectations.push_back({true, true, at_ms(36'000), ""});
  CHECK(standing() == reports::Standing::held);
}

TEST_CASE("a promise that a scenario wants exposed and is not makes it vacuous, at the place of its name") {
  sim::Plan plan = green_plan();
  plan.exposes = {model::InvariantId{2}};
  TestedScenario scenario = reports::scenario_of(plan, "x.json", {{{31, 5}}, {{20, 5}}, {{44, 15}}});
  reports::add_outcome(scenario, plan, green_outcome(1));
  const reports::Check& check = scenario.checks[4];
  CHECK(check.standing == reports::Standing::idle);
  CHECK(check.line == 44);
  CHECK(check.column == 15);
  const std::string name(model::invariants()[2].name);
  CHECK(reports::sentence_of(scenario, check).starts_with(name + " was never put to the test; needed: "));
}

TEST_CASE("a broken promise that no check shows still is a failure in every format") {
  TestedScenario scenario = green_scenario();
  scenario.verdict = sim::Verdict::safety_violated;
  CHECK(reports::text_of_test({scenario}, false).find("0 passed, 1 failed") != std::string::npos);
  CHECK(
      reports::github_of_test({scenario}).starts_with("::error file=dir/awake.json,line=1,col=1,title=awake::safety "));
  const std::string junit = reports::junit_of_test({scenario});
  CHECK(junit.find("failures=\"1\"") != std::string::npos);
  CHECK(junit.find("<failure type=\"verdict\" message=\"safety violated\">") != std::string::npos);
}

TEST_CASE("the JSON of a test names every check with its place") {
  const auto json = nlohmann::json::parse(reports::json_of_test({green_scenario(), bad_scenario(), red_scenario()}));
  CHECK(json["version"] == 1);
  CHECK(json["passed"] == 1);
  CHECK(json["failed"] == 2);
  const auto& red = json["scenarios"][2];
  CHECK(red["name"] == "zombie");
  CHECK(red["verdict"] == "not reached");
  CHECK(red["exit"] == 11);
  CHECK(red["seeds"] == nlohmann::json({42, 42}));
  CHECK(red["expectations"][0]["met"] == true);
  CHECK(red["expectations"][1]["met"] == false);
  CHECK(red["expectations"][1]["decided"] == true);
  CHECK(red["expectations"][1]["line"] == 32);
  CHECK(red["expectations"][1]["found"] == "36.205 b1");
  CHECK(red["expectations"][2]["decided"] == false);
  CHECK(red["expectations"][2]["column"] == 7);
  CHECK(red["faults"][1]["effect"] == false);
  REQUIRE(red["invariants"].size() == model::invariants().size());
  CHECK(red["invariants"][0]["held"] == false);
  CHECK(red["invariants"][1]["held"] == true);
  CHECK(red["invariants"][1]["exposed"] == true);
  CHECK(red["invariants"][2]["exposed"] == false);
  const auto& bad = json["scenarios"][1];
  CHECK(bad["exit"] == 65);
  CHECK(bad["problems"][0]["code"] == "unknown-node");
  CHECK(bad["problems"][1]["severity"] == "warning");
}

TEST_CASE("entries on one line keep their columns apart, entries of the boot are no checks") {
  sim::Plan plan = green_plan();
  plan.expectations.assign(2, plan.expectations[0]);
  sim::Fault boot;
  boot.kind = sim::FaultKind::create_topic;
  plan.faults.insert(plan.faults.begin(), boot);
  const TestedScenario scenario = reports::scenario_of(plan, "x.json", {{{31, 5}, {31, 44}}, {{20, 5}}, {}});
  REQUIRE(scenario.checks.size() == 3 + model::invariants().size());
  CHECK(scenario.checks[0].column == 5);
  CHECK(scenario.checks[1].column == 44);
  CHECK(scenario.checks[2].kind == reports::Check::Kind::fault);
  CHECK(scenario.checks[2].line == 20);
}

TEST_CASE("text of a file cannot forge a line of a report") {
  TestedScenario scenario = red_scenario();
  scenario.checks[1].found = "x\n::error file=y::forged\x1b[2J";
  scenario.file = "a\nPASS  b.json";
  for (const std::string& text : {reports::text_of_test({scenario}, false), reports::github_of_test({scenario}),
                                  reports::markdown_of_test({scenario})}) {
    CHECK(text.find("\n::error file=y") == std::string::npos);
    CHECK(text.find("\nPASS") == std::string::npos);
    CHECK(text.find('\x1b') == std::string::npos);
  }
}
