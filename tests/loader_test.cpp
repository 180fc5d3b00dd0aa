#include "scenarios/loader.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "model/text.h"
#include "scenarios/expectations.h"
#include "scenarios/fact_patterns.h"
#include "scenarios/faults.h"
#include "scenarios/json_value.h"

using namespace scenarios;
using sim::FaultKind;

namespace {

std::string read_all(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE_MESSAGE(file.good(), path.string());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::filesystem::path> json_files(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  REQUIRE_FALSE(files.empty());
  return files;
}

std::string all_text(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) text += text_of(problem) + "\n";
  return text;
}

sim::Plan load(std::string_view text) {
  auto result = load_scenario("test.json", text);
  REQUIRE_MESSAGE(result.ok(), all_text(result.errors));
  return std::move(*result.value);
}

sim::Plan everything() { return load(read_all("tests/scenarios/good/everything.json")); }

const sim::Fault* find_fault(const sim::Plan& plan, FaultKind kind) {
  const auto at = std::find_if(plan.faults.begin(), plan.faults.end(),
                               [kind](const sim::Fault& fault) { return fault.kind == kind; });
  return at == plan.faults.end() ? nullptr : &*at;
}

template <std::size_t... I>
std::vector<model::Fact> default_facts(std::index_sequence<I...>) {
  return {model::Fact(std::variant_alternative_t<I, model::Fact::Alternatives>{})...};
}

}  // namespace

TEST_CASE("Every good file loads, and every library scenario does without a warning") {
  for (const auto& path : json_files("tests/scenarios/good")) {
    const auto result = load_scenario_file(path.string());
    CHECK_MESSAGE(result.ok(), all_text(result.errors));
  }
  for (const auto& path : json_files("scenarios/library")) {
    CAPTURE(path.string());
    const auto result = load_scenario_file(path.string());
    REQUIRE_MESSAGE(result.ok(), all_text(result.errors));
    CHECK_MESSAGE(result.warnings.empty(), all_text(result.warnings));
    CHECK_FALSE(result.value->title.empty());
    CHECK_FALSE(result.value->story.empty());
    CHECK(result.value->expectations.size() >= 5);
    CHECK(result.value->file == path.filename().string());
  }
}

TEST_CASE("Every bad file gives the message beside it first") {
  for (const auto& path : json_files("tests/scenarios/bad")) {
    const auto result = load_scenario(path.filename().string(), read_all(path));
    CAPTURE(path.string());
    REQUIRE_FALSE(result.ok());
    std::string expected = read_all(std::filesystem::path(path).replace_extension(".txt"));
    expected.erase(expected.find_last_not_of('\n') + 1);
    CHECK(headline_of(result.errors.front()) == expected);
  }
}

TEST_CASE("All errors of a file are reported at once, in the order of their places") {
  const auto result = load_scenario("all.json", R"json({
  "clients": [{"producer": "p1", "acks": 7}],
  "cluster": {"mode": "draft", "version": "9.9", "config": {"linger.ms": 1},
              "topics": {"t": {"partitions": [[1, 2, 9]]}}},
  "faults": [{"at": "1s", "crash": "b9"}, {"at": 5, "cut": ["b1", "leader(u-0)"]}],
  "expect": [{"fact": "nothing"}, {"at": "1s", "isr(t-0)": ["b7"]}],
  "unknown": 1
})json");
  std::vector<std::string> found;
  for (const Problem& problem : result.errors) {
    found.push_back(std::to_string(problem.line) + ":" + std::to_string(problem.column) + " " + problem.code);
  }
  CHECK(found == std::vector<std::string>{"2:42 bad-value", "3:23 unknown-mode", "3:43 unknown-version",
                                          "3:61 unknown-key", "4:54 unknown-node", "5:36 unknown-node",
                                          "5:50 bad-duration", "5:67 unknown-partition", "6:23 unknown-fact",
                                          "6:61 unknown-node", "7:3 unknown-key"});
}

TEST_CASE("A problem shows its line and marks the place") {
  const auto result =
      load_scenario("orders.json", "{\"cluster\": {},\n\t\"faults\": [{\"at\": \"1s\", \"crash\": \"b4\"}]}");
  REQUIRE(result.errors.size() == 1);
  CHECK(text_of(result.errors[0]) ==
        "orders.json:2:35: error[unknown-node]: \"b4\" is not a node; did you mean \"b3\"?\n"
        "   2 | \t\"faults\": [{\"at\": \"1s\", \"crash\": \"b4\"}]}\n"
        "     | \t                                 ^^^^");
}

TEST_CASE("Too many faults are refused, and too many errors are cut off") {
  std::string faults;
  for (std::size_t i = 0; i <= kFaultsMax; ++i)
    faults += std::string(i == 0 ? "" : ",") + R"({"at":"1s","crash":"b1"})";
  const auto many = load_scenario("many.json", "{\"cluster\": {}, \"faults\": [" + faults + "]}");
  REQUIRE(many.errors.size() == 1);
  CHECK(many.errors.front().code == "out-of-range");
  std::string wrong = "1";
  for (int i = 0; i < 9'000; ++i) wrong += ",1";
  const auto capped = load_scenario("wrong.json", "{\"cluster\": {}, \"clients\": [" + wrong + "]}");
  CHECK(capped.errors.size() == Problems::kProblemsMax + 1);
  CHECK(capped.errors.back().code == "too-many-errors");
}

TEST_CASE("A file that cannot be read is a problem without a place") {
  const auto result = load_scenario_file("tests/scenarios/none.json");
  REQUIRE(result.errors.size() == 1);
  CHECK(headline_of(result.errors[0]) == "tests/scenarios/none.json: error[no-file]: cannot open the file");
  CHECK_FALSE(load_scenario_file("tests/scenarios").ok());
}

TEST_CASE("Values know where they stand") {
  const std::string text = "{\"a\": [1, -2.5e3, \"é\\\"\", true], /* c */ \"b\" : null}";
  const Source source("x.json", text);
  Problems problems(source);
  const auto root = parse_json(problems);
  REQUIRE(root);
  const auto slice = [&](const Value& value) { return text.substr(value.at.offset, value.end - value.at.offset); };
  const Value& list = *root->find("a");
  CHECK(slice(*root) == text);
  CHECK(slice(list) == "[1, -2.5e3, \"é\\\"\", true]");
  CHECK(slice(list.items[0]) == "1");
  CHECK(slice(list.items[1]) == "-2.5e3");
  CHECK(slice(list.items[2]) == "\"é\\\"\"");
  CHECK(list.items[2].text == "é\"");
  CHECK(slice(list.items[3]) == "true");
  CHECK(list.items[3].at.column == 26);  // é is one column
  CHECK(slice(*root->find("b")) == "null");
  const Member* b = root->find_member("b");
  CHECK(text.substr(b->key_at.offset, b->key_end - b->key_at.offset) == "\"b\"");
  CHECK(root->find("c") == nullptr);
}

TEST_CASE("The brokers start one after the other, b1 first, or all together") {
  const sim::Plan plan = load(R"({"cluster": {"topics": {"t": {"partitions": [[1]]}}}})");
  REQUIRE(plan.starts.size() == 4);
  CHECK(plan.starts[0].node == model::kZooKeeper);
  CHECK(plan.starts[0].at == plan.begins);
  for (std::size_t i = 1; i < 4; ++i) CHECK(plan.starts[i].at.us == -12'000'000 + 1'800'000 * static_cast<int>(i - 1));
  REQUIRE(plan.faults.size() == 1);
  CHECK(plan.faults[0].kind == FaultKind::create_topic);
  CHECK(plan.faults[0].at.us == -3'000'000);
  CHECK(plan.faults[0].text == "create topic t");

  // Even the slowest b1 has registered before the fastest b2 can.
  const model::StartupTimes& times = plan.config.startup;
  for (int brokers = 2; brokers <= 12; ++brokers) {
    const sim::Plan large = load("{\"cluster\": {\"brokers\": " + std::to_string(brokers) + "}}");
    const sim::Time slowest = large.starts[1].at + times.connect_max + times.register_max;
    const sim::Time fastest = large.starts[2].at + times.connect_min + times.register_min;
    CHECK(slowest < fastest);
    CHECK(large.starts.back().at.us <= -5'000'000);
  }
  const sim::Plan together = load(R"({"cluster": {"boot": "together"}})");
  for (std::size_t i = 1; i < 4; ++i) CHECK(together.starts[i].at.us == -6'000'000);
}

TEST_CASE("A cluster becomes its configuration") {
  const sim::Plan plan = everything();
  const model::ClusterConfig& config = plan.config;
  CHECK(plan.version == "2.6");
  CHECK(plan.until.us == 180'000'000);
  CHECK(config.zookeeper_tick == model::seconds(3));
  REQUIRE(config.brokers.size() == 4);
  CHECK(config.brokers[0].replica_lag_time_max == model::seconds(10));
  CHECK(config.brokers[1].replica_lag_time_max == model::seconds(20));
  REQUIRE(config.topics.size() == 2);
  CHECK(config.topics[0].min_insync_replicas == 2);  // the brokers' setting
  CHECK(config.topics[0].unclean_leader_election_enable);
  CHECK(config.topics[1].min_insync_replicas == 1);
  CHECK(config.topics[1].first_partition == 2);
  REQUIRE(config.partitions.size() == 3);
  CHECK(config.name_of(model::PartitionId{1}) == "t-1");
  CHECK(config.name_of(model::PartitionId{2}) == "orders.eu-1-0");
  CHECK(config.topics[0].assignment[1] == model::Replicas{model::NodeId{2}, model::NodeId{3}, model::NodeId{1}});
}

TEST_CASE("Clients become producers that start at their time") {
  const sim::Plan plan = everything();
  REQUIRE(plan.config.producers.size() == 3);
  const model::ProducerConfig& p1 = plan.config.producers[0];
  CHECK(p1.acks == model::Acks::all);
  CHECK(p1.interval == model::milliseconds(50));
  CHECK(p1.count == 500);
  const model::ProducerConfig& p2 = plan.config.producers[1];
  CHECK(p2.acks == model::Acks::leader);
  CHECK(p2.interval == model::seconds(2));
  CHECK(p2.count == 91);  // until the end
  CHECK(p2.retries == 0);
  CHECK(p2.linger == model::milliseconds(5));
  CHECK(plan.config.producers[2].acks == model::Acks::none);
  const auto start = std::find_if(plan.starts.begin(), plan.starts.end(),
                                  [](const sim::Start& s) { return s.node == model::NodeId{5}; });
  REQUIRE(start != plan.starts.end());
  CHECK(start->at.us == 1'000'000);
}

TEST_CASE("Idempotence is on only where it can hold, as in the client") {
  const auto idempotent = [](std::string_view rest) {
    return load(R"({"cluster": {"topics": {"t": {"partitions": [[1]]}}}, "clients": [{"producer": "p1")" +
                std::string(rest) + "}]}")
        .config.producers[0]
        .enable_idempotence;
  };
  CHECK(idempotent(""));
  CHECK(idempotent(R"(, "acks": -1)"));
  CHECK_FALSE(idempotent(R"(, "acks": 1)"));
  CHECK_FALSE(idempotent(R"(, "props": {"retries": 0})"));
  CHECK_FALSE(idempotent(R"(, "props": {"max.in.flight.requests.per.connection": 6})"));
  CHECK_FALSE(idempotent(R"(, "props": {"enable.idempotence": "false"})"));
}

TEST_CASE("Faults keep their time, trigger, targets and sides") {
  const sim::Plan plan = everything();
  const sim::Fault* pause = find_fault(plan, FaultKind::pause);
  REQUIRE(pause != nullptr);
  CHECK(pause->at.us == 10'000'000);
  CHECK(pause->lasts == model::seconds(25));
  REQUIRE(pause->who.size() == 1);
  CHECK(pause->who[0].form == sim::Target::Form::controller);
  CHECK(pause->text == "pause controller for 25 s");
  CHECK(pause->line == 31);

  const sim::Fault* cut = find_fault(plan, FaultKind::cut);
  REQUIRE(cut != nullptr);
  CHECK(cut->one_way);
  CHECK(cut->from[0].form == sim::Target::Form::others);
  CHECK(cut->from[0].node == model::NodeId{1});
  CHECK(cut->to[1].node == model::NodeId{5});

  const sim::Fault& triggered = plan.faults.back();
  REQUIRE(triggered.when);
  CHECK(triggered.when->fact == model::kFactIndex<model::ControllerEpochChanged>);
  CHECK(triggered.when->fields == std::vector<std::pair<std::string, std::string>>{{"epoch", "2"}});
  CHECK(triggered.after == model::milliseconds(100));
  CHECK(triggered.times == 3);
  CHECK(triggered.from[0].form == sim::Target::Form::leader);

  // The fault creates its topic; the boot creates the other one.
  const auto created = std::count_if(plan.faults.begin(), plan.faults.end(),
                                     [](const sim::Fault& fault) { return fault.kind == FaultKind::create_topic; });
  CHECK(created == 2);
  CHECK(plan.faults[0].topic == model::TopicId{0});
}

TEST_CASE("Expectations keep their form, window and values") {
  const sim::Plan plan = everything();
  using Form = sim::Expectation::Form;
  REQUIRE(plan.expectations.size() == 17);
  CHECK(plan.expectations[0].form == Form::fact);
  CHECK(plan.expectations[0].from.us == 14'000'000);
  CHECK(plan.expectations[0].to.us == 20'000'000);
  CHECK(plan.expectations[1].from.us == 35'000'000);
  CHECK(plan.expectations[1].to.us == INT64_MAX);
  CHECK(plan.expectations[2].times == 1);
  CHECK(plan.expectations[2].pattern.fields[1] == std::pair<std::string, std::string>{"isr", "b1 b2 b3"});
  using Word = sim::Condition::Word;
  const auto condition = [&](std::size_t i) { return plan.expectations[i].condition; };
  CHECK(plan.expectations[6].form == Form::state);
  CHECK(condition(6).word == Word::isr);
  CHECK(condition(6).nodes.size() == 3);
  CHECK(condition(7).word == Word::leader);
  CHECK(condition(7).nodes == model::Replicas{model::NodeId{2}});
  CHECK(condition(8).nodes.empty());
  CHECK(condition(8).partition == model::PartitionId{2});
  CHECK(condition(9).word == Word::controller);
  CHECK(plan.expectations[10].form == Form::never);
  CHECK(plan.expectations[10].text == "never records_failed outcome_unknown=true");
}

TEST_CASE("A pattern matches the fact that it describes") {
  const sim::Plan plan = everything();
  const sim::FactPattern& pattern = plan.expectations[2].pattern;
  model::PartitionStateChanged change;
  change.partition = model::PartitionId{0};
  change.state.leader = model::NodeId{1};
  change.state.isr = {model::NodeId{1}, model::NodeId{2}, model::NodeId{3}};
  CHECK(sim::matches(pattern, plan.config, model::kZooKeeper, change));
  change.state.isr = {model::NodeId{1}, model::NodeId{2}};
  CHECK_FALSE(sim::matches(pattern, plan.config, model::kZooKeeper, change));
  const sim::FactPattern& session = plan.expectations[4].pattern;
  const model::ZkSessionOpened opened{7, 1, model::NodeId{1}, model::seconds(18)};
  CHECK(sim::matches(session, plan.config, model::kZooKeeper, opened));
}

TEST_CASE("The fields that a scenario may name are those that facts are printed with") {
  model::ClusterConfig config;
  config.brokers.resize(1);
  config.topics.push_back({"t", {model::Replicas{model::NodeId{1}}}, 1, false, 0});
  config.partitions.push_back({model::TopicId{0}, 0});
  for (const model::Fact& fact : default_facts(std::make_index_sequence<model::kFactKinds>{})) {
    CAPTURE(model::name_of(fact));
    std::vector<std::string> printed, known;
    for (const model::FieldText& field : model::fields_of(fact, config)) printed.emplace_back(field.name);
    for (const FactField& field : fields_of_fact(fact.index())) known.emplace_back(field.name);
    CHECK(known == printed);
  }
}
