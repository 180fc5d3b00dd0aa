// A partition that moves to other brokers: stage by stage, given up for another, refused, and gone on with by whoever
// is controller next.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/cluster_fixture.h"

using namespace sim::test;
using model::NodeId;
using model::ReplicaAssignment;
using model::Replicas;
using sim::Plan;
using sim::Time;

namespace {

// b1 is the controller and leads t-0, which b2 holds as well.
Plan two_of_three(std::string_view version = "3.9") {
  Plan plan = three_brokers(version);
  add_topic(plan, "t", {{kB1, kB2}});
  add_producer(plan, model::Acks::all, at_s(2), model::milliseconds(100), 300);
  return plan;
}

std::vector<ReplicaAssignment> assignments(const Cluster& cluster) {
  std::vector<ReplicaAssignment> found;
  for (const auto& told : cluster.seen().all<model::AssignmentChanged>()) {
    found.push_back({told.fact.replicas, told.fact.adding, told.fact.removing});
  }
  return found;
}

std::string rest_of(const Cluster& cluster) {
  return joined(cluster.seen().broken()) + joined(cluster.unsettled()) + joined(cluster.lost_records());
}

Time stored_at(const Cluster& cluster, const Nodes& isr) {
  const auto at = cluster.seen().isr_became(kT0, isr, at_s(10));
  REQUIRE(at);
  return *at;
}

}  // namespace

TEST_CASE("old replicas stay until the new one is in the ISR, then leave it, and only then delete their logs") {
  for (const char* version : {"3.9", "2.6", "1.1"}) {
    CAPTURE(version);
    Plan plan = two_of_three(version);
    reassign(plan, kT0, {kB3}, at_s(10));
    Cluster cluster(std::move(plan));
    cluster.run();
    const std::vector<ReplicaAssignment> stages = assignments(cluster);
    REQUIRE(stages.size() == 2);
    CHECK(stages[0] == ReplicaAssignment{{kB3, kB1, kB2}, {kB3}, {kB1, kB2}});
    CHECK(stages[1] == ReplicaAssignment{{kB3}, {}, {}});
    CHECK(cluster.world().assignment(kT0) == Replicas{kB3});
    CHECK(cluster.isr(kT0) == Nodes{kB3});
    CHECK(rest_of(cluster) == "");
    const Time joined_isr = stored_at(cluster, {kB1, kB2, kB3});
    const Time left_isr = stored_at(cluster, {kB3});
    const auto deleted = cluster.seen().all<model::ReplicaDeleted>();
    REQUIRE(deleted.size() == 2);
    for (const auto& told : deleted) {
      CHECK(told.node != kB3);
      CHECK(told.fact.log_end_offset > 0);
      CHECK(told.at > left_isr);
      CHECK(cluster.log(told.node, kT0).batches.empty());
      CHECK_FALSE(cluster.replica(told.node, kT0).hosted);
    }
    CHECK(joined_isr < left_isr);
    CHECK(left_isr < cluster.seen().all<model::AssignmentChanged>().back().at);
  }
}

TEST_CASE("a leader that stays leads on in new epochs; whoever goes costs one more") {
  Plan plan = two_of_three();
  reassign(plan, kT0, {kB1, kB3}, at_s(10));
  Cluster cluster(std::move(plan));
  cluster.run();
  std::vector<model::PartitionState> states;
  for (const auto& told : cluster.seen().all<model::PartitionStateChanged>()) states.push_back(told.fact.state);
  REQUIRE(states.size() == 5);  // created, known to the leader, b3 in the ISR, target reached, b2 out
  for (const model::PartitionState& state : states) CHECK(state.leader == kB1);
  const std::vector<model::LeaderEpoch> epochs{states[0].leader_epoch, states[1].leader_epoch, states[2].leader_epoch,
                                               states[3].leader_epoch, states[4].leader_epoch};
  CHECK(epochs == std::vector<model::LeaderEpoch>{0, 1, 1, 2, 3});
  CHECK(states[4].isr == Replicas{kB1, kB3});
  CHECK(rest_of(cluster) == "");
}

TEST_CASE("a reassignment to where the partition is costs a leader epoch and moves nothing") {
  Plan plan = two_of_three();
  reassign(plan, kT0, {kB1, kB2}, at_s(10));
  Cluster cluster(std::move(plan));
  cluster.run();
  CHECK(assignments(cluster).empty());
  CHECK(cluster.seen().all<model::ReplicaDeleted>().empty());
  CHECK(cluster.state(kT0).leader == kB1);
  CHECK(cluster.state(kT0).leader_epoch == 1);
  CHECK(rest_of(cluster) == "");
}

TEST_CASE("another order of the same replicas makes another one the preferred leader, who may then be elected") {
  Plan plan = two_of_three();
  reassign(plan, kT0, {kB2, kB1}, at_s(10));
  elect(plan, kT0, at_s(20));
  Cluster cluster(std::move(plan));
  cluster.run_until(at_s(19));
  CHECK(assignments(cluster) == std::vector<ReplicaAssignment>{{{kB2, kB1}, {}, {}}});
  CHECK(cluster.state(kT0).leader == kB1);
  cluster.run();
  CHECK(cluster.state(kT0).leader == kB2);
  CHECK(rest_of(cluster) == "");
}

TEST_CASE("a new replica on a dead broker is refused, and so is a partition that is not there") {
  Plan plan = two_of_three();
  add_topic(plan, "u", {{kB1}});
  create_topic(plan, kU, at_s(50));
  crash(plan, kB3, at_s(5));
  reassign(plan, kT0, {kB2, kB3}, at_s(20));
  reassign(plan, kT1, {kB2}, at_s(21));
  Cluster cluster(std::move(plan));
  cluster.run();
  const auto refused = cluster.seen().all<model::ReassignmentRefused>();
  REQUIRE(refused.size() == 2);
  CHECK(refused[0].node == kB1);
  CHECK(refused[0].fact.error == model::ErrorCode::invalid_replica_assignment);
  CHECK(refused[1].fact.error == model::ErrorCode::unknown_topic_or_partition);
  CHECK(assignments(cluster).empty());
}

TEST_CASE("an old replica may be dead: it is taken off, and keeps its log until somebody finds it") {
  Plan plan = two_of_three();
  crash(plan, kB2, at_s(5), model::seconds(30));
  reassign(plan, kT0, {kB1, kB3}, at_s(20));
  Cluster cluster(std::move(plan));
  cluster.run();
  CHECK(cluster.world().assignment(kT0) == Replicas{kB1, kB3});
  CHECK(cluster.seen().all<model::ReplicaDeleted>().empty());
  CHECK_FALSE(cluster.log(kB2, kT0).batches.empty());
  CHECK_FALSE(cluster.replica(kB2, kT0).hosted);
  CHECK(rest_of(cluster) == "");
}

TEST_CASE("a reassignment that waits gives way to the next one, and what it had added is deleted") {
  Plan plan = two_of_three();
  pause(plan, kB3, at_s(10), model::seconds(3));  // alive by its session, and fetches nothing
  reassign(plan, kT0, {kB3}, at_ms(10'100));
  reassign(plan, kT0, {kB2}, at_ms(11'000));
  Cluster cluster(std::move(plan));
  cluster.run_until(at_ms(10'900));
  CHECK(cluster.world().assignment(kT0) == Replicas{kB3, kB1, kB2});
  cluster.run();
  const std::vector<ReplicaAssignment> stages = assignments(cluster);
  REQUIRE(stages.size() == 3);
  CHECK(stages[1] == ReplicaAssignment{{kB2, kB1}, {}, {kB1}});
  CHECK(stages[2] == ReplicaAssignment{{kB2}, {}, {}});
  CHECK(cluster.state(kT0).leader == kB2);
  CHECK_FALSE(cluster.replica(kB3, kT0).hosted);
  CHECK(rest_of(cluster) == "");
}

TEST_CASE("a new replica's broker that dies on the way is waited for, and the move ends when it is back") {
  Plan plan = two_of_three();
  plan.until = at_s(90);
  pause(plan, kB3, at_s(10), model::seconds(3));
  reassign(plan, kT0, {kB3, kB1}, at_ms(10'100));
  crash(plan, kB3, at_s(12), model::seconds(20));
  Cluster cluster(std::move(plan));
  cluster.run_until(at_s(31));
  CHECK(cluster.world().assignment(kT0) == Replicas{kB3, kB1, kB2});
  CHECK(cluster.isr(kT0) == Nodes{kB1, kB2});
  cluster.run();
  CHECK(cluster.world().assignment(kT0) == Replicas{kB3, kB1});
  CHECK(rest_of(cluster) == "");
}

// --- the controller changes -----------------------------------------------------------------------

namespace {

std::string stage_of(const model::Controller& controller) {
  if (!controller.current) return "";
  return std::visit(model::overloaded{
                        [](const model::WriteAssignment&) { return "write assignment"; },
                        [](const model::CheckReassignment&) { return "check"; },
                        [](const model::BumpLeaderEpoch& s) { return s.round.writing ? "write epoch" : "read epoch"; },
                        [](const model::ElectLeaders& s) { return s.round.writing ? "elect" : "read for election"; },
                        [](const model::TakeReplicasOffline& s) { return s.round.writing ? "remove" : "read isr"; },
                        [](const auto&) { return "other"; },
                    },
                    *controller.current);
}

struct Moment {
  Time at;
  std::string stage;
};

// Every instant at which b1 waits for ZooKeeper because of the move.
std::vector<Moment> moments_of_move(const Plan& plan) {
  Cluster cluster(plan);
  cluster.run_until(at_s(10));
  std::vector<Moment> moments;
  while (cluster.world().step() && cluster.world().now() < at_s(14)) {
    const std::string stage = stage_of(cluster.broker(kB1).memory.controller);
    if (stage.empty()) continue;
    const Moment moment{cluster.world().now() + model::microseconds(1), stage};
    if (!moments.empty() && moments.back().at == moment.at) moments.pop_back();
    moments.push_back(moment);
  }
  return moments;
}

void check_interrupted(const Plan& plan) {
  Cluster cluster(plan);
  cluster.run();
  CHECK(joined(cluster.seen().broken()) == "");
  CHECK(joined(cluster.unsettled()) == "");
  const std::vector<ReplicaAssignment> stages = assignments(cluster);
  // What ZooKeeper had not stored when the controller went is lost with it; all else is brought to its end.
  CHECK(cluster.world().assignment(kT0) == (stages.empty() ? Replicas{kB1, kB2} : Replicas{kB3}));
}

}  // namespace

TEST_CASE("whoever is controller next goes on with a move that was interrupted, at whatever stage") {
  for (const char* version : {"3.9", "2.6"}) {
    Plan plan = two_of_three(version);
    plan.until = at_s(85);
    reassign(plan, kT0, {kB3}, at_s(10));
    std::set<std::string> stages;
    for (const Moment& moment : moments_of_move(plan)) {
      CAPTURE(version);
      CAPTURE(moment.at.us);
      CAPTURE(moment.stage);
      stages.insert(moment.stage);
      Plan crashed = plan;
      crash(crashed, kB1, moment.at, model::seconds(24));
      check_interrupted(crashed);
      Plan paused = plan;
      pause(paused, kB1, moment.at, model::seconds(25));
      check_interrupted(paused);
      Plan moved = plan;
      move_controller(moved, moment.at);
      check_interrupted(moved);
    }
    for (const char* stage : {"write assignment", "check", "read epoch", "write epoch", "read for election", "elect",
                              "read isr", "remove"}) {
      CAPTURE(stage);
      CHECK(stages.count(stage) == 1);
    }
  }
}
