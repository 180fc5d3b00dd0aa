// Where a follower's log is cut (server/AbstractFetcherThread.getOffsetTruncationState, UnifiedLog.truncateTo).
#include <algorithm>

#include "model/broker/broker.h"

namespace model {

void truncate_replica(const Context& context, Broker& broker, PartitionId p, Offset to) {
  Partition& partition = broker.partition(p);
  Log& log = broker.log(p);
  const Offset before = log.end();
  truncate(log, to);
  context.tell(Truncated{p, before, log.end(), partition.leader_epoch});
  if (partition.high_watermark > log.end()) {
    context.tell(HighWatermarkMoved{p, partition.high_watermark, log.end(), false});
    partition.high_watermark = log.end();
  }
}

// The leader has answered (epoch, end) for our last epoch. Cutting at once to its end would be wrong
// when it does not know our epoch at all: our own end of *its* epoch is then the common ground, and if
// that epoch is older still, the question has to be asked again (KIP-279).
bool truncate_by_epoch_end(const Context& context, Broker& broker, PartitionId p, const EpochEnd& leader) {
  Partition& partition = broker.partition(p);
  Log& log = broker.log(p);
  const auto cut = [&](Offset to) {
    truncate_replica(context, broker, p, std::min(to, log.end()));
    partition.fetch_offset = log.end();
    partition.last_fetched_epoch = log.latest_epoch();
  };
  if (leader.end == kUnknownOffset) {
    cut(partition.high_watermark);
    return true;
  }
  if (leader.epoch == kNoEpoch) {
    cut(leader.end);
    return true;
  }
  const EpochEnd own = end_of_epoch(log, leader.epoch);
  if (own.epoch == kNoEpoch) {
    cut(leader.end);
    return true;
  }
  if (own.epoch != leader.epoch) {
    cut(own.end);
    return false;
  }
  cut(std::min(own.end, leader.end));
  return true;
}

}  // namespace model
