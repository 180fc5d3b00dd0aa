#include "model/broker/zk_client.h"

#include <algorithm>
#include <utility>

#include "model/broker/broker.h"

namespace model {
namespace {

constexpr TimerKey kPing{TimerKind::zk_ping, 0};
// The send thread that was woken once in an idle stretch looks again one second before its ping is due.
constexpr TimerKey kEarlyPing{TimerKind::zk_ping, 1};
constexpr TimerKey kReadTimeout{TimerKind::zk_read_timeout, 0};
constexpr TimerKey kConnectTimeout{TimerKind::zk_connect_timeout, 0};
constexpr TimerKey kReconnect{TimerKind::zk_reconnect, 0};

constexpr Duration kReconnectMin = milliseconds(1'000);  // StaticHostProvider.next: the one-server list is cycled
constexpr Duration kReconnectMax = milliseconds(2'000);  // ClientCnxn.startConnect: plus up to a second
constexpr Duration kWakeUpMargin = milliseconds(1'000);
constexpr Duration kPingIntervalMax = milliseconds(10'000);  // ClientCnxn.MAX_SEND_PING_INTERVAL
constexpr std::int32_t kSetWatchesXid = -8;

Duration read_timeout(const ZkClient& zk) { return zk.timeout * 2 / 3; }
Duration ping_interval(const ZkClient& zk) { return zk.timeout / 3; }

ConnectionId current(const Broker& broker) {
  return {broker.id, kZooKeeper, ChannelKind::zookeeper, 0, broker.memory.zk.connection};
}
bool is_ours(const Broker& broker, const ConnectionId& via) {
  return via.kind == ChannelKind::zookeeper && via.client == broker.id;
}

// Everything that is sent puts off the next ping. The send thread sleeps for a third of the session timeout;
// once woken with more than a second of silence behind it, it takes a second off (ClientCnxn.SendThread.run).
void note_sent(const Context& context, ZkClient& zk) {
  zk.last_send = context.clock.now();
  context.arm(kPing, ping_interval(zk));
  if (ping_interval(zk) > kWakeUpMargin * 2) context.arm(kEarlyPing, ping_interval(zk) - kWakeUpMargin);
}
template <typename B>
void send(const Context& context, Broker& broker, B&& body) {
  context.send(current(broker), std::forward<B>(body));
  note_sent(context, broker.memory.zk);
}

void send_pending(const Context& context, Broker& broker, ZkPending& pending) {
  pending.sent = true;
  pending.request.xid = broker.memory.zk.next_xid++;
  send(context, broker, pending.request);
}

void disarm_all(const Context& context) {
  for (const TimerKey key : {kPing, kEarlyPing, kReadTimeout, kConnectTimeout, kReconnect}) context.disarm(key);
}

void connect(const Context& context, Broker& broker) {
  ZkClient& zk = broker.memory.zk;
  const ConnectionId via = connection_to(broker, kZooKeeper, ChannelKind::zookeeper);
  zk.connection = via.number;
  zk.state = ZkClient::State::connecting;
  zk.fresh = false;
  context.out.connects.push_back(via);
  context.arm(kConnectTimeout, zk.timeout);  // shared among the servers of the list: there is one
}

// The connection is gone or given up. What was sent may or may not have been carried out; it is asked again,
// in order (KafkaZkClient.retryRequestsUntilConnected).
void wait_to_reconnect(const Context& context, Broker& broker) {
  ZkClient& zk = broker.memory.zk;
  if (zk.state == ZkClient::State::connected) context.tell(ZkConnectionLost{});
  disarm_all(context);
  for (ZkPending& pending : zk.pending) pending.sent = false;
  zk.state = ZkClient::State::waiting;
  context.arm(kReconnect, kReconnectMin, kReconnectMax);
}
void close_and_wait(const Context& context, Broker& broker) {
  context.out.closes.push_back(current(broker));
  wait_to_reconnect(context, broker);
}

bool has_connection(const ZkClient& zk) {
  return zk.state == ZkClient::State::connecting || zk.state == ZkClient::State::handshake ||
         zk.state == ZkClient::State::connected;
}

void heard(const Context& context, ZkClient& zk) {
  zk.last_heard = context.clock.now();
  context.arm(kReadTimeout, read_timeout(zk));
}

bool is_silent(const Context& context, const ZkClient& zk) {
  return context.clock.has_elapsed(zk.last_heard, read_timeout(zk) - milliseconds(1));
}

// The send thread looks at the silence before it pings: a process that wakes from a long pause drops the
// connection, and no ping of it saves its session.
void ping_or_give_up(const Context& context, Broker& broker) {
  if (is_silent(context, broker.memory.zk)) {
    close_and_wait(context, broker);
  } else {
    send(context, broker, ZkPing{});
  }
}

// Whatever arrives wakes the send thread.
void ping_if_idle(const Context& context, Broker& broker) {
  const ZkClient& zk = broker.memory.zk;
  const Duration due = std::clamp(ping_interval(zk) - kWakeUpMargin, kWakeUpMargin, kPingIntervalMax);
  if (zk.state == ZkClient::State::connected && context.clock.has_elapsed(zk.last_send, due)) {
    send(context, broker, ZkPing{});
  }
}

// --- the session --------------------------------------------------------------------------------

void on_expired(const Context& context, Broker& broker) {
  ZkClient& zk = broker.memory.zk;
  context.out.closes.push_back(current(broker));
  disarm_all(context);
  const SessionId session = std::exchange(zk.session, 0);
  zk.state = ZkClient::State::off;
  zk.watches.clear();
  // The owners may ask again from within: that is for the next session.
  const SmallVec<ZkPending, 1> failed = std::exchange(zk.pending, {});
  context.tell(ZkSessionExpiredSeen{session});
  ZkResponse expired;
  expired.code = ZkCode::session_expired;
  for (const ZkPending& pending : failed) {
    expired.xid = pending.request.xid;
    on_zk_reply(context, broker, pending.owner, pending.tag, pending.request, expired);
  }
  on_session_expired(context, broker);
}

void send_set_watches(const Context& context, Broker& broker) {
  const ZkClient& zk = broker.memory.zk;
  ZkRequest request;
  request.xid = kSetWatchesXid;
  request.relative_zxid = zk.last_zxid;
  ZkOp mark;
  mark.type = ZkOpType::set_watches;
  request.ops.push_back(std::move(mark));
  for (const ZkOp& watch : zk.watches) request.ops.push_back(watch);
  send(context, broker, std::move(request));
}

void on_handshake_answer(const Context& context, Broker& broker, const ZkConnectResponse& response) {
  ZkClient& zk = broker.memory.zk;
  if (response.session == 0) {
    on_expired(context, broker);
    return;
  }
  const bool is_new = zk.session == 0;
  zk.session = response.session;
  zk.timeout = response.timeout;
  zk.state = ZkClient::State::connected;
  context.disarm(kConnectTimeout);
  heard(context, zk);
  note_sent(context, zk);  // the handshake
  if (!is_new && !zk.watches.empty()) send_set_watches(context, broker);
  for (ZkPending& pending : zk.pending) send_pending(context, broker, pending);
  if (is_new) on_session_opened(context, broker);
}

// --- answers and events -------------------------------------------------------------------------

// An `exists` that found its node watches the node's data from then on (ZooKeeper.ExistsWatchRegistration):
// only so does a change that a reconnecting client has missed reach it.
void register_watch(ZkClient& zk, const ZkRequest& request, const ZkResponse& response) {
  if (request.ops.size() != 1 || !request.ops.front().watch) return;
  const ZkOp& read = request.ops.front();
  if (response.code == ZkCode::no_node && read.type != ZkOpType::exists) return;
  if (response.code != ZkCode::ok && response.code != ZkCode::no_node) return;
  const bool found = response.code == ZkCode::ok;
  const ZkOpType type = found && read.type == ZkOpType::exists ? ZkOpType::get : read.type;
  const bool known = std::any_of(zk.watches.begin(), zk.watches.end(),
                                 [&](const ZkOp& watch) { return watch.type == type && watch.path == read.path; });
  if (!known) zk.watches.push_back(zk_read(type, read.path, true));
}

void on_response(const Context& context, Broker& broker, const ZkResponse& response) {
  ZkClient& zk = broker.memory.zk;
  zk.last_zxid = std::max(zk.last_zxid, response.zxid);
  if (response.code == ZkCode::session_expired) {
    // Of this connection only: what became of the session the next handshake tells.
    close_and_wait(context, broker);
    return;
  }
  ZkPending* at = std::find_if(zk.pending.begin(), zk.pending.end(), [&](const ZkPending& pending) {
    return pending.sent && pending.request.xid == response.xid;
  });
  if (at == zk.pending.end()) return;  // of set_watches
  const ZkPending answered = std::move(*at);
  zk.pending.erase(at);
  register_watch(zk, answered.request, response);
  on_zk_reply(context, broker, answered.owner, answered.tag, answered.request, response);
}

bool is_fired_by(const ZkOp& watch, const ZkEvent& event) {
  if (watch.path != event.path) return false;
  if (event.type == ZkEventType::node_deleted) return true;
  return (event.type == ZkEventType::node_children_changed) == (watch.type == ZkOpType::children);
}

void on_event(const Context& context, Broker& broker, const ZkEvent& event) {
  ZkClient& zk = broker.memory.zk;
  ZkOp* kept = std::remove_if(zk.watches.begin(), zk.watches.end(),
                              [&](const ZkOp& watch) { return is_fired_by(watch, event); });
  if (kept == zk.watches.end()) return;  // nobody waits for it any more (ZKWatchManager.materialize)
  zk.watches.erase(kept, zk.watches.end());
  on_zk_watch(context, broker, event);
}

}  // namespace

void open_session(const Context& context, Broker& broker) {
  ZkClient& zk = broker.memory.zk;
  if (has_connection(zk)) context.out.closes.push_back(current(broker));
  disarm_all(context);
  for (ZkPending& pending : zk.pending) pending.sent = false;
  zk.watches.clear();
  zk.session = 0;
  zk.last_zxid = 0;
  zk.fresh = true;
  zk.timeout = context.config.broker(broker.id).zookeeper_session_timeout;
  connect(context, broker);
}

void close_session(const Context& context, Broker& broker) {
  ZkClient& zk = broker.memory.zk;
  if (zk.state == ZkClient::State::connected) {
    ZkOp op;
    op.type = ZkOpType::close_session;
    ZkRequest request = zk_single(std::move(op));
    request.xid = zk.next_xid++;
    // The connection stays open until the process ends: closing it now would take the request with it.
    context.send(current(broker), std::move(request));
  } else if (has_connection(zk)) {
    context.out.closes.push_back(current(broker));
  }
  disarm_all(context);
  zk.state = ZkClient::State::off;
  zk.session = 0;
  zk.watches.clear();
  zk.pending.clear();
}

void zk_request(const Context& context, Broker& broker, ZkOwner owner, std::uint32_t tag, ZkRequest request) {
  ZkClient& zk = broker.memory.zk;
  ZkPending& pending = zk.pending.emplace_back(ZkPending{false, owner, tag, std::move(request)});
  if (zk.state == ZkClient::State::connected) send_pending(context, broker, pending);
}

bool on_zk_connected(const Context& context, Broker& broker, const ConnectionId& via) {
  if (!is_ours(broker, via)) return false;
  ZkClient& zk = broker.memory.zk;
  if (zk.state != ZkClient::State::connecting || via != current(broker)) return true;
  zk.state = ZkClient::State::handshake;
  context.arm(kConnectTimeout, zk.timeout);  // counted anew from here (ClientCnxnSocket.updateLastSendAndHeard)
  const Duration asked = context.config.broker(broker.id).zookeeper_session_timeout;
  context.send(via, ZkConnectRequest{zk.session, asked, zk.last_zxid});
  return true;
}

bool on_zk_disconnected(const Context& context, Broker& broker, const ConnectionId& via) {
  if (!is_ours(broker, via)) return false;
  if (via == current(broker) && has_connection(broker.memory.zk)) wait_to_reconnect(context, broker);
  return true;
}

bool on_zk_timer(const Context& context, Broker& broker, TimerKey key) {
  ZkClient& zk = broker.memory.zk;
  const bool connected = zk.state == ZkClient::State::connected;
  if (key == kReconnect) {
    if (zk.state == ZkClient::State::waiting) connect(context, broker);
  } else if (key == kConnectTimeout) {
    if (has_connection(zk) && !connected) close_and_wait(context, broker);
  } else if (key == kReadTimeout) {
    if (!connected) return true;
    if (is_silent(context, zk)) {
      close_and_wait(context, broker);
    } else {
      context.arm(kReadTimeout, read_timeout(zk));
    }
  } else if (key == kPing) {
    if (connected) ping_or_give_up(context, broker);
  } else if (key == kEarlyPing) {
    // Woken means: something was heard when nothing had been sent for more than a second.
    const Duration since_margin = ping_interval(zk) - kWakeUpMargin * 2 - microseconds(1);
    if (connected && !context.clock.has_elapsed(zk.last_heard, since_margin)) send(context, broker, ZkPing{});
  } else {
    return false;
  }
  return true;
}

void on_zk_message(const Context& context, Broker& broker, const ConnectionId& via, const Body& body) {
  ZkClient& zk = broker.memory.zk;
  if (via != current(broker)) return;
  if (zk.state == ZkClient::State::handshake) {
    if (const auto* answer = std::get_if<ZkConnectResponse>(&body)) on_handshake_answer(context, broker, *answer);
    return;
  }
  if (zk.state != ZkClient::State::connected) return;
  heard(context, zk);
  if (const auto* response = std::get_if<ZkResponse>(&body)) {
    on_response(context, broker, *response);
  } else if (const auto* event = std::get_if<ZkEvent>(&body)) {
    on_event(context, broker, *event);
  }
  ping_if_idle(context, broker);
}

}  // namespace model
