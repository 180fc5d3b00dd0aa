// The cluster on virtual time: nodes, clock, event queue, timers, connections and faults. It carries out
// the effects of model::step and knows no protocol: which node answers what is none of its business.
#pragma once

#include <memory>
#include <vector>

#include "model/node.h"
#include "sim/kernel/observer.h"
#include "sim/kernel/plan.h"
#include "sim/kernel/roles.h"

namespace sim {

class World {
 public:
  explicit World(const Plan& plan, Observer* observer = nullptr);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Carries out the next event. False: nothing is left before Plan::until.
  bool step() { return step_until(plan_end()); }
  bool step_until(Time t);  // the same, if it comes at or before t
  void run_until(Time t);   // every event at or before t
  void run() { run_until(plan_end()); }

  Time now() const;
  Time plan_end() const;
  std::uint64_t events() const;
  std::uint64_t fingerprint() const;  // of everything that has happened so far
  const std::vector<model::Node>& nodes() const;
  bool is_running(model::NodeId node) const;  // paused included
  bool is_paused(model::NodeId node) const;

  // A fault that only its end can undo is at work: a process sleeps, a link is cut.
  bool is_disturbed() const;

  // Roles now, from what ZooKeeper has stored or the metadata quorum has committed.
  ClusterView view() const;
  model::NodeId controller() const;
  const model::PartitionState* partition_state(model::PartitionId partition) const;
  model::Replicas assignment(model::PartitionId partition) const;

  // Effects by Plan::faults row, counted so far.
  const std::vector<FaultEffect>& fault_effects() const;

 private:
  struct Kernel;
  std::unique_ptr<Kernel> kernel_;
};

}  // namespace sim
