// Where a consumer reads on: resets, validation after a change of leader, and what a fetch brings (clients
// SubscriptionState, OffsetFetcher, FetchCollector). Used by consumer.cpp only.
#pragma once

#include "model/client/consumer.h"

namespace model {

// One step of one consumer.
struct Reader {
  const Context& context;
  const ConsumerConfig& config;
  NodeId id;
  ConsumerMemory& memory;
};

ConsumerPartition& partition_of(Reader& reader, PartitionId id);  // of its topic, by metadata that it has

// Metadata may name another leader: a position whose last record's epoch is known has to be validated there
// (SubscriptionState.maybeValidatePosition).
void follow_leader(Reader& reader, ConsumerPartition& partition, PartitionId id);
void forget_preferred(Reader& reader, ConsumerPartition& partition, PartitionId id);
// Its reset or validation failed and is tried again after retry.backoff.ms, with newer metadata.
void wait_with_position(Reader& reader, ConsumerPartition& partition, PartitionId id);

void take_offsets(Reader& reader, const ConsumerRequest& request, const ListOffsetsResponse& answer);
void take_epoch_end(Reader& reader, const ConsumerRequest& request, const OffsetsForLeaderEpochResponse& answer);
void take_fetched(Reader& reader, NodeId from, const FetchPartition& asked, const FetchData& data);

}  // namespace model
