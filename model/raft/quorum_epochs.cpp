// BeginQuorumEpoch, by which a leader makes itself known, and EndQuorumEpoch, by which it takes its leave.
#include <algorithm>

#include "model/raft/member.h"
#include "model/rules.h"

namespace model {
namespace {

VoterProgress* find_voter(Leader& leader, NodeId node) {
  VoterProgress* at = std::find_if(leader.voters.begin(), leader.voters.end(),
                                   [node](const VoterProgress& progress) { return progress.voter.node == node; });
  return at == leader.voters.end() ? nullptr : at;
}

ErrorCode check_voter_request(const RaftMemory& memory, NodeId leader, LeaderEpoch epoch) {
  if (epoch < memory.epoch) return ErrorCode::fenced_leader_epoch;
  return leader == kNoNode ? ErrorCode::invalid_request : ErrorCode::none;
}

}  // namespace

BeginQuorumEpochResponse on_begin_epoch(const Context& context, Raft raft, const BeginQuorumEpochRequest& request) {
  const RaftMemory& memory = raft.memory;
  ErrorCode error = check_voter_request(memory, request.leader, request.epoch);
  if (error == ErrorCode::none) {
    learn(context, raft, request.leader, request.epoch);
    if (!is_same_replica(request.voter, memory.self)) error = ErrorCode::invalid_voter_key;
  }
  return {error, leader_of(memory), memory.epoch};
}

bool on_begin_epoch_answer(const Context& context, Raft raft, NodeId from, const BeginQuorumEpochResponse& answer) {
  if (const auto done = take_head(context, raft, {answer.error, answer.leader, answer.epoch})) return *done;
  auto* leader = std::get_if<Leader>(&raft.memory.state);
  if (leader == nullptr) return true;
  if (VoterProgress* voter = find_voter(*leader, from)) voter->acknowledged = true;
  return true;
}

EndQuorumEpochResponse on_end_epoch(const Context& context, Raft raft, const EndQuorumEpochRequest& request) {
  const RaftMemory& memory = raft.memory;
  const ErrorCode error = check_voter_request(memory, request.leader, request.epoch);
  if (error == ErrorCode::none && learn(context, raft, request.leader, request.epoch)) {
    const auto* follower = std::get_if<Follower>(&memory.state);
    if (follower != nullptr && follower->leader == request.leader) {
      const NodeId* own = std::find(request.preferred.begin(), request.preferred.end(), raft.id);
      const Duration delay =
          successor_delay(context.config.quorum.controller_quorum_election_backoff_max,
                          static_cast<std::size_t>(own - request.preferred.begin()), request.preferred.size());
      context.arm({TimerKind::quorum_fetch}, delay);
    }
  }
  return {error, leader_of(memory), memory.epoch};
}

bool on_end_epoch_answer(const Context& context, Raft raft, NodeId from, const EndQuorumEpochResponse& answer) {
  if (const auto done = take_head(context, raft, {answer.error, answer.leader, answer.epoch})) return *done;
  auto* resigned = std::get_if<Resigned>(&raft.memory.state);
  if (resigned == nullptr) return true;
  NodeId* at = std::find(resigned->unacknowledged.begin(), resigned->unacknowledged.end(), from);
  if (at != resigned->unacknowledged.end()) resigned->unacknowledged.erase(at);
  return true;
}

void send_begin_epoch(const Context& context, Raft raft) {
  RaftMemory& memory = raft.memory;
  Leader& leader = std::get<Leader>(memory.state);
  const bool repeated = context.rules.quorum.begin_quorum_epoch_is_repeated;
  if (repeated && !leader.begin_due) return;
  const Duration period = context.config.quorum.controller_quorum_fetch_timeout / 2;
  for (const VoterProgress& progress : leader.voters) {
    const ReplicaKey voter = progress.voter;
    if (voter.node == raft.id || !is_ready(memory, voter.node)) continue;
    if (!repeated && progress.acknowledged) continue;
    // With pre-votes, those that fetch know their leader (4.0).
    if (repeated && context.rules.quorum.pre_vote && !context.clock.has_elapsed(progress.last_fetch, period)) continue;
    ask(context, raft, voter.node, BeginQuorumEpochRequest{raft.id, memory.epoch, voter});
  }
  if (!repeated) return;
  leader.begin_due = false;
  if (!is_only_voter(memory)) context.arm({TimerKind::quorum_begin}, period);
}

void send_end_epoch(const Context& context, Raft raft) {
  const RaftMemory& memory = raft.memory;
  const Resigned& resigned = std::get<Resigned>(memory.state);
  for (const NodeId voter : resigned.unacknowledged) {
    if (!is_ready(memory, voter)) continue;
    EndQuorumEpochRequest request{raft.id, memory.epoch, {}};
    for (const NodeId successor : resigned.preferred_successors) request.preferred.push_back(successor);
    ask(context, raft, voter, std::move(request));
  }
}

Duration successor_delay(Duration backoff_max, std::size_t position, std::size_t count) {
  if (position == 0) return milliseconds(0);
  if (position >= count) return backoff_max;
  const std::int64_t max_ms = backoff_max.us / 1'000;
  return milliseconds(std::min(max_ms, (max_ms >> (count - 1)) << (position - 1)));
}

SmallVec<NodeId, 5> successors_of(const Leader& leader, NodeId self) {
  SmallVec<VoterProgress, 5> others;
  for (const VoterProgress& progress : leader.voters) {
    if (progress.voter.node != self) others.push_back(progress);
  }
  std::sort(others.begin(), others.end(), [](const VoterProgress& a, const VoterProgress& b) {
    return a.end != b.end ? a.end > b.end : a.voter < b.voter;
  });
  SmallVec<NodeId, 5> successors;
  for (const VoterProgress& progress : others) successors.push_back(progress.voter.node);
  return successors;
}

}  // namespace model
