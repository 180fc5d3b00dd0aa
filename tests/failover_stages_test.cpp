// Crashes, pauses and cuts between any two stages of a failover: whatever interrupts the new controller, and
// whenever, the promises of the control plane hold and the cluster comes to rest.
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/cluster_fixture.h"

using namespace sim::test;
using model::NodeId;
using sim::Plan;
using sim::Time;

namespace {

constexpr std::array kStepNames{
    "read controller",   "read controller epoch", "create controller epoch", "register as controller",
    "confirm registration", "list notifications", "read notifications",      "delete notifications",
    "list brokers",      "read brokers",          "list topics",             "read topics",
    "read partition states", "announce brokers",  "start replicas",          "start partitions",
    "brokers came or went", "start broker",       "fail broker",             "create partitions",
    "take replicas offline", "elect leaders",     "write alter partitions",  "finish controlled shutdown",
    "send batch",        "replicas become offline"};
static_assert(kStepNames.size() == std::variant_size_v<model::ControllerStep>);

std::string phase_of(const model::ControllerStep& step) {
  const std::string name = kStepNames[step.index()];
  const auto round = [&](std::uint8_t stage) { return name + (stage == 1 ? ": reading" : ": writing"); };
  if (const auto* take = std::get_if<model::TakeReplicasOffline>(&step)) return round(take->stage);
  if (const auto* elect = std::get_if<model::ElectLeaders>(&step)) return round(elect->stage);
  if (const auto* create = std::get_if<model::CreatePartitions>(&step)) return name + ": level " + std::to_string(create->level);
  return name;
}

bool has_requests_to_send(const model::Controller& controller) {
  return std::any_of(controller.senders.begin(), controller.senders.end(),
                     [](const model::Sender& sender) { return !sender.queue.empty(); });
}

// What the broker is in the middle of as controller; empty: nothing.
std::string stage_of(const model::Controller& controller) {
  if (controller.current) return phase_of(*controller.current);
  return has_requests_to_send(controller) ? "deliver control requests" : "";
}

// b1 controls and leads t-0. It crashes at 10 s, and a topic is created while nobody is there to see it.
Plan controller_crash(std::string_view version) {
  Plan plan = three_brokers(version);
  plan.until = at_s(62);
  add_topic(plan, "t", {{kB1, kB2, kB3}, {kB2, kB3, kB1}, {kB3, kB1, kB2}}, 2);
  add_topic(plan, "u", {{kB2, kB1, kB3}});
  add_producer(plan, model::Acks::all, at_s(5), model::milliseconds(200), 200);
  crash(plan, kB1, at_s(10), model::seconds(22));
  create_topic(plan, kU, at_s(11));
  return plan;
}

// Under 2.6, with an ISR change whose notification nobody has read when b1 dies.
Plan controller_crash_with_notification() {
  Plan plan = controller_crash("2.6");
  set_lag(plan, model::seconds(4));
  cut(plan, {kB3}, {kB2}, at_s(1), model::seconds(8));
  return plan;
}

struct Moment {
  Time at;
  NodeId node{};
  std::string stage;
};

// Every instant after an event at which the broker that takes over is in the middle of its failover, from the
// expiry of b1's session until all control requests have arrived.
std::vector<Moment> moments_of_failover(const Plan& plan) {
  Cluster cluster(plan);
  cluster.run_until(at_s(30));
  const NodeId successor = cluster.world().controller();
  const auto expired = cluster.seen().first<model::ZkSessionClosed>(
      at_s(10), [](NodeId, const model::ZkSessionClosed& fact) { return fact.owner == kB1 && fact.expired; });
  REQUIRE(expired);
  Cluster again(plan);
  again.run_until(expired->at);
  std::vector<Moment> moments;
  std::string before;
  while (again.world().step() && again.world().now() < at_s(30)) {
    const model::Controller& controller = again.broker(successor).memory.controller;
    const std::string stage = stage_of(controller);
    const bool done = stage.empty() && is_active(controller, successor);
    if (done) break;
    if (!stage.empty()) {
      const Moment moment{again.world().now() + model::microseconds(1), successor, stage};
      if (!moments.empty() && moments.back().at == moment.at) moments.pop_back();
      moments.push_back(moment);
    }
  }
  return moments;
}

// The events of others in between change nothing for the failover: one moment per answer, and one per control
// request that has arrived.
std::vector<Moment> distinct(const Plan& plan, const std::vector<Moment>& moments) {
  Cluster cluster(plan);
  std::vector<Moment> kept;
  std::string before;
  for (const Moment& moment : moments) {
    cluster.run_until(moment.at);
    const model::Controller& controller = cluster.broker(moment.node).memory.controller;
    std::uint64_t state = controller.current ? model::hash_of(*controller.current) : 0;
    if (!controller.current) {
      for (const model::Sender& sender : controller.senders) state = state * 100 + sender.queue.size();
    }
    const std::string now = moment.stage + std::to_string(state);
    if (now != before) kept.push_back(moment);
    before = now;
  }
  return kept;
}

struct Interruption {
  const char* name;
  void (*plant)(Plan&, NodeId, Time);
};

Nodes brokers_but(NodeId node) {
  Nodes others;
  for (const NodeId other : {kB1, kB2, kB3}) {
    if (other != node) others.push_back(other);
  }
  return others;
}

const std::array kInterruptions{
    Interruption{"crash", [](Plan& plan, NodeId node, Time at) { crash(plan, node, at, model::seconds(14)); }},
    Interruption{"pause for 25 s", [](Plan& plan, NodeId node, Time at) { pause(plan, node, at, model::seconds(25)); }},
    Interruption{"pause for 3 s", [](Plan& plan, NodeId node, Time at) { pause(plan, node, at, model::seconds(3)); }},
    Interruption{"cut from ZooKeeper for 4 s",
                 [](Plan& plan, NodeId node, Time at) { cut(plan, {node}, {model::kZooKeeper}, at, model::seconds(4)); }},
    Interruption{"cut from ZooKeeper for 25 s",
                 [](Plan& plan, NodeId node, Time at) { cut(plan, {node}, {model::kZooKeeper}, at, model::seconds(25)); }},
    Interruption{"cut from the other brokers for 5 s",
                 [](Plan& plan, NodeId node, Time at) { cut(plan, {node}, brokers_but(node), at, model::seconds(5)); }},
    Interruption{"move the controller", [](Plan& plan, NodeId, Time at) { move_controller(plan, at); }},
};

// What a sweep has met, summed up over its runs.
struct Tally {
  std::int32_t runs = 0;
  std::int32_t moved = 0;       // ZooKeeper refused a write of a zombie
  std::int32_t refused = 0;     // a broker refused a control request of a zombie
  std::set<std::string> stages;
};

bool is_zombie_refused(NodeId, const model::RequestFenced& fact) {
  return fact.error == model::ErrorCode::stale_controller_epoch && !fact.has_partition;
}

void interrupt(const Plan& plan, const Moment& moment, const Interruption& interruption, Tally& tally) {
  Plan planted = plan;
  interruption.plant(planted, moment.node, moment.at);
  Cluster cluster(planted);
  cluster.run_until(moment.at - model::microseconds(1));
  const std::string stage = stage_of(cluster.broker(moment.node).memory.controller);
  cluster.run();
  CAPTURE(moment.at.us);
  CAPTURE(std::string(interruption.name));
  CAPTURE(moment.stage);
  CHECK(stage == moment.stage);
  CHECK(joined(cluster.seen().broken()) == "");
  CHECK(joined(cluster.unsettled()) == "");
  ++tally.runs;
  tally.stages.insert(stage);
  if (cluster.seen().ever<model::ControllerMoved>()) ++tally.moved;
  if (cluster.seen().first<model::RequestFenced>({}, is_zombie_refused)) ++tally.refused;
}

Tally sweep(const Plan& plan) {
  Tally tally;
  for (const Moment& moment : distinct(plan, moments_of_failover(plan))) {
    for (const Interruption& interruption : kInterruptions) interrupt(plan, moment, interruption, tally);
  }
  MESSAGE("interrupted ", tally.runs, " times; ", tally.moved, " runs with a refused write, ", tally.refused,
          " with a refused control request");
  return tally;
}

}  // namespace

TEST_CASE("an undisturbed failover ends with one controller, full ISRs and every acknowledged record") {
  for (const Plan& plan : {controller_crash("3.9"), controller_crash("2.6"), controller_crash_with_notification()}) {
    Cluster cluster(plan);
    cluster.run();
    CHECK(joined(cluster.seen().broken()) == "");
    CHECK(joined(cluster.unsettled()) == "");
    std::int32_t acknowledged = 0;
    for (const auto& ack : cluster.seen().all<model::RecordsAcknowledged>()) acknowledged += ack.fact.count;
    CHECK(acknowledged == 200);
    CHECK(cluster.seen().all<model::BelievesController>().size() == 2);
  }
}

TEST_CASE("a failover that is interrupted between any two stages keeps every promise") {
  const Tally tally = sweep(controller_crash("3.9"));
  const std::set<std::string> expected{
      "read controller",        "read controller epoch",          "register as controller",
      "list notifications",     "list brokers",                   "read brokers",
      "list topics",            "read topics",                    "read partition states",
      "take replicas offline: reading", "take replicas offline: writing", "elect leaders: reading",
      "elect leaders: writing", "create partitions: level 0",     "create partitions: level 1",
      "create partitions: level 2", "deliver control requests"};
  CHECK(tally.stages == expected);
  // Zombies were met, and both fences stopped some.
  CHECK(tally.moved > 0);
  CHECK(tally.refused > 0);
}

TEST_CASE("a failover under 2.6 that finds an unread notification is interrupted between any two stages") {
  const Tally tally = sweep(controller_crash_with_notification());
  CHECK(tally.stages.count("delete notifications") == 1);
  CHECK(tally.stages.count("elect leaders: writing") == 1);
  CHECK(tally.moved > 0);
  CHECK(tally.refused > 0);
}
