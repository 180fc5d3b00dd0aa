// Before KIP-841 (3.3; KAFKA-14140 in ZooKeeper mode) nobody asked whether a replica that joins the ISR still
// lives: a fetch from before its death, or from the last moments of its shutdown, brought it back, and the high
// watermark waited for it until it had lagged for replica.lag.time.max.ms.
#include "model/rules/history.h"

namespace model {
namespace {

bool may_join_isr_dead_or_alive(const Partition& partition, const Remote& remote, bool) {
  return remote.log_end >= partition.high_watermark && remote.log_end >= partition.epoch_start;
}

}  // namespace

void before_kip_841(Rules& rules) {
  rules.may_join_isr = may_join_isr_dead_or_alive;
  rules.isr_admits_only_live = false;
}

}  // namespace model
