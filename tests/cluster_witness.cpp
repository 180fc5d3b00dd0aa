// The promises that the witness holds facts against.
#include <algorithm>

#include "tests/cluster_fixture.h"

namespace sim::test {
namespace {

bool same_members(const model::Replicas& isr, const Nodes& nodes) {
  return isr.size() == nodes.size() &&
         std::all_of(nodes.begin(), nodes.end(), [&](model::NodeId node) { return isr.contains(node); });
}

}  // namespace

void Witness::on_fact(Time at, model::NodeId node, const model::Fact& fact) {
  now_ = at;
  heard_.push_back({at, node, fact});
  judge(at, node, fact);
}

// A new process begins without epochs.
void Witness::on_fault(const AppliedFault& applied) {
  const Fault& fault = plan_.faults[applied.row];
  if (fault.kind == FaultKind::elect && fault.unclean) unclean_allowed_ = true;
  if (fault.kind == FaultKind::pause || fault.kind == FaultKind::resume) return;
  for (const model::NodeId node : applied.who) {
    std::erase_if(epochs_, [&](const auto& entry) { return entry.first.first == node; });
  }
}

void Witness::fail(std::string what) { broken_.push_back("at " + std::to_string(now_.us) + " us " + std::move(what)); }

void Witness::judge(Time, model::NodeId node, const model::Fact& fact) {
  std::visit(model::overloaded{
                 [&](const model::ControllerEpochChanged& f) { judge_epoch(f); },
                 [&](const model::ControllerElected& f) {
                   if (holder_ != model::kNoNode) fail("a second /controller");
                   holder_ = f.broker;
                 },
                 [&](const model::ControllerVacated&) { holder_ = model::kNoNode; },
                 [&](const model::BelievesController& f) {
                   const auto owner = owners_.find(f.epoch);
                   if (owner == owners_.end() || owner->second != node) fail("a controller with another's epoch");
                 },
                 [&](const model::BrokerRegistered& f) {
                   if (std::exchange(registered_[f.broker], true)) fail("a broker registered twice");
                   if (f.zxid <= std::exchange(registrations_[f.broker], f.zxid)) fail("broker epoch did not grow");
                 },
                 [&](const model::BrokerUnregistered& f) { registered_[f.broker] = false; },
                 [&](const model::PartitionStateChanged& f) { judge_state(f); },
                 [&](const model::BecameLeader& f) { judge_leader(node, f); },
                 [&](const model::BecameFollower& f) {
                   judge_role(node, f.partition, f.leader, f.leader_epoch);
                   high_watermarks_[{node, f.partition}] = f.high_watermark;
                 },
                 [&](const model::AssignmentChanged& f) { note_assignment(f); },
                 [&](const model::ReplicaDeleted& f) {
                   epochs_.erase({node, f.partition});
                   high_watermarks_.erase({node, f.partition});
                 },
                 [&](const model::HighWatermarkMoved& f) { judge_high_watermark(node, f); },
                 [&](const model::Truncated& f) {
                   const bool current = f.leader_epoch == stored_[f.partition].state.leader_epoch;
                   if (current && f.to < f.from && f.to < high_watermarks_[{node, f.partition}] && !unclean_election_) {
                     fail("committed records were truncated");
                   }
                 },
                 [](const auto&) {},
             },
             fact);
}

void Witness::judge_epoch(const model::ControllerEpochChanged& fact) {
  if (epoch_ >= 0 && fact.epoch != epoch_ + 1) fail("controller epoch did not grow by one");
  epoch_ = fact.epoch;
  if (fact.epoch > 0 && !owners_.emplace(fact.epoch, fact.broker).second) fail("a controller epoch with two owners");
  if (fact.epoch > 0 && fact.broker != holder_) fail("controller epoch raised by somebody who is not elected");
}

const model::ReplicaAssignment& Witness::assignment(model::PartitionId p) {
  const auto known = assigned_.find(p);
  if (known != assigned_.end()) return known->second;
  const std::size_t number = static_cast<std::size_t>(plan_.config.partitions[index(p)].number);
  return assigned_[p] = {plan_.config.topic_of(p).assignment[number], {}, {}};
}

// What a reassignment had added may stay in the ISR for a moment when another takes its place.
void Witness::note_assignment(const model::AssignmentChanged& fact) {
  for (const model::NodeId replica : assignment(fact.partition).adding) {
    if (!fact.replicas.contains(replica)) given_up_.insert({replica, fact.partition});
  }
  for (const model::NodeId replica : fact.replicas) given_up_.erase({replica, fact.partition});
  assigned_[fact.partition] = {fact.replicas, fact.adding, fact.removing};
}

void Witness::judge_state(const model::PartitionStateChanged& fact) {
  Stored& stored = stored_[fact.partition];
  const model::PartitionState& state = fact.state;
  const model::PartitionState before = stored.state;
  const std::string name = plan_.config.name_of(fact.partition);
  const bool is_new = stored.partition_epoch < 0;
  if (fact.partition_epoch != stored.partition_epoch + 1) fail(name + ": partition epoch did not grow by one");
  if (state.leader_epoch < before.leader_epoch) fail(name + ": leader epoch fell");
  const bool same_epoch = !is_new && state.leader_epoch == before.leader_epoch;
  if (same_epoch && state.leader != before.leader) fail(name + ": a new leader in the same epoch");
  if (!same_epoch || plan_.rules.isr_channel == model::IsrChannel::alter_partition) {
    if (state.controller_epoch != epoch_) fail(name + ": written under a controller epoch that has passed");
  }
  const model::Replicas assigned = assignment(fact.partition).replicas;
  if (state.isr.empty()) fail(name + ": empty ISR");
  if (state.leader != model::kNoNode && !state.isr.contains(state.leader)) fail(name + ": leader outside the ISR");
  for (std::size_t i = 0; i < state.isr.size(); ++i) {
    const bool given_up = given_up_.contains({state.isr[i], fact.partition});
    if (!assigned.contains(state.isr[i]) && !given_up) fail(name + ": ISR member without a replica");
    if (std::count(state.isr.begin(), state.isr.end(), state.isr[i]) != 1) fail(name + ": ISR member twice");
  }
  const bool elected = !is_new && state.leader != before.leader && state.leader != model::kNoNode;
  if (elected && !before.isr.contains(state.leader)) {
    if (!unclean_allowed_ && !plan_.config.topic_of(fact.partition).unclean_leader_election_enable) {
      fail(name + ": a leader from outside the ISR");
    }
    if (state.isr.size() != 1) fail(name + ": an unclean leader with company in the ISR");
    stored.committed = 0;
    unclean_election_ = true;
  }
  stored.state = state;
  stored.partition_epoch = fact.partition_epoch;
  stored.leaders.emplace(state.leader_epoch, state.leader);
}

void Witness::judge_role(model::NodeId node, model::PartitionId p, model::NodeId leader, model::LeaderEpoch epoch) {
  const Stored& stored = stored_[p];
  const auto written = stored.leaders.find(epoch);
  const std::string name = plan_.config.name_of(node) + " " + plan_.config.name_of(p);
  if (written == stored.leaders.end() || written->second != leader) fail(name + ": a role that was never committed");
  const auto known = epochs_.find({node, p});
  if (known != epochs_.end() && epoch <= known->second) fail(name + ": a new role without a newer epoch");
  epochs_[{node, p}] = epoch;
}

void Witness::judge_leader(model::NodeId node, const model::BecameLeader& fact) {
  judge_role(node, fact.partition, node, fact.leader_epoch);
  high_watermarks_[{node, fact.partition}] = fact.high_watermark;
  Stored& stored = stored_[fact.partition];
  const auto [first, inserted] = stored.became.emplace(fact.leader_epoch, node);
  if (!inserted && first->second != node) fail(plan_.config.name_of(fact.partition) + ": two leaders in one epoch");
  const bool current = fact.leader_epoch == stored.state.leader_epoch;
  if (current && fact.log_end_offset < stored.committed) {
    fail(plan_.config.name_of(fact.partition) + ": a leader without committed records");
  }
}

void Witness::judge_high_watermark(model::NodeId node, const model::HighWatermarkMoved& fact) {
  high_watermarks_[{node, fact.partition}] = fact.to;
  if (!fact.as_leader) return;
  Stored& stored = stored_[fact.partition];
  if (fact.to <= fact.from) fail(plan_.config.name_of(fact.partition) + ": a leader's high watermark fell");
  const auto epoch = epochs_.find({node, fact.partition});
  const bool current =
      stored.state.leader == node && epoch != epochs_.end() && epoch->second == stored.state.leader_epoch;
  if (current) stored.committed = std::max(stored.committed, fact.to);
}

std::optional<Time> Witness::isr_became(model::PartitionId partition, const Nodes& isr, Time from) const {
  const auto found =
      first<model::PartitionStateChanged>(from, [&](model::NodeId, const model::PartitionStateChanged& fact) {
        return fact.partition == partition && same_members(fact.state.isr, isr);
      });
  return found ? std::optional(found->at) : std::nullopt;
}

}  // namespace sim::test
