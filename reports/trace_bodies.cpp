// What a trace tells of the contents of messages and facts.
#include <charconv>
#include <type_traits>

#include "model/text.h"
#include "reports/trace_line.h"

namespace reports {
namespace {

std::string_view op_name(model::ZkOpType type) {
  switch (type) {
    case model::ZkOpType::create:
      return "create";
    case model::ZkOpType::remove:
      return "delete";
    case model::ZkOpType::exists:
      return "exists";
    case model::ZkOpType::get:
      return "get";
    case model::ZkOpType::set:
      return "set";
    case model::ZkOpType::children:
      return "children";
    case model::ZkOpType::check:
      return "check";
    case model::ZkOpType::close_session:
      return "close_session";
    case model::ZkOpType::set_watches:
      return "set_watches";
  }
  return "";
}
std::string_view event_name(model::ZkEventType type) {
  switch (type) {
    case model::ZkEventType::node_created:
      return "node_created";
    case model::ZkEventType::node_deleted:
      return "node_deleted";
    case model::ZkEventType::node_data_changed:
      return "node_data_changed";
    case model::ZkEventType::node_children_changed:
      return "node_children_changed";
  }
  return "";
}

// Members of each kind of body.
struct Members {
  TraceLine& line;

  template <typename Items, typename Each>
  void array(std::string_view name, const Items& items, Each each) const {
    line.key(name);
    line.put("[");
    bool first = true;
    for (const auto& item : items) {
      if (!first) line.put(",");
      line.begin_object();
      each(item);
      line.put("}");
      first = false;
    }
    line.put("]");
  }
  static std::int64_t records(const model::SmallVec<model::Batch, 1>& batches) {
    std::int64_t count = 0;
    for (const model::Batch& batch : batches) count += batch.count;
    return count;
  }

  void operator()(const model::FetchRequest& body) const {
    line.member("replica", body.replica);
    array("partitions", body.partitions, [&](const model::FetchPartition& item) {
      line.member("partition", item.partition);
      line.member("offset", item.fetch_offset);
      line.member("leader_epoch", item.current_leader_epoch);
      line.member("last_fetched_epoch", item.last_fetched_epoch);
    });
  }
  void operator()(const model::FetchResponse& body) const {
    array("partitions", body.partitions, [&](const model::FetchData& item) {
      line.member("partition", item.partition);
      if (item.error != model::ErrorCode::none) line.member("error", item.error);
      line.member("records", records(item.records));
      if (!item.records.empty()) line.member("offset", item.records.front().base_offset);
      line.member("high_watermark", item.high_watermark);
      if (item.diverging.epoch != model::kNoEpoch) {
        line.member("diverging_epoch", item.diverging.epoch);
        line.member("diverging_end", item.diverging.end);
      }
    });
  }
  void operator()(const model::ProduceRequest& body) const {
    line.member("acks", static_cast<int>(body.acks));
    array("partitions", body.partitions, [&](const model::ProduceData& item) {
      line.member("partition", item.partition);
      line.member("first_value", item.batch.first_value);
      line.member("records", item.batch.count);
    });
  }
  void operator()(const model::ProduceResponse& body) const {
    array("partitions", body.partitions, [&](const model::ProduceResult& item) {
      line.member("partition", item.partition);
      line.member("error", item.error);
      line.member("offset", item.base_offset);
    });
  }
  void session(model::SessionId id) const { line.session("session", id); }
  void operator()(const model::ZkConnectRequest& body) const {
    session(body.session);
    line.member("timeout_ms", body.timeout);
  }
  void operator()(const model::ZkConnectResponse& body) const {
    session(body.session);
    line.member("timeout_ms", body.timeout);
  }
  void operator()(const model::ZkPing&) const {}
  void operator()(const model::ZkPong&) const {}
  void operator()(const model::ZkRequest& body) const {
    line.member("xid", body.xid);
    line.member("multi", body.multi);
    array("ops", body.ops, [&](const model::ZkOp& op) {
      line.member("op", op_name(op.type));
      line.member("path", op.path);
      if (op.version >= 0) line.member("version", op.version);
    });
  }
  void operator()(const model::ZkResponse& body) const {
    line.member("xid", body.xid);
    line.member("code", model::name_of(body.code));
    line.member("zxid", body.zxid);
  }
  void operator()(const model::ZkEvent& body) const {
    line.member("change", event_name(body.type));
    line.member("path", body.path);
  }
  template <typename Request>
  void controller(const Request& body) const {
    line.member("controller", body.controller);
    line.member("controller_epoch", body.controller_epoch);
    line.member("broker_epoch", body.broker_epoch);
  }
  void operator()(const model::LeaderAndIsrRequest& body) const {
    controller(body);
    array("partitions", body.partitions, [&](const model::LeaderAndIsrPartition& item) {
      line.member("partition", item.partition);
      line.member("leader", item.leader);
      line.member("leader_epoch", item.leader_epoch);
      line.member("partition_epoch", item.partition_epoch);
      line.member("isr", item.isr);
    });
  }
  void operator()(const model::UpdateMetadataRequest& body) const {
    controller(body);
    line.member("live_brokers", body.live_brokers);
    array("partitions", body.partitions, [&](const model::UpdateMetadataPartition& item) {
      line.member("partition", item.partition);
      line.member("leader", item.leader);
      line.member("leader_epoch", item.leader_epoch);
      line.member("isr", item.isr);
    });
  }
  void operator()(const model::StopReplicaRequest& body) const {
    controller(body);
    array("partitions", body.partitions, [&](const model::StopReplicaPartition& item) {
      line.member("partition", item.partition);
      line.member("leader_epoch", item.leader_epoch);
      line.member("delete", item.delete_partition);
    });
  }
  void operator()(const model::ControlResponse& body) const { line.member("error", body.error); }
  void operator()(const model::AlterPartitionRequest& body) const {
    line.member("broker", body.broker);
    line.member("broker_epoch", body.broker_epoch);
    array("partitions", body.partitions, [&](const model::AlterPartitionItem& item) {
      line.member("partition", item.partition);
      line.member("leader_epoch", item.leader_epoch);
      line.member("partition_epoch", item.partition_epoch);
      line.member("isr", item.new_isr);
    });
  }
  void operator()(const model::AlterPartitionResponse& body) const {
    line.member("error", body.error);
    array("partitions", body.partitions, [&](const model::AlterPartitionResult& item) {
      line.member("partition", item.partition);
      line.member("error", item.error);
      line.member("leader_epoch", item.leader_epoch);
      line.member("partition_epoch", item.partition_epoch);
      line.member("isr", item.isr);
    });
  }
  void operator()(const model::ControlledShutdownRequest& body) const {
    line.member("broker", body.broker);
    line.member("broker_epoch", body.broker_epoch);
  }
  void operator()(const model::ControlledShutdownResponse& body) const {
    line.member("error", body.error);
    line.member("remaining", body.remaining.size());
  }
  void operator()(const model::OffsetsForLeaderEpochRequest& body) const {
    line.member("replica", body.replica);
    array("partitions", body.partitions, [&](const model::EpochQuery& item) {
      line.member("partition", item.partition);
      line.member("leader_epoch", item.current_leader_epoch);
      line.member("epoch", item.epoch);
    });
  }
  void operator()(const model::OffsetsForLeaderEpochResponse& body) const {
    array("partitions", body.partitions, [&](const model::EpochAnswer& item) {
      line.member("partition", item.partition);
      line.member("error", item.error);
      line.member("epoch", item.end.epoch);
      line.member("end", item.end.end);
    });
  }
  void operator()(const model::ListOffsetsRequest& body) const {
    line.member("partition", body.partition);
    line.member("leader_epoch", body.current_leader_epoch);
  }
  void operator()(const model::ListOffsetsResponse& body) const {
    line.member("partition", body.partition);
    line.member("error", body.error);
    line.member("log_start", body.log_start);
    line.member("log_end", body.log_end);
  }
  void operator()(const model::MetadataRequest& body) const { line.member("topic", body.topic); }
  void operator()(const model::MetadataResponse& body) const {
    line.member("error", body.error);
    line.member("brokers", body.brokers);
    array("partitions", body.partitions, [&](const model::MetadataPartition& item) {
      line.member("partition", item.partition);
      line.member("error", item.error);
      line.member("leader", item.leader);
      line.member("leader_epoch", item.leader_epoch);
    });
  }
  void operator()(const model::InitProducerIdRequest&) const {}
  void operator()(const model::InitProducerIdResponse& body) const { line.member("error", body.error); }

  // The answers of the quorum name the leader and the epoch that their sender knows.
  template <typename Answer>
  void known_leader(const Answer& body) const {
    line.member("error", body.error);
    line.member("leader", body.leader);
    line.member("epoch", body.epoch);
  }
  void position(const model::OffsetAndEpoch& at) const {
    line.member("offset", at.offset);
    line.member("offset_epoch", at.epoch);
  }
  void operator()(const model::VoteRequest& body) const {
    line.member("candidate", body.candidate.node);
    line.member("epoch", body.epoch);
    line.member("pre_vote", body.pre_vote);
    position(body.last);
  }
  void operator()(const model::VoteResponse& body) const {
    known_leader(body);
    line.member("granted", body.granted);
  }
  void operator()(const model::BeginQuorumEpochRequest& body) const {
    line.member("leader", body.leader);
    line.member("epoch", body.epoch);
  }
  void operator()(const model::BeginQuorumEpochResponse& body) const { known_leader(body); }
  void operator()(const model::EndQuorumEpochRequest& body) const {
    line.member("leader", body.leader);
    line.member("epoch", body.epoch);
    model::Replicas preferred;
    for (const model::NodeId node : body.preferred) preferred.push_back(node);
    line.member("preferred", preferred);
  }
  void operator()(const model::EndQuorumEpochResponse& body) const { known_leader(body); }
  void operator()(const model::QuorumFetchRequest& body) const {
    line.member("replica", body.replica.node);
    line.member("leader_epoch", body.current_leader_epoch);
    line.member("offset", body.fetch_offset);
    line.member("last_fetched_epoch", body.last_fetched_epoch);
    line.member("high_watermark", body.high_watermark);
  }
  void operator()(const model::QuorumFetchResponse& body) const {
    known_leader(body);
    std::size_t count = 0;
    for (const model::MetadataBatch& batch : body.records) count += batch.records.size();
    line.member("records", count);
    if (!body.records.empty()) line.member("offset", body.records.front().base_offset);
    line.member("high_watermark", body.high_watermark);
    if (body.diverging) {
      line.member("diverging_epoch", body.diverging->epoch);
      line.member("diverging_end", body.diverging->offset);
    }
    if (body.snapshot) {
      line.member("snapshot_epoch", body.snapshot->epoch);
      line.member("snapshot_end", body.snapshot->offset);
    }
  }
  void operator()(const model::FetchSnapshotRequest& body) const {
    line.member("replica", body.replica.node);
    line.member("leader_epoch", body.current_leader_epoch);
    position(body.id);
  }
  void operator()(const model::FetchSnapshotResponse& body) const {
    known_leader(body);
    if (!body.snapshot.empty()) position(body.snapshot.front().id);
  }
  void operator()(const model::BrokerRegistrationRequest& body) const {
    line.member("broker", body.broker);
    line.member("incarnation", body.incarnation);
    line.member("previous_broker_epoch", body.previous_broker_epoch);
  }
  void operator()(const model::BrokerRegistrationResponse& body) const {
    line.member("error", body.error);
    line.member("broker_epoch", body.broker_epoch);
  }
  void operator()(const model::BrokerHeartbeatRequest& body) const {
    line.member("broker", body.broker);
    line.member("broker_epoch", body.broker_epoch);
    line.member("metadata_offset", body.current_metadata_offset);
    line.member("want_fence", body.want_fence);
    line.member("want_shut_down", body.want_shut_down);
  }
  void operator()(const model::BrokerHeartbeatResponse& body) const {
    line.member("error", body.error);
    line.member("is_caught_up", body.is_caught_up);
    line.member("is_fenced", body.is_fenced);
    line.member("should_shut_down", body.should_shut_down);
  }
};

// model::for_each_field with names that are found by the compiler instead of once for each fact.
template <typename T, std::size_t I>
constexpr std::string_view kFieldName = model::field_name<T>(I);

template <typename T, typename Visit>
void for_each_named_field(const T& value, const Visit& visit) {
  const auto members = value.fields();
  [&]<std::size_t... I>(std::index_sequence<I...>) { (visit(kFieldName<T, I>, std::get<I>(members)), ...); }
  (std::make_index_sequence<std::tuple_size_v<decltype(members)>>{});
}

}  // namespace

void TraceLine::body(const model::Body& body) { std::visit(Members{*this}, body); }

void TraceLine::session(std::string_view name, model::SessionId id) {
  char hex[16];
  const auto end = std::to_chars(hex, hex + sizeof hex, static_cast<std::uint64_t>(id), 16).ptr;
  key(name);
  put("\"0x");
  put({hex, static_cast<std::size_t>(end - hex)});
  put("\"");
}

// The names and values of model::fields_of, without its allocations: facts come with each record.
void TraceLine::fact(const model::Fact& fact) {
  const auto* fenced = std::get_if<model::RequestFenced>(&fact);
  const auto* violated = std::get_if<model::InvariantViolated>(&fact);
  const bool has_no_partition =
      (fenced != nullptr && !fenced->has_partition) || (violated != nullptr && !violated->has_partition);
  const auto put_field = [&](std::string_view name, const auto& held) {
    using Held = std::decay_t<decltype(held)>;
    if constexpr (std::is_same_v<Held, model::SessionId>) {
      if (name == "session") {
        session(name, held);
      } else {
        member(name, held);
      }
    } else if constexpr (std::is_same_v<Held, model::PartitionState>) {
      member("leader", held.leader);
      member("leader_epoch", held.leader_epoch);
      member("isr", held.isr);
      member("controller_epoch", held.controller_epoch);
    } else if constexpr (std::is_same_v<Held, model::PartitionId>) {
      if (has_no_partition) {
        member(name, "none");
      } else {
        member(name, held);
      }
    } else {
      member(name, held);
    }
  };
  std::visit([&](const auto& held) { for_each_named_field(held, put_field); }, fact);
}

}  // namespace reports
