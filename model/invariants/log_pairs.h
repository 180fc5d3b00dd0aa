// Where the logs of two replicas part. Logs only grow at the end unless a fact says otherwise, so what was
// compared once need not be compared again: judging costs what is new, not what is there.
#pragma once

#include <algorithm>
#include <vector>

#include "model/config.h"
#include "model/ids.h"
#include "model/log.h"

namespace model {

class LogPairs {
 public:
  explicit LogPairs(const ClusterConfig& config);

  // The replica's log was cut back to `end`.
  void cut(PartitionId p, NodeId replica, Offset end);
  // The first offset at which the logs hold different records, or where the shorter one or `bound` ends.
  Offset agree_until(PartitionId p, NodeId a, const Log& log_a, NodeId b, const Log& log_b, Offset bound) {
    Offset& known = agreed(p, a, b);
    const Offset end = std::min({log_a.end(), log_b.end(), bound});
    return known >= end ? end : compare(known, log_a, log_b, end);
  }

 private:
  Offset& agreed(PartitionId p, NodeId a, NodeId b) {
    const auto low = static_cast<std::size_t>(std::min(a, b));
    const auto high = static_cast<std::size_t>(std::max(a, b));
    return agreed_[(index(p) * brokers_ + low) * brokers_ + high];
  }
  static Offset compare(Offset& known, const Log& log_a, const Log& log_b, Offset end);

  std::size_t brokers_;
  std::vector<Offset> agreed_;  // by partition and ordered pair: compared and equal below
};

// Same record at the same offset: producer, value and epoch. Both batches hold `offset`.
bool same_record(const Batch& a, const Batch& b, Offset offset);
// Null: the log does not hold it.
const Batch* batch_at(const Log& log, Offset offset);
// Epoch of the record at `offset`, kNoEpoch if there is none.
LeaderEpoch epoch_at(const Log& log, Offset offset);

}  // namespace model
