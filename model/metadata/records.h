// The records of the metadata log `__cluster_metadata-0`, under Kafka's own names, with the fields that matter
// (metadata/src/main/resources/common/metadata). A change record says what changes, not what comes of it: the
// state of a cluster is the replay of a prefix (image.h), hence losing or reordering one shifts all later epochs.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "model/ids.h"
#include "model/one_of.h"
#include "model/small_vec.h"
#include "model/value.h"
#include "model/znode.h"

namespace model {

// Drawn by every process of a broker or controller anew; here counted, so that no two are equal.
using Incarnation = std::uint32_t;

struct RegisterBrokerRecord {
  NodeId broker = kNoNode;
  Incarnation incarnation = 0;
  BrokerEpoch broker_epoch = -1;
  bool fenced = true;
  bool in_controlled_shutdown = false;
  FIELDS(broker, incarnation, broker_epoch, fenced, in_controlled_shutdown);
  bool operator==(const RegisterBrokerRecord&) const = default;
};
struct UnregisterBrokerRecord {
  NodeId broker = kNoNode;
  BrokerEpoch broker_epoch = -1;
  FIELDS(broker, broker_epoch);
  bool operator==(const UnregisterBrokerRecord&) const = default;
};
enum class FenceChange : std::int8_t { unfence = -1, none = 0, fence = 1 };
struct BrokerRegistrationChangeRecord {
  NodeId broker = kNoNode;
  BrokerEpoch broker_epoch = -1;  // must be the registered one: anything else is fatal
  FenceChange fenced = FenceChange::none;
  bool in_controlled_shutdown = false;  // true sets it; only a new registration clears it
  FIELDS(broker, broker_epoch, fenced, in_controlled_shutdown);
  bool operator==(const BrokerRegistrationChangeRecord&) const = default;
};
struct RegisterControllerRecord {
  NodeId controller = kNoNode;
  Incarnation incarnation = 0;
  FIELDS(controller, incarnation);
  bool operator==(const RegisterControllerRecord&) const = default;
};
struct TopicRecord {
  TopicId topic{};
  FIELDS(topic);
  bool operator==(const TopicRecord&) const = default;
};
// A partition begins: leader epoch 0, partition epoch 0.
struct PartitionRecord {
  PartitionId partition{};
  Replicas replicas, isr;
  NodeId leader = kNoNode;
  FIELDS(partition, replicas, isr, leader);
  bool operator==(const PartitionRecord&) const = default;
};
// What is not given stays. Each one adds 1 to the partition epoch, and 1 to the leader epoch if `leader` is given,
// be it the same (PartitionRegistration.merge).
struct PartitionChangeRecord {
  PartitionId partition{};
  std::optional<Replicas> isr;
  std::optional<NodeId> leader;  // kNoNode: none
  std::optional<ReplicaAssignment> assignment;
  std::optional<bool> recovering;  // LeaderRecoveryState
  std::optional<Replicas> eligible_leader_replicas;
  std::optional<Replicas> last_known_elr;
  bool keeps_leader_epoch = false;  // no field of Kafka's: a planted defect, which elects within an epoch
  FIELDS(partition, isr, leader, assignment, recovering, eligible_leader_replicas, last_known_elr, keeps_leader_epoch);
  bool operator==(const PartitionChangeRecord&) const = default;
};
struct ConfigRecord {  // of a topic, as it is from now on
  TopicId topic{};
  TopicSettings settings;
  FIELDS(topic, settings);
  bool operator==(const ConfigRecord&) const = default;
};
enum class Feature : std::uint8_t { metadata_version, kraft_version, eligible_leader_replicas_version };
struct FeatureLevelRecord {
  Feature feature{};
  std::int16_t level = 0;
  FIELDS(feature, level);
  bool operator==(const FeatureLevelRecord&) const = default;
};
struct NoOpRecord {  // KIP-835: keeps high watermarks and fetch timers fresh
  NO_FIELDS();
  bool operator==(const NoOpRecord&) const = default;
};

// A voter is a node and its disk: with another disk it is another voter (KIP-853).
struct ReplicaKey {
  NodeId node = kNoNode;
  std::uint32_t directory = 0;  // counts a node's disks from 1; 0: not given
  FIELDS(node, directory);
  auto operator<=>(const ReplicaKey&) const = default;
};
using Voters = FixedVec<ReplicaKey, kReplicasMax>;

// Control records: raft's own; the state above the log skips them.
struct LeaderChangeRecord {
  NodeId leader = kNoNode;
  Replicas voters, granting;
  FIELDS(leader, voters, granting);
  bool operator==(const LeaderChangeRecord&) const = default;
};
struct VotersRecord {  // in force as soon as it is appended (KIP-853)
  Voters voters;
  FIELDS(voters);
  bool operator==(const VotersRecord&) const = default;
};

using MetadataRecord =
    OneOf<std::variant<NoOpRecord, RegisterBrokerRecord, UnregisterBrokerRecord, BrokerRegistrationChangeRecord,
                       RegisterControllerRecord, TopicRecord, PartitionRecord, PartitionChangeRecord, ConfigRecord,
                       FeatureLevelRecord, LeaderChangeRecord, VotersRecord>>;

inline bool is_control(const MetadataRecord& record) {
  return std::holds_alternative<LeaderChangeRecord>(record) || std::holds_alternative<VotersRecord>(record);
}

}  // namespace model
