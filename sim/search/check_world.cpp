#include "sim/search/check_world.h"

#include <algorithm>
#include <utility>

#include "model/ensure.h"
#include "sim/search/check_links.h"

namespace sim {
namespace {

using model::TimerKind;

constexpr std::size_t kBoundWords = 2;
constexpr std::size_t kBoundsMax = kBoundWords * 8;  // 4 bits each
constexpr std::size_t kCrashes = 0, kStarts = 1, kElapsed = 2, kFirstTimer = 3;
constexpr std::size_t kUnbounded = kBoundsMax;
constexpr std::uint8_t kNoCounter = 255;  // timers that may not fire at all

constexpr std::array kBootTimers{TimerKind::zk_start, TimerKind::register_broker, TimerKind::begin_serving};

std::uint32_t left_of(const CheckState& state, std::size_t nodes, std::size_t bound) {
  return state[nodes + bound / 8] >> (bound % 8 * 4) & 15U;
}
// False: there was not enough left.
bool use(CheckState& state, std::size_t nodes, std::size_t bound, std::uint32_t times) {
  if (bound == kUnbounded || times == 0) return true;
  const std::uint32_t left = left_of(state, nodes, bound);
  if (left == CheckBounds::kAlways) return true;
  if (left < times) return false;
  state[nodes + bound / 8] -= times << (bound % 8 * 4);
  return true;
}
void set_bound(CheckState& state, std::size_t nodes, std::size_t bound, std::uint32_t times) {
  ENSURE(bound < kBoundsMax && times <= CheckBounds::kAlways);
  state[nodes + bound / 8] |= times << (bound % 8 * 4);
}

CheckPlan with_timers(CheckPlan plan) {
  plan.model.timers.reset();
  for (std::size_t kind = 0; kind < plan.bounds.timers.size(); ++kind) {
    if (plan.bounds.timers[kind] > 0) plan.model.timers.set(kind);
  }
  for (const TimerKind kind : kBootTimers) plan.model.timers.set(static_cast<std::size_t>(kind));
  return plan;
}

}  // namespace

CheckWorld::CheckWorld(const CheckPlan& plan)
    : plan_(with_timers(plan)), actors_(plan_.model), nodes_(plan.model.config.node_count()) {
  std::size_t counter = kFirstTimer;
  for (std::size_t kind = 0; kind < plan_.bounds.timers.size(); ++kind) {
    const std::uint8_t times = plan_.bounds.timers[kind];
    bound_of_timer_[kind] = times == 0 ? kNoCounter : static_cast<std::uint8_t>(kUnbounded);
    if (times > 0 && times < CheckBounds::kAlways) bound_of_timer_[kind] = static_cast<std::uint8_t>(counter++);
  }
  ENSURE(counter <= kBoundsMax);
  CheckInput input;
  input.what = CheckInput::What::started;
  started_ = actors_.add_input(input);
  input.what = CheckInput::What::crashed;
  crashed_ = actors_.add_input(input);
  boot();
}

// --- boot ------------------------------------------------------------------------------------------

void CheckWorld::boot() {
  std::vector<model::Node> nodes = model::make_cluster(plan_.model.config);
  next_.assign(nodes_ + kBoundWords, 0);
  for (std::size_t i = 0; i < nodes_; ++i) {
    Actors::Actor actor;
    actor.self = model::NodeId(static_cast<std::uint8_t>(i));
    actor.node = std::move(nodes[i]);
    next_[i] = actors_.add(std::move(actor));
  }
  const model::ClusterConfig& config = plan_.model.config;
  for (std::size_t i = 0; i <= config.brokers.size(); ++i) {
    take(model::NodeId(static_cast<std::uint8_t>(i)), started_, next_);
    do {
      deliver_until_quiet();
    } while (fire_boot_timer());
  }
  for (std::size_t topic = 0; topic < config.topics.size(); ++topic) {
    CheckInput create;
    create.what = CheckInput::What::act;
    create.act = model::CreateTopic{model::TopicId(static_cast<std::uint16_t>(topic))};
    take(model::kZooKeeper, actors_.add_input(create), next_);
    deliver_until_quiet();
  }
  for (std::size_t i = config.brokers.size() + 1; plan_.starts_producers && i < nodes_; ++i) {
    take(model::NodeId(static_cast<std::uint8_t>(i)), started_, next_);
  }
  set_bound(next_, nodes_, kCrashes, plan_.bounds.crashes);
  set_bound(next_, nodes_, kStarts, plan_.bounds.starts);
  set_bound(next_, nodes_, kElapsed, plan_.bounds.elapsed);
  for (std::size_t kind = 0; kind < bound_of_timer_.size(); ++kind) {
    if (bound_of_timer_[kind] < kUnbounded) set_bound(next_, nodes_, bound_of_timer_[kind], plan_.bounds.timers[kind]);
  }
  initial_ = next_;
}

void CheckWorld::deliver_until_quiet() {
  std::size_t deliveries = 0;
  while (deliver_first()) ENSURE(++deliveries < 1'000'000);  // a cluster that talks for ever has no quiet state
}

// False: nothing is on the way.
bool CheckWorld::deliver_first() {
  base_ = next_;
  CheckLinks links(base_, nodes_ + kBoundWords);
  for (std::size_t at = links.begin(); at < links.end(); at = links.next(at)) {
    for (const std::size_t direction : {CheckLinks::kClient, CheckLinks::kServer}) {
      CheckAction action;
      if (!remove_head(at, direction, action)) continue;
      take(action.node, action.input, CheckState(base_));
      return true;
    }
  }
  return false;
}

bool CheckWorld::fire_boot_timer() {
  for (std::size_t i = 0; i < nodes_; ++i) {
    for (const InputId timer : actors_.timers(next_[i])) {
      const TimerKind kind = actors_.brief(timer).timer;
      if (std::find(kBootTimers.begin(), kBootTimers.end(), kind) == kBootTimers.end()) continue;
      take(model::NodeId(static_cast<std::uint8_t>(i)), timer, CheckState(next_));
      return true;
    }
  }
  return false;
}

// The first outcome: no wait is over, first choices.
void CheckWorld::take(model::NodeId node, InputId input, const CheckState& before) {
  CheckState after = before;
  const CheckOutcome outcome = actors_.outcomes(after[static_cast<std::size_t>(node)], input).front();
  after[static_cast<std::size_t>(node)] = outcome.actor;
  next_ = std::move(after);
  carry_out(outcome);
}

// --- successors ------------------------------------------------------------------------------------

void CheckWorld::successors(const std::uint32_t* state, std::size_t size, CheckSuccessors& out) {
  out.clear();
  state_.assign(state, state + size);
  add_deliveries(out);
  add_timers(out);
  add_crashes_and_starts(out);
}

void CheckWorld::add_deliveries(CheckSuccessors& out) {
  CheckLinks links(state_, nodes_ + kBoundWords);
  for (std::size_t at = links.begin(); at < links.end(); at = links.next(at)) {
    for (const std::size_t direction : {CheckLinks::kClient, CheckLinks::kServer}) {
      if (links.length(at, direction) == 0) continue;
      base_ = state_;
      CheckAction action;
      if (remove_head(at, direction, action)) add_outcomes(action, kUnbounded, out);
    }
  }
}

void CheckWorld::add_timers(CheckSuccessors& out) {
  for (std::size_t i = 0; i < nodes_; ++i) {
    // By number: a step may add timers of other nodes behind them.
    for (std::size_t k = 0; k < actors_.timers(state_[i]).size(); ++k) {
      const InputId timer = actors_.timers(state_[i])[k];
      const std::size_t bound = bound_of_timer_[static_cast<std::size_t>(actors_.brief(timer).timer)];
      if (bound == kNoCounter) continue;
      base_ = state_;
      add_outcomes({CheckAction::What::fire, model::NodeId(static_cast<std::uint8_t>(i)), timer, 0}, bound, out);
    }
  }
}

void CheckWorld::add_crashes_and_starts(CheckSuccessors& out) {
  for (std::size_t i = 1; i <= plan_.model.config.brokers.size(); ++i) {
    const auto node = model::NodeId(static_cast<std::uint8_t>(i));
    const bool runs = actors_.is_running(state_[i]);
    base_ = state_;
    if (runs) {
      add_outcomes({CheckAction::What::crash, node, crashed_, 0}, kCrashes, out);
    } else {
      add_outcomes({CheckAction::What::start, node, started_, 0}, kStarts, out);
    }
  }
}

// Of a step from base_, which is charged to a bound.
void CheckWorld::add_outcomes(CheckAction action, std::size_t bound, CheckSuccessors& out) {
  if (!use(base_, nodes_, bound, 1)) return;
  const auto node = static_cast<std::size_t>(action.node);
  for (const CheckOutcome& outcome : actors_.outcomes(base_[node], action.input)) {
    next_ = base_;
    if (use(next_, nodes_, kElapsed, outcome.elapsed)) {
      next_[node] = outcome.actor;
      carry_out(outcome);
      const auto begin = static_cast<std::uint32_t>(out.words.size());
      out.words.insert(out.words.end(), next_.begin(), next_.end());
      out.all.push_back(
          {begin, static_cast<std::uint32_t>(next_.size()), fingerprint(next_.data(), next_.size()), action});
    }
    ++action.outcome;
  }
}

// Takes the first packet of a direction away from base_. False: there is none.
bool CheckWorld::remove_head(std::size_t at, std::size_t direction, CheckAction& action) {
  CheckLinks links(base_, nodes_ + kBoundWords);
  if (links.length(at, direction) == 0) return false;
  const model::ConnectionId& id = actors_.link(links.name(at));
  action.what = CheckAction::What::deliver;
  action.node = direction == CheckLinks::kClient ? id.server : id.client;
  action.input = links.front(at, direction);
  const CheckInput::What what = actors_.brief(action.input).what;
  if (what == CheckInput::What::refused || what == CheckInput::What::closed) {
    links.remove(at);  // the other end is gone already
  } else {
    links.pop(at, direction);
  }
  return true;
}

// The effects of a step on next_, in the order of model::Context.
void CheckWorld::carry_out(const CheckOutcome& outcome) {
  CheckLinks links(next_, nodes_ + kBoundWords);
  for (const CheckEffect& effect : actors_.effects(outcome)) {
    if (effect.what == CheckEffect::What::connect) {
      const bool accepts = actors_.is_running(next_[static_cast<std::size_t>(actors_.link(effect.link).server)]);
      links.add(effect.link, accepts, accepts ? actors_.accepted(effect.link) : actors_.refused(effect.link));
      continue;
    }
    const std::size_t at = links.find(effect.link);
    if (at == CheckLinks::kNone || !links.is_open(at, effect.side)) continue;
    if (effect.what == CheckEffect::What::close) {
      links.close(at, effect.side, actors_.closed(effect.link));
    } else if (links.is_open(at, 1U - effect.side)) {
      links.push(at, effect.side, effect.message);
    }
  }
  if (outcome.ends) close_links_of(actors_.actor(outcome.actor).self);
}

void CheckWorld::close_links_of(model::NodeId node) {
  CheckLinks links(next_, nodes_ + kBoundWords);
  for (std::size_t at = links.begin(); at < links.end();) {
    const LinkId link = links.name(at);
    const model::ConnectionId& id = actors_.link(link);
    bool there = true;
    if (id.client == node && links.is_open(at, CheckLinks::kClient)) {
      there = links.close(at, CheckLinks::kClient, actors_.closed(link));
    }
    if (there && id.server == node && links.is_open(at, CheckLinks::kServer)) {
      there = links.close(at, CheckLinks::kServer, actors_.closed(link));
    }
    if (there) at = links.next(at);
  }
}

std::uint64_t CheckWorld::fingerprint(const std::uint32_t* state, std::size_t size) {
  model::Hasher hasher;
  hasher.add(size);
  std::size_t i = 0;
  for (; i + 1 < size; i += 2) hasher.add((static_cast<std::uint64_t>(state[i + 1]) << 32) | state[i]);
  if (i < size) hasher.add(state[i]);
  return hasher.value();
}

std::uint32_t CheckWorld::broken(const std::uint32_t* state) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < nodes_; ++i) bits |= actors_.broken(state[i]);
  const std::size_t brokers = plan_.model.config.brokers.size();
  for (std::size_t a = 1; a < brokers; ++a) {
    for (std::size_t b = a + 1; b <= brokers; ++b) bits |= actors_.broken(state[a], state[b]);
  }
  return bits;
}

}  // namespace sim
