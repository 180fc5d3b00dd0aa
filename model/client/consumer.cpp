#include "model/client/consumer.h"

#include <algorithm>
#include <utility>

#include "model/client/metadata.h"
#include "model/client/positions.h"
#include "model/rules.h"

namespace model {
namespace {

constexpr TimerKey kPoll{TimerKind::client_timeout, 0};

Network network_of(Reader& reader) {
  return {reader.context, reader.id, reader.config.reconnect_backoff, reader.config.reconnect_backoff_max,
          reader.memory.connections};
}

bool has_in_flight(const ConsumerLink& link, ConsumerRequest::Kind kind) {
  return std::any_of(link.in_flight.begin(), link.in_flight.end(),
                     [kind](const ConsumerRequest& request) { return request.kind == kind; });
}

// --- what is sent ----------------------------------------------------------------------------

Body body_of(Reader& reader, const ConsumerRequest& request) {
  if (request.kind == ConsumerRequest::Kind::metadata) return MetadataRequest{reader.config.topic};
  const FetchPartition& asked = request.partitions.front();
  if (request.kind == ConsumerRequest::Kind::list_offsets) {
    const bool earliest = reader.config.auto_offset_reset == OffsetReset::earliest;
    return ListOffsetsRequest{asked.partition, asked.current_leader_epoch, earliest};
  }
  if (request.kind == ConsumerRequest::Kind::offsets_for_leader_epoch) {
    OffsetsForLeaderEpochRequest body;
    body.partitions.push_back({asked.partition, asked.current_leader_epoch, asked.last_fetched_epoch});
    return body;
  }
  FetchRequest body;
  body.max_wait = reader.config.fetch_max_wait;
  body.min_bytes = reader.config.fetch_min_bytes;
  body.partition_max_bytes = reader.config.max_partition_fetch_bytes;
  body.client = reader.id;
  body.rack = reader.context.config.rack_id(reader.config.client_rack);
  for (const FetchPartition& partition : request.partitions) body.partitions.push_back(partition);
  return body;
}

void send(Reader& reader, ConsumerLink& link, ConsumerRequest& request) {
  request.unsent = false;
  request.sent = reader.context.clock.now();
  reader.context.send(connection_of(reader.id, link), body_of(reader, request));
}

// ConsumerNetworkClient.send: a request for a broker without a connection waits for it, and fails with it.
void enqueue(Reader& reader, ConsumerLink& link, ConsumerRequest request) {
  if (link.state == LinkState::closed) connect(network_of(reader), link);
  request.unsent = true;
  link.in_flight.push_back(std::move(request));
  if (link.state == LinkState::open) send(reader, link, link.in_flight.back());
}

// Null: none is known, or it is not to be tried yet.
ConsumerLink* link_to(Reader& reader, NodeId broker) {
  ConsumerLink* link = find_link(reader.memory.links, static_cast<std::uint16_t>(broker));
  return link == nullptr || link->state == LinkState::backing_off ? nullptr : link;
}

void ask_about_position(Reader& reader, ConsumerPartition& partition, PartitionId id, ConsumerRequest::Kind kind) {
  if (partition.waits) return;
  if (partition.leader == kNoNode) {
    reader.memory.metadata_needed = true;
    return;
  }
  for (const ConsumerLink& link : reader.memory.links) {
    for (const ConsumerRequest& request : link.in_flight) {
      if (request.kind == kind && request.partitions.front().partition == id) return;
    }
  }
  ConsumerLink* link = link_to(reader, partition.leader);
  if (link == nullptr) return;
  ConsumerRequest request;
  request.kind = kind;
  request.partitions.push_back({id, partition.leader_epoch, partition.position_epoch, partition.position});
  enqueue(reader, *link, std::move(request));
}

// AbstractFetch.selectReadReplica.
NodeId read_replica(Reader& reader, ConsumerPartition& partition, PartitionId id) {
  if (partition.preferred == kNoNode) return partition.leader;
  if (reader.memory.brokers.contains(partition.preferred)) return partition.preferred;
  forget_preferred(reader, partition, id);
  reader.memory.metadata_needed = true;
  return partition.leader;
}

// AbstractFetch.prepareFetchRequests: one request at a time to each broker, with all that is to be read there.
void send_fetches(Reader& reader) {
  ConsumerMemory& memory = reader.memory;
  SmallVec<ConsumerRequest, 4> requests;
  SmallVec<ConsumerLink*, 4> to;
  for (std::size_t i = 0; i < memory.partitions.size(); ++i) {
    ConsumerPartition& partition = memory.partitions[i];
    if (partition.state != PositionState::fetching) continue;
    const PartitionId id = reader.context.config.partition_of(reader.config.topic, static_cast<std::int32_t>(i));
    if (partition.leader == kNoNode) {
      memory.metadata_needed = true;
      continue;
    }
    ConsumerLink* link = link_to(reader, read_replica(reader, partition, id));
    if (link == nullptr || has_in_flight(*link, ConsumerRequest::Kind::fetch)) continue;
    if (partition.fetches_from != link->broker) {
      reader.context.tell(FetchesFrom{id, link->broker, partition.position});
      partition.fetches_from = link->broker;
    }
    std::size_t at = 0;
    while (at < to.size() && to[at] != link) ++at;
    if (at == to.size()) {
      to.push_back(link);
      requests.emplace_back().kind = ConsumerRequest::Kind::fetch;
    }
    const bool names_epoch = reader.context.rules.fetch_names_leader_epoch;
    requests[at].partitions.push_back(
        {id, names_epoch ? partition.position_leader_epoch : kNoEpoch, kNoEpoch, partition.position});
  }
  for (std::size_t i = 0; i < to.size(); ++i) enqueue(reader, *to[i], std::move(requests[i]));
}

void ask_for_metadata(Reader& reader) {
  ConsumerMemory& memory = reader.memory;
  if (!memory.metadata_needed || memory.metadata_backing_off) return;
  for (const ConsumerLink& link : memory.links) {
    if (has_in_flight(link, ConsumerRequest::Kind::metadata)) return;
  }
  ConsumerLink* link =
      least_loaded(network_of(reader), memory.links, memory.brokers, [](const ConsumerLink&) { return true; });
  if (link == nullptr) return;
  ConsumerRequest request;
  request.kind = ConsumerRequest::Kind::metadata;
  enqueue(reader, *link, std::move(request));
}

// One turn of the application's poll(), until nothing is left to do.
void poll(Reader& reader) {
  ConsumerMemory& memory = reader.memory;
  for (std::size_t i = 0; i < memory.partitions.size(); ++i) {
    ConsumerPartition& partition = memory.partitions[i];
    const PartitionId id = reader.context.config.partition_of(reader.config.topic, static_cast<std::int32_t>(i));
    follow_leader(reader, partition, id);
    if (memory.failed) return;
    if (partition.state == PositionState::awaits_reset) {
      ask_about_position(reader, partition, id, ConsumerRequest::Kind::list_offsets);
    } else if (partition.state == PositionState::awaits_validation) {
      ask_about_position(reader, partition, id, ConsumerRequest::Kind::offsets_for_leader_epoch);
    }
  }
  send_fetches(reader);
  ask_for_metadata(reader);
}

// --- what comes back -------------------------------------------------------------------------

// Its connection is gone: whatever it was, it is tried again.
void give_up(Reader& reader, const ConsumerRequest& request) {
  if (request.kind == ConsumerRequest::Kind::metadata) {
    arm_metadata_backoff(reader);
    return;
  }
  for (const FetchPartition& asked : request.partitions) {
    ConsumerPartition& partition = partition_of(reader, asked.partition);
    if (request.kind == ConsumerRequest::Kind::fetch) {
      forget_preferred(reader, partition, asked.partition);
    } else {
      wait_with_position(reader, partition, asked.partition);
    }
  }
}

void fail_link(Reader& reader, ConsumerLink& link) {
  note_lost(network_of(reader), link);
  reader.memory.metadata_needed = true;
  while (!link.in_flight.empty()) {
    const ConsumerRequest request = std::move(link.in_flight.front());
    link.in_flight.erase(link.in_flight.begin());
    give_up(reader, request);
  }
}

void close_link(Reader& reader, ConsumerLink& link) {
  reader.context.out.closes.push_back(connection_of(reader.id, link));
  fail_link(reader, link);
}

void take_answer(Reader& reader, NodeId from, const ConsumerRequest& request, const Body& body) {
  if (const auto* metadata = std::get_if<MetadataResponse>(&body))
    take_metadata(
        reader, *metadata, [] {}, [](PartitionId) {});
  if (const auto* offsets = std::get_if<ListOffsetsResponse>(&body)) take_offsets(reader, request, *offsets);
  if (const auto* epochs = std::get_if<OffsetsForLeaderEpochResponse>(&body)) take_epoch_end(reader, request, *epochs);
  const auto* fetched = std::get_if<FetchResponse>(&body);
  if (fetched == nullptr) return;
  for (const FetchData& data : fetched->partitions) {
    const FetchPartition* asked =
        std::find_if(request.partitions.begin(), request.partitions.end(),
                     [&](const FetchPartition& each) { return each.partition == data.partition; });
    if (asked != request.partitions.end()) take_fetched(reader, from, *asked, data);
  }
}

bool answers(const Body& body, ConsumerRequest::Kind kind) {
  switch (kind) {
    case ConsumerRequest::Kind::fetch:
      return std::holds_alternative<FetchResponse>(body);
    case ConsumerRequest::Kind::metadata:
      return std::holds_alternative<MetadataResponse>(body);
    case ConsumerRequest::Kind::list_offsets:
      return std::holds_alternative<ListOffsetsResponse>(body);
    case ConsumerRequest::Kind::offsets_for_leader_epoch:
      return std::holds_alternative<OffsetsForLeaderEpochResponse>(body);
  }
  return false;
}

void receive(Reader& reader, const Received& received) {
  ConsumerLink* link = find_link(reader.memory.links, reader.id, received.via, LinkState::open);
  if (link == nullptr || received.body == nullptr || link->in_flight.empty()) return;
  if (!answers(*received.body, link->in_flight.front().kind)) return;
  const ConsumerRequest request = std::move(link->in_flight.front());
  link->in_flight.erase(link->in_flight.begin());
  take_answer(reader, link->broker, request, *received.body);
}

void connected(Reader& reader, const Connected& input) {
  ConsumerLink* link = find_link(reader.memory.links, reader.id, input.via, LinkState::connecting);
  if (link == nullptr) return;
  note_opened(network_of(reader), *link);
  for (ConsumerRequest& request : link->in_flight) send(reader, *link, request);
}

void disconnected(Reader& reader, const Disconnected& input) {
  auto& links = reader.memory.links;
  ConsumerLink* link = find_link(links, reader.id, input.via, LinkState::open);
  if (link == nullptr) link = find_link(links, reader.id, input.via, LinkState::connecting);
  if (link != nullptr) fail_link(reader, *link);
}

// --- timers ----------------------------------------------------------------------------------

void start(Reader& reader) {
  if (reader.memory.started) return;
  reader.memory.started = true;
  reader.memory.metadata_needed = true;
  reader.context.tell(ConsumerStarted{});
  add_links(reader.context, reader.memory.links);
}

void close_timed_out_links(Reader& reader) {
  if (!reader.context.rules.requests_time_out) return;
  for (ConsumerLink& link : reader.memory.links) {
    if (link.state != LinkState::open || link.in_flight.empty()) continue;
    const Instant sent = link.in_flight.front().sent;
    if (reader.context.clock.has_elapsed(sent, reader.config.request_timeout)) close_link(reader, link);
  }
}

void fire(Reader& reader, const TimerKey& key) {
  ConsumerMemory& memory = reader.memory;
  if (key == kMetadataRetry) memory.metadata_backing_off = false;
  if (key == kMetadataAge) memory.metadata_needed = true;
  const bool is_of_partition = key.about < memory.partitions.size();
  if (key.kind == TimerKind::preferred_replica_lease && is_of_partition)
    memory.partitions[key.about].preferred = kNoNode;
  if (key.kind == TimerKind::position_retry && is_of_partition) memory.partitions[key.about].waits = false;
  ConsumerLink* link = find_link(memory.links, key.about);
  if (link == nullptr) return;
  if (key.kind == TimerKind::client_backoff && link->state == LinkState::backing_off) link->state = LinkState::closed;
  if (key.kind == TimerKind::client_connect_timeout && link->state == LinkState::connecting) close_link(reader, *link);
}

// The application is gone, and its client with it.
void leave(Reader& reader) {
  for (ConsumerLink& link : reader.memory.links) {
    if (link.state == LinkState::open || link.state == LinkState::connecting) {
      reader.context.out.closes.push_back(connection_of(reader.id, link));
    }
    link = {};
  }
}

}  // namespace

void step(const Context& context, Consumer& consumer, const Input& input) {
  if (!context.config.is_consumer(consumer.id) || consumer.memory.failed) return;
  Reader reader{context, context.config.consumer(consumer.id), consumer.id, consumer.memory};
  std::visit(overloaded{
                 [&](const Started&) { start(reader); }, [&](const Received& received) { receive(reader, received); },
                 [&](const TimerFired& timer) { fire(reader, timer.key); },
                 [&](const Connected& opened) { connected(reader, opened); },
                 [&](const Disconnected& closed) { disconnected(reader, closed); },
                 [&](const Act&) {},  // operators act on brokers and ZooKeeper
             },
             input);
  if (!consumer.memory.started) return;
  if (consumer.memory.failed) return leave(reader);
  close_timed_out_links(reader);
  poll(reader);
  if (consumer.memory.failed) return leave(reader);
  const bool waits = std::any_of(consumer.memory.links.begin(), consumer.memory.links.end(),
                                 [](const ConsumerLink& link) { return !link.in_flight.empty(); });
  if (waits) context.arm(kPoll, reader.config.request_timeout + milliseconds(1));
}

}  // namespace model
