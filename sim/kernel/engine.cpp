#include "sim/kernel/engine.h"

#include <algorithm>
#include <utility>

#include "sim/kernel/faults.h"
#include "sim/kernel/triggers.h"

namespace sim {
namespace {

// A woken process reads its sockets and runs its overdue timers in an order of the scheduler's choice: a
// periodic check may run before what had arrived. A time-out of ZooKeeper's client is looked at after
// reading (ClientCnxn.SendThread), hence later.
constexpr std::int64_t kWakeSocketsMax = 3'000;
constexpr std::int64_t kWakeTimersMax = 6'000;
constexpr std::int64_t kWakeReadTimeoutMin = 4'000, kWakeReadTimeoutMax = 8'000;

bool takes_power(const Fault& fault) { return fault.kind == FaultKind::power_loss; }

std::uint32_t pick(void* source, std::uint32_t n) {
  return static_cast<std::uint32_t>(static_cast<Dice*>(source)->below(n));
}

}  // namespace

Engine::Engine(const Plan& run, Observer* watcher)
    : plan(run),
      observer(watcher),
      wants_events(watcher != nullptr && watcher->wants_events()),
      wants_causes(wants_events && watcher->wants_causes()),
      seed(run.boot_draw == 0 ? run.seed : mix(run.seed ^ mix(run.boot_draw))),
      now_us(run.begins.us),
      nodes(model::make_cluster(run.config)),
      processes(nodes.size()),
      fault_effects(run.faults.size()),
      timers(seed, nodes.size(), queue),
      connections(run.links, seed, nodes.size(), queue, fault_effects),
      writeback(seed, run.begins.us, run.config, std::any_of(run.faults.begin(), run.faults.end(), takes_power)) {
  for (std::size_t i = 0; i < processes.size(); ++i) {
    processes[i].choices = Dice(stream_key(seed, StreamKind::choices, i));
    processes[i].resume = Dice(stream_key(seed, StreamKind::resume, i));
  }
  if (wants_causes) {
    connections.note_origins(origins);
    timers.note_origins(origins);
  }
  if (run.config.is_kraft()) committed.emplace(run.config);
  schedule_plan(*this);
}

bool Engine::advance(std::int64_t limit_us) {
  while (!queue.empty() && queue.top().at_us <= limit_us) {
    while (writeback.next_us() <= queue.top().at_us) writeback.wake(nodes);
    const Event event = queue.pop();
    now_us = event.at_us;
    bool seen = false;
    switch (event.wake()) {
      case Wake::packet:
        seen = on_packet(event);
        break;
      case Wake::timer:
        seen = on_timer(event);
        break;
      case Wake::control:
        carry_out_control(*this, event.slot());
        seen = true;
        break;
      case Wake::act:
        seen = on_act(event);
        break;
    }
    if (seen) return true;
  }
  return false;
}

// --- events ----------------------------------------------------------------------------------------

void Engine::hold(Process& process, const Event& event) {
  process.waiting.push_back(event);
  if (process.paused_by != Connections::kNoRow) ++fault_effects[static_cast<std::size_t>(process.paused_by)].held;
}

bool Engine::on_packet(const Event& event) {
  const std::uint32_t packet = event.slot();
  const model::NodeId receiver = connections.receiver(packet);
  if (receiver != model::kNoNode) {
    Process& there = process(receiver);
    if (there.paused) {
      connections.hold(packet);
      hold(there, event);
      return false;
    }
    if (connections.must_wait(now_us, packet)) return false;
  }
  // What no process sees, an attempt to connect or a retransmission, hands on what it began with.
  if (wants_causes) origins.now = origins.of_packet(packet);
  const Arrival arrival = connections.arrive(now_us, packet);
  EventView view{{now_us}, 0, EventKind::message, arrival.node, arrival.peer, arrival.via, arrival.body, {}};
  switch (arrival.what) {
    case Arrival::What::nothing:
      connections.release(packet);
      return false;
    case Arrival::What::message:
      begin(view);
      take_step(arrival.node, model::Received{arrival.via, arrival.body});
      break;
    case Arrival::What::connected:
      view.kind = EventKind::connected;
      begin(view);
      take_step(arrival.node, model::Connected{arrival.via});
      break;
    case Arrival::What::disconnected:
      view.kind = EventKind::disconnected;
      begin(view);
      take_step(arrival.node, model::Disconnected{arrival.via, arrival.reason});
      break;
  }
  connections.release(packet);
  carry_out(arrival.node);
  return true;
}

bool Engine::on_timer(const Event& event) {
  if (!timers.is_due(event)) return false;
  const model::NodeId node = Timers::node(event.slot());
  Process& there = process(node);
  if (there.paused) {
    hold(there, event);
    return false;
  }
  if (wants_causes) origins.now = origins.of_timer(event.slot());
  const model::TimerKey key = timers.take(event.slot());
  begin({{now_us}, 0, EventKind::timer, node, model::kNoNode, {}, nullptr, key});
  take_step(node, model::TimerFired{key});
  carry_out(node);
  return true;
}

bool Engine::on_act(const Event& event) {
  const WaitingAct waiting = acts[event.slot()];
  if (process(waiting.node).paused) {
    hold(process(waiting.node), event);
    return false;
  }
  origins.now = waiting.cause;
  return act(waiting.node, waiting.act);
}

// --- steps -----------------------------------------------------------------------------------------

// Every event is part of the fingerprint, whoever watches.
void Engine::begin(const EventView& view) {
  ++events;
  std::uint64_t word = (static_cast<std::uint64_t>(view.kind) << 8) | static_cast<std::uint64_t>(view.node);
  word |= static_cast<std::uint64_t>(view.peer) << 16;
  if (view.body != nullptr) word |= static_cast<std::uint64_t>(view.body->index()) << 24;
  word |= (static_cast<std::uint64_t>(view.timer.kind) << 32) | (static_cast<std::uint64_t>(view.timer.about) << 40);
  hasher.add(static_cast<std::uint64_t>(view.at.us));
  hasher.add(word);
  if (!wants_events) return;
  EventView numbered = view;
  numbered.number = events;
  if (wants_causes) numbered.cause = std::exchange(origins.now, Cause::event(events));
  observer->on_event(numbered);
}

void Engine::take_step(model::NodeId node, const model::Input& input) {
  Process& there = process(node);
  const model::Clock clock(model::Instant{there.clock.shows_us(now_us)});
  const model::Choices choices{&pick, &there.choices};
  effects.clear();
  const model::Context context{plan.rules, plan.config, clock, choices, effects};
  model::step(context, nodes[static_cast<std::size_t>(node)], input);
}

void Engine::carry_out(model::NodeId node) {
  if (committed) {
    const model::QuorumMember member = member_of(nodes[static_cast<std::size_t>(node)]);
    if (member.memory != nullptr && model::is_leader(*member.memory)) {
      // What is committed comes first: what the step did besides may be its consequence.
      const std::size_t own = effects.facts.size();
      committed->take_in(*member.disk, *member.memory, effects.facts);
      std::rotate(effects.facts.begin(), effects.facts.begin() + static_cast<std::ptrdiff_t>(own), effects.facts.end());
    }
  }
  if (!effects.facts.empty()) tell_facts(node);
  for (const model::ConnectionId& id : effects.closes) connections.close(now_us, node, id);
  for (const model::ConnectionId& id : effects.connects) connections.connect(now_us, id);
  for (const model::TimerKey key : effects.disarms) timers.disarm(node, key);
  for (const model::Arm& wanted : effects.arms) arm(node, wanted);
  for (model::Send& send : effects.sends) connections.send(now_us, node, send.via, std::move(send.body));
  if (effects.stops_listening) connections.stop_listening(node);
  if (effects.exits) end_process(node, process(node).stopped_by, false);
}

void Engine::tell(model::NodeId node, const model::Fact& fact) {
  model::hash_append(hasher, fact);
  if (observer != nullptr) observer->on_fact(now(), node, fact);
  if (model::contains(trigger_facts, fact.index())) pull_triggers(*this, node, fact);
  if (const auto* shorter = std::get_if<model::Truncated>(&fact)) {
    writeback.on_shorter(node, shorter->partition, shorter->to);
  } else if (const auto* deleted = std::get_if<model::ReplicaDeleted>(&fact)) {
    writeback.on_shorter(node, deleted->partition, 0);
  } else if (const auto* cut = std::get_if<model::MetadataTruncated>(&fact)) {
    writeback.on_shorter_metadata(node, cut->to);
  }
}

void Engine::tell_facts(model::NodeId node) {
  model::FactSet told = 0;
  for (const model::Fact& fact : effects.facts) {
    tell(node, fact);
    told |= model::FactSet{1} << fact.index();
  }
  if (observer != nullptr) observer->on_step_over(now());
  if ((told & state_facts) != 0) judge_states(*this);
}

void Engine::arm(model::NodeId node, const model::Arm& wanted) {
  Process& there = process(node);
  if (!there.clock.is_as_usual()) {
    if (there.skewed_by != Connections::kNoRow) ++fault_effects[static_cast<std::size_t>(there.skewed_by)].skewed;
    model::Arm skewed = wanted;
    skewed.min.us = there.clock.takes_us(wanted.min.us);
    skewed.max.us = there.clock.takes_us(wanted.max.us);
    timers.arm(now_us, node, skewed);
    return;
  }
  Pins& pins = there.pins;
  if (!pins.any()) {
    timers.arm(now_us, node, wanted);
    return;
  }
  model::Arm pinned = wanted;
  std::optional<model::Duration>* pin = nullptr;
  if (wanted.key.kind == model::TimerKind::zk_start || wanted.key.kind == model::TimerKind::quorum_start) {
    pin = &pins.connect;
  }
  if (wanted.key.kind == model::TimerKind::register_broker) pin = &pins.registration;
  if (wanted.key.kind == model::TimerKind::isr_check) pin = &pins.isr_check;
  if (pin != nullptr && pin->has_value()) {
    pinned.min = pinned.max = **pin;
    pin->reset();
  }
  timers.arm(now_us, node, pinned);
}

// --- processes -------------------------------------------------------------------------------------

bool Engine::start_process(model::NodeId node, const Pins& pins) {
  Process& starting = process(node);
  if (starting.running) return false;
  starting.running = true;
  starting.stopped_by = Connections::kNoRow;
  starting.pins = pins;
  const Cause cause = origins.now;  // a fault may have more to do
  connections.start(now_us, node);
  if (observer != nullptr) observer->on_start(now(), node);
  begin({{now_us}, 0, EventKind::started, node, model::kNoNode, {}, nullptr, {}});
  take_step(node, model::Started{});
  carry_out(node);
  judge_states(*this);
  origins.now = cause;
  return true;
}

bool Engine::end_process(model::NodeId node, std::int32_t row, bool power_loss) {
  Process& ending = process(node);
  if (!ending.running) return false;
  ending.running = ending.paused = false;
  ending.pins = {};
  timers.disarm_all(node);
  model::Node& state = nodes[static_cast<std::size_t>(node)];
  if (power_loss) {
    connections.lose_power(node, row);
  } else {
    connections.end_process(now_us, node, row);
  }
  model::crash(plan.config, state);
  for (const Event& event : std::exchange(ending.waiting, {})) {
    if (event.wake() == Wake::packet) connections.drop(event.slot());
  }
  if (power_loss) {
    const std::int64_t records = cut_to_flushed(node);
    if (row != Connections::kNoRow) fault_effects[static_cast<std::size_t>(row)].wiped += records;
  }
  judge_states(*this);
  return true;
}

// --- disks and clocks --------------------------------------------------------------------------------

namespace {

// Of the logs on a disk.
struct Ends {
  std::vector<model::Offset> partitions;
  model::Offset metadata = 0;
};

Ends ends_of(const model::Node& node) {
  Ends ends;
  if (const model::RaftDisk* raft = raft_disk_of(node)) ends.metadata = raft->log.end();
  const auto* broker = std::get_if<model::Broker>(&node);
  if (broker == nullptr) return ends;
  for (const model::PartitionDisk& disk : broker->disk.partitions) ends.partitions.push_back(disk.log.end());
  return ends;
}

std::int64_t tell_lost(Engine& engine, model::NodeId node, const Ends& before) {
  const Ends after = ends_of(engine.nodes[static_cast<std::size_t>(node)]);
  std::int64_t records = 0;
  for (std::size_t p = 0; p < before.partitions.size(); ++p) {
    const model::Offset from = before.partitions[p], to = after.partitions[p];
    if (to >= from) continue;
    records += from - to;
    const auto partition = model::PartitionId(static_cast<std::uint16_t>(p));
    engine.writeback.on_shorter(node, partition, to);
    engine.tell(node, model::LogLost{partition, from, to});
  }
  if (after.metadata < before.metadata) {
    records += before.metadata - after.metadata;
    engine.writeback.on_shorter_metadata(node, after.metadata);
    engine.tell(node, model::MetadataLogLost{before.metadata, after.metadata});
  }
  if (records > 0 && engine.observer != nullptr) engine.observer->on_step_over(engine.now());
  return records;
}

}  // namespace

std::int64_t Engine::cut_to_flushed(model::NodeId node) {
  model::Node& state = nodes[static_cast<std::size_t>(node)];
  const Ends before = ends_of(state);
  model::power_loss(plan.config, state);
  return tell_lost(*this, node, before);
}

std::int64_t Engine::wipe(model::NodeId node) {
  model::Node& state = nodes[static_cast<std::size_t>(node)];
  const Ends before = ends_of(state);
  model::wipe(plan.config, state);
  const std::int64_t records = tell_lost(*this, node, before);
  judge_states(*this);
  return records;
}

void Engine::set_clock_rate(model::NodeId node, std::int32_t per_mille, std::int32_t row, std::uint32_t application) {
  Process& there = process(node);
  const std::int32_t before = there.clock.per_mille();
  there.clock.set_rate(now_us, per_mille);
  there.skewed_by = row;
  there.skewed_in = application;
  const std::int64_t moved = timers.rescale(now_us, node, before, per_mille);
  if (row != Connections::kNoRow) fault_effects[static_cast<std::size_t>(row)].skewed += moved;
}

bool Engine::pause(model::NodeId node, std::int32_t row) {
  Process& pausing = process(node);
  if (!pausing.running || pausing.paused) return false;
  pausing.paused = true;
  pausing.paused_by = row;
  return true;
}

bool Engine::resume(model::NodeId node) {
  Process& waking = process(node);
  if (!waking.paused) return false;
  waking.paused = false;
  waking.paused_by = Connections::kNoRow;
  for (const Event& event : std::exchange(waking.waiting, {})) {
    switch (event.wake()) {
      case Wake::packet: {
        const std::int64_t after = waking.resume.range(0, kWakeSocketsMax);
        connections.redeliver(event.slot(), now_us + after);
        break;
      }
      case Wake::timer: {
        // The ZooKeeper client's thread sleeps in a select: what has arrived wakes it as well, and is read before
        // it looks at its clock (ClientCnxn.SendThread.run).
        const model::TimerKind kind = timers.key(event.slot()).kind;
        const bool reads_first = kind == model::TimerKind::zk_read_timeout || kind == model::TimerKind::zk_ping;
        const std::int64_t after = waking.resume.range(reads_first ? kWakeReadTimeoutMin : 0,
                                                       reads_first ? kWakeReadTimeoutMax : kWakeTimersMax);
        timers.postpone(event.slot(), now_us + after);
        break;
      }
      case Wake::act:
        queue.push(now_us, Wake::act, event.slot());
        break;
      case Wake::control:
        break;  // nobody's to hold
    }
  }
  return true;
}

bool Engine::act(model::NodeId node, const model::Act& what) {
  Process& there = process(node);
  if (!there.running) return false;
  if (there.paused) {
    acts.push_back({node, what, origins.now});
    const auto slot = static_cast<std::uint32_t>(acts.size() - 1);
    hold(there, Event{now_us, queue.draw_order(Wake::act, slot)});
    return true;
  }
  const Cause cause = origins.now;
  begin({{now_us}, 0, EventKind::act, node, model::kNoNode, {}, nullptr, {}});
  hasher.add(model::hash_of(what));
  take_step(node, what);
  carry_out(node);
  origins.now = cause;
  return true;
}

}  // namespace sim
