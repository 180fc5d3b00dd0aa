// What a client learns of the cluster: who lives, who leads which partition, and when to ask again (clients Metadata,
// NetworkClient.DefaultMetadataUpdater). Producers and consumers share it. A `Client` has context, config and memory of
// either.
#pragma once

#include <cstddef>

#include "model/client/link.h"
#include "model/message.h"
#include "model/step.h"

namespace model {

inline constexpr TimerKey kMetadataRetry{TimerKind::metadata_refresh, 0};
inline constexpr TimerKey kMetadataAge{TimerKind::metadata_refresh, 1};

// The next request for metadata waits.
template <typename Client>
void arm_metadata_backoff(Client& client) {
  client.memory.metadata_backing_off = true;
  const Backoff wait = backoff(client.config.retry_backoff, client.config.retry_backoff_max, 0);
  client.context.arm(kMetadataRetry, wait.shortest, wait.longest);
}

// Metadata.updateLatestMetadata: an entry counts only if its leader epoch is not older than the one seen.
// `on_new_leader(partition)`: it has one, in a later epoch.
template <typename Client, typename OnNewLeader>
void take_partition(Client& client, const MetadataPartition& entry, OnNewLeader& on_new_leader) {
  const ClusterConfig& config = client.context.config;
  if (index(entry.partition) >= config.partitions.size()) return;
  const PartitionConfig& about = config.partitions[index(entry.partition)];
  if (about.topic != client.config.topic) return;
  const bool usable = entry.error == ErrorCode::none && entry.leader != kNoNode && config.is_broker(entry.leader);
  if (!usable) client.memory.metadata_needed = true;
  auto& partition = client.memory.partitions[static_cast<std::size_t>(about.number)];
  if (entry.leader_epoch < partition.leader_epoch) return;
  const bool is_new_leader = usable && entry.leader_epoch > partition.leader_epoch;
  partition.leader_epoch = entry.leader_epoch;
  partition.leader = usable ? entry.leader : kNoNode;
  if (is_new_leader) on_new_leader(entry.partition);
}

// `on_first`: from now on it knows which partitions there are.
template <typename Client, typename OnFirst, typename OnNewLeader>
void take_metadata(Client& client, const MetadataResponse& answer, OnFirst on_first, OnNewLeader on_new_leader) {
  auto& memory = client.memory;
  arm_metadata_backoff(client);
  client.context.arm(kMetadataAge, client.config.metadata_max_age);
  if (answer.brokers.empty()) return;  // a broker that knows nothing yet: NetworkClient ignores it
  memory.metadata_needed = answer.error != ErrorCode::none || answer.partitions.empty();
  memory.brokers = answer.brokers;
  if (memory.metadata_needed) return;
  if (memory.partitions.empty()) {
    const auto& assignment = client.context.config.topics[index(client.config.topic)].assignment;
    while (memory.partitions.size() < assignment.size()) memory.partitions.emplace_back();
    on_first();
  }
  for (const MetadataPartition& entry : answer.partitions) take_partition(client, entry, on_new_leader);
}

}  // namespace model
