#include "scenarios/consistency.h"

namespace scenarios {

std::string broker_conflict(const model::BrokerSettings& settings) {
  if (settings.replica_fetch_wait_max > settings.replica_socket_timeout) {
    return "replica.socket.timeout.ms must be at least replica.fetch.wait.max.ms";
  }
  if (settings.replica_fetch_wait_max > settings.replica_lag_time_max) {
    return "replica.fetch.wait.max.ms must be at most replica.lag.time.max.ms, or ISRs change all the time";
  }
  return {};
}

std::string settle_producer(model::ProducerConfig& producer, ExplicitKeys set) {
  constexpr std::int32_t kIdempotentInFlightMax = 5;
  std::string conflict;
  if (producer.enable_idempotence) {
    if (producer.acks != model::Acks::all) conflict = "enable.idempotence needs acks \"all\"";
    if (producer.retries == 0) conflict = "enable.idempotence needs retries above 0";
    if (producer.max_in_flight > kIdempotentInFlightMax) {
      conflict = "enable.idempotence needs max.in.flight.requests.per.connection of at most 5";
    }
    if (!conflict.empty()) producer.enable_idempotence = false;
    if (!set.idempotence) conflict.clear();
  }
  const model::Duration least = producer.linger + producer.request_timeout;
  if (producer.delivery_timeout < least) {
    if (set.delivery_timeout) conflict = "delivery.timeout.ms must be at least linger.ms + request.timeout.ms";
    producer.delivery_timeout = least;
  }
  return conflict;
}

}  // namespace scenarios
