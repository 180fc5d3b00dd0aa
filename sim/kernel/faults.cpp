#include "sim/kernel/faults.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "sim/kernel/engine.h"
#include "sim/kernel/roles.h"
#include "sim/kernel/triggers.h"

namespace sim {
namespace {

using Nodes = std::vector<model::NodeId>;

void schedule(Engine& engine, std::int64_t at_us, Control control) {
  if (engine.wants_causes && control.applied.number == 0) control.applied.cause = engine.origins.now;
  engine.controls.push_back(std::move(control));
  engine.queue.push(at_us, Wake::control, static_cast<std::uint32_t>(engine.controls.size() - 1));
}

// --- part of the fingerprint, and told ---------------------------------------------------------------

void fold(Engine& engine, const AppliedFault& applied) {
  engine.hasher.add(static_cast<std::uint64_t>(applied.at.us));
  engine.hasher.add((static_cast<std::uint64_t>(applied.row) << 1) | (applied.undo ? 1U : 0U));
  for (const Nodes* nodes : {&applied.who, &applied.from, &applied.to}) {
    engine.hasher.add(nodes->size());
    for (const model::NodeId node : *nodes) engine.hasher.add(static_cast<std::uint64_t>(node));
  }
}

// What follows has begun with it.
void announce(Engine& engine, AppliedFault& announced) {
  fold(engine, announced);
  announced.number = ++engine.faults_told;
  engine.origins.now = Cause::fault(announced.number);
  if (engine.observer == nullptr) return;
  AppliedFault applied = announced;
  const Nodes& subject = applied.who.empty() ? applied.from : applied.who;
  applied.note = note_roles(subject, engine.view());
  engine.observer->on_fault(applied);
}

// --- kinds -------------------------------------------------------------------------------------------

Pins pins_of(const Fault& fault) { return {fault.pin_connect, fault.pin_register, fault.pin_isr_check}; }

// SIGTERM: a broker or controller shuts down in its own time, the others have nothing to do first.
bool stop(Engine& engine, model::NodeId node, std::int32_t row) {
  const model::ClusterConfig& config = engine.plan.config;
  if (!config.is_broker(node) && !config.is_controller(node)) return engine.end_process(node, row, false);
  if (!engine.process(node).running) return false;
  engine.process(node).stopped_by = row;
  return engine.act(node, model::Stop{});
}

// The process first, if there is one: no disk goes from under a running process.
bool wipe(Engine& engine, model::NodeId node, std::int32_t row) {
  const bool ended = engine.end_process(node, row, false);
  engine.fault_effects[static_cast<std::size_t>(row)].wiped += engine.wipe(node);
  return ended;
}

// Whether a process changed.
bool hit(Engine& engine, const Fault& fault, model::NodeId node, std::int32_t row) {
  switch (fault.kind) {
    case FaultKind::crash:
      return engine.end_process(node, row, false);
    case FaultKind::power_loss:
      return engine.end_process(node, row, true);
    case FaultKind::wipe:
      return wipe(engine, node, row);
    case FaultKind::stop:
      return stop(engine, node, row);
    case FaultKind::start:
      return engine.start_process(node, pins_of(fault));
    case FaultKind::pause:
      return engine.pause(node, row);
    case FaultKind::resume:
      return engine.resume(node);
    case FaultKind::cut:
    case FaultKind::heal:
    case FaultKind::delay:
    case FaultKind::lose:
    case FaultKind::reset:
    case FaultKind::slow_disk:
    case FaultKind::clock_rate:
    case FaultKind::expire_session:
    case FaultKind::elect:
    case FaultKind::move_controller:
    case FaultKind::create_topic:
    case FaultKind::alter_config:
    case FaultKind::reassign:
    case FaultKind::add_voter:
    case FaultKind::remove_voter:
      return false;  // not about single processes
  }
  return false;
}

// Each direction that the fault is about.
template <typename Visit>
void for_each_way(const Fault& fault, const AppliedFault& sides, Visit visit) {
  for (const model::NodeId a : sides.from) {
    for (const model::NodeId b : sides.to) {
      visit(a, b);
      if (!fault.one_way) visit(b, a);
    }
  }
}

bool heal(Engine& engine, const Fault& fault, const AppliedFault& sides) {
  if (fault.from.empty() && fault.to.empty()) return engine.connections.heal_all(engine.now_us);
  bool any = false;
  for_each_way(fault, sides, [&](model::NodeId a, model::NodeId b) {
    any |= engine.connections.heal_direction(engine.now_us, a, b);
  });
  return any;
}

void reset(Engine& engine, std::size_t row, const AppliedFault& sides) {
  for (const model::NodeId a : sides.from) {
    for (const model::NodeId b : sides.to) engine.connections.reset(engine.now_us, row, a, b);
  }
}

// Whether any of them had a session.
bool expire_sessions(Engine& engine, const Nodes& owners) {
  bool any = false;
  for (const model::NodeId owner : owners) {
    if (has_session(engine.view(), owner)) any |= engine.act(model::kZooKeeper, model::ExpireSession{owner});
  }
  return any;
}

// The nodes that were hit: only they come back when the fault ends.
Nodes hit_each(Engine& engine, std::size_t row, const Nodes& who) {
  const Fault& fault = engine.plan.faults[row];
  Nodes changed;
  for (const model::NodeId node : who) {
    if (hit(engine, fault, node, static_cast<std::int32_t>(row))) changed.push_back(node);
  }
  // Of a pause, what it holds back shows whether it did anything.
  if (!changed.empty() && fault.kind != FaultKind::pause) engine.fault_effects[row].acted = true;
  return changed;
}

// Of a fault with one side, the other one.
Nodes everybody_but(const Nodes& side, const model::ClusterConfig& config) {
  Nodes others;
  for (std::size_t i = config.is_kraft() ? 1 : 0; !side.empty() && i < config.node_count(); ++i) {
    const auto node = model::NodeId(static_cast<std::uint8_t>(i));
    if (std::find(side.begin(), side.end(), node) == side.end()) others.push_back(node);
  }
  return others;
}

AppliedFault resolved(const Engine& engine, std::size_t row) {
  const Fault& fault = engine.plan.faults[row];
  const model::ClusterConfig& config = engine.plan.config;
  AppliedFault applied{engine.now(), row, false, {}, {}, {}, {}};
  applied.who = resolve(fault.who, engine.view());
  applied.from = resolve(fault.from, engine.view());
  applied.to = resolve(fault.to, engine.view());
  if (fault.to.empty()) applied.to = everybody_but(applied.from, config);
  if (fault.kind == FaultKind::elect || fault.kind == FaultKind::move_controller || fault.kind == FaultKind::reassign) {
    const model::NodeId holder = controller_of(engine.view());
    applied.who.clear();
    if (holder != model::kNoNode) applied.who.push_back(holder);
  }
  return applied;
}

// Kafka's tools do it: in KRaft mode they ask the controller for what they otherwise write to ZooKeeper.
bool is_asked_by_tool(FaultKind kind) {
  return kind == FaultKind::elect || kind == FaultKind::create_topic || kind == FaultKind::alter_config ||
         kind == FaultKind::reassign || kind == FaultKind::add_voter || kind == FaultKind::remove_voter;
}

// Who answers a tool of KRaft mode now: an active controller, awake. kNoNode: nobody.
model::NodeId answering_controller(Engine& engine) {
  const model::NodeId leader = controller_of(engine.view());
  if (leader == model::kNoNode || engine.process(leader).paused) return model::kNoNode;
  const model::QuorumMember member = member_of(engine.nodes[static_cast<std::size_t>(leader)]);
  return member.controller != nullptr && model::is_active(*member.controller) ? leader : model::kNoNode;
}

// What a tool asks, whichever the mode.
std::vector<model::Act> acts_of(const Fault& fault, const Nodes& who) {
  if (fault.kind == FaultKind::elect) return {model::Elect{fault.partition, fault.unclean}};
  if (fault.kind == FaultKind::create_topic) return {model::CreateTopic{fault.topic}};
  if (fault.kind == FaultKind::alter_config) return {fault.alteration};
  if (fault.kind == FaultKind::reassign) return {model::Reassign{fault.partition, fault.replicas}};
  std::vector<model::Act> changes;
  for (const model::NodeId node : who) {
    changes.emplace_back(model::ChangeVoter{node, fault.kind == FaultKind::add_voter});
  }
  return changes;
}

// kNoNode: nobody answers.
model::NodeId tool_asks(Engine& engine, const Fault& fault, const AppliedFault& applied) {
  if (engine.committed) return answering_controller(engine);
  if (fault.kind == FaultKind::create_topic || fault.kind == FaultKind::alter_config) return model::kZooKeeper;
  if (fault.kind == FaultKind::add_voter || fault.kind == FaultKind::remove_voter) return model::kNoNode;  // no quorum
  return applied.who.empty() ? model::kNoNode : applied.who.front();
}

// Whether somebody answered.
bool ask(Engine& engine, const Fault& fault, const AppliedFault& applied) {
  const model::NodeId asked = tool_asks(engine, fault, applied);
  if (asked == model::kNoNode) return false;
  bool any = false;
  for (const model::Act& act : acts_of(fault, applied.who)) any |= engine.act(asked, act);
  return any;
}

// Of an operator's act or of ZooKeeper: whether it reached somebody.
bool act(Engine& engine, const Fault& fault, const AppliedFault& applied) {
  if (is_asked_by_tool(fault.kind)) return ask(engine, fault, applied);
  if (fault.kind == FaultKind::expire_session) return expire_sessions(engine, applied.who);
  if (fault.kind == FaultKind::heal) return heal(engine, fault, applied);
  if (fault.kind != FaultKind::move_controller || applied.who.empty()) return false;
  // Somebody at ZooKeeper does it; without a controller there is nothing to delete.
  return engine.act(model::kZooKeeper, model::MoveController{});
}

// What lasts, or hits processes.
void disturb(Engine& engine, std::size_t row, std::uint32_t application, AppliedFault& applied) {
  const Fault& fault = engine.plan.faults[row];
  switch (fault.kind) {
    case FaultKind::crash:
    case FaultKind::power_loss:
    case FaultKind::stop:
    case FaultKind::start:
    case FaultKind::pause:
    case FaultKind::resume:
    case FaultKind::wipe:
      applied.who = hit_each(engine, row, applied.who);
      return;
    case FaultKind::cut:
      return for_each_way(fault, applied,
                          [&](model::NodeId a, model::NodeId b) { engine.connections.cut(application, row, a, b); });
    case FaultKind::delay:
    case FaultKind::lose:
      return for_each_way(fault, applied, [&](model::NodeId a, model::NodeId b) {
        engine.connections.disturbances().add_way(application, row, fault, a, b);
      });
    case FaultKind::reset:
      return reset(engine, row, applied);
    case FaultKind::slow_disk:
      for (const model::NodeId node : applied.who) {
        engine.connections.disturbances().add_disk(application, row, fault, node);
      }
      return;
    case FaultKind::clock_rate:
      for (const model::NodeId node : applied.who) {
        engine.set_clock_rate(node, fault.per_mille, static_cast<std::int32_t>(row), application);
      }
      return;
    case FaultKind::heal:
    case FaultKind::expire_session:
    case FaultKind::elect:
    case FaultKind::move_controller:
    case FaultKind::create_topic:
    case FaultKind::alter_config:
    case FaultKind::reassign:
    case FaultKind::add_voter:
    case FaultKind::remove_voter:
      return;  // acts
  }
}

// The admin client asks again while nobody is in office, until default.api.timeout.ms is over.
constexpr std::int64_t kAskAgain = 100'000, kGiveUp = 60'000'000;

void attempt(Engine& engine, std::size_t row, const AppliedFault& applied) {
  const Fault& fault = engine.plan.faults[row];
  const bool acted = act(engine, fault, applied);
  engine.fault_effects[row].acted |= acted;
  if (acted || !engine.committed || !is_asked_by_tool(fault.kind)) return;
  if (engine.now_us + kAskAgain > applied.at.us + kGiveUp) return;
  schedule(engine, engine.now_us + kAskAgain, {Control::What::retry, row, 0, applied});
}

void apply(Engine& engine, std::size_t row, Cause cause) {
  const Fault& fault = engine.plan.faults[row];
  AppliedFault applied = resolved(engine, row);
  applied.cause = cause;
  announce(engine, applied);
  const std::uint32_t application = ++engine.applications;
  disturb(engine, row, application, applied);
  attempt(engine, row, applied);
  if (fault.lasts && !(applied.who.empty() && applied.from.empty())) {
    schedule(engine, engine.now_us + fault.lasts->us, {Control::What::undo, row, application, std::move(applied)});
  }
}

void undo(Engine& engine, const Control& control) {
  const Fault& fault = engine.plan.faults[control.row];
  const Nodes& who = control.applied.who;
  AppliedFault ending{engine.now(), control.row, true, who, control.applied.from, control.applied.to, {}};
  ending.cause = Cause::fault(control.applied.number);
  announce(engine, ending);
  switch (fault.kind) {
    case FaultKind::pause:
      for (const model::NodeId node : who) engine.resume(node);
      return;
    case FaultKind::crash:
    case FaultKind::power_loss:
    case FaultKind::wipe:
    case FaultKind::stop:
      for (const model::NodeId node : who) engine.start_process(node, pins_of(fault));
      return;
    case FaultKind::cut:
    case FaultKind::delay:
    case FaultKind::lose:
    case FaultKind::slow_disk:
      engine.connections.heal_application(engine.now_us, control.application);
      return;
    case FaultKind::clock_rate:
      for (const model::NodeId node : who) {
        // A later fault may have set another rate since.
        if (engine.process(node).skewed_in != control.application) continue;
        engine.set_clock_rate(node, LocalClock::kAsUsual, Connections::kNoRow, 0);
      }
      return;
    case FaultKind::start:
    case FaultKind::resume:
    case FaultKind::heal:
    case FaultKind::reset:
    case FaultKind::expire_session:
    case FaultKind::elect:
    case FaultKind::move_controller:
    case FaultKind::create_topic:
    case FaultKind::alter_config:
    case FaultKind::reassign:
    case FaultKind::add_voter:
    case FaultKind::remove_voter:
      return;  // nothing that could be undone
  }
}

}  // namespace

void schedule_fault(Engine& engine, std::int64_t at_us, std::size_t row) {
  schedule(engine, at_us, {Control::What::fault, row, 0, {}});
}

void schedule_plan(Engine& engine) {
  const Plan& plan = engine.plan;
  arm_triggers(engine);
  Dice commands(stream_key(engine.seed, StreamKind::commands, 0));
  const std::int64_t command_us = commands.range(plan.command_min.us, plan.command_max.us);
  for (std::size_t row = 0; row < plan.starts.size(); ++row) {
    schedule(engine, plan.starts[row].at.us, {Control::What::start, row, 0, {}});
  }
  for (std::size_t row = 0; row < plan.faults.size(); ++row) {
    const Fault& fault = plan.faults[row];
    if (fault.when || fault.when_state) continue;
    schedule_fault(engine, fault.at.us - fault.commands_after * command_us, row);
  }
}

void carry_out_control(Engine& engine, std::uint32_t slot) {
  const Control control = engine.controls[slot];
  switch (control.what) {
    case Control::What::start: {
      engine.origins.now = {};
      const Start& start = engine.plan.starts[control.row];
      engine.start_process(start.node, {start.connect, start.registration, start.isr_check});
      return;
    }
    case Control::What::fault:
      apply(engine, control.row, control.applied.cause);
      return;
    case Control::What::undo:
      undo(engine, control);
      return;
    case Control::What::retry:
      engine.origins.now = Cause::fault(control.applied.number);
      attempt(engine, control.row, control.applied);
      return;
  }
}

}  // namespace sim
