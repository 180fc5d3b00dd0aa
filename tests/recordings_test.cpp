#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "scenarios/recordings.h"

namespace {

using scenarios::load_recording;

std::string read(const std::string& name) {
  std::ifstream file("tests/recordings/" + name + ".json", std::ios::binary);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A small recording, a line per part: errors name the line.
std::string with(const std::string& part, const std::string& text) {
  nlohmann::ordered_json recording = {
      {"name", "tiny"},
      {"version", "3.9"},
      {"mode", "zookeeper"},
      {"brokers", 3},
      {"zookeeper_tick_ms", 2000},
      {"topics", {{{"name", "t"}, {"assignment", {{2, 3, 1}}}, {"config", nlohmann::json::object()}}}},
      {"producers", nlohmann::json::array()},
      {"faults", nlohmann::json::array()},
      {"end", 20},
      {"environment",
       {{"starts", nlohmann::json::array()},
        {"topics_created", {{"t", -3.3}}},
        {"first_ack", nlohmann::json::object()}}},
      {"metadata_facts", nlohmann::json::array()},
      {"node_facts", nlohmann::json::array()},
      {"clients", nlohmann::json::object()},
      {"final_logs", nlohmann::json::object()},
  };
  std::string out = "{";
  for (const auto& [key, value] : recording.items()) {
    const std::string held = key == part ? text : value.dump();
    if (held.empty()) continue;
    out += (out.size() > 1 ? ",\n" : "\n") + nlohmann::json(key).dump() + ": " + held;
  }
  return out + "\n}\n";
}

// "13:24 unknown-node" of the first error; the file is well formed otherwise.
std::string first_error(const std::string& part, const std::string& text) {
  const auto loaded = load_recording("tiny.json", with(part, text));
  CHECK(!loaded.ok());
  if (loaded.errors.empty()) return "none";
  const scenarios::Problem& problem = loaded.errors.front();
  return std::to_string(problem.line) + ":" + std::to_string(problem.column) + " " + problem.code;
}

}  // namespace

TEST_CASE("a recording is read into what a replay may be told and what was observed") {
  const auto loaded = load_recording("z03", read("z03-leader-crash"));
  REQUIRE(loaded.ok());
  CHECK(loaded.warnings.empty());
  const sim::Recording& recording = *loaded.value;
  const sim::RecordingSetup& setup = recording.setup;
  CHECK(setup.name == "z03-leader-crash");
  CHECK(recording.not_supported.empty());
  CHECK(recording.has_observations);
  CHECK(setup.config.brokers.size() == 3);
  CHECK(setup.config.brokers[0].zookeeper_session_timeout == model::milliseconds(6000));
  CHECK(setup.config.brokers[2].replica_lag_time_max == model::milliseconds(10000));
  CHECK(!setup.config.brokers[0].auto_leader_rebalance_enable);
  CHECK(setup.config.producers.at(0).retries == 0);
  CHECK(!setup.config.producers.at(0).enable_idempotence);
  CHECK(setup.config.producers.at(0).interval == model::milliseconds(50));
  CHECK(setup.end == 65'000);
  CHECK(setup.controller_at_0 == model::NodeId{1});
  CHECK(setup.producers.at(0).start == 1'000);
  CHECK(setup.producers.at(0).first_ack == 1'951);
  REQUIRE(setup.faults.size() == 2);
  CHECK(setup.faults[0].kind == sim::FaultKind::crash);
  CHECK(setup.faults[0].at == sim::Time{10'027'000});
  CHECK(setup.faults[1].who.at(0).node == model::NodeId{2});
  REQUIRE(setup.starts.size() == 4);
  CHECK(setup.starts[3].started == 40'003);
  CHECK(setup.starts[3].up == 40'543);
  CHECK(!setup.starts[3].registered);
  CHECK(setup.topics_created.at(0).t == -3'300);

  const sim::Observed& observed = recording.observed;
  REQUIRE(observed.story.size() == 9);
  CHECK(observed.story[6].kind == sim::StoryFact::Kind::partition_state);
  CHECK(observed.story[6].t == 15'901);
  CHECK(observed.story[6].node == model::NodeId{3});
  CHECK(observed.story[6].isr == model::Replicas{model::NodeId{3}, model::NodeId{1}});
  REQUIRE(observed.clients.size() == 1);
  REQUIRE(observed.clients[0].partitions.size() == 1);
  CHECK(observed.clients[0].partitions[0].acked == 1271);
  CHECK(observed.clients[0].partitions[0].silent.at(0).to == 16'971);
  REQUIRE(observed.logs.size() == 3);
  CHECK(observed.logs[1].epochs == std::vector<model::EpochStart>{{0, 0}, {1, 171}});
}

TEST_CASE("an idempotent retrying producer is one whose props say so") {
  const auto loaded = load_recording("z23", read("z23-retrying-leader-crash"));
  REQUIRE(loaded.ok());
  CHECK(loaded.value->setup.config.producers.at(0).enable_idempotence);
  CHECK(loaded.value->setup.config.producers.at(0).retries == 2'147'483'647);
}

TEST_CASE("a recording in KRaft mode has controllers for voters, and starts of theirs") {
  const auto loaded = load_recording("k01", read("k01-controller-crash"));
  REQUIRE(loaded.ok());
  CHECK(loaded.value->not_supported.empty());
  const model::ClusterConfig& config = loaded.value->setup.config;
  CHECK(config.is_kraft());
  CHECK(config.controllers == 3);
  CHECK(config.voters == model::Replicas{config.controller(1), config.controller(2), config.controller(3)});
  CHECK(loaded.value->setup.controller_at_0 == config.controller(1));
  const auto& starts = loaded.value->setup.starts;
  const auto of_c1 = [&](const sim::ProcessStart& row) { return row.node == config.controller(1); };
  CHECK(std::count_if(starts.begin(), starts.end(), of_c1) == 2);
}

TEST_CASE("readers are read, those of the set-up and what they were seen to do") {
  const auto real = load_recording("f02", read("f02-follower-read-kraft"));
  REQUIRE(real.ok());
  const sim::RecordingSetup& setup = real.value->setup;
  REQUIRE(setup.config.consumers.size() == 2);
  CHECK(setup.config.consumers[0].client_rack == "jp-tokyo");
  CHECK(setup.config.consumers[0].metadata_max_age == model::seconds(10));
  CHECK(setup.config.racks == std::vector<std::string>{"us-east", "us-east", "jp-tokyo"});
  CHECK(setup.consumers[0].first_fetch == 9'360);
  const sim::ReaderResult& tokyo = real.value->observed.readers.at(0);
  CHECK(tokyo.read == 1670);
  CHECK(tokyo.last_read == 85'040);
  REQUIRE(tokyo.silent.size() == 1);
  CHECK(tokyo.silent[0].from == 24'979);
  CHECK(tokyo.asked.size() == 36);
  CHECK(tokyo.asked[1].broker == model::NodeId{3});
  CHECK(tokyo.preferred[2].times == 12);
  CHECK(real.value->observed.readers.at(1).asked.size() == 1);
}

TEST_CASE("recordings with faults or versions that are not modelled say so") {
  const auto delayed =
      load_recording("tiny", with("faults", R"([{"t": 1, "what": "delay", "who": ["b1"], "ms": 50}])"));
  REQUIRE(delayed.ok());
  CHECK(delayed.value->not_supported == "the fault \"delay\" is not modelled");
  const auto old = load_recording("tiny", with("version", "\"3.8\""));
  REQUIRE(old.ok());
  CHECK(old.value->not_supported == "there is no profile of Kafka 3.8");
  auto json = nlohmann::ordered_json::parse(with("", ""));
  json["consumers"] = {{{"name", "reader"}, {"topic", "t"}}};
  CHECK(!load_recording("tiny", json.dump()).ok());  // nothing is said of what it did
  json["readers"] = nlohmann::ordered_json::object();
  CHECK(load_recording("tiny", json.dump()).ok());
}

TEST_CASE("a file without any observation can be replayed, one with only some of them is an error") {
  auto json = nlohmann::ordered_json::parse(with("", ""));
  for (const char* key : {"metadata_facts", "node_facts", "clients"}) json.erase(key);
  CHECK(!load_recording("tiny", json.dump()).ok());
  json.erase("final_logs");
  const auto stripped = load_recording("tiny", json.dump());
  REQUIRE(stripped.ok());
  CHECK(!stripped.value->has_observations);
}

TEST_CASE("what is wrong with a recording is said with its place") {
  CHECK(load_recording("tiny", with("", "")).ok());
  CHECK(first_error("end", "") == "1:1 missing-key");
  CHECK(first_error("end", "\"soon\"") == "10:8 wrong-type");
  CHECK(first_error("mode", "\"etcd\"") == "4:9 out-of-range");
  CHECK(first_error("brokers", "\"three\"") == "5:12 wrong-type");
  CHECK(first_error("faults", R"([{"t": 1, "what": "crush", "who": ["b1"]}])") == "9:29 unknown-fault");
  CHECK(first_error("faults", R"([{"t": 1, "what": "crash", "who": ["b4"]}])") == "9:46 unknown-node");
  CHECK(first_error("faults", R"([{"t": 1, "what": "crash"}])") == "9:12 missing-key");
  CHECK(first_error("faults", R"([{"t": 1, "what": "elect", "topic": "u"}])") == "9:47 unknown-topic");
  CHECK(first_error("faults", R"([{"t": 1e99, "what": "heal"}])") == "9:18 out-of-range");
  CHECK(first_error("environment", R"({"starts": [{"node": "c1"}], "topics_created": {}})") == "11:37 unknown-node");
  CHECK(first_error("environment", R"({"starts": [], "topics_created": {}, "controller_at_0": 9})") ==
        "11:72 unknown-node");
  CHECK(first_error("metadata_facts", R"([{"fact": "broker_registered", "broker": 1}])") == "12:20 missing-key");
  CHECK(first_error("metadata_facts", R"([{"t": 1, "fact": "broker_registered", "broker": 7}])") ==
        "12:68 unknown-node");
  CHECK(
      first_error(
          "metadata_facts",
          R"([{"t": 1, "fact": "partition_state", "partition": "u-0", "leader": 1, "leader_epoch": 0, "isr": []}])") ==
      "12:69 unknown-partition");
  CHECK(first_error("clients", R"({"p9": {"partitions": {}, "errors": {}}})") == "14:13 unknown-node");
  CHECK(first_error("final_logs", R"({"t-0": {"b1": {"leo": 1, "records": 1, "epochs": [[0]]}}})") ==
        "15:66 wrong-type");
  CHECK(first_error("end", "1e6") == "10:8 out-of-range");
  CHECK(first_error("topics", R"([{"name": "t", "assignment": [[1]]}, {"name": "t", "assignment": [[1]]}])") ==
        "7:57 bad-name");
  CHECK(first_error("final_logs", R"({"t-3": {}})") == "15:16 unknown-partition");
  CHECK(!load_recording("tiny", "[]").ok());
  CHECK(!load_recording("tiny", "").ok());
  CHECK(!load_recording("tiny", "{\"name\": \"x\"").ok());
}

TEST_CASE("all errors of a recording are told at once, whichever part they stand in") {
  std::string text =
      with("faults", R"([{"t": 1, "what": "crash", "who": ["b9"]}, {"t": 21, "what": "heal", "whom": 1}])");
  const auto put = [&](std::string_view old, std::string_view by) {
    REQUIRE(text.find(old) != std::string::npos);
    text.replace(text.find(old), old.size(), by);
  };
  put("\"mode\": \"zookeeper\"", "\"mode\": \"zokeeper\"");
  put("\"brokers\": 3", "\"brokers\": 3, \"brokers\": 4, \"broker\": 1");
  put("\"producers\": []", R"("producers": [{"name": "p1", "rate": 0, "ack": 1}])");
  put("\"node_facts\": []", R"("node_facts": [{"t": 1, "fact": "start_faild", "node": "b1"}])");
  put("\"clients\": {}", R"("clients": {"p2": {"partitions": {}, "errors": {}, "fails": 1}})");
  const auto loaded = load_recording("all.json", text);
  std::vector<std::string> found;
  for (const scenarios::Problem& problem : loaded.errors) {
    found.push_back(std::to_string(problem.line) + " " + problem.code);
  }
  CHECK(found == std::vector<std::string>{"4 out-of-range", "5 duplicate-key", "5 unknown-key", "8 bad-rate",
                                          "8 unknown-key", "9 unknown-node", "9 out-of-range", "9 unknown-key",
                                          "13 unknown-fact", "14 unknown-node", "14 unknown-key"});
  CHECK(scenarios::headline_of(loaded.errors[8]).ends_with("did you mean \"start_failed\"?"));
}

TEST_CASE("one mistake in the set-up of a recording is one error, and nothing follows from it") {
  const auto count = [](const std::string& part, const std::string& value, std::string text) {
    const std::string old = "\"metadata_facts\": []";
    text.replace(text.find(old), old.size(),
                 R"("metadata_facts": [{"t": 1, "fact": "partition_state", )"
                 R"("partition": "t-0", "leader": 1, "leader_epoch": 0, "isr": [1]}])");
    CAPTURE(part);
    CAPTURE(value);
    return load_recording("one.json", text).errors.size();
  };
  for (const auto& [part, value] : std::vector<std::pair<std::string, std::string>>{{"topics", ""},
                                                                                    {"topics", "7"},
                                                                                    {"topics", "[{\"name\": \"t\"}]"},
                                                                                    {"topics", "[7]"},
                                                                                    {"end", ""},
                                                                                    {"end", "-1"},
                                                                                    {"version", "7"},
                                                                                    {"mode", "7"},
                                                                                    {"mode", ""}}) {
    CHECK(count(part, value, with(part, value)) == 1);
  }
}

TEST_CASE("a recording cut off anywhere is an error and nothing worse") {
  const std::string whole = read("z06-leader-cut-from-zk");
  for (std::size_t length = 0; length + 2 < whole.size(); length += 7) {
    CAPTURE(length);
    CHECK(!load_recording("cut", std::string_view(whole).substr(0, length)).ok());
  }
}
