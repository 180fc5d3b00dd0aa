#include "sim/kernel/connections.h"

#include <algorithm>
#include <utility>

#include "model/ensure.h"
#include "sim/kernel/delays.h"

namespace sim {
namespace {

constexpr std::size_t kClient = 0, kServer = 1;
constexpr std::size_t kChannelKinds = static_cast<std::size_t>(model::ChannelKind::client) + 1;

}  // namespace

Connections::Connections(const LinkSettings& links, std::uint64_t seed, std::size_t nodes, EventQueue& queue,
                         std::vector<FaultEffect>& effects)
    : links_(links),
      seed_(seed),
      nodes_(nodes),
      queue_(queue),
      effects_(effects),
      cuts_(nodes),
      disturbances_(links, seed, nodes, effects),
      hosts_(nodes, Host::off),
      sockets_(nodes),
      dice_(nodes * nodes * kChannelKinds * 2) {
  for (std::size_t name = 0; name < dice_.size(); ++name) {
    dice_[name] = Dice(stream_key(seed_, StreamKind::link, name));
  }
}

Dice& Connections::dice(const Connection& c, std::size_t direction) {
  const std::size_t link = static_cast<std::size_t>(c.id.client) * nodes_ + static_cast<std::size_t>(c.id.server);
  return dice_[(link * kChannelKinds + static_cast<std::size_t>(c.id.kind)) * 2 + direction];
}

// --- finding ---------------------------------------------------------------------------------------

std::uint32_t Connections::find(model::NodeId node, std::uint64_t name) {
  std::vector<Socket>& sockets = sockets_[static_cast<std::size_t>(node)];
  for (std::size_t i = sockets.size(); i-- > 0;) {
    if (sockets[i].name != name) continue;
    std::swap(sockets[i], sockets.back());
    return sockets.back().connection;
  }
  return kNoSlot;
}

void Connections::forget(model::NodeId node, std::uint64_t name) {
  if (find(node, name) != kNoSlot) sockets_[static_cast<std::size_t>(node)].pop_back();
}

std::uint32_t Connections::new_connection(const model::ConnectionId& id) {
  std::uint32_t slot = kNoSlot;
  if (unused_.empty()) {
    slot = static_cast<std::uint32_t>(connections_.size());
    connections_.emplace_back();
  } else {
    slot = unused_.back();
    unused_.pop_back();
  }
  connections_[slot] = Connection{};
  connections_[slot].id = id;
  connections_[slot].used = true;
  return slot;
}

void Connections::free_if_unused(std::uint32_t connection) {
  Connection& c = connections_[connection];
  if (!c.used || c.packets != 0 || c.sides[kClient].open || c.sides[kServer].open) return;
  c.used = false;
  unused_.push_back(connection);
}

// --- packets ---------------------------------------------------------------------------------------

std::uint32_t Connections::new_packet(std::int64_t now_us, std::uint32_t connection, PacketType type,
                                      std::size_t direction, std::int64_t delay_us) {
  const std::uint32_t slot = packets_.take();
  Packet& packet = packets_[slot];
  packet.sent_us = now_us;
  packet.delay_us = delay_us;
  packet.connection = connection;
  packet.type = type;
  packet.direction = static_cast<std::uint8_t>(direction);
  ++connections_[connection].packets;
  if (origins_ != nullptr) origins_->note_packet(slot);
  return slot;
}

void Connections::release(std::uint32_t packet) {
  const std::uint32_t connection = packets_[packet].connection;
  packets_.give_back(packet);
  --connections_[connection].packets;
  free_if_unused(connection);
}

// A packet that is sent now arrives behind everything before it, or stalls.
void Connections::dispatch(std::int64_t now_us, std::uint32_t packet) {
  const Packet& sent = packets_[packet];
  Connection& c = connections_[sent.connection];
  Direction& direction = c.directions[sent.direction];
  if (direction.first_stalled != kNoSlot || is_cut(c, sent.direction) ||
      lacks_acknowledgements(now_us, c, sent.direction)) {
    stall(packet);
    return;
  }
  // The answer to an attempt to connect is lost with the attempt: see on_syn.
  const bool is_answer = sent.type == PacketType::accepted || sent.type == PacketType::refused;
  if (!is_answer && is_lost(c, sent.direction)) {
    stall(packet);
    schedule_retransmission(now_us, sent.connection, sent.direction);
    return;
  }
  acknowledge(now_us, sent.connection, 1U - sent.direction);
  direction.last_arrival = std::max(direction.last_arrival, now_us + takes_us(sent));
  queue_.push(direction.last_arrival, Wake::packet, packet);
}

std::int64_t Connections::takes_us(const Packet& packet) {
  if (!disturbances_.any_way()) return packet.delay_us;
  const Connection& c = connections_[packet.connection];
  return packet.delay_us + disturbances_.draw_delay_us(node_of(c, packet.direction), node_of(c, 1U - packet.direction));
}

void Connections::stall(std::uint32_t packet) {
  const Packet& sent = packets_[packet];
  const Connection& c = connections_[sent.connection];
  Direction& direction = connections_[sent.connection].directions[sent.direction];
  (direction.first_stalled == kNoSlot ? direction.first_stalled : packets_[direction.last_stalled].next) = packet;
  direction.last_stalled = packet;
  cuts_.count_stalled(node_of(c, sent.direction), node_of(c, 1U - sent.direction), effects_);
}

void Connections::send(std::int64_t now_us, model::NodeId from, const model::ConnectionId& id, model::Body&& body) {
  const std::uint32_t connection = find(from, packed(id));
  if (connection == kNoSlot) return;
  const Connection& c = connections_[connection];
  // A broker that talks to itself holds both ends: the server is the one that answers.
  std::size_t side = from == id.client ? kClient : kServer;
  if (id.client == id.server) side = model::is_answer(body) ? kServer : kClient;
  if (!c.sides[side].open || (side == kClient && !c.established) || c.torn) return;
  Dice& link = dice(c, side);
  const std::int64_t latency = draw_latency_us(c, side, link);
  std::int64_t processing = draw_processing_us(links_, body, link);
  if (disturbances_.any() && is_written(body)) {
    processing += disturbances_.draw_write_us(node_of(c, 1 - side), processing);
  }
  const std::uint32_t packet = new_packet(now_us, connection, PacketType::data, side, latency + processing);
  packets_[packet].body = std::move(body);
  dispatch(now_us, packet);
}

// One draw, whatever the way.
std::int64_t Connections::draw_latency_us(const Connection& c, std::size_t direction, Dice& dice) const {
  if (links_.by_way.empty()) return dice.range(links_.latency_min.us, links_.latency_max.us);
  const auto from = static_cast<std::size_t>(node_of(c, direction));
  const auto to = static_cast<std::size_t>(node_of(c, 1 - direction));
  const Latency& way = links_.by_way[from * nodes_ + to];
  return dice.range(way.min.us, way.max.us);
}

void Connections::send_fin(std::int64_t now_us, std::uint32_t connection, std::size_t direction) {
  Connection& c = connections_[connection];
  const std::int64_t latency = draw_latency_us(c, direction, dice(c, direction));
  dispatch(now_us, new_packet(now_us, connection, PacketType::fin, direction, latency));
}

void Connections::close(std::int64_t now_us, model::NodeId from, const model::ConnectionId& id) {
  const std::uint32_t connection = find(from, packed(id));
  if (connection == kNoSlot) return;
  // To itself: whichever end it was that closed, the node is told once for the other one.
  close_side(now_us, connection, from == id.client ? kClient : kServer);
}

void Connections::close_side(std::int64_t now_us, std::uint32_t connection, std::size_t side) {
  Connection& c = connections_[connection];
  if (!c.sides[side].open) return;
  c.sides[side].open = false;
  c.attempt_waits = false;
  forget(node_of(c, side), packed(c.id));
  if (c.sides[1 - side].open) send_fin(now_us, connection, side);
  free_if_unused(connection);
}

// --- connecting ------------------------------------------------------------------------------------

void Connections::connect(std::int64_t now_us, const model::ConnectionId& id) {
  const std::uint64_t name = packed(id);
  ENSURE(find(id.client, name) == kNoSlot);
  const std::uint32_t connection = new_connection(id);
  connections_[connection].sides[kClient].open = true;
  connections_[connection].attempted_us = now_us;
  sockets_[static_cast<std::size_t>(id.client)].push_back({name, connection});
  attempt(now_us, connection);
}

bool Connections::attempt_is_blocked(const Connection& c) {
  return is_cut(c, kClient) || is_cut(c, kServer) || host(c.id.server) == Host::dark;
}

void Connections::wait_for_heal(Connection& c) {
  c.attempt_waits = true;
  if (c.counted_stalled) return;
  c.counted_stalled = true;
  cuts_.count_stalled(c.id.client, c.id.server, effects_);
  if (!is_cut(c, kClient)) cuts_.count_stalled(c.id.server, c.id.client, effects_);
}

void Connections::attempt(std::int64_t now_us, std::uint32_t connection) {
  Connection& c = connections_[connection];
  if (attempt_is_blocked(c)) {
    wait_for_heal(c);
    return;
  }
  c.attempt_waits = false;
  const std::int64_t latency = draw_latency_us(c, kClient, dice(c, kClient));
  if (is_lost(c, kClient)) return retry_attempt(now_us, connection);
  const std::uint32_t packet = new_packet(now_us, connection, PacketType::syn, kClient, latency);
  queue_.push(now_us + takes_us(packets_[packet]), Wake::packet, packet);
}

// At the server's machine: a paused process is connected to all the same, its kernel accepts.
void Connections::on_syn(std::int64_t now_us, std::uint32_t connection) {
  Connection& c = connections_[connection];
  if (!c.sides[kClient].open) return;
  if (is_cut(c, kServer) || host(c.id.server) == Host::dark) {
    wait_for_heal(c);
    return;
  }
  if (is_lost(c, kServer)) return retry_attempt(now_us, connection);
  const bool accepts = host(c.id.server) == Host::listening;
  if (accepts) {
    c.sides[kServer].open = true;
    if (c.id.client != c.id.server) {
      sockets_[static_cast<std::size_t>(c.id.server)].push_back({packed(c.id), connection});
    }
  }
  const std::int64_t latency = draw_latency_us(c, kServer, dice(c, kServer));
  dispatch(now_us,
           new_packet(now_us, connection, accepts ? PacketType::accepted : PacketType::refused, kServer, latency));
}

// --- the end of a process --------------------------------------------------------------------------

void Connections::start(std::int64_t now_us, model::NodeId node) {
  const bool was_dark = host(node) == Host::dark;
  host(node) = Host::listening;
  if (was_dark) path_opened(now_us);
}

void Connections::end_process(std::int64_t now_us, model::NodeId node, std::int32_t row) {
  host(node) = Host::off;
  // In the order of names: that of the table depends on who talked last.
  std::vector<Socket> sockets = sockets_[static_cast<std::size_t>(node)];
  std::sort(sockets.begin(), sockets.end(), [](const Socket& a, const Socket& b) { return a.name < b.name; });
  for (const Socket& socket : sockets) {
    Connection& c = connections_[socket.connection];
    if (row != kNoRow) ++effects_[static_cast<std::size_t>(row)].reset;
    for (const std::size_t side : {kClient, kServer}) {
      if (node_of(c, side) == node) c.sides[side].died_by = row;
    }
    if (c.id.client == c.id.server) c.sides[kServer].open = false;  // nobody is left to be told
    close_side(now_us, socket.connection, c.id.client == node ? kClient : kServer);
  }
}

void Connections::lose_power(model::NodeId node, std::int32_t row) {
  host(node) = Host::dark;
  const std::vector<Socket> sockets = std::exchange(sockets_[static_cast<std::size_t>(node)], {});
  for (const Socket& socket : sockets) {
    Connection& c = connections_[socket.connection];
    if (row != kNoRow) ++effects_[static_cast<std::size_t>(row)].reset;
    c.attempt_waits = false;
    for (const std::size_t side : {kClient, kServer}) {
      if (node_of(c, side) != node) continue;
      c.sides[side] = Side{false, true, row};
      // What it had sent into a cut was in its memory only.
      drop_stalled(c.directions[side]);
    }
    free_if_unused(socket.connection);
  }
}

void Connections::drop_stalled(Direction& direction) {
  for (std::uint32_t packet = std::exchange(direction.first_stalled, kNoSlot); packet != kNoSlot;) {
    drop(std::exchange(packet, packets_[packet].next));
  }
}

void Connections::reset(std::int64_t now_us, std::size_t row, model::NodeId a, model::NodeId b) {
  if (a == b) return;
  for (std::uint32_t i = 0; i < connections_.size(); ++i) {
    const Connection& c = connections_[i];
    const bool is_between = (c.id.client == a && c.id.server == b) || (c.id.client == b && c.id.server == a);
    if (!c.used || !is_between || c.torn || !c.sides[kClient].open || !c.sides[kServer].open) continue;
    connections_[i].torn = true;
    ++effects_[row].reset;
    for (const std::size_t direction : {kClient, kServer}) {
      queue_.push(now_us, Wake::packet, new_packet(now_us, i, PacketType::torn, direction, 0));
      drop_stalled(connections_[i].directions[direction]);
    }
  }
}

void Connections::on_lost_data(std::int64_t now_us, std::uint32_t connection, std::size_t receiving_side) {
  Connection& c = connections_[connection];
  const Side& side = c.sides[receiving_side];
  if (side.died_by != kNoRow) ++effects_[static_cast<std::size_t>(side.died_by)].lost;
  const bool answers = side.vanished && host(node_of(c, receiving_side)) != Host::dark;
  if (answers && c.sides[1 - receiving_side].open) send_fin(now_us, connection, receiving_side);
}

void Connections::drop(std::uint32_t packet) {
  const Packet& dropped = packets_[packet];
  const Side& side = connections_[dropped.connection].sides[1U - dropped.direction];
  if (dropped.type == PacketType::data && side.died_by != kNoRow) {
    ++effects_[static_cast<std::size_t>(side.died_by)].lost;
  }
  release(packet);
}

// --- arrivals --------------------------------------------------------------------------------------

model::NodeId Connections::receiver(std::uint32_t packet) const {
  const Packet& arriving = packets_[packet];
  if (arriving.type >= PacketType::syn) return model::kNoNode;
  const Connection& c = connections_[arriving.connection];
  const std::size_t side = 1U - arriving.direction;
  return c.sides[side].open && !is_swept_away(arriving) ? node_of(c, side) : model::kNoNode;
}

void Connections::hold(std::uint32_t packet) {
  Packet& waiting = packets_[packet];
  if (waiting.held) return;
  waiting.held = true;
  waiting.ticket = connections_[waiting.connection].directions[waiting.direction].next_ticket++;
}

void Connections::redeliver(std::uint32_t packet, std::int64_t at_us) {
  const Packet& waiting = packets_[packet];
  Direction& direction = connections_[waiting.connection].directions[waiting.direction];
  if (direction.last_redelivery != INT64_MIN) at_us = std::max(at_us, direction.last_redelivery + 1);
  direction.last_redelivery = at_us;
  direction.last_arrival = std::max(direction.last_arrival, at_us);
  queue_.push(at_us, Wake::packet, packet);
}

bool Connections::must_wait(std::int64_t now_us, std::uint32_t packet) {
  const Packet& arriving = packets_[packet];
  const Direction& direction = connections_[arriving.connection].directions[arriving.direction];
  if (arriving.held ? arriving.ticket == direction.serving : direction.next_ticket == direction.serving) return false;
  hold(packet);
  redeliver(packet, now_us);
  return true;
}

Arrival Connections::arrive(std::int64_t now_us, std::uint32_t packet) {
  const Packet& arriving = packets_[packet];
  const std::uint32_t connection = arriving.connection;
  const PacketType type = arriving.type;
  const std::size_t direction = arriving.direction;
  const std::size_t side = 1 - direction;
  Connection& c = connections_[connection];
  if (arriving.held) ++c.directions[direction].serving;
  Arrival arrival;
  arrival.node = node_of(c, side);
  arrival.peer = node_of(c, direction);
  arrival.via = c.id;
  if (is_swept_away(arriving)) return arrival;
  switch (type) {
    case PacketType::data:
      if (!c.sides[side].open) {
        on_lost_data(now_us, connection, side);
        return arrival;
      }
      arrival.what = Arrival::What::message;
      arrival.body = &arriving.body;
      return arrival;
    case PacketType::accepted:
      if (!c.sides[side].open) return arrival;
      c.established = true;
      arrival.what = Arrival::What::connected;
      return arrival;
    case PacketType::fin:
    case PacketType::torn:
    case PacketType::refused:
      if (!c.sides[side].open) return arrival;
      c.sides[side].open = false;
      forget(arrival.node, packed(c.id));
      arrival.what = Arrival::What::disconnected;
      arrival.reason = type == PacketType::refused ? model::DisconnectReason::refused : model::DisconnectReason::reset;
      return arrival;
    case PacketType::syn:
      on_syn(now_us, connection);
      return arrival;
    case PacketType::syn_retry:
      c.retry_queued = false;
      if (c.sides[kClient].open) attempt(now_us, connection);
      return arrival;
    case PacketType::retransmit:
      retransmit(now_us, connection, direction);
      return arrival;
  }
  return arrival;
}

}  // namespace sim
