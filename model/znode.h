// What ZooKeeper stores: the data of Kafka's znodes as typed values instead of JSON text, and the
// stat structure of every znode (ZooKeeper DataTree, StatPersisted).
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "model/ids.h"
#include "model/one_of.h"
#include "model/path.h"
#include "model/small_vec.h"
#include "model/value.h"

namespace model {

// /brokers/ids/N
struct BrokerInfo {
  NodeId broker = kNoNode;
  FIELDS(broker);
  bool operator==(const BrokerInfo&) const = default;
};
// /controller
struct ControllerInfo {
  NodeId broker = kNoNode;
  FIELDS(broker);
  bool operator==(const ControllerInfo&) const = default;
};
// /controller_epoch
struct ControllerEpochInfo {
  ControllerEpoch epoch = 0;
  FIELDS(epoch);
  bool operator==(const ControllerEpochInfo&) const = default;
};
// Who holds a partition, or is to hold it (controller/ReplicaAssignment, KIP-455). While it is being reassigned,
// `replicas` are those of the target in its order, then those that are to go.
struct ReplicaAssignment {
  Replicas replicas;  // the first one is the preferred leader
  Replicas adding;    // of the target, and no replicas before
  Replicas removing;  // not of the target
  FIELDS(replicas, adding, removing);
  bool operator==(const ReplicaAssignment&) const = default;
};
inline bool is_being_reassigned(const ReplicaAssignment& assignment) {
  return !assignment.adding.empty() || !assignment.removing.empty();
}
// Those of `replicas` that are not in `others`, in their order.
Replicas without(const Replicas& replicas, const Replicas& others);
Replicas target_of(const ReplicaAssignment& assignment);  // the replicas without those that are to go
Replicas origin_of(const ReplicaAssignment& assignment);  // the replicas without those that are to come
// On the way from where it is now to `target`; one that is under way is given up (ReplicaAssignment.reassignTo).
// Both together fit into Replicas, since no cluster has more brokers.
ReplicaAssignment reassigned_to(const ReplicaAssignment& now, const Replicas& target);

// /brokers/topics/T: assignments by partition number.
struct TopicInfo {
  std::vector<ReplicaAssignment> assignment;
  FIELDS(assignment);
  bool operator==(const TopicInfo&) const = default;
};
// /brokers/topics/T/partitions/P/state
struct PartitionState {
  NodeId leader = kNoNode;
  LeaderEpoch leader_epoch = kNoEpoch;
  Replicas isr;
  ControllerEpoch controller_epoch = 0;
  FIELDS(leader, leader_epoch, isr, controller_epoch);
  bool operator==(const PartitionState&) const = default;
};
// /isr_change_notification/isr_change_N
struct IsrChangeInfo {
  SmallVec<PartitionId, 4> partitions;
  FIELDS(partitions);
  bool operator==(const IsrChangeInfo&) const = default;
};
// /config/topics/T: the settings that can change while the cluster runs.
struct TopicSettings {
  std::int32_t min_insync_replicas = 1;
  bool unclean_leader_election_enable = false;
  FIELDS(min_insync_replicas, unclean_leader_election_enable);
  bool operator==(const TopicSettings&) const = default;
};
// /config/changes/config_change_N
struct ConfigChangeInfo {
  TopicId topic{};
  FIELDS(topic);
  bool operator==(const ConfigChangeInfo&) const = default;
};
// Data of a script that is replayed on the tree: only its identity and length matter.
struct PlainData {
  std::int32_t id = 0;
  std::int32_t length = 0;
  FIELDS(id, length);
  bool operator==(const PlainData&) const = default;
};
using ZnodeData = OneOf<std::variant<std::monostate, BrokerInfo, ControllerInfo, ControllerEpochInfo, TopicInfo,
                                     PartitionState, IsrChangeInfo, PlainData, TopicSettings, ConfigChangeInfo>>;

struct ZnodeStat {
  Zxid czxid = 0;  // transaction that created it: Kafka's broker epoch
  Zxid mzxid = 0;  // last change of its data
  Zxid pzxid = 0;  // last creation or deletion of a child
  std::int32_t version = 0;
  std::int32_t cversion = 0;  // children created + children deleted
  SessionId ephemeral_owner = 0;
  std::int32_t data_length = 0;
  std::int32_t children = 0;
  FIELDS(czxid, mzxid, pzxid, version, cversion, ephemeral_owner, data_length, children);
  bool operator==(const ZnodeStat&) const = default;
};

}  // namespace model
