// Defects of replication: the high watermark, the ISR, truncation, the fences of leader epochs.
#include <algorithm>
#include <array>

#include "model/rules/defects.h"
#include "model/rules/history.h"

namespace model {
namespace {

bool holds_back_if_committed_member(const Partition& partition, const Remote& remote, Offset, Duration, bool,
                                    const Clock&) {
  return partition.isr.contains(remote.replica);
}

// Acts as if a shrink stood as soon as it is asked for.
bool holds_back_unless_leaving(const Partition& partition, const Remote& remote, Offset, Duration lag_max, bool alive,
                               const Clock& clock) {
  if (partition.pending == PendingIsr::shrink) return partition.proposed.contains(remote.replica);
  return in_maximal_isr(partition, remote.replica) || (alive && !clock.has_elapsed(remote.last_caught_up, lag_max));
}

bool joins_with_any_fetch(const Partition&, const Remote&, bool alive) { return alive; }

ErrorCode check_no_epoch(LeaderEpoch, LeaderEpoch) { return ErrorCode::none; }

LeaderEpoch last_epoch_but_one(const Log& log, LeaderEpoch own) {
  for (std::size_t i = log.batches.size(); i-- > 0;) {
    if (log.batches[i].epoch != log.batches.back().epoch) return log.batches[i].epoch;
  }
  return own;
}

constexpr std::array kHighWatermark{
    Defect{"follower-trusts-high-watermark", "A follower takes the leader's high watermark for records it has not got.",
           [](Rules& rules) { rules.follower_high_watermark = [](Offset leaders, const Log&) { return leaders; }; }},
    Defect{"high-watermark-falls", "A leader's high watermark falls back to what its slowest replica has.",
           [](Rules& rules) {
             rules.leader_high_watermark = [](Offset, Offset reached) { return std::max(reached, Offset{0}); };
           }},
    Defect{"commits-alone", "A leader's high watermark waits for nobody.",
           [](Rules& rules) {
             rules.holds_back_high_watermark = [](const Partition&, const Remote&, Offset, Duration, bool,
                                                  const Clock&) { return false; };
           }},
    Defect{"high-watermark-ignores-pending-expansion",
           "The high watermark does not wait for a replica whose way into the ISR is not confirmed yet.",
           [](Rules& rules) { rules.holds_back_high_watermark = holds_back_if_committed_member; }},
    Defect{"high-watermark-assumes-pending-shrink",
           "The high watermark no longer waits for a replica whose way out of the ISR is not confirmed yet.",
           [](Rules& rules) { rules.holds_back_high_watermark = holds_back_unless_leaving; }},
    Defect{"high-watermark-ignores-min-isr",
           "The high watermark moves on while the ISR is smaller than min.insync.replicas.", before_kafka_15583},
};

constexpr std::array kIsr{
    Defect{"isr-check-at-once",
           "The leader looks at its ISR all the time instead of every half replica.lag.time.max.ms.",
           [](Rules& rules) { rules.isr_check_is_periodic = false; }},
    Defect{"joins-isr-at-once", "Any fetch lets a replica into the ISR, however far behind it is.",
           [](Rules& rules) { rules.may_join_isr = joins_with_any_fetch; }},
    Defect{"joins-isr-behind-epoch-start", "A replica joins the ISR before it has reached the start of the epoch.",
           before_kafka_7128},
    Defect{"isr-write-unchecked", "An ISR change is written over a state that its proposer has not seen.",
           [](Rules& rules) { rules.isr_writes_compare_epochs = false; }},
    Defect{"lost-isr-change-taken-back",
           "A leader takes a lost answer to its ISR change for a refusal, and returns to the ISR before.",
           [](Rules& rules) { rules.lost_alter_partition = LostAnswer::taken_for_refusal; }},
    Defect{"rejoining-dead-replica", "A replica that is dead or shutting down is taken into the ISR.", before_kip_841},
};

constexpr std::array kLogs{
    Defect{"truncates-to-high-watermark", "A follower of a new leader cuts its log at its own high watermark.",
           before_kip_101},
    Defect{"truncates-by-epoch-end-only", "A leader says where an epoch ends and not which epoch it means.",
           before_kip_279},
    Defect{"never-truncates", "A follower of a new leader goes on at the end of its log, whatever it holds.",
           [](Rules& rules) { rules.truncation = TruncationProtocol::never; }},
    Defect{"skips-truncation-for-same-leader", "A follower compares logs only when another broker leads.",
           before_kafka_7164},
    // With fetches that compare logs themselves (KIP-595) this question is never asked.
    Defect{"truncation-unfenced", "A leader answers where an epoch ends in whatever epoch it is asked.",
           [](Rules& rules) {
             rules.truncation = TruncationProtocol::offsets_for_leader_epoch;
             rules.check_truncation_epoch = check_no_epoch;
           }},
    Defect{"fetch-unfenced", "A leader serves and counts a fetch of a follower in another epoch.",
           [](Rules& rules) { rules.check_fetch_epoch = check_no_epoch; }},
    Defect{"high-watermark-counts-other-epochs",
           "What a follower in another epoch fetches moves the high watermark, but does not let it into the ISR.",
           [](Rules& rules) {
             rules.check_fetch_epoch = check_no_epoch;
             rules.other_epochs_join_isr = false;
           }},
    Defect{"isr-admits-other-epochs",
           "A follower in another epoch joins the ISR, but does not move the high watermark.",
           [](Rules& rules) {
             rules.check_fetch_epoch = check_no_epoch;
             rules.other_epochs_move_high_watermark = false;
           }},
    Defect{"stamps-older-epoch", "A leader stamps new records with the last epoch but one of its log, if it has two.",
           [](Rules& rules) { rules.stamped_epoch = last_epoch_but_one; }},
    Defect{"new-leader-notes-no-epoch", "A leader notes where its epoch begins only with its first record.",
           before_kafka_7415},
};

}  // namespace

std::span<const Defect> high_watermark_defects() { return kHighWatermark; }
std::span<const Defect> isr_defects() { return kIsr; }
std::span<const Defect> log_defects() { return kLogs; }

}  // namespace model
