// The znode tree: a pure data structure with ZooKeeper's rules for versions, zxids, ephemerals,
// sequential names and atomic multis (ZooKeeper DataTree, PrepRequestProcessor). It knows no sessions'
// lives and no watches; those are the server's.
#pragma once

#include <vector>

#include "model/message.h"
#include "model/znode.h"

namespace model {

struct Znode {
  Path path;
  ZnodeStat stat;
  std::int32_t children_created = 0;  // counter of sequential names: creations only, never reused
  ZnodeData data;
  FIELDS(path, stat, children_created, data);
};

// What a committed transaction did, in order; drives watches and facts.
struct ZnodeChange {
  enum class Kind : std::uint8_t { created, data_changed, deleted };
  Kind kind{};
  Path path;
  FIELDS(kind, path);
};

struct ZnodeTree {
  std::vector<Znode> nodes;  // sorted by path; the root is always there
  Zxid last_zxid = 0;        // every write attempt takes one, also one that fails
  FIELDS(nodes, last_zxid);
};

ZnodeTree empty_tree();
const Znode* find(const ZnodeTree& tree, const Path& path);
// Children in path order; ZooKeeper itself promises no order.
std::vector<Path> children_of(const ZnodeTree& tree, const Path& path);

// Carries out one write request (a single op or an atomic multi) on behalf of `session`, as one
// transaction with the next zxid, whether it succeeds or not. On failure nothing changes but last_zxid;
// results before the failing op are ok, after it runtime_inconsistency. Changes are appended.
// Result: ZkResponse with code, zxid and per-op results.
ZkResponse apply_write(ZnodeTree& tree, SessionId session, const ZkRequest& request, std::vector<ZnodeChange>& changes);

// exists, get, children: no zxid is taken.
ZkResponse answer_read(const ZnodeTree& tree, const ZkOp& op);

// Deletes every ephemeral of `session` as part of the transaction last_zxid, which the caller has taken for
// the session's end. Changes in path order.
void remove_ephemerals(ZnodeTree& tree, SessionId session, std::vector<ZnodeChange>& changes);

}  // namespace model
