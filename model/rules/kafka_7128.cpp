// Before KAFKA-7128 (2.1) a replica joined the ISR once it had reached the leader's high watermark. That of a new
// leader is stale until its followers have fetched, so that a replica without the last committed records got in.
#include "model/rules/history.h"

namespace model {
namespace {

bool may_join_isr_at_high_watermark(const Partition& partition, const Remote& remote, bool alive) {
  return alive && remote.log_end >= partition.high_watermark;
}

}  // namespace

void before_kafka_7128(Rules& rules) { rules.may_join_isr = may_join_isr_at_high_watermark; }

}  // namespace model
