// Connections to the other members. Below, NetworkClient has one request on the wire of each; above, RequestManager
// knows whose answer it still wants and when a node may be asked again.
#include <algorithm>
#include <utility>

#include "model/raft/member.h"
#include "model/rules.h"

namespace model {
namespace {

constexpr std::uint16_t kSinceSent = 256;
constexpr Duration kReconnectBackoff = milliseconds(50), kReconnectBackoffMax = milliseconds(500);
constexpr Duration kSetupTimeout = seconds(10), kSetupTimeoutMax = seconds(30);

TimerKey about(TimerKind kind, NodeId node) { return {kind, static_cast<std::uint16_t>(node)}; }
TimerKey since_made(NodeId node) { return about(TimerKind::quorum_request, node); }
TimerKey since_sent(NodeId node) {
  return {TimerKind::quorum_request, static_cast<std::uint16_t>(kSinceSent + static_cast<std::uint16_t>(node))};
}

const Peer* find_peer(const RaftMemory& memory, NodeId node) {
  const Peer* at =
      std::find_if(memory.peers.begin(), memory.peers.end(), [node](const Peer& peer) { return peer.node == node; });
  return at == memory.peers.end() ? nullptr : at;
}

Peer* find_peer(RaftMemory& memory, NodeId node) { return const_cast<Peer*>(find_peer(std::as_const(memory), node)); }

Peer* find_peer(Raft raft, const ConnectionId& via) {
  if (via.client != raft.id) return nullptr;
  Peer* peer = find_peer(raft.memory, via.server);
  return peer != nullptr && peer->connection == via.number ? peer : nullptr;
}

Peer& peer_of(RaftMemory& memory, NodeId node) {
  if (Peer* peer = find_peer(memory, node)) return *peer;
  Peer& peer = memory.peers.emplace_back();
  peer.node = node;
  return peer;
}

ConnectionId id_of(Raft raft, const Peer& peer) {
  return {raft.id, peer.node, ChannelKind::quorum, 0, peer.connection};
}

bool in_flight(const Peer& peer) { return peer.awaited != 0 && !peer.overdue; }

// base * 2^attempts up to max, and a fifth more or less.
void arm_with_jitter(const Context& context, TimerKey key, Duration base, Duration max, std::int32_t attempts) {
  const Duration mean = std::min(base * (std::int64_t{1} << std::min(attempts, 20)), max);
  context.arm(key, mean * 8 / 10, mean * 12 / 10);
}

void connect(const Context& context, Raft raft, Peer& peer) {
  peer.link = Peer::Link::connecting;
  peer.connection = ++raft.disk.connections;
  context.out.connects.push_back(id_of(raft, peer));
  arm_with_jitter(context, about(TimerKind::quorum_reconnect, peer.node), kSetupTimeout, kSetupTimeoutMax,
                  peer.timed_out_attempts);
}

void send_now(const Context& context, Raft raft, Peer& peer, Body body) {
  peer.on_wire = peer.awaited;
  context.send(id_of(raft, peer), std::move(body));
  context.arm(since_sent(peer.node), context.config.quorum.controller_quorum_request_timeout);
}

// What could not be sent is, if it can be now.
void send_waiting(const Context& context, Raft raft, Peer& peer) {
  if (peer.waiting.empty() || peer.link != Peer::Link::open || peer.on_wire != 0) return;
  send_now(context, raft, peer, std::move(peer.waiting.front()));
  peer.waiting.clear();
}

void stop_awaiting(const Context& context, Peer& peer) {
  peer.awaited = 0;
  peer.overdue = false;
  peer.waiting.clear();
  if (peer.request_timer) disarm(context, since_made(peer.node));
  peer.request_timer = false;
}

// The connection is gone, and with it everything that was asked. BROKER_NOT_AVAILABLE asks for a shorter back-off.
void lose(const Context& context, Peer& peer) {
  if (peer.on_wire != 0) disarm(context, since_sent(peer.node));
  peer.on_wire = 0;
  stop_awaiting(context, peer);
  peer.link = Peer::Link::backing_off;
  arm_with_jitter(context, about(TimerKind::quorum_reconnect, peer.node), kReconnectBackoff, kReconnectBackoffMax,
                  peer.failed_attempts);
  ++peer.failed_attempts;
}

void back_off(const Context& context, Peer& peer) {
  stop_awaiting(context, peer);
  peer.retry_backoff = true;
  context.arm(about(TimerKind::quorum_retry, peer.node), context.config.quorum.controller_quorum_retry_backoff);
}

bool take_answer(const Context& context, Raft raft, NodeId from, const Body& body) {
  return std::visit(
      overloaded{
          [&](const VoteResponse& answer) { return on_vote_answer(context, raft, from, answer); },
          [&](const BeginQuorumEpochResponse& answer) { return on_begin_epoch_answer(context, raft, from, answer); },
          [&](const EndQuorumEpochResponse& answer) { return on_end_epoch_answer(context, raft, from, answer); },
          [&](const QuorumFetchResponse& answer) { return on_fetch_answer(context, raft, from, answer); },
          [&](const FetchSnapshotResponse& answer) { return on_snapshot_answer(context, raft, answer); },
          [](const auto&) { return true; },
      },
      body);
}

}  // namespace

bool is_ready(const RaftMemory& memory, NodeId node) {
  const Peer* peer = find_peer(memory, node);
  if (peer == nullptr) return true;
  return peer->link != Peer::Link::backing_off && !peer->retry_backoff && !in_flight(*peer);
}

bool is_backing_off(const RaftMemory& memory, NodeId node) {
  const Peer* peer = find_peer(memory, node);
  return peer != nullptr && (peer->retry_backoff || peer->link == Peer::Link::backing_off);
}

bool is_overdue(const RaftMemory& memory, NodeId node) {
  const Peer* peer = find_peer(memory, node);
  return peer != nullptr && peer->overdue;
}

void ask(const Context& context, Raft raft, NodeId node, Body body) {
  Peer& peer = peer_of(raft.memory, node);
  stop_awaiting(context, peer);
  peer.awaited = ++raft.memory.requests;
  peer.asked_in = raft.memory.epoch;
  if (peer.link == Peer::Link::open && peer.on_wire == 0) return send_now(context, raft, peer, std::move(body));
  peer.waiting.push_back(std::move(body));
  peer.request_timer = true;
  context.arm(since_made(node), context.config.quorum.controller_quorum_request_timeout);
  if (peer.link == Peer::Link::closed) connect(context, raft, peer);
}

void forget_requests(const Context& context, Raft raft) {
  if (!context.rules.quorum.drops_answers_of_older_roles) return;
  for (Peer& peer : raft.memory.peers) {
    stop_awaiting(context, peer);
    if (peer.retry_backoff) disarm(context, about(TimerKind::quorum_retry, peer.node));
    peer.retry_backoff = false;
  }
}

NodeId find_bootstrap_voter(const Context& context, Raft raft) {
  const RaftMemory& memory = raft.memory;
  if (std::any_of(memory.peers.begin(), memory.peers.end(), in_flight)) return kNoNode;
  Replicas others = context.config.voters;
  others.remove(raft.id);
  const auto ready = [&](NodeId node) { return is_ready(memory, node); };
  if (std::none_of(others.begin(), others.end(), ready)) return kNoNode;
  std::size_t at = context.choices.below(static_cast<std::uint32_t>(others.size()));
  while (!ready(others[at])) at = (at + 1) % others.size();
  return others[at];
}

void on_raft_answer(const Context& context, Raft raft, const ConnectionId& via, const Body& body) {
  if (!raft.memory.running) return;
  Peer* peer = find_peer(raft, via);
  if (peer == nullptr || peer->link != Peer::Link::open || peer->on_wire == 0) return;
  const std::uint32_t request = std::exchange(peer->on_wire, 0U);
  disarm(context, since_sent(via.server));
  if (peer->awaited == request) {
    const bool handled = take_answer(context, raft, via.server, body);
    if (!raft.memory.running) return;
    peer = find_peer(raft, via);  // others may have been added
    if (peer->awaited == request) {
      handled ? stop_awaiting(context, *peer) : back_off(context, *peer);
    }
  }
  send_waiting(context, raft, *peer);
}

void on_raft_connected(const Context& context, Raft raft, const ConnectionId& via) {
  Peer* peer = find_peer(raft, via);
  if (peer == nullptr || peer->link != Peer::Link::connecting) return;
  peer->link = Peer::Link::open;
  peer->failed_attempts = peer->timed_out_attempts = 0;
  disarm(context, about(TimerKind::quorum_reconnect, peer->node));
  send_waiting(context, raft, *peer);
}

void on_raft_disconnected(const Context& context, Raft raft, const ConnectionId& via) {
  if (via.server == raft.id) return forget_parked(context, raft, via);
  if (Peer* peer = find_peer(raft, via)) {
    if (peer->link == Peer::Link::connecting || peer->link == Peer::Link::open) lose(context, *peer);
  }
}

void on_peer_timer(const Context& context, Raft raft, TimerKey key) {
  const NodeId node{static_cast<std::uint8_t>(key.about % kSinceSent)};
  Peer* peer = find_peer(raft.memory, node);
  if (peer == nullptr) return;
  if (key.kind == TimerKind::quorum_retry) {
    peer->retry_backoff = false;
  } else if (key.kind == TimerKind::quorum_reconnect) {
    if (peer->link == Peer::Link::backing_off) {
      peer->link = Peer::Link::closed;
    } else if (peer->link == Peer::Link::connecting) {
      context.out.closes.push_back(id_of(raft, *peer));
      ++peer->timed_out_attempts;
      lose(context, *peer);
    }
  } else if (key.about >= kSinceSent) {
    context.out.closes.push_back(id_of(raft, *peer));
    peer->on_wire = 0;
    lose(context, *peer);
  } else if (peer->request_timer) {
    peer->request_timer = false;
    // Still on the wire, its answer may come; never sent, it has failed.
    if (peer->waiting.empty()) {
      peer->overdue = true;
    } else {
      back_off(context, *peer);
    }
  }
}

std::optional<bool> take_head(const Context& context, Raft raft, const AnswerHead& head) {
  const RaftMemory& memory = raft.memory;
  if (head.epoch < memory.epoch || head.error == ErrorCode::unknown_leader_epoch) return true;
  if (head.epoch > memory.epoch || head.error == ErrorCode::fenced_leader_epoch ||
      head.error == ErrorCode::not_leader_or_follower) {
    learn(context, raft, head.leader, head.epoch);
    return true;
  }
  if (head.leader != kNoNode && leader_of(memory) == kNoNode) {
    if (!learn(context, raft, head.leader, head.epoch) || head.error != ErrorCode::none) return true;
  }
  // The second one a real member asks again at once, as fast as the network carries it.
  if (head.error == ErrorCode::broker_not_available || head.error == ErrorCode::invalid_voter_key) return false;
  if (head.error == ErrorCode::invalid_request) {
    fail(context, raft, QuorumFault::invalid_request);
    return true;
  }
  return std::nullopt;
}

}  // namespace model
