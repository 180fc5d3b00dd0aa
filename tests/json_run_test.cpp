#include "reports/json_run.h"

#include <doctest/doctest.h>
#include <algorithm>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "model/text.h"
#include "reports/event_digest.h"
#include "reports/fidelity.h"
#include "reports/tables.h"
#include "reports/trace_jsonl.h"
#include "tests/golden.h"
#include "tests/zombie_outcome.h"

using namespace tests;
using nlohmann::json;

namespace {

// What a trace writer leaves in its file after `tell`, by lines.
template <typename Tell>
std::vector<std::string> traced(const sim::Plan& plan, Tell tell) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), &std::fclose);
  REQUIRE(file != nullptr);
  reports::TraceWriter writer(file.get(), plan);
  tell(writer);
  REQUIRE(writer.finish());
  std::rewind(file.get());
  std::vector<std::string> lines(1);
  for (int c = std::fgetc(file.get()); c != EOF; c = std::fgetc(file.get())) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += static_cast<char>(c);
    }
  }
  CHECK(lines.back().empty());  // the last line has its end
  lines.pop_back();
  return lines;
}

template <std::size_t... I>
std::vector<model::Fact> one_of_each_fact(std::index_sequence<I...>) {
  return {std::variant_alternative_t<I, model::Fact::Alternatives>{}...};
}
template <std::size_t... I>
std::vector<model::Body> one_of_each_body(std::index_sequence<I...>) {
  return {std::variant_alternative_t<I, model::Body::Alternatives>{}...};
}

sim::EventView message(std::uint64_t number, const model::Body& body) {
  sim::EventView event;
  event.at = at_ms(10'000);
  event.number = number;
  event.kind = sim::EventKind::message;
  event.node = kB2;
  event.peer = kB1;
  event.via = {kB1, kB2, model::ChannelKind::fetch, 1, 3};
  event.body = &body;
  return event;
}

}  // namespace

TEST_CASE("a run as JSON reads as it always did") {
  const sim::Plan plan = zombie_plan();
  const sim::Outcome outcome = zombie_outcome();
  check_golden("zombie_run.json", reports::json_of_run({&plan, &outcome}));
}

TEST_CASE("a run as JSON has what programs rely on") {
  const sim::Plan plan = zombie_plan();
  const sim::Outcome outcome = zombie_outcome();
  const json run = json::parse(reports::json_of_run({&plan, &outcome}));
  CHECK(run["version"] == 1);
  CHECK(run["file"] == "zombie.json");
  CHECK(run["seed"] == 42);
  CHECK(run["fingerprint"] == "0000000053de64a7");
  CHECK(run["events"] == 10'412);
  CHECK(run["simulated_us"] == 75'000'000);
  CHECK(run["verdict"] == "not reached");
  CHECK(run["exit"] == 11);
  REQUIRE(run["invariants"].size() == model::invariants().size());
  CHECK(run["invariants"][0]["name"] == "controller-epoch-grows");
  CHECK(run["invariants"][0]["held"] == true);
  CHECK(run["invariants"][0]["exposures"] == 1);
  const auto broken = std::find_if(run["invariants"].begin(), run["invariants"].end(),
                                   [](const json& row) { return row["held"] == false; });
  REQUIRE(broken != run["invariants"].end());
  CHECK((*broken)["name"] == "isr-recovers");
  CHECK((*broken)["broker"] == "b1");
  CHECK((*broken)["partition"] == "t-0");
  CHECK((*broken)["what"] == "b1 lives and is not in the ISR");
  REQUIRE(run["expectations"].size() == 3);
  CHECK(run["expectations"][1]["met"] == false);
  CHECK(run["expectations"][1]["decided"] == true);
  CHECK(run["expectations"][1]["found"] == "36.205 b1");
  REQUIRE(run["faults"].size() == 2);
  CHECK(run["faults"][0]["who"] == json::array({"b1"}));
  CHECK(run["faults"][0]["text"] == "pause b1 (controller, leader of t-1) for 25 s");
  CHECK(run["faults"][0]["effects"] == json{{"held", 31},
                                            {"stalled", 0},
                                            {"lost", 2},
                                            {"reset", 0},
                                            {"delayed", 0},
                                            {"dropped", 0},
                                            {"slowed", 0},
                                            {"skewed", 0},
                                            {"wiped", 0},
                                            {"acted", false}});
  CHECK(run["facts"].size() == outcome.facts.size());
}

TEST_CASE("several runs share one document") {
  const sim::Plan plan = zombie_plan();
  const sim::Outcome outcome = zombie_outcome();
  const json runs = json::parse(reports::json_of_runs({{&plan, &outcome}, {&plan, &outcome}}));
  CHECK(runs["version"] == 1);
  REQUIRE(runs["runs"].size() == 2);
  CHECK(runs["runs"][0] == runs["runs"][1]);
  CHECK_FALSE(runs["runs"][0].contains("version"));
}

TEST_CASE("a trace names the fields of every fact as JSON does") {
  const sim::Plan plan = zombie_plan();
  auto facts = one_of_each_fact(std::make_index_sequence<model::kFactKinds>{});
  for (const sim::RecordedFact& told : zombie_outcome().facts) facts.push_back(told.fact);
  facts.emplace_back(model::ZkSessionOpened{1, 0x10ab, kB1, model::microseconds(1'050)});
  const auto lines = traced(plan, [&](reports::TraceWriter& writer) {
    for (const model::Fact& fact : facts) writer.on_fact(at_ms(-5), kB1, fact);
  });
  REQUIRE(lines.size() == facts.size());
  for (std::size_t i = 0; i < facts.size(); ++i) {
    std::string expected = R"({"n":0,"t_us":-5000,"node":"b1","event":"fact","fact":")";
    expected += std::string(model::name_of(facts[i])) + "\"";
    for (const model::FieldText& field : model::fields_of(facts[i], plan.config)) {
      expected += ",\"" + std::string(field.name) + "\":";
      expected += field.is_number ? field.text : "\"" + field.text + "\"";
    }
    CHECK(lines[i] == expected + "}");
  }
}

TEST_CASE("a trace follows every message") {
  const sim::Plan plan = zombie_plan();
  const auto bodies = one_of_each_body(std::make_index_sequence<model::kBodyKinds>{});
  const auto lines = traced(plan, [&](reports::TraceWriter& writer) {
    for (std::size_t i = 0; i < bodies.size(); ++i) writer.on_event(message(i + 1, bodies[i]));
  });
  REQUIRE(lines.size() == bodies.size());
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    const json line = json::parse(lines[i]);
    CHECK(line["n"] == i + 1);
    CHECK(line["t_us"] == 10'000'000);
    CHECK(line["node"] == "b2");
    CHECK(line["peer"] == "b1");
    CHECK(line["via"] == "b1>b2/fetch.1#3");
    CHECK(line["type"] == std::string(model::name_of(bodies[i])));
  }
}

TEST_CASE("a trace tells what a fetch asks for and what it gets") {
  const sim::Plan plan = zombie_plan();
  const model::Body request = model::FetchRequest{kB3, model::milliseconds(500), 1, {{kT0, 4, 3, 172}, {kT1, 2, 2, 9}}};
  model::FetchResponse answer;
  answer.partitions.push_back({kT0, model::ErrorCode::none, 171, 0, {}, {model::Batch{172, 20, 4, 0, 0, 0, kP1}}});
  answer.partitions.push_back({kT1, model::ErrorCode::fenced_leader_epoch, 0, 0, {1, 7}, {}});
  const model::Body response = answer;
  const auto lines = traced(plan, [&](reports::TraceWriter& writer) {
    writer.on_event(message(8, request));
    writer.on_event(message(9, response));
  });
  CHECK(lines[0] ==
        R"({"n":8,"t_us":10000000,"node":"b2","event":"message","peer":"b1","via":"b1>b2/fetch.1#3","type":"Fetch",)"
        R"("replica":"b3","partitions":[{"partition":"t-0","offset":172,"leader_epoch":4,"last_fetched_epoch":3},)"
        R"({"partition":"t-1","offset":9,"leader_epoch":2,"last_fetched_epoch":2}]})");
  const json got = json::parse(lines[1])["partitions"];
  CHECK(got[0] == json{{"partition", "t-0"}, {"records", 20}, {"offset", 172}, {"high_watermark", 171}});
  CHECK(got[1]["error"] == "fenced_leader_epoch");
  CHECK(got[1]["diverging_end"] == 7);
}

TEST_CASE("a trace larger than its buffer loses nothing") {
  const sim::Plan plan = zombie_plan();
  const model::Body body = model::ZkPing{};
  constexpr std::uint64_t kEvents = 5'000;
  const auto lines = traced(plan, [&](reports::TraceWriter& writer) {
    for (std::uint64_t i = 1; i <= kEvents; ++i) writer.on_event(message(i, body));
  });
  REQUIRE(lines.size() == kEvents);
  for (std::uint64_t i = 0; i < kEvents; ++i) CHECK(json::parse(lines[i])["n"] == i + 1);
}

TEST_CASE("a trace that cannot be written says so") {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> full(std::fopen("/dev/full", "wb"), &std::fclose);
  REQUIRE(full != nullptr);
  std::setvbuf(full.get(), nullptr, _IONBF, 0);
  const sim::Plan plan = zombie_plan();
  reports::TraceWriter writer(full.get(), plan);
  writer.on_fact(at_ms(0), kB1, model::Stopped{});
  CHECK_FALSE(writer.finish());
}

TEST_CASE("a trace holds faults with those that they hit") {
  const sim::Plan plan = zombie_plan();
  const sim::Outcome outcome = zombie_outcome();
  const auto lines = traced(plan, [&](reports::TraceWriter& writer) { writer.on_fault(outcome.faults[0].applied); });
  const json line = json::parse(lines.at(0));
  CHECK(line["event"] == "fault");
  CHECK(line["who"] == json::array({"b1"}));
  CHECK(line["undo"] == false);
  CHECK(line["text"] == "pause b1 (controller, leader of t-1) for 25 s");
}

TEST_CASE("two executions that part are told apart at the first event that differs") {
  const sim::Plan plan = zombie_plan();
  const model::Body ping = model::ZkPing{}, pong = model::ZkPong{};
  reports::EventDigests first(plan.config);
  for (std::uint64_t i = 1; i <= 10; ++i) first.on_event(message(i, ping));
  reports::EventDigests same(plan.config, &first.digests());
  for (std::uint64_t i = 1; i <= 10; ++i) same.on_event(message(i, ping));
  CHECK_FALSE(same.first_difference());
  CHECK(same.count() == first.count());
  reports::EventDigests other(plan.config, &first.digests());
  for (std::uint64_t i = 1; i <= 10; ++i) other.on_event(message(i, i < 7 ? ping : pong));
  REQUIRE(other.first_difference());
  CHECK(*other.first_difference() == 6);
  CHECK(other.description() == "10.000000 s b2: ZkPing answer from b1 on connection 3 of b1");
  // A fact that only one of them tells counts as well, at the event after it.
  reports::EventDigests telling(plan.config, &first.digests());
  for (std::uint64_t i = 1; i <= 10; ++i) {
    if (i == 4) telling.on_fact(at_ms(10'000), kB1, model::Stopped{});
    telling.on_event(message(i, ping));
  }
  REQUIRE(telling.first_difference());
  CHECK(*telling.first_difference() == 3);
}

TEST_CASE("tables hold a row for everything that the code knows") {
  const json facts = json::parse(reports::json_of_table(reports::facts_table()));
  CHECK(facts["version"] == 1);
  CHECK(facts["facts"].size() == model::kFactKinds);
  CHECK(json::parse(reports::json_of_table(reports::defects_table()))["defects"].size() == model::defects().size());
  const json rules = json::parse(reports::json_of_table(reports::rules_table()));
  CHECK(rules["rules"].size() == model::profiles().size() + model::defects().size());
  // Whatever breaks an invariant is a rule with a name.
  std::set<std::string> names;
  for (const json& row : rules["rules"]) names.insert(row["name"].get<std::string>());
  const json invariants = json::parse(reports::json_of_invariants());
  for (const json& row : invariants["invariants"]) {
    CHECK_FALSE(row["broken_by"].empty());
    for (const json& defect : row["broken_by"]) CHECK(names.count(defect.get<std::string>()) == 1);
  }
}

TEST_CASE("every deviation from a real cluster has a name, a what and a why") {
  const json fidelity = json::parse(reports::json_of_table(reports::fidelity_table()));
  std::set<std::string> names;
  for (const json& row : fidelity["fidelity"]) {
    names.insert(row["name"].get<std::string>());
    CHECK_FALSE(row["what"].get<std::string>().empty());
    CHECK_FALSE(row["why"].get<std::string>().empty());
  }
  CHECK(names.size() == fidelity["fidelity"].size());
  for (const char* name :
       {"network", "tcp-retransmission", "start-up", "fetch-sessions", "transactions", "kraft-snapshots"}) {
    CHECK(names.count(name) == 1);
  }
}

TEST_CASE("tables as text keep to the width that they are given") {
  const std::string text = reports::text_of_table(reports::fidelity_table(), 80);
  std::size_t begin = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; begin = end + 1, end = text.find('\n', begin)) {
    if (begin == 0) continue;  // the sentence above
    CHECK(end - begin <= 82);  // "µ" takes two bytes
  }
}
