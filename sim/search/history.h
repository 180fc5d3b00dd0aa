// What was promised to clients, over a whole run: which records were acknowledged, and whether the leaders
// that follow still have them. Ghost state, built from facts; the protocol knows nothing of it.
#pragma once

#include <vector>

#include "model/facts.h"
#include "sim/kernel/plan.h"
#include "sim/kernel/world.h"

namespace sim {

class History {
 public:
  explicit History(const Plan& plan);

  // Appends a RecordLost for what the current leader of a partition turns out to lack: when it begins to
  // lead, and when somebody has truncated. Each record is told once.
  void on_fact(model::NodeId teller, const model::Fact& fact, const World& world, std::vector<model::RecordLost>& lost);
  // The run is over: every partition is looked at once more.
  void conclude(const World& world, std::vector<model::RecordLost>& lost);

 private:
  // Acknowledged values of one producer, [first, end).
  struct Range {
    model::NodeId producer{};
    std::int32_t first = 0;
    std::int32_t end = 0;
  };

  void compare(model::PartitionId partition, const World& world, std::vector<model::RecordLost>& lost);

  const Plan& plan_;
  std::vector<std::vector<Range>> acknowledged_;  // by PartitionId, in the order of acknowledgement
};

}  // namespace sim
