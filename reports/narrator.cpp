#include "reports/narrator.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/rules.h"
#include "reports/fault_words.h"
#include "reports/words.h"

namespace reports {

using model::NodeId;
using model::PartitionId;

namespace {

bool ends_process(sim::FaultKind kind) {
  return kind == sim::FaultKind::crash || kind == sim::FaultKind::power_loss || kind == sim::FaultKind::stop ||
         kind == sim::FaultKind::wipe;
}

}  // namespace

// An election that has nothing to do leaves no other trace.
std::string Narrator::needlessness(const sim::Fault& fault) const {
  if (fault.kind != sim::FaultKind::elect) return "";
  const std::optional<model::PartitionState>& state = partitions_[model::index(fault.partition)].state;
  if (!state || state->leader == model::kNoNode) return "";
  const model::Replicas& assigned = assignment_of(fault.partition);
  const bool is_preferred = !assigned.empty() && assigned.front() == state->leader;
  if (!fault.unclean && is_preferred) return name(state->leader) + " leads already";
  return fault.unclean && alive_.contains(state->leader) ? name(state->leader) + " leads, so nothing to do" : "";
}

void Narrator::fault(const sim::RecordedFault& recorded) {
  story_.about({});
  const sim::AppliedFault& applied = recorded.applied;
  const sim::FaultKind kind = plan_.faults[applied.row].kind;
  for (const NodeId node : applied.who) {
    if (kind == sim::FaultKind::stop && !applied.undo) stopping_.insert(node);
    const bool is_new_process = kind == sim::FaultKind::start || (ends_process(kind) && applied.undo);
    if (!is_new_process) continue;
    members_[static_cast<std::size_t>(node)] = {};
    if (config_.is_controller(node)) stopping_.erase(node);
  }
  const bool is_boot =
      applied.at < sim::Time{0} && (kind == sim::FaultKind::create_topic || kind == sim::FaultKind::start);
  if (is_boot) return;
  const bool is_act = is_operator_act(kind);
  story_.tell({applied.at,
               is_act ? std::string(kAct) : "FAULT",
               {},
               fault_text(plan_, applied),
               is_act ? needlessness(plan_.faults[applied.row]) : "",
               is_act ? Ink::cyan : Ink::yellow,
               1,
               {}});
}

void Narrator::fact(std::size_t i) {
  if (used_[i]) return;
  index_ = i;
  now_ = &facts_[i];
  story_.about({i});
  std::visit(*this, facts_[i].fact);
}

// One line for who controls, one for who leads what.
void Narrator::boot_ends() {
  if (!std::exchange(in_boot_, false)) return;
  story_.about({});
  if (boot_elected_) {
    story_.tell({*boot_elected_,
                 name(controller_),
                 {},
                 fmt::format("{}, epoch {}", config_.is_kraft() ? "leads the metadata quorum" : "controller", epoch_),
                 "",
                 Ink::dim,
                 1,
                 {}});
  }
  if (!boot_states_) return;
  std::vector<std::string> leaders;
  std::map<NodeId, int> led;
  bool isrs_are_full = true;
  for (std::size_t i = 0; i < partitions_.size(); ++i) {
    if (!partitions_[i].state) continue;
    const model::PartitionState& state = *partitions_[i].state;
    const std::string of = config_.name_of(PartitionId(static_cast<std::uint16_t>(i)));
    const bool is_full = state.isr.size() == partitions_[i].assignment.replicas.size();
    isrs_are_full = isrs_are_full && is_full;
    leaders.push_back(state.leader == model::kNoNode ? of + " no leader" : of + " leader " + name(state.leader));
    if (!is_full) leaders.back() += " isr " + names(state.isr);
    ++led[state.leader];
  }
  if (leaders.size() > 6) {
    leaders.clear();
    for (const auto& [node, count] : led) {
      leaders.push_back(node == model::kNoNode ? fmt::format("{} without a leader", count)
                                               : fmt::format("{} leads {}", name(node), count));
    }
  }
  const std::string isrs = !isrs_are_full ? "" : leaders.size() == 1 ? " · isr full" : " · every isr full";
  story_.tell({*boot_states_, name(controller_), {}, joined(leaders, ", ") + isrs, "", Ink::dim, 1, {}});
}

// --- ZooKeeper's facts ---------------------------------------------------------------------------

void Narrator::operator()(const model::ZkSessionClosed& f) {
  std::vector<std::string> gone;
  for (const model::Path& path : f.ephemerals) gone.push_back(model::text_of(path, config_));
  const auto same_transaction = [&](const auto&, const auto& next) { return next.zxid == f.zxid; };
  if (take_next<model::ControllerVacated>({}, same_transaction) != nullptr) controller_ = model::kNoNode;
  if (take_next<model::BrokerUnregistered>({}, same_transaction) != nullptr) {
    alive_.erase(f.owner);
    were_dead_.insert(f.owner);
  }
  std::string text = f.expired ? "session of " + name(f.owner) + " expired" : name(f.owner) + " closed its session";
  if (!gone.empty()) text += fmt::format(": {} {} gone", joined(gone, " and "), gone.size() == 1 ? "is" : "are");
  say("zk", text);
}

void Narrator::operator()(const model::TopicConfigChanged& f) {
  say(committer(), fmt::format("config of {}: min.insync.replicas {}, unclean leader election {}",
                               config_.topics[model::index(f.topic)].name, f.min_insync_replicas,
                               f.unclean_leader_election_enable ? "allowed" : "forbidden"));
}

void Narrator::operator()(const model::TopicConfigApplied& f) {
  say_again({config_.topics[model::index(f.topic)].name},
            fmt::format("goes by min.insync.replicas {}", f.min_insync_replicas), Ink::dim);
}

void Narrator::operator()(const model::BrokerRegistered& f) {
  if (config_.is_kraft()) return broker_registers(f.broker, f.session);
  const bool again = !ever_registered_.insert(f.broker).second;
  alive_.insert(f.broker);
  stopping_.erase(f.broker);
  if (!in_boot_)
    say("zk", fmt::format("{} is registered{}, broker epoch {}", name(f.broker), again ? " again" : "", f.zxid));
}

void Narrator::operator()(const model::BrokerUnregistered& f) {
  alive_.erase(f.broker);
  were_dead_.insert(f.broker);
  say(committer(), config_.is_kraft() ? name(f.broker) + " is unregistered"
                                      : fmt::format("/brokers/ids/{} is gone", model::number(f.broker)));
}

// A vacated controller's name is still known by its epoch.
std::string Narrator::predecessor_of(NodeId node) const {
  const auto last = controllers_.find(epoch_);
  if (last == controllers_.end()) return "";
  return last->second == node ? fmt::format(" (again, was epoch {})", epoch_)
                              : fmt::format(" (was {}, epoch {})", name(last->second), epoch_);
}

void Narrator::operator()(const model::ControllerElected& f) {
  const auto* raised = take_next<model::ControllerEpochChanged>(
      model::seconds(1),
      [&](const auto&, const model::ControllerEpochChanged& next) { return next.broker == f.broker; });
  const std::string was = predecessor_of(f.broker);
  controller_ = f.broker;
  if (raised == nullptr) {
    say(name(f.broker), "takes /controller" + was);
    return;
  }
  epoch_ = raised->epoch;
  controllers_[epoch_] = f.broker;
  if (in_boot_) {
    boot_elected_ = now_->at;
  } else {
    say(name(f.broker), fmt::format("controller, epoch {}{}", epoch_, was), Ink::green);
  }
}

void Narrator::operator()(const model::ControllerVacated& f) {
  controller_ = model::kNoNode;
  say("zk", fmt::format("/controller is gone, which {} held", name(f.broker)));
}

void Narrator::operator()(const model::ControllerEpochChanged& f) {
  epoch_ = f.epoch;
  controllers_[epoch_] = f.broker;
  if (!in_boot_)
    say(f.broker == model::kNoNode ? "zk" : name(f.broker), fmt::format("raises the controller epoch to {}", f.epoch));
}

void Narrator::operator()(const model::TopicCreated& f) {
  if (in_boot_) return;
  const model::TopicConfig& topic = config_.topics[model::index(f.topic)];
  say(committer(), fmt::format("topic {} is created, {}", topic.name,
                               counted(static_cast<std::int64_t>(topic.assignment.size()), "partition")));
}

// --- a broker's life and the controller's beliefs ------------------------------------------------

void Narrator::operator()(const model::StartFailed&) {
  if (config_.is_kraft()) {
    say(teller(),
        fmt::format("could not register for {}; the process exits",
                    short_seconds(config_.quorum.initial_broker_registration_timeout)),
        Ink::red);
    return;
  }
  say(teller(),
      fmt::format("cannot register: an older session still owns /brokers/ids/{}; the process exits",
                  model::number(now_->node)),
      Ink::red);
}
void Narrator::operator()(const model::Stopped&) { say(teller(), "stopped after a controlled shutdown"); }
void Narrator::operator()(const model::ZkConnectionLost&) {
  say_again({}, "loses its connection to ZooKeeper", Ink::plain);
}

void Narrator::operator()(const model::ZkSessionExpiredSeen& f) {
  const bool resigns = resigns_soon(now_->node);
  const bool is_new = expiry_seen_.insert({now_->node, f.session}).second;
  if (!is_new && !resigns) return;
  say(teller(), resigns ? "learns that its session expired, resigns as controller" : "learns that its session expired");
}

void Narrator::operator()(const model::ControllerResigned& f) {
  // A leader of the quorum that lost its role has told that already.
  const auto& role = members_[static_cast<std::size_t>(now_->node)].role;
  if (config_.is_kraft() && (!role || role->role != model::QuorumRole::leader)) return;
  if (f.epoch != 0) say(teller(), fmt::format("resigns as controller of epoch {}", f.epoch));
}

void Narrator::operator()(const model::ControllerMoved& f) {
  const bool resigns = resigns_soon(now_->node);
  say(teller(),
      fmt::format("ZooKeeper refuses its write: controller epoch {} has passed{}", f.epoch, resigns ? "; resigns" : ""),
      Ink::cyan);
}

// An election that finds nobody else is no failure of the partition while its leader lives.
std::string Narrator::why_leader_stays(PartitionId partition, const model::PartitionState& state) const {
  const std::string stays = "leader stays " + name(state.leader);
  if (stopping_.contains(state.leader)) {
    return fmt::format("{}, which is stopping: no other member of isr {} could lead", stays, names(state.isr));
  }
  const model::Replicas& assigned = assignment_of(partition);
  const NodeId preferred = assigned.empty() ? state.leader : assigned.front();
  if (preferred == state.leader) return stays;
  const char* why = !alive_.contains(preferred)      ? (config_.is_kraft() ? "is fenced" : "is dead")
                    : !state.isr.contains(preferred) ? "is not in the isr"
                                                     : "cannot lead now";
  return fmt::format("{}: the preferred leader {} {}", stays, name(preferred), why);
}

void Narrator::operator()(const model::ElectionFailed& f) {
  const std::optional<model::PartitionState>& state = partitions_[model::index(f.partition)].state;
  const bool is_led = state && state->leader != model::kNoNode && alive_.contains(state->leader);
  if (is_led) {
    say_again({config_.name_of(f.partition)}, why_leader_stays(f.partition, *state), Ink::plain);
    return;
  }
  say_again({config_.name_of(f.partition)},
            state ? fmt::format("stays without a leader: nobody of isr {} lives", names(state->isr))
                  : "stays without a leader",
            Ink::red);
}

}  // namespace reports
