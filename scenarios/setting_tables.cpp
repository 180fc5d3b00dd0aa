// Kafka's keys that the model implements, with the member that each sets.
#include <limits>
#include <type_traits>
#include <utility>

#include "scenarios/settings.h"

namespace scenarios {
namespace {

using model::BrokerSettings;
using model::ConsumerConfig;
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

// An enumeration whose values are the places of its words.
template <typename Owner, auto kMember>
constexpr Setting<Owner> word(std::string_view key, std::span<const std::string_view> words) {
  using Word = std::remove_cvref_t<decltype(std::declval<Owner>().*kMember)>;
  return {key,
          SettingKind::word,
          0,
          static_cast<std::int64_t>(words.size()) - 1,
          [](Owner& owner, std::int64_t value) { owner.*kMember = static_cast<Word>(value); },
          [](const Owner& owner) { return static_cast<std::int64_t>(owner.*kMember); },
          words};
}

// In the order of model::ReplicaSelector. Kafka's default, no class at all, is what the first does.
constexpr std::string_view kSelectors[] = {"org.apache.kafka.common.replica.LeaderSelector",
                                           "org.apache.kafka.common.replica.RackAwareReplicaSelector"};
constexpr std::string_view kOffsetResets[] = {"latest", "earliest", "none"};  // in the order of model::OffsetReset

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
    word<B, &B::replica_selector_class>("replica.selector.class", kSelectors),
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

using C = ConsumerConfig;
constexpr Setting<C> kConsumerSettings[] = {
    word<C, &C::auto_offset_reset>("auto.offset.reset", kOffsetResets),
    {.key = "client.rack", .kind = SettingKind::text, .text = &C::client_rack},
    ms<C, &C::fetch_max_wait>("fetch.max.wait.ms", 0),
    integer<C, &C::fetch_min_bytes>("fetch.min.bytes", 0),
    integer<C, &C::max_partition_fetch_bytes>("max.partition.fetch.bytes", 1),
    ms<C, &C::metadata_max_age>("metadata.max.age.ms", 1),
    ms<C, &C::reconnect_backoff_max>("reconnect.backoff.max.ms", 0),
    ms<C, &C::reconnect_backoff>("reconnect.backoff.ms", 0),
    ms<C, &C::request_timeout>("request.timeout.ms"),
    ms<C, &C::retry_backoff_max>("retry.backoff.max.ms", 0),
    ms<C, &C::retry_backoff>("retry.backoff.ms", 0),
};

}  // namespace

std::span<const Setting<BrokerSettings>> broker_settings() { return kBrokerSettings; }
std::span<const Setting<QuorumSettings>> quorum_settings() { return kQuorumSettings; }
std::span<const Setting<TopicConfig>> topic_settings() { return kTopicSettings; }
std::span<const Setting<ProducerConfig>> producer_settings() { return kProducerSettings; }
std::span<const Setting<ConsumerConfig>> consumer_settings() { return kConsumerSettings; }

}  // namespace scenarios
