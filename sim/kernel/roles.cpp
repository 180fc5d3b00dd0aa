#include "sim/kernel/roles.h"

#include <algorithm>

#include "model/zookeeper/tree.h"

namespace sim {
namespace {

const model::ZooKeeper* zookeeper_of(const ClusterView& cluster) {
  return cluster.nodes.empty() ? nullptr : std::get_if<model::ZooKeeper>(&cluster.nodes.front());
}

const model::Znode* find_znode(const ClusterView& cluster, const model::Path& path) {
  const model::ZooKeeper* zookeeper = zookeeper_of(cluster);
  return zookeeper == nullptr ? nullptr : model::find(zookeeper->disk.tree, path);
}

void add_once(std::vector<model::NodeId>& nodes, model::NodeId node) {
  if (node == model::kNoNode || std::find(nodes.begin(), nodes.end(), node) != nodes.end()) return;
  nodes.push_back(node);
}

void add_target(std::vector<model::NodeId>& found, const Target& target, const ClusterView& cluster) {
  const model::ClusterConfig& config = cluster.config;
  const auto state = [&] { return state_of(cluster, target.partition); };
  switch (target.form) {
    case Target::Form::node:
      if (static_cast<std::size_t>(target.node) < cluster.nodes.size()) add_once(found, target.node);
      return;
    case Target::Form::controller:
      add_once(found, controller_of(cluster));
      return;
    case Target::Form::controllers:
      for (std::size_t id = 1; id < config.node_count(); ++id) {
        const auto node = model::NodeId(static_cast<std::uint8_t>(id));
        if (config.is_controller(node) || config.voters.contains(node)) add_once(found, node);
      }
      return;
    case Target::Form::leader:
      if (const auto* now = state()) add_once(found, now->leader);
      return;
    case Target::Form::follower:
      if (const auto* now = state()) {
        const auto* first = std::find_if(now->isr.begin(), now->isr.end(),
                                         [&](model::NodeId replica) { return replica != now->leader; });
        if (first != now->isr.end()) add_once(found, *first);
      }
      return;
    case Target::Form::isr:
      if (const auto* now = state()) {
        for (const model::NodeId replica : now->isr) add_once(found, replica);
      }
      return;
    case Target::Form::replica: {
      const model::Replicas replicas = assignment_of(cluster, target.partition);
      const auto rank = static_cast<std::size_t>(target.rank);
      if (target.rank >= 0 && rank < replicas.size()) add_once(found, replicas[rank]);
      return;
    }
    case Target::Form::rack:
      for (std::size_t id = 1; id <= config.brokers.size() && id <= config.racks.size(); ++id) {
        if (config.racks[id - 1] == target.rack) add_once(found, model::NodeId(static_cast<std::uint8_t>(id)));
      }
      return;
    case Target::Form::brokers:
    case Target::Form::others:
      for (std::size_t id = 1; id <= config.brokers.size(); ++id) {
        const auto broker = model::NodeId(static_cast<std::uint8_t>(id));
        if (target.form == Target::Form::brokers || broker != target.node) add_once(found, broker);
      }
      return;
  }
}

std::string roles_of(model::NodeId node, const ClusterView& cluster) {
  const model::ClusterConfig& config = cluster.config;
  std::string roles;
  const auto add = [&roles](const std::string& role) { roles += (roles.empty() ? "" : ", ") + role; };
  if (controller_of(cluster) == node) add("controller");
  bool leads = false;
  for (std::size_t i = 0; i < config.partitions.size(); ++i) {
    const auto partition = model::PartitionId(static_cast<std::uint16_t>(i));
    const model::PartitionState* state = state_of(cluster, partition);
    if (state == nullptr || state->leader != node) continue;
    add((leads ? "" : "leader of ") + config.name_of(partition));
    leads = true;
  }
  return roles;
}

}  // namespace

model::NodeId controller_of(const ClusterView& cluster) {
  if (cluster.committed != nullptr) return quorum_leader_of(cluster.nodes);
  const model::Znode* znode = find_znode(cluster, model::paths::controller());
  const auto* info = znode == nullptr ? nullptr : std::get_if<model::ControllerInfo>(&znode->data);
  return info == nullptr ? model::kNoNode : info->broker;
}

bool is_registered(const ClusterView& cluster, model::NodeId broker) {
  if (cluster.committed == nullptr) return find_znode(cluster, model::paths::broker_id(broker)) != nullptr;
  const model::BrokerRegistration* registration = model::find_broker(cluster.committed->image(), broker);
  return registration != nullptr && !registration->fenced;
}

bool has_session(const ClusterView& cluster, model::NodeId owner) {
  const model::ZooKeeper* zookeeper = zookeeper_of(cluster);
  if (zookeeper == nullptr) return false;
  const auto& sessions = zookeeper->disk.sessions;
  return std::any_of(sessions.begin(), sessions.end(),
                     [owner](const model::ZkSession& session) { return session.owner == owner; });
}

const model::PartitionState* state_of(const ClusterView& cluster, model::PartitionId partition) {
  if (index(partition) >= cluster.config.partitions.size()) return nullptr;
  if (cluster.committed != nullptr) return cluster.committed->state_of(partition);
  const model::PartitionConfig& row = cluster.config.partitions[index(partition)];
  const model::Znode* znode = find_znode(cluster, model::paths::partition_state(row.topic, row.number));
  return znode == nullptr ? nullptr : std::get_if<model::PartitionState>(&znode->data);
}

model::Replicas assignment_of(const ClusterView& cluster, model::PartitionId partition) {
  if (index(partition) >= cluster.config.partitions.size()) return {};
  const model::PartitionConfig& row = cluster.config.partitions[index(partition)];
  const auto number = static_cast<std::size_t>(row.number);
  const model::Replicas& configured = cluster.config.topic_of(partition).assignment[number];
  if (cluster.committed != nullptr) {
    const model::PartitionRegistration& now = cluster.committed->image().partitions[index(partition)];
    return now.exists ? now.assignment.replicas : configured;
  }
  const model::Znode* znode = find_znode(cluster, model::paths::topic(row.topic));
  const auto* info = znode == nullptr ? nullptr : std::get_if<model::TopicInfo>(&znode->data);
  if (info != nullptr && number < info->assignment.size()) return info->assignment[number].replicas;
  return configured;
}

std::vector<model::NodeId> resolve(const std::vector<Target>& targets, const ClusterView& cluster) {
  std::vector<model::NodeId> found;
  for (const Target& target : targets) add_target(found, target, cluster);
  return found;
}

std::string note_roles(const std::vector<model::NodeId>& who, const ClusterView& cluster) {
  if (who.size() == 1) return roles_of(who.front(), cluster);
  std::string note;
  for (const model::NodeId node : who) {
    const std::string roles = roles_of(node, cluster);
    if (roles.empty()) continue;
    if (!note.empty()) note += "; ";
    note += cluster.config.name_of(node) + " " + roles;
  }
  return note;
}

}  // namespace sim
