// Consumers: where they begin, whom they read from, what a change of leader does to their position, and how the rules
// of older versions differ.
#include <doctest/doctest.h>

#include <algorithm>

#include "model/rules.h"
#include "sim/search/run.h"
#include "tests/cluster_fixture.h"

using namespace model;
using namespace sim;
using namespace sim::test;

namespace {

constexpr std::string_view kWest = "west", kEast = "east";

// Node ids follow those of the producers, which must be there already.
NodeId add_consumer(Plan& plan, std::string name, Time start, OffsetReset reset, std::string_view rack = "") {
  ConsumerConfig consumer;
  consumer.name = std::move(name);
  consumer.auto_offset_reset = reset;
  consumer.client_rack = rack;
  consumer.metadata_max_age = seconds(10);
  plan.config.consumers.push_back(consumer);
  const auto id = NodeId(static_cast<std::uint8_t>(plan.config.node_count() - 1));
  plan.starts.push_back({id, start, {}, {}, {}});
  return id;
}

// b1 leads and stands in the west, b2 and b3 in the east.
Plan two_racks(std::string_view version = "3.9") {
  Plan plan = three_brokers(version);
  plan.config.racks = {std::string(kWest), std::string(kEast), std::string(kEast)};
  for (BrokerSettings& broker : plan.config.brokers) broker.replica_selector_class = ReplicaSelector::rack_aware;
  add_topic(plan, "t", {{kB1, kB2, kB3}});
  add_producer(plan, Acks::all, at_s(1), milliseconds(100), 200);
  plan.until = at_s(30);
  return plan;
}

struct Seen {
  Cluster cluster;
  const Witness& witness;
  explicit Seen(const Plan& plan) : cluster(plan), witness(cluster.seen()) {
    cluster.run();
    CHECK(witness.broken() == std::vector<std::string>{});
  }
  std::vector<NodeId> sources(NodeId consumer) const {
    std::vector<NodeId> found;
    for (const auto& told : witness.all<FetchesFrom>()) {
      if (told.node == consumer) found.push_back(told.fact.broker);
    }
    return found;
  }
  std::int64_t read(NodeId consumer) const {
    std::int64_t count = 0;
    for (const auto& told : witness.all<RecordsConsumed>()) count += told.node == consumer ? told.fact.count : 0;
    return count;
  }
  // Of those that others follow: how long a record took from the leader's high watermark to the consumer, at most.
  Duration slowest(NodeId consumer) const {
    Duration most;
    for (const auto& told : witness.all<RecordsConsumed>()) {
      const auto shown = witness.first<HighWatermarkMoved>({INT64_MIN}, [&](NodeId, const HighWatermarkMoved& moved) {
        return moved.as_leader && moved.to > told.fact.base_offset;
      });
      const bool is_last = told.fact.base_offset + told.fact.count == 200;  // nothing follows that would carry it along
      if (told.node == consumer && shown && !is_last) most = std::max(most, told.at - shown->at);
    }
    return most;
  }
  std::vector<PositionReset> resets(NodeId consumer) const {
    std::vector<PositionReset> found;
    for (const auto& told : witness.all<PositionReset>()) {
      if (told.node == consumer) found.push_back(told.fact);
    }
    return found;
  }
};

// b1 alone takes 100 records with acks=1 while the others sleep, and dies; b2, which lacks them, leads by unclean
// election.
Plan records_lost_under_a_reader(std::string_view version, OffsetReset reset, NodeId& consumer) {
  Plan plan = three_brokers(version);
  add_topic(plan, "t", {{kB1, kB2}}, 1, true);
  add_producer(plan, Acks::leader, at_s(1), milliseconds(100), 400);
  consumer = add_consumer(plan, "reader", at_ms(500), reset);
  set_lag(plan, seconds(4));
  pause(plan, kB2, at_s(5), seconds(15));
  crash(plan, kB1, at_s(19));
  plan.until = at_s(45);
  return plan;
}

}  // namespace

TEST_CASE("A consumer begins at the start, at the end or not at all, as auto.offset.reset says") {
  Plan plan = two_racks();
  const NodeId earliest = add_consumer(plan, "earliest", at_s(10), OffsetReset::earliest);
  const NodeId latest = add_consumer(plan, "latest", at_s(10), OffsetReset::latest);
  const NodeId none = add_consumer(plan, "none", at_s(10), OffsetReset::none);
  const Seen seen(plan);
  CHECK(seen.read(earliest) == 200);
  CHECK(seen.read(latest) < 120);
  CHECK(seen.read(latest) > 100);
  CHECK(seen.read(none) == 0);
  REQUIRE(seen.resets(latest).size() == 1);
  CHECK(seen.resets(latest)[0].reason == ResetReason::no_position);
  REQUIRE(seen.witness.all<ConsumerFailed>().size() == 1);
  CHECK(seen.witness.all<ConsumerFailed>()[0].node == none);
}

TEST_CASE("A leader prefers a replica in the consumer's rack, of equal ones the broker with the highest id") {
  Plan plan = two_racks();
  const NodeId east = add_consumer(plan, "e", at_s(2), OffsetReset::earliest, kEast);
  const NodeId west = add_consumer(plan, "w", at_s(2), OffsetReset::earliest, kWest);
  const NodeId nowhere = add_consumer(plan, "n", at_s(2), OffsetReset::earliest);
  const NodeId elsewhere = add_consumer(plan, "x", at_s(2), OffsetReset::earliest, "mars");
  const Seen seen(plan);
  CHECK(seen.sources(east)[0] == kB1);
  CHECK((seen.sources(east)[1] == kB2 || seen.sources(east)[1] == kB3));
  for (const NodeId reader : {west, nowhere, elsewhere}) CHECK(seen.sources(reader) == std::vector<NodeId>{kB1});
  for (const NodeId reader : {east, west, nowhere, elsewhere}) CHECK(seen.read(reader) == 200);
}

TEST_CASE("Without a selector, and before KIP-392, everybody reads from the leader") {
  Plan plan = two_racks();
  for (BrokerSettings& broker : plan.config.brokers) broker.replica_selector_class = ReplicaSelector::leader;
  NodeId east = add_consumer(plan, "e", at_s(2), OffsetReset::earliest, kEast);
  CHECK(Seen(plan).sources(east) == std::vector<NodeId>{kB1});
  Plan old = two_racks("2.1");
  east = add_consumer(old, "e", at_s(2), OffsetReset::earliest, kEast);
  const Seen seen(old);
  CHECK(seen.sources(east) == std::vector<NodeId>{kB1});
  CHECK(seen.read(east) == 200);
}

TEST_CASE("A reader of a follower has its records when the follower hears of them, before KAFKA-14334 after a wait") {
  Plan plan = two_racks();
  const NodeId now = add_consumer(plan, "e", at_ms(500), OffsetReset::earliest, kEast);
  CHECK(Seen(plan).slowest(now) < milliseconds(150));
  Plan old = two_racks("3.3");
  const NodeId then = add_consumer(old, "e", at_ms(500), OffsetReset::earliest, kEast);
  const Seen seen(old);
  CHECK(seen.slowest(then) > milliseconds(300));
  CHECK(seen.slowest(then) < milliseconds(800));
  CHECK(seen.read(then) == 200);
}

TEST_CASE("A reader of a follower that dies is sent back to it until the ISR is without it") {
  Plan plan = two_racks();
  plan.config.racks = {"west", "west", "east"};
  const NodeId east = add_consumer(plan, "e", at_s(2), OffsetReset::earliest, kEast);
  crash(plan, kB3, at_s(10));
  const Seen seen(plan);
  const auto left = seen.witness.isr_became(kT0, {kB1, kB2}, at_s(10));
  REQUIRE(left);
  for (const auto& told : seen.witness.all<ReadReplicaPreferred>()) CHECK(told.at < *left + milliseconds(100));
  const auto last = seen.witness.all<FetchesFrom>().back();
  CHECK(last.fact.broker == kB1);
  CHECK(last.at - *left < milliseconds(1'500));
  CHECK(seen.read(east) == 200);
  CHECK(seen.resets(east).size() == 1);
}

TEST_CASE("A position is validated by a new leader; where records were lost it goes back to the end of what is left") {
  NodeId reader{};
  const Seen seen(records_lost_under_a_reader("3.9", OffsetReset::earliest, reader));
  const auto resets = seen.resets(reader);
  REQUIRE(resets.size() == 2);
  CHECK(resets[1].reason == ResetReason::truncated);
  CHECK(resets[1].to < resets[1].from);
  const auto elected = seen.witness.first<BecameLeader>(at_s(19));
  REQUIRE(elected);
  const auto again = seen.witness.first<RecordsConsumed>(elected->at);
  REQUIRE(again);
  CHECK(again->fact.base_offset == resets[1].to);
  CHECK(again->fact.epoch == elected->fact.leader_epoch);
}

TEST_CASE("A consumer without a reset policy is told of the truncation and ends") {
  NodeId reader{};
  Plan plan = records_lost_under_a_reader("3.9", OffsetReset::earliest, reader);
  plan.config.consumers[0].auto_offset_reset = OffsetReset::none;
  // It cannot begin by itself: it takes up where another one would have begun.
  const Seen never(plan);
  REQUIRE(never.witness.all<ConsumerFailed>().size() == 1);
  CHECK(never.witness.all<ConsumerFailed>()[0].fact.reason == ResetReason::no_position);
}

TEST_CASE("Before its half of KIP-320 a consumer notices a shorter log only when its position lies beyond the end") {
  NodeId reader{};
  const Seen seen(records_lost_under_a_reader("2.1", OffsetReset::latest, reader));
  const auto resets = seen.resets(reader);
  REQUIRE(resets.size() == 2);
  CHECK(resets[1].reason == ResetReason::out_of_range);
}

TEST_CASE(
    "A consumer whose requests go nowhere asks again after request.timeout.ms, elsewhere if the leader has moved") {
  Plan plan = two_racks();
  plan.until = at_s(60);
  const NodeId reader = add_consumer(plan, "w", at_ms(500), OffsetReset::earliest);
  plan.config.consumers[0].request_timeout = seconds(5);
  cut(plan, {kB1}, {kB2, kB3, kZooKeeper, kP1, reader}, at_s(10), seconds(40));
  const Seen seen(plan);
  const auto sources = seen.sources(reader);
  REQUIRE(sources.size() >= 2);
  CHECK(sources[0] == kB1);
  CHECK(sources[1] != kB1);
  CHECK(seen.read(reader) == 200);
  CHECK(seen.resets(reader).size() == 1);
}
