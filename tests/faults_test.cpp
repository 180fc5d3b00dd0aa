// Faults and operator acts on a whole cluster, as scenarios name them.
#include "sim/kernel/faults.h"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "scenarios/loader.h"
#include "sim/kernel/local_clock.h"
#include "sim/kernel/world.h"
#include "sim/search/run.h"

using model::NodeId;
using sim::Time;

namespace {

constexpr NodeId kB1{1}, kB2{2}, kB3{3};
constexpr model::PartitionId kT0{0};

Time at(std::int64_t ms) { return Time{} + model::milliseconds(ms); }

// Three brokers, t-0 on all of them and led by b1; p1 writes ten records a second from 1 s on.
sim::Plan plan_of(const std::string& faults, const std::string& until = "30s", const std::string& acks = "\"all\"") {
  const std::string text = R"j({"cluster": {"racks": {"east": [1, 2], "west": ["b3"]},
    "config": {"zookeeper.session.timeout.ms": 6000, "replica.lag.time.max.ms": 10000},
    "topics": {"t": {"partitions": [[1, 2, 3]]}}},
    "clients": [{"producer": "p1", "acks": )j" +
                           acks + R"j(, "rate": "10/s", "start": "1s"}],
    "faults": [)j" + faults +
                           R"j(], "until": ")j" + until + "\"}";
  auto result = scenarios::load_scenario("test.json", text);
  for (const scenarios::Problem& problem : result.errors) FAIL_CHECK(scenarios::text_of(problem));
  REQUIRE(result.ok());
  return *result.value;
}

sim::Outcome run_of(const sim::Plan& plan) {
  sim::RunOptions options;
  options.keep_facts = options.keep_record_facts = true;
  return sim::run(plan, options);
}

template <typename F>
std::vector<sim::RecordedFact> told(const sim::Outcome& outcome, Time from = at(0), NodeId by = model::kNoNode) {
  std::vector<sim::RecordedFact> found;
  for (const sim::RecordedFact& fact : outcome.facts) {
    if (fact.at < from || !std::holds_alternative<F>(fact.fact)) continue;
    if (by == model::kNoNode || fact.node == by) found.push_back(fact);
  }
  return found;
}

const sim::FaultEffect& effect_of(const sim::Outcome& outcome, sim::FaultKind kind, const sim::Plan& plan) {
  const auto row = std::find_if(outcome.faults.begin(), outcome.faults.end(), [&](const sim::RecordedFault& fault) {
    return plan.faults[fault.applied.row].kind == kind;
  });
  REQUIRE(row != outcome.faults.end());
  return row->effect;
}

std::string verdict_of(const std::string& fault) { return std::string(name_of(run_of(plan_of(fault)).verdict)); }

const model::Broker& broker(const sim::World& world, NodeId id) {
  return std::get<model::Broker>(world.nodes()[static_cast<std::size_t>(id)]);
}

}  // namespace

TEST_CASE("a delayed leader acknowledges later, by the delay there and back") {
  const sim::Plan plan =
      plan_of(R"j({"at": "500ms", "delay": [["b1"], ["p1"]], "by": "300ms", "for": "20s"})j", "10s", "1");
  const sim::Outcome slow = run_of(plan);
  const sim::Outcome usual = run_of(plan_of("", "10s", "1"));
  const Time first_slow = told<model::RecordsAcknowledged>(slow).front().at;
  const Time first_usual = told<model::RecordsAcknowledged>(usual).front().at;
  CHECK(first_slow - first_usual >= model::milliseconds(600));
  CHECK(effect_of(slow, sim::FaultKind::delay, plan).delayed > 100);
  CHECK(slow.verdict == sim::Verdict::passed);
}

TEST_CASE("a lossy way to everybody drops packets, and nothing acknowledged is lost") {
  const sim::Plan plan = plan_of(R"j({"at": "5s", "lose": "b2", "ratio": "5%", "for": "15s"})j");
  const sim::Outcome outcome = run_of(plan);
  CHECK(effect_of(outcome, sim::FaultKind::lose, plan).dropped > 10);
  CHECK(outcome.losses.empty());
  CHECK(outcome.verdict == sim::Verdict::passed);
}

TEST_CASE("reset connections of a broker are opened again, its session stays") {
  const sim::Plan plan = plan_of(R"j({"at": "5s", "reset": "b2"})j");
  const sim::Outcome outcome = run_of(plan);
  CHECK(effect_of(outcome, sim::FaultKind::reset, plan).reset >= 3);  // ZooKeeper, the controller, the leader
  CHECK(told<model::ZkConnectionLost>(outcome, at(5'000), kB2).size() == 1);
  CHECK(told<model::ZkSessionClosed>(outcome).empty());
}

TEST_CASE("an expired session takes the registration along, and the broker comes back with a new one") {
  const sim::Plan plan = plan_of(R"j({"at": "5s", "expire_session": "leader(t-0)"})j");
  const sim::Outcome outcome = run_of(plan);
  const auto closed = told<model::ZkSessionClosed>(outcome, at(5'000));
  REQUIRE(closed.size() == 1);
  CHECK(closed.front().at == at(5'000));
  CHECK(std::get<model::ZkSessionClosed>(closed.front().fact).expired);
  CHECK(told<model::ZkSessionExpiredSeen>(outcome, at(5'000), kB1).size() == 1);
  CHECK(told<model::BrokerRegistered>(outcome, at(5'000)).size() == 1);
}

TEST_CASE("a wipe empties the disk, tells what it took, and the follower copies everything again") {
  const sim::Plan plan = plan_of(R"j({"at": "10s", "wipe": "b3", "for": "5s"})j");
  sim::World world(plan);
  world.run_until(at(9'999));
  const std::uint32_t ports = broker(world, kB3).disk.connections;
  const model::Offset end = broker(world, kB3).log(kT0).end();
  CHECK(end > 50);
  world.run_until(at(10'001));
  CHECK_FALSE(world.is_running(kB3));
  CHECK(broker(world, kB3).log(kT0).end() == 0);
  CHECK(broker(world, kB3).disk.connections == ports);
  world.run_until(at(29'000));
  CHECK(broker(world, kB3).log(kT0).end() > end);
  CHECK(world.fault_effects().back().wiped == end);

  const sim::Outcome outcome = run_of(plan);
  const auto lost = told<model::LogLost>(outcome);
  REQUIRE(lost.size() == 1);
  CHECK(lost.front().node == kB3);
  CHECK(std::get<model::LogLost>(lost.front().fact).to == 0);
}

TEST_CASE("the end of a wipe starts nothing that did not run before it") {
  const sim::Plan plan = plan_of(R"j({"at": "5s", "crash": "b3"}, {"at": "10s", "wipe": "b3", "for": "5s"})j");
  sim::World world(plan);
  world.run_until(at(20'000));
  CHECK_FALSE(world.is_running(kB3));
  CHECK(world.fault_effects().back().wiped > 0);
}

TEST_CASE("a slow disk of the leader delays what it appends, one of ZooKeeper the ISR change of a stopped follower") {
  const sim::Plan plan = plan_of(R"j({"at": "500ms", "slow_disk": "b1", "by": "400ms", "for": "9s"})j", "10s", "1");
  const sim::Outcome slow = run_of(plan);
  CHECK(effect_of(slow, sim::FaultKind::slow_disk, plan).slowed > 20);
  CHECK(told<model::RecordsAcknowledged>(slow).front().at - at(1'000) > model::milliseconds(400));
  CHECK(told<model::RecordsAcknowledged>(run_of(plan_of("", "10s", "1"))).front().at - at(1'000) <
        model::milliseconds(400));

  const std::string move = R"j({"at": "5s", "move_controller": true})j";
  const auto elected = [](const sim::Outcome& outcome) {
    return told<model::ControllerElected>(outcome, at(5'000)).front().at;
  };
  const std::string slow_zookeeper = R"j({"at": "4s", "slow_disk": "zookeeper", "factor": 100, "for": "9s"}, )j";
  CHECK(elected(run_of(plan_of(slow_zookeeper + move))) - elected(run_of(plan_of(move))) > model::milliseconds(50));
}

TEST_CASE("a leader whose clock runs twice as fast drops a silent follower in half the time") {
  const std::string cut = R"j({"at": "5s", "cut": [["b3"], ["b1"]], "for": "24s"})j";
  const auto out_at = [](const sim::Outcome& outcome) {
    for (const sim::RecordedFact& fact : told<model::IsrShrinkProposed>(outcome)) {
      if (fact.node == kB1) return fact.at;
    }
    return at(1'000'000);
  };
  const Time usual = out_at(run_of(plan_of(cut)));
  const sim::Plan plan = plan_of(R"j({"at": "1s", "clock_rate": "b1", "rate": "200%"}, )j" + cut);
  const sim::Outcome fast = run_of(plan);
  CHECK(usual >= at(15'000));
  CHECK(usual <= at(20'500));
  CHECK(out_at(fast) >= at(9'900));  // it may have fetched a moment before
  CHECK(out_at(fast) <= at(12'800));
  CHECK(effect_of(fast, sim::FaultKind::clock_rate, plan).skewed > 10);
}

TEST_CASE("a clock whose rate is set right again goes on from what it shows") {
  sim::LocalClock clock;
  CHECK(clock.shows_us(1'000) == 1'000);
  clock.set_rate(1'000, 1'500);
  CHECK(clock.shows_us(1'000) == 1'000);
  CHECK(clock.shows_us(3'000) == 4'000);
  CHECK(clock.takes_us(3'000) == 2'000);
  clock.set_rate(3'000, 500);
  CHECK(clock.shows_us(3'000) == 4'000);
  CHECK(clock.shows_us(5'000) == 5'000);
  clock.set_rate(5'000, sim::LocalClock::kAsUsual);
  CHECK(clock.shows_us(6'000) == 6'000);
}

TEST_CASE("the brokers of a rack are a target") {
  const sim::Plan plan = plan_of(R"j({"at": "5s", "crash": "rack(east)"})j");
  const sim::Outcome outcome = run_of(plan);
  REQUIRE(outcome.faults.back().applied.who == std::vector<NodeId>{kB1, kB2});
}

TEST_CASE("a fault that did nothing makes the run vacuous, one that did something does not") {
  CHECK(verdict_of(R"j({"at": "5s", "delay": "b1", "by": "1ms", "for": "1s"})j") == "passed");
  CHECK(verdict_of(R"j({"at": "5s", "lose": [["b2"], ["b3"]], "ratio": "100%", "for": "10ms"})j") == "vacuous");
  CHECK(verdict_of(R"j({"at": "5s", "delay": [["b2"], ["b3"]], "by": "1ms", "for": "10ms"})j") == "vacuous");
  CHECK(verdict_of(R"j({"at": "5s", "reset": [["zookeeper"], ["p1"]]})j") == "vacuous");
  CHECK(verdict_of(R"j({"at": "5050ms", "slow_disk": "b1", "by": "1ms", "for": "1us"})j") == "vacuous");
  CHECK(verdict_of(R"j({"at": "-14s", "expire_session": "b1"})j") == "vacuous");
  CHECK(verdict_of(R"j({"at": "-14s", "wipe": "b1"})j") == "vacuous");
  CHECK(verdict_of(R"j({"at": "-14s", "clock_rate": "b1", "rate": "110%", "for": "1ms"})j") == "vacuous");
  CHECK(verdict_of(R"j({"at": "5s", "clock_rate": "b1", "rate": "90%", "for": "10s"})j") == "passed");
}

TEST_CASE("disturbances are gone without a trace: what comes before them stays as it was") {
  const sim::Plan usual = plan_of("", "10s");
  const sim::Plan disturbed =
      plan_of(R"j({"at": "9s", "delay": "b1", "by": "1ms"}, {"at": "9s", "clock_rate": "b2", "rate": "150%"})j", "10s");
  sim::World a(usual), b(disturbed);
  a.run_until(at(8'999));
  b.run_until(at(8'999));
  CHECK(a.fingerprint() == b.fingerprint());
}
