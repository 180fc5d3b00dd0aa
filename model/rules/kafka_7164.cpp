// Before KAFKA-7164 (2.1) a follower compared logs only when another broker led. If it had missed an epoch of
// somebody else in between, the leader that was back had a different log, and the follower kept its own.
#include "model/rules/history.h"

namespace model {

void before_kafka_7164(Rules& rules) { rules.truncates_for_same_leader = false; }

}  // namespace model
