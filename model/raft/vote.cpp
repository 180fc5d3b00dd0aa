// Vote, asked and answered (KafkaRaftClient.handleVoteRequest, handleVoteResponse; the table of who may get whose
// vote is canGrantVote of each role).
#include <algorithm>

#include "model/raft/member.h"
#include "model/rules.h"

namespace model {
namespace {

bool is_valid(const VoteRequest& request) {
  const LeaderEpoch last = request.last.epoch;
  return request.last.offset >= 0 && last >= 0 && (request.pre_vote ? last <= request.epoch : last < request.epoch);
}

// Of a member that may still vote in this epoch, or has.
bool undecided_grants(const Context& context, const VoteRequest& request, ReplicaKey voted, NodeId leader,
                      bool up_to_date) {
  if (request.pre_vote) return up_to_date;
  if (voted.node != kNoNode && context.rules.quorum.votes_once_per_epoch) {
    return is_same_replica(voted, request.candidate);
  }
  return leader == kNoNode && up_to_date;
}

bool grants(const Context& context, const RaftMemory& memory, const VoteRequest& request, bool up_to_date) {
  const bool pre_vote = request.pre_vote && up_to_date;
  return std::visit(overloaded{
                        [&](const Unattached& role) {
                          return undecided_grants(context, request, role.voted, role.leader, up_to_date);
                        },
                        [&](const Prospective& role) {
                          return undecided_grants(context, request, role.voted, role.leader, up_to_date);
                        },
                        [&](const Candidate&) { return pre_vote; },
                        [](const Leader&) { return false; },
                        [&](const Follower& role) {
                          return pre_vote && !role.has_fetched && context.rules.quorum.fresh_follower_grants_pre_vote;
                        },
                        [&](const Resigned&) { return pre_vote; },
                    },
                    memory.state);
}

// True: it answers as it has answered before, or for the first time.
bool record(SmallVec<VoterAnswer, 5>& answers, NodeId from, Vote vote) {
  for (VoterAnswer& answer : answers) {
    if (answer.voter != from) continue;
    if (answer.vote != Vote::unrecorded && answer.vote != vote) return false;
    answer.vote = vote;
  }
  return true;
}

}  // namespace

VoteResponse on_vote(const Context& context, Raft raft, const VoteRequest& request) {
  RaftMemory& memory = raft.memory;
  const auto answer = [&](ErrorCode error, bool granted) {
    return VoteResponse{error, leader_of(memory), memory.epoch, granted};
  };
  if (!is_valid(request)) return answer(ErrorCode::invalid_request, false);
  if (request.epoch < memory.epoch) return answer(ErrorCode::fenced_leader_epoch, false);
  if (request.candidate.node == kNoNode) return answer(ErrorCode::invalid_request, false);
  if (request.epoch > memory.epoch) become_unattached(context, raft, request.epoch, kNoNode);
  if (!is_same_replica(request.voter, memory.self)) return answer(ErrorCode::invalid_voter_key, false);
  const bool up_to_date = context.rules.quorum.is_up_to_date(request.last, position(raft.disk.log));
  const bool granted = grants(context, memory, request, up_to_date);
  const bool is_new = !is_same_replica(voted_of(memory), request.candidate);
  if (granted && !request.pre_vote && is_new) record_vote(context, raft, request.candidate);
  context.tell(VoteAnswered{request.candidate.node, request.epoch, granted, request.pre_vote});
  return answer(ErrorCode::none, granted);
}

bool on_vote_answer(const Context& context, Raft raft, NodeId from, const VoteResponse& answer) {
  if (const auto done = take_head(context, raft, {answer.error, answer.leader, answer.epoch})) return *done;
  if (answer.error != ErrorCode::none) return false;
  const Vote vote = answer.granted ? Vote::granted : Vote::rejected;
  bool consistent = true;
  if (auto* candidate = std::get_if<Candidate>(&raft.memory.state)) {
    consistent = record(candidate->answers, from, vote);
  } else if (auto* prospective = std::get_if<Prospective>(&raft.memory.state)) {
    consistent = record(prospective->answers, from, vote);
  }
  if (!consistent) fail(context, raft, QuorumFault::vote_changed);
  return true;
}

void ask_for_votes(const Context& context, Raft raft, const SmallVec<VoterAnswer, 5>& answers, bool pre_vote) {
  const RaftMemory& memory = raft.memory;
  for (const VoterAnswer& answer : answers) {
    if (answer.vote != Vote::unrecorded || !is_ready(memory, answer.voter)) continue;
    const ReplicaKey* voter = std::find_if(memory.voters.begin(), memory.voters.end(),
                                           [&](const ReplicaKey& key) { return key.node == answer.voter; });
    if (voter == memory.voters.end()) continue;
    ask(context, raft, answer.voter, VoteRequest{memory.self, *voter, memory.epoch, position(raft.disk.log), pre_vote});
  }
}

}  // namespace model
