// The seam between the protocol and its drivers. A driver owns nodes, time and connections; it calls
// step() with one input and carries out the effects. The same functions serve the scheduler on virtual
// time and an exhaustive search.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "model/config.h"
#include "model/facts.h"
#include "model/ids.h"
#include "model/message.h"
#include "model/time.h"
#include "model/value.h"

namespace model {

struct Rules;

enum class TimerKind : std::uint8_t {
  // ZooKeeper server
  zk_expire,  // wake-up at the next expiry bucket
  // ZooKeeper client in a broker
  zk_start,
  zk_ping,
  zk_read_timeout,
  zk_connect_timeout,
  zk_reconnect,
  // broker
  register_broker,
  begin_serving,
  isr_check,
  checkpoint_high_watermarks,
  isr_change_propagation,
  shutdown_retry,
  shutdown_steps,
  fetch_wait,       // a parked fetch; about = slot of the connection
  produce_wait,     // a parked produce
  fetcher_timeout,  // request or connect timeout of a fetcher; about = slot of the fetcher
  fetch_backoff,    // delayed partition; about = partition
  alter_partition_timeout,
  alter_partition_retry,
  shutdown_timeout,
  // controller
  sender_timeout,
  sender_backoff,  // about = broker
  rebalance_check,
  // client
  produce_next,
  client_timeout,
  client_backoff,
  client_connect_timeout,
  metadata_refresh,
  delivery_timeout,
  metadata_timeout,
  produce_retry,   // a batch that waits out its retry back-off; about = its slot
  produce_linger,  // about = partition number
  producer_id_retry,
  // metadata quorum
  quorum_start,       // the process is up: its raft member begins
  quorum_election,    // election timeout of Unattached, Prospective, Candidate, Resigned
  quorum_fetch,       // of a Follower: its leader is gone
  quorum_check,       // of a Leader: no majority has fetched
  quorum_begin,       // of a Leader: the next BeginQuorumEpoch
  quorum_backoff,     // of a Candidate that has lost
  quorum_request,     // a request is overdue; about = node: since it was made, 256 + node: since it was sent
  quorum_retry,       // about = node: it may be asked again
  quorum_reconnect,   // about = node: a connection to it may be tried again, or has been tried long enough
  quorum_linger,      // of a Leader: prepared records are appended
  quorum_fetch_wait,  // a parked Fetch; about = slot
  quorum_shutdown,    // a resigned leader waits no longer
  quorum_clean,       // snapshots that retention does not want are deleted
  quorum_commit,      // the state machine reads what was committed after it had had its turn
  // broker in KRaft mode
  lifecycle_send,     // the next registration or heartbeat
  lifecycle_timeout,  // of its request or connection
  lifecycle_give_up,  // initial.broker.registration.timeout.ms
  // active controller in KRaft mode
  fence_stale_brokers,
  write_no_op,
  elect_preferred,
  elect_unclean,
  read_partitions,  // of a controller that takes over: the state of the partitions that are not modelled is read
  // consumer
  preferred_replica_lease,  // about = partition number: it reads from the leader again
  position_retry,           // about = partition number: its reset or validation may be tried again
  kinds,
};
std::string_view name_of(TimerKind kind);

struct TimerKey {
  TimerKind kind{};
  std::uint16_t about = 0;
  FIELDS(kind, about);
  auto operator<=>(const TimerKey&) const = default;
};

enum class DisconnectReason : std::uint8_t {
  refused,  // no process listens there
  reset,    // the peer's process died or closed the connection
};

// --- inputs ------------------------------------------------------------------------------------

struct Started {
  NO_FIELDS();
};
struct Received {
  ConnectionId via;
  const Body* body = nullptr;
};
struct TimerFired {
  TimerKey key;
};
// The client end of a connection is open.
struct Connected {
  ConnectionId via;
};
// Either end is told: the connection is gone.
struct Disconnected {
  ConnectionId via;
  DisconnectReason reason{};
};

// Operator acts. To the controller in office: elect, reassign. To a broker or controller: stop. The others to
// ZooKeeper or, in KRaft mode, to the controller in office; of them it knows neither MoveController nor
// ExpireSession.
struct Elect {
  PartitionId partition{};
  bool unclean = false;
  FIELDS(partition, unclean);
};
struct MoveController {  // deletes /controller
  NO_FIELDS();
};
struct CreateTopic {
  TopicId topic{};
  FIELDS(topic);
};
struct Stop {  // SIGTERM: controlled shutdown
  NO_FIELDS();
};
struct ExpireSession {  // the sessions of this node end as by expiry
  NodeId owner = kNoNode;
  FIELDS(owner);
};
struct AlterConfig {  // kafka-configs --alter --add-config; what is not given stays
  TopicId topic{};
  std::optional<std::int32_t> min_insync_replicas;
  std::optional<bool> unclean_leader_election_enable;
  FIELDS(topic, min_insync_replicas, unclean_leader_election_enable);
};
struct Reassign {  // kafka-reassign-partitions --execute
  PartitionId partition{};
  Replicas replicas;
  FIELDS(partition, replicas);
};
// KRaft mode only, to the active controller: kafka-metadata-quorum add-controller, remove-controller (KIP-853).
struct ChangeVoter {
  NodeId node = kNoNode;
  bool add = false;
  FIELDS(node, add);
};
using Act = std::variant<Elect, MoveController, CreateTopic, Stop, ExpireSession, AlterConfig, Reassign, ChangeVoter>;

using Input = std::variant<Started, Received, TimerFired, Connected, Disconnected, Act>;

// --- effects -----------------------------------------------------------------------------------

struct Send {
  template <typename B>
  Send(const ConnectionId& connection, B&& content) : via(connection), body(std::forward<B>(content)) {}
  ConnectionId via;
  Body body;
};
// Fires once, at an instant between min and max from now that the driver picks. Arming a key that is
// armed replaces it.
//
// on_grid: the delay counts from the instant at which this key was last due, not from now, and a timer
// that is due in the past fires at once: a fixed-rate task, which keeps its phase when the process
// sleeps and catches up when it wakes (ScheduledThreadPoolExecutor.scheduleAtFixedRate).
struct Arm {
  TimerKey key;
  Duration min, max;
  bool on_grid = false;
};
struct Effects {
  std::vector<Send> sends;
  std::vector<Arm> arms;
  std::vector<TimerKey> disarms;
  std::vector<ConnectionId> connects;  // by the client end
  std::vector<ConnectionId> closes;    // by either end
  std::vector<Fact> facts;
  bool stops_listening = false;  // from now on connection attempts are refused
  bool exits = false;            // the process ends by its own will
  void clear() {
    sends.clear();
    arms.clear();
    disarms.clear();
    connects.clear();
    closes.clear();
    facts.clear();
    stops_listening = false;
    exits = false;
  }
};

// Where a real node's behaviour is open (which partition a producer prefers, in which order a hash set
// is walked) the protocol asks: the scheduler answers from dice, a search tries every answer.
struct Choices {
  std::uint32_t (*pick)(void* source, std::uint32_t n) = nullptr;  // 0 <= answer < n
  void* source = nullptr;
  std::uint32_t below(std::uint32_t n) const { return n < 2 || pick == nullptr ? 0 : pick(source, n); }
};

// What every handler may look at, and where its effects go. Effects of one step are carried out in
// this order: closes, connects, disarms, arms, sends.
struct Context {
  const Rules& rules;
  const ClusterConfig& config;
  const Clock& clock;
  const Choices& choices;
  Effects& out;

  template <typename B>
  void send(const ConnectionId& via, B&& body) const {
    out.sends.emplace_back(via, std::forward<B>(body));
  }
  void arm(TimerKey key, Duration after) const { out.arms.push_back({key, after, after, false}); }
  void arm(TimerKey key, Duration min, Duration max) const { out.arms.push_back({key, min, max, false}); }
  void arm_on_grid(TimerKey key, Duration period) const { out.arms.push_back({key, period, period, true}); }
  void disarm(TimerKey key) const { out.disarms.push_back(key); }
  template <typename F>
  void tell(F&& fact) const {
    out.facts.emplace_back(std::forward<F>(fact));
  }
};

}  // namespace model
