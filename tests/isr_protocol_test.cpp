// The ISR: who leaves it and when, who may join, what the high watermark waits for meanwhile, and how a change
// is committed through the controller (3.9) or by the leader itself (2.6).
#include <algorithm>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "tests/cluster_fixture.h"
#include "tests/stepped_broker.h"

using namespace sim::test;
using model::Acks;
using model::NodeId;
using sim::Plan;
using sim::Time;

namespace {

Plan one_partition(const model::Replicas& replicas, std::int32_t min_isr = 1, std::string_view version = "3.9") {
  Plan plan = three_brokers(version);
  add_topic(plan, "t", {replicas}, min_isr);
  return plan;
}

std::int32_t acknowledged(const Cluster& cluster, NodeId producer, Time from, Time to) {
  std::int32_t count = 0;
  for (const auto& ack : cluster.seen().all<model::RecordsAcknowledged>()) {
    if (ack.node == producer && from <= ack.at && ack.at < to) count += ack.fact.count;
  }
  return count;
}

std::vector<Told<model::IsrShrinkProposed>> shrinks(const Cluster& cluster) {
  return cluster.seen().all<model::IsrShrinkProposed>();
}

Time first_check(const Cluster& cluster, NodeId node) {
  const auto found = cluster.seen().first<model::IsrCheckStarted>(
      {INT64_MIN}, [&](NodeId by, const model::IsrCheckStarted&) { return by == node; });
  REQUIRE(found);
  return found->at;
}

// What a leader knows of another replica's log.
model::Offset known_log_end(const model::Partition& leader, NodeId replica) {
  const auto* found = std::find_if(leader.remotes.begin(), leader.remotes.end(),
                                   [&](const model::Remote& remote) { return remote.replica == replica; });
  REQUIRE(found != leader.remotes.end());
  return found->log_end;
}

}  // namespace

TEST_CASE("with fewer members than min.insync.replicas acks=all is refused and acks=1 is not") {
  Plan plan = one_partition({kB2, kB3}, 2);
  add_producer(plan, Acks::all, at_s(22), model::milliseconds(100), 200);
  add_producer(plan, Acks::leader, at_s(1), model::milliseconds(100), 400);
  crash(plan, kB3, at_s(10), model::seconds(25));
  Cluster cluster(plan);
  cluster.run_until(at_s(34));
  CHECK(cluster.isr(kT0) == Nodes{kB2});
  CHECK(cluster.seen().ever<model::NotEnoughReplicas>(at_s(10)));
  CHECK(acknowledged(cluster, kP1, at_s(20), at_s(34)) == 0);
  CHECK(acknowledged(cluster, kP2, at_s(20), at_s(34)) > 100);
  // Nothing of it is visible: the high watermark rests (KAFKA-15583).
  const model::Offset rests = cluster.replica(kB2, kT0).high_watermark;
  CHECK(rests < cluster.log(kB2, kT0).end());
  CHECK_FALSE(cluster.seen().ever<model::HighWatermarkMoved>(at_s(20)));
  cluster.run();
  CHECK(acknowledged(cluster, kP1, at_s(0), at_s(60)) == 200);
  CHECK(acknowledged(cluster, kP2, at_s(0), at_s(60)) == 400);
  CHECK(joined(cluster.seen().broken()) == "");
  CHECK(joined(cluster.unsettled()) == "");
}

TEST_CASE("under 2.6 the high watermark follows the leader alone, whatever min.insync.replicas says") {
  Plan plan = one_partition({kB2, kB3}, 2, "2.6");
  add_producer(plan, Acks::leader, at_s(1), model::milliseconds(100), 400);
  crash(plan, kB3, at_s(10), model::seconds(25));
  Cluster cluster(plan);
  cluster.run_until(at_s(34));
  CHECK(cluster.isr(kT0) == Nodes{kB2});
  CHECK(cluster.replica(kB2, kT0).high_watermark == cluster.log(kB2, kT0).end());
}

TEST_CASE(
    "a follower that is cut off leaves the ISR between one and one and a half times the lag, on the leader's grid") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Plan plan = one_partition({kB1, kB2, kB3});
    plan.seed = seed;
    add_producer(plan, Acks::leader, at_s(1), model::milliseconds(50), 1000);
    cut(plan, {kB3}, {kB1}, at_s(10), model::seconds(20));
    Cluster cluster(plan);
    cluster.run();
    CAPTURE(seed);
    REQUIRE(shrinks(cluster).size() == 1);
    const auto shrink = shrinks(cluster).front();
    CHECK(shrink.fact.to == model::Replicas{kB1, kB2});
    // It was last caught up within the fetch wait before the cut.
    CHECK(shrink.at > at_ms(19'400));
    CHECK(shrink.at < at_ms(25'001));
    CHECK((shrink.at - first_check(cluster, kB1)).us % model::seconds(5).us == 0);
    CHECK(cluster.state(kT0).leader_epoch == 0);  // a leader's change begins no epoch
    CHECK(joined(cluster.seen().broken()) == "");
    CHECK(joined(cluster.unsettled()) == "");
  }
}

TEST_CASE("two followers that fall behind together leave the ISR in one transition") {
  for (const std::string_view version : {"2.6", "3.9"}) {
    Plan plan = one_partition({kB1, kB2, kB3}, 1, version);
    add_producer(plan, Acks::leader, at_s(1), model::milliseconds(50), 1000);
    cut(plan, {kB2, kB3}, {kB1}, at_s(10), model::seconds(18));
    Cluster cluster(plan);
    cluster.run();
    REQUIRE(shrinks(cluster).size() == 1);
    CHECK(shrinks(cluster).front().fact.to == model::Replicas{kB1});
    CHECK(joined(cluster.seen().broken()) == "");
    CHECK(joined(cluster.unsettled()) == "");
  }
}

TEST_CASE("a silent follower that has the whole log stays in the ISR") {
  Plan plan = one_partition({kB1, kB2, kB3});
  add_producer(plan, Acks::all, at_s(1), model::milliseconds(50), 100);
  cut(plan, {kB3}, {kB1}, at_s(10), model::seconds(40));
  Cluster cluster(plan);
  cluster.run();
  CHECK(shrinks(cluster).empty());
}

TEST_CASE("a cut in either direction alone is enough to fall out of the ISR") {
  for (const bool requests : {true, false}) {
    Plan plan = one_partition({kB1, kB2, kB3});
    add_producer(plan, Acks::leader, at_s(1), model::milliseconds(50), 1000);
    cut_one_way(plan, {requests ? kB3 : kB1}, {requests ? kB1 : kB3}, at_s(10), model::seconds(20));
    Cluster cluster(plan);
    cluster.run();
    REQUIRE(shrinks(cluster).size() == 1);
    CHECK(shrinks(cluster).front().fact.to == model::Replicas{kB1, kB2});
    CHECK(joined(cluster.seen().broken()) == "");
    CHECK(joined(cluster.unsettled()) == "");
  }
}

TEST_CASE("a shrink that the controller has not confirmed still holds back the high watermark") {
  Plan plan = one_partition({kB2, kB3});
  add_producer(plan, Acks::leader, at_s(1), model::milliseconds(50), 700);
  cut(plan, {kB2}, {kB1}, at_s(8), model::seconds(32));  // the leader from the controller
  cut(plan, {kB2}, {kB3}, at_s(10), model::seconds(35));
  plan.until = at_s(80);
  Cluster cluster(plan);
  cluster.run_until(at_s(39));
  const model::Partition& leader = cluster.replica(kB2, kT0);
  REQUIRE(leader.pending == model::PendingIsr::shrink);
  CHECK(leader.isr == model::Replicas{kB2, kB3});
  CHECK(cluster.isr(kT0) == Nodes{kB2, kB3});
  CHECK(leader.high_watermark == known_log_end(leader, kB3));
  CHECK(leader.high_watermark < cluster.log(kB2, kT0).end());
  CHECK_FALSE(cluster.seen().ever<model::HighWatermarkMoved>(at_s(11)));
  cluster.run();
  const auto committed = cluster.seen().first<model::IsrCommitted>(at_s(40));
  REQUIRE(committed);
  CHECK(committed->fact.isr == model::Replicas{kB2});
  const auto moved = cluster.seen().first<model::HighWatermarkMoved>(at_s(11));
  REQUIRE(moved);
  CHECK(moved->at == committed->at);
  CHECK(joined(cluster.seen().broken()) == "");
  CHECK(joined(cluster.unsettled()) == "");
}

TEST_CASE("a replica that has not reached the start of the leader's epoch may not join the ISR") {
  Plan plan = one_partition({kB2, kB3, kB1});
  add_producer(plan, Acks::all, at_s(1), model::milliseconds(50), 60);
  Cluster cluster(plan);
  cluster.run_until(at_s(10));
  SteppedBroker leader(cluster, kB2);
  const model::Offset end = leader->log(kT0).end();
  REQUIRE(end == 60);
  model::Partition& partition = leader->memory.partitions[0];
  // A new leader whose own high watermark is stale: it knows 40 of 60 to be committed, and b1 has 50.
  leader.receive(leader.accept(kB1, model::ChannelKind::control),
                 model::LeaderAndIsrRequest{kB1, 1, -1, {{kT0, false, kB2, 4, 1, 4, {kB2, kB3}, {kB2, kB3, kB1}}}});
  REQUIRE(partition.epoch_start == end);
  partition.high_watermark = 40;
  const auto fetch_from = [&](model::Offset offset) {
    leader.receive(leader.accept(kB1, model::ChannelKind::fetch),
                   model::FetchRequest{kB1, model::milliseconds(500), 1, {{kT0, 4, 0, offset}}});
    return leader.all_told<model::IsrExpandProposed>();
  };
  CHECK(fetch_from(50).empty());
  CHECK(find_remote(partition, kB1)->log_end == 50);
  const auto proposed = fetch_from(end);
  REQUIRE(proposed.size() == 1);
  CHECK(proposed[0].to == model::Replicas{kB2, kB3, kB1});
  CHECK(partition.pending == model::PendingIsr::expand);
}

TEST_CASE("an expansion that is not confirmed yet already holds back the high watermark") {
  Plan plan = one_partition({kB2, kB3, kB1});
  add_producer(plan, Acks::all, at_s(1), model::milliseconds(50), 60);
  Cluster cluster(plan);
  cluster.run_until(at_s(10));
  SteppedBroker leader(cluster, kB2);
  model::Partition& partition = leader->memory.partitions[0];
  partition.isr = {kB2, kB3};
  partition.pending = model::PendingIsr::expand;
  partition.proposed = {kB2, kB3, kB1};
  find_remote(partition, kB1)->last_caught_up = model::kNever;
  model::ProduceRequest produce;
  produce.acks = Acks::leader;
  produce.partitions.push_back({kT0, {0, 1, -1, 7, -1, -1, kP2}});
  leader.receive(leader.accept(kP1, model::ChannelKind::client), produce);
  leader.receive(leader.accept(kB3, model::ChannelKind::fetch),
                 model::FetchRequest{kB3, model::milliseconds(500), 1, {{kT0, 0, 0, 61}}});
  CHECK(find_remote(partition, kB3)->log_end == 61);
  CHECK(partition.high_watermark == 60);
}

TEST_CASE("a leader that acknowledges acks=all tells what the write had come to, and tells nothing of acks=1") {
  Cluster cluster(one_partition({kB2, kB3, kB1}, 2));
  cluster.run_until(at_s(5));
  SteppedBroker leader(cluster, kB2);
  const auto produce = [&](Acks acks) {
    model::ProduceRequest request;
    request.acks = acks;
    request.timeout = model::seconds(30);
    request.partitions.push_back({kT0, {0, 2, -1, 7, -1, -1, kP1}});
    leader.receive(leader.accept(kP1, model::ChannelKind::client), request);
    return leader.all_told<model::AcksAllAnswered>().size();
  };
  const auto fetch = [&](NodeId follower, model::Offset from) {
    leader.receive(leader.accept(follower, model::ChannelKind::fetch),
                   model::FetchRequest{follower, model::milliseconds(500), 1, {{kT0, 0, model::kNoEpoch, from}}});
    return leader.all_told<model::AcksAllAnswered>();
  };
  CHECK(produce(Acks::leader) == 0);
  CHECK(produce(Acks::all) == 0);
  CHECK(fetch(kB3, 4).empty());
  const auto answered = fetch(kB1, 4);
  REQUIRE(answered.size() == 1);
  CHECK(answered[0].partition == kT0);
  CHECK(answered[0].base_offset == 2);
  CHECK(answered[0].count == 2);
  CHECK(answered[0].isr == 3);
  CHECK(answered[0].high_watermark == 4);
}

// DefaultAlterPartitionManager keeps one item per partition until it is answered and refuses a second one
// (operation_not_attempted: the leader falls back and proposes again later). Two items for one partition in one
// request would let the refusal of the older one count against the newer.
TEST_CASE("an AlterPartition request names a partition once") {
  Plan plan = one_partition({kB2, kB3, kB1});
  Cluster cluster(plan);
  cluster.run_until(at_s(10));
  SteppedBroker leader(cluster, kB2);
  const auto begin_epoch = [&](model::LeaderEpoch epoch) {
    leader.receive(
        leader.accept(kB1, model::ChannelKind::control),
        model::LeaderAndIsrRequest{kB1, 1, -1, {{kT0, false, kB2, epoch, 1, epoch, {kB2, kB3}, {kB2, kB3, kB1}}}});
    leader.receive(leader.accept(kB1, model::ChannelKind::fetch),
                   model::FetchRequest{kB1, model::milliseconds(500), 1, {{kT0, epoch, 0, 0}}});
    REQUIRE(leader.all_told<model::IsrExpandProposed>().size() == 1);
  };
  const auto connect = [&] {
    REQUIRE(leader.effects().connects.size() == 1);
    leader.give(model::Connected{leader.effects().connects.front()});
    return leader.sent<model::AlterPartitionRequest>();
  };
  begin_epoch(4);
  CHECK(connect().partitions.size() == 1);
  begin_epoch(5);
  leader.give(model::TimerFired{{model::TimerKind::alter_partition_timeout}});
  leader.give(model::TimerFired{{model::TimerKind::alter_partition_retry}});
  CHECK(connect().partitions.size() == 1);
}

// --- 2.6: the leader writes -----------------------------------------------------------------------

namespace {

// b2 leads, b3 is cut off from 10 s to 30 s; b1 controls.
Plan direct_writes() {
  Plan plan = one_partition({kB2, kB3}, 1, "2.6");
  add_producer(plan, Acks::leader, at_s(1), model::milliseconds(10), 4000);
  cut(plan, {kB3}, {kB2}, at_s(10), model::seconds(20));
  return plan;
}

bool is_blocked(const model::Served& served) { return std::holds_alternative<model::Blocked>(served.parked); }

bool is_notification(NodeId, const model::ZnodeCreated& fact) {
  return fact.path.is_child_of(model::paths::isr_changes());
}

}  // namespace

TEST_CASE("under 2.6 the leader writes its ISR itself and lets nobody at the partition meanwhile") {
  bool blocked = false;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Plan plan = direct_writes();
    plan.seed = seed;
    Cluster cluster(plan);
    cluster.run_until(at_s(19));
    while (shrinks(cluster).empty() && cluster.world().step()) {
    }
    const model::Partition& leader = cluster.replica(kB2, kT0);
    REQUIRE(leader.frozen);
    const model::Offset end = cluster.log(kB2, kT0).end(), high_watermark = leader.high_watermark;
    while (leader.frozen && cluster.world().step()) {
      if (!leader.frozen) break;
      CHECK(cluster.log(kB2, kT0).end() == end);
      CHECK(leader.high_watermark == high_watermark);
      const auto& served = cluster.broker(kB2).memory.served;
      blocked = blocked || std::any_of(served.begin(), served.end(), is_blocked);
    }
    CHECK(leader.isr == model::Replicas{kB2});
    CHECK(cluster.isr(kT0) == Nodes{kB2});
    CHECK(leader.high_watermark >= end);
    cluster.run();
    CHECK(joined(cluster.seen().broken()) == "");
    CHECK(joined(cluster.unsettled()) == "");
  }
  CHECK(blocked);
}

TEST_CASE("under 2.6 the controller learns of an ISR change through a notification and deletes it") {
  Cluster cluster(direct_writes());
  cluster.run_until(at_s(19));
  while (!cluster.seen().ever<model::ZnodeCreated>(at_s(19)) && cluster.world().step()) {
  }
  const auto created = cluster.seen().first<model::ZnodeCreated>(at_s(19), is_notification);
  REQUIRE(created);
  const auto cached_isr = [&]() -> const model::Replicas& {
    return cluster.broker(kB1).memory.controller.partitions.at(0).state.isr;
  };
  CHECK(cluster.isr(kT0) == Nodes{kB2});
  CHECK(cached_isr() == model::Replicas{kB2, kB3});
  cluster.run_until(created->at + model::milliseconds(200));
  CHECK(cached_isr() == model::Replicas{kB2});
  const auto deleted = cluster.seen().first<model::ZnodeDeleted>(
      created->at, [&](NodeId, const auto& fact) { return fact.path == created->fact.path; });
  CHECK(deleted);
}

TEST_CASE("under 2.6 a notification goes out when the changes have rested for five seconds, on a grid of 2.5") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Plan plan = direct_writes();
    plan.seed = seed;
    Cluster cluster(plan);
    cluster.run();
    const auto expanded = cluster.seen().first<model::IsrExpandProposed>(at_s(30));
    REQUIRE(expanded);
    const auto committed = cluster.seen().first<model::IsrCommitted>(expanded->at);
    REQUIRE(committed);
    const auto created = cluster.seen().first<model::ZnodeCreated>(committed->at, is_notification);
    REQUIRE(created);
    CAPTURE(seed);
    CHECK(created->at > committed->at + model::seconds(5));
    CHECK(created->at < committed->at + model::milliseconds(7'520));
  }
}

// Kafka takes the start of the process for the last propagation (ReplicaManager.lastIsrPropagationMs), and the
// recording v26-leader-crash shows 5.45 s between the first change and its notification.
TEST_CASE("under 2.6 the first notification of a process waits for the linger like any other") {
  Cluster cluster(direct_writes());
  cluster.run();
  const auto committed = cluster.seen().first<model::IsrCommitted>(at_s(19));
  REQUIRE(committed);
  const auto created = cluster.seen().first<model::ZnodeCreated>(committed->at, is_notification);
  REQUIRE(created);
  CHECK(created->at > committed->at + model::seconds(5));
}

TEST_CASE("under 2.6 an ISR write whose answer was lost is recognised as the leader's own") {
  Cluster undisturbed(direct_writes());
  undisturbed.run();
  REQUIRE(shrinks(undisturbed).size() == 1);
  Plan plan = direct_writes();
  cut_one_way(plan, {model::kZooKeeper}, {kB2}, shrinks(undisturbed)[0].at + model::microseconds(1), model::seconds(5));
  Cluster cluster(plan);
  cluster.run();
  const auto written = cluster.seen().isr_became(kT0, {kB2}, at_s(19));
  const auto committed = cluster.seen().first<model::IsrCommitted>(at_s(19));
  REQUIRE(written);
  REQUIRE(committed);
  CHECK(committed->at > *written + model::seconds(2));  // two attempts lie in between
  CHECK(committed->fact.isr == model::Replicas{kB2});
  CHECK_FALSE(cluster.seen().ever<model::IsrChangeRefused>());
  CHECK(joined(cluster.seen().broken()) == "");
  CHECK(joined(cluster.unsettled()) == "");
}
