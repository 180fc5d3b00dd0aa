#include "reports/tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "model/facts.h"
#include "model/invariants/invariant.h"
#include "model/rules.h"
#include "reports/json_writer.h"
#include "reports/settings.h"
#include "reports/words.h"
#include "reports/wrap.h"

namespace reports {
namespace {

std::string rule_text(const model::Rules& rules) {
  const std::array<std::string_view, 4> truncation{
      "the fetch answer says where logs part (KIP-595)", "followers ask OffsetsForLeaderEpoch (KIP-101, KIP-279)",
      "followers cut their logs at their high watermarks", "followers cut nothing"};
  const std::array<std::string_view, 2> isr{"leaders ask the controller for ISR changes (AlterPartition, KIP-497)",
                                            "leaders write ISR changes to ZooKeeper themselves"};
  std::string text = fmt::format("{}; {}", truncation[static_cast<std::size_t>(rules.truncation)],
                                 isr[static_cast<std::size_t>(rules.isr_channel)]);
  const auto add = [&](bool holds, std::string_view yes, std::string_view no) {
    text += fmt::format("; {}", holds ? yes : no);
  };
  add(rules.fetch_names_leader_epoch, "fetches name the leader epoch (KIP-320)", "fetches name no leader epoch");
  add(rules.min_isr_capped_by_replicas, "min.insync.replicas is capped by the number of replicas",
      "min.insync.replicas may exceed the number of replicas");
  add(rules.controller_writes_are_guarded, "a controller's writes check /controller_epoch (KAFKA-6082)",
      "a controller's writes are not guarded");
  add(rules.broker_epochs, "requests carry broker epochs (KIP-380)", "no broker epochs");
  return text;
}

std::string defaults_text(const model::Profile& profile) {
  std::string text;
  const auto differences = [&](const std::vector<Setting>& now, const std::vector<Setting>& usual) {
    for (std::size_t i = 0; i < now.size(); ++i) {
      if (now[i].value != usual[i].value)
        text += fmt::format("{}{}={}", text.empty() ? "" : ", ", now[i].key, now[i].value);
    }
  };
  model::BrokerSettings brokers;
  profile.settings(brokers);
  differences(settings_of(brokers), settings_of(model::BrokerSettings{}));
  model::ProducerConfig producers;
  profile.producer(producers);
  differences(settings_of(producers), settings_of(model::ProducerConfig{}));
  return text.empty() ? "" : "other defaults: " + text;
}

std::string_view kind_of(const model::Invariant& row) {
  return row.kind == model::InvariantKind::safety ? "safety" : "liveness";
}

}  // namespace

Table facts_table() {
  Table table{"facts", "What a run can tell, by the names that \"expect\", \"when\" and JSON use.", {}};
  for (const model::FactRow& row : model::fact_rows())
    table.rows.push_back({std::string(row.name), std::string(row.meaning), ""});
  return table;
}

Table rules_table() {
  Table table{"rules",
              "Whose decisions a cluster takes: a Kafka version's (\"version\" of a scenario), oldest first, and wrong "
              "ones that --defect NAME plants.",
              {}};
  for (const model::Profile& profile : model::profiles()) {
    table.rows.push_back({std::string(profile.version), rule_text(*profile.rules), defaults_text(profile)});
  }
  for (TableRow& row : defects_table().rows) table.rows.push_back(std::move(row));
  return table;
}

Table defects_table() {
  Table table{"defects", "Wrong decisions that --defect NAME plants, to see which check notices.", {}};
  for (const model::Defect& defect : model::defects()) {
    std::vector<std::string> rows;
    for (const model::Invariant& row : model::invariants()) {
      const auto& names = row.broken_by;
      if (std::find(names.begin(), names.end(), defect.name) != names.end()) rows.emplace_back(row.name);
    }
    table.rows.push_back(
        {std::string(defect.name), std::string(defect.breaks),
         rows.empty() ? "changes what happens, and breaks no invariant" : "breaks " + joined(rows, ", ")});
  }
  return table;
}

Table invariants_table() {
  Table table{"invariants",
              "What the protocol promises: safety at every instant, liveness once the faults are over. A row is put to "
              "the test by what its precondition names; \"exposes\" of a scenario demands it.",
              {}};
  for (const model::Invariant& row : model::invariants()) {
    std::vector<std::string> defects(row.broken_by.begin(), row.broken_by.end());
    table.rows.push_back({std::string(row.name), std::string(row.promise),
                          fmt::format("{}; put to the test by {}; broken by {}", kind_of(row), row.precondition,
                                      defects.empty() ? "no planted defect" : joined(defects, ", "))});
  }
  return table;
}

std::string text_of_table(const Table& table, std::size_t columns) {
  std::string out;
  append_wrapped(out, table.about, 0, columns);
  out += '\n';
  std::size_t width = 0;
  for (const TableRow& row : table.rows) width = std::max(width, row.name.size());
  // Long names stand on a line of their own instead of leaving no room for the text.
  const std::size_t indent = std::min<std::size_t>(width + 2, 32);
  for (const TableRow& row : table.rows) {
    out += row.name;
    if (row.name.size() + 2 > indent) {
      out += '\n';
      out.append(indent, ' ');
    } else {
      out.append(indent - row.name.size(), ' ');
    }
    append_wrapped(out, row.what, indent, columns);
    if (!row.why.empty()) {
      out.append(indent, ' ');
      append_wrapped(out, row.why, indent, columns);
    }
  }
  return out;
}

std::string json_of_invariants() {
  std::string out;
  JsonWriter json(out, 2);
  json.begin_object();
  json.member("version", 1);
  json.key("invariants");
  json.begin_array();
  for (const model::Invariant& row : model::invariants()) {
    json.begin_object();
    json.member("name", row.name);
    json.member("promise", row.promise);
    json.member("kind", kind_of(row));
    json.member("precondition", row.precondition);
    json.key("broken_by");
    json.begin_array();
    for (const std::string_view defect : row.broken_by) json.value(defect);
    json.end_array();
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return out;
}

std::string json_of_table(const Table& table) {
  const bool has_reasons =
      std::any_of(table.rows.begin(), table.rows.end(), [](const TableRow& row) { return !row.why.empty(); });
  std::string out;
  JsonWriter json(out, 2);
  json.begin_object();
  json.member("version", 1);
  json.key(table.topic);
  json.begin_array();
  for (const TableRow& row : table.rows) {
    json.begin_object();
    json.member("name", row.name);
    json.member("what", row.what);
    if (has_reasons) json.member("why", row.why);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return out;
}

}  // namespace reports
