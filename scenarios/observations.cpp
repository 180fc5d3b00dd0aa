#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/decode.h"
#include "scenarios/recording_reader.h"
#include "scenarios/suggest.h"

namespace scenarios {
namespace {

using sim::StoryFact;

// What ZooKeeper and the nodes told beside what is judged; of these a row may hold anything.
constexpr std::array<std::string_view, 7> kOtherMetadataFacts = {
    "controller_elected", "controller_vacated", "topic_created",     "zk_create",
    "zk_delete",          "zk_session_closed",  "zk_session_opened",
};
constexpr std::array<std::string_view, 12> kOtherNodeFacts = {
    "became_follower",
    "became_leader",
    "believes_controller",
    "controller_resigned",
    "controller_sees_brokers",
    "isr_check_starts",
    "isr_committed",
    "isr_expand_proposed",
    "stopped",
    "raft",
    "truncates",
    "zk_session_expired_seen",
};
constexpr std::array<std::string_view, 6> kStoryFacts = {
    "broker_changed",   "broker_registered", "broker_unregistered",
    "controller_epoch", "leader_change",     "partition_state",
};
constexpr std::array<std::string_view, 4> kAskedKeys = {"asks", "offset", "partition", "t"};
constexpr std::array<std::string_view, 5> kPreferredKeys = {"last", "partition", "prefers", "t", "times"};
constexpr std::array<std::string_view, 5> kReaderKeys = {"asked", "last_read", "preferred", "read", "silent"};
constexpr std::array<std::string_view, 2> kJudgedNodeFacts = {"isr_shrink_proposed", "start_failed"};
// The second half of each: in KRaft mode.
constexpr std::array<std::string_view, 13> kPartitionStateKeys = {
    "controller_epoch", "fact", "isr",    "leader",          "leader_epoch", "partition", "t",
    "zk_version",       "zxid", "offset", "partition_epoch", "raft_epoch",   "raw",
};
constexpr std::array<std::string_view, 9> kBrokerFactKeys = {
    "broker", "fact", "session", "t", "zxid", "broker_epoch", "fenced", "offset", "raft_epoch",
};
constexpr std::array<std::string_view, 8> kBrokerChangedKeys = {
    "broker", "broker_epoch", "fact", "fenced", "in_controlled_shutdown", "offset", "raft_epoch", "t",
};
constexpr std::array<std::string_view, 5> kLeaderChangeKeys = {"fact", "leader", "offset", "raft_epoch", "t"};
constexpr std::array<std::string_view, 5> kControllerEpochKeys = {"broker", "epoch", "fact", "t", "zxid"};
constexpr std::array<std::string_view, 9> kShrinkKeys = {
    "fact", "high_watermark", "isr", "log_end_offset", "node", "out_of_sync", "partition", "t", "to",
};
constexpr std::array<std::string_view, 3> kStartFailedKeys = {"fact", "node", "t"};
constexpr std::array<std::string_view, 2> kClientKeys = {"errors", "partitions"};
constexpr std::array<std::string_view, 5> kClientPartitionKeys = {
    "acked", "acked_but_missing", "first_ack", "last_ack", "silent",
};
constexpr std::array<std::string_view, 3> kErrorKeys = {"count", "first", "last"};
constexpr std::array<std::string_view, 3> kLogKeys = {"epochs", "leo", "records"};

// A misspelt fact would be passed over, and the recording judged without it.
void check_fact_name(const Value& fact, std::span<const std::string_view> judged,
                     std::span<const std::string_view> others, RecordingReader& reader) {
  std::vector<std::string_view> known(judged.begin(), judged.end());
  known.insert(known.end(), others.begin(), others.end());
  if (std::find(known.begin(), known.end(), fact.text) != known.end()) return;
  reader.problems().error("unknown-fact", fact, describe(fact) + " is not a fact of a recording",
                          did_you_mean_or_list(fact.text, known, "known"));
}

std::optional<StoryFact> read_partition_state(const Value& row, sim::Millis t, RecordingReader& reader) {
  const Value* partition = reader.need(row, "partition", Value::Kind::string);
  const Value* leader = reader.need(row, "leader", Value::Kind::integer);
  const auto epoch = reader.need_integer(row, "leader_epoch");
  const Value* isr = reader.need(row, "isr", Value::Kind::array);
  check_keys(row, kPartitionStateKeys, "a partition_state", reader.problems());
  if (partition == nullptr || leader == nullptr || !epoch || isr == nullptr) return std::nullopt;
  const auto id = reader.partition_named(*partition);
  const auto node = reader.leader_numbered(*leader);
  const auto members = reader.brokers_numbered(*isr);
  if (!id || !node || !members) return std::nullopt;
  return StoryFact{t, StoryFact::Kind::partition_state, *id, *node, *epoch, *members};
}

std::optional<StoryFact> read_broker_fact(const Value& row, sim::Millis t, StoryFact::Kind kind,
                                          RecordingReader& reader) {
  const Value* broker = reader.need(row, "broker", Value::Kind::integer);
  check_keys(row, kBrokerFactKeys, "such a fact", reader.problems());
  const auto node = broker != nullptr ? reader.broker_numbered(*broker) : std::nullopt;
  if (!node) return std::nullopt;
  return StoryFact{t, kind, {}, *node, 0, {}};
}

std::optional<StoryFact> read_broker_changed(const Value& row, sim::Millis t, RecordingReader& reader) {
  const Value* broker = reader.need(row, "broker", Value::Kind::integer);
  check_keys(row, kBrokerChangedKeys, "a broker_changed", reader.problems());
  const Value* fenced = reader.maybe(row, "fenced", Value::Kind::boolean);
  const Value* leaving = reader.maybe(row, "in_controlled_shutdown", Value::Kind::boolean);
  const auto node = broker != nullptr ? reader.broker_numbered(*broker) : std::nullopt;
  if (!node) return std::nullopt;
  StoryFact fact{t, StoryFact::Kind::broker_changed, {}, *node, 0, {}};
  if (fenced != nullptr) fact.fenced = fenced->boolean;
  fact.in_controlled_shutdown = leaving != nullptr && leaving->boolean;
  return fact;
}

std::optional<StoryFact> read_leader_change(const Value& row, sim::Millis t, RecordingReader& reader) {
  const Value* leader = reader.need(row, "leader", Value::Kind::integer);
  check_keys(row, kLeaderChangeKeys, "a leader_change", reader.problems());
  const auto node = leader != nullptr ? reader.controller_numbered(*leader) : std::nullopt;
  if (!node) return std::nullopt;
  return StoryFact{t, StoryFact::Kind::leader_change, {}, *node, 0, {}};
}

std::optional<StoryFact> read_controller_epoch(const Value& row, sim::Millis t, RecordingReader& reader) {
  const auto epoch = reader.need_integer(row, "epoch");
  check_keys(row, kControllerEpochKeys, "a controller_epoch", reader.problems());
  const Value* broker = reader.maybe(row, "broker", Value::Kind::integer);
  const auto node = broker != nullptr ? reader.broker_numbered(*broker) : std::optional(model::kNoNode);
  if (!epoch || !node) return std::nullopt;
  return StoryFact{t, StoryFact::Kind::controller_epoch, {}, *node, *epoch, {}};
}

// Facts that are no part of the story are information: they are checked for their time and name alone.
void read_metadata_facts(const Value& rows, sim::Observed& observed, RecordingReader& reader) {
  for (const Value& row : rows.items) {
    const auto t = reader.need_millis(row, "t");
    const Value* fact = reader.need(row, "fact", Value::Kind::string);
    if (!t || fact == nullptr) continue;
    std::optional<StoryFact> read;
    if (fact->text == "partition_state") {
      read = read_partition_state(row, *t, reader);
    } else if (fact->text == "broker_registered") {
      read = read_broker_fact(row, *t, StoryFact::Kind::broker_registered, reader);
    } else if (fact->text == "broker_unregistered") {
      read = read_broker_fact(row, *t, StoryFact::Kind::broker_unregistered, reader);
    } else if (fact->text == "controller_epoch") {
      read = read_controller_epoch(row, *t, reader);
    } else if (fact->text == "broker_changed") {
      read = read_broker_changed(row, *t, reader);
    } else if (fact->text == "leader_change") {
      read = read_leader_change(row, *t, reader);
    } else {
      check_fact_name(*fact, kStoryFacts, kOtherMetadataFacts, reader);
    }
    if (read) observed.story.push_back(*read);
  }
}

void read_node_facts(const Value& rows, sim::Observed& observed, RecordingReader& reader) {
  for (const Value& row : rows.items) {
    const auto t = reader.need_millis(row, "t");
    const Value* fact = reader.need(row, "fact", Value::Kind::string);
    if (!t || fact == nullptr) continue;
    if (fact->text == "start_failed") {
      check_keys(row, kStartFailedKeys, "a start_failed", reader.problems());
      const Value* node = reader.need(row, "node", Value::Kind::string);
      const auto broker = node != nullptr ? reader.broker_named(*node) : std::nullopt;
      if (broker) observed.failed_starts.push_back(*broker);
    } else if (fact->text == "isr_shrink_proposed") {
      check_keys(row, kShrinkKeys, "an isr_shrink_proposed", reader.problems());
      const Value* name = reader.need(row, "partition", Value::Kind::string);
      const Value* to = reader.need(row, "to", Value::Kind::array);
      const auto partition = name != nullptr ? reader.partition_named(*name) : std::nullopt;
      const auto members = to != nullptr ? reader.brokers_numbered(*to) : std::nullopt;
      if (partition && members) observed.shrinks.push_back({*t, *partition, *members});
    } else {
      check_fact_name(*fact, kJudgedNodeFacts, kOtherNodeFacts, reader);
    }
  }
}

void read_windows(const Value& rows, std::vector<sim::SilentWindow>& windows, RecordingReader& reader) {
  for (const Value& row : rows.items) {
    if (!row.is_array() || row.items.size() != 2) {
      reader.problems().error("wrong-type", row, "a silent window is a pair of times");
      continue;
    }
    const auto from = reader.millis(row.items[0]);
    const auto to = reader.millis(row.items[1]);
    if (from && to) windows.push_back({*from, *to});
  }
}

void read_client_partition(const Member& named, const model::ProducerConfig& producer, sim::ClientResult& client,
                           RecordingReader& reader) {
  // A topic that could not be read has been reported; its producer is left with the number of none.
  if (model::index(producer.topic) >= reader.config().topics.size()) return;
  const auto& assignment = reader.config().topics[model::index(producer.topic)].assignment;
  sim::ClientPartition partition;
  while (std::to_string(partition.number) != named.key) {
    if (static_cast<std::size_t>(++partition.number) >= assignment.size()) {
      reader.problems().error_at_key("unknown-partition", named, "\"" + named.key + "\" is no partition of the topic");
      return;
    }
  }
  const auto acked = reader.need_integer(named.value, "acked");
  const auto first = reader.need_millis(named.value, "first_ack");
  const auto last = reader.need_millis(named.value, "last_ack");
  const Value* silent = reader.need(named.value, "silent", Value::Kind::array);
  const Value* missing = reader.need(named.value, "acked_but_missing", Value::Kind::object);
  check_keys(named.value, kClientPartitionKeys, "a client's partition", reader.problems());
  if (!acked || !first || !last || silent == nullptr || missing == nullptr) return;
  partition.acked = *acked;
  partition.first_ack = *first;
  partition.last_ack = *last;
  read_windows(*silent, partition.silent, reader);
  for (const Member& row : missing->members) {
    const auto replica = reader.broker_named(row);
    const auto count = reader.need_integer(*missing, row.key);
    if (replica && count) partition.missing.push_back({*replica, *count});
  }
  client.partitions.push_back(std::move(partition));
}

void read_clients(const Value& rows, sim::Observed& observed, RecordingReader& reader) {
  observed.clients.resize(reader.config().producers.size());
  for (const Member& named : rows.members) {
    const auto producer = reader.producer_named(named);
    check_keys(named.value, kClientKeys, "a client", reader.problems());
    if (!producer) continue;
    sim::ClientResult& client = observed.clients[*producer];
    const Value* partitions = reader.need(named.value, "partitions", Value::Kind::object);
    const Value* errors = reader.need(named.value, "errors", Value::Kind::object);
    if (partitions == nullptr || errors == nullptr) continue;
    for (const Member& partition : partitions->members) {
      read_client_partition(partition, reader.config().producers[*producer], client, reader);
    }
    for (const Member& error : errors->members) {
      const auto count = reader.need_integer(error.value, "count");
      const auto first = reader.need_millis(error.value, "first");
      const auto last = reader.need_millis(error.value, "last");
      check_keys(error.value, kErrorKeys, "an error", reader.problems());
      if (count && first && last) client.errors.push_back({error.key, *count, *first, *last});
    }
  }
}

std::vector<sim::ReaderAsked> read_asked(const Value& rows, RecordingReader& reader) {
  std::vector<sim::ReaderAsked> asked;
  for (const Value& row : rows.items) {
    if (row.find("says") != nullptr) continue;  // what its log says of offsets out of range
    const auto t = reader.need_millis(row, "t");
    const Value* name = reader.need(row, "partition", Value::Kind::string);
    const Value* broker = reader.need(row, "asks", Value::Kind::integer);
    const auto offset = reader.need_integer(row, "offset");
    const auto partition = name != nullptr ? reader.partition_named(*name) : std::nullopt;
    const auto node = broker != nullptr ? reader.broker_numbered(*broker) : std::nullopt;
    check_keys(row, kAskedKeys, "what a reader asked", reader.problems());
    if (t && partition && node && offset) asked.push_back({*t, *partition, *node, *offset});
  }
  return asked;
}

std::vector<sim::ReaderPreferred> read_preferred(const Value& rows, RecordingReader& reader) {
  std::vector<sim::ReaderPreferred> preferred;
  for (const Value& row : rows.items) {
    const auto t = reader.need_millis(row, "t");
    const auto last = reader.need_millis(row, "last");
    const auto times = reader.need_integer(row, "times");
    const Value* name = reader.need(row, "partition", Value::Kind::string);
    const Value* broker = reader.need(row, "prefers", Value::Kind::integer);
    const auto partition = name != nullptr ? reader.partition_named(*name) : std::nullopt;
    const auto node = broker != nullptr ? reader.broker_numbered(*broker) : std::nullopt;
    check_keys(row, kPreferredKeys, "a preferred replica", reader.problems());
    if (t && last && times && partition && node) preferred.push_back({*t, *partition, *node, *times, *last});
  }
  return preferred;
}

void read_readers(const Value& rows, sim::Observed& observed, RecordingReader& reader) {
  observed.readers.resize(reader.config().consumers.size());
  for (const Member& named : rows.members) {
    const auto consumer = reader.consumer_named(named);
    check_keys(named.value, kReaderKeys, "a reader", reader.problems());
    if (!consumer) continue;
    sim::ReaderResult& result = observed.readers[*consumer];
    result.read = reader.need_integer(named.value, "read").value_or(0);
    result.last_read = reader.maybe_millis(named.value, "last_read");
    const Value* silent = reader.need(named.value, "silent", Value::Kind::array);
    const Value* preferred = reader.need(named.value, "preferred", Value::Kind::array);
    const Value* asked = reader.need(named.value, "asked", Value::Kind::array);
    if (silent != nullptr) read_windows(*silent, result.silent, reader);
    if (preferred != nullptr) result.preferred = read_preferred(*preferred, reader);
    if (asked != nullptr) result.asked = read_asked(*asked, reader);
  }
}

std::vector<model::EpochStart> read_epochs(const Value& rows, RecordingReader& reader) {
  std::vector<model::EpochStart> epochs;
  for (const Value& row : rows.items) {
    const bool is_pair = row.is_array() && row.items.size() == 2 && row.items[0].is_integer() &&
                         row.items[1].is_integer() && row.items[0].integer >= 0 && row.items[0].integer <= INT32_MAX;
    if (is_pair) {
      epochs.push_back({static_cast<model::LeaderEpoch>(row.items[0].integer), row.items[1].integer});
    } else {
      reader.problems().error("wrong-type", row, "expected a leader epoch and its first offset");
    }
  }
  return epochs;
}

void read_final_logs(const Value& rows, sim::Observed& observed, RecordingReader& reader) {
  for (const Member& named : rows.members) {
    const auto partition = reader.partition_named(named);
    const Value* replicas = reader.need(rows, named.key, Value::Kind::object);
    if (!partition || replicas == nullptr) continue;
    for (const Member& replica : replicas->members) {
      const auto broker = reader.broker_named(replica);
      const auto leo = reader.need_integer(replica.value, "leo");
      const auto records = reader.need_integer(replica.value, "records");
      const Value* epochs = reader.need(replica.value, "epochs", Value::Kind::array);
      check_keys(replica.value, kLogKeys, "a log", reader.problems());
      if (!broker || !leo || !records || epochs == nullptr) continue;
      observed.logs.push_back({*partition, *broker, *leo, *records, read_epochs(*epochs, reader)});
    }
  }
}

}  // namespace

sim::Observed read_observed(const Value& recording, RecordingReader& reader) {
  sim::Observed observed;
  const Value* metadata = reader.need(recording, "metadata_facts", Value::Kind::array);
  const Value* nodes = reader.need(recording, "node_facts", Value::Kind::array);
  const Value* clients = reader.need(recording, "clients", Value::Kind::object);
  const Value* logs = reader.need(recording, "final_logs", Value::Kind::object);
  if (metadata != nullptr) read_metadata_facts(*metadata, observed, reader);
  if (nodes != nullptr) read_node_facts(*nodes, observed, reader);
  if (clients != nullptr) read_clients(*clients, observed, reader);
  if (logs != nullptr) read_final_logs(*logs, observed, reader);
  const bool has_consumers = !reader.config().consumers.empty();
  const Value* readers = has_consumers ? reader.need(recording, "readers", Value::Kind::object) : nullptr;
  if (readers != nullptr) read_readers(*readers, observed, reader);
  return observed;
}

}  // namespace scenarios
