// ZooKeeper's word, the controller, epochs.
#include <algorithm>
#include <array>

#include "model/invariants/rows.h"
#include "model/rules.h"

namespace model {
namespace {

const BrokerHistory& broker_history(const View& view, NodeId id) {
  return view.history.brokers[static_cast<std::size_t>(id)];
}

std::string epoch_text(std::int64_t epoch) { return std::to_string(epoch); }

// --- the controller -------------------------------------------------------------------------------

bool controller_epoch_grows(const View& view, const Told& told, Breach& breach) {
  const auto& changed = std::get<ControllerEpochChanged>(told.fact);
  const ControllerEpoch before = view.history.controller_epoch;
  if (changed.epoch == before + 1 || (before == 0 && changed.epoch == 0)) return true;
  breach.broker = changed.broker;
  breach.what = "/controller_epoch went from " + epoch_text(before) + " to " + epoch_text(changed.epoch);
  return false;
}

bool controller_epoch_has_one_owner(const View& view, const Told& told, Breach& breach) {
  const auto& elected = std::get<ControllerElected>(told.fact);
  const auto epoch = static_cast<std::size_t>(elected.epoch);
  const auto& owners = view.history.controller_of_epoch;
  if (epoch >= owners.size() || owners[epoch] == kNoNode || owners[epoch] == elected.broker) return true;
  breach.broker = elected.broker;
  breach.what = name_of(view, elected.broker) + " is elected with controller epoch " + epoch_text(elected.epoch) +
                ", which " + name_of(view, owners[epoch]) + " has had";
  return false;
}

// A direct write of an ISR by a leader carries the controller epoch that made it leader, which may have
// passed meanwhile without harm: the partition's version guards it.
bool is_leaders_own_write(const View& view, const PartitionStateChanged& changed) {
  const PartitionHistory& past = history_of(view, changed.partition);
  return view.rules.isr_channel == IsrChannel::zookeeper && past.created &&
         changed.state.leader_epoch == past.stored.leader_epoch;
}

bool zombie_controller_writes_nothing(const View& view, const Told& told, Breach& breach) {
  const auto& changed = std::get<PartitionStateChanged>(told.fact);
  if (changed.state.controller_epoch >= view.history.controller_epoch || is_leaders_own_write(view, changed)) {
    return true;
  }
  breach = {kNoNode, true, changed.partition, {}};
  const auto epoch = static_cast<std::size_t>(std::max(0, changed.state.controller_epoch));
  if (epoch < view.history.controller_of_epoch.size()) breach.broker = view.history.controller_of_epoch[epoch];
  breach.what = "a write of controller epoch " + epoch_text(changed.state.controller_epoch) +
                " took effect although epoch " + epoch_text(view.history.controller_epoch) + " had begun";
  return false;
}

bool controller_requests_are_fenced(const View& view, const Told& told, Breach& breach) {
  const auto& applied = std::get<ControlRequestApplied>(told.fact);
  const ControllerEpoch highest = broker_history(view, told.teller).highest_controller_epoch;
  if (applied.controller_epoch >= highest) return true;
  breach.broker = told.teller;
  breach.what = name_of(view, told.teller) + " acts on a request of controller epoch " +
                epoch_text(applied.controller_epoch) + " from " + name_of(view, applied.controller) + " after one of " +
                epoch_text(highest);
  return false;
}

bool older_incarnations_are_fenced(const View& view, const Told& told, Breach& breach) {
  const auto& applied = std::get<ControlRequestApplied>(told.fact);
  const BrokerEpoch own = broker_at(view, told.teller).memory.broker_epoch;
  if (applied.broker_epoch >= own) return true;
  breach.broker = told.teller;
  breach.what = name_of(view, told.teller) + " acts on a request meant for its registration " +
                epoch_text(applied.broker_epoch) + "; it is registered as " + epoch_text(own);
  return false;
}

bool ephemerals_have_sessions(const View& view, Breach& breach) {
  const auto& server = std::get<ZooKeeper>(view.nodes.front());
  for (const Znode& node : server.disk.tree.nodes) {
    const SessionId owner = node.stat.ephemeral_owner;
    if (owner == 0) continue;
    const auto& sessions = server.disk.sessions;
    if (std::any_of(sessions.begin(), sessions.end(), [&](const ZkSession& open) { return open.id == owner; })) {
      continue;
    }
    const auto* registration = std::get_if<BrokerInfo>(&node.data);
    const auto* controller = std::get_if<ControllerInfo>(&node.data);
    if (registration != nullptr) breach.broker = registration->broker;
    if (controller != nullptr) breach.broker = controller->broker;
    breach.what = "ZooKeeper keeps " + std::string(controller != nullptr ? "/controller" : "the registration") +
                  " of " + name_of(view, breach.broker) + ", whose session has ended";
    return false;
  }
  return true;
}

// --- elections ------------------------------------------------------------------------------------

bool leader_epoch_has_one_leader(const View& view, PartitionId p, Breach& breach) {
  const PartitionHistory& past = history_of(view, p);
  const auto owner_of = [&](LeaderEpoch epoch) {
    const auto at = static_cast<std::size_t>(epoch);
    return epoch >= 0 && at < past.leader_of_epoch.size() ? past.leader_of_epoch[at] : kNoNode;
  };
  const NodeId stored = past.stored.leader;
  if (stored != kNoNode && owner_of(past.stored.leader_epoch) != stored) {
    breach.broker = stored;
    breach.what = name_of(view, stored) + " is stored as leader of epoch " + epoch_text(past.stored.leader_epoch) +
                  ", which has been " + name_of(view, owner_of(past.stored.leader_epoch)) + "'s";
    return false;
  }
  for (std::size_t id = 1; id <= view.config.brokers.size(); ++id) {
    const auto broker = NodeId(static_cast<std::uint8_t>(id));
    const Partition* leader = leader_at(view, p, broker);
    if (leader == nullptr || owner_of(leader->leader_epoch) == broker) continue;
    breach.broker = broker;
    breach.what = name_of(view, broker) + " acts as leader of epoch " + epoch_text(leader->leader_epoch) +
                  ", which was stored for " + name_of(view, owner_of(leader->leader_epoch));
    return false;
  }
  return true;
}

bool stored_epochs_grow(const View& view, const Told& told, Breach& breach) {
  const auto& changed = std::get<PartitionStateChanged>(told.fact);
  const PartitionHistory& past = history_of(view, changed.partition);
  if (!past.created) return true;
  if (changed.state.leader_epoch >= past.stored.leader_epoch && changed.partition_epoch == past.stored_epoch + 1) {
    return true;
  }
  breach = {changed.state.leader, true, changed.partition, {}};
  breach.what = "stored leader epoch " + epoch_text(past.stored.leader_epoch) + " became " +
                epoch_text(changed.state.leader_epoch) + ", partition epoch " + epoch_text(past.stored_epoch) +
                " became " + epoch_text(changed.partition_epoch);
  return false;
}

bool leader_epochs_are_fenced(const View& view, const Told& told, Breach& breach) {
  const PartitionId p = *partition_of(told.fact);
  const auto* leads = std::get_if<BecameLeader>(&told.fact);
  const LeaderEpoch epoch = leads != nullptr ? leads->leader_epoch : std::get<BecameFollower>(told.fact).leader_epoch;
  const LeaderEpoch highest = history_of(view, p).replicas[static_cast<std::size_t>(told.teller)].highest_epoch;
  if (epoch >= highest) return true;
  breach = {told.teller, true, p, {}};
  breach.what = name_of(view, told.teller) + " takes a role of leader epoch " + epoch_text(epoch) +
                " after one of epoch " + epoch_text(highest);
  return false;
}

bool election_is_clean(const View& view, const Told& told, Breach& breach) {
  const auto& changed = std::get<PartitionStateChanged>(told.fact);
  const PartitionHistory& past = history_of(view, changed.partition);
  const PartitionState& state = changed.state;
  if (!past.created || state.leader == kNoNode || past.stored.isr.contains(state.leader)) return true;
  // Nor does whoever left the ISR when nothing could be committed without it lack anything (KIP-966).
  if (past.eligible_leader_replicas.contains(state.leader)) return true;
  // With a reassignment that is complete one record admits the last new replica, as its leader proposed, and elects.
  const bool is_proposed =
      past.stored.leader != kNoNode &&
      past.replicas[static_cast<std::size_t>(past.stored.leader)].proposed_isr.contains(state.leader);
  if (view.config.is_kraft() && is_proposed && state.isr.contains(state.leader)) return true;
  if (past.stored.isr.empty() && past.last_known_elr.contains(state.leader)) return true;  // a known guess
  breach = {state.leader, true, changed.partition, {}};
  if (!may_lose_records(past)) {
    breach.what = name_of(view, state.leader) + " is elected in epoch " + epoch_text(state.leader_epoch) +
                  " from outside the ISR, and unclean election is off";
    return false;
  }
  if (state.isr.size() == 1 && state.isr.front() == state.leader) return true;
  breach.what = name_of(view, state.leader) + " is elected from outside the ISR, and does not begin alone";
  return false;
}

// --- the ISR --------------------------------------------------------------------------------------

bool leader_is_in_isr(const View& view, PartitionId p, Breach& breach) {
  const PartitionState& stored = history_of(view, p).stored;
  if (stored.leader == kNoNode || stored.isr.contains(stored.leader)) return true;
  breach.broker = stored.leader;
  breach.what = name_of(view, stored.leader) + " leads in epoch " + epoch_text(stored.leader_epoch) +
                ", and the stored ISR does not name it";
  return false;
}

bool isr_is_not_empty(const View& view, PartitionId p, Breach& breach) {
  const PartitionHistory& past = history_of(view, p);
  if (!past.created || !past.stored.isr.empty()) return true;
  // With eligible leader replicas it may be: they, or the last known leader, say who has the records (KIP-966).
  if (view.config.is_kraft() && view.rules.kraft.eligible_leader_replicas &&
      view.history.quorum.image.eligible_leader_replicas_version > 0) {
    return true;
  }
  breach.what = "the stored ISR of leader epoch " + epoch_text(past.stored.leader_epoch) +
                " is empty: nobody can ever be elected cleanly";
  return false;
}

bool isr_is_assigned(const View& view, PartitionId p, Breach& breach) {
  const PartitionHistory& past = history_of(view, p);
  for (const NodeId member : past.stored.isr) {
    // KAFKA-9672: a reassignment that takes the place of another one is stored before the ISR is put right.
    if (past.assignment.replicas.contains(member) || past.given_up.contains(member)) continue;
    breach.broker = member;
    breach.what = "the stored ISR names " + name_of(view, member) + ", which is not assigned to the partition";
    return false;
  }
  return true;
}

// --- preconditions --------------------------------------------------------------------------------

bool is_after_the_first(const View& view, const Told&) { return view.history.controller_epoch >= 1; }
bool is_a_change(const View& view, const Told& told) {
  return history_of(view, std::get<PartitionStateChanged>(told.fact).partition).created;
}
bool changes_leader_epoch(const View& view, const Told& told) {
  const auto& changed = std::get<PartitionStateChanged>(told.fact);
  const PartitionHistory& past = history_of(view, changed.partition);
  return past.created && changed.state.leader != kNoNode && changed.state.leader_epoch > past.stored.leader_epoch;
}
// A broker that was controller has not yet noticed that another one is.
bool has_zombie_controller(const View& view, const Told&) {
  for (std::size_t id = 1; id <= view.config.brokers.size(); ++id) {
    const auto broker = NodeId(static_cast<std::uint8_t>(id));
    const Controller& controller = broker_at(view, broker).memory.controller;
    if (broker_at(view, broker).memory.phase != BrokerPhase::down && is_active(controller, broker) &&
        controller.epoch < view.history.controller_epoch) {
      return true;
    }
  }
  return false;
}
bool comes_from_a_newer_controller(const View& view, const Told& told) {
  const ControllerEpoch highest = broker_history(view, told.teller).highest_controller_epoch;
  return highest > 0 && std::get<ControlRequestApplied>(told.fact).controller_epoch > highest;
}
bool has_registered_before(const View& view, const Told& told) {
  return broker_history(view, told.teller).registrations > 1;
}
bool has_acted_before(const View& view, const Told& told) {
  const PartitionHistory& past = history_of(view, *partition_of(told.fact));
  return past.replicas[static_cast<std::size_t>(told.teller)].highest_epoch != kNoEpoch;
}
bool owned_ephemerals(const View&, const Told& told) {
  return !std::get<ZkSessionClosed>(told.fact).ephemerals.empty();
}
bool loses_a_member(const View& view, const Told& told) {
  const auto& changed = std::get<PartitionStateChanged>(told.fact);
  return changed.state.isr.size() < history_of(view, changed.partition).stored.isr.size();
}
bool gains_a_member(const View& view, const Told& told) {
  const auto& changed = std::get<PartitionStateChanged>(told.fact);
  const PartitionHistory& past = history_of(view, changed.partition);
  return past.created && changed.state.isr.size() > past.stored.isr.size();
}

constexpr std::array<std::string_view, 2> kEpochGrows{"controller-epoch-skips", "controller-epoch-reused"};
constexpr std::array<std::string_view, 1> kOneController{"controller-epoch-reused"};
constexpr std::array<std::string_view, 3> kZombieController{"controller-writes-unguarded", "isr-write-unchecked",
                                                            "quorum-minority-elects"};
constexpr std::array<std::string_view, 1> kControllerFence{"takes-older-controller-epoch"};
constexpr std::array<std::string_view, 2> kBrokerFence{"takes-older-broker-epoch", "no-broker-epochs"};
constexpr std::array<std::string_view, 1> kEphemerals{"ephemerals-outlive-session"};
constexpr std::array<std::string_view, 7> kOneLeader{
    "election-keeps-leader-epoch",      "leader-epoch-from-controller-epoch", "isr-write-unchecked",
    "quorum-minority-elects",           "leader-drops-unconfirmed",           "votes-for-shorter-log",
    "kraft-election-keeps-leader-epoch"};
constexpr std::array<std::string_view, 2> kStoredEpochs{"leader-epoch-from-controller-epoch", "isr-write-unchecked"};
constexpr std::array<std::string_view, 1> kLeaderFence{"takes-older-leader-epoch"};
constexpr std::array<std::string_view, 7> kClean{
    "election-outside-isr",     "elected-leader-not-in-isr", "isr-write-unchecked",       "quorum-minority-elects",
    "leader-drops-unconfirmed", "votes-for-shorter-log",     "kraft-election-outside-isr"};
constexpr std::array<std::string_view, 4> kLeaderInIsr{"elected-leader-not-in-isr", "quorum-minority-elects",
                                                       "leader-drops-unconfirmed", "votes-for-shorter-log"};
constexpr std::array<std::string_view, 2> kNotEmpty{"last-isr-member-removed", "elected-leader-not-in-isr"};
constexpr std::array<std::string_view, 4> kAssigned{"new-partition-isr-all-live", "removed-replicas-stay-in-isr",
                                                    "reassignment-completes-at-once", "leader-drops-unconfirmed"};

const std::array kRows{
    Invariant{
        .name = "controller-epoch-grows",
        .promise = "Every controller election raises /controller_epoch by one.",
        .precondition = "another controller election",
        .facts = facts_of<ControllerEpochChanged>(),
        .exposed_by = facts_of<ControllerEpochChanged>(),
        .occurs = is_after_the_first,
        .allows = controller_epoch_grows,
        .broken_by = kEpochGrows,
    },
    Invariant{
        .name = "one-controller-per-epoch",
        .promise = "No two brokers are elected controller with the same controller epoch.",
        .precondition = "another controller election",
        .facts = facts_of<ControllerElected>(),
        .exposed_by = facts_of<ControllerElected>(),
        .occurs = is_after_the_first,
        .allows = controller_epoch_has_one_owner,
        .broken_by = kOneController,
    },
    Invariant{
        .name = "zombie-controller-writes-nothing",
        .promise = "Once a controller epoch has begun, no write of an older controller takes effect.",
        .precondition = "a partition's state is written while a deposed controller still acts",
        .facts = facts_of<PartitionStateChanged>(),
        .exposed_by = facts_of<PartitionStateChanged>(),
        .occurs = has_zombie_controller,
        .allows = zombie_controller_writes_nothing,
        .broken_by = kZombieController,
    },
    Invariant{
        .name = "controller-requests-fenced",
        .promise = "No broker acts on a request of an older controller epoch than it has seen.",
        .precondition = "a broker hears a newer controller",
        .facts = facts_of<ControlRequestApplied>(),
        .exposed_by = facts_of<ControlRequestApplied>(),
        .occurs = comes_from_a_newer_controller,
        .allows = controller_requests_are_fenced,
        .broken_by = kControllerFence,
    },
    Invariant{
        .name = "older-incarnations-fenced",
        .promise = "No broker acts on a request that was meant for its registration before this one.",
        .precondition = "a broker that has registered again hears the controller",
        .facts = facts_of<ControlRequestApplied>(),
        .exposed_by = facts_of<ControlRequestApplied>(),
        .occurs = has_registered_before,
        .allows = older_incarnations_are_fenced,
        .broken_by = kBrokerFence,
    },
    Invariant{
        .name = "ephemerals-end-with-session",
        .promise = "Every ephemeral znode belongs to an open session: no dead broker is registered or controls.",
        .precondition = "a session ends that owned ephemerals",
        .facts = facts_of<ZkSessionClosed, BrokerRegistered, ControllerElected>(),
        .exposed_by = facts_of<ZkSessionClosed>(),
        .occurs = owned_ephemerals,
        .holds_everywhere = ephemerals_have_sessions,
        .broken_by = kEphemerals,
    },
    Invariant{
        .name = "one-leader-per-epoch",
        .promise = "Each leader epoch of a partition has one leader, and only a broker that was stored as such leads.",
        .precondition = "a leader is elected in a new epoch",
        .facts = facts_of<PartitionStateChanged, BecameLeader>(),
        .exposed_by = facts_of<PartitionStateChanged>(),
        .occurs = changes_leader_epoch,
        .holds = leader_epoch_has_one_leader,
        .broken_by = kOneLeader,
    },
    Invariant{
        .name = "stored-epochs-grow",
        .promise = "A partition's stored leader epoch never goes back, and each change raises its partition epoch by "
                   "one.",
        .precondition = "a partition's state changes",
        .facts = facts_of<PartitionStateChanged>(),
        .exposed_by = facts_of<PartitionStateChanged>(),
        .occurs = is_a_change,
        .allows = stored_epochs_grow,
        .broken_by = kStoredEpochs,
    },
    Invariant{
        .name = "leader-epochs-fenced",
        .promise = "No broker takes a role of an older leader epoch than it has acted in.",
        .precondition = "a broker takes another role",
        .facts = facts_of<BecameLeader, BecameFollower>(),
        .exposed_by = facts_of<BecameLeader, BecameFollower>(),
        .occurs = has_acted_before,
        .allows = leader_epochs_are_fenced,
        .broken_by = kLeaderFence,
    },
    Invariant{
        .name = "clean-election",
        .promise = "A leader comes from the ISR, or unclean election is on and it begins alone.",
        .precondition = "a leader is elected in a new epoch",
        .facts = facts_of<PartitionStateChanged>(),
        .exposed_by = facts_of<PartitionStateChanged>(),
        .occurs = changes_leader_epoch,
        .allows = election_is_clean,
        .broken_by = kClean,
    },
    Invariant{
        .name = "leader-in-isr",
        .promise = "The stored leader of a partition is a member of its stored ISR.",
        .precondition = "a leader is elected in a new epoch",
        .facts = facts_of<PartitionStateChanged>(),
        .exposed_by = facts_of<PartitionStateChanged>(),
        .occurs = changes_leader_epoch,
        .holds = leader_is_in_isr,
        .broken_by = kLeaderInIsr,
    },
    Invariant{
        .name = "isr-never-empty",
        .promise = "The stored ISR of a partition always has a member.",
        .precondition = "an ISR loses a member",
        .facts = facts_of<PartitionStateChanged>(),
        .exposed_by = facts_of<PartitionStateChanged>(),
        .occurs = loses_a_member,
        .holds = isr_is_not_empty,
        .broken_by = kNotEmpty,
    },
    Invariant{
        .name = "isr-assigned",
        .promise = "Every member of the stored ISR is assigned to the partition.",
        .precondition = "an ISR gains a member",
        .facts = facts_of<PartitionStateChanged, AssignmentChanged>(),
        .exposed_by = facts_of<PartitionStateChanged>(),
        .occurs = gains_a_member,
        .holds = isr_is_assigned,
        .broken_by = kAssigned,
    },
};

}  // namespace

std::span<const Invariant> control_rows() { return kRows; }

}  // namespace model
