#include "sim/search/actors.h"

#include <algorithm>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace sim {
namespace {

// --- stamps ----------------------------------------------------------------------------------------
// A fingerprint leaves instants out, but whether one was ever stamped decides whether the clock is asked: two nodes
// that differ in that may act differently and must not be taken for one.

template <typename T>
struct HoldsInstant : std::false_type {};
template <>
struct HoldsInstant<model::Instant> : std::true_type {};
template <typename... T>
struct HoldsInstant<std::tuple<T...>> : std::bool_constant<(HoldsInstant<std::remove_cvref_t<T>>::value || ...)> {};
template <typename... T>
struct HoldsInstant<std::variant<T...>> : std::bool_constant<(HoldsInstant<T>::value || ...)> {};
template <model::HasFields T>
struct HoldsInstant<T> : HoldsInstant<decltype(std::declval<const T&>().fields())> {};
template <typename T>
  requires requires { typename T::value_type; }
struct HoldsInstant<T> : HoldsInstant<typename T::value_type> {};

template <typename T>
void append_stamps([[maybe_unused]] model::Hasher& hasher, [[maybe_unused]] const T& value) {
  if constexpr (!HoldsInstant<T>::value) {
    return;
  } else if constexpr (std::is_same_v<T, model::Instant>) {
    hasher.add(value == model::kNever ? 0 : 1);
  } else if constexpr (model::HasFields<T>) {
    std::apply([&](const auto&... field) { (append_stamps(hasher, field), ...); }, value.fields());
  } else if constexpr (requires { value.begin(); }) {
    for (const auto& one : value) append_stamps(hasher, one);
  } else if constexpr (requires { value.has_value(); }) {
    if (value) append_stamps(hasher, *value);
  } else {
    std::visit([&](const auto& held) { append_stamps(hasher, held); }, value);
  }
}

std::uint64_t fingerprint_of(const Actors::Actor& actor) {
  model::Hasher hasher;
  hasher.add((static_cast<std::uint64_t>(actor.self) << 1) | (actor.running ? 1U : 0U));
  for (const InputId timer : actor.timers) hasher.add(timer);
  model::hash_append(hasher, actor.node);
  append_stamps(hasher, actor.node);
  return hasher.value();
}

std::uint64_t fingerprint_of(const CheckInput& input) {
  model::Hasher hasher;
  model::hash_append(hasher, input.what);
  switch (input.what) {
    case CheckInput::What::started:
    case CheckInput::What::crashed:
      break;
    case CheckInput::What::act:
      model::hash_append(hasher, input.act);
      break;
    case CheckInput::What::timer:
      model::hash_append(hasher, input.timer);
      break;
    case CheckInput::What::message:
      model::hash_append(hasher, input.body);
      [[fallthrough]];
    case CheckInput::What::accepted:
    case CheckInput::What::refused:
    case CheckInput::What::closed:
      hasher.add(input.link);
      break;
  }
  return hasher.value();
}

std::uint64_t packed(const model::ConnectionId& id) {
  return (static_cast<std::uint64_t>(id.client) << 56) | (static_cast<std::uint64_t>(id.server) << 48) |
         (static_cast<std::uint64_t>(id.kind) << 40) | (static_cast<std::uint64_t>(id.index) << 32) | id.number;
}

std::uint64_t pair_of(std::uint32_t high, std::uint32_t low) { return (static_cast<std::uint64_t>(high) << 32) | low; }

constexpr model::Instant kStamp{0};  // of everything that happens

model::Input as_seen_by_node(const CheckInput& input, const model::ConnectionId& via) {
  switch (input.what) {
    case CheckInput::What::started:
      return model::Started{};
    case CheckInput::What::crashed:
      break;  // no step
    case CheckInput::What::act:
      return input.act;
    case CheckInput::What::timer:
      return model::TimerFired{input.timer};
    case CheckInput::What::accepted:
      return model::Connected{via};
    case CheckInput::What::refused:
      return model::Disconnected{via, model::DisconnectReason::refused};
    case CheckInput::What::closed:
      return model::Disconnected{via, model::DisconnectReason::reset};
    case CheckInput::What::message:
      return model::Received{via, &input.body};
  }
  return model::Started{};
}

}  // namespace

// --- scripts ---------------------------------------------------------------------------------------

// The answers to one step's questions, in the order in which it asks. Sequences come in lexical order, and a question
// that is asked only after certain answers is met when they are given.
struct Actors::Script {
  struct Pick {
    std::uint32_t answer = 0, below = 0;
    std::size_t asked_before = 0;  // questions to the clock
  };
  model::ScriptedAnswers clock;
  std::vector<Pick> picks;
  std::size_t picked = 0;
  bool time_passes = false;

  static std::uint32_t pick(void* source, std::uint32_t n) {
    Script& script = *static_cast<Script*>(source);
    const std::size_t i = script.picked++;
    if (i == script.picks.size()) script.picks.push_back({0, n, script.clock.asked});
    return script.picks[i].answer;
  }
  std::uint8_t elapsed() const {
    const auto count = std::count(clock.answers.begin(), clock.answers.end(), true);
    return static_cast<std::uint8_t>(std::min<std::ptrdiff_t>(count, 255));
  }
  // To the next sequence. False: there is none.
  bool advance() {
    clock.answers.resize(clock.asked);
    std::size_t answers = clock.answers.size(), chosen = picked;
    while (answers > 0 || chosen > 0) {
      if (chosen > 0 && picks[chosen - 1].asked_before >= answers) {
        if (picks[chosen - 1].answer + 1 < picks[chosen - 1].below) {
          ++picks[chosen - 1].answer;
          break;
        }
        --chosen;
      } else {
        if (time_passes && !clock.answers[answers - 1]) {
          clock.answers[answers - 1] = true;
          break;
        }
        --answers;
      }
    }
    clock.answers.resize(answers);
    picks.resize(chosen);
    clock.asked = picked = 0;
    return answers > 0 || chosen > 0;
  }
};

// --- names -----------------------------------------------------------------------------------------

ActorId Actors::add(Actor actor) {
  const std::uint64_t fingerprint = fingerprint_of(actor);
  if (const ActorId* known = actor_ids_.find(fingerprint)) return *known;
  const auto id = static_cast<ActorId>(actors_.size());
  Brief brief;
  for (std::size_t i = 0; i < model_.properties.size(); ++i) {
    const CheckRule& rule = model_.properties[i];
    if (rule.node != nullptr && !rule.node(model_.config, actor.node)) brief.broken |= 1U << i;
  }
  brief.first_timer = static_cast<std::uint32_t>(timers_.size());
  brief.timers = static_cast<std::uint16_t>(actor.timers.size());
  brief.running = actor.running;
  timers_.insert(timers_.end(), actor.timers.begin(), actor.timers.end());
  briefs_.push_back(brief);
  actors_.push_back(std::move(actor));
  actor_ids_.insert(fingerprint, id);
  return id;
}

InputId Actors::add_input(CheckInput input) {
  const std::uint64_t fingerprint = fingerprint_of(input);
  if (const InputId* known = input_ids_.find(fingerprint)) return *known;
  const auto id = static_cast<InputId>(inputs_.size());
  if (input.what == CheckInput::What::message) ++messages_;
  input_briefs_.push_back({input.what, input.timer.kind});
  inputs_.push_back(std::move(input));
  input_ids_.insert(fingerprint, id);
  return id;
}

LinkId Actors::add_link(const model::ConnectionId& id) {
  if (const LinkId* known = link_ids_.find(packed(id))) return *known;
  const auto link = static_cast<LinkId>(links_.size());
  links_.push_back(id);
  link_ids_.insert(packed(id), link);
  Signals signals;
  CheckInput input;
  input.link = link;
  input.what = CheckInput::What::accepted;
  signals.accepted = add_input(input);
  input.what = CheckInput::What::refused;
  signals.refused = add_input(input);
  input.what = CheckInput::What::closed;
  signals.closed = add_input(input);
  signals_.push_back(signals);
  return link;
}

std::uint32_t Actors::broken(ActorId a, ActorId b) {
  if (const std::uint32_t* known = pairs_.find(pair_of(a, b))) return *known;
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < model_.properties.size(); ++i) {
    const CheckRule& rule = model_.properties[i];
    if (rule.pair != nullptr && !rule.pair(model_.config, actors_[a].node, actors_[b].node)) bits |= 1U << i;
  }
  pairs_.insert(pair_of(a, b), bits);
  return bits;
}

// --- steps -----------------------------------------------------------------------------------------

std::span<const CheckOutcome> Actors::outcomes(ActorId actor, InputId input) {
  ++statistics_.asked;
  const std::uint64_t key = pair_of(actor, input);
  Range range;
  if (const Range* known = memo_.find(key)) {
    ++statistics_.found;
    range = *known;
  } else {
    range = carry_out(actor, input);
    memo_.insert(key, range);
  }
  return {outcomes_.data() + range.first, range.count};
}

Actors::Range Actors::carry_out(ActorId actor, InputId input) {
  Script script;
  script.time_passes = model_.time_passes_at_messages || inputs_[input].what == CheckInput::What::timer;
  const std::size_t first = outcomes_.size();
  do {
    Actor next = actors_[actor];
    told_.clear();
    run(next, input, script);
    CheckOutcome outcome;
    outcome.ends = told_.exits || inputs_[input].what == CheckInput::What::crashed;
    outcome.elapsed = script.elapsed();
    outcome.first_effect = static_cast<std::uint32_t>(effects_.size());
    outcome.effects = add_effects(next.self);
    outcome.actor = add(std::move(next));
    if (is_known(outcome, first)) {
      effects_.resize(outcome.first_effect);
    } else {
      outcomes_.push_back(outcome);
    }
  } while (script.advance());
  return {static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(outcomes_.size() - first)};
}

void Actors::run(Actor& actor, InputId id, Script& script) {
  const CheckInput& input = inputs_[id];
  if (input.what != CheckInput::What::crashed) {
    if (input.what == CheckInput::What::started) actor.running = true;
    if (input.what == CheckInput::What::timer) std::erase(actor.timers, id);
    const model::Clock clock(kStamp, &script.clock);
    const model::Choices choices{&Script::pick, &script};
    const model::Context context{model_.rules, model_.config, clock, choices, told_};
    const model::ConnectionId via = input.link < links_.size() ? links_[input.link] : model::ConnectionId{};
    model::step(context, actor.node, as_seen_by_node(input, via));
    ++statistics_.steps;
    set_timers(actor);
  }
  if (input.what != CheckInput::What::crashed && !told_.exits) return;
  model::crash(model_.config, actor.node);
  actor.running = false;
  actor.timers.clear();
}

void Actors::set_timers(Actor& actor) {
  CheckInput input;
  input.what = CheckInput::What::timer;
  for (const model::TimerKey key : told_.disarms) {
    input.timer = key;
    std::erase(actor.timers, add_input(input));
  }
  for (const model::Arm& arm : told_.arms) {
    if (!model_.timers[static_cast<std::size_t>(arm.key.kind)]) continue;
    input.timer = arm.key;
    const InputId id = add_input(input);
    if (std::find(actor.timers.begin(), actor.timers.end(), id) == actor.timers.end()) actor.timers.push_back(id);
  }
  std::sort(actor.timers.begin(), actor.timers.end(),
            [&](InputId a, InputId b) { return inputs_[a].timer < inputs_[b].timer; });
}

std::uint16_t Actors::add_effects(model::NodeId self) {
  const std::size_t first = effects_.size();
  for (const model::ConnectionId& id : told_.closes) {
    effects_.push_back(
        {CheckEffect::What::close, static_cast<std::uint8_t>(self == id.client ? 0 : 1), add_link(id), 0});
  }
  for (const model::ConnectionId& id : told_.connects) {
    effects_.push_back({CheckEffect::What::connect, 0, add_link(id), 0});
  }
  for (model::Send& send : told_.sends) {
    const bool to_itself = send.via.client == send.via.server;
    const bool by_server = to_itself ? model::is_answer(send.body) : self != send.via.client;
    CheckInput message;
    message.what = CheckInput::What::message;
    message.link = add_link(send.via);
    message.body = std::move(send.body);
    const LinkId link = message.link;
    const auto side = static_cast<std::uint8_t>(by_server ? 1 : 0);
    effects_.push_back({CheckEffect::What::send, side, link, add_input(std::move(message))});
  }
  return static_cast<std::uint16_t>(effects_.size() - first);
}

// Different answers often lead to the same.
bool Actors::is_known(const CheckOutcome& outcome, std::size_t first) const {
  const auto new_effects = effects(outcome);
  for (std::size_t i = first; i < outcomes_.size(); ++i) {
    const CheckOutcome& known = outcomes_[i];
    if (known.actor != outcome.actor || known.ends != outcome.ends || known.elapsed > outcome.elapsed) continue;
    const auto old_effects = effects(known);
    if (std::equal(new_effects.begin(), new_effects.end(), old_effects.begin(), old_effects.end())) return true;
  }
  return false;
}

std::size_t Actors::bytes() const {
  return actor_ids_.bytes() + input_ids_.bytes() + link_ids_.bytes() + memo_.bytes() + pairs_.bytes() +
         outcomes_.capacity() * sizeof(CheckOutcome) + effects_.capacity() * sizeof(CheckEffect);
}

}  // namespace sim
