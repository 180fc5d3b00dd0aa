// What of the brokers' logs has reached their disks, the metadata log that a broker of KRaft mode follows included
// (voters flush theirs themselves). Kafka leaves that to the operating system, which wakes every
// 5 s (vm.dirty_writeback_centisecs) and writes back what has been dirty for 30 s (vm.dirty_expire_centisecs):
// a record is safe 30 to 35 s after it was appended. The machine does so whether the broker's process runs,
// sleeps or is dead. Only a power loss shows the difference.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "model/ids.h"
#include "model/node.h"

namespace sim {

class Writeback {
 public:
  static constexpr std::int64_t kWakesEvery = 5'000'000, kDirtyFor = 30'000'000;

  // Each machine wakes at a phase of its own, after `begins_us`. `needed`: some fault of the plan takes power away.
  Writeback(std::uint64_t seed, std::int64_t begins_us, const model::ClusterConfig& config, bool needed);

  std::int64_t next_us() const { return next_us_; }  // INT64_MAX: never
  // The machines whose turn it is at next_us() write back.
  void wake(std::vector<model::Node>& nodes);
  // A log got shorter: what comes after has to wait anew.
  void on_shorter(model::NodeId node, model::PartitionId partition, model::Offset end);
  void on_shorter_metadata(model::NodeId node, model::Offset end);

 private:
  static constexpr std::size_t kTicks = static_cast<std::size_t>(kDirtyFor / kWakesEvery);
  struct History {
    std::array<model::Offset, kTicks> ends{};  // log ends at the last wake-ups; the oldest is replaced next
  };
  struct Machine {
    std::int64_t next_us = 0;
    std::size_t oldest = 0;
    std::vector<History> logs;  // by PartitionId
    History metadata;
  };
  void write_back(Machine& machine, model::Broker& broker);

  std::int64_t next_us_;
  std::vector<Machine> machines_;  // of brokers, by NodeId - 1
};

}  // namespace sim
