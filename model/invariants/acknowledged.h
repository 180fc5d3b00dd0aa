// What producers were told is safe, and what of it a leader lacks.
#pragma once

#include <vector>

#include "model/invariants/history.h"

namespace model {

// acks=0 is nobody's promise and is not remembered.
void acknowledge(PartitionHistory& past, const ClusterConfig& config, NodeId producer, const RecordsAcknowledged& told);

// Appends to `lost` what was acknowledged and is not in the leader's log, and forgets it. `reason`: why records of
// acks=all may be missing.
void find_lost(PartitionHistory& past, const View& view, PartitionId p, NodeId leader, LossReason reason,
               std::vector<RecordLost>& lost);

// A leader that has been deposed by an election that may lose records, or that is unaware of its ISR, answers
// acks=all: what it promises may be lost, and is remembered as excused.
void note_answer(PartitionHistory& past, const View& view, NodeId broker, const AcksAllAnswered& told);

}  // namespace model
