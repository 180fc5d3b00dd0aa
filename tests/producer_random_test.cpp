// A producer against brokers that fail at random. The two brokers share one log, as if replication were
// perfect, and check sequences as Kafka's do, but remember every batch instead of the last five: errors that
// hit single requests can push a batch out of those. So whatever goes wrong is the client's fault.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "tests/driven_producer.h"

using namespace model;
using namespace model::test;

namespace {

struct Moody {
  Driven driven;
  std::uint64_t random;
  bool calm = false;
  bool late_requests = true;  // of a closed connection may still be served
  NodeId leader = kB1;
  LeaderEpoch epoch = 0;
  std::vector<std::int32_t> log;  // values
  std::vector<Batch> batches;
  std::size_t connects_seen = 0;
  std::int32_t connection_losses = 0;

  Moody(ClusterConfig config, std::uint64_t seed) : driven(std::move(config)), random(seed * 2'654'435'761ULL + 1) {}

  std::uint32_t below(std::uint32_t n) {
    random = random * 6'364'136'223'846'793'005ULL + 1'442'695'040'888'963'407ULL;
    return static_cast<std::uint32_t>(random >> 33) % n;
  }
  bool chance(std::uint32_t percent) { return !calm && below(100) < percent; }

  ErrorCode append(const Batch& batch, Offset& base) {
    if (batch.first_sequence >= 0) {
      for (const Batch& old : batches) {
        if (old.producer_epoch != batch.producer_epoch || old.first_sequence != batch.first_sequence) continue;
        base = old.base_offset;
        return ErrorCode::none;
      }
      std::int32_t expected = 0;
      if (!batches.empty() && batches.back().producer_epoch > batch.producer_epoch) {
        return ErrorCode::invalid_producer_epoch;
      }
      if (!batches.empty() && batches.back().producer_epoch == batch.producer_epoch) {
        expected = batches.back().first_sequence + batches.back().count;
      }
      if (batch.first_sequence != expected) return ErrorCode::out_of_order_sequence_number;
    }
    base = static_cast<Offset>(log.size());
    for (std::int32_t i = 0; i != batch.count; ++i) log.push_back(batch.first_value + i);
    batches.push_back(batch);
    batches.back().base_offset = base;
    return ErrorCode::none;
  }

  void lose(const ConnectionId& via) {
    ++connection_losses;
    driven.give(Disconnected{via, DisconnectReason::reset});
  }

  void serve(const Send& request) {
    const bool is_late = std::none_of(driven.connects.begin(), driven.connects.end(), [&](const ConnectionId& each) {
      return each == request.via && each == driven.connection_to(each.server);
    });
    if (is_late && !late_requests) return;
    Body answer;
    if (std::holds_alternative<MetadataRequest>(request.body)) {
      MetadataResponse metadata;
      metadata.brokers = {kB1, kB2};
      metadata.partitions.push_back({kP0, ErrorCode::none, leader, epoch});
      if (chance(20)) metadata.partitions[0] = {kP0, ErrorCode::leader_not_available, kNoNode, epoch};
      answer = metadata;
    } else if (const auto* produce = std::get_if<ProduceRequest>(&request.body)) {
      ProduceResult result{kP0, ErrorCode::none, kUnknownOffset};
      if (request.via.server != leader) {
        result.error = ErrorCode::not_leader_or_follower;
      } else if (chance(10)) {
        result.error = ErrorCode::not_enough_replicas;
      } else {
        if (chance(10)) return lose(request.via);
        result.error = append(produce->partitions[0].batch, result.base_offset);
        if (chance(10)) return lose(request.via);
        if (result.error == ErrorCode::none && chance(10)) result.error = ErrorCode::request_timed_out;
      }
      answer = ProduceResponse{{result}};
    } else {
      answer = InitProducerIdResponse{chance(30) ? ErrorCode::broker_not_available : ErrorCode::none};
    }
    driven.give(Received{request.via, &answer});
  }

  void act() {
    driven.advance(milliseconds(1 + below(40)));
    if (chance(1)) {
      leader = leader == kB1 ? kB2 : kB1;
      ++epoch;
    }
    while (connects_seen < driven.connects.size()) {
      const ConnectionId via = driven.connects[connects_seen++];
      if (chance(30)) {
        driven.give(Disconnected{via, DisconnectReason::refused});
      } else {
        driven.give(Connected{via});
      }
    }
    for (std::uint32_t n = below(4); n != 0 && !driven.sends.empty(); --n) {
      const Send request = driven.sends.front();
      driven.sends.erase(driven.sends.begin());
      serve(request);
    }
  }

  std::size_t reported() const {
    std::int32_t records = 0;
    for (const RecordsAcknowledged& each : driven.acked) records += each.count;
    for (const RecordsFailed& each : driven.failed) records += each.count;
    return static_cast<std::size_t>(records);
  }

  void run() {
    driven.give(Started{});
    for (int i = 0; i != 1'000; ++i) act();
    calm = true;
    for (int i = 0; i != 10'000 && reported() < static_cast<std::size_t>(driven.settings().count); ++i) act();
  }

  // Each value once: acknowledged or failed.
  bool every_record_is_reported_once() const {
    std::vector<int> reports(static_cast<std::size_t>(driven.config.producers[0].count));
    const auto count = [&](std::int32_t first, std::int32_t n) {
      for (std::int32_t i = first; i != first + n; ++i) ++reports[static_cast<std::size_t>(i)];
    };
    for (const RecordsAcknowledged& each : driven.acked) count(each.first_value, each.count);
    for (const RecordsFailed& each : driven.failed) count(each.first_value, each.count);
    return std::all_of(reports.begin(), reports.end(), [](int n) { return n == 1; });
  }

  // Acknowledged records with an offset are in the log there; definitely failed ones are nowhere.
  bool reports_are_true() const {
    for (const RecordsAcknowledged& each : driven.acked) {
      for (std::int32_t i = 0; i != each.count; ++i) {
        const auto at = static_cast<std::size_t>(each.base_offset + i);
        if (each.base_offset == kUnknownOffset || at >= log.size() || log[at] != each.first_value + i) return false;
      }
    }
    for (const RecordsFailed& each : driven.failed) {
      if (each.outcome_unknown) continue;
      if (std::find(log.begin(), log.end(), each.first_value) != log.end()) return false;
    }
    return true;
  }
};

}  // namespace

TEST_CASE("whatever fails, an idempotent producer writes every record once and in order") {
  std::int32_t losses = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    ClusterConfig config = idempotent();
    config.producers[0].count = 400;
    config.producers[0].delivery_timeout = seconds(3'600);
    Moody cluster(config, seed);
    cluster.run();
    REQUIRE(cluster.every_record_is_reported_once());
    CHECK(cluster.driven.failed.empty());
    CHECK(cluster.reports_are_true());
    REQUIRE(cluster.log.size() == 400);
    CHECK(std::is_sorted(cluster.log.begin(), cluster.log.end()));
    losses += cluster.connection_losses;
  }
  CHECK(losses > 1'000);
}

TEST_CASE("without retries every record is reported once and the reports are true") {
  std::size_t failed = 0, acked = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    ClusterConfig config = two_brokers(1);
    config.producers[0].count = 400;
    Moody cluster(config, seed);
    cluster.run();
    CHECK(cluster.every_record_is_reported_once());
    CHECK(cluster.reports_are_true());
    failed += cluster.driven.failed.size();
    acked += cluster.driven.acked.size();
  }
  CHECK(failed > 1'000);
  CHECK(acked > 1'000);
}

TEST_CASE("with retries but without idempotence nothing is lost, but records may come twice and out of order") {
  std::size_t duplicates = 0, disorders = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    ClusterConfig config = two_brokers(1);
    config.producers[0].count = 400;
    config.producers[0].retries = 2'147'483'647;
    config.producers[0].delivery_timeout = seconds(3'600);
    Moody cluster(config, seed);
    cluster.run();
    CHECK(cluster.every_record_is_reported_once());
    CHECK(cluster.driven.failed.empty());
    CHECK(cluster.reports_are_true());
    duplicates += cluster.log.size() - 400;
    disorders += std::is_sorted(cluster.log.begin(), cluster.log.end()) ? 0 : 1;
  }
  CHECK(duplicates > 100);
  CHECK(disorders > 10);
}

TEST_CASE("an idempotent producer whose batches expire still reports every record once and truly") {
  std::size_t failed = 0;
  std::int32_t bumps = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    ClusterConfig config = idempotent();
    config.producers[0].count = 400;
    config.producers[0].request_timeout = milliseconds(300);
    config.producers[0].delivery_timeout = milliseconds(600);
    Moody cluster(config, seed);
    cluster.run();
    CHECK(cluster.every_record_is_reported_once());
    CHECK(cluster.reports_are_true());
    failed += cluster.driven.failed.size();
    bumps += cluster.driven.producer.memory.producer_epoch;
  }
  CHECK(failed > 100);
  CHECK(bumps > 100);
}
