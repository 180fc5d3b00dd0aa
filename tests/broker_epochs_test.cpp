// KRaft mode's part of replication: broker epochs in fetches and in AlterPartition (KIP-903), who may join an ISR
// (KIP-841), and how a change of it is committed through the controller that raft knows.
#include <vector>

#include <doctest/doctest.h>

#include "tests/kraft_broker.h"

using namespace sim::test;
using model::AlterPartitionRequest;
using model::AlterPartitionResponse;
using model::BrokerEpoch;
using model::ChannelKind;
using model::ErrorCode;
using model::IsrExpandProposed;
using model::NodeId;
using model::Offset;
using model::PendingIsr;
using model::Replicas;
using model::TimerKind;

namespace {

constexpr NodeId kOne{1}, kThree{3};
constexpr model::PartitionId kP0{0};

model::Batch records(Offset base, std::int32_t count, model::LeaderEpoch epoch) {
  return {base, count, epoch, 0, -1, -1, NodeId{9}};
}

// b2 runs and leads b2, b1, b3 with this ISR.
KraftBroker leader_of(const Replicas& isr, std::int32_t min_isr = 1) {
  KraftBroker broker(kraft_config({{kBroker, kOne, kThree}}, min_isr));
  broker.run();
  broker.commit({model::TopicRecord{}, model::PartitionRecord{kP0, {kBroker, kOne, kThree}, isr, kBroker}});
  REQUIRE(broker.partition().role == model::Role::leader);
  return broker;
}

// What the leader answers.
std::vector<model::FetchResponse> fetch(KraftBroker& broker, NodeId follower, BrokerEpoch epoch, Offset from) {
  model::FetchRequest request{follower, model::milliseconds(500), 1, {{kP0, 0, model::kNoEpoch, from}}, epoch};
  broker.receive(broker.accept(follower, ChannelKind::fetch), request);
  return broker.sent<model::FetchResponse>();
}

model::ConnectionId alter_channel(KraftBroker& broker) {
  const model::AlterPartitionChannel& channel = broker->memory.alter_partition;
  return {kBroker, channel.controller, ChannelKind::alter_partition, 0, channel.connection};
}

AlterPartitionRequest connect_alter(KraftBroker& broker) {
  broker.give(model::Connected{alter_channel(broker)});
  return broker.only<AlterPartitionRequest>();
}

void answer_alter(KraftBroker& broker, ErrorCode top, std::vector<model::AlterPartitionResult> results = {}) {
  AlterPartitionResponse response;
  response.error = top;
  for (const auto& result : results) response.partitions.push_back(result);
  broker.receive(alter_channel(broker), response);
}

model::BrokerRegistrationChangeRecord fenced(NodeId broker, BrokerEpoch epoch) {
  return {broker, epoch, model::FenceChange::fence, false};
}

}  // namespace

// --- fetches --------------------------------------------------------------------------------------

TEST_CASE("a follower names its broker epoch in every fetch, and before KIP-903 none") {
  for (const bool named : {true, false}) {
    KraftBroker broker(kraft_config({{kOne, kBroker}}));
    broker.rules.kraft.isr_names_broker_epochs = named;
    broker.run();
    broker.commit({model::TopicRecord{}, model::PartitionRecord{kP0, {kOne, kBroker}, {kOne, kBroker}, kOne}});
    REQUIRE(broker.connects(ChannelKind::fetch).size() == 1);
    broker.give(model::Connected{broker.connects(ChannelKind::fetch).front()});
    CHECK(broker.only<model::FetchRequest>().replica_epoch == (named ? kEpoch : -1));
  }
}

TEST_CASE("a fetch of an older incarnation is refused, and nothing is learnt from it") {
  KraftBroker broker = leader_of({kBroker, kOne, kThree});
  model::append(broker.log(), records(0, 5, 0));
  fetch(broker, kOne, 5, 3);
  const model::Remote before = *model::find_remote(broker.partition(), kOne);
  REQUIRE(before.log_end == 3);
  REQUIRE(before.broker_epoch == 5);
  broker.commit({KraftBroker::registered(1, 20)});
  const auto refused = fetch(broker, kOne, 5, 5);
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].partitions[0].error == ErrorCode::not_leader_or_follower);
  CHECK(refused[0].partitions[0].records.empty());
  REQUIRE(broker.told<model::RequestFenced>().size() == 1);
  CHECK(broker.told<model::RequestFenced>().front().requested == 5);
  CHECK(broker.told<model::RequestFenced>().front().local == 20);
  CHECK(model::find_remote(broker.partition(), kOne)->log_end == 3);
  CHECK(model::find_remote(broker.partition(), kOne)->broker_epoch == 5);
  // The new one is heard, and so is whoever does not say.
  fetch(broker, kOne, 20, 4);
  CHECK(model::find_remote(broker.partition(), kOne)->broker_epoch == 20);
  CHECK(model::find_remote(broker.partition(), kOne)->log_end == 4);
  fetch(broker, kOne, -1, 5);
  CHECK(model::find_remote(broker.partition(), kOne)->log_end == 5);
}

// --- who may join ---------------------------------------------------------------------------------

TEST_CASE("only a broker that is active in the metadata, in the epoch in which it fetched, may join the ISR") {
  KraftBroker broker = leader_of({kBroker});
  const auto proposes = [&](BrokerEpoch epoch) {
    fetch(broker, kOne, epoch, 0);
    return !broker.told<IsrExpandProposed>().empty();
  };
  SUBCASE("fenced") {
    broker.commit({fenced(kOne, 5)});
    CHECK_FALSE(proposes(5));
  }
  SUBCASE("shutting down") {
    broker.commit({model::BrokerRegistrationChangeRecord{kOne, 5, model::FenceChange::none, true}});
    CHECK_FALSE(proposes(5));
  }
  SUBCASE("registered anew, which the metadata here does not show yet") { CHECK_FALSE(proposes(6)); }
  SUBCASE("the one that the metadata shows") { CHECK(proposes(5)); }
  SUBCASE("one that does not say") { CHECK(proposes(-1)); }
}

TEST_CASE("a replica that the metadata shows fenced holds back no high watermark outside the ISR") {
  KraftBroker broker = leader_of({kBroker, kThree});
  model::append(broker.log(), records(0, 5, 0));
  fetch(broker, kOne, 5, 3);  // caught up not long ago, and about to join
  broker.partition().pending = PendingIsr::none;
  model::find_remote(broker.partition(), kOne)->last_caught_up = model::Instant{1'000'000};
  fetch(broker, kThree, 9, 5);
  CHECK(broker.partition().high_watermark == 3);
  broker.commit({fenced(kOne, 5)});
  fetch(broker, kThree, 9, 4);
  fetch(broker, kThree, 9, 5);
  CHECK(broker.partition().high_watermark == 5);
}

// --- AlterPartition -------------------------------------------------------------------------------

TEST_CASE("a proposed ISR names each member's epoch as of its last fetch, and -1 for one that has not fetched") {
  KraftBroker broker = leader_of({kBroker, kThree});
  fetch(broker, kOne, 5, 0);
  REQUIRE(broker.told<IsrExpandProposed>().size() == 1);
  CHECK(broker.partition().pending == PendingIsr::expand);
  CHECK(broker.partition().isr == Replicas{kBroker, kThree});
  REQUIRE(broker.connects(ChannelKind::alter_partition).size() == 1);
  CHECK(broker.connects(ChannelKind::alter_partition).front().server == kC1);
  const AlterPartitionRequest request = connect_alter(broker);
  CHECK(request.broker == kBroker);
  CHECK(request.broker_epoch == kEpoch);
  REQUIRE(request.partitions.size() == 1);
  CHECK(request.partitions[0].new_isr == Replicas{kBroker, kThree, kOne});
  REQUIRE(request.partitions[0].isr_epochs.size() == 3);
  CHECK(request.partitions[0].isr_epochs[0] == kEpoch);
  CHECK(request.partitions[0].isr_epochs[1] == -1);
  CHECK(request.partitions[0].isr_epochs[2] == 5);
  answer_alter(broker, ErrorCode::none, {{kP0, ErrorCode::none, kBroker, 0, 1, {kBroker, kThree, kOne}}});
  CHECK(broker.told<model::IsrCommitted>().size() == 1);
  CHECK(broker.partition().isr == Replicas{kBroker, kThree, kOne});
  CHECK(broker.partition().partition_epoch == 1);
  CHECK(broker.partition().pending == PendingIsr::none);
}

TEST_CASE("before KIP-903 an AlterPartition request names no epochs") {
  KraftBroker broker = leader_of({kBroker, kThree});
  broker.rules.kraft.isr_names_broker_epochs = false;
  fetch(broker, kOne, -1, 0);
  CHECK(connect_alter(broker).partitions[0].isr_epochs.empty());
}

TEST_CASE("a shrink that is not confirmed still holds back the high watermark, an expansion does so at once") {
  KraftBroker broker = leader_of({kBroker, kOne, kThree});
  model::append(broker.log(), records(0, 5, 0));
  fetch(broker, kThree, 9, 5);
  fetch(broker, kOne, 5, 2);
  CHECK(broker.partition().high_watermark == 2);
  broker.wait(model::seconds(11));
  fetch(broker, kThree, 9, 5);
  broker.fire(TimerKind::isr_check);
  CHECK(broker.told<model::IsrShrinkProposed>().size() == 1);
  CHECK(broker.partition().pending == PendingIsr::shrink);
  fetch(broker, kThree, 9, 5);
  CHECK(broker.partition().high_watermark == 2);
  // The metadata may arrive before the answer, which then is about something that is past.
  connect_alter(broker);
  model::PartitionChangeRecord shrunk;
  shrunk.partition = kP0;
  shrunk.isr = Replicas{kBroker, kThree};
  broker.commit({shrunk});
  CHECK(broker.partition().pending == PendingIsr::none);
  CHECK(broker.partition().high_watermark == 5);
  answer_alter(broker, ErrorCode::none, {{kP0, ErrorCode::none, kBroker, 0, 1, {kBroker, kThree}}});
  CHECK(broker.told<model::IsrCommitted>().empty());
}

TEST_CASE("what the controller refuses is void, waits for the metadata or is asked again, as the error says") {
  KraftBroker broker = leader_of({kBroker});
  fetch(broker, kOne, 5, 0);
  connect_alter(broker);
  const auto refuse = [&](ErrorCode error) {
    answer_alter(broker, ErrorCode::none, {{kP0, error, model::kNoNode, 0, 0, {}}});
  };
  SUBCASE("an ineligible member: back to the committed ISR") {
    refuse(ErrorCode::ineligible_replica);
    CHECK(broker.partition().pending == PendingIsr::none);
    CHECK(broker.sent<AlterPartitionRequest>().empty());
  }
  SUBCASE("a leader epoch that has passed: pending until the metadata comes") {
    refuse(ErrorCode::fenced_leader_epoch);
    CHECK(broker.partition().pending == PendingIsr::expand);
    CHECK(broker.sent<AlterPartitionRequest>().empty());
    model::PartitionChangeRecord next;
    next.partition = kP0;
    next.leader = kBroker;
    broker.commit({next});
    CHECK(broker.partition().pending == PendingIsr::none);
  }
  SUBCASE("its broker epoch has passed: the same again after 50 ms, for ever") {
    for (int i = 0; i < 3; ++i) {
      answer_alter(broker, ErrorCode::stale_broker_epoch);
      CHECK(broker.partition().pending == PendingIsr::expand);
      CHECK(broker.armed_ms(TimerKind::alter_partition_retry, 50));
      broker.fire(TimerKind::alter_partition_retry);
      CHECK(broker.sent<AlterPartitionRequest>().size() == 1);
    }
  }
  SUBCASE("anything else: the same again at once") {
    refuse(ErrorCode::unknown_server_error);
    CHECK(broker.sent<AlterPartitionRequest>().size() == 1);
  }
  SUBCASE("another controller: the request goes to the one that leads the quorum now") {
    broker.know_leader(kC2);
    answer_alter(broker, ErrorCode::not_controller);
    CHECK(broker.closes(ChannelKind::alter_partition));
    broker.fire(TimerKind::alter_partition_retry);
    REQUIRE(broker.connects(ChannelKind::alter_partition).size() == 1);
    CHECK(broker.connects(ChannelKind::alter_partition).front().server == kC2);
    CHECK(connect_alter(broker).partitions[0].isr_epochs[1] == 5);
  }
}

TEST_CASE("nothing of ZooKeeper is asked: neither for an ISR change of old nor for the right to take a write") {
  KraftBroker broker = leader_of({kBroker});
  broker.rules.isr_channel = model::IsrChannel::zookeeper;
  broker.rules.may_take_write = [](model::Instant, model::Duration, const model::Clock&) { return false; };
  model::ProduceRequest produce;
  produce.partitions.push_back({kP0, records(0, 1, -1)});
  broker.receive(broker.accept(NodeId{9}, ChannelKind::client), produce);
  CHECK(broker.only<model::ProduceResponse>().partitions[0].error == ErrorCode::none);
  fetch(broker, kOne, 5, 1);
  CHECK(broker.told<IsrExpandProposed>().size() == 1);
  CHECK_FALSE(broker.partition().frozen);
  CHECK(broker.connects(ChannelKind::alter_partition).size() == 1);
}
