// The controller of KRaft mode under the hands of a test, on a quorum of itself: the test gives it its office and
// commits what it writes. Its raft member is only a log and a state, nothing of it runs.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "model/quorum/server.h"
#include "model/rules.h"

namespace model::test {

inline constexpr NodeId kB1{1}, kB2{2}, kB3{3}, kB4{4}, kB5{5}, kC1{6}, kC2{7};
inline constexpr TopicId kT{0};
inline constexpr PartitionId kP0{0};

// Five brokers, one topic of one partition, min.insync.replicas 2.
inline ClusterConfig five_brokers(Replicas replicas = {kB1, kB2, kB3}) {
  ClusterConfig config;
  config.brokers.resize(5);
  TopicConfig topic;
  topic.name = "t";
  topic.min_insync_replicas = 2;
  topic.assignment = {replicas};
  config.topics = {topic};
  config.partitions = {{kT, 0}};
  config.controllers = 2;
  config.voters = {kC1, kC2};
  config.quorum.eligible_leader_replicas_version = 1;  // it takes the rule as well
  return config;
}

inline std::string shown(const Replicas& replicas) {
  std::string text = "{";
  for (const NodeId replica : replicas) text += (text == "{" ? "" : ",") + std::to_string(number(replica));
  return text + "}";
}
// "L2 ISR{2,3} le6 pe9", then what is not as usual.
inline std::string shown(const PartitionRegistration& p) {
  std::string text = "L" + std::to_string(number(p.leader)) + " ISR" + shown(p.isr) + " le" +
                     std::to_string(p.leader_epoch) + " pe" + std::to_string(p.partition_epoch);
  if (!p.eligible_leader_replicas.empty()) text += " ELR" + shown(p.eligible_leader_replicas);
  if (!p.last_known_elr.empty()) text += " last" + shown(p.last_known_elr);
  if (p.recovering) text += " RECOVERING";
  return text;
}

struct Heartbeat {
  bool want_fence = false;
  bool want_shut_down = false;
  Offset metadata_offset = kUnknownOffset;  // unknown: everything that is committed
  BrokerEpoch broker_epoch = -1;            // -1: the registered one
};

struct DrivenController {
  struct Armed {
    TimerKey key;
    std::int64_t due = 0;
  };
  ClusterConfig config;
  Rules rules = *find_profile("3.9")->rules;
  ControllerServer server{kC1, {}, {}};
  Instant now{0};
  Effects out;
  std::vector<Armed> timers;
  std::vector<Send> sends;
  std::vector<Fact> facts;
  bool exited = false;
  std::uint32_t choice = 0;  // of every choice, if there are as many

  explicit DrivenController(ClusterConfig cluster = five_brokers()) : config(std::move(cluster)) {
    with([](const ControllerContext& c) { start_controller(c); });
  }

  QuorumController& controller() { return server.memory.controller; }
  const MetadataImage& image() { return image_of(controller()); }
  const PartitionRegistration& partition() { return image().partitions[0]; }
  MetadataLog& log() { return server.disk.raft.log; }
  Leader& leader() { return std::get<Leader>(server.memory.raft.state); }

  template <typename F>
  void with(F call) {
    out.clear();
    const Clock clock(now);
    const Choices choices{
        [](void* source, std::uint32_t n) { return std::min(*static_cast<std::uint32_t*>(source), n - 1); }, &choice};
    const Context context{rules, config, clock, choices, out};
    call(ControllerContext{context, raft_of(server), server.memory.controller});
    for (const TimerKey& key : out.disarms) std::erase_if(timers, [&](const Armed& each) { return each.key == key; });
    for (const Arm& arm : out.arms) {
      if (arm.key.kind < TimerKind::fence_stale_brokers) continue;  // raft's
      std::erase_if(timers, [&](const Armed& each) { return each.key == arm.key; });
      timers.push_back({arm.key, now.us + arm.min.us});
    }
    sends.insert(sends.end(), out.sends.begin(), out.sends.end());
    facts.insert(facts.end(), out.facts.begin(), out.facts.end());
    exited = exited || out.exits;
  }
  void run() { with(run_controller); }

  // --- the quorum ---

  // It is elected, and its first record committed.
  void lead(LeaderEpoch epoch) {
    RaftMemory& raft = server.memory.raft;
    raft.running = true;
    raft.self = {kC1, 0};
    raft.epoch = epoch;
    Leader state;
    state.epoch_start = log().end();
    append(log(), MetadataBatch{log().end(), epoch, now, {LeaderChangeRecord{kC1, {kC1}, {kC1}}}});
    state.accumulator.next_offset = log().end();
    raft.state = state;
    raft.high_watermark = log().end();
    run();
  }
  // What it has prepared is in the log, not committed yet.
  void drain() {
    Accumulator& accumulator = leader().accumulator;
    for (MetadataBatch& batch : accumulator.batches) append(log(), std::move(batch));
    accumulator.batches.clear();
  }
  void commit() {
    drain();
    server.memory.raft.high_watermark = log().end();
    run();
  }
  // Another leads. What was not committed is gone.
  void lose_office(LeaderEpoch epoch) {
    server.memory.raft.state = Follower{kC2, {}, false, false, {}};
    server.memory.raft.epoch = epoch;
    truncate(log(), server.memory.raft.high_watermark);
    run();
  }
  // The other leader's records, committed.
  void receive(const SmallVec<MetadataRecord, 1>& records) {
    append(log(), MetadataBatch{log().end(), server.memory.raft.epoch, now, records});
    server.memory.raft.high_watermark = log().end();
    run();
  }

  // --- time ---

  void fire(TimerKey key) {
    with([&](const ControllerContext& c) { CHECK(on_controller_timer(c, key)); });
    run();
  }
  bool is_armed(TimerKey key) const {
    return std::any_of(timers.begin(), timers.end(), [&](const Armed& each) { return each.key == key; });
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
      fire(timer.key);
    }
    now.us = until;
  }

  // --- requests ---

  void request(NodeId client, ChannelKind kind, const Body& body) {
    with([&](const ControllerContext& c) { on_controller_request(c, {client, kC1, kind, 0, 1}, body); });
    run();
  }
  void act(const Act& asked) {
    with([&](const ControllerContext& c) { on_controller_act(c, asked); });
    run();
  }
  // The oldest answer of this type to the node that was not taken yet.
  template <typename T>
  std::optional<T> take(NodeId client) {
    for (auto at = sends.begin(); at != sends.end(); ++at) {
      if (at->via.client != client || !std::holds_alternative<T>(at->body)) continue;
      T found = std::get<T>(at->body);
      sends.erase(at);
      return found;
    }
    return std::nullopt;
  }
  template <typename F>
  std::vector<F> told() const {
    std::vector<F> found;
    for (const Fact& fact : facts) {
      if (const F* one = std::get_if<F>(&fact)) found.push_back(*one);
    }
    return found;
  }

  // Asks, commits, and returns the answer.
  BrokerRegistrationResponse register_broker(NodeId broker, Incarnation incarnation, BrokerEpoch previous = -1) {
    request(broker, ChannelKind::broker_lifecycle, BrokerRegistrationRequest{broker, incarnation, previous});
    commit();
    const auto answer = take<BrokerRegistrationResponse>(broker);
    REQUIRE(answer.has_value());
    return *answer;
  }
  const BrokerRegistration& broker(NodeId id) {
    const BrokerRegistration* found = find_broker(image(), id);
    REQUIRE(found != nullptr);
    return *found;
  }
  void send_heartbeat(NodeId id, const Heartbeat& heartbeat = {}) {
    BrokerHeartbeatRequest body;
    body.broker = id;
    body.broker_epoch = heartbeat.broker_epoch == -1 ? broker(id).broker_epoch : heartbeat.broker_epoch;
    body.current_metadata_offset =
        heartbeat.metadata_offset == kUnknownOffset ? controller().stable.offset - 1 : heartbeat.metadata_offset;
    body.want_fence = heartbeat.want_fence;
    body.want_shut_down = heartbeat.want_shut_down;
    request(id, ChannelKind::broker_lifecycle, body);
  }
  BrokerHeartbeatResponse heartbeat(NodeId id, const Heartbeat& heartbeat = {}) {
    send_heartbeat(id, heartbeat);
    commit();
    const auto answer = take<BrokerHeartbeatResponse>(id);
    REQUIRE(answer.has_value());
    return *answer;
  }
  void bring_up(NodeId id, Incarnation incarnation = 1) {
    REQUIRE(register_broker(id, incarnation).error == ErrorCode::none);
    REQUIRE_FALSE(heartbeat(id).is_fenced);
  }
  // In office, all brokers unfenced.
  void boot() {
    lead(1);
    commit();
    for (const NodeId id : {kB1, kB2, kB3, kB4, kB5}) bring_up(id);
    facts.clear();
  }
  // And the topic exists.
  void boot_with_topic() {
    boot();
    act(CreateTopic{kT});
    commit();
    REQUIRE(partition().exists);
  }

  // A partition's state by hand, of what is committed and what is not.
  void set_partition(const PartitionRegistration& state) {
    controller().working->partitions[0] = state;
    controller().stable.partitions[0] = state;
    controller().working->topics[0].exists = true;
    controller().stable.topics[0].exists = true;
  }
  void enable_elr() { rules.kraft.eligible_leader_replicas = true; }
};

}  // namespace model::test
