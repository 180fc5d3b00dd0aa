// Defects of what a producer is promised, on either side of the connection.
#include <array>

#include "model/rules/defects.h"

namespace model {
namespace {

// A lease that nobody granted: refuse writes when ZooKeeper has been silent for a session's length.
bool take_writes_only_with_a_fresh_session(Instant heard, Duration session_timeout, const Clock& clock) {
  return !clock.has_elapsed(heard, session_timeout);
}

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
};

}  // namespace

std::span<const Defect> client_defects() { return kDefects; }

}  // namespace model
