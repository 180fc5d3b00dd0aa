// Kafka's protocol errors, under Kafka's own names (org.apache.kafka.common.protocol.Errors), and
// ZooKeeper's result codes (org.apache.zookeeper.KeeperException.Code).
#pragma once

#include <cstdint>
#include <string_view>

namespace model {

enum class ErrorCode : std::int16_t {
  none = 0,
  offset_out_of_range = 1,
  unknown_topic_or_partition = 3,
  leader_not_available = 5,
  not_leader_or_follower = 6,
  request_timed_out = 7,
  broker_not_available = 8,
  replica_not_available = 9,
  stale_controller_epoch = 11,
  network_exception = 13,
  not_enough_replicas = 19,
  not_enough_replicas_after_append = 20,
  invalid_required_acks = 21,
  unsupported_version = 35,
  invalid_replica_assignment = 39,
  not_controller = 41,
  invalid_request = 42,
  out_of_order_sequence_number = 45,
  duplicate_sequence_number = 46,
  invalid_producer_epoch = 47,
  operation_not_attempted = 55,
  kafka_storage_error = 56,
  unknown_producer_id = 59,
  fenced_leader_epoch = 74,
  unknown_leader_epoch = 75,
  stale_broker_epoch = 77,
  offset_not_available = 78,
  preferred_leader_not_available = 80,
  eligible_leaders_not_available = 83,
  election_not_needed = 84,
  no_reassignment_in_progress = 85,
  inconsistent_voter_set = 94,
  invalid_update_version = 95,
  snapshot_not_found = 98,
  duplicate_broker_registration = 101,
  broker_id_not_registered = 102,
  ineligible_replica = 107,
  new_leader_elected = 108,
  invalid_voter_key = 125,
  duplicate_voter = 126,
  voter_not_found = 127,
  unknown_server_error = -1,
};
std::string_view name_of(ErrorCode error);  // "not_leader_or_follower"

enum class ZkCode : std::int16_t {
  ok = 0,
  runtime_inconsistency = -2,
  connection_loss = -4,
  bad_version = -103,
  no_node = -101,
  no_children_for_ephemerals = -108,
  node_exists = -110,
  not_empty = -111,
  session_expired = -112,
};
std::string_view name_of(ZkCode code);  // "node_exists"

}  // namespace model
