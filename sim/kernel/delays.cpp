#include "sim/kernel/delays.h"

#include <algorithm>
#include <array>
#include <type_traits>

namespace sim {
namespace {

enum class Work : std::uint8_t { none, request, zookeeper, control, metadata, quorum };

template <typename T>
constexpr Work work_of() {
  using namespace model;
  if constexpr (std::is_same_v<T, LeaderAndIsrRequest> || std::is_same_v<T, StopReplicaRequest>) {
    return Work::control;
  } else if constexpr (std::is_same_v<T, UpdateMetadataRequest>) {
    return Work::metadata;
  } else if constexpr (std::is_same_v<T, ZkRequest>) {
    return Work::zookeeper;
  } else if constexpr (std::is_same_v<T, VoteRequest> || std::is_same_v<T, VoteResponse> ||
                       std::is_same_v<T, BeginQuorumEpochRequest> || std::is_same_v<T, QuorumFetchResponse> ||
                       std::is_same_v<T, FetchSnapshotResponse>) {
    return Work::quorum;
  } else if constexpr (std::is_same_v<T, ZkResponse> || std::is_same_v<T, ZkEvent>) {
    return Work::request;  // ZooKeeper's client hands them to Kafka's threads
  } else if constexpr (std::is_same_v<T, FetchResponse> || std::is_same_v<T, ProduceResponse> ||
                       std::is_same_v<T, ZkConnectResponse> || std::is_same_v<T, ZkPong> ||
                       std::is_same_v<T, ControlResponse> || std::is_same_v<T, AlterPartitionResponse> ||
                       std::is_same_v<T, ControlledShutdownResponse> ||
                       std::is_same_v<T, OffsetsForLeaderEpochResponse> || std::is_same_v<T, ListOffsetsResponse> ||
                       std::is_same_v<T, MetadataResponse> || std::is_same_v<T, InitProducerIdResponse> ||
                       std::is_same_v<T, BrokerRegistrationResponse> || std::is_same_v<T, BrokerHeartbeatResponse>) {
    return Work::none;
  } else {
    return Work::request;
  }
}

template <typename... T>
constexpr std::array<Work, sizeof...(T)> work_by_body(const std::variant<T...>*) {
  return {work_of<T>()...};
}
constexpr auto kWork = work_by_body(static_cast<const model::Body*>(nullptr));

bool writes(const model::ZkRequest& request) {
  using model::ZkOpType;
  if (request.multi) return true;
  return std::any_of(request.ops.begin(), request.ops.end(), [](const model::ZkOp& op) {
    return op.type == ZkOpType::create || op.type == ZkOpType::remove || op.type == ZkOpType::set ||
           op.type == ZkOpType::close_session;
  });
}

// A member of the quorum writes down its epoch, leader and vote before it says anything in that state, and a voter
// flushes what it has fetched before it fetches again. A pre-vote binds nobody.
bool writes_quorum(const model::Body& body) {
  if (const auto* vote = std::get_if<model::VoteRequest>(&body)) return !vote->pre_vote;
  if (const auto* vote = std::get_if<model::VoteResponse>(&body)) return vote->granted;
  if (const auto* fetched = std::get_if<model::QuorumFetchResponse>(&body)) return !fetched->records.empty();
  if (const auto* fetched = std::get_if<model::FetchSnapshotResponse>(&body)) return !fetched->snapshot.empty();
  return std::holds_alternative<model::BeginQuorumEpochRequest>(body);
}

}  // namespace

bool is_written(const model::Body& body) {
  if (const auto* request = std::get_if<model::ZkRequest>(&body)) return writes(*request);
  // A new session is a transaction, one that is taken up again is not.
  if (const auto* connect = std::get_if<model::ZkConnectRequest>(&body)) return connect->session == 0;
  if (std::holds_alternative<model::ProduceRequest>(body) || writes_quorum(body)) return true;
  const auto* fetched = std::get_if<model::FetchResponse>(&body);
  return fetched != nullptr && std::any_of(fetched->partitions.begin(), fetched->partitions.end(),
                                           [](const model::FetchData& data) { return !data.records.empty(); });
}

namespace {

// What a request costs for the partitions that are not modelled.
std::int64_t others_us(const LinkSettings& links, const model::Body& body) {
  if (const auto* request = std::get_if<model::LeaderAndIsrRequest>(&body))
    return links.control_per_partition.us * request->other_partitions;
  if (const auto* request = std::get_if<model::UpdateMetadataRequest>(&body))
    return links.control_per_partition.us * request->other_partitions;
  return 0;
}

}  // namespace

std::int64_t draw_processing_us(const LinkSettings& links, const model::Body& body, Dice& dice) {
  switch (kWork[body.index()]) {
    case Work::none:
      return 0;
    case Work::request:
      break;
    case Work::zookeeper:
      if (writes(std::get<model::ZkRequest>(body))) return dice.range(links.zk_write_min.us, links.zk_write_max.us);
      break;
    case Work::quorum:
      if (writes_quorum(body)) return dice.range(links.zk_write_min.us, links.zk_write_max.us);
      break;
    case Work::control:
      return dice.range(links.control_min.us, links.control_max.us) + others_us(links, body);
    case Work::metadata:
      return dice.range(links.control_min.us / 4, links.control_max.us / 4) + others_us(links, body);
  }
  return dice.range(links.request_min.us, links.request_max.us);
}

}  // namespace sim
