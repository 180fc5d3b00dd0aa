#include "model/errors.h"

namespace model {

#define CASE(code) \
  case code:       \
    return #code

std::string_view name_of(ErrorCode error) {
  switch (error) {
    using enum ErrorCode;
    CASE(none);
    CASE(offset_out_of_range);
    CASE(unknown_topic_or_partition);
    CASE(leader_not_available);
    CASE(not_leader_or_follower);
    CASE(request_timed_out);
    CASE(broker_not_available);
    CASE(replica_not_available);
    CASE(stale_controller_epoch);
    CASE(network_exception);
    CASE(not_enough_replicas);
    CASE(not_enough_replicas_after_append);
    CASE(invalid_required_acks);
    CASE(invalid_replica_assignment);
    CASE(not_controller);
    CASE(invalid_request);
    CASE(out_of_order_sequence_number);
    CASE(duplicate_sequence_number);
    CASE(invalid_producer_epoch);
    CASE(operation_not_attempted);
    CASE(kafka_storage_error);
    CASE(unknown_producer_id);
    CASE(fenced_leader_epoch);
    CASE(unknown_leader_epoch);
    CASE(stale_broker_epoch);
    CASE(offset_not_available);
    CASE(preferred_leader_not_available);
    CASE(eligible_leaders_not_available);
    CASE(election_not_needed);
    CASE(invalid_update_version);
    CASE(unsupported_version);
    CASE(no_reassignment_in_progress);
    CASE(inconsistent_voter_set);
    CASE(snapshot_not_found);
    CASE(duplicate_broker_registration);
    CASE(broker_id_not_registered);
    CASE(invalid_voter_key);
    CASE(duplicate_voter);
    CASE(voter_not_found);
    CASE(ineligible_replica);
    CASE(new_leader_elected);
    CASE(unknown_server_error);
  }
  return "unknown_server_error";
}

#undef CASE

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
