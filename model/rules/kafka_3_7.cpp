// Kafka 3.7: with ZooKeeper what the model knows of it is as in 3.9.
#include "model/rules/profiles.h"

namespace model::kafka_3_7 {

const Rules& rules() {
  static const Rules kRules = [] {
    Rules changed = kafka_3_9::rules();
    changed.name = "3.7";
    changed.quorum.begin_quorum_epoch_is_repeated = false;  // until KAFKA-16536, 3.9
    changed.quorum.unattached_voter_fetches = false;        // until KAFKA-17030, 3.9
    return changed;
  }();
  return kRules;
}

}  // namespace model::kafka_3_7
