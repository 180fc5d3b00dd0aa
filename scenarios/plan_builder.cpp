#include "scenarios/plan_builder.h"

#include <algorithm>
#include <array>

#include "model/rules.h"
#include "scenarios/consistency.h"
#include "scenarios/decode.h"
#include "scenarios/names.h"
#include "scenarios/places.h"
#include "scenarios/settings.h"
#include "scenarios/suggest.h"

namespace scenarios {
namespace {

using model::ClusterConfig;
using model::ConsumerConfig;
using model::ProducerConfig;
using model::TopicConfig;

constexpr std::size_t kNameMax = 64;

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameMax && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
                  c == '-';
         });
}
constexpr std::string_view kNameRule = "names have 1 to 64 letters, digits, dots, underscores and hyphens";

constexpr std::array<std::string_view, 2> kModes{"zookeeper", "kraft"};

void read_mode(const ClusterParts& parts, sim::Plan& plan, Problems& problems) {
  if (parts.mode == nullptr && parts.asked_mode.empty()) return;
  const Value& place = parts.mode != nullptr ? *parts.mode : *parts.whole;
  const auto mode =
      parts.asked_mode.empty() ? read_text(place, "\"mode\"", problems) : std::optional<std::string>(parts.asked_mode);
  if (!mode) return;
  if (std::find(kModes.begin(), kModes.end(), *mode) != kModes.end()) {
    plan.mode = *mode;
  } else {
    problems.error("unknown-mode", place, describe(place) + " is not a mode",
                   did_you_mean_or_list(*mode, kModes, "modes"));
  }
}

bool is_kraft(const sim::Plan& plan) { return plan.mode == "kraft"; }

bool runs_in(const model::Profile& profile, bool kraft) { return kraft ? profile.kraft : profile.zookeeper; }

const model::Profile& newest(bool kraft) {
  const model::Profile* found = nullptr;
  for (const model::Profile& profile : model::profiles()) {
    if (runs_in(profile, kraft)) found = &profile;
  }
  return *found;
}

const model::Profile* read_version(const ClusterParts& parts, const std::string& by_default, bool kraft,
                                   Problems& problems) {
  if (parts.version == nullptr) return model::find_profile(by_default);
  std::string list;
  for (const model::Profile& profile : model::profiles()) {
    if (!runs_in(profile, kraft)) continue;
    list += (list.empty() ? "\"" : ", \"") + std::string(profile.version) + "\"";
  }
  if (!parts.version->is_string()) {
    problems.error("wrong-type", *parts.version, "\"version\" is a string, not " + describe(*parts.version),
                   "versions: " + list);
    return nullptr;
  }
  const model::Profile* profile = model::find_profile(parts.version->text);
  if (profile == nullptr) {
    problems.error("unknown-version", *parts.version, describe(*parts.version) + " has no rules here",
                   "versions: " + list);
    return nullptr;
  }
  if (runs_in(*profile, kraft)) return profile;
  problems.error(
      "wrong-mode", *parts.version,
      "Kafka " + std::string(profile->version) + " does not run in " + (kraft ? "KRaft" : "ZooKeeper") + " mode",
      "versions that do: " + list);
  return nullptr;
}

void read_brokers(const ClusterParts& parts, const model::Profile& profile, sim::Plan& plan, Problems& problems) {
  ClusterConfig& config = plan.config;
  constexpr std::int64_t kByDefault = 3;
  std::optional<std::int64_t> count = kByDefault;
  if (parts.brokers != nullptr) count = read_integer(*parts.brokers, "\"brokers\"", 1, kBrokersMax, problems);
  model::BrokerSettings settings;
  if (profile.settings != nullptr) profile.settings(settings);
  if (parts.config != nullptr)
    apply_config(*parts.config, NodeSettings{settings, &config.quorum, is_kraft(plan)}, problems);
  // With a count that is wrong, the largest cluster keeps errors from following it.
  config.brokers.assign(static_cast<std::size_t>(count.value_or(kBrokersMax)), settings);
  if (parts.tick_ms != nullptr) {
    const auto tick = read_integer(*parts.tick_ms, "\"zookeeper_tick_ms\"", 1, 60'000, problems);
    if (tick) config.zookeeper_tick = model::milliseconds(*tick);
  }
  if (parts.other_partitions != nullptr) {
    const auto others = read_integer(*parts.other_partitions, "\"other_partitions\"", 0, kOtherPartitionsMax, problems);
    config.other_partitions.count = static_cast<std::int32_t>(others.value_or(0));
  }
  const std::string conflict = broker_conflict(settings);
  if (!conflict.empty() && parts.config != nullptr) problems.error("conflict", *parts.config, conflict);
}

void read_per_broker(const ClusterParts& parts, ClusterConfig& config, Problems& problems) {
  if (parts.per_broker == nullptr) return;
  if (!parts.per_broker->is_object()) {
    problems.error("wrong-type", *parts.per_broker,
                   "\"per_broker\" is an object of brokers and their keys, not " + describe(*parts.per_broker));
    return;
  }
  const Names names(config);
  for (const Member& member : parts.per_broker->members) {
    const auto node = names.node(member.key);
    if (!node || !config.is_broker(*node)) {
      std::vector<std::string> words;
      for (std::size_t i = 1; i <= config.brokers.size(); ++i) words.push_back("b" + std::to_string(i));
      const std::vector<std::string_view> views(words.begin(), words.end());
      problems.error_at_key("unknown-node", member, "\"" + member.key + "\" is not a broker",
                            did_you_mean_or_list(member.key, views, "brokers"));
      continue;
    }
    model::BrokerSettings& settings = config.brokers[static_cast<std::size_t>(*node) - 1];
    const bool was_fine = broker_conflict(settings).empty();
    std::string rack;
    apply_config(member.value, NodeSettings{settings, nullptr, config.is_kraft(), &rack}, problems);
    if (!rack.empty()) {
      config.racks.resize(config.brokers.size());
      config.racks[static_cast<std::size_t>(*node) - 1] = rack;
    }
    const std::string conflict = broker_conflict(settings);
    if (was_fine && !conflict.empty()) problems.error("conflict", member.value, conflict);
  }
}

// Three of their own, unless it says how many, or which brokers have both roles. They vote: until the producers are
// known, whose ids come first, the number is enough.
void read_controllers(const ClusterParts& parts, bool kraft, ClusterConfig& config, Problems& problems) {
  constexpr std::int32_t kByDefault = 3;
  if (!kraft) {
    for (const Value* part : {parts.controllers, parts.voters}) {
      // A file that is run in a mode other than its own says more than that mode needs.
      if (part == nullptr || !parts.asked_mode.empty()) continue;
      problems.error("wrong-mode", *part, "with ZooKeeper a broker is the controller; only KRaft mode has controllers",
                     "add \"mode\": \"kraft\" to the cluster");
    }
    return;
  }
  if (parts.tick_ms != nullptr) {
    problems.warning("no-effect", *parts.tick_ms, "\"zookeeper_tick_ms\" has no effect in KRaft mode");
  }
  if (parts.controllers == nullptr || !parts.controllers->is_array()) {
    std::optional<std::int64_t> count = parts.controller_count.value_or(kByDefault);
    if (parts.controllers != nullptr && parts.controllers->is_integer()) {
      count = read_integer(*parts.controllers, "\"controllers\"", 1, kControllersMax, problems);
    } else if (parts.controllers != nullptr) {
      problems.error("wrong-type", *parts.controllers,
                     "\"controllers\" is their number, or the list of brokers that are controllers as well, not " +
                         describe(*parts.controllers),
                     "write 3 or [\"b1\", \"b2\", \"b3\"]");
    }
    config.controllers = static_cast<std::int32_t>(count.value_or(kByDefault));
    for (std::int32_t i = 1; i <= config.controllers; ++i) config.voters.push_back(config.controller(i));
    return;
  }
  const Names names(config);
  for (const Value& item : parts.controllers->items) {
    const auto name = read_text(item, "a broker", problems);
    const auto broker = name ? names.find_broker(*name, item, problems) : std::nullopt;
    if (!broker) continue;
    if (config.voters.contains(*broker)) {
      problems.error("bad-value", item, "\"" + *name + "\" stands twice in the list");
      continue;
    }
    config.voters.push_back(*broker);
  }
  if (parts.controllers->items.empty()) {
    problems.error("out-of-range", *parts.controllers, "somebody must be controller",
                   "write 3 or [\"b1\", \"b2\", \"b3\"]");
  }
  if (config.voters.empty()) config.voters.push_back(model::NodeId{1});
}

// Once all ids are known.
void read_voters(const ClusterParts& parts, ClusterConfig& config, Problems& problems) {
  if (!config.is_kraft()) return;
  if (config.controllers > 0) {
    config.voters.clear();
    for (std::int32_t i = 1; i <= config.controllers; ++i) config.voters.push_back(config.controller(i));
  }
  if (parts.voters == nullptr) return;
  if (!parts.voters->is_array() || parts.voters->items.empty()) {
    problems.error("wrong-type", *parts.voters, "\"voters\" is a list of controllers, not " + describe(*parts.voters),
                   "write [\"c1\", \"c2\", \"c3\"]");
    return;
  }
  const Names names(config);
  model::Replicas chosen;
  for (const Value& item : parts.voters->items) {
    const auto name = read_text(item, "a controller", problems);
    const auto node = name ? names.find_controller(*name, item, problems) : std::nullopt;
    if (node && chosen.contains(*node)) {
      problems.error("bad-value", item, "\"" + *name + "\" stands twice in the list");
    } else if (node) {
      chosen.push_back(*node);
    }
  }
  const bool is_part = !chosen.empty() && chosen.size() < config.voters.size();
  if (is_part && config.quorum.kraft_version == 0) {
    problems.error("conflict", *parts.voters, "only with kraft.version 1 can voters be added later",
                   "add \"kraft.version\": 1 to the \"config\" of the cluster");
  }
  if (!chosen.empty()) config.voters = chosen;
}

std::optional<model::NodeId> read_replica(const Value& value, const Names& names, Problems& problems) {
  if (value.is_string()) return names.find_broker(value.text, value, problems);
  const auto brokers = static_cast<std::int64_t>(names.config().brokers.size());
  if (value.is_integer() && value.integer >= 1 && value.integer <= brokers) {
    return static_cast<model::NodeId>(value.integer);
  }
  problems.error("unknown-node", value, describe(value) + " is not a broker",
                 "brokers are numbered 1 to " + std::to_string(brokers));
  return std::nullopt;
}

// Always gives something to lead and follow, so that one mistake is one error.
model::Replicas read_assignment(const Value& value, const Names& names, Problems& problems) {
  model::Replicas replicas;
  if (!value.is_array() || value.items.empty() || value.items.size() > model::kReplicasMax) {
    problems.error("bad-assignment", value,
                   "a partition is a list of 1 to " + std::to_string(model::kReplicasMax) +
                       " brokers, the preferred leader first, not " + describe(value),
                   "write [1, 2, 3]");
  } else {
    for (const Value& item : value.items) {
      const auto replica = read_replica(item, names, problems);
      if (!replica) continue;
      if (replicas.contains(*replica)) {
        problems.error("bad-assignment", item, names.config().name_of(*replica) + " stands twice in one partition");
        continue;
      }
      replicas.push_back(*replica);
    }
  }
  if (replicas.empty()) replicas.push_back(model::NodeId{1});
  return replicas;
}

// Kafka's broker.rack, the other way round: who stands in which rack.
void read_racks(const ClusterParts& parts, ClusterConfig& config, Problems& problems) {
  if (parts.racks == nullptr) return;
  if (!parts.racks->is_object() || parts.racks->members.empty()) {
    problems.error("wrong-type", *parts.racks,
                   "\"racks\" is an object of racks and their brokers, not " + describe(*parts.racks),
                   "write {\"us-east\": [1, 2]}");
    return;
  }
  const Names names(config);
  config.racks.resize(config.brokers.size());
  for (const Member& member : parts.racks->members) {
    if (!is_name(member.key)) {
      problems.error_at_key("bad-name", member, "not a name of a rack", std::string(kNameRule));
      continue;
    }
    if (!member.value.is_array() || member.value.items.empty()) {
      problems.error("wrong-type", member.value, "a rack is a list of brokers, not " + describe(member.value),
                     "write [1, 2]");
      continue;
    }
    for (const Value& item : member.value.items) {
      if (is_other_server(item)) continue;  // see read_places
      const auto broker = read_replica(item, names, problems);
      if (!broker) continue;
      std::string& rack = config.racks[static_cast<std::size_t>(*broker) - 1];
      if (!rack.empty()) {
        problems.error("conflict", item, config.name_of(*broker) + " stands in \"" + rack + "\" already");
      }
      rack = member.key;
    }
  }
}

// Null, once it is reported, if they are no list of partitions or more than fit; `replicas`: of all topics so far.
const Value* usable_partitions(const TopicParts& parts, std::size_t& replicas, Problems& problems) {
  if (parts.partitions == nullptr) {
    problems.error("missing-key", parts.name_at, parts.name_end, "the topic has no \"partitions\"",
                   "write \"partitions\": [[1, 2, 3]]");
    return nullptr;
  }
  const Value& list = *parts.partitions;
  if (!list.is_array() || list.items.empty() || list.items.size() > kPartitionsMax) {
    problems.error("bad-assignment", list,
                   "\"partitions\" is a list of 1 to " + std::to_string(kPartitionsMax) +
                       " partitions, each a list of brokers, not " + describe(list),
                   "write [[1, 2, 3]]");
    return nullptr;
  }
  for (const Value& partition : list.items) replicas += partition.items.size();
  if (replicas > kReplicasInAllMax) {
    problems.error("out-of-range", list,
                   "at most " + std::to_string(kReplicasInAllMax) + " replicas of all partitions together");
    return nullptr;
  }
  return &list;
}

void read_topic(const TopicParts& parts, const Names& names, std::size_t& replicas, ClusterConfig& config,
                Problems& problems) {
  TopicConfig topic;
  topic.name = parts.name;
  topic.min_insync_replicas = config.brokers.front().min_insync_replicas;
  topic.unclean_leader_election_enable = config.brokers.front().unclean_leader_election_enable;
  topic.first_partition = static_cast<std::int32_t>(config.partitions.size());
  if (!is_name(parts.name)) {
    problems.error("bad-name", parts.name_at, parts.name_end, "not a topic name", std::string(kNameRule));
  }
  if (const Value* partitions = usable_partitions(parts, replicas, problems)) {
    for (const Value& item : partitions->items) topic.assignment.push_back(read_assignment(item, names, problems));
  }
  if (topic.assignment.empty()) topic.assignment.push_back(model::Replicas{model::NodeId{1}});
  if (parts.config != nullptr) apply_config(*parts.config, topic, problems);
  const auto id = static_cast<model::TopicId>(config.topics.size());
  for (std::size_t i = 0; i < topic.assignment.size(); ++i) {
    config.partitions.push_back({id, static_cast<std::int32_t>(i)});
  }
  config.topics.push_back(std::move(topic));
}

void read_topics(const ClusterParts& parts, ClusterConfig& config, Problems& problems) {
  if (parts.topics.size() > kTopicsMax) {
    const TopicParts& first_beyond = parts.topics[kTopicsMax];
    problems.error("out-of-range", first_beyond.name_at, first_beyond.name_end,
                   "at most " + std::to_string(kTopicsMax) + " topics");
  }
  ClusterConfig brokers_only;
  brokers_only.brokers = config.brokers;
  const Names names(brokers_only);
  const std::size_t count = std::min(parts.topics.size(), kTopicsMax);
  std::size_t replicas = 0;
  for (std::size_t i = 0; i < count; ++i) read_topic(parts.topics[i], names, replicas, config, problems);
}

std::optional<model::Acks> read_acks(const Value& value, Problems& problems) {
  const bool is_all = value.is_string() && (value.text == "all" || value.text == "-1");
  if (is_all || (value.is_integer() && value.integer == -1)) return model::Acks::all;
  const bool is_scalar = value.is_integer() || value.is_string();
  if (is_scalar && value.text == "0") return model::Acks::none;
  if (is_scalar && value.text == "1") return model::Acks::leader;
  problems.error("bad-value", value, "\"acks\" is 0, 1 or \"all\", not " + describe(value));
  return std::nullopt;
}

std::string read_client_name(const Value& at, std::string_view what, const ClusterConfig& config, Problems& problems) {
  const auto name = read_text(at, what, problems);
  if (!name) return {};
  constexpr std::array<std::string_view, 4> kTaken{"none", "controller", "brokers", "all"};
  const Names names(config);
  if (!is_name(*name)) {
    problems.error("bad-name", at, "not a name", std::string(kNameRule));
  } else if (names.node(*name)) {
    problems.error("bad-name", at, "\"" + *name + "\" is already a node", "choose another name");
  } else if (std::find(kTaken.begin(), kTaken.end(), *name) != kTaken.end()) {
    problems.error("bad-name", at, "\"" + *name + "\" means something else in a scenario", "choose another name");
  }
  return *name;
}

// `question`: what is asked if there are several topics and none is named.
model::TopicId read_client_topic(const Value* topic, const Value& client, const std::string& question,
                                 const ClusterConfig& config, Problems& problems) {
  if (topic == nullptr) {
    if (config.topics.size() != 1) problems.error("missing-key", client, question, "add \"topic\"");
    return {};
  }
  const auto name = read_text(*topic, "\"topic\"", problems);
  const auto found = name ? Names(config).find_topic(*name, *topic, problems) : std::nullopt;
  return found.value_or(model::TopicId{});
}

void read_producer_props(const ProducerParts& parts, const ClusterParts& cluster, ProducerConfig& producer,
                         Problems& problems) {
  if (cluster.producer_retries) producer.retries = *cluster.producer_retries;
  if (cluster.producer_linger) producer.linger = *cluster.producer_linger;
  ExplicitKeys set;
  if (parts.props != nullptr) {
    apply_config(*parts.props, producer, problems);
    set.idempotence = parts.props->find("enable.idempotence") != nullptr;
    set.delivery_timeout = parts.props->find("delivery.timeout.ms") != nullptr;
  }
  const std::string conflict = settle_producer(producer, set);
  if (!conflict.empty() && parts.props != nullptr) problems.error("conflict", *parts.props, conflict);
}

sim::Time read_client_start(const Value* start, const ClusterParts& cluster, const sim::Plan& plan,
                            Problems& problems) {
  if (start == nullptr) return {};
  const DurationRange range{{0}, {plan.until.us}};
  const auto at = cluster.plain_seconds ? read_seconds(*start, "\"start\"", range, problems)
                                        : read_duration(*start, "\"start\"", range, problems);
  return {at.value_or(model::Duration{0}).us};
}

void read_producer(const ProducerParts& parts, const ClusterParts& cluster, const model::Profile& profile,
                   sim::Plan& plan, Problems& problems) {
  ProducerConfig producer;
  if (profile.producer != nullptr) profile.producer(producer);
  producer.name = read_client_name(*parts.name, "a producer's name", plan.config, problems);
  producer.topic =
      read_client_topic(parts.topic, *parts.name, "which topic does the producer write to?", plan.config, problems);
  if (parts.acks != nullptr) producer.acks = read_acks(*parts.acks, problems).value_or(producer.acks);
  if (parts.rate != nullptr) producer.interval = read_rate(*parts.rate, problems).value_or(producer.interval);
  read_producer_props(parts, cluster, producer, problems);
  sim::Start start;
  start.node = static_cast<model::NodeId>(1 + plan.config.brokers.size() + plan.config.producers.size());
  start.at = read_client_start(parts.start, cluster, plan, problems);
  const std::int64_t until_end = (plan.until.us - start.at.us) / producer.interval.us + 1;
  producer.count = static_cast<std::int32_t>(std::min(until_end, kRecordsMax));
  if (parts.count == nullptr && until_end > kRecordsMax) {
    problems.error("missing-key", *parts.name,
                   "until the end this producer would send more than " + std::to_string(kRecordsMax) + " records",
                   "add \"count\"");
  }
  if (parts.count != nullptr) {
    const auto count = read_integer(*parts.count, "\"count\"", 1, kRecordsMax, problems);
    producer.count = static_cast<std::int32_t>(count.value_or(1));
  }
  plan.config.producers.push_back(std::move(producer));
  plan.starts.push_back(start);
}

// Once all ids are known: consumers' come last.
void read_consumer(const ConsumerParts& parts, const ClusterParts& cluster, sim::Plan& plan, Problems& problems) {
  ConsumerConfig consumer;
  consumer.name = read_client_name(*parts.name, "a consumer's name", plan.config, problems);
  consumer.topic =
      read_client_topic(parts.topic, *parts.name, "which topic does the consumer read?", plan.config, problems);
  if (parts.props != nullptr) apply_config(*parts.props, consumer, problems);
  sim::Start start;
  start.node = static_cast<model::NodeId>(plan.config.node_count());
  start.at = read_client_start(parts.start, cluster, plan, problems);
  plan.config.consumers.push_back(std::move(consumer));
  plan.starts.push_back(start);
}

// How many of them are read; one too many is a mistake.
template <typename Parts>
std::size_t count_of(const std::vector<Parts>& parts, std::size_t most, const std::string& what, Problems& problems) {
  if (parts.size() <= most) return parts.size();
  problems.error("out-of-range", *parts[most].name, "at most " + std::to_string(most) + " " + what);
  return most;
}

}  // namespace

std::span<const std::string_view> modes() { return kModes; }

void build_cluster(const ClusterParts& parts, sim::Plan& plan, Problems& problems) {
  read_mode(parts, plan, problems);
  const model::Profile* profile = read_version(parts, plan.version, is_kraft(plan), problems);
  // Whatever the version should have been, the rest is judged by the newest one's defaults.
  const model::Profile& known = profile != nullptr ? *profile : newest(is_kraft(plan));
  plan.version = known.version;
  plan.rules = *known.rules;
  read_brokers(parts, known, plan, problems);
  read_controllers(parts, is_kraft(plan), plan.config, problems);
  read_topics(parts, plan.config, problems);
  read_per_broker(parts, plan.config, problems);
  read_racks(parts, plan.config, problems);
  const std::size_t producers = count_of(parts.producers, kProducersMax, "producers", problems);
  const std::size_t consumers = count_of(parts.consumers, kConsumersMax, "consumers", problems);
  for (std::size_t i = 0; i < producers; ++i) read_producer(parts.producers[i], parts, known, plan, problems);
  read_voters(parts, plan.config, problems);
  for (std::size_t i = 0; i < consumers; ++i) read_consumer(parts.consumers[i], parts, plan, problems);
  read_places(parts, plan, problems);
}

}  // namespace scenarios
