// Members of the metadata quorum under the hands of a test, without a state machine above: inputs are given one by
// one, messages wait until the test lets them go on.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "model/raft/raft.h"
#include "model/rules.h"
#include "model/rules/profiles.h"

namespace sim::test {

// A node of the quorum. It has no clock of its own: timers fire when the test says so.
class SteppedMember {
 public:
  SteppedMember(const model::ClusterConfig& config, const model::Rules& rules, model::NodeId id)
      : config_(&config), rules_(&rules), id_(id) {}
  model::NodeId id() const { return id_; }
  model::Raft raft() { return {id_, disk_, memory_}; }
  model::RaftMemory& memory() { return memory_; }
  model::RaftDisk& disk() { return disk_; }
  template <typename R>
  R* role() {
    return std::get_if<R>(&memory_.state);
  }

  void start() { give(model::Started{}); }
  void stop() {
    with([](const model::Context& context, model::Raft raft) { return begin_raft_shutdown(context, raft), 0; });
  }
  void crash() {
    memory_ = {};
    timers_.clear();
  }
  void give(const model::Input& input) {
    with([&](const model::Context& context, model::Raft raft) { return take(context, raft, input), 0; });
  }
  void receive(const model::ConnectionId& via, const model::Body& body) { give(model::Received{via, &body}); }
  // As a client that nobody has heard of, on a connection of its own. Returns the answer.
  template <typename Answer, typename Request>
  Answer answer_to(model::NodeId client, const Request& request) {
    receive({client, id_, model::ChannelKind::quorum, 0, ++strangers_}, model::Body(request));
    return sent<Answer>();
  }
  // One step, in which `act` is all that happens.
  template <typename F>
  std::invoke_result_t<F, const model::Context&, model::Raft> with(F&& act) {
    out_.clear();
    const model::Clock clock(now);
    const model::Choices choices;
    const model::Context context{*rules_, *config_, clock, choices, out_};
    auto result = act(context, raft());
    model::poll_raft(context, raft());
    note_timers();
    return result;
  }
  void fire(model::TimerKind kind, std::uint16_t about = 0) {
    REQUIRE(is_armed(kind, about));
    timers_.erase({kind, about});
    give(model::TimerFired{{kind, about}});
  }
  bool is_armed(model::TimerKind kind, std::uint16_t about = 0) const { return timers_.contains({kind, about}); }
  model::Arm timer(model::TimerKind kind, std::uint16_t about = 0) const {
    REQUIRE(is_armed(kind, about));
    return timers_.at({kind, about});
  }

  // Of the last step.
  const model::Effects& effects() const { return out_; }
  template <typename F>
  std::vector<F> all_told() const {
    std::vector<F> found;
    for (const model::Fact& fact : out_.facts) {
      if (const F* one = std::get_if<F>(&fact)) found.push_back(*one);
    }
    return found;
  }
  template <typename F>
  F told() const {
    const std::vector<F> found = all_told<F>();
    REQUIRE(found.size() == 1);
    return found.front();
  }
  template <typename B>
  std::vector<B> all_sent() const {
    std::vector<B> found;
    for (const model::Send& send : out_.sends) {
      if (const B* body = std::get_if<B>(&send.body)) found.push_back(*body);
    }
    return found;
  }
  template <typename B>
  B sent() const {
    const std::vector<B> found = all_sent<B>();
    REQUIRE(found.size() == 1);
    return found.front();
  }

  model::Instant now{0};

 private:
  static void take(const model::Context& context, model::Raft raft, const model::Input& input) {
    std::visit(model::overloaded{
                   [&](const model::Started&) { start_raft(context, raft); },
                   [&](const model::Received& received) {
                     const bool ours = received.via.client == raft.id && is_answer(*received.body);
                     ours ? on_raft_answer(context, raft, received.via, *received.body)
                          : on_raft_request(context, raft, received.via, *received.body);
                   },
                   [&](const model::TimerFired& fired) { CHECK(on_raft_timer(context, raft, fired.key)); },
                   [&](const model::Connected& connected) { on_raft_connected(context, raft, connected.via); },
                   [&](const model::Disconnected& gone) { on_raft_disconnected(context, raft, gone.via); },
                   [](const model::Act&) {},
               },
               input);
  }
  void note_timers() {
    for (const model::TimerKey key : out_.disarms) timers_.erase(key);
    for (const model::Arm& arm : out_.arms) timers_[arm.key] = arm;
  }

  const model::ClusterConfig* config_;
  const model::Rules* rules_;
  model::NodeId id_{};
  model::RaftDisk disk_;
  model::RaftMemory memory_;
  model::Effects out_;
  std::map<model::TimerKey, model::Arm> timers_;
  std::uint32_t strangers_ = 1'000'000;
};

inline model::ClusterConfig quorum_of(std::int32_t voters, std::int32_t controllers = 0) {
  model::ClusterConfig config;
  config.controllers = std::max(voters, controllers);
  for (std::int32_t number = 1; number <= voters; ++number) config.voters.push_back(config.controller(number));
  return config;
}

inline model::Rules rules_with(bool pre_vote) {
  model::Rules rules = model::kafka_3_9::rules();
  if (!pre_vote) return rules;
  rules.quorum.pre_vote = true;
  rules.quorum.election_retry = model::ElectionRetry::rest_of_timeout;
  return rules;
}

// All of them, with a network that carries what the test lets through, in order and at once.
class SteppedQuorum {
 public:
  explicit SteppedQuorum(std::int32_t voters, const model::Rules& decides_by, std::int32_t controllers = 0)
      : config(quorum_of(voters, controllers)), rules(decides_by) {
    for (std::int32_t number = 1; number <= config.controllers; ++number) {
      members_.emplace_back(config, rules, config.controller(number));
    }
  }
  SteppedQuorum(const SteppedQuorum&) = delete;
  SteppedQuorum& operator=(const SteppedQuorum&) = delete;

  SteppedMember& operator[](std::int32_t number) { return members_[static_cast<std::size_t>(number) - 1]; }
  model::NodeId id(std::int32_t number) const { return config.controller(number); }

  void start_all() {
    for (SteppedMember& member : members_) {
      member.start();
      carry(member);
    }
    settle();
  }
  void fire(std::int32_t number, model::TimerKind kind, std::uint16_t about = 0) {
    (*this)[number].fire(kind, about);
    carry((*this)[number]);
  }
  // The effects of a member's last step go out.
  void carry(const SteppedMember& from) {
    const model::Effects wanted = from.effects();
    for (const model::ConnectionId& id : wanted.connects) wire_.push_back({id, std::nullopt, id.client});
    for (const model::Send& send : wanted.sends) {
      const model::NodeId to = send.via.client == from.id() ? send.via.server : send.via.client;
      wire_.push_back({send.via, send.body, to});
    }
  }
  // Messages go on until none is left; those to or from whoever is cut off are lost.
  void settle() {
    for (std::int32_t rounds = 0; !wire_.empty(); ++rounds) {
      REQUIRE(rounds < 10'000);
      const Packet packet = std::move(wire_.front());
      wire_.pop_front();
      if (is_cut(packet.via.client) || is_cut(packet.via.server)) continue;
      SteppedMember& member = (*this)[static_cast<std::int32_t>(packet.to)];
      if (packet.body) {
        member.receive(packet.via, *packet.body);
      } else {
        member.give(model::Connected{packet.via});
      }
      carry(member);
    }
  }
  void elect(std::int32_t number) {
    fire(number, model::TimerKind::quorum_election);
    settle();
    REQUIRE((*this)[number].role<model::Leader>() != nullptr);
  }

  model::ClusterConfig config;
  model::Rules rules;
  std::vector<model::NodeId> cut_off;

 private:
  struct Packet {
    model::ConnectionId via;
    std::optional<model::Body> body;
    model::NodeId to{};
  };
  bool is_cut(model::NodeId node) const { return std::find(cut_off.begin(), cut_off.end(), node) != cut_off.end(); }

  std::vector<SteppedMember> members_;
  std::deque<Packet> wire_;
};

}  // namespace sim::test
