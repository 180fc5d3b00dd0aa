// A broker in KRaft mode under the hands of a test: it is told who leads the quorum and what was committed, its inputs
// are given one by one, effects are looked at and not carried out. Three brokers, three controllers, no producers.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "model/broker/broker.h"
#include "model/rules.h"

namespace sim::test {

inline constexpr model::NodeId kBroker{2};
inline constexpr model::NodeId kC1{4}, kC2{5};
inline constexpr model::BrokerEpoch kEpoch = 7;  // of kBroker, once registered

inline model::ClusterConfig kraft_config(std::vector<model::Replicas> assignment, std::int32_t min_isr = 1) {
  model::ClusterConfig config;
  config.brokers.resize(3);
  for (model::BrokerSettings& settings : config.brokers) settings.replica_lag_time_max = model::seconds(10);
  model::TopicConfig topic;
  topic.name = "t";
  topic.assignment = std::move(assignment);
  topic.min_insync_replicas = min_isr;
  for (std::size_t i = 0; i < topic.assignment.size(); ++i) {
    config.partitions.push_back({model::TopicId{0}, static_cast<std::int32_t>(i)});
  }
  config.topics.push_back(std::move(topic));
  config.controllers = 3;
  config.voters = {kC1, kC2, model::NodeId{6}};
  return config;
}

class KraftBroker {
 public:
  explicit KraftBroker(model::ClusterConfig config, model::NodeId id = kBroker)
      : rules(*model::find_profile("3.9")->rules), config_(std::move(config)) {
    broker_.id = id;
    broker_.disk.partitions.assign(config_.partitions.size(), {});
    broker_.disk.raft.emplace();
  }

  model::Rules rules;  // a test may change them
  model::Broker* operator->() { return &broker_; }
  model::Broker& operator*() { return broker_; }
  model::KraftMemory& kraft() { return *broker_.memory.kraft; }
  model::Partition& partition(std::size_t p = 0) { return broker_.memory.partitions[p]; }
  model::Log& log(std::size_t p = 0) { return broker_.disk.partitions[p].log; }
  model::BrokerState state() { return kraft().lifecycle.state; }

  void wait(model::Duration time) { now_.us += time.us; }
  void crash() { broker_.memory = {}; }
  void give(const model::Input& input) {
    out_.clear();
    const model::Clock clock(now_);
    const model::Choices choices;
    model::step(model::Context{rules, config_, clock, choices, out_}, broker_, input);
    for (const model::ConnectionId& id : out_.connects) CHECK_FALSE(is_of_zookeeper_mode(id.kind));
    for (const model::Send& send : out_.sends) CHECK_FALSE(is_of_zookeeper_mode(send.via.kind));
  }
  void receive(const model::ConnectionId& via, const model::Body& body) { give(model::Received{via, &body}); }
  void fire(model::TimerKind kind) { give(model::TimerFired{{kind}}); }
  // A step in which nothing happens but that it looks at what was committed.
  void look() { give(model::Connected{{broker_.id, model::kNoNode, model::ChannelKind::client, 0, 0}}); }
  model::ConnectionId accept(model::NodeId client, model::ChannelKind kind) {
    return {client, broker_.id, kind, 0, ++connections_};
  }

  // --- the quorum ---
  void know_leader(model::NodeId leader) {
    model::RaftMemory& raft = kraft().raft;
    raft.epoch = 1;
    if (leader == model::kNoNode) {
      raft.state = model::Unattached{};
    } else {
      raft.state = model::Follower{leader, {}, true, false, {}};
    }
  }
  void append(std::vector<model::MetadataRecord> records, model::LeaderEpoch epoch = 1) {
    model::MetadataLog& log = broker_.disk.raft->log;
    model::MetadataBatch batch{log.end(), epoch, {}, {}};
    for (model::MetadataRecord& record : records) batch.records.push_back(std::move(record));
    log.batches.push_back(std::move(batch));
  }
  // One batch, committed and read.
  void commit(std::vector<model::MetadataRecord> records, model::LeaderEpoch epoch = 1) {
    append(std::move(records), epoch);
    kraft().raft.high_watermark = broker_.disk.raft->log.end();
    look();
  }

  // --- its channel to the active controller ---
  model::ConnectionId lifecycle_channel() {
    const model::LifecycleChannel& channel = kraft().lifecycle.channel;
    return {broker_.id, channel.controller, model::ChannelKind::broker_lifecycle, 0, channel.connection};
  }
  void answer(const model::Body& body) { receive(lifecycle_channel(), body); }
  void heard(bool is_caught_up, bool is_fenced, bool should_shut_down = false) {
    answer(model::BrokerHeartbeatResponse{model::ErrorCode::none, is_caught_up, is_fenced, should_shut_down});
  }

  // --- stages of a start ---
  void come_up() {
    give(model::Started{});
    fire(model::TimerKind::quorum_start);
    know_leader(kC1);
  }
  void connect_lifecycle() { give(model::Connected{lifecycle_channel()}); }
  void begin_registration() {
    come_up();
    fire(model::TimerKind::register_broker);
    connect_lifecycle();
  }
  void register_now() {
    begin_registration();
    answer(model::BrokerRegistrationResponse{model::ErrorCode::none, kEpoch});
  }
  // Registered, caught up and with its replicas' machinery running: it publishes what is committed next.
  void recover() {
    register_now();
    heard(true, true);
    fire(model::TimerKind::isr_check);
  }
  // Unfenced: b1, b2, b3 are active in the metadata, under epochs 5, 7 and 9.
  void run() {
    recover();
    commit({registered(1, 5), registered(2, kEpoch), registered(3, 9)});
    fire(model::TimerKind::begin_serving);
    go_running();
  }
  void go_running() {
    if (!kraft().lifecycle.channel.in_flight) fire(model::TimerKind::lifecycle_send);
    heard(true, false);
    if (kraft().lifecycle.channel.in_flight) heard(true, false);
    REQUIRE(state() == model::BrokerState::running);
  }

  static model::RegisterBrokerRecord registered(int broker, model::BrokerEpoch epoch, bool fenced = false) {
    const auto id = static_cast<model::NodeId>(broker);
    return {id, static_cast<model::Incarnation>(epoch), epoch, fenced, false};
  }

  // --- effects of the last step ---
  const model::Effects& effects() const { return out_; }
  template <typename F>
  std::vector<F> told() const {
    std::vector<F> found;
    for (const model::Fact& fact : out_.facts) {
      if (const F* one = std::get_if<F>(&fact)) found.push_back(*one);
    }
    return found;
  }
  template <typename B>
  std::vector<B> sent() const {
    std::vector<B> found;
    for (const model::Send& send : out_.sends) {
      if (const B* one = std::get_if<B>(&send.body)) found.push_back(*one);
    }
    return found;
  }
  // The one that was sent.
  template <typename B>
  B only() const {
    const std::vector<B> found = sent<B>();
    REQUIRE(found.size() == 1);
    return found.front();
  }
  std::vector<model::ConnectionId> connects(model::ChannelKind kind) const {
    std::vector<model::ConnectionId> found;
    for (const model::ConnectionId& id : out_.connects) {
      if (id.kind == kind) found.push_back(id);
    }
    return found;
  }
  bool closes(model::ChannelKind kind) const {
    for (const model::ConnectionId& id : out_.closes) {
      if (id.kind == kind) return true;
    }
    return false;
  }
  // Shortest and longest time after which a timer that the step armed may fire; {-1, -1}: it did not.
  std::pair<std::int64_t, std::int64_t> armed_us(model::TimerKind kind) const {
    std::pair<std::int64_t, std::int64_t> found{-1, -1};
    for (const model::Arm& arm : out_.arms) {
      if (arm.key.kind == kind) found = {arm.min.us, arm.max.us};
    }
    return found;
  }
  bool armed_ms(model::TimerKind kind, std::int64_t min, std::int64_t max) const {
    return armed_us(kind) == std::pair{min * 1000, max * 1000};
  }
  bool armed_ms(model::TimerKind kind, std::int64_t after) const { return armed_ms(kind, after, after); }

 private:
  static bool is_of_zookeeper_mode(model::ChannelKind kind) {
    return kind == model::ChannelKind::zookeeper || kind == model::ChannelKind::control ||
           kind == model::ChannelKind::controlled_shutdown;
  }

  model::ClusterConfig config_;
  model::Broker broker_;
  model::Instant now_{1'000'000};
  model::Effects out_;
  std::uint32_t connections_ = 1'000'000;
};

}  // namespace sim::test
