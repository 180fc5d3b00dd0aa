// What an observer may know. Facts are the only way out of a run: expectations, reports, traces and
// conformance read them, never a node's memory or a log line. A fact is testimony of the node that
// emits it; a test compares the facts with the differences of state.
//
// ZooKeeper's facts are what it committed, in zxid order. A node's facts are what it believes.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <variant>

#include "model/bits.h"
#include "model/client_facts.h"
#include "model/config.h"
#include "model/errors.h"
#include "model/ids.h"
#include "model/one_of.h"
#include "model/small_vec.h"
#include "model/value.h"
#include "model/znode.h"

namespace model {

// Why acknowledged records may be missing without any promise being broken.
enum class LossReason : std::uint8_t {
  none,              // they may not: a violation
  acks,              // acks=1: only the leader had to have them
  unclean_election,  // allowed by unclean.leader.election.enable or by the operator
  power_loss,        // every copy that could still lead had lost them with its machine
  lost_isr_write,    // before KIP-497: the leader's session took the answer to its ISR change along
  reassignment,      // led by a replica that was to go, for which the leader before had ceased to wait
};
std::string_view name_of(LossReason reason);

// A row of model/invariants: which promise.
enum class InvariantId : std::uint16_t {};

// --- committed by ZooKeeper --------------------------------------------------------------------

struct ZkSessionOpened {
  Zxid zxid = 0;
  SessionId session = 0;
  NodeId owner = kNoNode;
  Duration timeout;
  FIELDS(zxid, session, owner, timeout);
};
struct ZkSessionClosed {
  Zxid zxid = 0;
  SessionId session = 0;
  NodeId owner = kNoNode;
  bool expired = false;  // false: the client closed it
  SmallVec<Path, 2> ephemerals;
  FIELDS(zxid, session, owner, expired, ephemerals);
};
struct BrokerRegistered {
  Zxid zxid = 0;
  NodeId broker = kNoNode;
  SessionId session = 0;
  FIELDS(zxid, broker, session);
};
struct BrokerUnregistered {
  Zxid zxid = 0;
  NodeId broker = kNoNode;
  FIELDS(zxid, broker);
};
struct ControllerElected {
  Zxid zxid = 0;
  NodeId broker = kNoNode;
  ControllerEpoch epoch = 0;  // that it holds as of the same transaction
  FIELDS(zxid, broker, epoch);
};
struct ControllerVacated {
  Zxid zxid = 0;
  NodeId broker = kNoNode;
  FIELDS(zxid, broker);
};
struct ControllerEpochChanged {
  Zxid zxid = 0;
  ControllerEpoch epoch = 0;
  NodeId broker = kNoNode;  // who holds /controller; kNoNode if nobody does
  FIELDS(zxid, epoch, broker);
};
struct TopicCreated {
  Zxid zxid = 0;
  TopicId topic{};
  FIELDS(zxid, topic);
};
struct PartitionStateChanged {
  Zxid zxid = 0;
  PartitionId partition{};
  PartitionState state;
  PartitionEpoch partition_epoch = 0;  // version of the znode
  FIELDS(zxid, partition, state, partition_epoch);
};
struct TopicConfigChanged {  // as it is from now on
  Zxid zxid = 0;
  TopicId topic{};
  std::int32_t min_insync_replicas = 1;
  bool unclean_leader_election_enable = false;
  FIELDS(zxid, topic, min_insync_replicas, unclean_leader_election_enable);
};
struct AssignmentChanged {  // a reassignment begins, gives way to another or is complete
  Zxid zxid = 0;
  PartitionId partition{};
  Replicas replicas, adding, removing;  // as they are from now on
  FIELDS(zxid, partition, replicas, adding, removing);
};
struct ZnodeCreated {  // under /isr_change_notification and /admin
  Zxid zxid = 0;
  Path path;
  FIELDS(zxid, path);
};
struct ZnodeDeleted {
  Zxid zxid = 0;
  Path path;
  FIELDS(zxid, path);
};

// --- a broker's life ---------------------------------------------------------------------------

struct StartFailed {  // the process exits: its id is still registered by an older session
  NO_FIELDS();
};
struct Stopped {
  NO_FIELDS();
};
struct IsrCheckStarted {
  NO_FIELDS();
};
struct TopicConfigApplied {  // a broker goes by a changed configuration from now on
  TopicId topic{};
  std::int32_t min_insync_replicas = 1;
  bool unclean_leader_election_enable = false;
  FIELDS(topic, min_insync_replicas, unclean_leader_election_enable);
};
struct ZkConnectionLost {
  NO_FIELDS();
};
struct ZkSessionExpiredSeen {
  SessionId session = 0;
  FIELDS(session);
};

// --- the controller's beliefs ------------------------------------------------------------------

struct BelievesController {
  ControllerEpoch epoch = 0;
  FIELDS(epoch);
};
struct ControllerResigned {
  ControllerEpoch epoch = 0;  // 0: it was not controller and only cleared its state
  FIELDS(epoch);
};
struct ControllerMoved {  // ZooKeeper refused a write of a controller whose epoch has passed
  ControllerEpoch epoch = 0;
  FIELDS(epoch);
};
struct ControllerSeesBrokers {
  Replicas added, deleted, bounced, live;
  FIELDS(added, deleted, bounced, live);
};
struct ElectionFailed {  // no eligible replica lives
  PartitionId partition{};
  FIELDS(partition);
};

struct ReassignmentRefused {  // the controller's answer to an operator
  PartitionId partition{};
  ErrorCode error = ErrorCode::none;
  FIELDS(partition, error);
};

// --- roles and replication ---------------------------------------------------------------------

struct BecameLeader {
  PartitionId partition{};
  LeaderEpoch leader_epoch = kNoEpoch;
  LeaderEpoch previous_epoch = kNoEpoch;
  PartitionEpoch partition_epoch = 0;
  Offset log_end_offset = 0;
  Offset high_watermark = 0;
  Replicas isr;
  FIELDS(partition, leader_epoch, previous_epoch, partition_epoch, log_end_offset, high_watermark, isr);
};
struct BecameFollower {
  PartitionId partition{};
  NodeId leader = kNoNode;
  LeaderEpoch leader_epoch = kNoEpoch;
  PartitionEpoch partition_epoch = 0;
  Offset log_end_offset = 0;
  Offset high_watermark = 0;
  FIELDS(partition, leader, leader_epoch, partition_epoch, log_end_offset, high_watermark);
};
// A follower was told of a leader that its metadata does not show alive: it keeps its role and epoch until
// the next epoch comes (ReplicaManager.makeFollowers).
struct LeaderUnavailable {
  PartitionId partition{};
  NodeId leader = kNoNode;
  LeaderEpoch leader_epoch = kNoEpoch;
  FIELDS(partition, leader, leader_epoch);
};
struct Truncated {
  PartitionId partition{};
  Offset from = 0;  // log end offset before
  Offset to = 0;    // and after
  LeaderEpoch leader_epoch = kNoEpoch;
  FIELDS(partition, from, to, leader_epoch);
};
struct HighWatermarkMoved {
  PartitionId partition{};
  Offset from = 0;
  Offset to = 0;
  bool as_leader = false;
  FIELDS(partition, from, to, as_leader);
};
struct RecordsAppended {
  PartitionId partition{};
  Offset base_offset = 0;
  std::int32_t count = 0;
  bool as_leader = false;
  FIELDS(partition, base_offset, count, as_leader);
};
struct IsrShrinkProposed {
  PartitionId partition{};
  Replicas isr, to;
  Offset high_watermark = 0;
  Offset log_end_offset = 0;
  FIELDS(partition, isr, to, high_watermark, log_end_offset);
};
struct IsrExpandProposed {
  PartitionId partition{};
  Replicas isr, to;
  FIELDS(partition, isr, to);
};
struct IsrCommitted {  // the proposer learns that its change stands
  PartitionId partition{};
  Replicas isr;
  PartitionEpoch partition_epoch = 0;
  FIELDS(partition, isr, partition_epoch);
};
struct IsrChangeRefused {
  PartitionId partition{};
  ErrorCode error = ErrorCode::none;
  FIELDS(partition, error);
};
// A node refused a request because its sender acts on an epoch that has passed (or not yet arrived).
struct RequestFenced {
  NodeId sender = kNoNode;
  ErrorCode error = ErrorCode::none;
  bool has_partition = false;
  PartitionId partition{};
  std::int64_t requested = 0;  // the epoch in the request
  std::int64_t local = 0;      // the epoch it was held against
  FIELDS(sender, error, has_partition, partition, requested, local);
};
// The broker acts on a LeaderAndIsr, UpdateMetadata or StopReplica request: no fence held it back.
struct ControlRequestApplied {
  NodeId controller = kNoNode;
  ControllerEpoch controller_epoch = 0;  // as the request names them
  BrokerEpoch broker_epoch = -1;
  FIELDS(controller, controller_epoch, broker_epoch);
};
// At the controller's word a broker gave up its replica, log and all.
struct ReplicaDeleted {
  PartitionId partition{};
  LeaderEpoch leader_epoch = kNoEpoch;  // it had
  Offset log_end_offset = 0;
  FIELDS(partition, leader_epoch, log_end_offset);
};
// The leader acknowledges a write of acks=all.
struct AcksAllAnswered {
  PartitionId partition{};
  Offset base_offset = 0;
  std::int32_t count = 0;
  std::int32_t isr = 0;  // members of the maximal ISR at that moment
  Offset high_watermark = 0;
  FIELDS(partition, base_offset, count, isr, high_watermark);
};
struct NotEnoughReplicas {
  PartitionId partition{};
  std::int32_t isr = 0;
  std::int32_t min_insync_replicas = 0;
  FIELDS(partition, isr, min_insync_replicas);
};

// A machine lost what its disk had not been given, or the disk itself: told by whoever owns the disk, since
// no process notices.
struct LogLost {
  PartitionId partition{};
  Offset from = 0;  // log end offset before
  Offset to = 0;    // and after
  FIELDS(partition, from, to);
};

// --- the metadata log of KRaft mode ------------------------------------------------------------
//
// What is committed to it is told once, when the first leader's high watermark has passed it, by whoever watches
// the log: with ZooKeeper's facts where the change is the same (`zxid` is then the record's offset, `session` the
// broker epoch), with the first two of these where it is KRaft's own.

struct LeaderChange {  // a leader of the quorum has committed the first record of its epoch
  Offset offset = 0;
  LeaderEpoch epoch = 0;
  NodeId leader = kNoNode;
  FIELDS(offset, epoch, leader);
};
struct BrokerChanged {
  Offset offset = 0;
  NodeId broker = kNoNode;
  BrokerEpoch broker_epoch = -1;
  bool fenced = false;  // as it is from now on, likewise
  bool in_controlled_shutdown = false;
  FIELDS(offset, broker, broker_epoch, fenced, in_controlled_shutdown);
};
struct ElrChanged {  // KIP-966
  Offset offset = 0;
  PartitionId partition{};
  Replicas eligible_leader_replicas, last_known_elr;
  FIELDS(offset, partition, eligible_leader_replicas, last_known_elr);
};

enum class QuorumRole : std::uint8_t { unattached, prospective, candidate, leader, follower, resigned };
std::string_view name_of(QuorumRole role);

// A member's own: its role, also when only the epoch, the leader or the vote is another.
struct QuorumRoleChanged {
  QuorumRole role{};
  LeaderEpoch epoch = 0;
  NodeId leader = kNoNode;
  NodeId voted = kNoNode;
  FIELDS(role, epoch, leader, voted);
};
struct VoteAnswered {
  NodeId candidate = kNoNode;
  LeaderEpoch epoch = 0;
  bool granted = false;
  bool pre_vote = false;
  FIELDS(candidate, epoch, granted, pre_vote);
};
struct MetadataAppended {
  Offset base_offset = 0;
  std::int32_t count = 0;
  LeaderEpoch epoch = 0;  // of the records
  bool as_leader = false;
  FIELDS(base_offset, count, epoch, as_leader);
};
struct MetadataTruncated {
  Offset from = 0;  // log end offset before
  Offset to = 0;    // and after
  FIELDS(from, to);
};
struct MetadataHighWatermarkMoved {
  Offset from = 0;
  Offset to = 0;
  bool as_leader = false;
  FIELDS(from, to, as_leader);
};
// A snapshot ends at `offset`: made here, or loaded in the place of the log.
struct MetadataSnapshot {
  Offset offset = 0;
  LeaderEpoch epoch = 0;
  bool loaded = false;
  FIELDS(offset, epoch, loaded);
};
struct MetadataLogLost {  // as LogLost
  Offset from = 0;
  Offset to = 0;
  FIELDS(from, to);
};
// Something that Kafka takes for impossible: the process ends.
enum class QuorumFault : std::uint8_t {
  two_leaders,                      // named for one epoch
  truncation_below_high_watermark,  // of its high watermark
  high_watermark_decreased,
  invalid_request,  // an answer says that its request was
  illegal_transition,
  vote_changed,              // a voter's answer
  record_contradicts_state,  // in replay
};
std::string_view name_of(QuorumFault fault);
struct QuorumFailed {
  QuorumFault fault{};
  LeaderEpoch epoch = 0;
  FIELDS(fault, epoch);
};
struct RegistrationRefused {  // a broker's word: it will ask again
  ErrorCode error = ErrorCode::none;
  FIELDS(error);
};

// --- the observer's own ------------------------------------------------------------------------

// Acknowledged records that the partition's current leader does not have: whoever read them or relied on
// them was misled. Told by a history of all acknowledgements, with the leader as teller.
struct RecordLost {
  PartitionId partition{};
  NodeId producer = kNoNode;
  std::int32_t first_value = 0;
  std::int32_t count = 0;
  std::int32_t acks = 0;
  LossReason reason{};
  FIELDS(partition, producer, first_value, count, acks, reason);
};
// A promise of the protocol does not hold any more. Told once per invariant, about the first place.
struct InvariantViolated {
  InvariantId invariant{};
  NodeId broker = kNoNode;  // where it shows; kNoNode: not about one
  bool has_partition = false;
  PartitionId partition{};
  FIELDS(invariant, broker, has_partition, partition);
};

using Fact = OneOf<std::variant<
    ZkSessionOpened, ZkSessionClosed, BrokerRegistered, BrokerUnregistered, ControllerElected, ControllerVacated,
    ControllerEpochChanged, TopicCreated, PartitionStateChanged, ZnodeCreated, ZnodeDeleted, StartFailed, Stopped,
    IsrCheckStarted, ZkConnectionLost, ZkSessionExpiredSeen, BelievesController, ControllerResigned, ControllerMoved,
    ControllerSeesBrokers, ElectionFailed, BecameLeader, BecameFollower, LeaderUnavailable, Truncated,
    HighWatermarkMoved, RecordsAppended, IsrShrinkProposed, IsrExpandProposed, IsrCommitted, IsrChangeRefused,
    RequestFenced, NotEnoughReplicas, ControlRequestApplied, AcksAllAnswered, LogLost, ProducerStarted,
    RecordsAcknowledged, RecordsFailed, RecordLost, InvariantViolated, TopicConfigChanged, TopicConfigApplied,
    AssignmentChanged, ReassignmentRefused, ReplicaDeleted, LeaderChange, BrokerChanged, ElrChanged, QuorumRoleChanged,
    VoteAnswered, MetadataAppended, MetadataTruncated, MetadataHighWatermarkMoved, MetadataSnapshot, MetadataLogLost,
    QuorumFailed, RegistrationRefused, ConsumerStarted, FetchesFrom, ReadReplicaPreferred, RecordsConsumed,
    PositionReset, ConsumerFailed, LatestOffsetAnswered>>;

inline constexpr std::size_t kFactKinds = Fact::kSize;
using FactSet = Bits;  // bit i: the i-th kind of fact
static_assert(kFactKinds <= kBits);

// One row per alternative, in order: the name in scenarios, traces and reports, and one sentence.
struct FactRow {
  std::string_view name;
  std::string_view meaning;
};
const std::array<FactRow, kFactKinds>& fact_rows();
inline std::string_view name_of(const Fact& fact) { return fact_rows()[fact.index()].name; }

// Index of an alternative, for tables: kFactIndex<BecameLeader>.
namespace detail {
template <typename T, typename... A>
constexpr std::size_t index_in(const std::variant<A...>*) {
  std::size_t i = 0;
  const bool found = ((std::is_same_v<T, A> ? true : (++i, false)) || ...);
  return found ? i : sizeof...(A);
}
}  // namespace detail
template <typename T>
inline constexpr std::size_t kFactIndex = detail::index_in<T>(static_cast<const Fact*>(nullptr));

}  // namespace model
