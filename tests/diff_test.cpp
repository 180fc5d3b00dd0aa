#include "reports/diff.h"

#include <doctest/doctest.h>

#include <string>

#include "model/rules.h"
#include "scenarios/loader.h"
#include "tests/golden.h"

namespace {

sim::Plan library(const std::string& name) {
  auto loaded = scenarios::load_scenario_file("scenarios/library/" + name + ".json");
  REQUIRE(loaded.ok());
  return std::move(*loaded.value);
}

sim::Fault pause_at(sim::Time at) {
  sim::Fault pause;
  pause.kind = sim::FaultKind::pause;
  pause.at = at;
  pause.lasts = model::seconds(1);
  sim::Target target;
  target.node = model::NodeId{2};
  pause.who = {target};
  return pause;
}

}  // namespace

TEST_CASE("a run parts from itself nowhere") {
  const sim::Plan plan = library("leader-crash");
  const reports::Diff diff = reports::diff_of(plan, plan);
  CHECK(diff.divergence.event == 0);
  CHECK(reports::text_of_diff(diff, false).find("the runs are the same") != std::string::npos);
}

TEST_CASE("two seeds part by a draw, at the first event that it moves") {
  const sim::Plan a = library("leader-crash");
  sim::Plan b = a;
  b.seed = a.seed + 1;
  const reports::Diff diff = reports::diff_of(a, b);
  REQUIRE(diff.divergence.event != 0);
  CHECK(diff.divergence.event < 20);
  CHECK(reports::reason_of(diff).starts_with("a draw: "));
}

TEST_CASE("a fault that one run has is named, with the event and the state that it left") {
  const sim::Plan a = library("leader-crash");
  sim::Plan b = a;
  b.faults.push_back(pause_at(sim::Time{5'000'000}));
  const reports::Diff diff = reports::diff_of(a, b);
  REQUIRE(diff.divergence.event != 0);
  CHECK(diff.a.run.event(diff.divergence.event).at >= sim::Time{5'000'000});
  CHECK(reports::reason_of(diff).starts_with("a fault that only B has: pause b2"));
  // Until then the runs are the same, states included.
  CHECK(diff.a.run.event(diff.divergence.event - 1).at == diff.b.run.event(diff.divergence.event - 1).at);
}

TEST_CASE("a planted defect shows in the state that a step leaves behind") {
  const sim::Plan a = library("zombie-controller");
  sim::Plan b = a;
  const model::Defect* defect = model::find_defect("controller-epoch-skips");
  REQUIRE(defect != nullptr);
  defect->plant(b.rules);
  b.defects = {"controller-epoch-skips"};
  const reports::Diff diff = reports::diff_of(a, b);
  REQUIRE(diff.divergence.event != 0);
  CHECK(reports::reason_of(diff).find("planted defects: none in A, controller-epoch-skips in B") != std::string::npos);
  tests::check_golden("diff_defect.txt",
                      "One scenario with and without a defect that makes the controller skip an epoch: where the\n"
                      "runs part, and the first fact by which somebody could have noticed.\n\n" +
                          reports::text_of_diff(diff, false));
}

TEST_CASE("states are compared field by field, under the names of the model") {
  const sim::Plan plan = library("leader-crash");
  const auto before = sim::nodes_at(plan, 1'000, false), after = sim::nodes_at(plan, 3'000, true);
  const auto found = reports::differences(before[2], after[2], plan.config);
  CHECK_FALSE(found.empty());
  for (const reports::FieldDifference& field : found) {
    CHECK(field.a != field.b);
    CHECK(field.field.find("..") == std::string::npos);
  }
  CHECK(reports::differences(before[1], before[1], plan.config).empty());
}
