// Names for the things of a cluster. Like integers that must not be mixed up are types of their own;
// offsets and Kafka's 32-bit counters stay integers, since arithmetic is their point.
#pragma once

#include <compare>
#include <cstdint>

#include "model/small_vec.h"
#include "model/value.h"

namespace model {

// A node of the simulated cluster: 0 is ZooKeeper, 1..B are the brokers under their Kafka ids,
// then the clients.
enum class NodeId : std::uint8_t {};
inline constexpr NodeId kZooKeeper{0};
inline constexpr NodeId kNoNode{255};  // Kafka's -1: no leader, no controller
constexpr int number(NodeId id) { return id == kNoNode ? -1 : static_cast<int>(id); }

// Index into ClusterConfig::partitions.
enum class PartitionId : std::uint16_t {};
constexpr std::size_t index(PartitionId id) { return static_cast<std::size_t>(id); }
// Index into ClusterConfig::topics.
enum class TopicId : std::uint16_t {};
constexpr std::size_t index(TopicId id) { return static_cast<std::size_t>(id); }

// A rack: index of the first broker that stands there in ClusterConfig::racks.
enum class RackId : std::int16_t {};
inline constexpr RackId kNoRack{-1};
inline constexpr RackId kForeignRack{-2};  // no broker stands there

using Offset = std::int64_t;           // of a record; as a bound always exclusive
using LeaderEpoch = std::int32_t;      // per partition; -1 unknown
using ControllerEpoch = std::int32_t;  // value of /controller_epoch; the first controller has 1
using PartitionEpoch = std::int32_t;   // version of the partition's state znode (zkVersion)
using BrokerEpoch = std::int64_t;      // czxid of /brokers/ids/N (KIP-380); -1 unknown
using Zxid = std::int64_t;             // ZooKeeper transaction number, from 1
using SessionId = std::int64_t;        // ZooKeeper session; 0 is none
inline constexpr Offset kUnknownOffset = -1;
inline constexpr LeaderEpoch kNoEpoch = -1;

// Brokers in a significant order (assignment order, ISR order). The loader refuses more replicas.
inline constexpr std::size_t kReplicasMax = 12;
using Replicas = FixedVec<NodeId, kReplicasMax>;

}  // namespace model
