// What a consumer tells follows from its memory before and after a step, and from the answer that the step received.
#include <algorithm>
#include <string>

#include "tests/state_ledgers.h"

namespace sim::test {
namespace {

using model::ConsumerPartition;
using model::PositionState;

// What was asked of `from` and is answered now; null: nothing.
const model::ConsumerRequest* asked_of(const model::ConsumerMemory& memory, model::NodeId from) {
  const auto at = static_cast<std::size_t>(from) - 1;
  if (at >= memory.links.size() || memory.links[at].in_flight.empty()) return nullptr;
  return &memory.links[at].in_flight.front();
}

void derive_fetched(const model::Rules& rules, const model::FetchData& data, const model::ConsumerRequest& request,
                    const ConsumerPartition& before, model::NodeId from, Facts& facts) {
  const auto asked = std::find_if(request.partitions.begin(), request.partitions.end(),
                                  [&](const model::FetchPartition& each) { return each.partition == data.partition; });
  if (asked == request.partitions.end() || data.error != model::ErrorCode::none) return;
  const bool is_there = before.position == asked->fetch_offset || !rules.consumers_check_fetch_offset;
  if (before.state != PositionState::fetching || !is_there) return;
  if (data.preferred_read_replica != model::kNoNode) {
    facts.push_back(model::ReadReplicaPreferred{data.partition, data.preferred_read_replica, before.position});
  }
  for (const model::Batch& batch : data.records) {
    facts.push_back(model::RecordsConsumed{data.partition, from, batch.base_offset, batch.count, batch.epoch,
                                           batch.producer, batch.first_value});
  }
}

void derive_position(model::PartitionId id, const ConsumerPartition& before, const ConsumerPartition& now,
                     const model::Body* answer, Facts& facts) {
  const bool looked_up = answer != nullptr && std::holds_alternative<model::ListOffsetsResponse>(*answer) &&
                         before.state == PositionState::awaits_reset && now.state != PositionState::awaits_reset;
  const bool cut = answer != nullptr && std::holds_alternative<model::OffsetsForLeaderEpochResponse>(*answer) &&
                   before.state == PositionState::awaits_validation && before.position != now.position;
  if (looked_up) facts.push_back(model::PositionReset{id, before.position, now.position, before.reset_reason});
  if (cut) facts.push_back(model::PositionReset{id, before.position, now.position, model::ResetReason::truncated});
  if (now.fetches_from != before.fetches_from) {
    facts.push_back(model::FetchesFrom{id, now.fetches_from, now.position});
  }
}

}  // namespace

Facts ConsumerLedger::derive(const model::ConsumerMemory& now, const model::Body* answer, model::NodeId from) const {
  Facts facts;
  const model::ConsumerConfig& config = config_.consumer(id_);
  if (now.started && !before_.started) facts.push_back(model::ConsumerStarted{});
  // Without a reset policy it gives up on the first of its partitions, none of which has a position.
  if (now.failed && !before_.failed) {
    facts.push_back(model::ConsumerFailed{config_.partition_of(config.topic, 0), model::kUnknownOffset,
                                          model::ResetReason::no_position});
  }
  const auto* fetched = answer == nullptr ? nullptr : std::get_if<model::FetchResponse>(answer);
  const model::ConsumerRequest* request = fetched == nullptr ? nullptr : asked_of(before_, from);
  for (std::size_t i = 0; request != nullptr && i < fetched->partitions.size(); ++i) {
    const model::FetchData& data = fetched->partitions[i];
    const auto number = static_cast<std::size_t>(config_.partitions[index(data.partition)].number);
    if (number >= before_.partitions.size()) continue;
    derive_fetched(rules_, data, *request, before_.partitions[number], from, facts);
  }
  for (std::size_t i = 0; i < now.partitions.size(); ++i) {
    const ConsumerPartition before = i < before_.partitions.size() ? before_.partitions[i] : ConsumerPartition{};
    derive_position(config_.partition_of(config.topic, static_cast<std::int32_t>(i)), before, now.partitions[i], answer,
                    facts);
  }
  return facts;
}

void ConsumerLedger::check(const model::Consumer& now, bool running, const model::Body* answer, model::NodeId from,
                           const Facts& told, Wrongs& wrong) {
  if (!running) {
    before_ = {};
    return;
  }
  compare_facts(derive(now.memory, answer, from), told, config_.name_of(id_), wrong);
  before_ = now.memory;
}

}  // namespace sim::test
