#include "model/invariants/quorum_history.h"

#include <algorithm>
#include <tuple>

#include "model/invariants/view.h"

namespace model {
namespace {

std::uint64_t content_of(const MetadataBatch& batch) { return hash_of(batch.records); }

MetadataPlace place_of(const MetadataLog& log, std::size_t at) {
  const MetadataBatch& batch = log.batches[at];
  LeaderEpoch before = 0;
  if (at > 0) {
    before = log.batches[at - 1].epoch;
  } else if (!log.snapshots.empty()) {
    for (const Snapshot& snapshot : log.snapshots) {
      if (snapshot.id.offset == batch.base_offset) before = snapshot.id.epoch;
    }
  }
  return {batch.epoch, batch.base_offset, batch.end(), before, content_of(batch)};
}

bool comes_before(const MetadataPlace& a, const MetadataPlace& b) {
  return std::tie(a.epoch, a.base_offset) < std::tie(b.epoch, b.base_offset);
}

// Whoever appends a batch first gave it its place; everybody else is compared with that.
void note_appended(QuorumHistory& history, const View& view, NodeId teller, const MetadataAppended& told) {
  const RaftDisk* disk = raft_disk_at(view, teller);
  if (disk == nullptr) return;
  const MetadataLog& log = disk->log;
  for (std::size_t i = first_batch_at(log, told.base_offset); i < log.batches.size(); ++i) {
    if (log.batches[i].base_offset >= told.base_offset + told.count) break;
    const MetadataPlace place = place_of(log, i);
    const auto at = std::lower_bound(history.appended.begin(), history.appended.end(), place, comes_before);
    if (at != history.appended.end() && !comes_before(place, *at)) continue;
    history.appended.insert(at, place);
  }
}

void commit(QuorumHistory& history, const View& view, NodeId teller, Offset high_watermark) {
  const RaftDisk* disk = raft_disk_at(view, teller);
  if (disk == nullptr) return;
  const MetadataLog& log = disk->log;
  for (std::size_t i = first_batch_at(log, committed_end(history)); i < log.batches.size(); ++i) {
    const MetadataBatch& batch = log.batches[i];
    if (batch.end() > high_watermark || batch.base_offset != committed_end(history)) break;
    history.committed.push_back(place_of(log, i));
    Offset offset = batch.base_offset;
    for (const MetadataRecord& record : batch.records) {
      if (!replay(history.image, record, offset++)) continue;  // its process ends: QuorumFailed says so
    }
    history.images.push_back({batch.end(), hash_of(history.image)});
  }
}

void note_leader(QuorumHistory& history, LeaderEpoch epoch, NodeId leader) {
  if (leader == kNoNode || epoch < 0) return;
  const auto at = static_cast<std::size_t>(epoch);
  if (history.leader_of_epoch.size() <= at) history.leader_of_epoch.resize(at + 1, kNoNode);
  if (history.leader_of_epoch[at] == kNoNode) history.leader_of_epoch[at] = leader;
}

void note_vote(MemberHistory& member, LeaderEpoch epoch, ReplicaKey candidate) {
  if (epoch <= member.voted_in) return;
  member.voted_in = epoch;
  member.voted = candidate;
}

// Another disk is another voter: what the one before had promised is gone.
MemberHistory& member_of(QuorumHistory& history, const View& view, NodeId node) {
  MemberHistory& member = history.members[static_cast<std::size_t>(node)];
  const RaftDisk* disk = raft_disk_at(view, node);
  if (disk == nullptr || disk->directory == member.directory) return member;
  member = {};
  member.directory = disk->directory;
  return member;
}

void note_role(QuorumHistory& history, const View& view, NodeId teller, const QuorumRoleChanged& told) {
  MemberHistory& member = member_of(history, view, teller);
  member.epoch = std::max(member.epoch, told.epoch);
  if (told.voted != kNoNode) note_vote(member, told.epoch, {told.voted, 0});
  note_leader(history, told.epoch, told.leader);
  if (told.role == QuorumRole::leader) history.highest_led = std::max(history.highest_led, told.epoch);
}

void note_high_watermark(QuorumHistory& history, const View& view, NodeId teller,
                         const MetadataHighWatermarkMoved& told) {
  MemberHistory& member = member_of(history, view, teller);
  member.high_watermark = std::max(member.high_watermark, told.to);
  if (told.as_leader) commit(history, view, teller, told.to);
}

}  // namespace

QuorumHistory make_quorum_history(const ClusterConfig& config) {
  QuorumHistory history;
  if (!config.is_kraft()) return history;
  history.members.resize(config.node_count());
  history.image = empty_image(config);
  return history;
}

void observe_quorum(QuorumHistory& history, const View& view, const Told& told) {
  if (const auto* role = std::get_if<QuorumRoleChanged>(&told.fact)) {
    note_role(history, view, told.teller, *role);
  } else if (const auto* vote = std::get_if<VoteAnswered>(&told.fact)) {
    MemberHistory& member = member_of(history, view, told.teller);
    if (vote->granted && !vote->pre_vote) note_vote(member, vote->epoch, {vote->candidate, 0});
  } else if (const auto* appended = std::get_if<MetadataAppended>(&told.fact)) {
    note_appended(history, view, told.teller, *appended);
  } else if (const auto* moved = std::get_if<MetadataHighWatermarkMoved>(&told.fact)) {
    note_high_watermark(history, view, told.teller, *moved);
  } else if (const auto* claimed = std::get_if<BelievesController>(&told.fact)) {
    history.claimed.push_back(claimed->epoch);
  }
}

void observe_member_start(QuorumHistory& history, NodeId node) {
  const auto at = static_cast<std::size_t>(node);
  if (at < history.members.size()) history.members[at].high_watermark = kUnknownOffset;
}

Incarnation incarnation_of(const View& view, NodeId teller, const BrokerRegistered& registered) {
  const RaftDisk* disk = raft_disk_at(view, teller);
  if (disk == nullptr) return 0;
  const std::size_t at = first_batch_at(disk->log, registered.zxid);
  if (at >= disk->log.batches.size() || disk->log.batches[at].base_offset > registered.zxid) return 0;
  const MetadataBatch& batch = disk->log.batches[at];
  const auto* record =
      std::get_if<RegisterBrokerRecord>(&batch.records[static_cast<std::size_t>(registered.zxid - batch.base_offset)]);
  return record == nullptr ? 0 : record->incarnation;
}

const MetadataPlace* find_appended(const QuorumHistory& history, LeaderEpoch epoch, Offset base_offset) {
  MetadataPlace wanted;
  wanted.epoch = epoch;
  wanted.base_offset = base_offset;
  const auto at = std::lower_bound(history.appended.begin(), history.appended.end(), wanted, comes_before);
  return at != history.appended.end() && !comes_before(wanted, *at) ? &*at : nullptr;
}

const MetadataPlace* find_committed(const QuorumHistory& history, Offset base_offset) {
  const auto at = std::lower_bound(history.committed.begin(), history.committed.end(), base_offset,
                                   [](const MetadataPlace& a, Offset offset) { return a.base_offset < offset; });
  return at != history.committed.end() && at->base_offset == base_offset ? &*at : nullptr;
}

}  // namespace model
