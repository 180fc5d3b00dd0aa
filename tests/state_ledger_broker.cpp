// A broker's facts: its replicas' values are moved by them, its life is derived from two of its states.
#include <algorithm>
#include <utility>

#include "model/invariants/view.h"
#include "tests/state_ledgers.h"

namespace sim::test {
namespace {

using model::PartitionId;
using model::PendingIsr;
using model::Role;

const model::Partition* replica_in(const model::Broker& broker, std::size_t p) {
  return broker.memory.partitions.empty() ? nullptr : &broker.memory.partitions[p];
}

bool is_batch_of(const model::Log& log, model::Offset base_offset, std::int32_t count) {
  const std::size_t at = model::first_batch_at(log, base_offset);
  if (at >= log.batches.size()) return base_offset + count > log.end();  // cut off again within the step
  return log.batches[at].base_offset == base_offset && log.batches[at].count == count;
}

// After these errors the leader goes back to the ISR that stands; after any other it keeps asking or waiting.
bool gives_up_change(const model::Rules& rules, model::ErrorCode error) {
  return rules.isr_channel == model::IsrChannel::zookeeper || error == model::ErrorCode::operation_not_attempted ||
         error == model::ErrorCode::ineligible_replica;
}

}  // namespace

// One overload for each kind of fact that moves a value.
struct BrokerReplay {
  BrokerLedger& ledger;
  const model::Broker& now;
  const model::ZnodeTree& tree;
  Wrongs& wrong;

  ReplicaLedger& replica(PartitionId p) { return ledger.replicas_[index(p)]; }
  void expect(bool ok, PartitionId p, std::string_view what) {
    if (!ok) wrong.push_back(ledger.name(p) + ": " + std::string(what));
  }

  void operator()(const model::BecameLeader& f) {
    ReplicaLedger& r = replica(f.partition);
    expect(f.previous_epoch == r.leader_epoch, f.partition, "became_leader with another previous epoch");
    expect(f.log_end_offset == r.log_end, f.partition, "became_leader with another log end");
    expect(f.high_watermark == r.high_watermark, f.partition, "became_leader with another high watermark");
    r.role = Role::leader;
    r.leader = ledger.id_;
    r.leader_epoch = f.leader_epoch;
    r.partition_epoch = f.partition_epoch;
    r.isr = f.isr;
    r.pending = PendingIsr::none;
    r.proposed.clear();
  }
  void operator()(const model::BecameFollower& f) {
    ReplicaLedger& r = replica(f.partition);
    expect(f.log_end_offset == r.log_end, f.partition, "became_follower with another log end");
    expect(f.high_watermark == r.high_watermark, f.partition, "became_follower with another high watermark");
    r.role = Role::follower;
    r.leader = f.leader;
    r.leader_epoch = f.leader_epoch;
    r.partition_epoch = f.partition_epoch;
    r.isr.clear();
    r.pending = PendingIsr::none;
    r.proposed.clear();
  }
  void operator()(const model::HighWatermarkMoved& f) {
    ReplicaLedger& r = replica(f.partition);
    expect(f.from == r.high_watermark && f.to != f.from, f.partition, "high_watermark moved from elsewhere");
    expect(f.as_leader == (r.role == Role::leader), f.partition, "high_watermark moved in another role");
    r.high_watermark = f.to;
  }
  void operator()(const model::RecordsAppended& f) {
    ReplicaLedger& r = replica(f.partition);
    expect(f.base_offset == r.log_end, f.partition, "records_appended elsewhere");
    expect(f.as_leader == (r.role == Role::leader), f.partition, "records_appended in another role");
    expect(is_batch_of(now.log(f.partition), f.base_offset, f.count), f.partition, "records_appended is no batch");
    r.log_end = f.base_offset + f.count;
  }
  void operator()(const model::Truncated& f) {
    ReplicaLedger& r = replica(f.partition);
    expect(f.from == r.log_end, f.partition, "truncates from elsewhere");
    expect(f.leader_epoch == r.leader_epoch, f.partition, "truncates in another epoch");
    r.log_end = f.to;
  }
  void operator()(const model::ReplicaDeleted& f) {
    ReplicaLedger& r = replica(f.partition);
    expect(f.leader_epoch == r.leader_epoch, f.partition, "replica_deleted in another epoch");
    expect(f.log_end_offset == r.log_end, f.partition, "replica_deleted with another log end");
    r = {};
  }
  void operator()(const model::LogLost& f) {
    expect(f.from == replica(f.partition).log_end, f.partition, "log_lost from elsewhere");
    replica(f.partition).log_end = f.to;
  }
  void operator()(const model::IsrShrinkProposed& f) {
    ReplicaLedger& r = replica(f.partition);
    expect(f.isr == r.isr && r.pending == PendingIsr::none, f.partition, "isr_shrink_proposed of another ISR");
    expect(f.high_watermark == r.high_watermark, f.partition, "isr_shrink_proposed at another high watermark");
    expect(f.log_end_offset == r.log_end, f.partition, "isr_shrink_proposed at another log end");
    r.pending = PendingIsr::shrink;
    r.proposed = f.to;
  }
  void operator()(const model::IsrExpandProposed& f) {
    ReplicaLedger& r = replica(f.partition);
    expect(f.isr == r.isr && r.pending == PendingIsr::none, f.partition, "isr_expand_proposed of another ISR");
    r.pending = PendingIsr::expand;
    r.proposed = f.to;
  }
  void operator()(const model::IsrCommitted& f) {
    ReplicaLedger& r = replica(f.partition);
    expect(r.pending != PendingIsr::none, f.partition, "isr_committed without a proposal");
    r.isr = f.isr;
    r.partition_epoch = f.partition_epoch;
    r.pending = PendingIsr::none;
    r.proposed.clear();
  }
  void operator()(const model::IsrChangeRefused& f) {
    ReplicaLedger& r = replica(f.partition);
    expect(r.pending != PendingIsr::none, f.partition, "isr_change_refused without a proposal");
    if (!gives_up_change(ledger.rules_, f.error)) return;
    r.pending = PendingIsr::none;
    r.proposed.clear();
  }
  void operator()(const model::AcksAllAnswered& f) {
    const ReplicaLedger& r = replica(f.partition);
    const std::size_t members = r.pending == PendingIsr::expand ? r.proposed.size() : r.isr.size();
    expect(r.role == Role::leader, f.partition, "acks_all_answered by a broker that does not lead");
    expect(f.isr == static_cast<std::int32_t>(members), f.partition, "acks_all_answered with another ISR");
    expect(f.high_watermark == r.high_watermark, f.partition, "acks_all_answered at another high watermark");
    expect(is_batch_of(now.log(f.partition), f.base_offset, f.count), f.partition, "acks_all_answered for no batch");
    ledger.acknowledged_.insert({f.partition, f.base_offset});
  }
  void operator()(const model::ControlRequestApplied& f) { ledger.controller_epoch_ = f.controller_epoch; }
  void operator()(const model::ControllerSeesBrokers& f) {
    const auto expect_about = [&](bool ok, std::string_view what) {
      if (!ok) wrong.push_back(ledger.config_.name_of(ledger.id_) + ": controller_sees_brokers " + std::string(what));
    };
    for (const model::NodeId id : f.added) expect_about(ledger.senders_.insert(id).second, "added that it knew");
    for (const model::NodeId id : f.deleted) expect_about(ledger.senders_.erase(id) == 1, "deleted that it knew not");
    for (const model::NodeId id : f.bounced) {
      const model::Znode* node = find(tree, model::paths::broker_id(id));
      model::BrokerEpoch known = -1;
      for (std::size_t i = 0; i < ledger.life_.live.size(); ++i) {
        if (ledger.life_.live[i] == id) known = ledger.life_.live_epochs[i];
      }
      // By now it may be gone again.
      expect_about(known != -1 && (node == nullptr || node->stat.czxid > known), "bounced that did not");
    }
    expect_about(std::set<model::NodeId>(f.live.begin(), f.live.end()) == ledger.senders_, "live that are not");
  }
  template <typename F>
  void operator()(const F&) {}
};

namespace {

bool is_life(const model::Fact& fact) {
  return std::holds_alternative<model::StartFailed>(fact) || std::holds_alternative<model::Stopped>(fact) ||
         std::holds_alternative<model::IsrCheckStarted>(fact) ||
         std::holds_alternative<model::TopicConfigApplied>(fact) ||
         std::holds_alternative<model::ZkConnectionLost>(fact) ||
         std::holds_alternative<model::ZkSessionExpiredSeen>(fact) ||
         std::holds_alternative<model::BelievesController>(fact) ||
         std::holds_alternative<model::ControllerResigned>(fact) ||
         std::holds_alternative<model::ControllerMoved>(fact);
}

}  // namespace

BrokerLife life_of(const model::Broker& broker) {
  const model::BrokerMemory& memory = broker.memory;
  const model::Controller& controller = memory.controller;
  BrokerLife life;
  life.phase = memory.phase;
  life.zk = memory.zk.state;
  life.session = memory.zk.session;
  life.stage = memory.shutdown.stage;
  life.isr_check_started = memory.isr_check_started;
  life.topic_settings = memory.topic_settings;
  life.epoch = controller.epoch;
  life.generation = controller.generation;
  life.queued = controller.queue.size();
  life.busy = controller.busy;
  if (controller.current) {
    const auto* who = std::get_if<model::ReadController>(&*controller.current);
    const auto* list = std::get_if<model::ListBrokers>(&*controller.current);
    const auto* read = std::get_if<model::ReadBrokers>(&*controller.current);
    life.reads_controller = who != nullptr && !who->then_elect;
    life.reads_brokers_first = (list != nullptr && list->at_failover) || (read != nullptr && read->at_failover);
  }
  life.live = controller.live;
  life.live_epochs.assign(controller.live_epochs.begin(), controller.live_epochs.end());
  return life;
}

BrokerLedger::BrokerLedger(const model::ClusterConfig& config, const model::Rules& rules, model::NodeId id)
    : config_(config), rules_(rules), id_(id), replicas_(config.partitions.size()) {}

std::string BrokerLedger::name(PartitionId p) const { return config_.name_of(id_) + " " + config_.name_of(p); }

// No fact tells of a crash; what the disk holds stays.
void BrokerLedger::forget_process() {
  for (ReplicaLedger& replica : replicas_) {
    ReplicaLedger fresh;
    fresh.log_end = replica.log_end;
    fresh.checkpoint = replica.checkpoint;
    replica = fresh;
  }
  controller_epoch_ = 0;
  senders_.clear();
  life_ = {};
}

// A replica that its process opens begins with its checkpoint.
void BrokerLedger::open_replicas(const model::Broker& now) {
  for (std::size_t p = 0; p < replicas_.size(); ++p) {
    const model::Partition* partition = replica_in(now, p);
    if (partition == nullptr || !partition->hosted || replicas_[p].hosted) continue;
    replicas_[p].hosted = true;
    replicas_[p].high_watermark = std::min(replicas_[p].checkpoint, replicas_[p].log_end);
  }
}

void BrokerLedger::compare_replicas(const model::Broker& now, Wrongs& wrong) const {
  const model::Partition none{};
  for (std::size_t i = 0; i < replicas_.size(); ++i) {
    const ReplicaLedger& told = replicas_[i];
    const model::Partition* held = replica_in(now, i);
    const model::Partition& is = held == nullptr ? none : *held;
    const auto compare = [&](bool same, std::string_view what) {
      if (same) return;
      wrong.push_back(name(PartitionId(static_cast<std::uint16_t>(i))) + ": " + std::string(what) + " is not as told");
    };
    compare(told.log_end == now.disk.partitions[i].log.end(), "the log end");
    compare(told.high_watermark == is.high_watermark, "the high watermark");
    compare(told.role == is.role && told.leader == is.leader, "the role");
    compare(told.leader_epoch == is.leader_epoch, "the leader epoch");
    compare(told.partition_epoch == is.partition_epoch, "the partition epoch");
    compare(told.isr == is.isr, "the ISR");
    compare(told.pending == is.pending && told.proposed == is.proposed, "the proposed ISR");
  }
}

// A new controller reads the brokers, one that resigns forgets them; else it tells of each change.
void BrokerLedger::compare_senders(const model::Broker& now, Wrongs& wrong) {
  std::set<model::NodeId> senders;
  for (const model::Sender& sender : now.memory.controller.senders) senders.insert(sender.broker);
  if (now.memory.controller.epoch != life_.epoch || life_.reads_brokers_first) senders_ = senders;
  if (senders == senders_) return;
  wrong.push_back(config_.name_of(id_) + ": the brokers that the controller talks to are not as told");
  senders_ = senders;
}

Facts BrokerLedger::derive(const BrokerLife& now) const {
  using Zk = model::ZkClient::State;
  using Stage = model::ShutdownProgress::Stage;
  Facts facts;
  const bool is_stopping = now.phase == model::BrokerPhase::stopping;
  const bool zk_closed = life_.zk != Zk::off && now.zk == Zk::off;
  const bool expired = life_.session != 0 && now.session == 0 && now.zk == Zk::connecting;
  if (now.isr_check_started && !life_.isr_check_started) facts.push_back(model::IsrCheckStarted{});
  if (life_.zk == Zk::connected && now.zk == Zk::waiting) facts.push_back(model::ZkConnectionLost{});
  if (expired) facts.push_back(model::ZkSessionExpiredSeen{life_.session});
  // Whoever loses or closes its session clears its controller state, whether it was controller or not.
  if (expired || (is_stopping && zk_closed) || (life_.epoch != 0 && now.epoch == 0)) {
    facts.push_back(model::ControllerResigned{life_.epoch});
  }
  if (now.epoch != 0 && now.epoch != life_.epoch) facts.push_back(model::BelievesController{now.epoch});
  // Its event goes on with another program: it asks who is controller.
  if (life_.busy && now.generation == life_.generation + 1 && now.queued == life_.queued && now.reads_controller) {
    facts.push_back(model::ControllerMoved{life_.epoch});
  }
  if (zk_closed && now.phase == model::BrokerPhase::loading) facts.push_back(model::StartFailed{});
  if (is_stopping && life_.stage == Stage::closing && now.stage == Stage::running) facts.push_back(model::Stopped{});
  for (std::size_t i = 0; i < now.topic_settings.size() && i < life_.topic_settings.size(); ++i) {
    const model::TopicSettings& settings = now.topic_settings[i];
    if (settings == life_.topic_settings[i]) continue;
    facts.push_back(model::TopicConfigApplied{model::TopicId(static_cast<std::uint16_t>(i)),
                                              settings.min_insync_replicas, settings.unclean_leader_election_enable});
  }
  return facts;
}

void BrokerLedger::check(const model::Broker& now, bool running, const model::ZnodeTree& tree, const Facts& told,
                         Wrongs& wrong) {
  if (!running) forget_process();
  open_replicas(now);
  Facts life;
  for (const model::Fact& fact : told) {
    const PartitionId* about = model::partition_of(fact);
    if (about != nullptr && index(*about) >= replicas_.size()) {
      wrong.push_back(config_.name_of(id_) + ": " + std::string(name_of(fact)) + " of a partition that is not there");
      continue;
    }
    std::visit(BrokerReplay{*this, now, tree, wrong}, fact);
    if (is_life(fact)) life.push_back(fact);
  }
  compare_replicas(now, wrong);
  compare_senders(now, wrong);
  if (controller_epoch_ != now.memory.controller_epoch) {
    wrong.push_back(config_.name_of(id_) + ": the controller epoch is not as told");
  }
  BrokerLife after = life_of(now);
  compare_facts(derive(after), life, config_.name_of(id_), wrong);
  life_ = std::move(after);
  for (std::size_t p = 0; p < replicas_.size(); ++p) replicas_[p].checkpoint = now.disk.partitions[p].checkpoint;
}

}  // namespace sim::test
