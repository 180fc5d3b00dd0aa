#include "sim/kernel/writeback.h"

#include <algorithm>

#include "sim/kernel/dice.h"

namespace sim {

Writeback::Writeback(std::uint64_t seed, std::int64_t begins_us, const model::ClusterConfig& config, bool needed)
    : next_us_(INT64_MAX) {
  if (!needed) return;
  for (std::size_t i = 0; i < config.brokers.size(); ++i) {
    Dice phase(stream_key(seed, StreamKind::writeback, i));
    const std::int64_t first = begins_us + phase.range(1, kWakesEvery);
    machines_.push_back({first, 0, std::vector<History>(config.partitions.size()), {}});
    next_us_ = std::min(next_us_, first);
  }
}

void Writeback::write_back(Machine& machine, model::Broker& broker) {
  for (std::size_t p = 0; p < machine.logs.size(); ++p) {
    model::Log& log = broker.disk.partitions[p].log;
    model::Offset& oldest = machine.logs[p].ends[machine.oldest];
    log.flushed = std::max(log.flushed, std::min(oldest, log.end()));
    oldest = log.end();
  }
  if (broker.disk.raft) {
    model::MetadataLog& log = broker.disk.raft->log;
    model::Offset& oldest = machine.metadata.ends[machine.oldest];
    log.flushed = std::max(log.flushed, std::min(oldest, log.end()));
    oldest = log.end();
  }
  machine.oldest = (machine.oldest + 1) % kTicks;
}

void Writeback::wake(std::vector<model::Node>& nodes) {
  const std::int64_t now = next_us_;
  next_us_ = INT64_MAX;
  for (std::size_t i = 0; i < machines_.size(); ++i) {
    Machine& machine = machines_[i];
    if (machine.next_us == now) {
      write_back(machine, std::get<model::Broker>(nodes[i + 1]));
      machine.next_us += kWakesEvery;
    }
    next_us_ = std::min(next_us_, machine.next_us);
  }
}

void Writeback::on_shorter(model::NodeId node, model::PartitionId partition, model::Offset end) {
  const std::size_t i = static_cast<std::size_t>(node) - 1;
  if (i >= machines_.size()) return;
  for (model::Offset& kept : machines_[i].logs[index(partition)].ends) kept = std::min(kept, end);
}

void Writeback::on_shorter_metadata(model::NodeId node, model::Offset end) {
  const std::size_t i = static_cast<std::size_t>(node) - 1;
  if (i >= machines_.size()) return;
  for (model::Offset& kept : machines_[i].metadata.ends) kept = std::min(kept, end);
}

}  // namespace sim
