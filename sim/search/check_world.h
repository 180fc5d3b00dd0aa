// Every interleaving of a small cluster within bounds, breadth-first: what a search counts, and the shortest way to a
// state in which a property does not hold.
//
// A state is what the nodes hold, what is on the way between them, which timers are armed, and what is left of the
// bounds. There is no time in it: an armed timer may fire at any moment, and the clock may give any answer. The actions
// of a state, in this order:
//   1. for each connection, by the order in which it first came up: delivery of the first packet to the server, then of
//      the first packet to the client;
//   2. for each node, each armed timer whose bound is not used up, by key;
//   3. for each broker: a crash if it runs, a start if it does not.
// An action has one successor per outcome of the step that it causes.
//
// Of connections this much is kept: order in each direction; the end of a process, or a close, is told to the peer
// behind the data sent before. A connection is accepted or refused by what the server is when the client opens it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/search/actors.h"
#include "sim/search/fingerprint_set.h"

namespace sim {

// How often each thing may happen on the way to a state: 0..14, or kAlways.
struct CheckBounds {
  static constexpr std::uint8_t kAlways = 15;

  std::array<std::uint8_t, static_cast<std::size_t>(model::TimerKind::kinds)> timers{};
  std::uint8_t crashes = 0;
  std::uint8_t starts = 0;         // of brokers that crashed
  std::uint8_t elapsed = kAlways;  // waits that the clock says are over
  std::uint8_t& of(model::TimerKind kind) { return timers[static_cast<std::size_t>(kind)]; }
};

struct CheckPlan {
  CheckModel model;  // its `timers` are filled in
  CheckBounds bounds;
  bool starts_producers = true;  // as the last thing before the search
};

struct CheckAction {
  enum class What : std::uint8_t { deliver, fire, crash, start };
  What what = What::deliver;
  model::NodeId node = model::kNoNode;  // to whom
  InputId input = 0;
  std::uint16_t outcome = 0;
};

// A state, flat: actors by node; what is left of the bounds, 4 bits each; then for each connection, by LinkId, its
// name, a head (below) and the packets on the way to the server and to the client.
using CheckState = std::vector<std::uint32_t>;

// Successors of one state, each a CheckState in a common buffer.
struct CheckSuccessors {
  struct One {
    std::uint32_t begin = 0, size = 0;
    std::uint64_t fingerprint = 0;
    CheckAction action;
  };
  std::vector<std::uint32_t> words;
  std::vector<One> all;
  CheckState state(std::size_t i) const {
    const auto from = words.begin() + all[i].begin;
    return {from, from + all[i].size};
  }
  void clear() {
    words.clear();
    all.clear();
  }
};

class CheckWorld {
 public:
  // Boots: ZooKeeper and the brokers start and serve, topics are created, all in one fixed order and without faults;
  // then it is as quiet as it gets.
  explicit CheckWorld(const CheckPlan& plan);

  const CheckState& initial() const { return initial_; }
  void successors(const std::uint32_t* state, std::size_t size, CheckSuccessors& out);
  // Bits of the properties that do not hold.
  std::uint32_t broken(const std::uint32_t* state);
  static std::uint64_t fingerprint(const std::uint32_t* state, std::size_t size);

  const CheckPlan& plan() const { return plan_; }
  const Actors& actors() const { return actors_; }
  const model::Node& node(const CheckState& state, model::NodeId id) const {
    return actors_.actor(state[static_cast<std::size_t>(id)]).node;
  }

 private:
  void boot();
  void deliver_until_quiet();
  bool deliver_first();
  bool fire_boot_timer();
  void take(model::NodeId node, InputId input, const CheckState& before);

  void add_deliveries(CheckSuccessors& out);
  void add_timers(CheckSuccessors& out);
  void add_crashes_and_starts(CheckSuccessors& out);
  void add_outcomes(CheckAction action, std::size_t bound, CheckSuccessors& out);
  bool remove_head(std::size_t at, std::size_t direction, CheckAction& action);
  void carry_out(const CheckOutcome& outcome);
  void close_links_of(model::NodeId node);

  CheckPlan plan_;
  Actors actors_;
  std::size_t nodes_;
  std::array<std::uint8_t, static_cast<std::size_t>(model::TimerKind::kinds)> bound_of_timer_{};  // which counter
  InputId started_ = 0, crashed_ = 0;
  CheckState initial_;
  CheckState state_, base_, next_;  // expanded; before the step, its input taken away; after it
};

struct CheckLimits {
  std::uint64_t states = UINT64_MAX;
  std::uint32_t depth = UINT32_MAX;
};

struct CheckResult {
  enum class End : std::uint8_t { exhausted, states, depth, violation };
  End end = End::exhausted;
  std::uint64_t states = 0;       // distinct, the initial one included
  std::uint64_t transitions = 0;  // out of the states that were expanded
  std::uint32_t depth = 0;        // of the deepest state
  std::uint64_t fingerprint = 0;  // over all states, in the order in which they were found
  // violation: the actions that lead there, as indexes into the successors of each state on the way.
  std::uint32_t broken = 0;
  std::vector<std::uint16_t> path;

  std::size_t visited_bytes = 0, parent_bytes = 0, frontier_bytes = 0;  // at the end; of frontiers the peak
  std::size_t state_words = 0;                                          // over all states
};

CheckResult explore(CheckWorld& world, const CheckLimits& limits);

// The states of a path, from the initial one to the last, and the actions between them. Empty if the path cannot be
// taken.
struct CheckPath {
  std::vector<CheckState> states;
  std::vector<CheckAction> actions;
};
CheckPath replay(CheckWorld& world, const std::vector<std::uint16_t>& path);

}  // namespace sim
