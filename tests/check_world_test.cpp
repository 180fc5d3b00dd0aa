#include "sim/search/check_world.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "sim/search/check_links.h"
#include "tests/bench/two_brokers.h"

namespace {

using model::TimerKind;
using sim::CheckResult;

constexpr model::NodeId kB1{1}, kB2{2}, kP1{3};

const model::Broker& broker(const sim::CheckWorld& world, const sim::CheckState& state, model::NodeId id) {
  return std::get<model::Broker>(world.node(state, id));
}

// The plain exhaustive search: whole states in a set, no fingerprints, no frontier, no memory of paths.
struct Counted {
  std::uint64_t transitions = 0;
  std::set<sim::CheckState> states;
  std::vector<sim::CheckState> last;  // that have no successor
  std::map<sim::CheckAction::What, std::uint64_t> actions;
};
Counted count_all(sim::CheckWorld& world) {
  Counted counted;
  counted.states.insert(world.initial());
  std::vector<sim::CheckState> todo{world.initial()};
  sim::CheckSuccessors successors;
  while (!todo.empty()) {
    const sim::CheckState state = std::move(todo.back());
    todo.pop_back();
    world.successors(state.data(), state.size(), successors);
    counted.transitions += successors.all.size();
    if (successors.all.empty()) counted.last.push_back(state);
    for (std::size_t i = 0; i < successors.all.size(); ++i) {
      ++counted.actions[successors.all[i].action.what];
      if (counted.states.insert(successors.state(i)).second) todo.push_back(successors.state(i));
    }
  }
  return counted;
}

sim::CheckPlan small_plan_with_a_crash() {
  sim::CheckPlan plan = bench::two_broker_search();
  plan.bounds.of(TimerKind::zk_expire) = 1;
  plan.bounds.elapsed = 1;
  plan.bounds.crashes = 1;
  return plan;
}

bool follower_log_is_empty(const model::ClusterConfig&, const model::Node& node) {
  const auto* broker = std::get_if<model::Broker>(&node);
  return broker == nullptr || broker->id != kB2 || broker->disk.partitions[0].log.end() == 0;
}

// No clock answers, first choices: what CheckAction::outcome 0 stands for.
struct PlainNodes {
  explicit PlainNodes(const sim::CheckWorld& world) : model(world.plan().model), actors(world.actors()) {
    for (std::size_t i = 0; i < model.config.node_count(); ++i) {
      nodes.push_back(actors.actor(world.initial()[i]).node);
    }
  }
  void take(const sim::CheckAction& action) {
    const sim::CheckInput& input = actors.input(action.input);
    const model::ConnectionId via = actors.link(input.link);
    model::ScriptedAnswers none;
    const model::Clock clock(model::Instant{7}, &none);
    const model::Choices choices;
    model::Effects effects;
    const model::Context context{model.rules, model.config, clock, choices, effects};
    model::Node& node = nodes[static_cast<std::size_t>(action.node)];
    switch (input.what) {
      case sim::CheckInput::What::timer:
        return model::step(context, node, model::TimerFired{input.timer});
      case sim::CheckInput::What::accepted:
        return model::step(context, node, model::Connected{via});
      case sim::CheckInput::What::message:
        return model::step(context, node, model::Received{via, &input.body});
      case sim::CheckInput::What::refused:
        return model::step(context, node, model::Disconnected{via, model::DisconnectReason::refused});
      case sim::CheckInput::What::closed:
        return model::step(context, node, model::Disconnected{via, model::DisconnectReason::reset});
      case sim::CheckInput::What::crashed:
        return model::crash(model.config, node);
      case sim::CheckInput::What::started:
        return model::step(context, node, model::Started{});
      case sim::CheckInput::What::act:
        return model::step(context, node, input.act);
    }
  }
  const sim::CheckModel& model;
  const sim::Actors& actors;
  std::vector<model::Node> nodes;
};

}  // namespace

TEST_CASE("the search begins with two brokers that serve and a follower that waits for data") {
  const sim::CheckWorld world(bench::two_broker_search());
  const model::Broker& leader = broker(world, world.initial(), kB1);
  const model::Broker& follower = broker(world, world.initial(), kB2);
  CHECK(leader.memory.serving);
  CHECK(follower.memory.serving);
  CHECK(leader.memory.controller.active_id == kB1);
  CHECK(leader.memory.partitions[0].role == model::Role::leader);
  CHECK(leader.memory.partitions[0].isr == model::Replicas{kB1, kB2});
  CHECK(follower.memory.partitions[0].role == model::Role::follower);
  CHECK(follower.memory.partitions[0].fetch_state == model::FetchState::fetching);
  REQUIRE(leader.memory.partitions[0].remotes.size() == 1);
  CHECK(leader.memory.partitions[0].remotes[0].log_end == 0);
}

TEST_CASE("without faults every interleaving ends with the record on both brokers and acknowledged") {
  sim::CheckPlan plan = bench::two_broker_search();
  plan.bounds.of(TimerKind::fetch_wait) = 2;
  sim::CheckWorld world(plan);
  const Counted all = count_all(world);
  REQUIRE_FALSE(all.last.empty());
  for (const sim::CheckState& state : all.last) {
    CHECK(broker(world, state, kB1).disk.partitions[0].log.end() == 1);
    CHECK(broker(world, state, kB1).memory.partitions[0].high_watermark == 1);
    CHECK(broker(world, state, kB2).disk.partitions[0].log == broker(world, state, kB1).disk.partitions[0].log);
    const auto& producer = std::get<model::Producer>(world.node(state, kP1)).memory;
    REQUIRE(producer.partitions.size() == 1);
    CHECK(producer.partitions[0].last_acked_sequence == 0);
    CHECK(producer.accumulated.empty());
  }
}

TEST_CASE("a search by fingerprints counts what an exact one counts, and the same with every compiler") {
  sim::CheckWorld world(small_plan_with_a_crash());
  const CheckResult result = sim::explore(world, {});
  CHECK(result.end == CheckResult::End::exhausted);
  const Counted all = count_all(world);
  CHECK(result.states == all.states.size());
  CHECK(result.transitions == all.transitions);
  CHECK(all.actions.at(sim::CheckAction::What::crash) > 0);
  CHECK(all.actions.at(sim::CheckAction::What::fire) > 0);
  CHECK(all.actions.count(sim::CheckAction::What::start) == 0);
  // Among them are failovers.
  CHECK(std::any_of(all.states.begin(), all.states.end(), [&](const sim::CheckState& state) {
    const model::BrokerMemory& memory = broker(world, state, kB2).memory;
    return !memory.partitions.empty() && memory.controller.active_id == kB2 &&
           memory.partitions[0].role == model::Role::leader;
  }));

  // Whatever compiled it. A change of the protocol changes them; the search above then tells whether they are right.
  CHECK(result.states == 28'873);
  CHECK(result.transitions == 106'480);
  CHECK(result.depth == 62);
}

TEST_CASE("a second search of the same plan finds the same states in the same order") {
  sim::CheckWorld one(small_plan_with_a_crash()), other(small_plan_with_a_crash());
  const CheckResult first = sim::explore(one, {.states = 2'000, .depth = UINT32_MAX});
  const CheckResult second = sim::explore(other, {.states = 2'000, .depth = UINT32_MAX});
  CHECK(first.end == CheckResult::End::states);
  CHECK(first.states == 2'000);
  CHECK(first.fingerprint == second.fingerprint);
  CHECK(first.transitions == second.transitions);
  // What one search has remembered changes nothing for the next.
  CHECK(sim::explore(one, {.states = 2'000, .depth = UINT32_MAX}).fingerprint == first.fingerprint);
}

TEST_CASE("a wrong property is refuted by a shortest path that replays") {
  sim::CheckPlan plan = bench::two_broker_search();
  plan.model.properties.push_back(
      {.name = "the follower's log is empty", .node = &follower_log_is_empty, .pair = nullptr});
  sim::CheckWorld world(plan);
  const CheckResult result = sim::explore(world, {});
  REQUIRE(result.end == CheckResult::End::violation);
  CHECK(result.broken == 1U << 2);
  CHECK(result.path.size() == result.depth);

  const sim::CheckPath way = sim::replay(world, result.path);
  REQUIRE(way.states.size() == result.path.size() + 1);
  for (std::size_t i = 0; i + 1 < way.states.size(); ++i) CHECK(world.broken(way.states[i].data()) == 0);
  CHECK(world.broken(way.states.back().data()) == result.broken);
  CHECK(broker(world, way.states.back(), kB2).disk.partitions[0].log.end() == 1);
  CHECK(way.actions.back().node == kB2);
  CHECK(std::holds_alternative<model::FetchResponse>(world.actors().input(way.actions.back().input).body));

  sim::CheckWorld shallow(plan);
  const CheckResult before = sim::explore(shallow, {.states = UINT64_MAX, .depth = result.depth - 1});
  CHECK(before.end == CheckResult::End::depth);
}

TEST_CASE("a path that cannot be taken is refused") {
  sim::CheckWorld world(bench::two_broker_search());
  CHECK(sim::replay(world, {9'999}).states.empty());
}

TEST_CASE("remembered steps leave the nodes as model::step does") {
  sim::CheckWorld world(small_plan_with_a_crash());
  sim::CheckSuccessors successors;
  std::size_t steps = 0;
  // Walks that turn off at different places.
  for (std::size_t turn = 0; turn < 12; ++turn) {
    PlainNodes plain(world);
    sim::CheckState state = world.initial();
    for (std::size_t depth = 0; depth < 200; ++depth) {
      world.successors(state.data(), state.size(), successors);
      std::vector<std::size_t> firsts;
      for (std::size_t i = 0; i < successors.all.size(); ++i) {
        if (successors.all[i].action.outcome == 0) firsts.push_back(i);
      }
      if (firsts.empty()) break;
      const std::size_t chosen = firsts[depth == turn ? firsts.size() - 1 : depth * turn % firsts.size()];
      plain.take(successors.all[chosen].action);
      state = successors.state(chosen);
      for (std::size_t i = 0; i < plain.nodes.size(); ++i) {
        const model::Node& found = world.node(state, model::NodeId(static_cast<std::uint8_t>(i)));
        REQUIRE(model::fingerprint(found) == model::fingerprint(plain.nodes[i]));
      }
      ++steps;
    }
  }
  CHECK(steps > 100);
}

TEST_CASE("every answer of the clock and every choice is tried once") {
  sim::CheckPlan plan = bench::two_broker_search();
  plan.bounds.of(TimerKind::zk_expire) = 1;
  sim::CheckWorld world(plan);
  sim::CheckSuccessors successors;
  world.successors(world.initial().data(), world.initial().size(), successors);
  std::set<std::vector<model::SessionId>> left;  // sessions after the check of the two
  for (std::size_t i = 0; i < successors.all.size(); ++i) {
    if (successors.all[i].action.what != sim::CheckAction::What::fire) continue;
    std::vector<model::SessionId> sessions;
    const auto& zookeeper = std::get<model::ZooKeeper>(world.node(successors.state(i), model::kZooKeeper));
    for (const model::ZkSession& session : zookeeper.disk.sessions) sessions.push_back(session.id);
    if (successors.all[i].action.outcome == 0) CHECK(sessions.size() == 2);
    left.insert(sessions);
  }
  CHECK(left == std::set<std::vector<model::SessionId>>{{}, {1}, {2}, {1, 2}});
}

TEST_CASE("a bound on elapsed waits leaves out what needs more of them") {
  sim::CheckPlan plan = bench::two_broker_search();
  plan.bounds.of(TimerKind::zk_expire) = 1;
  plan.bounds.elapsed = 1;
  sim::CheckWorld world(plan);
  sim::CheckSuccessors successors;
  world.successors(world.initial().data(), world.initial().size(), successors);
  std::set<std::size_t> left;
  for (std::size_t i = 0; i < successors.all.size(); ++i) {
    const auto& zookeeper = std::get<model::ZooKeeper>(world.node(successors.state(i), model::kZooKeeper));
    left.insert(zookeeper.disk.sessions.size());
  }
  CHECK(left == std::set<std::size_t>{1, 2});
}

TEST_CASE("two nodes are one if only their stamps differ, but not if only one was ever stamped") {
  const sim::CheckModel model = bench::two_broker_search().model;
  sim::Actors actors(model);
  const auto with = [&](model::Instant stamp) {
    model::Broker node;
    node.id = kB1;
    node.disk.partitions.resize(1);
    node.memory.partitions.resize(1);
    model::Remote remote;
    remote.last_caught_up = stamp;
    node.memory.partitions[0].remotes.push_back(remote);
    sim::Actors::Actor actor;
    actor.self = kB1;
    actor.node = node;
    return actors.add(std::move(actor));
  };
  CHECK(with(model::Instant{1}) == with(model::Instant{2}));
  CHECK(with(model::Instant{1}) != with(model::kNever));
}

TEST_CASE("the end of a connection comes behind the data, and what was on the way to it is lost") {
  sim::CheckState words;
  sim::CheckLinks links(words, 0);
  links.add(9, true, 100);
  links.add(4, true, 101);
  CHECK(links.name(0) == 4);
  const std::size_t at = links.find(9);
  REQUIRE(at != sim::CheckLinks::kNone);
  CHECK(links.front(at, sim::CheckLinks::kServer) == 100);
  links.pop(at, sim::CheckLinks::kServer);
  links.push(at, sim::CheckLinks::kServer, 1);
  links.push(at, sim::CheckLinks::kClient, 2);
  links.push(at, sim::CheckLinks::kServer, 3);
  CHECK(links.close(at, sim::CheckLinks::kServer, 77));
  CHECK_FALSE(links.is_open(at, sim::CheckLinks::kServer));
  CHECK(links.length(at, sim::CheckLinks::kClient) == 0);
  std::vector<std::uint32_t> heard;
  while (links.length(at, sim::CheckLinks::kServer) > 0) {
    heard.push_back(links.front(at, sim::CheckLinks::kServer));
    links.pop(at, sim::CheckLinks::kServer);
  }
  CHECK(heard == std::vector<std::uint32_t>{1, 3, 77});
  CHECK_FALSE(links.close(at, sim::CheckLinks::kClient, 77));
  CHECK(links.find(9) == sim::CheckLinks::kNone);
  CHECK(links.find(4) == 0);
}

TEST_CASE("a fingerprint table holds what a std::set holds") {
  sim::FingerprintSet table;
  sim::FingerprintMap<std::uint32_t> map;
  std::set<std::uint64_t> plain;
  std::uint64_t key = 0;
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    const bool is_new = plain.insert(key).second;
    CHECK(table.insert(key) == is_new);
    CHECK((map.find(key) == nullptr) == is_new);
    if (is_new) map.insert(key, i);
    key = (key * 6364136223846793005ULL + 1442695040888963407ULL) % 15'013;
    if (key == 1) key = 2;  // 0 and 1 are one in a set of fingerprints
  }
  CHECK(table.size() == plain.size());
  CHECK(map.size() == plain.size());
  REQUIRE(map.find(0) != nullptr);
  CHECK(*map.find(0) == 0);
}
