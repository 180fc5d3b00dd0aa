#include "model/znode.h"

#include "model/one_of_members.h"

namespace model {

template class OneOf<ZnodeData::Alternatives>;

Replicas without(const Replicas& replicas, const Replicas& others) {
  Replicas rest;
  for (const NodeId replica : replicas) {
    if (!others.contains(replica)) rest.push_back(replica);
  }
  return rest;
}

Replicas target_of(const ReplicaAssignment& assignment) { return without(assignment.replicas, assignment.removing); }

Replicas origin_of(const ReplicaAssignment& assignment) { return without(assignment.replicas, assignment.adding); }

ReplicaAssignment reassigned_to(const ReplicaAssignment& now, const Replicas& target) {
  const Replicas origin = origin_of(now);
  ReplicaAssignment next;
  next.replicas = target;
  for (const NodeId replica : without(origin, target)) next.replicas.push_back(replica);
  next.adding = without(next.replicas, origin);
  next.removing = without(next.replicas, target);
  return next;
}

}  // namespace model
