#include <fmt/format.h>

#include <type_traits>
#include <variant>

#include "model/text.h"
#include "reports/conform.h"
#include "reports/conform_readers.h"
#include "reports/json_writer.h"
#include "sim/search/committed_story.h"

namespace reports {
namespace {

// The outer object, the recordings, one recording, its tables: a row of a table stays on one line.
constexpr int kLaidOut = 4;

void write_text_or_null(JsonWriter& json, std::string_view key, const std::optional<std::string>& text) {
  json.key(key);
  if (text) {
    json.value(*text);
  } else {
    json.null();
  }
}

void write_brokers(JsonWriter& json, std::string_view key, const model::Replicas& brokers) {
  json.key(key);
  json.begin_array();
  for (const model::NodeId id : brokers) json.value(model::number(id));
  json.end_array();
}

// Nobody is null: unlike a leader, who is -1 then.
void write_broker(JsonWriter& json, model::NodeId broker) {
  json.key("broker");
  if (broker == model::kNoNode) {
    json.null();
  } else {
    json.value(model::number(broker));
  }
}

std::string comma_list(const model::Replicas& brokers) {
  std::string text;
  for (const model::NodeId id : brokers) text += (text.empty() ? "" : ",") + std::to_string(model::number(id));
  return text;
}

std::string session_text(model::SessionId session) { return fmt::format("0x{:x}", session); }

// --- the rest of a fact's row; false: the recordings have no such fact ----------------------------

struct FactWriter {
  JsonWriter& json;
  const model::ClusterConfig& config;
  model::NodeId teller{};

  void partition(model::PartitionId id) const { json.member("partition", config.name_of(id)); }
  void own_id() const { json.member("broker", model::number(teller)); }
  // Of a member of the quorum: controllers count from 101.
  int recorded_id(model::NodeId node) const {
    constexpr int kFirstController = 101;
    if (!config.is_controller(node)) return model::number(node);
    return kFirstController + model::number(node) - model::number(config.controller(1));
  }

  // No recording has them as facts.
  void operator()(const model::ConsumerStarted&) const {}
  void operator()(const model::FetchesFrom&) const {}
  void operator()(const model::ReadReplicaPreferred&) const {}
  void operator()(const model::RecordsConsumed&) const {}
  void operator()(const model::PositionReset&) const {}
  void operator()(const model::ConsumerFailed&) const {}
  void operator()(const model::LatestOffsetAnswered&) const {}
  void operator()(const model::TopicConfigChanged&) const {}
  void operator()(const model::TopicConfigApplied&) const {}
  void operator()(const model::AssignmentChanged&) const {}
  void operator()(const model::ReassignmentRefused&) const {}
  void operator()(const model::ReplicaDeleted&) const {}
  void operator()(const model::ElrChanged&) const {}
  void operator()(const model::VoteAnswered&) const {}
  void operator()(const model::MetadataAppended&) const {}
  void operator()(const model::MetadataTruncated&) const {}
  void operator()(const model::MetadataHighWatermarkMoved&) const {}
  void operator()(const model::MetadataSnapshot&) const {}
  void operator()(const model::MetadataLogLost&) const {}
  void operator()(const model::QuorumFailed&) const {}
  void operator()(const model::RegistrationRefused&) const {}
  void operator()(const model::LeaderChange& fact) const { json.member("leader", recorded_id(fact.leader)); }
  void operator()(const model::BrokerChanged& fact) const {
    write_broker(json, fact.broker);
    json.member("broker_epoch", fact.broker_epoch);
    if (sim::is_about_fencing(fact)) {
      json.member("fenced", fact.fenced);
    } else {
      json.member("in_controlled_shutdown", true);
    }
  }
  void operator()(const model::QuorumRoleChanged& fact) const {
    json.member("id", recorded_id(teller));
    json.member("role", model::name_of(fact.role));
    json.member("epoch", fact.epoch);
    if (fact.leader != model::kNoNode) json.member("leader", recorded_id(fact.leader));
    if (fact.voted != model::kNoNode) json.member("voted", recorded_id(fact.voted));
  }
  void operator()(const model::ZkSessionOpened& fact) const {
    json.member("session", session_text(fact.session));
    json.member("timeout_ms", fact.timeout.us / 1000);
  }
  void operator()(const model::ZkSessionClosed& fact) const {
    json.member("session", session_text(fact.session));
    json.key("ephemerals");
    json.begin_array();
    for (const model::Path& path : fact.ephemerals) json.value(model::text_of(path, config));
    json.end_array();
  }
  void operator()(const model::BrokerRegistered& fact) const {
    write_broker(json, fact.broker);
    if (config.is_kraft()) {
      json.member("broker_epoch", fact.session);
      json.member("fenced", true);
    } else {
      json.member("session", session_text(fact.session));
    }
  }
  void operator()(const model::BrokerUnregistered& fact) const { write_broker(json, fact.broker); }
  void operator()(const model::ControllerElected& fact) const { write_broker(json, fact.broker); }
  void operator()(const model::ControllerVacated& fact) const { write_broker(json, fact.broker); }
  void operator()(const model::ControllerEpochChanged& fact) const {
    json.member("epoch", fact.epoch);
    write_broker(json, fact.broker);
  }
  void operator()(const model::TopicCreated& fact) const {
    const model::TopicConfig& topic = config.topics[model::index(fact.topic)];
    json.member("topic", topic.name);
    if (config.is_kraft()) return;
    json.key("assignment");
    json.begin_object();
    for (std::size_t i = 0; i < topic.assignment.size(); ++i) {
      write_brokers(json, std::to_string(i), topic.assignment[i]);
    }
    json.end_object();
  }
  void operator()(const model::PartitionStateChanged& fact) const {
    partition(fact.partition);
    json.member("leader", model::number(fact.state.leader));
    json.member("leader_epoch", fact.state.leader_epoch);
    write_brokers(json, "isr", fact.state.isr);
    if (config.is_kraft()) return json.member("partition_epoch", fact.partition_epoch);
    json.member("controller_epoch", fact.state.controller_epoch);
    json.member("zk_version", fact.partition_epoch);
  }
  void operator()(const model::ZnodeCreated& fact) const { json.member("path", model::text_of(fact.path, config)); }
  void operator()(const model::ZnodeDeleted& fact) const { json.member("path", model::text_of(fact.path, config)); }

  void operator()(const model::StartFailed&) const {}
  void operator()(const model::Stopped&) const {}
  void operator()(const model::IsrCheckStarted&) const {}
  void operator()(const model::ZkSessionExpiredSeen&) const {}
  void operator()(const model::BelievesController& fact) const {
    own_id();
    json.member("epoch", fact.epoch);
  }
  void operator()(const model::ControllerResigned&) const { own_id(); }
  void operator()(const model::ControllerSeesBrokers& fact) const {
    json.member("added", comma_list(fact.added));
    json.member("deleted", comma_list(fact.deleted));
    json.member("bounced", comma_list(fact.bounced));
    json.member("live", comma_list(fact.live));
  }
  void operator()(const model::BecameLeader& fact) const {
    partition(fact.partition);
    json.member("leader_epoch", fact.leader_epoch);
    json.member("log_end_offset", fact.log_end_offset);
    json.member("partition_epoch", fact.partition_epoch);
    json.member("high_watermark", fact.high_watermark);
    write_brokers(json, "isr", fact.isr);
    json.member("previous_epoch", fact.previous_epoch);
  }
  void operator()(const model::BecameFollower& fact) const {
    partition(fact.partition);
    json.member("leader_epoch", fact.leader_epoch);
    json.member("log_end_offset", fact.log_end_offset);
    json.member("partition_epoch", fact.partition_epoch);
    json.member("high_watermark", fact.high_watermark);
    json.member("leader", model::number(fact.leader));
  }
  void operator()(const model::Truncated& fact) const {
    partition(fact.partition);
    json.member("to", fact.to);
  }
  void operator()(const model::IsrShrinkProposed& fact) const {
    write_brokers(json, "isr", fact.isr);
    write_brokers(json, "to", fact.to);
    json.member("high_watermark", fact.high_watermark);
    json.member("log_end_offset", fact.log_end_offset);
    partition(fact.partition);
  }
  void operator()(const model::IsrExpandProposed& fact) const {
    write_brokers(json, "isr", fact.isr);
    write_brokers(json, "to", fact.to);
    partition(fact.partition);
  }
  void operator()(const model::IsrCommitted& fact) const {
    write_brokers(json, "isr", fact.isr);
    json.member("version", fact.partition_epoch);
    partition(fact.partition);
  }
  // No message of Kafka's logs that the recordings keep.
  void operator()(const model::ZkConnectionLost&) const {}
  void operator()(const model::ControllerMoved&) const {}
  void operator()(const model::ElectionFailed&) const {}
  void operator()(const model::HighWatermarkMoved&) const {}
  void operator()(const model::RecordsAppended&) const {}
  void operator()(const model::IsrChangeRefused&) const {}
  void operator()(const model::RequestFenced&) const {}
  void operator()(const model::NotEnoughReplicas&) const {}
  void operator()(const model::ProducerStarted&) const {}
  void operator()(const model::RecordsAcknowledged&) const {}
  void operator()(const model::RecordsFailed&) const {}
  void operator()(const model::RecordLost&) const {}
  void operator()(const model::ControlRequestApplied&) const {}
  void operator()(const model::AcksAllAnswered&) const {}
  void operator()(const model::LogLost&) const {}
  void operator()(const model::LeaderUnavailable&) const {}
  void operator()(const model::InvariantViolated&) const {}
};

// The recordings' word for a fact; empty where they have none.
struct FactWord {
  std::string_view operator()(const model::ZkSessionOpened&) const { return "zk_session_opened"; }
  std::string_view operator()(const model::ZkSessionClosed&) const { return "zk_session_closed"; }
  std::string_view operator()(const model::BrokerRegistered&) const { return "broker_registered"; }
  std::string_view operator()(const model::BrokerUnregistered&) const { return "broker_unregistered"; }
  std::string_view operator()(const model::ControllerElected&) const { return "controller_elected"; }
  std::string_view operator()(const model::ControllerVacated&) const { return "controller_vacated"; }
  std::string_view operator()(const model::ControllerEpochChanged& fact) const {
    return fact.epoch > 0 ? "controller_epoch" : "";  // they hold its changes, not its creation
  }
  std::string_view operator()(const model::TopicCreated&) const { return "topic_created"; }
  std::string_view operator()(const model::PartitionStateChanged&) const { return "partition_state"; }
  std::string_view operator()(const model::ZnodeCreated&) const { return "zk_create"; }
  std::string_view operator()(const model::ZnodeDeleted&) const { return "zk_delete"; }
  std::string_view operator()(const model::StartFailed&) const { return "start_failed"; }
  std::string_view operator()(const model::Stopped&) const { return "stopped"; }
  std::string_view operator()(const model::IsrCheckStarted&) const { return "isr_check_starts"; }
  std::string_view operator()(const model::ZkSessionExpiredSeen&) const { return "zk_session_expired_seen"; }
  std::string_view operator()(const model::BelievesController&) const { return "believes_controller"; }
  std::string_view operator()(const model::ControllerResigned&) const { return "controller_resigned"; }
  std::string_view operator()(const model::ControllerSeesBrokers&) const { return "controller_sees_brokers"; }
  std::string_view operator()(const model::BecameLeader&) const { return "became_leader"; }
  std::string_view operator()(const model::BecameFollower&) const { return "became_follower"; }
  std::string_view operator()(const model::Truncated&) const { return "truncates"; }
  std::string_view operator()(const model::IsrShrinkProposed&) const { return "isr_shrink_proposed"; }
  std::string_view operator()(const model::IsrExpandProposed&) const { return "isr_expand_proposed"; }
  std::string_view operator()(const model::IsrCommitted&) const { return "isr_committed"; }
  std::string_view operator()(const model::LeaderChange&) const { return "leader_change"; }
  std::string_view operator()(const model::BrokerChanged&) const { return "broker_changed"; }
  std::string_view operator()(const model::QuorumRoleChanged&) const { return "raft"; }
  template <typename Other>
  std::string_view operator()(const Other&) const {
    return {};
  }
};

// Of a fact that ZooKeeper committed, or the offset of one that the quorum did.
model::Zxid zxid_of(const model::Fact& fact) {
  return std::visit(
      [](const auto& told) -> model::Zxid {
        if constexpr (requires { told.zxid; }) {
          return told.zxid;
        } else if constexpr (requires { told.offset; }) {
          return told.offset;
        } else {
          return 0;
        }
      },
      fact);
}

// `raft_epochs`: of what a quorum committed.
void write_facts(JsonWriter& json, std::string_view key, const std::vector<sim::RecordedFact>& facts,
                 const std::vector<model::LeaderEpoch>& raft_epochs, const model::ClusterConfig& config) {
  json.key(key);
  json.begin_array();
  for (std::size_t i = 0; i < facts.size(); ++i) {
    const sim::RecordedFact& told = facts[i];
    const std::string_view word = std::visit(FactWord{}, told.fact);
    if (word.empty()) continue;
    json.begin_object();
    write_seconds(json, "t", sim::millis_of(told.at));
    if (told.node == model::kZooKeeper) {
      json.member("zxid", zxid_of(told.fact));
    } else if (i < raft_epochs.size()) {
      json.member("offset", zxid_of(told.fact));
      json.member("raft_epoch", raft_epochs[i]);
    } else {
      json.member("node", config.name_of(told.node));
    }
    json.member("fact", word);
    std::visit(FactWriter{json, config, told.node}, told.fact);
    json.end_object();
  }
  json.end_array();
}

// --- clients and logs ----------------------------------------------------------------------------

void write_partition(JsonWriter& json, const sim::ClientPartition& partition, const model::ClusterConfig& config) {
  json.key(std::to_string(partition.number));
  json.begin_object();
  json.member("acked", partition.acked);
  write_seconds(json, "first_ack", partition.first_ack);
  write_seconds(json, "last_ack", partition.last_ack);
  write_silent(json, partition.silent);
  json.key("acked_but_missing");
  json.begin_object();
  for (const sim::MissingRecords& row : partition.missing) json.member(config.name_of(row.replica), row.count);
  json.end_object();
  json.end_object();
}

void write_clients(JsonWriter& json, const sim::Observed& observed, const model::ClusterConfig& config) {
  json.key("clients");
  json.begin_object();
  for (std::size_t i = 0; i < observed.clients.size(); ++i) {
    json.key(config.producers[i].name);
    json.begin_object();
    json.key("partitions");
    json.begin_object();
    for (const sim::ClientPartition& partition : observed.clients[i].partitions) {
      write_partition(json, partition, config);
    }
    json.end_object();
    json.key("errors");
    json.begin_object();
    for (const sim::ClientError& error : observed.clients[i].errors) {
      json.key(error.name);
      json.begin_object();
      json.member("count", error.count);
      write_seconds(json, "first", error.first);
      write_seconds(json, "last", error.last);
      json.end_object();
    }
    json.end_object();
    json.end_object();
  }
  json.end_object();
}

// Rows come by partition, then replica.
void write_logs(JsonWriter& json, const sim::Observed& observed, const model::ClusterConfig& config) {
  json.key("final_logs");
  json.begin_object();
  for (std::size_t i = 0; i < observed.logs.size(); ++i) {
    const sim::ReplicaLog& log = observed.logs[i];
    if (i == 0 || observed.logs[i - 1].partition != log.partition) {
      json.key(config.name_of(log.partition));
      json.begin_object();
    }
    json.key(config.name_of(log.replica));
    json.begin_object();
    json.member("leo", log.log_end_offset);
    json.member("records", log.records);
    json.key("epochs");
    json.begin_array();
    for (const model::EpochStart& entry : log.epochs) {
      json.begin_array();
      json.value(entry.epoch);
      json.value(entry.start);
      json.end_array();
    }
    json.end_array();
    json.end_object();
    if (i + 1 == observed.logs.size() || observed.logs[i + 1].partition != log.partition) json.end_object();
  }
  json.end_object();
}

void write_recording(JsonWriter& json, const ConformedRecording& row) {
  const sim::Conformance& found = *row.conformance;
  const model::ClusterConfig& config = row.recording->setup.config;
  json.begin_object();
  json.member("name", row.recording->setup.name);
  json.member("status", sim::name_of(found.status));
  json.member("reproduced", found.status == sim::ConformStatus::reproduced);
  if (!found.reason.empty()) json.member("reason", found.reason);
  json.key("seed");
  if (found.has_run) {
    json.value(found.simulated.seed);
  } else {
    json.null();
  }
  json.member("seeds_tried", found.seeds_tried);
  json.member("share", found.share);
  write_text_or_null(json, "race", found.race);
  const bool is_judged = found.status != sim::ConformStatus::not_supported;
  json.member("story_ok", is_judged && found.judgement.story_ok);
  json.member("times_ok", is_judged && found.judgement.times_ok);
  json.member("ends_ok", is_judged && found.judgement.ends_ok);
  write_text_or_null(json, "first_difference", found.first_difference);
  write_facts(json, "metadata_facts", found.simulated.metadata_facts, found.simulated.raft_epochs, config);
  write_facts(json, "node_facts", found.simulated.node_facts, {}, config);
  write_clients(json, found.simulated.observed, config);
  if (!config.consumers.empty()) write_readers(json, found.simulated.observed, config);
  write_logs(json, found.simulated.observed, config);
  json.end_object();
}

}  // namespace

std::string json_of_conformance(const std::vector<ConformedRecording>& rows) {
  std::string out;
  JsonWriter json(out, kLaidOut);
  json.begin_object();
  json.member("version", 1);
  json.key("recordings");
  json.begin_array();
  for (const ConformedRecording& row : rows) write_recording(json, row);
  json.end_array();
  json.end_object();
  out += '\n';
  return out;
}

}  // namespace reports
