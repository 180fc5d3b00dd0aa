// The connections a broker serves: one request at a time each, the others wait behind it
// (network/SocketServer mutes a channel from receipt to response).
#include <utility>

#include "model/broker/broker.h"

namespace model {
namespace {

Served* find_served(Broker& broker, const ConnectionId& via) {
  for (Served& served : broker.memory.served) {
    if (served.used && served.via == via) return &served;
  }
  return nullptr;
}

Served& served_for(Broker& broker, const ConnectionId& via) {
  Served* unused = nullptr;
  for (Served& served : broker.memory.served) {
    if (served.used && served.via == via) return served;
    if (!served.used && unused == nullptr) unused = &served;
  }
  if (unused == nullptr) unused = &broker.memory.served.emplace_back();
  unused->used = true;
  unused->via = via;
  return *unused;
}

std::uint16_t slot_of(const Broker& broker, const Served& served) {
  return static_cast<std::uint16_t>(&served - broker.memory.served.begin());
}

void forget(const Context& context, Broker& broker, Served& served) {
  if (std::holds_alternative<ParkedFetch>(served.parked))
    context.disarm({TimerKind::fetch_wait, slot_of(broker, served)});
  if (std::holds_alternative<ParkedProduce>(served.parked))
    context.disarm({TimerKind::produce_wait, slot_of(broker, served)});
  broker.memory.requests_queued -= static_cast<std::int32_t>(served.queue.size());
  served = {};
}

// False: it waits for a frozen partition.
bool serve(const Context& context, Broker& broker, const ConnectionId& via, const Body& body) {
  return std::visit(
      overloaded{
          [&](const FetchRequest& r) { return serve_fetch(context, broker, via, r); },
          [&](const ProduceRequest& r) { return serve_produce(context, broker, via, r); },
          [&](const LeaderAndIsrRequest& r) { return on_leader_and_isr(context, broker, via, r); },
          [&](const UpdateMetadataRequest& r) { return on_update_metadata(context, broker, via, r), true; },
          [&](const StopReplicaRequest& r) { return on_stop_replica(context, broker, via, r); },
          [&](const OffsetsForLeaderEpochRequest& r) { return serve_epochs(context, broker, via, r), true; },
          [&](const ListOffsetsRequest& r) { return serve_list_offsets(context, broker, via, r), true; },
          [&](const MetadataRequest& r) { return serve_metadata(context, broker, via, r), true; },
          [&](const InitProducerIdRequest&) { return answer(context, broker, via, InitProducerIdResponse{}), true; },
          [&](const AlterPartitionRequest& r) {
            find_served(broker, via)->parked = ParkedEvent{};
            put_event(context, broker, AlterPartitionReceived{via, r});
            return true;
          },
          [&](const ControlledShutdownRequest& r) {
            find_served(broker, via)->parked = ParkedEvent{};
            put_event(context, broker, ControlledShutdownReceived{via, r});
            return true;
          },
          [](const auto&) { return true; },  // not a request: ignored
      },
      body);
}

bool is_free(const Served& served) { return served.used && std::holds_alternative<std::monostate>(served.parked); }

}  // namespace

void on_request(const Context& context, Broker& broker, const ConnectionId& via, const Body& body) {
  if (broker.memory.phase == BrokerPhase::stopping && broker.memory.shutdown.stage == ShutdownProgress::Stage::closing)
    return;
  Served& served = served_for(broker, via);
  if (broker.memory.serving && is_free(served) && served.queue.empty()) {
    if (serve(context, broker, via, body)) return;
    if (Served* blocked = find_served(broker, via)) {
      blocked->parked = Blocked{};
      blocked->queue.push_back(body);
      ++broker.memory.requests_queued;
    }
    return;
  }
  served.queue.push_back(body);
  ++broker.memory.requests_queued;
}

void on_client_gone(const Context& context, Broker& broker, const ConnectionId& via) {
  if (Served* served = find_served(broker, via)) forget(context, broker, *served);
}

void answer(const Context& context, Broker& broker, const ConnectionId& via, Body body) {
  Served* served = find_served(broker, via);
  if (served == nullptr) return;  // its client is gone
  if (std::holds_alternative<ParkedFetch>(served->parked))
    context.disarm({TimerKind::fetch_wait, slot_of(broker, *served)});
  if (std::holds_alternative<ParkedProduce>(served->parked))
    context.disarm({TimerKind::produce_wait, slot_of(broker, *served)});
  served->parked = std::monostate{};
  context.send(via, std::move(body));
}

void park(Broker& broker, const ConnectionId& via, Parked parked, TimerKind kind, Duration limit,
          const Context& context) {
  Served* served = find_served(broker, via);
  served->parked = std::move(parked);
  context.arm({kind, slot_of(broker, *served)}, limit);
}

void unblock_requests(Broker& broker) {
  for (Served& served : broker.memory.served) {
    if (std::holds_alternative<Blocked>(served.parked)) served.parked = std::monostate{};
  }
}

void serve_queued_requests(const Context& context, Broker& broker) {
  if (!broker.memory.serving) return;
  for (std::size_t i = 0; i < broker.memory.served.size(); ++i) {
    while (is_free(broker.memory.served[i]) && !broker.memory.served[i].queue.empty()) {
      Served& served = broker.memory.served[i];
      const ConnectionId via = served.via;
      Body body = std::move(served.queue.front());
      served.queue.erase(served.queue.begin());
      --broker.memory.requests_queued;
      if (serve(context, broker, via, body)) continue;
      Served* blocked = find_served(broker, via);
      if (blocked == nullptr) continue;
      blocked->parked = Blocked{};
      blocked->queue.insert(blocked->queue.begin(), std::move(body));
      ++broker.memory.requests_queued;
    }
  }
}

void close_served_connections(const Context& context, Broker& broker) {
  for (Served& served : broker.memory.served) {
    if (!served.used) continue;
    context.out.closes.push_back(served.via);
    forget(context, broker, served);
  }
}

}  // namespace model
