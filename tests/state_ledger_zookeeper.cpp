// ZooKeeper's facts, derived from two states of its tree and its sessions.
#include <algorithm>
#include <optional>

#include "tests/state_ledgers.h"

namespace sim::test {
namespace {

using model::Fact;
using model::NodeId;
using model::Path;
using model::Word;
using model::Znode;
using model::Zxid;

template <typename T>
const T* data_of(const Znode* node) {
  return node == nullptr ? nullptr : std::get_if<T>(&node->data);
}

NodeId holder_in(const model::ZnodeTree& tree) {
  const auto* info = data_of<model::ControllerInfo>(find(tree, model::paths::controller()));
  return info == nullptr ? model::kNoNode : info->broker;
}

bool is_registration(const model::ClusterConfig& config, const Path& path, NodeId& broker) {
  for (std::size_t i = 1; i <= config.brokers.size(); ++i) {
    broker = NodeId(static_cast<std::uint8_t>(i));
    if (path == model::paths::broker_id(broker)) return true;
  }
  return false;
}

bool announces(const Path& path) {
  if (path.depth() < 2) return false;
  const Path top = Path{} / path.name(0);
  return top == model::paths::isr_changes() || top == Path{} / Word::admin;
}

std::optional<Fact> state_written(const model::ClusterConfig& config, const Znode& node) {
  for (std::size_t i = 0; i < config.partitions.size(); ++i) {
    const model::PartitionConfig& row = config.partitions[i];
    if (node.path != model::paths::partition_state(row.topic, row.number)) continue;
    return model::PartitionStateChanged{node.stat.mzxid, model::PartitionId(static_cast<std::uint16_t>(i)),
                                        std::get<model::PartitionState>(node.data), node.stat.version};
  }
  return std::nullopt;
}

std::optional<Fact> config_written(const model::ClusterConfig& config, const Znode& node) {
  for (std::size_t i = 0; i < config.topics.size(); ++i) {
    const auto topic = model::TopicId(static_cast<std::uint16_t>(i));
    if (node.path != model::paths::topic_config(topic)) continue;
    const auto& settings = std::get<model::TopicSettings>(node.data);
    return model::TopicConfigChanged{node.stat.mzxid, topic, settings.min_insync_replicas,
                                     settings.unclean_leader_election_enable};
  }
  return std::nullopt;
}

// One fact for each partition that is assigned differently.
void add_assignments(const model::ClusterConfig& config, const Znode& before, const Znode& after, Facts& facts) {
  const auto* was = data_of<model::TopicInfo>(&before);
  const auto* is = data_of<model::TopicInfo>(&after);
  for (std::size_t i = 0; was != nullptr && is != nullptr && i < config.partitions.size(); ++i) {
    const model::PartitionConfig& row = config.partitions[i];
    if (after.path != model::paths::topic(row.topic)) continue;
    const auto number = static_cast<std::size_t>(row.number);
    const model::ReplicaAssignment& now = is->assignment[number];
    if (now == was->assignment[number]) continue;
    facts.push_back(model::AssignmentChanged{after.stat.mzxid, model::PartitionId(static_cast<std::uint16_t>(i)),
                                             now.replicas, now.adding, now.removing});
  }
}

std::optional<Fact> written(const model::ClusterConfig& config, const Znode& node) {
  if (auto fact = state_written(config, node)) return fact;
  return config_written(config, node);
}

std::optional<Fact> appeared(const model::ClusterConfig& config, const model::ZnodeTree& tree, const Znode& node) {
  NodeId broker{};
  if (is_registration(config, node.path, broker)) {
    return model::BrokerRegistered{node.stat.czxid, broker, node.stat.ephemeral_owner};
  }
  if (node.path == model::paths::controller()) {
    const auto* epoch = data_of<model::ControllerEpochInfo>(find(tree, model::paths::controller_epoch()));
    return model::ControllerElected{node.stat.czxid, holder_in(tree), epoch == nullptr ? 0 : epoch->epoch};
  }
  for (std::size_t i = 0; i < config.topics.size(); ++i) {
    const auto topic = model::TopicId(static_cast<std::uint16_t>(i));
    if (node.path == model::paths::topic(topic)) return model::TopicCreated{node.stat.czxid, topic};
  }
  if (announces(node.path)) return model::ZnodeCreated{node.stat.czxid, node.path};
  return written(config, node);
}

std::optional<Fact> changed(const model::ClusterConfig& config, const model::ZnodeTree& tree, const Znode& node) {
  if (node.path != model::paths::controller_epoch()) return written(config, node);
  const auto& info = std::get<model::ControllerEpochInfo>(node.data);
  return model::ControllerEpochChanged{node.stat.mzxid, info.epoch, holder_in(tree)};
}

std::optional<Fact> vanished(const model::ClusterConfig& config, const Znode& node, Zxid zxid) {
  NodeId broker{};
  if (is_registration(config, node.path, broker)) return model::BrokerUnregistered{zxid, broker};
  if (node.path == model::paths::controller()) {
    return model::ControllerVacated{zxid, std::get<model::ControllerInfo>(node.data).broker};
  }
  if (announces(node.path)) return model::ZnodeDeleted{zxid, node.path};
  return std::nullopt;
}

// The order in which ZooKeeper walks a session's ephemerals is nobody's promise.
Fact in_order(Fact fact) {
  if (auto* closed = std::get_if<model::ZkSessionClosed>(&fact)) {
    std::sort(closed->ephemerals.begin(), closed->ephemerals.end());
  }
  return fact;
}

Zxid zxid_in(const Fact& fact) {
  return std::visit(
      [](const auto& held) -> Zxid {
        if constexpr (requires { held.zxid; }) return held.zxid;
        return 0;
      },
      fact);
}

// Walks two trees, sorted by path, and shows what is only in one or in both.
template <typename Gone, typename New, typename Kept>
void walk(const model::ZnodeTree& before, const model::ZnodeTree& after, Gone gone, New fresh, Kept kept) {
  auto a = before.nodes.begin();
  auto b = after.nodes.begin();
  while (a != before.nodes.end() || b != after.nodes.end()) {
    if (b == after.nodes.end() || (a != before.nodes.end() && a->path < b->path)) {
      gone(*a++);
    } else if (a == before.nodes.end() || b->path < a->path) {
      fresh(*b++);
    } else if (a->stat.czxid != b->stat.czxid) {
      gone(*a++);
      fresh(*b++);
    } else {
      kept(*a++, *b++);
    }
  }
}

}  // namespace

Facts ZooKeeperLedger::derive(const model::ClusterConfig& config, const model::ZooKeeper& now, bool by_message) const {
  Facts facts;
  const auto add = [&](std::optional<Fact> fact) {
    if (fact) facts.push_back(std::move(*fact));
  };
  const model::ZnodeTree& tree = now.disk.tree;
  const auto is_open = [](const std::vector<model::ZkSession>& sessions, model::SessionId id) {
    return std::any_of(sessions.begin(), sessions.end(), [&](const model::ZkSession& one) { return one.id == id; });
  };
  // Each end of a session is a transaction of its own, in the order of their numbers.
  Zxid zxid = tree_.last_zxid;
  for (const model::ZkSession& session : sessions_) {
    if (is_open(now.disk.sessions, session.id)) continue;
    model::ZkSessionClosed closed{++zxid, session.id, session.owner, !by_message, {}};
    const auto ended = [&](const Znode& node) {
      if (node.stat.ephemeral_owner != session.id) return;
      closed.ephemerals.push_back(node.path);
      add(vanished(config, node, zxid));
    };
    walk(
        tree_, tree, ended, [](const Znode&) {}, [](const Znode&, const Znode&) {});
    add(closed);
  }
  for (const model::ZkSession& session : now.disk.sessions) {
    if (is_open(sessions_, session.id)) continue;
    add(model::ZkSessionOpened{++zxid, session.id, session.owner, session.timeout});
  }
  const auto gone = [&](const Znode& node) {
    const model::SessionId owner = node.stat.ephemeral_owner;
    const bool with_session = owner != 0 && is_open(sessions_, owner) && !is_open(now.disk.sessions, owner);
    if (!with_session) add(vanished(config, node, tree.last_zxid));
  };
  const auto fresh = [&](const Znode& node) {
    if (node.stat.czxid != 0) add(appeared(config, tree, node));  // else it was there before the run
  };
  const auto kept = [&](const Znode& before, const Znode& after) {
    if (before.stat.mzxid == after.stat.mzxid) return;
    add(changed(config, tree, after));
    add_assignments(config, before, after, facts);
  };
  walk(tree_, tree, gone, fresh, kept);
  return facts;
}

void ZooKeeperLedger::check(const model::ClusterConfig& config, const model::ZooKeeper& now, const Facts& told,
                            bool by_message, Wrongs& wrong) {
  if (told.empty() && now.disk.tree.last_zxid == tree_.last_zxid && now.disk.tree.last_zxid != 0) return;
  Facts derived = derive(config, now, by_message);
  Facts sorted;
  for (const Fact& fact : told) {
    const Zxid zxid = zxid_in(fact);
    if (zxid < told_until_) wrong.push_back("zookeeper: facts are not told in zxid order");
    told_until_ = std::max(told_until_, zxid);
    sorted.push_back(in_order(fact));
  }
  for (Fact& fact : derived) fact = in_order(std::move(fact));
  compare_facts(std::move(derived), sorted, "zookeeper", wrong);
  tree_ = now.disk.tree;
  sessions_ = now.disk.sessions;
}

}  // namespace sim::test
