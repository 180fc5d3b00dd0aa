// What a power loss takes: records that the operating system had not written back yet.
#include "sim/kernel/writeback.h"

#include <string>

#include <doctest/doctest.h>

#include "scenarios/loader.h"
#include "sim/kernel/world.h"

using model::NodeId;
using sim::Time;

namespace {

constexpr NodeId kB1{1};
constexpr model::PartitionId kT0{0};
constexpr std::int64_t kSecond = 1'000'000;

Time at(std::int64_t s) { return Time{} + model::seconds(s); }

// One broker, one partition, ten records a second from 0 s on.
sim::Plan plan_of(const std::string& faults) {
  const std::string cluster = R"j({"cluster": {"brokers": 1, "config": {"zookeeper.session.timeout.ms": 6000},
    "topics": {"t": {"partitions": [[1]]}}},
    "clients": [{"producer": "p1", "acks": 1, "rate": "10/s"}], "until": "100s", "faults": [)j";
  auto result = scenarios::load_scenario("test.json", cluster + faults + "]}");
  REQUIRE(result.ok());
  return *result.value;
}
const model::Log& log_of(const sim::World& world) {
  return std::get<model::Broker>(world.nodes()[static_cast<std::size_t>(kB1)]).log(kT0);
}

// The log end right after the fault at 60 s.
model::Offset end_after(const std::string& faults) {
  const sim::Plan plan = plan_of(faults);
  sim::World world(plan);
  world.run_until(at(60));
  return log_of(world).end();
}

model::Node broker_with(model::Offset records) {
  model::Broker broker;
  broker.id = kB1;
  broker.disk.partitions.resize(1);
  if (records > 0)
    model::append(broker.disk.partitions[0].log, {0, static_cast<std::int32_t>(records), 0, 0, -1, -1, NodeId{2}});
  return broker;
}

}  // namespace

TEST_CASE("a power loss keeps what is older than 30 s, or than 35 s at worst") {
  const model::Offset kept = end_after(R"j({"at": "60s", "power_loss": "b1"})j");
  CHECK(kept >= 10 * (60 - 36));
  CHECK(kept <= 10 * (60 - 30));
  CHECK(end_after(R"j({"at": "60s", "crash": "b1"})j") > 590);
}

TEST_CASE("the machine writes back while the process sleeps or is dead") {
  CHECK(end_after(R"j({"at": "20s", "pause": "b1"}, {"at": "60s", "power_loss": "b1"})j") > 190);
  const std::string dead =
      R"j({"at": "20s", "crash": "b1"}, {"at": "58s", "start": "b1"}, {"at": "60s", "power_loss": "b1"})j";
  CHECK(end_after(dead) > 190);
}

TEST_CASE("after a clean stop nothing is lost") {
  CHECK(end_after(R"j({"at": "40s", "stop": "b1"}, {"at": "58s", "start": "b1"}, {"at": "60s", "power_loss": "b1"})j") >
        390);
}

TEST_CASE("a power loss tells what each log lost, and counts it") {
  const sim::Plan plan = plan_of(R"j({"at": "60s", "power_loss": "b1", "for": "15s"})j");
  struct Watcher final : sim::Observer {
    std::vector<model::LogLost> lost;
    void on_fact(Time, NodeId, const model::Fact& fact) override {
      if (const auto* told = std::get_if<model::LogLost>(&fact)) lost.push_back(*told);
    }
  } watcher;
  sim::World world(plan, &watcher);
  world.run_until(at(60));
  REQUIRE(watcher.lost.size() == 1);
  CHECK(watcher.lost[0].partition == kT0);
  CHECK(watcher.lost[0].to == log_of(world).end());
  CHECK(world.fault_effects().back().wiped == watcher.lost[0].from - watcher.lost[0].to);
  world.run_until(at(99));
  CHECK(log_of(world).end() > watcher.lost[0].to + 100);
}

TEST_CASE("what was truncated and written anew is as young as its new records") {
  model::ClusterConfig config;
  config.brokers.resize(1);
  config.topics.push_back({"t", {{kB1}}, 1, false, 0});
  config.partitions.push_back({model::TopicId{0}, 0});
  sim::Writeback writeback(1, 0, config, true);
  std::vector<model::Node> nodes{model::ZooKeeper{}, broker_with(100)};
  model::Log& log = std::get<model::Broker>(nodes[1]).disk.partitions[0].log;
  const auto run_until = [&](std::int64_t us) {
    while (writeback.next_us() <= us) writeback.wake(nodes);
  };
  run_until(20 * kSecond);
  model::truncate(log, 40);
  writeback.on_shorter(kB1, kT0, 40);
  model::append(log, {40, 60, 0, 0, -1, -1, NodeId{2}});
  run_until(39 * kSecond);
  CHECK(log.flushed == 40);
  run_until(60 * kSecond);
  CHECK(log.flushed == 100);
}

TEST_CASE("no machine wakes for a plan in which the power never fails") {
  const model::ClusterConfig config{std::vector<model::BrokerSettings>(1), {}, {}, {}, {}, {}, 0};
  CHECK(sim::Writeback(1, 0, config, false).next_us() == INT64_MAX);
  CHECK(sim::Writeback(1, 0, config, true).next_us() <= 5 * kSecond);
}
