// What a broker owes the cluster: its registration, its shutdown, whom it obeys, whom it serves, and where it
// cuts its log.
#include <algorithm>
#include <vector>

#include <doctest/doctest.h>

#include "tests/cluster_fixture.h"
#include "tests/stepped_broker.h"

using namespace sim::test;
using model::ErrorCode;
using model::NodeId;
using sim::Plan;

namespace {

Plan three_partitions(std::string_view version = "3.9") {
  Plan plan = three_brokers(version);
  add_topic(plan, "t", {{kB1, kB2, kB3}, {kB2, kB3, kB1}, {kB3, kB1, kB2}});
  return plan;
}

bool told_by(const Cluster& cluster, NodeId node, sim::Time from, sim::Time to) {
  const auto found = cluster.seen().first<model::StartFailed>(from, [&](NodeId by, const auto&) { return by == node; });
  return found && found->at <= to;
}

bool closed_by(NodeId owner, bool expired, const model::ZkSessionClosed& fact) {
  return fact.owner == owner && fact.expired == expired;
}

}  // namespace

TEST_CASE("a killed broker cannot register while its old session lives, and takes up its partitions after it") {
  Plan plan = three_partitions();
  crash(plan, kB2, at_s(10));
  start(plan, kB2, at_s(11));
  start(plan, kB2, at_s(30));
  Cluster cluster(plan);
  cluster.run_until(at_s(29));
  CHECK(told_by(cluster, kB2, at_s(11), at_s(14)));
  CHECK_FALSE(cluster.world().is_running(kB2));
  CHECK(cluster.isr(kT1) == Nodes{kB1, kB3});
  cluster.run();
  CHECK_FALSE(told_by(cluster, kB2, at_s(14), at_s(60)));
  CHECK(cluster.replica(kB2, kT0).role == model::Role::follower);
  CHECK(joined(cluster.seen().broken()) == "");
  CHECK(joined(cluster.unsettled()) == "");
}

TEST_CASE("a broker whose session expired registers again under a higher broker epoch") {
  Plan plan = three_partitions();
  pause(plan, kB2, at_s(10), model::seconds(20));
  Cluster cluster(plan);
  cluster.run();
  std::vector<model::BrokerEpoch> epochs;
  for (const auto& told : cluster.seen().all<model::BrokerRegistered>()) {
    if (told.fact.broker == kB2) epochs.push_back(told.fact.zxid);
  }
  REQUIRE(epochs.size() == 2);
  CHECK(epochs[0] < epochs[1]);
  CHECK(cluster.broker(kB2).memory.broker_epoch == epochs[1]);
  CHECK(joined(cluster.unsettled()) == "");
}

TEST_CASE("a control request for an older incarnation of the broker is refused and changes nothing") {
  Cluster cluster(three_partitions());
  cluster.run_until(at_s(5));
  SteppedBroker broker(cluster, kB2);
  const model::ConnectionId via = broker.accept(kB1, model::ChannelKind::control);
  const model::BrokerEpoch own = broker->memory.broker_epoch;
  const model::Partition before = broker->memory.partitions[0];
  model::LeaderAndIsrRequest request{kB1, 1, own - 1, {{kT0, false, kB2, 7, 1, 7, {kB2}, {kB1, kB2, kB3}}}};

  broker.receive(via, request);
  CHECK(broker.sent<model::ControlResponse>().error == ErrorCode::stale_broker_epoch);
  CHECK(broker.told<model::RequestFenced>().local == own);
  CHECK(broker.all_told<model::ControlRequestApplied>().empty());
  CHECK(model::hash_of(broker->memory.partitions[0]) == model::hash_of(before));

  request.broker_epoch = own + 1;  // its own registration has not been answered yet
  broker.receive(via, request);
  CHECK(broker.sent<model::ControlResponse>().error == ErrorCode::none);
  CHECK(broker.told<model::BecameLeader>().leader_epoch == 7);
  CHECK(broker.told<model::ControlRequestApplied>().controller == kB1);
  CHECK(broker.told<model::ControlRequestApplied>().controller_epoch == 1);
  CHECK(broker.told<model::ControlRequestApplied>().broker_epoch == own + 1);
}

TEST_CASE("a control request of an older controller is refused and changes nothing") {
  Cluster cluster(three_partitions());
  cluster.run_until(at_s(5));
  SteppedBroker broker(cluster, kB2);
  const model::ConnectionId via = broker.accept(kB1, model::ChannelKind::control);
  broker.receive(via, model::UpdateMetadataRequest{kB3, 2, -1, {kB1, kB2, kB3}, {}});
  CHECK(broker.sent<model::ControlResponse>().error == ErrorCode::none);
  CHECK(broker->memory.cached_controller == kB3);
  CHECK(broker.told<model::ControlRequestApplied>().controller_epoch == 2);
  const model::Partition before = broker->memory.partitions[0];
  broker.receive(via, model::LeaderAndIsrRequest{kB1, 1, -1, {{kT0, false, kB2, 7, 1, 7, {kB2}, {kB1, kB2, kB3}}}});
  CHECK(broker.sent<model::ControlResponse>().error == ErrorCode::stale_controller_epoch);
  CHECK(broker.told<model::RequestFenced>().requested == 1);
  CHECK(broker.all_told<model::ControlRequestApplied>().empty());
  CHECK(broker.told<model::RequestFenced>().local == 2);
  CHECK(model::hash_of(broker->memory.partitions[0]) == model::hash_of(before));
  broker.receive(via, model::UpdateMetadataRequest{kB1, 1, -1, {kB1}, {}});
  CHECK(broker.sent<model::ControlResponse>().error == ErrorCode::stale_controller_epoch);
  CHECK(broker->memory.cached_controller == kB3);
}

TEST_CASE("a LeaderAndIsr of the same leader epoch changes nothing, and one without a leader leaves the role") {
  Cluster cluster(three_partitions());
  cluster.run_until(at_s(5));
  SteppedBroker broker(cluster, kB2);
  const model::ConnectionId via = broker.accept(kB1, model::ChannelKind::control);
  REQUIRE(broker->memory.partitions[1].role == model::Role::leader);
  broker.receive(via, model::LeaderAndIsrRequest{kB1, 1, -1, {{kT1, false, kB3, 0, 1, 5, {kB3}, {kB2, kB3, kB1}}}});
  CHECK(broker.sent<model::ControlResponse>().error == ErrorCode::none);
  CHECK(broker->memory.partitions[1].role == model::Role::leader);
  CHECK(broker->memory.partitions[1].partition_epoch == 0);
  broker.receive(
      via, model::LeaderAndIsrRequest{kB1, 1, -1, {{kT1, false, model::kNoNode, 1, 1, 5, {kB3}, {kB2, kB3, kB1}}}});
  CHECK(broker->memory.partitions[1].role == model::Role::leader);
  CHECK(broker->memory.partitions[1].leader_epoch == 0);
}

TEST_CASE("a controlled shutdown hands over leadership and leaves every ISR before the session closes") {
  Plan plan = three_partitions();
  add_producer(plan, model::Acks::all, at_s(1), model::milliseconds(20), 1000);
  stop(plan, kB2, at_s(10));
  start(plan, kB2, at_s(12));  // at once: a clean end leaves no session behind
  Cluster cluster(plan);
  cluster.run();
  const auto closed = cluster.seen().first<model::ZkSessionClosed>(
      at_s(10), [](NodeId, const auto& fact) { return closed_by(kB2, false, fact); });
  REQUIRE(closed);
  CHECK(closed->at < at_s(12));
  for (const model::PartitionId p : {kT0, kT1, kT2}) {
    const auto left = cluster.seen().isr_became(p, {kB1, kB3}, at_s(10));
    REQUIRE(left);
    CHECK(*left < closed->at);
  }
  const auto handed = cluster.seen().first<model::PartitionStateChanged>(
      at_s(10), [](NodeId, const auto& fact) { return fact.partition == kT1; });
  REQUIRE(handed);
  CHECK(handed->fact.state.leader == kB3);
  CHECK(cluster.seen().ever<model::Stopped>());
  CHECK_FALSE(cluster.seen().ever<model::StartFailed>());
  CHECK_FALSE(cluster.seen().ever<model::RecordsFailed>());
  CHECK(joined(cluster.seen().broken()) == "");
  CHECK(joined(cluster.unsettled()) == "");
}

TEST_CASE("the controller itself shuts down in good order") {
  Plan plan = three_partitions();
  stop(plan, kB1, at_s(10));
  start(plan, kB1, at_s(20));
  Cluster cluster(plan);
  cluster.run_until(at_s(19));
  CHECK(cluster.world().controller() != model::kNoNode);
  CHECK(cluster.world().controller() != kB1);
  for (const model::PartitionId p : {kT0, kT1, kT2}) CHECK(cluster.isr(p) == Nodes{kB2, kB3});
  CHECK(cluster.state(kT0).leader_epoch == 1);  // by the old controller, not by the failover
  cluster.run();
  CHECK(joined(cluster.seen().broken()) == "");
  CHECK(joined(cluster.unsettled()) == "");
}

TEST_CASE("a fetch that names another leader epoch is refused before anything is learnt from it") {
  Plan plan = three_partitions();
  add_producer(plan, model::Acks::all, at_s(1), model::milliseconds(20), 100);
  crash(plan, kB2, at_s(10));
  Cluster cluster(plan);
  cluster.run_until(at_s(30));
  REQUIRE(cluster.state(kT1).leader == kB3);
  REQUIRE(cluster.state(kT1).leader_epoch == 1);
  SteppedBroker leader(cluster, kB3);
  const model::ConnectionId via = leader.accept(kB1, model::ChannelKind::fetch);
  const auto fetch = [](model::PartitionId p, model::LeaderEpoch epoch) {
    return model::FetchRequest{kB1, model::milliseconds(500), 1, {{p, epoch, 0, 0}}};
  };
  const auto last_fetch = [&] { return find_remote(leader->memory.partitions[1], kB1)->last_fetch; };
  const model::Instant before = last_fetch();
  leader.receive(via, fetch(kT1, 0));
  CHECK(leader.sent<model::FetchResponse>().partitions[0].error == ErrorCode::fenced_leader_epoch);
  CHECK(leader.told<model::RequestFenced>().local == 1);
  leader.receive(via, fetch(kT1, 2));
  CHECK(leader.sent<model::FetchResponse>().partitions[0].error == ErrorCode::unknown_leader_epoch);
  CHECK(last_fetch() == before);
  leader.receive(via, fetch(kT0, cluster.state(kT0).leader_epoch));
  CHECK(leader.sent<model::FetchResponse>().partitions[0].error == ErrorCode::not_leader_or_follower);
  leader.receive(via, fetch(kT1, 1));
  CHECK(leader.all_told<model::RequestFenced>().empty());
  CHECK_FALSE(last_fetch() == before);
}

TEST_CASE("records that a zombie leader acknowledged with acks=1 are cut off after it comes back") {
  Plan plan = three_brokers();
  add_topic(plan, "t", {{kB2, kB3}});
  add_producer(plan, model::Acks::leader, at_s(1), model::milliseconds(100), 300);
  cut(plan, {kB2}, {model::kZooKeeper, kB1, kB3}, at_s(10), model::seconds(25));
  Cluster cluster(plan);
  cluster.run();
  CHECK(cluster.state(kT0).leader == kB3);
  const auto elected = cluster.seen().first<model::BecameLeader>(at_s(10));
  REQUIRE(elected);
  const auto zombie_ack = cluster.seen().first<model::RecordsAcknowledged>(elected->at);
  REQUIRE(zombie_ack);
  const auto truncated = cluster.seen().first<model::Truncated>(
      at_s(10), [](NodeId node, const model::Truncated& fact) { return node == kB2 && fact.to < fact.from; });
  REQUIRE(truncated);
  CHECK(truncated->fact.to <= zombie_ack->fact.base_offset);
  CHECK(zombie_ack->fact.base_offset < truncated->fact.from);
  CHECK(joined(cluster.seen().broken()) == "");
  CHECK(joined(cluster.unsettled()) == "");
}

TEST_CASE("a ZooKeeper that is back within the session time changes nothing") {
  Plan plan = three_partitions();
  add_producer(plan, model::Acks::all, at_s(1), model::milliseconds(50), 800);
  crash(plan, model::kZooKeeper, at_s(10), model::seconds(3));
  Cluster cluster(plan);
  cluster.run();
  CHECK(cluster.seen().ever<model::ZkConnectionLost>(at_s(10)));
  CHECK_FALSE(cluster.seen().ever<model::ZkSessionClosed>());
  CHECK_FALSE(cluster.seen().ever<model::PartitionStateChanged>(at_s(0)));
  CHECK_FALSE(cluster.seen().ever<model::RecordsFailed>());
  CHECK(joined(cluster.unsettled()) == "");
}

TEST_CASE("a ZooKeeper that was away for long gives every session its full time again") {
  Plan plan = three_partitions();
  add_producer(plan, model::Acks::all, at_s(1), model::milliseconds(50), 800);
  crash(plan, model::kZooKeeper, at_s(10), model::seconds(40));
  plan.until = at_s(70);
  Cluster cluster(plan);
  cluster.run();
  CHECK_FALSE(cluster.seen().ever<model::ZkSessionClosed>());
  CHECK_FALSE(cluster.seen().ever<model::ZkSessionExpiredSeen>());
  CHECK_FALSE(cluster.seen().ever<model::PartitionStateChanged>(at_s(0)));
  CHECK_FALSE(cluster.seen().ever<model::ControllerResigned>());
  CHECK_FALSE(cluster.seen().ever<model::RecordsFailed>());
  CHECK(joined(cluster.unsettled()) == "");
}

namespace {

model::Log log_of(std::initializer_list<model::Batch> batches) {
  model::Log log;
  for (const model::Batch& batch : batches) model::append(log, batch);
  return log;
}
model::Batch batch(model::Offset base, std::int32_t count, model::LeaderEpoch epoch) {
  return {base, count, epoch, static_cast<std::int32_t>(base) + 100 * epoch, -1, -1, kP1};
}

struct Truncation {
  std::vector<model::Offset> cuts;
  model::Log leader, follower;
  std::size_t epoch_questions = 0;
};

// The follower's log has epochs 0, 1 and 3, the leader's 0, 2 and 4; they agree on [0, 5) only. What the
// follower, which knows nothing below `committed` to be in doubt, does under leader epoch 5.
Truncation reconcile(std::string_view version, model::Offset committed = 0) {
  Plan plan = three_brokers(version);
  add_topic(plan, "t", {{kB3, kB2}});  // so that the follower's fetcher is a new one
  Cluster cluster(plan);
  cluster.run_until(at_s(5));
  SteppedBroker leader(cluster, kB2), follower(cluster, kB3);
  leader->disk.partitions[0].log = log_of({batch(0, 6, 0), batch(6, 3, 2), batch(9, 4, 4)});
  follower->disk.partitions[0].log = log_of({batch(0, 5, 0), batch(5, 3, 1), batch(8, 4, 3)});
  follower->memory.partitions[0].high_watermark = committed;
  const model::LeaderAndIsrRequest request{kB1, 1, -1, {{kT0, false, kB2, 5, 1, 9, {kB2}, {kB2, kB3}}}};
  leader.receive(leader.accept(kB1, model::ChannelKind::control), request);
  follower.receive(follower.accept(kB1, model::ChannelKind::control), request);
  Truncation result;
  for (int i = 0; i < 12; ++i) {
    for (const auto& fact : follower.all_told<model::Truncated>()) {
      if (fact.to < fact.from) result.cuts.push_back(fact.to);
    }
    result.epoch_questions += follower.count_sent<model::OffsetsForLeaderEpochRequest>();
    if (!exchange(follower, leader)) break;
  }
  result.leader = leader->disk.partitions[0].log;
  result.follower = follower->disk.partitions[0].log;
  return result;
}

bool same_records(const model::Log& a, const model::Log& b) {
  std::vector<std::pair<model::LeaderEpoch, std::int32_t>> of_a, of_b;
  const auto spell = [](const model::Log& log, auto& out) {
    for (const model::Batch& each : log.batches) {
      for (std::int32_t i = 0; i < each.count; ++i) out.push_back({each.epoch, each.first_value + i});
    }
  };
  spell(a, of_a);
  spell(b, of_b);
  return of_a == of_b;
}

}  // namespace

TEST_CASE("a follower under 3.9 is cut to the common prefix by diverging epochs in fetch answers") {
  const Truncation result = reconcile("3.9");
  CHECK((result.cuts == std::vector<model::Offset>{8, 5}));
  CHECK(result.epoch_questions == 0);
  CHECK(same_records(result.leader, result.follower));
}

TEST_CASE("a follower under 2.6 asks OffsetsForLeaderEpoch until the common prefix is found") {
  const Truncation result = reconcile("2.6");
  CHECK((result.cuts == std::vector<model::Offset>{8, 5}));
  CHECK(result.epoch_questions == 2);
  CHECK(same_records(result.leader, result.follower));
}

// KIP-279: it is told where the epoch after its own begins, and keeps what it has below.
TEST_CASE("a follower under 1.1 asks once where its last epoch ends and keeps records that its leader never had") {
  const Truncation result = reconcile("1.1");
  CHECK((result.cuts == std::vector<model::Offset>{9}));
  CHECK(result.epoch_questions == 1);
  CHECK(result.follower.end() == result.leader.end());
  CHECK_FALSE(same_records(result.leader, result.follower));
}

// KIP-101: too little when its high watermark lies beyond the common prefix, too much when it trails it.
TEST_CASE("a follower under 0.10.2 cuts its log at its own high watermark and asks nobody") {
  for (const model::Offset committed : {2, 10}) {
    const Truncation result = reconcile("0.10.2", committed);
    CAPTURE(committed);
    CHECK((result.cuts == std::vector<model::Offset>{committed}));
    CHECK(result.epoch_questions == 0);
    CHECK(result.follower.end() == result.leader.end());
    CHECK(same_records(result.leader, result.follower) == (committed == 2));
  }
}
