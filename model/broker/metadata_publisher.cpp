// The metadata log as a broker reads it and acts on it: what was committed is replayed into an image
// (image/loader/MetadataLoader), and once the broker has caught up, what an image changed is applied to its replicas
// (server/metadata/BrokerMetadataPublisher, ReplicaManager.applyDelta). Everything that was read together is applied
// at once.
#include <algorithm>
#include <vector>

#include "model/broker/broker.h"
#include "model/rules.h"

namespace model {
namespace {

// What the data plane goes by until it is told what has changed.
struct Before {
  bool published = false;
  std::vector<PartitionEpoch> partition_epochs;  // by PartitionId; -1: none
  std::vector<TopicRegistration> topics;         // by TopicId
};

Before remember(const KraftMemory& kraft) {
  Before before{kraft.published, {}, kraft.image.topics};
  for (const PartitionRegistration& partition : kraft.image.partitions) {
    before.partition_epochs.push_back(kraft.published ? partition.partition_epoch : -1);
  }
  return before;
}

// --- the loader ----------------------------------------------------------------------------------

// False: a record contradicts the state, which no broker survives.
bool replay_batch(const Context& context, KraftMemory& kraft, const MetadataBatch& batch) {
  for (const MetadataRecord& record : batch.records) {
    if (replay(kraft.image, record, kraft.image.offset)) continue;
    context.tell(QuorumFailed{QuorumFault::record_contradicts_state, batch.epoch});
    context.out.exits = true;
    return false;
  }
  kraft.listener.next_offset = batch.end();
  kraft.listener.epoch = batch.epoch;
  return true;
}

bool reads_on(const Context& context, const KraftMemory& kraft, LeaderEpoch epoch) {
  return context.rules.kraft.loader_survives_leader_change || kraft.listener.epoch == -1 ||
         kraft.listener.epoch == epoch;
}

// Everything that is committed by now. False: the process ends.
bool read_committed(const Context& context, Broker& broker) {
  KraftMemory& kraft = *broker.memory.kraft;
  const Raft raft = raft_of(broker);
  if (const Snapshot* snapshot = snapshot_to_load(raft, kraft.listener)) {
    if (!reads_on(context, kraft, snapshot->id.epoch)) return true;
    kraft.image = snapshot->image;
    kraft.listener.next_offset = snapshot->id.offset;
    kraft.listener.epoch = snapshot->id.epoch;
  }
  for (const MetadataBatch* batch = next_committed(raft, kraft.listener); batch != nullptr;
       batch = next_committed(raft, kraft.listener)) {
    if (!reads_on(context, kraft, batch->epoch)) return true;
    if (!replay_batch(context, kraft, *batch)) return false;
  }
  return true;
}

bool has_something_to_read(Broker& broker) {
  const Raft raft = raft_of(broker);
  const RaftListener& listener = broker.memory.kraft->listener;
  return snapshot_to_load(raft, listener) != nullptr || next_committed(raft, listener) != nullptr;
}

// MetadataLoader.stillNeedToCatchUp: at the high watermark, and more than an empty log was seen.
void note_catching_up(const Context& context, KraftMemory& kraft) {
  if (kraft.caught_up || kraft.image.data_records == 0) return;
  const Offset high_watermark = kraft.raft.high_watermark;
  const bool is_there = high_watermark != kUnknownOffset && kraft.image.offset >= high_watermark;
  kraft.caught_up = is_there || !context.rules.kraft.publishes_after_catch_up;
}

// The publishers are installed when the controller has found this broker to have caught up and the machinery of
// replicas runs, whose first ISR check comes with it.
bool may_publish(const Context& context, const Broker& broker) {
  const KraftMemory& kraft = *broker.memory.kraft;
  if (!kraft.caught_up || kraft.published) return kraft.published;
  if (!context.rules.kraft.publishes_after_catch_up) return true;
  const bool is_starting =
      kraft.lifecycle.state == BrokerState::not_running || kraft.lifecycle.state == BrokerState::starting;
  return !is_starting && broker.memory.isr_check_started;
}

// --- the publisher -------------------------------------------------------------------------------

// First, so that whoever is asked about a replica knows at least as much as the replica does.
void set_cache(Broker& broker) {
  BrokerMemory& memory = broker.memory;
  const MetadataImage& image = memory.kraft->image;
  memory.cached_controller = known_controller(broker);
  memory.cached_live = active_brokers(image);
  for (std::size_t p = 0; p < image.partitions.size(); ++p) {
    const PartitionRegistration& partition = image.partitions[p];
    memory.cached[p] = {partition.exists, partition.leader, partition.leader_epoch};
  }
}

LeaderAndIsrPartition item_of(PartitionId p, const PartitionRegistration& partition) {
  LeaderAndIsrPartition item;
  item.partition = p;
  item.leader = partition.leader;
  item.leader_epoch = partition.leader_epoch;
  item.partition_epoch = partition.partition_epoch;
  item.isr = partition.isr;
  item.replicas = partition.assignment.replicas;
  return item;
}

void follow(const Context& context, Broker& broker, PartitionId p, const PartitionRegistration& partition) {
  // A broker that is going catches up with nobody any more: it would only join the ISR again.
  const bool stays_away =
      is_in_controlled_shutdown(broker) && (partition.leader == kNoNode || !partition.isr.contains(broker.id));
  // A leader that is not registered has no address, and nobody looks again in this epoch (KAFKA-19331).
  const bool is_known = find_broker(broker.memory.kraft->image, partition.leader) != nullptr;
  make_follower(context, broker, item_of(p, partition), is_known && !stays_away);
  if (stays_away) stop_fetching(context, broker, p);
}

// Also of a replica that a former process had and that is not this broker's any more (LogManager.isStrayKraftReplica).
void delete_if_stray(const Context& context, Broker& broker, PartitionId p, const PartitionRegistration& partition) {
  if (partition.exists && partition.assignment.replicas.contains(broker.id)) return;
  if (!broker.partition(p).hosted && !broker.disk.partitions[index(p)].created) return;
  stop_fetching(context, broker, p);
  delete_replica(context, broker, p);
}

void apply_partitions(const Context& context, Broker& broker, const Before& before) {
  const MetadataImage& image = broker.memory.kraft->image;
  SmallVec<PartitionId, 4> to_follow;
  SmallVec<PartitionId, 4> to_lead;
  for (std::size_t i = 0; i < image.partitions.size(); ++i) {
    const PartitionId p{static_cast<std::uint16_t>(i)};
    const PartitionRegistration& partition = image.partitions[i];
    if (before.published && partition.partition_epoch == before.partition_epochs[i]) continue;
    if (!partition.exists || !partition.assignment.replicas.contains(broker.id)) {
      delete_if_stray(context, broker, p, partition);
    } else {
      (partition.leader == broker.id ? to_lead : to_follow).push_back(p);
    }
  }
  for (const PartitionId p : to_lead) make_leader(context, broker, item_of(p, image.partitions[index(p)]));
  for (const PartitionId p : to_follow) follow(context, broker, p, image.partitions[index(p)]);
  drop_idle_fetchers(context, broker);
  fetchers_go_on(context, broker);
}

void tell_changed_configs(const Context& context, const Broker& broker, const Before& before) {
  const MetadataImage& image = broker.memory.kraft->image;
  for (std::size_t i = 0; i < image.topics.size(); ++i) {
    const TopicSettings& settings = image.topics[i].settings;
    if (settings == before.topics[i].settings) continue;
    context.tell(TopicConfigApplied{TopicId(static_cast<std::uint16_t>(i)), settings.min_insync_replicas,
                                    settings.unclean_leader_election_enable});
  }
}

void publish(const Context& context, Broker& broker, const Before& before) {
  KraftMemory& kraft = *broker.memory.kraft;
  kraft.published = true;
  set_cache(broker);
  apply_partitions(context, broker, before);
  if (before.published) return tell_changed_configs(context, broker, before);
  // Its logs are open: that the process before ended cleanly is no longer true of them.
  broker.disk.clean_shutdown_epoch = -1;
  start_checkpoints(context, broker);
  context.arm({TimerKind::begin_serving}, context.config.startup.serve_min, context.config.startup.serve_max);
}

}  // namespace

void load_metadata(const Context& context, Broker& broker) {
  if (broker.memory.shutdown.stage == ShutdownProgress::Stage::closing) return;
  KraftMemory& kraft = *broker.memory.kraft;
  const bool has_more = has_something_to_read(broker);
  if (!has_more && kraft.published) return;
  const Before before = remember(kraft);
  if (has_more && !read_committed(context, broker)) return;
  if (has_more) make_snapshot_if_due(context, raft_of(broker), kraft.image);
  note_catching_up(context, kraft);
  if (may_publish(context, broker)) publish(context, broker, before);
}

BrokerEpoch published_broker_epoch(const Broker& broker, NodeId replica) {
  const MetadataImage& image = broker.memory.kraft->image;
  const BrokerRegistration* registration = find_broker(image, replica);
  return registration != nullptr && is_active(image, replica) ? registration->broker_epoch : -1;
}

}  // namespace model
