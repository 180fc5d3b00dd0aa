// One partition's next state: the worked examples of replicas {1,2,3}, min.insync.replicas 2, without and with
// eligible leader replicas.
#include <string>

#include <doctest/doctest.h>

#include "tests/driven_controller.h"

using namespace model;
using namespace model::test;

namespace {

PartitionRegistration row(NodeId leader, Replicas isr, Replicas elr = {}, Replicas last = {}) {
  PartitionRegistration state;
  state.exists = true;
  state.assignment.replicas = {kB1, kB2, kB3};
  state.isr = isr;
  state.eligible_leader_replicas = elr;
  state.last_known_elr = last;
  state.leader = leader;
  state.leader_epoch = 5;
  state.partition_epoch = 8;
  return state;
}

// A controller in office with five unfenced brokers; events of one broker at a time are applied to the partition.
struct Bench : DrivenController {
  explicit Bench(bool elr, bool unclean = false) : DrivenController(cluster(unclean)) {
    if (elr) enable_elr();
    boot();
  }
  static ClusterConfig cluster(bool unclean) {
    ClusterConfig config = five_brokers();
    config.topics[0].unclean_leader_election_enable = unclean;
    return config;
  }
  void set_fenced(NodeId id, bool fenced) {
    find_broker(*controller().working, id)->fenced = fenced;
    find_broker(controller().stable, id)->fenced = fenced;
  }
  // Nobody of 1, 2, 3 is there any more; 3 was the last one.
  void enter_x() {
    for (const NodeId id : {kB1, kB2, kB3}) set_fenced(id, true);
    set_partition(rules.kraft.eligible_leader_replicas ? row(kNoNode, {}, {kB2, kB3}, {kB3}) : row(kNoNode, {kB3}));
  }
  template <typename Add>
  std::string after(Add add) {
    Records records;
    with([&](const ControllerContext& c) { add(c, records); });
    with([&](const ControllerContext& c) { REQUIRE(write(c, records)); });
    return shown(partition());
  }
  std::string after_fencing(NodeId id) {
    return after([&](const ControllerContext& c, Records& records) { add_broker_fenced(c, id, records); });
  }
  std::string after_unfencing(NodeId id) {
    return after([&](const ControllerContext& c, Records& records) { add_broker_unfenced(c, id, records); });
  }
  std::string after_shutdown(NodeId id, bool clean) {
    return after([&](const ControllerContext& c, Records& records) { add_shutdown(c, id, clean, records); });
  }
  std::string after_alter(NodeId sender, const Replicas& isr) {
    AlterPartitionRequest asked;
    asked.broker = sender;
    asked.broker_epoch = broker(sender).broker_epoch;
    const PartitionRegistration& now_at = partition();
    asked.partitions.push_back({kP0, now_at.leader_epoch, now_at.partition_epoch, isr, {}});
    request(sender, ChannelKind::alter_partition, asked);
    commit();
    return shown(partition());
  }
};

}  // namespace

TEST_CASE("a fenced leader's partition goes to the next member of the ISR, in a new epoch") {
  for (const bool elr : {false, true}) {
    Bench bench(elr);
    bench.set_partition(row(kB1, {kB1, kB2, kB3}));
    CHECK(bench.after_fencing(kB1) == "L2 ISR{2,3} le6 pe9");
  }
}

TEST_CASE("whoever leaves an ISR that is too small stays eligible with ELR") {
  Bench without(false);
  without.set_partition(row(kB2, {kB2, kB3}));
  CHECK(without.after_fencing(kB2) == "L3 ISR{3} le6 pe9");
  Bench with_elr(true);
  with_elr.set_partition(row(kB2, {kB2, kB3}));
  CHECK(with_elr.after_fencing(kB2) == "L3 ISR{3} le6 pe9 ELR{2}");
}

TEST_CASE("the last member stays in the ISR without ELR, and moves to the ELR with it") {
  Bench without(false);
  without.set_partition(row(kB3, {kB3}));
  CHECK(without.after_fencing(kB3) == "L-1 ISR{3} le6 pe9");
  Bench with_elr(true);
  with_elr.set_fenced(kB2, true);
  with_elr.set_partition(row(kB3, {kB3}, {kB2}));
  CHECK(with_elr.after_fencing(kB3) == "L-1 ISR{} le6 pe9 ELR{2,3} last{3}");
}

TEST_CASE("with nobody there, a broker that is neither in the ISR nor in the ELR does not help") {
  Bench without(false);
  without.enter_x();
  CHECK(without.after_unfencing(kB1) == "L-1 ISR{3} le5 pe8");
  Bench with_elr(true);
  with_elr.enter_x();
  CHECK(with_elr.after_unfencing(kB1) == "L-1 ISR{} le5 pe8 ELR{2,3} last{3}");
}

TEST_CASE("with unclean election it does, and the partition recovers") {
  Bench without(false, true);
  without.enter_x();
  CHECK(without.after_unfencing(kB1) == "L1 ISR{1} le6 pe9 RECOVERING");
  Bench with_elr(true, true);
  with_elr.enter_x();
  CHECK(with_elr.after_unfencing(kB1) == "L1 ISR{1} le6 pe9 RECOVERING");
  SUBCASE("but before 3.9 the configuration did not count") {
    Bench older(false, true);
    older.rules.kraft.unclean_election_is_configurable = false;
    older.enter_x();
    CHECK(older.after_unfencing(kB1) == "L-1 ISR{3} le5 pe8");
  }
}

TEST_CASE("a member of the ELR is elected cleanly") {
  Bench without(false);
  without.enter_x();
  CHECK(without.after_unfencing(kB2) == "L-1 ISR{3} le5 pe8");
  Bench unclean(false, true);
  unclean.enter_x();
  CHECK(unclean.after_unfencing(kB2) == "L2 ISR{2} le6 pe9 RECOVERING");
  Bench with_elr(true);
  with_elr.enter_x();
  CHECK(with_elr.after_unfencing(kB2) == "L2 ISR{2} le6 pe9 ELR{3}");
}

TEST_CASE("the last member leads again when it is back") {
  Bench without(false);
  without.enter_x();
  CHECK(without.after_unfencing(kB3) == "L3 ISR{3} le6 pe9");
  Bench with_elr(true);
  with_elr.enter_x();
  CHECK(with_elr.after_unfencing(kB3) == "L3 ISR{3} le6 pe9 ELR{2}");
  SUBCASE("unless unfencing does not elect, a planted defect") {
    Bench defect(false);
    defect.rules.kraft.unfencing_elects = false;
    defect.enter_x();
    CHECK(defect.after_unfencing(kB3) == "L-1 ISR{3} le5 pe8");
  }
}

TEST_CASE("a new incarnation of the last member is trusted without ELR and not with it") {
  Bench without(false);
  without.enter_x();
  CHECK(without.after_shutdown(kB3, false) == "L-1 ISR{3} le5 pe8");
  CHECK(without.after_unfencing(kB3) == "L3 ISR{3} le6 pe9");
  Bench with_elr(true);
  with_elr.enter_x();
  CHECK(with_elr.after_shutdown(kB3, false) == "L-1 ISR{} le5 pe9 ELR{2} last{3}");
  CHECK(with_elr.after_unfencing(kB3) == "L-1 ISR{} le5 pe9 ELR{2} last{3}");
  CHECK(with_elr.after_unfencing(kB2) == "L2 ISR{2} le6 pe10");
  SUBCASE("it stays eligible if it had shut down in order") {
    Bench clean(true);
    clean.enter_x();
    CHECK(clean.after_shutdown(kB3, true) == "L-1 ISR{} le5 pe8 ELR{2,3} last{3}");
  }
  SUBCASE("or with a planted defect") {
    Bench defect(true);
    defect.rules.kraft.uncleanly_shut_down_leave_elr = false;
    defect.enter_x();
    CHECK(defect.after_shutdown(kB3, false) == "L-1 ISR{} le5 pe8 ELR{2,3} last{3}");
  }
}

TEST_CASE("an ISR that is large enough again leaves the ELR empty") {
  Bench without(false);
  without.set_partition(row(kB3, {kB3}));
  CHECK(without.after_alter(kB3, {kB3, kB2}) == "L3 ISR{3,2} le5 pe9");
  Bench with_elr(true);
  with_elr.set_partition(row(kB3, {kB3}, {kB2}));
  CHECK(with_elr.after_alter(kB3, {kB3, kB2}) == "L3 ISR{3,2} le5 pe9");
  SUBCASE("but with a planted defect") {
    Bench defect(true);
    defect.rules.kraft.elr_ends_with_min_isr = false;
    defect.set_partition(row(kB3, {kB3}, {kB1, kB2}));
    CHECK(defect.after_alter(kB3, {kB3, kB2}) == "L3 ISR{3,2} le5 pe9 ELR{1}");
  }
}

TEST_CASE("an ISR that shrinks keeps the leader epoch, since metadata version 3.6") {
  for (const bool elr : {false, true}) {
    Bench bench(elr);
    bench.set_partition(row(kB1, {kB1, kB2, kB3}));
    CHECK(bench.after_alter(kB1, {kB1, kB3}) == "L1 ISR{1,3} le5 pe9");
  }
  Bench older(false);
  older.rules.kraft.isr_shrink_bumps_leader_epoch = true;
  older.set_partition(row(kB1, {kB1, kB2, kB3}));
  CHECK(older.after_alter(kB1, {kB1, kB3}) == "L1 ISR{1,3} le6 pe9");
  CHECK(older.after_alter(kB1, {kB1, kB3, kB2}) == "L1 ISR{1,3,2} le6 pe10");
}

TEST_CASE("a reassignment is complete when its whole target is in the ISR") {
  for (const bool elr : {false, true}) {
    Bench bench(elr);
    PartitionRegistration moving = row(kB1, {kB1, kB3, kB4});
    moving.assignment = {{kB3, kB4, kB5, kB1, kB2}, {kB4, kB5}, {kB1, kB2}};
    bench.set_partition(moving);
    CHECK(bench.after_alter(kB1, {kB1, kB3, kB4, kB5}) == "L3 ISR{3,4,5} le6 pe9");
    CHECK(bench.partition().assignment == ReplicaAssignment{{kB3, kB4, kB5}, {}, {}});
    const auto answer = bench.take<AlterPartitionResponse>(kB1);
    REQUIRE(answer.has_value());
    CHECK(answer->partitions[0].error == ErrorCode::new_leader_elected);
  }
}

TEST_CASE("before KAFKA-15665 it was enough that those which come were in") {
  for (const bool needs_all : {true, false}) {
    Bench bench(false);
    bench.rules.kraft.reassignment_needs_all_targets = needs_all;
    PartitionRegistration moving = row(kB1, {kB1, kB2});
    moving.assignment = {{kB3, kB4, kB1, kB2}, {kB4}, {kB1, kB2}};
    bench.set_partition(moving);
    const std::string after = bench.after_alter(kB1, {kB1, kB2, kB4});
    CHECK(after == (needs_all ? "L1 ISR{1,2,4} le5 pe9" : "L4 ISR{4} le6 pe9"));
  }
}

TEST_CASE("a leader that stays learns by a new epoch that its assignment lost a replica") {
  Bench bench(false);
  PartitionRegistration moving = row(kB1, {kB1, kB2, kB3});
  moving.assignment = {{kB1, kB2, kB4, kB3}, {kB4}, {kB3}};
  bench.set_partition(moving);
  CHECK(bench.after_alter(kB1, {kB1, kB2, kB3, kB4}) == "L1 ISR{1,2,4} le6 pe9");
}

TEST_CASE("the last known leader is elected if nobody is eligible, and only if it is active") {
  Bench bench(true);
  bench.enter_x();
  bench.set_partition(row(kNoNode, {}, {}, {kB3}));
  CHECK(bench.after_unfencing(kB1) == "L-1 ISR{} le5 pe8 last{3}");
  CHECK(bench.after_unfencing(kB3) == "L3 ISR{3} le6 pe9 RECOVERING");
  Bench buggy(true);  // KAFKA-19522
  buggy.rules.kraft.last_known_leader_must_be_active = false;
  buggy.enter_x();
  buggy.set_partition(row(kNoNode, {}, {}, {kB3}));
  CHECK(buggy.after_unfencing(kB1) == "L3 ISR{3} le6 pe9 RECOVERING");
}

TEST_CASE("planted defects of elections show in the partition") {
  SUBCASE("any active replica is elected") {
    Bench bench(false);
    bench.rules.kraft.elects_from_isr_only = false;
    bench.enter_x();
    CHECK(bench.after_unfencing(kB1) == "L1 ISR{1} le6 pe9 RECOVERING");
  }
  SUBCASE("an election does not begin an epoch") {
    Bench bench(false);
    bench.rules.kraft.election_bumps_leader_epoch = false;
    bench.set_partition(row(kB1, {kB1, kB2, kB3}));
    CHECK(bench.after_fencing(kB1) == "L2 ISR{2,3} le5 pe9");
  }
  SUBCASE("a fenced broker stays in the ISR") {
    Bench bench(false);
    bench.rules.kraft.fenced_broker_leaves_isr = false;
    bench.set_partition(row(kB1, {kB1, kB2, kB3}));
    CHECK(bench.after_fencing(kB1) == "L2 ISR{1,2,3} le6 pe9");
  }
}

TEST_CASE("which of two brokers is fenced first decides who may lead again, but for ELR") {  // KAFKA-19452
  Bench one(false);
  one.set_partition(row(kB1, {kB1, kB2}));
  one.after_fencing(kB1);
  CHECK(one.after_fencing(kB2) == "L-1 ISR{2} le7 pe10");
  Bench other(false);
  other.set_partition(row(kB1, {kB1, kB2}));
  other.after_fencing(kB2);
  CHECK(other.after_fencing(kB1) == "L-1 ISR{1} le6 pe10");
  for (const bool first : {true, false}) {
    Bench bench(true);
    bench.set_partition(row(kB1, {kB1, kB2}));
    bench.after_fencing(first ? kB1 : kB2);
    bench.after_fencing(first ? kB2 : kB1);
    CHECK(bench.partition().eligible_leader_replicas == Replicas{kB1, kB2});
  }
}
