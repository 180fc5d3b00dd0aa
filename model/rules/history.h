// Decisions as Kafka took them before a KIP or a fix, one file each: an older profile and a planted defect
// both call these.
#pragma once

#include "model/rules.h"

namespace model {

void before_kip_101(Rules& rules);      // 0.11
void before_kip_207(Rules& rules);      // 2.2
void before_kip_279(Rules& rules);      // 2.0
void before_kip_320(Rules& rules);      // 2.1, the consumer's half 2.3
void before_kip_380(Rules& rules);      // 2.2
void before_kip_392(Rules& rules);      // 2.4
void before_kip_841(Rules& rules);      // 3.3
void before_kafka_6082(Rules& rules);   // 2.1
void before_kafka_7128(Rules& rules);   // 2.1
void before_kafka_7164(Rules& rules);   // 2.1
void before_kafka_7415(Rules& rules);   // 2.1
void before_kafka_14334(Rules& rules);  // 3.4
void before_kafka_14372(Rules& rules);  // 3.3
void before_kafka_15583(Rules& rules);  // 3.7

}  // namespace model
