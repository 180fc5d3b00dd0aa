#include <algorithm>
#include <utility>

#include "model/ensure.h"
#include "sim/search/check_world.h"

namespace sim {
namespace {

// States of one depth that are still to be expanded, one behind the other.
struct Frontier {
  std::vector<std::uint32_t> words;
  std::vector<std::uint64_t> begins;
  std::uint32_t first = 0;  // number of its first state

  void add(const std::uint32_t* from, std::size_t size) {
    begins.push_back(words.size());
    words.insert(words.end(), from, from + size);
  }
  std::size_t size(std::size_t i) const {
    const std::uint64_t end = i + 1 < begins.size() ? begins[i + 1] : words.size();
    return static_cast<std::size_t>(end - begins[i]);
  }
  std::size_t bytes() const { return words.size() * sizeof(std::uint32_t) + begins.size() * sizeof(std::uint64_t); }
};

class Exploration {
 public:
  Exploration(CheckWorld& world, const CheckLimits& limits) : world_(world), limits_(limits) {}

  CheckResult run() {
    add_initial();
    while (!ended_ && !next_.begins.empty()) {
      if (result_.depth == limits_.depth) {
        result_.end = CheckResult::End::depth;
        break;
      }
      std::swap(current_, next_);
      next_.words.clear();
      next_.begins.clear();
      next_.first = static_cast<std::uint32_t>(result_.states);
      expand_all();
      if (!next_.begins.empty()) ++result_.depth;
    }
    result_.visited_bytes = visited_.bytes();
    result_.parent_bytes = parents_.size() * sizeof(std::uint32_t) + actions_.size() * sizeof(std::uint16_t);
    result_.fingerprint = order_.value();
    return std::move(result_);
  }

 private:
  void add_initial() {
    const CheckState& initial = world_.initial();
    next_.add(initial.data(), initial.size());
    parents_.push_back(0);
    actions_.push_back(0);
    result_.states = 1;
    result_.state_words = initial.size();
    visited_.insert(CheckWorld::fingerprint(initial.data(), initial.size()));
    if ((result_.broken = world_.broken(initial.data())) != 0) end(CheckResult::End::violation);
  }

  void expand_all() {
    for (std::size_t i = 0; i < current_.begins.size() && !ended_; ++i) {
      world_.successors(current_.words.data() + current_.begins[i], current_.size(i), successors_);
      ENSURE(successors_.all.size() <= UINT16_MAX);
      for (const CheckSuccessors::One& one : successors_.all) visited_.prefetch(one.fingerprint);
      result_.transitions += successors_.all.size();
      for (std::size_t k = 0; k < successors_.all.size() && !ended_; ++k) {
        if (!visited_.insert(successors_.all[k].fingerprint)) continue;
        add(current_.first + static_cast<std::uint32_t>(i), k);
      }
    }
    result_.frontier_bytes = std::max(result_.frontier_bytes, current_.bytes() + next_.bytes());
  }

  void add(std::uint32_t parent, std::size_t k) {
    const CheckSuccessors::One& one = successors_.all[k];
    const std::uint32_t* state = successors_.words.data() + one.begin;
    ENSURE(result_.states < UINT32_MAX);
    parents_.push_back(parent);
    actions_.push_back(static_cast<std::uint16_t>(k));
    next_.add(state, one.size);
    order_.add(one.fingerprint);
    result_.state_words += one.size;
    ++result_.states;
    result_.broken = world_.broken(state);
    if (result_.broken != 0) {
      trace_back();
      end(CheckResult::End::violation);
    } else if (result_.states == limits_.states) {
      end(CheckResult::End::states);
    }
  }

  // From the state that was added last.
  void trace_back() {
    for (std::size_t at = parents_.size() - 1; at != 0; at = parents_[at]) result_.path.push_back(actions_[at]);
    std::reverse(result_.path.begin(), result_.path.end());
  }

  void end(CheckResult::End how) {
    result_.end = how;
    ended_ = true;
  }

  CheckWorld& world_;
  CheckLimits limits_;
  CheckResult result_;
  bool ended_ = false;
  FingerprintSet visited_;
  std::vector<std::uint32_t> parents_;  // by state, in the order in which they were found
  std::vector<std::uint16_t> actions_;
  Frontier current_, next_;
  CheckSuccessors successors_;
  model::Hasher order_;
};

}  // namespace

CheckResult explore(CheckWorld& world, const CheckLimits& limits) { return Exploration(world, limits).run(); }

CheckPath replay(CheckWorld& world, const std::vector<std::uint16_t>& path) {
  CheckPath way;
  way.states.push_back(world.initial());
  CheckSuccessors successors;
  for (const std::uint16_t choice : path) {
    world.successors(way.states.back().data(), way.states.back().size(), successors);
    if (choice >= successors.all.size()) return {};
    way.states.push_back(successors.state(choice));
    way.actions.push_back(successors.all[choice].action);
  }
  return way;
}

}  // namespace sim
