// Before KAFKA-15583 (3.7) the high watermark moved whatever the size of the ISR: with fewer members than
// min.insync.replicas, records became visible that fewer replicas had than min.insync.replicas promises.
#include "model/rules/history.h"

namespace model {
namespace {

bool may_always_move(const Partition&, std::int32_t) { return true; }

}  // namespace

void before_kafka_15583(Rules& rules) { rules.high_watermark_may_move = may_always_move; }

}  // namespace model
