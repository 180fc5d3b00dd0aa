// Kafka's settings under Kafka's own keys, and which of them a plan changes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/config.h"
#include "sim/kernel/plan.h"

namespace reports {

struct Setting {
  std::string key;    // "replica.lag.time.max.ms"
  std::string value;  // in the unit of the key
};
// In the order of the type's fields.
std::vector<Setting> settings_of(const model::BrokerSettings& settings);
std::vector<Setting> settings_of(const model::ProducerConfig& producer);
std::vector<Setting> settings_of(const model::ConsumerConfig& consumer);
std::vector<Setting> settings_of(const model::QuorumSettings& settings);

// What differs from the defaults of the plan's version, in words: "zookeeper.session.timeout.ms=6000",
// "b2 replica.lag.time.max.ms=500", "t min.insync.replicas=2".
std::vector<std::string> changed_settings(const sim::Plan& plan);

// "p1 → t, acks=all, 20/s, 500 records", then what differs from the version's defaults.
std::string producer_text(const sim::Plan& plan, const model::ProducerConfig& producer);

// "tokyo ← t", then what differs from the defaults.
std::string consumer_text(const sim::Plan& plan, const model::ConsumerConfig& consumer);

}  // namespace reports
