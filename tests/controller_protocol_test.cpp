// What the controller decides: who lives, who leads, and who may not.
#include <algorithm>
#include <vector>

#include <doctest/doctest.h>

#include "tests/cluster_fixture.h"

using namespace sim::test;
using model::NodeId;
using sim::Plan;

namespace {

Plan three_partitions(std::string_view version = "3.9") {
  Plan plan = three_brokers(version);
  add_topic(plan, "t", {{kB1, kB2, kB3}, {kB2, kB3, kB1}, {kB3, kB1, kB2}});
  return plan;
}

// t-0 lives on b2 and b3 alone; b1 is the controller.
Plan two_replicas(bool unclean = false) {
  Plan plan = three_brokers();
  add_topic(plan, "t", {{kB2, kB3}}, 1, unclean);
  return plan;
}

std::vector<model::PartitionStateChanged> changes_of(const Cluster& cluster, model::PartitionId p, sim::Time from) {
  std::vector<model::PartitionStateChanged> changes;
  for (const auto& told : cluster.seen().all<model::PartitionStateChanged>()) {
    if (told.at >= from && told.fact.partition == p) changes.push_back(told.fact);
  }
  return changes;
}

// b3 goes and comes back while the controller sleeps.
Plan unseen_bounce() {
  Plan plan = three_partitions();
  plan.config.brokers[2].controlled_shutdown_enable = false;
  pause(plan, kB1, at_ms(9'900), model::milliseconds(4'000));
  stop(plan, kB3, at_ms(10'000));
  start(plan, kB3, at_ms(10'800));
  return plan;
}

}  // namespace

TEST_CASE("a broker that bounced unseen is noticed by the czxid of its registration") {
  Cluster cluster(unseen_bounce());
  cluster.run();
  const auto noticed = cluster.seen().first<model::ControllerSeesBrokers>(at_s(10));
  REQUIRE(noticed);
  CHECK(noticed->fact.bounced == model::Replicas{kB3});
  CHECK(noticed->fact.added.empty());
  CHECK(noticed->fact.deleted.empty());
  CHECK(cluster.replica(kB3, kT0).role == model::Role::follower);
  CHECK(joined(cluster.seen().broken()) == "");
}

// KafkaController.processBrokerChange takes a bounced broker out of the live ones before onBrokerFailure and
// puts it back after: live all along, it would be elected again, then taken out of the ISR as offline, and
// nobody would lead.
TEST_CASE("the partitions that a bounced broker led get another leader") {
  Cluster cluster(unseen_bounce());
  cluster.run();
  CHECK(cluster.state(kT2).leader == kB1);  // it has lost its leadership
  CHECK(joined(cluster.seen().broken()) == "");
  CHECK(joined(cluster.unsettled()) == "");
}

TEST_CASE("without broker epochs a broker that bounced unseen is never told its partitions") {
  Plan plan = unseen_bounce();
  plan.rules.broker_epochs = false;
  Cluster cluster(plan);
  cluster.run();
  CHECK_FALSE(cluster.seen().ever<model::ControllerSeesBrokers>(at_s(10)));
  CHECK(cluster.broker(kB3).memory.phase == model::BrokerPhase::running);
  CHECK_FALSE(cluster.replica(kB3, kT0).hosted);
}

TEST_CASE(
    "a dead leader is replaced from the ISR and every replica of the dead broker leaves with an epoch of its own") {
  Plan plan = three_partitions();
  crash(plan, kB2, at_s(10));
  Cluster cluster(plan);
  cluster.run();
  const auto of_leader = changes_of(cluster, kT1, at_s(10));
  REQUIRE(of_leader.size() == 1);
  CHECK(of_leader[0].state.leader == kB3);
  CHECK(of_leader[0].state.leader_epoch == 1);
  CHECK(of_leader[0].state.isr == model::Replicas{kB3, kB1});
  const auto of_follower = changes_of(cluster, kT0, at_s(10));
  REQUIRE(of_follower.size() == 1);
  CHECK(of_follower[0].state.leader == kB1);
  CHECK(of_follower[0].state.leader_epoch == 1);
  CHECK(of_follower[0].state.isr == model::Replicas{kB1, kB3});
  CHECK(joined(cluster.seen().broken()) == "");
}

TEST_CASE("a failover replaces a leader that died with the controller in two steps") {
  Plan plan = three_partitions();
  crash(plan, kB1, at_s(10));
  Cluster cluster(plan);
  cluster.run();
  const auto changes = changes_of(cluster, kT0, at_s(10));
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].state.leader == model::kNoNode);
  CHECK(changes[0].state.leader_epoch == 1);
  CHECK(changes[0].state.isr == model::Replicas{kB2, kB3});
  CHECK(changes[1].state.leader == kB2);
  CHECK(changes[1].state.leader_epoch == 2);
  CHECK(changes[1].state.controller_epoch == 2);
  CHECK(joined(cluster.seen().broken()) == "");
}

TEST_CASE("a preferred election returns leadership to a member of the ISR and to nobody else") {
  Plan plan = three_partitions();
  crash(plan, kB2, at_s(10), model::seconds(20));
  elect(plan, kT1, at_s(25));  // b2 is dead
  elect(plan, kT1, at_s(45));
  Cluster cluster(plan);
  cluster.run_until(at_s(44));
  CHECK(cluster.state(kT1).leader == kB3);
  const auto refused = cluster.seen().first<model::ElectionFailed>(at_s(25));
  REQUIRE(refused);
  CHECK(refused->at < at_s(26));
  const model::PartitionState before = cluster.state(kT1);
  cluster.run();
  CHECK(cluster.state(kT1).leader == kB2);
  CHECK(cluster.state(kT1).leader_epoch == before.leader_epoch + 1);
  CHECK(cluster.state(kT1).isr == before.isr);
  CHECK(joined(cluster.seen().broken()) == "");
  CHECK(joined(cluster.unsettled()) == "");
}

TEST_CASE("the automatic rebalance returns leadership five seconds after a failover") {
  Plan plan = three_partitions();
  for (model::BrokerSettings& settings : plan.config.brokers) settings.auto_leader_rebalance_enable = true;
  crash(plan, kB2, at_s(10), model::seconds(20));
  move_controller(plan, at_s(45));
  Cluster cluster(plan);
  cluster.run();
  const auto believes = cluster.seen().first<model::BelievesController>(at_s(45));
  REQUIRE(believes);
  const auto changes = cluster.seen().first<model::PartitionStateChanged>(
      at_s(45), [](NodeId, const auto& fact) { return fact.partition == kT1; });
  REQUIRE(changes);
  CHECK(changes->fact.state.leader == kB2);
  CHECK(changes->at >= believes->at + model::seconds(5));
  CHECK(changes->at < believes->at + model::milliseconds(5'100));
}

TEST_CASE("when every member of the ISR dies the last one stays in it, and only its return brings a leader") {
  Plan plan = two_replicas();
  crash(plan, kB2, at_s(10), model::seconds(25));
  crash(plan, kB3, at_s(20), model::seconds(25));
  plan.until = at_s(65);
  Cluster cluster(plan);
  cluster.run_until(at_s(34));
  CHECK(cluster.state(kT0).leader == model::kNoNode);
  CHECK(cluster.isr(kT0) == Nodes{kB3});
  cluster.run_until(at_s(44));  // b2 is back, but nobody knows whether it has everything
  CHECK(cluster.broker(kB2).memory.phase == model::BrokerPhase::running);
  CHECK(cluster.state(kT0).leader == model::kNoNode);
  CHECK(cluster.seen().ever<model::ElectionFailed>(at_s(35)));
  cluster.run();
  CHECK(cluster.state(kT0).leader == kB3);
  CHECK(joined(cluster.seen().broken()) == "");
  CHECK(joined(cluster.unsettled()) == "");
}

TEST_CASE("an unclean election takes place only where the topic or an operator allows it") {
  // b3 has left the ISR when b2 dies; b3 returns first.
  const auto run = [](bool by_topic, bool by_operator) {
    Plan plan = two_replicas(by_topic);
    add_producer(plan, model::Acks::all, at_s(1), model::milliseconds(100), 150);
    crash(plan, kB3, at_s(5), model::seconds(30));
    crash(plan, kB2, at_s(20), model::seconds(30));
    if (by_operator) elect(plan, kT0, at_s(42), true);
    plan.until = at_s(75);
    Cluster cluster(plan);
    cluster.run_until(at_s(45));
    const model::PartitionState before = cluster.state(kT0);
    cluster.run();
    CHECK(joined(cluster.seen().broken()) == "");
    CHECK(cluster.state(kT0).isr.size() == 2);
    return std::pair(before, cluster.lost_records().empty());
  };
  const auto [clean, kept] = run(false, false);
  CHECK(clean.leader == model::kNoNode);
  CHECK(clean.isr == model::Replicas{kB2});
  CHECK(kept);
  for (const bool by_topic : {true, false}) {
    const auto [unclean, none_lost] = run(by_topic, !by_topic);
    CHECK(unclean.leader == kB3);
    CHECK(unclean.isr == model::Replicas{kB3});
    CHECK_FALSE(none_lost);
  }
}

TEST_CASE("a controller that was moved away resigns, and whoever is next raises the epoch by one") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Plan plan = three_partitions();
    plan.seed = seed;
    add_producer(plan, model::Acks::all, at_s(1), model::milliseconds(100), 200);
    move_controller(plan, at_s(10));
    plan.until = at_s(30);
    Cluster cluster(plan);
    cluster.run();
    CAPTURE(seed);
    CHECK(cluster.seen().ever<model::ControllerResigned>(at_s(10)));
    CHECK(cluster.broker(cluster.world().controller()).memory.controller.epoch == 2);
    for (const model::PartitionId p : {kT0, kT1, kT2}) CHECK(cluster.state(p).leader_epoch == 0);
    CHECK(joined(cluster.seen().broken()) == "");
    CHECK(joined(cluster.unsettled()) == "");
  }
}

TEST_CASE("brokers that start together elect one controller") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Plan plan = three_partitions();
    plan.seed = seed;
    plan.until = at_s(10);
    Cluster cluster(plan, true);
    cluster.run();
    CAPTURE(seed);
    CHECK(cluster.seen().all<model::ControllerEpochChanged>().size() == 1);
    CHECK(joined(cluster.seen().broken()) == "");
    CHECK(joined(cluster.unsettled()) == "");
  }
}

TEST_CASE("a sleeping controller and leader resigns and follows when it wakes") {
  for (const std::string_view version : {"2.6", "3.9"}) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      Plan plan = three_partitions(version);
      plan.seed = seed;
      add_producer(plan, model::Acks::all, at_s(1), model::milliseconds(100), 300);
      pause(plan, kB1, at_s(10), model::seconds(25));
      Cluster cluster(plan);
      cluster.run();
      CAPTURE(seed);
      CHECK(cluster.seen().first<model::ControllerResigned>(
          at_s(35), [](NodeId node, const auto& fact) { return node == kB1 && fact.epoch == 1; }));
      CHECK(cluster.state(kT0).leader == kB2);
      CHECK(joined(cluster.seen().broken()) == "");
      CHECK(joined(cluster.unsettled()) == "");
    }
  }
}
