// The next state of one partition (controller/PartitionChangeBuilder). The order of the steps is Kafka's: each one
// reads what those before it have left.
#include <algorithm>

#include "model/quorum/controller.h"
#include "model/rules.h"

namespace model {
namespace {

struct Draft {
  const ControllerContext& c;
  const KraftRules& rules;
  const PartitionRegistration& partition;
  PartitionTarget target;
  Replicas elr;
  bool elr_enabled = false;
  PartitionChangeRecord record;
};

struct ElectionResult {
  NodeId leader = kNoNode;
  bool unclean = false;
};

bool contains_all(const Replicas& replicas, const Replicas& wanted) { return without(wanted, replicas).empty(); }

// May it lead? (LeaderAcceptor)
bool is_acceptable(const Draft& draft, NodeId replica) {
  if (replica == kNoNode || replica == draft.target.becomes_inactive || replica == draft.target.shut_down_uncleanly) {
    return false;
  }
  return replica == draft.target.becomes_active || is_active(draft.c.image(), replica);
}

// Does it hold what was committed, and may it lead?
bool is_valid(const Draft& draft, NodeId replica) {
  const Replicas& isr = draft.target.isr;
  if (!isr.contains(replica) && !(isr.empty() && draft.elr.contains(replica))) return false;
  return is_acceptable(draft, replica);
}

void complete_reassignment(Draft& draft) {
  ReplicaAssignment& assignment = draft.target.assignment;
  if (!is_being_reassigned(assignment)) return;
  const Replicas isr = without(draft.target.isr, assignment.removing);
  const Replicas replicas = without(assignment.replicas, assignment.removing);
  if (isr.empty() || replicas.empty()) return;
  // Before KAFKA-15665 those that came had to be in, those that stayed had not.
  const Replicas& needed = draft.rules.reassignment_needs_all_targets ? replicas : assignment.adding;
  if (!contains_all(isr, needed)) return;
  draft.target.isr = isr;
  assignment = {replicas, {}, {}};
}

// min.insync.replicas counts at most the replicas that there are to be.
void populate_elr(Draft& draft, std::int32_t min_isr) {
  if (!draft.elr_enabled) return;
  min_isr = std::min(min_isr, static_cast<std::int32_t>(draft.target.assignment.replicas.size()));
  const bool is_enough = static_cast<std::int32_t>(draft.target.isr.size()) >= min_isr;
  if (is_enough && draft.rules.elr_ends_with_min_isr) return draft.elr.clear();
  Replicas candidates = draft.elr;
  for (const NodeId member : draft.partition.isr) {
    if (!candidates.contains(member)) candidates.push_back(member);
  }
  std::sort(candidates.begin(), candidates.end());
  draft.elr = without(candidates, draft.target.isr);
  draft.elr.remove(draft.target.shut_down_uncleanly);
}

// Nobody is left who surely holds what was committed; the last leader is the best guess.
bool can_elect_last_known_leader(const Draft& draft) {
  if (!draft.elr_enabled || !draft.elr.empty() || !draft.target.isr.empty()) return false;
  if (draft.partition.last_known_elr.size() != 1) return false;
  // KAFKA-19522: the test was made, and its outcome only logged.
  return !draft.rules.last_known_leader_must_be_active || is_acceptable(draft, draft.partition.last_known_elr.front());
}

ElectionResult elect(const Draft& draft) {
  const Replicas& replicas = draft.target.assignment.replicas;
  const bool prefers_first = draft.target.election == ElectionKind::preferred;
  if (prefers_first && is_valid(draft, replicas.front())) return {replicas.front(), false};
  if (is_valid(draft, draft.partition.leader)) return {draft.partition.leader, false};
  for (const NodeId replica : replicas) {
    if (is_valid(draft, replica)) return {replica, false};
  }
  if (can_elect_last_known_leader(draft)) return {draft.partition.last_known_elr.front(), true};
  if (draft.target.election != ElectionKind::unclean && draft.rules.elects_from_isr_only) return {};
  for (const NodeId replica : replicas) {
    if (is_acceptable(draft, replica)) return {replica, true};
  }
  return {};
}

void try_election(Draft& draft) {
  const ElectionResult result = elect(draft);
  if (result.leader == draft.partition.leader) return;
  if (draft.elr.contains(result.leader)) {
    draft.target.isr = {result.leader};
    draft.elr.remove(result.leader);
  }
  draft.record.leader = result.leader;
  draft.record.keeps_leader_epoch = !draft.rules.election_bumps_leader_epoch;
  if (!result.unclean) return;
  draft.record.isr = Replicas{result.leader};
  if (!draft.partition.recovering) draft.record.recovering = true;
}

// The leader learns that replicas left its assignment only with a new epoch.
void bump_for_reassignment(Draft& draft) {
  if (draft.record.leader) return;
  if (contains_all(draft.target.assignment.replicas, draft.partition.assignment.replicas)) return;
  draft.record.leader = draft.partition.leader;
}

void record_elr(Draft& draft) {
  if (draft.record.isr || !draft.elr_enabled) draft.elr.clear();
  if (draft.elr != draft.partition.eligible_leader_replicas) draft.record.eligible_leader_replicas = draft.elr;
}

// Without ELR the last member stays in the ISR: an empty one would forget who has the data.
void record_isr(Draft& draft) {
  if (draft.record.isr || draft.target.isr == draft.partition.isr) return;
  if (!draft.target.isr.empty() || draft.elr_enabled) draft.record.isr = draft.target.isr;
}

void bump_for_isr_shrink(Draft& draft) {
  if (!draft.rules.isr_shrink_bumps_leader_epoch || draft.record.leader || !draft.record.isr) return;
  if (!contains_all(*draft.record.isr, draft.partition.isr)) draft.record.leader = draft.partition.leader;
}

// last_known_elr holds the last known leader alone, while there is none.
void record_last_known_leader(Draft& draft) {
  if (!draft.elr_enabled) return;
  const PartitionRegistration& partition = draft.partition;
  const PartitionChangeRecord& record = draft.record;
  const Replicas last{partition.leader};
  if (record.isr && record.isr->empty() && partition.last_known_elr != last) {
    draft.record.last_known_elr = last;
    return;
  }
  const NodeId leader = record.leader.value_or(partition.leader);
  if (leader != kNoNode && !partition.last_known_elr.empty()) draft.record.last_known_elr = Replicas{};
}

}  // namespace

PartitionTarget target_of(const PartitionRegistration& partition) {
  PartitionTarget target;
  target.isr = partition.isr;
  target.assignment = partition.assignment;
  return target;
}

std::optional<PartitionChangeRecord> build_change(const ControllerContext& c, PartitionId partition,
                                                  const PartitionTarget& target) {
  const PartitionRegistration& now = c.image().partitions[index(partition)];
  Draft draft{c, c.context.rules.kraft, now, target, now.eligible_leader_replicas, elr_enabled(c), {}};
  draft.record.partition = partition;
  complete_reassignment(draft);
  populate_elr(draft, min_isr_of(c, partition));
  try_election(draft);
  bump_for_reassignment(draft);
  record_elr(draft);
  record_isr(draft);
  bump_for_isr_shrink(draft);
  record_last_known_leader(draft);
  if (draft.target.assignment != now.assignment) draft.record.assignment = draft.target.assignment;
  if (target.recovering && *target.recovering != now.recovering) draft.record.recovering = target.recovering;
  PartitionChangeRecord nothing;
  nothing.partition = partition;
  if (draft.record == nothing) return std::nullopt;
  return draft.record;
}

bool allows_unclean_election(const ControllerContext& c, PartitionId partition) {
  const TopicId topic = c.context.config.partitions[index(partition)].topic;
  return c.context.rules.kraft.unclean_election_is_configurable &&
         c.image().topics[index(topic)].settings.unclean_leader_election_enable;
}

std::int32_t min_isr_of(const ControllerContext& c, PartitionId partition) {
  const MetadataImage& image = c.image();
  const TopicId topic = c.context.config.partitions[index(partition)].topic;
  const std::size_t replicas = image.partitions[index(partition)].assignment.replicas.size();
  return std::min(image.topics[index(topic)].settings.min_insync_replicas, static_cast<std::int32_t>(replicas));
}

bool elr_enabled(const ControllerContext& c) {
  return c.context.rules.kraft.eligible_leader_replicas && c.image().eligible_leader_replicas_version > 0;
}

}  // namespace model
