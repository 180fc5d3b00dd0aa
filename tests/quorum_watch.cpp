#include "tests/quorum_watch.h"

#include <algorithm>

#include "model/node.h"
#include "model/raft/raft.h"

namespace sim::test {
namespace {

std::uint64_t hash_of_batch(const model::MetadataBatch& batch) {
  model::Hasher hasher;
  hasher.add(static_cast<std::uint64_t>(batch.base_offset));
  model::hash_append(hasher, batch.records);
  return hasher.value();
}

// Changes whenever something that is judged does.
std::uint64_t state_of(const model::RaftDisk& disk, const model::RaftMemory* memory) {
  model::Hasher hasher;
  hasher.add(static_cast<std::uint64_t>(disk.log.end()));
  hasher.add(static_cast<std::uint64_t>(disk.log.start));
  hasher.add(static_cast<std::uint64_t>(disk.log.flushed));
  hasher.add(disk.log.batches.empty() ? 0 : static_cast<std::uint64_t>(disk.log.batches.back().epoch));
  model::hash_append(hasher, disk.election);
  hasher.add(memory == nullptr ? 0 : 1 + memory->state.index());
  if (memory == nullptr) return hasher.value();
  hasher.add(static_cast<std::uint64_t>(memory->epoch));
  hasher.add(static_cast<std::uint64_t>(memory->high_watermark));
  return hasher.value();
}

}  // namespace

QuorumWatch::QuorumWatch(const Plan& plan) : plan_(plan), seen_(plan.config.node_count()) {}

void QuorumWatch::breach(const World& world, model::NodeId node, const std::string& what) {
  if (broken_.size() >= 5) return;
  broken_.push_back(std::to_string(world.now().us) + " us, " + plan_.config.name_of(node) + ": " + what);
}

void QuorumWatch::on_fact(Time at, model::NodeId node, const model::Fact& fact) {
  const auto* failed = std::get_if<model::QuorumFailed>(&fact);
  if (failed == nullptr || broken_.size() >= 5) return;
  broken_.push_back(std::to_string(at.us) + " us, " + plan_.config.name_of(node) + ": " +
                    std::string(name_of(failed->fault)));
}

void QuorumWatch::on_fault(const AppliedFault& applied) {
  if (plan_.faults[applied.row].kind != FaultKind::wipe) return;
  for (const model::NodeId node : applied.who) seen_[static_cast<std::size_t>(node)] = {};
  disk_was_lost_ = true;
}

void QuorumWatch::look(const World& world) {
  for (std::size_t id = 1; id < seen_.size(); ++id) look_at(world, model::NodeId(static_cast<std::uint8_t>(id)));
}

void QuorumWatch::look_at(const World& world, model::NodeId node) {
  const model::Node& state = world.nodes()[static_cast<std::size_t>(node)];
  const model::RaftDisk* disk = raft_disk_of(state);
  if (disk == nullptr) return;
  const model::QuorumMember member = member_of(state);
  Seen& seen = seen_[static_cast<std::size_t>(node)];
  const std::uint64_t now = state_of(*disk, member.memory);
  if (seen.state == now) return;
  seen.state = now;
  check_epoch(world, node, seen);
  check_log(world, node, seen);
  check_leader(world, node, seen);
  check_committed(world, node, seen);
}

void QuorumWatch::name_leader(const World& world, model::NodeId node, model::LeaderEpoch epoch, model::NodeId leader) {
  if (leader == model::kNoNode) return;
  const auto [at, is_new] = leaders_.emplace(epoch, leader);
  if (!is_new && at->second != leader) breach(world, node, "epoch " + std::to_string(epoch) + " has two leaders");
}

void QuorumWatch::check_epoch(const World& world, model::NodeId node, Seen& seen) {
  const model::Node& state = world.nodes()[static_cast<std::size_t>(node)];
  const model::ElectionState& election = raft_disk_of(state)->election;
  if (election.epoch < seen.epoch) breach(world, node, "its epoch on disk fell");
  seen.epoch = election.epoch;
  name_leader(world, node, election.epoch, election.leader);
  const model::RaftMemory* memory = member_of(state).memory;
  if (memory == nullptr || !memory->running) return;
  if (memory->epoch != election.epoch) breach(world, node, "its epoch on disk is not that of its process");
  name_leader(world, node, memory->epoch, leader_of(*memory));
}

void QuorumWatch::check_log(const World& world, model::NodeId node, Seen& seen) {
  const model::MetadataLog& log = raft_disk_of(world.nodes()[static_cast<std::size_t>(node)])->log;
  if (log.start > 0 && (log.snapshots.empty() || log.snapshots.front().id.offset != log.start)) {
    breach(world, node, "its log begins where no snapshot ends");
  }
  // What was looked at before stands as it did, unless the log was cut.
  if (seen.log_checked > log.end() || seen.batches > log.batches.size()) seen.log_checked = log.start;
  std::size_t at = first_batch_at(log, std::max(log.start, seen.log_checked - 1));
  for (; at < log.batches.size(); ++at) {
    const model::MetadataBatch& batch = log.batches[at];
    const auto [known, is_new] = batches_.emplace(std::pair{batch.base_offset, batch.epoch}, hash_of_batch(batch));
    if (!is_new && known->second != hash_of_batch(batch)) {
      breach(world, node,
             "offset " + std::to_string(batch.base_offset) + " of epoch " + std::to_string(batch.epoch) +
                 " stands for two batches");
    }
  }
  seen.log_checked = log.end();
  seen.batches = log.batches.size();
}

void QuorumWatch::check_leader(const World& world, model::NodeId node, Seen& seen) {
  const model::QuorumMember member = member_of(world.nodes()[static_cast<std::size_t>(node)]);
  const auto* leader = member.memory == nullptr ? nullptr : std::get_if<model::Leader>(&member.memory->state);
  const bool begins = leader != nullptr && !seen.led;
  seen.led = leader != nullptr;
  if (leader_ == node && leader == nullptr) leader_ = model::kNoNode;
  if (leader == nullptr) return;
  if (begins && member.memory->epoch >= leader_epoch_) {
    // Everything that was committed, or the snapshot that holds it.
    for (model::Offset offset = member.disk->log.start; offset < committed();) {
      const std::size_t at = first_batch_at(member.disk->log, offset);
      const bool has = at < member.disk->log.batches.size() &&
                       member.disk->log.batches[at].epoch == committed_[static_cast<std::size_t>(offset)].first;
      if (!has) return breach(world, node, "it leads without committed offset " + std::to_string(offset));
      offset = member.disk->log.batches[at].end();
    }
  }
  const model::Offset high_watermark = member.memory->high_watermark;
  if (member.memory->epoch >= leader_epoch_) {
    if (high_watermark != model::kUnknownOffset && high_watermark < leader_high_watermark_) {
      breach(world, node, "the high watermark fell");
    }
    leader_ = node;
    leader_epoch_ = member.memory->epoch;
    leader_high_watermark_ = std::max(leader_high_watermark_, high_watermark);
  }
  if (high_watermark == model::kUnknownOffset) return;
  if (high_watermark <= leader->epoch_start) breach(world, node, "it committed nothing of its own epoch");
  if (disk_was_lost_) return;
  std::size_t durable = 0;
  for (const model::NodeId voter : plan_.config.voters) {
    const model::MetadataLog& log = raft_disk_of(world.nodes()[static_cast<std::size_t>(voter)])->log;
    durable += std::min(log.flushed, log.end()) >= high_watermark ? 1U : 0U;
  }
  if (durable < plan_.config.voters.size() / 2 + 1) breach(world, node, "it committed what no majority has on disk");
}

void QuorumWatch::check_committed(const World& world, model::NodeId node, Seen& seen) {
  const model::QuorumMember member = member_of(world.nodes()[static_cast<std::size_t>(node)]);
  const model::MetadataLog& log = raft_disk_of(world.nodes()[static_cast<std::size_t>(node)])->log;
  // A stopped process has shown what it has shown; its disk must still say the same, as far as it goes.
  const model::Offset shown = member.memory == nullptr ? model::kUnknownOffset : member.memory->high_watermark;
  const model::Offset bound = std::min(std::max(shown, std::min(seen.checked, log.end())), log.end());
  for (std::size_t at = first_batch_at(log, std::max(log.start, std::min(seen.checked, bound) - 1));
       at < log.batches.size() && log.batches[at].end() <= bound; ++at) {
    const model::MetadataBatch& batch = log.batches[at];
    const std::pair entry{batch.epoch, hash_of_batch(batch)};
    for (model::Offset offset = batch.base_offset; offset < batch.end(); ++offset) {
      if (offset == committed()) committed_.push_back(entry);
      if (offset < committed() && committed_[static_cast<std::size_t>(offset)] != entry) {
        return breach(world, node, "offset " + std::to_string(offset) + " was committed as something else");
      }
    }
  }
  seen.checked = std::max(seen.checked, bound);
}

}  // namespace sim::test
