// Planted defects of the control plane.
#include <array>
#include <string>

#include <doctest/doctest.h>

#include "tests/planted_defects.h"
#include "tests/stepped_broker.h"
#include "tests/zookeeper/zk_driver.h"

using namespace sim::test;
using model::NodeId;
using model::Replicas;
using model::Rules;
using sim::Plan;

namespace {

Plan three_partitions(const Rules& rules) {
  Plan plan = three_brokers(rules.name);
  plan.rules = rules;
  add_topic(plan, "t", {{kB1, kB2, kB3}, {kB2, kB3, kB1}, {kB3, kB1, kB2}});
  return plan;
}

// t-0 lives on b2 and b3 alone; b1 is the controller.
Plan two_replicas(const Rules& rules) {
  Plan plan = three_brokers(rules.name);
  plan.rules = rules;
  add_topic(plan, "t", {{kB2, kB3}});
  return plan;
}

// It has come to this by sound rules; only the broker that is taken from it decides by others.
class Settled : public Cluster {
 public:
  explicit Settled(const Rules& rules) : Cluster(three_partitions(*model::find_profile(rules.name)->rules)) {
    run_until(at_s(5));
  }
};

std::string text(NodeId node) { return node == model::kNoNode ? "none" : "b" + std::to_string(number(node)); }
std::string text(const Replicas& replicas) {
  std::string all;
  for (const NodeId replica : replicas) all += (all.empty() ? "" : " ") + text(replica);
  return all;
}

// --- who is controller -----------------------------------------------------------------------------

std::string epochs_of_two_controllers(const Rules& rules) {
  Plan plan = three_partitions(rules);
  move_controller(plan, at_s(5));
  Cluster cluster(std::move(plan));
  cluster.run_until(at_s(8));
  std::string epochs;
  for (const auto& told : cluster.seen().all<model::BelievesController>()) {
    epochs += (epochs.empty() ? "" : " ") + std::to_string(told.fact.epoch);
  }
  return epochs;
}

std::string controller_write(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker controller(cluster, kB1, rules);
  controller.receive(
      controller.accept(kB2, model::ChannelKind::alter_partition),
      model::AlterPartitionRequest{kB2, cluster.broker(kB2).memory.broker_epoch, {{kT1, 0, 0, {kB2, kB3}, {}}}});
  const auto request = controller.sent<model::ZkRequest>();
  return request.ops[0].type == model::ZkOpType::check ? "checks /controller_epoch" : "checks nothing";
}

// --- whom a broker obeys ---------------------------------------------------------------------------

std::string answer_to_older_controller(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker broker(cluster, kB2, rules);
  const model::ConnectionId via = broker.accept(kB1, model::ChannelKind::control);
  broker.receive(via, model::UpdateMetadataRequest{kB3, 2, -1, {kB1, kB2, kB3}, {}});
  broker.receive(via, model::UpdateMetadataRequest{kB1, 1, -1, {kB1, kB2, kB3}, {}});
  return std::string(name_of(broker.sent<model::ControlResponse>().error)) + ", the controller is " +
         text(broker->memory.cached_controller);
}

std::string answer_for_older_incarnation(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker broker(cluster, kB2, rules);
  const model::BrokerEpoch older = broker->memory.broker_epoch - 1;
  broker.receive(broker.accept(kB1, model::ChannelKind::control),
                 model::LeaderAndIsrRequest{kB1, 1, older, {{kT0, false, kB2, 7, 1, 7, {kB2}, {kB1, kB2, kB3}}}});
  return std::string(name_of(broker.sent<model::ControlResponse>().error));
}

std::string leader_after_older_epoch(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker broker(cluster, kB2, rules);
  const model::ConnectionId via = broker.accept(kB1, model::ChannelKind::control);
  broker.receive(via, model::LeaderAndIsrRequest{kB1, 1, -1, {{kT0, false, kB2, 7, 1, 7, {kB2}, {kB1, kB2, kB3}}}});
  broker.receive(via, model::LeaderAndIsrRequest{kB1, 1, -1, {{kT0, false, kB3, 6, 1, 6, {kB3}, {kB1, kB2, kB3}}}});
  return text(broker->memory.partitions[0].leader) + " in epoch " +
         std::to_string(broker->memory.partitions[0].leader_epoch);
}

// --- ZooKeeper -------------------------------------------------------------------------------------

const model::ConnectionId kOne{kB1, model::kZooKeeper, model::ChannelKind::zookeeper, 0, 1};

tests::ZkDriver with_registered_broker(const Rules& rules) {
  tests::ZkDriver driver;
  driver.rules = rules;
  driver.start();
  driver.connect(kOne, 6'000);
  driver.request(kOne, {model::zk_create(model::paths::broker_id(kB1), model::BrokerInfo{kB1}, true)});
  return driver;
}

std::string sessions_after_disconnect(const Rules& rules) {
  tests::ZkDriver driver = with_registered_broker(rules);
  driver.disconnect(kOne);
  return driver.server.disk.sessions.empty() ? "no session" : "the session lives";
}

std::string registration_after_expiry(const Rules& rules) {
  tests::ZkDriver driver = with_registered_broker(rules);
  driver.expire_at(20'000);
  REQUIRE(driver.facts<model::ZkSessionClosed>().size() == 1);
  REQUIRE(driver.facts<model::ZkSessionClosed>()[0].ephemerals.size() ==
          driver.facts<model::BrokerUnregistered>().size());
  return find(driver.server.disk.tree, model::paths::broker_id(kB1)) == nullptr ? "unregistered" : "registered";
}

// --- what a controller decides ---------------------------------------------------------------------

// b2, which leads t-1, dies, and b3, which follows it there and leads then, after it.
std::string epoch_after_two_elections(const Rules& rules) {
  Plan plan = three_partitions(rules);
  crash(plan, kB2, at_s(5));
  crash(plan, kB3, at_s(20));
  Cluster cluster(std::move(plan));
  cluster.run_until(at_s(35));
  return text(cluster.state(kT1).leader) + " in epoch " + std::to_string(cluster.state(kT1).leader_epoch);
}

std::string epoch_after_removal(const Rules& rules) {
  Plan plan = three_partitions(rules);
  crash(plan, kB2, at_s(5));
  Cluster cluster(std::move(plan));
  cluster.run_until(at_s(20));
  return "ISR " + text(cluster.state(kT0).isr) + " in epoch " + std::to_string(cluster.state(kT0).leader_epoch);
}

std::string changes_of_a_failover(const Rules& rules) {
  Plan plan = three_partitions(rules);
  crash(plan, kB1, at_s(5));
  Cluster cluster(std::move(plan));
  cluster.run_until(at_s(20));
  std::string leaders;
  for (const auto& told : cluster.seen().all<model::PartitionStateChanged>()) {
    if (told.at >= at_s(5) && told.fact.partition == kT0) leaders += text(told.fact.state.leader) + " ";
  }
  return leaders;
}

// b3 has left the ISR when b2 dies; b3 returns first.
std::string leader_while_the_isr_is_dead(const Rules& rules) {
  Plan plan = two_replicas(rules);
  crash(plan, kB3, at_s(5), model::seconds(25));
  crash(plan, kB2, at_s(18));
  Cluster cluster(std::move(plan));
  cluster.run_until(at_s(40));
  return text(cluster.state(kT0).leader);
}

// b2 is back from the dead, but cut off from b3, from which it would have to catch up.
std::string leader_after_preferred_election(const Rules& rules) {
  Plan plan = two_replicas(rules);
  crash(plan, kB2, at_s(5), model::seconds(12));
  cut(plan, {kB2}, {kB3}, at_s(16), model::seconds(30));
  elect(plan, kT0, at_s(30));
  Cluster cluster(std::move(plan));
  cluster.run_until(at_s(32));
  return text(cluster.state(kT0).leader) + " of ISR " + text(cluster.state(kT0).isr);
}

std::string isr_after_all_have_died(const Rules& rules) {
  Plan plan = two_replicas(rules);
  crash(plan, kB3, at_s(5));
  crash(plan, kB2, at_s(18));
  Cluster cluster(std::move(plan));
  cluster.run_until(at_s(30));
  return text(cluster.state(kT0).isr);
}

std::string first_isr(const Rules& rules) {
  Cluster cluster(two_replicas(rules));
  cluster.run_until(at_s(5));
  const auto created = cluster.seen().first<model::PartitionStateChanged>();
  REQUIRE(created);
  return text(created->fact.state.isr);
}

// b1 has nothing of t-0 when it is to hold it alone.
std::string leader_after_a_move(const Rules& rules) {
  Plan plan = two_replicas(rules);
  reassign(plan, kT0, {kB1}, at_s(10));
  Cluster cluster(std::move(plan));
  cluster.run_until(at_s(15));
  return text(cluster.state(kT0).leader);
}

std::string isr_when_a_move_is_over(const Rules& rules) {
  Plan plan = two_replicas(rules);
  reassign(plan, kT0, {kB2}, at_s(10));
  Cluster cluster(std::move(plan));
  cluster.run_until(at_s(15));
  const auto moves = cluster.seen().all<model::AssignmentChanged>();
  REQUIRE(moves.size() == 2);
  Replicas isr;
  for (const auto& told : cluster.seen().all<model::PartitionStateChanged>()) {
    if (told.at < moves.back().at) isr = told.fact.state.isr;
  }
  return text(isr);
}

constexpr std::array kCases{
    PlantedCase{"controller-epoch-skips", "3.9", epochs_of_two_controllers, "1 2", "2 4"},
    PlantedCase{"controller-epoch-reused", "3.9", epochs_of_two_controllers, "1 2", "1 1"},
    PlantedCase{"controller-writes-unguarded", "3.9", controller_write, "checks /controller_epoch", "checks nothing"},
    PlantedCase{"takes-older-controller-epoch", "3.9", answer_to_older_controller,
                "stale_controller_epoch, the controller is b3", "none, the controller is b1"},
    PlantedCase{"takes-older-broker-epoch", "3.9", answer_for_older_incarnation, "stale_broker_epoch", "none"},
    PlantedCase{"no-broker-epochs", "3.9", answer_for_older_incarnation, "stale_broker_epoch", "none"},
    PlantedCase{"session-ends-with-connection", "3.9", sessions_after_disconnect, "the session lives", "no session"},
    PlantedCase{"ephemerals-outlive-session", "3.9", registration_after_expiry, "unregistered", "registered"},
    PlantedCase{"election-keeps-leader-epoch", "3.9", epoch_after_two_elections, "b1 in epoch 2", "b1 in epoch 0"},
    PlantedCase{"leader-epoch-from-controller-epoch", "3.9", epoch_after_two_elections, "b1 in epoch 2",
                "b1 in epoch 1"},
    PlantedCase{"no-epoch-bump-on-removal", "3.9", epoch_after_removal, "ISR b1 b3 in epoch 1", "ISR b1 b3 in epoch 0"},
    PlantedCase{"one-step-failover", "3.9", changes_of_a_failover, "none b2 ", "b2 "},
    PlantedCase{"election-outside-isr", "3.9", leader_while_the_isr_is_dead, "none", "b3"},
    PlantedCase{"elected-leader-not-in-isr", "3.9", leader_after_preferred_election, "b3 of ISR b3", "b2 of ISR b3"},
    PlantedCase{"last-isr-member-removed", "3.9", isr_after_all_have_died, "b2", ""},
    PlantedCase{"new-partition-isr-all-live", "3.9", first_isr, "b2 b3", "b2 b3 b1"},
    PlantedCase{"reassignment-completes-at-once", "3.9", leader_after_a_move, "b1", "none"},
    PlantedCase{"removed-replicas-stay-in-isr", "3.9", isr_when_a_move_is_over, "b2", "b2 b3"},
    PlantedCase{"takes-older-leader-epoch", "3.9", leader_after_older_epoch, "b2 in epoch 7", "b3 in epoch 6"},
    PlantedCase{"takes-older-leader-epoch", "2.6", leader_after_older_epoch, "b2 in epoch 7", "b3 in epoch 6"},
};

}  // namespace

std::span<const PlantedCase> sim::test::planted_control_cases() { return kCases; }

TEST_CASE("each planted defect of the control plane decides otherwise than the sound rule") { check_planted(kCases); }
