// Before KAFKA-7415 (2.1) a leader's epoch entered its cache with its first record. Asked about a later epoch than
// any of its records has, a leader that had written nothing yet did not know an answer, and the follower cut at its
// high watermark.
#include "model/rules/history.h"

namespace model {

void before_kafka_7415(Rules& rules) { rules.new_leader_notes_its_epoch = false; }

}  // namespace model
