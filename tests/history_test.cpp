// What a global observer remembers: committed records, acknowledgements, and why records may be missing.
#include "model/invariants/history.h"

#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "model/invariants/view.h"
#include "model/rules.h"
#include "sim/kernel/plan.h"
#include "tests/cluster_fixture.h"

using namespace model;
using sim::test::kB1;
using sim::test::kB2;
using sim::test::kB3;
using sim::test::kT0;

namespace {

constexpr NodeId kAll{4}, kLeader{5}, kNobody{6};  // producers, by their acks

ClusterConfig config_of(bool unclean) {
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
  void lose_log(NodeId id, Offset to) {
    const Offset from = log(id).end();
    broker(id).memory.partitions.front() = {};
    truncate(log(id), to);
    tell(id, LogLost{kT0, from, to});
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
RecordLost only(const ToldByHand& told) {
  REQUIRE(told.lost.size() == 1);
  return told.lost.front();
}

}  // namespace

// --- committed ---------------------------------------------------------------------------------------

TEST_CASE("what the current leader holds below its high watermark is committed, record by record") {
  ToldByHand told;
  told.elect(kB1, 0, {kB1, kB2});
  told.append_to({kB1}, 0, kAll, 100, 10);
  CHECK(told.past().committed.end() == 0);
  told.move_high_watermark(kB1, 4);
  told.move_high_watermark(kB1, 7);
  REQUIRE(told.past().committed.batches.size() == 2);
  CHECK(told.past().committed.batches[0] == Batch{0, 4, 0, 100, 100, 0, kAll});
  CHECK(told.past().committed.batches[1] == Batch{4, 3, 0, 104, 104, 0, kAll});
  CHECK(told.past().committed_values.front() == 107);
}

TEST_CASE("neither a follower nor a leader that ZooKeeper does not name commits anything") {
  ToldByHand told;
  told.elect(kB1, 0, {kB1, kB2});
  told.append_to({kB1, kB2}, 0, kAll, 0, 10);
  told.move_high_watermark(kB2, 10, false);
  CHECK(told.past().committed.end() == 0);
  CHECK(told.replica(kB2).reign_high_watermark == kUnknownOffset);
  told.store(kB2, 1, {kB2});
  told.move_high_watermark(kB1, 10);
  CHECK(told.past().committed.end() == 0);
  told.lead(kB2, 1);
  CHECK(told.past().committed.end() == 10);
}

TEST_CASE("how much of the committed records a replica holds follows its log down and up again") {
  ToldByHand told;
  told.commit_ten();
  CHECK(told.replica(kB2).committed_held == 10);
  truncate(told.log(kB2), 6);
  told.tell(kB2, Truncated{kT0, 10, 6, 0});
  CHECK(told.replica(kB2).committed_held == 6);
  append(told.log(kB2), Batch{6, 4, 0, 6, 6, 0, kAll});
  told.tell(kB2, RecordsAppended{kT0, 6, 4, false});
  CHECK(told.replica(kB2).committed_held == 10);
}

TEST_CASE("records that a replica takes for committed ones are not held as those") {
  ToldByHand told;
  told.commit_ten();
  truncate(told.log(kB2), 6);
  told.tell(kB2, Truncated{kT0, 10, 6, 0});
  told.append_to({kB2}, 1, kLeader, 50, 4);
  CHECK(told.log(kB2).end() == 10);
  CHECK(told.replica(kB2).committed_held == 6);
}

// --- losses ------------------------------------------------------------------------------------------

TEST_CASE("a record of acks=all that a clean leader lacks is lost without a reason, and told once") {
  ToldByHand told;
  told.elect(kB1, 0, {kB1, kB2});
  told.append_to({kB1}, 0, kAll, 0, 10);
  told.append_to({kB2}, 0, kAll, 0, 7);
  told.acknowledge(kAll, 0, 10);
  CHECK(told.lost.empty());
  told.elect(kB2, 1, {kB2});
  const RecordLost lost = only(told);
  CHECK(lost.reason == LossReason::none);
  CHECK(lost.producer == kAll);
  CHECK(lost.first_value == 7);
  CHECK(lost.count == 3);
  observe_end(told.history, told.view(), told.lost);
  CHECK(told.lost.size() == 1);
}

TEST_CASE("a record of acks=1 that the next leader lacks is lost by design; acks=0 promised nothing") {
  ToldByHand told;
  told.elect(kB1, 0, {kB1, kB2});
  told.append_to({kB1}, 0, kLeader, 0, 5);
  told.append_to({kB1}, 0, kNobody, 0, 5);
  told.acknowledge(kLeader, 0, 5);
  told.acknowledge(kNobody, 0, 5);
  told.elect(kB2, 1, {kB2});
  const RecordLost lost = only(told);
  CHECK(lost.producer == kLeader);
  CHECK(lost.reason == LossReason::acks);
  CHECK(lost.acks == 1);
}

TEST_CASE("an unclean election that the topic allows takes committed records away by design") {
  ToldByHand told(true);
  told.elect(kB1, 0, {kB1, kB2});
  told.append_to({kB1, kB2}, 0, kAll, 0, 10);
  told.append_to({kB3}, 0, kAll, 0, 4);
  told.move_high_watermark(kB1, 10);
  told.acknowledge(kAll, 0, 10);
  told.store(kB3, 1, {kB3});
  CHECK(told.past().loss == LossReason::unclean_election);
  CHECK(told.past().committed.end() == 10);  // until its leader acts
  told.lead(kB3, 1);
  const RecordLost lost = only(told);
  CHECK(lost.reason == LossReason::unclean_election);
  CHECK(lost.first_value == 4);
  CHECK(lost.count == 6);
  CHECK(told.past().committed.end() == 4);
  CHECK(told.past().committed_values.front() == 4);
  CHECK(told.past().loss == LossReason::none);
  CHECK(told.past().loss_epoch == 1);
}

TEST_CASE("between an unclean election and its leader's first act nothing is committed") {
  ToldByHand told(true);
  told.elect(kB1, 0, {kB1});
  told.append_to({kB1}, 0, kAll, 0, 10);
  told.move_high_watermark(kB1, 5);
  told.append_to({kB2}, 1, kAll, 20, 8);
  told.store(kB2, 1, {kB2});
  told.take_role(kB2, 1);
  told.move_high_watermark(kB2, 8);
  CHECK(told.past().committed.end() == 5);
}

TEST_CASE("an operator who asks for an unclean election excuses the next one, and no other") {
  ToldByHand told;
  told.commit_ten();
  told.store(kB1, 0, {kB1});
  truncate(told.log(kB2), 8);
  truncate(told.log(kB3), 5);
  told.tell(kB2, Truncated{kT0, 10, 8, 0});
  told.tell(kB3, Truncated{kT0, 10, 5, 0});
  observe_unclean_request(told.history, kT0);
  told.elect(kB2, 1, {kB2});
  CHECK(only(told).reason == LossReason::unclean_election);
  told.lost.clear();
  told.elect(kB3, 2, {kB3});
  const RecordLost lost = only(told);
  CHECK(lost.reason == LossReason::none);
  CHECK(lost.first_value == 5);
  CHECK(lost.count == 3);
}

TEST_CASE("an election from outside the ISR that nobody allowed excuses nothing") {
  ToldByHand told;
  told.elect(kB1, 0, {kB1});
  told.append_to({kB1}, 0, kAll, 0, 10);
  told.acknowledge(kAll, 0, 10);
  told.elect(kB2, 1, {kB2});
  CHECK(only(told).reason == LossReason::none);
  CHECK(told.past().loss_epoch == kNoEpoch);
}

TEST_CASE("the last copy lost with its machine is lost by design") {
  ToldByHand told;
  told.commit_ten();
  for (const NodeId id : {kB1, kB2, kB3}) told.lose_log(id, id == kB1 ? 3 : 6);
  CHECK(told.lost.empty());  // nobody leads
  told.elect(kB2, 1, {kB2});
  const RecordLost lost = only(told);
  CHECK(lost.reason == LossReason::power_loss);
  CHECK(lost.first_value == 6);
  CHECK(lost.count == 4);
  CHECK(told.past().committed.end() == 6);
}

TEST_CASE("a machine's loss does not excuse an election while a member that holds the records could lead") {
  ToldByHand told;
  told.commit_ten();
  told.lose_log(kB2, 6);
  told.elect(kB2, 1, {kB1, kB2, kB3});
  CHECK(only(told).reason == LossReason::none);
  CHECK(told.past().committed.end() == 10);
}

TEST_CASE("it does when that member is not registered, or when the controller came after the loss") {
  ToldByHand gone;
  gone.commit_ten();
  gone.store(kB1, 0, {kB1, kB2});
  gone.lose_log(kB2, 6);
  gone.tell(kZooKeeper, BrokerUnregistered{30, kB1});
  gone.elect(kB2, 1, {kB2});
  CHECK(only(gone).reason == LossReason::power_loss);

  ToldByHand late;
  late.commit_ten();
  late.lose_log(kB2, 6);
  late.store(kB2, 1, {kB1, kB2, kB3}, 2);
  late.lead(kB2, 1);
  CHECK(only(late).reason == LossReason::power_loss);

  // Whoever is being shut down leads nowhere any more.
  ToldByHand leaving;
  leaving.commit_ten();
  leaving.lose_log(kB2, 6);
  leaving.broker(kB1).memory.phase = leaving.broker(kB3).memory.phase = BrokerPhase::stopping;
  leaving.elect(kB2, 1, {kB2});
  CHECK(only(leaving).reason == LossReason::power_loss);
}

TEST_CASE("before KIP-497 a leader that never learnt what it had written commits without a member of the ISR") {
  const auto lose_answer = [](ToldByHand& told) {
    told.commit_ten();
    told.store(kB1, 0, {kB1});
    told.tell(kB1, IsrExpandProposed{kT0, {kB1}, {kB1, kB2}});
    told.store(kB1, 0, {kB1, kB2});
    told.tell(kB1, IsrChangeRefused{kT0, ErrorCode::invalid_update_version});
    told.append_to({kB1}, 0, kAll, 10, 5);
    told.move_high_watermark(kB1, 15);
    told.acknowledge(kAll, 10, 5);
  };
  ToldByHand old;
  old.rules = *find_profile("2.6")->rules;
  lose_answer(old);
  CHECK(old.replica(kB1).unaware_of_isr);
  old.elect(kB2, 1, {kB2});
  CHECK(only(old).reason == LossReason::lost_isr_write);
  CHECK(only(old).first_value == 10);

  ToldByHand refused;
  refused.rules = *find_profile("2.6")->rules;
  refused.commit_ten();
  refused.tell(kB1, IsrExpandProposed{kT0, {kB1}, {kB1, kB2}});
  refused.tell(kB1, IsrChangeRefused{kT0, ErrorCode::invalid_update_version});
  CHECK_FALSE(refused.replica(kB1).unaware_of_isr);

  // The controller's answer can be lost as well, but then the leader waits for the larger ISR.
  ToldByHand now;
  lose_answer(now);
  CHECK_FALSE(now.replica(kB1).unaware_of_isr);
  now.elect(kB2, 1, {kB2});
  CHECK(only(now).reason == LossReason::none);
}

TEST_CASE("a leader that comes back without its records before anybody noticed leads on, and loses by design") {
  ToldByHand told;
  told.commit_ten();
  told.lose_log(kB1, 2);
  observe_start(told.history, kB1);
  told.lead(kB1, 0);
  CHECK(only(told).reason == LossReason::power_loss);
  CHECK(told.past().reused_epoch == 0);
  CHECK(told.past().committed.end() == 2);
}

TEST_CASE("what a machine lost is missed until the replica holds as much again") {
  ToldByHand told;
  told.commit_ten();
  CHECK_FALSE(misses_what_it_lost(told.view(), kT0, kB2));
  told.lose_log(kB2, 6);
  CHECK(misses_what_it_lost(told.view(), kT0, kB2));
  told.append_to({kB2}, 0, kAll, 6, 2);
  CHECK(misses_what_it_lost(told.view(), kT0, kB2));
  told.append_to({kB2}, 0, kAll, 8, 2);
  CHECK_FALSE(misses_what_it_lost(told.view(), kT0, kB2));
  // From here on a shorter log is nobody's excuse.
  truncate(told.log(kB2), 7);
  told.tell(kB2, Truncated{kT0, 10, 7, 0});
  CHECK_FALSE(misses_what_it_lost(told.view(), kT0, kB2));
}

TEST_CASE("a leader that cuts acknowledged records off loses them at once") {
  ToldByHand told;
  told.commit_ten();
  truncate(told.log(kB1), 9);
  told.tell(kB1, Truncated{kT0, 10, 9, 0});
  CHECK(only(told).first_value == 9);
}

TEST_CASE("what nobody has looked at since is found missing at the end of the run") {
  ToldByHand told;
  told.commit_ten();
  told.acknowledge(kAll, 10, 2);
  CHECK(told.lost.empty());
  observe_end(told.history, told.view(), told.lost);
  CHECK(only(told).first_value == 10);
  CHECK(only(told).count == 2);
}

// --- the rest of what is remembered ------------------------------------------------------------------------

TEST_CASE("acknowledgements of one producer join, also when others come between") {
  ToldByHand told;
  told.acknowledge(kAll, 0, 2);
  told.acknowledge(kLeader, 0, 1);
  told.acknowledge(kAll, 2, 3);
  told.acknowledge(kAll, 7, 1);
  REQUIRE(told.past().acknowledged.size() == 3);
  CHECK(told.past().acknowledged[0].producer == kAll);
  CHECK(told.past().acknowledged[0].end == 5);
  CHECK(told.past().acknowledged[2].first == 7);
}

TEST_CASE("only a definite failure says that records were not written") {
  ToldByHand told;
  told.tell(kAll, RecordsFailed{kT0, 0, 3, ErrorCode::request_timed_out, true});
  CHECK(told.past().refused.empty());
  told.tell(kAll, RecordsFailed{kT0, 3, 2, ErrorCode::not_enough_replicas, false});
  REQUIRE(told.past().refused.size() == 1);
  CHECK(told.past().refused.front().first == 3);
  CHECK(told.past().refused.front().end == 5);
}

TEST_CASE("a change of the ISR is stuck when it is refused for good, until another one or another process") {
  ToldByHand told;
  const auto refuse = [&](ErrorCode error) { told.tell(kB1, IsrChangeRefused{kT0, error}); };
  refuse(ErrorCode::unknown_server_error);
  CHECK_FALSE(told.replica(kB1).stuck_pending);
  refuse(ErrorCode::fenced_leader_epoch);
  CHECK(told.replica(kB1).stuck_pending);
  CHECK_FALSE(told.replica(kB2).stuck_pending);
  told.tell(kB1, IsrExpandProposed{kT0, {kB1}, {kB1, kB2}});
  CHECK_FALSE(told.replica(kB1).stuck_pending);
  refuse(ErrorCode::invalid_update_version);
  observe_start(told.history, kB1);
  CHECK_FALSE(told.replica(kB1).stuck_pending);
}

TEST_CASE("a process that begins has acted in no epoch; what the cluster has committed stays") {
  ToldByHand told;
  told.commit_ten();
  told.tell(kB1, ControlRequestApplied{kB2, 1, 1});
  CHECK(told.replica(kB1).highest_epoch == 0);
  CHECK(told.replica(kB1).reign_high_watermark == 10);
  observe_start(told.history, kB1);
  CHECK(told.replica(kB1).highest_epoch == kNoEpoch);
  CHECK(told.replica(kB1).reign_high_watermark == kUnknownOffset);
  CHECK(told.history.brokers[1].highest_controller_epoch == 0);
  CHECK(told.past().committed.end() == 10);
}

TEST_CASE("metadata is late when no controller waits any more for the request that brought it") {
  ToldByHand told;
  auto& senders = told.broker(kB2).memory.controller.senders;
  const auto is_late = [&] {
    told.tell(kB1, ControlRequestApplied{kB2, 1, 1});
    return told.history.brokers[1].metadata_is_late;
  };
  CHECK(is_late());  // b2 has resigned since
  senders.push_back(Sender{});
  senders.front().broker = kB1;
  senders.front().in_flight = true;
  senders.front().queue.push_back(LeaderAndIsrRequest{});
  CHECK(is_late());  // which says nothing of who lives
  senders.front().queue.front() = UpdateMetadataRequest{};
  CHECK_FALSE(is_late());
  senders.front().in_flight = false;
  CHECK(is_late());
  observe_start(told.history, kB1);
  CHECK_FALSE(told.history.brokers[1].metadata_is_late);
}

TEST_CASE("the first leader stored with an epoch keeps it") {
  ToldByHand told;
  told.store(kB1, 0, {kB1, kB2});
  told.store(kNoNode, 1, {kB2});
  told.store(kB2, 2, {kB2});
  told.store(kB3, 2, {kB3});
  REQUIRE(told.past().leader_of_epoch.size() == 3);
  CHECK(told.past().leader_of_epoch[0] == kB1);
  CHECK(told.past().leader_of_epoch[1] == kNoNode);
  CHECK(told.past().leader_of_epoch[2] == kB2);
  CHECK(told.past().before.leader == kB2);
}
