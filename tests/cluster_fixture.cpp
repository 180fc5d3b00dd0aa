#include "tests/cluster_fixture.h"

#include <algorithm>

#include "model/rules.h"
#include "scenarios/plan_builder.h"

namespace sim::test {
namespace {

Target node_target(model::NodeId node) {
  Target target;
  target.node = node;
  target.text = "n" + std::to_string(model::number(node));
  return target;
}
std::vector<Target> targets(const Nodes& nodes) {
  std::vector<Target> found;
  for (const model::NodeId node : nodes) found.push_back(node_target(node));
  return found;
}

Fault& add_fault(Plan& plan, FaultKind kind, Time at, const Nodes& who, std::optional<model::Duration> lasts) {
  Fault fault;
  fault.kind = kind;
  fault.at = at;
  fault.who = targets(who);
  fault.lasts = lasts;
  fault.text = name_of(kind);
  plan.faults.push_back(std::move(fault));
  return plan.faults.back();
}

}  // namespace

Plan three_brokers(std::string_view version) {
  Plan plan;
  const model::Profile* profile = model::find_profile(version);
  plan.title = "test";
  plan.version = version;
  plan.rules = *profile->rules;
  model::BrokerSettings settings;
  if (profile->settings != nullptr) profile->settings(settings);
  settings.zookeeper_session_timeout = model::seconds(6);
  settings.replica_lag_time_max = model::seconds(10);
  settings.auto_leader_rebalance_enable = false;
  plan.config.brokers.assign(3, settings);
  return plan;
}

void set_lag(Plan& plan, model::Duration lag) {
  for (model::BrokerSettings& settings : plan.config.brokers) settings.replica_lag_time_max = lag;
}

void add_topic(Plan& plan, std::string name, std::vector<model::Replicas> assignment, std::int32_t min_isr,
               bool unclean) {
  model::TopicConfig topic;
  topic.name = std::move(name);
  topic.min_insync_replicas = min_isr;
  topic.unclean_leader_election_enable = unclean;
  topic.first_partition = static_cast<std::int32_t>(plan.config.partitions.size());
  const model::TopicId id{static_cast<std::uint16_t>(plan.config.topics.size())};
  for (std::size_t i = 0; i < assignment.size(); ++i) {
    plan.config.partitions.push_back({id, static_cast<std::int32_t>(i)});
  }
  topic.assignment = std::move(assignment);
  plan.config.topics.push_back(std::move(topic));
}

void add_producer(Plan& plan, model::Acks acks, Time start, model::Duration interval, std::int32_t count,
                  model::TopicId topic) {
  model::ProducerConfig producer;
  producer.name = "p" + std::to_string(plan.config.producers.size() + 1);
  producer.topic = topic;
  producer.acks = acks;
  producer.interval = interval;
  producer.count = count;
  producer.enable_idempotence = acks == model::Acks::all;
  plan.starts.push_back({static_cast<model::NodeId>(plan.config.node_count()), start, {}, {}, {}});
  plan.config.producers.push_back(std::move(producer));
}

Fault& crash(Plan& plan, model::NodeId node, Time at, std::optional<model::Duration> lasts) {
  return add_fault(plan, FaultKind::crash, at, {node}, lasts);
}
Fault& power_loss(Plan& plan, model::NodeId node, Time at, std::optional<model::Duration> lasts) {
  return add_fault(plan, FaultKind::power_loss, at, {node}, lasts);
}
Fault& pause(Plan& plan, model::NodeId node, Time at, model::Duration lasts) {
  return add_fault(plan, FaultKind::pause, at, {node}, lasts);
}
Fault& stop(Plan& plan, model::NodeId node, Time at) { return add_fault(plan, FaultKind::stop, at, {node}, {}); }
Fault& start(Plan& plan, model::NodeId node, Time at) { return add_fault(plan, FaultKind::start, at, {node}, {}); }
Fault& cut(Plan& plan, const Nodes& from, const Nodes& to, Time at, model::Duration lasts) {
  Fault& fault = add_fault(plan, FaultKind::cut, at, {}, lasts);
  fault.from = targets(from);
  fault.to = targets(to);
  return fault;
}
Fault& cut_one_way(Plan& plan, const Nodes& from, const Nodes& to, Time at, model::Duration lasts) {
  Fault& fault = cut(plan, from, to, at, lasts);
  fault.one_way = true;
  return fault;
}
Fault& elect(Plan& plan, model::PartitionId partition, Time at, bool unclean) {
  Fault& fault = add_fault(plan, FaultKind::elect, at, {}, {});
  fault.partition = partition;
  fault.unclean = unclean;
  return fault;
}
Fault& move_controller(Plan& plan, Time at) { return add_fault(plan, FaultKind::move_controller, at, {}, {}); }
Fault& create_topic(Plan& plan, model::TopicId topic, Time at) {
  Fault& fault = add_fault(plan, FaultKind::create_topic, at, {}, {});
  fault.topic = topic;
  return fault;
}
Fault& reassign(Plan& plan, model::PartitionId partition, const model::Replicas& to, Time at) {
  Fault& fault = add_fault(plan, FaultKind::reassign, at, {}, {});
  fault.partition = partition;
  fault.replicas = to;
  return fault;
}

// --- Cluster -------------------------------------------------------------------------------------

namespace {

Plan booted(Plan plan, bool together) {
  scenarios::add_boot(plan, together);
  return plan;
}

bool holds(const model::Log& log, model::Offset offset, model::NodeId producer, std::int32_t value) {
  return std::any_of(log.batches.begin(), log.batches.end(), [&](const model::Batch& batch) {
    return batch.producer == producer && batch.base_offset <= offset && offset < batch.end() &&
           batch.first_value + static_cast<std::int32_t>(offset - batch.base_offset) == value;
  });
}

std::string at_text(Time at) { return std::to_string(at.us) + " us: "; }

}  // namespace

Cluster::Cluster(Plan plan, bool boot_together)
    : plan_(booted(std::move(plan), boot_together)), seen_(plan_), world_(plan_, &seen_) {}

const model::Broker& Cluster::broker(model::NodeId id) const {
  return std::get<model::Broker>(world_.nodes()[static_cast<std::size_t>(id)]);
}
const model::Partition& Cluster::replica(model::NodeId id, model::PartitionId p) const {
  return broker(id).memory.partitions.at(index(p));
}
const model::Log& Cluster::log(model::NodeId id, model::PartitionId p) const { return broker(id).log(p); }
const model::PartitionState& Cluster::state(model::PartitionId p) const {
  static const model::PartitionState kNone;
  const model::PartitionState* found = world_.partition_state(p);
  return found == nullptr ? kNone : *found;
}
Nodes Cluster::isr(model::PartitionId p) const {
  Nodes members(state(p).isr.begin(), state(p).isr.end());
  std::sort(members.begin(), members.end());
  return members;
}

namespace {

void check_controller(const Cluster& cluster, model::NodeId holder, model::NodeId id,
                      std::vector<std::string>& missing) {
  const std::string name = cluster.plan().config.name_of(id) + " ";
  const model::BrokerMemory& memory = cluster.broker(id).memory;
  const model::Controller& own = memory.controller;
  if (memory.phase != model::BrokerPhase::running) {
    missing.push_back(name + "does not run");
    return;
  }
  if (is_active(own, id) != (id == holder)) missing.push_back(name + "has a wrong belief of being controller");
  if (own.active_id != holder) missing.push_back(name + "does not know the holder of /controller");
  if (own.busy) missing.push_back(name + "is still busy as controller");
  const model::ControllerEpoch epoch = cluster.broker(holder).memory.controller.epoch;
  if (memory.controller_epoch != epoch) missing.push_back(name + "has not heard of the controller epoch");
  if (memory.cached_controller != holder) missing.push_back(name + "has another controller in its metadata");
  for (const model::Sender& sender : own.senders) {
    if (!sender.queue.empty()) missing.push_back(name + "has control requests to send");
  }
}

void check_replica(const Cluster& cluster, model::NodeId id, model::PartitionId p, std::vector<std::string>& missing) {
  const std::string name = cluster.plan().config.name_of(id) + " " + cluster.plan().config.name_of(p) + " ";
  const model::PartitionState& state = cluster.state(p);
  if (cluster.broker(id).memory.phase != model::BrokerPhase::running) return;
  const model::Partition& partition = cluster.replica(id, p);
  if (partition.leader_epoch != state.leader_epoch) missing.push_back(name + "is not in the current leader epoch");
  if (partition.leader != state.leader) missing.push_back(name + "follows somebody else");
  if ((partition.role == model::Role::leader) != (state.leader == id)) missing.push_back(name + "has a wrong role");
  if (partition.pending != model::PendingIsr::none) missing.push_back(name + "has an ISR change under way");
  if (cluster.log(id, p).batches != cluster.log(state.leader, p).batches) missing.push_back(name + "has another log");
  if (partition.high_watermark != cluster.log(id, p).end()) missing.push_back(name + "has not committed its whole log");
}

// Idempotence: a record stands once.
void check_duplicates(const Cluster& cluster, model::PartitionId p, std::vector<std::string>& missing) {
  std::set<std::pair<model::NodeId, std::int32_t>> seen;
  for (const model::Batch& batch : cluster.log(cluster.state(p).leader, p).batches) {
    for (std::int32_t i = 0; i < batch.count && batch.first_sequence >= 0; ++i) {
      if (!seen.insert({batch.producer, batch.first_value + i}).second) {
        missing.push_back(cluster.plan().config.name_of(p) + " holds record " + std::to_string(batch.first_value + i) +
                          " twice");
      }
    }
  }
}

}  // namespace

std::vector<std::string> Cluster::unsettled() const {
  std::vector<std::string> missing;
  const model::NodeId holder = world_.controller();
  if (holder == model::kNoNode) return {"nobody holds /controller"};
  for (std::size_t i = 1; i <= plan_.config.brokers.size(); ++i) {
    check_controller(*this, holder, model::NodeId(static_cast<std::uint8_t>(i)), missing);
  }
  for (std::size_t i = 0; i < plan_.config.partitions.size(); ++i) {
    const model::PartitionId p{static_cast<std::uint16_t>(i)};
    const std::string name = plan_.config.name_of(p);
    if (state(p).leader == model::kNoNode) {
      missing.push_back(name + " has no leader");
      continue;
    }
    const model::Replicas assigned = world_.assignment(p);
    if (state(p).isr.size() != assigned.size()) missing.push_back(name + " has not got its full ISR back");
    for (const model::NodeId replica : assigned) check_replica(*this, replica, p, missing);
    check_duplicates(*this, p, missing);
  }
  for (std::string& record : lost_records()) missing.push_back(std::move(record));
  return missing;
}

std::vector<std::string> Cluster::lost_records() const {
  std::vector<std::string> lost;
  for (const auto& ack : seen_.all<model::RecordsAcknowledged>()) {
    if (plan_.config.producer(ack.node).acks != model::Acks::all) continue;
    const model::NodeId leader = state(ack.fact.partition).leader;
    for (std::int32_t i = 0; i < ack.fact.count && leader != model::kNoNode; ++i) {
      if (holds(log(leader, ack.fact.partition), ack.fact.base_offset + i, ack.node, ack.fact.first_value + i))
        continue;
      lost.push_back("record " + std::to_string(ack.fact.first_value + i) + ", acknowledged at " + at_text(ack.at) +
                     plan_.config.name_of(ack.fact.partition) + " offset " + std::to_string(ack.fact.base_offset + i) +
                     ", is not there");
    }
  }
  return lost;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "; ") + line;
  return text;
}

}  // namespace sim::test
