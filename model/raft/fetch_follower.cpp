// Fetches asked by followers and observers, and what they bring (KafkaRaftClient.handleFetchResponse).
#include <algorithm>

#include "model/raft/member.h"
#include "model/rules.h"

namespace model {
namespace {

constexpr Duration kMaxFetchWait = milliseconds(500);

LeaderEpoch asked_in(const RaftMemory& memory, NodeId node) {
  for (const Peer& peer : memory.peers) {
    if (peer.node == node) return peer.asked_in;
  }
  return kNoEpoch;
}

void fetched_well(const Context& context, Follower& follower) {
  follower.fetch_timed_out = false;
  context.arm({TimerKind::quorum_fetch}, context.config.quorum.controller_quorum_fetch_timeout);
}

// KafkaMetadataLog.truncateToEndOffset.
bool cut(const Context& context, Raft raft, OffsetAndEpoch diverging) {
  MetadataLog& log = raft.disk.log;
  const Offset high_watermark = raft.memory.high_watermark;
  if (!context.rules.quorum.truncates_when_diverging) return false;
  const Offset to = truncation_point(log, diverging);
  if (diverging.offset < high_watermark || to < high_watermark || to < log.start) {
    fail(context, raft, QuorumFault::truncation_below_high_watermark);
    return true;
  }
  const Offset from = log.end();
  truncate(log, to);
  if (log.end() < from) context.tell(MetadataTruncated{from, log.end()});
  find_voters(context, raft);
  return true;
}

// A leader's records as it had them when it answered: those of a later epoch are not this leader's (KAFKA-18723).
void append_fetched(const Context& context, Raft raft, NodeId from, const QuorumFetchResponse& answer) {
  const RaftMemory& memory = raft.memory;
  const bool only_current = context.rules.quorum.appends_only_current_epoch;
  if (only_current && asked_in(memory, from) != memory.epoch) return;
  bool any = false;
  for (const MetadataBatch& batch : answer.records) {
    if (only_current && batch.epoch > memory.epoch) break;
    if (batch.base_offset < raft.disk.log.end()) continue;  // here already, by another fetch
    if (batch.base_offset > raft.disk.log.end()) return fail(context, raft, QuorumFault::illegal_transition);
    append_batch(context, raft, batch);
    any = true;
  }
  if (any) flush_if_voter(context, raft);
}

// An answer that neither brings anything nor changes the role is taken for a failure: asking again at once, as a
// real one does, would go round as fast as the network.
std::optional<bool> take_fetch_head(const Context& context, Raft raft, const AnswerHead& head) {
  const LeaderEpoch epoch = raft.memory.epoch;
  const std::size_t role = raft.memory.state.index();
  const auto done = take_head(context, raft, head);
  if (!done) return done;
  return *done && (raft.memory.epoch != epoch || raft.memory.state.index() != role);
}

}  // namespace

void fetch_from(const Context& context, Raft raft, NodeId node) {
  const RaftMemory& memory = raft.memory;
  const MetadataLog& log = raft.disk.log;
  ask(context, raft, node,
      QuorumFetchRequest{memory.self, memory.epoch, log.end(), last_fetched_epoch(log), kMaxFetchWait,
                         memory.high_watermark});
}

void fetch_from_anybody(const Context& context, Raft raft) {
  const NodeId node = find_bootstrap_voter(context, raft);
  if (node != kNoNode) fetch_from(context, raft, node);
}

void poll_follower(const Context& context, Raft raft, const Follower& follower) {
  const RaftMemory& memory = raft.memory;
  const NodeId leader = follower.leader;
  const bool may_have_lost_it =
      follower.fetch_timed_out || is_backing_off(memory, leader) || is_overdue(memory, leader);
  // Before 4.0 a voter keeps to its leader until its timer ends that.
  const bool looks_elsewhere = !is_voter(context, raft) || context.rules.quorum.pre_vote;
  if (may_have_lost_it && looks_elsewhere) return fetch_from_anybody(context, raft);
  if (!is_ready(memory, leader)) return;
  if (follower.fetching_snapshot) {
    return ask(context, raft, leader, FetchSnapshotRequest{memory.self, memory.epoch, *follower.fetching_snapshot});
  }
  fetch_from(context, raft, leader);
}

bool on_fetch_answer(const Context& context, Raft raft, NodeId from, const QuorumFetchResponse& answer) {
  RaftMemory& memory = raft.memory;
  if (const auto done = take_fetch_head(context, raft, {answer.error, answer.leader, answer.epoch})) return *done;
  auto* follower = std::get_if<Follower>(&memory.state);
  if (follower == nullptr || answer.error != ErrorCode::none) return false;
  if (answer.diverging) {
    if (!cut(context, raft, *answer.diverging)) return false;
  } else if (answer.snapshot) {
    const auto& stored = raft.disk.log.snapshots;
    const auto is_it = [&](const Snapshot& snapshot) { return snapshot.id == *answer.snapshot; };
    if (std::none_of(stored.begin(), stored.end(), is_it)) follower->fetching_snapshot = answer.snapshot;
  } else {
    append_fetched(context, raft, from, answer);
    if (memory.running) move_follower_high_watermark(context, raft, answer.high_watermark);
  }
  if (!memory.running) return true;
  follower->has_fetched = true;
  fetched_well(context, *follower);
  return true;
}

bool on_snapshot_answer(const Context& context, Raft raft, const FetchSnapshotResponse& answer) {
  RaftMemory& memory = raft.memory;
  if (const auto done = take_fetch_head(context, raft, {answer.error, answer.leader, answer.epoch})) return *done;
  auto* follower = std::get_if<Follower>(&memory.state);
  if (follower == nullptr || !follower->fetching_snapshot) return true;
  if (answer.error == ErrorCode::snapshot_not_found) {
    follower->fetching_snapshot.reset();
  } else if (answer.error != ErrorCode::none || answer.snapshot.size() != 1) {
    return false;
  } else {
    follower->fetching_snapshot.reset();
    load_snapshot(context, raft, answer.snapshot.front());
    if (!memory.running) return true;
  }
  fetched_well(context, *follower);
  return true;
}

void move_follower_high_watermark(const Context& context, Raft raft, Offset leaders) {
  if (leaders == kUnknownOffset) return;
  const Offset next = std::min(raft.disk.log.end(), leaders);
  if (next < raft.memory.high_watermark) return fail(context, raft, QuorumFault::high_watermark_decreased);
  set_high_watermark(context, raft, next);
}

// Its next fetch promises to keep what it asks beyond (KAFKA-10533). Who may become a voter counts too (KAFKA-17332).
void flush_if_voter(const Context& context, Raft raft) {
  if (!context.rules.quorum.voters_flush_before_fetching) return;
  const bool can_become_voter = context.config.is_controller(raft.id);
  if (is_voter(context, raft) || can_become_voter) raft.disk.log.flushed = raft.disk.log.end();
}

}  // namespace model
