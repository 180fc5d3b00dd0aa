// Connections without nodes behind them, for tests: what a process would be told is written down.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sim/kernel/connections.h"

namespace tests {

using model::ChannelKind;
using model::ConnectionId;
using model::NodeId;

inline constexpr NodeId kA{0}, kB{1}, kC{2};
inline constexpr std::int64_t kMs = 1000, kSecond = 1'000'000;

inline ConnectionId from_a_to_b(std::uint32_t number = 1) { return {kA, kB, ChannelKind::fetch, 0, number}; }

// Latency is 100 us, processing nothing: every instant is known.
inline sim::LinkSettings exact_links() {
  sim::LinkSettings links;
  links.retransmit_first = model::milliseconds(200);
  links.timer_wheel = false;
  links.latency_min = links.latency_max = model::microseconds(100);
  links.request_min = links.request_max = model::microseconds(0);
  return links;
}

// Connections without nodes: what would be told to a process is written down, "500 b fetch 7".
struct Net {
  sim::LinkSettings links;
  sim::EventQueue queue;
  std::vector<sim::FaultEffect> effects = std::vector<sim::FaultEffect>(3);
  sim::Connections connections;
  std::int64_t now = 0;

  explicit Net(const sim::LinkSettings& settings = exact_links())
      : links(settings), connections(links, 1, 3, queue, effects) {
    for (const NodeId node : {kA, kB, kC}) connections.start(0, node);
  }

  std::vector<std::string> run_until(std::int64_t end_us) {
    std::vector<std::string> told;
    while (!queue.empty() && queue.top().at_us <= end_us) {
      const sim::Event event = queue.pop();
      now = event.at_us;
      const sim::Arrival arrival = connections.arrive(now, event.slot());
      if (arrival.what != sim::Arrival::What::nothing) told.push_back(describe(arrival));
      connections.release(event.slot());
    }
    now = end_us;
    return told;
  }
  std::string describe(const sim::Arrival& arrival) const {
    std::string text = std::to_string(now) + " " + "abc"[static_cast<std::size_t>(arrival.node)];
    switch (arrival.what) {
      case sim::Arrival::What::message:
        if (const auto* fetch = std::get_if<model::FetchRequest>(arrival.body)) {
          return text + " fetch " + std::to_string(fetch->min_bytes);
        }
        return text + " " + std::string(model::name_of(*arrival.body));
      case sim::Arrival::What::connected:
        return text + " connected";
      case sim::Arrival::What::disconnected:
        return text + (arrival.reason == model::DisconnectReason::refused ? " refused" : " reset");
      case sim::Arrival::What::nothing:
        break;
    }
    return text;
  }

  ConnectionId open(const ConnectionId& id = from_a_to_b()) {
    connections.connect(now, id);
    REQUIRE(run_until(now + 200).size() == 1);
    return id;
  }
  // A request that is told apart by its number.
  void send(NodeId from, const ConnectionId& via, std::int32_t number) {
    model::FetchRequest fetch;
    fetch.min_bytes = number;
    connections.send(now, from, via, fetch);
  }
  void cut(NodeId from, NodeId to, std::uint32_t application = 1, std::size_t row = 0) {
    connections.cut(application, row, from, to);
  }
};

using Told = std::vector<std::string>;

}  // namespace tests
