#include "model/text.h"

#include <doctest/doctest.h>

#include <set>

#include "model/step.h"

using namespace model;

namespace {

ClusterConfig cluster() {
  ClusterConfig config;
  config.brokers.resize(3);
  for (const char* name : {"t", "orders"}) {
    TopicConfig topic;
    topic.name = name;
    topic.first_partition = static_cast<std::int32_t>(config.partitions.size());
    const TopicId id{static_cast<std::uint16_t>(config.topics.size())};
    for (std::int32_t i = 0; i != 2; ++i) {
      topic.assignment.push_back(Replicas{NodeId{1}, NodeId{2}});
      config.partitions.push_back({id, i});
    }
    config.topics.push_back(topic);
  }
  ProducerConfig producer;
  producer.name = "p1";
  config.producers.push_back(producer);
  return config;
}

std::string line(const Fact& fact) {
  std::string out;
  for (const FieldText& field : fields_of(fact, cluster())) {
    out += (out.empty() ? "" : ", ") + std::string(field.name) + (field.is_number ? " # " : " ") + field.text;
  }
  return out;
}

template <std::size_t... I>
std::vector<Fact> one_of_each(std::index_sequence<I...>) {
  return {Fact(std::variant_alternative_t<I, Fact::Alternatives>{})...};
}

}  // namespace

TEST_CASE("a partition's state is flattened into the fact's own fields") {
  const PartitionStateChanged fact{17, PartitionId{2}, {NodeId{2}, 4, {NodeId{2}, NodeId{3}}, 1}, 6};
  CHECK(line(fact) ==
        "zxid # 17, partition orders-0, leader b2, leader_epoch # 4, isr b2 b3, controller_epoch # 1, "
        "partition_epoch # 6");
}

TEST_CASE("nobody and nothing are called none") {
  CHECK(line(ControllerEpochChanged{3, 1, kNoNode}) == "zxid # 3, epoch # 1, broker none");
  CHECK(line(ControllerSeesBrokers{{NodeId{1}}, {}, {}, {NodeId{1}, NodeId{3}}}) ==
        "added b1, deleted none, bounced none, live b1 b3");
  CHECK(line(ZkSessionClosed{9, 1, NodeId{2}, false, {}}) ==
        "zxid # 9, session 0x1, owner b2, expired # false, ephemerals none");
}

TEST_CASE("sessions are hexadecimal and durations are milliseconds with the decimals they need") {
  CHECK(line(ZkSessionOpened{1, 0x10ab, NodeId{3}, milliseconds(6'000)}) ==
        "zxid # 1, session 0x10ab, owner b3, timeout # 6000");
  const auto timeout = [](std::int64_t us) {
    return fields_of(ZkSessionOpened{1, 1, NodeId{3}, microseconds(us)}, cluster())[3].text;
  };
  CHECK(timeout(1'500) == "1.5");
  CHECK(timeout(20) == "0.02");
  CHECK(timeout(-1'005) == "-1.005");
  CHECK(timeout(0) == "0");
}

TEST_CASE("paths, errors and topics appear under their names") {
  ZkSessionClosed fact{9, 2, NodeId{2}, true, {}};
  fact.ephemerals = {paths::controller(), paths::broker_id(NodeId{2})};
  CHECK(line(fact) == "zxid # 9, session 0x2, owner b2, expired # true, ephemerals /controller /brokers/ids/2");
  CHECK(line(TopicCreated{4, TopicId{1}}) == "zxid # 4, topic orders");
  CHECK(line(RecordsFailed{PartitionId{1}, 7, 2, ErrorCode::network_exception, true}) ==
        "partition t-1, first_value # 7, count # 2, error network_exception, outcome_unknown # true");
  CHECK(text_of(paths::partition_state(TopicId{1}, 1), cluster()) == "/brokers/topics/orders/partitions/1/state");
  CHECK(text_of(Path{}, cluster()) == "/");
}

TEST_CASE("a fenced request names a partition only if it is about one") {
  CHECK(line(RequestFenced{NodeId{1}, ErrorCode::stale_controller_epoch, false, {}, 1, 2}) ==
        "sender b1, error stale_controller_epoch, has_partition # false, partition none, requested # 1, local # 2");
  CHECK(line(RequestFenced{NodeId{4}, ErrorCode::fenced_leader_epoch, true, PartitionId{3}, 1, 2}) ==
        "sender p1, error fenced_leader_epoch, has_partition # true, partition orders-1, requested # 1, local # 2");
}

TEST_CASE("every fact has a text for each of its fields") {
  std::size_t fields = 0;
  for (const Fact& fact : one_of_each(std::make_index_sequence<kFactKinds>{})) {
    std::set<std::string_view> names;
    for (const FieldText& field : fields_of(fact, cluster())) {
      CHECK_FALSE(field.text.empty());
      CHECK_MESSAGE(names.insert(field.name).second, name_of(fact), " has two fields named ", field.name);
      ++fields;
    }
    std::size_t own = 0;
    std::visit([&](const auto& held) { for_each_field(held, [&](auto&&...) { ++own; }); }, fact);
    CHECK(names.size() == own + (std::holds_alternative<PartitionStateChanged>(fact) ? 3 : 0));
  }
  CHECK(fields > 2 * kFactKinds);
}

TEST_CASE("every kind of timer has a name of its own") {
  std::set<std::string_view> names;
  for (std::uint8_t kind = 0; kind != static_cast<std::uint8_t>(TimerKind::kinds); ++kind) {
    names.insert(name_of(TimerKind(kind)));
  }
  CHECK(names.size() == static_cast<std::size_t>(TimerKind::kinds));
  CHECK(names.count("?") == 0);
  CHECK(name_of(TimerKind::isr_check) == "isr_check");
}
