// What a broker does at the controller's word: LeaderAndIsr, UpdateMetadata, StopReplica
// (server/ReplicaManager.becomeLeaderOrFollower, maybeUpdateMetadataCache, stopReplicas), and how a replica changes
// its role (cluster/Partition.makeLeader, makeFollower).
#include <algorithm>

#include "model/broker/broker.h"
#include "model/rules.h"

namespace model {
namespace {

// The fences of a control request, in Kafka's order: an older incarnation of this broker, then an older
// controller.
ErrorCode check_control_request(const Context& context, Broker& broker, const ConnectionId& via,
                                BrokerEpoch broker_epoch, ControllerEpoch controller_epoch) {
  BrokerMemory& memory = broker.memory;
  if (context.rules.broker_epochs && !context.rules.accepts_broker_epoch(broker_epoch, memory.broker_epoch)) {
    context.tell(
        RequestFenced{via.client, ErrorCode::stale_broker_epoch, false, {}, broker_epoch, memory.broker_epoch});
    return ErrorCode::stale_broker_epoch;
  }
  if (!context.rules.accepts_controller_epoch(controller_epoch, memory.controller_epoch)) {
    context.tell(RequestFenced{
        via.client, ErrorCode::stale_controller_epoch, false, {}, controller_epoch, memory.controller_epoch});
    return ErrorCode::stale_controller_epoch;
  }
  memory.controller_epoch = controller_epoch;
  context.tell(ControlRequestApplied{via.client, controller_epoch, broker_epoch});
  return ErrorCode::none;
}

// The log is opened when the first LeaderAndIsr names the partition; the high watermark comes back from
// its last checkpoint. A new log needs the topic's configuration: a read of ZooKeeper, after which the next
// ping is a third of a session away (LogManager.getOrCreateLog, ZkConfigRepository).
// In KRaft mode the image has the configuration, and there is nobody to ask.
void open_log(const Context& context, Broker& broker, PartitionId p) {
  Partition& partition = broker.partition(p);
  if (partition.hosted) return;
  partition.hosted = true;
  PartitionDisk& disk = broker.disk.partitions[index(p)];
  partition.high_watermark = std::min(disk.checkpoint, disk.log.end());
  if (disk.created) return;
  disk.created = true;
  if (broker.memory.kraft) return;
  const Path path = paths::topic_config(context.config.partitions[index(p)].topic);
  zk_request(context, broker, ZkOwner::nobody, 0, zk_single(zk_read(ZkOpType::get, path, false)));
}

void rebuild_remotes(Partition& partition, NodeId self) {
  SmallVec<Remote, 2> remotes;
  for (const NodeId replica : partition.replicas) {
    if (replica == self) continue;
    const Remote* known = find_remote(partition, replica);
    remotes.push_back(known != nullptr ? *known : Remote{});
    remotes.back().replica = replica;
  }
  partition.remotes = std::move(remotes);
}

// Replica.resetReplicaState: what a leader may still believe of the others in its new epoch.
void reset_remotes(const Context& context, Partition& partition, bool was_leader) {
  for (Remote& remote : partition.remotes) {
    const Instant if_in_isr = partition.isr.contains(remote.replica) ? context.clock.now() : kNever;
    if (!was_leader) remote.log_end = kUnknownOffset;
    remote.last_fetch_leader_end = was_leader ? partition.epoch_start : kUnknownOffset;
    remote.last_fetch = was_leader ? if_in_isr : kNever;
    remote.last_caught_up = if_in_isr;
    if (!was_leader) remote.broker_epoch = -1;
  }
}

// A LeaderAndIsr that is acted on always does; the metadata also tells of changes of the ISR within an epoch.
bool begins_epoch(const Broker& broker, const LeaderAndIsrPartition& item) {
  return !broker.memory.kraft || item.leader_epoch > broker.memory.partitions[index(item.partition)].leader_epoch;
}

void begin_leader_epoch(const Context& context, Broker& broker, const LeaderAndIsrPartition& item, bool was_leader) {
  const PartitionId p = item.partition;
  Partition& partition = broker.partition(p);
  partition.epoch_start = broker.log(p).end();
  if (context.rules.new_leader_notes_its_epoch) assign_epoch(broker.log(p), item.leader_epoch, partition.epoch_start);
  reset_remotes(context, partition, was_leader);
}

}  // namespace

void make_leader(const Context& context, Broker& broker, const LeaderAndIsrPartition& item) {
  const PartitionId p = item.partition;
  Partition& partition = broker.partition(p);
  if (context.rules.skips_older_partition_epoch && item.partition_epoch < partition.partition_epoch) return;
  stop_fetching(context, broker, p);
  open_log(context, broker, p);
  const bool was_leader = partition.role == Role::leader;
  const bool is_new_epoch = begins_epoch(broker, item);
  const LeaderEpoch previous = partition.leader_epoch;
  const bool forgets_change = partition.pending != PendingIsr::none;
  const bool learns_isr =
      !is_new_epoch && was_leader && (forgets_change || item.partition_epoch > partition.partition_epoch);
  partition.controller_epoch = item.controller_epoch;
  partition.replicas = item.replicas;
  partition.isr = item.isr;
  partition.pending = PendingIsr::none;  // an unconfirmed change is void: the controller knows better
  partition.proposed.clear();
  rebuild_remotes(partition, broker.id);
  if (is_new_epoch) begin_leader_epoch(context, broker, item, was_leader);
  partition.leader_epoch = item.leader_epoch;
  partition.partition_epoch = item.partition_epoch;
  partition.leader = broker.id;
  partition.role = Role::leader;
  if (is_new_epoch || !was_leader) {
    context.tell(BecameLeader{p, item.leader_epoch, previous, item.partition_epoch, partition.epoch_start,
                              partition.high_watermark, partition.isr});
  }
  if (learns_isr) context.tell(IsrCommitted{p, partition.isr, partition.partition_epoch});
  if (maybe_advance_high_watermark(context, broker, p)) {
    complete_parked_produces(context, broker, p);
    complete_parked_fetches(context, broker, p);
  }
}

void make_follower(const Context& context, Broker& broker, const LeaderAndIsrPartition& item, bool may_fetch) {
  const PartitionId p = item.partition;
  Partition& partition = broker.partition(p);
  open_log(context, broker, p);
  if (context.rules.skips_older_partition_epoch && item.partition_epoch < partition.partition_epoch) return;
  const bool is_new_epoch = begins_epoch(broker, item);
  const bool is_new_role = partition.role != Role::follower;
  if (is_new_epoch) stop_fetching(context, broker, p);
  const NodeId previous_leader = partition.leader;
  partition.leader = item.leader;
  partition.leader_epoch = item.leader_epoch;
  partition.partition_epoch = item.partition_epoch;
  partition.replicas = item.replicas;
  partition.isr.clear();
  partition.pending = PendingIsr::none;
  partition.proposed.clear();
  partition.remotes.clear();
  partition.role = Role::follower;
  if (!is_new_epoch && !is_new_role) return;  // its fetcher goes on (KAFKA-13161)
  context.tell(BecameFollower{p, item.leader, item.leader_epoch, item.partition_epoch, broker.log(p).end(),
                              partition.high_watermark});
  complete_parked_produces(context, broker, p);
  complete_parked_fetches(context, broker, p);
  const bool other_leader = previous_leader != kNoNode && previous_leader != item.leader;
  if (!may_fetch || !is_new_epoch || (other_leader && !context.rules.follower_fetches_from_new_leader)) return;
  start_fetching(context, broker, p, previous_leader);
}

// ReplicaManager.stopPartitions with delete: nothing of the replica stays, in memory or on disk.
void delete_replica(const Context& context, Broker& broker, PartitionId p) {
  Partition& partition = broker.partition(p);
  PartitionDisk& disk = broker.disk.partitions[index(p)];
  if (partition.hosted || disk.created) context.tell(ReplicaDeleted{p, partition.leader_epoch, disk.log.end()});
  partition = {};
  disk = {};
  complete_parked_produces(context, broker, p);
  complete_parked_fetches(context, broker, p);
}

void start_checkpoints(const Context& context, Broker& broker) {
  if (broker.memory.checkpointing) return;
  broker.memory.checkpointing = true;
  checkpoint_high_watermarks(context, broker);
  context.arm({TimerKind::checkpoint_high_watermarks},
              context.config.broker(broker.id).replica_high_watermark_checkpoint_interval);
}

namespace {

// Without the leader among the live brokers nobody could be fetched from: role and epoch stay, and an
// old leader goes on believing. This is also what a LeaderAndIsr without a leader comes to.
void follow_live_leader(const Context& context, Broker& broker, const LeaderAndIsrPartition& item) {
  if (broker.memory.cached_live.contains(item.leader)) return make_follower(context, broker, item, true);
  open_log(context, broker, item.partition);
  if (item.leader != kNoNode) context.tell(LeaderUnavailable{item.partition, item.leader, item.leader_epoch});
}

bool is_newer(const Context& context, Broker& broker, const ConnectionId& via, const LeaderAndIsrPartition& item) {
  const Partition& partition = broker.partition(item.partition);
  if (context.rules.is_new_leader_epoch(item.leader_epoch, partition.leader_epoch))
    return item.replicas.contains(broker.id);
  if (item.leader_epoch < partition.leader_epoch) {
    context.tell(RequestFenced{via.client, ErrorCode::stale_controller_epoch, true, item.partition, item.leader_epoch,
                               partition.leader_epoch});
  }
  return false;
}

}  // namespace

bool on_leader_and_isr(const Context& context, Broker& broker, const ConnectionId& via,
                       const LeaderAndIsrRequest& request) {
  for (const LeaderAndIsrPartition& item : request.partitions) {
    if (broker.partition(item.partition).frozen) return false;
  }
  const ErrorCode error = check_control_request(context, broker, via, request.broker_epoch, request.controller_epoch);
  if (error == ErrorCode::none) {
    SmallVec<const LeaderAndIsrPartition*, 2> to_follow;
    for (const LeaderAndIsrPartition& item : request.partitions) {
      if (!is_newer(context, broker, via, item)) continue;
      if (item.leader == broker.id) {
        make_leader(context, broker, item);
      } else {
        to_follow.push_back(&item);
      }
    }
    for (const LeaderAndIsrPartition* item : to_follow) follow_live_leader(context, broker, *item);
    start_checkpoints(context, broker);
    drop_idle_fetchers(context, broker);
    fetchers_go_on(context, broker);
  }
  answer(context, broker, via, ControlResponse{error});
  return true;
}

void on_update_metadata(const Context& context, Broker& broker, const ConnectionId& via,
                        const UpdateMetadataRequest& request) {
  const ErrorCode error = check_control_request(context, broker, via, request.broker_epoch, request.controller_epoch);
  if (error == ErrorCode::none) {
    BrokerMemory& memory = broker.memory;
    memory.cached_controller = request.controller;
    memory.cached_live = request.live_brokers;
    for (const UpdateMetadataPartition& item : request.partitions) {
      memory.cached[index(item.partition)] = {true, item.leader, item.leader_epoch};
    }
  }
  answer(context, broker, via, ControlResponse{error});
}

bool on_stop_replica(const Context& context, Broker& broker, const ConnectionId& via,
                     const StopReplicaRequest& request) {
  for (const StopReplicaPartition& item : request.partitions) {
    if (item.delete_partition && broker.partition(item.partition).frozen) return false;
  }
  const ErrorCode error = check_control_request(context, broker, via, request.broker_epoch, request.controller_epoch);
  if (error == ErrorCode::none) {
    for (const StopReplicaPartition& item : request.partitions) {
      Partition& partition = broker.partition(item.partition);
      if (item.leader_epoch >= 0 && item.leader_epoch < partition.leader_epoch) {
        context.tell(RequestFenced{via.client, ErrorCode::fenced_leader_epoch, true, item.partition, item.leader_epoch,
                                   partition.leader_epoch});
        continue;
      }
      // Unless all of it is deleted only the fetcher goes: role, epoch and log stay, and a leader goes on acting as
      // one.
      stop_fetching(context, broker, item.partition);
      if (item.delete_partition) delete_replica(context, broker, item.partition);
    }
    drop_idle_fetchers(context, broker);
  }
  answer(context, broker, via, ControlResponse{error});
  return true;
}

void checkpoint_high_watermarks(const Context& context, Broker& broker) {
  for (std::size_t p = 0; p < context.config.partitions.size(); ++p) {
    if (broker.memory.partitions[p].hosted)
      broker.disk.partitions[p].checkpoint = broker.memory.partitions[p].high_watermark;
  }
}

}  // namespace model
