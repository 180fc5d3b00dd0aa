#include "scenarios/recordings.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>

#include "scenarios/decode.h"
#include "scenarios/faults.h"
#include "scenarios/json_value.h"
#include "scenarios/plan_builder.h"
#include "scenarios/recording_reader.h"
#include "scenarios/source.h"
#include "scenarios/suggest.h"

namespace scenarios {
namespace {

constexpr std::array<std::string_view, 22> kKeys = {
    "name",          "recorded_from",  "version",    "mode",      "brokers",   "controllers", "zookeeper_tick_ms",
    "broker_config", "per_broker",     "topics",     "producers", "consumers", "faults",      "end",
    "environment",   "metadata_facts", "node_facts", "clients",   "readers",   "final_logs",  "$schema",
    "note",
};
constexpr std::array<std::string_view, 3> kTopicKeys = {"assignment", "config", "name"};
constexpr std::array<std::string_view, 7> kProducerKeys = {
    "acks", "count", "name", "props", "rate", "start", "topic",
};
constexpr std::array<std::string_view, 4> kConsumerKeys = {"name", "props", "start", "topic"};
constexpr std::array<std::string_view, 3> kNodeFaultKeys = {"t", "what", "who"};
constexpr std::array<std::string_view, 5> kCutKeys = {"from", "oneway", "t", "to", "what"};
constexpr std::array<std::string_view, 5> kElectKeys = {"partition", "t", "topic", "type", "what"};
constexpr std::array<std::string_view, 3> kTopicFaultKeys = {"t", "topic", "what"};
constexpr std::array<std::string_view, 2> kBareFaultKeys = {"t", "what"};
constexpr std::array<std::string_view, 6> kEnvironmentKeys = {
    "controller_at_0", "first_ack", "first_fetch", "quorum_leader_at_0", "starts", "topics_created",
};
constexpr std::array<std::string_view, 5> kStartKeys = {"isr_check_from", "node", "registered", "started", "up"};
constexpr std::array<std::string_view, 4> kObserved = {"metadata_facts", "node_facts", "clients", "final_logs"};

struct FaultWord {
  std::string_view what;
  sim::FaultKind kind;
};
constexpr std::array<FaultWord, 10> kFaults = {{
    {"crash", sim::FaultKind::crash},
    {"stop", sim::FaultKind::stop},
    {"start", sim::FaultKind::start},
    {"pause", sim::FaultKind::pause},
    {"resume", sim::FaultKind::resume},
    {"cut", sim::FaultKind::cut},
    {"heal", sim::FaultKind::heal},
    {"elect", sim::FaultKind::elect},
    {"move_controller", sim::FaultKind::move_controller},
    {"create_topic", sim::FaultKind::create_topic},
}};
// The recorder knows these; the model does not.
constexpr std::array<std::string_view, 4> kUnmodelledFaults = {"delay", "undelay", "wipe", "config"};

std::optional<sim::FaultKind> fault_named(std::string_view what) {
  for (const FaultWord& word : kFaults) {
    if (word.what == what) return word.kind;
  }
  return std::nullopt;
}

bool is_kraft(const Value& recording) {
  const Value* mode = recording.find("mode");
  return mode != nullptr && mode->is_string() && mode->text == "kraft";
}

// --- set-up --------------------------------------------------------------------------------------

void read_topics(const Value& topics, ClusterParts& parts, RecordingReader::Unknown& unknown, RecordingReader& reader) {
  for (const Value& topic : topics.items) {
    const Value* name = reader.need(topic, "name", Value::Kind::string);
    const Value* assignment = reader.need(topic, "assignment", Value::Kind::array);
    check_keys(topic, kTopicKeys, "a topic", reader.problems());
    if (name == nullptr || assignment == nullptr) {
      unknown.topics = true;
      continue;
    }
    const bool is_second = std::any_of(parts.topics.begin(), parts.topics.end(),
                                       [&](const TopicParts& other) { return other.name == name->text; });
    if (is_second) reader.problems().error("bad-name", *name, describe(*name) + " is the name of two topics");
    parts.topics.push_back({name->text, name->at, name->end, assignment, topic.find("config")});
  }
}

void read_producers(const Value& rows, ClusterParts& parts, RecordingReader::Unknown& unknown,
                    RecordingReader& reader) {
  for (const Value& row : rows.items) {
    const Value* name = reader.need(row, "name", Value::Kind::string);
    check_keys(row, kProducerKeys, "a producer", reader.problems());
    if (name == nullptr) {
      unknown.producers = true;
      continue;
    }
    parts.producers.push_back({name, row.find("topic"), row.find("acks"), row.find("rate"), row.find("start"),
                               row.find("count"), row.find("props"), nullptr});
  }
}

void read_consumers(const Value& rows, ClusterParts& parts, RecordingReader::Unknown& unknown,
                    RecordingReader& reader) {
  for (const Value& row : rows.items) {
    const Value* name = reader.need(row, "name", Value::Kind::string);
    check_keys(row, kConsumerKeys, "a consumer", reader.problems());
    if (name == nullptr) {
      unknown.consumers = true;
      continue;
    }
    parts.consumers.push_back({name, row.find("topic"), row.find("start"), row.find("props"), nullptr});
  }
}

// Their ids are 101, 102, ... in order.
std::optional<std::int32_t> controllers_of(const Value& recording, RecordingReader& reader) {
  const Value* ids = reader.need(recording, "controllers", Value::Kind::array);
  if (ids == nullptr) return std::nullopt;
  const auto count = static_cast<std::int64_t>(ids->items.size());
  if (count < 1 || count > kControllersMax) {
    reader.problems().error("out-of-range", *ids, "there are 1 to " + std::to_string(kControllersMax) + " controllers");
    return std::nullopt;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const Value& id = ids->items[static_cast<std::size_t>(i)];
    if (id.is_integer() && id.integer == 101 + i) continue;
    reader.problems().error("unknown-node", id, "controllers have the ids 101, 102, ... in this order");
  }
  return static_cast<std::int32_t>(count);
}

// Without a mode or version that is none: refusal_of speaks of them.
ClusterParts parts_of(const Value& recording, RecordingReader::Unknown& unknown, RecordingReader& reader) {
  ClusterParts parts;
  parts.whole = &recording;
  const Value* version = recording.find("version");
  if (version != nullptr && version->is_string()) parts.version = version;
  if (is_kraft(recording)) {
    parts.mode = recording.find("mode");
    parts.controller_count = controllers_of(recording, reader);
  }
  parts.brokers = reader.need(recording, "brokers");
  parts.tick_ms = recording.find("zookeeper_tick_ms");
  parts.config = recording.find("broker_config");
  parts.per_broker = recording.find("per_broker");
  parts.plain_seconds = true;
  parts.producer_retries = 0;
  parts.producer_linger = model::Duration{};
  const Value* topics = reader.need(recording, "topics", Value::Kind::array);
  unknown.topics = topics == nullptr;
  if (topics != nullptr) read_topics(*topics, parts, unknown, reader);
  const Value* producers = reader.maybe(recording, "producers", Value::Kind::array);
  unknown.producers = producers == nullptr && recording.find("producers") != nullptr;
  if (producers != nullptr) read_producers(*producers, parts, unknown, reader);
  const Value* consumers = reader.maybe(recording, "consumers", Value::Kind::array);
  unknown.consumers = consumers == nullptr && recording.find("consumers") != nullptr;
  if (consumers != nullptr) read_consumers(*consumers, parts, unknown, reader);
  return parts;
}

// --- faults --------------------------------------------------------------------------------------

// "zk", "b1", "c1"; "app" is the host of all clients.
void add_nodes(const Value& name, std::vector<sim::Target>& targets, RecordingReader& reader) {
  const model::ClusterConfig& config = reader.config();
  const auto add = [&](model::NodeId node) {
    sim::Target target;
    target.node = node;
    target.text = config.name_of(node);
    targets.push_back(std::move(target));
  };
  if (name.is_string() && name.text == "zk" && !config.is_kraft()) return add(model::kZooKeeper);
  if (name.is_string() && name.text == "app") {
    for (std::size_t i = 1; i < config.node_count(); ++i) {
      const auto client = model::NodeId(static_cast<std::uint8_t>(i));
      if (config.is_producer(client) || config.is_consumer(client)) add(client);
    }
    return;
  }
  if (const auto server = reader.server_named(name)) add(*server);
}

std::vector<sim::Target> read_nodes(const Value& row, std::string_view key, RecordingReader& reader) {
  std::vector<sim::Target> targets;
  const Value* names = reader.need(row, key, Value::Kind::array);
  if (names == nullptr) return targets;
  for (const Value& name : names->items) add_nodes(name, targets, reader);
  if (names->items.empty()) reader.problems().error("out-of-range", *names, "names at least one node");
  return targets;
}

std::string names_of(const std::vector<sim::Target>& targets) {
  std::string text;
  for (const sim::Target& target : targets) text += " " + target.text;
  return text;
}

void read_elect(const Value& row, sim::Fault& fault, RecordingReader& reader) {
  const Value* topic = reader.need(row, "topic", Value::Kind::string);
  const auto id = topic != nullptr ? reader.topic_named(*topic) : std::nullopt;
  if (!id) return;
  if (const Value* type = reader.maybe(row, "type", Value::Kind::string)) {
    fault.unclean = type->text == "unclean";
    if (type->text != "unclean" && type->text != "preferred") {
      reader.problems().error("out-of-range", *type, "an election is \"preferred\" or \"unclean\"");
    }
  }
  std::int64_t number = 0;
  if (const Value* partition = reader.maybe(row, "partition", Value::Kind::integer)) {
    number = partition->integer;
    const auto& assignment = reader.config().topics[model::index(*id)].assignment;
    if (number < 0 || number >= static_cast<std::int64_t>(assignment.size())) {
      reader.problems().error("unknown-partition", *partition, "the topic has no such partition");
      return;
    }
  }
  fault.partition = reader.config().partition_of(*id, static_cast<std::int32_t>(number));
  fault.text += (fault.unclean ? " unclean " : " preferred ") + reader.config().name_of(fault.partition);
}

std::span<const std::string_view> keys_of(sim::FaultKind kind) {
  switch (kind) {
    case sim::FaultKind::crash:
    case sim::FaultKind::stop:
    case sim::FaultKind::start:
    case sim::FaultKind::pause:
    case sim::FaultKind::resume:
      return kNodeFaultKeys;
    case sim::FaultKind::cut:
      return kCutKeys;
    case sim::FaultKind::elect:
      return kElectKeys;
    case sim::FaultKind::create_topic:
      return kTopicFaultKeys;
    case sim::FaultKind::heal:
    case sim::FaultKind::move_controller:
    case sim::FaultKind::power_loss:
    case sim::FaultKind::delay:
    case sim::FaultKind::lose:
    case sim::FaultKind::reset:
    case sim::FaultKind::wipe:
    case sim::FaultKind::slow_disk:
    case sim::FaultKind::clock_rate:
    case sim::FaultKind::expire_session:
    case sim::FaultKind::alter_config:
    case sim::FaultKind::reassign:
    case sim::FaultKind::add_voter:
    case sim::FaultKind::remove_voter:
      break;
  }
  return kBareFaultKeys;
}

void read_details(const Value& row, sim::Fault& fault, RecordingReader& reader) {
  switch (fault.kind) {
    case sim::FaultKind::crash:
    case sim::FaultKind::stop:
    case sim::FaultKind::start:
    case sim::FaultKind::pause:
    case sim::FaultKind::resume:
      fault.who = read_nodes(row, "who", reader);
      fault.text += names_of(fault.who);
      return;
    case sim::FaultKind::cut:
      fault.from = read_nodes(row, "from", reader);
      fault.to = read_nodes(row, "to", reader);
      if (const Value* one_way = reader.maybe(row, "oneway", Value::Kind::boolean)) fault.one_way = one_way->boolean;
      fault.text += names_of(fault.from) + (fault.one_way ? " to" : " from") + names_of(fault.to);
      return;
    case sim::FaultKind::elect:
      return read_elect(row, fault, reader);
    case sim::FaultKind::create_topic:
      if (const Value* topic = reader.need(row, "topic", Value::Kind::string)) {
        if (const auto id = reader.topic_named(*topic)) fault.topic = *id;
        fault.text += " " + topic->text;
      }
      return;
    case sim::FaultKind::heal:
    case sim::FaultKind::move_controller:
    case sim::FaultKind::power_loss:
    case sim::FaultKind::delay:
    case sim::FaultKind::lose:
    case sim::FaultKind::reset:
    case sim::FaultKind::wipe:
    case sim::FaultKind::slow_disk:
    case sim::FaultKind::clock_rate:
    case sim::FaultKind::expire_session:
    case sim::FaultKind::alter_config:
    case sim::FaultKind::reassign:
    case sim::FaultKind::add_voter:
    case sim::FaultKind::remove_voter:
      return;
  }
}

void read_faults(const Value& rows, sim::Recording& recording, RecordingReader& reader) {
  if (rows.items.size() > kFaultsMax) {
    reader.problems().error("out-of-range", rows.items[kFaultsMax],
                            "at most " + std::to_string(kFaultsMax) + " faults");
    return;
  }
  for (const Value& row : rows.items) {
    const auto t = reader.need_millis(row, "t");
    const Value* what = reader.need(row, "what", Value::Kind::string);
    if (t && (*t < 0 || *t > recording.setup.end)) {
      reader.problems().error("out-of-range", *row.find("t"),
                              "a fault happens between 0 and the end, at " + sim::seconds_text(recording.setup.end));
    }
    if (what == nullptr) continue;
    const auto kind = fault_named(what->text);
    if (kind) {
      sim::Fault fault;
      fault.kind = *kind;
      fault.at = sim::time_of(t.value_or(0));
      fault.line = row.at.line;
      fault.text = what->text;
      check_keys(row, keys_of(*kind), "a \"" + what->text + "\"", reader.problems());
      read_details(row, fault, reader);
      recording.setup.faults.push_back(std::move(fault));
      continue;
    }
    if (std::find(kUnmodelledFaults.begin(), kUnmodelledFaults.end(), what->text) != kUnmodelledFaults.end()) {
      recording.not_supported = "the fault \"" + what->text + "\" is not modelled";
      continue;
    }
    std::vector<std::string_view> words(kUnmodelledFaults.begin(), kUnmodelledFaults.end());
    for (const FaultWord& word : kFaults) words.push_back(word.what);
    reader.problems().error("unknown-fault", *what, describe(*what) + " is not a fault",
                            did_you_mean_or_list(what->text, words, "faults"));
  }
}

// --- environment ---------------------------------------------------------------------------------

void read_starts(const Value& rows, sim::RecordingSetup& setup, RecordingReader& reader) {
  for (const Value& row : rows.items) {
    const Value* node = reader.need(row, "node", Value::Kind::string);
    check_keys(row, kStartKeys, "a start", reader.problems());
    const auto server = node != nullptr ? reader.server_named(*node) : std::nullopt;
    if (!server) continue;
    setup.starts.push_back({*server, reader.maybe_millis(row, "started"), reader.maybe_millis(row, "up"),
                            reader.maybe_millis(row, "registered"), reader.maybe_millis(row, "isr_check_from")});
  }
}

void read_environment(const Value& environment, sim::RecordingSetup& setup, RecordingReader& reader) {
  check_keys(environment, kEnvironmentKeys, "the environment", reader.problems());
  if (const Value* starts = reader.need(environment, "starts", Value::Kind::array)) read_starts(*starts, setup, reader);
  if (const Value* topics = reader.need(environment, "topics_created", Value::Kind::object)) {
    for (const Member& topic : topics->members) {
      const auto id = reader.topic_named(topic);
      const auto t = reader.maybe_millis(*topics, topic.key);
      if (id && t) setup.topics_created.push_back({*id, *t});
    }
  }
  if (const Value* controller = reader.maybe(environment, "controller_at_0", Value::Kind::integer)) {
    setup.controller_at_0 = reader.broker_numbered(*controller);
  }
  if (const Value* leader = reader.maybe(environment, "quorum_leader_at_0", Value::Kind::integer)) {
    setup.controller_at_0 = reader.controller_numbered(*leader);
  }
  if (const Value* acks = reader.maybe(environment, "first_ack", Value::Kind::object)) {
    for (const Member& named : acks->members) {
      const auto producer = reader.producer_named(named);
      if (producer) setup.producers[*producer].first_ack = reader.maybe_millis(*acks, named.key);
    }
  }
  if (const Value* fetches = reader.maybe(environment, "first_fetch", Value::Kind::object)) {
    for (const Member& named : fetches->members) {
      const auto consumer = reader.consumer_named(named);
      if (consumer) setup.consumers[*consumer].first_fetch = reader.maybe_millis(*fetches, named.key);
    }
  }
}

// Why the model cannot replay it, as far as the set-up says.
std::string refusal_of(const Value& recording, RecordingReader& reader) {
  const Value* mode = reader.need(recording, "mode", Value::Kind::string);
  if (mode == nullptr) return {};
  if (mode->text != "zookeeper" && mode->text != "kraft") {
    constexpr std::array<std::string_view, 2> kModes{"zookeeper", "kraft"};
    reader.problems().error("out-of-range", *mode, "the mode is \"zookeeper\" or \"kraft\", not " + describe(*mode),
                            did_you_mean(mode->text, kModes));
    return {};
  }
  const Value* version = reader.need(recording, "version", Value::Kind::string);
  if (version != nullptr && model::find_profile(version->text) == nullptr) {
    return "there is no profile of Kafka " + version->text;
  }
  return {};
}

// The end of a recording; one that is wrong is replaced by the largest, so that no error follows from it.
sim::Millis read_end(const Value& json, RecordingReader& reader) {
  constexpr sim::Millis kEndMax = 86'400'000;
  const auto end = reader.need_millis(json, "end");
  if (end && *end <= 0) reader.problems().error("out-of-range", *json.find("end"), "a recording ends after 0");
  return end && *end > 0 ? *end : kEndMax;
}

void read_set_up(const Value& json, sim::RecordingSetup& setup, RecordingReader::Unknown& unknown, Problems& problems) {
  sim::Plan plan;
  RecordingReader reader(plan.config, problems);
  setup.end = read_end(json, reader);
  plan.until = sim::time_of(setup.end);
  build_cluster(parts_of(json, unknown, reader), plan, problems);
  setup.version = plan.version;
  setup.config = std::move(plan.config);
  setup.rules = plan.rules;
  setup.producers.resize(setup.config.producers.size());
  setup.consumers.resize(setup.config.consumers.size());
  for (const sim::Start& start : plan.starts) {
    const auto node = static_cast<std::size_t>(start.node);
    if (setup.config.is_producer(start.node)) {
      setup.producers[node - 1 - setup.config.brokers.size()].start = sim::millis_of(start.at);
    } else if (setup.config.is_consumer(start.node)) {
      setup.consumers[setup.config.consumer_index(start.node)].start = sim::millis_of(start.at);
    }
  }
}

void read_supported(const Value& json, sim::Recording& recording, Problems& problems) {
  RecordingReader::Unknown unknown;
  read_set_up(json, recording.setup, unknown, problems);
  RecordingReader reader(recording.setup.config, problems);
  reader.set_unknown(unknown);
  if (const Value* faults = reader.need(json, "faults", Value::Kind::array)) read_faults(*faults, recording, reader);
  if (const Value* environment = reader.need(json, "environment", Value::Kind::object)) {
    read_environment(*environment, recording.setup, reader);
  }
  recording.has_observations =
      std::any_of(kObserved.begin(), kObserved.end(), [&](std::string_view key) { return json.find(key) != nullptr; });
  if (recording.has_observations) recording.observed = read_observed(json, reader);
}

}  // namespace

Result<sim::Recording> load_recording(std::string_view name, std::string_view text) {
  const Source source(name, text);
  Problems problems(source);
  sim::Recording recording;
  const std::optional<Value> json = parse_json(problems);
  if (!json) return problems.finish(std::move(recording));
  RecordingReader reader(recording.setup.config, problems);
  const Value* title = reader.need(*json, "name", Value::Kind::string);
  if (title != nullptr) recording.setup.name = title->text;
  if (json->is_object()) {
    recording.not_supported = refusal_of(*json, reader);
    check_keys(*json, kKeys, "a recording", problems);
    if (recording.not_supported.empty()) read_supported(*json, recording, problems);
  }
  return problems.finish(std::move(recording));
}

}  // namespace scenarios
