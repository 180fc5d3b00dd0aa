#include "scenarios/settings.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "scenarios/consistency.h"
#include "scenarios/suggest.h"

namespace scenarios {
namespace {

using model::BrokerSettings;
using model::Duration;
using model::ProducerConfig;
using model::QuorumSettings;
using model::TopicConfig;

constexpr std::int64_t kInt = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kDayMs = 86'400'000;

// One row per kind of member; the member pointer gives both setter and getter.
template <typename Owner, Duration Owner::*kMember>
constexpr Setting<Owner> ms(std::string_view key, std::int64_t min = 1, std::int64_t max = kDayMs) {
  return {key,
          SettingKind::milliseconds,
          min,
          max,
          [](Owner& owner, std::int64_t value) { owner.*kMember = model::milliseconds(value); },
          [](const Owner& owner) { return (owner.*kMember).us / 1'000; }};
}
template <typename Owner, Duration Owner::*kMember>
constexpr Setting<Owner> secs(std::string_view key) {
  return {key,
          SettingKind::seconds,
          1,
          kDayMs / 1'000,
          [](Owner& owner, std::int64_t value) { owner.*kMember = model::seconds(value); },
          [](const Owner& owner) { return (owner.*kMember).us / 1'000'000; }};
}
template <typename Owner, std::int32_t Owner::*kMember>
constexpr Setting<Owner> integer(std::string_view key, std::int64_t min, std::int64_t max = kInt) {
  return {key,
          SettingKind::integer,
          min,
          max,
          [](Owner& owner, std::int64_t value) { owner.*kMember = static_cast<std::int32_t>(value); },
          [](const Owner& owner) { return static_cast<std::int64_t>(owner.*kMember); }};
}
template <typename Owner, bool Owner::*kMember>
constexpr Setting<Owner> boolean(std::string_view key) {
  return {key,
          SettingKind::boolean,
          0,
          1,
          [](Owner& owner, std::int64_t value) { owner.*kMember = value != 0; },
          [](const Owner& owner) { return static_cast<std::int64_t>(owner.*kMember ? 1 : 0); }};
}

using B = BrokerSettings;
constexpr Setting<B> kBrokerSettings[] = {
    boolean<B, &B::auto_leader_rebalance_enable>("auto.leader.rebalance.enable"),
    boolean<B, &B::controlled_shutdown_enable>("controlled.shutdown.enable"),
    integer<B, &B::controlled_shutdown_max_retries>("controlled.shutdown.max.retries", 0),
    ms<B, &B::controlled_shutdown_retry_backoff>("controlled.shutdown.retry.backoff.ms"),
    ms<B, &B::controller_socket_timeout>("controller.socket.timeout.ms"),
    secs<B, &B::leader_imbalance_check_interval>("leader.imbalance.check.interval.seconds"),
    integer<B, &B::leader_imbalance_per_broker_percentage>("leader.imbalance.per.broker.percentage", 0, 100),
    integer<B, &B::min_insync_replicas>("min.insync.replicas", 1),
    integer<B, &B::num_replica_fetchers>("num.replica.fetchers", 1, 64),
    ms<B, &B::replica_fetch_backoff>("replica.fetch.backoff.ms", 0),
    integer<B, &B::replica_fetch_max_bytes>("replica.fetch.max.bytes", 0),
    integer<B, &B::replica_fetch_min_bytes>("replica.fetch.min.bytes", 0),
    ms<B, &B::replica_fetch_wait_max>("replica.fetch.wait.max.ms", 0),
    ms<B, &B::replica_high_watermark_checkpoint_interval>("replica.high.watermark.checkpoint.interval.ms"),
    ms<B, &B::replica_lag_time_max>("replica.lag.time.max.ms"),
    ms<B, &B::replica_socket_timeout>("replica.socket.timeout.ms"),
    ms<B, &B::request_timeout>("request.timeout.ms"),
    ms<B, &B::socket_connection_setup_timeout>("socket.connection.setup.timeout.ms"),
    boolean<B, &B::unclean_leader_election_enable>("unclean.leader.election.enable"),
    ms<B, &B::zookeeper_session_timeout>("zookeeper.session.timeout.ms"),
};

// Bytes: beyond 32 bits.
template <typename Owner, std::int64_t Owner::*kMember>
constexpr Setting<Owner> bytes(std::string_view key, std::int64_t min) {
  return {key,
          SettingKind::integer,
          min,
          std::int64_t{1} << 53,
          [](Owner& owner, std::int64_t value) { owner.*kMember = value; },
          [](const Owner& owner) { return owner.*kMember; }};
}

using Q = QuorumSettings;
constexpr Setting<Q> kQuorumSettings[] = {
    ms<Q, &Q::broker_heartbeat_interval>("broker.heartbeat.interval.ms"),
    ms<Q, &Q::broker_session_timeout>("broker.session.timeout.ms"),
    ms<Q, &Q::controller_quorum_append_linger>("controller.quorum.append.linger.ms", 0),
    ms<Q, &Q::controller_quorum_election_backoff_max>("controller.quorum.election.backoff.max.ms", 0),
    ms<Q, &Q::controller_quorum_election_timeout>("controller.quorum.election.timeout.ms"),
    ms<Q, &Q::controller_quorum_fetch_timeout>("controller.quorum.fetch.timeout.ms"),
    ms<Q, &Q::controller_quorum_request_timeout>("controller.quorum.request.timeout.ms"),
    ms<Q, &Q::controller_quorum_retry_backoff>("controller.quorum.retry.backoff.ms", 0),
    integer<Q, &Q::eligible_leader_replicas_version>("eligible.leader.replicas.version", 0, 1),
    ms<Q, &Q::initial_broker_registration_timeout>("initial.broker.registration.timeout.ms"),
    integer<Q, &Q::kraft_version>("kraft.version", 0, 1),
    bytes<Q, &Q::metadata_log_max_record_bytes_between_snapshots>("metadata.log.max.record.bytes.between.snapshots", 1),
    ms<Q, &Q::metadata_log_max_snapshot_interval>("metadata.log.max.snapshot.interval.ms", 0),
    ms<Q, &Q::metadata_max_idle_interval>("metadata.max.idle.interval.ms", 0),
    bytes<Q, &Q::metadata_max_retention_bytes>("metadata.max.retention.bytes", 0),
};

using T = TopicConfig;
constexpr Setting<T> kTopicSettings[] = {
    integer<T, &T::min_insync_replicas>("min.insync.replicas", 1),
    boolean<T, &T::unclean_leader_election_enable>("unclean.leader.election.enable"),
};

// The model batches by records: all have the size of ClusterConfig::record_bytes.
constexpr std::int64_t kRecordBytes = 11;
constexpr Setting<ProducerConfig> batch_size() {
  return {"batch.size",
          SettingKind::integer,
          0,
          kInt,
          [](ProducerConfig& producer, std::int64_t bytes) {
            producer.batch_records = static_cast<std::int32_t>(std::max<std::int64_t>(1, bytes / kRecordBytes));
          },
          [](const ProducerConfig& producer) { return producer.batch_records * kRecordBytes; }};
}

using P = ProducerConfig;
constexpr Setting<P> kProducerSettings[] = {
    batch_size(),
    ms<P, &P::delivery_timeout>("delivery.timeout.ms", 0),
    boolean<P, &P::enable_idempotence>("enable.idempotence"),
    ms<P, &P::linger>("linger.ms", 0),
    integer<P, &P::max_in_flight>("max.in.flight.requests.per.connection", 1, 1'000),
    ms<P, &P::metadata_max_age>("metadata.max.age.ms", 1),
    ms<P, &P::reconnect_backoff_max>("reconnect.backoff.max.ms", 0),
    ms<P, &P::reconnect_backoff>("reconnect.backoff.ms", 0),
    ms<P, &P::request_timeout>("request.timeout.ms"),
    integer<P, &P::retries>("retries", 0),
    ms<P, &P::retry_backoff_max>("retry.backoff.max.ms", 0),
    ms<P, &P::retry_backoff>("retry.backoff.ms", 0),
};

template <typename Owner>
struct KeyTable {
  std::string_view what;  // "a broker key of Kafka"
  std::span<const Setting<Owner>> modelled;
  std::span<const std::string_view> unmodelled;
};
KeyTable<B> keys_of(const B*) { return {"a broker key of Kafka", kBrokerSettings, unmodelled_broker_keys()}; }
KeyTable<Q> keys_of(const Q*) { return {"a broker key of Kafka", kQuorumSettings, {}}; }
KeyTable<T> keys_of(const T*) { return {"a topic key of Kafka", kTopicSettings, unmodelled_topic_keys()}; }
KeyTable<P> keys_of(const P*) { return {"a producer key of Kafka", kProducerSettings, unmodelled_producer_keys()}; }
template <typename Owner>
KeyTable<Owner> keys_of() {
  return keys_of(static_cast<const Owner*>(nullptr));
}

template <typename Owner>
const Setting<Owner>* find_setting(std::string_view key) {
  for (const Setting<Owner>& row : keys_of<Owner>().modelled) {
    if (row.key == key) return &row;
  }
  return nullptr;
}
template <typename Owner>
bool is_unmodelled(std::string_view key) {
  const auto keys = keys_of<Owner>().unmodelled;
  return std::binary_search(keys.begin(), keys.end(), key);
}
template <typename Owner>
bool is_known(std::string_view key) {
  return find_setting<Owner>(key) != nullptr || is_unmodelled<Owner>(key);
}

// What is wrong with a key or its value; an empty message: nothing.
struct Complaint {
  bool is_warning = false;
  bool is_about_key = false;
  std::string_view code;
  std::string message;
  std::string hint;
};

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || at != end) return std::nullopt;
  return value;
}

std::string_view unit_of(SettingKind kind) {
  switch (kind) {
    case SettingKind::milliseconds:
      return " milliseconds";
    case SettingKind::seconds:
      return " seconds";
    case SettingKind::integer:
    case SettingKind::boolean:
      return "";
  }
  return "";
}

template <typename Owner>
Complaint read_value(const Setting<Owner>& row, std::string_view text, std::int64_t& value) {
  const std::string shown = text.size() <= 40 ? "\"" + std::string(text) + "\"" : "a long text";
  if (row.kind == SettingKind::boolean) {
    if (text == "true" || text == "false") {
      value = text == "true" ? 1 : 0;
      return {};
    }
    return {false, false, "bad-value", std::string(row.key) + " is true or false, not " + shown, {}};
  }
  const std::optional<std::int64_t> number = parse_integer(text);
  if (!number) {
    return {false, false, "bad-value", std::string(row.key) + " is a whole number, not " + shown, {}};
  }
  if (*number < row.min || *number > row.max) {
    return {false,
            false,
            "out-of-range",
            std::string(row.key) + " is " + std::to_string(row.min) + " to " + std::to_string(row.max) +
                std::string(unit_of(row.kind)) + ", not " + std::to_string(*number),
            {}};
  }
  value = *number;
  return {};
}

// Topics are never created by use in the model, so that only `true` asks for something else.
constexpr std::string_view kAutoCreate = "auto.create.topics.enable";

std::string other_table_hint(std::string_view key) {
  const std::string name = "\"" + std::string(key) + "\" is ";
  if (is_known<B>(key) || is_known<Q>(key) || key == kAutoCreate) return name + std::string(keys_of<B>().what);
  if (is_known<T>(key)) return name + std::string(keys_of<T>().what);
  if (is_known<P>(key)) return name + std::string(keys_of<P>().what);
  if (key == "acks") return "\"acks\" is a member of the client itself";
  return {};
}

template <typename Owner>
Complaint unknown_key(std::string_view key) {
  const KeyTable<Owner> table = keys_of<Owner>();
  std::vector<std::string_view> known;
  for (const Setting<Owner>& row : table.modelled) known.push_back(row.key);
  known.insert(known.end(), table.unmodelled.begin(), table.unmodelled.end());
  if constexpr (std::is_same_v<Owner, B>) {
    for (const Setting<Q>& row : kQuorumSettings) known.push_back(row.key);
  }
  std::string hint = other_table_hint(key);
  if (hint.empty()) hint = did_you_mean(key, known);
  return {false, true, "unknown-key", "\"" + std::string(key) + "\" is not " + std::string(table.what), hint};
}

template <typename Owner>
Complaint apply(std::string_view key, std::string_view text, Owner& owner) {
  if constexpr (std::is_same_v<Owner, B>) {
    if (key == kAutoCreate && text == "false") return {};
    if (key == kAutoCreate && text != "true") {
      return {false, false, "bad-value", std::string(key) + " is true or false", {}};
    }
  }
  if (is_unmodelled<Owner>(key) || (std::is_same_v<Owner, B> && key == kAutoCreate)) {
    return {true,
            true,
            "not-modelled",
            "\"" + std::string(key) + "\" is a real key of Kafka, but has no effect in the model",
            {}};
  }
  const Setting<Owner>* row = find_setting<Owner>(key);
  if (row == nullptr) return unknown_key<Owner>(key);
  std::int64_t value = 0;
  Complaint complaint = read_value(*row, text, value);
  if (complaint.message.empty()) row->set(owner, value);
  return complaint;
}

// Keys without a meaning in KRaft mode, where nobody has a session with ZooKeeper and no controller sends requests.
constexpr std::string_view kZooKeeperKeys[] = {"controller.socket.timeout.ms", "zookeeper.session.timeout.ms"};

Complaint no_effect(std::string_view key, std::string_view mode) {
  return {true, true, "no-effect", "\"" + std::string(key) + "\" has no effect in " + std::string(mode) + " mode", {}};
}

// Of a broker's or controller's properties, whichever table has the key.
Complaint apply(std::string_view key, std::string_view text, NodeSettings settings) {
  if (find_setting<Q>(key) == nullptr) {
    Complaint complaint = apply(key, text, settings.broker);
    const bool is_of_zookeeper =
        std::find(std::begin(kZooKeeperKeys), std::end(kZooKeeperKeys), key) != std::end(kZooKeeperKeys);
    if (complaint.message.empty() && settings.is_kraft && is_of_zookeeper) return no_effect(key, "KRaft");
    return complaint;
  }
  QuorumSettings probe;
  const bool is_effective = settings.is_kraft && settings.quorum != nullptr;
  Complaint complaint = apply(key, text, is_effective ? *settings.quorum : probe);
  if (!complaint.message.empty()) return complaint;
  if (!settings.is_kraft) return no_effect(key, "ZooKeeper");
  if (settings.quorum != nullptr) return {};
  return {false, true, "conflict", "\"" + std::string(key) + "\" is the same for all nodes of the model",
          "set it in the \"config\" of the cluster"};
}

std::optional<std::string> text_of_scalar(const Value& value) {
  switch (value.kind) {
    case Value::Kind::boolean:
      return value.boolean ? "true" : "false";
    case Value::Kind::integer:
    case Value::Kind::number:
    case Value::Kind::string:
      return value.text;
    case Value::Kind::null:
    case Value::Kind::array:
    case Value::Kind::object:
      break;
  }
  return std::nullopt;
}

template <typename Owner>
void apply_object(const Value& object, Owner&& owner, Problems& problems) {
  if (!object.is_object()) {
    problems.error("wrong-type", object, "expected an object of configuration keys, not " + describe(object));
    return;
  }
  for (const Member& member : object.members) {
    const std::optional<std::string> text = text_of_scalar(member.value);
    if (!text) {
      problems.error("wrong-type", member.value,
                     "\"" + member.key + "\" is a number, a boolean or a string, not " + describe(member.value));
      continue;
    }
    const Complaint complaint = apply(member.key, *text, owner);
    if (complaint.message.empty()) continue;
    if (complaint.is_warning) {
      problems.warning_at_key(complaint.code, member, complaint.message, complaint.hint);
    } else if (complaint.is_about_key) {
      problems.error_at_key(complaint.code, member, complaint.message, complaint.hint);
    } else {
      problems.error(complaint.code, member.value, complaint.message, complaint.hint);
    }
  }
}

Problem option_problem(const Complaint& complaint) {
  Problem problem;
  problem.severity = complaint.is_warning ? Problem::Severity::warning : Problem::Severity::error;
  problem.file = "--set";
  problem.code = complaint.code;
  problem.message = complaint.message;
  problem.hint = complaint.hint;
  return problem;
}

Complaint conflict(std::string message) { return {false, true, "conflict", std::move(message), {}}; }

Complaint apply_to_producers(model::ClusterConfig& config, std::string_view key, std::string_view text) {
  ProducerConfig probe;  // a mistake is one even if there are no producers
  Complaint complaint = apply(key, text, probe);
  const ExplicitKeys set{key == "enable.idempotence", key == "delivery.timeout.ms"};
  for (ProducerConfig& producer : config.producers) {
    apply(key, text, producer);
    std::string message = settle_producer(producer, set);
    if (!message.empty()) return conflict(producer.name + ": " + message);
  }
  return complaint;
}

Complaint apply_to_brokers(model::ClusterConfig& config, std::string_view key, std::string_view text) {
  BrokerSettings probe;
  Complaint complaint = apply(key, text, NodeSettings{probe, &config.quorum, config.is_kraft()});
  for (BrokerSettings& broker : config.brokers) {
    if (find_setting<Q>(key) == nullptr) apply(key, text, broker);
    std::string message = broker_conflict(broker);
    if (!message.empty()) return conflict(std::move(message));
  }
  if (find_setting<T>(key) != nullptr) {
    for (TopicConfig& topic : config.topics) apply(key, text, topic);
  }
  return complaint;
}

Complaint apply_to_cluster(model::ClusterConfig& config, std::string_view key, std::string_view text) {
  constexpr std::string_view kProducerPrefix = "producer.";
  const bool is_broker_key =
      is_known<B>(key) || is_known<Q>(key) || key == kAutoCreate;  // producer.id.expiration.ms is one
  if (is_broker_key) return apply_to_brokers(config, key, text);
  if (key.substr(0, kProducerPrefix.size()) == kProducerPrefix) {
    return apply_to_producers(config, key.substr(kProducerPrefix.size()), text);
  }
  if (is_known<P>(key)) return apply_to_producers(config, key, text);
  if (is_known<T>(key)) {
    TopicConfig probe;
    return apply(key, text, probe);
  }
  return apply_to_brokers(config, key, text);
}

}  // namespace

std::span<const Setting<BrokerSettings>> broker_settings() { return kBrokerSettings; }
std::span<const Setting<QuorumSettings>> quorum_settings() { return kQuorumSettings; }
std::span<const Setting<TopicConfig>> topic_settings() { return kTopicSettings; }
std::span<const Setting<ProducerConfig>> producer_settings() { return kProducerSettings; }

void apply_config(const Value& object, NodeSettings settings, Problems& problems) {
  apply_object(object, settings, problems);
}
void apply_config(const Value& object, TopicConfig& topic, Problems& problems) {
  apply_object(object, topic, problems);
}
void apply_config(const Value& object, ProducerConfig& producer, Problems& problems) {
  apply_object(object, producer, problems);
}

std::vector<Problem> apply_setting(sim::Plan& plan, std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  Complaint complaint;
  if (equals == std::string_view::npos || equals == 0) {
    complaint = {false, true, "bad-value", "\"" + std::string(assignment) + "\" is not of the form key=value", {}};
  } else {
    model::ClusterConfig config = plan.config;
    complaint = apply_to_cluster(config, assignment.substr(0, equals), assignment.substr(equals + 1));
    if (complaint.message.empty()) plan.config = std::move(config);
  }
  if (complaint.message.empty()) return {};
  return {option_problem(complaint)};
}

}  // namespace scenarios
