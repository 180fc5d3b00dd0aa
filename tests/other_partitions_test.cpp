#include <doctest/doctest.h>

#include "model/message.h"
#include "sim/kernel/delays.h"
#include "sim/search/run.h"
#include "tests/cluster_fixture.h"

using namespace sim::test;
using namespace model;
using sim::Plan;
using sim::Time;

namespace {

// b1 controls, leads t-0 and dies at 10 s.
Plan plan_with(std::int32_t others) {
  Plan plan = three_brokers();
  add_topic(plan, "t", {{kB1, kB2, kB3}});
  plan.config.other_partitions.count = others;
  plan.until = at_s(60);
  crash(plan, kB1, at_s(10));
  return plan;
}

struct Failover {
  Time elected, replaced, led;  // epoch 2 begins, t-0 loses its leader in ZooKeeper, another takes the role
};

Failover failover(const Witness& seen) {
  const auto elected = seen.first<BelievesController>(at_s(10));
  const auto replaced = seen.first<PartitionStateChanged>(at_s(10));
  const auto led = seen.first<BecameLeader>(at_s(10));
  REQUIRE(elected);
  REQUIRE(replaced);
  REQUIRE(led);
  return {elected->at, replaced->at, led->at};
}

}  // namespace

TEST_CASE("without other partitions a run has the events that it always had") {
  const auto fingerprint_of = [](const Plan& plan) {
    Cluster cluster(plan);
    cluster.run();
    return cluster.world().fingerprint();
  };
  const std::uint64_t as_it_was = fingerprint_of(plan_with(0));
  Plan plan = plan_with(0);
  plan.config.other_partitions.read = seconds(1);
  plan.links.control_per_partition = seconds(1);
  CHECK(fingerprint_of(plan) == as_it_was);
  CHECK(fingerprint_of(plan_with(1)) != as_it_was);
}

TEST_CASE("a new controller reads the other partitions before it acts, and tells the brokers of them") {
  for (const std::int32_t others : {1'000, 100'000}) {
    Cluster cluster(plan_with(others));
    cluster.run();
    const Failover seen = failover(cluster.seen());
    const Duration reading = microseconds(140) * others;
    const Duration telling = microseconds(90) * others;
    CHECK(seen.replaced - seen.elected > reading);
    CHECK(seen.replaced - seen.elected < reading + milliseconds(200));
    CHECK(seen.led - seen.replaced > telling - milliseconds(1));
    CHECK(seen.led - seen.replaced < telling + milliseconds(300));
    CHECK(joined(cluster.seen().broken()) == "");
  }
}

TEST_CASE("a controller whose session ends while it reads leaves it to the next one") {
  Plan plan = plan_with(100'000);
  plan.until = at_s(90);
  Cluster cluster(plan);
  cluster.run_until(at_s(20));
  const NodeId first = cluster.world().controller();
  REQUIRE((first == kB2 || first == kB3));
  REQUIRE(cluster.state(kT0).leader == kB1);

  Plan paused = plan;
  pause(paused, first, at_s(20), seconds(20));
  Cluster interrupted(paused);
  interrupted.run();
  const NodeId second = first == kB2 ? kB3 : kB2;
  CHECK(interrupted.world().controller() == second);
  // The one that slept has no say any more: every change is the second one's, after it has read for itself.
  const auto elected = interrupted.seen().first<BelievesController>(
      at_s(20), [&](NodeId node, const BelievesController&) { return node == second; });
  REQUIRE(elected);
  for (const auto& change : interrupted.seen().all<PartitionStateChanged>()) {
    if (change.at < at_s(10)) continue;
    CHECK(change.at - elected->at > seconds(14));
    CHECK(change.fact.state.controller_epoch == 3);
  }
  CHECK(interrupted.state(kT0).leader != kNoNode);
  CHECK(joined(interrupted.seen().broken()) == "");
}

TEST_CASE("a broker works longer on a request about other partitions, and on no other") {
  sim::LinkSettings links;
  links.control_min = links.control_max = milliseconds(8);
  sim::Dice dice(1);
  LeaderAndIsrRequest roles;
  UpdateMetadataRequest metadata;
  CHECK(draw_processing_us(links, roles, dice) == 8'000);
  CHECK(draw_processing_us(links, metadata, dice) == 2'000);
  roles.other_partitions = metadata.other_partitions = 1'000;
  CHECK(draw_processing_us(links, roles, dice) == 53'000);
  CHECK(draw_processing_us(links, metadata, dice) == 47'000);
  CHECK(draw_processing_us(links, StopReplicaRequest{}, dice) == 8'000);
}
