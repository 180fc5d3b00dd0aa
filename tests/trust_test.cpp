// Every invariant has been seen red: a planted defect breaks it in random runs of an ordinary cluster, and rows
// that do not depend on the defect stay green there.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "model/invariants/invariant.h"
#include "model/invariants/rows.h"
#include "model/rules.h"
#include "scenarios/loader.h"
#include "sim/search/campaign.h"
#include "tests/golden.h"

namespace {

// In the order in which they are tried.
constexpr std::array<std::string_view, 4> kNeutral{"neutral", "version-2.6", "one-record-fetches", "reassign"};
constexpr std::array<std::string_view, 2> kKraftNeutral{"kraft", "kraft-combined"};
constexpr std::array<std::string_view, 1> kWithReaders{"readers"};
constexpr std::uint64_t kSeeds = 20'000;  // of one scenario, until a defect must have been found
constexpr std::uint64_t kRunsEach = 20;   // in which unrelated rows are looked at

// One line of tests/golden/trust.txt.
struct Sighting {
  std::string invariant, defect, scenario;
  std::uint64_t seed = 0;
};

std::vector<sim::Plan> plan_of(std::string_view scenario) {
  auto loaded = scenarios::load_scenario_file("tests/random/" + std::string(scenario) + ".json");
  REQUIRE(loaded.ok());
  return {*loaded.value};
}

sim::Campaign runs_of(std::string_view scenario, std::string_view defect, std::uint64_t first, std::uint64_t last,
                      std::uint64_t block) {
  std::vector<sim::Plan> plans = plan_of(scenario);
  const model::Defect* planted = model::find_defect(defect);
  REQUIRE_MESSAGE(planted != nullptr, defect << " is not a planted defect");
  planted->plant(plans.front().rules);
  sim::CampaignOptions options;
  options.first = first;
  options.last = last;
  options.block = block;
  return sim::run_campaign(plans, options);
}

bool depends_on(const model::Invariant& row, std::string_view defect) {
  return std::find(row.broken_by.begin(), row.broken_by.end(), defect) != row.broken_by.end();
}

template <typename Rows>
bool has(const Rows& rows, std::string_view name) {
  return std::any_of(rows.begin(), rows.end(), [name](const auto& row) { return row.name == name; });
}

std::span<const std::string_view> scenarios_for(const model::Invariant& row) {
  const bool is_kraft = has(model::quorum_rows(), row.name) || has(model::kraft_rows(), row.name);
  if (is_kraft) return kKraftNeutral;
  if (has(model::consumer_rows(), row.name)) return kWithReaders;
  return kNeutral;
}

// Its first defect is the one that is looked for.
Sighting find(std::size_t row) {
  const model::Invariant& invariant = model::invariants()[row];
  const std::string defect(invariant.broken_by.front());
  for (std::uint64_t first = 1; first <= kSeeds; first += 500) {
    for (const std::string_view scenario : scenarios_for(invariant)) {
      // Other rows may break first, so the search cannot stop at the first red.
      const sim::Campaign campaign = runs_of(scenario, defect, first, first + 499, 0);
      if (campaign.rows[row].broken_runs == 0) continue;
      return {std::string(invariant.name), defect, std::string(scenario), campaign.rows[row].first_seed};
    }
  }
  FAIL(defect << " does not break " << invariant.name);
  return {};
}

constexpr std::string_view kHeader =
    "Each invariant, the planted defect that breaks it, and the first run in which it does: seed S of\n"
    "tests/random/SCENARIO.json, as random_runs S S 1 --defect DEFECT tests/random/SCENARIO.json tells it.\n";

std::string text_of(const std::vector<Sighting>& sightings) {
  std::ostringstream text;
  text << kHeader << '\n';
  for (const Sighting& seen : sightings) {
    text << seen.invariant << ' ' << seen.defect << ' ' << seen.scenario << ' ' << seen.seed << '\n';
  }
  return text.str();
}

std::vector<Sighting> read_sightings() {
  std::ifstream file("tests/golden/trust.txt");
  REQUIRE_MESSAGE(file.good(), "cannot read tests/golden/trust.txt; ACCEPT=1 writes it");
  std::vector<Sighting> sightings;
  std::string line;
  while (std::getline(file, line) && !line.empty()) continue;
  for (Sighting seen; file >> seen.invariant >> seen.defect >> seen.scenario >> seen.seed;) sightings.push_back(seen);
  return sightings;
}

std::vector<Sighting> look_for_all() {
  std::vector<Sighting> sightings;
  for (std::size_t row = 0; row < model::invariants().size(); ++row) sightings.push_back(find(row));
  return sightings;
}

}  // namespace

TEST_CASE("each invariant is broken by the defect that its row names first, in a run on record") {
  const char* accept = std::getenv("ACCEPT");
  if (accept != nullptr && std::string(accept) == "1") tests::check_golden("trust.txt", text_of(look_for_all()));
  const std::vector<Sighting> sightings = read_sightings();
  REQUIRE(sightings.size() == model::invariants().size());
  for (std::size_t row = 0; row < sightings.size(); ++row) {
    const Sighting& seen = sightings[row];
    const model::Invariant& invariant = model::invariants()[row];
    CAPTURE(seen.invariant);
    CAPTURE(seen.seed);
    CHECK(seen.invariant == invariant.name);
    CHECK(seen.defect == invariant.broken_by.front());
    CHECK(seen.seed <= kSeeds);
    const sim::Campaign campaign = runs_of(seen.scenario, seen.defect, seen.seed, seen.seed, 0);
    CHECK(campaign.rows[row].broken_runs == 1);
  }
}

TEST_CASE("rows that do not depend on a defect stay green under it") {
  for (const Sighting& seen : read_sightings()) {
    const sim::Campaign campaign = runs_of(seen.scenario, seen.defect, seen.seed, seen.seed + kRunsEach - 1, 0);
    for (std::size_t row = 0; row < campaign.rows.size(); ++row) {
      const model::Invariant& invariant = model::invariants()[row];
      if (depends_on(invariant, seen.defect)) continue;
      CAPTURE(invariant.name);
      CAPTURE(campaign.rows[row].first_seed);
      CHECK_MESSAGE(campaign.rows[row].broken_runs == 0, seen.defect << " in " << seen.scenario);
    }
  }
}

TEST_CASE("without its defect each run on record is green") {
  for (const Sighting& seen : read_sightings()) {
    sim::CampaignOptions options;
    options.first = options.last = seen.seed;
    CAPTURE(seen.invariant);
    CHECK_FALSE(sim::run_campaign(plan_of(seen.scenario), options).any_broken());
  }
}
