// A history whose facts are told by hand, without a run.
#pragma once

#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "model/invariants/history.h"
#include "model/invariants/view.h"
#include "model/rules.h"
#include "sim/kernel/plan.h"
#include "tests/cluster_fixture.h"

namespace model::test {

using sim::test::kB1;
using sim::test::kB2;
using sim::test::kB3;
using sim::test::kT0;

inline constexpr NodeId kAll{4}, kLeader{5}, kNobody{6};  // producers, by their acks

inline ClusterConfig config_of(bool unclean) {
  sim::Plan plan = sim::test::three_brokers();
  sim::test::add_topic(plan, "t", {{kB1, kB2, kB3}}, 1, unclean);
  for (const Acks acks : {Acks::all, Acks::leader, Acks::none}) {
    sim::test::add_producer(plan, acks, {}, milliseconds(100), 1'000);
  }
  return plan.config;
}

// A cluster of three brokers with one partition, whose states are set and whose facts are told by hand.
struct ToldByHand {
  explicit ToldByHand(bool unclean = false)
      : config(config_of(unclean)), nodes(make_cluster(config)), history(make_history(config)), logs(config) {
    for (std::uint8_t id = 1; id <= 3; ++id) {
      broker(NodeId{id}).memory.partitions.resize(1);
      tell(kZooKeeper, BrokerRegistered{id, NodeId{id}, id});
    }
    tell(kZooKeeper, ControllerEpochChanged{10, 1, kB1});
  }

  Broker& broker(NodeId id) { return std::get<Broker>(nodes[static_cast<std::size_t>(id)]); }
  Log& log(NodeId id) { return broker(id).log(kT0); }
  PartitionHistory& past() { return history.partitions.front(); }
  ReplicaHistory& replica(NodeId id) { return past().replicas[static_cast<std::size_t>(id)]; }
  View view() { return {config, rules, nodes, history, logs}; }

  void tell(NodeId teller, const Fact& fact) { observe(history, view(), {teller, fact}, lost); }
  void store(NodeId leader, LeaderEpoch epoch, const Replicas& isr, ControllerEpoch controller = 1) {
    tell(kZooKeeper, PartitionStateChanged{20, kT0, {leader, epoch, isr, controller}, ++version});
  }
  Partition& take_role(NodeId id, LeaderEpoch epoch) {
    Partition& partition = broker(id).memory.partitions.front();
    partition.hosted = true;
    partition.role = Role::leader;
    partition.leader_epoch = epoch;
    if (partition.replicas.empty()) partition.replicas = {kB1, kB2, kB3};
    return partition;
  }
  void lead(NodeId id, LeaderEpoch epoch) {
    const Partition& partition = take_role(id, epoch);
    tell(id, BecameLeader{kT0, epoch, epoch - 1, version, log(id).end(), partition.high_watermark, {}});
  }
  void elect(NodeId leader, LeaderEpoch epoch, const Replicas& isr) {
    store(leader, epoch, isr);
    lead(leader, epoch);
  }
  // `count` records from `value` on, at the end of each log.
  void append_to(const std::vector<NodeId>& replicas, LeaderEpoch epoch, NodeId producer, std::int32_t value,
                 std::int32_t count) {
    for (const NodeId id : replicas) {
      const Offset base = log(id).end();
      append(log(id), Batch{base, count, epoch, value, value, 0, producer});
      tell(id, RecordsAppended{kT0, base, count, false});
    }
  }
  void move_high_watermark(NodeId id, Offset to, bool as_leader = true) {
    Partition& partition = broker(id).memory.partitions.front();
    const Offset from = std::exchange(partition.high_watermark, to);
    tell(id, HighWatermarkMoved{kT0, from, to, as_leader});
  }
  void acknowledge(NodeId producer, std::int32_t value, std::int32_t count) {
    tell(producer, RecordsAcknowledged{kT0, value, count, 0});
  }
  // The controller sees it go.
  void notice(NodeId id) { tell(kB1, ControllerSeesBrokers{{}, {id}, {}, {}}); }
  void lose_log(NodeId id, Offset to) {
    const Offset from = log(id).end();
    broker(id).memory.partitions.front() = {};
    truncate(log(id), to);
    tell(id, LogLost{kT0, from, to});
  }
  // It appends records of its old epoch, answers acks=all, and cuts them off again when it follows.
  void answer_alone(NodeId id, std::int32_t value, std::int32_t count) {
    const Offset base = log(id).end();
    append_to({id}, 0, kAll, value, count);
    tell(id, AcksAllAnswered{kT0, base, count, 1, base + count});
    acknowledge(kAll, value, count);
    truncate(log(id), base);
    tell(id, Truncated{kT0, base + count, base, 1});
  }
  // b1 leads in epoch 0 and has committed ten records of acks=all on all three.
  void commit_ten() {
    elect(kB1, 0, {kB1, kB2, kB3});
    append_to({kB1, kB2, kB3}, 0, kAll, 0, 10);
    move_high_watermark(kB1, 10);
    acknowledge(kAll, 0, 10);
  }

  ClusterConfig config;
  Rules rules = *find_profile("3.9")->rules;
  std::vector<Node> nodes;
  History history;
  LogPairs logs;
  PartitionEpoch version = -1;
  std::vector<RecordLost> lost;
};

// The only loss that was found.
inline RecordLost only(const ToldByHand& told) {
  REQUIRE(told.lost.size() == 1);
  return told.lost.front();
}

}  // namespace model::test
