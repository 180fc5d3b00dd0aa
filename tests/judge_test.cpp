// Judging a row when a fact occurs that it names is as good as judging it after every event.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "model/rules.h"
#include "scenarios/loader.h"
#include "sim/search/campaign.h"
#include "tests/cluster_fixture.h"
#include "tests/judge_pair.h"

using namespace sim::test;

namespace {

sim::Plan plan_of(const std::string& path) {
  auto loaded = scenarios::load_scenario_file(path);
  REQUIRE(loaded.ok());
  return *loaded.value;
}

std::vector<sim::Plan> some_plans() {
  std::vector<sim::Plan> plans;
  for (const char* path :
       {"tests/random/neutral.json", "scenarios/library/leader-crash.json", "scenarios/library/zombie-leader.json",
        "scenarios/library/isr-written-by-the-leader.json", "scenarios/library/unclean-by-hand.json"}) {
    plans.push_back(plan_of(path));
  }
  return plans;
}

// Found by random runs within a few seeds.
constexpr std::array<std::string_view, 13> kDefects{
    "election-outside-isr",
    "commits-alone",
    "joins-isr-at-once",
    "high-watermark-falls",
    "stamps-older-epoch",
    "truncates-to-high-watermark",
    "never-truncates",
    "ephemerals-outlive-session",
    "election-keeps-leader-epoch",
    "elected-leader-not-in-isr",
    "last-isr-member-removed",
    "new-partition-isr-all-live",
    "acknowledges-at-append",
};

sim::Plan with_defect(const sim::Plan& plan, std::uint64_t seed, std::string_view name) {
  sim::Plan drawn = sim::with_drawn_faults(plan, seed, {});
  const model::Defect* defect = model::find_defect(name);
  REQUIRE(defect != nullptr);
  defect->plant(drawn.rules);
  return drawn;
}

// Runs that break the row: do the judges disagree in one of them when it is judged by fewer facts than it names?
bool is_noticed(std::string_view row, std::string_view defect, model::FactSet without) {
  const model::Invariant* invariant = model::find_invariant(row);
  REQUIRE(invariant != nullptr);
  REQUIRE((invariant->facts & without) == without);
  const sim::Plan neutral = plan_of("tests/random/neutral.json");
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const sim::Plan plan = with_defect(neutral, seed, defect);
    if (!judge_twice(plan, OtherFacts{model::id_of(*invariant), invariant->facts & ~without}).differences().empty()) {
      return true;
    }
  }
  return false;
}

}  // namespace

TEST_CASE("judged from facts and judged after every event, sound runs keep the same promises") {
  const std::vector<sim::Plan> plans = some_plans();
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const JudgedRun run = judge_twice(sim::campaign_plan(plans, seed, {}));
    CAPTURE(seed);
    CHECK(joined(run.differences()) == "");
  }
}

TEST_CASE("judged from facts and judged after every event, planted defects break the same promises at the same event") {
  const std::vector<sim::Plan> plans = some_plans();
  for (const std::string_view defect : kDefects) {
    CAPTURE(defect);
    std::size_t broken = 0;
    for (std::uint64_t seed = 1; seed <= 20 || (broken == 0 && seed <= 200); ++seed) {
      CAPTURE(seed);
      const JudgedRun run = judge_twice(with_defect(plans[seed % plans.size()], seed, defect));
      broken += run.after_every_event.size();
      CHECK(joined(run.differences()) == "");
    }
    CHECK(broken > 0);
  }
}

TEST_CASE("a row that names no fact is found out") {
  const auto emptied = [](std::string_view row, std::string_view defect) {
    return is_noticed(row, defect, model::find_invariant(row)->facts);
  };
  CHECK(emptied("ephemerals-end-with-session", "ephemerals-outlive-session"));
  CHECK(emptied("one-leader-per-epoch", "election-keeps-leader-epoch"));
  CHECK(emptied("isr-never-empty", "last-isr-member-removed"));
  CHECK(emptied("isr-assigned", "new-partition-isr-all-live"));
  CHECK(emptied("high-watermark-never-falls", "high-watermark-falls"));
  CHECK(emptied("log-matching", "never-truncates"));
  CHECK(emptied("isr-complete", "joins-isr-at-once"));
  CHECK(emptied("believed-isr-complete", "joins-isr-at-once"));
  CHECK(emptied("leader-complete", "commits-alone"));
  CHECK(emptied("no-committed-rewrite", "never-truncates"));
  CHECK(emptied("zombie-harmless", "commits-alone"));
}

TEST_CASE("a row that names one fact too few is found out") {
  using namespace model;
  CHECK(is_noticed("isr-complete", "joins-isr-at-once", facts_of<PartitionStateChanged>()));
  CHECK(is_noticed("isr-complete", "truncates-to-high-watermark", facts_of<Truncated, BecameFollower>()));
  CHECK(is_noticed("isr-complete", "commits-alone", facts_of<HighWatermarkMoved>()));
  CHECK(is_noticed("believed-isr-complete", "joins-isr-at-once", facts_of<IsrCommitted>()));
  CHECK(is_noticed("leader-complete", "commits-alone", facts_of<BecameLeader>()));
  CHECK(is_noticed("zombie-harmless", "commits-alone", facts_of<PartitionStateChanged>()));
}

TEST_CASE("watching with two judges does not change a run") {
  const sim::Plan plan = sim::with_drawn_faults(plan_of("tests/random/neutral.json"), 7, {});
  sim::World alone(plan);
  alone.run();
  CHECK(judge_twice(plan).fingerprint == alone.fingerprint());
}
