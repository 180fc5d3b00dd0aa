// Kafka 3.7 in ZooKeeper mode: what the model knows of it is as in 3.9.
#include "model/rules/profiles.h"

namespace model::kafka_3_7 {

const Rules& rules() {
  static const Rules kRules = [] {
    Rules changed = kafka_3_9::rules();
    changed.name = "3.7";
    return changed;
  }();
  return kRules;
}

}  // namespace model::kafka_3_7
