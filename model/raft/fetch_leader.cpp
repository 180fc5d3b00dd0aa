// Fetches answered by the leader, and what it makes of them: the high watermark, and whether a majority still
// follows (KafkaRaftClient.handleFetchRequest, LeaderState).
#include <algorithm>
#include <functional>
#include <utility>

#include "model/ensure.h"
#include "model/raft/member.h"
#include "model/rules.h"

namespace model {
namespace {

constexpr Duration kObserverSession = seconds(300);

bool is_valid(const QuorumFetchRequest& request) {
  return request.max_wait.us >= 0 && request.fetch_offset >= 0 && request.last_fetched_epoch >= 0 &&
         request.last_fetched_epoch <= request.current_leader_epoch;
}

QuorumFetchResponse empty_answer(const RaftMemory& memory, ErrorCode error) {
  QuorumFetchResponse answer;
  answer.error = error;
  answer.leader = leader_of(memory);
  answer.epoch = memory.epoch;
  return answer;
}

// Those that have not been heard of for long are forgotten.
VoterProgress& observer_of(const Context& context, Leader& leader, ReplicaKey replica) {
  auto& observers = leader.observers;
  for (VoterProgress* at = observers.begin(); at != observers.end();) {
    const bool stays =
        is_same_replica(at->voter, replica) || !context.clock.has_elapsed(at->last_fetch, kObserverSession);
    at = stays ? at + 1 : observers.erase(at);
  }
  if (VoterProgress* known = find(observers, replica)) return *known;
  VoterProgress& progress = observers.emplace_back();
  progress.voter = replica;
  return progress;
}

// ReplicaState.updateFollowerState.
void update_progress(const Context& context, Raft raft, const QuorumFetchRequest& request) {
  Leader& leader = std::get<Leader>(raft.memory.state);
  VoterProgress* voter = find(leader.voters, request.replica);
  VoterProgress& progress = voter != nullptr ? *voter : observer_of(context, leader, request.replica);
  const Offset end = raft.disk.log.end();
  const Instant now = context.clock.now();
  if (request.fetch_offset >= end) {
    progress.last_caught_up = now;
  } else if (progress.leader_end_at_fetch > 0 && request.fetch_offset >= progress.leader_end_at_fetch) {
    progress.last_caught_up = progress.last_fetch;
  }
  progress.last_fetch = now;
  progress.leader_end_at_fetch = end;
  progress.end = request.fetch_offset;
  if (voter == nullptr) return;
  update_high_watermark(context, raft);
  heard_from_voter(context, raft, request.replica);
}

QuorumFetchResponse read(const Context& context, Raft raft, const QuorumFetchRequest& request) {
  const MetadataLog& log = raft.disk.log;
  QuorumFetchResponse answer = empty_answer(raft.memory, ErrorCode::none);
  answer.log_start = log.start;
  const Snapshot* latest = latest_snapshot(log);
  if (request.fetch_offset == 0 && latest != nullptr) {
    answer.snapshot = latest->id;
  } else {
    const Validation validation = validate(log, request.fetch_offset, request.last_fetched_epoch);
    if (validation.kind == Validity::diverging) answer.diverging = validation.at;
    if (validation.kind == Validity::snapshot) answer.snapshot = validation.at;
  }
  if (!answer.diverging && !answer.snapshot) {
    update_progress(context, raft, request);
    const auto from = static_cast<std::ptrdiff_t>(first_batch_at(log, request.fetch_offset));
    answer.records.assign(log.batches.begin() + from, log.batches.end());
  }
  answer.high_watermark = raft.memory.high_watermark;
  return answer;
}

bool must_wait(const Context& context, const QuorumFetchRequest& request, const QuorumFetchResponse& answer) {
  if (answer.diverging || answer.snapshot || !answer.records.empty() || request.max_wait.us == 0) return false;
  const bool tells_high_watermark = context.rules.quorum.new_high_watermark_wakes_fetches;
  return !(tells_high_watermark && answer.high_watermark > request.high_watermark);
}

TimerKey wait_timer(std::size_t slot) { return {TimerKind::quorum_fetch_wait, static_cast<std::uint16_t>(slot)}; }

void park(const Context& context, Raft raft, const ConnectionId& via, const QuorumFetchRequest& request,
          Offset high_watermark) {
  auto& parked = raft.memory.parked;
  std::size_t slot = 0;
  while (slot < parked.size() && parked[slot].used) ++slot;
  if (slot == parked.size()) parked.emplace_back();
  parked[slot] = {true, via, request, high_watermark};
  context.arm(wait_timer(slot), request.max_wait);
}

void unpark(const Context& context, Raft raft, std::size_t slot) {
  raft.memory.parked[slot].used = false;
  disarm(context, wait_timer(slot));
}

}  // namespace

ErrorCode check_leader_request(const RaftMemory& memory, LeaderEpoch epoch) {
  if (epoch < memory.epoch) return ErrorCode::fenced_leader_epoch;
  if (epoch > memory.epoch) return ErrorCode::unknown_leader_epoch;
  if (!is_leader(memory)) return ErrorCode::not_leader_or_follower;
  return memory.shutting_down ? ErrorCode::broker_not_available : ErrorCode::none;
}

void on_fetch(const Context& context, Raft raft, const ConnectionId& via, const QuorumFetchRequest& request) {
  ErrorCode error = check_leader_request(raft.memory, request.current_leader_epoch);
  if (!is_valid(request)) error = ErrorCode::invalid_request;
  if (error != ErrorCode::none) return context.send(via, empty_answer(raft.memory, error));
  QuorumFetchResponse answer = read(context, raft, request);
  if (must_wait(context, request, answer)) return park(context, raft, via, request, answer.high_watermark);
  context.send(via, std::move(answer));
}

// As it would have been answered when it came (KAFKA-15100).
void on_fetch_wait_over(const Context& context, Raft raft, std::uint16_t slot) {
  if (slot >= raft.memory.parked.size() || !raft.memory.parked[slot].used) return;
  ParkedQuorumFetch& parked = raft.memory.parked[slot];
  parked.used = false;
  QuorumFetchResponse answer;
  answer.leader = raft.id;
  answer.epoch = parked.request.current_leader_epoch;
  answer.high_watermark = parked.high_watermark;
  answer.log_start = raft.disk.log.start;
  context.send(parked.via, std::move(answer));
}

void complete_parked(const Context& context, Raft raft) {
  auto& parked = raft.memory.parked;
  for (std::size_t slot = 0; slot < parked.size(); ++slot) {
    if (!parked[slot].used) continue;
    const QuorumFetchRequest& request = parked[slot].request;
    const ErrorCode error = check_leader_request(raft.memory, request.current_leader_epoch);
    QuorumFetchResponse answer =
        error == ErrorCode::none ? read(context, raft, request) : empty_answer(raft.memory, error);
    if (error == ErrorCode::none && must_wait(context, request, answer)) continue;
    context.send(parked[slot].via, std::move(answer));
    unpark(context, raft, slot);
  }
}

void fail_parked(const Context& context, Raft raft) {
  auto& parked = raft.memory.parked;
  for (std::size_t slot = 0; slot < parked.size(); ++slot) {
    if (!parked[slot].used) continue;
    context.send(parked[slot].via, empty_answer(raft.memory, ErrorCode::not_leader_or_follower));
    unpark(context, raft, slot);
  }
}

void forget_parked(const Context& context, Raft raft, const ConnectionId& via) {
  auto& parked = raft.memory.parked;
  for (std::size_t slot = 0; slot < parked.size(); ++slot) {
    if (parked[slot].used && parked[slot].via == via) unpark(context, raft, slot);
  }
}

void update_high_watermark(const Context& context, Raft raft) {
  Leader& leader = std::get<Leader>(raft.memory.state);
  SmallVec<Offset, 5> ends;  // those that are unknown are the lowest
  for (const VoterProgress& progress : leader.voters) ends.push_back(progress.end);
  std::sort(ends.begin(), ends.end(), std::greater<>{});
  const auto majority = static_cast<std::size_t>(majority_of(context, raft.memory));
  if (majority == 0 || majority > ends.size()) return;
  const Offset candidate = ends[majority - 1];
  if (candidate == kUnknownOffset || candidate <= raft.memory.high_watermark) return;
  if (!context.rules.quorum.high_watermark_may_be(candidate, leader.epoch_start)) return;
  set_high_watermark(context, raft, candidate);
  if (context.rules.quorum.new_high_watermark_wakes_fetches) raft.memory.parked_may_complete = true;
  finish_voter_change(context, raft);
}

void set_high_watermark(const Context& context, Raft raft, Offset offset) {
  if (raft.memory.high_watermark == offset) return;
  context.tell(MetadataHighWatermarkMoved{raft.memory.high_watermark, offset, is_leader(raft.memory)});
  raft.memory.high_watermark = offset;
}

void heard_from_voter(const Context& context, Raft raft, ReplicaKey replica) {
  Leader& leader = std::get<Leader>(raft.memory.state);
  if (find(leader.voters, replica) == nullptr) return;
  auto& fetched = leader.fetched;
  if (std::find(fetched.begin(), fetched.end(), replica.node) == fetched.end()) fetched.push_back(replica.node);
  const std::int32_t itself = find(leader.voters, raft.memory.self) != nullptr ? 1 : 0;
  if (static_cast<std::int32_t>(fetched.size()) < majority_of(context, raft.memory) - itself) return;
  arm_check_quorum(context, raft);
}

// A leader without other voters would depose itself for ever (KAFKA-16144).
void arm_check_quorum(const Context& context, Raft raft) {
  std::get<Leader>(raft.memory.state).fetched.clear();
  if (!context.rules.quorum.check_quorum || is_only_voter(raft.memory)) return;
  context.arm({TimerKind::quorum_check}, context.config.quorum.controller_quorum_fetch_timeout * 3 / 2);
}

}  // namespace model
