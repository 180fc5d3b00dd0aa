// The voters in force: those of the configuration, or of the last VotersRecord in the log, committed or not
// (KIP-853, KRaftControlRecordStateMachine); and their changes, one at a time.
#include <algorithm>

#include "model/ensure.h"
#include "model/raft/member.h"
#include "model/rules.h"

namespace model {
namespace {

constexpr std::uint32_t kFirstDirectory = 1;
constexpr Duration kCaughtUpWithin = seconds(3'600);

struct Found {
  Voters voters;
  Offset at = kUnknownOffset;
};

Found find_in(const MetadataLog& log) {
  for (std::size_t i = log.batches.size(); i > 0; --i) {
    const MetadataBatch& batch = log.batches[i - 1];
    for (std::size_t r = batch.records.size(); r > 0; --r) {
      const auto* record = std::get_if<VotersRecord>(&batch.records[r - 1]);
      if (record != nullptr) return {record->voters, batch.base_offset + static_cast<Offset>(r - 1)};
    }
  }
  const Snapshot* latest = latest_snapshot(log);
  return latest != nullptr ? Found{latest->voters, kUnknownOffset} : Found{};
}

Voters configured(const ClusterConfig& config, std::uint32_t directory) {
  Voters voters;
  for (const NodeId voter : config.voters) voters.push_back({voter, directory});
  return voters;
}

Found in_force(const ClusterConfig& config, const MetadataLog& log) {
  Found found = config.quorum.kraft_version > 0 ? find_in(log) : Found{};
  if (found.voters.empty()) found.voters = configured(config, 0);
  return found;
}

// LeaderState.updateVoterStates: what is known of a replica stays known when it becomes a voter, or one no longer.
void regroup(Leader& leader, const Voters& voters) {
  SmallVec<VoterProgress, 5> next;
  for (const ReplicaKey voter : voters) {
    VoterProgress progress;
    for (auto* among : {&leader.voters, &leader.observers}) {
      if (VoterProgress* known = find(*among, voter)) {
        progress = *known;
        among->erase(known);
        break;
      }
    }
    progress.voter = voter;
    next.push_back(progress);
  }
  for (VoterProgress& former : leader.voters) {
    former.acknowledged = false;
    leader.observers.push_back(former);
  }
  leader.voters = std::move(next);
}

bool contains(const Voters& voters, NodeId node) {
  return std::any_of(voters.begin(), voters.end(), [node](const ReplicaKey& voter) { return voter.node == node; });
}

// AddVoterHandler and RemoveVoterHandler begin alike.
ErrorCode check_change(const Context& context, const RaftMemory& memory) {
  const auto* leader = std::get_if<Leader>(&memory.state);
  if (leader == nullptr) return ErrorCode::not_leader_or_follower;
  if (leader->adding || leader->removing) return ErrorCode::request_timed_out;
  if (memory.high_watermark == kUnknownOffset) return ErrorCode::request_timed_out;
  if (context.config.quorum.kraft_version == 0) return ErrorCode::unsupported_version;
  if (memory.voters_at >= memory.high_watermark) return ErrorCode::request_timed_out;
  return ErrorCode::none;
}

// LeaderState.isReplicaCaughtUp: it has fetched lately, and has had all there was when it fetched before.
bool has_caught_up(const Context& context, Leader& leader, ReplicaKey key) {
  const VoterProgress* progress = find(leader.observers, key);
  return progress != nullptr && progress->last_caught_up != kNever && progress->last_fetch != kNever &&
         !context.clock.has_elapsed(progress->last_fetch, kCaughtUpWithin);
}

}  // namespace

Voters voters_of(const ClusterConfig& config, const MetadataLog& log) { return in_force(config, log).voters; }

Voters first_voters(const ClusterConfig& config) { return configured(config, kFirstDirectory); }

bool is_voter(const Context&, const Raft& raft) {
  const Voters& voters = raft.memory.voters;
  return std::any_of(voters.begin(), voters.end(),
                     [&](const ReplicaKey& voter) { return is_same_replica(voter, raft.memory.self); });
}

void find_voters(const Context& context, Raft raft) {
  if (context.config.quorum.kraft_version == 0 && !raft.memory.voters.empty()) return;
  const Found found = in_force(context.config, raft.disk.log);
  raft.memory.voters = found.voters;
  raft.memory.voters_at = found.at;
}

void take_voters(const Context& context, Raft raft, const Voters& voters, Offset at) {
  if (context.config.quorum.kraft_version == 0) return;
  raft.memory.voters = voters;
  raft.memory.voters_at = at;
  if (auto* leader = std::get_if<Leader>(&raft.memory.state)) regroup(*leader, voters);
}

void finish_voter_change(const Context&, Raft raft) {
  Leader& leader = std::get<Leader>(raft.memory.state);
  if (raft.memory.voters_at >= raft.memory.high_watermark) return;
  if (leader.removing && is_same_replica(*leader.removing, raft.memory.self)) leader.resign_requested = true;
  leader.adding.reset();
  leader.removing.reset();
}

ErrorCode add_voter(const Context& context, Raft raft, ReplicaKey voter) {
  const ErrorCode error = check_change(context, raft.memory);
  if (error != ErrorCode::none) return error;
  if (contains(raft.memory.voters, voter.node)) return ErrorCode::duplicate_voter;
  Leader& leader = std::get<Leader>(raft.memory.state);
  if (!has_caught_up(context, leader, voter)) return ErrorCode::request_timed_out;
  Voters voters = raft.memory.voters;
  voters.push_back(voter);
  leader.adding = voter;
  append_control(context, raft, VotersRecord{voters});
  return ErrorCode::none;
}

ErrorCode remove_voter(const Context& context, Raft raft, ReplicaKey voter) {
  const ErrorCode error = check_change(context, raft.memory);
  if (error != ErrorCode::none) return error;
  Voters voters = raft.memory.voters;
  const ReplicaKey* at =
      std::find_if(voters.begin(), voters.end(), [&](const ReplicaKey& key) { return is_same_replica(key, voter); });
  if (at == voters.end()) return ErrorCode::voter_not_found;
  voters.erase(at);
  std::get<Leader>(raft.memory.state).removing = voter;
  append_control(context, raft, VotersRecord{voters});
  return ErrorCode::none;
}

}  // namespace model
