#include "model/raft/metadata_log.h"

namespace model {

void append(MetadataLog& log, MetadataBatch batch) { log.batches.push_back(std::move(batch)); }
void begin_epoch(MetadataLog&, LeaderEpoch) {}
void truncate(MetadataLog&, Offset) {}
void lose_unflushed(MetadataLog&) {}
LeaderEpoch last_fetched_epoch(const MetadataLog&) { return 0; }
OffsetAndEpoch position(const MetadataLog&) { return {}; }
OffsetAndEpoch end_of_epoch(const MetadataLog&, LeaderEpoch) { return {}; }
Validation validate(const MetadataLog&, Offset, LeaderEpoch) { return {}; }
Offset truncation_point(const MetadataLog&, OffsetAndEpoch) { return 0; }
std::size_t first_batch_at(const MetadataLog&, Offset) { return 0; }
const Snapshot* latest_snapshot(const MetadataLog&) { return nullptr; }
void start_from(MetadataLog&, const Snapshot&) {}
void delete_before(MetadataLog&, Offset) {}

}  // namespace model
