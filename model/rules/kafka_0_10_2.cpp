// Kafka 0.10.2: followers cut their logs at their high watermarks, and unclean election is on by default.
#include "model/rules/history.h"
#include "model/rules/profiles.h"

namespace model::kafka_0_10_2 {

const Rules& rules() {
  static const Rules kRules = [] {
    Rules changed = kafka_1_1::rules();
    changed.name = "0.10.2";
    before_kip_101(changed);
    return changed;
  }();
  return kRules;
}

void settings(BrokerSettings& settings) {
  kafka_2_1::settings(settings);
  settings.unclean_leader_election_enable = true;
}

}  // namespace model::kafka_0_10_2
