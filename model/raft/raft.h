// A member of the metadata quorum: Kafka's pull-based Raft (raft/KafkaRaftClient, QuorumState, LeaderState,
// RequestManager; KIP-595). Voters elect a leader and replicate the log from it by Fetch; observers only fetch.
// Each part is a file of its own:
//   raft.cpp           start, stop, dispatch, the poll of each role
//   quorum_state.cpp   roles, their transitions and what they write to disk
//   vote.cpp           Vote, asked and answered
//   quorum_epochs.cpp  BeginQuorumEpoch, EndQuorumEpoch
//   fetch_leader.cpp   fetches answered, the high watermark, check quorum
//   fetch_follower.cpp fetches asked, truncation
//   snapshots.cpp      snapshots made, fetched and deleted
//   peers.cpp          connections: one request at a time to each node, time-outs, back-off
//   appends.cpp        records of the state machine above, held together by the linger
//   voters.cpp         the voters in force (KIP-853)
// What they ask of each other is in member.h.
//
// A node that has it (a controller, a broker) lends disk and memory for the length of a call. What the state
// machine above may see is at the end of this header.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "model/config.h"
#include "model/ids.h"
#include "model/message.h"
#include "model/raft/metadata_log.h"
#include "model/small_vec.h"
#include "model/step.h"
#include "model/time.h"
#include "model/value.h"

namespace model {

// The quorum-state file, written before any message of the state that it describes is sent.
struct ElectionState {
  LeaderEpoch epoch = 0;
  NodeId leader = kNoNode;
  ReplicaKey voted;  // node kNoNode: no vote in this epoch
  FIELDS(epoch, leader, voted);
  bool operator==(const ElectionState&) const = default;
};

struct RaftDisk {
  ElectionState election;
  MetadataLog log;
  std::uint32_t directory = 1;    // counts the node's disks
  std::uint32_t connections = 0;  // port numbers do not repeat across restarts
  Incarnation processes = 0;      // that have run here
  FIELDS(election, log, directory, connections, processes);
};

// --- roles ---------------------------------------------------------------------------------------

enum class Vote : std::uint8_t { unrecorded, granted, rejected };
struct VoterAnswer {
  NodeId voter = kNoNode;
  Vote vote = Vote::unrecorded;
  FIELDS(voter, vote);
};

struct Unattached {
  NodeId leader = kNoNode;  // known, and nothing more
  ReplicaKey voted;
  FIELDS(leader, voted);
};
struct Prospective {  // asks whether an election could be won (KIP-996)
  NodeId leader = kNoNode;
  ReplicaKey voted;
  SmallVec<VoterAnswer, 5> answers;
  FIELDS(leader, voted, answers);
};
struct Candidate {
  SmallVec<VoterAnswer, 5> answers;
  std::int32_t retries = 1;  // elections without an outcome, for the back-off
  bool backing_off = false;
  FIELDS(answers, retries, backing_off);
};
struct VoterProgress {
  ReplicaKey voter;
  Offset end = kUnknownOffset;  // of its log, as it fetched last
  Instant last_fetch, last_caught_up;
  Offset leader_end_at_fetch = kUnknownOffset;
  bool acknowledged = false;  // it has answered BeginQuorumEpoch
  FIELDS(voter, end, last_fetch, last_caught_up, leader_end_at_fetch, acknowledged);
};
// Offsets are given when records are prepared; they reach the log when the linger is over.
struct Accumulator {
  Offset next_offset = 0;
  std::vector<MetadataBatch> batches;
  bool lingering = false;
  FIELDS(next_offset, batches, lingering);
};
struct Leader {
  Offset epoch_start = 0;  // of its LeaderChange record
  SmallVec<NodeId, 5> granting;
  SmallVec<VoterProgress, 5> voters;  // itself included
  SmallVec<VoterProgress, 5> observers;
  SmallVec<NodeId, 5> fetched;  // voters heard of since the check-quorum timer began
  Accumulator accumulator;
  bool begin_due = true;  // BeginQuorumEpoch is to be sent
  bool resign_requested = false;
  std::optional<ReplicaKey> adding;  // a change of the voters that is under way (KIP-853)
  std::optional<ReplicaKey> removing;
  FIELDS(epoch_start, granting, voters, observers, fetched, accumulator, begin_due, resign_requested, adding, removing);
};
struct Follower {
  NodeId leader = kNoNode;
  ReplicaKey voted;
  bool has_fetched = false;  // from this leader, in this epoch
  bool fetch_timed_out = false;
  std::optional<OffsetAndEpoch> fetching_snapshot;
  FIELDS(leader, voted, has_fetched, fetch_timed_out, fetching_snapshot);
};
struct Resigned {  // it led in this epoch and will not any more
  ReplicaKey voted;
  SmallVec<NodeId, 5> unacknowledged;
  SmallVec<NodeId, 5> preferred_successors;
  FIELDS(voted, unacknowledged, preferred_successors);
};
using QuorumState = std::variant<Unattached, Prospective, Candidate, Leader, Follower, Resigned>;

// --- connections ---------------------------------------------------------------------------------

// To one node. NetworkClient has one request on the wire; RequestManager knows which one it still wants.
struct Peer {
  enum class Link : std::uint8_t { closed, connecting, open, backing_off };
  NodeId node = kNoNode;
  Link link = Link::closed;
  std::uint32_t connection = 0;
  std::int32_t failed_attempts = 0;     // since a connection was open last
  std::int32_t timed_out_attempts = 0;  // likewise, those that got no answer at all
  bool retry_backoff = false;           // RequestManager BACKING_OFF
  std::uint32_t awaited = 0;            // the request whose answer counts; 0: none
  bool overdue = false;                 // it was made so long ago that the node may be asked again
  LeaderEpoch asked_in = kNoEpoch;      // epoch in which it was made
  bool request_timer = false;           // it had to wait when it was made: a timer of its own counts
  std::uint32_t on_wire = 0;            // the request that the node was sent last and has not answered; 0: none
  std::vector<Body> waiting;            // at most one, the awaited: for the connection, or for what is on the wire
  FIELDS(node, link, connection, failed_attempts, timed_out_attempts, retry_backoff, awaited, overdue, asked_in,
         request_timer, on_wire, waiting);
};
struct ParkedQuorumFetch {
  bool used = false;  // slots are stable: timers name them
  ConnectionId via;
  QuorumFetchRequest request;
  Offset high_watermark = kUnknownOffset;  // when it was parked: what its time-out answers (KAFKA-15100)
  FIELDS(used, via, request, high_watermark);
};

struct RaftMemory {
  bool running = false;
  ReplicaKey self;  // directory 0 where voters have none
  LeaderEpoch epoch = 0;
  QuorumState state;
  Offset high_watermark = kUnknownOffset;  // kept from role to role, unknown to a new leader
  SmallVec<Peer, 4> peers;
  SmallVec<ParkedQuorumFetch, 4> parked;
  std::uint32_t requests = 0;         // numbers them
  Voters voters;                      // in force
  Offset voters_at = kUnknownOffset;  // of the record in the log that says so; unknown: no record of this log does
  bool election_expired = false;      // the election timer has run out and was not armed since
  Offset appended_to = 0;             // by it as a leader: on disk when its next step begins
  bool parked_may_complete = false;   // the log or the high watermark has moved since they were looked at
  bool shutting_down = false;
  bool shutdown_over = false;
  FIELDS(running, self, epoch, state, high_watermark, peers, parked, requests, voters, voters_at, election_expired,
         appended_to, parked_may_complete, shutting_down, shutdown_over);
};

// Lent by a node for the length of a call.
struct Raft {
  NodeId id;
  RaftDisk& disk;
  RaftMemory& memory;
};

// --- inputs --------------------------------------------------------------------------------------

void start_raft(const Context& context, Raft raft);  // QuorumState.initialize
// Messages, connections and timers of ChannelKind::quorum and TimerKind::quorum_*.
void on_raft_request(const Context& context, Raft raft, const ConnectionId& via, const Body& body);
void on_raft_answer(const Context& context, Raft raft, const ConnectionId& via, const Body& body);
void on_raft_connected(const Context& context, Raft raft, const ConnectionId& via);
void on_raft_disconnected(const Context& context, Raft raft, const ConnectionId& via);
bool on_raft_timer(const Context& context, Raft raft, TimerKey key);  // false: not raft's
// Does what the role wants done now: sends, drains, changes role. After every input of the node, once the state
// machine above has had its turn (KafkaRaftClient.poll).
void poll_raft(const Context& context, Raft raft);
// SIGTERM: a leader resigns and tells its voters, then, or when controller.quorum.request.timeout.ms is over,
// `shutdown_over` is set (KafkaRaftClient.shutdown).
void begin_raft_shutdown(const Context& context, Raft raft);

// --- for the state machine above -----------------------------------------------------------------

// How far it has read, and which leadership it was told of (KafkaRaftClient.ListenerContext).
struct RaftListener {
  Offset next_offset = 0;
  LeaderEpoch epoch = -1;
  NodeId leader = kNoNode;
  FIELDS(next_offset, epoch, leader);
};
// The next committed batch at listener.next_offset; null: none, or it lies before the log's start (load_next).
const MetadataBatch* next_committed(const Raft& raft, const RaftListener& listener);
// The snapshot to load because the log begins beyond listener.next_offset; null: none.
const Snapshot* snapshot_to_load(const Raft& raft, const RaftListener& listener);
// A change of leadership that the listener has not been told of, told now: that the node itself leads only when it
// has read everything before its epoch and the LeaderChange record (maybeFireLeaderChange). Never in Resigned.
struct LeaderNotice {
  LeaderEpoch epoch = 0;
  NodeId leader = kNoNode;
};
std::optional<LeaderNotice> take_leader_change(const Raft& raft, RaftListener& listener);

// Gives the records offsets, in one batch; they are appended when the linger is over. Returns the offset of the
// last one; nothing if the node does not lead in `epoch` (NotLeaderException).
std::optional<Offset> prepare_append(const Context& context, Raft raft, LeaderEpoch epoch,
                                     const SmallVec<MetadataRecord, 1>& records);
Offset next_append_offset(const Raft& raft);  // of a leader: where prepare_append would begin
// Sooner or later; without effect if the node does not lead in `epoch`.
void resign(const Context& context, Raft raft, LeaderEpoch epoch);
// One voter more or less (KIP-853). `none`: the record is on its way, and the change is over when it is committed.
// request_timed_out: not now; unsupported_version: kraft.version is 0; duplicate_voter, voter_not_found.
ErrorCode add_voter(const Context& context, Raft raft, ReplicaKey voter);
ErrorCode remove_voter(const Context& context, Raft raft, ReplicaKey voter);
// Of everything below image.offset, which must be at or below the high watermark. Then, as retention asks, the log
// begins there.
void make_snapshot(const Context& context, Raft raft, const MetadataImage& image);
// The same, once metadata.log.max.record.bytes.between.snapshots has come together since the latest one
// (image/publisher/SnapshotGenerator). By every process that reads the log.
void make_snapshot_if_due(const Context& context, Raft raft, const MetadataImage& image);

// --- views ---------------------------------------------------------------------------------------

NodeId leader_of(const RaftMemory& memory);  // as this member knows it; itself while it leads
ReplicaKey voted_of(const RaftMemory& memory);
bool is_voter(const Context& context, const Raft& raft);
Voters voters_of(const ClusterConfig& config, const MetadataLog& log);  // in force
inline bool is_leader(const RaftMemory& memory) { return std::holds_alternative<Leader>(memory.state); }

}  // namespace model
