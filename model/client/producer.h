// A producing application and its client: records at a pace, batches by partition, several requests in
// flight per broker, retries, metadata refresh, idempotent sequences (clients KafkaProducer, Sender,
// RecordAccumulator, TransactionManager; the pace is that of tools VerifiableProducer).
#pragma once

#include <cstdint>

#include "model/client/link.h"
#include "model/config.h"
#include "model/ids.h"
#include "model/message.h"
#include "model/small_vec.h"
#include "model/step.h"

namespace model {

struct ProducerBatch {
  PartitionId partition{};
  std::int32_t first_value = 0;
  std::int32_t count = 0;
  std::int32_t first_sequence = -1;  // given when it is first sent; -1: none yet, or not idempotent
  std::int16_t producer_epoch = -1;
  std::int32_t attempts = 0;        // failed ones, after which it was queued again
  std::int16_t retry_slot = -1;     // waits for the timer produce_retry of this number; -1: does not
  bool lingering = false;           // waits for linger.ms or for more records
  bool maybe_appended = false;      // an earlier attempt ended without a definite refusal
  bool sequence_was_reset = false;  // by an epoch bump after it had been sent
  Instant created;                  // delivery.timeout.ms counts from here
  FIELDS(partition, first_value, count, first_sequence, producer_epoch, attempts, retry_slot, lingering, maybe_appended,
         sequence_was_reset, created);
};

// A produce request without batches is one whose batches expired while it was on the way.
struct ProducerRequest {
  SmallVec<ProducerBatch, 1> batches;
  bool metadata = false;
  bool init_producer_id = false;
  Instant sent;
  FIELDS(batches, metadata, init_producer_id, sent);
};

using ProducerLink = ClientLink<ProducerRequest>;

struct ProducerPartition {
  NodeId leader = kNoNode;
  LeaderEpoch leader_epoch = kNoEpoch;  // metadata with a smaller one is ignored
  std::int16_t producer_epoch = 0;      // the one its sequences belong to
  std::int32_t next_sequence = 0;
  std::int32_t last_acked_sequence = -1;
  bool unresolved = false;  // a batch that may have been appended was given up: its sequences are in doubt
  FIELDS(leader, leader_epoch, producer_epoch, next_sequence, last_acked_sequence, unresolved);
};

struct ProducerMemory {
  bool started = false;
  bool has_producer_id = false;
  bool producer_id_backing_off = false;
  std::int16_t producer_epoch = 0;
  bool metadata_needed = false;
  bool metadata_backing_off = false;
  bool delivery_timer_armed = false;
  std::uint32_t connections = 0;              // made so far, to any broker: numbers are never used twice
  std::int32_t due_records = 0;               // by the pace
  std::int32_t next_value = 0;                // records handed to the client so far; <= due_records
  std::int32_t chosen = -1;                   // sticky partition number; -1: choose
  std::int32_t chosen_bytes = 0;              // put there since it was chosen
  Replicas brokers;                           // alive by the last metadata; empty: only the bootstrap list is known
  SmallVec<ProducerPartition, 2> partitions;  // by number; empty before the first metadata: send() blocks
  SmallVec<ProducerBatch, 2> accumulated;     // in order per partition; the last of a partition may grow
  SmallVec<ProducerLink, 2> links;            // by broker, from broker 1
  FIELDS(started, has_producer_id, producer_id_backing_off, producer_epoch, metadata_needed, metadata_backing_off,
         delivery_timer_armed, connections, due_records, next_value, chosen, chosen_bytes, brokers, partitions,
         accumulated, links);
};

struct Producer {
  NodeId id{};
  ProducerMemory memory;
  FIELDS(id, memory);
};

// Facts name partition 0 of the topic for records that failed before metadata said which partitions
// there are (max.block.ms).
void step(const Context& context, Producer& producer, const Input& input);

}  // namespace model
