// A client's connections, one to each broker: opened when needed, retried with growing back-off, the least loaded one
// chosen for what any broker can answer (clients NetworkClient, ClusterConnectionStates). Producers and consumers
// share it; what is in flight is theirs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "model/ids.h"
#include "model/small_vec.h"
#include "model/step.h"
#include "model/value.h"

namespace model {

enum class LinkState : std::uint8_t { closed, backing_off, connecting, open };

template <typename Request>
struct ClientLink {
  NodeId broker = kNoNode;
  LinkState state = LinkState::closed;
  std::uint32_t connection = 0;      // ConnectionId::number while connecting or open
  std::int32_t failures = 0;         // in a row; raises the reconnect back-off
  std::int32_t failed_connects = 0;  // in a row; raises the connect time-out
  SmallVec<Request, 1> in_flight;    // in order
  FIELDS(broker, state, connection, failures, failed_connects, in_flight);
};

// A delay of base * 2^failures, at most `max`, with the 20 % jitter of Kafka's ExponentialBackoff.
struct Backoff {
  Duration shortest, longest;
};
Backoff backoff(Duration base, Duration max, std::int32_t failures);

// What the links of one client have in common, during one step.
struct Network {
  const Context& context;
  NodeId self;
  Duration reconnect_backoff, reconnect_backoff_max;
  std::uint32_t& connections;  // made so far, to any broker: numbers are never used twice
};

inline TimerKey of_broker(TimerKind kind, NodeId broker) { return {kind, static_cast<std::uint16_t>(broker)}; }

// The connect time-out that follows so many failed attempts (socket.connection.setup.timeout.ms).
Backoff connect_timeout(std::int32_t failed_connects);

template <typename Link>
ConnectionId connection_of(NodeId self, const Link& link) {
  return {self, link.broker, ChannelKind::client, 0, link.connection};
}

// Null: no broker of that number.
template <typename Links>
auto* find_link(Links& links, std::uint16_t broker) {
  return broker == 0 || broker > links.size() ? nullptr : &links[broker - 1U];
}
// The link that `via` names, if it is its present connection.
template <typename Links>
auto* find_link(Links& links, NodeId self, const ConnectionId& via, LinkState state) {
  auto* link = find_link(links, static_cast<std::uint16_t>(via.server));
  return link == nullptr || via != connection_of(self, *link) || link->state != state ? nullptr : link;
}

template <typename Links>
void add_links(const Context& context, Links& links) {
  for (std::size_t i = 1; i <= context.config.brokers.size(); ++i) {
    links.emplace_back().broker = NodeId(static_cast<std::uint8_t>(i));
  }
}

template <typename Link>
void connect(const Network& network, Link& link) {
  link.state = LinkState::connecting;
  link.connection = ++network.connections;
  network.context.out.connects.push_back(connection_of(network.self, link));
  const Backoff timeout = connect_timeout(link.failed_connects);
  network.context.arm(of_broker(TimerKind::client_connect_timeout, link.broker), timeout.shortest, timeout.longest);
}

template <typename Link>
void note_opened(const Network& network, Link& link) {
  link.state = LinkState::open;
  link.failures = 0;
  link.failed_connects = 0;
  network.context.disarm(of_broker(TimerKind::client_connect_timeout, link.broker));
}

// The connection is gone, by either side's act. What was in flight stays there, for the client to give up.
template <typename Link>
void note_lost(const Network& network, Link& link) {
  const bool was_connecting = link.state == LinkState::connecting;
  link.failed_connects = was_connecting ? link.failed_connects + 1 : 0;
  link.state = LinkState::backing_off;
  const Backoff wait = backoff(network.reconnect_backoff, network.reconnect_backoff_max, link.failures);
  ++link.failures;
  network.context.arm(of_broker(TimerKind::client_backoff, link.broker), wait.shortest, wait.longest);
  network.context.disarm(of_broker(TimerKind::client_connect_timeout, link.broker));
}

// NetworkClient.leastLoadedNode: the open connection with the fewest requests among those with room; nullptr while a
// connection is on its way or back-offs run. Starts a connection if there is none. `alive`: by the last metadata;
// empty: only the bootstrap list is known.
template <typename Links, typename HasRoom>
auto least_loaded(const Network& network, Links& links, const Replicas& alive, HasRoom has_room)
    -> decltype(links.begin()) {
  using Link = std::remove_reference_t<decltype(*links.begin())>;
  SmallVec<Link*, 8> best, closed;
  bool connecting = false;
  for (Link& link : links) {
    if (!alive.empty() && !alive.contains(link.broker)) continue;
    connecting |= link.state == LinkState::connecting;
    if (link.state == LinkState::closed) closed.push_back(&link);
    if (link.state != LinkState::open || !has_room(link)) continue;
    if (!best.empty() && link.in_flight.size() < best.front()->in_flight.size()) best.clear();
    if (best.empty() || link.in_flight.size() == best.front()->in_flight.size()) best.push_back(&link);
  }
  const Choices& choices = network.context.choices;
  if (!best.empty()) return best[choices.below(static_cast<std::uint32_t>(best.size()))];
  if (!connecting && !closed.empty()) {
    connect(network, *closed[choices.below(static_cast<std::uint32_t>(closed.size()))]);
  }
  return nullptr;
}

}  // namespace model
