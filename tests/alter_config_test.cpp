// A topic's configuration that changes while the cluster runs: who learns it when.
#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "scenarios/loader.h"
#include "sim/search/run.h"

using model::NodeId;
using sim::Time;

namespace {

constexpr NodeId kB1{1}, kB2{2};

Time at(std::int64_t ms) { return Time{} + model::milliseconds(ms); }

sim::Outcome run_of(const std::string& faults) {
  auto result = scenarios::load_scenario("test.json", R"j({"cluster": {
    "config": {"zookeeper.session.timeout.ms": 6000, "replica.lag.time.max.ms": 10000},
    "topics": {"t": {"partitions": [[2, 3]]}, "other": {"partitions": [[1]]}}},
    "clients": [{"producer": "p1", "topic": "t", "acks": "all", "rate": "10/s", "start": "1s"}],
    "until": "60s", "faults": [)j" + faults + "]}");
  for (const scenarios::Problem& problem : result.errors) FAIL_CHECK(scenarios::text_of(problem));
  REQUIRE(result.ok());
  sim::RunOptions options;
  options.keep_facts = true;
  return sim::run(*result.value, options);
}

template <typename F>
std::vector<sim::RecordedFact> told(const sim::Outcome& outcome, Time from = at(0)) {
  std::vector<sim::RecordedFact> found;
  for (const sim::RecordedFact& fact : outcome.facts) {
    if (fact.at >= from && std::holds_alternative<F>(fact.fact)) found.push_back(fact);
  }
  return found;
}

}  // namespace

TEST_CASE("the leader refuses writes from the moment on at which it has read a larger min.insync.replicas") {
  const std::string crash = R"j({"at": "5s", "crash": "b3"}, )j";
  CHECK(told<model::NotEnoughReplicas>(run_of(crash + R"j({"at": "6s", "resume": "b1"})j")).empty());
  const sim::Outcome outcome =
      run_of(crash + R"j({"at": "30s", "alter_config": "t", "config": {"min.insync.replicas": 2}})j");
  const auto changed = told<model::TopicConfigChanged>(outcome);
  const auto applied = told<model::TopicConfigApplied>(outcome);
  const auto refused = told<model::NotEnoughReplicas>(outcome);
  REQUIRE(changed.size() == 1);
  CHECK(changed.front().at == at(30'000));
  CHECK(applied.size() == 2);  // b1 and b2 live
  REQUIRE_FALSE(refused.empty());
  const auto by_leader =
      std::find_if(applied.begin(), applied.end(), [](const auto& fact) { return fact.node == kB2; });
  REQUIRE(by_leader != applied.end());
  CHECK(by_leader->at > at(30'000));
  CHECK(refused.front().at >= by_leader->at);
  CHECK(refused.front().at < by_leader->at + model::milliseconds(150));
}

TEST_CASE("a paused leader goes by the old configuration until it has read the new one") {
  const sim::Outcome outcome = run_of(R"j({"at": "10s", "pause": "b2", "for": "3s"},
                                         {"at": "11s", "alter_config": "t", "config": {"min.insync.replicas": 2}})j");
  for (const sim::RecordedFact& fact : told<model::TopicConfigApplied>(outcome)) {
    CHECK((fact.at > at(13'000)) == (fact.node == kB2));
  }
  CHECK(told<model::TopicConfigApplied>(outcome).size() == 3);
}

TEST_CASE("a broker that lost its session or was down reads what it has missed") {
  const sim::Outcome outcome =
      run_of(R"j({"at": "10s", "pause": "b2", "for": "15s"}, {"at": "10s", "crash": "b3", "for": "15s"},
                                         {"at": "20s", "alter_config": "t", "config": {"min.insync.replicas": 2}})j");
  const auto applied = told<model::TopicConfigApplied>(outcome);
  REQUIRE(applied.size() == 3);
  CHECK(applied[0].node == kB1);
  CHECK(applied[1].at > at(25'000));
  CHECK(applied[2].at > at(25'000));
}

TEST_CASE("allowing unclean election gives a partition without a leader one at once") {
  // b3 falls out of the ISR, then b2, the last member, dies; b3 comes back.
  const std::string faults =
      R"j({"at": "5s", "crash": "b3"}, {"at": "25s", "crash": "b2"}, {"at": "35s", "start": "b3"})j";
  CHECK(told<model::BecameLeader>(run_of(faults), at(35'000)).empty());
  const sim::Outcome outcome =
      run_of(faults + R"j(, {"at": "45s", "alter_config": "t", "config": {"unclean.leader.election.enable": true}})j");
  const auto leads = told<model::BecameLeader>(outcome, at(35'000));
  REQUIRE(leads.size() == 1);
  CHECK(leads.front().at > at(45'000));
  CHECK(leads.front().at < at(46'000));
}

TEST_CASE("a setting that is not altered stays as it is") {
  const sim::Outcome outcome = run_of(R"j({"at": "10s", "alter_config": "t", "config": {"min.insync.replicas": 2}},
    {"at": "20s", "alter_config": "t", "config": {"unclean.leader.election.enable": "true"}})j");
  const auto changed = told<model::TopicConfigChanged>(outcome);
  REQUIRE(changed.size() == 2);
  CHECK(std::get<model::TopicConfigChanged>(changed[1].fact).min_insync_replicas == 2);
  CHECK(std::get<model::TopicConfigChanged>(changed[1].fact).unclean_leader_election_enable);
}
