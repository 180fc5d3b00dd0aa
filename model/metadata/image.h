// The state of a cluster in KRaft mode: a pure function of a prefix of the metadata log (image/MetadataImage,
// controller/ReplicationControlManager, ClusterControlManager). Controllers, active or standing by, brokers and
// the observer all hold one, by the same replay; at equal offsets they are equal.
#pragma once

#include <cstdint>
#include <vector>

#include "model/config.h"
#include "model/ids.h"
#include "model/metadata/records.h"
#include "model/small_vec.h"
#include "model/value.h"
#include "model/znode.h"

namespace model {

struct BrokerRegistration {
  NodeId broker = kNoNode;
  Incarnation incarnation = 0;
  BrokerEpoch broker_epoch = -1;
  Offset registered_at = kUnknownOffset;  // offset of its RegisterBroker record: it must have read so far
  bool fenced = true;
  bool in_controlled_shutdown = false;
  FIELDS(broker, incarnation, broker_epoch, registered_at, fenced, in_controlled_shutdown);
  bool operator==(const BrokerRegistration&) const = default;
};
struct PartitionRegistration {
  bool exists = false;
  bool recovering = false;  // led by a replica that an unclean election chose
  ReplicaAssignment assignment;
  Replicas isr;
  Replicas eligible_leader_replicas, last_known_elr;  // KIP-966
  NodeId leader = kNoNode;
  LeaderEpoch leader_epoch = kNoEpoch;
  PartitionEpoch partition_epoch = -1;
  FIELDS(exists, recovering, assignment, isr, eligible_leader_replicas, last_known_elr, leader, leader_epoch,
         partition_epoch);
  bool operator==(const PartitionRegistration&) const = default;
};
struct TopicRegistration {
  bool exists = false;
  TopicSettings settings;  // the configured ones before the first ConfigRecord
  FIELDS(exists, settings);
  bool operator==(const TopicRegistration&) const = default;
};
struct ControllerRegistration {
  NodeId controller = kNoNode;
  Incarnation incarnation = 0;
  FIELDS(controller, incarnation);
  bool operator==(const ControllerRegistration&) const = default;
};

struct MetadataImage {
  Offset offset = 0;                        // exclusive: the records below it are in
  SmallVec<BrokerRegistration, 4> brokers;  // registered ones, by NodeId
  SmallVec<ControllerRegistration, 4> controllers;
  std::vector<TopicRegistration> topics;          // by TopicId
  std::vector<PartitionRegistration> partitions;  // by PartitionId
  std::int16_t metadata_version = 0;              // 0: the log holds no bootstrap records yet
  std::int16_t eligible_leader_replicas_version = 0;
  std::int32_t data_records = 0;  // other than control records; how many it has seen
  FIELDS(offset, brokers, controllers, topics, partitions, metadata_version, eligible_leader_replicas_version,
         data_records);
  bool operator==(const MetadataImage&) const = default;
};

MetadataImage empty_image(const ClusterConfig& config);

// Applies one record, whose offset must be image.offset. False: it contradicts the state (another broker epoch, an
// unknown broker or partition), where the real process would exit; the image is then unchanged but for the offset.
[[nodiscard]] bool replay(MetadataImage& image, const MetadataRecord& record, Offset offset);

// Null: not registered.
const BrokerRegistration* find_broker(const MetadataImage& image, NodeId broker);
BrokerRegistration* find_broker(MetadataImage& image, NodeId broker);
// Registered, unfenced and not in controlled shutdown: may lead, may be in an ISR (KIP-841).
bool is_active(const MetadataImage& image, NodeId broker);
Replicas active_brokers(const MetadataImage& image);  // in the order of ids

}  // namespace model
