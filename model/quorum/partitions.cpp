// What becomes of partitions when brokers come and go (controller/ReplicationControlManager).
#include "model/quorum/controller.h"
#include "model/rules.h"

namespace model {
namespace {

// One of these is a broker (ReplicationControlManager.generateLeaderAndIsrUpdates).
struct BrokerEvent {
  NodeId leaves = kNoNode;  // the ISR, and is not active any more
  NodeId comes = kNoNode;   // is active, although not yet in memory
  NodeId shut_down_uncleanly = kNoNode;
  bool stays_in_isr = false;  // a planted defect: it is not active any more, and no more than that
};

PartitionTarget target_for(const ControllerContext& c, PartitionId p, const BrokerEvent& event) {
  PartitionTarget target = target_of(c.image().partitions[index(p)]);
  if (allows_unclean_election(c, p)) target.election = ElectionKind::unclean;
  target.becomes_inactive = event.leaves;
  target.becomes_active = event.comes;
  target.shut_down_uncleanly = event.shut_down_uncleanly;
  if (!event.stays_in_isr) target.isr.remove(event.leaves);
  target.isr.remove(event.shut_down_uncleanly);
  return target;
}

template <typename Concerns>
void add_changes(const ControllerContext& c, const BrokerEvent& event, Records& records, Concerns concerns) {
  const std::vector<PartitionRegistration>& partitions = c.image().partitions;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    if (!partitions[i].exists || !concerns(partitions[i])) continue;
    const PartitionId p{static_cast<std::uint16_t>(i)};
    if (const auto change = build_change(c, p, target_for(c, p, event))) records.push_back(*change);
  }
}

void add_isr_changes(const ControllerContext& c, const BrokerEvent& event, Records& records) {
  const NodeId broker = event.leaves != kNoNode ? event.leaves : event.shut_down_uncleanly;
  add_changes(c, event, records, [&](const PartitionRegistration& each) { return each.isr.contains(broker); });
}

void add_registration_change(const ControllerContext& c, NodeId broker, FenceChange fenced, bool in_shutdown,
                             Records& records) {
  const BrokerRegistration* registration = find_broker(c.image(), broker);
  records.push_back(BrokerRegistrationChangeRecord{broker, registration->broker_epoch, fenced, in_shutdown});
}

}  // namespace

void add_broker_fenced(const ControllerContext& c, NodeId broker, Records& records) {
  BrokerEvent event;
  event.leaves = broker;
  event.stays_in_isr = !c.context.rules.kraft.fenced_broker_leaves_isr;
  add_isr_changes(c, event, records);
  add_registration_change(c, broker, FenceChange::fence, false, records);
}

void add_broker_unfenced(const ControllerContext& c, NodeId broker, Records& records) {
  add_registration_change(c, broker, FenceChange::unfence, false, records);
  if (!c.context.rules.kraft.unfencing_elects) return;
  BrokerEvent event;
  event.comes = broker;
  add_changes(c, event, records, [](const PartitionRegistration& each) { return each.leader == kNoNode; });
}

void add_controlled_shutdown(const ControllerContext& c, NodeId broker, Records& records) {
  add_registration_change(c, broker, FenceChange::none, true, records);
  BrokerEvent event;
  event.leaves = broker;
  add_isr_changes(c, event, records);
}

void add_shutdown(const ControllerContext& c, NodeId broker, bool clean, Records& records) {
  BrokerEvent event;
  if (clean || !elr_enabled(c) || !c.context.rules.kraft.uncleanly_shut_down_leave_elr) {
    event.leaves = broker;
    return add_isr_changes(c, event, records);
  }
  event.shut_down_uncleanly = broker;
  add_isr_changes(c, event, records);
  add_changes(c, event, records,
              [&](const PartitionRegistration& each) { return each.eligible_leader_replicas.contains(broker); });
}

bool leads_partitions(const ControllerContext& c, NodeId broker) {
  for (const PartitionRegistration& partition : c.image().partitions) {
    if (partition.exists && partition.leader == broker) return true;
  }
  return false;
}

// Each partition that its preferred replica does not lead, whatever the share of a broker: KRaft mode does not know
// leader.imbalance.per.broker.percentage.
void elect_preferred_leaders(const ControllerContext& c) {
  Records records;
  const std::vector<PartitionRegistration>& partitions = c.image().partitions;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    if (!partitions[i].exists || partitions[i].leader == partitions[i].assignment.replicas.front()) continue;
    PartitionTarget target = target_of(partitions[i]);
    target.election = ElectionKind::preferred;
    if (const auto change = build_change(c, PartitionId(static_cast<std::uint16_t>(i)), target)) {
      records.push_back(*change);
    }
  }
  write(c, records);
}

void elect_unclean_leaders(const ControllerContext& c) {
  Records records;
  const std::vector<PartitionRegistration>& partitions = c.image().partitions;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    const PartitionId p{static_cast<std::uint16_t>(i)};
    if (!partitions[i].exists || partitions[i].leader != kNoNode || !allows_unclean_election(c, p)) continue;
    PartitionTarget target = target_of(partitions[i]);
    target.election = ElectionKind::unclean;
    if (const auto change = build_change(c, p, target)) records.push_back(*change);
  }
  write(c, records);
}

}  // namespace model
