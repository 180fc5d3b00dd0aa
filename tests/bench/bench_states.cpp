// What a search through all interleavings costs, in time and memory, and what it is made of: the copy and the hash of
// one node.
#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "tests/bench/two_brokers.h"

namespace {

constexpr std::uint64_t kStatesMax = 3'000'000;
constexpr std::size_t kCopies = 2'000;
constexpr int kRounds = 9;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

sim::CheckPlan measured_plan() {
  using model::TimerKind;
  sim::CheckPlan plan = bench::two_broker_search();
  sim::CheckBounds& bounds = plan.bounds;
  for (const TimerKind kind : {TimerKind::zk_start, TimerKind::register_broker, TimerKind::begin_serving}) {
    bounds.of(kind) = sim::CheckBounds::kAlways;
  }
  bounds.of(TimerKind::fetch_wait) = 2;
  bounds.of(TimerKind::fetch_backoff) = 2;
  bounds.of(TimerKind::isr_check) = 2;
  bounds.of(TimerKind::zk_expire) = 1;
  bounds.of(TimerKind::client_backoff) = 1;
  bounds.of(TimerKind::metadata_refresh) = 1;
  bounds.of(TimerKind::produce_retry) = 1;
  bounds.of(TimerKind::sender_backoff) = 1;
  bounds.crashes = 1;
  bounds.starts = 1;
  return plan;
}

struct NodeCost {
  double copy_ns = 0, hash_ns = 0;
  std::size_t heap = 0;
};

// A copy includes the end of the one that it replaces.
template <typename T>
NodeCost measure(const T& node) {
  NodeCost cost;
  std::vector<double> copies, hashes;
  std::uint64_t sum = 0;
  for (int round = 0; round < kRounds; ++round) {
    auto start = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < kCopies; ++i) {
      const T copy = node;
      asm volatile("" : : "r"(&copy) : "memory");
    }
    copies.push_back(seconds_since(start) * 1e9 / kCopies);
    start = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < kCopies; ++i) {
      asm volatile("" : : "r"(&node) : "memory");
      sum += model::hash_of(node);
    }
    hashes.push_back(seconds_since(start) * 1e9 / kCopies);
  }
  asm volatile("" : : "r"(sum));
  cost.copy_ns = median(copies);
  cost.hash_ns = median(hashes);
  std::vector<T> kept;
  kept.reserve(kCopies);
  const auto before = mallinfo2().uordblks;
  for (std::size_t i = 0; i < kCopies; ++i) kept.push_back(node);
  cost.heap = (mallinfo2().uordblks - before) / kCopies;
  return cost;
}

template <typename T>
void print_cost(const char* name, const T& node) {
  const NodeCost cost = measure(node);
  fmt::print("{:<16}{:8.0f} ns/copy  {:.0f} ns/hash  {} bytes and {} on the heap\n", name, cost.copy_ns, cost.hash_ns,
             sizeof(T), cost.heap);
}

void print_nodes(const sim::CheckWorld& world) {
  const auto& zookeeper = std::get<model::ZooKeeper>(world.node(world.initial(), model::kZooKeeper));
  const auto& controller = std::get<model::Broker>(world.node(world.initial(), model::NodeId{1}));
  const auto& broker = std::get<model::Broker>(world.node(world.initial(), model::NodeId{2}));
  const auto& producer = std::get<model::Producer>(world.node(world.initial(), model::NodeId{3}));
  print_cost("controller", controller);
  print_cost("broker", broker);
  print_cost("  disk", broker.disk);
  print_cost("  zk client", broker.memory.zk);
  print_cost("  partitions", broker.memory.partitions);
  print_cost("  served", broker.memory.served);
  print_cost("  fetchers", broker.memory.fetchers);
  print_cost("  controller", controller.memory.controller);
  print_cost("ZooKeeper", zookeeper);
  print_cost("producer", producer);
}

// Of the whole process, its high-water mark.
std::size_t resident_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

std::string_view name_of(sim::CheckResult::End end) {
  switch (end) {
    case sim::CheckResult::End::exhausted:
      return "all of them";
    case sim::CheckResult::End::states:
      return "the first ones";
    case sim::CheckResult::End::depth:
      return "up to a depth";
    case sim::CheckResult::End::violation:
      return "up to a violation";
  }
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t states_max = argc > 1 ? std::stoull(argv[1]) : kStatesMax;
  const sim::CheckPlan plan = measured_plan();
  auto start = std::chrono::steady_clock::now();
  sim::CheckWorld world(plan);
  const double boot = seconds_since(start);
  const std::uint64_t boot_steps = world.actors().statistics().steps;
  start = std::chrono::steady_clock::now();
  const sim::CheckResult result = sim::explore(world, {.states = states_max, .depth = UINT32_MAX});
  const double seconds = seconds_since(start);
  const std::size_t resident = resident_bytes();
  if (result.end == sim::CheckResult::End::violation) {
    fmt::print(stderr, "bench: a property does not hold: bits {}\n", result.broken);
    return 1;
  }

  const sim::Actors::Statistics& steps = world.actors().statistics();
  const auto states = static_cast<double>(result.states);
  const auto per_state = [&](std::size_t bytes) { return static_cast<double>(bytes) / states; };
  fmt::print("states          {:8}  {}, depth {}, fingerprint {:016x}\n", result.states, name_of(result.end),
             result.depth, result.fingerprint);
  fmt::print("transitions     {:8}  {:.2f} a state\n", result.transitions,
             static_cast<double>(result.transitions) / states);
  fmt::print("speed           {:8.2f}  M new states/s (at least 0.4)  {:.2f} M transitions/s\n", states / seconds / 1e6,
             static_cast<double>(result.transitions) / seconds / 1e6);
  fmt::print("distinct nodes  {:8}  {:.1f} per mille of the states\n", world.actors().actor_count(),
             1e3 * static_cast<double>(world.actors().actor_count()) / states);
  fmt::print("messages        {:8}\n", world.actors().message_count());
  fmt::print("remembered      {:8.1f}  per mille of {} steps; {} were carried out, {} of them to boot in {:.1f} ms\n",
             1e3 * static_cast<double>(steps.found) / static_cast<double>(steps.asked), steps.asked, steps.steps,
             boot_steps, boot * 1e3);
  fmt::print("bytes a state   {:8.1f}  visited {:.1f}, parents {:.1f}, frontiers {:.1f}, steps {:.1f}\n",
             per_state(result.visited_bytes + result.parent_bytes + result.frontier_bytes + world.actors().bytes()),
             per_state(result.visited_bytes), per_state(result.parent_bytes), per_state(result.frontier_bytes),
             per_state(world.actors().bytes()));
  fmt::print("resident        {:8.1f}  bytes a state at most, nodes and growing tables included\n",
             per_state(resident));
  fmt::print("words a state   {:8.1f}  in a frontier\n", static_cast<double>(result.state_words) / states);
  print_nodes(world);
  return 0;
}
