#include "reports/text_run.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "reports/colour.h"
#include "reports/narrate.h"
#include "reports/settings.h"
#include "reports/tables.h"
#include "reports/words.h"
#include "tests/golden.h"
#include "tests/zombie_outcome.h"

using namespace tests;

namespace {

reports::TextOptions plain() { return {false, "dir/zombie.json", "fencepost run dir/zombie.json --seed 42"}; }

std::size_t count_lines_with(const std::vector<reports::Line>& lines, const std::string& words) {
  return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [&](const reports::Line& line) {
    return line.what.find(words) != std::string::npos;
  }));
}

std::vector<reports::Line> told(const std::vector<sim::RecordedFact>& facts) {
  sim::Outcome outcome;
  outcome.facts = facts;
  return reports::narrate(zombie_plan(), outcome);
}

}  // namespace

TEST_CASE("a run reads as it always did") {
  check_golden("zombie_run.txt", reports::text_of_run(zombie_plan(), zombie_outcome(), plain()));
}

TEST_CASE("colour changes nothing but colour") {
  reports::TextOptions coloured = plain();
  coloured.colour = true;
  std::string text = reports::text_of_run(zombie_plan(), zombie_outcome(), coloured);
  CHECK(text.find("\x1b[") != std::string::npos);
  for (std::size_t at = text.find("\x1b["); at != std::string::npos; at = text.find("\x1b[")) {
    text.erase(at, text.find('m', at) - at + 1);
  }
  CHECK(text == reports::text_of_run(zombie_plan(), zombie_outcome(), plain()));
}

TEST_CASE("a session that expires is one line with everything that went with it") {
  const auto lines = reports::narrate(zombie_plan(), zombie_outcome());
  CHECK(count_lines_with(lines, "session of b1 expired: /controller and /brokers/ids/1 are gone") == 1);
  CHECK(count_lines_with(lines, "/brokers/ids/1 is gone") == 0);
  CHECK(count_lines_with(lines, "learns that its session expired, resigns as controller") == 1);
  CHECK(count_lines_with(lines, "learns") == 1);
}

TEST_CASE("partitions that change alike share a line, others do not") {
  using namespace model;
  std::vector<sim::RecordedFact> facts;
  tell_boot(facts);
  facts.push_back({at_ms(5'000), kZooKeeper, PartitionStateChanged{80, kT0, {kB3, 1, {kB3, kB1}, 1}, 1}});
  facts.push_back({at_ms(5'010), kZooKeeper, PartitionStateChanged{81, kT1, {kB3, 1, {kB3, kB1}, 1}, 1}});
  facts.push_back({at_ms(9'000), kZooKeeper, PartitionStateChanged{82, kT0, {kB1, 2, {kB3, kB1}, 1}, 2}});
  const auto lines = told(facts);
  CHECK(count_lines_with(lines, "t-0 t-1 leader b3 · leader epoch 1 · isr b3 b1") == 1);
  CHECK(count_lines_with(lines, "t-0 leader b1 · leader epoch 2 · isr b3 b1") == 1);
}

TEST_CASE("a leader from outside the ISR is called unclean") {
  using namespace model;
  std::vector<sim::RecordedFact> facts;
  tell_boot(facts);
  facts.push_back({at_ms(5'000), kZooKeeper, PartitionStateChanged{80, kT0, {kB2, 1, {kB2}, 1}, 1}});
  facts.push_back({at_ms(6'000), kZooKeeper, PartitionStateChanged{81, kT0, {kB3, 2, {kB3}, 1}, 2}});
  const auto lines = told(facts);
  REQUIRE(lines.size() == 4);
  CHECK(lines[2].why == "b3 fell behind, b1 fell behind");
  CHECK(lines[3].why == "UNCLEAN: b3 was not in isr b2");
}

TEST_CASE("a proposal that is committed is no line of its own") {
  using namespace model;
  std::vector<sim::RecordedFact> facts;
  tell_boot(facts);
  facts.push_back({at_ms(5'000), kB2, IsrShrinkProposed{kT0, {kB2, kB3, kB1}, {kB2, kB3}, 0, 9}});
  facts.push_back({at_ms(5'010), kZooKeeper, PartitionStateChanged{80, kT0, {kB2, 0, {kB2, kB3}, 1}, 1}});
  CHECK(count_lines_with(told(facts), "proposes") == 0);
  facts.pop_back();
  CHECK(count_lines_with(told(facts), "t-0 proposes isr b2 b3 (b1 fell behind); it does not come about") == 1);
}

TEST_CASE("refusals that repeat are counted, not told again") {
  using namespace model;
  std::vector<sim::RecordedFact> facts;
  for (int i = 0; i < 40; ++i) facts.push_back({at_ms(5'000 + i), kB2, NotEnoughReplicas{kT0, 1, 2}});
  const auto lines = told(facts);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].what == "t-0 refuses writes: isr of 1, min.insync.replicas 2  (× 40, until 5.039)");
}

TEST_CASE("without the facts of records nothing is said about records") {
  sim::Outcome outcome = zombie_outcome();
  std::erase_if(outcome.facts, [](const sim::RecordedFact& told_fact) {
    return std::holds_alternative<model::RecordsAcknowledged>(told_fact.fact) ||
           std::holds_alternative<model::HighWatermarkMoved>(told_fact.fact);
  });
  const auto lines = reports::narrate(zombie_plan(), outcome);
  CHECK(count_lines_with(lines, "acknowledged") == 0);
  CHECK(count_lines_with(lines, "t-1 truncates 352 records to offset 0") == 1);
  CHECK(reports::client_summaries(zombie_plan(), outcome).empty());
}

TEST_CASE("a passed run has nothing to complain about") {
  sim::Plan plan = zombie_plan();
  plan.faults.pop_back();
  plan.expectations.resize(1);
  sim::Outcome outcome = zombie_outcome();
  outcome.expectations.resize(1);
  for (sim::InvariantResult& row : outcome.invariants) {
    if (row.broken) row = {};
  }
  outcome.verdict = sim::Verdict::passed;
  CHECK(reports::complaints_of(plan, outcome, "x.json").empty());
  const std::string text = reports::text_of_run(plan, outcome, plain());
  const std::string unexposed = std::to_string(model::invariants().size() - 2);
  CHECK(text.find("PASS  1 of 1 expectation · 2 invariants exposed, all held (" + unexposed +
                  " not exposed) · the pause of b1 held back 31 messages and timers and lost 2 messages\n") !=
        std::string::npos);
}

TEST_CASE("a fault that did nothing is named with its place") {
  sim::Plan plan = zombie_plan();
  sim::Outcome outcome = zombie_outcome();
  outcome.faults[0].effect = outcome.faults[1].effect = {};
  const auto complaints = reports::complaints_of(plan, outcome, "x.json");
  REQUIRE(complaints.size() == 4);
  CHECK(complaints[2] == "x.json:20: \"pause controller for 25 s\" did nothing: nobody noticed it");
  CHECK(complaints[3] == "x.json:21: \"crash leader(t-0)\" never came: the fact it waits for was not told");
}

TEST_CASE("one line for one of many seeds, and how many came to what") {
  sim::Outcome outcome = zombie_outcome();
  CHECK(reports::text_of_seed(outcome, plain()) ==
        "seed 42  FAIL  not reached · 1 of 3 expectations · 10,412 events · fingerprint 0000000053de64a7\n");
  reports::SeedTally tally;
  tally.add(outcome);
  outcome.verdict = sim::Verdict::passed;
  for (int i = 0; i < 1'500; ++i) tally.add(outcome);
  CHECK(reports::text_of_tally(tally) == "1,501 seeds: 1,500 passed, 1 not reached\n");
}

TEST_CASE("verdicts have the exit codes that scripts rely on") {
  CHECK(sim::exit_code(sim::Verdict::passed) == 0);
  CHECK(sim::exit_code(sim::Verdict::safety_violated) == 10);
  CHECK(sim::exit_code(sim::Verdict::not_reached) == 11);
  CHECK(sim::exit_code(sim::Verdict::vacuous) == 12);
}

TEST_CASE("changed settings are named as Kafka names them") {
  sim::Plan plan = zombie_plan();
  plan.config.brokers[0].leader_imbalance_check_interval = model::seconds(30);
  CHECK(reports::changed_settings(plan) ==
        std::vector<std::string>{"zookeeper.session.timeout.ms=6000", "replica.lag.time.max.ms=10000",
                                 "b1 leader.imbalance.check.interval.seconds=30", "b2 num.replica.fetchers=2",
                                 "t min.insync.replicas=2"});
  plan.config.producers[0].acks = model::Acks::leader;
  plan.config.producers[0].interval = model::milliseconds(300);
  plan.config.producers[0].max_in_flight = 1;
  CHECK(reports::producer_text(plan, plan.config.producers[0]) ==
        "p1 → t, acks=1, one every 300 ms, 500 records, max.in.flight.requests.per.connection=1");
  plan.config.producers[0].interval = model::microseconds(333'333);
  CHECK(reports::producer_text(plan, plan.config.producers[0]).find(", 3/s, ") != std::string::npos);
}

TEST_CASE("times and numbers are written as people read them") {
  CHECK(reports::seconds_text(-7'862'999) == "-7.862");
  CHECK(reports::seconds_text(-62'000) == "-0.062");
  CHECK(reports::seconds_text(60'000'000) == "60.000");
  CHECK(reports::short_seconds(model::seconds(25)) == "25 s");
  CHECK(reports::short_seconds(model::milliseconds(1'500)) == "1.5 s");
  CHECK(reports::short_seconds(model::milliseconds(40)) == "40 ms");
  CHECK(reports::short_seconds(model::microseconds(250)) == "250 µs");
  CHECK(reports::short_seconds(model::microseconds(11'654'494)) == "11.654 s");
  CHECK(reports::short_seconds(model::microseconds(366'999)) == "366 ms");
  CHECK(reports::grouped(999) == "999");
  CHECK(reports::grouped(1'234'567) == "1,234,567");
  CHECK(reports::counted(1, "message") == "1 message");
}

TEST_CASE("the option for colour goes before the environment, and that before the terminal") {
  reports::ColourEnvironment environment;
  CHECK_FALSE(reports::wants_colour(environment));
  environment.is_terminal = true;
  CHECK(reports::wants_colour(environment));
  environment.term = "dumb";
  CHECK_FALSE(reports::wants_colour(environment));
  environment.force_color = "1";
  CHECK(reports::wants_colour(environment));
  environment.no_color = "1";
  CHECK_FALSE(reports::wants_colour(environment));
  environment.asked = true;
  CHECK(reports::wants_colour(environment));
}
