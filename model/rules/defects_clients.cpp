// Defects of what a producer is promised, on either side of the connection.
#include <array>

#include "model/rules/defects.h"
#include "model/rules/history.h"

namespace model {
namespace {

// A lease that nobody granted: refuse writes when ZooKeeper has been silent for a session's length.
bool take_writes_only_with_a_fresh_session(Instant heard, Duration session_timeout, const Clock& clock) {
  return !clock.has_elapsed(heard, session_timeout);
}

Offset log_end(const Partition&, const Log& log) { return log.end(); }

constexpr std::array kDefects{
    Defect{"woken-leader-refuses-produce", "A leader that wakes refuses the writes that queued while it slept.",
           [](Rules& rules) { rules.may_take_write = take_writes_only_with_a_fresh_session; }},
    Defect{"acknowledges-at-append", "A leader answers acks=all when it has the records itself.",
           [](Rules& rules) { rules.acks_all_waits_for_high_watermark = false; }},
    Defect{"min-isr-checked-after-append", "A leader refuses for want of an ISR what it has already appended.",
           [](Rules& rules) { rules.min_isr_checked_before_append = false; }},
    Defect{"duplicates-appended", "A leader appends a batch that it has already once more.",
           [](Rules& rules) { rules.recognises_duplicates = false; }},
    Defect{"sequence-gaps-taken", "A leader takes a batch whose sequence does not follow the last one.",
           [](Rules& rules) { rules.checks_sequence_order = false; }},
    Defect{"retries-with-new-sequence", "A producer gives a batch that it sends again a new sequence number.",
           [](Rules& rules) { rules.retries_keep_sequence = false; }},
    Defect{"consumers-see-uncommitted", "A replica serves consumers whatever its log holds.",
           [](Rules& rules) { rules.consumer_bound = log_end; }},
    Defect{"late-fetches-accepted", "A consumer takes the answer to a fetch although its position has moved since.",
           [](Rules& rules) { rules.consumers_check_fetch_offset = false; }},
    Defect{"follower-resets-consumer", "A consumer believes a lagging follower that its position is out of range.",
           [](Rules& rules) { rules.consumers_doubt_lagging_replicas = false; }},
    Defect{"latest-offset-of-new-leader", "A new leader tells its high watermark before it knows what was committed.",
           before_kip_207},
};

}  // namespace

std::span<const Defect> client_defects() { return kDefects; }

}  // namespace model
