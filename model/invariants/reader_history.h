// What consumers were given and told: folded from facts, so that what they are given next can be compared with it.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "model/config.h"
#include "model/facts.h"
#include "model/ids.h"
#include "model/log.h"

namespace model {

struct Told;

// One consumer's way through one partition.
struct ReaderProgress {
  Offset next = kUnknownOffset;  // the offset that must come next; unknown: it has not been reset yet
};

struct ReaderHistory {
  std::size_t partitions = 0;
  std::vector<ReaderProgress> progress;   // by consumer, then PartitionId
  std::vector<std::vector<Batch>> shown;  // by PartitionId: what any consumer was given, by offset, without overlaps
  std::vector<Offset> shown_end;          // by PartitionId: beyond all that was given or told to be the end
};

ReaderHistory make_reader_history(const ClusterConfig& config);
void observe(ReaderHistory& history, const ClusterConfig& config, NodeId teller, const Fact& fact);

ReaderProgress& progress_of(ReaderHistory& history, const ClusterConfig& config, NodeId consumer, PartitionId p);
const ReaderProgress& progress_of(const ReaderHistory& history, const ClusterConfig& config, NodeId consumer,
                                  PartitionId p);

// The first offset of `given` at which `known` holds another record; given.end() if there is none. Offsets that
// `known` does not hold are no difference.
Offset first_difference(std::span<const Batch> known, const Batch& given);
// What a fact says was consumed, as a batch.
Batch batch_of(const RecordsConsumed& consumed);

}  // namespace model
