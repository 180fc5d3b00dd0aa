#include "reports/compare.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/json_writer.h"
#include "reports/words.h"
#include "reports/wrap.h"

namespace reports {
namespace {

constexpr std::size_t kPartitionsShown = 6;

struct Row {
  std::string name;
  std::vector<std::string> values;  // by mode
};

std::string seconds(model::Duration d) { return seconds_text(d.us) + " s"; }
std::string number(std::int64_t n) { return grouped(static_cast<std::uint64_t>(n)); }

// Of all partitions together.
sim::Outage summed(const std::vector<sim::Outage>& partitions) {
  sim::Outage sum;
  for (const sim::Outage& partition : partitions) {
    sum.total = sum.total + partition.total;
    sum.longest = std::max(sum.longest, partition.longest);
  }
  return sum;
}

class Rows {
 public:
  explicit Rows(const Comparison& comparison) : modes_(comparison.modes) {}

  template <typename Value>
  void add(std::string name, Value value_of) {
    Row row{std::move(name), {}};
    for (const ComparedMode& mode : modes_) row.values.push_back(value_of(mode.tally));
    rows_.push_back(std::move(row));
  }
  template <typename Part>
  void add_outage(const std::string& name, Part part) {
    add(name, [&](const sim::Tally& tally) { return seconds(part(tally).total); });
    const bool is_one = std::all_of(modes_.begin(), modes_.end(), [&](const ComparedMode& mode) {
      return part(mode.tally).total == part(mode.tally).longest;
    });
    if (!is_one) add("  the longest time", [&](const sim::Tally& tally) { return seconds(part(tally).longest); });
  }
  const std::vector<Row>& all() const { return rows_; }

 private:
  const std::vector<ComparedMode>& modes_;
  std::vector<Row> rows_;
};

std::vector<Row> rows_of(const Comparison& comparison) {
  const model::ClusterConfig& config = comparison.modes.front().plan->config;
  Rows rows(comparison);
  rows.add_outage("without a controller", [](const sim::Tally& tally) { return tally.controller; });
  const std::size_t partitions = config.partitions.size();
  for (std::size_t i = 0; i < partitions && partitions <= kPartitionsShown; ++i) {
    const std::string name = config.name_of(model::PartitionId(static_cast<std::uint16_t>(i)));
    rows.add_outage(name + " without a leader", [i](const sim::Tally& tally) { return tally.partitions[i]; });
  }
  if (partitions > 1) {
    rows.add_outage(fmt::format("all {} partitions, summed", partitions),
                    [](const sim::Tally& tally) { return summed(tally.partitions); });
  }
  for (std::size_t i = 0; i < config.producers.size(); ++i) {
    rows.add(config.producers[i].name + " without an acknowledged write",
             [i](const sim::Tally& tally) { return seconds(tally.silences[i]); });
  }
  if (!config.producers.empty()) {
    rows.add("records acknowledged", [](const sim::Tally& tally) { return number(tally.acknowledged); });
    rows.add("records lost", [](const sim::Tally& tally) { return number(tally.lost); });
  }
  for (std::size_t i = 0; i < sim::kMessageGroups; ++i) {
    rows.add(fmt::format("messages, {}", sim::name_of(static_cast<sim::MessageGroup>(i))),
             [i](const sim::Tally& tally) { return number(tally.messages[i]); });
  }
  rows.add("events", [](const sim::Tally& tally) { return grouped(tally.events); });
  return rows.all();
}

std::string seeds_text(const Comparison& comparison) {
  return comparison.first_seed == comparison.last_seed
             ? fmt::format("seed {}", comparison.first_seed)
             : fmt::format("medians of seeds {} to {}", comparison.first_seed, comparison.last_seed);
}

void write_outage(JsonWriter& json, std::string_view key, const sim::Outage& outage) {
  json.key(key);
  json.begin_object();
  json.member("total_us", outage.total.us);
  json.member("longest_us", outage.longest.us);
  json.end_object();
}

void write_mode(JsonWriter& json, const ComparedMode& mode) {
  const model::ClusterConfig& config = mode.plan->config;
  const sim::Tally& tally = mode.tally;
  json.begin_object();
  json.member("mode", mode.plan->mode);
  json.member("kafka", mode.plan->version);
  write_outage(json, "without_controller", tally.controller);
  json.key("without_leader");
  json.begin_object();
  for (std::size_t i = 0; i < tally.partitions.size(); ++i)
    write_outage(json, config.name_of(model::PartitionId(static_cast<std::uint16_t>(i))), tally.partitions[i]);
  json.end_object();
  json.key("without_acknowledged_write_us");
  json.begin_object();
  for (std::size_t i = 0; i < tally.silences.size(); ++i) json.member(config.producers[i].name, tally.silences[i].us);
  json.end_object();
  json.member("records_acknowledged", tally.acknowledged);
  json.member("records_lost", tally.lost);
  json.key("messages");
  json.begin_object();
  for (std::size_t i = 0; i < sim::kMessageGroups; ++i)
    json.member(sim::name_of(static_cast<sim::MessageGroup>(i)), tally.messages[i]);
  json.end_object();
  json.member("events", tally.events);
  json.end_object();
}

}  // namespace

std::string text_of_comparison(const Comparison& comparison) {
  const std::vector<Row> rows = rows_of(comparison);
  std::vector<std::size_t> widths;
  std::size_t names = 0;
  for (const Row& row : rows) names = std::max(names, width_of(row.name));
  for (std::size_t i = 0; i < comparison.modes.size(); ++i) {
    widths.push_back(width_of(comparison.modes[i].plan->mode));
    for (const Row& row : rows) widths[i] = std::max(widths[i], width_of(row.values[i]));
  }
  const auto line = [&](const std::string& name, const auto& value_of) {
    std::string text = name + std::string(names - std::min(names, width_of(name)), ' ');
    for (std::size_t i = 0; i < widths.size(); ++i) text += fmt::format("  {:>{}}", value_of(i), widths[i]);
    return text + "\n";
  };
  const sim::Plan& plan = *comparison.modes.front().plan;
  std::string text = fmt::format("{}  {}  Kafka {} rules\n", comparison.path, seeds_text(comparison), plan.version);
  if (!plan.title.empty()) text += plan.title + "\n";
  text += "\n" + line("", [&](std::size_t i) { return comparison.modes[i].plan->mode; });
  for (const Row& row : rows) text += line(row.name, [&](std::size_t i) { return row.values[i]; });
  return text;
}

std::string json_of_comparisons(const std::vector<Comparison>& comparisons) {
  std::string out;
  JsonWriter json(out, 6);
  json.begin_object();
  json.member("version", 1);
  json.key("comparisons");
  json.begin_array();
  for (const Comparison& comparison : comparisons) {
    json.begin_object();
    json.member("file", comparison.path);
    json.key("seeds");
    json.begin_array();
    json.value(comparison.first_seed);
    json.value(comparison.last_seed);
    json.end_array();
    json.key("modes");
    json.begin_array();
    for (const ComparedMode& mode : comparison.modes) write_mode(json, mode);
    json.end_array();
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return out;
}

}  // namespace reports
