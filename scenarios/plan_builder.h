// The cluster part of a Plan from JSON values, shared by scenarios and recordings.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/json_value.h"
#include "sim/kernel/plan.h"

namespace scenarios {

inline constexpr std::int32_t kBrokersMax = 12;
inline constexpr std::int32_t kControllersMax = 9;
inline constexpr std::size_t kTopicsMax = 16;
inline constexpr std::size_t kPartitionsMax = 64;        // per topic
inline constexpr std::size_t kReplicasInAllMax = 4'096;  // of all partitions together
inline constexpr std::size_t kProducersMax = 16;
inline constexpr std::size_t kConsumersMax = 16;
// A request about more of them would take a broker longer than the controller waits for its answer.
inline constexpr std::int64_t kOtherPartitionsMax = 500'000;
inline constexpr std::int64_t kRecordsMax = 1'000'000;  // per producer

std::span<const std::string_view> modes();  // "zookeeper", "kraft"

struct TopicParts {
  std::string name;
  Position name_at;
  std::size_t name_end = 0;
  const Value* partitions = nullptr;  // [[1, 2, 3], ["b2", "b3"]]
  const Value* config = nullptr;
};
struct ProducerParts {
  const Value* name = nullptr;
  const Value* topic = nullptr;
  const Value* acks = nullptr;   // 0, 1, -1, "all"
  const Value* rate = nullptr;   // "20/s" or a number per second
  const Value* start = nullptr;  // "1s"; in a recording, a number of seconds
  const Value* count = nullptr;
  const Value* props = nullptr;
  const Value* rack = nullptr;  // where it stands
};
struct ConsumerParts {
  const Value* name = nullptr;
  const Value* topic = nullptr;
  const Value* start = nullptr;
  const Value* props = nullptr;
  const Value* rack = nullptr;  // where it stands; null: in its client.rack
};
// Where each part stands in the file; null if it is left out.
struct ClusterParts {
  const Value* whole = nullptr;  // where a missing part is reported
  const Value* mode = nullptr;
  std::string asked_mode;  // in the place of `mode`; empty: none
  const Value* version = nullptr;
  const Value* brokers = nullptr;
  const Value* controllers = nullptr;  // KRaft mode: how many there are, or which brokers have that role as well
  std::optional<std::int32_t> controller_count;  // in their place, where they are not written so
  const Value* voters = nullptr;                 // which of the controllers vote at the start; null: all
  const Value* tick_ms = nullptr;
  const Value* other_partitions = nullptr;
  const Value* config = nullptr;
  const Value* per_broker = nullptr;
  const Value* racks = nullptr;    // {"us-east": [1, 2]}
  const Value* latency = nullptr;  // [{"between": ["us-east", "jp-tokyo"], "takes": "75ms"}]
  std::vector<TopicParts> topics;
  std::vector<ProducerParts> producers;
  std::vector<ConsumerParts> consumers;
  bool plain_seconds = false;  // recordings write durations as numbers of seconds
  // A client program's own defaults (VerifiableProducer has 0 for both); empty: the version's.
  std::optional<std::int32_t> producer_retries;
  std::optional<model::Duration> producer_linger;
};

// Fills version, rules and config, and one Start for each client at its `start`. plan.until must be set:
// a producer without `count` sends until then. ZooKeeper, the controllers and the brokers get no Start here.
void build_cluster(const ClusterParts& parts, sim::Plan& plan, Problems& problems);

// The boot of a scenario: ZooKeeper at plan.begins, or the controllers so that c1 has the first election for itself;
// the brokers one after the other so that b1 registers first and becomes controller (or all at once), the topics that
// no fault creates at -3 s.
void add_boot(sim::Plan& plan, bool together);

}  // namespace scenarios
