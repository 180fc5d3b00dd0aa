#include "sim/kernel/committed_metadata.h"

#include <algorithm>
#include <variant>

namespace sim {
namespace {

// What a record has changed, told with the state as it is from now on.
struct Teller {
  const model::MetadataImage& image;  // with the record
  model::Offset offset;
  model::LeaderEpoch epoch;
  std::vector<model::Fact>& facts;

  void operator()(const model::RegisterBrokerRecord& record) const {
    facts.emplace_back(model::BrokerRegistered{offset, record.broker, record.broker_epoch});
  }
  void operator()(const model::UnregisterBrokerRecord& record) const {
    facts.emplace_back(model::BrokerUnregistered{offset, record.broker});
  }
  void operator()(const model::BrokerRegistrationChangeRecord& record) const {
    const model::BrokerRegistration* now = model::find_broker(image, record.broker);
    if (now == nullptr) return;
    facts.emplace_back(
        model::BrokerChanged{offset, record.broker, now->broker_epoch, now->fenced, now->in_controlled_shutdown});
  }
  void operator()(const model::TopicRecord& record) const {
    facts.emplace_back(model::TopicCreated{offset, record.topic});
  }
  void operator()(const model::PartitionRecord& record) const { tell_state(record.partition); }
  void operator()(const model::PartitionChangeRecord& record) const {
    const model::PartitionRegistration& now = image.partitions[index(record.partition)];
    if (record.assignment) {
      const model::ReplicaAssignment& assignment = now.assignment;
      facts.emplace_back(model::AssignmentChanged{offset, record.partition, assignment.replicas, assignment.adding,
                                                  assignment.removing});
    }
    tell_state(record.partition);
    if (record.eligible_leader_replicas || record.last_known_elr) {
      facts.emplace_back(model::ElrChanged{offset, record.partition, now.eligible_leader_replicas, now.last_known_elr});
    }
  }
  void operator()(const model::ConfigRecord& record) const {
    facts.emplace_back(model::TopicConfigChanged{offset, record.topic, record.settings.min_insync_replicas,
                                                 record.settings.unclean_leader_election_enable});
  }
  void operator()(const model::LeaderChangeRecord& record) const {
    facts.emplace_back(model::LeaderChange{offset, epoch, record.leader});
  }
  void operator()(const model::RegisterControllerRecord&) const {}
  void operator()(const model::FeatureLevelRecord&) const {}
  void operator()(const model::NoOpRecord&) const {}
  void operator()(const model::VotersRecord&) const {}

  void tell_state(model::PartitionId partition) const {
    const model::PartitionRegistration& now = image.partitions[index(partition)];
    facts.emplace_back(model::PartitionStateChanged{
        offset, partition, {now.leader, now.leader_epoch, now.isr, epoch}, now.partition_epoch});
  }
};

}  // namespace

CommittedMetadata::CommittedMetadata(const model::ClusterConfig& config)
    : image_(model::empty_image(config)), states_(config.partitions.size()) {}

const model::PartitionState* CommittedMetadata::state_of(model::PartitionId partition) const {
  const bool exists = index(partition) < states_.size() && image_.partitions[index(partition)].exists;
  return exists ? &states_[index(partition)] : nullptr;
}

void CommittedMetadata::note_state(model::PartitionId partition, model::LeaderEpoch epoch) {
  const model::PartitionRegistration& now = image_.partitions[index(partition)];
  states_[index(partition)] = {now.leader, now.leader_epoch, now.isr, epoch};
}

void CommittedMetadata::load(const model::Snapshot& snapshot) {
  image_ = snapshot.image;
  image_.offset = snapshot.id.offset;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    note_state(model::PartitionId(static_cast<std::uint16_t>(i)), snapshot.id.epoch);
  }
}

void CommittedMetadata::apply(const model::MetadataRecord& record, model::LeaderEpoch epoch,
                              std::vector<model::Fact>& facts) {
  const model::Offset offset = image_.offset;
  // One that contradicts the state changes nothing: whoever reads it tells that, and exits.
  if (!model::replay(image_, record, offset)) return;
  if (const auto* created = std::get_if<model::PartitionRecord>(&record)) note_state(created->partition, epoch);
  if (const auto* changed = std::get_if<model::PartitionChangeRecord>(&record)) note_state(changed->partition, epoch);
  std::visit(Teller{image_, offset, epoch, facts}, record);
}

void CommittedMetadata::take_in(const model::RaftDisk& disk, const model::RaftMemory& leader,
                                std::vector<model::Fact>& facts) {
  if (leader.high_watermark <= image_.offset) return;
  const model::MetadataLog& log = disk.log;
  if (log.start > image_.offset) {
    const auto covers = std::find_if(log.snapshots.begin(), log.snapshots.end(), [&](const model::Snapshot& snapshot) {
      return snapshot.id.offset >= log.start && snapshot.id.offset <= leader.high_watermark;
    });
    if (covers == log.snapshots.end()) return;
    load(*covers);
  }
  const auto behind = std::partition_point(log.batches.begin(), log.batches.end(),
                                           [&](const model::MetadataBatch& b) { return b.end() <= image_.offset; });
  for (auto batch = behind; batch != log.batches.end(); ++batch) {
    for (std::size_t i = 0; i < batch->records.size(); ++i) {
      const model::Offset offset = batch->base_offset + static_cast<model::Offset>(i);
      if (offset >= leader.high_watermark) return;
      if (offset == image_.offset) apply(batch->records[i], batch->epoch, facts);
    }
  }
}

}  // namespace sim
