#include "scenarios/loader.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>

#include "scenarios/decode.h"
#include "scenarios/expectations.h"
#include "scenarios/faults.h"
#include "scenarios/json_value.h"
#include "scenarios/names.h"
#include "scenarios/plan_builder.h"
#include "scenarios/suggest.h"

namespace scenarios {
namespace {

constexpr std::array<std::string_view, 10> kScenarioKeys{
    "$schema", "clients", "cluster", "expect", "exposes", "faults", "note", "story", "title", "until",
};
constexpr std::array<std::string_view, 14> kClusterKeys{
    "boot",  "brokers", "config",  "controllers", "latency",           "mode", "note", "other_partitions", "per_broker",
    "racks", "topics",  "version", "voters",      "zookeeper_tick_ms",
};
constexpr std::array<std::string_view, 9> kProducerKeys{
    "acks", "count", "note", "producer", "props", "rack", "rate", "start", "topic",
};
constexpr std::array<std::string_view, 3> kTopicKeys{"config", "note", "partitions"};
constexpr std::array<std::string_view, 6> kConsumerKeys{"consumer", "note", "props", "rack", "start", "topic"};

void read_header(const Value& root, const LoadOptions& options, sim::Plan& plan, Problems& problems) {
  if (const Value* title = root.find("title")) plan.title = read_text(*title, "\"title\"", problems).value_or("");
  if (const Value* story = root.find("story")) plan.story = read_text(*story, "\"story\"", problems).value_or("");
  if (const Value* schema = root.find("$schema")) read_text(*schema, "\"$schema\"", problems);
  if (const Value* until = root.find("until")) {
    const auto end = read_duration(*until, "\"until\"", {model::milliseconds(1), kUntilMax}, problems);
    // With an end that is wrong, the largest keeps errors from following it.
    plan.until.us = end.value_or(kUntilMax).us;
  }
  const Value* exposes = options.without_expectations ? nullptr : root.find("exposes");
  if (exposes != nullptr) read_exposes(*exposes, plan, problems);
}

TopicParts topic_parts(const Member& member, Problems& problems) {
  TopicParts topic;
  topic.name = member.key;
  topic.name_at = member.key_at;
  topic.name_end = member.key_end;
  if (member.value.is_object()) {
    check_keys(member.value, kTopicKeys, "a topic", problems);
    topic.partitions = member.value.find("partitions");
    topic.config = member.value.find("config");
  } else {
    topic.partitions = &member.value;  // reported there as no list of partitions, unless it is one
  }
  return topic;
}

void read_cluster_parts(const Value& cluster, ClusterParts& parts, bool& together, Problems& problems) {
  check_keys(cluster, kClusterKeys, "the cluster", problems);
  parts.mode = cluster.find("mode");
  parts.version = cluster.find("version");
  parts.brokers = cluster.find("brokers");
  parts.controllers = cluster.find("controllers");
  parts.voters = cluster.find("voters");
  parts.tick_ms = cluster.find("zookeeper_tick_ms");
  parts.other_partitions = cluster.find("other_partitions");
  parts.config = cluster.find("config");
  parts.per_broker = cluster.find("per_broker");
  parts.racks = cluster.find("racks");
  parts.latency = cluster.find("latency");
  if (const Value* boot = cluster.find("boot")) {
    constexpr std::array<std::string_view, 2> kBoots{"in_turn", "together"};
    const auto word = read_text(*boot, "\"boot\"", problems);
    if (word && std::find(kBoots.begin(), kBoots.end(), *word) == kBoots.end()) {
      problems.error("bad-value", *boot, describe(*boot) + " is not a way to boot",
                     did_you_mean_or_list(*word, kBoots, "known"));
    }
    together = word == "together";
  }
  const Value* topics = cluster.find("topics");
  if (topics == nullptr) return;
  if (!topics->is_object()) {
    problems.error("wrong-type", *topics, "\"topics\" is an object of topics by name, not " + describe(*topics),
                   "write {\"t\": {\"partitions\": [[1, 2, 3]]}}");
    return;
  }
  for (const Member& member : topics->members) parts.topics.push_back(topic_parts(member, problems));
}

void read_client(const Value& client, ClusterParts& parts, Problems& problems) {
  if (!client.is_object()) {
    problems.error("wrong-type", client, "a client is an object, not " + describe(client));
    return;
  }
  if (client.find("consumer") != nullptr) {
    for (const Member& member : client.members) {
      const auto is_in = [&](std::span<const std::string_view> keys) {
        return std::find(keys.begin(), keys.end(), member.key) != keys.end();
      };
      if (is_in(kConsumerKeys) || !is_in(kProducerKeys)) continue;
      problems.error_at_key("unknown-key", member, "\"" + member.key + "\" is a producer's, not a consumer's");
      return;
    }
    check_keys(client, kConsumerKeys, "a consumer", problems);
    parts.consumers.push_back({client.find("consumer"), client.find("topic"), client.find("start"),
                               client.find("props"), client.find("rack")});
    return;
  }
  check_keys(client, kProducerKeys, "a client", problems);
  ProducerParts producer;
  producer.name = client.find("producer");
  producer.topic = client.find("topic");
  producer.acks = client.find("acks");
  producer.rate = client.find("rate");
  producer.start = client.find("start");
  producer.count = client.find("count");
  producer.props = client.find("props");
  producer.rack = client.find("rack");
  if (producer.name == nullptr) {
    problems.error("missing-key", client, "the client has no name", "add \"producer\": \"p1\" or \"consumer\": \"c\"");
    return;
  }
  parts.producers.push_back(producer);
}

void check_top_level(const Value& root, Problems& problems) {
  for (const Member& member : root.members) {
    if (std::find(kScenarioKeys.begin(), kScenarioKeys.end(), member.key) != kScenarioKeys.end()) continue;
    const bool is_expectation = member.key == "violates" || member.key == "never" || member.key == "fact";
    if (is_expectation) {
      problems.error_at_key("unknown-key", member, "\"" + member.key + "\" is an expectation",
                            "write it in \"expect\": [{\"" + member.key + "\": ...}]");
      continue;
    }
    problems.error_at_key("unknown-key", member, "\"" + member.key + "\" is not a member of a scenario",
                          did_you_mean_or_list(member.key, kScenarioKeys, "known"));
  }
}

void read_scenario(const Value& root, const LoadOptions& options, sim::Plan& plan, Problems& problems) {
  if (!root.is_object()) {
    problems.error("wrong-type", root, "a scenario is an object, not " + describe(root));
    return;
  }
  check_top_level(root, problems);
  read_header(root, options, plan, problems);
  ClusterParts parts;
  parts.whole = &root;
  parts.asked_mode = options.mode;
  bool together = false;
  if (const Value* cluster = root.find("cluster"); cluster == nullptr) {
    problems.error("missing-key", root.at, root.at.offset + 1, "the scenario has no \"cluster\"",
                   "add \"cluster\": {\"version\": \"3.9\", \"brokers\": 3}");
  } else if (!cluster->is_object()) {
    problems.error("wrong-type", *cluster, "\"cluster\" is an object, not " + describe(*cluster));
  } else {
    read_cluster_parts(*cluster, parts, together, problems);
  }
  if (const Value* clients = root.find("clients"); clients != nullptr && !clients->is_array()) {
    problems.error("wrong-type", *clients, "\"clients\" is a list, not " + describe(*clients));
  } else if (clients != nullptr) {
    for (const Value& client : clients->items) read_client(client, parts, problems);
  }
  build_cluster(parts, plan, problems);
  const Names names(plan.config);
  if (const Value* faults = root.find("faults")) read_faults(*faults, names, plan, problems);
  const Value* expect = options.without_expectations ? nullptr : root.find("expect");
  if (expect != nullptr) read_expectations(*expect, names, plan, problems);
  add_boot(plan, together);
}

std::string_view last_component(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

Result<sim::Plan> unreadable(const std::string& path, std::string message) {
  Problem problem;
  problem.file = path;
  problem.code = "no-file";
  problem.message = std::move(message);
  return {{}, {problem}, {}};
}

}  // namespace

std::span<const std::string_view> scenario_keys() { return kScenarioKeys; }
std::span<const std::string_view> cluster_keys() { return kClusterKeys; }
std::span<const std::string_view> consumer_keys() { return kConsumerKeys; }
std::span<const std::string_view> producer_keys() { return kProducerKeys; }

Result<sim::Plan> load_scenario(std::string_view file_name, std::string_view text, const LoadOptions& options) {
  const Source source(file_name, text);
  Problems problems(source);
  sim::Plan plan;
  plan.file = last_component(file_name);
  if (const auto root = parse_json(problems)) read_scenario(*root, options, plan, problems);
  return problems.finish(std::move(plan));
}

Result<sim::Plan> load_scenario_file(const std::string& path, const LoadOptions& options) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (file == nullptr) return unreadable(path, "cannot open the file");
  std::string text;
  std::array<char, 65'536> buffer;
  // One block beyond the limit is enough for the parser to refuse it.
  while (text.size() <= kTextBytesMax) {
    const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file.get());
    text.append(buffer.data(), count);
    if (count == 0) break;
  }
  if (std::ferror(file.get()) != 0) return unreadable(path, "cannot read the file");
  return load_scenario(path, text, options);
}

}  // namespace scenarios
