// Ways between nodes that are slow or lossy, and disks that are slow. Their draws come from streams of their
// own, so that a disturbance moves no other draw of the run.
#pragma once

#include <cstdint>
#include <vector>

#include "model/ids.h"
#include "sim/kernel/dice.h"
#include "sim/kernel/observer.h"
#include "sim/kernel/plan.h"

namespace sim {

class Disturbances {
 public:
  // Effects are counted in `effects`, by fault row.
  Disturbances(const LinkSettings& links, std::uint64_t seed, std::size_t nodes, std::vector<FaultEffect>& effects)
      : links_(links), seed_(seed), nodes_(nodes), effects_(effects) {}

  bool any() const { return !ways_.empty() || !disks_.empty(); }
  bool any_way() const { return !ways_.empty(); }

  // `id` names one application of fault `row`, whose by, jitter and per_mille count. A node's way to itself is
  // never disturbed.
  void add_way(std::uint32_t id, std::size_t row, const Fault& fault, model::NodeId from, model::NodeId to);
  void add_disk(std::uint32_t id, std::size_t row, const Fault& fault, model::NodeId node);
  // These return whether there was anything to end. Disks end by their application alone.
  bool end(std::uint32_t id);
  bool end_way(model::NodeId from, model::NodeId to);
  bool end_all_ways();

  // What a packet that is on its way now takes longer: the sum of all delays of this way.
  std::int64_t draw_delay_us(model::NodeId from, model::NodeId to);
  // Whether a packet that is sent now is lost; each loss of this way has its own draw.
  bool draw_loss(model::NodeId from, model::NodeId to);
  // What the receiver takes longer to write a message to its disk. `own_us`: how long it takes usually, 0 if
  // that was not drawn.
  std::int64_t draw_write_us(model::NodeId node, std::int64_t own_us);

 private:
  struct Way {
    std::uint32_t id;
    std::size_t row;
    model::NodeId from, to;
    std::int64_t by_us, jitter_us;
    std::int32_t lost_per_mille;
  };
  struct Disk {
    std::uint32_t id;
    std::size_t row;
    model::NodeId node;
    std::int64_t by_us, jitter_us;
    std::int32_t per_mille;
  };
  Dice& dice(model::NodeId from, model::NodeId to);

  const LinkSettings& links_;
  std::uint64_t seed_;
  std::size_t nodes_;
  std::vector<FaultEffect>& effects_;
  std::vector<Way> ways_;
  std::vector<Disk> disks_;
  std::vector<Dice> dice_;  // by (from, to); a disk's is that of the node to itself
};

}  // namespace sim
