#include "sim/kernel/disturbances.h"

#include <algorithm>

namespace sim {
namespace {

constexpr std::int32_t kAsUsual = 1'000;

// Evenly, around what was asked for; nothing takes less than no time.
std::int64_t draw_added_us(std::int64_t by_us, std::int64_t jitter_us, Dice& dice) {
  const std::int64_t least = std::max<std::int64_t>(by_us - jitter_us, 0);
  return dice.range(least, std::max(by_us + jitter_us, least));
}

}  // namespace

void Disturbances::add_way(std::uint32_t id, std::size_t row, const Fault& fault, model::NodeId from,
                           model::NodeId to) {
  if (from == to) return;
  const std::int32_t lost = fault.kind == FaultKind::lose ? fault.per_mille : 0;
  ways_.push_back({id, row, from, to, fault.by.us, fault.jitter.us, lost});
}

void Disturbances::add_disk(std::uint32_t id, std::size_t row, const Fault& fault, model::NodeId node) {
  disks_.push_back({id, row, node, fault.by.us, fault.jitter.us, fault.per_mille == 0 ? kAsUsual : fault.per_mille});
}

bool Disturbances::end(std::uint32_t id) {
  const std::size_t ways = std::erase_if(ways_, [id](const Way& way) { return way.id == id; });
  return ways + std::erase_if(disks_, [id](const Disk& disk) { return disk.id == id; }) > 0;
}

bool Disturbances::end_way(model::NodeId from, model::NodeId to) {
  return std::erase_if(ways_, [&](const Way& way) { return way.from == from && way.to == to; }) > 0;
}

bool Disturbances::end_all_ways() {
  const bool any = any_way();
  ways_.clear();
  return any;
}

Dice& Disturbances::dice(model::NodeId from, model::NodeId to) {
  if (dice_.empty()) {
    dice_.resize(nodes_ * nodes_);
    for (std::size_t name = 0; name < dice_.size(); ++name) {
      dice_[name] = Dice(stream_key(seed_, StreamKind::disturbance, name));
    }
  }
  return dice_[static_cast<std::size_t>(from) * nodes_ + static_cast<std::size_t>(to)];
}

std::int64_t Disturbances::draw_delay_us(model::NodeId from, model::NodeId to) {
  std::int64_t added = 0;
  for (const Way& way : ways_) {
    if (way.from != from || way.to != to || way.lost_per_mille > 0) continue;
    added += draw_added_us(way.by_us, way.jitter_us, dice(from, to));
    ++effects_[way.row].delayed;
  }
  return added;
}

bool Disturbances::draw_loss(model::NodeId from, model::NodeId to) {
  bool is_lost = false;
  for (const Way& way : ways_) {
    if (way.from != from || way.to != to || way.lost_per_mille == 0) continue;
    if (dice(from, to).below(1'000) >= static_cast<std::uint64_t>(way.lost_per_mille)) continue;
    is_lost = true;
    ++effects_[way.row].dropped;
  }
  return is_lost;
}

std::int64_t Disturbances::draw_write_us(model::NodeId node, std::int64_t own_us) {
  std::int64_t added = 0;
  for (const Disk& disk : disks_) {
    if (disk.node != node) continue;
    added += draw_added_us(disk.by_us, disk.jitter_us, dice(node, node));
    if (disk.per_mille != kAsUsual) {
      if (own_us == 0) own_us = dice(node, node).range(links_.request_min.us, links_.request_max.us);
      added += own_us * (disk.per_mille - kAsUsual) / kAsUsual;
    }
    ++effects_[disk.row].slowed;
  }
  return added;
}

}  // namespace sim
