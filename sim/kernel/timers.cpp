#include "sim/kernel/timers.h"

#include <algorithm>

#include "sim/kernel/pool.h"

namespace sim {
namespace {

std::uint32_t name_of_key(model::TimerKey key) { return (static_cast<std::uint32_t>(key.kind) << 16) | key.about; }

}  // namespace

Timers::Timers(std::uint64_t seed, std::size_t nodes, EventQueue& queue) : seed_(seed), tables_(nodes), queue_(queue) {}

std::uint32_t Timers::find(Table& table, model::TimerKey key) {
  const std::uint32_t name = name_of_key(key);
  const std::size_t size = table.names.size();
  std::uint16_t& last = table.last[static_cast<std::size_t>(key.kind)];
  if (last < size && table.names[last] == name) return last;
  for (std::size_t i = 0; i < size; ++i) {
    if (table.names[i] == name) return last = static_cast<std::uint16_t>(i);
  }
  return kNoSlot;
}

std::uint32_t Timers::find_or_add(model::NodeId node, model::TimerKey key) {
  Table& table = tables_[static_cast<std::size_t>(node)];
  const std::uint32_t found = find(table, key);
  if (found != kNoSlot) return found;
  ENSURE(table.timers.size() < 0xffffU);
  const std::uint64_t name = (static_cast<std::uint64_t>(node) << 32) | name_of_key(key);
  table.names.push_back(name_of_key(key));
  Timer& added = table.timers.emplace_back();
  added.key = key;
  added.dice = Dice(stream_key(seed_, StreamKind::timer, name));
  return static_cast<std::uint32_t>(table.timers.size() - 1);
}

void Timers::set_deadline(Timer& timer, std::uint32_t slot, std::int64_t at_us) {
  timer.armed = true;
  timer.deadline = Event{at_us, queue_.draw_order(Wake::timer, slot)};
  // An entry that comes up earlier will be pushed again; one that would come up later is left to itself.
  if (timer.queued && comes_before(timer.entry, timer.deadline)) return;
  timer.queued = true;
  timer.entry = timer.deadline;
  queue_.push(timer.entry);
}

void Timers::arm(std::int64_t now_us, model::NodeId node, const model::Arm& arm) {
  const std::uint32_t index = find_or_add(node, arm.key);
  Timer& timer = tables_[static_cast<std::size_t>(node)].timers[index];
  const std::int64_t after = timer.dice.range(arm.min.us, arm.max.us);
  timer.grid_us = (arm.on_grid && timer.grid_us != kNever ? timer.grid_us : now_us) + after;
  const std::uint32_t slot = (static_cast<std::uint32_t>(node) << 16) | index;
  if (origins_ != nullptr) origins_->note_timer(slot);
  set_deadline(timer, slot, std::max(timer.grid_us, now_us));
}

void Timers::disarm(model::NodeId node, model::TimerKey key) {
  Table& table = tables_[static_cast<std::size_t>(node)];
  const std::uint32_t index = find(table, key);
  if (index != kNoSlot) table.timers[index].armed = false;
}

void Timers::disarm_all(model::NodeId node) {
  for (Timer& timer : tables_[static_cast<std::size_t>(node)].timers) {
    timer.armed = false;
    timer.grid_us = kNever;
  }
}

std::int64_t Timers::rescale(std::int64_t now_us, model::NodeId node, std::int32_t before, std::int32_t after) {
  std::int64_t moved = 0;
  if (before == after) return moved;
  std::vector<Timer>& timers = tables_[static_cast<std::size_t>(node)].timers;
  for (std::uint32_t index = 0; index < timers.size(); ++index) {
    Timer& timer = timers[index];
    if (!timer.armed || timer.deadline.at_us <= now_us) continue;  // overdue ones wait for a paused process
    const std::int64_t at_us = now_us + (timer.deadline.at_us - now_us) * before / after;
    timer.grid_us = at_us;
    set_deadline(timer, (static_cast<std::uint32_t>(node) << 16) | index, at_us);
    ++moved;
  }
  return moved;
}

bool Timers::is_due(const Event& event) {
  Timer& due = at(event.slot());
  if (!due.queued || due.entry.order != event.order) return false;  // replaced by an earlier one
  due.queued = false;
  if (!due.armed) return false;
  if (due.deadline.order == event.order) return true;
  due.queued = true;
  due.entry = due.deadline;
  queue_.push(due.entry);
  return false;
}

model::TimerKey Timers::take(std::uint32_t slot) {
  Timer& due = at(slot);
  due.armed = false;
  return due.key;
}

void Timers::postpone(std::uint32_t slot, std::int64_t at_us) { set_deadline(at(slot), slot, at_us); }

}  // namespace sim
