// Answering fetches: what a follower may read, what a leader learns from it, and the purgatory of
// fetches that wait for data (server/ReplicaManager.fetchMessages, DelayedFetch, Partition.fetchRecords).
#include <algorithm>

#include "model/broker/broker.h"
#include "model/rules.h"

namespace model {
namespace {

struct Read {
  FetchResponse response;
  std::int64_t bytes = 0;
  bool at_once = false;  // an error or a divergence: do not wait for data
};

// Whole batches from `from` on, below `bound`; the first one is cut to begin there.
std::int64_t read_records(const Log& log, Offset from, Offset bound, std::int64_t records_max,
                          SmallVec<Batch, 1>& records) {
  std::int64_t count = 0;
  for (std::size_t i = first_batch_at(log, from); i < log.batches.size(); ++i) {
    Batch batch = log.batches[i];
    if (batch.end() > bound) break;
    if (batch.base_offset < from) {
      const std::int32_t skip = static_cast<std::int32_t>(from - batch.base_offset);
      batch.base_offset = from;
      batch.count -= skip;
      batch.first_value += skip;
      if (batch.first_sequence >= 0) batch.first_sequence += skip;
    }
    if (count > 0 && count + batch.count > records_max) break;
    count += batch.count;
    records.push_back(batch);
  }
  return count;
}

using EpochCheck = ErrorCode (*)(LeaderEpoch requested, LeaderEpoch local);

// `replica` kNoNode: a consumer, `asker`, who may read from a follower as well.
ErrorCode check_fetch(const Context& context, Broker& broker, NodeId replica, NodeId asker, const FetchPartition& asked,
                      EpochCheck check_epoch) {
  const Partition& partition = broker.partition(asked.partition);
  if (!broker.memory.cached[index(asked.partition)].known) return ErrorCode::unknown_topic_or_partition;
  if (!partition.hosted || partition.role == Role::none) return ErrorCode::not_leader_or_follower;
  // The epoch is looked at before the role: a requester from another time must learn that first.
  const ErrorCode fenced = check_epoch(asked.current_leader_epoch, partition.leader_epoch);
  if (fenced != ErrorCode::none) {
    context.tell(
        RequestFenced{asker, fenced, true, asked.partition, asked.current_leader_epoch, partition.leader_epoch});
    return fenced;
  }
  if (replica == kNoNode) {
    const bool serves = partition.role == Role::leader || context.rules.consumers_read_from_followers;
    return serves ? ErrorCode::none : ErrorCode::not_leader_or_follower;
  }
  if (partition.role != Role::leader) return ErrorCode::not_leader_or_follower;
  if (!partition.replicas.contains(replica)) {
    return asked.current_leader_epoch != kNoEpoch ? ErrorCode::unknown_leader_epoch : ErrorCode::not_leader_or_follower;
  }
  return ErrorCode::none;
}

void read_partition(const Context& context, Broker& broker, const FetchRequest& request, const FetchPartition& asked,
                    Read& read) {
  const bool is_consumer = request.replica == kNoNode;
  FetchData& data = read.response.partitions.emplace_back();
  data.partition = asked.partition;
  data.error = check_fetch(context, broker, request.replica, is_consumer ? request.client : request.replica, asked,
                           context.rules.check_fetch_epoch);
  if (data.error != ErrorCode::none) {
    read.at_once = true;
    return;
  }
  const Partition& partition = broker.partition(asked.partition);
  const Log& log = broker.log(asked.partition);
  data.high_watermark = partition.high_watermark;
  data.log_start = log.start;
  if (asked.last_fetched_epoch != kNoEpoch) {
    const EpochEnd end = end_of_epoch(log, asked.last_fetched_epoch);
    if (end.epoch == kNoEpoch || asked.fetch_offset < log.start) {
      data.error = ErrorCode::offset_out_of_range;
      read.at_once = true;
      return;
    }
    if (end.epoch < asked.last_fetched_epoch || end.end < asked.fetch_offset) {
      data.diverging = end;
      read.at_once = true;
      return;
    }
  }
  if (asked.fetch_offset < log.start || asked.fetch_offset > log.end()) {
    data.error = ErrorCode::offset_out_of_range;
    read.at_once = true;
    return;
  }
  if (is_consumer) data.preferred_read_replica = preferred_read_replica(context, broker, request, asked);
  if (data.preferred_read_replica != kNoNode) {
    read.at_once = true;
    return;
  }
  const std::int64_t record_bytes = context.config.record_bytes;
  const std::int64_t bytes_max = request.partition_max_bytes > 0
                                     ? request.partition_max_bytes
                                     : context.config.broker(broker.id).replica_fetch_max_bytes;
  const Offset bound = is_consumer ? context.rules.consumer_bound(partition, log) : log.end();
  read.bytes += record_bytes * read_records(log, asked.fetch_offset, bound, bytes_max / record_bytes, data.records);
}

Read read_all(const Context& context, Broker& broker, const FetchRequest& request) {
  Read read;
  for (const FetchPartition& asked : request.partitions) read_partition(context, broker, request, asked, read);
  return read;
}

// Replica.updateFetchStateOrThrow. Caught up: it asks for our end; or for what was our end when it asked
// before, then as of that earlier fetch.
void note_fetch(const Context& context, Remote& remote, Offset fetch_offset, Offset leader_end) {
  const Clock& clock = context.clock;
  if (fetch_offset >= leader_end) {
    remote.last_caught_up = clock.later_of(remote.last_caught_up, clock.now());
  } else if (fetch_offset >= remote.last_fetch_leader_end) {
    remote.last_caught_up = clock.later_of(remote.last_caught_up, remote.last_fetch);
  }
  remote.log_end = fetch_offset;
  remote.last_fetch_leader_end = std::max(leader_end, remote.last_fetch_leader_end);
  remote.last_fetch = clock.now();
}

// What the leader learns from a fetch: once, when it arrives, after the data was read. A follower in another
// leader epoch may yet cut off what it has; that it is heard at all is a rule's doing (KIP-320).
void learn_from_fetch(const Context& context, Broker& broker, const FetchRequest& request,
                      const FetchPartition& asked) {
  const PartitionId p = asked.partition;
  Partition& partition = broker.partition(p);
  Remote* remote = find_remote(partition, request.replica);
  if (remote == nullptr) return;
  const bool same_epoch =
      asked.current_leader_epoch == kNoEpoch || asked.current_leader_epoch == partition.leader_epoch;
  const Remote before = *remote;
  note_fetch(context, *remote, asked.fetch_offset, broker.log(p).end());
  remote->broker_epoch = request.replica_epoch;
  if (same_epoch || context.rules.other_epochs_join_isr) maybe_expand_isr(context, broker, p, request.replica);
  if (!same_epoch && !context.rules.other_epochs_move_high_watermark) *remote = before;
  if (before.log_end == remote->log_end) return;
  if (!maybe_advance_high_watermark(context, broker, p)) return;
  complete_parked_produces(context, broker, p);
  complete_parked_fetches(context, broker, p);
}

// Sent by an incarnation of the follower that has been followed by another: what it held then may be gone (KIP-903,
// Replica.updateFetchStateOrThrow).
bool is_from_older_incarnation(const Broker& broker, const FetchRequest& request) {
  return broker.memory.kraft && request.replica_epoch != -1 &&
         request.replica_epoch < published_broker_epoch(broker, request.replica);
}

void refuse_older_incarnation(const Context& context, const Broker& broker, const FetchRequest& request, Read& read,
                              FetchData& data) {
  const PartitionId p = data.partition;
  data = {};
  data.partition = p;
  data.error = ErrorCode::not_leader_or_follower;
  read.at_once = true;
  context.tell(RequestFenced{request.replica, data.error, true, p, request.replica_epoch,
                             published_broker_epoch(broker, request.replica)});
}

bool is_enough(const Read& read, const FetchRequest& request) {
  return read.at_once || read.bytes >= request.min_bytes;
}

}  // namespace

bool serve_fetch(const Context& context, Broker& broker, const ConnectionId& via, const FetchRequest& request) {
  for (const FetchPartition& asked : request.partitions) {
    if (broker.partition(asked.partition).frozen) return false;
  }
  Read read = read_all(context, broker, request);
  for (std::size_t i = 0; i < request.partitions.size(); ++i) {
    FetchData& data = read.response.partitions[i];
    if (data.error != ErrorCode::none || data.diverging.epoch != kNoEpoch || request.replica == kNoNode) continue;
    if (is_from_older_incarnation(broker, request)) {
      refuse_older_incarnation(context, broker, request, read, data);
    } else {
      learn_from_fetch(context, broker, request, request.partitions[i]);
    }
  }
  if (is_enough(read, request) || request.partitions.empty() || request.max_wait.us <= 0) {
    answer(context, broker, via, std::move(read.response));
  } else {
    park(broker, via, ParkedFetch{request}, TimerKind::fetch_wait, request.max_wait, context);
  }
  return true;
}

void complete_parked_fetches(const Context& context, Broker& broker, PartitionId p) {
  for (std::size_t i = 0; i < broker.memory.served.size(); ++i) {
    Served& served = broker.memory.served[i];
    const ParkedFetch* parked = std::get_if<ParkedFetch>(&served.parked);
    if (parked == nullptr) continue;
    const bool concerned = std::any_of(parked->request.partitions.begin(), parked->request.partitions.end(),
                                       [&](const FetchPartition& asked) { return asked.partition == p; });
    if (!concerned) continue;
    Read read = read_all(context, broker, parked->request);
    if (is_enough(read, parked->request)) answer(context, broker, served.via, std::move(read.response));
  }
}

void on_fetch_wait_over(const Context& context, Broker& broker, std::uint16_t slot) {
  if (slot >= broker.memory.served.size()) return;
  Served& served = broker.memory.served[slot];
  const ParkedFetch* parked = std::get_if<ParkedFetch>(&served.parked);
  if (parked == nullptr) return;
  Read read = read_all(context, broker, parked->request);
  answer(context, broker, served.via, std::move(read.response));
}

namespace {

// Only a leader answers, whoever asks.
ErrorCode check_leader(const Context& context, Broker& broker, const ConnectionId& via, const FetchPartition& asked,
                       EpochCheck check_epoch) {
  const bool is_consumer = context.config.is_consumer(via.client);
  const ErrorCode error =
      check_fetch(context, broker, is_consumer ? kNoNode : via.client, via.client, asked, check_epoch);
  const bool leads = broker.partition(asked.partition).role == Role::leader;
  return error == ErrorCode::none && !leads ? ErrorCode::not_leader_or_follower : error;
}

// A consumer's latest offset is the end of what is committed.
void tell_consumer(const Context& context, Broker& broker, NodeId consumer, bool is_latest, const Log& log,
                   ListOffsetsResponse& response) {
  const Partition& partition = broker.partition(response.partition);
  if (is_latest) response.error = context.rules.check_latest_offset(partition);
  response.log_end = context.rules.consumer_bound(partition, log);
  response.start_epoch = log.epochs.empty() ? kNoEpoch : log.epochs.front().epoch;
  response.end_epoch = partition.leader_epoch;
  if (is_latest && response.error == ErrorCode::none) {
    context.tell(LatestOffsetAnswered{response.partition, consumer, response.log_end});
  }
}

}  // namespace

void serve_epochs(const Context& context, Broker& broker, const ConnectionId& via,
                  const OffsetsForLeaderEpochRequest& request) {
  OffsetsForLeaderEpochResponse response;
  for (const EpochQuery& query : request.partitions) {
    EpochAnswer& entry = response.partitions.emplace_back();
    entry.partition = query.partition;
    entry.asked_in = query.current_leader_epoch;
    entry.error = check_leader(context, broker, via, {query.partition, query.current_leader_epoch, kNoEpoch, 0},
                               context.rules.check_truncation_epoch);
    if (entry.error == ErrorCode::none)
      entry.end = context.rules.answer_epoch_end(broker.log(query.partition), query.epoch);
  }
  answer(context, broker, via, std::move(response));
}

void serve_list_offsets(const Context& context, Broker& broker, const ConnectionId& via,
                        const ListOffsetsRequest& request) {
  ListOffsetsResponse response;
  response.partition = request.partition;
  response.error = check_leader(context, broker, via, {request.partition, request.current_leader_epoch, kNoEpoch, 0},
                                context.rules.check_fetch_epoch);
  if (response.error == ErrorCode::none) {
    const Log& log = broker.log(request.partition);
    response.log_start = log.start;
    response.log_end = log.end();
    if (context.config.is_consumer(via.client))
      tell_consumer(context, broker, via.client, !request.earliest, log, response);
  }
  answer(context, broker, via, std::move(response));
}

void serve_metadata(const Context& context, Broker& broker, const ConnectionId& via, const MetadataRequest& request) {
  const BrokerMemory& memory = broker.memory;
  MetadataResponse response;
  response.brokers = memory.cached_live;
  const TopicConfig& topic = context.config.topics[index(request.topic)];
  for (std::size_t number = 0; number < topic.assignment.size(); ++number) {
    const PartitionId p = context.config.partition_of(request.topic, static_cast<std::int32_t>(number));
    const CachedLeader& cached = memory.cached[index(p)];
    if (!cached.known) {
      response.error = ErrorCode::unknown_topic_or_partition;
      response.partitions.push_back({p, response.error, kNoNode, kNoEpoch});
    } else if (!memory.cached_live.contains(cached.leader)) {
      response.partitions.push_back({p, ErrorCode::leader_not_available, kNoNode, cached.leader_epoch});
    } else {
      response.partitions.push_back({p, ErrorCode::none, cached.leader, cached.leader_epoch});
    }
  }
  answer(context, broker, via, std::move(response));
}

}  // namespace model
