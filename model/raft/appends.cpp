// What a leader appends: records of the state machine above, held together by the linger (BatchAccumulator), and
// control records.
#include <algorithm>
#include <utility>

#include "model/ensure.h"
#include "model/raft/member.h"
#include "model/rules.h"

namespace model {
namespace {

Replicas nodes_of(const Voters& voters) {
  Replicas nodes;
  for (const ReplicaKey voter : voters) nodes.push_back(voter.node);
  return nodes;
}

MetadataBatch& add_batch(const Context& context, Raft raft, Leader& leader) {
  Accumulator& accumulator = leader.accumulator;
  MetadataBatch& batch = accumulator.batches.emplace_back();
  batch.base_offset = accumulator.next_offset;
  batch.epoch = raft.memory.epoch;
  batch.appended = context.clock.now();
  return batch;
}

}  // namespace

void append_batch(const Context& context, Raft raft, MetadataBatch batch) {
  const auto records = static_cast<std::int32_t>(batch.records.size());
  context.tell(MetadataAppended{batch.base_offset, records, batch.epoch, is_leader(raft.memory)});
  Offset at = batch.base_offset;
  Voters voters;
  Offset voters_at = kUnknownOffset;
  for (const MetadataRecord& record : batch.records) {
    if (const auto* changed = std::get_if<VotersRecord>(&record)) voters = changed->voters, voters_at = at;
    ++at;
  }
  append(raft.disk.log, std::move(batch));
  if (voters_at != kUnknownOffset) take_voters(context, raft, voters, voters_at);
}

void append_epoch_start(const Context& context, Raft raft) {
  RaftMemory& memory = raft.memory;
  Leader& leader = std::get<Leader>(memory.state);
  Replicas granting;
  for (const NodeId voter : leader.granting) granting.push_back(voter);
  MetadataBatch& batch = add_batch(context, raft, leader);
  batch.records.emplace_back(LeaderChangeRecord{raft.id, nodes_of(memory.voters), granting});
  const Snapshot* latest = latest_snapshot(raft.disk.log);
  const bool are_logged = memory.voters_at != kUnknownOffset || (latest != nullptr && !latest->voters.empty());
  if (context.config.quorum.kraft_version > 0 && !are_logged) {
    batch.records.emplace_back(VotersRecord{first_voters(context.config)});
  }
  leader.accumulator.next_offset = batch.end();
}

void append_control(const Context& context, Raft raft, const MetadataRecord& record) {
  Leader& leader = std::get<Leader>(raft.memory.state);
  MetadataBatch& batch = add_batch(context, raft, leader);
  batch.records.push_back(record);
  leader.accumulator.next_offset = batch.end();
  leader.accumulator.lingering = false;  // it takes along what was waiting
  disarm(context, {TimerKind::quorum_linger});
}

// The leader's own end moves, and parked fetches are answered, before the flush (KafkaRaftClient.flushLeaderLog): a
// machine that loses its power then has shown what it has not kept. The flush is over when its next step begins, so
// that no fetch raises the high watermark before; a quorum of one, whose high watermark waits for no fetch, is not
// shown in that moment.
void drain(const Context& context, Raft raft) {
  Leader* leader = &std::get<Leader>(raft.memory.state);
  if (leader->accumulator.batches.empty() || leader->accumulator.lingering) return;
  std::vector<MetadataBatch> batches = std::move(leader->accumulator.batches);
  leader->accumulator.batches.clear();
  for (MetadataBatch& batch : batches) append_batch(context, raft, std::move(batch));
  const Offset end = raft.disk.log.end();
  for (VoterProgress& progress : leader->voters) {
    if (!is_same_replica(progress.voter, raft.memory.self)) continue;
    progress.end = progress.leader_end_at_fetch = end;
    progress.last_fetch = progress.last_caught_up = context.clock.now();
  }
  update_high_watermark(context, raft);
  raft.memory.parked_may_complete = true;
  raft.memory.appended_to = end;
  if (is_only_voter(raft.memory)) flush_appended(raft);
}

void flush_appended(Raft raft) {
  MetadataLog& log = raft.disk.log;
  log.flushed = std::max(log.flushed, std::min(raft.memory.appended_to, log.end()));
  raft.memory.appended_to = 0;
}

std::optional<Offset> prepare_append(const Context& context, Raft raft, LeaderEpoch epoch,
                                     const SmallVec<MetadataRecord, 1>& records) {
  auto* leader = std::get_if<Leader>(&raft.memory.state);
  if (leader == nullptr || epoch != raft.memory.epoch || !raft.memory.running) return std::nullopt;
  ENSURE(!records.empty());
  const bool first = leader->accumulator.batches.empty();
  MetadataBatch& batch = add_batch(context, raft, *leader);
  batch.records = records;
  leader->accumulator.next_offset = batch.end();
  const Duration linger = context.config.quorum.controller_quorum_append_linger;
  if (first && linger.us > 0) {
    leader->accumulator.lingering = true;
    context.arm({TimerKind::quorum_linger}, linger);
  }
  return leader->accumulator.next_offset - 1;
}

Offset next_append_offset(const Raft& raft) {
  const auto* leader = std::get_if<Leader>(&raft.memory.state);
  return leader != nullptr ? leader->accumulator.next_offset : kUnknownOffset;
}

}  // namespace model
