#include "model/client/producer.h"

#include <algorithm>

#include "model/client/accumulator.h"
#include "model/client/metadata.h"
#include "model/rules.h"

namespace model {

namespace {

constexpr Duration kMaxBlock = seconds(60);  // max.block.ms
constexpr Duration kExpiryCheck = seconds(1);

constexpr TimerKey kPace{TimerKind::produce_next, 0};
constexpr TimerKey kBlocked{TimerKind::metadata_timeout, 0};
constexpr TimerKey kExpiry{TimerKind::delivery_timeout, 0};
constexpr TimerKey kPoll{TimerKind::client_timeout, 0};
constexpr TimerKey kProducerIdRetry{TimerKind::producer_id_retry, 0};

Network network_of(Client& client) {
  return {client.context, client.id, client.config.reconnect_backoff, client.config.reconnect_backoff_max,
          client.memory.connections};
}

bool has_room(const Client& client, const ProducerLink& link) {
  return link.state == LinkState::open &&
         link.in_flight.size() < static_cast<std::size_t>(std::max(client.config.max_in_flight, 1));
}

void arm_producer_id_backoff(Client& client) {
  client.memory.producer_id_backing_off = true;
  const Backoff wait = backoff(client.config.retry_backoff, client.config.retry_backoff_max, 0);
  client.context.arm(kProducerIdRetry, wait.shortest, wait.longest);
}

bool is_in_flight(const Client& client, bool ProducerRequest::*kind) {
  for (const ProducerLink& link : client.memory.links) {
    for (const ProducerRequest& request : link.in_flight) {
      if (request.*kind) return true;
    }
  }
  return false;
}

void await_answer(Client& client, ProducerLink& link, ProducerRequest request) {
  request.sent = client.context.clock.now();
  link.in_flight.push_back(std::move(request));
}

void send_batches(Client& client, ProducerLink& link) {
  ProducerRequest request;
  request.batches = drain(client, link.broker);
  ProduceRequest body;
  body.acks = client.config.acks;
  body.timeout = client.config.request_timeout;
  for (const ProducerBatch& batch : request.batches) {
    Batch records;
    records.count = batch.count;
    records.first_value = batch.first_value;
    records.first_sequence = batch.first_sequence;
    records.producer_epoch = batch.producer_epoch;
    records.producer = client.id;
    body.partitions.push_back({batch.partition, records});
  }
  client.context.send(connection_of(client.id, link), std::move(body));
  if (client.config.acks != Acks::none) {
    await_answer(client, link, std::move(request));
    return;
  }
  // Nobody will answer: what was handed to the socket counts as acknowledged.
  for (const ProducerBatch& batch : request.batches) complete(client, batch, ErrorCode::none, kUnknownOffset);
}

ProducerLink* least_loaded(Client& client) {
  return least_loaded(network_of(client), client.memory.links, client.memory.brokers,
                      [&](const ProducerLink& link) { return has_room(client, link); });
}

void ask_for_metadata(Client& client) {
  const ProducerMemory& memory = client.memory;
  if (!memory.metadata_needed || memory.metadata_backing_off) return;
  if (is_in_flight(client, &ProducerRequest::metadata)) return;
  ProducerLink* link = least_loaded(client);
  if (link == nullptr) return;
  client.context.send(connection_of(client.id, *link), MetadataRequest{client.config.topic});
  ProducerRequest request;
  request.metadata = true;
  await_answer(client, *link, std::move(request));
}

void ask_for_producer_id(Client& client) {
  const ProducerMemory& memory = client.memory;
  if (!client.config.enable_idempotence || memory.has_producer_id || memory.producer_id_backing_off) return;
  if (is_in_flight(client, &ProducerRequest::init_producer_id)) return;
  ProducerLink* link = least_loaded(client);
  if (link == nullptr) return;
  client.context.send(connection_of(client.id, *link), InitProducerIdRequest{});
  ProducerRequest request;
  request.init_producer_id = true;
  await_answer(client, *link, std::move(request));
}

// send() blocks until metadata says which partitions there are; records that fell due meanwhile follow
// in a burst.
void hand_over_due_records(Client& client) {
  ProducerMemory& memory = client.memory;
  if (memory.partitions.empty()) return;
  while (memory.next_value < memory.due_records) hand_over(client);
}

bool has_requests_in_flight(const Client& client) {
  return std::any_of(client.memory.links.begin(), client.memory.links.end(),
                     [](const ProducerLink& link) { return !link.in_flight.empty(); });
}

// Whatever the last input made possible: Sender.runOnce, until nothing is left to do.
void run_sender(Client& client) {
  ProducerMemory& memory = client.memory;
  hand_over_due_records(client);
  resolve_sequences(client);
  if (has_leaderless_batch(client)) memory.metadata_needed = true;
  for (ProducerLink& link : memory.links) {
    if (link.state == LinkState::closed && has_ready_batch(client, link.broker)) connect(network_of(client), link);
    while (has_room(client, link) && has_ready_batch(client, link.broker)) send_batches(client, link);
  }
  ask_for_metadata(client);
  ask_for_producer_id(client);
}

void start(Client& client) {
  ProducerMemory& memory = client.memory;
  if (memory.started) return;
  memory.started = true;
  client.context.tell(ProducerStarted{});
  add_links(client.context, memory.links);
  if (client.config.count == 0) return;
  memory.metadata_needed = true;
  memory.due_records = 1;
  if (client.config.count > 1) client.context.arm(kPace, client.config.interval);
  client.context.arm(kBlocked, kMaxBlock);
}

// The connection is gone, by either side's act: the fate of its requests is unknown.
void fail_link(Client& client, ProducerLink& link, ErrorCode error) {
  note_lost(network_of(client), link);
  client.memory.metadata_needed = true;
  while (!link.in_flight.empty()) {
    const ProducerRequest request = std::move(link.in_flight.front());
    link.in_flight.erase(link.in_flight.begin());
    if (request.metadata) arm_metadata_backoff(client);
    if (request.init_producer_id) arm_producer_id_backoff(client);
    for (const ProducerBatch& batch : request.batches) {
      complete(client, batch, error, kUnknownOffset);
    }
  }
}

void close_link(Client& client, ProducerLink& link, ErrorCode error) {
  client.context.out.closes.push_back(connection_of(client.id, link));
  fail_link(client, link, error);
}

// --- answers ---------------------------------------------------------------------------------

void take_produce_answer(Client& client, const ProducerRequest& request, const ProduceResponse& answer) {
  for (const ProducerBatch& batch : request.batches) {
    const ProduceResult* result =
        std::find_if(answer.partitions.begin(), answer.partitions.end(),
                     [&](const ProduceResult& each) { return each.partition == batch.partition; });
    const bool answered = result != answer.partitions.end();
    complete(client, batch, answered ? result->error : ErrorCode::unknown_server_error,
             answered ? result->base_offset : kUnknownOffset);
  }
}

void take_metadata(Client& client, const MetadataResponse& answer) {
  // A retry need not wait for a leader that has not refused it (KIP-951).
  take_metadata(
      client, answer, [&] { client.context.disarm(kBlocked); },
      [&](PartitionId partition) { end_retry_backoffs(client, partition); });
}

void take_producer_id(Client& client, const InitProducerIdResponse& answer) {
  if (answer.error == ErrorCode::none) {
    client.memory.has_producer_id = true;
  } else {
    arm_producer_id_backoff(client);
  }
}

void receive(Client& client, const Received& received) {
  ProducerLink* link = find_link(client.memory.links, client.id, received.via, LinkState::open);
  if (link == nullptr || received.body == nullptr || link->in_flight.empty()) return;
  const ProducerRequest& front = link->in_flight.front();
  const auto* produced = std::get_if<ProduceResponse>(received.body);
  const auto* metadata = std::get_if<MetadataResponse>(received.body);
  const auto* producer_id = std::get_if<InitProducerIdResponse>(received.body);
  const bool awaited = front.metadata           ? metadata != nullptr
                       : front.init_producer_id ? producer_id != nullptr
                                                : produced != nullptr;
  if (!awaited) return;
  const ProducerRequest request = std::move(link->in_flight.front());
  link->in_flight.erase(link->in_flight.begin());
  if (metadata != nullptr) take_metadata(client, *metadata);
  if (producer_id != nullptr) take_producer_id(client, *producer_id);
  if (produced != nullptr) take_produce_answer(client, request, *produced);
}

void connected(Client& client, const Connected& input) {
  ProducerLink* link = find_link(client.memory.links, client.id, input.via, LinkState::connecting);
  if (link != nullptr) note_opened(network_of(client), *link);
}

void disconnected(Client& client, const Disconnected& input) {
  auto& links = client.memory.links;
  ProducerLink* link = find_link(links, client.id, input.via, LinkState::open);
  if (link == nullptr) link = find_link(links, client.id, input.via, LinkState::connecting);
  if (link != nullptr) fail_link(client, *link, ErrorCode::network_exception);
}

// --- timers ----------------------------------------------------------------------------------

void next_record(Client& client) {
  ProducerMemory& memory = client.memory;
  if (memory.due_records >= client.config.count) return;
  ++memory.due_records;
  if (memory.due_records < client.config.count) client.context.arm_on_grid(kPace, client.config.interval);
}

// send() gave up waiting for metadata: one record fails, the next one waits as long again.
void fail_blocked_record(Client& client) {
  ProducerMemory& memory = client.memory;
  if (!memory.partitions.empty() || memory.next_value >= memory.due_records) return;
  client.context.tell(RecordsFailed{client.context.config.partition_of(client.config.topic, 0), memory.next_value, 1,
                                    ErrorCode::request_timed_out, false});
  ++memory.next_value;
  if (memory.next_value < client.config.count) client.context.arm(kBlocked, kMaxBlock);
}

// NetworkClient.handleTimedOutRequests: one request that took too long costs its connection, and with it
// every other request there.
void close_timed_out_links(Client& client) {
  if (!client.context.rules.requests_time_out) return;
  for (ProducerLink& link : client.memory.links) {
    if (link.state != LinkState::open || link.in_flight.empty()) continue;
    if (!client.context.clock.has_elapsed(link.in_flight.front().sent, client.config.request_timeout)) continue;
    close_link(client, link, client.context.rules.error_of_timed_out_request);
  }
}

void check_delivery_timeout(Client& client) {
  expire_batches(client);
  client.memory.delivery_timer_armed = has_batches(client);
  if (client.memory.delivery_timer_armed) client.context.arm(kExpiry, kExpiryCheck);
}

void fire_of_broker(Client& client, const TimerKey& key) {
  ProducerLink* link = find_link(client.memory.links, key.about);
  if (link == nullptr) return;
  const LinkState state = link->state;
  if (key.kind == TimerKind::client_backoff && state == LinkState::backing_off) {
    link->state = LinkState::closed;
  }
  if (key.kind == TimerKind::client_connect_timeout && state == LinkState::connecting) {
    close_link(client, *link, ErrorCode::network_exception);
  }
}

void fire(Client& client, const TimerKey& key) {
  ProducerMemory& memory = client.memory;
  if (key == kPace) next_record(client);
  if (key == kBlocked) fail_blocked_record(client);
  if (key == kExpiry) check_delivery_timeout(client);
  if (key == kMetadataRetry) memory.metadata_backing_off = false;
  if (key == kMetadataAge) memory.metadata_needed = true;
  if (key == kProducerIdRetry) memory.producer_id_backing_off = false;
  if (key.kind == TimerKind::produce_retry) end_retry_backoff(client, static_cast<std::int16_t>(key.about));
  if (key.kind == TimerKind::produce_linger) end_linger(client, key.about);
  fire_of_broker(client, key);
}

}  // namespace

void step(const Context& context, Producer& producer, const Input& input) {
  if (!context.config.is_producer(producer.id)) return;
  Client client{context, context.config.producer(producer.id), producer.id, producer.memory};
  const std::size_t batches = producer.memory.accumulated.size();
  std::visit(overloaded{
                 [&](const Started&) { start(client); }, [&](const Received& received) { receive(client, received); },
                 [&](const TimerFired& timer) { fire(client, timer.key); },
                 [&](const Connected& opened) { connected(client, opened); },
                 [&](const Disconnected& closed) { disconnected(client, closed); },
                 [&](const Act&) {},  // operators act on brokers and ZooKeeper
             },
             input);
  if (!producer.memory.started) return;
  hand_over_due_records(client);
  // A record that joins an open batch does not wake the sending thread: what timed out meanwhile goes
  // unnoticed until an answer, a new batch or the end of its sleep does (Sender.runOnce, Selector.poll).
  const TimerFired* fired = std::get_if<TimerFired>(&input);
  const SmallVec<ProducerBatch, 2>& queued = producer.memory.accumulated;
  const bool joins = fired != nullptr && fired->key == kPace && batches > 0 && queued.size() == batches;
  if (joins && queued.back().count < client.config.batch_records) return;
  const bool wakes = fired == nullptr || fired->key != kExpiry;
  if (wakes) close_timed_out_links(client);
  run_sender(client);
  if (wakes && has_requests_in_flight(client)) context.arm(kPoll, client.config.request_timeout + milliseconds(1));
}

}  // namespace model
