#include "model/raft/raft.h"

#include <algorithm>

#include "model/ensure.h"
#include "model/raft/member.h"
#include "model/rules.h"

namespace model {
namespace {

constexpr Duration kSnapshotCleaning = seconds(60);
constexpr Duration kElectionBackoffUnit = milliseconds(100);

// --- an election that was lost -------------------------------------------------------------------

// KafkaRaftClient.binaryExponentialElectionBackoffMs.
void back_off(const Context& context, Candidate& candidate) {
  if (candidate.backing_off) return;
  candidate.backing_off = true;
  const std::uint32_t slots = 2U << std::min(20, candidate.retries - 1);
  const Duration drawn = kElectionBackoffUnit * context.choices.below(slots);
  const Duration max = context.config.quorum.controller_quorum_election_backoff_max;
  const TimerKey timer{TimerKind::quorum_backoff};
  if (drawn < max) return context.arm(timer, drawn);
  const bool jittered = context.rules.quorum.election_retry == ElectionRetry::jittered_backoff;
  context.arm(timer, jittered ? milliseconds(0) : max, max);
}

// Prospective: whoever knows a leader goes back to it.
void give_up(const Context& context, Raft raft) {
  const NodeId leader = leader_of(raft.memory);
  if (leader != kNoNode && leader != raft.id) return become_follower(context, raft, raft.memory.epoch, leader);
  become_unattached(context, raft, raft.memory.epoch, kNoNode);
}

// --- timers --------------------------------------------------------------------------------------

void on_election_timeout(const Context& context, Raft raft) {
  RaftMemory& memory = raft.memory;
  memory.election_expired = true;
  if (std::holds_alternative<Resigned>(memory.state)) {
    if (memory.shutting_down) return;
    if (context.rules.quorum.pre_vote || !is_voter(context, raft)) {
      return become_unattached(context, raft, memory.epoch + 1, kNoNode);
    }
    return become_candidate(context, raft);
  }
  if (!is_voter(context, raft) || memory.shutting_down) return;
  if (std::holds_alternative<Unattached>(memory.state)) return begin_election(context, raft);
  if (std::holds_alternative<Prospective>(memory.state)) return give_up(context, raft);
  if (auto* candidate = std::get_if<Candidate>(&memory.state)) {
    if (context.rules.quorum.election_retry == ElectionRetry::rest_of_timeout) return begin_election(context, raft);
    back_off(context, *candidate);
  }
}

void on_fetch_timeout(const Context& context, Raft raft) {
  auto* follower = std::get_if<Follower>(&raft.memory.state);
  if (follower == nullptr) return;
  if (is_voter(context, raft) && !context.rules.quorum.fetch_timeout_ends_following) return;
  follower->fetch_timed_out = true;
  if (is_voter(context, raft) && !raft.memory.shutting_down) begin_election(context, raft);
}

void on_check_quorum(const Context& context, Raft raft) {
  const auto* leader = std::get_if<Leader>(&raft.memory.state);
  if (leader == nullptr) return;
  if (is_only_voter(raft.memory)) return arm_check_quorum(context, raft);
  become_resigned(context, raft, successors_of(*leader, raft.id));
}

void on_role_timer(const Context& context, Raft raft, TimerKind kind) {
  RaftMemory& memory = raft.memory;
  auto* leader = std::get_if<Leader>(&memory.state);
  if (kind == TimerKind::quorum_election) on_election_timeout(context, raft);
  if (kind == TimerKind::quorum_fetch) on_fetch_timeout(context, raft);
  if (kind == TimerKind::quorum_check) on_check_quorum(context, raft);
  if (kind == TimerKind::quorum_begin && leader != nullptr) leader->begin_due = true;
  if (kind == TimerKind::quorum_linger && leader != nullptr) leader->accumulator.lingering = false;
  if (kind == TimerKind::quorum_backoff && std::holds_alternative<Candidate>(memory.state) && !memory.shutting_down) {
    begin_election(context, raft);
  }
  if (kind == TimerKind::quorum_shutdown) memory.shutdown_over = true;
  if (kind != TimerKind::quorum_clean) return;
  clean_snapshots(context, raft);
  context.arm({TimerKind::quorum_clean}, kSnapshotCleaning);
}

// --- polls: true if the role is another now --------------------------------------------------------

bool poll_unattached(const Context& context, Raft raft) {
  const bool asks = !is_voter(context, raft) || context.rules.quorum.unattached_voter_fetches;
  if (asks && !raft.memory.shutting_down) fetch_from_anybody(context, raft);
  return false;
}

bool poll_prospective(const Context& context, Raft raft, const Prospective& prospective) {
  const std::int32_t majority = majority_of(context, raft.memory);
  if (count(prospective.answers, Vote::granted) >= majority) return become_candidate(context, raft), true;
  if (has_lost(prospective.answers, majority) && !raft.memory.shutting_down) {
    return give_up(context, raft), true;
  }
  ask_for_votes(context, raft, prospective.answers, true);
  return false;
}

bool poll_candidate(const Context& context, Raft raft, Candidate& candidate) {
  const std::int32_t majority = majority_of(context, raft.memory);
  if (count(candidate.answers, Vote::granted) >= majority) return become_leader(context, raft), true;
  if (has_lost(candidate.answers, majority)) {
    if (context.rules.quorum.election_retry != ElectionRetry::rest_of_timeout && !raft.memory.shutting_down) {
      back_off(context, candidate);
    }
    return false;
  }
  if (!candidate.backing_off) ask_for_votes(context, raft, candidate.answers, false);
  return false;
}

bool poll_leader(const Context& context, Raft raft, const Leader& leader) {
  if (raft.memory.shutting_down || leader.resign_requested) {
    become_resigned(context, raft, successors_of(leader, raft.id));
    return true;
  }
  drain(context, raft);
  while (raft.memory.parked_may_complete) {
    raft.memory.parked_may_complete = false;
    complete_parked(context, raft);
  }
  send_begin_epoch(context, raft);
  return leader.resign_requested;
}

bool poll_role(const Context& context, Raft raft) {
  return std::visit(overloaded{
                        [&](const Unattached&) { return poll_unattached(context, raft); },
                        [&](const Prospective& role) { return poll_prospective(context, raft, role); },
                        [&](Candidate& role) { return poll_candidate(context, raft, role); },
                        [&](const Leader& role) { return poll_leader(context, raft, role); },
                        [&](const Follower& role) {
                          if (!raft.memory.shutting_down) poll_follower(context, raft, role);
                          return false;
                        },
                        [&](const Resigned&) { return send_end_epoch(context, raft), false; },
                    },
                    raft.memory.state);
}

void end_shutdown(const Context& context, Raft raft) {
  RaftMemory& memory = raft.memory;
  if (!memory.shutting_down || memory.shutdown_over) return;
  const bool over = !is_voter(context, raft) || is_only_voter(memory) || has_remote_leader(memory);
  if (!over) return;
  disarm(context, {TimerKind::quorum_shutdown});
  memory.shutdown_over = true;
}

}  // namespace

void start_raft(const Context& context, Raft raft) {
  RaftMemory& memory = raft.memory;
  MetadataLog& log = raft.disk.log;
  memory.running = true;
  ++raft.disk.processes;
  memory.self = {raft.id, context.config.quorum.kraft_version > 0 ? raft.disk.directory : 0};
  // A process that died while it replaced its log by a snapshot (KafkaMetadataLog.recover).
  const Snapshot* latest = latest_snapshot(log);
  if (latest != nullptr && position(log) < latest->id) start_from(log, *latest);
  find_voters(context, raft);
  take_role_from_disk(context, raft);
  context.arm({TimerKind::quorum_clean}, kSnapshotCleaning);
  if (is_only_voter(memory) && !is_leader(memory) && !std::holds_alternative<Candidate>(memory.state)) {
    begin_election(context, raft);
  }
}

void on_raft_request(const Context& context, Raft raft, const ConnectionId& via, const Body& body) {
  if (!raft.memory.running) return;
  std::visit(
      overloaded{
          [&](const VoteRequest& request) { context.send(via, on_vote(context, raft, request)); },
          [&](const BeginQuorumEpochRequest& request) { context.send(via, on_begin_epoch(context, raft, request)); },
          [&](const EndQuorumEpochRequest& request) { context.send(via, on_end_epoch(context, raft, request)); },
          [&](const QuorumFetchRequest& request) { on_fetch(context, raft, via, request); },
          [&](const FetchSnapshotRequest& request) { context.send(via, on_fetch_snapshot(context, raft, request)); },
          [](const auto&) {},
      },
      body);
}

bool on_raft_timer(const Context& context, Raft raft, TimerKey key) {
  if (key.kind < TimerKind::quorum_election || key.kind > TimerKind::quorum_commit) return false;
  if (!raft.memory.running) return true;
  if (key.kind == TimerKind::quorum_fetch_wait) {
    on_fetch_wait_over(context, raft, key.about);
  } else if (key.kind == TimerKind::quorum_request || key.kind == TimerKind::quorum_retry ||
             key.kind == TimerKind::quorum_reconnect) {
    on_peer_timer(context, raft, key);
  } else {
    on_role_timer(context, raft, key.kind);
  }
  return true;
}

void poll_raft(const Context& context, Raft raft) {
  RaftMemory& memory = raft.memory;
  if (!memory.running) return;
  const Offset high_watermark = memory.high_watermark;
  if (memory.appended_to != 0) flush_appended(raft);
  end_shutdown(context, raft);
  while (memory.running && !memory.shutdown_over && poll_role(context, raft)) end_shutdown(context, raft);
  if (memory.shutdown_over) raft.disk.log.flushed = raft.disk.log.end();
  // The state machine above has had its turn: it must get another one to read what was committed since.
  if (memory.running && memory.high_watermark != high_watermark)
    context.arm({TimerKind::quorum_commit}, milliseconds(0));
}

void begin_raft_shutdown(const Context& context, Raft raft) {
  RaftMemory& memory = raft.memory;
  if (memory.shutting_down) return;
  memory.shutting_down = true;
  context.arm({TimerKind::quorum_shutdown}, context.config.quorum.controller_quorum_request_timeout);
}

const MetadataBatch* next_committed(const Raft& raft, const RaftListener& listener) {
  const MetadataLog& log = raft.disk.log;
  if (listener.next_offset < log.start || listener.next_offset >= raft.memory.high_watermark) return nullptr;
  const std::size_t at = first_batch_at(log, listener.next_offset);
  if (at == log.batches.size()) return nullptr;
  const MetadataBatch& batch = log.batches[at];
  return batch.base_offset == listener.next_offset && batch.end() <= raft.memory.high_watermark ? &batch : nullptr;
}

std::optional<LeaderNotice> take_leader_change(const Raft& raft, RaftListener& listener) {
  const RaftMemory& memory = raft.memory;
  if (std::holds_alternative<Resigned>(memory.state)) return std::nullopt;  // KAFKA-17333
  const NodeId leader = leader_of(memory);
  const bool is_news = memory.epoch > listener.epoch ||
                       (memory.epoch == listener.epoch && leader != kNoNode && listener.leader == kNoNode);
  if (!is_news) return std::nullopt;
  const auto* leads = std::get_if<Leader>(&memory.state);
  if (leads != nullptr && listener.next_offset <= leads->epoch_start) return std::nullopt;
  listener.epoch = memory.epoch;
  listener.leader = leader;
  return LeaderNotice{memory.epoch, leader};
}

void resign(const Context&, Raft raft, LeaderEpoch epoch) {
  auto* leader = std::get_if<Leader>(&raft.memory.state);
  if (leader != nullptr && epoch == raft.memory.epoch) leader->resign_requested = true;
}

}  // namespace model
