// Replica fetchers: one per leader and fetcher id, one request at a time, the next one as soon as an
// answer is processed (server/AbstractFetcherThread, ReplicaFetcherThread, AbstractFetcherManager).
#include <algorithm>

#include "model/broker/broker.h"
#include "model/rules.h"

namespace model {
namespace {

std::uint8_t fetcher_id(const Context& context, const Broker& broker, PartitionId p) {
  const PartitionConfig& config = context.config.partitions[index(p)];
  const int fetchers = context.config.broker(broker.id).num_replica_fetchers;
  return static_cast<std::uint8_t>((31 * static_cast<int>(index(config.topic)) + config.number) % fetchers);
}

bool is_fetched_by(const Context& context, const Broker& broker, const Fetcher& fetcher, PartitionId p) {
  const Partition& partition = broker.memory.partitions[index(p)];
  return partition.role == Role::follower && partition.leader == fetcher.leader &&
         (partition.fetch_state == FetchState::fetching || partition.fetch_state == FetchState::truncating) &&
         fetcher_id(context, broker, p) == fetcher.id;
}

std::uint16_t slot_of(const Broker& broker, const Fetcher& fetcher) {
  return static_cast<std::uint16_t>(&fetcher - broker.memory.fetchers.begin());
}

ConnectionId channel_id(const Broker& broker, const Fetcher& fetcher) {
  return {broker.id, fetcher.leader, ChannelKind::fetch, fetcher.id, fetcher.connection};
}

Fetcher* find_fetcher(Broker& broker, const ConnectionId& via) {
  for (Fetcher& fetcher : broker.memory.fetchers) {
    if (fetcher.leader == via.server && fetcher.id == via.index && fetcher.connection == via.number) return &fetcher;
  }
  return nullptr;
}

void delay(const Context& context, Broker& broker, PartitionId p) {
  broker.partition(p).delayed = true;
  context.arm({TimerKind::fetch_backoff, static_cast<std::uint16_t>(index(p))},
              context.config.broker(broker.id).replica_fetch_backoff);
}

template <typename Visit>
void for_each_partition(const Context& context, Broker& broker, const Fetcher& fetcher, Visit&& visit) {
  for (std::size_t i = 0; i < broker.memory.partitions.size(); ++i) {
    const PartitionId p{static_cast<std::uint16_t>(i)};
    if (is_fetched_by(context, broker, fetcher, p)) visit(p, broker.memory.partitions[i]);
  }
}

void open_connection(const Context& context, Broker& broker, Fetcher& fetcher) {
  const ConnectionId id = connection_to(broker, fetcher.leader, ChannelKind::fetch, fetcher.id);
  fetcher.connection = id.number;
  fetcher.state = Fetcher::State::connecting;
  context.out.connects.push_back(id);
  const Duration limit = context.config.broker(broker.id).socket_connection_setup_timeout;
  context.arm({TimerKind::fetcher_timeout, slot_of(broker, fetcher)}, limit * 8 / 10, limit * 12 / 10);
}

template <typename Request>
void ask(const Context& context, Broker& broker, Fetcher& fetcher, Fetcher::Asked asked, Request request) {
  fetcher.asked = asked;
  context.send(channel_id(broker, fetcher), std::move(request));
  context.arm({TimerKind::fetcher_timeout, slot_of(broker, fetcher)}, context.config.broker(broker.id).request_timeout);
}

// Partitions in Truncating: those whose log knows no epoch fall back on the high watermark, the others
// ask the leader.
bool ask_epochs(const Context& context, Broker& broker, Fetcher& fetcher) {
  OffsetsForLeaderEpochRequest request{broker.id, {}};
  fetcher.request.clear();
  for_each_partition(context, broker, fetcher, [&](PartitionId p, Partition& partition) {
    if (partition.fetch_state != FetchState::truncating || partition.delayed) return;
    const LeaderEpoch latest = broker.log(p).latest_epoch();
    if (latest == kNoEpoch) {
      truncate_replica(context, broker, p, partition.high_watermark);
      partition.fetch_offset = broker.log(p).end();
      partition.fetch_state = FetchState::fetching;
      return;
    }
    const LeaderEpoch current = context.rules.fetch_names_leader_epoch ? partition.leader_epoch : kNoEpoch;
    request.partitions.push_back({p, current, latest});
    fetcher.request.push_back({p, partition.leader_epoch, latest, partition.fetch_offset});
  });
  if (request.partitions.empty()) return false;
  ask(context, broker, fetcher, Fetcher::Asked::epochs, std::move(request));
  return true;
}

bool ask_offsets(const Context& context, Broker& broker, Fetcher& fetcher) {
  bool asked = false;
  for_each_partition(context, broker, fetcher, [&](PartitionId p, Partition& partition) {
    if (asked || !partition.out_of_range || partition.delayed) return;
    asked = true;
    fetcher.request.clear();
    fetcher.request.push_back({p, partition.leader_epoch, kNoEpoch, partition.fetch_offset});
    const LeaderEpoch current = context.rules.fetch_names_leader_epoch ? partition.leader_epoch : kNoEpoch;
    ask(context, broker, fetcher, Fetcher::Asked::offsets, ListOffsetsRequest{p, current});
  });
  return asked;
}

void ask_records(const Context& context, Broker& broker, Fetcher& fetcher) {
  const BrokerSettings& settings = context.config.broker(broker.id);
  FetchRequest request{broker.id, settings.replica_fetch_wait_max, settings.replica_fetch_min_bytes, {}};
  if (broker.memory.kraft && context.rules.kraft.isr_names_broker_epochs) {
    request.replica_epoch = broker.memory.broker_epoch;
  }
  const bool name_last_epoch = context.rules.truncation == TruncationProtocol::fetch_answer;
  for_each_partition(context, broker, fetcher, [&](PartitionId p, Partition& partition) {
    if (partition.fetch_state != FetchState::fetching || partition.delayed || partition.out_of_range) return;
    const LeaderEpoch current = context.rules.fetch_names_leader_epoch ? partition.leader_epoch : kNoEpoch;
    const LeaderEpoch last = name_last_epoch ? partition.last_fetched_epoch : kNoEpoch;
    request.partitions.push_back({p, current, last, partition.fetch_offset});
  });
  if (request.partitions.empty()) return;
  fetcher.request = request.partitions;
  for (FetchPartition& asked : fetcher.request)
    asked.current_leader_epoch = broker.partition(asked.partition).leader_epoch;
  ask(context, broker, fetcher, Fetcher::Asked::fetch, std::move(request));
}

void go_on(const Context& context, Broker& broker, Fetcher& fetcher) {
  if (fetcher.leader == kNoNode || fetcher.asked != Fetcher::Asked::nothing) return;
  if (fetcher.state == Fetcher::State::connecting) return;
  if (fetcher.state == Fetcher::State::closed) {
    bool ready = false;
    for_each_partition(context, broker, fetcher,
                       [&](PartitionId, const Partition& partition) { ready = ready || !partition.delayed; });
    if (ready) open_connection(context, broker, fetcher);
    return;
  }
  if (ask_epochs(context, broker, fetcher)) return;
  if (ask_offsets(context, broker, fetcher)) return;
  ask_records(context, broker, fetcher);
}

// The whole request failed: every partition of the fetcher backs off.
void fail_request(const Context& context, Broker& broker, Fetcher& fetcher) {
  fetcher.state = Fetcher::State::closed;
  fetcher.asked = Fetcher::Asked::nothing;
  fetcher.request.clear();
  context.disarm({TimerKind::fetcher_timeout, slot_of(broker, fetcher)});
  for_each_partition(context, broker, fetcher, [&](PartitionId p, const Partition& partition) {
    if (!partition.delayed) delay(context, broker, p);
  });
}

void append_fetched(const Context& context, Broker& broker, PartitionId p, const FetchData& data) {
  Partition& partition = broker.partition(p);
  Log& log = broker.log(p);
  for (const Batch& batch : data.records) {
    append(log, batch);
    context.tell(RecordsAppended{p, batch.base_offset, batch.count, false});
  }
  partition.fetch_offset = log.end();
  if (!data.records.empty()) partition.last_fetched_epoch = data.records.back().epoch;
  const Offset moved_to = context.rules.follower_high_watermark(data.high_watermark, log);
  if (moved_to == partition.high_watermark) return;
  context.tell(HighWatermarkMoved{p, partition.high_watermark, moved_to, false});
  partition.high_watermark = moved_to;
  if (context.rules.followers_wake_fetches) complete_parked_fetches(context, broker, p);
}

void on_fetch_error(const Context& context, Broker& broker, const FetchPartition& asked, ErrorCode error) {
  Partition& partition = broker.partition(asked.partition);
  if (error == ErrorCode::offset_out_of_range) {
    partition.out_of_range = true;
  } else if (error == ErrorCode::fenced_leader_epoch && asked.current_leader_epoch == partition.leader_epoch) {
    partition.fetch_state = FetchState::failed;  // the leader is ahead of us: a LeaderAndIsr is on its way
  } else {
    delay(context, broker, asked.partition);
  }
}

void on_fetched(const Context& context, Broker& broker, const FetchPartition& asked, const FetchData& data) {
  const PartitionId p = asked.partition;
  if (data.error != ErrorCode::none) return on_fetch_error(context, broker, asked, data.error);
  if (data.diverging.epoch != kNoEpoch) {
    truncate_by_epoch_end(context, broker, p, data.diverging);
    return;
  }
  const bool fits = data.records.empty() || data.records.front().base_offset == broker.log(p).end();
  if (!fits || asked.fetch_offset != broker.log(p).end()) {
    broker.partition(p).fetch_state = FetchState::failed;
    return;
  }
  append_fetched(context, broker, p, data);
}

Fetcher* answered(Broker& broker, const ConnectionId& via, Fetcher::Asked asked) {
  Fetcher* fetcher = find_fetcher(broker, via);
  if (fetcher == nullptr || fetcher->asked != asked) return nullptr;
  fetcher->asked = Fetcher::Asked::nothing;
  return fetcher;
}

const FetchPartition* find_asked(const Fetcher& fetcher, PartitionId p) {
  for (const FetchPartition& asked : fetcher.request) {
    if (asked.partition == p) return &asked;
  }
  return nullptr;
}

// How it will find out where its log parts from the leader's, if at all.
void begin_truncation(const Context& context, Broker& broker, PartitionId p, NodeId previous_leader) {
  Partition& partition = broker.partition(p);
  const Log& log = broker.log(p);
  const bool trusts_leader = previous_leader == partition.leader && !context.rules.truncates_for_same_leader;
  const TruncationProtocol how = trusts_leader ? TruncationProtocol::never : context.rules.truncation;
  const bool by_answer = how == TruncationProtocol::fetch_answer && log.latest_epoch() != kNoEpoch;
  if (how == TruncationProtocol::high_watermark) truncate_replica(context, broker, p, partition.high_watermark);
  const bool asks_first =
      !by_answer && (how == TruncationProtocol::fetch_answer || how == TruncationProtocol::offsets_for_leader_epoch);
  partition.fetch_state = asks_first ? FetchState::truncating : FetchState::fetching;
  partition.fetch_offset = asks_first ? partition.high_watermark : log.end();
  partition.last_fetched_epoch = by_answer ? log.latest_epoch() : kNoEpoch;
}

}  // namespace

void start_fetching(const Context& context, Broker& broker, PartitionId p, NodeId previous_leader) {
  Partition& partition = broker.partition(p);
  begin_truncation(context, broker, p, previous_leader);
  partition.delayed = false;
  partition.out_of_range = false;
  context.disarm({TimerKind::fetch_backoff, static_cast<std::uint16_t>(index(p))});
  const std::uint8_t id = fetcher_id(context, broker, p);
  Fetcher* unused = nullptr;
  for (Fetcher& fetcher : broker.memory.fetchers) {
    if (fetcher.leader == partition.leader && fetcher.id == id) return;
    if (fetcher.leader == kNoNode && unused == nullptr) unused = &fetcher;
  }
  if (unused == nullptr) unused = &broker.memory.fetchers.emplace_back();
  unused->leader = partition.leader;
  unused->id = id;
}

void stop_fetching(const Context& context, Broker& broker, PartitionId p) {
  Partition& partition = broker.partition(p);
  if (partition.delayed) context.disarm({TimerKind::fetch_backoff, static_cast<std::uint16_t>(index(p))});
  partition.delayed = false;
  partition.fetch_state = FetchState::none;
}

void drop_idle_fetchers(const Context& context, Broker& broker) {
  for (Fetcher& fetcher : broker.memory.fetchers) {
    if (fetcher.leader == kNoNode) continue;
    bool idle = true;
    for_each_partition(context, broker, fetcher, [&](PartitionId, const Partition&) { idle = false; });
    if (!idle) continue;
    if (fetcher.state != Fetcher::State::closed) context.out.closes.push_back(channel_id(broker, fetcher));
    context.disarm({TimerKind::fetcher_timeout, slot_of(broker, fetcher)});
    fetcher = {};
  }
}

void fetchers_go_on(const Context& context, Broker& broker) {
  for (Fetcher& fetcher : broker.memory.fetchers) go_on(context, broker, fetcher);
}

bool on_fetcher_connected(const Context& context, Broker& broker, const ConnectionId& via) {
  Fetcher* fetcher = find_fetcher(broker, via);
  if (fetcher == nullptr || fetcher->state != Fetcher::State::connecting) return false;
  fetcher->state = Fetcher::State::open;
  context.disarm({TimerKind::fetcher_timeout, slot_of(broker, *fetcher)});
  go_on(context, broker, *fetcher);
  return true;
}

bool on_fetcher_disconnected(const Context& context, Broker& broker, const ConnectionId& via) {
  Fetcher* fetcher = find_fetcher(broker, via);
  if (fetcher == nullptr || fetcher->state == Fetcher::State::closed) return false;
  fail_request(context, broker, *fetcher);
  return true;
}

bool on_fetcher_timer(const Context& context, Broker& broker, TimerKey key) {
  if (key.kind == TimerKind::fetch_backoff) {
    broker.memory.partitions[key.about].delayed = false;
    fetchers_go_on(context, broker);
    return true;
  }
  if (key.kind != TimerKind::fetcher_timeout || key.about >= broker.memory.fetchers.size()) return false;
  Fetcher& fetcher = broker.memory.fetchers[key.about];
  const bool waits = fetcher.state == Fetcher::State::connecting || fetcher.asked != Fetcher::Asked::nothing;
  if (fetcher.leader == kNoNode || !waits) return true;
  context.out.closes.push_back(channel_id(broker, fetcher));
  fail_request(context, broker, fetcher);
  return true;
}

void on_fetch_answer(const Context& context, Broker& broker, const ConnectionId& via, const FetchResponse& response) {
  Fetcher* fetcher = answered(broker, via, Fetcher::Asked::fetch);
  if (fetcher == nullptr) return;
  for (const FetchData& data : response.partitions) {
    const FetchPartition* asked = find_asked(*fetcher, data.partition);
    if (asked == nullptr || !is_fetched_by(context, broker, *fetcher, data.partition)) continue;
    const Partition& partition = broker.partition(data.partition);
    // Whether the epoch is still the one it was asked in is not looked at, neither here nor in Kafka.
    if (partition.fetch_state != FetchState::fetching || partition.delayed) continue;
    if (partition.fetch_offset != asked->fetch_offset) continue;
    on_fetched(context, broker, *asked, data);
  }
  go_on(context, broker, *fetcher);
}

void on_epochs_answer(const Context& context, Broker& broker, const ConnectionId& via,
                      const OffsetsForLeaderEpochResponse& response) {
  Fetcher* fetcher = answered(broker, via, Fetcher::Asked::epochs);
  if (fetcher == nullptr) return;
  for (const EpochAnswer& entry : response.partitions) {
    const FetchPartition* asked = find_asked(*fetcher, entry.partition);
    if (asked == nullptr || !is_fetched_by(context, broker, *fetcher, entry.partition)) continue;
    Partition& partition = broker.partition(entry.partition);
    if (partition.fetch_state != FetchState::truncating) continue;
    if (partition.leader_epoch != asked->current_leader_epoch) continue;  // asked in another epoch: ask again
    if (entry.error != ErrorCode::none) {
      on_fetch_error(context, broker, *asked, entry.error);
    } else if (truncate_by_epoch_end(context, broker, entry.partition, entry.end)) {
      partition.fetch_state = FetchState::fetching;
    }
  }
  go_on(context, broker, *fetcher);
}

void on_offsets_answer(const Context& context, Broker& broker, const ConnectionId& via,
                       const ListOffsetsResponse& response) {
  Fetcher* fetcher = answered(broker, via, Fetcher::Asked::offsets);
  if (fetcher == nullptr) return;
  const PartitionId p = response.partition;
  Partition& partition = broker.partition(p);
  if (is_fetched_by(context, broker, *fetcher, p) && partition.out_of_range) {
    const bool is_beyond = response.log_end < broker.log(p).end();
    if (response.error != ErrorCode::none || (is_beyond && context.rules.truncation == TruncationProtocol::never)) {
      delay(context, broker, p);
    } else {
      if (is_beyond) truncate_replica(context, broker, p, response.log_end);
      partition.fetch_offset = broker.log(p).end();
      partition.last_fetched_epoch = broker.log(p).latest_epoch();
      partition.out_of_range = false;
    }
  }
  go_on(context, broker, *fetcher);
}

}  // namespace model
