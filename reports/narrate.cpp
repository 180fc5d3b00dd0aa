#include "reports/narrate.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/narrator.h"
#include "reports/reader_summary.h"
#include "reports/words.h"

namespace reports {
namespace {

// A fault comes after the fact that it waited for, and before what it causes at the same instant.
bool comes_first(const sim::RecordedFault& fault, const sim::Outcome& outcome, std::size_t fact) {
  const sim::Time told = outcome.facts[fact].at;
  return fault.applied.at < told || (fault.applied.at == told && fault.facts_before <= fact);
}

}  // namespace

std::vector<Line> narrate(const sim::Plan& plan, const sim::Outcome& outcome) {
  Narrator narrator(plan, outcome);
  std::size_t fault = 0;
  const auto faults_before = [&](auto wanted) {
    while (fault < outcome.faults.size() && wanted(outcome.faults[fault])) {
      if (outcome.faults[fault].applied.at >= sim::Time{0}) narrator.boot_ends();
      narrator.fault(outcome.faults[fault++]);
    }
  };
  for (std::size_t i = 0; i < outcome.facts.size(); ++i) {
    faults_before([&](const sim::RecordedFault& recorded) { return comes_first(recorded, outcome, i); });
    if (outcome.facts[i].at >= sim::Time{0}) narrator.boot_ends();
    narrator.fact(i);
  }
  faults_before([](const sim::RecordedFault&) { return true; });
  narrator.boot_ends();
  std::vector<Line> lines = narrator.lines();
  std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.at < b.at; });
  return lines;
}

std::vector<std::string> client_summaries(const sim::Plan& plan, const sim::Outcome& outcome) {
  struct Tally {
    std::int64_t acknowledged = 0, failed = 0;
  };
  std::vector<Tally> tallies(plan.config.producers.size());
  bool any = false;
  for (const sim::RecordedFact& told : outcome.facts) {
    if (!plan.config.is_producer(told.node)) continue;
    Tally& tally = tallies[producer_index(plan.config, told.node)];
    if (const auto* f = std::get_if<model::RecordsAcknowledged>(&told.fact)) tally.acknowledged += f->count;
    if (const auto* f = std::get_if<model::RecordsFailed>(&told.fact)) tally.failed += f->count;
    any = any || std::holds_alternative<model::RecordsAcknowledged>(told.fact);
  }
  std::vector<std::string> texts;
  for (std::size_t i = 0; any && i < tallies.size(); ++i) {
    const model::ProducerConfig& producer = plan.config.producers[i];
    texts.push_back(fmt::format("{}: {} of {} acknowledged", producer.name,
                                grouped(static_cast<std::uint64_t>(tallies[i].acknowledged)),
                                counted(producer.count, "record")));
    if (tallies[i].failed > 0)
      texts.back() += fmt::format(", {} failed", grouped(static_cast<std::uint64_t>(tallies[i].failed)));
  }
  for (std::string& reader : reader_texts(plan, outcome)) texts.push_back(std::move(reader));
  return texts;
}

}  // namespace reports
