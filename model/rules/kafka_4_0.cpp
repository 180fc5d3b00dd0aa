// Kafka 4.0: KRaft mode alone. Pre-votes (KIP-996), and eligible leader replicas where their feature is enabled
// (KIP-966).
#include "model/rules/history.h"
#include "model/rules/profiles.h"

namespace model::kafka_4_0 {

const Rules& rules() {
  static const Rules kRules = [] {
    Rules changed = kafka_3_9::rules();
    changed.name = "4.0";
    changed.quorum.pre_vote = true;
    // The recordings have a candidate that tries again with its election timer.
    changed.quorum.election_retry = ElectionRetry::rest_of_timeout;
    changed.kraft.fence_check = FenceCheck::every_eighth;
    changed.kraft.new_incarnation_leaves_isr = true;  // KAFKA-18106
    changed.kraft.eligible_leader_replicas = true;
    return changed;
  }();
  return kRules;
}

// KIP-1030.
void producer(ProducerConfig& config) { config.linger = milliseconds(5); }

}  // namespace model::kafka_4_0
