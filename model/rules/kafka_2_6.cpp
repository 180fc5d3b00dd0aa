// Kafka 2.6: the leader writes its ISR changes to ZooKeeper itself, holding the partition's lock, and a
// follower asks where its log parts from the leader's before it fetches. Scenario: the recordings v26-*.
#include "model/rules/history.h"
#include "model/rules/profiles.h"

namespace model::kafka_2_6 {
namespace {

// Before 3.3 log ends do not matter here, only the time since the replica last caught up.
bool holds_back_high_watermark(const Partition& partition, const Remote& remote, Offset, Duration lag_max, bool,
                               const Clock& clock) {
  return in_maximal_isr(partition, remote.replica) || !clock.has_elapsed(remote.last_caught_up, lag_max);
}

// KAFKA-15583: see before_kafka_15583.
constexpr std::string_view kNotPromised[] = {"high-watermark-min-isr"};

}  // namespace

const Rules& rules() {
  static const Rules kRules = [] {
    Rules changed = kafka_3_9::rules();
    changed.name = "2.6";
    changed.not_promised = kNotPromised;
    changed.holds_back_high_watermark = holds_back_high_watermark;
    before_kafka_15583(changed);
    before_kip_841(changed);
    before_kafka_14334(changed);
    before_kafka_14372(changed);
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
