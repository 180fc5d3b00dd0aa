#include "model/client/producer.h"

#include <cstdint>
#include <vector>

#include "tests/driven_producer.h"

using namespace model;
using namespace model::test;

TEST_CASE("a producer hands records over at its pace and one batch per record when answers are quick") {
  Driven driven(two_brokers(1));
  driven.settings().count = 3;
  driven.boot();
  for (std::int32_t value = 0; value != 3; ++value) {
    const Batch batch = driven.take_batch(kB1);
    CHECK(batch.first_value == value);
    CHECK(batch.count == 1);
    CHECK(batch.producer == NodeId{3});
    CHECK(batch.first_sequence == -1);
    driven.reply_produce(kB1, ErrorCode::none, value);
    CHECK(driven.acked.back().first_value == value);
    CHECK(driven.acked.back().base_offset == value);
    driven.advance(milliseconds(49));
    CHECK_FALSE(driven.take<ProduceRequest>(kB1));
    driven.advance(milliseconds(1));
  }
  driven.advance(seconds(10));
  CHECK_FALSE(driven.take<ProduceRequest>(kB1));
  CHECK(driven.acked.size() == 3);
}

TEST_CASE("records that fall due before metadata is known follow in a burst, and the pace keeps its phase") {
  Driven driven(two_brokers(1));
  driven.give(Started{});
  CHECK(driven.connects.size() == 1);
  driven.advance(milliseconds(470));
  driven.open(kB1);
  driven.reply_metadata(kB1, kB1);
  CHECK(driven.take_batch(kB1).count == 10);  // of 0, 50, ... 450 ms
  driven.advance(milliseconds(30));
  CHECK(driven.take_batch(kB1).first_value == 10);
}

TEST_CASE("a producer that slept hands over what fell due meanwhile") {
  Driven driven(two_brokers(1));
  driven.boot();
  driven.take_batch(kB1);
  driven.reply_produce(kB1, ErrorCode::none, 0);
  driven.now.us += 1'010'000;  // asleep: no timer fires
  driven.advance({});
  std::int32_t records = 0;
  while (const auto request = driven.take<ProduceRequest>(kB1)) records += request->partitions[0].batch.count;
  CHECK(records == 5);  // as many requests as may be in flight; the rest waits
  CHECK(driven.producer.memory.next_value == 21);
  driven.advance(milliseconds(40));
  CHECK(driven.producer.memory.next_value == 22);
}

TEST_CASE("behind five requests in flight records share batches, and a full batch starts a new one") {
  Driven driven(two_brokers(1));
  driven.settings().batch_records = 20;
  driven.boot();
  driven.advance(seconds(2));  // 41 records
  for (std::int32_t value = 0; value != 5; ++value) CHECK(driven.take_batch(kB1).first_value == value);
  CHECK_FALSE(driven.take<ProduceRequest>(kB1));
  REQUIRE(driven.producer.memory.accumulated.size() == 2);
  CHECK(driven.producer.memory.accumulated[0].count == 20);
  CHECK(driven.producer.memory.accumulated[1].count == 16);
  driven.reply_produce(kB1, ErrorCode::none, 0);
  const Batch next = driven.take_batch(kB1);
  CHECK(next.first_value == 5);
  CHECK(next.count == 20);
  CHECK_FALSE(driven.take<ProduceRequest>(kB1));
}

TEST_CASE("refused connections are tried again with a growing back-off") {
  Driven driven(two_brokers(1));
  driven.boot();
  driven.lose(kB1);
  std::vector<std::int64_t> gaps;
  std::int64_t last = driven.now.us;
  for (int i = 0; i != 7; ++i) {
    const std::size_t before = driven.connects_to(kB1);
    while (driven.connects_to(kB1) == before) driven.advance(milliseconds(1));
    gaps.push_back(driven.now.us - last);
    last = driven.now.us;
    driven.lose(kB1, DisconnectReason::refused);
  }
  CHECK(gaps == std::vector<std::int64_t>{50'000, 80'000, 160'000, 320'000, 640'000, 1'000'000, 1'000'000});
}

TEST_CASE("a connection that does not open in time is given up") {
  Driven driven(two_brokers(1));
  driven.give(Started{});
  const ConnectionId first = driven.connection_to(kB1);
  driven.advance(milliseconds(7'999));
  CHECK(driven.closes.empty());
  driven.advance(milliseconds(1));
  REQUIRE(driven.closes.size() == 1);
  CHECK(driven.closes[0] == first);
  CHECK(driven.connects_to(kB2) == 1);
  driven.give(Connected{first});  // too late
  CHECK_FALSE(driven.take<MetadataRequest>(kB1));
}

TEST_CASE("a request that is not answered in time closes the connection") {
  Driven driven(two_brokers(1));
  driven.settings().count = 1;
  driven.boot();
  const ConnectionId connection = driven.connection_to(kB1);
  driven.advance(milliseconds(30'000));
  CHECK(driven.closes.empty());
  driven.advance(milliseconds(500));  // it sleeps as long again from when it last woke
  REQUIRE(driven.closes.size() == 1);
  CHECK(driven.closes[0] == connection);
  REQUIRE(driven.failed.size() == 1);
  CHECK(driven.failed[0].error == ErrorCode::request_timed_out);
  CHECK(driven.failed[0].outcome_unknown);
}

TEST_CASE("the request time-out counts from the oldest unanswered request") {
  Driven driven(two_brokers(1));
  driven.boot();
  while (driven.now.us < 15'000'000) {
    driven.reply_produce(kB1, ErrorCode::none, driven.producer.memory.next_value);
    driven.advance(milliseconds(50));
  }
  driven.advance(milliseconds(30'000));
  CHECK(driven.closes.empty());
  driven.advance(milliseconds(500));
  CHECK(driven.closes.size() == 1);
}

// As a recording of a leader cut from its followers shows: requests of 10.1 s failed at 41.1 s, when an
// answer came.
TEST_CASE("a request that timed out goes unnoticed while nothing wakes the sending thread") {
  Driven driven(two_brokers(1));
  driven.boot();
  driven.advance(milliseconds(29'900));  // five requests wait, the records after them join one batch
  driven.reply_produce(kB1, ErrorCode::none, 0);
  driven.advance(milliseconds(5'000));
  CHECK(driven.closes.empty());
  driven.reply_produce(kB1, ErrorCode::none, 1);
  CHECK(driven.closes.size() == 1);
}

TEST_CASE("metadata with a smaller leader epoch than seen is ignored") {
  Driven driven(two_brokers(1));
  driven.settings().retries = 10;
  driven.boot();
  driven.take_batch(kB1);
  driven.advance(milliseconds(200));
  driven.reply_produce(kB1, ErrorCode::not_leader_or_follower);
  driven.reply_metadata(kB1, kB2, 5);  // not awaited yet: the next answer on this connection is a produce answer
  CHECK(driven.producer.memory.partitions[0].leader == kB1);
  for (int i = 0; i != 4; ++i) driven.reply_produce(kB1, ErrorCode::not_leader_or_follower);
  driven.reply_metadata(kB1, kB2, 5);
  CHECK(driven.producer.memory.partitions[0].leader == kB2);
  driven.lose(kB1);
  driven.advance(seconds(1));
  driven.open(kB1);
  driven.sends.clear();
  driven.reply_metadata(kB1, kB1, 4);
  CHECK(driven.producer.memory.partitions[0].leader == kB2);
  CHECK(driven.producer.memory.partitions[0].leader_epoch == 5);
}

TEST_CASE("with acks=0 records are acknowledged when they are sent, without an offset") {
  Driven driven(two_brokers(1));
  driven.settings().acks = Acks::none;
  driven.boot();
  driven.advance(milliseconds(450));
  CHECK(driven.acked.size() == 10);
  CHECK(driven.acked[9].base_offset == kUnknownOffset);
  driven.lose(kB1);
  CHECK(driven.failed.empty());
  driven.advance(milliseconds(10));
  CHECK(driven.acked.size() == 10);
}

TEST_CASE("the sticky partitioner stays with a partition for batch.size bytes") {
  Driven driven(two_brokers(2));
  driven.boot();
  driven.choice = 1;
  // Alone in its batch a record weighs 71 bytes: 231 of them fill 16384, then the choice falls again.
  for (std::int32_t value = 0; value != 240; ++value) {
    const auto request = driven.take<ProduceRequest>(kB1);
    REQUIRE(request.has_value());
    REQUIRE(request->partitions.size() == 1);
    REQUIRE(request->partitions[0].partition == (value < 231 ? kP0 : kP1));
    driven.reply_produce(kB1, ErrorCode::none, value, request->partitions[0].partition);
    driven.advance(milliseconds(50));
  }
}

TEST_CASE("records that share a batch keep the sticky partitioner longer, but no longer than two batch sizes") {
  Driven driven(two_brokers(2));
  driven.settings().count = 5'000;
  driven.settings().batch_records = 5'000;
  driven.settings().request_timeout = seconds(3'600);
  driven.settings().delivery_timeout = seconds(3'600);
  driven.boot();  // and no answer ever: all but five records wait
  driven.choice = 1;
  driven.advance(seconds(240));
  const auto& queue = driven.producer.memory.accumulated;
  REQUIRE(queue.size() == 2);
  CHECK(queue[0].partition == kP0);
  CHECK(queue[0].count == 3'236);  // 5 * 71 + 61 + 3236 * 10 bytes: two batch sizes
  CHECK(queue[1].partition == kP1);
  CHECK(queue[1].count == 4'801 - 5 - 3'236);
}

TEST_CASE("one request carries a batch for each partition that the broker leads") {
  Driven driven(two_brokers(2));
  driven.boot();
  auto& memory = driven.producer.memory;
  driven.take<ProduceRequest>(kB1);
  driven.reply_produce(kB1, ErrorCode::none, 0);
  for (PartitionId partition : {kP1, kP0}) {
    ProducerBatch batch;
    batch.partition = partition;
    batch.first_value = 500;
    batch.count = 1;
    batch.created = driven.now;
    memory.accumulated.push_back(batch);
  }
  driven.advance(milliseconds(1));
  driven.give(TimerFired{{TimerKind::produce_linger, 0}});
  const auto request = driven.take<ProduceRequest>(kB1);
  REQUIRE(request.has_value());
  REQUIRE(request->partitions.size() == 2);
  CHECK(request->partitions[0].partition == kP0);
  CHECK(request->partitions[1].partition == kP1);
}

TEST_CASE("with linger.ms a batch waits for more records until it is full") {
  Driven driven(two_brokers(1));
  driven.settings().linger = milliseconds(120);
  driven.settings().batch_records = 5;
  driven.boot();
  driven.advance(milliseconds(119));
  CHECK_FALSE(driven.take<ProduceRequest>(kB1));
  driven.advance(milliseconds(1));
  CHECK(driven.take_batch(kB1).count == 3);  // of 0, 50 and 100 ms
  driven.settings().linger = seconds(10);
  driven.advance(milliseconds(230));
  CHECK(driven.take_batch(kB1).count == 5);  // full before its time
}

TEST_CASE("a record that waits a minute for metadata fails, definitely") {
  Driven driven(two_brokers(1));
  driven.give(Started{});
  driven.open(kB1);
  driven.reply(kB1, MetadataResponse{ErrorCode::unknown_topic_or_partition, {kB1, kB2}, {}});
  driven.advance(milliseconds(59'999));
  CHECK(driven.failed.empty());
  driven.advance(milliseconds(1));
  REQUIRE(driven.failed.size() == 1);
  CHECK(driven.failed[0].first_value == 0);
  CHECK(driven.failed[0].error == ErrorCode::request_timed_out);
  CHECK_FALSE(driven.failed[0].outcome_unknown);
}

TEST_CASE("metadata is refreshed when it has reached its age") {
  Driven driven(two_brokers(1));
  driven.settings().count = 1;
  driven.boot();
  driven.reply_produce(kB1, ErrorCode::none, 0);
  driven.advance(milliseconds(299'999));
  CHECK_FALSE(driven.take<MetadataRequest>(kB1));
  driven.advance(milliseconds(1));
  CHECK(driven.take<MetadataRequest>(kB1));
}

TEST_CASE("what a producer cannot expect changes nothing") {
  Driven driven(two_brokers(1));
  driven.boot();
  const std::uint64_t before = hash_of(driven.producer);
  const ConnectionId connection = driven.connection_to(kB1);
  ConnectionId older = connection;
  --older.number;
  const Body answer = ProduceResponse{{ProduceResult{kP0, ErrorCode::none, 0}}};
  const Body metadata = MetadataResponse{};
  const Body fetch = FetchRequest{};
  for (const Input& input : std::initializer_list<Input>{
           Received{older, &answer}, Received{connection, &metadata}, Received{connection, &fetch},
           Connected{connection}, Disconnected{older, DisconnectReason::reset}, Act{Stop{}}, Started{},
           TimerFired{{TimerKind::isr_check, 0}}, TimerFired{{TimerKind::client_backoff, 77}}}) {
    driven.give(input);
    CHECK(hash_of(driven.producer) == before);
    CHECK(driven.out.sends.empty());
  }
}
