// The rule tables of Kafka's versions, one file each.
#pragma once

#include "model/rules.h"

namespace model {

namespace kafka_4_0 {
const Rules& rules();
void producer(ProducerConfig& config);
}  // namespace kafka_4_0
namespace kafka_3_9 {
const Rules& rules();
}
namespace kafka_3_7 {
const Rules& rules();
}
namespace kafka_3_3 {
const Rules& rules();
}
namespace kafka_2_6 {
const Rules& rules();
void producer(ProducerConfig& config);
}  // namespace kafka_2_6
namespace kafka_2_1 {
const Rules& rules();
void settings(BrokerSettings& settings);
}  // namespace kafka_2_1
namespace kafka_1_1 {
const Rules& rules();
void producer(ProducerConfig& config);
}  // namespace kafka_1_1
namespace kafka_0_10_2 {
const Rules& rules();
void settings(BrokerSettings& settings);
}  // namespace kafka_0_10_2

}  // namespace model
