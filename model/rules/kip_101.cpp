// Before KIP-101 (0.11) a follower of a new leader cut its log at its own high watermark, which trails the
// leader's by a fetch: a record that everybody had was cut off by a member of the ISR, and lost if that member was
// elected before it had fetched it again. Two logs that both reached beyond their high watermarks could differ for
// ever. A LeaderAndIsr that named the same leader again cut nothing.
#include "model/rules/history.h"

namespace model {

void before_kip_101(Rules& rules) {
  rules.truncation = TruncationProtocol::high_watermark;
  rules.truncates_for_same_leader = false;
}

}  // namespace model
