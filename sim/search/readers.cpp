#include "sim/search/readers.h"

#include <algorithm>

namespace sim {
namespace {

constexpr Millis kSilent = 1'000, kSame = 2'000, kShortStay = 2'000;
constexpr std::size_t kAskedMax = 60;  // a recording holds no more

}  // namespace

ReaderLog::ReaderLog(const model::ClusterConfig& config) : config_(config), results_(config.consumers.size()) {}

ReaderResult& ReaderLog::result_of(model::NodeId consumer) { return results_[config_.consumer_index(consumer)]; }

void ReaderLog::consumed(Millis t, ReaderResult& result, const model::RecordsConsumed& told, Millis end) const {
  result.read += told.count;
  if (result.last_read && t - *result.last_read > kSilent && *result.last_read < end) {
    result.silent.push_back({*result.last_read, std::min(t, end)});
  }
  result.last_read = t;
}

void ReaderLog::note(Millis t, model::NodeId node, const model::Fact& fact, Millis end) {
  if (!config_.is_consumer(node)) return;
  ReaderResult& result = result_of(node);
  if (const auto* records = std::get_if<model::RecordsConsumed>(&fact)) consumed(t, result, *records, end);
  if (const auto* asks = std::get_if<model::FetchesFrom>(&fact); asks != nullptr && result.asked.size() < kAskedMax) {
    result.asked.push_back({t, asks->partition, asks->broker, asks->offset});
  }
  const auto* told = std::get_if<model::ReadReplicaPreferred>(&fact);
  if (told == nullptr) return;
  const bool is_same = !result.preferred.empty() && result.preferred.back().broker == told->broker &&
                       t - result.preferred.back().last < kSame;
  if (is_same) {
    ++result.preferred.back().times;
    result.preferred.back().last = t;
  } else {
    result.preferred.push_back({t, told->partition, told->broker, 1, t});
  }
}

std::vector<ReaderAsked> stays_of(const ReaderResult& reader, model::PartitionId partition, Millis end) {
  std::vector<ReaderAsked> rows, stays;
  for (const ReaderAsked& row : reader.asked) {
    if (row.partition == partition) rows.push_back(row);
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Millis left = i + 1 < rows.size() ? rows[i + 1].t : end;
    if (left - rows[i].t < kShortStay) continue;
    if (stays.empty() || stays.back().broker != rows[i].broker) stays.push_back(rows[i]);
  }
  return stays;
}

}  // namespace sim
