// A consuming application and its client: reads all partitions of a topic from a position on, looks its position up,
// validates it after a change of leader, reads from the replica that the leader prefers (clients KafkaConsumer with
// assign(), AbstractFetch, FetchCollector, OffsetFetcher, SubscriptionState; KIP-320, KIP-392). The application takes
// what arrives at once and asks for more. Groups, committed offsets, fetch sessions and isolation levels are not
// modelled.
#pragma once

#include <cstdint>

#include "model/client/link.h"
#include "model/config.h"
#include "model/facts.h"
#include "model/ids.h"
#include "model/message.h"
#include "model/small_vec.h"
#include "model/step.h"

namespace model {

struct ConsumerRequest {
  enum class Kind : std::uint8_t { fetch, metadata, list_offsets, offsets_for_leader_epoch };
  Kind kind{};
  bool unsent = false;                     // waits for its connection
  SmallVec<FetchPartition, 1> partitions;  // fetch: what was asked; else the partition and the position then
  Instant sent;
  FIELDS(kind, unsent, partitions, sent);
};
using ConsumerLink = ClientLink<ConsumerRequest>;

// SubscriptionState.FetchStates: INITIALIZING and AWAIT_RESET are one here, since there are no committed offsets.
enum class PositionState : std::uint8_t { awaits_reset, awaits_validation, fetching };

struct ConsumerPartition {
  // By metadata; an entry with a smaller epoch is ignored.
  NodeId leader = kNoNode;
  LeaderEpoch leader_epoch = kNoEpoch;

  PositionState state = PositionState::awaits_reset;
  ResetReason reset_reason{};             // awaits_reset: why
  Offset position = kUnknownOffset;       // of the next record to be handed over
  LeaderEpoch position_epoch = kNoEpoch;  // of the record before it; kNoEpoch: not known
  // The leader for which the position was last found good, or is being looked up.
  NodeId position_leader = kNoNode;
  LeaderEpoch position_leader_epoch = kNoEpoch;

  bool waits = false;             // with its reset or validation, for the timer position_retry
  NodeId preferred = kNoNode;     // read replica, until the timer preferred_replica_lease
  NodeId fetches_from = kNoNode;  // whom it asked last
  FIELDS(leader, leader_epoch, state, reset_reason, position, position_epoch, position_leader, position_leader_epoch,
         waits, preferred, fetches_from);
};

struct ConsumerMemory {
  bool started = false;
  bool failed = false;  // the application is gone
  bool metadata_needed = false;
  bool metadata_backing_off = false;
  std::uint32_t connections = 0;
  Replicas brokers;                           // alive by the last metadata; empty: only the bootstrap list is known
  SmallVec<ConsumerPartition, 2> partitions;  // by number; empty before the first metadata
  SmallVec<ConsumerLink, 2> links;            // by broker, from broker 1
  FIELDS(started, failed, metadata_needed, metadata_backing_off, connections, brokers, partitions, links);
};

struct Consumer {
  NodeId id{};
  ConsumerMemory memory;
  FIELDS(id, memory);
};

void step(const Context& context, Consumer& consumer, const Input& input);

}  // namespace model
