// Kafka 1.1: leader epochs in the logs (KIP-101), but in no fetch, and a controller whose writes nobody guards.
#include "model/rules/history.h"
#include "model/rules/profiles.h"

namespace model::kafka_1_1 {
namespace {

// Before 2.1 a replica with the whole log left the ISR all the same when it had not fetched for long.
bool must_leave_isr(const Remote& remote, Offset, Duration lag_max, const Clock& clock) {
  return clock.has_elapsed(remote.last_caught_up, lag_max);
}

// Neither KAFKA-7128 nor KIP-841.
bool may_join_isr(const Partition& partition, const Remote& remote, bool) {
  return remote.log_end >= partition.high_watermark;
}

// What each of the fixes below came for: KIP-279 and KIP-320 for logs that part or lose what was committed,
// KAFKA-7128 for an ISR that does not have it, KAFKA-6082 for what a deposed controller writes.
constexpr std::string_view kNotPromised[] = {"high-watermark-min-isr",
                                             "older-incarnations-fenced",
                                             "zombie-controller-writes-nothing",
                                             "log-matching",
                                             "isr-complete",
                                             "believed-isr-complete",
                                             "leader-complete",
                                             "no-committed-rewrite",
                                             "truncation-bound",
                                             "acked-record-not-lost",
                                             "committed-order"};

}  // namespace

const Rules& rules() {
  static const Rules kRules = [] {
    Rules changed = kafka_2_1::rules();
    changed.name = "1.1";
    changed.not_promised = kNotPromised;
    before_kip_279(changed);
    before_kip_320(changed);
    before_kafka_6082(changed);
    before_kafka_7164(changed);
    before_kafka_7415(changed);
    changed.must_leave_isr = must_leave_isr;
    changed.may_join_isr = may_join_isr;
    return changed;
  }();
  return kRules;
}

// Nothing was retried by default until 2.1 (KIP-91).
void producer(ProducerConfig& config) {
  kafka_2_6::producer(config);
  config.retries = 0;
}

}  // namespace model::kafka_1_1
