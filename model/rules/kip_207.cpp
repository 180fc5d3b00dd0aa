// Before KIP-207 (2.2) a leader answered a consumer that asked for the latest offset with its high watermark, whatever
// that was: just elected, often less than its predecessor had answered. A consumer that counted its lag by it, or
// sought to the end, went back in time.
#include "model/rules/history.h"

namespace model {
namespace {

ErrorCode whatever_it_is(const Partition&) { return ErrorCode::none; }

}  // namespace

void before_kip_207(Rules& rules) { rules.check_latest_offset = whatever_it_is; }

}  // namespace model
