#include "reports/page_data.h"

#include <algorithm>

#include "reports/fault_words.h"
#include "reports/invariants.h"
#include "reports/json_writer.h"
#include "reports/narrate.h"
#include "reports/text_run.h"
#include "reports/words.h"

namespace reports {
namespace {

void write_column(JsonWriter& json, std::string_view name, const std::vector<std::int64_t>& values) {
  json.key(name);
  json.begin_array();
  for (const std::int64_t value : values) json.value(value);
  json.end_array();
}

void write_steps(JsonWriter& json, std::string_view name, const std::vector<std::int64_t>& values) {
  json.key(name);
  json.begin_array();
  std::int64_t before = 0;
  for (const std::int64_t value : values) {
    json.value(value - before);
    before = value;
  }
  json.end_array();
}

void write_texts(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  json.key(name);
  json.begin_array();
  for (const std::string& text : texts) json.value(text);
  json.end_array();
}

std::vector<std::int64_t> numbers_of(const std::vector<model::NodeId>& nodes) {
  std::vector<std::int64_t> numbers;
  for (const model::NodeId node : nodes) numbers.push_back(static_cast<std::int64_t>(node));
  return numbers;
}

void write_head(JsonWriter& json, const sim::Plan& plan, const sim::Outcome& outcome, const std::string& repeat) {
  json.member("version", 1);
  json.member("title", plan.title);
  json.member("about", plan.story);
  json.member("file", plan.file);
  json.member("mode", plan.mode);
  json.member("kafka", plan.version);
  write_texts(json, "defects", plan.defects);
  json.member("seed", std::to_string(outcome.seed));  // 64 bits do not fit a number of JavaScript
  json.member("fingerprint", hex16(outcome.fingerprint));
  json.member("events", outcome.events);
  json.member("begins", plan.begins.us);
  json.member("until", plan.until.us);
  json.member("verdict", sim::name_of(outcome.verdict));
  json.member("repeat", repeat);
  write_texts(json, "complaints", complaints_of(plan, outcome, plan.file));
  write_texts(json, "proofs", proofs_of(plan, outcome));
  write_texts(json, "clients", client_summaries(plan, outcome));
  json.member("losses", design_losses_text(plan, outcome));
  json.member("score", invariants_text(outcome));
}

void write_cluster(JsonWriter& json, const model::ClusterConfig& config) {
  json.key("nodes");
  json.begin_array();
  for (std::size_t i = 0; i < config.node_count(); ++i) {
    const auto node = model::NodeId(static_cast<std::uint8_t>(i));
    json.begin_object();
    json.member("name", config.name_of(node));
    json.member("kind", node == model::kZooKeeper    ? "zookeeper"
                        : config.is_broker(node)     ? "broker"
                        : config.is_controller(node) ? "controller"
                                                     : "client");
    json.end_object();
  }
  json.end_array();
  json.key("partitions");
  json.begin_array();
  for (std::size_t p = 0; p < config.partitions.size(); ++p) {
    json.value(config.name_of(model::PartitionId(static_cast<std::uint16_t>(p))));
  }
  json.end_array();
}

void write_rows(JsonWriter& json, const PageTrace& trace) {
  json.key("rows");
  json.begin_object();
  const PageTrace::Rows& rows = trace.rows();
  write_steps(json, "t", rows.at_us);
  write_column(json, "kind", rows.kind);
  write_column(json, "node", rows.node);
  write_column(json, "peer", rows.peer);
  write_column(json, "what", rows.what);
  write_column(json, "via", rows.via);
  write_column(json, "back", rows.back);
  write_column(json, "shape", trace.row_details().shapes());
  write_column(json, "numbers", trace.row_details().numbers());
  json.end_object();
  json.key("facts");
  json.begin_object();
  write_steps(json, "row", trace.facts().row);
  write_column(json, "node", trace.facts().node);
  write_column(json, "what", trace.facts().what);
  write_column(json, "shape", trace.fact_details().shapes());
  write_column(json, "numbers", trace.fact_details().numbers());
  json.end_object();
}

void write_state(JsonWriter& json, const PageState& state) {
  json.key("fields");
  json.begin_array();
  for (const PageField& field : state.fields()) {
    json.begin_array();
    json.value(field.node);
    json.value(field.partition);
    json.value(field.name);
    json.value(field.is_text);
    json.end_array();
  }
  json.end_array();
  json.key("state");
  json.begin_object();
  write_steps(json, "row", state.rows());
  write_column(json, "field", state.changed());
  write_column(json, "value", state.values());
  json.end_object();
}

void write_faults(JsonWriter& json, const sim::Plan& plan, const sim::Outcome& outcome, const PageTrace& trace) {
  json.key("faults");
  json.begin_array();
  for (std::size_t i = 0; i < trace.faults().size(); ++i) {
    const sim::AppliedFault& applied = trace.faults()[i].applied;
    const sim::Fault& fault = plan.faults[applied.row];
    json.begin_object();
    json.member("row", trace.faults()[i].row);
    json.member("of", applied.row);
    json.member("undo", applied.undo);
    json.member("act", is_operator_act(fault.kind));
    json.member("kind", sim::name_of(fault.kind));
    if (fault.lasts && !applied.undo) json.member("lasts", fault.lasts->us);
    write_column(json, "who", numbers_of(applied.who));
    write_column(json, "from", numbers_of(applied.from));
    write_column(json, "to", numbers_of(applied.to));
    if (i < outcome.faults.size()) json.member("effect", effect_text(plan, outcome.faults[i]));
    json.end_object();
  }
  json.end_array();
}

std::string_view ink_name(Ink ink) {
  switch (ink) {
    case Ink::red:
      return "bad";
    case Ink::green:
      return "good";
    case Ink::yellow:
      return "warn";
    case Ink::cyan:
      return "note";
    case Ink::plain:
    case Ink::bold:
    case Ink::dim:
      return "";
  }
  return "";
}

void write_story(JsonWriter& json, const sim::Plan& plan, const sim::Outcome& outcome) {
  json.key("story");
  json.begin_array();
  for (const Line& line : narrate(plan, outcome)) {
    json.begin_object();
    json.member("t", line.at.us);
    json.member("who", line.who);
    json.member("what", line.what);
    json.member("why", line.why);
    json.member("ink", ink_name(line.ink));
    json.end_object();
  }
  json.end_array();
  json.key("expectations");
  json.begin_array();
  for (std::size_t i = 0; i < outcome.expectations.size(); ++i) {
    const sim::ExpectationResult& result = outcome.expectations[i];
    json.begin_object();
    json.member("text", plan.expectations[i].text);
    json.member("met", result.met);
    json.member("decided", result.decided);
    if (result.decided) json.member("t", result.at.us);
    json.member("found", result.found);
    json.end_object();
  }
  json.end_array();
}

void write_promises(JsonWriter& json) {
  json.key("promises");
  json.begin_array();
  for (const model::Invariant& row : model::invariants()) json.value(row.promise);
  json.end_array();
}

// '<' could end the element that the text stands in; JSON has it in strings only.
std::string without_markup(std::string json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string page_data(const sim::Plan& plan, const sim::Outcome& outcome, const PageTrace& trace,
                      const std::string& repeat) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  write_head(json, plan, outcome, repeat);
  write_cluster(json, plan.config);
  write_rows(json, trace);
  write_state(json, trace.state());
  write_faults(json, plan, outcome, trace);
  write_story(json, plan, outcome);
  write_invariants(json, plan, outcome);
  write_promises(json);
  // At the end: writing the rest has added none, and readers of the file see words first.
  write_texts(json, "texts", trace.texts().texts());
  write_texts(json, "shapes", trace.shapes().texts());
  json.end_object();
  return without_markup(std::move(out));
}

}  // namespace reports
