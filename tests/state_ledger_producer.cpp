// Every record that a producer has taken on is in one of its batches until it is told to be acknowledged or given up.
#include <algorithm>

#include "tests/state_ledgers.h"

namespace sim::test {
namespace {

std::string values_text(std::int32_t first, std::int32_t count) {
  return "values " + std::to_string(first) + " to " + std::to_string(first + count - 1);
}

}  // namespace

void ProducerLedger::settle(model::PartitionId p, std::int32_t first, std::int32_t count, std::string_view what,
                            Wrongs& wrong) {
  for (std::int32_t value = first; value < first + count; ++value) {
    const auto at = static_cast<std::size_t>(value);
    if (value < 0 || at >= fates_.size() || !fates_[at].open || (fates_[at].placed && fates_[at].partition != p)) {
      wrong.push_back(config_.name_of(id_) + ": " + std::string(what) + " told of " + values_text(first, count) +
                      ", and not all of them were open there");
      return;
    }
    fates_[at].open = false;
    --open_;
  }
}

const model::ProduceResult* ProducerLedger::entry_for(const model::ProduceResponse* answer, model::NodeId from,
                                                      model::PartitionId p, std::int32_t first) const {
  if (answer == nullptr || next_answered_.size() < static_cast<std::size_t>(from)) return nullptr;
  const auto& asked = next_answered_[static_cast<std::size_t>(from) - 1];
  if (std::find(asked.begin(), asked.end(), std::pair(p, first)) == asked.end()) return nullptr;
  const auto entry = std::find_if(answer->partitions.begin(), answer->partitions.end(),
                                  [&](const model::ProduceResult& one) { return one.partition == p; });
  return entry == answer->partitions.end() ? nullptr : &*entry;
}

// An acknowledgement is what the leader's answer says; with acks=0 there is none.
void ProducerLedger::check_acknowledged(const model::RecordsAcknowledged& fact, const model::ProduceResult* entry,
                                        Wrongs& wrong) const {
  const bool waits = config_.producer(id_).acks != model::Acks::none;
  const bool granted = entry != nullptr && entry->error == model::ErrorCode::none;
  const bool duplicate = entry != nullptr && entry->error == model::ErrorCode::duplicate_sequence_number;
  const model::Offset offset = granted ? entry->base_offset : model::kUnknownOffset;
  if ((granted || duplicate) == waits && fact.base_offset == offset) return;
  wrong.push_back(config_.name_of(id_) + ": " + values_text(fact.first_value, fact.count) +
                  " are acknowledged otherwise than the leader's answer says");
}

void ProducerLedger::check_failed(const model::RecordsFailed& fact, const model::ProduceResult* entry,
                                  Wrongs& wrong) const {
  if (entry == nullptr || (entry->error == fact.error && fact.error != model::ErrorCode::none)) return;
  wrong.push_back(config_.name_of(id_) + ": " + values_text(fact.first_value, fact.count) +
                  " failed otherwise than the leader's answer says");
}

void ProducerLedger::compare_open(const model::ProducerMemory& now, Wrongs& wrong) {
  std::int64_t held = 0;
  const auto look_at = [&](const model::ProducerBatch& batch) {
    held += batch.count;
    for (std::int32_t value = batch.first_value; value < batch.first_value + batch.count; ++value) {
      Fate& fate = fates_[static_cast<std::size_t>(value)];
      const bool as_told = fate.open && (!fate.placed || fate.partition == batch.partition);
      if (!as_told) {
        wrong.push_back(config_.name_of(id_) + ": still holds value " + std::to_string(value) +
                        ", which was told to be settled or elsewhere");
        return;
      }
      fate.placed = true;
      fate.partition = batch.partition;
    }
  };
  for (const model::ProducerBatch& batch : now.accumulated) look_at(batch);
  next_answered_.assign(now.links.size(), {});
  for (std::size_t i = 0; i < now.links.size(); ++i) {
    for (const model::ProducerRequest& request : now.links[i].in_flight) {
      for (const model::ProducerBatch& batch : request.batches) look_at(batch);
    }
    if (now.links[i].in_flight.empty()) continue;
    for (const model::ProducerBatch& batch : now.links[i].in_flight.front().batches) {
      next_answered_[i].push_back({batch.partition, batch.first_value});
    }
  }
  if (held != open_) {
    wrong.push_back(config_.name_of(id_) + ": holds " + std::to_string(held) + " records, of which facts leave " +
                    std::to_string(open_) + " open");
  }
}

void ProducerLedger::check(const model::Producer& now, bool running, const model::ProduceResponse* answer,
                           model::NodeId from, const Facts& told, Wrongs& wrong) {
  if (!running) {
    started_ = false;
    fates_.clear();
    next_answered_.clear();
    open_ = 0;
    return;
  }
  const std::size_t taken_on = static_cast<std::size_t>(now.memory.next_value);
  if (taken_on > fates_.size()) open_ += static_cast<std::int64_t>(taken_on - fates_.size());
  fates_.resize(taken_on);
  Facts begun, derived;
  for (const model::Fact& fact : told) {
    if (const auto* f = std::get_if<model::RecordsAcknowledged>(&fact)) {
      settle(f->partition, f->first_value, f->count, "an acknowledgement", wrong);
      check_acknowledged(*f, entry_for(answer, from, f->partition, f->first_value), wrong);
    } else if (const auto* g = std::get_if<model::RecordsFailed>(&fact)) {
      settle(g->partition, g->first_value, g->count, "a failure", wrong);
      check_failed(*g, entry_for(answer, from, g->partition, g->first_value), wrong);
    } else {
      begun.push_back(fact);
    }
  }
  if (now.memory.started && !started_) derived.push_back(model::ProducerStarted{});
  started_ = now.memory.started;
  compare_facts(std::move(derived), begun, config_.name_of(id_), wrong);
  compare_open(now.memory, wrong);
}

}  // namespace sim::test
