#include "model/zookeeper/tree.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace model {
namespace {

std::vector<Znode>::iterator position(ZnodeTree& tree, const Path& path) {
  return std::lower_bound(tree.nodes.begin(), tree.nodes.end(), path,
                          [](const Znode& node, const Path& wanted) { return node.path < wanted; });
}
Znode* find_to_change(ZnodeTree& tree, const Path& path) {
  const auto at = position(tree, path);
  return at != tree.nodes.end() && at->path == path ? &*at : nullptr;
}

// Kafka's data is kept as typed values, whose JSON length nobody asks for; a replayed script's is told.
std::int32_t length_of(const ZnodeData& data) {
  const PlainData* plain = std::get_if<PlainData>(&data);
  return plain == nullptr ? 0 : plain->length;
}

// One write request under way. Single operations check before they change anything; a multi must be able
// to take back what its earlier operations did.
struct Transaction {
  struct Before {
    Path path;
    std::optional<Znode> node;
  };
  ZnodeTree& tree;
  SessionId session;
  Zxid zxid;
  bool may_roll_back;
  std::vector<ZnodeChange>& changes;
  std::vector<Before> undo;

  void remember(const Path& path) {
    if (!may_roll_back) return;
    const Znode* node = find(tree, path);
    undo.push_back({path, node == nullptr ? std::nullopt : std::optional<Znode>(*node)});
  }
};

void roll_back(Transaction& transaction) {
  for (; !transaction.undo.empty(); transaction.undo.pop_back()) {
    Transaction::Before& before = transaction.undo.back();
    std::vector<Znode>& nodes = transaction.tree.nodes;
    const auto at = position(transaction.tree, before.path);
    const bool exists = at != nodes.end() && at->path == before.path;
    if (before.node && exists) {
      *at = std::move(*before.node);
    } else if (before.node) {
      nodes.insert(at, std::move(*before.node));
    } else if (exists) {
      nodes.erase(at);
    }
  }
}

// The order of the checks is the server's: a missing parent is found before an existing node, that before
// an ephemeral parent (PrepRequestProcessor.pRequest2TxnCreate).
ZkCode create(Transaction& transaction, const ZkOp& op, ZkResult& result) {
  ZnodeTree& tree = transaction.tree;
  if (op.path.is_root()) return ZkCode::node_exists;
  const Path parent_path = op.path.parent();
  const Znode* parent = find(tree, parent_path);
  if (parent == nullptr) return ZkCode::no_node;
  Path path = op.path;
  if (op.sequential) {
    path = parent_path / Name{Name::Form::sequence, op.path.last().word_part, parent->children_created};
  }
  if (find(tree, path) != nullptr) return ZkCode::node_exists;
  if (parent->stat.ephemeral_owner != 0) return ZkCode::no_children_for_ephemerals;

  transaction.remember(parent_path);
  transaction.remember(path);
  Znode* changed_parent = find_to_change(tree, parent_path);
  ++changed_parent->children_created;
  ++changed_parent->stat.children;
  ++changed_parent->stat.cversion;
  changed_parent->stat.pzxid = transaction.zxid;
  Znode node;
  node.path = path;
  node.stat.czxid = node.stat.mzxid = node.stat.pzxid = transaction.zxid;
  node.stat.ephemeral_owner = op.ephemeral ? transaction.session : 0;
  node.stat.data_length = length_of(op.data);
  node.data = op.data;
  result.created = path;
  result.stat = node.stat;
  tree.nodes.insert(position(tree, path), std::move(node));
  transaction.changes.push_back({ZnodeChange::Kind::created, path});
  return ZkCode::ok;
}

void erase_node(Transaction& transaction, const Path& path) {
  const Path parent_path = path.parent();
  transaction.remember(parent_path);
  transaction.remember(path);
  Znode* parent = find_to_change(transaction.tree, parent_path);
  --parent->stat.children;
  ++parent->stat.cversion;
  parent->stat.pzxid = transaction.zxid;
  transaction.tree.nodes.erase(position(transaction.tree, path));
  transaction.changes.push_back({ZnodeChange::Kind::deleted, path});
}

bool version_matches(const Znode& node, const ZkOp& op) { return op.version == -1 || op.version == node.stat.version; }

ZkCode remove(Transaction& transaction, const ZkOp& op) {
  const Znode* node = find(transaction.tree, op.path);
  if (node == nullptr) return ZkCode::no_node;
  if (!version_matches(*node, op)) return ZkCode::bad_version;
  if (node->stat.children > 0 || op.path.is_root()) return ZkCode::not_empty;
  erase_node(transaction, op.path);
  return ZkCode::ok;
}

ZkCode set(Transaction& transaction, const ZkOp& op, ZkResult& result) {
  Znode* node = find_to_change(transaction.tree, op.path);
  if (node == nullptr) return ZkCode::no_node;
  if (!version_matches(*node, op)) return ZkCode::bad_version;
  transaction.remember(op.path);
  node->data = op.data;
  node->stat.data_length = length_of(op.data);
  node->stat.mzxid = transaction.zxid;
  ++node->stat.version;
  result.stat = node->stat;
  transaction.changes.push_back({ZnodeChange::Kind::data_changed, op.path});
  return ZkCode::ok;
}

ZkCode check(const Transaction& transaction, const ZkOp& op) {
  const Znode* node = find(transaction.tree, op.path);
  if (node == nullptr) return ZkCode::no_node;
  return version_matches(*node, op) ? ZkCode::ok : ZkCode::bad_version;
}

ZkCode apply(Transaction& transaction, const ZkOp& op, ZkResult& result) {
  switch (op.type) {
    case ZkOpType::create:
      return create(transaction, op, result);
    case ZkOpType::remove:
      return remove(transaction, op);
    case ZkOpType::set:
      return set(transaction, op, result);
    case ZkOpType::check:
      return check(transaction, op);
    case ZkOpType::exists:
    case ZkOpType::get:
    case ZkOpType::children:
    case ZkOpType::close_session:
    case ZkOpType::set_watches:
      break;
  }
  return ZkCode::runtime_inconsistency;  // no part of a transaction
}

}  // namespace

ZnodeTree empty_tree() {
  ZnodeTree tree;
  tree.nodes.emplace_back();
  return tree;
}

const Znode* find(const ZnodeTree& tree, const Path& path) {
  const auto at = std::lower_bound(tree.nodes.begin(), tree.nodes.end(), path,
                                   [](const Znode& node, const Path& wanted) { return node.path < wanted; });
  return at != tree.nodes.end() && at->path == path ? &*at : nullptr;
}

std::vector<Path> children_of(const ZnodeTree& tree, const Path& path) {
  std::vector<Path> children;
  if (path.depth() == Path::kDepthMax) return children;
  // Paths are ordered by depth first, so the children of one node are neighbours.
  auto at = std::lower_bound(tree.nodes.begin(), tree.nodes.end(), path / Name{},
                             [](const Znode& node, const Path& wanted) { return node.path < wanted; });
  for (; at != tree.nodes.end() && at->path.is_child_of(path); ++at) children.push_back(at->path);
  return children;
}

ZkResponse apply_write(ZnodeTree& tree, SessionId session, const ZkRequest& request,
                       std::vector<ZnodeChange>& changes) {
  const std::size_t changes_before = changes.size();
  Transaction transaction{tree, session, ++tree.last_zxid, request.ops.size() > 1, changes, {}};
  ZkResponse response;
  response.xid = request.xid;
  response.zxid = tree.last_zxid;
  for (const ZkOp& op : request.ops) {
    ZkResult result;
    result.code = response.code == ZkCode::ok ? apply(transaction, op, result) : ZkCode::runtime_inconsistency;
    if (response.code == ZkCode::ok) response.code = result.code;
    response.results.push_back(std::move(result));
  }
  if (response.code != ZkCode::ok) {
    roll_back(transaction);
    changes.resize(changes_before);
    // Of a multi that failed only the codes are left.
    for (ZkResult& result : response.results) result = ZkResult{result.code, {}, {}, {}};
  }
  return response;
}

ZkResponse answer_read(const ZnodeTree& tree, const ZkOp& op) {
  ZkResponse response;
  response.zxid = tree.last_zxid;
  ZkResult& result = response.results.emplace_back();
  if (const Znode* node = find(tree, op.path); node != nullptr) {
    result.stat = node->stat;
    if (op.type == ZkOpType::get) result.data = node->data;
    if (op.type == ZkOpType::children) response.children = children_of(tree, op.path);
  } else {
    response.code = result.code = ZkCode::no_node;
  }
  return response;
}

void remove_ephemerals(ZnodeTree& tree, SessionId session, std::vector<ZnodeChange>& changes) {
  std::vector<Path> owned;
  for (const Znode& node : tree.nodes) {
    if (session != 0 && node.stat.ephemeral_owner == session) owned.push_back(node.path);
  }
  Transaction transaction{tree, session, tree.last_zxid, false, changes, {}};
  for (const Path& path : owned) erase_node(transaction, path);
}

}  // namespace model
