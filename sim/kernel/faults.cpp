#include "sim/kernel/faults.h"

#include <string>
#include <utility>
#include <vector>

#include "sim/kernel/engine.h"
#include "sim/kernel/roles.h"

namespace sim {
namespace {

using Nodes = std::vector<model::NodeId>;

void schedule(Engine& engine, std::int64_t at_us, Control control) {
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

void announce(Engine& engine, AppliedFault applied) {
  fold(engine, applied);
  if (engine.observer == nullptr) return;
  const Nodes& subject = applied.who.empty() ? applied.from : applied.who;
  applied.note = note_roles(subject, engine.nodes, engine.plan.config);
  engine.observer->on_fault(applied);
}

// --- kinds -------------------------------------------------------------------------------------------

Pins pins_of(const Fault& fault) { return {fault.pin_connect, fault.pin_register, fault.pin_isr_check}; }

// SIGTERM: a broker shuts down in its own time, the others have nothing to do first.
bool stop(Engine& engine, model::NodeId node, std::int32_t row) {
  if (!engine.plan.config.is_broker(node)) return engine.end_process(node, row, false);
  if (!engine.process(node).running) return false;
  engine.process(node).stopped_by = row;
  return engine.act(node, model::Stop{});
}

// Whether anything changed.
bool hit(Engine& engine, const Fault& fault, model::NodeId node, std::int32_t row) {
  switch (fault.kind) {
    case FaultKind::crash:
      return engine.end_process(node, row, false);
    case FaultKind::power_loss:
      return engine.end_process(node, row, true);
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
    case FaultKind::elect:
    case FaultKind::move_controller:
    case FaultKind::create_topic:
      return false;  // not about single nodes
  }
  return false;
}

void cut(Engine& engine, const Fault& fault, std::size_t row, std::uint32_t application, const AppliedFault& sides) {
  for (const model::NodeId a : sides.from) {
    for (const model::NodeId b : sides.to) {
      engine.connections.cut(application, row, a, b);
      if (!fault.one_way) engine.connections.cut(application, row, b, a);
    }
  }
}

bool heal(Engine& engine, const Fault& fault, const AppliedFault& sides) {
  if (fault.from.empty() && fault.to.empty()) return engine.connections.heal_all(engine.now_us);
  bool any = false;
  for (const model::NodeId a : sides.from) {
    for (const model::NodeId b : sides.to) {
      any |= engine.connections.heal_direction(engine.now_us, a, b);
      if (!fault.one_way) any |= engine.connections.heal_direction(engine.now_us, b, a);
    }
  }
  return any;
}

bool act_on(Engine& engine, const Nodes& who, const model::Act& act) {
  return !who.empty() && engine.act(who.front(), act);
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

AppliedFault resolved(const Engine& engine, std::size_t row) {
  const Fault& fault = engine.plan.faults[row];
  const model::ClusterConfig& config = engine.plan.config;
  AppliedFault applied{engine.now(), row, false, {}, {}, {}, {}};
  applied.who = resolve(fault.who, engine.nodes, config);
  applied.from = resolve(fault.from, engine.nodes, config);
  applied.to = resolve(fault.to, engine.nodes, config);
  if (fault.kind == FaultKind::elect || fault.kind == FaultKind::move_controller) {
    const model::NodeId holder = controller_of(engine.nodes);
    applied.who.clear();
    if (holder != model::kNoNode) applied.who.push_back(holder);
  }
  return applied;
}

void apply(Engine& engine, std::size_t row) {
  const Fault& fault = engine.plan.faults[row];
  AppliedFault applied = resolved(engine, row);
  announce(engine, applied);
  const std::uint32_t application = ++engine.applications;
  bool acted = false;
  switch (fault.kind) {
    case FaultKind::crash:
    case FaultKind::power_loss:
    case FaultKind::stop:
    case FaultKind::start:
    case FaultKind::pause:
    case FaultKind::resume:
      applied.who = hit_each(engine, row, applied.who);
      break;
    case FaultKind::cut:
      cut(engine, fault, row, application, applied);
      break;
    case FaultKind::heal:
      acted = heal(engine, fault, applied);
      break;
    case FaultKind::elect:
      acted = act_on(engine, applied.who, model::Elect{fault.partition, fault.unclean});
      break;
    case FaultKind::move_controller:
      // A tool at ZooKeeper does it; without a controller there is nothing to delete.
      acted = !applied.who.empty() && engine.act(model::kZooKeeper, model::MoveController{});
      break;
    case FaultKind::create_topic:
      acted = engine.act(model::kZooKeeper, model::CreateTopic{fault.topic});
      break;
  }
  engine.fault_effects[row].acted |= acted;
  if (fault.lasts && !(applied.who.empty() && applied.from.empty())) {
    schedule(engine, engine.now_us + fault.lasts->us, {Control::What::undo, row, application, std::move(applied)});
  }
}

void undo(Engine& engine, const Control& control) {
  const Fault& fault = engine.plan.faults[control.row];
  const Nodes& who = control.applied.who;
  announce(engine, {engine.now(), control.row, true, who, control.applied.from, control.applied.to, {}});
  switch (fault.kind) {
    case FaultKind::pause:
      for (const model::NodeId node : who) engine.resume(node);
      return;
    case FaultKind::crash:
    case FaultKind::power_loss:
    case FaultKind::stop:
      for (const model::NodeId node : who) engine.start_process(node, pins_of(fault));
      return;
    case FaultKind::cut:
      engine.connections.heal_application(engine.now_us, control.application);
      return;
    case FaultKind::start:
    case FaultKind::resume:
    case FaultKind::heal:
    case FaultKind::elect:
    case FaultKind::move_controller:
    case FaultKind::create_topic:
      return;  // nothing that could be undone
  }
}

}  // namespace

void schedule_plan(Engine& engine) {
  const Plan& plan = engine.plan;
  engine.times_left.resize(plan.faults.size());
  Dice commands(stream_key(engine.seed, StreamKind::commands, 0));
  const std::int64_t command_us = commands.range(plan.command_min.us, plan.command_max.us);
  for (std::size_t row = 0; row < plan.starts.size(); ++row) {
    schedule(engine, plan.starts[row].at.us, {Control::What::start, row, 0, {}});
  }
  for (std::size_t row = 0; row < plan.faults.size(); ++row) {
    const Fault& fault = plan.faults[row];
    if (fault.when) {
      engine.times_left[row] = fault.times;
      engine.trigger_facts |= std::uint64_t{1} << fault.when->fact;
    } else {
      schedule(engine, fault.at.us - fault.commands_after * command_us, {Control::What::fault, row, 0, {}});
    }
  }
}

void pull_triggers(Engine& engine, model::NodeId teller, const model::Fact& fact) {
  for (std::size_t row = 0; row < engine.plan.faults.size(); ++row) {
    const Fault& fault = engine.plan.faults[row];
    if (!fault.when || engine.times_left[row] <= 0) continue;
    if (!matches(*fault.when, engine.plan.config, teller, fact)) continue;
    --engine.times_left[row];
    schedule(engine, engine.now_us + fault.after.us, {Control::What::fault, row, 0, {}});
  }
}

void carry_out_control(Engine& engine, std::uint32_t slot) {
  const Control control = engine.controls[slot];
  switch (control.what) {
    case Control::What::start: {
      const Start& start = engine.plan.starts[control.row];
      engine.start_process(start.node, {start.connect, start.registration, start.isr_check});
      return;
    }
    case Control::What::fault:
      apply(engine, control.row);
      return;
    case Control::What::undo:
      undo(engine, control);
      return;
  }
}

}  // namespace sim
