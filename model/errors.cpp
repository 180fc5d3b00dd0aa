#include "model/errors.h"

namespace model {

std::string_view name_of(ErrorCode error) {
  switch (error) {
    using enum ErrorCode;
    case none:
      return "none";
    case offset_out_of_range:
      return "offset_out_of_range";
    case unknown_topic_or_partition:
      return "unknown_topic_or_partition";
    case leader_not_available:
      return "leader_not_available";
    case not_leader_or_follower:
      return "not_leader_or_follower";
    case request_timed_out:
      return "request_timed_out";
    case broker_not_available:
      return "broker_not_available";
    case replica_not_available:
      return "replica_not_available";
    case stale_controller_epoch:
      return "stale_controller_epoch";
    case network_exception:
      return "network_exception";
    case not_enough_replicas:
      return "not_enough_replicas";
    case not_enough_replicas_after_append:
      return "not_enough_replicas_after_append";
    case invalid_required_acks:
      return "invalid_required_acks";
    case invalid_replica_assignment:
      return "invalid_replica_assignment";
    case not_controller:
      return "not_controller";
    case invalid_request:
      return "invalid_request";
    case out_of_order_sequence_number:
      return "out_of_order_sequence_number";
    case duplicate_sequence_number:
      return "duplicate_sequence_number";
    case invalid_producer_epoch:
      return "invalid_producer_epoch";
    case operation_not_attempted:
      return "operation_not_attempted";
    case kafka_storage_error:
      return "kafka_storage_error";
    case unknown_producer_id:
      return "unknown_producer_id";
    case fenced_leader_epoch:
      return "fenced_leader_epoch";
    case unknown_leader_epoch:
      return "unknown_leader_epoch";
    case stale_broker_epoch:
      return "stale_broker_epoch";
    case offset_not_available:
      return "offset_not_available";
    case preferred_leader_not_available:
      return "preferred_leader_not_available";
    case eligible_leaders_not_available:
      return "eligible_leaders_not_available";
    case election_not_needed:
      return "election_not_needed";
    case invalid_update_version:
      return "invalid_update_version";
    case ineligible_replica:
      return "ineligible_replica";
    case new_leader_elected:
      return "new_leader_elected";
    case unknown_server_error:
      return "unknown_server_error";
  }
  return "unknown_server_error";
}

std::string_view name_of(ZkCode code) {
  switch (code) {
    using enum ZkCode;
    case ok:
      return "ok";
    case runtime_inconsistency:
      return "runtime_inconsistency";
    case connection_loss:
      return "connection_loss";
    case bad_version:
      return "bad_version";
    case no_node:
      return "no_node";
    case no_children_for_ephemerals:
      return "no_children_for_ephemerals";
    case node_exists:
      return "node_exists";
    case not_empty:
      return "not_empty";
    case session_expired:
      return "session_expired";
  }
  return "unknown";
}

}  // namespace model
