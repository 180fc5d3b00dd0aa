// KRaft mode: the metadata quorum and its log. Promises of Raft (Ongaro, figure 3), of Kafka's own simulation
// (RaftEventSimulationTest) and of its formal models (raft-tlaplus, kafka-tlaplus by J. Vanlightly).
#include <algorithm>
#include <array>

#include "model/invariants/rows.h"
#include "model/rules.h"

namespace model {
namespace {

const QuorumHistory& quorum(const View& view) { return view.history.quorum; }
const MemberHistory& member_history(const View& view, NodeId id) {
  return quorum(view).members[static_cast<std::size_t>(id)];
}
std::string number_text(std::int64_t value) { return std::to_string(value); }

// The member's disk is not the one that its history is about: what that one promised is gone.
bool has_new_disk(const View& view, NodeId id) {
  const RaftDisk* disk = raft_disk_at(view, id);
  return disk == nullptr || disk->directory != member_history(view, id).directory;
}

// --- elections ------------------------------------------------------------------------------------

bool epoch_has_one_quorum_leader(const View& view, const Told& told, Breach& breach) {
  const auto& role = std::get<QuorumRoleChanged>(told.fact);
  if (role.leader == kNoNode || role.epoch < 0) return true;
  const auto at = static_cast<std::size_t>(role.epoch);
  const auto& leaders = quorum(view).leader_of_epoch;
  if (at >= leaders.size() || leaders[at] == kNoNode || leaders[at] == role.leader) return true;
  breach.broker = told.teller;
  breach.what = name_of(view, told.teller) + " takes " + name_of(view, role.leader) + " for the leader of epoch " +
                number_text(role.epoch) + ", which " + name_of(view, leaders[at]) + " leads";
  return false;
}

bool member_votes_once(const View& view, const Told& told, Breach& breach) {
  NodeId candidate = kNoNode;
  LeaderEpoch epoch = 0;
  if (const auto* vote = std::get_if<VoteAnswered>(&told.fact)) {
    if (!vote->granted || vote->pre_vote) return true;
    candidate = vote->candidate;
    epoch = vote->epoch;
  } else {
    const auto& role = std::get<QuorumRoleChanged>(told.fact);
    candidate = role.voted;
    epoch = role.epoch;
  }
  const MemberHistory& past = member_history(view, told.teller);
  if (candidate == kNoNode || has_new_disk(view, told.teller)) return true;
  if (past.voted_in != epoch || past.voted.node == candidate) return true;
  breach.broker = told.teller;
  breach.what = name_of(view, told.teller) + " votes for " + name_of(view, candidate) + " in epoch " +
                number_text(epoch) + ", in which it has voted for " + name_of(view, past.voted.node);
  return false;
}

bool vote_is_on_disk(const View& view, const Told& told, Breach& breach) {
  const auto& vote = std::get<VoteAnswered>(told.fact);
  const RaftDisk* disk = raft_disk_at(view, told.teller);
  if (!vote.granted || vote.pre_vote || disk == nullptr) return true;
  if (disk->election.epoch == vote.epoch && disk->election.voted.node == vote.candidate) return true;
  breach.broker = told.teller;
  breach.what = name_of(view, told.teller) + " grants its vote in epoch " + number_text(vote.epoch) + " to " +
                name_of(view, vote.candidate) + ", and its quorum-state file does not say so";
  return false;
}

bool quorum_epoch_grows(const View& view, const Told& told, Breach& breach) {
  const auto& role = std::get<QuorumRoleChanged>(told.fact);
  const LeaderEpoch highest = member_history(view, told.teller).epoch;
  if (has_new_disk(view, told.teller) || role.epoch >= highest) return true;
  breach.broker = told.teller;
  breach.what = name_of(view, told.teller) + " is in epoch " + number_text(role.epoch) + " of the quorum after " +
                number_text(highest);
  return false;
}

bool quorum_leader_is_complete(const View& view, const Told& told, Breach& breach) {
  const auto& role = std::get<QuorumRoleChanged>(told.fact);
  const RaftDisk* disk = raft_disk_at(view, told.teller);
  if (role.role != QuorumRole::leader || disk == nullptr || quorum(view).committed.empty()) return true;
  if (role.epoch < quorum(view).highest_led) return true;  // deposed before it knew that it had won
  const MetadataPlace& last = quorum(view).committed.back();
  if (last.end <= disk->log.start) return true;
  const std::size_t at = first_batch_at(disk->log, last.base_offset);
  if (at < disk->log.batches.size() && disk->log.batches[at].base_offset == last.base_offset &&
      disk->log.batches[at].epoch == last.epoch) {
    return true;
  }
  breach.broker = told.teller;
  breach.what = name_of(view, told.teller) + " leads the quorum in epoch " + number_text(role.epoch) +
                " without the committed record at offset " + number_text(last.end - 1) + " of epoch " +
                number_text(last.epoch);
  return false;
}

// --- the log --------------------------------------------------------------------------------------

bool metadata_logs_match(const View& view, const Told& told, Breach& breach) {
  const auto& appended = std::get<MetadataAppended>(told.fact);
  const RaftDisk* disk = raft_disk_at(view, told.teller);
  if (disk == nullptr) return true;
  const MetadataLog& log = disk->log;
  for (std::size_t i = first_batch_at(log, appended.base_offset); i < log.batches.size(); ++i) {
    const MetadataBatch& batch = log.batches[i];
    if (batch.base_offset >= appended.base_offset + appended.count) break;
    const MetadataPlace* known = find_appended(quorum(view), batch.epoch, batch.base_offset);
    if (known == nullptr) continue;
    const bool same_before = i == 0 || log.batches[i - 1].epoch == known->epoch_before;
    if (known->end == batch.end() && known->content == hash_of(batch.records) && same_before) continue;
    breach.broker = told.teller;
    breach.what = name_of(view, told.teller) + " has another record of epoch " + number_text(batch.epoch) +
                  " at offset " + number_text(batch.base_offset) + " than the leader of that epoch appended";
    return false;
  }
  return true;
}

bool quorum_leader_only_appends(const View& view, const Told& told, Breach& breach) {
  const auto& cut = std::get<MetadataTruncated>(told.fact);
  const RaftMemory* raft = raft_at(view, told.teller);
  if (raft == nullptr || !is_leader(*raft)) return true;
  breach.broker = told.teller;
  breach.what = name_of(view, told.teller) + " leads the quorum in epoch " + number_text(raft->epoch) +
                " and cuts its log from " + number_text(cut.from) + " to " + number_text(cut.to);
  return false;
}

bool nothing_known_committed_is_cut(const View& view, const Told& told, Breach& breach) {
  const auto& cut = std::get<MetadataTruncated>(told.fact);
  const Offset known = member_history(view, told.teller).high_watermark;
  if (has_new_disk(view, told.teller) || cut.to >= known) return true;
  breach.broker = told.teller;
  breach.what = name_of(view, told.teller) + " cuts its log to " + number_text(cut.to) +
                " below the high watermark it has known, " + number_text(known);
  return false;
}

// --- the high watermark -----------------------------------------------------------------------------

bool metadata_high_watermark_grows(const View& view, const Told& told, Breach& breach) {
  const auto& moved = std::get<MetadataHighWatermarkMoved>(told.fact);
  const Offset known = member_history(view, told.teller).high_watermark;
  if (has_new_disk(view, told.teller) || moved.to >= known || moved.as_leader) return true;
  breach.broker = told.teller;
  breach.what = name_of(view, told.teller) + "'s high watermark of the metadata log went from " + number_text(known) +
                " back to " + number_text(moved.to);
  return false;
}

// Until KIP-853 voters are those of the configuration; from then on those of the log, and a change that is under way
// may be decided by the set before it.
bool metadata_high_watermark_is_supported(const View& view, const Told& told, Breach& breach) {
  const auto& moved = std::get<MetadataHighWatermarkMoved>(told.fact);
  const RaftDisk* own = raft_disk_at(view, told.teller);
  if (!moved.as_leader || own == nullptr) return true;
  const Voters voters = voters_of(view.config, own->log);
  const std::size_t at = moved.to > 0 ? first_batch_at(own->log, moved.to - 1) : 0;
  if (moved.to <= own->log.start || at >= own->log.batches.size()) return true;
  const MetadataBatch& last = own->log.batches[at];
  std::size_t holders = 0;
  for (const ReplicaKey& voter : voters) {
    const RaftDisk* disk = raft_disk_at(view, voter.node);
    if (disk == nullptr) continue;
    // A single voter commits in the step that appends, before it has flushed.
    const Offset durable = voters.size() == 1 ? disk->log.end() : disk->log.flushed;
    if (durable < moved.to) continue;
    const std::size_t there = first_batch_at(disk->log, last.base_offset);
    const bool has_it = disk->log.start >= moved.to ||
                        (there < disk->log.batches.size() && disk->log.batches[there].base_offset == last.base_offset &&
                         disk->log.batches[there].epoch == last.epoch);
    if (has_it) ++holders;
  }
  if (holders > voters.size() / 2) return true;
  breach.broker = told.teller;
  breach.what = name_of(view, told.teller) + " takes everything below " + number_text(moved.to) +
                " for committed, which " + number_text(static_cast<std::int64_t>(holders)) + " of " +
                number_text(static_cast<std::int64_t>(voters.size())) + " voters have on disk";
  return false;
}

bool metadata_high_watermark_is_of_own_epoch(const View& view, const Told& told, Breach& breach) {
  const auto& moved = std::get<MetadataHighWatermarkMoved>(told.fact);
  const RaftMemory* raft = raft_at(view, told.teller);
  if (!moved.as_leader || raft == nullptr) return true;
  const auto* leader = std::get_if<Leader>(&raft->state);
  if (leader == nullptr || moved.to > leader->epoch_start) return true;
  breach.broker = told.teller;
  breach.what = name_of(view, told.teller) + " commits up to " + number_text(moved.to) +
                " before any record of its own epoch " + number_text(raft->epoch) + ", which begins at " +
                number_text(leader->epoch_start);
  return false;
}

bool committed_metadata_stays(const View& view, const Told& told, Breach& breach) {
  const auto& moved = std::get<MetadataHighWatermarkMoved>(told.fact);
  const RaftDisk* disk = raft_disk_at(view, told.teller);
  if (disk == nullptr) return true;
  const MetadataLog& log = disk->log;
  for (std::size_t i = first_batch_at(log, std::max<Offset>(moved.from, 0)); i < log.batches.size(); ++i) {
    const MetadataBatch& batch = log.batches[i];
    if (batch.end() > moved.to) break;
    const MetadataPlace* known = find_committed(quorum(view), batch.base_offset);
    if (known == nullptr) continue;
    if (known->epoch == batch.epoch && known->content == hash_of(batch.records)) continue;
    breach.broker = told.teller;
    breach.what = name_of(view, told.teller) + " takes the record of epoch " + number_text(batch.epoch) +
                  " at offset " + number_text(batch.base_offset) + " for committed, where one of epoch " +
                  number_text(known->epoch) + " was";
    return false;
  }
  return true;
}

bool log_start_has_a_snapshot(const View& view, Breach& breach) {
  for (std::size_t id = 0; id < view.nodes.size(); ++id) {
    const auto node = NodeId(static_cast<std::uint8_t>(id));
    const RaftDisk* disk = raft_disk_at(view, node);
    if (disk == nullptr || disk->log.start == 0) continue;
    const auto& snapshots = disk->log.snapshots;
    if (std::any_of(snapshots.begin(), snapshots.end(),
                    [&](const Snapshot& snapshot) { return snapshot.id.offset == disk->log.start; })) {
      continue;
    }
    breach.broker = node;
    breach.what =
        name_of(view, node) + "'s metadata log begins at " + number_text(disk->log.start) + ", where no snapshot ends";
    return false;
  }
  return true;
}

bool nothing_impossible_happens(const View& view, const Told& told, Breach& breach) {
  const auto& failed = std::get<QuorumFailed>(told.fact);
  breach.broker = told.teller;
  breach.what = name_of(view, told.teller) + " meets what cannot be in epoch " + number_text(failed.epoch) + ": " +
                std::string(name_of(failed.fault));
  return false;
}

// --- preconditions --------------------------------------------------------------------------------

bool leads_after_the_first(const View& view, const Told& told) {
  const auto& role = std::get<QuorumRoleChanged>(told.fact);
  return role.role == QuorumRole::leader && quorum(view).highest_led >= 0;
}
bool is_binding(const View&, const Told& told) { return !std::get<VoteAnswered>(told.fact).pre_vote; }
bool is_of_leader(const View&, const Told& told) { return std::get<MetadataHighWatermarkMoved>(told.fact).as_leader; }
bool is_of_follower(const View&, const Told& told) { return !std::get<MetadataAppended>(told.fact).as_leader; }

constexpr std::array<std::string_view, 2> kOneLeader{"quorum-minority-elects", "votes-twice"};
constexpr std::array<std::string_view, 1> kOneVote{"votes-twice"};
constexpr std::array<std::string_view, 2> kDurableVote{"vote-not-written", "election-state-not-written"};
constexpr std::array<std::string_view, 1> kEpochGrows{"election-state-not-written"};
constexpr std::array<std::string_view, 3> kComplete{"votes-for-shorter-log", "quorum-minority-elects",
                                                    "leader-drops-unconfirmed"};
constexpr std::array<std::string_view, 2> kMatching{"votes-twice", "quorum-minority-elects"};
constexpr std::array<std::string_view, 1> kAppendOnly{"leader-drops-unconfirmed"};
constexpr std::array<std::string_view, 1> kNotCut{"votes-for-shorter-log"};
constexpr std::array<std::string_view, 1> kGrows{"votes-for-shorter-log"};
constexpr std::array<std::string_view, 3> kSupported{"metadata-follower-does-not-flush", "quorum-minority-elects",
                                                     "leader-drops-unconfirmed"};
constexpr std::array<std::string_view, 1> kOwnEpoch{"commits-older-epochs"};
constexpr std::array<std::string_view, 3> kStays{"votes-for-shorter-log", "quorum-minority-elects",
                                                 "leader-drops-unconfirmed"};
constexpr std::array<std::string_view, 1> kSnapshot{"log-starts-anywhere"};
constexpr std::array<std::string_view, 7> kImpossible{
    "quorum-minority-elects", "votes-twice",        "election-state-not-written",   "leader-drops-unconfirmed",
    "votes-for-shorter-log",  "late-answers-count", "keeps-uncommitted-on-renounce"};

const std::array kRows{
    Invariant{
        .name = "one-quorum-leader-per-epoch",
        .promise = "No two members of the metadata quorum are ever named leader of the same epoch.",
        .precondition = "another election of the quorum",
        .facts = facts_of<QuorumRoleChanged>(),
        .exposed_by = facts_of<QuorumRoleChanged>(),
        .occurs = leads_after_the_first,
        .allows = epoch_has_one_quorum_leader,
        .broken_by = kOneLeader,
    },
    Invariant{
        .name = "one-vote-per-epoch",
        .promise = "A member votes for one candidate in an epoch, across restarts too.",
        .precondition = "a vote is asked for",
        .facts = facts_of<VoteAnswered, QuorumRoleChanged>(),
        .exposed_by = facts_of<VoteAnswered>(),
        .occurs = is_binding,
        .allows = member_votes_once,
        .broken_by = kOneVote,
    },
    Invariant{
        .name = "vote-on-disk",
        .promise = "A vote is on disk before it is given.",
        .precondition = "a vote is asked for",
        .facts = facts_of<VoteAnswered>(),
        .exposed_by = facts_of<VoteAnswered>(),
        .occurs = is_binding,
        .allows = vote_is_on_disk,
        .broken_by = kDurableVote,
    },
    Invariant{
        .name = "quorum-epoch-grows",
        .promise = "A member's epoch never goes back, across restarts too.",
        .precondition = "another election of the quorum",
        .facts = facts_of<QuorumRoleChanged>(),
        .exposed_by = facts_of<QuorumRoleChanged>(),
        .occurs = leads_after_the_first,
        .allows = quorum_epoch_grows,
        .broken_by = kEpochGrows,
    },
    Invariant{
        .name = "quorum-leader-complete",
        .promise = "A leader of the quorum has every record of the metadata log that was ever committed.",
        .precondition = "another election of the quorum",
        .facts = facts_of<QuorumRoleChanged>(),
        .exposed_by = facts_of<QuorumRoleChanged>(),
        .occurs = leads_after_the_first,
        .allows = quorum_leader_is_complete,
        .broken_by = kComplete,
    },
    Invariant{
        .name = "metadata-log-matching",
        .promise = "A record of the metadata log is known by its epoch and offset, and so is everything before it.",
        .precondition = "a member copies records",
        .facts = facts_of<MetadataAppended>(),
        .exposed_by = facts_of<MetadataAppended>(),
        .occurs = is_of_follower,
        .allows = metadata_logs_match,
        .broken_by = kMatching,
    },
    Invariant{
        .name = "quorum-leader-only-appends",
        .promise = "A leader of the quorum never cuts its own log.",
        .precondition = "a member's log is cut",
        .facts = facts_of<MetadataTruncated>(),
        .exposed_by = facts_of<MetadataTruncated>(),
        .allows = quorum_leader_only_appends,
        .broken_by = kAppendOnly,
    },
    Invariant{
        .name = "committed-metadata-not-cut",
        .promise = "No member cuts its log below a high watermark that it has known.",
        .precondition = "a member's log is cut",
        .facts = facts_of<MetadataTruncated>(),
        .exposed_by = facts_of<MetadataTruncated>(),
        .allows = nothing_known_committed_is_cut,
        .broken_by = kNotCut,
    },
    Invariant{
        .name = "metadata-high-watermark-grows",
        .promise = "A follower's high watermark of the metadata log never goes back while its process lives.",
        .precondition = "a high watermark of the metadata log moves",
        .facts = facts_of<MetadataHighWatermarkMoved>(),
        .exposed_by = facts_of<MetadataHighWatermarkMoved>(),
        .allows = metadata_high_watermark_grows,
        .broken_by = kGrows,
    },
    Invariant{
        .name = "metadata-high-watermark-supported",
        .promise = "What a leader of the quorum takes for committed, a majority of the voters has on disk.",
        .precondition = "a leader's high watermark of the metadata log moves",
        .facts = facts_of<MetadataHighWatermarkMoved>(),
        .exposed_by = facts_of<MetadataHighWatermarkMoved>(),
        .occurs = is_of_leader,
        .allows = metadata_high_watermark_is_supported,
        .broken_by = kSupported,
    },
    Invariant{
        .name = "metadata-high-watermark-own-epoch",
        .promise = "A leader of the quorum commits nothing before a record of its own epoch.",
        .precondition = "a leader's high watermark of the metadata log moves",
        .facts = facts_of<MetadataHighWatermarkMoved>(),
        .exposed_by = facts_of<MetadataHighWatermarkMoved>(),
        .occurs = is_of_leader,
        .allows = metadata_high_watermark_is_of_own_epoch,
        .broken_by = kOwnEpoch,
    },
    Invariant{
        .name = "committed-metadata-stays",
        .promise = "The committed record at an offset of the metadata log is the same on every member, for ever.",
        .precondition = "a high watermark of the metadata log moves",
        .facts = facts_of<MetadataHighWatermarkMoved>(),
        .exposed_by = facts_of<MetadataHighWatermarkMoved>(),
        .allows = committed_metadata_stays,
        .broken_by = kStays,
    },
    Invariant{
        .name = "snapshot-at-log-start",
        .promise = "A metadata log that does not begin at 0 begins where one of its snapshots ends.",
        .precondition = "a snapshot is made or loaded",
        .facts = facts_of<MetadataSnapshot, MetadataTruncated, MetadataLogLost>(),
        .exposed_by = facts_of<MetadataSnapshot>(),
        .holds_everywhere = log_start_has_a_snapshot,
        .broken_by = kSnapshot,
    },
    Invariant{
        .name = "nothing-impossible",
        .promise = "No member meets what Kafka takes for impossible, and ends for it.",
        .precondition = "another election of the quorum",
        .facts = facts_of<QuorumFailed>(),
        .exposed_by = facts_of<QuorumRoleChanged>(),
        .occurs = leads_after_the_first,
        .allows = nothing_impossible_happens,
        .broken_by = kImpossible,
    },
};

}  // namespace

std::span<const Invariant> quorum_rows() { return kRows; }

}  // namespace model
