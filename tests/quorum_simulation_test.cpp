// Quorums of controllers through faults, many seeds each, judged after every event: the scenarios of Kafka's own
// RaftEventSimulationTest, on a network with latencies and with power losses.
#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "model/raft/raft.h"
#include "model/rules/profiles.h"
#include "sim/kernel/committed_metadata.h"
#include "sim/kernel/dice.h"
#include "tests/cluster_fixture.h"
#include "tests/quorum_watch.h"

using namespace model;
using namespace sim;
using namespace sim::test;

namespace {

constexpr std::int64_t kSeeds = 500;  // of each number of voters, with and without pre-votes

struct Setup {
  std::int32_t voters = 3;
  Rules rules = kafka_4_0::rules();
};

// Time-outs are a tenth of Kafka's, so that a run is short and that much goes on in it.
Plan quorum_plan(const Setup& setup, std::uint64_t seed) {
  Plan plan;
  plan.mode = "kraft";
  plan.rules = setup.rules;
  plan.seed = seed;
  plan.begins = {0};
  plan.until = at_s(8);
  ClusterConfig& config = plan.config;
  config.brokers.resize(1);  // of which no process ever runs: controllers take its settings for their own
  config.controllers = setup.voters;
  for (std::int32_t number = 1; number <= setup.voters; ++number) {
    config.voters.push_back(config.controller(number));
    plan.starts.push_back({config.controller(number), at_ms(0), {}, {}, {}});
  }
  config.startup.connect_min = milliseconds(1);
  config.startup.connect_max = milliseconds(10);
  QuorumSettings& settings = config.quorum;
  settings.controller_quorum_election_timeout = milliseconds(100);
  settings.controller_quorum_fetch_timeout = milliseconds(200);
  settings.controller_quorum_election_backoff_max = milliseconds(100);
  settings.controller_quorum_append_linger = milliseconds(2);
  settings.controller_quorum_request_timeout = milliseconds(200);
  settings.metadata_max_idle_interval = milliseconds(40);
  return plan;
}

using Members = std::vector<NodeId>;

Members all_of(const Plan& plan) { return {plan.config.voters.begin(), plan.config.voters.end()}; }

Members without(Members members, NodeId node) {
  members.erase(std::remove(members.begin(), members.end(), node), members.end());
  return members;
}

Offset high_watermark_of(const World& world, NodeId node) {
  const RaftMemory* memory = member_of(world.nodes()[static_cast<std::size_t>(node)]).memory;
  return memory == nullptr ? kUnknownOffset : memory->high_watermark;
}

// A run, judged event by event. Every member of `members` must have committed `offset` before `by`.
struct Run {
  explicit Run(Plan p) : plan(std::move(p)), watch(plan), world(plan, &watch) {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  void run_until(Time t) {
    while (world.step_until(t)) watch.look(world);
  }
  bool reach(const Members& members, Offset offset, Time by) {
    const auto there = [&] {
      return std::all_of(members.begin(), members.end(),
                         [&](NodeId node) { return high_watermark_of(world, node) >= offset; });
    };
    while (!there() && world.step_until(by)) watch.look(world);
    if (!there()) missed = "no high watermark " + std::to_string(offset) + " before " + std::to_string(by.us) + " us";
    return there();
  }

  Plan plan;
  QuorumWatch watch;
  World world;
  std::string missed;  // a liveness condition
};

// What a seed came to; empty: nothing is wrong.
std::string verdict(const Run& run) {
  if (!run.watch.broken().empty()) return run.watch.broken().front();
  return run.missed;
}

using Scenario = std::string (*)(const Setup&, std::uint64_t seed);

// A number of the seed's own.
std::int64_t drawn(std::uint64_t seed, std::uint64_t what, std::int64_t below) {
  return static_cast<std::int64_t>(mix(seed * 31 + what) % static_cast<std::uint64_t>(below));
}

// The leader at `t`: the same run up to there, since its faults only come later.
NodeId leader_at(const Setup& setup, std::uint64_t seed, Time t) {
  Run run(quorum_plan(setup, seed));
  run.run_until(t);
  return run.watch.leader();
}

std::string elects(const Setup& setup, std::uint64_t seed) {
  Run run(quorum_plan(setup, seed));
  run.reach(all_of(run.plan), 10, at_s(4));
  return verdict(run);
}

void add_leader_fault(Plan& plan, FaultKind kind, Time at, Duration lasts) {
  Fault fault;
  fault.kind = kind;
  fault.at = at;
  fault.lasts = lasts;
  Target leader;
  leader.form = Target::Form::controller;
  (kind == FaultKind::cut ? fault.from : fault.who) = {leader};
  plan.faults.push_back(fault);
}

std::string leader_fails(const Setup& setup, std::uint64_t seed) {
  Plan plan = quorum_plan(setup, seed);
  constexpr FaultKind kKinds[] = {FaultKind::crash, FaultKind::power_loss, FaultKind::stop};
  const FaultKind kind = kKinds[drawn(seed, 1, 3)];
  const Time at = at_ms(1'500 + drawn(seed, 2, 500));
  add_leader_fault(plan, kind, at, milliseconds(1'000));
  if (kind == FaultKind::stop) {
    const NodeId leader = leader_at(setup, seed, at);
    plan.faults.back().lasts.reset();
    if (leader != kNoNode) start(plan, leader, at + milliseconds(1'000));
  }
  Run run(std::move(plan));
  run.run_until(at);
  const Offset before = run.watch.committed();
  run.run_until(at + milliseconds(900));
  if (run.watch.committed() <= before) run.missed = "nothing was committed while the old leader was away";
  run.reach(all_of(run.plan), run.watch.committed() + 10, at_s(7));
  return verdict(run);
}

std::string all_are_killed(const Setup& setup, std::uint64_t seed) {
  Plan plan = quorum_plan(setup, seed);
  const Time at = at_ms(1'500 + drawn(seed, 1, 500));
  const Time again = at + milliseconds(300);
  Members first;
  for (const NodeId node : all_of(plan)) {
    drawn(seed, 2, 2) == 0 ? crash(plan, node, at) : power_loss(plan, node, at);
    if (first.size() >= plan.config.voters.size() / 2 + 1) continue;
    first.push_back(node);
    start(plan, node, again);
  }
  Run run(std::move(plan));
  run.run_until(again);
  const Offset before = run.watch.committed();
  run.reach(first, before + 10, at_s(6));
  return verdict(run);
}

std::string leader_is_cut_off(const Setup& setup, std::uint64_t seed) {
  Plan plan = quorum_plan(setup, seed);
  const Time at = at_ms(1'500 + drawn(seed, 1, 500));
  const NodeId leader = leader_at(setup, seed, at);
  if (leader == kNoNode) return "no leader to be cut off";
  cut(plan, {leader}, without(all_of(plan), leader), at, seconds(2));
  Run run(std::move(plan));
  run.run_until(at);
  const Offset before = run.watch.committed();
  run.reach(without(all_of(run.plan), leader), before + 10, at + seconds(2));
  run.reach(all_of(run.plan), run.watch.committed() + 10, at_s(7));
  return verdict(run);
}

std::string majority_goes_on(const Setup& given, std::uint64_t seed) {
  Setup setup = given;
  setup.voters = 5;
  Plan plan = quorum_plan(setup, seed);
  const Members all = all_of(plan);
  const Members minority{all[0], all[1]}, majority{all[2], all[3], all[4]};
  const Time at = at_ms(1'000 + drawn(seed, 1, 500));
  cut(plan, minority, majority, at, seconds(2));
  Run run(std::move(plan));
  run.run_until(at);
  const Offset before = run.watch.committed();
  run.reach(majority, before + 10, at + seconds(2));
  const Offset behind = std::max(high_watermark_of(run.world, minority[0]), high_watermark_of(run.world, minority[1]));
  if (behind >= before + 10) run.missed = "a minority committed";
  run.reach(all, run.watch.committed() + 10, at_s(7));
  return verdict(run);
}

std::string leaders_fail_in_a_row(const Setup& setup, std::uint64_t seed) {
  Plan plan = quorum_plan(setup, seed);
  Time at = at_ms(1'000 + drawn(seed, 1, 300));
  for (int round = 0; round < 4; ++round) {
    add_leader_fault(plan, FaultKind::cut, at, milliseconds(300));
    at = at + milliseconds(300 + drawn(seed, 2, 200));
  }
  Run run(std::move(plan));
  run.run_until(at);
  run.reach(all_of(run.plan), run.watch.committed() + 10, at_s(7));
  return verdict(run);
}

std::string one_disk_is_lost(const Setup& setup, std::uint64_t seed) {
  Plan plan = quorum_plan(setup, seed);
  const Time at = at_ms(1'500 + drawn(seed, 1, 500));
  const Members all = all_of(plan);
  const NodeId lost = all[static_cast<std::size_t>(drawn(seed, 2, static_cast<std::int64_t>(all.size())))];
  Fault wiped;
  wiped.kind = FaultKind::wipe;
  wiped.at = at;
  wiped.who = {{Target::Form::node, lost, {}, 0, {}, {}}};
  plan.faults.push_back(wiped);
  start(plan, lost, at + seconds(2));  // another leads by then
  Run run(std::move(plan));
  run.run_until(at);
  run.run_until(at + seconds(2));
  if (run.watch.leader() == lost || run.watch.leader() == kNoNode) run.missed = "no other leader";
  run.reach(all, run.watch.committed() + 10, at_s(7));
  return verdict(run);
}

// KIP-996's example, with A to E as given: only A-C, B-D, C-D, C-E and D-E are connected.
void cut_to_mesh(Plan& plan, const Members& m, Time at) {
  const std::vector<std::pair<int, int>> cuts{{0, 1}, {0, 3}, {0, 4}, {1, 2}, {1, 4}};
  for (const auto& [a, b] : cuts) {
    cut(plan, {m[static_cast<std::size_t>(a)]}, {m[static_cast<std::size_t>(b)]}, at, seconds(60));
  }
}

std::string mesh_from_the_start(const Setup& given, std::uint64_t seed) {
  Setup setup = given;
  setup.voters = 5;
  Plan plan = quorum_plan(setup, seed);
  const Members m = all_of(plan);
  cut_to_mesh(plan, m, at_ms(0));
  Run run(std::move(plan));
  run.reach({m[2]}, 1, at_s(5));
  const NodeId leader = run.watch.leader();
  const LeaderEpoch epoch = run.watch.leader_epoch();
  run.reach({m[2], m[3]}, 20, at_s(7));
  if (run.watch.leader() != leader || run.watch.leader_epoch() != epoch) run.missed = "another leader was elected";
  return verdict(run);
}

std::string mesh_around_the_leader(const Setup& given, std::uint64_t seed) {
  Setup setup = given;
  setup.voters = 5;
  Plan plan = quorum_plan(setup, seed);
  const Time at = at_ms(1'500 + drawn(seed, 1, 500));
  const NodeId leader = leader_at(setup, seed, at);
  if (leader == kNoNode) return "no leader to be cut off";
  Members m = without(all_of(plan), leader);
  m.insert(m.begin() + 2, leader);  // C
  cut_to_mesh(plan, m, at);
  Run run(std::move(plan));
  run.run_until(at);
  const LeaderEpoch epoch = run.watch.leader_epoch();
  run.reach({m[0], m[2], m[3], m[4]}, run.watch.committed() + 20, at_s(7));
  if (run.watch.leader() != leader || run.watch.leader_epoch() != epoch) run.missed = "another leader was elected";
  return verdict(run);
}

// The first seed that comes to something, and what.
struct SeedsRun {
  std::int64_t failed = 0;
  std::uint64_t seed = 0;
  std::string what;
};
SeedsRun run_seeds(Scenario scenario, const Setup& setup, std::int64_t seeds) {
  SeedsRun outcome;
  for (std::int64_t seed = 1; seed <= seeds; ++seed) {
    const std::string what = scenario(setup, static_cast<std::uint64_t>(seed));
    if (what.empty()) continue;
    if (outcome.failed++ == 0) outcome.seed = static_cast<std::uint64_t>(seed), outcome.what = what;
  }
  return outcome;
}

void expect_clean(Scenario scenario) {
  for (const std::int32_t voters : {3, 5}) {
    for (const bool pre_vote : {false, true}) {
      const Setup setup{voters, pre_vote ? kafka_4_0::rules() : kafka_3_9::rules()};
      CAPTURE(voters);
      CAPTURE(pre_vote);
      const SeedsRun outcome = run_seeds(scenario, setup, kSeeds);
      CAPTURE(outcome.seed);
      CAPTURE(outcome.what);
      CHECK(outcome.failed == 0);
    }
  }
}

void expect_red(Scenario scenario, const Setup& setup, const std::string& why) {
  const SeedsRun outcome = run_seeds(scenario, setup, kSeeds);
  MESSAGE(outcome.failed << " of " << kSeeds << ": " << outcome.what);
  CHECK(outcome.failed > 0);
  CHECK(outcome.what.find(why) != std::string::npos);
}

}  // namespace

TEST_CASE("a quorum elects a leader and commits") { expect_clean(elects); }
TEST_CASE("a quorum goes on when its leader dies, loses its power or is stopped") { expect_clean(leader_fails); }
TEST_CASE("a majority that comes back after all were killed has everything and goes on") {
  expect_clean(all_are_killed);
}
TEST_CASE("a leader that is cut off is replaced, and follows when it is back") { expect_clean(leader_is_cut_off); }
TEST_CASE("a majority goes on without the rest, which commits nothing") { expect_clean(majority_goes_on); }
TEST_CASE("a quorum survives leaders that fail one after the other") { expect_clean(leaders_fail_in_a_row); }
TEST_CASE("a member whose disk is lost catches up from the others") { expect_clean(one_disk_is_lost); }

TEST_CASE("with pre-votes a leader that reaches a majority stays, whatever the others cannot reach") {
  for (const Scenario scenario : {Scenario{mesh_from_the_start}, Scenario{mesh_around_the_leader}}) {
    const SeedsRun outcome = run_seeds(scenario, {5, kafka_4_0::rules()}, 2 * kSeeds);
    CAPTURE(outcome.seed);
    CAPTURE(outcome.what);
    CHECK(outcome.failed == 0);
  }
}

TEST_CASE("without pre-votes members that cannot reach the leader depose it") {
  expect_red(mesh_around_the_leader, {5, kafka_3_9::rules()}, "another leader was elected");
}

TEST_CASE("half of the voters are no majority") {
  Setup setup{5, kafka_3_9::rules()};
  setup.rules.quorum.majority = [](std::int32_t voters) { return voters / 2; };
  expect_red(majority_goes_on, setup, "no majority has on disk");
}

TEST_CASE("two votes of one member elect two leaders") {
  Setup setup{3, kafka_3_9::rules()};
  setup.rules.quorum.votes_once_per_epoch = false;
  expect_red(elects, setup, "two leaders");
}

TEST_CASE("a leader that begins its epoch again after a power loss writes its offsets twice") {
  Setup setup{3, kafka_3_9::rules()};
  setup.rules.quorum.restarted_leader_resigns = false;
  expect_red(all_are_killed, setup, "stands for two batches");
}

TEST_CASE("followers that do not flush lose what they have promised") {
  Setup setup{3, kafka_3_9::rules()};
  setup.rules.quorum.voters_flush_before_fetching = false;
  expect_red(all_are_killed, setup, "no majority has on disk");
}

TEST_CASE("followers that cut nothing never agree again") {
  Setup setup{3, kafka_3_9::rules()};
  setup.rules.quorum.truncates_when_diverging = false;
  expect_red(leader_is_cut_off, setup, "no high watermark");
}

TEST_CASE("a leader that commits before its own first record has followers is seen") {
  Setup setup{3, kafka_3_9::rules()};
  setup.rules.quorum.high_watermark_may_be = [](Offset candidate, Offset start) { return candidate >= start; };
  expect_red(leader_fails, setup, "nothing of its own epoch");
}

TEST_CASE("a candidate whose log ends earlier loses what was committed") {
  Setup setup{5, kafka_3_9::rules()};
  setup.rules.quorum.is_up_to_date = [](const OffsetAndEpoch&, const OffsetAndEpoch&) { return true; };
  expect_red(leader_is_cut_off, setup, "leads without committed offset");
}

TEST_CASE("elections are fast to simulate") {
  const auto begin = std::chrono::steady_clock::now();
  const std::int64_t seeds = 1'000;
  const SeedsRun outcome = run_seeds(
      [](const Setup& setup, std::uint64_t seed) {
        Run run(quorum_plan(setup, seed));
        run.reach(all_of(run.plan), 1, at_s(4));
        return verdict(run);
      },
      {}, seeds);
  CHECK(outcome.failed == 0);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  MESSAGE("elections of three voters: " << static_cast<double>(seeds) / took.count() << " seeds/s");
}
