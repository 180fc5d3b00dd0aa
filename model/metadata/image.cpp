#include "model/metadata/image.h"

#include <algorithm>

#include "model/ensure.h"
#include "model/one_of_members.h"

namespace model {

template class OneOf<MetadataRecord::Alternatives>;
namespace {

bool apply(MetadataImage& image, const RegisterBrokerRecord& record, Offset offset) {
  const BrokerRegistration registration{record.broker, record.incarnation, record.broker_epoch,
                                        offset,        record.fenced,      record.in_controlled_shutdown};
  if (BrokerRegistration* known = find_broker(image, record.broker)) {
    *known = registration;
    return true;
  }
  image.brokers.push_back(registration);
  std::sort(image.brokers.begin(), image.brokers.end(),
            [](const BrokerRegistration& a, const BrokerRegistration& b) { return a.broker < b.broker; });
  return true;
}

bool apply(MetadataImage& image, const UnregisterBrokerRecord& record, Offset) {
  const BrokerRegistration* known = find_broker(image, record.broker);
  if (known == nullptr || known->broker_epoch != record.broker_epoch) return false;
  SmallVec<BrokerRegistration, 4> rest;
  for (const BrokerRegistration& registration : image.brokers) {
    if (registration.broker != record.broker) rest.push_back(registration);
  }
  image.brokers = std::move(rest);
  return true;
}

bool apply(MetadataImage& image, const BrokerRegistrationChangeRecord& record, Offset) {
  BrokerRegistration* known = find_broker(image, record.broker);
  if (known == nullptr || known->broker_epoch != record.broker_epoch) return false;
  if (record.fenced != FenceChange::none) known->fenced = record.fenced == FenceChange::fence;
  if (record.in_controlled_shutdown) known->in_controlled_shutdown = true;
  return true;
}

bool apply(MetadataImage& image, const RegisterControllerRecord& record, Offset) {
  for (ControllerRegistration& known : image.controllers) {
    if (known.controller != record.controller) continue;
    known.incarnation = record.incarnation;
    return true;
  }
  image.controllers.push_back({record.controller, record.incarnation});
  return true;
}

bool apply(MetadataImage& image, const TopicRecord& record, Offset) {
  TopicRegistration& topic = image.topics[index(record.topic)];
  if (topic.exists) return false;
  topic.exists = true;
  return true;
}

bool apply(MetadataImage& image, const PartitionRecord& record, Offset) {
  PartitionRegistration& partition = image.partitions[index(record.partition)];
  if (partition.exists) return false;
  partition = {};
  partition.exists = true;
  partition.assignment.replicas = record.replicas;
  partition.isr = record.isr;
  partition.leader = record.leader;
  partition.leader_epoch = 0;
  partition.partition_epoch = 0;
  return true;
}

bool apply(MetadataImage& image, const PartitionChangeRecord& record, Offset) {
  PartitionRegistration& partition = image.partitions[index(record.partition)];
  if (!partition.exists) return false;
  if (record.isr) partition.isr = *record.isr;
  if (record.leader) {
    partition.leader = *record.leader;
    if (!record.keeps_leader_epoch) ++partition.leader_epoch;
  }
  if (record.assignment) partition.assignment = *record.assignment;
  if (record.recovering) partition.recovering = *record.recovering;
  if (record.eligible_leader_replicas) partition.eligible_leader_replicas = *record.eligible_leader_replicas;
  if (record.last_known_elr) partition.last_known_elr = *record.last_known_elr;
  ++partition.partition_epoch;
  return true;
}

bool apply(MetadataImage& image, const ConfigRecord& record, Offset) {
  image.topics[index(record.topic)].settings = record.settings;
  return true;
}

bool apply(MetadataImage& image, const FeatureLevelRecord& record, Offset) {
  if (record.feature == Feature::metadata_version) image.metadata_version = record.level;
  if (record.feature == Feature::eligible_leader_replicas_version) {
    image.eligible_leader_replicas_version = record.level;
  }
  return true;
}

bool apply(MetadataImage&, const NoOpRecord&, Offset) { return true; }
bool apply(MetadataImage&, const LeaderChangeRecord&, Offset) { return true; }
bool apply(MetadataImage&, const VotersRecord&, Offset) { return true; }

}  // namespace

MetadataImage empty_image(const ClusterConfig& config) {
  MetadataImage image;
  for (const TopicConfig& topic : config.topics) {
    image.topics.push_back({false, {topic.min_insync_replicas, topic.unclean_leader_election_enable}});
  }
  image.partitions.assign(config.partitions.size(), {});
  return image;
}

bool replay(MetadataImage& image, const MetadataRecord& record, Offset offset) {
  ENSURE(offset == image.offset);
  ++image.offset;
  if (!is_control(record)) ++image.data_records;
  return std::visit([&](const auto& held) { return apply(image, held, offset); }, record);
}

const BrokerRegistration* find_broker(const MetadataImage& image, NodeId broker) {
  for (const BrokerRegistration& registration : image.brokers) {
    if (registration.broker == broker) return &registration;
  }
  return nullptr;
}

BrokerRegistration* find_broker(MetadataImage& image, NodeId broker) {
  for (BrokerRegistration& registration : image.brokers) {
    if (registration.broker == broker) return &registration;
  }
  return nullptr;
}

bool is_active(const MetadataImage& image, NodeId broker) {
  const BrokerRegistration* registration = find_broker(image, broker);
  return registration != nullptr && !registration->fenced && !registration->in_controlled_shutdown;
}

Replicas active_brokers(const MetadataImage& image) {
  Replicas active;
  for (const BrokerRegistration& registration : image.brokers) {
    if (!registration.fenced && !registration.in_controlled_shutdown) active.push_back(registration.broker);
  }
  return active;
}

}  // namespace model
