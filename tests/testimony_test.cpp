// Facts are testimony: over many seeds, what was told is what the nodes' states show, no more and no less.
#include "tests/state_witness.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "model/rules.h"
#include "scenarios/loader.h"
#include "sim/search/draw.h"
#include "tests/cluster_fixture.h"

using namespace sim::test;

namespace {

// What is not drawn: configurations that change, sessions that end by hand, disks that are wiped.
constexpr const char* kRareFaults = R"j([
  {"at": "8s", "clock_rate": "b1", "rate": "110%", "for": "20s"},
  {"at": "10s", "alter_config": "t", "config": {"min.insync.replicas": 1}},
  {"at": "12s", "reset": [["b2"], ["brokers"]]},
  {"at": "14s", "reassign": "t-0", "to": ["b3", "b1"]},
  {"at": "15s", "expire_session": "controller"},
  {"at": "20s", "alter_config": "u", "config": {"unclean.leader.election.enable": true}},
  {"at": "25s", "wipe": "b3", "for": "5s"}
])j";

sim::Plan loaded(const std::string& text) {
  auto result = scenarios::load_scenario("test.json", text);
  REQUIRE(result.ok());
  return *result.value;
}

sim::Plan neutral(const char* version, const char* faults = nullptr) {
  std::ifstream file("tests/random/neutral.json");
  nlohmann::json scenario = nlohmann::json::parse(file);
  scenario["cluster"]["version"] = version;
  scenario["cluster"]["racks"] = {{"west", {1, 2}}, {"east", {3, 4}}};
  scenario["cluster"]["config"]["replica.selector.class"] = "org.apache.kafka.common.replica.RackAwareReplicaSelector";
  for (const char* reset : {"earliest", "latest", "none"}) {
    scenario["clients"].push_back({{"consumer", std::string("from-") + reset},
                                   {"topic", "t"},
                                   {"start", "5s"},
                                   {"props",
                                    {{"client.rack", "east"},
                                     {"auto.offset.reset", reset},
                                     {"metadata.max.age.ms", 3000},
                                     {"request.timeout.ms", 4000}}}});
  }
  if (faults != nullptr) scenario["faults"] = nlohmann::json::parse(faults);
  return loaded(scenario.dump());
}

// KRaft mode, where replicas may stay eligible beside the ISR.
sim::Plan kraft(const char* version) {
  std::ifstream file("tests/random/kraft.json");
  nlohmann::json scenario = nlohmann::json::parse(file);
  scenario["cluster"]["version"] = version;
  if (version == std::string_view("4.0")) scenario["cluster"]["config"]["eligible.leader.replicas.version"] = 1;
  return loaded(scenario.dump());
}

// A controller that sleeps through the next one's election, and writes when it wakes.
sim::Plan zombie_controller() {
  auto result = scenarios::load_scenario_file("scenarios/library/zombie-controller-refused.json");
  REQUIRE(result.ok());
  return *result.value;
}

constexpr std::uint64_t kSeeds = 300;
constexpr std::uint64_t kQuorumSeeds = 100;

// Versions that write the ISR through the controller and by the leader itself, one without idempotence, and the
// rare faults; KRaft mode; the last run is about a zombie.
std::vector<sim::Plan> all_plans() {
  const std::array mixes{neutral("3.9"), neutral("2.6"), neutral("1.1"), neutral("3.9", kRareFaults),
                         neutral("2.6", kRareFaults)};
  std::vector<sim::Plan> plans;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    plans.push_back(sim::with_drawn_faults(mixes[seed % mixes.size()], seed, {}));
  }
  const std::array quorums{kraft("4.0"), kraft("3.9")};
  for (std::uint64_t seed = 1; seed <= kQuorumSeeds; ++seed) {
    plans.push_back(sim::with_drawn_faults(quorums[seed % quorums.size()], seed, {}));
  }
  plans.push_back(zombie_controller());
  return plans;
}

using Counts = std::array<std::int64_t, model::kFactKinds>;  // of facts, by kind

std::vector<Counts> facts_in(const std::vector<sim::Plan>& plans) {
  std::vector<Counts> counts;
  for (const sim::Plan& plan : plans) {
    const WitnessedRun run = witness(plan);
    CAPTURE(plan.seed);
    CHECK(joined(run.wrong) == "");
    counts.push_back(run.compared);
  }
  return counts;
}

// Whether the witness finds a forgery out, of one of the first facts of its kind in one of the first runs that tell
// it. Not each can be: a log that is cut where it ends stays as it is.
bool is_found_out(const std::vector<sim::Plan>& plans, const std::vector<Counts>& counts, Forgery forgery) {
  constexpr std::int64_t kFactsTried = 30;
  constexpr int kRunsTried = 16;
  int tried = 0;
  for (std::size_t i = 0; i < plans.size() && tried < kRunsTried; ++i) {
    const std::int64_t told = counts[i][forgery.kind];
    if (told > 0) ++tried;
    for (forgery.nth = 1; forgery.nth <= std::min(told, kFactsTried); ++forgery.nth) {
      const WitnessedRun run = witness(plans[i], forgery);
      if (run.forged && !run.wrong.empty()) return true;
    }
  }
  return false;
}

}  // namespace

TEST_CASE("what is told is what happened, and what happened is told; a forgery is found out, whatever it is of") {
  const std::vector<sim::Plan> plans = all_plans();
  const std::vector<Counts> counts = facts_in(plans);
  std::int64_t forgeries = 0;
  for (std::size_t kind = 0; kind < model::kFactKinds; ++kind) {
    CAPTURE(model::fact_rows()[kind].name);
    const bool is_compared =
        std::any_of(counts.begin(), counts.end(), [&](const Counts& run) { return run[kind] > 0; });
    // A kind that is neither compared nor listed with a reason why it cannot be is testimony nobody checks.
    CHECK(is_compared == is_shown(kind));
    if (!is_compared) continue;
    CHECK(is_found_out(plans, counts, {kind, 1, {}}));
    ++forgeries;
    const std::vector<std::string_view> names = field_names(kind);
    for (std::size_t field = 0; field < names.size(); ++field) {
      if (!is_shown(kind, names[field])) continue;
      CAPTURE(names[field]);
      CHECK(is_found_out(plans, counts, {kind, 1, field}));
      ++forgeries;
    }
  }
  CHECK(forgeries > 100);
}

TEST_CASE("planted defects change what happens, and never that it is told") {
  for (const sim::Plan& plan : {neutral("3.9"), kraft("3.9"), kraft("4.0")}) {
    CAPTURE(plan.mode);
    for (const model::Defect& defect : model::defects()) {
      CAPTURE(defect.name);
      for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        sim::Plan wrong = sim::with_drawn_faults(plan, seed, {});
        defect.plant(wrong.rules);
        CHECK(joined(witness(wrong).wrong) == "");
      }
    }
  }
}

TEST_CASE("what no difference of states can show is listed with its reason, and names facts and fields") {
  for (const Unshown& row : unshown()) {
    CAPTURE(model::fact_rows()[row.kind].name);
    CAPTURE(row.field);
    CHECK(row.why.size() > 10);
    const std::vector<std::string_view> names = field_names(row.kind);
    CHECK((row.field.empty() || std::find(names.begin(), names.end(), row.field) != names.end()));
  }
}

TEST_CASE("a witness changes nothing") {
  const sim::Plan plan = sim::with_drawn_faults(neutral("3.9"), 3, {});
  sim::World alone(plan);
  alone.run();
  CHECK(witness(plan).fingerprint == alone.fingerprint());
}
