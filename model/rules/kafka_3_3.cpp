// Kafka 3.3: the first version whose KRaft mode was called fit for production (KIP-833), beside ZooKeeper mode.
#include "model/rules/history.h"
#include "model/rules/profiles.h"

namespace model::kafka_3_3 {
namespace {

// KAFKA-15583: see before_kafka_15583.
constexpr std::string_view kNotPromised[] = {"high-watermark-min-isr"};

}  // namespace

const Rules& rules() {
  static const Rules kRules = [] {
    Rules changed = kafka_3_7::rules();
    changed.name = "3.3";
    changed.not_promised = kNotPromised;
    before_kafka_15583(changed);
    before_kafka_14334(changed);
    changed.error_of_timed_out_request = ErrorCode::network_exception;  // until KAFKA-14317
    changed.min_isr_capped_by_replicas = false;
    changed.quorum.check_quorum = false;                 // until KAFKA-15489, 3.7
    changed.kraft.isr_shrink_bumps_leader_epoch = true;  // until KAFKA-15021, metadata version 3.6
    changed.kraft.isr_names_broker_epochs = false;       // until KIP-903, 3.5
    return changed;
  }();
  return kRules;
}

}  // namespace model::kafka_3_3
