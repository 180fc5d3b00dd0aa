#include "sim/search/draw.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "model/text.h"
#include "sim/kernel/dice.h"

namespace sim {
namespace {

struct Draw {
  const Plan& plan;
  const DrawLimits& limits;
  Dice dice;
  std::int64_t first_us, last_us;  // of the instants at which something may happen

  bool chance(std::uint64_t percent) { return dice.below(100) < percent; }
  model::Duration duration(std::int64_t min_ms, std::int64_t max_ms) {
    // Short ones as often as long ones: the length is drawn by its magnitude.
    std::int64_t bound = max_ms;
    while (bound > min_ms * 2 && chance(35)) bound /= 2;
    return model::milliseconds(dice.range(min_ms, std::max(min_ms, bound)));
  }
  model::PartitionId partition() {
    return model::PartitionId(static_cast<std::uint16_t>(dice.below(plan.config.partitions.size())));
  }
  model::NodeId broker() {
    return model::NodeId(static_cast<std::uint8_t>(1 + dice.below(plan.config.brokers.size())));
  }
  Target one_broker();
  Target one_node();
  Target metadata_node();
  std::vector<Target> side();
};

Target node_target(const Plan& plan, model::NodeId node) {
  Target target;
  target.node = node;
  target.text = plan.config.name_of(node);
  return target;
}

// Roles matter more than names: most of what goes wrong happens to a leader, a controller or a follower at a
// bad moment.
Target Draw::one_broker() {
  const std::uint64_t form = dice.below(10);
  if (form < 3) return node_target(plan, broker());
  Target target;
  if (form < 5) {
    target.form = Target::Form::controller;
    target.text = "controller";
    return target;
  }
  target.form = form < 8 ? Target::Form::leader : Target::Form::follower;
  target.partition = partition();
  target.text = (form < 8 ? "leader(" : "follower(") + plan.config.name_of(target.partition) + ")";
  return target;
}

// Who keeps the cluster's metadata: ZooKeeper, or a voter of the quorum.
Target Draw::metadata_node() {
  if (!plan.config.is_kraft()) return node_target(plan, model::kZooKeeper);
  return node_target(plan, plan.config.voters[dice.below(plan.config.voters.size())]);
}

// In KRaft mode a voter too, since no broker is one.
Target Draw::one_node() { return plan.config.is_kraft() && chance(25) ? metadata_node() : one_broker(); }

std::vector<Target> Draw::side() {
  const std::uint64_t form = dice.below(10);
  if (form < 3) return {metadata_node()};
  if (form < 5) {
    Target all;
    all.form = Target::Form::brokers;
    all.text = "brokers";
    return {all};
  }
  if (form < 6 && !plan.config.producers.empty()) {
    const std::size_t clients = plan.config.producers.size();
    const std::size_t first = 1 + plan.config.brokers.size();
    const auto client = static_cast<std::uint8_t>(first + dice.below(clients));
    return {node_target(plan, model::NodeId(client))};
  }
  return {one_broker()};
}

std::string side_text(const std::vector<Target>& side) {
  std::string text;
  for (const Target& target : side) text += (text.empty() ? "" : " ") + target.text;
  return text;
}

// Facts that begin something that a fault can interrupt.
constexpr std::array kTriggers{
    model::kFactIndex<model::PartitionStateChanged>,
    model::kFactIndex<model::ControllerElected>,
    model::kFactIndex<model::BecameLeader>,
    model::kFactIndex<model::BecameFollower>,
    model::kFactIndex<model::IsrShrinkProposed>,
    model::kFactIndex<model::IsrExpandProposed>,
    model::kFactIndex<model::BrokerUnregistered>,
    model::kFactIndex<model::BrokerRegistered>,
    model::kFactIndex<model::Truncated>,
    model::kFactIndex<model::ZkConnectionLost>,
    model::kFactIndex<model::AssignmentChanged>,
};
// The same of KRaft mode.
constexpr std::array kKraftTriggers{
    model::kFactIndex<model::PartitionStateChanged>,
    model::kFactIndex<model::LeaderChange>,
    model::kFactIndex<model::BecameLeader>,
    model::kFactIndex<model::BecameFollower>,
    model::kFactIndex<model::IsrShrinkProposed>,
    model::kFactIndex<model::IsrExpandProposed>,
    model::kFactIndex<model::BrokerChanged>,
    model::kFactIndex<model::BrokerRegistered>,
    model::kFactIndex<model::Truncated>,
    model::kFactIndex<model::QuorumRoleChanged>,
    model::kFactIndex<model::AssignmentChanged>,
    model::kFactIndex<model::BelievesController>,
};

void draw_time(Draw& draw, Fault& fault) {
  fault.at.us = draw.dice.range(draw.first_us, draw.last_us);
  if (!draw.chance(35)) return;
  const bool kraft = draw.plan.config.is_kraft();
  const std::size_t fact =
      kraft ? kKraftTriggers[draw.dice.below(kKraftTriggers.size())] : kTriggers[draw.dice.below(kTriggers.size())];
  fault.when = FactPattern{fact, {}};
  fault.waits_from = {0};  // a boot that goes wrong is another story
  fault.after = model::microseconds(draw.dice.range(0, draw.chance(50) ? 3'000 : 300'000));
}

// A crash ends with the process's return, everything else with the state before.
void draw_length(Draw& draw, Fault& fault, std::int64_t min_ms) {
  fault.lasts = draw.duration(min_ms, draw.limits.longest.us / 1'000);
  if (!fault.when) fault.lasts = std::min(*fault.lasts, model::Duration{draw.last_us - fault.at.us + 1});
}

// What goes wrong between processes that live: nothing arrives, late, seldom, or the connection is gone.
void draw_link(Draw& draw, Fault& fault) {
  fault.from = {draw.one_node()};
  fault.to = draw.side();
  const std::uint64_t kind = draw.dice.below(100);
  if (kind < 55) {
    fault.kind = FaultKind::cut;
    fault.one_way = draw.chance(30);
  } else if (kind < 75) {
    fault.kind = FaultKind::delay;
    fault.by = draw.duration(5, 3'000);
    fault.jitter = fault.by / 2;
    fault.one_way = draw.chance(40);
  } else if (kind < 90) {
    fault.kind = FaultKind::lose;
    fault.per_mille = static_cast<std::int32_t>(draw.dice.range(10, 500));
    fault.one_way = draw.chance(40);
  } else {
    fault.kind = FaultKind::reset;
    return;
  }
  draw_length(draw, fault, 20);
}

// As a scenario's fault is called in a complaint, without its length.
std::string text_of(const Fault& fault, const model::ClusterConfig& config) {
  std::string name(name_of(fault.kind));
  std::replace(name.begin(), name.end(), '_', ' ');
  if (fault.kind == FaultKind::elect) return "elect a leader of " + config.name_of(fault.partition);
  if (fault.kind == FaultKind::reassign) {
    return "reassign " + config.name_of(fault.partition) + " to " + model::text_of(fault.replicas, config);
  }
  if (fault.from.empty()) return fault.who.empty() ? name : name + " " + side_text(fault.who);
  const std::string from = side_text(fault.from), to = side_text(fault.to);
  if (fault.kind == FaultKind::cut) return "cut " + from + (fault.one_way ? " towards " : " from ") + to;
  name += fault.kind == FaultKind::reset ? " connections " : " packets ";
  return name + (fault.one_way ? "from " + from + " to " + to : "between " + from + " and " + to);
}

// To one to three brokers, whoever they are: some are there already, some may be dead.
void draw_reassign(Draw& draw, Fault& fault) {
  fault.kind = FaultKind::reassign;
  fault.partition = draw.partition();
  const std::int64_t replicas = draw.dice.range(1, 3);
  for (std::int64_t i = 0; i < replicas; ++i) {
    const model::NodeId broker = draw.broker();
    if (!fault.replicas.contains(broker)) fault.replicas.push_back(broker);
  }
}

Fault draw_fault(Draw& draw) {
  Fault fault;
  draw_time(draw, fault);
  const std::uint64_t kind = draw.dice.below(100);
  if (kind < 24) {
    fault.kind = FaultKind::pause;
    fault.who = {draw.one_node()};
    draw_length(draw, fault, 20);
  } else if (kind < 44) {
    fault.kind = FaultKind::crash;
    fault.who = {draw.chance(6) ? draw.metadata_node() : draw.one_node()};
    draw_length(draw, fault, 10);
  } else if (kind < 52) {
    fault.kind = FaultKind::stop;
    fault.who = {draw.one_node()};
    draw_length(draw, fault, 2'000);
  } else if (kind < 56) {
    fault.kind = draw.limits.disks ? FaultKind::power_loss : FaultKind::crash;
    fault.who = {draw.one_node()};
    draw_length(draw, fault, 100);
  } else if (kind < 76) {
    draw_link(draw, fault);
  } else if (kind < 80) {
    fault.kind = FaultKind::slow_disk;
    fault.who = {draw.chance(30) ? draw.metadata_node() : draw.one_node()};
    fault.by = draw.duration(5, 2'000);
    draw_length(draw, fault, 200);
  } else if (kind < 82) {
    fault.kind = FaultKind::clock_rate;
    fault.who = {draw.one_node()};
    fault.per_mille = static_cast<std::int32_t>(draw.dice.range(700, 1'300));
    draw_length(draw, fault, 1'000);
  } else if (kind < 84 && !draw.plan.config.is_kraft()) {
    fault.kind = FaultKind::expire_session;
    fault.who = {draw.one_node()};
  } else if (kind < 90) {
    fault.kind = FaultKind::elect;
    fault.partition = draw.partition();
  } else if (kind < 95) {
    draw_reassign(draw, fault);
  } else if (draw.plan.config.is_kraft()) {
    fault.kind = FaultKind::stop;
    fault.who = {draw.metadata_node()};
    draw_length(draw, fault, 100);
  } else {
    fault.kind = FaultKind::move_controller;
  }
  fault.text = text_of(fault, draw.plan.config);
  return fault;
}

}  // namespace

Plan with_drawn_faults(const Plan& plan, std::uint64_t seed, const DrawLimits& limits) {
  Plan drawn = plan;
  const std::int64_t first = limits.settled.us;
  const std::int64_t least = first + model::seconds(10).us;
  drawn.until.us = std::max(plan.until.us, least + limits.quiet.us);
  Draw draw{plan, limits, Dice(stream_key(seed, StreamKind::faults, 0)), first, drawn.until.us - limits.quiet.us};
  const auto count = draw.dice.range(limits.faults_min, limits.faults_max);
  for (std::int64_t i = 0; i < count; ++i) drawn.faults.push_back(draw_fault(draw));
  drawn.expectations.clear();
  drawn.exposes.clear();
  drawn.seed = seed;
  return drawn;
}

}  // namespace sim
