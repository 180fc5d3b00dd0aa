// AlterPartition in KRaft mode: the checks in their order, and what the sender learns.
#include <doctest/doctest.h>

#include "tests/driven_controller.h"

using namespace model;
using namespace model::test;

namespace {

bool equal(const AlterPartitionResult& a, const AlterPartitionResult& b) { return a.fields() == b.fields(); }

// b1 leads {1,2,3} in leader epoch 4, partition epoch 9; the ISR is {1,2}.
struct Bench : DrivenController {
  Bench() {
    boot_with_topic();
    PartitionRegistration state = partition();
    state.isr = {kB1, kB2};
    state.leader_epoch = 4;
    state.partition_epoch = 9;
    set_partition(state);
  }
  AlterPartitionRequest expansion() {
    AlterPartitionRequest asked;
    asked.broker = kB1;
    asked.broker_epoch = broker(kB1).broker_epoch;
    asked.partitions.push_back({kP0, 4, 9, {kB1, kB2, kB3}, {}});
    for (const NodeId id : asked.partitions[0].new_isr) {
      asked.partitions[0].isr_epochs.push_back(broker(id).broker_epoch);
    }
    return asked;
  }
  AlterPartitionResponse alter(const AlterPartitionRequest& asked) {
    request(asked.broker, ChannelKind::alter_partition, asked);
    commit();
    const auto answer = take<AlterPartitionResponse>(asked.broker);
    REQUIRE(answer.has_value());
    return *answer;
  }
  ErrorCode error_of(const AlterPartitionRequest& asked) {
    const Offset end = image().offset;
    const AlterPartitionResponse answer = alter(asked);
    REQUIRE(answer.partitions.size() == 1);
    if (answer.partitions[0].error != ErrorCode::none) CHECK(image().offset == end);
    return answer.partitions[0].error;
  }
  void kill(NodeId id) { heartbeat(id, {true, false, kUnknownOffset, -1}); }
};

}  // namespace

TEST_CASE("an ISR that may be is written, and the sender learns what came of it") {
  Bench bench;
  const AlterPartitionResponse answer = bench.alter(bench.expansion());
  CHECK(answer.error == ErrorCode::none);
  REQUIRE(answer.partitions.size() == 1);
  CHECK(equal(answer.partitions[0], {kP0, ErrorCode::none, kB1, 4, 10, {kB1, kB2, kB3}}));
  CHECK(shown(bench.partition()) == "L1 ISR{1,2,3} le4 pe10");
}

TEST_CASE("the answer waits for the commit") {
  Bench bench;
  bench.request(kB1, ChannelKind::alter_partition, bench.expansion());
  CHECK(shown(bench.partition()) == "L1 ISR{1,2,3} le4 pe10");
  CHECK_FALSE(bench.take<AlterPartitionResponse>(kB1));
  bench.commit();
  CHECK(bench.take<AlterPartitionResponse>(kB1));
}

TEST_CASE("an ISR that is already so writes nothing") {
  Bench bench;
  AlterPartitionRequest asked = bench.expansion();
  asked.partitions[0].new_isr = {kB1, kB2};
  asked.partitions[0].isr_epochs.clear();
  const Offset end = bench.image().offset;
  const AlterPartitionResponse answer = bench.alter(asked);
  CHECK(equal(answer.partitions[0], {kP0, ErrorCode::none, kB1, 4, 9, {kB1, kB2}}));
  CHECK(bench.image().offset == end);
}

TEST_CASE("0: a sender of another broker epoch gets no further") {
  Bench bench;
  AlterPartitionRequest asked = bench.expansion();
  --asked.broker_epoch;
  const AlterPartitionResponse answer = bench.alter(asked);
  CHECK(answer.error == ErrorCode::stale_broker_epoch);
  CHECK(answer.partitions.empty());
  SUBCASE("but with a planted defect") {
    bench.rules.kraft.checks_broker_epoch = false;
    CHECK(bench.error_of(asked) == ErrorCode::none);
  }
}

TEST_CASE("1, 2: the partition has to exist") {
  DrivenController driven;
  driven.boot();
  AlterPartitionRequest asked;
  asked.broker = kB1;
  asked.broker_epoch = driven.broker(kB1).broker_epoch;
  asked.partitions.push_back({kP0, 0, 0, {kB1}, {}});
  driven.request(kB1, ChannelKind::alter_partition, asked);
  driven.commit();
  const auto answer = driven.take<AlterPartitionResponse>(kB1);
  REQUIRE(answer.has_value());
  CHECK(answer->partitions[0].error == ErrorCode::unknown_topic_or_partition);
}

TEST_CASE("3: whoever knows newer epochs asks a controller that has had its time") {
  Bench bench;
  AlterPartitionRequest asked = bench.expansion();
  SUBCASE("of the leader") {
    asked.partitions[0].leader_epoch = 5;
    CHECK(bench.error_of(asked) == ErrorCode::not_controller);
    bench.rules.kraft.newer_epochs_are_not_controller = false;  // before KAFKA-14154
    CHECK(bench.error_of(asked) == ErrorCode::fenced_leader_epoch);
  }
  SUBCASE("of the partition") {
    asked.partitions[0].partition_epoch = 10;
    CHECK(bench.error_of(asked) == ErrorCode::not_controller);
    bench.rules.kraft.newer_epochs_are_not_controller = false;
    CHECK(bench.error_of(asked) == ErrorCode::invalid_update_version);
  }
  SUBCASE("even if the other one is older") {
    asked.partitions[0].leader_epoch = 3;
    asked.partitions[0].partition_epoch = 10;
    CHECK(bench.error_of(asked) == ErrorCode::not_controller);
  }
}

TEST_CASE("4 to 6: an older leader epoch, another leader, an older partition epoch, in this order") {
  Bench bench;
  AlterPartitionRequest asked = bench.expansion();
  asked.broker = kB2;
  asked.broker_epoch = bench.broker(kB2).broker_epoch;
  asked.partitions[0].leader_epoch = 3;
  asked.partitions[0].partition_epoch = 8;
  CHECK(bench.error_of(asked) == ErrorCode::fenced_leader_epoch);
  asked.partitions[0].leader_epoch = 4;
  CHECK(bench.error_of(asked) == ErrorCode::invalid_request);
  asked.broker = kB1;
  asked.broker_epoch = bench.broker(kB1).broker_epoch;
  CHECK(bench.error_of(asked) == ErrorCode::invalid_update_version);
  CHECK(bench.told<RequestFenced>().size() == 3);
  SUBCASE("a controller that does not compare partition epochs is a planted defect") {
    bench.rules.kraft.checks_partition_epoch = false;
    CHECK(bench.error_of(asked) == ErrorCode::none);
  }
}

TEST_CASE("7: an ISR is of replicas, each once, the leader among them") {
  Bench bench;
  for (const Replicas& isr : {Replicas{kB1, kB4}, Replicas{kB1, kB2, kB2}, Replicas{kB2, kB3}, Replicas{}}) {
    AlterPartitionRequest asked = bench.expansion();
    asked.partitions[0].new_isr = isr;
    asked.partitions[0].isr_epochs.clear();
    CHECK(bench.error_of(asked) == ErrorCode::invalid_request);
  }
}

TEST_CASE("9: members are unfenced, not shutting down, and of the incarnation that fetched") {
  Bench bench;
  AlterPartitionRequest asked = bench.expansion();
  SUBCASE("fenced (KIP-841)") {
    bench.kill(kB3);
    CHECK(bench.error_of(asked) == ErrorCode::ineligible_replica);
    bench.rules.kraft.isr_admits_only_active = false;
    CHECK(bench.error_of(asked) == ErrorCode::none);
  }
  SUBCASE("shutting down (KIP-841)") {
    bench.act(Elect{kP0, false});
    PartitionRegistration other = bench.partition();  // another one that it leads would keep b3 from shutting down now
    other.leader = kB3;
    other.isr = {kB1, kB3};
    bench.set_partition(other);
    bench.heartbeat(kB3, {false, true, kUnknownOffset, -1});
    REQUIRE(bench.broker(kB3).in_controlled_shutdown);
    REQUIRE(bench.partition().leader == kB1);
    asked.partitions[0].leader_epoch = bench.partition().leader_epoch;
    asked.partitions[0].partition_epoch = bench.partition().partition_epoch;
    CHECK(bench.error_of(asked) == ErrorCode::ineligible_replica);
  }
  SUBCASE("back as another (KIP-903)") {
    bench.kill(kB3);
    bench.register_broker(kB3, 2);
    bench.heartbeat(kB3);
    REQUIRE(is_active(bench.image(), kB3));
    CHECK(bench.error_of(asked) == ErrorCode::ineligible_replica);
    SUBCASE("unknown to the leader") {
      asked.partitions[0].isr_epochs[2] = -1;
      CHECK(bench.error_of(asked) == ErrorCode::none);
    }
    SUBCASE("before 3.5 nobody saw it") {
      bench.rules.kraft.isr_names_broker_epochs = false;
      CHECK(bench.error_of(asked) == ErrorCode::none);
    }
  }
  SUBCASE("an old member counts like a new one") {
    bench.kill(kB2);
    PartitionRegistration state = bench.partition();
    state.isr = {kB1, kB2};
    bench.set_partition(state);
    asked.partitions[0].partition_epoch = state.partition_epoch;
    CHECK(bench.error_of(asked) == ErrorCode::ineligible_replica);
  }
}

TEST_CASE("a partition that was recovering has recovered when its leader writes the ISR") {
  Bench bench;
  PartitionRegistration state = bench.partition();
  state.recovering = true;
  bench.set_partition(state);
  CHECK(bench.error_of(bench.expansion()) == ErrorCode::none);
  CHECK_FALSE(bench.partition().recovering);
}
