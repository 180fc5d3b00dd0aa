#include "model/node.h"

#include <algorithm>

namespace model {

std::vector<Node> make_cluster(const ClusterConfig& config) {
  std::vector<Node> nodes;
  nodes.reserve(config.node_count());
  nodes.emplace_back(ZooKeeper{});
  for (std::size_t i = 1; i <= config.brokers.size(); ++i) {
    Broker broker;
    broker.id = NodeId(static_cast<std::uint8_t>(i));
    broker.disk.partitions.assign(config.partitions.size(), {});
    nodes.emplace_back(std::move(broker));
  }
  while (nodes.size() < config.node_count()) {
    Producer producer;
    producer.id = NodeId(static_cast<std::uint8_t>(nodes.size()));
    nodes.emplace_back(std::move(producer));
  }
  return nodes;
}

void step(const Context& context, Node& node, const Input& input) {
  std::visit([&](auto& held) { step(context, held, input); }, node);
}

void crash(const ClusterConfig&, Node& node) {
  std::visit([](auto& held) { held.memory = {}; }, node);
}

void power_loss(const ClusterConfig& config, Node& node) {
  crash(config, node);
  Broker* broker = std::get_if<Broker>(&node);
  if (broker == nullptr) return;
  for (PartitionDisk& disk : broker->disk.partitions) {
    truncate(disk.log, disk.log.flushed);
    disk.checkpoint = std::min(disk.checkpoint, disk.log.end());
  }
}

void wipe(const ClusterConfig& config, Node& node) {
  crash(config, node);
  Broker* broker = std::get_if<Broker>(&node);
  if (broker != nullptr) broker->disk.partitions.assign(config.partitions.size(), {});
}

std::uint64_t fingerprint(const Node& node) { return hash_of(node); }

}  // namespace model
