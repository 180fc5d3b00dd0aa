#include "sim/search/committed_story.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "model/node.h"
#include "sim/kernel/committed_metadata.h"

namespace sim {
namespace {

// Of a process that runs, since nobody else knows a high watermark.
model::QuorumMember most_advanced(const std::vector<model::Node>& nodes) {
  model::QuorumMember best;
  for (const model::Node& node : nodes) {
    const model::QuorumMember member = member_of(node);
    if (member.memory == nullptr) continue;
    if (best.memory == nullptr || member.memory->high_watermark > best.memory->high_watermark) best = member;
  }
  return best;
}

std::optional<StoryFact> story_fact(const CommittedFact& committed) {
  const Millis t = millis_of(committed.told.at);
  const model::Fact& fact = committed.told.fact;
  StoryFact story;
  story.t = t;
  if (const auto* state = std::get_if<model::PartitionStateChanged>(&fact)) {
    story.kind = StoryFact::Kind::partition_state;
    story.partition = state->partition;
    story.node = state->state.leader;
    story.epoch = state->state.leader_epoch;
    story.isr = state->state.isr;
  } else if (const auto* registered = std::get_if<model::BrokerRegistered>(&fact)) {
    story.kind = StoryFact::Kind::broker_registered;
    story.node = registered->broker;
  } else if (const auto* gone = std::get_if<model::BrokerUnregistered>(&fact)) {
    story.kind = StoryFact::Kind::broker_unregistered;
    story.node = gone->broker;
  } else if (const auto* changed = std::get_if<model::BrokerChanged>(&fact)) {
    story.kind = StoryFact::Kind::broker_changed;
    story.node = changed->broker;
    if (is_about_fencing(*changed)) story.fenced = changed->fenced;
    story.in_controlled_shutdown = !story.fenced.has_value();
  } else if (const auto* leader = std::get_if<model::LeaderChange>(&fact)) {
    story.kind = StoryFact::Kind::leader_change;
    story.node = leader->leader;
  } else {
    return std::nullopt;
  }
  return story;
}

}  // namespace

std::vector<CommittedFact> read_committed(const std::vector<model::Node>& nodes, const model::ClusterConfig& config) {
  std::vector<CommittedFact> committed;
  const model::QuorumMember source = most_advanced(nodes);
  if (source.memory == nullptr) return committed;
  CommittedMetadata replayed(config);
  model::RaftMemory up_to;  // one batch further each time
  std::vector<model::Fact> facts;
  for (const model::MetadataBatch& batch : source.disk->log.batches) {
    if (batch.base_offset >= source.memory->high_watermark) break;
    up_to.high_watermark = std::min(batch.end(), source.memory->high_watermark);
    facts.clear();
    replayed.take_in(*source.disk, up_to, facts);
    for (model::Fact& fact : facts) {
      committed.push_back({{{batch.appended.us}, model::kNoNode, std::move(fact)}, batch.epoch});
    }
  }
  return committed;
}

std::vector<StoryFact> story_of(const std::vector<CommittedFact>& facts) {
  std::vector<StoryFact> story;
  for (const CommittedFact& committed : facts) {
    if (auto fact = story_fact(committed)) story.push_back(std::move(*fact));
  }
  return story;
}

bool is_about_fencing(const model::BrokerChanged& changed) { return changed.fenced || !changed.in_controlled_shutdown; }

}  // namespace sim
