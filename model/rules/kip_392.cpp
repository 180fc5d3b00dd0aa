// Before KIP-392 (2.4) only the leader served consumers: one in another region read everything across the ocean, and
// had nobody to read from between two leaders.
#include "model/rules/history.h"

namespace model {

void before_kip_392(Rules& rules) { rules.consumers_read_from_followers = false; }

}  // namespace model
