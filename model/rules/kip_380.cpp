// Before KIP-380 (2.2, KAFKA-7235) a broker that restarted looked like the one that had stopped: a control request
// meant for the earlier process was carried out by the later one, and a controller that did not see the broker go
// never told it its partitions.
#include "model/rules/history.h"

namespace model {

void before_kip_380(Rules& rules) { rules.broker_epochs = false; }

}  // namespace model
