// A broker's ZooKeeper client: one session, its connection, pings and time-outs, requests that are
// retried over connection losses, and watches that are restored on reconnecting (ZooKeeper ClientCnxn
// under kafka.zookeeper.ZooKeeperClient and KafkaZkClient.retryRequestsUntilConnected).
//
// It never decides by itself that its session has expired: only the server tells, on reconnecting.
#pragma once

#include "model/ids.h"
#include "model/message.h"
#include "model/small_vec.h"
#include "model/step.h"

namespace model {

struct Broker;

// Who waits for a reply.
enum class ZkOwner : std::uint8_t {
  registration,
  controller,
  isr_change,
  topic_config,
  nobody,  // written or read for others: nothing here depends on the answer
};

struct ZkPending {
  bool sent = false;
  ZkOwner owner{};
  std::uint32_t tag = 0;  // the owner's own note, returned with the reply
  ZkRequest request;
  FIELDS(sent, owner, tag, request);
};

struct ZkClient {
  enum class State : std::uint8_t { off, connecting, handshake, connected, waiting };
  State state = State::off;
  bool fresh = true;  // first attempt of this client object: no delay before connecting
  SessionId session = 0;
  Duration timeout;  // negotiated; the requested one before that
  Zxid last_zxid = 0;
  std::int32_t next_xid = 1;
  std::uint32_t connection = 0;  // number of the current or last connection
  Instant last_send;
  Instant last_heard;
  SmallVec<ZkPending, 1> pending;  // in order
  SmallVec<ZkOp, 2> watches;       // op type exists/get/children and path of each watch that is armed
  FIELDS(state, fresh, session, timeout, last_zxid, next_xid, connection, last_send, last_heard, pending, watches);
};

// Opens a session with a new client object: the watches of an older one are gone. Requests that were queued
// since its end wait for the new session.
void open_session(const Context& context, Broker& broker);
// Sends closeSession, upon which ephemerals vanish at once, and forgets the session. The connection stays
// open until the process ends, and nothing is answered any more.
void close_session(const Context& context, Broker& broker);

// Queues a request. Unless the client is closed first, its reply comes to on_zk_reply(owner, tag) exactly
// once: the server's answer, or code session_expired.
void zk_request(const Context& context, Broker& broker, ZkOwner owner, std::uint32_t tag, ZkRequest request);
inline ZkRequest zk_single(ZkOp op) {
  ZkRequest request;
  request.ops.push_back(std::move(op));
  return request;
}
inline ZkOp zk_read(ZkOpType type, const Path& path, bool watch) {
  ZkOp op;
  op.type = type;
  op.path = path;
  op.watch = watch;
  return op;
}
inline ZkOp zk_check(const Path& path, std::int32_t version) {
  ZkOp op;
  op.type = ZkOpType::check;
  op.path = path;
  op.version = version;
  return op;
}
inline constexpr std::int32_t kAnyVersion = -1;
inline ZkOp zk_set(const Path& path, ZnodeData data, std::int32_t version) {
  ZkOp op;
  op.type = ZkOpType::set;
  op.path = path;
  op.data = std::move(data);
  op.version = version;
  return op;
}
inline ZkOp zk_create(const Path& path, ZnodeData data, bool ephemeral, bool sequential = false) {
  ZkOp op;
  op.type = ZkOpType::create;
  op.path = path;
  op.data = std::move(data);
  op.ephemeral = ephemeral;
  op.sequential = sequential;
  return op;
}
inline ZkOp zk_delete(const Path& path, std::int32_t version = -1) {
  ZkOp op;
  op.type = ZkOpType::remove;
  op.path = path;
  op.version = version;
  return op;
}

// Inputs that belong to the client. Each returns true if it was one.
bool on_zk_connected(const Context& context, Broker& broker, const ConnectionId& via);
bool on_zk_disconnected(const Context& context, Broker& broker, const ConnectionId& via);
bool on_zk_timer(const Context& context, Broker& broker, TimerKey key);
void on_zk_message(const Context& context, Broker& broker, const ConnectionId& via, const Body& body);

}  // namespace model
