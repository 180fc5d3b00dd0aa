// The decision points of KRaft mode, part of Rules (rules.h): those of the quorum, and those of the controller above
// the metadata log. The data plane's are the same rows for both modes.
#pragma once

#include <cstdint>
#include <optional>

#include "model/ids.h"
#include "model/metadata/image.h"
#include "model/raft/metadata_log.h"
#include "model/time.h"

namespace model {

// When a candidate whose election has failed tries again.
enum class ElectionRetry : std::uint8_t {
  exponential_backoff,  // and at the same constant once it has saturated (KAFKA-18345)
  jittered_backoff,     // the saturated one is drawn
  rest_of_timeout,      // with its election timer
};

struct QuorumRules {
  // --- elections ---
  bool pre_vote = false;  // KIP-996, 4.0
  ElectionRetry election_retry = ElectionRetry::exponential_backoff;
  bool fetch_timeout_ends_following = true;
  bool (*is_up_to_date)(const OffsetAndEpoch& candidate, const OffsetAndEpoch& own);
  bool votes_once_per_epoch = true;
  bool votes_are_durable = true;
  bool election_state_is_durable = true;  // nothing of the quorum-state file is written; a restart begins at the log's
  // A follower refuses pre-votes only once it has fetched from its leader (KAFKA-17641); false: always.
  bool fresh_follower_grants_pre_vote = true;
  bool vote_outlives_transition = true;      // of roles within an epoch (KAFKA-17641)
  bool restarted_leader_resigns = true;      // KAFKA-10527
  bool unattached_voter_fetches = true;      // KAFKA-17030, 3.9: it asks the others who leads
  bool drops_answers_of_older_roles = true;  // RequestManager.resetAll
  std::int32_t (*majority)(std::int32_t voters);

  // --- leaders ---
  bool check_quorum = true;                      // KAFKA-15489, 3.7
  bool begin_quorum_epoch_is_repeated = true;    // KAFKA-16536, 3.9; false: until it is acknowledged
  bool resignation_fails_parked_fetches = true;  // KAFKA-10677
  bool new_leader_keeps_its_log = true;          // what it does not know to be committed too
  bool resigning_leader_names_successors = true;
  // May a leader's high watermark move there? (KAFKA-12619)
  bool (*high_watermark_may_be)(Offset candidate, Offset epoch_start);
  bool new_high_watermark_wakes_fetches = false;  // KIP-1166

  // --- followers ---
  bool voters_flush_before_fetching = true;  // KAFKA-10533
  bool truncates_when_diverging = true;
  bool log_starts_at_snapshots = true;     // KAFKA-14238: retention deletes nothing beyond the latest one
  bool appends_only_current_epoch = true;  // KAFKA-18723: of answers to fetches of an earlier one, nothing
};

// When the controller looks for brokers whose session has expired.
enum class FenceCheck : std::uint8_t {
  at_expiry,     // of the oldest contact
  every_eighth,  // of a session (4.0)
};

struct KraftRules {
  std::int16_t metadata_version = 21;  // with which this version formats a cluster: 7 is 3.3-IV3, 21 is 3.9-IV0

  // --- the controller's office ---
  bool renouncing_reverts = true;  // to what is committed (KAFKA-13100)
  bool renouncing_resigns = true;  // the quorum's leadership too (KAFKA-13104)
  bool answers_wait_for_commit = true;
  bool standby_reads_everything = true;    // of what is committed, also while it is not in office
  bool contacts_are_seeded = true;         // KAFKA-18138
  bool fenced_contacts_are_seeded = true;  // likewise those of fenced brokers (KAFKA-19130, until 4.1)

  // --- brokers ---
  bool session_outlives_connection = true;
  FenceCheck fence_check = FenceCheck::at_expiry;
  // May a fenced broker that wants to be unfenced be so? (KAFKA-13955)
  bool (*has_caught_up)(Offset reported, Offset registered_at, Offset log_end);
  bool duplicate_registration_is_refused = true;  // while the session of the other incarnation lives
  bool new_registration_has_new_epoch = true;     // the offset of its record
  bool new_incarnation_leaves_isr = true;         // KAFKA-18106
  bool checks_broker_epoch = true;
  bool fenced_broker_leaves_isr = true;
  bool shutdown_waits_for_others = true;  // until they know that leaders moved
  bool shutdown_offset_is_kept = true;    // KAFKA-14292: it does not move with every heartbeat

  // --- partitions ---
  bool isr_shrink_bumps_leader_epoch = false;  // KAFKA-15021, before metadata version 3.6
  bool election_bumps_leader_epoch = true;
  bool elects_from_isr_only = true;  // unless unclean election is on
  // unclean.leader.election.enable counts (KAFKA-12670, 3.9); false: only an operator's election may be unclean.
  bool unclean_election_is_configurable = true;
  bool unfencing_elects = true;           // partitions without a leader
  bool eligible_leader_replicas = false;  // KIP-966, if the feature is enabled
  bool uncleanly_shut_down_leave_elr = true;
  bool elr_ends_with_min_isr = true;             // once the ISR has min.insync.replicas members nobody else is eligible
  bool last_known_leader_must_be_active = true;  // KAFKA-19522
  bool reassignment_needs_all_targets = true;    // KAFKA-15665

  // --- AlterPartition ---
  bool isr_names_broker_epochs = true;          // KIP-903, 3.5
  bool newer_epochs_are_not_controller = true;  // KAFKA-14154; false: fenced_leader_epoch
  bool checks_partition_epoch = true;
  bool isr_admits_only_active = true;  // KIP-841

  // --- brokers' own ---
  bool publishes_after_catch_up = true;       // MetadataLoader: nothing before
  bool loader_survives_leader_change = true;  // it reads on, whoever leads the quorum
};

}  // namespace model
