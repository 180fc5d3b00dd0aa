#include "scenarios/places.h"

#include <algorithm>
#include <array>
#include <string>

#include "scenarios/decode.h"
#include "scenarios/names.h"
#include "scenarios/suggest.h"

namespace scenarios {
namespace {

constexpr std::array<std::string_view, 4> kLatencyKeys{"between", "jitter", "note", "takes"};
constexpr model::Duration kLatencyMax = model::seconds(10);

void place_servers(const ClusterParts& parts, sim::Plan& plan, Problems& problems) {
  for (std::size_t i = 0; i < plan.config.racks.size(); ++i) plan.places[i + 1] = plan.config.racks[i];
  if (parts.racks == nullptr || !parts.racks->is_object()) return;
  const Names names(plan.config);
  for (const Member& rack : parts.racks->members) {
    for (const Value& item : rack.value.items) {
      if (!is_other_server(item)) continue;
      const auto node = names.find_node(item.text, item, problems);
      if (node) plan.places[static_cast<std::size_t>(*node)] = rack.key;
    }
  }
}

void place_client(const Value* rack, const std::string& otherwise, std::size_t node, sim::Plan& plan,
                  Problems& problems) {
  plan.places[node] = otherwise;
  const auto name = rack != nullptr ? read_text(*rack, "\"rack\"", problems) : std::nullopt;
  if (name) plan.places[node] = *name;
}

std::vector<std::string_view> known_racks(const sim::Plan& plan) {
  std::vector<std::string_view> racks;
  for (const std::string& place : plan.places) {
    if (!place.empty() && std::find(racks.begin(), racks.end(), place) == racks.end()) racks.push_back(place);
  }
  return racks;
}

// Both ways between all that stand in the two racks, or in the one.
void set_ways(const std::string& a, const std::string& b, sim::Latency latency, sim::Plan& plan) {
  const std::size_t nodes = plan.config.node_count();
  for (std::size_t from = 0; from < nodes; ++from) {
    for (std::size_t to = 0; to < nodes; ++to) {
      const bool is_between =
          (plan.places[from] == a && plan.places[to] == b) || (plan.places[from] == b && plan.places[to] == a);
      if (is_between && from != to) plan.links.by_way[from * nodes + to] = latency;
    }
  }
}

void read_latency(const Value& row, sim::Plan& plan, Problems& problems) {
  const Value* between = row.is_object() ? row.find("between") : nullptr;
  const Value* takes = row.is_object() ? row.find("takes") : nullptr;
  if (between == nullptr || takes == nullptr || !between->is_array() || between->items.size() != 2) {
    problems.error("wrong-type", row, "a latency says between which racks it is and how long a packet takes",
                   "write {\"between\": [\"us-east\", \"jp-tokyo\"], \"takes\": \"75ms\", \"jitter\": \"5ms\"}");
    return;
  }
  check_keys(row, kLatencyKeys, "a latency", problems);
  const std::vector<std::string_view> racks = known_racks(plan);
  std::vector<std::string> ends;
  for (const Value& item : between->items) {
    const auto rack = read_text(item, "a rack", problems);
    if (!rack) continue;
    if (std::find(racks.begin(), racks.end(), *rack) != racks.end()) {
      ends.push_back(*rack);
    } else {
      problems.error("unknown-rack", item, "nobody stands in \"" + *rack + "\"",
                     did_you_mean_or_list(*rack, racks, "racks"));
    }
  }
  const auto usual = read_duration(*takes, "\"takes\"", {model::microseconds(1), kLatencyMax}, problems);
  const Value* spread = row.find("jitter");
  const auto jitter = spread == nullptr || !usual
                          ? std::optional<model::Duration>(model::Duration{})
                          : read_duration(*spread, "\"jitter\"", {model::Duration{}, *usual}, problems);
  if (ends.size() == 2 && usual && jitter) set_ways(ends[0], ends[1], {*usual - *jitter, *usual + *jitter}, plan);
}

}  // namespace

bool is_other_server(const Value& item) {
  if (!item.is_string() || item.text.empty()) return false;
  const bool is_controller =
      item.text.size() > 1 && item.text[0] == 'c' && item.text.find_first_not_of("0123456789", 1) == std::string::npos;
  return is_controller || item.text == "zookeeper";
}

void read_places(const ClusterParts& parts, sim::Plan& plan, Problems& problems) {
  const model::ClusterConfig& config = plan.config;
  plan.places.assign(config.node_count(), "");
  place_servers(parts, plan, problems);
  for (std::size_t i = 0; i < config.producers.size(); ++i) {
    place_client(parts.producers[i].rack, "", 1 + config.brokers.size() + i, plan, problems);
  }
  for (std::size_t i = 0; i < config.consumers.size(); ++i) {
    place_client(parts.consumers[i].rack, config.consumers[i].client_rack, config.first_consumer() + i, plan, problems);
  }
  if (known_racks(plan).empty()) plan.places.clear();
  if (parts.latency == nullptr) return;
  if (!parts.latency->is_array()) {
    problems.error("wrong-type", *parts.latency, "\"latency\" is a list, not " + describe(*parts.latency));
    return;
  }
  if (plan.places.empty()) {
    problems.error("conflict", *parts.latency, "latencies are between racks, and there are none",
                   "write \"racks\": {\"us-east\": [1, 2]}");
    return;
  }
  const std::size_t nodes = config.node_count();
  plan.links.by_way.assign(nodes * nodes, {plan.links.latency_min, plan.links.latency_max});
  for (const Value& row : parts.latency->items) read_latency(row, plan, problems);
}

}  // namespace scenarios
