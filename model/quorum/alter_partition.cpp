// AlterPartition as the active controller serves it (controller/ReplicationControlManager.alterPartition).
#include <utility>

#include "model/quorum/controller.h"
#include "model/rules.h"

namespace model {
namespace {

// The controller itself may be the one that is behind: then somebody else is to be asked (KAFKA-14154).
ErrorCode check_epochs(const KraftRules& rules, const PartitionRegistration& partition, const AlterPartitionItem& item,
                       NodeId sender) {
  const bool knows_newer =
      item.leader_epoch > partition.leader_epoch || item.partition_epoch > partition.partition_epoch;
  if (knows_newer && rules.newer_epochs_are_not_controller) return ErrorCode::not_controller;
  if (item.leader_epoch != partition.leader_epoch) return ErrorCode::fenced_leader_epoch;
  if (sender != partition.leader) return ErrorCode::invalid_request;
  if (item.partition_epoch != partition.partition_epoch && rules.checks_partition_epoch) {
    return ErrorCode::invalid_update_version;
  }
  return ErrorCode::none;
}

bool is_valid_isr(const PartitionRegistration& partition, const Replicas& isr) {
  if (!isr.contains(partition.leader)) return false;
  for (std::size_t i = 0; i < isr.size(); ++i) {
    if (!partition.assignment.replicas.contains(isr[i])) return false;
    for (std::size_t j = 0; j < i; ++j) {
      if (isr[j] == isr[i]) return false;
    }
  }
  return true;
}

// Of the i-th member of the new ISR: does it live (KIP-841), and is it still the one that fetched (KIP-903)?
bool is_eligible(const ControllerContext& c, const AlterPartitionItem& item, std::size_t i) {
  const KraftRules& rules = c.context.rules.kraft;
  const NodeId member = item.new_isr[i];
  if (rules.isr_admits_only_active && !is_active(c.image(), member)) return false;
  if (!rules.isr_names_broker_epochs || item.isr_epochs.empty() || item.isr_epochs[i] == -1) return true;
  const BrokerRegistration* registration = find_broker(c.image(), member);
  return registration != nullptr && registration->broker_epoch == item.isr_epochs[i];
}

// The first of Kafka's checks that fails. Its check of the recovery state has nothing to check here: a leader calls
// itself recovered as soon as it leads.
ErrorCode check(const ControllerContext& c, const AlterPartitionItem& item, NodeId sender) {
  const PartitionRegistration& partition = c.image().partitions[index(item.partition)];
  if (!partition.exists) return ErrorCode::unknown_topic_or_partition;
  const ErrorCode error = check_epochs(c.context.rules.kraft, partition, item, sender);
  if (error != ErrorCode::none) return error;
  if (!is_valid_isr(partition, item.new_isr)) return ErrorCode::invalid_request;
  for (std::size_t i = 0; i < item.new_isr.size(); ++i) {
    if (!is_eligible(c, item, i)) return ErrorCode::ineligible_replica;
  }
  return ErrorCode::none;
}

AlterPartitionResult change(const ControllerContext& c, const AlterPartitionItem& item, NodeId sender,
                            Records& records) {
  AlterPartitionResult result{item.partition, ErrorCode::none, kNoNode, kNoEpoch, 0, {}};
  PartitionTarget target = target_of(c.image().partitions[index(item.partition)]);
  target.isr = item.new_isr;
  target.recovering = false;
  if (allows_unclean_election(c, item.partition)) target.election = ElectionKind::unclean;
  const std::optional<PartitionChangeRecord> record = build_change(c, item.partition, target);
  if (!record) return result;
  records.push_back(*record);
  // A reassignment is complete, and its sender does not lead any more.
  if (record->leader && *record->leader != sender) result.error = ErrorCode::new_leader_elected;
  return result;
}

void fill_in(const MetadataImage& image, AlterPartitionResult& result) {
  const PartitionRegistration& partition = image.partitions[index(result.partition)];
  result.leader = partition.leader;
  result.leader_epoch = partition.leader_epoch;
  result.partition_epoch = partition.partition_epoch;
  result.isr = partition.isr;
}

// Fenced by one epoch or the other; what is refused for its members is no matter of epochs.
void tell_refusal(const ControllerContext& c, const AlterPartitionItem& item, NodeId sender, ErrorCode error) {
  const PartitionRegistration& partition = c.image().partitions[index(item.partition)];
  if (error == ErrorCode::ineligible_replica || error == ErrorCode::unknown_topic_or_partition) return;
  const bool by_partition_epoch = item.leader_epoch == partition.leader_epoch;
  c.context.tell(RequestFenced{sender, error, true, item.partition,
                               by_partition_epoch ? item.partition_epoch : item.leader_epoch,
                               by_partition_epoch ? partition.partition_epoch : partition.leader_epoch});
}

}  // namespace

void on_alter_partition(const ControllerContext& c, const ConnectionId& via, const AlterPartitionRequest& request) {
  const AlterPartitionResponse stale{ErrorCode::stale_broker_epoch, {}};
  if (sender_of(c, via, request.broker, request.broker_epoch, stale) == nullptr) return;
  Records records;
  AlterPartitionResponse response;
  for (const AlterPartitionItem& item : request.partitions) {
    const ErrorCode error = check(c, item, request.broker);
    if (error == ErrorCode::none) {
      response.partitions.push_back(change(c, item, request.broker, records));
      continue;
    }
    tell_refusal(c, item, request.broker, error);
    response.partitions.push_back({item.partition, error, kNoNode, kNoEpoch, 0, {}});
  }
  // They are built against the same state, hence filled in only when all of them are replayed.
  const std::optional<Offset> written = write(c, records);
  if (written) {
    for (AlterPartitionResult& result : response.partitions) {
      if (result.error == ErrorCode::none) fill_in(c.image(), result);
    }
  }
  answer(c, via, written, std::move(response));
}

}  // namespace model
