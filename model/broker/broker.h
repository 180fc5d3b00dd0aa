// A broker: what it keeps on disk, what it holds in memory, and the functions that its parts call on
// each other. Each part is a file of its own:
//   broker.cpp        dispatch of inputs, start, stop, crash
//   registration.cpp  /brokers/ids/N, session expiry
//   zk_client.cpp     the ZooKeeper session
//   requests.cpp      connections served, one request at a time each
//   control.cpp       LeaderAndIsr, UpdateMetadata, StopReplica from the controller
//   leader.cpp        writes and the high watermark
//   fetch_service.cpp fetches served, and those parked
//   isr.cpp           shrink, expand; changes written to ZooKeeper
//   alter_partition.cpp  changes committed through the controller
//   fetcher.cpp       replica fetchers; truncation.cpp where a follower's log is cut
//   topic_configs.cpp  changes of topic configurations
//   shutdown.cpp      controlled shutdown
// In KRaft mode (kraft.h) also
//   kraft.cpp         what it begins with, and whose an input is
//   lifecycle.cpp     registration, heartbeats, controlled shutdown
//   metadata_publisher.cpp  the metadata log read and applied
// and controller/*.cpp is the controller that every broker carries.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "model/broker/kraft.h"
#include "model/broker/partition.h"
#include "model/broker/zk_client.h"
#include "model/controller/controller.h"
#include "model/message.h"
#include "model/small_vec.h"
#include "model/step.h"

namespace model {

// --- a connection that the broker serves --------------------------------------------------------

struct ParkedFetch {
  FetchRequest request;
  FIELDS(request);
};
// acks=all: answered when every partition is decided.
struct ParkedProduce {
  struct Wait {
    PartitionId partition{};
    bool decided = false;
    ErrorCode error = ErrorCode::request_timed_out;  // what a time-out returns
    Offset base_offset = kUnknownOffset;
    Offset required = 0;  // the high watermark that acknowledges it
    FIELDS(partition, decided, error, base_offset, required);
  };
  SmallVec<Wait, 1> waits;
  FIELDS(waits);
};
// The controller's event loop has it.
struct ParkedEvent {
  NO_FIELDS();
};
// Its partition is frozen; it is tried again when the lock is free.
struct Blocked {
  NO_FIELDS();
};
using Parked = std::variant<std::monostate, ParkedFetch, ParkedProduce, ParkedEvent, Blocked>;

struct Served {
  bool used = false;  // slots are stable: timers name them
  ConnectionId via;
  Parked parked;            // the request that is being served, if it waits for something
  std::vector<Body> queue;  // requests that wait behind it; with Blocked, the front is the blocked one
  FIELDS(used, via, parked, queue);
};

// --- a fetcher -----------------------------------------------------------------------------------

struct Fetcher {
  enum class State : std::uint8_t { closed, connecting, open };
  enum class Asked : std::uint8_t { nothing, fetch, epochs, offsets };
  NodeId leader = kNoNode;  // kNoNode: a free slot; slots are stable
  std::uint8_t id = 0;
  State state = State::closed;
  Asked asked = Asked::nothing;
  std::uint32_t connection = 0;
  SmallVec<FetchPartition, 2> request;  // what the outstanding request asked, by partition
  FIELDS(leader, id, state, asked, connection, request);
};

// --- AlterPartition ------------------------------------------------------------------------------

struct AlterPartitionChannel {
  enum class State : std::uint8_t { closed, connecting, open };
  State state = State::closed;
  NodeId controller = kNoNode;  // whom the connection leads to
  std::uint32_t connection = 0;
  bool in_flight = false;
  bool backing_off = false;
  SmallVec<AlterPartitionItem, 1> waiting;  // by partition; one item each
  SmallVec<AlterPartitionItem, 1> sent;
  FIELDS(state, controller, connection, in_flight, backing_off, waiting, sent);
};

struct ShutdownProgress {
  enum class Stage : std::uint8_t { running, asking, backing_off, closing };
  Stage stage = Stage::running;
  std::int32_t attempts_left = 0;
  bool connected = false;
  NodeId controller = kNoNode;
  std::uint32_t connection = 0;
  FIELDS(stage, attempts_left, connected, controller, connection);
};

struct CachedLeader {
  bool known = false;
  NodeId leader = kNoNode;
  LeaderEpoch leader_epoch = kNoEpoch;
  FIELDS(known, leader, leader_epoch);
};

enum class BrokerPhase : std::uint8_t {
  down,        // no process
  connecting,  // waits for its first ZooKeeper session
  loading,     // session open, not registered
  running,
  stopping,
};

struct BrokerDisk {
  std::vector<PartitionDisk> partitions;  // by PartitionId
  std::uint32_t connections = 0;          // port numbers do not repeat across restarts
  std::optional<RaftDisk> raft;           // KRaft mode
  BrokerEpoch clean_shutdown_epoch = -1;  // of the process before, if it ended by a controlled shutdown (KIP-966)
  FIELDS(partitions, connections, raft, clean_shutdown_epoch);
};

struct BrokerMemory {
  BrokerPhase phase = BrokerPhase::down;
  ZkClient zk;
  bool registered_before = false;    // this process has registered in an earlier session...
  SessionId registered_session = 0;  // ...namely this one
  BrokerEpoch broker_epoch = -1;
  ControllerEpoch controller_epoch = 0;  // highest seen in a control request; 0 after a restart
  bool checkpointing = false;
  bool serving = false;              // requests are processed
  std::int32_t requests_queued = 0;  // over all connections

  // Metadata cache: the last UpdateMetadata wins.
  NodeId cached_controller = kNoNode;
  Replicas cached_live;
  std::vector<CachedLeader> cached;  // by PartitionId

  std::vector<Partition> partitions;  // by PartitionId
  SmallVec<Served, 2> served;
  SmallVec<Fetcher, 2> fetchers;
  AlterPartitionChannel alter_partition;
  ShutdownProgress shutdown;

  bool isr_check_started = false;
  // Direct ISR writes (up to 2.6).
  bool isr_check_blocked = false;        // the checking thread waits for ZooKeeper...
  std::int32_t isr_checks_missed = 0;    // ...and these checks are due meanwhile
  std::int32_t isr_check_next = 0;       // partition at which the blocked check goes on
  SmallVec<PartitionId, 2> isr_changes;  // to be announced by a notification
  Instant last_isr_change;
  Instant last_isr_propagation;

  // Topic configurations as last read from ZooKeeper, by TopicId; empty where they never change.
  std::vector<TopicSettings> topic_settings;

  Controller controller;
  std::optional<KraftMemory> kraft;  // in KRaft mode; then neither `zk` nor `controller` is used
  FIELDS(phase, zk, registered_before, registered_session, broker_epoch, controller_epoch, checkpointing, serving,
         requests_queued, cached_controller, cached_live, cached, partitions, served, fetchers, alter_partition,
         shutdown, isr_check_started, isr_check_blocked, isr_checks_missed, isr_check_next, isr_changes,
         last_isr_change, last_isr_propagation, topic_settings, controller, kraft);
};

struct Broker {
  NodeId id{};
  BrokerDisk disk;
  BrokerMemory memory;
  FIELDS(id, disk, memory);

  Partition& partition(PartitionId p) { return memory.partitions[index(p)]; }
  Log& log(PartitionId p) { return disk.partitions[index(p)].log; }
  const Log& log(PartitionId p) const { return disk.partitions[index(p)].log; }
};

void step(const Context& context, Broker& broker, const Input& input);

// --- broker.cpp ----------------------------------------------------------------------------------
void on_answer(const Context& context, Broker& broker, const ConnectionId& via, const Body& body);

// --- registration.cpp ----------------------------------------------------------------------------
void on_session_opened(const Context& context, Broker& broker);
void on_session_expired(const Context& context, Broker& broker);
void start_registration(const Context& context, Broker& broker);
void on_registration_reply(const Context& context, Broker& broker, std::uint32_t tag, const ZkResponse& response);
// From zk_client.cpp: a reply for its owner, an event for whoever watches.
void on_zk_reply(const Context& context, Broker& broker, ZkOwner owner, std::uint32_t tag, const ZkRequest& request,
                 const ZkResponse& response);
void on_zk_watch(const Context& context, Broker& broker, const ZkEvent& event);

// --- requests.cpp --------------------------------------------------------------------------------
void on_request(const Context& context, Broker& broker, const ConnectionId& via, const Body& body);
void on_client_gone(const Context& context, Broker& broker, const ConnectionId& via);
// Answers the request that is being served on `via`; the connection is free for the next one.
void answer(const Context& context, Broker& broker, const ConnectionId& via, Body body);
void park(Broker& broker, const ConnectionId& via, Parked parked, TimerKind kind, Duration limit,
          const Context& context);
void unblock_requests(Broker& broker);  // a partition is no longer frozen: they are tried again
// Serves what can be served now. At the end of every step.
void serve_queued_requests(const Context& context, Broker& broker);
void close_served_connections(const Context& context, Broker& broker);

// --- control.cpp ---------------------------------------------------------------------------------
// A replica's role as LeaderAndIsr or, in KRaft mode, the metadata has it (Partition.makeLeader, makeFollower).
// Without effect if the replica knows a later partition epoch. In KRaft mode the leader epoch may be the one that it
// knows: then only the assignment and the ISR are renewed.
void make_leader(const Context& context, Broker& broker, const LeaderAndIsrPartition& item);
// may_fetch: its leader is known to be there.
void make_follower(const Context& context, Broker& broker, const LeaderAndIsrPartition& item, bool may_fetch);
void delete_replica(const Context& context, Broker& broker, PartitionId p);  // nothing of it stays
void start_checkpoints(const Context& context, Broker& broker);              // of high watermarks, once
// LeaderAndIsr and StopReplica return false if they must wait for a frozen partition.
bool on_leader_and_isr(const Context& context, Broker& broker, const ConnectionId& via,
                       const LeaderAndIsrRequest& request);
void on_update_metadata(const Context& context, Broker& broker, const ConnectionId& via,
                        const UpdateMetadataRequest& request);
bool on_stop_replica(const Context& context, Broker& broker, const ConnectionId& via,
                     const StopReplicaRequest& request);

// --- leader.cpp ----------------------------------------------------------------------------------
// Both return false if the request must wait for a frozen partition.
bool serve_produce(const Context& context, Broker& broker, const ConnectionId& via, const ProduceRequest& request);
bool serve_fetch(const Context& context, Broker& broker, const ConnectionId& via, const FetchRequest& request);
// Where the consumer who asks is to read instead, by replica.selector.class; kNoNode: here.
NodeId preferred_read_replica(const Context& context, Broker& broker, const FetchRequest& request,
                              const FetchPartition& asked);
void serve_epochs(const Context& context, Broker& broker, const ConnectionId& via,
                  const OffsetsForLeaderEpochRequest& request);
void serve_list_offsets(const Context& context, Broker& broker, const ConnectionId& via,
                        const ListOffsetsRequest& request);
void serve_metadata(const Context& context, Broker& broker, const ConnectionId& via, const MetadataRequest& request);
// True if it moved.
bool maybe_advance_high_watermark(const Context& context, Broker& broker, PartitionId p);
// Looks again at what is parked on a partition: produces (if its high watermark or role changed) and
// fetches (if there is anything new to read, or they must fail).
void complete_parked_produces(const Context& context, Broker& broker, PartitionId p);
void complete_parked_fetches(const Context& context, Broker& broker, PartitionId p);
void on_fetch_wait_over(const Context& context, Broker& broker, std::uint16_t slot);
void on_produce_wait_over(const Context& context, Broker& broker, std::uint16_t slot);
std::int32_t effective_min_isr(const Context& context, const Broker& broker, PartitionId p);

// --- topic_configs.cpp -------------------------------------------------------------------------------
// Of a topic as it was created; if configurations change, as this broker has read it last.
TopicSettings settings_of(const Context& context, const Broker& broker, TopicId topic);
void forget_topic_configs(const Context& context, Broker& broker);  // at the start
void read_topic_configs(const Context& context, Broker& broker);    // with every session
bool on_config_watch(const Context& context, Broker& broker, const ZkEvent& event);
void on_topic_config_reply(const Context& context, Broker& broker, std::uint32_t tag, const ZkResponse& response);

// --- isr.cpp -------------------------------------------------------------------------------------
// By this broker's metadata a replica lives and may be in an ISR. In KRaft mode also: it fetched last in the broker
// epoch that the metadata has (KIP-903).
bool is_isr_eligible(const Broker& broker, const Remote& remote);
void maybe_expand_isr(const Context& context, Broker& broker, PartitionId p, NodeId replica);
void run_isr_check(const Context& context, Broker& broker);
void on_isr_check_due(const Context& context, Broker& broker);
void on_isr_write_reply(const Context& context, Broker& broker, std::uint32_t tag, const ZkResponse& response);
void on_isr_propagation_due(const Context& context, Broker& broker);

// --- alter_partition.cpp -------------------------------------------------------------------------
NodeId known_controller(const Broker& broker);  // by the metadata cache or, in KRaft mode, by raft; kNoNode: unknown
void submit_alter_partition(const Context& context, Broker& broker, PartitionId p);  // what it proposes now
void alter_partition_go_on(const Context& context, Broker& broker);  // send what waits, connect if needed
void on_alter_partition_answer(const Context& context, Broker& broker, const AlterPartitionResponse& response);
bool on_alter_partition_connected(const Context& context, Broker& broker, const ConnectionId& via);
bool on_alter_partition_disconnected(const Context& context, Broker& broker, const ConnectionId& via);
bool on_alter_partition_timer(const Context& context, Broker& broker, TimerKey key);

// --- fetcher.cpp ---------------------------------------------------------------------------------
// Role follower, leader known. `previous_leader`: whom it took for the leader before; kNoNode after a start.
void start_fetching(const Context& context, Broker& broker, PartitionId p, NodeId previous_leader);
void stop_fetching(const Context& context, Broker& broker, PartitionId p);
void drop_idle_fetchers(const Context& context, Broker& broker);
void fetchers_go_on(const Context& context, Broker& broker);
bool on_fetcher_connected(const Context& context, Broker& broker, const ConnectionId& via);
bool on_fetcher_disconnected(const Context& context, Broker& broker, const ConnectionId& via);
bool on_fetcher_timer(const Context& context, Broker& broker, TimerKey key);
void on_fetch_answer(const Context& context, Broker& broker, const ConnectionId& via, const FetchResponse& response);
void on_epochs_answer(const Context& context, Broker& broker, const ConnectionId& via,
                      const OffsetsForLeaderEpochResponse& response);
void on_offsets_answer(const Context& context, Broker& broker, const ConnectionId& via,
                       const ListOffsetsResponse& response);

// --- truncation.cpp ------------------------------------------------------------------------------
void truncate_replica(const Context& context, Broker& broker, PartitionId p, Offset to);
// What a leader said about the end of our last epoch. Returns true if the logs are known to agree now.
bool truncate_by_epoch_end(const Context& context, Broker& broker, PartitionId p, const EpochEnd& leader);

// --- kraft.cpp -----------------------------------------------------------------------------------
// What differs in KRaft mode, by input; each is called only there.
void start_kraft(const Context& context, Broker& broker);
void on_kraft_received(const Context& context, Broker& broker, const ConnectionId& via, const Body& body);
bool on_kraft_connected(const Context& context, Broker& broker, const ConnectionId& via);
bool on_kraft_disconnected(const Context& context, Broker& broker, const ConnectionId& via);
bool on_kraft_timer(const Context& context, Broker& broker, TimerKey key);
void on_kraft_act(const Context& context, Broker& broker, const Act& act);
// At the end of every step: the loader and the controller read what was committed, then raft does what its role wants.
void run_kraft(const Context& context, Broker& broker);
inline Raft raft_of(Broker& broker) { return {broker.id, *broker.disk.raft, broker.memory.kraft->raft}; }

// --- lifecycle.cpp -------------------------------------------------------------------------------
void start_lifecycle(const Context& context, Broker& broker);  // registers now, as soon as a controller is known
void set_ready_to_unfence(const Context& context, Broker& broker);
bool on_lifecycle_connected(const Context& context, Broker& broker, const ConnectionId& via);
bool on_lifecycle_disconnected(const Context& context, Broker& broker, const ConnectionId& via);
bool on_lifecycle_timer(const Context& context, Broker& broker, TimerKey key);
void on_registration_answer(const Context& context, Broker& broker, const BrokerRegistrationResponse& response);
void on_heartbeat_answer(const Context& context, Broker& broker, const BrokerHeartbeatResponse& response);
void begin_kraft_shutdown(const Context& context, Broker& broker);  // SIGTERM
// It has begun and is not over: replicas that nobody leads, or that left their ISR, are not fetched for any more.
bool is_in_controlled_shutdown(const Broker& broker);

// --- metadata_publisher.cpp ----------------------------------------------------------------------
// Reads what was committed since and applies it to the data plane (BrokerMetadataPublisher, ReplicaManager.applyDelta).
void load_metadata(const Context& context, Broker& broker);
// In KRaft mode the published image's word on a replica's broker epoch (KIP-903): -1 if it is not active.
BrokerEpoch published_broker_epoch(const Broker& broker, NodeId replica);

// --- shutdown.cpp --------------------------------------------------------------------------------
void begin_shutdown(const Context& context, Broker& broker);
void close_down(const Context& context, Broker& broker);  // nobody is waited for any more
bool on_shutdown_connected(const Context& context, Broker& broker, const ConnectionId& via);
bool on_shutdown_disconnected(const Context& context, Broker& broker, const ConnectionId& via);
bool on_shutdown_timer(const Context& context, Broker& broker, TimerKey key);
void on_shutdown_answer(const Context& context, Broker& broker, const ControlledShutdownResponse& response);
void checkpoint_high_watermarks(const Context& context, Broker& broker);

inline ConnectionId connection_to(Broker& broker, NodeId peer, ChannelKind kind, std::uint8_t channel_index = 0) {
  return {broker.id, peer, kind, channel_index, ++broker.disk.connections};
}

}  // namespace model
