// Before KIP-320 (2.1) no fetch said in which leader epoch it was made. A follower that had missed a change of
// leader went on fetching from a broker that led again, with records that nobody else had in its log, was counted
// for the high watermark and taken into the ISR (KAFKA-6880).
#include "model/rules/history.h"

namespace model {
namespace {

ErrorCode check_no_epoch(LeaderEpoch, LeaderEpoch) { return ErrorCode::none; }

}  // namespace

void before_kip_320(Rules& rules) {
  rules.fetch_names_leader_epoch = false;
  rules.check_fetch_epoch = check_no_epoch;
  rules.check_truncation_epoch = check_no_epoch;
  rules.consumers_validate_positions = false;
}

}  // namespace model
