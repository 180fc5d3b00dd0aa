// Which replica a consumer is to read from (KIP-392: ReplicaManager.findPreferredReadReplica,
// RackAwareReplicaSelector).
#include "model/broker/broker.h"
#include "model/rules.h"

namespace model {
namespace {

// By what the leader knows: the log end of its last fetch, and whether it has one.
bool is_candidate(const Context& context, Broker& broker, const Partition& partition, const Remote& remote,
                  Offset wanted) {
  if (!broker.memory.cached_live.contains(remote.replica)) return false;
  if (context.rules.preferred_replica_is_in_isr && !partition.isr.contains(remote.replica)) return false;
  return remote.log_end >= wanted && wanted >= 0;
}

// ReplicaView.comparator: the longer log, then who caught up last, then the higher broker id.
bool is_better(const Context& context, const Remote& a, const Remote& b) {
  if (a.log_end != b.log_end) return a.log_end > b.log_end;
  if (context.clock.is_older(b.last_caught_up, a.last_caught_up)) return true;
  if (context.clock.is_older(a.last_caught_up, b.last_caught_up)) return false;
  return number(a.replica) > number(b.replica);
}

}  // namespace

NodeId preferred_read_replica(const Context& context, Broker& broker, const FetchRequest& request,
                              const FetchPartition& asked) {
  const ClusterConfig& config = context.config;
  const bool by_rack = config.broker(broker.id).replica_selector_class == ReplicaSelector::rack_aware;
  if (!by_rack || !context.rules.consumers_read_from_followers || request.rack == kNoRack) return kNoNode;
  const Partition& partition = broker.partition(asked.partition);
  if (partition.role != Role::leader || config.rack_of(broker.id) == request.rack) return kNoNode;
  const Remote* best = nullptr;
  for (const Remote& remote : partition.remotes) {
    if (config.rack_of(remote.replica) != request.rack) continue;
    if (!is_candidate(context, broker, partition, remote, asked.fetch_offset)) continue;
    if (best == nullptr || is_better(context, remote, *best)) best = &remote;
  }
  return best == nullptr ? kNoNode : best->replica;
}

}  // namespace model
