// Every version that has a profile, oldest first: its defaults, and that a cluster under its rules comes to rest
// again after what its protocol can bear.
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "tests/cluster_fixture.h"

using namespace sim::test;
using model::NodeId;
using sim::Plan;

namespace {

Plan three_partitions(std::string_view version) {
  Plan plan = three_brokers(version);
  add_topic(plan, "t", {{kB1, kB2, kB3}, {kB2, kB3, kB1}, {kB3, kB1, kB2}});
  add_producer(plan, model::Acks::all, at_s(1), model::milliseconds(100), 300);
  return plan;
}

}  // namespace

TEST_CASE("profiles are in the order of their versions, and each is found by its own") {
  std::vector<std::string_view> versions;
  for (const model::Profile& profile : model::profiles()) {
    versions.push_back(profile.version);
    CHECK(model::find_profile(profile.version) == &profile);
    CHECK(profile.rules->name == profile.version);
  }
  CHECK((versions == std::vector<std::string_view>{"0.10.2", "1.1", "2.1", "2.6", "3.3", "3.7", "3.9", "4.0"}));
  CHECK(model::find_profile("3.8") == nullptr);
}

TEST_CASE("time-outs, unclean election and what producers ask for by default came to be as they are one by one") {
  for (const model::Profile& profile : model::profiles()) {
    CAPTURE(profile.version);
    model::BrokerSettings settings;
    profile.settings(settings);
    const bool before_2_5 = profile.version == "0.10.2" || profile.version == "1.1" || profile.version == "2.1";
    CHECK(settings.zookeeper_session_timeout == model::seconds(before_2_5 ? 6 : 18));
    CHECK(settings.replica_lag_time_max == model::seconds(before_2_5 ? 10 : 30));
    CHECK(settings.unclean_leader_election_enable == (profile.version == "0.10.2"));
    model::ProducerConfig producer;
    profile.producer(producer);
    const bool since_3_0 = profile.version >= "3." && profile.version < "9";
    CHECK(producer.acks == (since_3_0 ? model::Acks::all : model::Acks::leader));
    CHECK(producer.enable_idempotence == since_3_0);
    const bool before_2_1 = profile.version == "0.10.2" || profile.version == "1.1";
    CHECK((producer.retries == 0) == before_2_1);
  }
}

TEST_CASE("a cluster of every version replaces a leader that died and takes it back") {
  for (const model::Profile& profile : model::profiles()) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      Plan plan = three_partitions(profile.version);
      plan.seed = seed;
      crash(plan, kB2, at_s(10), model::seconds(20));
      Cluster cluster(std::move(plan));
      cluster.run_until(at_s(29));
      CAPTURE(profile.version);
      CAPTURE(seed);
      CHECK(cluster.state(kT1).leader == kB3);
      CHECK(cluster.isr(kT1) == Nodes{kB1, kB3});
      cluster.run();
      CHECK(cluster.isr(kT1) == Nodes{kB1, kB2, kB3});
      CHECK(joined(cluster.seen().broken()) == "");
      CHECK(joined(cluster.unsettled()) == "");
    }
  }
}

TEST_CASE("a cluster of every version replaces a controller that sleeps, and what it led") {
  for (const model::Profile& profile : model::profiles()) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      Plan plan = three_partitions(profile.version);
      plan.seed = seed;
      pause(plan, kB1, at_s(10), model::seconds(25));
      Cluster cluster(std::move(plan));
      cluster.run();
      CAPTURE(profile.version);
      CAPTURE(seed);
      CHECK(cluster.state(kT0).leader == kB2);
      CHECK(cluster.seen().ever<model::ControllerResigned>(at_s(35)));
      CHECK(joined(cluster.seen().broken()) == "");
      CHECK(joined(cluster.unsettled()) == "");
    }
  }
}

TEST_CASE("a silent follower that has the whole log leaves the ISR before 2.1 and stays in it since") {
  for (const model::Profile& profile : model::profiles()) {
    Plan plan = three_brokers(profile.version);
    add_topic(plan, "t", {{kB2, kB3}});
    add_producer(plan, model::Acks::all, at_s(1), model::milliseconds(50), 50);
    cut(plan, {kB3}, {kB2}, at_s(10), model::seconds(25));
    Cluster cluster(std::move(plan));
    cluster.run_until(at_s(34));
    CAPTURE(profile.version);
    const bool leaves = profile.version == "0.10.2" || profile.version == "1.1";
    CHECK(cluster.isr(kT0) == (leaves ? Nodes{kB2} : Nodes{kB2, kB3}));
    cluster.run();
    CHECK(joined(cluster.unsettled()) == "");
  }
}
