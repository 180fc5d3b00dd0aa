// Before KAFKA-14334 (3.4) a follower did not look at the fetches that waited with it when its high watermark moved: a
// consumer near it got each record fetch.max.wait.ms later.
#include "model/rules/history.h"

namespace model {

void before_kafka_14334(Rules& rules) { rules.followers_wake_fetches = false; }

}  // namespace model
