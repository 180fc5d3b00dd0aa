#include "reports/reader_summary.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/words.h"

namespace reports {
namespace {

// The smallest latency that `per_mille` of the records do not exceed. Sorted.
model::Duration quantile(const std::vector<model::Duration>& latencies, std::size_t per_mille) {
  return latencies.empty() ? model::Duration{} : latencies[(latencies.size() * per_mille + 999) / 1000 - 1];
}

struct Reading {
  std::vector<model::Duration> latencies;  // by record
  std::vector<model::Offset> next;         // by PartitionId; unknown: nothing yet
};

class Readers {
 public:
  explicit Readers(const sim::Plan& plan)
      : plan_(plan),
        config_(plan.config),
        starts_(config_.node_count()),
        committed_(config_.partitions.size(), 0),
        readings_(config_.consumers.size()),
        summaries_(config_.consumers.size()) {
    for (const sim::Start& start : plan.starts) starts_[static_cast<std::size_t>(start.node)] = start.at;
    for (Reading& reading : readings_) reading.next.resize(config_.partitions.size(), model::kUnknownOffset);
  }

  void take(const sim::RecordedFact& told) {
    if (const auto* moved = std::get_if<model::HighWatermarkMoved>(&told.fact); moved != nullptr && moved->as_leader) {
      model::Offset& committed = committed_[index(moved->partition)];
      committed = std::max(committed, moved->to);
      look_how_far_behind(moved->partition);
    }
    if (const auto* reset = std::get_if<model::PositionReset>(&told.fact)) {
      readings_[config_.consumer_index(told.node)].next[index(reset->partition)] = model::kUnknownOffset;
    }
    if (const auto* consumed = std::get_if<model::RecordsConsumed>(&told.fact)) take(told, *consumed);
  }

  std::vector<ReaderSummary> finish() {
    for (std::size_t i = 0; i < summaries_.size(); ++i) {
      std::vector<model::Duration>& latencies = readings_[i].latencies;
      std::sort(latencies.begin(), latencies.end());
      summaries_[i].median = quantile(latencies, 500);
      summaries_[i].p99 = quantile(latencies, 990);
      for (std::size_t p = 0; p < committed_.size(); ++p) {
        if (config_.partitions[p].topic == config_.consumers[i].topic) summaries_[i].committed += committed_[p];
      }
    }
    return std::move(summaries_);
  }

 private:
  void take(const sim::RecordedFact& told, const model::RecordsConsumed& consumed) {
    const std::size_t i = config_.consumer_index(told.node);
    ReaderSummary& summary = summaries_[i];
    summary.read += consumed.count;
    readings_[i].next[index(consumed.partition)] = consumed.base_offset + consumed.count;
    const std::string_view here = plan_.place_of(told.node), there = plan_.place_of(consumed.broker);
    if (!here.empty() && !there.empty() && here != there) {
      summary.bytes_across_racks += std::int64_t{consumed.count} * config_.record_bytes;
    }
    const sim::Time start = starts_[static_cast<std::size_t>(consumed.producer)];
    const model::Duration interval = config_.producer(consumed.producer).interval;
    for (std::int32_t k = 0; k < consumed.count; ++k) {
      const sim::Time due = start + interval * (consumed.first_value + k);
      readings_[i].latencies.push_back(told.at - due);
    }
  }

  void look_how_far_behind(model::PartitionId partition) {
    for (std::size_t i = 0; i < readings_.size(); ++i) {
      const model::Offset next = readings_[i].next[index(partition)];
      if (next == model::kUnknownOffset) continue;
      summaries_[i].most_behind = std::max(summaries_[i].most_behind, committed_[index(partition)] - next);
    }
  }

  const sim::Plan& plan_;
  const model::ClusterConfig& config_;
  std::vector<sim::Time> starts_;         // by NodeId
  std::vector<model::Offset> committed_;  // by PartitionId: beyond what any leader has shown
  std::vector<Reading> readings_;
  std::vector<ReaderSummary> summaries_;
};

}  // namespace

std::vector<ReaderSummary> summaries_of_readers(const sim::Plan& plan, const sim::Outcome& outcome) {
  if (plan.config.consumers.empty()) return {};
  Readers readers(plan);
  for (const sim::RecordedFact& told : outcome.facts) readers.take(told);
  return readers.finish();
}

std::vector<std::string> reader_texts(const sim::Plan& plan, const sim::Outcome& outcome) {
  std::vector<std::string> texts;
  const std::vector<ReaderSummary> summaries = summaries_of_readers(plan, outcome);
  for (std::size_t i = 0; i < summaries.size(); ++i) {
    const ReaderSummary& summary = summaries[i];
    std::string text =
        fmt::format("{}: {} of {} read", plan.config.consumers[i].name,
                    grouped(static_cast<std::uint64_t>(summary.read)), counted(summary.committed, "record"));
    if (summary.read > 0) {
      text += fmt::format(", end to end {} (median) and {} (p99), at most {} behind", short_seconds(summary.median),
                          short_seconds(summary.p99), grouped(static_cast<std::uint64_t>(summary.most_behind)));
    }
    if (!plan.places.empty()) {
      text += fmt::format(", {} bytes across racks", grouped(static_cast<std::uint64_t>(summary.bytes_across_racks)));
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

}  // namespace reports
