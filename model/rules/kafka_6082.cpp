// Before KAFKA-6082 (2.1) a controller's writes did not ask whether it still was the controller: one that slept
// through its session went on with its plan and overwrote what its successor had decided.
#include "model/rules/history.h"

namespace model {

void before_kafka_6082(Rules& rules) { rules.controller_writes_are_guarded = false; }

}  // namespace model
