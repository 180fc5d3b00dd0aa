// A broker reads the metadata log and acts on it: when it begins to, in which order, and what a change does to a
// replica.
#include <vector>

#include <doctest/doctest.h>

#include "tests/kraft_broker.h"

using namespace sim::test;
using model::BecameFollower;
using model::BecameLeader;
using model::ChannelKind;
using model::kNoNode;
using model::NodeId;
using model::PartitionChangeRecord;
using model::PartitionId;
using model::PartitionRecord;
using model::Replicas;
using model::Role;
using model::TimerKind;

namespace {

constexpr NodeId kOne{1}, kThree{3};
constexpr PartitionId kP0{0}, kP1{1};

PartitionRecord created(PartitionId p, const Replicas& replicas, NodeId leader) {
  return {p, replicas, replicas, leader};
}
PartitionChangeRecord led_by(PartitionId p, NodeId leader, const Replicas& isr) {
  PartitionChangeRecord record;
  record.partition = p;
  record.leader = leader;
  record.isr = isr;
  return record;
}
PartitionChangeRecord with_isr(PartitionId p, const Replicas& isr) {
  PartitionChangeRecord record;
  record.partition = p;
  record.isr = isr;
  return record;
}
model::BrokerRegistrationChangeRecord fence(NodeId broker, model::BrokerEpoch epoch) {
  return {broker, epoch, model::FenceChange::fence, false};
}
model::TopicRecord topic() { return {model::TopicId{0}}; }
model::Batch records(model::Offset base, std::int32_t count, model::LeaderEpoch epoch) {
  return {base, count, epoch, 0, -1, -1, NodeId{9}};
}

// It runs, and its one partition has the replicas b2, b1, b3 and this leader.
KraftBroker with_partition(NodeId leader, const Replicas& isr = {kBroker, kOne, kThree}) {
  KraftBroker broker(kraft_config({{kBroker, kOne, kThree}}));
  broker.run();
  broker.commit({topic(), PartitionRecord{kP0, {kBroker, kOne, kThree}, isr, leader}});
  return broker;
}

}  // namespace

TEST_CASE("a broker publishes nothing before it has caught up, with the controller's word and a record of its own") {
  KraftBroker broker(kraft_config({{kBroker, kOne}}));
  broker.register_now();
  const auto published = [&] { return broker.kraft().published; };
  broker.fire(TimerKind::isr_check);
  SUBCASE("it must know the high watermark and have read up to it") {
    broker.heard(true, true);
    broker.append({KraftBroker::registered(2, kEpoch, true)});
    broker.look();
    CHECK_FALSE(published());
    CHECK(broker.kraft().image.offset == 0);
    // The leader has committed more than has arrived here.
    broker.kraft().raft.high_watermark = 2;
    broker.look();
    CHECK(broker.kraft().image.offset == 1);
    CHECK_FALSE(published());
    broker.append({created(kP0, {kBroker, kOne}, kOne)});
    broker.look();
    CHECK(published());
  }
  SUBCASE("an empty log, or raft's own records, are not enough") {
    broker.heard(true, true);
    broker.commit({model::LeaderChangeRecord{kC1, {}, {}}});
    CHECK(broker.kraft().image.offset == 1);
    CHECK_FALSE(published());
    broker.commit({model::NoOpRecord{}});
    CHECK(published());
  }
  SUBCASE("the controller must have found it to have caught up") {
    broker.commit({KraftBroker::registered(2, kEpoch, true)});
    CHECK_FALSE(published());
    broker.heard(false, true);
    CHECK_FALSE(published());
    broker.fire(TimerKind::lifecycle_send);
    CHECK(broker.only<model::BrokerHeartbeatRequest>().current_metadata_offset == 0);
    broker.heard(true, true);
    CHECK(published());
  }
  SUBCASE("once it has caught up it publishes whatever comes, also behind the high watermark") {
    broker.heard(true, true);
    broker.commit({KraftBroker::registered(2, kEpoch, true)});
    REQUIRE(published());
    broker.append({topic(), created(kP0, {kBroker, kOne}, kOne)});
    broker.kraft().raft.high_watermark = 100;
    broker.look();
    CHECK(broker.partition().role == Role::follower);
  }
}

TEST_CASE("the first publication waits for the machinery of replicas, whose ISR check begins just before it") {
  KraftBroker broker(kraft_config({{kBroker, kOne}}));
  broker.register_now();
  broker.heard(true, true);
  broker.commit({KraftBroker::registered(2, kEpoch, true), topic(), created(kP0, {kBroker, kOne}, kOne)});
  CHECK_FALSE(broker.kraft().published);
  broker.fire(TimerKind::isr_check);
  REQUIRE(broker.effects().facts.size() == 2);
  CHECK(std::holds_alternative<model::IsrCheckStarted>(broker.effects().facts[0]));
  CHECK(std::holds_alternative<BecameFollower>(broker.effects().facts[1]));
}

TEST_CASE("planted: a broker that acts before it has caught up takes its replicas for strays") {
  KraftBroker broker(kraft_config({{kBroker, kOne}}));
  broker.rules.kraft.publishes_after_catch_up = false;
  broker->disk.partitions[0].created = true;
  model::append(broker.log(), records(0, 5, 0));
  broker.come_up();
  broker.commit({model::NoOpRecord{}});
  CHECK(broker.kraft().published);
  CHECK(broker.told<model::ReplicaDeleted>().size() == 1);
  CHECK(broker.log().end() == 0);
}

TEST_CASE("with the first publication logs are opened, leaders before followers, and serving begins a little later") {
  KraftBroker broker(kraft_config({{kOne, kBroker}, {kBroker, kOne}, {kOne, kThree}}));
  for (model::PartitionDisk& disk : broker->disk.partitions) {
    disk.created = true;
    disk.checkpoint = 3;
    model::append(disk.log, records(0, 5, 0));
  }
  broker.recover();
  broker.commit({KraftBroker::registered(1, 5), KraftBroker::registered(2, kEpoch), topic(),
                 created(kP0, {kOne, kBroker}, kOne), created(kP1, {kBroker, kOne}, kBroker),
                 created(PartitionId{2}, {kOne, kThree}, kOne)});
  // What is not its own any more goes; the others come back with their checkpoints.
  const auto& facts = broker.effects().facts;
  REQUIRE(facts.size() == 3);
  CHECK(std::get<model::ReplicaDeleted>(facts[0]).partition == PartitionId{2});
  const auto leads = std::get<BecameLeader>(facts[1]);
  CHECK(leads.partition == kP1);
  CHECK(leads.log_end_offset == 5);
  CHECK(leads.high_watermark == 3);
  CHECK(leads.previous_epoch == -1);
  const auto follows = std::get<BecameFollower>(facts[2]);
  CHECK(follows.partition == kP0);
  CHECK(follows.high_watermark == 3);
  CHECK(broker->memory.checkpointing);
  CHECK(broker.armed_ms(TimerKind::begin_serving, 150, 350));
  CHECK_FALSE(broker->memory.serving);
  CHECK(broker.connects(ChannelKind::fetch).size() == 1);
}

TEST_CASE("the metadata cache has the active brokers and every leader, and a fenced broker does not see itself") {
  KraftBroker broker(kraft_config({{kOne, kThree}}));
  broker.recover();
  model::RegisterBrokerRecord going = KraftBroker::registered(3, 9);
  going.in_controlled_shutdown = true;
  broker.commit({KraftBroker::registered(1, 5), KraftBroker::registered(2, kEpoch, true), going, topic(),
                 created(kP0, {kOne, kThree}, kOne)});
  CHECK(broker->memory.cached_live == Replicas{kOne});
  CHECK(broker->memory.cached_controller == kC1);
  CHECK(broker->memory.cached[0].known);
  CHECK(broker->memory.cached[0].leader == kOne);
  CHECK(model::published_broker_epoch(*broker, kOne) == 5);
  CHECK(model::published_broker_epoch(*broker, kBroker) == -1);
  CHECK(model::published_broker_epoch(*broker, kThree) == -1);
  broker.commit({model::BrokerRegistrationChangeRecord{kBroker, kEpoch, model::FenceChange::unfence, false},
                 led_by(kP0, kThree, {kThree})});
  CHECK(broker->memory.cached_live == Replicas{kOne, kBroker});
  CHECK(broker->memory.cached[0].leader == kThree);
  CHECK(broker->memory.cached[0].leader_epoch == 1);
}

TEST_CASE("what was read together is applied at once, in its last state") {
  KraftBroker broker = with_partition(kOne);
  broker.append({led_by(kP0, kNoNode, {kThree})});
  broker.append({led_by(kP0, kThree, {kThree})});
  broker.kraft().raft.high_watermark = broker->disk.raft->log.end();
  broker.look();
  REQUIRE(broker.told<BecameFollower>().size() == 1);
  CHECK(broker.told<BecameFollower>().front().leader_epoch == 2);
  CHECK(broker.told<BecameFollower>().front().leader == kThree);
}

// --- leaders --------------------------------------------------------------------------------------

TEST_CASE("a new leader epoch begins where the log ends and forgets what was known of the others") {
  KraftBroker broker = with_partition(kOne);
  model::append(broker.log(), records(0, 5, 0));
  broker.commit({led_by(kP0, kBroker, {kBroker, kThree})});
  model::Partition& partition = broker.partition();
  CHECK(partition.role == Role::leader);
  CHECK(partition.leader_epoch == 1);
  CHECK(partition.partition_epoch == 1);
  CHECK(partition.epoch_start == 5);
  CHECK(broker.log().latest_epoch() == 1);
  REQUIRE(partition.remotes.size() == 2);
  CHECK(model::find_remote(partition, kOne)->last_caught_up == model::kNever);
  CHECK(model::find_remote(partition, kThree)->last_caught_up != model::kNever);
  CHECK(model::find_remote(partition, kThree)->log_end == model::kUnknownOffset);
  // It leads on in the next epoch: log ends and broker epochs stay known.
  model::append(broker.log(), records(5, 2, 1));
  model::find_remote(partition, kThree)->log_end = 6;
  model::find_remote(partition, kThree)->broker_epoch = 9;
  broker.commit({led_by(kP0, kBroker, {kBroker, kThree})});
  CHECK(broker.told<BecameLeader>().size() == 1);
  CHECK(partition.epoch_start == 7);
  CHECK(model::find_remote(partition, kThree)->log_end == 6);
  CHECK(model::find_remote(partition, kThree)->broker_epoch == 9);
  CHECK(model::find_remote(partition, kThree)->last_fetch_leader_end == 7);
}

TEST_CASE("within a leader epoch metadata renews the ISR, voids a pending change and lets the high watermark go on") {
  KraftBroker broker = with_partition(kBroker);
  model::Partition& partition = broker.partition();
  model::append(broker.log(), records(0, 5, 0));
  model::find_remote(partition, kOne)->log_end = 4;
  partition.pending = model::PendingIsr::shrink;
  partition.proposed = {kBroker, kOne};
  broker.commit({with_isr(kP0, {kBroker, kOne}), fence(kThree, 9)});
  CHECK(partition.isr == Replicas{kBroker, kOne});
  CHECK(partition.pending == model::PendingIsr::none);
  CHECK(partition.proposed.empty());
  CHECK(partition.partition_epoch == 1);
  CHECK(partition.leader_epoch == 0);
  CHECK(partition.epoch_start == 0);
  CHECK(broker.told<BecameLeader>().empty());
  CHECK(partition.high_watermark == 4);
  CHECK(model::find_remote(partition, kOne)->log_end == 4);
}

TEST_CASE("a leader that has heard of a later partition epoch already does not go back") {
  KraftBroker broker = with_partition(kBroker);
  model::Partition& partition = broker.partition();
  partition.isr = {kBroker};  // as an AlterPartition answer said, two changes ahead of the metadata here
  partition.partition_epoch = 2;
  broker.commit({with_isr(kP0, {kBroker, kOne})});
  CHECK(partition.isr == Replicas{kBroker});
  CHECK(partition.partition_epoch == 2);
  broker.commit({with_isr(kP0, {kBroker})});
  CHECK(partition.isr == Replicas{kBroker});
  CHECK(partition.partition_epoch == 2);
}

TEST_CASE("a leader that is replaced answers what waits for it, and steps down also for nobody") {
  for (const NodeId next : {kThree, kNoNode}) {
    CAPTURE(model::number(next));
    KraftBroker broker = with_partition(kBroker);
    model::ProduceRequest produce;
    produce.timeout = model::seconds(30);
    produce.partitions.push_back({kP0, records(0, 1, -1)});
    broker.receive(broker.accept(NodeId{9}, ChannelKind::client), produce);
    REQUIRE(broker.sent<model::ProduceResponse>().empty());
    broker.commit({led_by(kP0, next, {kThree})});
    CHECK(broker.partition().role == Role::follower);
    CHECK(broker.partition().leader == next);
    CHECK(broker.partition().isr.empty());
    CHECK(broker.only<model::ProduceResponse>().partitions[0].error == model::ErrorCode::not_leader_or_follower);
  }
}

// --- followers ------------------------------------------------------------------------------------

TEST_CASE("a follower without a leader takes its role and fetches from nobody until there is one") {
  KraftBroker broker = with_partition(kOne);
  REQUIRE(broker.connects(ChannelKind::fetch).size() == 1);
  const model::ConnectionId fetcher = broker.connects(ChannelKind::fetch).front();
  broker.give(model::Connected{fetcher});
  REQUIRE(broker.sent<model::FetchRequest>().size() == 1);
  broker.commit({led_by(kP0, kNoNode, {kOne})});
  CHECK(broker.told<BecameFollower>().front().leader == kNoNode);
  CHECK(broker.partition().role == Role::follower);
  CHECK(broker.partition().leader_epoch == 1);
  CHECK(broker.partition().fetch_state == model::FetchState::none);
  CHECK(broker.closes(ChannelKind::fetch));
  broker.commit({led_by(kP0, kOne, {kOne})});
  CHECK(broker.partition().leader_epoch == 2);
  CHECK(broker.partition().fetch_state != model::FetchState::none);
  CHECK(broker.connects(ChannelKind::fetch).size() == 1);
}

TEST_CASE("a follower's fetcher begins anew with a leader epoch, whoever leads, and not with a change of the ISR") {
  KraftBroker broker = with_partition(kOne);
  model::Partition& partition = broker.partition();
  partition.out_of_range = true;
  partition.delayed = true;
  broker.commit({with_isr(kP0, {kOne, kBroker})});
  CHECK(broker.told<BecameFollower>().empty());
  CHECK(partition.partition_epoch == 1);
  CHECK(partition.out_of_range);
  CHECK(partition.delayed);
  broker.commit({led_by(kP0, kOne, {kOne, kBroker})});
  REQUIRE(broker.told<BecameFollower>().size() == 1);
  CHECK(partition.leader_epoch == 1);
  CHECK_FALSE(partition.out_of_range);
  CHECK_FALSE(partition.delayed);
}

TEST_CASE("a leader that is not registered is fetched from in no epoch that began without it (KAFKA-19331)") {
  KraftBroker broker(kraft_config({{kOne, kBroker}}));
  broker.recover();
  broker.commit({KraftBroker::registered(2, kEpoch), topic(), created(kP0, {kOne, kBroker}, kOne)});
  CHECK(broker.partition().role == Role::follower);
  CHECK(broker.connects(ChannelKind::fetch).empty());
  broker.commit({KraftBroker::registered(1, 5)});
  CHECK(broker.connects(ChannelKind::fetch).empty());
  broker.commit({led_by(kP0, kOne, {kOne})});
  CHECK(broker.connects(ChannelKind::fetch).size() == 1);
}

TEST_CASE("a broker in controlled shutdown stops fetching where it left the ISR or nobody leads") {
  for (const bool leaves : {true, false}) {
    CAPTURE(leaves);
    KraftBroker broker = with_partition(kOne);
    broker.give(model::Act{model::Stop{}});
    REQUIRE(model::is_in_controlled_shutdown(*broker));
    REQUIRE(broker.partition().fetch_state != model::FetchState::none);
    broker.commit({with_isr(kP0, leaves ? Replicas{kOne, kThree} : Replicas{kOne, kBroker})});
    CHECK((broker.partition().fetch_state == model::FetchState::none) == leaves);
    broker.commit({led_by(kP0, kNoNode, {kBroker})});
    CHECK(broker.partition().fetch_state == model::FetchState::none);
    CHECK(broker.partition().leader_epoch == 1);
  }
}

TEST_CASE("a replica that is taken from a broker is deleted, log and all") {
  KraftBroker broker = with_partition(kOne);
  model::append(broker.log(), records(0, 5, 0));
  PartitionChangeRecord moved = with_isr(kP0, {kOne, kThree});
  moved.assignment = model::ReplicaAssignment{{kOne, kThree}, {}, {}};
  broker.commit({moved});
  REQUIRE(broker.told<model::ReplicaDeleted>().size() == 1);
  CHECK(broker.told<model::ReplicaDeleted>().front().log_end_offset == 5);
  CHECK(broker.log().end() == 0);
  CHECK_FALSE(broker->disk.partitions[0].created);
  CHECK_FALSE(broker.partition().hosted);
  CHECK(broker.closes(ChannelKind::fetch));
}

// --- the log itself -------------------------------------------------------------------------------

TEST_CASE("a record that contradicts what is known ends the process") {
  KraftBroker broker = with_partition(kOne);
  broker.commit({model::BrokerRegistrationChangeRecord{kOne, 999, model::FenceChange::fence, false}});
  REQUIRE(broker.told<model::QuorumFailed>().size() == 1);
  CHECK(broker.told<model::QuorumFailed>().front().fault == model::QuorumFault::record_contradicts_state);
  CHECK(broker.effects().exits);
}

TEST_CASE("a snapshot takes the place of the log that it ends, and is applied as one change") {
  KraftBroker broker = with_partition(kOne);
  model::Snapshot snapshot;
  snapshot.image = broker.kraft().image;
  REQUIRE(model::replay(snapshot.image, led_by(kP0, kThree, {kThree}), snapshot.image.offset));
  snapshot.id = {1, snapshot.image.offset};
  model::MetadataLog& log = broker->disk.raft->log;
  log.batches.clear();
  log.start = snapshot.id.offset;
  log.snapshots.push_back(snapshot);
  broker.kraft().raft.high_watermark = snapshot.id.offset;
  broker.look();
  CHECK(broker.kraft().image == snapshot.image);
  CHECK(broker.kraft().listener.next_offset == snapshot.id.offset);
  CHECK(broker.told<BecameFollower>().size() == 1);
  broker.commit({led_by(kP0, kOne, {kOne})});
  CHECK(broker.partition().leader == kOne);
  CHECK(broker.partition().leader_epoch == 2);
}

TEST_CASE("planted: a broker that stops reading when another controller leads keeps what it knew") {
  for (const bool planted : {true, false}) {
    CAPTURE(planted);
    KraftBroker broker = with_partition(kOne);
    broker.rules.kraft.loader_survives_leader_change = !planted;
    broker.commit({model::NoOpRecord{}});
    const model::Offset read = broker.kraft().image.offset;
    broker.commit({model::LeaderChangeRecord{kC2, {}, {}}}, 2);
    broker.commit({led_by(kP0, kThree, {kThree})}, 2);
    CHECK((broker.kraft().image.offset == read) == planted);
    CHECK((broker.partition().leader == kOne) == planted);
  }
}

TEST_CASE("a changed topic configuration counts with the record, and is told once the broker has published") {
  KraftBroker broker(kraft_config({{kBroker, kOne}}, 1));
  broker.recover();
  const model::ConfigRecord two{model::TopicId{0}, {2, false}};
  broker.commit({KraftBroker::registered(1, 5), KraftBroker::registered(2, kEpoch), topic(),
                 created(kP0, {kBroker, kOne}, kBroker), two});
  CHECK(broker.told<model::TopicConfigApplied>().empty());  // it begins with it
  broker.fire(TimerKind::begin_serving);
  broker.commit({with_isr(kP0, {kBroker}), fence(kOne, 5)});
  const auto produce = [&] {
    model::ProduceRequest request;
    request.partitions.push_back({kP0, records(0, 1, -1)});
    broker.receive(broker.accept(NodeId{9}, ChannelKind::client), request);
    return broker.only<model::ProduceResponse>().partitions[0].error;
  };
  CHECK(produce() == model::ErrorCode::not_enough_replicas);
  broker.commit({model::ConfigRecord{model::TopicId{0}, {1, true}}});
  REQUIRE(broker.told<model::TopicConfigApplied>().size() == 1);
  CHECK(broker.told<model::TopicConfigApplied>().front().min_insync_replicas == 1);
  CHECK(broker.told<model::TopicConfigApplied>().front().unclean_leader_election_enable);
  CHECK(produce() == model::ErrorCode::none);
}

TEST_CASE("a broker that closes down applies nothing any more") {
  KraftBroker broker = with_partition(kOne);
  broker.give(model::Act{model::Stop{}});
  broker.fire(TimerKind::shutdown_timeout);
  broker.commit({led_by(kP0, kBroker, {kBroker})});
  CHECK(broker.partition().role == Role::follower);
  CHECK(broker.told<BecameLeader>().empty());
}
