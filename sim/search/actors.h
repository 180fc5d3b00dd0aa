// Nodes, and what can happen to them, as small numbers. A search meets few distinct nodes compared with its states,
// so each is kept once; a step depends on the node and the input alone, so each is carried out once and remembered
// with every outcome that the clock and the node's open choices allow.
#pragma once

#include <bitset>
#include <cstdint>
#include <deque>
#include <span>
#include <string_view>
#include <vector>

#include "model/node.h"
#include "model/rules.h"
#include "model/step.h"
#include "sim/search/fingerprint_set.h"

namespace sim {

using ActorId = std::uint32_t;
using InputId = std::uint32_t;
using LinkId = std::uint32_t;  // a connection's name

struct CheckInput {
  enum class What : std::uint8_t { started, crashed, act, timer, accepted, refused, closed, message };
  What what = What::started;
  LinkId link = 0;  // accepted, refused, closed, message
  model::TimerKey timer;
  model::Act act;
  model::Body body;  // message
};

struct CheckEffect {
  enum class What : std::uint8_t { close, connect, send };
  What what = What::close;
  std::uint8_t side = 0;  // close, send: the end that acts; 0 is the client's
  LinkId link = 0;
  InputId message = 0;  // send: what the other end will receive
  bool operator==(const CheckEffect&) const = default;
};

// One possible result of a step.
struct CheckOutcome {
  ActorId actor = 0;
  std::uint32_t first_effect = 0;
  std::uint16_t effects = 0;
  std::uint8_t elapsed = 0;  // how many waits the clock said were over
  bool ends = false;         // the process is gone: it exits by itself, or it crashes
};

// What must hold in every state. Both parts are judged once per node, or pair of nodes, and remembered; either may be
// missing.
struct CheckRule {
  std::string_view name;
  bool (*node)(const model::ClusterConfig& config, const model::Node& node) = nullptr;
  bool (*pair)(const model::ClusterConfig& config, const model::Node& a, const model::Node& b) = nullptr;
};

struct CheckModel {
  model::ClusterConfig config;
  model::Rules rules;
  std::vector<CheckRule> properties;  // at most 32
  // Timers of other kinds are never set: they cannot fire within the bounds of the search.
  std::bitset<static_cast<std::size_t>(model::TimerKind::kinds)> timers;
  // False: only a timer that fires finds that a wait is over; what is handled in between finds that no time has
  // passed. A bound: it leaves out, for one, the pings that any message may find due.
  bool time_passes_at_messages = false;
};

class Actors {
 public:
  struct Actor {
    model::NodeId self = model::kNoNode;
    bool running = false;
    std::vector<InputId> timers;  // armed ones, in the order of their keys
    model::Node node;
  };
  // What a search looks at all the time, apart from the nodes themselves.
  struct Brief {
    std::uint32_t broken = 0;  // bit i: properties[i].node does not hold
    std::uint32_t first_timer = 0;
    std::uint16_t timers = 0;
    bool running = false;
  };
  struct InputBrief {
    CheckInput::What what{};
    model::TimerKind timer{};
  };
  struct Statistics {
    std::uint64_t asked = 0;  // outcomes() called
    std::uint64_t found = 0;  // and remembered
    std::uint64_t steps = 0;  // model::step called
  };

  explicit Actors(const CheckModel& model) : model_(model) {}
  Actors(const Actors&) = delete;
  Actors& operator=(const Actors&) = delete;

  ActorId add(Actor actor);
  const Actor& actor(ActorId id) const { return actors_[id]; }
  bool is_running(ActorId id) const { return briefs_[id].running; }
  std::uint32_t broken(ActorId id) const { return briefs_[id].broken; }
  // Armed ones. Until the next call of outcomes().
  std::span<const InputId> timers(ActorId id) const {
    return {timers_.data() + briefs_[id].first_timer, briefs_[id].timers};
  }
  const CheckInput& input(InputId id) const { return inputs_[id]; }
  InputBrief brief(InputId id) const { return input_briefs_[id]; }
  const model::ConnectionId& link(LinkId id) const { return links_[id]; }

  InputId add_input(CheckInput input);
  InputId accepted(LinkId link) { return signals_[link].accepted; }
  InputId refused(LinkId link) { return signals_[link].refused; }
  InputId closed(LinkId link) { return signals_[link].closed; }

  // Every distinct outcome, the one without elapsed waits and with first choices first. Until the next call.
  std::span<const CheckOutcome> outcomes(ActorId actor, InputId input);
  std::span<const CheckEffect> effects(const CheckOutcome& outcome) const {
    return {effects_.data() + outcome.first_effect, outcome.effects};
  }
  // Bits of the properties that the two nodes break together.
  std::uint32_t broken(ActorId a, ActorId b);

  const Statistics& statistics() const { return statistics_; }
  std::size_t actor_count() const { return actors_.size(); }
  std::size_t message_count() const { return messages_; }
  std::size_t bytes() const;  // of the tables, without the nodes' and messages' own memory

 private:
  struct Range {
    std::uint32_t first = 0, count = 0;
  };
  struct Signals {
    InputId accepted = 0, refused = 0, closed = 0;
  };
  struct Script;

  LinkId add_link(const model::ConnectionId& id);
  Range carry_out(ActorId actor, InputId input);
  void run(Actor& actor, InputId input, Script& script);
  void set_timers(Actor& actor);
  std::uint16_t add_effects(model::NodeId self);
  bool is_known(const CheckOutcome& outcome, std::size_t first) const;

  const CheckModel& model_;
  std::deque<Actor> actors_;
  std::vector<Brief> briefs_;  // by actor
  std::vector<InputId> timers_;
  std::deque<CheckInput> inputs_;
  std::vector<InputBrief> input_briefs_;
  std::vector<model::ConnectionId> links_;
  std::vector<Signals> signals_;  // by link
  FingerprintMap<ActorId> actor_ids_;
  FingerprintMap<InputId> input_ids_;
  FingerprintMap<LinkId> link_ids_;
  FingerprintMap<Range> memo_;  // by actor and input
  FingerprintMap<std::uint32_t> pairs_;
  std::vector<CheckOutcome> outcomes_;
  std::vector<CheckEffect> effects_;
  model::Effects told_;  // of the step that is being carried out
  std::size_t messages_ = 0;
  Statistics statistics_;
};

}  // namespace sim
