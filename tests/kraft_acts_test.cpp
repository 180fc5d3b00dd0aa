// What an operator asks of the active controller in KRaft mode, and its periodic elections.
#include <doctest/doctest.h>

#include "tests/driven_controller.h"

using namespace model;
using namespace model::test;

namespace {

constexpr Heartbeat kWantsFence{true, false, kUnknownOffset, -1};

struct Bench : DrivenController {
  Bench() { boot_with_topic(); }
  void fence(NodeId id) { heartbeat(id, kWantsFence); }
  void ask(const Act& asked) {
    act(asked);
    commit();
  }
  void alter_isr(const Replicas& isr) {
    AlterPartitionRequest asked;
    asked.broker = partition().leader;
    asked.broker_epoch = broker(asked.broker).broker_epoch;
    asked.partitions.push_back({kP0, partition().leader_epoch, partition().partition_epoch, isr, {}});
    request(asked.broker, ChannelKind::alter_partition, asked);
    commit();
  }
  ErrorCode refused() {
    const auto found = told<ReassignmentRefused>();
    facts.clear();
    return found.size() == 1 ? found[0].error : ErrorCode::none;
  }
};

}  // namespace

// --- topics --------------------------------------------------------------------------------------

TEST_CASE("a topic begins with its active replicas in the ISR, the first of them leads") {
  DrivenController driven;
  driven.boot();
  driven.heartbeat(kB1, kWantsFence);
  driven.act(CreateTopic{kT});
  driven.commit();
  CHECK(driven.image().topics[0].exists);
  CHECK(shown(driven.partition()) == "L2 ISR{2,3} le0 pe0");
  CHECK(driven.partition().assignment.replicas == Replicas{kB1, kB2, kB3});
  const Offset end = driven.image().offset;
  driven.act(CreateTopic{kT});
  CHECK(driven.image().offset == end);
}

TEST_CASE("a topic of which nobody is active, or of a stranger, is refused") {
  DrivenController driven;
  SUBCASE("all are fenced") {
    driven.boot();
    for (const NodeId id : {kB1, kB2, kB3}) driven.heartbeat(id, kWantsFence);
  }
  SUBCASE("one has never registered") {
    driven.lead(1);
    driven.commit();
    driven.bring_up(kB1);
    driven.bring_up(kB2);
  }
  driven.act(CreateTopic{kT});
  CHECK_FALSE(driven.image().topics[0].exists);
  CHECK_FALSE(driven.partition().exists);
  REQUIRE(driven.told<ElectionFailed>().size() == 1);
}

TEST_CASE("only an active controller acts") {
  DrivenController driven;
  driven.act(CreateTopic{kT});
  driven.act(Reassign{kP0, {kB1}});
  CHECK_FALSE(driven.image().topics[0].exists);
  REQUIRE(driven.told<ReassignmentRefused>().size() == 1);
  CHECK(driven.told<ReassignmentRefused>()[0].error == ErrorCode::not_controller);
}

// --- configurations ------------------------------------------------------------------------------

TEST_CASE("a configuration is changed in what is given") {
  Bench bench;
  bench.ask(AlterConfig{kT, std::nullopt, true});
  CHECK(bench.image().topics[0].settings == TopicSettings{2, true});
  bench.ask(AlterConfig{kT, 1, std::nullopt});
  CHECK(bench.image().topics[0].settings == TopicSettings{1, true});
}

TEST_CASE("another min.insync.replicas leaves nobody eligible beside the ISR") {
  for (const bool given : {true, false}) {
    Bench bench;
    bench.enable_elr();
    bench.controller().working->eligible_leader_replicas_version = 1;
    PartitionRegistration state = bench.partition();
    state.isr = {kB1};
    state.eligible_leader_replicas = {kB2};
    bench.set_partition(state);
    bench.ask(given ? AlterConfig{kT, 1, std::nullopt} : AlterConfig{kT, std::nullopt, true});
    CHECK(bench.partition().eligible_leader_replicas.empty() == given);
  }
}

// --- elections -----------------------------------------------------------------------------------

TEST_CASE("the preferred leader is elected if it can be") {
  Bench bench;
  bench.fence(kB1);
  REQUIRE(shown(bench.partition()) == "L2 ISR{2,3} le1 pe1");
  bench.ask(Elect{kP0, false});
  CHECK(bench.told<ElectionFailed>().size() == 1);
  bench.heartbeat(kB1);
  bench.alter_isr({kB2, kB3, kB1});
  bench.ask(Elect{kP0, false});
  CHECK(shown(bench.partition()) == "L1 ISR{2,3,1} le2 pe3");
  const Offset end = bench.image().offset;
  bench.ask(Elect{kP0, false});
  CHECK(bench.image().offset == end);
}

TEST_CASE("automatic rebalance elects the preferred leader, unless it is off") {
  for (const bool enabled : {true, false}) {
    Bench bench;
    bench.config.brokers.front().auto_leader_rebalance_enable = enabled;
    bench.lose_office(2);
    bench.lead(3);
    bench.commit();
    CHECK(bench.is_armed({TimerKind::elect_preferred}) == enabled);
    bench.fence(kB1);
    bench.heartbeat(kB1);
    bench.alter_isr({kB2, kB3, kB1});
    if (enabled) bench.fire({TimerKind::elect_preferred});
    CHECK(bench.partition().leader == (enabled ? kB1 : kB2));
    CHECK(bench.is_armed({TimerKind::elect_preferred}) == enabled);
  }
}

TEST_CASE("an operator's unclean election is asked for once, and needed") {
  Bench bench;
  bench.ask(Elect{kP0, true});
  CHECK(shown(bench.partition()) == "L1 ISR{1,2,3} le0 pe0");
  for (const NodeId id : {kB1, kB2, kB3}) bench.fence(id);
  REQUIRE(shown(bench.partition()) == "L-1 ISR{3} le3 pe3");
  bench.ask(Elect{kP0, true});
  CHECK(bench.told<ElectionFailed>().size() == 1);
  bench.heartbeat(kB1);
  bench.ask(Elect{kP0, true});
  CHECK(shown(bench.partition()) == "L1 ISR{1} le4 pe4 RECOVERING");
}

TEST_CASE("unclean election that is enabled later waits for the periodic one") {
  for (const bool configurable : {true, false}) {
    Bench bench;
    bench.rules.kraft.unclean_election_is_configurable = configurable;
    bench.lose_office(2);
    bench.lead(3);
    bench.commit();
    CHECK(bench.is_armed({TimerKind::elect_unclean}) == configurable);
    for (const NodeId id : {kB1, kB2, kB3}) bench.fence(id);
    bench.heartbeat(kB1);
    bench.ask(AlterConfig{kT, std::nullopt, true});
    CHECK(bench.partition().leader == kNoNode);
    bench.fire({TimerKind::elect_unclean});
    CHECK(bench.partition().leader == (configurable ? kB1 : kNoNode));
  }
}

// --- reassignments -------------------------------------------------------------------------------

TEST_CASE("a reassignment adds its replicas, waits for them and then takes the others out") {
  Bench bench;
  bench.ask(Reassign{kP0, {kB3, kB4, kB5}});
  CHECK(bench.partition().assignment == ReplicaAssignment{{kB3, kB4, kB5, kB1, kB2}, {kB4, kB5}, {kB1, kB2}});
  CHECK(shown(bench.partition()) == "L1 ISR{1,2,3} le0 pe1");
  bench.alter_isr({kB1, kB2, kB3, kB4});
  CHECK(is_being_reassigned(bench.partition().assignment));
  bench.alter_isr({kB1, kB2, kB3, kB4, kB5});
  CHECK(bench.partition().assignment == ReplicaAssignment{{kB3, kB4, kB5}, {}, {}});
  CHECK(shown(bench.partition()) == "L3 ISR{3,4,5} le1 pe3");
}

TEST_CASE("a reassignment that needs nobody new is complete at once") {
  Bench bench;
  bench.ask(Reassign{kP0, {kB2, kB1}});
  CHECK(bench.partition().assignment == ReplicaAssignment{{kB2, kB1}, {}, {}});
  CHECK(shown(bench.partition()) == "L1 ISR{1,2} le1 pe1");
}

TEST_CASE("a reassignment can be given up, and goes back to where it was") {
  Bench bench;
  bench.ask(Reassign{kP0, {}});
  CHECK(bench.refused() == ErrorCode::no_reassignment_in_progress);
  bench.ask(Reassign{kP0, {kB4, kB5}});
  bench.alter_isr({kB1, kB2, kB4});
  bench.ask(Reassign{kP0, {}});
  CHECK(bench.partition().assignment == ReplicaAssignment{{kB1, kB2, kB3}, {}, {}});
  CHECK(shown(bench.partition()) == "L1 ISR{1,2} le1 pe3");
}

TEST_CASE("giving up when only new replicas are in the ISR is an unclean election") {
  for (const bool allowed : {false, true}) {
    Bench bench;
    bench.ask(AlterConfig{kT, std::nullopt, allowed});
    PartitionRegistration state = bench.partition();
    state.assignment = {{kB4, kB5, kB1, kB2, kB3}, {kB4, kB5}, {kB1, kB2, kB3}};
    state.isr = {kB4};
    state.leader = kB4;
    bench.set_partition(state);
    bench.ask(Reassign{kP0, {}});
    CHECK(bench.refused() == (allowed ? ErrorCode::none : ErrorCode::invalid_replica_assignment));
    CHECK(shown(bench.partition()) == (allowed ? "L1 ISR{1} le1 pe1" : "L4 ISR{4} le0 pe0"));
  }
}

TEST_CASE("another reassignment takes the place of one under way") {
  Bench bench;
  bench.ask(Reassign{kP0, {kB1, kB2, kB4}});
  bench.ask(Reassign{kP0, {kB1, kB2, kB5}});
  CHECK(bench.partition().assignment == ReplicaAssignment{{kB1, kB2, kB5, kB3, kB4}, {kB5}, {kB3, kB4}});
}

TEST_CASE("a reassignment of an unknown partition or to impossible replicas is refused") {
  DrivenController driven;
  driven.boot();
  driven.act(Reassign{kP0, {kB1}});
  REQUIRE(driven.told<ReassignmentRefused>().size() == 1);
  CHECK(driven.told<ReassignmentRefused>()[0].error == ErrorCode::unknown_topic_or_partition);
  Bench bench;
  bench.ask(Reassign{kP0, {kB1, kC2}});
  CHECK(bench.refused() == ErrorCode::invalid_replica_assignment);
  bench.ask(Reassign{kP0, {kB1, kB1}});
  CHECK(bench.refused() == ErrorCode::invalid_replica_assignment);
}
