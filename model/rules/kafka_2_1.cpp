// Kafka 2.1: the first version that is fenced throughout by leader and controller epochs; brokers have none yet.
#include "model/rules/history.h"
#include "model/rules/profiles.h"

namespace model::kafka_2_1 {
namespace {

// KAFKA-15583; KIP-380.
constexpr std::string_view kNotPromised[] = {"high-watermark-min-isr", "older-incarnations-fenced"};

}  // namespace

const Rules& rules() {
  static const Rules kRules = [] {
    Rules changed = kafka_2_6::rules();
    changed.name = "2.1";
    changed.not_promised = kNotPromised;
    before_kip_380(changed);
    before_kip_207(changed);
    before_kip_392(changed);
    changed.consumers_validate_positions = false;  // the consumer's half of KIP-320 came with 2.3
    return changed;
  }();
  return kRules;
}

// KIP-537 (2.5) tripled both.
void settings(BrokerSettings& settings) {
  settings.zookeeper_session_timeout = milliseconds(6'000);
  settings.replica_lag_time_max = milliseconds(10'000);
}

}  // namespace model::kafka_2_1
