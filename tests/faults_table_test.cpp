#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "reports/tables.h"
#include "scenarios/loader.h"
#include "sim/kernel/plan.h"

TEST_CASE("describe faults has one row for each kind, in their order") {
  const reports::Table table = reports::faults_table();
  REQUIRE(table.rows.size() == sim::kFaultKinds);
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    CHECK(table.rows[i].name == sim::name_of(static_cast<sim::FaultKind>(i)));
    CHECK_FALSE(table.rows[i].name.empty());
  }
}

TEST_CASE("the example of each kind of fault is one that a scenario may have, and takes \"for\" as its row says") {
  for (const reports::TableRow& row : reports::faults_table().rows) {
    CAPTURE(row.name);
    const std::size_t begin = row.why.find("Example: {");
    REQUIRE(begin != std::string::npos);
    const std::string example = row.why.substr(begin + 9);
    const bool about_voters = row.name == "add_voter" || row.name == "remove_voter";
    const std::string mode = about_voters ? R"("mode": "kraft", "version": "4.0", "controllers": 4,
        "voters": ["c1", "c2", "c3"], "config": {"kraft.version": 1}, )"
                                          : "";
    const auto load = [&](const std::string& fault) {
      return scenarios::load_scenario("example.json", R"({"cluster": {)" + mode + R"("brokers": 3,
        "topics": {"t": {"partitions": [[1, 2, 3]]}}}, "until": "100s", "faults": [)" +
                                                          fault + "]}");
    };
    const auto result = load(example);
    for (const scenarios::Problem& problem : result.errors) FAIL_CHECK(scenarios::text_of(problem));
    REQUIRE(result.ok());
    const auto& faults = result.value->faults;
    CHECK(std::any_of(faults.begin(), faults.end(),
                      [&](const sim::Fault& fault) { return sim::name_of(fault.kind) == row.name; }));
    if (example.find("\"for\"") != std::string::npos) continue;
    const bool may_last = load(example.substr(0, example.size() - 1) + ", \"for\": \"1s\"}").ok();
    CHECK(may_last == (row.why.find("Takes no \"for\"") == std::string::npos));
  }
}
