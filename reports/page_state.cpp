#include "reports/page_state.h"

#include "model/text.h"

namespace reports {
namespace {

std::string_view name_of(model::Role role) {
  switch (role) {
    case model::Role::none:
      return "none";
    case model::Role::follower:
      return "follower";
    case model::Role::leader:
      return "leader";
  }
  return "";
}
std::string_view name_of(model::FetchState state) {
  switch (state) {
    case model::FetchState::none:
      return "none";
    case model::FetchState::truncating:
      return "truncating";
    case model::FetchState::fetching:
      return "fetching";
    case model::FetchState::failed:
      return "failed";
  }
  return "";
}
std::string_view name_of(model::BrokerPhase phase) {
  switch (phase) {
    case model::BrokerPhase::down:
      return "down";
    case model::BrokerPhase::connecting:
      return "connecting";
    case model::BrokerPhase::loading:
      return "loading";
    case model::BrokerPhase::running:
      return "running";
    case model::BrokerPhase::stopping:
      return "stopping";
  }
  return "";
}
std::string_view name_of(model::BrokerState state) {
  switch (state) {
    case model::BrokerState::not_running:
      return "not running";
    case model::BrokerState::starting:
      return "starting";
    case model::BrokerState::recovery:
      return "recovery";
    case model::BrokerState::running:
      return "running";
    case model::BrokerState::pending_controlled_shutdown:
      return "pending controlled shutdown";
    case model::BrokerState::shutting_down:
      return "shutting down";
  }
  return "";
}
std::string_view name_of(model::PositionState state) {
  switch (state) {
    case model::PositionState::awaits_reset:
      return "awaits reset";
    case model::PositionState::awaits_validation:
      return "awaits validation";
    case model::PositionState::fetching:
      return "fetching";
  }
  return "";
}
std::string_view role_of(const model::RaftMemory& memory) {
  // In the order of QuorumState.
  constexpr std::array<model::QuorumRole, 6> kRoles{model::QuorumRole::unattached, model::QuorumRole::prospective,
                                                    model::QuorumRole::candidate,  model::QuorumRole::leader,
                                                    model::QuorumRole::follower,   model::QuorumRole::resigned};
  static_assert(std::variant_size_v<model::QuorumState> == kRoles.size());
  return memory.running ? model::name_of(kRoles[memory.state.index()]) : "none";
}

}  // namespace

PageState::PageState(const model::ClusterConfig& config, TextTable& texts)
    : config_(config), texts_(texts), subjects_(config.node_count() + 1), outcomes_(config.node_count()) {}

void PageState::begin(std::size_t subject, std::int64_t row) {
  now_ = subject;
  at_ = 0;
  row_ = row;
  partition_ = -1;
}
void PageState::end() { subjects_[now_].is_known = true; }

// A node shows the same fields in the same order each time.
void PageState::put(std::string_view name, std::int64_t value, bool is_text) {
  Subject& subject = subjects_[now_];
  if (!subject.is_known) {
    subject.fields.push_back(fields_.size());
    subject.values.push_back(value);
    fields_.push_back({now_, std::string(name), partition_, is_text});
  } else if (subject.values[at_] == value) {
    ++at_;
    return;
  } else {
    subject.values[at_] = value;
  }
  rows_.push_back(row_);
  changed_.push_back(static_cast<std::int64_t>(subject.fields[at_++]));
  values_.push_back(value);
}

void PageState::node(std::string_view name, model::NodeId value) { text(name, config_.name_of(value)); }
void PageState::nodes(std::string_view name, const model::Replicas& value) {
  text(name, model::text_of(value, config_));
}

void PageState::on_fact(model::NodeId node, const model::Fact& fact) {
  std::array<std::int64_t, 2>& outcome = outcomes_[static_cast<std::size_t>(node)];
  if (const auto* f = std::get_if<model::RecordsAcknowledged>(&fact)) outcome[0] += f->count;
  if (const auto* f = std::get_if<model::RecordsFailed>(&fact)) outcome[1] += f->count;
}

std::string_view PageState::process_of(const sim::World& world, model::NodeId node) const {
  if (!world.is_running(node)) return "down";
  return world.is_paused(node) ? "paused" : "running";
}

void PageState::sample_node(const sim::World& world, model::NodeId node, std::int64_t row) {
  begin(static_cast<std::size_t>(node), row);
  text("process", process_of(world, node));
  const model::Node& state = world.nodes()[static_cast<std::size_t>(node)];
  if (const auto* server = std::get_if<model::ZooKeeper>(&state)) {
    number("sessions", static_cast<std::int64_t>(server->disk.sessions.size()));
    number("zxid", server->disk.tree.last_zxid);
  } else if (const auto* its_broker = std::get_if<model::Broker>(&state)) {
    broker(*its_broker);
  } else if (const auto* its_producer = std::get_if<model::Producer>(&state)) {
    producer(*its_producer);
  } else if (const auto* its_consumer = std::get_if<model::Consumer>(&state)) {
    consumer(*its_consumer);
  } else if (const auto* controller = std::get_if<model::ControllerServer>(&state)) {
    quorum_member({&controller->disk.raft, &controller->memory.raft, &controller->memory.controller});
  }
  end();
}

void PageState::sample_cluster(const sim::World& world, std::int64_t row) {
  begin(config_.node_count(), row);
  node("controller", world.controller());
  for (std::size_t p = 0; p < config_.partitions.size(); ++p) {
    partition_ = static_cast<std::int32_t>(p);
    const model::PartitionState* state = world.partition_state(model::PartitionId(static_cast<std::uint16_t>(p)));
    node("leader", state == nullptr ? model::kNoNode : state->leader);
    number("leader epoch", state == nullptr ? model::kNoEpoch : state->leader_epoch);
    nodes("isr", state == nullptr ? model::Replicas{} : state->isr);
  }
  end();
}

void PageState::broker(const model::Broker& broker) {
  const model::BrokerMemory& memory = broker.memory;
  if (config_.is_kraft()) {
    const bool runs = memory.kraft.has_value();
    text("state", name_of(runs ? memory.kraft->lifecycle.state : model::BrokerState::not_running));
    number("metadata offset", runs ? memory.kraft->image.offset : model::kUnknownOffset);
    static const model::RaftMemory kNone{};  // of a process that is down
    static const model::RaftDisk kEmpty{};
    quorum_member({broker.disk.raft ? &*broker.disk.raft : &kEmpty, runs ? &memory.kraft->raft : &kNone,
                   runs && memory.kraft->controller ? &*memory.kraft->controller : nullptr});
  } else {
    text("state", name_of(memory.phase));
    number("broker epoch", memory.broker_epoch);
    const model::Controller& controller = memory.controller;
    const bool acts = controller.active_id == broker.id;
    truth("acts as controller", acts);
    number("own controller epoch", acts ? controller.epoch : 0);
    node("controller it knows", controller.active_id);
    number("controller epoch seen", memory.controller_epoch);
  }
  for (std::size_t p = 0; p < config_.partitions.size(); ++p) {
    partition_ = static_cast<std::int32_t>(p);
    replica(broker, p);
  }
  partition_ = -1;
}

void PageState::replica(const model::Broker& broker, std::size_t p) {
  static const model::Partition kNone{};
  const auto& partitions = broker.memory.partitions;
  const model::Partition& partition = p < partitions.size() ? partitions[p] : kNone;
  const model::PartitionDisk& disk = broker.disk.partitions[p];
  text("role", name_of(partition.role));
  node("leader", partition.leader);
  number("leader epoch", partition.leader_epoch);
  nodes("isr", partition.isr);
  nodes("proposed isr", partition.pending == model::PendingIsr::none ? model::Replicas{} : partition.proposed);
  number("log end offset", disk.log.end());
  number("high watermark", partition.high_watermark);
  text("fetching", name_of(partition.fetch_state));
}

void PageState::quorum_member(const model::QuorumMember& member) {
  text("quorum role", role_of(*member.memory));
  number("quorum epoch", member.disk->election.epoch);
  node("quorum leader", member.memory->running ? model::leader_of(*member.memory) : model::kNoNode);
  node("voted for", member.disk->election.voted.node);
  number("metadata log end", member.disk->log.end());
  number("metadata high watermark", member.memory->high_watermark);
  truth("active controller", member.controller != nullptr && model::is_active(*member.controller));
}

void PageState::producer(const model::Producer& producer) {
  const model::ProducerMemory& memory = producer.memory;
  std::int64_t waiting = 0, requests = 0;
  for (const model::ProducerBatch& batch : memory.accumulated) waiting += batch.count;
  for (const model::ProducerLink& link : memory.links) requests += static_cast<std::int64_t>(link.in_flight.size());
  number("records made", memory.next_value);
  number("records waiting", waiting);
  number("requests in flight", requests);
  const std::array<std::int64_t, 2>& outcome = outcomes_[static_cast<std::size_t>(producer.id)];
  number("records acknowledged", outcome[0]);
  number("records failed", outcome[1]);
}

void PageState::consumer(const model::Consumer& consumer) {
  static const model::ConsumerPartition kUnknown{};  // before the first metadata
  const model::ConsumerMemory& memory = consumer.memory;
  truth("has failed", memory.failed);
  const model::TopicId topic = config_.consumer(consumer.id).topic;
  for (std::size_t i = 0; i < config_.topics[model::index(topic)].assignment.size(); ++i) {
    const model::ConsumerPartition& partition = i < memory.partitions.size() ? memory.partitions[i] : kUnknown;
    partition_ = static_cast<std::int32_t>(model::index(config_.partition_of(topic, static_cast<std::int32_t>(i))));
    text("position is", name_of(partition.state));
    number("position", partition.position);
    node("leader", partition.leader);
    number("leader epoch", partition.leader_epoch);
    node("reads from", partition.fetches_from);
    node("preferred read replica", partition.preferred);
  }
  partition_ = -1;
}

}  // namespace reports
