#include "sim/search/history.h"

#include <algorithm>
#include <variant>

namespace sim {
namespace {

using model::Broker;
using model::NodeId;
using model::PartitionId;

// The broker that leads by ZooKeeper's word and knows it. Nobody: a failover is under way.
const Broker* current_leader(PartitionId partition, const World& world) {
  const model::PartitionState* state = world.partition_state(partition);
  if (state == nullptr || state->leader == model::kNoNode || !world.is_running(state->leader)) return nullptr;
  const Broker* broker = std::get_if<Broker>(&world.nodes()[static_cast<std::size_t>(state->leader)]);
  if (broker == nullptr || broker->memory.partitions.empty()) return nullptr;
  const model::Partition& replica = broker->memory.partitions[model::index(partition)];
  const bool leads = replica.role == model::Role::leader && replica.leader_epoch == state->leader_epoch;
  return leads ? broker : nullptr;
}

struct Held {
  NodeId producer{};
  std::int32_t first = 0;
  std::int32_t end = 0;
};

// Sorted and merged, so that one binary search answers for a whole range.
std::vector<Held> values_in(const model::Log& log) {
  std::vector<Held> held;
  for (const model::Batch& batch : log.batches)
    held.push_back({batch.producer, batch.first_value, batch.first_value + batch.count});
  std::sort(held.begin(), held.end(), [](const Held& a, const Held& b) {
    return a.producer != b.producer ? a.producer < b.producer
                                    : (a.first != b.first ? a.first < b.first : a.end < b.end);
  });
  std::vector<Held> merged;
  for (const Held& next : held) {
    if (!merged.empty() && merged.back().producer == next.producer && merged.back().end >= next.first) {
      merged.back().end = std::max(merged.back().end, next.end);
    } else {
      merged.push_back(next);
    }
  }
  return merged;
}

// The end of the stretch from `value` on that is held, or that is missing; at most `end`.
std::int32_t end_of_stretch(const std::vector<Held>& held, NodeId producer, std::int32_t value, std::int32_t end,
                            bool& present) {
  present = false;
  for (const Held& stretch : held) {
    if (stretch.producer != producer || stretch.end <= value) continue;
    present = stretch.first <= value;
    return std::min(end, present ? stretch.end : stretch.first);
  }
  return end;
}

}  // namespace

History::History(const Plan& plan) : plan_(plan), acknowledged_(plan.config.partitions.size()) {}

void History::on_fact(NodeId teller, const model::Fact& fact, const World& world,
                      std::vector<model::RecordLost>& lost) {
  if (const auto* acknowledged = std::get_if<model::RecordsAcknowledged>(&fact)) {
    if (plan_.config.producer(teller).acks == model::Acks::none) return;  // nobody promised anything
    std::vector<Range>& ranges = acknowledged_[model::index(acknowledged->partition)];
    const std::int32_t end = acknowledged->first_value + acknowledged->count;
    if (!ranges.empty() && ranges.back().producer == teller && ranges.back().end == acknowledged->first_value) {
      ranges.back().end = end;
    } else {
      ranges.push_back({teller, acknowledged->first_value, end});
    }
  } else if (const auto* leader = std::get_if<model::BecameLeader>(&fact)) {
    compare(leader->partition, world, lost);
  } else if (const auto* truncated = std::get_if<model::Truncated>(&fact)) {
    if (truncated->to < truncated->from) compare(truncated->partition, world, lost);
  }
}

void History::compare(PartitionId partition, const World& world, std::vector<model::RecordLost>& lost) {
  const Broker* leader = current_leader(partition, world);
  if (leader == nullptr) return;
  const std::vector<Held> held = values_in(leader->log(partition));
  std::vector<Range> kept;
  for (const Range& range : acknowledged_[model::index(partition)]) {
    for (std::int32_t value = range.first; value < range.end;) {
      bool present = false;
      const std::int32_t end = end_of_stretch(held, range.producer, value, range.end, present);
      if (present) {
        kept.push_back({range.producer, value, end});
      } else {
        const auto acks = static_cast<std::int32_t>(plan_.config.producer(range.producer).acks);
        lost.push_back({partition, range.producer, value, end - value, acks});
      }
      value = end;
    }
  }
  acknowledged_[model::index(partition)] = std::move(kept);
}

void History::conclude(const World& world, std::vector<model::RecordLost>& lost) {
  for (std::size_t p = 0; p < acknowledged_.size(); ++p)
    compare(PartitionId(static_cast<std::uint16_t>(p)), world, lost);
}

}  // namespace sim
