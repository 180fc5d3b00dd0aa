// Every message between nodes, under Kafka's and ZooKeeper's names, with the fields that matter.
// A message travels on a connection; answers come in the order of the requests.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "model/config.h"
#include "model/errors.h"
#include "model/ids.h"
#include "model/log.h"
#include "model/one_of.h"
#include "model/raft/metadata_log.h"
#include "model/small_vec.h"
#include "model/time.h"
#include "model/value.h"
#include "model/znode.h"

namespace model {

// What a connection is for. One node may hold several to the same peer; a server treats each alone
// (network/SocketServer mutes a channel while it serves a request).
enum class ChannelKind : std::uint8_t {
  zookeeper,            // a broker's session
  control,              // controller to broker
  alter_partition,      // leader to controller
  controlled_shutdown,  // stopping broker to controller
  fetch,                // replica fetcher to leader; `index` is the fetcher id
  client,               // producer to broker
  quorum,               // member of the metadata quorum to voter
  broker_lifecycle,     // broker to the active controller of KRaft mode: registration and heartbeats
};

// Names one connection for its whole life. `number` counts the client's attempts on that channel, so a
// late message of an older connection cannot be taken for one of a newer.
struct ConnectionId {
  NodeId client{};
  NodeId server{};
  ChannelKind kind{};
  std::uint8_t index = 0;
  std::uint32_t number = 0;
  FIELDS(client, server, kind, index, number);
  auto operator<=>(const ConnectionId&) const = default;
};

// --- ZooKeeper ---------------------------------------------------------------------------------

struct ZkConnectRequest {
  SessionId session = 0;  // 0 asks for a new one
  Duration timeout;
  Zxid last_zxid = 0;
  FIELDS(session, timeout, last_zxid);
};
struct ZkConnectResponse {
  SessionId session = 0;  // 0: the session has expired
  Duration timeout;       // as negotiated
  FIELDS(session, timeout);
};
struct ZkPing {
  NO_FIELDS();
};
struct ZkPong {
  NO_FIELDS();
};

enum class ZkOpType : std::uint8_t { create, remove, exists, get, set, children, check, close_session, set_watches };
struct ZkOp {
  ZkOpType type{};
  bool ephemeral = false;
  bool sequential = false;
  bool watch = false;
  std::int32_t version = -1;  // expected; -1 is any
  Path path;
  ZnodeData data;
  FIELDS(type, ephemeral, sequential, watch, version, path, data);
};
// One operation, or several as an atomic multi. For set_watches the paths are the watches to restore.
struct ZkRequest {
  std::int32_t xid = 0;
  bool multi = false;
  Zxid relative_zxid = 0;  // set_watches: changes after this one fire at once
  SmallVec<ZkOp, 1> ops;
  FIELDS(xid, multi, relative_zxid, ops);
};
struct ZkResult {
  ZkCode code = ZkCode::ok;
  Path created;  // of a create
  ZnodeStat stat;
  ZnodeData data;
  FIELDS(code, created, stat, data);
};
struct ZkResponse {
  std::int32_t xid = 0;
  ZkCode code = ZkCode::ok;  // of a multi: the first one that is not ok
  Zxid zxid = 0;             // of the last transaction the server has applied
  SmallVec<ZkResult, 1> results;
  std::vector<Path> children;  // of a children request, in the server's order
  FIELDS(xid, code, zxid, results, children);
};
enum class ZkEventType : std::uint8_t { node_created, node_deleted, node_data_changed, node_children_changed };
struct ZkEvent {
  ZkEventType type{};
  Path path;
  Zxid zxid = 0;
  FIELDS(type, path, zxid);
};

// --- controller to broker ----------------------------------------------------------------------

struct LeaderAndIsrPartition {
  PartitionId partition{};
  bool is_new = false;
  NodeId leader = kNoNode;
  LeaderEpoch leader_epoch = kNoEpoch;
  ControllerEpoch controller_epoch = 0;  // of the decision
  PartitionEpoch partition_epoch = 0;
  Replicas isr;
  Replicas replicas;
  FIELDS(partition, is_new, leader, leader_epoch, controller_epoch, partition_epoch, isr, replicas);
};
struct LeaderAndIsrRequest {
  NodeId controller = kNoNode;
  ControllerEpoch controller_epoch = 0;
  BrokerEpoch broker_epoch = -1;
  SmallVec<LeaderAndIsrPartition, 1> partitions;
  std::int32_t other_partitions = 0;  // so many more, of those that are not modelled
  FIELDS(controller, controller_epoch, broker_epoch, partitions, other_partitions);
};
struct UpdateMetadataPartition {
  PartitionId partition{};
  NodeId leader = kNoNode;
  LeaderEpoch leader_epoch = kNoEpoch;
  PartitionEpoch partition_epoch = 0;
  Replicas isr;
  FIELDS(partition, leader, leader_epoch, partition_epoch, isr);
};
struct UpdateMetadataRequest {
  NodeId controller = kNoNode;
  ControllerEpoch controller_epoch = 0;
  BrokerEpoch broker_epoch = -1;
  Replicas live_brokers;
  SmallVec<UpdateMetadataPartition, 1> partitions;
  std::int32_t other_partitions = 0;  // likewise
  FIELDS(controller, controller_epoch, broker_epoch, live_brokers, partitions, other_partitions);
};
struct StopReplicaPartition {
  PartitionId partition{};
  LeaderEpoch leader_epoch = kNoEpoch;
  bool delete_partition = false;
  FIELDS(partition, leader_epoch, delete_partition);
};
struct StopReplicaRequest {
  NodeId controller = kNoNode;
  ControllerEpoch controller_epoch = 0;
  BrokerEpoch broker_epoch = -1;
  SmallVec<StopReplicaPartition, 2> partitions;
  FIELDS(controller, controller_epoch, broker_epoch, partitions);
};
struct ControlResponse {  // of the three above: the top-level error
  ErrorCode error = ErrorCode::none;
  FIELDS(error);
};

// --- broker to controller ----------------------------------------------------------------------

struct AlterPartitionItem {
  PartitionId partition{};
  LeaderEpoch leader_epoch = kNoEpoch;
  PartitionEpoch partition_epoch = 0;
  Replicas new_isr;
  SmallVec<BrokerEpoch, 1> isr_epochs;  // KIP-903: of new_isr, each as of its last fetch, or -1; empty: not given
  FIELDS(partition, leader_epoch, partition_epoch, new_isr, isr_epochs);
};
struct AlterPartitionRequest {
  NodeId broker = kNoNode;
  BrokerEpoch broker_epoch = -1;
  SmallVec<AlterPartitionItem, 1> partitions;
  FIELDS(broker, broker_epoch, partitions);
};
struct AlterPartitionResult {
  PartitionId partition{};
  ErrorCode error = ErrorCode::none;
  NodeId leader = kNoNode;
  LeaderEpoch leader_epoch = kNoEpoch;
  PartitionEpoch partition_epoch = 0;
  Replicas isr;
  FIELDS(partition, error, leader, leader_epoch, partition_epoch, isr);
};
struct AlterPartitionResponse {
  ErrorCode error = ErrorCode::none;
  SmallVec<AlterPartitionResult, 1> partitions;
  FIELDS(error, partitions);
};
struct ControlledShutdownRequest {
  NodeId broker = kNoNode;
  BrokerEpoch broker_epoch = -1;
  FIELDS(broker, broker_epoch);
};
struct ControlledShutdownResponse {
  ErrorCode error = ErrorCode::none;
  SmallVec<PartitionId, 4> remaining;
  FIELDS(error, remaining);
};

// --- replication -------------------------------------------------------------------------------

struct FetchPartition {
  PartitionId partition{};
  LeaderEpoch current_leader_epoch = kNoEpoch;  // -1: not given (before KIP-320)
  LeaderEpoch last_fetched_epoch = kNoEpoch;    // -1: not given (before KIP-595)
  Offset fetch_offset = 0;
  FIELDS(partition, current_leader_epoch, last_fetched_epoch, fetch_offset);
};
struct FetchRequest {
  NodeId replica = kNoNode;  // a follower's id; kNoNode for a consumer
  Duration max_wait;
  std::int32_t min_bytes = 1;
  SmallVec<FetchPartition, 2> partitions;
  BrokerEpoch replica_epoch = -1;        // the follower's broker epoch (KIP-903); -1: not given
  NodeId client = kNoNode;               // a consumer's
  RackId rack = kNoRack;                 // client.rack (KIP-392)
  std::int32_t partition_max_bytes = 0;  // a consumer's; 0: as the broker is configured for followers
  FIELDS(replica, max_wait, min_bytes, partitions, replica_epoch, client, rack, partition_max_bytes);
};
struct FetchData {
  PartitionId partition{};
  ErrorCode error = ErrorCode::none;
  Offset high_watermark = 0;
  Offset log_start = 0;
  EpochEnd diverging;  // defined when the logs part (KIP-595)
  SmallVec<Batch, 1> records;
  NodeId preferred_read_replica = kNoNode;  // a consumer is to read there: no records (KIP-392)
  FIELDS(partition, error, high_watermark, log_start, diverging, records, preferred_read_replica);
};
struct FetchResponse {
  SmallVec<FetchData, 1> partitions;
  FIELDS(partitions);
};
struct EpochQuery {
  PartitionId partition{};
  LeaderEpoch current_leader_epoch = kNoEpoch;
  LeaderEpoch epoch = kNoEpoch;
  FIELDS(partition, current_leader_epoch, epoch);
};
struct OffsetsForLeaderEpochRequest {
  NodeId replica = kNoNode;
  SmallVec<EpochQuery, 2> partitions;
  FIELDS(replica, partitions);
};
struct EpochAnswer {
  PartitionId partition{};
  ErrorCode error = ErrorCode::none;
  LeaderEpoch asked_in = kNoEpoch;  // current_leader_epoch of the query, remembered by the asker
  EpochEnd end;
  FIELDS(partition, error, asked_in, end);
};
struct OffsetsForLeaderEpochResponse {
  SmallVec<EpochAnswer, 2> partitions;
  FIELDS(partitions);
};
// A follower that is out of range asks where the leader's log begins and ends.
struct ListOffsetsRequest {
  PartitionId partition{};
  LeaderEpoch current_leader_epoch = kNoEpoch;
  bool earliest = false;  // a consumer's timestamp: EARLIEST, not LATEST
  FIELDS(partition, current_leader_epoch, earliest);
};
// Earliest and latest at once. To a follower the latest is the log end, to a consumer the high watermark.
struct ListOffsetsResponse {
  PartitionId partition{};
  ErrorCode error = ErrorCode::none;
  Offset log_start = 0;
  Offset log_end = 0;
  LeaderEpoch start_epoch = kNoEpoch;  // of the record at log_start; kNoEpoch: there is none
  LeaderEpoch end_epoch = kNoEpoch;    // in which the answering leader leads
  FIELDS(partition, error, log_start, log_end, start_epoch, end_epoch);
};

// --- clients -----------------------------------------------------------------------------------

struct ProduceData {
  PartitionId partition{};
  Batch batch;  // base_offset and epoch are the leader's to fill in
  FIELDS(partition, batch);
};
struct ProduceRequest {
  Acks acks = Acks::all;
  Duration timeout;
  SmallVec<ProduceData, 1> partitions;
  FIELDS(acks, timeout, partitions);
};
struct ProduceResult {
  PartitionId partition{};
  ErrorCode error = ErrorCode::none;
  Offset base_offset = kUnknownOffset;
  FIELDS(partition, error, base_offset);
};
struct ProduceResponse {
  SmallVec<ProduceResult, 1> partitions;
  FIELDS(partitions);
};
struct MetadataRequest {
  TopicId topic{};
  FIELDS(topic);
};
struct MetadataPartition {
  PartitionId partition{};
  ErrorCode error = ErrorCode::none;
  NodeId leader = kNoNode;
  LeaderEpoch leader_epoch = kNoEpoch;
  FIELDS(partition, error, leader, leader_epoch);
};
struct MetadataResponse {
  ErrorCode error = ErrorCode::none;
  Replicas brokers;
  SmallVec<MetadataPartition, 2> partitions;
  FIELDS(error, brokers, partitions);
};
struct InitProducerIdRequest {
  NO_FIELDS();
};
struct InitProducerIdResponse {
  ErrorCode error = ErrorCode::none;
  FIELDS(error);
};

// --- the metadata quorum (KIP-595, KIP-630, KIP-853) ---------------------------------------------

struct VoteRequest {
  ReplicaKey candidate;
  ReplicaKey voter;  // whom it is meant for; directory 0: by id alone
  LeaderEpoch epoch = 0;
  OffsetAndEpoch last;  // position of the candidate's log
  bool pre_vote = false;
  FIELDS(candidate, voter, epoch, last, pre_vote);
};
struct VoteResponse {
  ErrorCode error = ErrorCode::none;
  NodeId leader = kNoNode;  // as the answering node knows it, likewise the epoch
  LeaderEpoch epoch = 0;
  bool granted = false;
  FIELDS(error, leader, epoch, granted);
};
struct BeginQuorumEpochRequest {
  NodeId leader = kNoNode;
  LeaderEpoch epoch = 0;
  ReplicaKey voter;
  FIELDS(leader, epoch, voter);
};
struct BeginQuorumEpochResponse {
  ErrorCode error = ErrorCode::none;
  NodeId leader = kNoNode;
  LeaderEpoch epoch = 0;
  FIELDS(error, leader, epoch);
};
struct EndQuorumEpochRequest {
  NodeId leader = kNoNode;
  LeaderEpoch epoch = 0;
  SmallVec<NodeId, 2> preferred;  // successors, the best first
  FIELDS(leader, epoch, preferred);
};
struct EndQuorumEpochResponse {
  ErrorCode error = ErrorCode::none;
  NodeId leader = kNoNode;
  LeaderEpoch epoch = 0;
  FIELDS(error, leader, epoch);
};
struct QuorumFetchRequest {  // Fetch of the metadata log
  ReplicaKey replica;
  LeaderEpoch current_leader_epoch = 0;
  Offset fetch_offset = 0;
  LeaderEpoch last_fetched_epoch = 0;
  Duration max_wait;
  Offset high_watermark = kUnknownOffset;  // KIP-1166
  FIELDS(replica, current_leader_epoch, fetch_offset, last_fetched_epoch, max_wait, high_watermark);
};
struct QuorumFetchResponse {
  ErrorCode error = ErrorCode::none;
  NodeId leader = kNoNode;
  LeaderEpoch epoch = 0;
  Offset high_watermark = kUnknownOffset;
  Offset log_start = 0;
  std::optional<OffsetAndEpoch> diverging;
  std::optional<OffsetAndEpoch> snapshot;  // to be fetched instead
  std::vector<MetadataBatch> records;
  FIELDS(error, leader, epoch, high_watermark, log_start, diverging, snapshot, records);
};
struct FetchSnapshotRequest {
  ReplicaKey replica;
  LeaderEpoch current_leader_epoch = 0;
  OffsetAndEpoch id;
  FIELDS(replica, current_leader_epoch, id);
};
struct FetchSnapshotResponse {  // all of it at once
  ErrorCode error = ErrorCode::none;
  NodeId leader = kNoNode;
  LeaderEpoch epoch = 0;
  std::vector<Snapshot> snapshot;  // one, unless there is an error
  FIELDS(error, leader, epoch, snapshot);
};

// --- broker to the active controller of KRaft mode (KIP-631) -------------------------------------

struct BrokerRegistrationRequest {
  NodeId broker = kNoNode;
  Incarnation incarnation = 0;
  BrokerEpoch previous_broker_epoch = -1;  // of its clean shutdown, if it had one (KIP-966)
  FIELDS(broker, incarnation, previous_broker_epoch);
};
struct BrokerRegistrationResponse {
  ErrorCode error = ErrorCode::none;
  BrokerEpoch broker_epoch = -1;
  FIELDS(error, broker_epoch);
};
struct BrokerHeartbeatRequest {
  NodeId broker = kNoNode;
  BrokerEpoch broker_epoch = -1;
  Offset current_metadata_offset = kUnknownOffset;  // the last one of the published image, inclusive
  bool want_fence = false;
  bool want_shut_down = false;
  FIELDS(broker, broker_epoch, current_metadata_offset, want_fence, want_shut_down);
};
struct BrokerHeartbeatResponse {
  ErrorCode error = ErrorCode::none;
  bool is_caught_up = false;
  bool is_fenced = true;
  bool should_shut_down = false;
  FIELDS(error, is_caught_up, is_fenced, should_shut_down);
};

using Body = OneOf<std::variant<
    FetchRequest, FetchResponse, ProduceRequest, ProduceResponse, ZkConnectRequest, ZkConnectResponse, ZkPing, ZkPong,
    ZkRequest, ZkResponse, ZkEvent, LeaderAndIsrRequest, UpdateMetadataRequest, StopReplicaRequest, ControlResponse,
    AlterPartitionRequest, AlterPartitionResponse, ControlledShutdownRequest, ControlledShutdownResponse,
    OffsetsForLeaderEpochRequest, OffsetsForLeaderEpochResponse, ListOffsetsRequest, ListOffsetsResponse,
    MetadataRequest, MetadataResponse, InitProducerIdRequest, InitProducerIdResponse, VoteRequest, VoteResponse,
    BeginQuorumEpochRequest, BeginQuorumEpochResponse, EndQuorumEpochRequest, EndQuorumEpochResponse,
    QuorumFetchRequest, QuorumFetchResponse, FetchSnapshotRequest, FetchSnapshotResponse, BrokerRegistrationRequest,
    BrokerRegistrationResponse, BrokerHeartbeatRequest, BrokerHeartbeatResponse>>;

std::string_view name_of(const Body& body);              // "Fetch", "LeaderAndIsr": Kafka's API names
std::string_view name_of_body(std::size_t alternative);  // by index of the variant
bool is_answer(const Body& body);
inline constexpr std::size_t kBodyKinds = Body::kSize;

}  // namespace model
