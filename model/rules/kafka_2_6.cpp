// Kafka 2.6: the leader writes its ISR changes to ZooKeeper itself, holding the partition's lock, and a
// follower asks where its log parts from the leader's before it fetches. Scenario: the recordings v26-*.
#include "model/rules/profiles.h"

namespace model::kafka_2_6 {
namespace {

// Before 3.3 log ends do not matter here, only the time since the replica last caught up.
bool holds_back_high_watermark(const Partition& partition, const Remote& remote, Offset, Duration lag_max, bool,
                               const Clock& clock) {
  return in_maximal_isr(partition, remote.replica) || !clock.has_elapsed(remote.last_caught_up, lag_max);
}

// Before KAFKA-15583 the high watermark follows the leader alone, whatever min.insync.replicas says.
bool high_watermark_may_move(const Partition&, std::int32_t) { return true; }

// Before KIP-841 nobody asks whether the replica still lives.
bool may_join_isr(const Partition& partition, const Remote& remote, bool) {
  return remote.log_end >= partition.high_watermark && remote.log_end >= partition.epoch_start;
}

// KAFKA-15583: see high_watermark_may_move.
constexpr std::string_view kNotPromised[] = {"high-watermark-min-isr"};

}  // namespace

const Rules& rules() {
  static const Rules kRules = [] {
    Rules changed = kafka_3_9::rules();
    changed.name = "2.6";
    changed.not_promised = kNotPromised;
    changed.holds_back_high_watermark = holds_back_high_watermark;
    changed.high_watermark_may_move = high_watermark_may_move;
    changed.may_join_isr = may_join_isr;
    changed.truncation = TruncationProtocol::offsets_for_leader_epoch;
    changed.isr_channel = IsrChannel::zookeeper;
    changed.skips_older_partition_epoch = false;
    changed.error_of_timed_out_request = ErrorCode::network_exception;
    changed.min_isr_capped_by_replicas = false;
    return changed;
  }();
  return kRules;
}

// acks=1 without idempotence was the producer's default until 3.0.
void producer(ProducerConfig& config) {
  config.acks = Acks::leader;
  config.enable_idempotence = false;
}

}  // namespace model::kafka_2_6
