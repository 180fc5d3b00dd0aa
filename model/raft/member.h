// What the parts of a raft member ask of each other; not for those above (raft.h).
#pragma once

#include <optional>

#include "model/ids.h"
#include "model/message.h"
#include "model/raft/raft.h"
#include "model/small_vec.h"
#include "model/step.h"

namespace model {

// --- quorum_state.cpp ----------------------------------------------------------------------------
// Every transition lets go of what was asked before it, is told, and is written to disk first unless it only
// concerns memory (Prospective, Resigned). An illegal one ends the process, as it does there.

// Without a vote in a new epoch; `leader`: known, though it cannot be reached.
void become_unattached(const Context& context, Raft raft, LeaderEpoch epoch, NodeId leader);
void become_follower(const Context& context, Raft raft, LeaderEpoch epoch, NodeId leader);
void become_prospective(const Context& context, Raft raft);
void become_candidate(const Context& context, Raft raft);  // in the next epoch, for itself
void become_leader(const Context& context, Raft raft);
void become_resigned(const Context& context, Raft raft, const SmallVec<NodeId, 5>& successors);
void begin_election(const Context& context, Raft raft);  // Prospective, or without pre-votes Candidate
// Granted in this epoch: a role that waits for an election waits anew.
void record_vote(const Context& context, Raft raft, ReplicaKey candidate);
void take_role_from_disk(const Context& context, Raft raft);  // QuorumState.initialize

// What a message says of the leadership (KafkaRaftClient.maybeTransition). False: it contradicts what this member
// knows, and the process ends.
bool learn(const Context& context, Raft raft, NodeId leader, LeaderEpoch epoch);
void fail(const Context& context, Raft raft, QuorumFault fault);
// The timer will not fire, even if it was armed earlier in this step.
void disarm(const Context& context, TimerKey key);

bool is_same_replica(ReplicaKey a, ReplicaKey b);  // a directory that is not given fits any
std::int32_t majority_of(const Context& context, const RaftMemory& memory);
// Too many have rejected for a majority to grant still.
bool has_lost(const SmallVec<VoterAnswer, 5>& answers, std::int32_t majority);
VoterProgress* find(SmallVec<VoterProgress, 5>& among, ReplicaKey replica);  // null: not among them
bool is_only_voter(const RaftMemory& memory);
bool has_remote_leader(const RaftMemory& memory);
std::int32_t count(const SmallVec<VoterAnswer, 5>& answers, Vote vote);

// --- peers.cpp -----------------------------------------------------------------------------------

bool is_ready(const RaftMemory& memory, NodeId node);  // may be asked
bool is_backing_off(const RaftMemory& memory, NodeId node);
bool is_overdue(const RaftMemory& memory, NodeId node);
void ask(const Context& context, Raft raft, NodeId node, Body body);
void forget_requests(const Context& context, Raft raft);  // RequestManager.resetAll
// A voter of the configuration to look for the leader at: only if nothing at all is in flight, since two fetches for
// the same offset would bring the same records twice. kNoNode: none may be asked now.
NodeId find_bootstrap_voter(const Context& context, Raft raft);
void on_peer_timer(const Context& context, Raft raft, TimerKey key);

// --- answers: whether the node may be asked again at once (true) or after a back-off --------------

struct AnswerHead {
  ErrorCode error = ErrorCode::none;
  NodeId leader = kNoNode;
  LeaderEpoch epoch = 0;
};
// What all answers have in common (maybeHandleCommonResponse). Nothing: the rest of it counts too.
std::optional<bool> take_head(const Context& context, Raft raft, const AnswerHead& head);

// --- vote.cpp ------------------------------------------------------------------------------------

VoteResponse on_vote(const Context& context, Raft raft, const VoteRequest& request);
bool on_vote_answer(const Context& context, Raft raft, NodeId from, const VoteResponse& answer);
void ask_for_votes(const Context& context, Raft raft, const SmallVec<VoterAnswer, 5>& answers, bool pre_vote);

// --- quorum_epochs.cpp ---------------------------------------------------------------------------

BeginQuorumEpochResponse on_begin_epoch(const Context& context, Raft raft, const BeginQuorumEpochRequest& request);
bool on_begin_epoch_answer(const Context& context, Raft raft, NodeId from, const BeginQuorumEpochResponse& answer);
EndQuorumEpochResponse on_end_epoch(const Context& context, Raft raft, const EndQuorumEpochRequest& request);
bool on_end_epoch_answer(const Context& context, Raft raft, NodeId from, const EndQuorumEpochResponse& answer);
void send_begin_epoch(const Context& context, Raft raft);
void send_end_epoch(const Context& context, Raft raft);
// How long the successor at `position` of `count` waits before it stands for election
// (strictExponentialElectionBackoffMs).
Duration successor_delay(Duration backoff_max, std::size_t position, std::size_t count);
SmallVec<NodeId, 5> successors_of(const Leader& leader, NodeId self);  // the best first

// --- fetch_leader.cpp ----------------------------------------------------------------------------

// Nothing is wrong with a request that only a leader answers.
ErrorCode check_leader_request(const RaftMemory& memory, LeaderEpoch epoch);
void on_fetch(const Context& context, Raft raft, const ConnectionId& via, const QuorumFetchRequest& request);
void on_fetch_wait_over(const Context& context, Raft raft, std::uint16_t slot);
void complete_parked(const Context& context, Raft raft);
void fail_parked(const Context& context, Raft raft);
void forget_parked(const Context& context, Raft raft, const ConnectionId& via);
void update_high_watermark(const Context& context, Raft raft);  // of a leader
void set_high_watermark(const Context& context, Raft raft, Offset offset);
void heard_from_voter(const Context& context, Raft raft, ReplicaKey voter);  // for check quorum
void arm_check_quorum(const Context& context, Raft raft);

// --- fetch_follower.cpp --------------------------------------------------------------------------

void fetch_from(const Context& context, Raft raft, NodeId node);
void fetch_from_anybody(const Context& context, Raft raft);
void poll_follower(const Context& context, Raft raft, const Follower& follower);
bool on_fetch_answer(const Context& context, Raft raft, NodeId from, const QuorumFetchResponse& answer);
bool on_snapshot_answer(const Context& context, Raft raft, const FetchSnapshotResponse& answer);
void move_follower_high_watermark(const Context& context, Raft raft, Offset leaders);
void flush_if_voter(const Context& context, Raft raft);

// --- snapshots.cpp -------------------------------------------------------------------------------

FetchSnapshotResponse on_fetch_snapshot(const Context& context, Raft raft, const FetchSnapshotRequest& request);
void load_snapshot(const Context& context, Raft raft, const Snapshot& snapshot);
void clean_snapshots(const Context& context, Raft raft);

// --- appends.cpp ---------------------------------------------------------------------------------

void append_epoch_start(const Context& context, Raft raft);  // LeaderChange, and what goes with it
void drain(const Context& context, Raft raft);               // unless it lingers
void flush_appended(Raft raft);
void append_control(const Context& context, Raft raft, const MetadataRecord& record);
// To the log, with what the record of a set of voters entails.
void append_batch(const Context& context, Raft raft, MetadataBatch batch);

// --- voters.cpp ----------------------------------------------------------------------------------

void find_voters(const Context& context, Raft raft);  // in the log, after it was cut or replaced
void take_voters(const Context& context, Raft raft, const Voters& voters, Offset at);
void finish_voter_change(const Context& context, Raft raft);  // once it is committed
Voters first_voters(const ClusterConfig& config);             // with the directories that they were formatted with

}  // namespace model
