// What operators ask of the active controller (controller/ReplicationControlManager, ConfigurationControlManager).
#include <algorithm>

#include "model/quorum/controller.h"
#include "model/rules.h"

namespace model {
namespace {

// --- topics --------------------------------------------------------------------------------------

// The ISR begins with those that are active, the first of them leads. Empty: nobody is, or one is not registered.
Replicas first_isr(const MetadataImage& image, const Replicas& replicas) {
  Replicas isr;
  for (const NodeId replica : replicas) {
    if (find_broker(image, replica) == nullptr) return {};
    if (is_active(image, replica)) isr.push_back(replica);
  }
  return isr;
}

// All partitions, or none (ReplicationControlManager.createTopic).
void create_topic(const ControllerContext& c, TopicId topic) {
  const ClusterConfig& config = c.context.config;
  if (index(topic) >= config.topics.size() || c.image().topics[index(topic)].exists) return;
  const std::vector<Replicas>& assignment = config.topics[index(topic)].assignment;
  Records records{TopicRecord{topic}};
  bool is_refused = false;
  for (std::size_t i = 0; i < assignment.size(); ++i) {
    const PartitionId p = config.partition_of(topic, static_cast<std::int32_t>(i));
    const Replicas isr = first_isr(c.image(), assignment[i]);
    if (isr.empty()) {
      c.context.tell(ElectionFailed{p});
      is_refused = true;
      continue;
    }
    records.push_back(PartitionRecord{p, assignment[i], isr, isr.front()});
  }
  if (!is_refused) write(c, records);
}

// --- configurations ------------------------------------------------------------------------------

// By another min.insync.replicas other replicas would have become eligible (KIP-966).
void add_cleared_elr(const ControllerContext& c, TopicId topic, Records& records) {
  const MetadataImage& image = c.image();
  for (std::size_t i = 0; i < image.partitions.size(); ++i) {
    const PartitionRegistration& partition = image.partitions[i];
    if (!partition.exists || c.context.config.partitions[i].topic != topic) continue;
    if (partition.eligible_leader_replicas.empty() && partition.last_known_elr.empty()) continue;
    PartitionChangeRecord change;
    change.partition = PartitionId(static_cast<std::uint16_t>(i));
    change.eligible_leader_replicas = Replicas{};
    change.last_known_elr = Replicas{};
    records.push_back(change);
  }
}

// Unclean election that is allowed now does not elect at once: the periodic one does, or the operator.
void alter_config(const ControllerContext& c, const AlterConfig& act) {
  if (index(act.topic) >= c.image().topics.size()) return;
  TopicSettings settings = c.image().topics[index(act.topic)].settings;
  if (act.min_insync_replicas) settings.min_insync_replicas = *act.min_insync_replicas;
  if (act.unclean_leader_election_enable) {
    settings.unclean_leader_election_enable = *act.unclean_leader_election_enable;
  }
  Records records{ConfigRecord{act.topic, settings}};
  if (act.min_insync_replicas && elr_enabled(c)) add_cleared_elr(c, act.topic, records);
  write(c, records);
}

// --- elections -----------------------------------------------------------------------------------

void elect(const ControllerContext& c, const Elect& act) {
  const PartitionRegistration& partition = c.image().partitions[index(act.partition)];
  if (!partition.exists) return;
  const bool is_needed =
      act.unclean ? partition.leader == kNoNode : partition.leader != partition.assignment.replicas.front();
  if (!is_needed) return;
  PartitionTarget target = target_of(partition);
  target.election = act.unclean ? ElectionKind::unclean : ElectionKind::preferred;
  const std::optional<PartitionChangeRecord> change = build_change(c, act.partition, target);
  if (!change) return c.context.tell(ElectionFailed{act.partition});
  write(c, {*change});
}

// --- reassignments -------------------------------------------------------------------------------

Replicas sorted(Replicas replicas) {
  std::sort(replicas.begin(), replicas.end());
  return replicas;
}

bool is_valid_assignment(const MetadataImage& image, const Replicas& replicas) {
  for (std::size_t i = 0; i < replicas.size(); ++i) {
    if (find_broker(image, replicas[i]) == nullptr) return false;
    if (std::find(replicas.begin(), replicas.begin() + i, replicas[i]) != replicas.begin() + i) return false;
  }
  return !replicas.empty();
}

// From the replicas as they are, also when a reassignment is under way (PartitionReassignmentReplicas): those that it
// was to add are to be removed then. What would be empty stays as it is.
PartitionTarget reassigned(const PartitionRegistration& partition, const Replicas& wanted) {
  PartitionTarget target = target_of(partition);
  const Replicas removing = sorted(without(partition.assignment.replicas, wanted));
  const Replicas adding = sorted(without(wanted, partition.assignment.replicas));
  target.assignment.replicas = wanted;
  for (const NodeId replica : removing) target.assignment.replicas.push_back(replica);
  if (!removing.empty()) target.assignment.removing = removing;
  if (!adding.empty()) target.assignment.adding = adding;
  return target;
}

// Back to where it was (PartitionReassignmentRevert). If only replicas that were to come are in the ISR, one of the
// others has to do, which is an unclean election.
ErrorCode cancel(const ControllerContext& c, PartitionId p, PartitionTarget& target) {
  if (!is_being_reassigned(target.assignment)) return ErrorCode::no_reassignment_in_progress;
  const bool may_be_unclean = allows_unclean_election(c, p);
  target.isr = without(target.isr, target.assignment.adding);
  target.assignment = {origin_of(target.assignment), {}, {}};
  if (may_be_unclean) target.election = ElectionKind::unclean;
  if (!target.isr.empty()) return ErrorCode::none;
  if (!may_be_unclean || target.assignment.replicas.empty()) return ErrorCode::invalid_replica_assignment;
  target.isr = {target.assignment.replicas.front()};
  return ErrorCode::none;
}

// No replicas: the reassignment under way is given up.
ErrorCode target_of(const ControllerContext& c, const Reassign& act, PartitionTarget& target) {
  const PartitionRegistration& partition = c.image().partitions[index(act.partition)];
  if (!partition.exists) return ErrorCode::unknown_topic_or_partition;
  target = target_of(partition);
  if (act.replicas.empty()) return cancel(c, act.partition, target);
  if (!is_valid_assignment(c.image(), act.replicas)) return ErrorCode::invalid_replica_assignment;
  target = reassigned(partition, act.replicas);
  return ErrorCode::none;
}

void reassign(const ControllerContext& c, const Reassign& act) {
  PartitionTarget target;
  const ErrorCode error = target_of(c, act, target);
  if (error != ErrorCode::none) return c.context.tell(ReassignmentRefused{act.partition, error});
  if (const auto change = build_change(c, act.partition, target)) write(c, {*change});
}

// --- voters (KIP-853) ----------------------------------------------------------------------------

// The operator names the disk as well; here it is the one that the node fetches with. A change that cannot be made
// now is not made at all: the operator asks again.
void change_voter(const ControllerContext& c, const ChangeVoter& act) {
  const Leader* leader = std::get_if<Leader>(&c.raft.memory.state);
  if (leader == nullptr) return;
  ReplicaKey voter{act.node, 0};
  for (const VoterProgress& known : act.add ? leader->observers : leader->voters) {
    if (known.voter.node == act.node) voter = known.voter;
  }
  if (act.add) {
    add_voter(c.context, c.raft, voter);
  } else {
    remove_voter(c.context, c.raft, voter);
  }
}

}  // namespace

void on_controller_act(const ControllerContext& c, const Act& act) {
  if (!is_active(c.controller)) {
    const Reassign* asked = std::get_if<Reassign>(&act);
    if (asked != nullptr) c.context.tell(ReassignmentRefused{asked->partition, ErrorCode::not_controller});
    return;
  }
  std::visit(overloaded{
                 [&](const CreateTopic& asked) { create_topic(c, asked.topic); },
                 [&](const AlterConfig& asked) { alter_config(c, asked); },
                 [&](const Elect& asked) { elect(c, asked); },
                 [&](const Reassign& asked) { reassign(c, asked); },
                 [&](const ChangeVoter& asked) { change_voter(c, asked); },
                 [](const auto&) {},
             },
             act);
}

}  // namespace model
