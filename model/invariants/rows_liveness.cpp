// What must come back when the faults are over and things had time to settle. Judged at the end of a run
// that leaves nobody asleep and no link cut.
#include <algorithm>
#include <array>

#include "model/invariants/rows.h"
#include "model/zookeeper/tree.h"

namespace model {
namespace {

const ZooKeeper& zookeeper(const View& view) { return std::get<ZooKeeper>(view.nodes.front()); }

// Without ZooKeeper, or a majority of the quorum, nobody can be expected to do anything, nor when all have missed that
// there is no controller: a known gap of Kafka.
bool can_be_controlled(const View& view) {
  if (view.config.is_kraft()) return majority_of_voters_runs(view);
  return zookeeper(view).memory.running && !(view.history.vacancy_missed && view.history.controller == kNoNode);
}

// A broker that has come up and has not been asked to stop.
bool is_alive(const View& view, NodeId id) {
  return can_be_controlled(view) && broker_at(view, id).memory.phase == BrokerPhase::running;
}

template <typename Visit>
bool all_live_brokers(const View& view, Visit&& visit) {
  for (std::size_t id = 1; id <= view.config.brokers.size(); ++id) {
    const auto broker = NodeId(static_cast<std::uint8_t>(id));
    if (is_alive(view, broker) && !visit(broker)) return false;
  }
  return true;
}

Duration longest(const ClusterConfig& config, Duration BrokerSettings::*setting) {
  Duration most;
  for (const BrokerSettings& broker : config.brokers) most = std::max(most, broker.*setting);
  return most;
}

// A session ends, brokers that are coming up register, a connection that hangs is given up after a request's
// time-out and tried again: after that the controller has acted.
Duration failover_time(const ClusterConfig& config) {
  if (config.is_kraft()) {
    const QuorumSettings& quorum = config.quorum;
    return quorum.broker_session_timeout * 5 / 4 + quorum.controller_quorum_fetch_timeout * 2 +
           quorum.controller_quorum_election_timeout * 4 + longest(config, &BrokerSettings::request_timeout) +
           seconds(8);
  }
  return longest(config, &BrokerSettings::zookeeper_session_timeout) + config.zookeeper_tick * 2 +
         longest(config, &BrokerSettings::request_timeout) + seconds(10);
}
// The same for fetchers, then a periodic check of the ISR.
Duration isr_time(const ClusterConfig& config) {
  return failover_time(config) + longest(config, &BrokerSettings::replica_socket_timeout) +
         longest(config, &BrokerSettings::replica_lag_time_max) * 2;
}
Duration rebalance_time(const ClusterConfig& config) {
  return failover_time(config) + longest(config, &BrokerSettings::leader_imbalance_check_interval) + seconds(5);
}
Duration delivery_time(const ClusterConfig& config) {
  Duration most;
  for (const ProducerConfig& producer : config.producers) most = std::max(most, producer.delivery_timeout);
  return most + seconds(5);
}

// --- the controller -------------------------------------------------------------------------------

// The one in the highest epoch, whom every live broker follows.
bool one_quorum_controller_acts(const View& view, Breach& breach) {
  NodeId acting = kNoNode;
  LeaderEpoch epoch = -1;
  for (std::size_t id = 0; id < view.nodes.size(); ++id) {
    const auto node = NodeId(static_cast<std::uint8_t>(id));
    const QuorumController* controller = controller_at(view, node);
    if (controller == nullptr || controller->claim_epoch <= epoch) continue;
    acting = node;
    epoch = controller->claim_epoch;
  }
  if (acting == kNoNode) {
    breach.what = "no controller acts, although a majority of the quorum lives";
    return !can_be_controlled(view);
  }
  return all_live_brokers(view, [&](NodeId id) {
    if (raft_at(view, id)->epoch == epoch) return true;
    breach.broker = id;
    breach.what = name_of(view, id) + " has heard of controller epoch " + std::to_string(raft_at(view, id)->epoch) +
                  ", not of " + std::to_string(epoch);
    return false;
  });
}

bool one_controller_acts(const View& view, Breach& breach) {
  if (view.config.is_kraft()) return one_quorum_controller_acts(view, breach);
  std::int32_t acting = 0;
  const bool agreed = all_live_brokers(view, [&](NodeId id) {
    const BrokerMemory& memory = broker_at(view, id).memory;
    if (is_active(memory.controller, id) && memory.controller.epoch == view.history.controller_epoch) ++acting;
    if (memory.controller_epoch == view.history.controller_epoch) return true;
    breach.broker = id;
    breach.what = name_of(view, id) + " has heard of controller epoch " + std::to_string(memory.controller_epoch) +
                  ", not of " + std::to_string(view.history.controller_epoch);
    return false;
  });
  if (acting == 1 && agreed) return true;
  if (acting == 1) return false;
  const bool anybody = !all_live_brokers(view, [](NodeId) { return false; });
  if (!anybody) return true;
  breach.broker = view.history.controller;
  breach.what = acting == 0 ? "no broker acts as controller" : std::to_string(acting) + " brokers act as controller";
  return false;
}

bool notifications_are_gone(const View& view, Breach& breach) {
  if (!zookeeper(view).memory.running || all_live_brokers(view, [](NodeId) { return false; })) return true;
  const std::size_t left = children_of(zookeeper(view).disk.tree, paths::isr_changes()).size();
  if (left == 0) return true;
  breach.what = std::to_string(left) + " notifications of ISR changes are still there";
  return false;
}

// --- partitions -----------------------------------------------------------------------------------

bool partition_is_led(const View& view, PartitionId p, Breach& breach) {
  const PartitionHistory& past = history_of(view, p);
  if (!past.created || current_leader(view, p) != kNoNode) return true;
  // A reassignment may take the leader away with its replica: one that another had added and it gives up, or one that
  // is to go when nobody of the target can be elected. The controller goes on believing that the partition is online,
  // and elects nobody for it before another broker dies or another controller is elected: a known gap
  // (KafkaController.stopRemovedReplicasOfReassignedPartition).
  if (past.leader_moved_away) return true;
  // A reassignment that gives another one up deletes what that had added, even the last replica in sync: Kafka asks
  // nobody (KafkaController.updateCurrentReassignment).
  const bool can_lead = std::any_of(past.stored.isr.begin(), past.stored.isr.end(), [&](NodeId member) {
    return is_alive(view, member) && past.assignment.replicas.contains(member);
  });
  if (!can_lead) return true;  // offline because every member of the ISR is dead: as it must be
  breach.broker = past.stored.leader;
  breach.what = past.stored.leader == kNoNode
                    ? "no leader is stored, although a member of the ISR lives"
                    : name_of(view, past.stored.leader) + " is stored as leader and does not act as one";
  return false;
}

// A refusal that no retry can mend leaves a change of the ISR pending until the next LeaderAndIsr, and what
// the controller knows of the ISR behind: a known gap of Kafka's own (Partition.handleAlterPartitionError).
bool is_stuck(const View& view, PartitionId p) {
  const NodeId leader = current_leader(view, p);
  return leader != kNoNode && leader_at(view, p, leader)->pending != PendingIsr::none &&
         history_of(view, p).replicas[static_cast<std::size_t>(leader)].stuck_pending;
}

// A request that a cut had kept back is processed after newer ones: an UpdateMetadata is not fenced by them,
// and whom it shows dead nobody follows until the next leader epoch. A known gap likewise.
bool has_missed_its_leader(const View& view, PartitionId p, NodeId replica) {
  const PartitionHistory& past = history_of(view, p);
  return past.replicas[static_cast<std::size_t>(replica)].missed_epoch == past.stored.leader_epoch;
}
// Nor does a leader that was told so late take them into its ISR, until somebody comes or goes.
bool is_missed_by_its_leader(const View& view, NodeId leader, NodeId replica) {
  return view.history.brokers[static_cast<std::size_t>(leader)].metadata_is_late &&
         !broker_at(view, leader).memory.cached_live.contains(replica);
}

bool replicas_are_in_sync(const View& view, PartitionId p, Breach& breach) {
  const PartitionHistory& past = history_of(view, p);
  const NodeId leader = current_leader(view, p);
  if (leader == kNoNode || is_stuck(view, p)) return true;
  for (const NodeId replica : past.assignment.replicas) {
    if (!is_alive(view, replica) || has_missed_its_leader(view, p, replica)) continue;
    if (is_missed_by_its_leader(view, leader, replica)) continue;
    breach.broker = replica;
    if (!past.stored.isr.contains(replica)) {
      breach.what = name_of(view, replica) + " lives and is not in the ISR";
      return false;
    }
    const Offset committed = past.committed.end();
    const Offset held =
        view.logs.agree_until(p, kCommitted, past.committed, replica, log_at(view, p, replica), committed);
    if (held >= committed || epochs_are_reused(view, p)) continue;
    breach.what = name_of(view, replica) + " holds committed records only below offset " + std::to_string(held) +
                  " of " + std::to_string(committed);
    return false;
  }
  return true;
}

bool no_change_is_pending(const View& view, PartitionId p, Breach& breach) {
  const NodeId id = current_leader(view, p);
  if (id == kNoNode || leader_at(view, p, id)->pending == PendingIsr::none) return true;
  if (is_stuck(view, p) || !can_be_controlled(view)) return true;
  breach.broker = id;
  breach.what = name_of(view, id) + " still waits for an answer to its change of the ISR";
  return false;
}

bool reassignment_has_ended(const View& view, PartitionId p, Breach& breach) {
  const PartitionHistory& past = history_of(view, p);
  if (!is_being_reassigned(past.assignment) || current_leader(view, p) == kNoNode) return true;
  // The answer to the controller's own write got lost: it does not know that the new replicas are in the ISR.
  if (is_stuck(view, p) || past.change_unknown) return true;
  for (const NodeId replica : target_of(past.assignment)) {
    if (!is_alive(view, replica) || has_missed_its_leader(view, p, replica)) return true;
  }
  breach.broker = view.history.controller;
  breach.what = "the reassignment goes on although every new replica's broker lives";
  return false;
}

// As the controller counts it: beyond leader.imbalance.per.broker.percentage a broker's share of partitions
// that it should lead and does not is mended.
bool preferred_leaders_lead(const View& view, Breach& breach) {
  return all_live_brokers(view, [&](NodeId id) {
    const BrokerSettings& settings = view.config.broker(id);
    std::int64_t preferred = 0, missing = 0;
    for (std::size_t p = 0; p < view.history.partitions.size(); ++p) {
      const PartitionHistory& past = view.history.partitions[p];
      if (is_stuck(view, PartitionId(static_cast<std::uint16_t>(p)))) continue;
      if (!past.created || past.assignment.replicas.empty() || past.assignment.replicas.front() != id) continue;
      ++preferred;
      if (past.stored.leader != id && past.stored.leader != kNoNode && past.stored.isr.contains(id)) ++missing;
    }
    if (missing * 100 <= preferred * settings.leader_imbalance_per_broker_percentage) return true;
    if (!settings.auto_leader_rebalance_enable) return true;
    breach.broker = id;
    breach.what = name_of(view, id) + " is in the ISR of " + std::to_string(missing) +
                  " partitions that it should lead and does not";
    return false;
  });
}

// --- clients --------------------------------------------------------------------------------------

bool every_record_has_an_outcome(const View& view, Breach& breach) {
  for (std::size_t i = 1 + view.config.brokers.size(); i < view.nodes.size(); ++i) {
    const auto* producer = std::get_if<Producer>(&view.nodes[i]);
    if (producer == nullptr || !producer->memory.started) continue;
    // While it still sends there is always something on the way.
    if (producer->memory.next_value < view.config.producer(producer->id).count) continue;
    std::int64_t open = 0;
    for (const ProducerBatch& batch : producer->memory.accumulated) open += batch.count;
    for (const ProducerLink& link : producer->memory.links) {
      for (const ProducerRequest& request : link.in_flight) {
        for (const ProducerBatch& batch : request.batches) open += batch.count;
      }
    }
    if (open == 0) continue;
    breach.broker = producer->id;
    breach.what = name_of(view, producer->id) + " has " + std::to_string(open) +
                  " records without any answer after delivery.timeout.ms";
    return false;
  }
  return true;
}

constexpr std::array<std::string_view, 5> kController{"vacancy-ignored", "ephemerals-outlive-session",
                                                      "metadata-never-truncates", "never-gives-up-leader",
                                                      "publishes-at-once"};
constexpr std::array<std::string_view, 3> kNotifications{"isr-notifications-kept", "ephemerals-outlive-session",
                                                         "vacancy-ignored"};
constexpr std::array<std::string_view, 13> kLed{"broker-failure-ignored",
                                                "election-keeps-leader-epoch",
                                                "leader-epoch-from-controller-epoch",
                                                "ephemerals-outlive-session",
                                                "vacancy-ignored",
                                                "isr-write-unchecked",
                                                "takes-older-leader-epoch",
                                                "quorum-minority-elects",
                                                "leader-drops-unconfirmed",
                                                "votes-for-shorter-log",
                                                "metadata-never-truncates",
                                                "broker-stops-reading",
                                                "publishes-at-once"};
constexpr std::array<std::string_view, 33> kInSync{"never-rejoins-isr",
                                                   "stamps-older-epoch",
                                                   "stopped-replica-fetcher",
                                                   "no-epoch-bump-on-removal",
                                                   "never-truncates",
                                                   "election-outside-isr",
                                                   "elected-leader-not-in-isr",
                                                   "commits-alone",
                                                   "truncates-to-high-watermark",
                                                   "election-keeps-leader-epoch",
                                                   "ephemerals-outlive-session",
                                                   "isr-write-unchecked",
                                                   "leader-epoch-from-controller-epoch",
                                                   "skips-truncation-for-same-leader",
                                                   "truncates-by-epoch-end-only",
                                                   "vacancy-ignored",
                                                   "alter-partition-not-retried",
                                                   "joins-isr-at-once",
                                                   "fetch-unfenced",
                                                   "high-watermark-counts-other-epochs",
                                                   "isr-admits-other-epochs",
                                                   "quorum-minority-elects",
                                                   "leader-drops-unconfirmed",
                                                   "votes-for-shorter-log",
                                                   "metadata-never-truncates",
                                                   "answers-before-commit",
                                                   "standby-skips-records",
                                                   "broker-epoch-reused",
                                                   "kraft-election-keeps-leader-epoch",
                                                   "kraft-election-outside-isr",
                                                   "elr-kept",
                                                   "broker-stops-reading",
                                                   "high-watermark-assumes-pending-shrink"};
constexpr std::array<std::string_view, 6> kPending{
    "alter-partition-not-retried", "ephemerals-outlive-session", "vacancy-ignored",
    "quorum-minority-elects",      "leader-drops-unconfirmed",   "metadata-never-truncates"};
constexpr std::array<std::string_view, 6> kReassigned{"reassignment-not-resumed", "never-rejoins-isr",
                                                      "leader-drops-unconfirmed", "kraft-election-keeps-leader-epoch",
                                                      "broker-stops-reading",     "stopped-replica-fetcher"};
constexpr std::array<std::string_view, 7> kPreferred{
    "no-preferred-election", "ephemerals-outlive-session", "vacancy-ignored",      "leader-drops-unconfirmed",
    "votes-for-shorter-log", "metadata-never-truncates",   "never-gives-up-leader"};
constexpr std::array<std::string_view, 2> kOutcome{"produce-never-times-out", "delivery-never-times-out"};

constexpr std::string_view kQuiet = "the faults are over, and there was time";

const std::array kRows{
    Invariant{
        .name = "one-controller",
        .promise = "One live broker acts as controller, and every live broker has heard its epoch.",
        .precondition = kQuiet,
        .kind = InvariantKind::liveness,
        .holds_everywhere = one_controller_acts,
        .settles = failover_time,
        .broken_by = kController,
    },
    Invariant{
        .name = "partition-led",
        .promise = "A partition with a live member of its ISR has a leader that knows it.",
        .precondition = kQuiet,
        .kind = InvariantKind::liveness,
        .holds = partition_is_led,
        .settles = failover_time,
        .broken_by = kLed,
    },
    Invariant{
        .name = "isr-recovers",
        .promise = "Every live replica of a partition that is led is in its ISR and holds what is committed.",
        .precondition = kQuiet,
        .kind = InvariantKind::liveness,
        .holds = replicas_are_in_sync,
        .settles = isr_time,
        .broken_by = kInSync,
    },
    Invariant{
        .name = "no-change-pending",
        .promise = "No change of an ISR waits for its answer for ever.",
        .precondition = kQuiet,
        .kind = InvariantKind::liveness,
        .holds = no_change_is_pending,
        .settles = isr_time,
        .broken_by = kPending,
    },
    Invariant{
        .name = "reassignment-ends",
        .promise = "A reassignment whose new replicas live is completed.",
        .precondition = kQuiet,
        .kind = InvariantKind::liveness,
        .holds = reassignment_has_ended,
        .settles = isr_time,
        .broken_by = kReassigned,
    },
    Invariant{
        .name = "notifications-drain",
        .promise = "The controller deletes the notifications of ISR changes.",
        .precondition = kQuiet,
        .kind = InvariantKind::liveness,
        .holds_everywhere = notifications_are_gone,
        .settles = failover_time,
        .broken_by = kNotifications,
    },
    Invariant{
        .name = "preferred-leaders",
        .promise = "With auto.leader.rebalance.enable, preferred leaders that are in sync lead again.",
        .precondition = "the faults are over for longer than leader.imbalance.check.interval.seconds",
        .kind = InvariantKind::liveness,
        .holds_everywhere = preferred_leaders_lead,
        .settles = rebalance_time,
        .broken_by = kPreferred,
    },
    Invariant{
        .name = "outcome-known",
        .promise = "Every record that a producer sent is acknowledged or given up within delivery.timeout.ms.",
        .precondition = "the faults are over for longer than delivery.timeout.ms",
        .kind = InvariantKind::liveness,
        .holds_everywhere = every_record_has_an_outcome,
        .settles = delivery_time,
        .broken_by = kOutcome,
    },
};

}  // namespace

std::span<const Invariant> liveness_rows() { return kRows; }

}  // namespace model
