// A standalone ZooKeeper server: sessions with negotiated timeouts and tick-bucketed expiry, one-shot
// watches, and the znode tree. One linearizable server is a legal, stronger stand-in for an ensemble.
#pragma once

#include <vector>

#include "model/small_vec.h"
#include "model/step.h"
#include "model/zookeeper/tree.h"

namespace model {

struct ZkSession {
  SessionId id = 0;
  NodeId owner = kNoNode;
  Duration timeout;
  FIELDS(id, owner, timeout);
};

struct ZkWatch {
  SessionId session = 0;
  bool children = false;  // child watch; else data watch
  Path path;
  FIELDS(session, children, path);
  bool operator==(const ZkWatch&) const = default;
};

// Survives a crash of the server: the transaction log holds the tree and the open sessions.
struct ZooKeeperDisk {
  ZnodeTree tree = empty_tree();
  std::vector<ZkSession> sessions;  // sorted by id
  SessionId next_session = 1;
  FIELDS(tree, sessions, next_session);
};

// Position of a session in the expiry queue: it expires when the server's bucket clock has passed
// `touched` + timeout, rounded up to the next tick (ExpiryQueue.roundToNextInterval).
struct ZkLiveSession {
  SessionId id = 0;
  Instant touched;
  bool attached = false;  // a connection serves it now
  ConnectionId via;
  FIELDS(id, touched, attached, via);
};

struct ZooKeeperMemory {
  bool running = false;
  std::vector<ZkLiveSession> live;  // sorted by id, one per session on disk
  std::vector<ZkWatch> watches;     // in the order in which they were set
  FIELDS(running, live, watches);
};

struct ZooKeeper {
  ZooKeeperDisk disk;
  ZooKeeperMemory memory;
  FIELDS(disk, memory);
};

// Expiry works on the server's tick: when Started, the server arms zk_expire at a random phase within
// one tick and from then on every tick; each firing expires every session for which
// now - touched > timeout held at the bucket boundary, in id order, each as one closeSession transaction.
void step(const Context& context, ZooKeeper& server, const Input& input);

}  // namespace model
