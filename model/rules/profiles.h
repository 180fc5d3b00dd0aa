// The rule tables of Kafka's versions, one file each.
#pragma once

#include "model/rules.h"

namespace model {

namespace kafka_3_9 {
const Rules& rules();
}
namespace kafka_2_6 {
const Rules& rules();
void producer(ProducerConfig& config);
}  // namespace kafka_2_6

}  // namespace model
