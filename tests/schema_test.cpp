#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "model/invariants/invariant.h"
#include "model/rules.h"
#include "scenarios/fact_patterns.h"
#include "scenarios/faults.h"
#include "scenarios/loader.h"
#include "scenarios/settings.h"
#include "scenarios/state_words.h"

// scenario.schema.json is written by hand down to "generated", which repeats the program's own tables:
// ACCEPT=1 rewrites that part.

using namespace scenarios;
using Json = nlohmann::ordered_json;

namespace {

constexpr const char* kSchema = "scenarios/scenario.schema.json";
constexpr std::string_view kMark = "    \"generated\": {\n";

std::string schema_text() {
  std::ifstream file(kSchema, std::ios::binary);
  REQUIRE(file.good());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Json reference(const std::string& name) { return {{"$ref", "#/definitions/" + name}}; }

Json schema_of(FieldKind kind) {
  switch (kind) {
    case FieldKind::node:
      return {{"type", {"string", "null"}}};
    case FieldKind::nodes:
      return {{"type", {"array", "null"}}, {"items", {{"type", "string"}}}};
    case FieldKind::integer:
      return {{"type", "integer"}};
    case FieldKind::boolean:
      return {{"type", "boolean"}};
    case FieldKind::duration:
      return reference("duration");
    case FieldKind::error:
      return reference("generated/error_name");
    case FieldKind::invariant:
      return reference("generated/invariant_name");
    case FieldKind::partition:
    case FieldKind::topic:
    case FieldKind::text:
      break;
  }
  return {{"type", "string"}};
}

// The fields of one fact, with the keys that stand beside them in "expect" and "when".
Json told(std::size_t fact) {
  Json properties = Json::object();
  Json names = {"fact", "never", "note", "after", "before", "between", "times", "node", "broker"};
  for (const FactField& field : fields_of_fact(fact)) {
    properties[std::string(field.name)] = schema_of(field.kind);
    if (field.name != "node" && field.name != "broker") names.push_back(std::string(field.name));
  }
  return {{"properties", properties}, {"propertyNames", {{"enum", names}}}};
}

Json fields_by_fact() {
  Json rows = Json::array();
  for (std::size_t fact = 0; fact < model::kFactKinds; ++fact) {
    const std::string name(model::fact_rows()[fact].name);
    Json any = Json::array();
    for (const char* key : {"fact", "never"}) {
      any.push_back({{"required", {key}}, {"properties", {{key, {{"const", name}}}}}});
    }
    rows.push_back({{"if", {{"anyOf", any}}}, {"then", told(fact)}});
  }
  return rows;
}

Json described(std::string_view value, std::string_view words) { return {{"const", value}, {"description", words}}; }

template <typename Owner>
Json schema_of(const Setting<Owner>& row, const Owner& owner) {
  if (row.kind == SettingKind::boolean) {
    return {{"enum", {true, false, "true", "false"}}, {"default", row.get(owner) != 0}};
  }
  if (row.kind == SettingKind::text) return {{"type", "string"}, {"default", value_text(row, owner)}};
  if (row.kind == SettingKind::word) {
    return {{"enum", std::vector<std::string>(row.words.begin(), row.words.end())},
            {"default", value_text(row, owner)}};
  }
  return {{"type", {"integer", "string"}},
          {"minimum", row.min},
          {"maximum", row.max},
          {"pattern", "^-?[0-9]+$"},
          {"default", row.get(owner)}};
}

template <typename Owner>
Json config_of(std::span<const Setting<Owner>> modelled, std::span<const std::string_view> unmodelled,
               const Owner& owner) {
  Json properties = Json::object();
  for (const Setting<Owner>& row : modelled) properties[std::string(row.key)] = schema_of(row, owner);
  for (const std::string_view key : unmodelled) {
    properties[std::string(key)] = reference("unmodelled");
  }
  return {{"type", "object"}, {"additionalProperties", false}, {"properties", properties}};
}

Json generated() {
  Json errors = Json::array(), invariants = Json::array(), facts = Json::array();
  std::set<std::string> seen;
  for (int code = -1; code <= 200; ++code) {
    const std::string name(model::name_of(static_cast<model::ErrorCode>(code)));
    if (seen.insert(name).second) errors.push_back(name);
  }
  for (const model::Invariant& row : model::invariants()) invariants.push_back(described(row.name, row.promise));
  for (const model::FactRow& row : model::fact_rows()) facts.push_back(described(row.name, row.meaning));
  Json brokers = config_of(broker_settings(), unmodelled_broker_keys(), model::BrokerSettings{});
  const Json quorum = config_of(quorum_settings(), {}, model::QuorumSettings{});
  brokers["properties"].update(quorum["properties"]);
  brokers["properties"]["broker.rack"] = {{"type", "string"}};
  brokers["properties"]["auto.create.topics.enable"] = {{"enum", {true, false, "true", "false"}}};
  Json versions = Json::array();
  for (const model::Profile& profile : model::profiles()) versions.push_back(std::string(profile.version));
  return {{"version", {{"enum", versions}}},
          {"fact_name", {{"type", "string"}, {"oneOf", facts}}},
          {"invariant_name", {{"type", "string"}, {"oneOf", invariants}}},
          {"error_name", {{"enum", errors}}},
          {"broker_config", brokers},
          {"topic_config", config_of(topic_settings(), unmodelled_topic_keys(), model::TopicConfig{})},
          {"consumer_config", config_of(consumer_settings(), unmodelled_consumer_keys(), model::ConsumerConfig{})},
          {"producer_config", config_of(producer_settings(), unmodelled_producer_keys(), model::ProducerConfig{})},
          {"fields_by_fact", {{"allOf", fields_by_fact()}}}};
}

// One line for a value, or for each entry of a long table.
std::string text_of_definition(const Json& value) {
  for (const char* table : {"properties", "allOf", "oneOf"}) {
    if (!value.contains(table)) continue;
    std::string text = "{\n";
    for (const auto& [key, member] : value.items()) {
      if (key == table) continue;
      text += "        " + Json(key).dump() + ": " + member.dump() + ",\n";
    }
    const bool is_list = value[table].is_array();
    text += "        \"" + std::string(table) + "\": " + (is_list ? "[" : "{") + "\n";
    std::string rows;
    for (const auto& [key, member] : value[table].items()) {
      rows += (rows.empty() ? "" : ",\n") + std::string("          ") + (is_list ? "" : Json(key).dump() + ": ") +
              member.dump();
    }
    return text + rows + "\n        " + (is_list ? "]" : "}") + "\n      }";
  }
  return value.dump();
}

std::string generated_text() {
  std::string text(kMark), rows;
  const Json definitions = generated();
  for (const auto& [name, value] : definitions.items()) {
    rows += (rows.empty() ? "" : ",\n") + std::string("      ") + Json(name).dump() + ": " + text_of_definition(value);
  }
  return text + rows + "\n    }\n  }\n}\n";
}

std::set<std::string> keys_of(const Json& object) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.insert(key);
  return keys;
}
std::set<std::string> keys_of(std::span<const std::string_view> words) { return {words.begin(), words.end()}; }

}  // namespace

TEST_CASE("the schema's tables are the program's") {
  const std::string text = schema_text();
  const std::size_t mark = text.find(kMark);
  REQUIRE(mark != std::string::npos);
  const char* accept = std::getenv("ACCEPT");
  if (accept != nullptr && std::string(accept) == "1") {
    std::ofstream(kSchema, std::ios::binary) << text.substr(0, mark) + generated_text();
    return;
  }
  INFO("ACCEPT=1 rewrites the generated part of " << kSchema);
  CHECK(text.substr(mark) == generated_text());
}

TEST_CASE("the schema knows the keys that the loader knows") {
  const Json schema = Json::parse(schema_text());
  const Json& definitions = schema.at("definitions");
  CHECK(keys_of(schema.at("properties")) == keys_of(scenario_keys()));
  CHECK(keys_of(definitions.at("cluster").at("properties")) == keys_of(cluster_keys()));
  CHECK(keys_of(definitions.at("producer").at("properties")) == keys_of(producer_keys()));
  CHECK(keys_of(definitions.at("consumer").at("properties")) == keys_of(consumer_keys()));
  CHECK(keys_of(definitions.at("fault").at("properties")) == keys_of(fault_keys()));
  std::set<std::string> words;
  for (const StateWord& row : kStateWords) words.insert(std::string(row.word));
  CHECK(keys_of(definitions.at("state_words")) == words);
}

TEST_CASE("every key of the schema says what it is for") {
  const Json schema = Json::parse(schema_text());
  const Json& definitions = schema.at("definitions");
  const auto says_what = [&](const Json& property) {
    if (property.is_boolean() || property.contains("description")) return true;
    const std::string target = property.value("$ref", "");
    return target.starts_with("#/") && schema.at(Json::json_pointer(target.substr(1))).contains("description");
  };
  const auto check_all = [&](const Json& object) {
    for (const auto& [key, property] : object.at("properties").items()) {
      const std::string name = key;
      CAPTURE(name);
      CHECK(says_what(property));
    }
  };
  check_all(schema);
  for (const char* name : {"cluster", "topic", "producer", "consumer", "fault", "expectation", "range"}) {
    CAPTURE(name);
    check_all(definitions.at(name));
  }
}
