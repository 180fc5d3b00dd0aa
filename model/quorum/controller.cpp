// The office of the active controller, the log that it reads and writes, and what it does from time to time
// (controller/QuorumController).
#include "model/quorum/controller.h"

#include <utility>

#include "model/ensure.h"
#include "model/rules.h"

namespace model {
namespace {

constexpr Duration kUncleanElectionInterval = seconds(300);  // unclean.leader.election.interval.ms

// A controller that cannot apply what is in the log cannot go on.
void fail(const ControllerContext& c) {
  c.context.tell(QuorumFailed{QuorumFault::record_contradicts_state, c.raft.memory.epoch});
  c.context.out.exits = true;
}

// --- what was committed --------------------------------------------------------------------------

bool reads(const ControllerContext& c, const MetadataRecord& record) {
  return c.context.rules.kraft.standby_reads_everything || is_active(c.controller) ||
         !std::holds_alternative<BrokerRegistrationChangeRecord>(record);
}

void read_batch(const ControllerContext& c, const MetadataBatch& batch) {
  MetadataImage& stable = c.controller.stable;
  for (std::size_t i = 0; i < batch.records.size(); ++i) {
    const Offset offset = batch.base_offset + static_cast<Offset>(i);
    if (offset < stable.offset) continue;
    if (!reads(c, batch.records[i])) {
      stable.offset = offset + 1;
    } else if (!replay(stable, batch.records[i], offset)) {
      fail(c);
    }
  }
  c.controller.listener.next_offset = batch.end();
}

void load(const ControllerContext& c, const Snapshot& snapshot) {
  if (is_active(c.controller)) return fail(c);  // it has written the log itself
  c.controller.stable = snapshot.image;
  c.controller.listener.next_offset = snapshot.id.offset;
}

void read_committed(const ControllerContext& c) {
  while (!c.context.out.exits) {
    if (const Snapshot* snapshot = snapshot_to_load(c.raft, c.controller.listener)) {
      load(c, *snapshot);
    } else if (const MetadataBatch* batch = next_committed(c.raft, c.controller.listener)) {
      read_batch(c, *batch);
    } else {
      return;
    }
  }
}

// --- answers -------------------------------------------------------------------------------------

void send_committed_answers(const ControllerContext& c) {
  std::vector<DeferredAnswer>& deferred = c.controller.deferred;
  std::size_t sent = 0;
  while (sent < deferred.size() && deferred[sent].offset <= c.controller.stable.offset) {
    c.context.send(deferred[sent].via, std::move(deferred[sent].body.front()));
    ++sent;
  }
  deferred.erase(deferred.begin(), deferred.begin() + static_cast<std::ptrdiff_t>(sent));
}

// The same kind of answer, saying that somebody else is to be asked.
Body refused(const Body& answer) {
  return std::visit(overloaded{
                        [](const BrokerRegistrationResponse&) -> Body {
                          return BrokerRegistrationResponse{ErrorCode::not_controller, -1};
                        },
                        [](const BrokerHeartbeatResponse&) -> Body {
                          return BrokerHeartbeatResponse{ErrorCode::not_controller, false, true, false};
                        },
                        [](const AlterPartitionResponse&) -> Body {
                          return AlterPartitionResponse{ErrorCode::not_controller, {}};
                        },
                        [](const auto&) -> Body {
                          ENSURE(false);
                          return AlterPartitionResponse{};
                        },
                    },
                    answer);
}

// --- the office ----------------------------------------------------------------------------------

// On an empty log what the cluster was formatted with (controller/ActivationRecordsGenerator); then that this
// process is a controller, unless the log says so.
Records activation_records(const ControllerContext& c) {
  Records records;
  const QuorumSettings& settings = c.context.config.quorum;
  const KraftRules& rules = c.context.rules.kraft;
  if (c.image().data_records == 0) {
    records.push_back(FeatureLevelRecord{Feature::metadata_version, rules.metadata_version});
    if (settings.kraft_version > 0) {
      records.push_back(FeatureLevelRecord{Feature::kraft_version, static_cast<std::int16_t>(settings.kraft_version)});
    }
    if (settings.eligible_leader_replicas_version > 0 && rules.eligible_leader_replicas) {
      records.push_back(FeatureLevelRecord{Feature::eligible_leader_replicas_version,
                                           static_cast<std::int16_t>(settings.eligible_leader_replicas_version)});
    }
  }
  const ControllerRegistration own{c.raft.id, c.raft.disk.processes};
  for (const ControllerRegistration& known : c.image().controllers) {
    if (known == own) return records;
  }
  records.push_back(RegisterControllerRecord{own.controller, own.incarnation});
  return records;
}

// Periodic elections are the controller's own settings; a process that is no broker has those of the first.
BrokerSettings settings_of(const ControllerContext& c) {
  const ClusterConfig& config = c.context.config;
  if (config.is_broker(c.raft.id)) return config.broker(c.raft.id);
  return config.brokers.empty() ? BrokerSettings{} : config.brokers.front();
}

void arm_no_op(const ControllerContext& c) {
  const Duration interval = c.context.config.quorum.metadata_max_idle_interval;
  if (interval.us > 0) c.context.arm({TimerKind::write_no_op}, interval);
}

void arm_preferred_elections(const ControllerContext& c) {
  const BrokerSettings settings = settings_of(c);
  if (!settings.auto_leader_rebalance_enable) return;
  c.context.arm({TimerKind::elect_preferred}, settings.leader_imbalance_check_interval);
}

void arm_unclean_elections(const ControllerContext& c) {
  if (!c.context.rules.kraft.unclean_election_is_configurable) return;
  c.context.arm({TimerKind::elect_unclean}, kUncleanElectionInterval);
}

void claim(const ControllerContext& c, LeaderEpoch epoch) {
  c.controller.claim_epoch = epoch;
  c.controller.working = c.controller.stable;
  c.context.tell(BelievesController{epoch});
  seed_contacts(c);
  const Records records = activation_records(c);
  if (!records.empty() && !write(c, records)) return;
  arm_fence_checks(c);
  arm_no_op(c);
  arm_preferred_elections(c);
  arm_unclean_elections(c);
}

void learn_of_leader(const ControllerContext& c) {
  const std::optional<LeaderNotice> notice = take_leader_change(c.raft, c.controller.listener);
  if (!notice) return;
  if (is_active(c.controller)) renounce(c);
  if (notice->leader == c.raft.id) claim(c, notice->epoch);
}

void write_no_op(const ControllerContext& c) {
  if (write(c, {NoOpRecord{}})) arm_no_op(c);
}

}  // namespace

std::optional<Offset> write(const ControllerContext& c, const Records& records) {
  ENSURE(is_active(c.controller));
  MetadataImage& working = *c.controller.working;
  if (records.empty()) return working.offset;
  const std::optional<Offset> last = prepare_append(c.context, c.raft, c.controller.claim_epoch, records);
  if (!last) {
    renounce(c);
    return std::nullopt;
  }
  const Offset base = *last + 1 - static_cast<Offset>(records.size());
  if (base < working.offset) {  // a log that ends before what was read from it
    fail(c);
    renounce(c);
    return std::nullopt;
  }
  working.offset = base;  // what lies between are control records of raft's own
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (!replay(working, records[i], base + static_cast<Offset>(i))) fail(c);
  }
  return working.offset;
}

void renounce(const ControllerContext& c) {
  QuorumController& controller = c.controller;
  const KraftRules& rules = c.context.rules.kraft;
  const LeaderEpoch epoch = std::exchange(controller.claim_epoch, kNoEpoch);
  c.context.tell(ControllerResigned{epoch});
  if (rules.renouncing_resigns) resign(c.context, c.raft, epoch);
  for (const DeferredAnswer& each : controller.deferred) c.context.send(each.via, refused(each.body.front()));
  controller.deferred.clear();
  if (!rules.renouncing_reverts) controller.stable = *controller.working;
  controller.working.reset();
  disarm_fence_checks(c);
  controller.contacts.clear();
  for (const TimerKind kind : {TimerKind::write_no_op, TimerKind::elect_preferred, TimerKind::elect_unclean}) {
    c.context.disarm({kind});
  }
}

void answer(const ControllerContext& c, const ConnectionId& via, std::optional<Offset> written, Body body) {
  if (!written) return c.context.send(via, refused(body));
  if (*written <= c.controller.stable.offset || !c.context.rules.kraft.answers_wait_for_commit) {
    return c.context.send(via, std::move(body));
  }
  DeferredAnswer waiting{*written, via, {}};
  waiting.body.push_back(std::move(body));
  c.controller.deferred.push_back(std::move(waiting));
}

const BrokerRegistration* sender_of(const ControllerContext& c, const ConnectionId& via, NodeId broker,
                                    BrokerEpoch broker_epoch, Body stale) {
  const BrokerRegistration* sender = find_broker(c.image(), broker);
  const bool is_checked = c.context.rules.kraft.checks_broker_epoch;
  if (sender != nullptr && (!is_checked || sender->broker_epoch == broker_epoch)) return sender;
  const BrokerEpoch registered = sender == nullptr ? -1 : sender->broker_epoch;
  c.context.tell(RequestFenced{broker, ErrorCode::stale_broker_epoch, false, {}, broker_epoch, registered});
  c.context.send(via, std::move(stale));
  return nullptr;
}

void start_controller(const ControllerContext& c) {
  c.controller = {};
  c.controller.stable = empty_image(c.context.config);
}

void run_controller(const ControllerContext& c) {
  const Offset before = c.controller.stable.offset;
  read_committed(c);
  if (c.context.out.exits) return;
  if (c.controller.stable.offset != before) make_snapshot_if_due(c.context, c.raft, c.controller.stable);
  send_committed_answers(c);
  learn_of_leader(c);
}

void on_controller_request(const ControllerContext& c, const ConnectionId& via, const Body& body) {
  const auto serve = [&](const auto& request, const Body& otherwise, auto handler) {
    if (is_active(c.controller)) return handler(c, via, request);
    c.context.send(via, refused(otherwise));
  };
  std::visit(
      overloaded{
          [&](const BrokerRegistrationRequest& request) {
            serve(request, BrokerRegistrationResponse{}, on_register_broker);
          },
          [&](const BrokerHeartbeatRequest& request) {
            serve(request, BrokerHeartbeatResponse{}, on_broker_heartbeat);
          },
          [&](const AlterPartitionRequest& request) { serve(request, AlterPartitionResponse{}, on_alter_partition); },
          [](const auto&) {},
      },
      body);
}

// With its connection a broker's session ends, as it did with ZooKeeper's.
void on_controller_disconnected(const ControllerContext& c, const ConnectionId& via) {
  if (c.context.rules.kraft.session_outlives_connection || !is_active(c.controller)) return;
  if (via.server != c.raft.id) return;
  const BrokerRegistration* registration = find_broker(c.image(), via.client);
  if (registration != nullptr && !registration->fenced) fence_broker(c, via.client);
}

bool on_controller_timer(const ControllerContext& c, TimerKey key) {
  const bool acts = is_active(c.controller);
  if (key.kind == TimerKind::fence_stale_brokers) {
    if (acts) on_fence_check(c, key.about);
  } else if (key.kind == TimerKind::write_no_op) {
    if (acts) write_no_op(c);
  } else if (key.kind == TimerKind::elect_preferred) {
    if (acts) elect_preferred_leaders(c);
    if (is_active(c.controller)) arm_preferred_elections(c);
  } else if (key.kind == TimerKind::elect_unclean) {
    if (acts) elect_unclean_leaders(c);
    if (is_active(c.controller)) arm_unclean_elections(c);
  } else {
    return false;
  }
  return true;
}

}  // namespace model
