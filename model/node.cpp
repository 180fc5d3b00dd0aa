#include "model/node.h"

#include <algorithm>
#include <utility>

namespace model {

std::vector<Node> make_cluster(const ClusterConfig& config) {
  std::vector<Node> nodes;
  nodes.reserve(config.node_count());
  nodes.emplace_back(ZooKeeper{});
  for (std::size_t i = 1; i <= config.brokers.size(); ++i) {
    Broker broker;
    broker.id = NodeId(static_cast<std::uint8_t>(i));
    broker.disk.partitions.assign(config.partitions.size(), {});
    if (config.is_kraft()) broker.disk.raft.emplace();
    nodes.emplace_back(std::move(broker));
  }
  while (nodes.size() < 1 + config.brokers.size() + config.producers.size()) {
    Producer producer;
    producer.id = NodeId(static_cast<std::uint8_t>(nodes.size()));
    nodes.emplace_back(std::move(producer));
  }
  while (nodes.size() < config.first_consumer()) {
    ControllerServer server;
    server.id = NodeId(static_cast<std::uint8_t>(nodes.size()));
    nodes.emplace_back(std::move(server));
  }
  while (nodes.size() < config.node_count()) {
    Consumer consumer;
    consumer.id = NodeId(static_cast<std::uint8_t>(nodes.size()));
    nodes.emplace_back(std::move(consumer));
  }
  return nodes;
}

void step(const Context& context, Node& node, const Input& input) {
  std::visit([&](auto& held) { step(context, held, input); }, node);
}

void crash(const ClusterConfig&, Node& node) {
  std::visit([](auto& held) { held.memory = {}; }, node);
}

namespace {

// Another directory id: to the quorum it is another voter (KIP-853).
void replace(RaftDisk& disk) {
  RaftDisk fresh;
  fresh.directory = disk.directory + 1;
  fresh.connections = disk.connections;
  fresh.processes = disk.processes;
  disk = std::move(fresh);
}

}  // namespace

void power_loss(const ClusterConfig& config, Node& node) {
  crash(config, node);
  if (RaftDisk* raft = raft_disk_of(node)) lose_unflushed(raft->log);
  Broker* broker = std::get_if<Broker>(&node);
  if (broker == nullptr) return;
  for (PartitionDisk& disk : broker->disk.partitions) {
    truncate(disk.log, disk.log.flushed);
    disk.checkpoint = std::min(disk.checkpoint, disk.log.end());
  }
}

void wipe(const ClusterConfig& config, Node& node) {
  crash(config, node);
  if (RaftDisk* raft = raft_disk_of(node)) replace(*raft);
  Broker* broker = std::get_if<Broker>(&node);
  if (broker == nullptr) return;
  broker->disk.partitions.assign(config.partitions.size(), {});
  broker->disk.clean_shutdown_epoch = -1;
}

std::uint64_t fingerprint(const Node& node) { return hash_of(node); }

QuorumMember member_of(const Node& node) {
  if (const auto* server = std::get_if<ControllerServer>(&node)) {
    return {&server->disk.raft, &server->memory.raft, &server->memory.controller};
  }
  const auto* broker = std::get_if<Broker>(&node);
  if (broker == nullptr || !broker->disk.raft || !broker->memory.kraft) return {};
  const KraftMemory& kraft = *broker->memory.kraft;
  return {&*broker->disk.raft, &kraft.raft, kraft.controller ? &*kraft.controller : nullptr};
}

const RaftDisk* raft_disk_of(const Node& node) {
  if (const auto* server = std::get_if<ControllerServer>(&node)) return &server->disk.raft;
  const auto* broker = std::get_if<Broker>(&node);
  return broker != nullptr && broker->disk.raft ? &*broker->disk.raft : nullptr;
}

RaftDisk* raft_disk_of(Node& node) { return const_cast<RaftDisk*>(raft_disk_of(std::as_const(node))); }

NodeId quorum_leader_of(const std::vector<Node>& nodes) {
  NodeId leader = kNoNode;
  LeaderEpoch epoch = kNoEpoch;
  for (std::size_t id = 0; id < nodes.size(); ++id) {
    const RaftMemory* member = member_of(nodes[id]).memory;
    if (member == nullptr || !member->running || !is_leader(*member) || member->epoch <= epoch) continue;
    leader = NodeId(static_cast<std::uint8_t>(id));
    epoch = member->epoch;
  }
  return leader;
}

}  // namespace model
