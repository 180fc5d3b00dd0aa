#include "reports/json_run.h"

#include "model/text.h"
#include "reports/fault_words.h"
#include "reports/invariants.h"
#include "reports/json_writer.h"
#include "reports/words.h"

namespace reports {
namespace {

void write_names(JsonWriter& json, std::string_view key, const std::vector<model::NodeId>& nodes,
                 const model::ClusterConfig& config) {
  json.key(key);
  json.begin_array();
  for (const model::NodeId node : nodes) json.value(config.name_of(node));
  json.end_array();
}

void write_fact(JsonWriter& json, const sim::RecordedFact& told, const model::ClusterConfig& config) {
  json.begin_object();
  json.member("t_us", told.at.us);
  json.member("node", config.name_of(told.node));
  json.member("fact", model::name_of(told.fact));
  for (const model::FieldText& field : model::fields_of(told.fact, config)) {
    json.key(field.name);
    if (field.is_number) {
      json.raw(field.text);
    } else {
      json.value(field.text);
    }
  }
  json.end_object();
}

void write_fault(JsonWriter& json, const sim::RecordedFault& fault, const sim::Plan& plan) {
  json.begin_object();
  json.member("t_us", fault.applied.at.us);
  json.member("text", fault_text(plan, fault.applied));
  json.member("kind", sim::name_of(plan.faults[fault.applied.row].kind));
  json.member("row", fault.applied.row);
  json.member("line", plan.faults[fault.applied.row].line);
  json.member("undo", fault.applied.undo);
  write_names(json, "who", fault.applied.who, plan.config);
  if (!fault.applied.from.empty() || !fault.applied.to.empty()) {
    write_names(json, "from", fault.applied.from, plan.config);
    write_names(json, "to", fault.applied.to, plan.config);
  }
  json.key("effects");
  json.begin_object();
  json.member("held", fault.effect.held);
  json.member("stalled", fault.effect.stalled);
  json.member("lost", fault.effect.lost);
  json.member("reset", fault.effect.reset);
  json.member("delayed", fault.effect.delayed);
  json.member("dropped", fault.effect.dropped);
  json.member("slowed", fault.effect.slowed);
  json.member("skewed", fault.effect.skewed);
  json.member("wiped", fault.effect.wiped);
  json.member("acted", fault.effect.acted);
  json.end_object();
  json.end_object();
}

void write_expectations(JsonWriter& json, const sim::Plan& plan, const sim::Outcome& outcome) {
  json.key("expectations");
  json.begin_array();
  for (std::size_t i = 0; i < outcome.expectations.size(); ++i) {
    const sim::ExpectationResult& result = outcome.expectations[i];
    json.begin_object();
    json.member("text", plan.expectations[i].text);
    json.member("line", plan.expectations[i].line);
    json.member("met", result.met);
    json.member("decided", result.decided);
    if (result.decided) json.member("t_us", result.at.us);
    json.member("found", result.found);
    json.end_object();
  }
  json.end_array();
}

void write_run(JsonWriter& json, const JsonRun& run) {
  const sim::Plan& plan = *run.plan;
  const sim::Outcome& outcome = *run.outcome;
  json.member("scenario", plan.title);
  json.member("file", plan.file);
  json.member("kafka", plan.version);
  json.key("defects");
  json.begin_array();
  for (const std::string& defect : plan.defects) json.value(defect);
  json.end_array();
  json.member("seed", outcome.seed);
  json.member("fingerprint", hex16(outcome.fingerprint));
  json.member("events", outcome.events);
  json.member("simulated_us", outcome.simulated.us);
  json.member("verdict", sim::name_of(outcome.verdict));
  json.member("exit", sim::exit_code(outcome.verdict));
  write_expectations(json, plan, outcome);
  write_invariants(json, plan, outcome);
  json.key("faults");
  json.begin_array();
  for (const sim::RecordedFault& fault : outcome.faults) write_fault(json, fault, plan);
  json.end_array();
  json.key("facts");
  json.begin_array();
  for (const sim::RecordedFact& told : outcome.facts) write_fact(json, told, plan.config);
  json.end_array();
}

}  // namespace

std::string json_of_run(const JsonRun& run) {
  std::string out;
  JsonWriter json(out, 2);
  json.begin_object();
  json.member("version", 1);
  write_run(json, run);
  json.end_object();
  return out;
}

std::string json_of_runs(const std::vector<JsonRun>& runs) {
  std::string out;
  JsonWriter json(out, 4);
  json.begin_object();
  json.member("version", 1);
  json.key("runs");
  json.begin_array();
  for (const JsonRun& run : runs) {
    json.begin_object();
    write_run(json, run);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return out;
}

}  // namespace reports
