// Planted defects that keep something from ever happening.
#include <algorithm>
#include <array>
#include <string>

#include <doctest/doctest.h>

#include "tests/driven_producer.h"
#include "tests/planted_defects.h"
#include "tests/stepped_broker.h"

using namespace sim::test;
using model::NodeId;
using model::Rules;
using sim::Plan;

namespace {

Plan three_partitions(const Rules& rules) {
  Plan plan = three_brokers(rules.name);
  plan.rules = rules;
  add_topic(plan, "t", {{kB1, kB2, kB3}, {kB2, kB3, kB1}, {kB3, kB1, kB2}});
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

std::string controller_after_a_move(const Rules& rules) {
  Plan plan = three_partitions(rules);
  move_controller(plan, at_s(5));
  Cluster cluster(std::move(plan));
  cluster.run_until(at_s(15));
  return cluster.world().controller() == model::kNoNode ? "none" : "one";
}

std::string leader_after_a_crash(const Rules& rules) {
  Plan plan = three_partitions(rules);
  crash(plan, kB2, at_s(5));
  Cluster cluster(std::move(plan));
  cluster.run_until(at_s(20));
  return text(cluster.state(kT1).leader);
}

// b2 leads t-1; b1 is outside of the ISR and fetches from the end of the log.
void fetch_as_outsider(SteppedBroker& leader) {
  leader->memory.partitions[1].isr = {kB2, kB3};
  leader.receive(leader.accept(kB1, model::ChannelKind::fetch),
                 model::FetchRequest{kB1, model::milliseconds(500), 1, {{kT1, 0, model::kNoEpoch, 0}}});
}

std::string proposals_for_an_outsider(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker leader(cluster, kB2, rules);
  fetch_as_outsider(leader);
  return std::to_string(leader.all_told<model::IsrExpandProposed>().size()) + " proposed";
}

std::string change_whose_answer_is_lost(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker leader(cluster, kB2, rules);
  fetch_as_outsider(leader);
  const auto connect = [&] {
    REQUIRE(leader.effects().connects.size() == 1);
    const model::ConnectionId via = leader.effects().connects[0];
    leader.give(model::Connected{via});
    REQUIRE(leader.count_sent<model::AlterPartitionRequest>() == 1);
    return via;
  };
  const model::ConnectionId via = connect();
  leader.give(model::Disconnected{via, model::DisconnectReason::reset});
  leader.give(model::TimerFired{{model::TimerKind::alter_partition_retry}});
  if (leader->memory.partitions[1].pending == model::PendingIsr::none) return "taken back";
  if (leader.effects().connects.empty()) return "forgotten";
  connect();
  return "asked again";
}

// b3 follows b2 on t-1 and hears that b1 leads.
std::string fetcher_after_a_leader_change(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker follower(cluster, kB3, rules);
  follower.receive(follower.accept(kB1, model::ChannelKind::control),
                   model::LeaderAndIsrRequest{kB1, 1, -1, {{kT1, false, kB1, 1, 1, 1, {kB1, kB3}, {kB2, kB3, kB1}}}});
  REQUIRE(follower.told<model::BecameFollower>().leader == kB1);
  return follower->memory.partitions[1].fetch_state == model::FetchState::none ? "fetches nothing" : "fetches";
}

// Nobody answers the produce request.
std::string producer_without_answer(const Rules& rules) {
  model::test::Driven driven(model::test::idempotent());
  driven.rules = rules;
  driven.settings().count = 1;
  driven.boot();
  driven.take_batch(kB1);
  driven.advance(model::seconds(40));
  const std::string closed = driven.closes.empty() ? "waits" : "closes the connection";
  driven.advance(model::seconds(100));
  return closed + (driven.failed.empty() ? ", goes on" : ", gives up");
}

// Half of what b2 should lead is led by b3: a controller's rebalance reads the states that it wants to change.
std::string rebalance(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker controller(cluster, kB1, rules);
  controller->memory.controller.partitions[1].state.leader = kB3;
  controller.give(model::TimerFired{{model::TimerKind::rebalance_check}});
  return std::to_string(controller.count_sent<model::ZkRequest>()) + " elections";
}

bool is_notification(NodeId, const model::ZnodeDeleted& fact) {
  return fact.path.is_child_of(model::paths::isr_changes());
}

std::string notifications_after_a_change(const Rules& rules) {
  Plan plan = three_brokers(rules.name);
  plan.rules = rules;
  set_lag(plan, model::seconds(2));
  add_topic(plan, "t", {{kB2, kB3}});
  add_producer(plan, model::Acks::leader, at_s(1), model::milliseconds(10), 1000);
  cut(plan, {kB3}, {kB2}, at_s(3), model::seconds(5));
  Cluster cluster(std::move(plan));
  cluster.run_until(at_s(25));
  REQUIRE(cluster.seen().ever<model::ZnodeCreated>());
  return cluster.seen().first<model::ZnodeDeleted>(at_s(0), is_notification) ? "deleted" : "kept";
}

// b1, which controls and has no replica, dies when ZooKeeper has stored where t-0 is to go.
std::string assignment_after_a_crash(const Rules& rules) {
  Plan plan = three_brokers(rules.name);
  plan.rules = rules;
  add_topic(plan, "t", {{kB2, kB3}});
  reassign(plan, kT0, {kB3}, at_s(10));
  crash(plan, kB1, at_s(10)).when = sim::FactPattern{model::kFactIndex<model::AssignmentChanged>, {}};
  Cluster cluster(std::move(plan));
  cluster.run_until(at_s(25));
  std::string all;
  for (const NodeId replica : cluster.world().assignment(kT0)) all += (all.empty() ? "" : " ") + text(replica);
  return all;
}

constexpr std::array kCases{
    PlantedCase{"vacancy-ignored", "3.9", controller_after_a_move, "one", "none"},
    PlantedCase{"broker-failure-ignored", "3.9", leader_after_a_crash, "b3", "none"},
    PlantedCase{"never-rejoins-isr", "3.9", proposals_for_an_outsider, "1 proposed", "0 proposed"},
    PlantedCase{"alter-partition-not-retried", "3.9", change_whose_answer_is_lost, "asked again", "forgotten"},
    PlantedCase{"lost-isr-change-taken-back", "3.9", change_whose_answer_is_lost, "asked again", "taken back"},
    PlantedCase{"stopped-replica-fetcher", "3.9", fetcher_after_a_leader_change, "fetches", "fetches nothing"},
    PlantedCase{"delivery-never-times-out", "3.9", producer_without_answer, "closes the connection, gives up",
                "closes the connection, goes on"},
    PlantedCase{"produce-never-times-out", "3.9", producer_without_answer, "closes the connection, gives up",
                "waits, goes on"},
    PlantedCase{"no-preferred-election", "3.9", rebalance, "1 elections", "0 elections"},
    PlantedCase{"reassignment-not-resumed", "3.9", assignment_after_a_crash, "b3", "b3 b2"},
    PlantedCase{"isr-notifications-kept", "2.6", notifications_after_a_change, "deleted", "kept"},
};

}  // namespace

std::span<const PlantedCase> sim::test::planted_liveness_cases() { return kCases; }

TEST_CASE("each planted defect of progress keeps something from happening that the sound rule lets happen") {
  check_planted(kCases);
}
