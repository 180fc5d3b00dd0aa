// Which directions between nodes lose every packet, and since which fault.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "model/ids.h"
#include "sim/kernel/observer.h"

namespace sim {

class Cuts {
 public:
  explicit Cuts(std::size_t nodes) : nodes_(nodes), covers_(nodes * nodes) {}

  bool is_cut(model::NodeId from, model::NodeId to) const { return covers_[cell(from, to)] != 0; }

  bool any() const { return !active_.empty(); }

  // `id` names one application of fault `row`. A node is never cut from itself.
  void add(std::uint32_t id, std::size_t row, model::NodeId from, model::NodeId to) {
    if (from == to) return;
    active_.push_back({id, row, from, to});
    ++covers_[cell(from, to)];
  }
  // These return whether there was anything to heal.
  bool heal_id(std::uint32_t id) {
    return heal_if([id](const Active& cut) { return cut.id == id; });
  }
  bool heal_direction(model::NodeId from, model::NodeId to) {
    return heal_if([from, to](const Active& cut) { return cut.from == from && cut.to == to; });
  }
  bool heal_all() {
    return heal_if([](const Active&) { return true; });
  }

  // Counts something that a cut of this direction keeps back.
  void count_stalled(model::NodeId from, model::NodeId to, std::vector<FaultEffect>& effects) const {
    for (const Active& cut : active_) {
      if (cut.from == from && cut.to == to) ++effects[cut.row].stalled;
    }
  }

 private:
  struct Active {
    std::uint32_t id;
    std::size_t row;
    model::NodeId from, to;
  };
  std::size_t cell(model::NodeId from, model::NodeId to) const {
    return static_cast<std::size_t>(from) * nodes_ + static_cast<std::size_t>(to);
  }
  template <typename Which>
  bool heal_if(Which which) {
    const auto healed =
        std::stable_partition(active_.begin(), active_.end(), [&](const Active& cut) { return !which(cut); });
    for (auto cut = healed; cut != active_.end(); ++cut) --covers_[cell(cut->from, cut->to)];
    const bool any = healed != active_.end();
    active_.erase(healed, active_.end());
    return any;
  }

  std::size_t nodes_;
  std::vector<std::int32_t> covers_;  // active cuts by direction
  std::vector<Active> active_;
};

}  // namespace sim
