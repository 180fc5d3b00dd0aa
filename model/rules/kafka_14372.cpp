// Before KAFKA-14372 (3.3) a leader preferred any replica in the consumer's rack that its last fetch had shown far
// enough, in the ISR or not: a follower that had fallen out kept its reader, and served it ever older records.
#include "model/rules/history.h"

namespace model {

void before_kafka_14372(Rules& rules) { rules.preferred_replica_is_in_isr = false; }

}  // namespace model
