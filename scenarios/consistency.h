// What Kafka checks between the keys of one process when it starts.
#pragma once

#include <string>

#include "model/config.h"

namespace scenarios {

// Empty, or why a broker with these settings would not start (KafkaConfig.validateValues).
std::string broker_conflict(const model::BrokerSettings& settings);

// Which keys the user has set himself: the others give way.
struct ExplicitKeys {
  bool idempotence = false;
  bool delivery_timeout = false;
};
// Turns idempotence off and raises the delivery timeout where their defaults conflict with other keys.
// Empty, or why the client refuses the keys that were set (ProducerConfig.postProcessAndValidateIdempotenceConfigs,
// KafkaProducer.configureDeliveryTimeout).
std::string settle_producer(model::ProducerConfig& producer, ExplicitKeys set);

}  // namespace scenarios
