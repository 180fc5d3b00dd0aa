#include "reports/scenario_list.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "reports/wrap.h"
#include "tests/zombie_outcome.h"

using namespace tests;

namespace {

const reports::FileProblem kError{false,
                                  3,
                                  7,
                                  "unknown-node",
                                  "\"b4\" is not a node",
                                  "did you mean \"b3\"?",
                                  "bad.json:3:7: error[unknown-node]: \"b4\" is not a node\n   3 | \"b4\""};

}  // namespace

TEST_CASE("a list has a title and the figures of each scenario, and bad ones with their first error") {
  const sim::Plan plan = zombie_plan();
  CHECK(reports::text_of_list({{"bad", "bad.json", nullptr, {kError}}, {"zombie", "zombie.json", &plan, {}}}, 60, false,
                              "fencepost run zombie.json") ==
        "bad     BAD: bad.json:3:7: error[unknown-node]: \"b4\" is not\n"
        "        a node\n"
        "zombie  A paused controller comes back\n"
        "        zookeeper, Kafka 3.9, 3 brokers, 2 faults, 3 expectations\n"
        "\nrun one: fencepost run zombie.json\n");
}

TEST_CASE("the JSON of a list has what a scenario is about") {
  const sim::Plan plan = zombie_plan();
  const auto json = nlohmann::json::parse(
      reports::json_of_list({{"bad", "bad.json", nullptr, {kError}}, {"zombie", "zombie.json", &plan, {}}}));
  CHECK(json["version"] == 1);
  REQUIRE(json["scenarios"].size() == 2);
  CHECK(json["scenarios"][0]["ok"] == false);
  CHECK(json["scenarios"][0]["problems"][0]["line"] == 3);
  const auto& zombie = json["scenarios"][1];
  CHECK(zombie["ok"] == true);
  CHECK(zombie["title"] == "A paused controller comes back");
  CHECK(zombie["mode"] == "zookeeper");
  CHECK(zombie["brokers"] == 3);
  CHECK(zombie["topics"][0]["partitions"] == 2);
  CHECK(zombie["faults"][1]["line"] == 21);
  CHECK(zombie["expectations"].size() == 3);
}

TEST_CASE("a validation counts errors and warnings apart and shows every problem") {
  reports::FileProblem warning = kError;
  warning.is_warning = true;
  const std::vector<reports::ValidatedFile> files{{"bad.json", {kError, warning}}, {"good.json", {}}};
  const std::string text = reports::text_of_validation(files);
  CHECK(text.starts_with(kError.text + "\n"));
  CHECK(text.ends_with("\n2 files, 1 error, 1 warning\n"));
  const auto json = nlohmann::json::parse(reports::json_of_validation(files));
  CHECK(json["errors"] == 1);
  CHECK(json["warnings"] == 1);
  CHECK(json["files"][0]["ok"] == false);
  CHECK(json["files"][0]["problems"][1]["severity"] == "warning");
  CHECK(json["files"][0]["problems"][0]["hint"] == "did you mean \"b3\"?");
  CHECK(json["files"][1]["ok"] == true);
}

TEST_CASE("words are wrapped by what they take on a terminal, long ones stay whole") {
  std::string out;
  reports::append_wrapped(out, "ééé ééé extraordinarily a", 2, 10);
  CHECK(out == "ééé ééé\n  extraordinarily\n  a\n");
}
