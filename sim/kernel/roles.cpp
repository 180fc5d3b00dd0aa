#include "sim/kernel/roles.h"

#include <algorithm>

#include "model/zookeeper/tree.h"

namespace sim {
namespace {

const model::Znode* find_znode(const std::vector<model::Node>& nodes, const model::Path& path) {
  const auto* zookeeper = nodes.empty() ? nullptr : std::get_if<model::ZooKeeper>(&nodes.front());
  return zookeeper == nullptr ? nullptr : model::find(zookeeper->disk.tree, path);
}

void add_once(std::vector<model::NodeId>& nodes, model::NodeId node) {
  if (node == model::kNoNode || std::find(nodes.begin(), nodes.end(), node) != nodes.end()) return;
  nodes.push_back(node);
}

void add_target(std::vector<model::NodeId>& found, const Target& target, const std::vector<model::Node>& nodes,
                const model::ClusterConfig& config) {
  const auto state = [&] { return state_of(nodes, config, target.partition); };
  switch (target.form) {
    case Target::Form::node:
      if (static_cast<std::size_t>(target.node) < nodes.size()) add_once(found, target.node);
      return;
    case Target::Form::controller:
      add_once(found, controller_of(nodes));
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
      const model::Replicas replicas = assignment_of(nodes, config, target.partition);
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

std::string roles_of(model::NodeId node, const std::vector<model::Node>& nodes, const model::ClusterConfig& config) {
  std::string roles;
  const auto add = [&roles](const std::string& role) { roles += (roles.empty() ? "" : ", ") + role; };
  if (controller_of(nodes) == node) add("controller");
  bool leads = false;
  for (std::size_t i = 0; i < config.partitions.size(); ++i) {
    const auto partition = model::PartitionId(static_cast<std::uint16_t>(i));
    const model::PartitionState* state = state_of(nodes, config, partition);
    if (state == nullptr || state->leader != node) continue;
    add((leads ? "" : "leader of ") + config.name_of(partition));
    leads = true;
  }
  return roles;
}

}  // namespace

model::NodeId controller_of(const std::vector<model::Node>& nodes) {
  const model::Znode* znode = find_znode(nodes, model::paths::controller());
  const auto* info = znode == nullptr ? nullptr : std::get_if<model::ControllerInfo>(&znode->data);
  return info == nullptr ? model::kNoNode : info->broker;
}

bool is_registered(const std::vector<model::Node>& nodes, model::NodeId broker) {
  return find_znode(nodes, model::paths::broker_id(broker)) != nullptr;
}

bool has_session(const std::vector<model::Node>& nodes, model::NodeId owner) {
  const auto* zookeeper = nodes.empty() ? nullptr : std::get_if<model::ZooKeeper>(&nodes.front());
  if (zookeeper == nullptr) return false;
  const auto& sessions = zookeeper->disk.sessions;
  return std::any_of(sessions.begin(), sessions.end(),
                     [owner](const model::ZkSession& session) { return session.owner == owner; });
}

const model::PartitionState* state_of(const std::vector<model::Node>& nodes, const model::ClusterConfig& config,
                                      model::PartitionId partition) {
  if (index(partition) >= config.partitions.size()) return nullptr;
  const model::PartitionConfig& row = config.partitions[index(partition)];
  const model::Znode* znode = find_znode(nodes, model::paths::partition_state(row.topic, row.number));
  return znode == nullptr ? nullptr : std::get_if<model::PartitionState>(&znode->data);
}

model::Replicas assignment_of(const std::vector<model::Node>& nodes, const model::ClusterConfig& config,
                              model::PartitionId partition) {
  if (index(partition) >= config.partitions.size()) return {};
  const model::PartitionConfig& row = config.partitions[index(partition)];
  const auto number = static_cast<std::size_t>(row.number);
  const model::Znode* znode = find_znode(nodes, model::paths::topic(row.topic));
  const auto* info = znode == nullptr ? nullptr : std::get_if<model::TopicInfo>(&znode->data);
  if (info != nullptr && number < info->assignment.size()) return info->assignment[number].replicas;
  return config.topic_of(partition).assignment[number];
}

std::vector<model::NodeId> resolve(const std::vector<Target>& targets, const std::vector<model::Node>& nodes,
                                   const model::ClusterConfig& config) {
  std::vector<model::NodeId> found;
  for (const Target& target : targets) add_target(found, target, nodes, config);
  return found;
}

std::string note_roles(const std::vector<model::NodeId>& who, const std::vector<model::Node>& nodes,
                       const model::ClusterConfig& config) {
  if (who.size() == 1) return roles_of(who.front(), nodes, config);
  std::string note;
  for (const model::NodeId node : who) {
    const std::string roles = roles_of(node, nodes, config);
    if (roles.empty()) continue;
    if (!note.empty()) note += "; ";
    note += config.name_of(node) + " " + roles;
  }
  return note;
}

}  // namespace sim
