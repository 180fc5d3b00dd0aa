// Snapshots: made by the state machine, fetched by those that the log can no longer serve, deleted as retention asks
// (KIP-630).
#include <algorithm>

#include "model/ensure.h"
#include "model/raft/member.h"
#include "model/rules.h"

namespace model {
namespace {

// In force below `offset`; empty: those of the configuration.
Voters voters_below(const MetadataLog& log, Offset offset) {
  for (std::size_t i = first_batch_at(log, offset); i > 0; --i) {
    for (const MetadataRecord& record : log.batches[i - 1].records) {
      if (const auto* voters = std::get_if<VotersRecord>(&record)) return voters->voters;
    }
  }
  Voters older;
  for (const Snapshot& snapshot : log.snapshots) {
    if (snapshot.id.offset <= offset) older = snapshot.voters;
  }
  return older;
}

LeaderEpoch epoch_below(const MetadataLog& log, Offset offset) {
  const std::size_t next = first_batch_at(log, offset);
  if (next > 0) return log.batches[next - 1].epoch;
  for (const Snapshot& snapshot : log.snapshots) {
    if (snapshot.id.offset == offset) return snapshot.id.epoch;
  }
  return 0;
}

std::int64_t bytes_of(const Context& context, const MetadataLog& log) {
  return (log.end() - log.start) * context.config.quorum.metadata_record_bytes;
}

// Segments go by their size alone, whatever snapshots there are.
void delete_by_size(const Context& context, MetadataLog& log, std::int64_t kept) {
  while (log.batches.size() > 1 && bytes_of(context, log) > kept) {
    log.start = log.batches[1].base_offset;
    log.batches.erase(log.batches.begin());
  }
}

}  // namespace

void make_snapshot(const Context& context, Raft raft, const MetadataImage& image) {
  MetadataLog& log = raft.disk.log;
  const Snapshot* latest = latest_snapshot(log);
  if (image.offset <= log.start || (latest != nullptr && image.offset <= latest->id.offset)) return;
  ENSURE(image.offset <= raft.memory.high_watermark);
  const std::size_t next = first_batch_at(log, image.offset);
  ENSURE(next == log.batches.size() || log.batches[next].base_offset == image.offset);  // KAFKA-14619
  const OffsetAndEpoch id{epoch_below(log, image.offset), image.offset};
  log.snapshots.push_back({id, image, voters_below(log, image.offset)});
  context.tell(MetadataSnapshot{id.offset, id.epoch, false});
}

FetchSnapshotResponse on_fetch_snapshot(const Context& context, Raft raft, const FetchSnapshotRequest& request) {
  const RaftMemory& memory = raft.memory;
  FetchSnapshotResponse answer{
      check_leader_request(memory, request.current_leader_epoch), leader_of(memory), memory.epoch, {}};
  if (answer.error != ErrorCode::none) return answer;
  const auto& stored = raft.disk.log.snapshots;
  const auto at =
      std::find_if(stored.begin(), stored.end(), [&](const Snapshot& snapshot) { return snapshot.id == request.id; });
  if (at == stored.end()) {
    answer.error = ErrorCode::snapshot_not_found;
    return answer;
  }
  answer.snapshot.push_back(*at);
  heard_from_voter(context, raft, request.replica);
  return answer;
}

// KafkaMetadataLog.truncateToLatestSnapshot.
void load_snapshot(const Context& context, Raft raft, const Snapshot& snapshot) {
  MetadataLog& log = raft.disk.log;
  if (snapshot.id <= position(log)) return fail(context, raft, QuorumFault::illegal_transition);
  const Offset from = log.end();
  start_from(log, snapshot);
  if (from > snapshot.id.offset) context.tell(MetadataTruncated{from, snapshot.id.offset});
  context.tell(MetadataSnapshot{snapshot.id.offset, snapshot.id.epoch, true});
  find_voters(context, raft);
  move_follower_high_watermark(context, raft, snapshot.id.offset);
}

void clean_snapshots(const Context& context, Raft raft) {
  MetadataLog& log = raft.disk.log;
  const std::int64_t kept = context.config.quorum.metadata_max_retention_bytes;
  if (!context.rules.quorum.log_starts_at_snapshots) return delete_by_size(context, log, kept);
  while (log.snapshots.size() > 1 && bytes_of(context, log) > kept) delete_before(log, log.snapshots[1].id.offset);
}

void make_snapshot_if_due(const Context& context, Raft raft, const MetadataImage& image) {
  const Snapshot* latest = latest_snapshot(raft.disk.log);
  const Offset since = image.offset - (latest == nullptr ? 0 : latest->id.offset);
  const QuorumSettings& settings = context.config.quorum;
  if (since * settings.metadata_record_bytes < settings.metadata_log_max_record_bytes_between_snapshots) return;
  make_snapshot(context, raft, image);
}

const Snapshot* snapshot_to_load(const Raft& raft, const RaftListener& listener) {
  const MetadataLog& log = raft.disk.log;
  const Snapshot* latest = latest_snapshot(log);
  if (latest == nullptr || listener.next_offset >= raft.memory.high_watermark) return nullptr;
  return listener.next_offset == 0 || listener.next_offset < log.start ? latest : nullptr;
}

}  // namespace model
