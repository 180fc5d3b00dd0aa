// The table of planted defects and the situations that tell them from the sound rules belong together.
#include "tests/planted_defects.h"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "model/rules.h"

namespace sim::test {

void check_planted(std::span<const PlantedCase> cases) {
  for (const PlantedCase& each : cases) {
    CAPTURE(each.defect);
    const model::Defect* defect = model::find_defect(each.defect);
    const model::Profile* profile = model::find_profile(each.version);
    REQUIRE(defect != nullptr);
    REQUIRE(profile != nullptr);
    model::Rules wrong = *profile->rules;
    defect->plant(wrong);
    CHECK(each.outcome(*profile->rules) == each.sound);
    CHECK(each.outcome(wrong) == each.wrong);
    CHECK(each.sound != each.wrong);
  }
}

}  // namespace sim::test

using namespace sim::test;

TEST_CASE("every planted defect has a situation that tells it from the sound rule, and none is left over") {
  std::vector<std::string_view> told;
  for (const auto& cases :
       {planted_control_cases(), planted_high_watermark_cases(), planted_log_cases(), planted_client_cases(),
        planted_consumer_cases(), planted_liveness_cases(), planted_quorum_cases(), planted_kraft_cases()}) {
    for (const PlantedCase& each : cases) told.push_back(each.defect);
  }
  std::sort(told.begin(), told.end());
  told.erase(std::unique(told.begin(), told.end()), told.end());
  std::vector<std::string_view> known;
  for (const model::Defect& defect : model::defects()) known.push_back(defect.name);
  std::sort(known.begin(), known.end());
  CHECK(told == known);
}

TEST_CASE("a planted defect has a name of its own and says in one sentence what it breaks") {
  for (const model::Defect& defect : model::defects()) {
    CAPTURE(defect.name);
    CHECK(model::find_defect(defect.name) == &defect);
    CHECK(defect.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string_view::npos);
    REQUIRE(defect.breaks.size() > 10);
    CHECK(defect.breaks.back() == '.');
    CHECK(defect.breaks.find(". ") == std::string_view::npos);
  }
}
