// A producer under the hands of a test.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "model/client/producer.h"
#include "model/rules.h"

namespace model::test {

inline constexpr NodeId kB1{1}, kB2{2};
inline constexpr PartitionId kP0{0}, kP1{1};

inline ClusterConfig two_brokers(std::size_t partitions) {
  ClusterConfig config;
  config.brokers.resize(2);
  TopicConfig topic;
  topic.name = "t";
  for (std::size_t i = 0; i != partitions; ++i) {
    topic.assignment.push_back(Replicas{kB1, kB2});
    config.partitions.push_back({TopicId{0}, static_cast<std::int32_t>(i)});
  }
  config.topics.push_back(topic);
  ProducerConfig producer;
  producer.name = "p1";
  producer.count = 1'000;
  producer.enable_idempotence = false;
  producer.retries = 0;
  config.producers.push_back(producer);
  return config;
}

// One producer and a hand on everything around it: time, timers (at their earliest), connections, answers.
struct Driven {
  struct Armed {
    TimerKey key;
    std::int64_t due = 0;
  };
  ClusterConfig config;
  Producer producer{NodeId{3}, {}};
  Rules rules{};
  Instant now{0};
  Effects out;
  std::vector<Armed> timers;
  std::vector<Send> sends;
  std::vector<ConnectionId> connects, closes;
  std::vector<RecordsAcknowledged> acked;
  std::vector<RecordsFailed> failed;
  std::int64_t last_pace_due = 0;
  std::uint32_t choice = 0;  // of every choice, if there are as many

  explicit Driven(ClusterConfig cluster) : config(std::move(cluster)) {}

  ProducerConfig& settings() { return config.producers[0]; }

  void give(const Input& input) {
    out.clear();
    const Clock clock(now);
    const Choices choices{
        [](void* source, std::uint32_t n) { return std::min(*static_cast<std::uint32_t*>(source), n - 1); }, &choice};
    step(Context{rules, config, clock, choices, out}, producer, input);
    closes.insert(closes.end(), out.closes.begin(), out.closes.end());
    connects.insert(connects.end(), out.connects.begin(), out.connects.end());
    for (const TimerKey& key : out.disarms) std::erase_if(timers, [&](const Armed& each) { return each.key == key; });
    for (const Arm& arm : out.arms) {
      std::erase_if(timers, [&](const Armed& each) { return each.key == arm.key; });
      timers.push_back({arm.key, (arm.on_grid ? last_pace_due : now.us) + arm.min.us});
    }
    sends.insert(sends.end(), out.sends.begin(), out.sends.end());
    for (const Fact& fact : out.facts) {
      if (const auto* a = std::get_if<RecordsAcknowledged>(&fact)) acked.push_back(*a);
      if (const auto* f = std::get_if<RecordsFailed>(&fact)) failed.push_back(*f);
    }
  }

  void advance(Duration by) {
    const std::int64_t until = now.us + by.us;
    for (;;) {
      const auto next =
          std::min_element(timers.begin(), timers.end(), [](const Armed& a, const Armed& b) { return a.due < b.due; });
      if (next == timers.end() || next->due > until) break;
      const Armed timer = *next;
      timers.erase(next);
      now.us = std::max(now.us, timer.due);
      if (timer.key.kind == TimerKind::produce_next) last_pace_due = timer.due;
      give(TimerFired{timer.key});
    }
    now.us = until;
  }

  ConnectionId connection_to(NodeId broker) const {
    for (std::size_t i = connects.size(); i != 0; --i) {
      if (connects[i - 1].server == broker) return connects[i - 1];
    }
    FAIL("never connected");
    return {};
  }
  std::size_t connects_to(NodeId broker) const {
    return static_cast<std::size_t>(std::count_if(connects.begin(), connects.end(),
                                                  [&](const ConnectionId& each) { return each.server == broker; }));
  }
  void open(NodeId broker) { give(Connected{connection_to(broker)}); }
  void lose(NodeId broker, DisconnectReason reason = DisconnectReason::reset) {
    give(Disconnected{connection_to(broker), reason});
  }

  // The oldest request of this type that was sent to the broker and not taken yet.
  template <typename T>
  std::optional<T> take(NodeId broker) {
    for (auto at = sends.begin(); at != sends.end(); ++at) {
      if (at->via.server != broker || !std::holds_alternative<T>(at->body)) continue;
      T found = std::get<T>(at->body);
      sends.erase(at);
      return found;
    }
    return std::nullopt;
  }
  Batch take_batch(NodeId broker) {
    const auto request = take<ProduceRequest>(broker);
    REQUIRE(request.has_value());
    REQUIRE(request->partitions.size() == 1);
    return request->partitions[0].batch;
  }

  void reply(NodeId broker, const Body& body) { give(Received{connection_to(broker), &body}); }
  void reply_produce(NodeId broker, ErrorCode error, Offset base = kUnknownOffset, PartitionId partition = kP0) {
    reply(broker, ProduceResponse{{ProduceResult{partition, error, base}}});
  }
  // Every partition has this leader.
  void reply_metadata(NodeId broker, NodeId leader, LeaderEpoch epoch = 0) {
    MetadataResponse answer;
    answer.brokers = {kB1, kB2};
    const ErrorCode error = leader == kNoNode ? ErrorCode::leader_not_available : ErrorCode::none;
    for (std::size_t i = 0; i != config.partitions.size(); ++i) {
      answer.partitions.push_back(MetadataPartition{PartitionId(static_cast<std::uint16_t>(i)), error, leader, epoch});
    }
    reply(broker, answer);
  }

  // Started, connected to b1, metadata known: b1 leads. The first record is on the way.
  void boot() {
    give(Started{});
    open(kB1);
    REQUIRE(take<MetadataRequest>(kB1));
    reply_metadata(kB1, kB1);
    if (settings().enable_idempotence) {
      REQUIRE(take<InitProducerIdRequest>(kB1));
      reply(kB1, InitProducerIdResponse{});
    }
  }
};

inline ClusterConfig idempotent() {
  ClusterConfig config = two_brokers(1);
  config.producers[0].enable_idempotence = true;
  config.producers[0].retries = 2'147'483'647;
  return config;
}

}  // namespace model::test
