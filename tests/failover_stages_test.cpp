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

constexpr std::uint64_t kSeeds = 3;

constexpr std::array kStepNames{"read controller",
                                "read controller epoch",
                                "create controller epoch",
                                "register as controller",
                                "confirm registration",
                                "list notifications",
                                "read notifications",
                                "delete notifications",
                                "list brokers",
                                "read brokers",
                                "list topics",
                                "read topics",
                                "read partition states",
                                "announce brokers",
                                "start replicas",
                                "start partitions",
                                "brokers came or went",
                                "start broker",
                                "fail broker",
                                "create partitions",
                                "take replicas offline",
                                "elect leaders",
                                "write alter partitions",
                                "finish controlled shutdown",
                                "send batch",
                                "replicas become offline",
                                "read topic configs",
                                "write assignment",
                                "check reassignment",
                                "bump leader epoch",
                                "start new replicas",
                                "complete reassignment",
                                "delete replicas",
                                "announce partition",
                                "resume reassignments",
                                "read other partitions"};
static_assert(kStepNames.size() == model::ControllerStep::kSize);

std::string phase_of(const model::ControllerStep& step) {
  const std::string name = kStepNames[step.index()];
  const auto round = [&](const model::StateRound& now) { return name + (now.writing ? ": writing" : ": reading"); };
  if (const auto* take = std::get_if<model::TakeReplicasOffline>(&step)) return round(take->round);
  if (const auto* elect = std::get_if<model::ElectLeaders>(&step)) return round(elect->round);
  if (const auto* create = std::get_if<model::CreatePartitions>(&step))
    return name + ": level " + std::to_string(create->level);
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

// An AlterPartition that a zombie had queued when it learnt of its end is never answered: its sender tries again
// after request.timeout.ms, 30 s. Runs are long enough for that.

// b1 controls and leads t-0. It crashes at 10 s, and a topic is created while nobody is there to see it.
Plan controller_crash(std::string_view version) {
  Plan plan = three_brokers(version);
  plan.until = at_s(85);
  add_topic(plan, "t", {{kB1, kB2, kB3}, {kB2, kB3, kB1}, {kB3, kB1, kB2}}, 2);
  add_topic(plan, "u", {{kB2, kB1, kB3}});
  add_producer(plan, model::Acks::all, at_s(5), model::milliseconds(200), 200);
  crash(plan, kB1, at_s(10), model::seconds(22));
  create_topic(plan, kU, at_s(11));
  return plan;
}

// Under 2.6, with a session that outlasts the lag by far: b1 has left ISRs, and the notifications of it lie
// there unread, when its session expires.
Plan controller_crash_with_notification() {
  Plan plan = controller_crash("2.6");
  set_lag(plan, model::seconds(4));
  for (model::BrokerSettings& settings : plan.config.brokers) settings.zookeeper_session_timeout = model::seconds(18);
  plan.faults.front().lasts = model::seconds(34);
  plan.until = at_s(90);
  return plan;
}

struct Moment {
  Time at;
  NodeId node{};
  std::string stage;
};

// Every instant after an event, from `from` to `to`, at which `node` is in the middle of something as controller.
// With once: until it has finished what it was elected for.
std::vector<Moment> busy_moments(const Plan& plan, NodeId node, Time from, Time to, bool once) {
  Cluster cluster(plan);
  cluster.run_until(from);
  std::vector<Moment> moments;
  while (cluster.world().step() && cluster.world().now() < to) {
    const model::Controller& controller = cluster.broker(node).memory.controller;
    const std::string stage = stage_of(controller);
    if (stage.empty() && once && is_active(controller, node)) break;
    if (stage.empty()) continue;
    const Moment moment{cluster.world().now() + model::microseconds(1), node, stage};
    if (!moments.empty() && moments.back().at == moment.at) moments.pop_back();
    moments.push_back(moment);
  }
  return moments;
}

// Of the broker that takes over, from the expiry of b1's session until all control requests have arrived.
std::vector<Moment> moments_of_failover(const Plan& plan) {
  Cluster cluster(plan);
  cluster.run_until(at_s(40));
  const auto expired = cluster.seen().first<model::ZkSessionClosed>(
      at_s(10), [](NodeId, const model::ZkSessionClosed& fact) { return fact.owner == kB1 && fact.expired; });
  REQUIRE(expired);
  return busy_moments(plan, cluster.world().controller(), expired->at, at_s(40), true);
}

// b2 dies at 10 s and comes back at 25 s; b1 controls, and is in for all that follows: the broker's failure, its
// start, and the ISR changes as its replicas catch up.
Plan broker_crash() {
  Plan plan = three_brokers();
  plan.until = at_s(110);
  add_topic(plan, "t", {{kB1, kB2, kB3}, {kB2, kB3, kB1}, {kB3, kB1, kB2}}, 2);
  add_producer(plan, model::Acks::all, at_s(5), model::milliseconds(200), 200);
  crash(plan, kB2, at_s(10), model::seconds(15));
  return plan;
}

struct Interruption {
  const char* name;
  void (*plant)(Plan&, NodeId, Time);
  bool loses_answers = false;
};

Nodes brokers_but(NodeId node) {
  Nodes others;
  for (const NodeId other : {kB1, kB2, kB3}) {
    if (other != node) others.push_back(other);
  }
  return others;
}

const std::array kInterruptions{
    Interruption{"crash", [](Plan& plan, NodeId node, Time at) { crash(plan, node, at, model::seconds(24)); }},
    Interruption{"pause for 25 s", [](Plan& plan, NodeId node, Time at) { pause(plan, node, at, model::seconds(25)); }},
    Interruption{"pause for 3 s", [](Plan& plan, NodeId node, Time at) { pause(plan, node, at, model::seconds(3)); }},
    Interruption{
        "cut from ZooKeeper for 4 s",
        [](Plan& plan, NodeId node, Time at) { cut(plan, {node}, {model::kZooKeeper}, at, model::seconds(4)); }, true},
    Interruption{
        "cut from ZooKeeper for 25 s",
        [](Plan& plan, NodeId node, Time at) { cut(plan, {node}, {model::kZooKeeper}, at, model::seconds(25)); }},
    Interruption{"cut from the other brokers for 5 s",
                 [](Plan& plan, NodeId node, Time at) { cut(plan, {node}, brokers_but(node), at, model::seconds(5)); }},
    Interruption{"move the controller", [](Plan& plan, NodeId, Time at) { move_controller(plan, at); }},
};

// A state znode whose creation was carried out, but whose answer got lost, is found to exist by the retry: the
// partition then stays new, in Kafka as here, until the next controller reads the znode.
bool may_need_another_controller(const Moment& moment, const Interruption& interruption) {
  return moment.stage == "create partitions: level 2" && interruption.loses_answers;
}

// An ISR change that was carried out, but whose answer got lost, is refused as outdated when the controller tries
// it again: the leader then waits for the next leader epoch, in Kafka as here.
bool may_stay_pending(const Moment& moment, const Interruption& interruption) {
  return moment.stage == "write alter partitions" && interruption.loses_answers;
}

bool is_about_pending_change(const std::string& line) {
  return line.find("has an ISR change under way") != std::string::npos;
}

struct Ending {
  std::string stage;  // that was interrupted
  std::vector<std::string> broken, unsettled;
  bool write_refused = false;    // of a zombie, by ZooKeeper
  bool request_refused = false;  // of a zombie, by a broker
};

bool is_zombie_refused(NodeId, const model::RequestFenced& fact) {
  return fact.error == model::ErrorCode::stale_controller_epoch && !fact.has_partition;
}

Ending run_interrupted(Plan plan, const Moment& moment, const Interruption& interruption) {
  interruption.plant(plan, moment.node, moment.at);
  if (may_need_another_controller(moment, interruption)) move_controller(plan, plan.until - model::seconds(12));
  Cluster cluster(plan);
  cluster.run_until(moment.at - model::microseconds(1));
  Ending ending;
  ending.stage = stage_of(cluster.broker(moment.node).memory.controller);
  cluster.run();
  ending.broken = cluster.seen().broken();
  ending.unsettled = cluster.unsettled();
  if (may_stay_pending(moment, interruption)) std::erase_if(ending.unsettled, is_about_pending_change);
  ending.write_refused = cluster.seen().ever<model::ControllerMoved>();
  ending.request_refused = cluster.seen().first<model::RequestFenced>({}, is_zombie_refused).has_value();
  return ending;
}

// What a sweep has met, summed up over its runs.
struct Tally {
  std::int32_t runs = 0, writes_refused = 0, requests_refused = 0;
  std::set<std::string> stages;
};

void interrupt(const Plan& plan, const Moment& moment, const Interruption& interruption, Tally& tally) {
  const Ending ending = run_interrupted(plan, moment, interruption);
  CAPTURE(plan.seed);
  CAPTURE(moment.at.us);
  CAPTURE(std::string(interruption.name));
  CAPTURE(moment.stage);
  CHECK(ending.stage == moment.stage);
  CHECK(joined(ending.broken) == "");
  CHECK(joined(ending.unsettled) == "");
  ++tally.runs;
  tally.stages.insert(ending.stage);
  tally.writes_refused += ending.write_refused ? 1 : 0;
  tally.requests_refused += ending.request_refused ? 1 : 0;
}

void sweep(const Plan& plan, const std::vector<Moment>& moments, Tally& tally) {
  for (const Moment& moment : moments) {
    for (const Interruption& interruption : kInterruptions) interrupt(plan, moment, interruption, tally);
  }
}

Tally sweep_failovers(Plan plan) {
  Tally tally;
  for (plan.seed = 1; plan.seed <= kSeeds; ++plan.seed) sweep(plan, moments_of_failover(plan), tally);
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
  const Tally tally = sweep_failovers(controller_crash("3.9"));
  const std::set<std::string> expected{"read controller",
                                       "read controller epoch",
                                       "register as controller",
                                       "list notifications",
                                       "list brokers",
                                       "read brokers",
                                       "list topics",
                                       "read topics",
                                       "read partition states",
                                       "take replicas offline: reading",
                                       "take replicas offline: writing",
                                       "elect leaders: reading",
                                       "elect leaders: writing",
                                       "create partitions: level 0",
                                       "create partitions: level 1",
                                       "create partitions: level 2",
                                       "deliver control requests"};
  CHECK(tally.stages == expected);
  // Zombies were met, and both fences stopped some.
  CHECK(tally.writes_refused > 0);
  CHECK(tally.requests_refused > 0);
}

TEST_CASE("without the guard of the controller's writes an interrupted failover breaks promises") {
  Plan plan = controller_crash("3.9");
  plan.rules.controller_writes_are_guarded = false;
  bool broken = false;
  for (const Moment& moment : moments_of_failover(plan)) {
    for (const Interruption& interruption : kInterruptions) {
      const Ending ending = run_interrupted(plan, moment, interruption);
      CHECK_FALSE(ending.write_refused);
      broken = broken || !ending.broken.empty();
    }
  }
  CHECK(broken);
}

TEST_CASE("a controller that is interrupted while a broker dies and returns keeps every promise") {
  Tally tally;
  Plan plan = broker_crash();
  for (plan.seed = 1; plan.seed <= kSeeds; ++plan.seed) {
    sweep(plan, busy_moments(plan, kB1, at_s(10), at_s(45), false), tally);
  }
  const std::set<std::string> expected{"list brokers",
                                       "read brokers",
                                       "take replicas offline: reading",
                                       "take replicas offline: writing",
                                       "elect leaders: reading",
                                       "elect leaders: writing",
                                       "write alter partitions",
                                       "deliver control requests"};
  CHECK(tally.stages == expected);
  CHECK(tally.writes_refused > 0);
  CHECK(tally.requests_refused > 0);
}

TEST_CASE("a state znode whose creation was answered into a cut leaves its partition new until the next controller") {
  const Plan plan = controller_crash("3.9");
  bool met = false;
  for (const Moment& moment : moments_of_failover(plan)) {
    if (moment.stage != "create partitions: level 2") continue;
    Plan planted = plan;
    cut(planted, {moment.node}, {model::kZooKeeper}, moment.at, model::seconds(4));
    move_controller(planted, at_s(50));
    Cluster cluster(planted);
    cluster.run_until(at_s(50) - model::microseconds(1));
    const NodeId holder = cluster.world().controller();
    const model::PartitionInfo& info = cluster.broker(holder).memory.controller.partitions.at(3);
    if (info.phase == model::PartitionPhase::fresh) {
      met = true;
      CHECK_FALSE(info.has_state);
      CHECK(cluster.state(model::PartitionId{3}).leader == kB2);
      CHECK(cluster.replica(kB2, model::PartitionId{3}).role == model::Role::none);
    }
    cluster.run();
    CHECK(joined(cluster.unsettled()) == "");
  }
  CHECK(met);
}

TEST_CASE("an ISR change that was answered into a cut stays pending until the next leader epoch") {
  const Plan plan = broker_crash();
  bool met = false;
  for (const Moment& moment : busy_moments(plan, kB1, at_s(25), at_s(45), false)) {
    if (moment.stage != "write alter partitions") continue;
    Plan planted = plan;
    cut(planted, {kB1}, {model::kZooKeeper}, moment.at, model::seconds(4));
    crash(planted, kB2, at_s(50), model::seconds(12));
    Cluster cluster(planted);
    cluster.run_until(at_s(50) - model::microseconds(1));
    const std::vector<std::string> before = cluster.unsettled();
    met = met || !before.empty();
    CHECK(std::all_of(before.begin(), before.end(), is_about_pending_change));
    cluster.run();
    CHECK(joined(cluster.seen().broken()) == "");
    CHECK(joined(cluster.unsettled()) == "");
  }
  CHECK(met);
}

TEST_CASE("a failover under 2.6 that finds an unread notification is interrupted between any two stages") {
  const Tally tally = sweep_failovers(controller_crash_with_notification());
  CHECK(tally.stages.count("delete notifications") == 1);
  CHECK(tally.stages.count("elect leaders: writing") == 1);
  CHECK(tally.writes_refused > 0);
  CHECK(tally.requests_refused > 0);
}
