// What a producing client holds back and how a batch ends: batching, the sticky partitioner, sequences
// of an idempotent producer, retries and failures (clients RecordAccumulator, BuiltInPartitioner,
// TransactionManager, Sender.completeBatch). Used by producer.cpp only.
#pragma once

#include "model/client/producer.h"

namespace model {

// One step of one producer.
struct Client {
  const Context& context;
  const ProducerConfig& config;
  NodeId id;
  ProducerMemory& memory;
};

// KafkaProducer.send of the next record: into the last batch of the sticky partition or a new one.
// Metadata must be known.
void hand_over(Client& client);

bool has_leaderless_batch(const Client& client);  // its partition's leader is not known
// Is there a batch that `broker` leads and that need not wait?
bool has_ready_batch(const Client& client, NodeId broker);
// Takes the first batch of every partition that `broker` leads, unless it must wait.
SmallVec<ProducerBatch, 1> drain(Client& client, NodeId broker);

// The outcome of an attempt: acknowledges the batch, queues it again or gives it up.
void complete(Client& client, ProducerBatch batch, ErrorCode error, Offset base_offset);
// Gives up every batch, queued or in flight, that is older than delivery.timeout.ms.
void expire_batches(Client& client);
bool has_batches(const Client& client);  // queued or in flight

// Starts the sequences of partitions anew whose unresolved ones can no longer be resolved.
void resolve_sequences(Client& client);

// Timers and metadata end a batch's wait.
void end_retry_backoff(Client& client, std::int16_t slot);
void end_retry_backoffs(Client& client, PartitionId partition);
void end_linger(Client& client, std::int32_t partition_number);

}  // namespace model
