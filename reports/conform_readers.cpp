#include "reports/conform_readers.h"

namespace reports {
namespace {

void write_reader(JsonWriter& json, const sim::ReaderResult& reader, const model::ClusterConfig& config) {
  json.begin_object();
  json.member("read", reader.read);
  json.key("last_read");
  if (reader.last_read) {
    json.raw(sim::seconds_text(*reader.last_read));
  } else {
    json.null();
  }
  write_silent(json, reader.silent);
  json.key("preferred");
  json.begin_array();
  for (const sim::ReaderPreferred& row : reader.preferred) {
    json.begin_object();
    write_seconds(json, "t", row.t);
    json.member("partition", config.name_of(row.partition));
    json.member("prefers", model::number(row.broker));
    json.member("times", row.times);
    write_seconds(json, "last", row.last);
    json.end_object();
  }
  json.end_array();
  json.key("asked");
  json.begin_array();
  for (const sim::ReaderAsked& row : reader.asked) {
    json.begin_object();
    write_seconds(json, "t", row.t);
    json.member("partition", config.name_of(row.partition));
    json.member("asks", model::number(row.broker));
    json.member("offset", row.offset);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

}  // namespace

void write_seconds(JsonWriter& json, std::string_view key, sim::Millis t) {
  json.key(key);
  json.raw(sim::seconds_text(t));
}

void write_silent(JsonWriter& json, const std::vector<sim::SilentWindow>& windows) {
  json.key("silent");
  json.begin_array();
  for (const sim::SilentWindow& window : windows) {
    json.begin_array();
    json.raw(sim::seconds_text(window.from));
    json.raw(sim::seconds_text(window.to));
    json.end_array();
  }
  json.end_array();
}

void write_readers(JsonWriter& json, const sim::Observed& observed, const model::ClusterConfig& config) {
  json.key("readers");
  json.begin_object();
  for (std::size_t i = 0; i < observed.readers.size(); ++i) {
    json.key(config.consumers[i].name);
    write_reader(json, observed.readers[i], config);
  }
  json.end_object();
}

}  // namespace reports
