#include "scenarios/settings.h"

#include <algorithm>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include "scenarios/loader.h"

using model::BrokerSettings;
using model::ProducerConfig;
using model::TopicConfig;
using namespace scenarios;

namespace {

template <typename Owner>
struct Applied {
  Owner owner;
  std::vector<Problem> errors, warnings;
};

template <typename Owner>
Applied<Owner> apply_text(std::string_view json) {
  const Source source("config.json", json);
  Problems problems(source);
  const auto value = parse_json(problems);
  REQUIRE(value);
  Owner owner;
  if constexpr (std::is_same_v<Owner, model::BrokerSettings>) {
    apply_config(*value, NodeSettings{owner}, problems);
  } else {
    apply_config(*value, owner, problems);
  }
  auto result = problems.finish(0);
  return {owner, result.errors, result.warnings};
}

sim::Plan plan_of(std::string_view text) {
  auto result = load_scenario("plan.json", text);
  REQUIRE(result.ok());
  return std::move(*result.value);
}

constexpr std::string_view kPlan = R"({
  "cluster": {"topics": {"t": {"partitions": [[1, 2, 3]]}, "u": {"partitions": [[1]]}}},
  "clients": [{"producer": "p1", "topic": "t"}, {"producer": "p2", "topic": "t", "acks": 1}]
})";

template <typename Owner>
void check_table(std::span<const Setting<Owner>> rows, std::span<const std::string_view> unmodelled) {
  CHECK(std::is_sorted(unmodelled.begin(), unmodelled.end()));
  CHECK(std::adjacent_find(unmodelled.begin(), unmodelled.end()) == unmodelled.end());
  const auto by_key = [](const auto& a, const auto& b) { return a.key < b.key; };
  CHECK(std::is_sorted(rows.begin(), rows.end(), by_key));
  for (const Setting<Owner>& row : rows) {
    CAPTURE(row.key);
    CHECK_FALSE(std::binary_search(unmodelled.begin(), unmodelled.end(), row.key));
    const Owner untouched;
    if (row.kind == SettingKind::text) continue;
    CHECK(row.get(untouched) >= row.min);
    CHECK(row.get(untouched) <= row.max);
  }
}

// Two values that differ from each other, multiples of a record as batch.size wants them: a row that sets another row's
// member shows.
template <typename Owner>
void check_every_row_has_a_member_of_its_own(std::span<const Setting<Owner>> rows) {
  for (const Setting<Owner>& row : rows) {
    CAPTURE(row.key);
    if (row.kind == SettingKind::text) continue;
    Owner owner;
    const std::int64_t before = row.get(owner);
    const std::int64_t wanted = row.kind == SettingKind::boolean ? 1 - before : (before == 330 ? 220 : 330);
    const std::int64_t value = std::min(std::max(wanted, row.min), row.max);
    row.set(owner, value);
    CHECK(row.get(owner) == value);
    for (const Setting<Owner>& other : rows) {
      const Owner untouched;
      if (other.key != row.key && other.kind != SettingKind::text) CHECK(other.get(owner) == other.get(untouched));
    }
  }
}

}  // namespace

TEST_CASE("The tables are sorted, disjoint, and hold Kafka's defaults within their limits") {
  check_table(broker_settings(), unmodelled_broker_keys());
  check_table(topic_settings(), unmodelled_topic_keys());
  check_table(producer_settings(), unmodelled_producer_keys());
  check_table(consumer_settings(), unmodelled_consumer_keys());
  CHECK(unmodelled_broker_keys().size() + unmodelled_topic_keys().size() + unmodelled_producer_keys().size() >= 120);
}

TEST_CASE("Every key sets one member and no other") {
  check_every_row_has_a_member_of_its_own(broker_settings());
  check_every_row_has_a_member_of_its_own(topic_settings());
  check_every_row_has_a_member_of_its_own(producer_settings());
  check_every_row_has_a_member_of_its_own(consumer_settings());
}

TEST_CASE("Every member of BrokerSettings has a key") {
  std::size_t members = 0;
  model::for_each_field(BrokerSettings{}, [&](std::string_view, const auto&) { ++members; });
  CHECK(broker_settings().size() == members);
}

TEST_CASE("Values may be numbers, booleans or strings") {
  const auto applied = apply_text<BrokerSettings>(R"({
    "replica.lag.time.max.ms": 10000, "zookeeper.session.timeout.ms": "6000",
    "unclean.leader.election.enable": "true", "controlled.shutdown.enable": false,
    "leader.imbalance.check.interval.seconds": 5, "min.insync.replicas": "2"})");
  CHECK(applied.errors.empty());
  CHECK(applied.warnings.empty());
  CHECK(applied.owner.replica_lag_time_max == model::seconds(10));
  CHECK(applied.owner.zookeeper_session_timeout == model::seconds(6));
  CHECK(applied.owner.unclean_leader_election_enable);
  CHECK_FALSE(applied.owner.controlled_shutdown_enable);
  CHECK(applied.owner.leader_imbalance_check_interval == model::seconds(5));
  CHECK(applied.owner.min_insync_replicas == 2);
}

TEST_CASE("batch.size becomes a number of records") {
  CHECK(apply_text<ProducerConfig>(R"({"batch.size": 16384})").owner.batch_records == 1489);
  CHECK(apply_text<ProducerConfig>(R"({"batch.size": 1600})").owner.batch_records == 145);
  CHECK(apply_text<ProducerConfig>(R"({"batch.size": 0})").owner.batch_records == 1);
}

TEST_CASE("A real key without effect in the model warns, and changes nothing") {
  const auto broker = apply_text<BrokerSettings>(R"({"log.retention.hours": 24})");
  CHECK(broker.errors.empty());
  REQUIRE(broker.warnings.size() == 1);
  CHECK(broker.warnings[0].code == "not-modelled");
  CHECK(broker.owner == BrokerSettings{});
  CHECK(apply_text<TopicConfig>(R"({"cleanup.policy": "compact"})").warnings.size() == 1);
  CHECK(apply_text<ProducerConfig>(R"({"compression.type": "lz4"})").warnings.size() == 1);
}

TEST_CASE("Topics are never created by use, so only true warns") {
  CHECK(apply_text<BrokerSettings>(R"({"auto.create.topics.enable": false})").warnings.empty());
  CHECK(apply_text<BrokerSettings>(R"({"auto.create.topics.enable": "true"})").warnings.size() == 1);
  CHECK(apply_text<BrokerSettings>(R"({"auto.create.topics.enable": 3})").errors.size() == 1);
}

TEST_CASE("An unknown key is an error with a suggestion, or with the place where the key belongs") {
  const auto near = apply_text<BrokerSettings>(R"({"replica.lag.time.max": 1})");
  REQUIRE(near.errors.size() == 1);
  CHECK(near.errors[0].code == "unknown-key");
  CHECK(near.errors[0].hint == "did you mean \"replica.lag.time.max.ms\"?");
  const auto elsewhere = apply_text<ProducerConfig>(R"({"min.insync.replicas": 2})");
  REQUIRE(elsewhere.errors.size() == 1);
  CHECK(elsewhere.errors[0].hint == "\"min.insync.replicas\" is a broker key of Kafka");
}

TEST_CASE("Every mistake of an object is reported, and the rest takes effect") {
  const auto applied = apply_text<BrokerSettings>(
      R"({"min.insync.replicas": 0, "nonsense": 1, "request.timeout.ms": null, "num.replica.fetchers": 4})");
  REQUIRE(applied.errors.size() == 3);
  CHECK(applied.errors[0].code == "out-of-range");
  CHECK(applied.errors[1].code == "unknown-key");
  CHECK(applied.errors[2].code == "wrong-type");
  CHECK(applied.owner.num_replica_fetchers == 4);
}

TEST_CASE("--set changes every broker, and topics that have the key") {
  sim::Plan plan = plan_of(kPlan);
  CHECK(apply_setting(plan, "min.insync.replicas=2").empty());
  for (const BrokerSettings& broker : plan.config.brokers) CHECK(broker.min_insync_replicas == 2);
  for (const TopicConfig& topic : plan.config.topics) CHECK(topic.min_insync_replicas == 2);
  CHECK(apply_setting(plan, "replica.lag.time.max.ms=12000").empty());
  CHECK(plan.config.brokers[2].replica_lag_time_max == model::seconds(12));
}

TEST_CASE("--set changes every producer, with a prefix where brokers have the key too") {
  sim::Plan plan = plan_of(kPlan);
  CHECK(apply_setting(plan, "linger.ms=5").empty());
  CHECK(plan.config.producers[1].linger == model::milliseconds(5));
  CHECK(apply_setting(plan, "producer.request.timeout.ms=20000").empty());
  CHECK(plan.config.producers[0].request_timeout == model::seconds(20));
  CHECK(plan.config.brokers[0].request_timeout == model::seconds(30));
  CHECK(apply_setting(plan, "request.timeout.ms=10000").empty());
  CHECK(plan.config.producers[0].request_timeout == model::seconds(20));
  CHECK(plan.config.brokers[0].request_timeout == model::seconds(10));
}

TEST_CASE("--set turns idempotence off where it cannot hold, and refuses to turn it on there") {
  sim::Plan plan = plan_of(kPlan);
  CHECK(plan.config.producers[0].enable_idempotence);
  CHECK_FALSE(plan.config.producers[1].enable_idempotence);
  const auto refused = apply_setting(plan, "enable.idempotence=true");
  REQUIRE(refused.size() == 1);
  CHECK(headline_of(refused[0]) == "--set: error[conflict]: p2: enable.idempotence needs acks \"all\"");
  CHECK(apply_setting(plan, "retries=0").empty());
  CHECK_FALSE(plan.config.producers[0].enable_idempotence);
}

TEST_CASE("A --set that is wrong leaves the plan as it was") {
  sim::Plan plan = plan_of(kPlan);
  const model::ClusterConfig before = plan.config;
  for (const std::string_view wrong :
       {"", "=", "=1", "min.insync.replicas", "min.insync.replicas=", "min.insync.replicas=0", "min.insync.replicas=2 ",
        "min.insync.replica=2", "replica.lag.time.max.ms=1", "replica.lag.time.max.ms=99999999999999999999",
        "controlled.shutdown.enable=1", "producer.min.insync.replicas=1", "delivery.timeout.ms=5"}) {
    CAPTURE(wrong);
    const auto problems = apply_setting(plan, wrong);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].severity == Problem::Severity::error);
    CHECK(plan.config == before);
  }
  const auto warning = apply_setting(plan, "log.dirs=data");
  REQUIRE(warning.size() == 1);
  CHECK(warning[0].severity == Problem::Severity::warning);
  CHECK(plan.config == before);
}
