#include "sim/search/tally.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "reports/compare.h"
#include "scenarios/plan_builder.h"
#include "tests/cluster_fixture.h"

using namespace sim::test;
using namespace model;
using sim::Tallier;
using sim::Tally;

namespace {

constexpr NodeId kC1{5}, kC2{6};

// Three brokers, t-0 on all of them, a producer of 100 records; everything is told by hand.
struct Scene {
  sim::Plan plan = three_brokers();
  std::vector<sim::AppliedFault> faults;

  explicit Scene(bool kraft = false) {
    add_topic(plan, "t", {{kB1, kB2, kB3}});
    add_producer(plan, Acks::all, at_s(0), milliseconds(100), 100);
    if (!kraft) return;
    plan.config.controllers = 3;
    plan.config.voters = {kC1, kC2, NodeId{7}};
  }
};

struct Tallied {
  Scene& told;
  Tallier tallier{told.plan};

  explicit Tallied(Scene& cluster) : told(cluster) {
    for (std::size_t node = 0; node < told.plan.config.node_count(); ++node)
      tallier.on_start(at_s(-10), NodeId{static_cast<std::uint8_t>(node)});
  }
  void tell(std::int64_t ms, NodeId node, const Fact& fact) { tallier.on_fact(at_ms(ms), node, fact); }
  void fault(sim::FaultKind kind, std::int64_t ms, NodeId node, bool undo = false) {
    sim::Fault row;
    row.kind = kind;
    told.plan.faults.push_back(row);
    tallier.on_fault({at_ms(ms), told.plan.faults.size() - 1, undo, {node}, {}, {}, ""});
  }
  // `node` is elected and its first order is obeyed 30 ms later.
  void controller(std::int64_t ms, NodeId node, ControllerEpoch epoch) {
    tell(ms, node, BelievesController{epoch});
    tell(ms + 30, kB3, ControlRequestApplied{node, epoch, 1});
  }
  void leader(std::int64_t ms, NodeId node, LeaderEpoch epoch) {
    tell(ms, kZooKeeper, PartitionStateChanged{1, kT0, {node, epoch, {node}, 1}, epoch});
    if (node != kNoNode) tell(ms + 20, node, BecameLeader{kT0, epoch, epoch - 1, epoch, 0, 0, {node}});
  }
  Tally conclude() { return tallier.conclude(at_s(60)); }
};

}  // namespace

TEST_CASE("a controller is missing from its death until a broker obeys the next one") {
  Scene cluster;
  Tallied run(cluster);
  run.controller(-5'000, kB1, 1);
  run.fault(sim::FaultKind::crash, 10'000, kB1);
  run.tell(16'000, kZooKeeper, ControllerVacated{5, kB1});
  run.tell(16'200, kB2, BelievesController{2});
  run.tell(16'500, kB3, ControlRequestApplied{kB1, 1, 1});  // a late order of the old one
  run.tell(17'000, kB3, ControlRequestApplied{kB2, 2, 1});
  run.fault(sim::FaultKind::pause, 20'000, kB2);
  run.fault(sim::FaultKind::pause, 21'000, kB2, true);
  const Tally tally = run.conclude();
  CHECK(tally.controller.total == milliseconds(8'000));
  CHECK(tally.controller.longest == milliseconds(7'000));
}

TEST_CASE("a zombie is no controller once its office has ended, whatever it believes") {
  Scene cluster;
  Tallied run(cluster);
  run.controller(-5'000, kB1, 1);
  run.fault(sim::FaultKind::pause, 10'000, kB1);
  run.tell(16'000, kZooKeeper, ControllerVacated{5, kB1});
  run.controller(16'000, kB2, 2);
  run.fault(sim::FaultKind::resume, 30'000, kB1);
  run.tell(30'100, kB1, ControllerResigned{1});
  const Tally tally = run.conclude();
  CHECK(tally.controller.total == milliseconds(6'030));
  CHECK(tally.controller.longest == milliseconds(6'030));
}

TEST_CASE("a cluster that never has a controller is without one for the whole run, the boot left out") {
  Scene cluster;
  Tallied run(cluster);
  CHECK(run.conclude().controller.total == seconds(60));
}

TEST_CASE("a quorum's leader controls from its activation until it resigns, dies or is replaced") {
  Scene cluster(true);
  Tallied run(cluster);
  run.tell(-9'000, kC1, QuorumRoleChanged{QuorumRole::leader, 1, kC1, kC1});
  run.tell(-8'000, kC1, BelievesController{1});
  run.tell(10'000, kC2, QuorumRoleChanged{QuorumRole::leader, 2, kC2, kC2});  // c1 is behind a cut
  run.tell(10'400, kC2, BelievesController{2});
  run.tell(12'000, kC1, QuorumRoleChanged{QuorumRole::resigned, 1, kC1, kNoNode});
  run.tell(12'000, kC1, ControllerResigned{1});
  CHECK(run.conclude().controller.total == milliseconds(400));

  Tallied resigning(cluster);
  resigning.tell(-8'000, kC1, BelievesController{1});
  resigning.tell(20'000, kC1, QuorumRoleChanged{QuorumRole::resigned, 1, kC1, kNoNode});
  resigning.tell(22'000, kC2, QuorumRoleChanged{QuorumRole::leader, 2, kC2, kC2});
  resigning.tell(22'500, kC2, BelievesController{2});
  resigning.tell(30'000, kC2, QuorumFailed{QuorumFault::two_leaders, 2});
  const Tally tally = resigning.conclude();
  CHECK(tally.controller.total == milliseconds(32'500));
  CHECK(tally.controller.longest == seconds(30));
}

TEST_CASE("a partition is without a leader until the next one has taken the role") {
  Scene cluster;
  Tallied run(cluster);
  run.leader(-3'000, kB1, 0);
  run.fault(sim::FaultKind::crash, 10'000, kB1);
  run.tell(16'000, kZooKeeper, PartitionStateChanged{2, kT0, {kB1, 1, {kB1, kB2}, 1}, 1});
  run.leader(16'100, kNoNode, 2);
  run.tell(16'150, kB1, BecameLeader{kT0, 2, 1, 2, 0, 0, {kB1}});  // not the leader any more
  run.leader(16'200, kB2, 3);
  run.tell(20'000, kB2, Stopped{});
  const Tally tally = run.conclude();
  REQUIRE(tally.partitions.size() == 1);
  CHECK(tally.partitions[0].total == milliseconds(6'220 + 40'000));
  CHECK(tally.partitions[0].longest == seconds(40));
}

TEST_CASE("a partition does not miss a leader before it exists") {
  Scene cluster;
  Tallied run(cluster);
  run.leader(30'000, kB1, 0);
  CHECK(run.conclude().partitions[0].total == milliseconds(20));
}

TEST_CASE("a producer's silence counts while it has records to send, and lives") {
  Scene cluster;
  Tallied run(cluster);
  run.tell(1'000, kP1, ProducerStarted{});
  run.tell(1'500, kP1, RecordsAcknowledged{kT0, 0, 10, 0});
  run.tell(8'000, kP1, RecordsAcknowledged{kT0, 10, 10, 10});
  run.tell(20'000, kP1, RecordsFailed{kT0, 20, 5, ErrorCode::request_timed_out, false});
  run.fault(sim::FaultKind::pause, 21'000, kP1);
  run.fault(sim::FaultKind::resume, 51'000, kP1);
  run.tell(52'000, kP1, RecordsAcknowledged{kT0, 25, 75, 25});
  run.tell(53'000, kB1, RecordLost{kT0, kP1, 3, 2, -1, LossReason::none});
  run.tell(54'000, kB1, RecordLost{kT0, kP1, 9, 1, -1, LossReason::power_loss});
  const Tally tally = run.conclude();
  CHECK(tally.silences == std::vector<Duration>{milliseconds(13'000)});
  CHECK(tally.acknowledged == 95);
  CHECK(tally.lost == 3);

  Tallied waiting(cluster);
  waiting.tell(10'000, kP1, ProducerStarted{});
  CHECK(waiting.conclude().silences == std::vector<Duration>{seconds(50)});
}

TEST_CASE("messages are counted by the connection that they come on, from second 0 on") {
  Scene cluster;
  Tallied run(cluster);
  const auto message = [&](std::int64_t ms, ChannelKind kind) {
    sim::EventView event;
    event.at = at_ms(ms);
    event.kind = sim::EventKind::message;
    event.via.kind = kind;
    run.tallier.on_event(event);
  };
  message(-1, ChannelKind::fetch);
  message(0, ChannelKind::fetch);
  for (const ChannelKind kind : {ChannelKind::control, ChannelKind::alter_partition, ChannelKind::broker_lifecycle})
    message(1, kind);
  for (const ChannelKind kind : {ChannelKind::zookeeper, ChannelKind::quorum}) message(1, kind);
  message(1, ChannelKind::client);
  sim::EventView timer;
  timer.kind = sim::EventKind::timer;
  run.tallier.on_event(timer);
  CHECK(run.conclude().messages == std::array<std::int64_t, sim::kMessageGroups>{1, 3, 2, 1});
}

TEST_CASE("the median of several runs is taken of each figure by itself, of an even number the lower") {
  std::vector<Tally> tallies(4);
  for (std::size_t i = 0; i < 4; ++i) {
    tallies[i].controller = {seconds(static_cast<std::int64_t>(i)), seconds(3 - static_cast<std::int64_t>(i))};
    tallies[i].partitions = {{milliseconds(static_cast<std::int64_t>(10 * i)), {}}};
    tallies[i].silences = {milliseconds(static_cast<std::int64_t>(7 * i))};
    tallies[i].events = 100 * i;
  }
  const Tally middle = sim::median_of(tallies);
  CHECK(middle.controller.total == seconds(1));
  CHECK(middle.controller.longest == seconds(1));
  CHECK(middle.partitions[0].total == milliseconds(10));
  CHECK(middle.silences[0] == milliseconds(7));
  CHECK(middle.events == 100);
}

TEST_CASE("the runs of several seeds do not depend on the number of threads") {
  Scene cluster;
  cluster.plan.until = at_s(30);
  crash(cluster.plan, kB1, at_s(5), seconds(10));
  scenarios::add_boot(cluster.plan, false);
  const std::vector<Tally> alone = sim::run_tallied(cluster.plan, 3, 6, 1);
  CHECK(alone == sim::run_tallied(cluster.plan, 3, 6, 3));
  for (const Tally& tally : alone) {
    // The session lasts 6 s, since a sign of life that is at most 2 s old: nobody can lead t-0 before it is over.
    CHECK(tally.partitions[0].total > seconds(4));
    CHECK(tally.partitions[0].total < seconds(12));
    CHECK(tally.silences[0] > seconds(4));
    CHECK(tally.acknowledged == 100);
    CHECK(tally.messages[0] > 0);
  }
}

TEST_CASE("modes stand side by side, with a longest time only where there were several") {
  Scene cluster;
  sim::Plan kraft = cluster.plan;
  cluster.plan.mode = "zookeeper";
  kraft.mode = "kraft";
  Tally slow;
  slow.controller = {seconds(8), seconds(7)};
  slow.partitions = {{milliseconds(6'220), milliseconds(6'220)}};
  slow.silences = {seconds(6)};
  slow.acknowledged = 1'234;
  Tally fast = slow;
  fast.controller = {milliseconds(2'345), milliseconds(2'345)};
  const reports::Comparison comparison{"x.json", 1, 9, {{&cluster.plan, slow}, {&kraft, fast}}};
  const std::string text = reports::text_of_comparison(comparison);
  CHECK(text.find("x.json  medians of seeds 1 to 9  Kafka 3.9 rules") == 0);
  CHECK(text.find("\n                                  zookeeper    kraft\n"
                  "without a controller                8.000 s  2.345 s\n"
                  "  the longest time                  7.000 s  2.345 s\n"
                  "t-0 without a leader                6.220 s  6.220 s\n"
                  "p1 without an acknowledged write    6.000 s  6.000 s\n"
                  "records acknowledged                  1,234    1,234\n") != std::string::npos);
  const auto json = nlohmann::json::parse(reports::json_of_comparisons({comparison}));
  CHECK(json["version"] == 1);
  const auto& row = json["comparisons"][0];
  CHECK(row["seeds"] == nlohmann::json({1, 9}));
  CHECK(row["modes"][1]["mode"] == "kraft");
  CHECK(row["modes"][1]["without_controller"]["total_us"] == 2'345'000);
  CHECK(row["modes"][0]["without_leader"]["t-0"]["longest_us"] == 6'220'000);
  CHECK(row["modes"][0]["without_acknowledged_write_us"]["p1"] == 6'000'000);
}
