#include "sim/kernel/condition.h"

#include <algorithm>

#include "model/facts.h"
#include "sim/kernel/roles.h"

namespace sim {
namespace {

using Word = Condition::Word;

template <typename... Facts>
constexpr model::FactSet bits() {
  return ((model::FactSet{1} << model::kFactIndex<Facts>) | ...);
}

const model::Broker* broker_of(const Condition& condition, const ClusterView& cluster) {
  const auto i = static_cast<std::size_t>(condition.broker);
  return i < cluster.nodes.size() ? std::get_if<model::Broker>(&cluster.nodes[i]) : nullptr;
}

bool is_up(const model::Broker* broker) {
  return broker != nullptr && broker->memory.phase != model::BrokerPhase::down;
}

// What the broker's process knows of the partition; null if there is none.
const model::Partition* replica_of(const Condition& condition, const ClusterView& cluster) {
  const model::Broker* broker = broker_of(condition, cluster);
  if (!is_up(broker) || index(condition.partition) >= broker->memory.partitions.size()) return nullptr;
  return &broker->memory.partitions[index(condition.partition)];
}

model::Replicas nodes_of(const Condition& condition, const ClusterView& cluster) {
  model::NodeId one = model::kNoNode;
  if (condition.word == Word::controller) {
    one = controller_of(cluster);
  } else if (const model::PartitionState* state = state_of(cluster, condition.partition)) {
    if (condition.word == Word::isr) return state->isr;
    one = state->leader;
  }
  return one == model::kNoNode ? model::Replicas{} : model::Replicas{one};
}

model::Offset offset_of(const Condition& condition, const ClusterView& cluster) {
  if (condition.word == Word::log_end_offset) {
    const model::Broker* broker = broker_of(condition, cluster);
    return broker == nullptr ? model::kUnknownOffset : broker->log(condition.partition).end();
  }
  const model::Partition* replica = replica_of(condition, cluster);
  return replica == nullptr || !replica->hosted ? model::kUnknownOffset : replica->high_watermark;
}

model::Role role_of(const Condition& condition, const ClusterView& cluster) {
  const model::Partition* replica = replica_of(condition, cluster);
  return replica == nullptr ? model::Role::none : replica->role;
}

bool is_running(const Condition& condition, const ClusterView& cluster) {
  const auto i = static_cast<std::size_t>(condition.broker);
  const auto* server = i < cluster.nodes.size() ? std::get_if<model::ControllerServer>(&cluster.nodes[i]) : nullptr;
  return server != nullptr ? server->memory.running : is_up(broker_of(condition, cluster));
}

bool flag_of(const Condition& condition, const ClusterView& cluster) {
  if (condition.word == Word::running) return is_running(condition, cluster);
  return is_registered(cluster, condition.broker);
}

bool is_within(model::Offset found, const Condition& condition) {
  return found != model::kUnknownOffset && condition.least <= found && found <= condition.most;
}

// The ISR is a set: its order depends on who came back first.
bool same_set(model::Replicas a, model::Replicas b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

}  // namespace

bool holds(const Condition& condition, const ClusterView& cluster) {
  switch (condition.word) {
    case Word::isr:
    case Word::leader:
    case Word::controller:
      return same_set(nodes_of(condition, cluster), condition.nodes);
    case Word::high_watermark:
    case Word::log_end_offset:
      return is_within(offset_of(condition, cluster), condition);
    case Word::role:
      return role_of(condition, cluster) == condition.role;
    case Word::running:
    case Word::registered:
      return flag_of(condition, cluster) == condition.yes;
    case Word::acknowledged:
      break;
  }
  return false;
}

std::string value_text(const Condition& condition, const ClusterView& cluster) {
  switch (condition.word) {
    case Word::isr:
    case Word::leader:
    case Word::controller: {
      std::string text;
      for (const model::NodeId node : nodes_of(condition, cluster)) {
        text += (text.empty() ? "" : " ") + cluster.config.name_of(node);
      }
      return text.empty() ? "none" : text;
    }
    case Word::high_watermark:
    case Word::log_end_offset: {
      const model::Offset found = offset_of(condition, cluster);
      return found == model::kUnknownOffset ? "none" : std::to_string(found);
    }
    case Word::role: {
      const model::Role role = role_of(condition, cluster);
      return role == model::Role::leader ? "leader" : role == model::Role::follower ? "follower" : "none";
    }
    case Word::running:
    case Word::registered:
      return flag_of(condition, cluster) ? "true" : "false";
    case Word::acknowledged:
      break;
  }
  return {};
}

model::FactSet facts_about(Word word) {
  using namespace model;
  switch (word) {
    case Word::isr:
    case Word::leader:
      return bits<PartitionStateChanged>();
    case Word::controller:
      return bits<ControllerElected, ControllerVacated, ControllerEpochChanged, QuorumRoleChanged>();
    case Word::high_watermark:
      return bits<HighWatermarkMoved, BecameLeader, BecameFollower, Truncated, ReplicaDeleted>();
    case Word::log_end_offset:
      return bits<RecordsAppended, Truncated, LogLost, ReplicaDeleted>();
    case Word::role:
      return bits<BecameLeader, BecameFollower, LeaderUnavailable, ReplicaDeleted>();
    case Word::running:
      return bits<Stopped, StartFailed, QuorumFailed>();
    case Word::registered:
      return bits<BrokerRegistered, BrokerUnregistered, BrokerChanged>();
    case Word::acknowledged:
      return bits<RecordsAcknowledged>();
  }
  return 0;
}

}  // namespace sim
