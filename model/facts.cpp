#include "model/facts.h"

#include "model/one_of_members.h"

namespace model {

template class OneOf<Fact::Alternatives>;

std::string_view name_of(LossReason reason) {
  switch (reason) {
    case LossReason::none:
      return "none";
    case LossReason::acks:
      return "acks";
    case LossReason::unclean_election:
      return "unclean_election";
    case LossReason::power_loss:
      return "power_loss";
    case LossReason::lost_isr_write:
      return "lost_isr_write";
    case LossReason::reassignment:
      return "reassignment";
  }
  return "";
}

std::string_view name_of(ResetReason reason) {
  switch (reason) {
    case ResetReason::no_position:
      return "no_position";
    case ResetReason::out_of_range:
      return "out_of_range";
    case ResetReason::truncated:
      return "truncated";
  }
  return "";
}

std::string_view name_of(QuorumRole role) {
  switch (role) {
    case QuorumRole::unattached:
      return "unattached";
    case QuorumRole::prospective:
      return "prospective";
    case QuorumRole::candidate:
      return "candidate";
    case QuorumRole::leader:
      return "leader";
    case QuorumRole::follower:
      return "follower";
    case QuorumRole::resigned:
      return "resigned";
  }
  return "";
}

std::string_view name_of(QuorumFault fault) {
  switch (fault) {
    case QuorumFault::two_leaders:
      return "two_leaders";
    case QuorumFault::truncation_below_high_watermark:
      return "truncation_below_high_watermark";
    case QuorumFault::high_watermark_decreased:
      return "high_watermark_decreased";
    case QuorumFault::invalid_request:
      return "invalid_request";
    case QuorumFault::illegal_transition:
      return "illegal_transition";
    case QuorumFault::vote_changed:
      return "vote_changed";
    case QuorumFault::record_contradicts_state:
      return "record_contradicts_state";
  }
  return "";
}

namespace {

constexpr std::array<FactRow, kFactKinds> kRows{{
    {"zk_session_opened", "ZooKeeper opened a session."},
    {"zk_session_closed",
     "ZooKeeper closed a session, by expiry or at its client's wish; its ephemerals went with it."},
    {"broker_registered", "/brokers/ids/N was created; the transaction's zxid is the broker epoch."},
    {"broker_unregistered", "/brokers/ids/N is gone."},
    {"controller_elected", "A broker created /controller."},
    {"controller_vacated", "/controller is gone."},
    {"controller_epoch", "/controller_epoch was raised by the broker that won the election."},
    {"topic_created", "A topic and its assignment were written."},
    {"partition_state", "A partition's leader, leader epoch or ISR was written."},
    {"zk_create", "A notification or admin znode was created."},
    {"zk_delete", "A notification or admin znode was deleted."},
    {"start_failed", "A broker could not register, since an older session still owns its id; the process exits."},
    {"stopped", "A broker process ended after a controlled shutdown."},
    {"isr_check_starts", "A broker's periodic ISR check began."},
    {"zk_connection_lost", "A broker lost its connection to ZooKeeper; its session may still live."},
    {"zk_session_expired_seen", "A broker learned that its session has expired."},
    {"believes_controller", "A broker won the controller election and acts as controller."},
    {"controller_resigned", "A broker gave up the controller's role or cleared its controller state."},
    {"controller_moved", "ZooKeeper refused a write of a controller whose epoch has passed."},
    {"controller_sees_brokers", "The controller noticed brokers that came, went or bounced."},
    {"election_failed", "An election found no replica that may lead; the partition stays as it is."},
    {"became_leader", "A broker began to lead a partition in a leader epoch."},
    {"became_follower", "A broker began to follow a leader in a leader epoch."},
    {"leader_unavailable", "A broker cannot follow a leader that its metadata does not show alive."},
    {"truncates", "A follower cut its log back to where it agrees with the leader's."},
    {"high_watermark", "A replica's high watermark moved."},
    {"records_appended", "A replica appended records to its log."},
    {"isr_shrink_proposed", "A leader wants lagging replicas out of the ISR."},
    {"isr_expand_proposed", "A leader wants a replica that caught up in the ISR."},
    {"isr_committed", "A leader learned that its ISR change stands."},
    {"isr_change_refused", "A leader's ISR change was refused."},
    {"request_fenced", "A node refused a request whose sender acts on another epoch."},
    {"not_enough_replicas", "A leader refused a write: the ISR is smaller than min.insync.replicas."},
    {"control_request_applied", "A broker acts on a request of the controller."},
    {"acks_all_answered", "A leader acknowledges a write that every member of the ISR holds."},
    {"log_lost", "A machine's failure took records from a log."},
    {"producer_starts", "A producer began to send."},
    {"records_acknowledged", "A producer's records were acknowledged."},
    {"records_failed", "A producer gave up on records."},
    {"record_lost", "The current leader lacks records that were acknowledged."},
    {"invariant_violated", "A promise of the protocol is broken."},
    {"topic_config", "A topic's configuration was written."},
    {"topic_config_applied", "A broker learned a topic's changed configuration and goes by it."},
    {"assignment_changed", "A partition's reassignment was written: begun, replaced by another or completed."},
    {"reassignment_refused", "The controller refused to reassign a partition."},
    {"replica_deleted", "A broker gave up its replica of a partition and deleted the log."},
    {"leader_change", "A leader of the metadata quorum committed the first record of its epoch."},
    {"broker_changed", "A broker was fenced, unfenced or began its controlled shutdown."},
    {"elr_changed", "A partition's eligible leader replicas were written."},
    {"quorum_role", "A member of the metadata quorum took a role, or another epoch, leader or vote in it."},
    {"vote_answered", "A member of the metadata quorum granted or refused its vote."},
    {"metadata_appended", "A member of the metadata quorum appended records to its log."},
    {"metadata_truncated", "A member of the metadata quorum cut its log back to where it agrees with the leader's."},
    {"metadata_high_watermark", "A member's high watermark of the metadata log moved."},
    {"metadata_snapshot", "A member made a snapshot of the metadata, or loaded one in the place of its log."},
    {"metadata_log_lost", "A machine's failure took records from a metadata log."},
    {"quorum_failed", "A member of the metadata quorum met what cannot be, and its process ends."},
    {"registration_refused", "The controller refused a broker's registration; it will ask again."},
    {"consumer_starts", "A consumer began to read."},
    {"fetches_from", "A consumer fetches from another broker than before."},
    {"preferred_read_replica", "A leader sent a consumer to another replica."},
    {"records_consumed", "A consumer handed records to its application."},
    {"position_reset", "A consumer goes on from another offset than the one it had reached."},
    {"consumer_failed", "A consumer gave up: it has no offset to go on from and may not choose one."},
    {"latest_offset", "A leader told a consumer where its log ends."},
}};

}  // namespace

const std::array<FactRow, kFactKinds>& fact_rows() { return kRows; }

}  // namespace model
