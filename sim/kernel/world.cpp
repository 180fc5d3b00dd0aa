#include "sim/kernel/world.h"

#include <algorithm>

#include "sim/kernel/engine.h"
#include "sim/kernel/roles.h"

namespace sim {

struct World::Kernel {
  Kernel(const Plan& plan, Observer* observer) : engine(plan, observer) {}
  Engine engine;
};

World::World(const Plan& plan, Observer* observer) : kernel_(std::make_unique<Kernel>(plan, observer)) {}
World::~World() = default;

bool World::step_until(Time t) {
  Engine& engine = kernel_->engine;
  return engine.advance(std::min(t, engine.plan.until).us);
}

void World::run_until(Time t) {
  Engine& engine = kernel_->engine;
  const Time end = std::min(t, engine.plan.until);
  while (engine.advance(end.us)) {
  }
  engine.now_us = std::max(engine.now_us, end.us);
}

Time World::now() const { return kernel_->engine.now(); }
Time World::plan_end() const { return kernel_->engine.plan.until; }
std::uint64_t World::events() const { return kernel_->engine.events; }
std::uint64_t World::fingerprint() const { return kernel_->engine.hasher.value(); }
const std::vector<model::Node>& World::nodes() const { return kernel_->engine.nodes; }
bool World::is_running(model::NodeId node) const { return kernel_->engine.process(node).running; }
bool World::is_paused(model::NodeId node) const { return kernel_->engine.process(node).paused; }
bool World::is_disturbed() const {
  const auto& processes = kernel_->engine.processes;
  Connections& connections = kernel_->engine.connections;
  return connections.any_cut() || connections.disturbances().any() ||
         std::any_of(processes.begin(), processes.end(),
                     [](const Process& process) { return process.paused || !process.clock.is_as_usual(); });
}
ClusterView World::view() const { return kernel_->engine.view(); }
model::NodeId World::controller() const { return controller_of(kernel_->engine.view()); }
const model::PartitionState* World::partition_state(model::PartitionId partition) const {
  return state_of(kernel_->engine.view(), partition);
}
model::Replicas World::assignment(model::PartitionId partition) const {
  return assignment_of(kernel_->engine.view(), partition);
}
const std::vector<FaultEffect>& World::fault_effects() const { return kernel_->engine.fault_effects; }

}  // namespace sim
