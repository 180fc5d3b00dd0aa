// Connections between processes, as TCP shows them: each direction keeps its order; a cut stalls a
// direction until the first retransmission after the heal; the end of a process closes its connections,
// and the peer hears of it behind the data that was sent before.
//
// Two ends of a connection are open or closed for themselves. A packet takes effect when its event comes
// up: latency, and processing by what has to be done, are part of its delay. What is processed on one
// connection delays no other.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "model/ids.h"
#include "model/message.h"
#include "model/step.h"
#include "sim/kernel/cuts.h"
#include "sim/kernel/dice.h"
#include "sim/kernel/disturbances.h"
#include "sim/kernel/event_queue.h"
#include "sim/kernel/observer.h"
#include "sim/kernel/origins.h"
#include "sim/kernel/plan.h"
#include "sim/kernel/pool.h"

namespace sim {

// What a packet means for the process it arrives at.
struct Arrival {
  enum class What : std::uint8_t { nothing, message, connected, disconnected };
  What what = What::nothing;
  model::NodeId node = model::kNoNode;  // where
  model::NodeId peer = model::kNoNode;
  model::ConnectionId via;
  model::DisconnectReason reason{};   // disconnected
  const model::Body* body = nullptr;  // message; until the packet is released
};

class Connections {
 public:
  static constexpr std::int32_t kNoRow = -1;  // no fault is to blame

  // Effects of faults are counted in `effects`, by row.
  Connections(const LinkSettings& links, std::uint64_t seed, std::size_t nodes, EventQueue& queue,
              std::vector<FaultEffect>& effects);

  // What each packet begins with is noted there, from now on.
  void note_origins(Origins& origins) { origins_ = &origins; }

  // --- processes and machines ---
  void start(std::int64_t now_us, model::NodeId node);  // it listens from now on
  // It goes on running but accepts no new connections: attempts are refused.
  void stop_listening(model::NodeId node) { host(node) = Host::off; }
  // The process ends; the machine closes its connections. `row`: the fault that did it.
  void end_process(std::int64_t now_us, model::NodeId node, std::int32_t row);
  // The machine goes dark: its peers are told nothing. They find out by their own time-outs, or when they
  // send something after it is started again, which is answered with a reset.
  void lose_power(model::NodeId node, std::int32_t row);

  // --- effects of a process ---
  // One round trip later the client is told Connected, or Disconnected{refused}. While a direction is cut
  // the attempt is repeated, until it goes through or the client closes it.
  void connect(std::int64_t now_us, const model::ConnectionId& id);
  // On a connection that `from` has closed or been told to be gone, nothing happens.
  void send(std::int64_t now_us, model::NodeId from, const model::ConnectionId& id, model::Body&& body);
  void close(std::int64_t now_us, model::NodeId from, const model::ConnectionId& id);

  // --- faults ---
  void cut(std::uint32_t application, std::size_t row, model::NodeId from, model::NodeId to) {
    cuts_.add(application, row, from, to);
  }
  bool any_cut() const { return cuts_.any(); }
  // Delay and loss: a packet that is lost arrives with the sender's retransmission, and so does what was sent
  // behind it. Slow disks count as processing by the receiver.
  Disturbances& disturbances() { return disturbances_; }
  // Tears down every connection between the two that is open at both ends. What was on its way is lost, both
  // ends are told at once.
  void reset(std::int64_t now_us, std::size_t row, model::NodeId a, model::NodeId b);
  // Of cuts, delays and losses.
  bool heal_application(std::int64_t now_us, std::uint32_t application);
  bool heal_direction(std::int64_t now_us, model::NodeId from, model::NodeId to);
  bool heal_all(std::int64_t now_us);

  // --- events ---
  // The process that the packet is for; kNoNode if none will notice it.
  model::NodeId receiver(std::uint32_t packet) const;
  // The receiver is paused: the packet waits, and so does what arrives behind it until it is delivered.
  void hold(std::uint32_t packet);
  // A packet that was held comes up again at `at_us` or, to keep the order, later.
  void redeliver(std::uint32_t packet, std::int64_t at_us);
  // The packet's event comes up before that of a packet that was held: it goes behind, and true is returned.
  bool must_wait(std::int64_t now_us, std::uint32_t packet);
  // Carries the packet out. It keeps its slot, hence its body, until it is released.
  Arrival arrive(std::int64_t now_us, std::uint32_t packet);
  void release(std::uint32_t packet);
  // A packet that waited for a paused process which died instead.
  void drop(std::uint32_t packet);

  std::size_t open_connections(model::NodeId node) const { return sockets_[static_cast<std::size_t>(node)].size(); }

 private:
  enum class Host : std::uint8_t { off, listening, dark };

  struct Side {
    bool open = false;
    bool vanished = false;          // lost its power, and told nobody
    std::int32_t died_by = kNoRow;  // fault row that ended its process
  };
  struct Direction {
    std::int64_t last_arrival = INT64_MIN;
    std::int64_t last_redelivery = INT64_MIN;
    std::uint32_t next_ticket = 0, serving = 0;  // packets that were held are delivered in this order
    std::uint32_t first_stalled = kNoSlot, last_stalled = kNoSlot;
    bool retransmit_queued = false;
    // While the other direction is cut no acknowledgement returns: since when, and how much was sent.
    std::int64_t unacknowledged_since = INT64_MIN;
    std::int32_t unacknowledged = 0;
  };
  // Side 0 is the client; direction d is what side d sends.
  struct Connection {
    model::ConnectionId id;
    bool used = false;
    bool established = false;    // for the client
    bool attempt_waits = false;  // for a heal, to repeat the attempt
    bool retry_queued = false;
    bool torn = false;              // by a reset: what is on its way is lost
    bool counted_stalled = false;   // the attempt
    std::int64_t attempted_us = 0;  // first
    std::uint32_t packets = 0;      // that refer to it
    std::array<Side, 2> sides;
    std::array<Direction, 2> directions;
  };
  struct Socket {
    std::uint64_t name;  // the ConnectionId, packed
    std::uint32_t connection;
  };

  static model::NodeId node_of(const Connection& c, std::size_t side) { return side == 0 ? c.id.client : c.id.server; }
  std::uint32_t find(model::NodeId node, std::uint64_t name);
  void forget(model::NodeId node, std::uint64_t name);
  std::uint32_t new_connection(const model::ConnectionId& id);
  void free_if_unused(std::uint32_t connection);
  Dice& dice(const Connection& c, std::size_t direction);
  Host& host(model::NodeId node) { return hosts_[static_cast<std::size_t>(node)]; }
  bool is_cut(const Connection& c, std::size_t direction) const {
    return cuts_.is_cut(node_of(c, direction), node_of(c, 1 - direction));
  }
  bool attempt_is_blocked(const Connection& c);

  std::uint32_t new_packet(std::int64_t now_us, std::uint32_t connection, PacketType type, std::size_t direction,
                           std::int64_t delay_us);
  void dispatch(std::int64_t now_us, std::uint32_t packet);
  void stall(std::uint32_t packet);
  std::int64_t takes_us(const Packet& packet);
  bool is_lost(const Connection& c, std::size_t direction) {
    return disturbances_.any_way() && disturbances_.draw_loss(node_of(c, direction), node_of(c, 1 - direction));
  }
  bool is_swept_away(const Packet& packet) const {
    return connections_[packet.connection].torn && packet.type != PacketType::torn && !packet.held;
  }
  void drop_stalled(Direction& direction);
  void retry_attempt(std::int64_t now_us, std::uint32_t connection);
  std::int64_t draw_latency_us(const Connection& c, std::size_t direction, Dice& dice) const;
  void send_fin(std::int64_t now_us, std::uint32_t connection, std::size_t direction);
  void close_side(std::int64_t now_us, std::uint32_t connection, std::size_t side);
  void attempt(std::int64_t now_us, std::uint32_t connection);
  void wait_for_heal(Connection& c);
  void on_syn(std::int64_t now_us, std::uint32_t connection);
  void retransmit(std::int64_t now_us, std::uint32_t connection, std::size_t direction);
  void path_opened(std::int64_t now_us);
  bool lacks_acknowledgements(std::int64_t now_us, Connection& c, std::size_t direction) const;
  void acknowledge(std::int64_t now_us, std::uint32_t connection, std::size_t direction);
  void release_stalled(std::int64_t now_us, Direction& direction);
  bool is_held_up(const Connection& c, std::size_t direction) const;
  void schedule_retransmission(std::int64_t now_us, std::uint32_t connection, std::size_t direction);
  void schedule_attempt(std::int64_t now_us, std::uint32_t connection);
  void on_lost_data(std::int64_t now_us, std::uint32_t connection, std::size_t receiving_side);

  const LinkSettings& links_;
  std::uint64_t seed_;
  std::size_t nodes_;
  EventQueue& queue_;
  std::vector<FaultEffect>& effects_;
  Cuts cuts_;
  Disturbances disturbances_;
  PacketPool packets_;
  std::vector<Host> hosts_;
  std::vector<Connection> connections_;
  std::vector<std::uint32_t> unused_;
  std::vector<std::vector<Socket>> sockets_;  // by node, most recently used last
  std::vector<Dice> dice_;                    // by (client, server, kind, direction)
  Origins* origins_ = nullptr;
};

// A ConnectionId in one word.
inline std::uint64_t packed(const model::ConnectionId& id) {
  return (static_cast<std::uint64_t>(id.client) << 56) | (static_cast<std::uint64_t>(id.server) << 48) |
         (static_cast<std::uint64_t>(id.kind) << 40) | (static_cast<std::uint64_t>(id.index) << 32) | id.number;
}

// Both are measured from the first transmission; the result is after `now`.
// Data: 200 ms after it was sent, then at doubling intervals.
std::int64_t next_retransmission(const LinkSettings& links, std::int64_t sent_us, std::int64_t now_us,
                                 std::uint64_t key);
// Connection attempts: linear at first, then at doubling intervals.
std::int64_t next_attempt(const LinkSettings& links, std::int64_t attempted_us, std::int64_t now_us);

}  // namespace sim
