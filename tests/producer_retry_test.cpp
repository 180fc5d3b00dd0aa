#include "tests/driven_producer.h"

using namespace model;
using namespace model::test;

TEST_CASE("without retries an error fails the batch at once and asks for metadata only if that may be stale") {
  Driven driven(two_brokers(1));
  driven.boot();
  driven.advance(milliseconds(200));
  driven.reply_produce(kB1, ErrorCode::not_enough_replicas);
  REQUIRE(driven.failed.size() == 1);
  CHECK(driven.failed[0].error == ErrorCode::not_enough_replicas);
  CHECK_FALSE(driven.failed[0].outcome_unknown);
  CHECK_FALSE(driven.take<MetadataRequest>(kB1));
  driven.reply_produce(kB1, ErrorCode::not_enough_replicas_after_append);
  CHECK(driven.failed[1].outcome_unknown);
  driven.reply_produce(kB1, ErrorCode::not_leader_or_follower);
  CHECK(driven.failed[2].outcome_unknown);  // acks=all: perhaps appended while the request was parked
  CHECK(driven.take<MetadataRequest>(kB1));
}

TEST_CASE("with acks=1 a leader that has lost its role certainly did not append") {
  Driven driven(two_brokers(1));
  driven.settings().acks = Acks::leader;
  driven.boot();
  driven.reply_produce(kB1, ErrorCode::not_leader_or_follower);
  REQUIRE(driven.failed.size() == 1);
  CHECK_FALSE(driven.failed[0].outcome_unknown);
}

TEST_CASE("a reset connection leaves the outcome of its requests unknown and accumulates records until a new leader") {
  Driven driven(two_brokers(1));
  driven.boot();
  driven.advance(milliseconds(50));
  driven.lose(kB1);
  REQUIRE(driven.failed.size() == 2);
  CHECK(driven.failed[0].error == ErrorCode::network_exception);
  CHECK(driven.failed[1].outcome_unknown);
  driven.advance(seconds(2));
  CHECK(driven.failed.size() == 2);
  CHECK(driven.connects_to(kB1) == 2);  // after the reconnect back-off
  REQUIRE(driven.connects_to(kB2) == 1);
  driven.lose(kB1, DisconnectReason::refused);
  driven.open(kB2);
  REQUIRE(driven.take<MetadataRequest>(kB2));
  driven.reply_metadata(kB2, kNoNode, 1);
  CHECK_FALSE(driven.take<MetadataRequest>(kB2));
  driven.advance(milliseconds(130));
  REQUIRE(driven.take<MetadataRequest>(kB2));
  driven.sends.clear();
  driven.reply_metadata(kB2, kB2, 2);
  const Batch batch = driven.take_batch(kB2);
  CHECK(batch.first_value == 2);
  CHECK(batch.count > 30);
  CHECK(driven.failed.size() == 2);
}

TEST_CASE("an idempotent producer sends failed batches again in sequence order, one at a time") {
  Driven driven(idempotent());
  driven.settings().count = 3;
  driven.boot();
  driven.advance(milliseconds(100));
  for (std::int32_t value = 0; value != 3; ++value) CHECK(driven.take_batch(kB1).first_sequence == value);
  driven.lose(kB1);
  CHECK(driven.failed.empty());
  driven.advance(milliseconds(200));
  driven.open(kB1);
  CHECK(driven.take_batch(kB1).first_sequence == 0);
  CHECK_FALSE(driven.take<ProduceRequest>(kB1));
  driven.reply_produce(kB1, ErrorCode::duplicate_sequence_number);
  REQUIRE(driven.acked.size() == 1);
  CHECK(driven.acked[0].first_value == 0);
  CHECK(driven.acked[0].base_offset == kUnknownOffset);
  CHECK(driven.take_batch(kB1).first_sequence == 1);
  driven.reply_metadata(kB1, kB1);
  driven.reply_produce(kB1, ErrorCode::none, 1);
  CHECK(driven.take_batch(kB1).first_sequence == 2);
  driven.reply_produce(kB1, ErrorCode::none, 2);
  CHECK(driven.acked.size() == 3);
  CHECK(driven.producer.memory.producer_epoch == 0);
}

TEST_CASE("without idempotence failed batches come back in reverse order") {
  Driven driven(two_brokers(1));
  driven.settings().retries = 10;
  driven.settings().count = 2;
  driven.boot();
  driven.advance(milliseconds(50));
  driven.take_batch(kB1);
  driven.take_batch(kB1);
  driven.lose(kB1);
  driven.advance(milliseconds(200));
  driven.open(kB1);
  CHECK(driven.take_batch(kB1).first_value == 1);
  CHECK(driven.take_batch(kB1).first_value == 0);
}

TEST_CASE("a retry waits out its back-off, which doubles, unless another leader is elected meanwhile") {
  Driven driven(two_brokers(1));
  driven.settings().retries = 10;
  driven.settings().count = 1;
  driven.boot();
  driven.take_batch(kB1);
  driven.reply_produce(kB1, ErrorCode::not_enough_replicas);
  driven.advance(milliseconds(79));
  CHECK_FALSE(driven.take<ProduceRequest>(kB1));
  driven.advance(milliseconds(1));
  CHECK(driven.take_batch(kB1).first_value == 0);
  driven.advance(seconds(1));
  driven.reply_produce(kB1, ErrorCode::not_leader_or_follower);
  driven.advance(milliseconds(100));
  CHECK_FALSE(driven.take<ProduceRequest>(kB1));
  REQUIRE(driven.take<MetadataRequest>(kB1));
  driven.reply_metadata(kB1, kB2, 1);
  driven.open(kB2);
  CHECK(driven.take_batch(kB2).first_value == 0);
  driven.reply_produce(kB2, ErrorCode::none, 0);
  CHECK(driven.acked.size() == 1);
  driven.advance(seconds(1));
  CHECK_FALSE(driven.take<ProduceRequest>(kB2));
}

TEST_CASE("an earlier doubtful attempt makes a later definite refusal doubtful") {
  Driven driven(two_brokers(1));
  driven.settings().retries = 1;
  driven.settings().count = 1;
  driven.boot();
  driven.reply_produce(kB1, ErrorCode::request_timed_out);
  driven.advance(milliseconds(100));
  driven.reply_produce(kB1, ErrorCode::not_enough_replicas);
  REQUIRE(driven.failed.size() == 1);
  CHECK(driven.failed[0].error == ErrorCode::not_enough_replicas);
  CHECK(driven.failed[0].outcome_unknown);
}

TEST_CASE("the next expected batch refused as out of order bumps the producer epoch and counts from 0") {
  Driven driven(idempotent());
  driven.settings().count = 3;
  driven.boot();
  driven.take_batch(kB1);
  driven.reply_produce(kB1, ErrorCode::none, 0);
  driven.advance(milliseconds(100));
  driven.take_batch(kB1);
  driven.take_batch(kB1);
  driven.reply_produce(kB1, ErrorCode::out_of_order_sequence_number);  // of sequence 1: the next one
  CHECK(driven.producer.memory.producer_epoch == 1);
  driven.reply_produce(kB1, ErrorCode::out_of_order_sequence_number);  // of the one behind it
  CHECK(driven.producer.memory.producer_epoch == 1);
  driven.advance(milliseconds(200));
  const Batch first = driven.take_batch(kB1);
  CHECK(first.first_value == 1);
  CHECK(first.first_sequence == 0);
  CHECK(first.producer_epoch == 1);
  driven.reply_produce(kB1, ErrorCode::none, 1);
  const Batch second = driven.take_batch(kB1);
  CHECK(second.first_value == 2);
  CHECK(second.first_sequence == 1);
  CHECK(driven.failed.empty());
}

TEST_CASE("a batch behind a failed one is out of order without an epoch bump") {
  Driven driven(idempotent());
  driven.settings().count = 2;
  driven.boot();
  driven.advance(milliseconds(50));
  driven.reply_produce(kB1, ErrorCode::not_enough_replicas);
  driven.reply_produce(kB1, ErrorCode::out_of_order_sequence_number);
  CHECK(driven.producer.memory.producer_epoch == 0);
  driven.sends.clear();
  driven.advance(milliseconds(200));
  CHECK(driven.take_batch(kB1).first_sequence == 0);
}

TEST_CASE("an idempotent producer sends nothing before it has a producer id, and asks again after an error") {
  Driven driven(idempotent());
  driven.give(Started{});
  driven.open(kB1);
  driven.reply_metadata(kB1, kB1);
  CHECK_FALSE(driven.take<ProduceRequest>(kB1));
  REQUIRE(driven.take<InitProducerIdRequest>(kB1));
  driven.reply(kB1, InitProducerIdResponse{ErrorCode::broker_not_available});
  CHECK_FALSE(driven.take<InitProducerIdRequest>(kB1));
  driven.advance(milliseconds(80));
  REQUIRE(driven.take<InitProducerIdRequest>(kB1));
  driven.reply(kB1, InitProducerIdResponse{});
  CHECK(driven.take_batch(kB1).count == 2);
}

TEST_CASE("the delivery time-out fails queued batches, and those in flight as unknown") {
  Driven driven(two_brokers(1));
  driven.settings().retries = 10;
  driven.settings().request_timeout = seconds(60);
  driven.settings().delivery_timeout = seconds(20);
  driven.settings().count = 7;
  driven.boot();
  driven.advance(milliseconds(400));
  driven.advance(milliseconds(19'400));
  CHECK(driven.failed.empty());
  driven.advance(milliseconds(2'000));
  REQUIRE(driven.failed.size() == 6);
  std::int32_t unknown = 0;
  for (const RecordsFailed& each : driven.failed) {
    CHECK(each.error == ErrorCode::request_timed_out);
    unknown += each.outcome_unknown ? each.count : 0;
  }
  CHECK(unknown == 5);
  driven.reply_produce(kB1, ErrorCode::none, 0);  // too late: already failed
  CHECK(driven.acked.empty());
  CHECK(driven.closes.empty());
}

TEST_CASE("after an idempotent batch expired the producer epoch is bumped before anything new is sent") {
  Driven driven(idempotent());
  driven.settings().delivery_timeout = seconds(20);
  driven.settings().count = 1;
  driven.boot();
  driven.take_batch(kB1);
  driven.advance(seconds(22));
  REQUIRE(driven.failed.size() == 1);
  CHECK(driven.failed[0].outcome_unknown);
  CHECK(driven.producer.memory.producer_epoch == 1);
  CHECK(driven.producer.memory.partitions[0].next_sequence == 0);
}
