// The roles of a member, their transitions and what they write to disk (raft/QuorumState).
#include <algorithm>
#include <utility>

#include "model/ensure.h"
#include "model/raft/member.h"
#include "model/rules.h"

namespace model {
namespace {

constexpr ReplicaKey kNobody{};

void write_election(const Context& context, Raft raft) {
  if (!context.rules.quorum.election_state_is_durable) return;
  const RaftMemory& memory = raft.memory;
  // A leader's own vote is not kept; nor is one that a rule does not let reach the disk.
  const bool keeps_vote = context.rules.quorum.votes_are_durable && !is_leader(memory);
  raft.disk.election = {memory.epoch, leader_of(memory), keeps_vote ? voted_of(memory) : kNobody};
}

void tell_role(const Context& context, const RaftMemory& memory) {
  context.tell(QuorumRoleChanged{static_cast<QuorumRole>(memory.state.index()), memory.epoch, leader_of(memory),
                                 voted_of(memory).node});
}

// T + rand[0, T).
void arm_election(const Context& context, Raft raft) {
  raft.memory.election_expired = false;
  const Duration timeout = context.config.quorum.controller_quorum_election_timeout;
  if (timeout.us == 0) return context.arm({TimerKind::quorum_election}, timeout);
  context.arm({TimerKind::quorum_election}, timeout, timeout * 2 - microseconds(1));
}

// An observer waits for no election.
void wait_for_election(const Context& context, Raft raft) {
  if (is_voter(context, raft)) arm_election(context, raft);
}

// What is left of the election timer of the role before.
void keep_election_timer(const Context& context, Raft raft) {
  if (!raft.memory.election_expired) return;
  raft.memory.election_expired = false;
  context.arm({TimerKind::quorum_election}, milliseconds(0));
}

void stop_timers(const Context& context, const RaftMemory& memory, bool keep_election) {
  const bool waits_for_election = !std::holds_alternative<Leader>(memory.state) &&  //
                                  !std::holds_alternative<Follower>(memory.state);
  if (waits_for_election && !keep_election) disarm(context, {TimerKind::quorum_election});
  if (std::holds_alternative<Candidate>(memory.state)) disarm(context, {TimerKind::quorum_backoff});
  if (std::holds_alternative<Follower>(memory.state)) disarm(context, {TimerKind::quorum_fetch});
  if (!std::holds_alternative<Leader>(memory.state)) return;
  disarm(context, {TimerKind::quorum_check});
  disarm(context, {TimerKind::quorum_begin});
  disarm(context, {TimerKind::quorum_linger});
}

enum class Kept : std::uint8_t { on_disk, in_memory };
void enter(const Context& context, Raft raft, LeaderEpoch epoch, QuorumState state, Kept kept) {
  const bool led = is_leader(raft.memory);
  raft.memory.state = std::move(state);
  raft.memory.epoch = epoch;
  if (kept == Kept::on_disk) write_election(context, raft);
  tell_role(context, raft.memory);
  forget_requests(context, raft);
  if (led && context.rules.quorum.resignation_fails_parked_fetches) fail_parked(context, raft);
}

// Of this epoch: what the next role in it still knows.
ReplicaKey vote_for_next_role(const Context& context, const RaftMemory& memory, LeaderEpoch epoch) {
  const bool outlives = epoch == memory.epoch && context.rules.quorum.vote_outlives_transition;
  return outlives ? voted_of(memory) : kNobody;
}

SmallVec<VoterAnswer, 5> unanswered(const RaftMemory& memory) {
  SmallVec<VoterAnswer, 5> answers;
  for (const ReplicaKey voter : memory.voters) {
    answers.push_back({voter.node, voter.node == memory.self.node ? Vote::granted : Vote::unrecorded});
  }
  return answers;
}

bool is_legal(const Context& context, Raft raft, bool legal) {
  if (!legal) fail(context, raft, QuorumFault::illegal_transition);
  return legal;
}

VoterProgress progress_of(ReplicaKey voter) {
  VoterProgress progress;
  progress.voter = voter;
  return progress;
}

// "Nobody has confirmed it, so it does not count": it may be committed all the same.
void drop_unconfirmed(const Context& context, Raft raft) {
  MetadataLog& log = raft.disk.log;
  const Offset from = log.end();
  const Offset to = std::max(raft.memory.high_watermark, log.start);
  if (raft.memory.high_watermark == kUnknownOffset || to >= from) return;
  truncate(log, to);
  context.tell(MetadataTruncated{from, to});
}

void take_office(const Context& context, Raft raft, const SmallVec<NodeId, 5>& granting) {
  if (!context.rules.quorum.new_leader_keeps_its_log) drop_unconfirmed(context, raft);
  Leader next;
  next.epoch_start = next.accumulator.next_offset = raft.disk.log.end();
  next.granting = granting;
  for (const ReplicaKey voter : raft.memory.voters) next.voters.push_back(progress_of(voter));
  raft.memory.high_watermark = kUnknownOffset;
  enter(context, raft, raft.memory.epoch, std::move(next), Kept::on_disk);
  begin_epoch(raft.disk.log, raft.memory.epoch);
  append_epoch_start(context, raft);
  arm_check_quorum(context, raft);
}

// Who has yet to hear that this member leads no more.
Resigned resigned(const RaftMemory& memory) {
  Resigned resigned;
  for (const ReplicaKey voter : memory.voters) {
    if (voter.node != memory.self.node) resigned.unacknowledged.push_back(voter.node);
  }
  return resigned;
}

bool names_voter(const RaftMemory& memory, NodeId node) {
  return std::any_of(memory.voters.begin(), memory.voters.end(),
                     [node](const ReplicaKey& voter) { return voter.node == node; });
}

// QuorumState.initialize, in its order.
QuorumState role_on_disk(const Context& context, Raft raft) {
  const RaftMemory& memory = raft.memory;
  const ElectionState& stored = raft.disk.election;
  if (stored.epoch < last_fetched_epoch(raft.disk.log)) return Unattached{};
  // Records of this epoch may have been lost that others hold: it must not append others in their place
  // (KAFKA-10527).
  if (stored.leader == memory.self.node) return resigned(memory);
  if (is_same_replica(stored.voted, memory.self) && is_voter(context, raft)) return Candidate{unanswered(memory)};
  if (stored.leader == kNoNode) return Unattached{kNoNode, stored.voted};
  const ReplicaKey voted = context.rules.quorum.pre_vote ? stored.voted : kNobody;
  if (!names_voter(memory, stored.leader)) return Unattached{stored.leader, voted};
  return Follower{stored.leader, voted, false, false, std::nullopt};
}

}  // namespace

void disarm(const Context& context, TimerKey key) {
  // Of one step's effects arming comes after disarming.
  auto& arms = context.out.arms;
  arms.erase(std::remove_if(arms.begin(), arms.end(), [key](const Arm& arm) { return arm.key == key; }), arms.end());
  context.disarm(key);
}

void fail(const Context& context, Raft raft, QuorumFault fault) {
  if (!raft.memory.running) return;
  context.tell(QuorumFailed{fault, raft.memory.epoch});
  context.out.exits = true;
  raft.memory.running = false;
}

void become_unattached(const Context& context, Raft raft, LeaderEpoch epoch, NodeId leader) {
  RaftMemory& memory = raft.memory;
  const auto* prospective = std::get_if<Prospective>(&memory.state);
  if (!is_legal(context, raft, epoch > memory.epoch || (epoch == memory.epoch && prospective != nullptr))) return;
  // Whoever keeps hearing of higher epochs does not put its own candidacy off.
  const bool keep = std::holds_alternative<Unattached>(memory.state) ||
                    std::holds_alternative<Candidate>(memory.state) || std::holds_alternative<Resigned>(memory.state) ||
                    (prospective != nullptr && !has_lost(prospective->answers, majority_of(context, memory)));
  stop_timers(context, memory, keep);
  Unattached next{leader, vote_for_next_role(context, memory, epoch)};
  enter(context, raft, epoch, std::move(next), Kept::on_disk);
  if (keep) return keep_election_timer(context, raft);
  wait_for_election(context, raft);
}

void become_follower(const Context& context, Raft raft, LeaderEpoch epoch, NodeId leader) {
  RaftMemory& memory = raft.memory;
  const bool from_this_epoch = !is_leader(memory) && !std::holds_alternative<Follower>(memory.state) &&
                               !std::holds_alternative<Resigned>(memory.state);
  const bool legal = leader != memory.self.node && (epoch > memory.epoch || (epoch == memory.epoch && from_this_epoch));
  if (!is_legal(context, raft, legal)) return;
  stop_timers(context, memory, false);
  Follower next;
  next.leader = leader;
  // Before pre-votes, leader and vote excluded each other.
  if (context.rules.quorum.pre_vote) next.voted = vote_for_next_role(context, memory, epoch);
  enter(context, raft, epoch, std::move(next), Kept::on_disk);
  context.arm({TimerKind::quorum_fetch}, context.config.quorum.controller_quorum_fetch_timeout);
}

void become_prospective(const Context& context, Raft raft) {
  RaftMemory& memory = raft.memory;
  const bool from_here = !is_leader(memory) && !std::holds_alternative<Prospective>(memory.state);
  if (!is_legal(context, raft, is_voter(context, raft) && from_here)) return;
  stop_timers(context, memory, false);
  Prospective next{leader_of(memory), vote_for_next_role(context, memory, memory.epoch), unanswered(memory)};
  if (std::holds_alternative<Resigned>(memory.state)) next.leader = kNoNode;
  enter(context, raft, memory.epoch, std::move(next), Kept::in_memory);
  arm_election(context, raft);
}

void become_candidate(const Context& context, Raft raft) {
  RaftMemory& memory = raft.memory;
  if (!is_legal(context, raft, is_voter(context, raft) && !is_leader(memory))) return;
  stop_timers(context, memory, false);
  const auto* again = std::get_if<Candidate>(&memory.state);
  Candidate next{unanswered(memory), again != nullptr ? again->retries + 1 : 1, false};
  enter(context, raft, memory.epoch + 1, std::move(next), Kept::on_disk);
  arm_election(context, raft);
}

void become_leader(const Context& context, Raft raft) {
  RaftMemory& memory = raft.memory;
  const auto* candidate = std::get_if<Candidate>(&memory.state);
  const bool won = candidate != nullptr && count(candidate->answers, Vote::granted) >= majority_of(context, memory);
  if (!is_legal(context, raft, won)) return;
  stop_timers(context, memory, false);
  SmallVec<NodeId, 5> granting;
  for (const VoterAnswer& answer : candidate->answers) {
    if (answer.vote == Vote::granted) granting.push_back(answer.voter);
  }
  take_office(context, raft, granting);
}

void become_resigned(const Context& context, Raft raft, const SmallVec<NodeId, 5>& successors) {
  RaftMemory& memory = raft.memory;
  if (!is_legal(context, raft, is_leader(memory))) return;
  stop_timers(context, memory, false);
  Resigned next = resigned(memory);
  if (context.rules.quorum.resigning_leader_names_successors) next.preferred_successors = successors;
  enter(context, raft, memory.epoch, std::move(next), Kept::in_memory);
  arm_election(context, raft);
}

void begin_election(const Context& context, Raft raft) {
  if (context.rules.quorum.pre_vote) return become_prospective(context, raft);
  become_candidate(context, raft);
}

void record_vote(const Context& context, Raft raft, ReplicaKey candidate) {
  if (auto* unattached = std::get_if<Unattached>(&raft.memory.state)) {
    unattached->voted = candidate;
  } else if (auto* prospective = std::get_if<Prospective>(&raft.memory.state)) {
    prospective->voted = candidate;
  }
  write_election(context, raft);
  tell_role(context, raft.memory);
  wait_for_election(context, raft);
}

void take_role_from_disk(const Context& context, Raft raft) {
  RaftMemory& memory = raft.memory;
  memory.state = role_on_disk(context, raft);
  memory.epoch = std::max(raft.disk.election.epoch, last_fetched_epoch(raft.disk.log));
  if (std::holds_alternative<Resigned>(memory.state) && !context.rules.quorum.restarted_leader_resigns) {
    return take_office(context, raft, {});
  }
  write_election(context, raft);
  tell_role(context, memory);
  if (!std::holds_alternative<Follower>(memory.state)) return wait_for_election(context, raft);
  context.arm({TimerKind::quorum_fetch}, context.config.quorum.controller_quorum_fetch_timeout);
}

bool learn(const Context& context, Raft raft, NodeId leader, LeaderEpoch epoch) {
  RaftMemory& memory = raft.memory;
  const NodeId known = leader_of(memory);
  const bool agrees = leader == memory.self.node
                          ? is_leader(memory) && epoch == memory.epoch
                          : epoch != memory.epoch || leader == kNoNode || known == kNoNode || leader == known;
  if (!agrees) {
    fail(context, raft, QuorumFault::two_leaders);
    return false;
  }
  if (epoch > memory.epoch) {
    if (leader == kNoNode) {
      become_unattached(context, raft, epoch, kNoNode);
    } else {
      become_follower(context, raft, epoch, leader);
    }
  } else if (epoch == memory.epoch && leader != kNoNode && known == kNoNode) {
    become_follower(context, raft, epoch, leader);
  }
  return memory.running;
}

bool is_same_replica(ReplicaKey a, ReplicaKey b) {
  return a.node == b.node && a.node != kNoNode && (a.directory == b.directory || a.directory == 0 || b.directory == 0);
}

std::int32_t majority_of(const Context& context, const RaftMemory& memory) {
  return context.rules.quorum.majority(static_cast<std::int32_t>(memory.voters.size()));
}

bool is_only_voter(const RaftMemory& memory) {
  return memory.voters.size() == 1 && is_same_replica(memory.voters[0], memory.self);
}

bool has_remote_leader(const RaftMemory& memory) {
  const NodeId leader = leader_of(memory);
  return leader != kNoNode && leader != memory.self.node;
}

std::int32_t count(const SmallVec<VoterAnswer, 5>& answers, Vote vote) {
  return static_cast<std::int32_t>(
      std::count_if(answers.begin(), answers.end(), [vote](const VoterAnswer& answer) { return answer.vote == vote; }));
}

bool has_lost(const SmallVec<VoterAnswer, 5>& answers, std::int32_t majority) {
  return static_cast<std::int32_t>(answers.size()) - count(answers, Vote::rejected) < majority;
}

VoterProgress* find(SmallVec<VoterProgress, 5>& among, ReplicaKey replica) {
  VoterProgress* at = std::find_if(among.begin(), among.end(), [replica](const VoterProgress& progress) {
    return is_same_replica(progress.voter, replica);
  });
  return at == among.end() ? nullptr : at;
}

NodeId leader_of(const RaftMemory& memory) {
  return std::visit(overloaded{
                        [](const Candidate&) { return kNoNode; },
                        [&](const Leader&) { return memory.self.node; },
                        [&](const Resigned&) { return memory.self.node; },
                        [](const auto& role) { return role.leader; },
                    },
                    memory.state);
}

ReplicaKey voted_of(const RaftMemory& memory) {
  return std::visit(overloaded{
                        [&](const Candidate&) { return memory.self; },
                        [](const Leader&) { return kNobody; },
                        [](const auto& role) { return role.voted; },
                    },
                    memory.state);
}

}  // namespace model
