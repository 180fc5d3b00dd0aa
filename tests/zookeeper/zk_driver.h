// Drives a ZooKeeper server by hand: one input at a time, at an instant the test sets, with answers to
// open choices taken from a script.
#pragma once

#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "model/rules.h"
#include "model/step.h"
#include "model/zookeeper/server.h"

namespace tests {

struct ZkDriver {
  model::ClusterConfig config;
  model::Rules rules{};
  model::ZooKeeper server;
  model::Effects out;  // of the last step
  std::int64_t now_ms = 0;
  std::vector<std::uint32_t> picks;  // consumed from the front; 0 afterwards
  std::vector<std::uint32_t> asked;  // how many answers each choice had

  void step(const model::Input& input) {
    out.clear();
    const model::Clock clock(model::Instant{now_ms * 1000});
    const model::Choices choices{&ZkDriver::pick, this};
    model::step(model::Context{rules, config, clock, choices, out}, server, input);
  }
  void start() { step(model::Started{}); }
  void receive(const model::ConnectionId& via, const model::Body& body) { step(model::Received{via, &body}); }
  void expire_at(std::int64_t at_ms) {
    now_ms = at_ms;
    step(model::TimerFired{{model::TimerKind::zk_expire, 0}});
  }
  void disconnect(const model::ConnectionId& via) { step(model::Disconnected{via, model::DisconnectReason::reset}); }

  // The session of the answer; 0 if it has expired.
  model::SessionId connect(const model::ConnectionId& via, std::int64_t timeout_ms, model::SessionId session = 0) {
    receive(via, model::ZkConnectRequest{session, model::milliseconds(timeout_ms), 0});
    const auto* answer = last_to<model::ZkConnectResponse>(via);
    return answer == nullptr ? -1 : answer->session;
  }
  model::ZkResponse request(const model::ConnectionId& via, std::vector<model::ZkOp> ops) {
    model::ZkRequest asks;
    asks.xid = ++xid_;
    asks.multi = ops.size() > 1;
    for (model::ZkOp& op : ops) asks.ops.push_back(std::move(op));
    receive(via, asks);
    const auto* answer = last_to<model::ZkResponse>(via);
    return answer != nullptr && answer->xid == xid_ ? *answer : model::ZkResponse{};
  }

  std::vector<model::Body> sent_to(const model::ConnectionId& via) const {
    std::vector<model::Body> bodies;
    for (const model::Send& send : out.sends) {
      if (send.via == via) bodies.push_back(send.body);
    }
    return bodies;
  }
  std::vector<model::ZkEvent> events_to(const model::ConnectionId& via) const {
    std::vector<model::ZkEvent> events;
    for (const model::Send& send : out.sends) {
      if (send.via != via) continue;
      if (const auto* event = std::get_if<model::ZkEvent>(&send.body)) events.push_back(*event);
    }
    return events;
  }
  template <typename F>
  std::vector<F> facts() const {
    std::vector<F> found;
    for (const model::Fact& fact : out.facts) {
      if (const F* one = std::get_if<F>(&fact)) found.push_back(*one);
    }
    return found;
  }
  template <typename B>
  const B* last_to(const model::ConnectionId& via) const {
    if (out.sends.empty() || out.sends.back().via != via) return nullptr;
    return std::get_if<B>(&out.sends.back().body);
  }

 private:
  static std::uint32_t pick(void* source, std::uint32_t n) {
    ZkDriver& driver = *static_cast<ZkDriver*>(source);
    driver.asked.push_back(n);
    if (driver.picks.empty()) return 0;
    const std::uint32_t answer = driver.picks.front();
    driver.picks.erase(driver.picks.begin());
    return answer;
  }

  std::int32_t xid_ = 0;
};

// The `number`-th connection of a client.
inline model::ConnectionId zk_connection(int client, std::uint32_t number = 1) {
  return {model::NodeId(static_cast<std::uint8_t>(client)), model::kZooKeeper, model::ChannelKind::zookeeper, 0,
          number};
}

}  // namespace tests
