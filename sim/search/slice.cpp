#include "sim/search/slice.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "model/invariants/view.h"
#include "sim/search/hindrance.h"

namespace sim {
namespace {

using model::NodeId;

// A round that has told nothing for so many steps goes on like this.
constexpr std::size_t kRoundMax = 40;
// Latency and processing stay below; longer than that something held a message back.
constexpr model::Duration kOnTime = model::milliseconds(100);

bool is_time_out(model::TimerKind kind) {
  using enum model::TimerKind;
  static constexpr std::array kTimeOuts{zk_expire,
                                        zk_read_timeout,
                                        zk_connect_timeout,
                                        isr_check,
                                        produce_wait,
                                        fetcher_timeout,
                                        alter_partition_timeout,
                                        shutdown_timeout,
                                        sender_timeout,
                                        client_timeout,
                                        client_connect_timeout,
                                        delivery_timeout,
                                        metadata_timeout,
                                        quorum_election,
                                        quorum_fetch,
                                        quorum_check,
                                        quorum_request,
                                        lifecycle_timeout,
                                        lifecycle_give_up,
                                        fence_stale_brokers};
  return std::find(kTimeOuts.begin(), kTimeOuts.end(), kind) != kTimeOuts.end();
}

// What a fact is about, for state at one node.
enum class Topic : std::uint8_t { none, partition, controller, broker, quorum };
struct Subject {
  Topic topic{};
  std::size_t which = 0;
  auto operator<=>(const Subject&) const = default;
};

Subject of_broker(NodeId node) { return {Topic::broker, static_cast<std::size_t>(node)}; }

Subject subject_of(const model::Fact& fact) {
  using namespace model;
  if (const PartitionId* partition = partition_of(fact)) return {Topic::partition, index(*partition)};
  const Subject controller{Topic::controller, 0}, quorum{Topic::quorum, 0};
  return std::visit(
      overloaded{
          [](const ZkSessionOpened& f) { return of_broker(f.owner); },
          [](const ZkSessionClosed& f) { return of_broker(f.owner); },
          [](const BrokerRegistered& f) { return of_broker(f.broker); },
          [](const BrokerUnregistered& f) { return of_broker(f.broker); },
          [](const BrokerChanged& f) { return of_broker(f.broker); },
          [&](const ControllerElected&) { return controller; }, [&](const ControllerVacated&) { return controller; },
          [&](const ControllerEpochChanged&) { return controller; },
          [&](const BelievesController&) { return controller; }, [&](const ControllerResigned&) { return controller; },
          [&](const ControllerMoved&) { return controller; }, [&](const LeaderChange&) { return quorum; },
          [&](const QuorumRoleChanged&) { return quorum; }, [&](const VoteAnswered&) { return quorum; },
          [](const auto&) { return Subject{}; }},
      fact);
}

// Those whose silence a step noticed, as it told; empty: it did not say.
std::vector<NodeId> silent_ones(const model::Fact& fact) {
  if (const auto* closed = std::get_if<model::ZkSessionClosed>(&fact)) {
    return closed->expired ? std::vector{closed->owner} : std::vector<NodeId>{};
  }
  if (const auto* changed = std::get_if<model::BrokerChanged>(&fact)) {
    return changed->fenced ? std::vector{changed->broker} : std::vector<NodeId>{};
  }
  std::vector<NodeId> gone;
  if (const auto* shrunk = std::get_if<model::IsrShrinkProposed>(&fact)) {
    for (const NodeId node : shrunk->isr) {
      if (!shrunk->to.contains(node)) gone.push_back(node);
    }
  }
  return gone;
}

class Slicer {
 public:
  Slicer(const Plan& plan, const CausalRun& run) : plan_(plan), run_(run), hindrances_(plan, run) { read_events(); }

  Slice slice(const std::vector<Cause>& targets) {
    slice_.targets = targets;
    look_at(targets);
    for (const Cause target : targets) want(target);
    while (!open_.empty()) {
      const Cause next = open_.back();
      open_.pop_back();
      next.is_event() ? trace_event(next.event()) : trace_fault(next.fault());
    }
    const auto earlier = [&](Cause a, Cause b) { return run_.order(a) < run_.order(b); };
    std::sort(slice_.steps.begin(), slice_.steps.end(), earlier);
    std::stable_sort(slice_.links.begin(), slice_.links.end(),
                     [&](const Link& a, const Link& b) { return earlier(a.to, b.to); });
    return std::move(slice_);
  }

 private:
  // Who was heard where, and which step told of what.
  void read_events() {
    for (std::size_t i = 0; i < run_.events.size(); ++i) {
      const CausalEvent& event = run_.events[i];
      if (event.kind == EventKind::message) heard_[{event.node, event.peer}].push_back(i + 1);
      for (std::size_t f = event.facts_begin; f < event.facts_end; ++f) {
        const model::Fact& fact = run_.outcome.facts[f].fact;
        const Subject subject = subject_of(fact);
        if (is_routine(fact) || subject.topic == Topic::none) continue;
        std::vector<std::uint64_t>& told = told_[{event.node, subject}];
        if (told.empty() || told.back() != i + 1) told.push_back(i + 1);
        if (std::holds_alternative<model::PartitionStateChanged>(fact)) decided_[subject.which].push_back(i + 1);
      }
    }
  }

  // What the slice is about decides which steps are worth telling.
  void look_at(const std::vector<Cause>& targets) {
    bool any_notable = false;
    for (const Cause target : targets) {
      each_fact(target, [&](const model::Fact& fact) {
        if (const model::PartitionId* partition = model::partition_of(fact)) partitions_.insert(*partition);
        any_notable = any_notable || !is_routine(fact);
      });
    }
    tells_records_ = !any_notable;
  }

  template <typename Visit>
  void each_fact(Cause what, Visit visit) const {
    if (!what.is_event()) return;
    const CausalEvent& event = run_.event(what.event());
    for (std::size_t f = event.facts_begin; f < event.facts_end; ++f) visit(run_.outcome.facts[f].fact);
  }

  bool is_notable(std::uint64_t number) const {
    bool found = false;
    each_fact(Cause::event(number), [&](const model::Fact& fact) {
      if (std::holds_alternative<model::IsrCheckStarted>(fact)) return;
      if (is_routine(fact) && !tells_records_) return;
      const model::PartitionId* partition = model::partition_of(fact);
      found = found || partition == nullptr || partitions_.empty() || partitions_.contains(*partition);
    });
    return found;
  }

  void want(Cause step) {
    if (!known_.insert(run_.order(step)).second) return;
    slice_.steps.push_back(step);
    open_.push_back(step);
  }
  // A step that is told, and led no further back.
  void want_leaf(Cause step) {
    if (known_.insert(run_.order(step)).second) slice_.steps.push_back(step);
  }
  void link(Cause from, Cause to, LinkKind kind, std::vector<std::uint64_t> through = {}) {
    for (const Link& known : slice_.links) {
      if (known.from == from && known.to == to) return;
    }
    slice_.links.push_back({from, to, kind, std::move(through)});
  }

  void trace_fault(std::uint32_t number) {
    const AppliedFault& applied = run_.fault(number).applied;
    if (applied.cause == Cause()) return;
    want(applied.cause);
    link(applied.cause, Cause::fault(number), applied.undo ? LinkKind::undoing : LinkKind::trigger);
  }

  void trace_event(std::uint64_t number) {
    const bool was_silent = trace_silence(number);
    trace_delay(number);
    const bool was_decided = trace_decision(number);
    if (!was_silent && !was_decided) trace_beginning(number);
    trace_state(number);
  }

  std::optional<std::uint64_t> last_heard(NodeId listener, NodeId speaker, std::uint64_t before) const {
    const auto found = heard_.find({listener, speaker});
    if (found == heard_.end()) return std::nullopt;
    const auto next = std::lower_bound(found->second.begin(), found->second.end(), before);
    if (next == found->second.begin()) return std::nullopt;
    return *(next - 1);
  }

  struct Silence {
    std::vector<std::uint32_t> faults;
    std::vector<std::uint64_t> heard;
  };

  Silence silence_before(std::uint64_t number) const {
    const CausalEvent& event = run_.event(number);
    Silence silence;
    std::vector<NodeId> speakers;
    each_fact(Cause::event(number), [&](const model::Fact& fact) {
      for (const NodeId node : silent_ones(fact)) speakers.push_back(node);
    });
    // In KRaft mode the time-out is told when its record is committed, by whatever step did that.
    const bool are_named = !speakers.empty();
    if (!are_named && (event.kind != EventKind::timer || !is_time_out(event.timer.kind))) return silence;
    if (!are_named && event.timer.kind == model::TimerKind::isr_check) return silence;
    for (std::size_t i = 0; !are_named && i < plan_.config.node_count(); ++i) {
      speakers.push_back(NodeId(static_cast<std::uint8_t>(i)));
    }
    const Time armed = event.cause.is_event() ? run_.at(event.cause) : plan_.begins;
    for (const NodeId speaker : speakers) {
      if (speaker == event.node) continue;
      const std::optional<std::uint64_t> heard = last_heard(event.node, speaker, number);
      // One that nobody named was not waited for, or has been heard since the timer was set.
      if (!are_named && (!heard || run_.event(*heard).at > armed)) continue;
      const Time since = heard ? run_.event(*heard).at : armed;
      const auto faults = hindrances_.between(speaker, event.node, since, event.at);
      if (faults.empty()) continue;
      silence.faults.insert(silence.faults.end(), faults.begin(), faults.end());
      if (heard && are_named) silence.heard.push_back(*heard);
    }
    return silence;
  }

  bool trace_silence(std::uint64_t number) {
    const Silence silence = silence_before(number);
    for (const std::uint32_t fault : silence.faults) {
      want(Cause::fault(fault));
      link(Cause::fault(fault), Cause::event(number), LinkKind::silence);
    }
    for (const std::uint64_t heard : silence.heard) {
      want_leaf(Cause::event(heard));
      link(Cause::event(heard), Cause::event(number), LinkKind::last_heard);
    }
    return !silence.faults.empty();
  }

  // The faults that held a message back.
  std::vector<std::uint32_t> delay_of(std::uint64_t number) const {
    const CausalEvent& event = run_.event(number);
    if (event.kind == EventKind::timer || event.kind == EventKind::started || !event.cause.is_event()) return {};
    const Time sent = run_.at(event.cause);
    if (event.at - sent <= kOnTime) return {};
    const NodeId peer = event.peer == model::kNoNode ? event.node : event.peer;
    return hindrances_.between(peer, event.node, sent, event.at);
  }

  void trace_delay(std::uint64_t number) {
    for (const std::uint32_t fault : delay_of(number)) {
      want(Cause::fault(fault));
      link(Cause::fault(fault), Cause::event(number), LinkKind::held_back);
    }
  }

  static LinkKind link_kind(const CausalEvent& event) {
    if (event.cause.is_fault()) return LinkKind::fault;
    if (event.kind == EventKind::message) return LinkKind::message;
    return event.kind == EventKind::timer ? LinkKind::timer : LinkKind::connection;
  }

  // A timer that the same timer has set goes round by itself.
  bool is_periodic(std::uint64_t number) const {
    const CausalEvent& event = run_.event(number);
    if (event.kind != EventKind::timer || !event.cause.is_event()) return false;
    const CausalEvent& setter = run_.event(event.cause.event());
    return setter.kind == EventKind::timer && setter.timer == event.timer;
  }

  // Back through steps that told nothing, to one that is told.
  void trace_beginning(std::uint64_t number) {
    if (is_periodic(number)) return;
    const LinkKind kind = link_kind(run_.event(number));
    std::vector<std::uint64_t> through;
    Cause before = run_.event(number).cause;
    while (before.is_event() && !is_told(before.event())) {
      through.insert(through.begin(), before.event());
      if (is_periodic(before.event()) || run_.at(before) < Time{0}) break;
      if (through.size() > kRoundMax) return;
      before = run_.event(before.event()).cause;
    }
    if (before == Cause() || (before.is_event() && !through.empty() && through.front() == before.event())) {
      return end_at_root(number, kind, through);
    }
    if (before.is_event() && run_.at(before) < Time{0}) {
      want_leaf(before);
    } else {
      want(before);
    }
    link(before, Cause::event(number), kind, through);
  }

  bool is_told(std::uint64_t number) const {
    return is_notable(number) || !delay_of(number).empty() || !silence_before(number).faults.empty();
  }

  // Nothing led there but a periodic timer or the boot: its first step stands for it.
  void end_at_root(std::uint64_t number, LinkKind kind, std::vector<std::uint64_t> through) {
    if (through.empty()) return;
    const Cause root = Cause::event(through.front());
    through.erase(through.begin());
    want_leaf(root);
    link(root, Cause::event(number), kind, std::move(through));
  }

  // A broker of KRaft mode takes a role when the metadata log tells it to: which fetch brought the record does not
  // matter.
  bool trace_decision(std::uint64_t number) {
    bool any = false;
    each_fact(Cause::event(number), [&](const model::Fact& fact) {
      const bool is_role =
          std::holds_alternative<model::BecameLeader>(fact) || std::holds_alternative<model::BecameFollower>(fact);
      const auto decided = decided_.find(subject_of(fact).which);
      if (!plan_.config.is_kraft() || !is_role || decided == decided_.end()) return;
      const auto next = std::lower_bound(decided->second.begin(), decided->second.end(), number);
      if (next == decided->second.begin() || run_.event(*(next - 1)).at < Time{0}) return;
      any = true;
      want(Cause::event(*(next - 1)));
      link(Cause::event(*(next - 1)), Cause::event(number), LinkKind::state);
    });
    return any;
  }

  void trace_state(std::uint64_t number) {
    const NodeId node = run_.event(number).node;
    each_fact(Cause::event(number), [&](const model::Fact& fact) {
      const Subject subject = subject_of(fact);
      const auto told = told_.find({node, subject});
      if (subject.topic == Topic::none || told == told_.end()) return;
      const auto next = std::lower_bound(told->second.begin(), told->second.end(), number);
      if (next == told->second.begin()) return;
      const std::uint64_t before = *(next - 1);
      // What the boot left is how things are, and no news.
      if (run_.event(before).at < Time{0} || !is_notable(before)) return;
      want(Cause::event(before));
      link(Cause::event(before), Cause::event(number), LinkKind::state);
    });
  }

  const Plan& plan_;
  const CausalRun& run_;
  Hindrances hindrances_;
  std::map<std::pair<NodeId, NodeId>, std::vector<std::uint64_t>> heard_;  // listener, speaker: events
  std::map<std::pair<NodeId, Subject>, std::vector<std::uint64_t>> told_;
  std::map<std::size_t, std::vector<std::uint64_t>> decided_;  // by partition: its state was written
  std::set<model::PartitionId> partitions_;                    // that the targets are about; empty: all
  bool tells_records_ = false;
  std::set<std::size_t> known_;  // by order
  std::vector<Cause> open_;
  Slice slice_;
};

}  // namespace

std::string_view name_of(LinkKind kind) {
  static constexpr std::array<std::string_view, 10> kNames{"message", "timer", "connection", "fault",      "undoing",
                                                           "trigger", "state", "silence",    "last_heard", "held_back"};
  return kNames[static_cast<std::size_t>(kind)];
}

bool is_routine(const model::Fact& fact) {
  using namespace model;
  constexpr FactSet kRoutine =
      facts_of<HighWatermarkMoved, RecordsAppended, RecordsAcknowledged, AcksAllAnswered, ControlRequestApplied,
               IsrCheckStarted, MetadataAppended, MetadataHighWatermarkMoved, ZnodeCreated, ZnodeDeleted>();
  return contains(kRoutine, fact.index());
}

bool cuts_nothing(const model::Fact& fact) {
  const auto* cut = std::get_if<model::Truncated>(&fact);
  return cut != nullptr && cut->from <= cut->to;
}

Slice slice_of(const Plan& plan, const CausalRun& run, const std::vector<Cause>& targets) {
  return Slicer(plan, run).slice(targets);
}

std::vector<Cause> essence_of(const Slice& slice, std::size_t most) {
  std::vector<Cause> chosen = slice.targets;
  const auto add = [&](Cause step) {
    if (chosen.size() < most && std::find(chosen.begin(), chosen.end(), step) == chosen.end()) chosen.push_back(step);
  };
  // A fault that only ended another one is told by that.
  for (const Cause step : slice.steps) {
    if (step.is_fault()) add(step);
  }
  std::vector<Cause> near = slice.targets;
  for (std::size_t i = 0; i < near.size() && chosen.size() < most; ++i) {
    for (const Link& link : slice.links) {
      if (link.to != near[i] || std::find(near.begin(), near.end(), link.from) != near.end()) continue;
      near.push_back(link.from);
      add(link.from);
    }
  }
  std::vector<Cause> ordered;
  for (const Cause step : slice.steps) {
    if (std::find(chosen.begin(), chosen.end(), step) != chosen.end()) ordered.push_back(step);
  }
  return ordered;
}

std::vector<Cause> causes_of_breach(const CausalRun& run, std::size_t invariant) {
  const InvariantResult& result = run.outcome.invariants[invariant];
  std::vector<Cause> causes;
  if (!result.broken) return causes;
  const model::FactSet exposing = model::invariants()[invariant].exposed_by;
  const std::size_t end = result.event == 0 ? run.told_by.size() : run.event(result.event).facts_end;
  for (std::size_t i = end; i-- > 0 && causes.empty();) {
    const model::Fact& fact = run.outcome.facts[i].fact;
    const model::PartitionId* about = model::partition_of(fact);
    const bool is_elsewhere = about != nullptr && result.breach.has_partition && *about != result.breach.partition;
    if (!model::contains(exposing, fact.index()) || is_elsewhere || run.told_by[i] == Cause()) continue;
    causes.push_back(run.told_by[i]);
  }
  const Cause shown = Cause::event(result.event);
  if (result.event != 0 && std::find(causes.begin(), causes.end(), shown) == causes.end()) causes.push_back(shown);
  return causes;
}

}  // namespace sim
