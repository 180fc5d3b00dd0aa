#include "model/invariants/history.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "model/invariants/acknowledged.h"
#include "model/invariants/view.h"
#include "model/rules.h"

namespace model {
namespace {

constexpr Offset kNoBound = std::numeric_limits<Offset>::max();

// --- committed records --------------------------------------------------------------------------

void look_at_replica(PartitionHistory& past, const View& view, PartitionId p, NodeId replica) {
  past.replicas[static_cast<std::size_t>(replica)].committed_held =
      view.logs.agree_until(p, kCommitted, past.committed, replica, log_at(view, p, replica), kNoBound);
}

void look_at_replicas(PartitionHistory& past, const View& view, PartitionId p) {
  for (const NodeId replica : past.hosts) look_at_replica(past, view, p, replica);
}

void note_committed_values(PartitionHistory& past, const ClusterConfig& config, const Batch& batch) {
  std::int32_t& end = past.committed_values[static_cast<std::size_t>(batch.producer) - 1 - config.brokers.size()];
  end = std::max(end, batch.first_value + batch.count);
}

// What the leader holds below its high watermark is committed from now on, except where it already differs:
// that is for the invariants to say, not to be smoothed over here.
void commit(PartitionHistory& past, const View& view, PartitionId p, NodeId leader, Offset high_watermark) {
  const Log& log = log_at(view, p, leader);
  const Offset bound = std::min(high_watermark, log.end());
  if (past.committed.end() >= bound) return;
  if (past.committed.batches.empty()) past.committed.start = log.start;
  for (std::size_t i = first_batch_at(log, past.committed.end()); i < log.batches.size(); ++i) {
    Batch batch = log.batches[i];
    if (batch.base_offset >= bound) break;
    const Offset end = std::min(batch.end(), bound);
    const auto skipped = static_cast<std::int32_t>(std::max<Offset>(0, past.committed.end() - batch.base_offset));
    batch.base_offset += skipped;
    batch.first_value += skipped;
    if (batch.first_sequence >= 0) batch.first_sequence += skipped;
    batch.count = static_cast<std::int32_t>(end - batch.base_offset);
    past.committed.batches.push_back(batch);
    note_committed_values(past, view.config, batch);
  }
  look_at_replicas(past, view, p);
}

void cut_committed(PartitionHistory& past, const View& view, PartitionId p, Offset end) {
  if (end >= past.committed.end()) return;
  truncate(past.committed, end);
  for (ReplicaHistory& replica : past.replicas) replica.lost_end = std::min(replica.lost_end, end);
  std::fill(past.committed_values.begin(), past.committed_values.end(), 0);
  for (const Batch& batch : past.committed.batches) note_committed_values(past, view.config, batch);
  view.logs.cut(p, kCommitted, end);
  look_at_replicas(past, view, p);
}

// --- elections ----------------------------------------------------------------------------------

// A replica whose machine lost records may lead and take them from everybody else only if nobody who has
// them could have led instead: the last one standing, or all of them lost at once.
bool nobody_else_could_lead(const PartitionHistory& past, const View& view, PartitionId p) {
  return std::none_of(past.before.isr.begin(), past.before.isr.end(), [&](NodeId member) {
    return !misses_what_it_lost(view, p, member) &&
           view.history.brokers[static_cast<std::size_t>(member)].is_registered &&
           broker_at(view, member).memory.phase != BrokerPhase::stopping;  // whom no election chooses
  });
}

// Only a controller that saw the broker go takes it out of the ISR, and only while it is in office: the next one sees
// the replica as it came back. Until KIP-966 nobody asks a broker how it ended.
bool nobody_noticed(const ReplicaHistory& replica, ControllerEpoch in_office) {
  return replica.noticed_under == 0 || replica.noticed_under < in_office;
}

// Does it commit without a member of the stored ISR, or did it before it died?
bool may_not_know_its_isr(const PartitionHistory& past, const View& view, NodeId leader) {
  const ReplicaHistory& replica = past.replicas[static_cast<std::size_t>(leader)];
  return replica.unaware_of_isr || (view.config.is_kraft() && replica.proposal_stored);
}

void note_election(PartitionHistory& past, const View& view, PartitionId p, const PartitionState& state) {
  const bool is_eligible = past.eligible_leader_replicas.contains(state.leader);
  const bool outside = !past.before.isr.empty() && !past.before.isr.contains(state.leader) && !is_eligible;
  // Nobody is known to have everything, and the last one to lead is the best guess, whatever the configuration says.
  const bool is_last_known = past.before.isr.empty() && !is_eligible && past.last_known_elr.contains(state.leader);
  LossReason loss = LossReason::none;
  if (is_last_known || (outside && may_lose_records(past))) {
    loss = LossReason::unclean_election;
  } else if (!outside && misses_what_it_lost(view, p, state.leader) &&
             (nobody_else_could_lead(past, view, p) ||
              nobody_noticed(past.replicas[static_cast<std::size_t>(state.leader)], state.controller_epoch))) {
    loss = LossReason::power_loss;
  } else if (past.before.leader != kNoNode && may_not_know_its_isr(past, view, past.before.leader)) {
    loss = LossReason::lost_isr_write;
  } else if (past.behind.contains(state.leader) || past.replicas[static_cast<std::size_t>(state.leader)].deleted) {
    loss = LossReason::reassignment;
  }
  past.unclean_requested = false;
  if (loss == LossReason::none) return;
  past.loss = loss;
  past.loss_epoch = state.leader_epoch;
  past.loss_reason = loss;
}

// Metadata of an equal partition epoch reaches a leader after its change of the ISR went out: it forgets the change,
// which is carried out all the same, and does not wait for the larger ISR until metadata tells it of that
// (Partition.makeLeader takes equal epochs, since answers to AlterPartition run ahead of metadata).
bool has_dropped_its_change(const View& view, const PartitionStateChanged& told) {
  const Partition* leader = leader_at(view, told.partition, told.state.leader);
  return leader != nullptr && leader->leader_epoch == told.state.leader_epoch && leader->pending == PendingIsr::none &&
         leader->partition_epoch < told.partition_epoch;
}

void note_state(PartitionHistory& past, const View& view, const PartitionStateChanged& told) {
  const PartitionState& state = told.state;
  past.before = std::exchange(past.stored, state);
  past.stored_epoch = told.partition_epoch;
  const bool is_new_epoch = !past.created || state.leader_epoch > past.before.leader_epoch;
  if (state.leader != kNoNode && state.leader_epoch >= 0) {
    const auto epoch = static_cast<std::size_t>(state.leader_epoch);
    if (past.leader_of_epoch.size() <= epoch) past.leader_of_epoch.resize(epoch + 1, kNoNode);
    if (past.leader_of_epoch[epoch] == kNoNode) past.leader_of_epoch[epoch] = state.leader;
    if (past.created && is_new_epoch) note_election(past, view, told.partition, state);
    if (past.created && state.leader == past.before.leader) {
      ReplicaHistory& leader = past.replicas[static_cast<std::size_t>(state.leader)];
      if (state.isr == leader.proposed_isr) leader.proposal_stored = true;
      if (view.config.is_kraft() && has_dropped_its_change(view, told)) leader.unaware_of_isr = true;
    }
  }
  if (state.leader != kNoNode) {
    past.leader_moved_away = false;
  } else if (past.before.leader != kNoNode && !past.assignment.replicas.contains(past.before.leader)) {
    past.leader_moved_away = true;
  }
  past.created = true;
}

void note_left_out(PartitionHistory& past, const View& view, PartitionId p, NodeId broker) {
  const Partition* leader = leader_at(view, p, broker);
  if (leader == nullptr) return;
  past.left_out.clear();
  for (const NodeId host : past.hosts) {
    if (leader->replicas.contains(host)) continue;
    past.left_out.push_back(host);
    if (!past.behind.contains(host)) past.behind.push_back(host);
  }
}

void note_leader(PartitionHistory& past, const View& view, NodeId broker, const BecameLeader& told,
                 std::vector<RecordLost>& lost) {
  ReplicaHistory& replica = past.replicas[static_cast<std::size_t>(broker)];
  replica.stuck_pending = false;
  replica.unaware_of_isr = false;
  replica.deleted = false;
  replica.highest_epoch = std::max(replica.highest_epoch, told.leader_epoch);
  replica.reign_high_watermark = std::max(replica.reign_high_watermark, told.high_watermark);
  note_left_out(past, view, told.partition, broker);
  // It came back before any controller noticed that it had been away, and leads on, perhaps even in the epoch in which
  // it had led.
  const bool leads_on =
      misses_what_it_lost(view, told.partition, broker) && nobody_noticed(replica, view.history.controller_epoch);
  if (leads_on && told.leader_epoch <= replica.lost_in_epoch) {
    past.reused_epoch = std::max(past.reused_epoch, told.leader_epoch);
  }
  if (current_leader(view, told.partition) != broker) return;
  if (past.loss == LossReason::none && leads_on) {
    past.loss = past.loss_reason = LossReason::power_loss;
    past.loss_epoch = told.leader_epoch;
  }
  if (past.loss != LossReason::none) {
    look_at_replica(past, view, told.partition, broker);
    cut_committed(past, view, told.partition, replica.committed_held);
    find_lost(past, view, told.partition, broker, past.loss, lost);
    past.loss = LossReason::none;
  }
  find_lost(past, view, told.partition, broker, LossReason::none, lost);
  commit(past, view, told.partition, broker, told.high_watermark);
}

void note_caught_up(PartitionHistory& past, NodeId replica) {
  const Offset held = past.replicas[static_cast<std::size_t>(replica)].committed_held;
  if (held >= past.committed.end() && !past.left_out.contains(replica)) past.behind.remove(replica);
}

void note_high_watermark(PartitionHistory& past, const View& view, NodeId broker, const HighWatermarkMoved& told) {
  if (!told.as_leader) return;
  ReplicaHistory& replica = past.replicas[static_cast<std::size_t>(broker)];
  replica.reign_high_watermark = std::max(replica.reign_high_watermark, told.to);
  if (past.loss == LossReason::none && current_leader(view, told.partition) == broker) {
    commit(past, view, told.partition, broker, told.to);
  }
}

void note_cut(PartitionHistory& past, const View& view, PartitionId p, NodeId broker, Offset to,
              std::vector<RecordLost>& lost) {
  view.logs.cut(p, broker, to);
  look_at_replica(past, view, p, broker);
  const NodeId leader = current_leader(view, p);
  if (leader != kNoNode && past.loss == LossReason::none) find_lost(past, view, p, leader, LossReason::none, lost);
}

// Errors after which a leader does not ask again, and keeps the change pending (Partition.handleAlterPartitionError).
bool is_for_good(ErrorCode error) {
  return error == ErrorCode::unknown_topic_or_partition || error == ErrorCode::fenced_leader_epoch ||
         error == ErrorCode::invalid_update_version || error == ErrorCode::invalid_request ||
         error == ErrorCode::new_leader_elected;
}

void note_refusal(PartitionHistory& past, const View& view, NodeId broker, const IsrChangeRefused& told) {
  ReplicaHistory& replica = past.replicas[static_cast<std::size_t>(broker)];
  replica.stuck_pending = is_for_good(told.error);
  if (view.config.is_kraft()) return;
  replica.unaware_of_isr = view.rules.isr_channel == IsrChannel::zookeeper && replica.proposal_stored;
  if (replica.proposal_stored) past.change_unknown = true;
}

// `told` is what a broker has just carried out. Is it still the one that its controller waits for?
void note_control_request(BrokerHistory& past, const View& view, NodeId broker, const ControlRequestApplied& told) {
  past.highest_controller_epoch = std::max(past.highest_controller_epoch, told.controller_epoch);
  const auto& senders = broker_at(view, told.controller).memory.controller.senders;
  const auto sender = std::find_if(senders.begin(), senders.end(), [&](const Sender& s) { return s.broker == broker; });
  if (sender == senders.end() || !sender->in_flight) {
    past.metadata_is_late = true;
  } else if (std::holds_alternative<UpdateMetadataRequest>(sender->queue.front())) {
    past.metadata_is_late = false;
  }
}

void note_log_lost(PartitionHistory& past, const View& view, NodeId broker, const LogLost& told,
                   std::vector<RecordLost>& lost) {
  ReplicaHistory& replica = past.replicas[static_cast<std::size_t>(broker)];
  replica.reign_high_watermark = kUnknownOffset;
  replica.lost_end = std::max(replica.lost_end, told.from);
  replica.lost_in_epoch = past.stored.leader_epoch;
  replica.noticed_under = 0;
  note_cut(past, view, told.partition, broker, told.to, lost);
}

// What a reassignment adds may be proposed for the ISR before the one after it gives it up.
void note_assignment(PartitionHistory& past, const AssignmentChanged& told) {
  for (const NodeId replica : past.assignment.adding) {
    if (!told.replicas.contains(replica) && !past.given_up.contains(replica)) past.given_up.push_back(replica);
  }
  for (const NodeId replica : told.replicas) {
    past.given_up.remove(replica);
    if (std::find(past.hosts.begin(), past.hosts.end(), replica) == past.hosts.end()) past.hosts.push_back(replica);
  }
  past.assignment = {told.replicas, told.adding, told.removing};
}

// As if it had never been there; what its machine had lost is nobody's any more.
void note_deleted(PartitionHistory& past, const View& view, PartitionId p, NodeId broker) {
  view.logs.cut(p, broker, 0);
  const std::int32_t min_insync_replicas = past.replicas[static_cast<std::size_t>(broker)].min_insync_replicas;
  ReplicaHistory fresh;
  fresh.min_insync_replicas = min_insync_replicas;
  fresh.deleted = true;
  past.replicas[static_cast<std::size_t>(broker)] = fresh;
  if (past.assignment.replicas.contains(broker)) return;
  const auto host = std::find(past.hosts.begin(), past.hosts.end(), broker);
  if (host != past.hosts.end()) past.hosts.erase(host);
}

}  // namespace

bool misses_what_it_lost(const View& view, PartitionId p, NodeId replica) {
  const ReplicaHistory& past = history_of(view, p).replicas[static_cast<std::size_t>(replica)];
  return past.lost_end > 0 && log_at(view, p, replica).end() < past.lost_end;
}

History make_history(const ClusterConfig& config) {
  History history;
  history.partitions.resize(config.partitions.size());
  for (std::size_t p = 0; p < history.partitions.size(); ++p) {
    const auto id = PartitionId(static_cast<std::uint16_t>(p));
    const TopicConfig& topic = config.topic_of(id);
    PartitionHistory& past = history.partitions[p];
    past.assignment.replicas = topic.assignment[static_cast<std::size_t>(config.partitions[p].number)];
    for (const NodeId replica : past.assignment.replicas) past.hosts.push_back(replica);
    past.unclean_configured = topic.unclean_leader_election_enable;
    past.min_insync_replicas = past.configured_at_start = topic.min_insync_replicas;
    past.replicas.resize(config.brokers.size() + 1);
    past.committed_values.resize(config.producers.size(), 0);
    for (ReplicaHistory& replica : past.replicas) replica.min_insync_replicas = topic.min_insync_replicas;
  }
  history.brokers.resize(config.brokers.size() + 1);
  history.quorum = make_quorum_history(config);
  history.readers = make_reader_history(config);
  return history;
}

namespace {

// One overload per fact that changes what is remembered.
struct Fold {
  History& history;
  const View& view;
  NodeId teller;
  std::vector<RecordLost>& lost;

  template <typename Visit>
  void for_partitions_of(TopicId topic, Visit&& visit) {
    for (std::size_t p = 0; p < history.partitions.size(); ++p) {
      if (view.config.partitions[p].topic == topic) visit(history.partitions[p]);
    }
  }
  PartitionHistory& past(PartitionId p) { return history.partitions[index(p)]; }
  ReplicaHistory& replica(PartitionId p) { return past(p).replicas[static_cast<std::size_t>(teller)]; }
  BrokerHistory& broker(NodeId id) { return history.brokers[static_cast<std::size_t>(id)]; }
  void propose(PartitionId p, const Replicas& isr) {
    // It asks again without knowing that what it asked for is stored: metadata made it forget (has_dropped_its_change).
    const Partition* leader = leader_at(view, p, teller);
    const bool is_behind = leader != nullptr && leader->partition_epoch < past(p).stored_epoch;
    if (view.config.is_kraft() && is_behind && replica(p).proposal_stored) replica(p).unaware_of_isr = true;
    replica(p).stuck_pending = replica(p).proposal_stored = false;
    replica(p).proposed_isr = isr;
  }

  void operator()(const PartitionStateChanged& f) { note_state(past(f.partition), view, f); }
  void operator()(const BecameLeader& f) { note_leader(past(f.partition), view, teller, f, lost); }
  void operator()(const BecameFollower& f) {
    ReplicaHistory& follower = replica(f.partition);
    follower.highest_epoch = std::max(follower.highest_epoch, f.leader_epoch);
    follower.reign_high_watermark = kUnknownOffset;
    follower.unaware_of_isr = false;
    follower.deleted = false;
  }
  void operator()(const AssignmentChanged& f) { note_assignment(past(f.partition), f); }
  void operator()(const ReplicaDeleted& f) { note_deleted(past(f.partition), view, f.partition, teller); }
  void operator()(const HighWatermarkMoved& f) { note_high_watermark(past(f.partition), view, teller, f); }
  void operator()(const RecordsAppended& f) {
    PartitionHistory& about = past(f.partition);
    ReplicaHistory& appender = replica(f.partition);
    look_at_replica(about, view, f.partition, teller);
    const bool was_excused = appender.lost_end > 0 || about.behind.contains(teller);
    if (!misses_what_it_lost(view, f.partition, teller)) appender.lost_end = 0;
    note_caught_up(about, teller);
    history.excuse_ended = was_excused && appender.lost_end == 0 && !about.behind.contains(teller);
  }
  void operator()(const Truncated& f) { note_cut(past(f.partition), view, f.partition, teller, f.to, lost); }
  void operator()(const LogLost& f) { note_log_lost(past(f.partition), view, teller, f, lost); }
  void operator()(const AcksAllAnswered& f) { note_answer(past(f.partition), view, teller, f); }
  void operator()(const RecordsAcknowledged& f) { acknowledge(past(f.partition), view.config, teller, f); }
  void operator()(const RecordsFailed& f) {
    if (!f.outcome_unknown) past(f.partition).refused.push_back({teller, f.first_value, f.first_value + f.count});
  }
  void operator()(const IsrShrinkProposed& f) { propose(f.partition, f.to); }
  void operator()(const IsrExpandProposed& f) { propose(f.partition, f.to); }
  void operator()(const IsrCommitted& f) {
    // Metadata from before its change: the change is forgotten, although it may have been carried out.
    if (view.config.is_kraft() && f.partition_epoch < past(f.partition).stored_epoch) {
      replica(f.partition).unaware_of_isr |= replica(f.partition).proposal_stored;
      return;
    }
    replica(f.partition).proposal_stored = replica(f.partition).unaware_of_isr = false;
    past(f.partition).change_unknown = false;
  }
  void operator()(const IsrChangeRefused& f) { note_refusal(past(f.partition), view, teller, f); }
  void operator()(const TopicConfigChanged& f) {
    for_partitions_of(f.topic, [&](PartitionHistory& past) {
      past.min_insync_replicas = f.min_insync_replicas;
      past.unclean_configured = f.unclean_leader_election_enable;
    });
  }
  void operator()(const TopicConfigApplied& f) {
    for_partitions_of(f.topic, [&](PartitionHistory& past) {
      past.replicas[static_cast<std::size_t>(teller)].min_insync_replicas = f.min_insync_replicas;
    });
  }
  // The log remembers, whoever is in office: a broker that was fenced, or has registered anew, is known to have gone.
  void note_gone(NodeId gone) {
    for (PartitionHistory& past : history.partitions) {
      past.replicas[static_cast<std::size_t>(gone)].noticed_under = std::numeric_limits<ControllerEpoch>::max();
    }
  }
  void operator()(const BrokerChanged& f) {
    BrokerHistory& changed = broker(f.broker);
    changed.unfenced_while_stopping =
        !f.fenced && f.in_controlled_shutdown && (!changed.is_registered || changed.unfenced_while_stopping);
    changed.is_registered = !f.fenced;
    if (f.fenced) note_gone(f.broker);
  }
  void operator()(const ElrChanged& f) {
    past(f.partition).eligible_leader_replicas = f.eligible_leader_replicas;
    past(f.partition).last_known_elr = f.last_known_elr;
  }
  void operator()(const LeaderChange& f) {
    history.controller = f.leader;
    history.controller_epoch = f.epoch;
  }
  void operator()(const LeaderUnavailable& f) {
    past(f.partition).replicas[static_cast<std::size_t>(teller)].missed_epoch = f.leader_epoch;
  }
  void operator()(const BrokerRegistered& f) {
    BrokerHistory& registered = broker(f.broker);
    registered.is_registered = true;
    ++registered.registrations;
    registered.session = f.session;
    registered.registered = f.zxid;
    registered.process_broker_epoch = std::max(registered.process_broker_epoch, f.zxid);
    if (!view.config.is_kraft()) return;
    registered.is_registered = false;  // fenced until it has caught up
    registered.incarnation = incarnation_of(view, teller, f);
    registered.unfenced_while_stopping = false;
    if (view.rules.kraft.new_incarnation_leaves_isr) note_gone(f.broker);
  }
  void operator()(const ControllerSeesBrokers& f) {
    for (const Replicas& gone : {f.deleted, f.bounced}) {
      for (const NodeId broker : gone) {
        for (PartitionHistory& past : history.partitions) {
          past.replicas[static_cast<std::size_t>(broker)].noticed_under = history.controller_epoch;
        }
      }
    }
  }
  void operator()(const BrokerUnregistered& f) { broker(f.broker).is_registered = false; }
  void operator()(const ControllerElected& f) {
    history.controller = f.broker;
    history.vacancy_missed = false;
    for (PartitionHistory& past : history.partitions) past.change_unknown = false;
    broker(f.broker).elected = f.epoch;
    if (f.epoch < 0) return;
    const auto epoch = static_cast<std::size_t>(f.epoch);
    if (history.controller_of_epoch.size() <= epoch) history.controller_of_epoch.resize(epoch + 1, kNoNode);
    if (history.controller_of_epoch[epoch] == kNoNode) history.controller_of_epoch[epoch] = f.broker;
  }
  void operator()(const ControllerVacated& f) {
    history.controller = kNoNode;
    const Controller& holder = broker_at(view, f.broker).memory.controller;
    history.vacancy_missed = holder.busy || !holder.queue.empty();
  }
  void operator()(const ControllerEpochChanged& f) { history.controller_epoch = f.epoch; }
  void operator()(const ControlRequestApplied& f) { note_control_request(broker(teller), view, teller, f); }
  template <typename F>
  void operator()(const F&) {}
};

}  // namespace

void observe(History& history, const View& view, const Told& told, std::vector<RecordLost>& lost) {
  history.excuse_ended = false;
  if (!history.quorum.members.empty()) observe_quorum(history.quorum, view, told);
  observe(history.readers, view.config, told.teller, told.fact);
  std::visit(Fold{history, view, told.teller, lost}, told.fact);
}

void observe_start(History& history, NodeId node) {
  const auto id = static_cast<std::size_t>(node);
  observe_member_start(history.quorum, node);
  if (id == 0 || id >= history.brokers.size()) return;
  history.brokers[id].highest_controller_epoch = 0;
  history.brokers[id].process_broker_epoch = -1;
  history.brokers[id].metadata_is_late = false;
  for (PartitionHistory& past : history.partitions) {
    past.replicas[id].highest_epoch = kNoEpoch;
    past.replicas[id].reign_high_watermark = kUnknownOffset;
    past.replicas[id].stuck_pending = false;
    past.replicas[id].proposal_stored = past.replicas[id].unaware_of_isr = false;
    past.replicas[id].missed_epoch = kNoEpoch;
    past.replicas[id].min_insync_replicas = past.configured_at_start;
  }
}

void observe_unclean_request(History& history, PartitionId p) { history.partitions[index(p)].unclean_requested = true; }

void observe_end(History& history, const View& view, std::vector<RecordLost>& lost) {
  for (std::size_t p = 0; p < history.partitions.size(); ++p) {
    const auto id = PartitionId(static_cast<std::uint16_t>(p));
    const NodeId leader = current_leader(view, id);
    if (leader != kNoNode) find_lost(history.partitions[p], view, id, leader, LossReason::none, lost);
  }
}

}  // namespace model
