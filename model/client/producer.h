// A producing application and its client: records at a pace, batches by partition, several requests in
// flight per broker, retries, metadata refresh, idempotent sequences (clients KafkaProducer, Sender,
// RecordAccumulator, TransactionManager; the pace is that of tools VerifiableProducer).
#pragma once

#include <cstdint>

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
  std::int32_t first_sequence = -1;
  std::int16_t producer_epoch = -1;
  std::int32_t attempts = 0;
  bool maybe_appended = false;  // an earlier attempt ended without a definite refusal
  Instant created;
  Instant not_before;  // retry back-off; kNever: ready
  FIELDS(partition, first_value, count, first_sequence, producer_epoch, attempts, maybe_appended, created,
         not_before);
};

struct ProducerRequest {
  SmallVec<ProducerBatch, 1> batches;
  bool metadata = false;
  bool init_producer_id = false;
  Instant sent;
  FIELDS(batches, metadata, init_producer_id, sent);
};

struct ProducerLink {
  enum class State : std::uint8_t { closed, connecting, open };
  NodeId broker = kNoNode;
  State state = State::closed;
  std::uint32_t connection = 0;
  std::int32_t failures = 0;  // in a row; raises the reconnect back-off
  Instant retry_at;
  SmallVec<ProducerRequest, 1> in_flight;  // in order
  FIELDS(broker, state, connection, failures, retry_at, in_flight);
};

struct PartitionLeader {
  NodeId leader = kNoNode;
  LeaderEpoch leader_epoch = kNoEpoch;  // answers with a smaller one are ignored
  FIELDS(leader, leader_epoch);
};

struct ProducerMemory {
  bool started = false;
  bool has_producer_id = false;
  std::int16_t producer_epoch = 0;
  bool metadata_needed = true;
  bool metadata_in_flight = false;
  std::int32_t next_value = 0;      // records handed to the client so far
  std::int32_t chosen = -1;         // sticky partition number; -1: choose
  std::int32_t chosen_records = 0;  // put there since it was chosen
  SmallVec<PartitionLeader, 2> leaders;      // by partition number; empty before the first answer
  SmallVec<std::int32_t, 2> next_sequence;   // by partition number
  SmallVec<ProducerBatch, 2> accumulated;    // in order per partition; the last of a partition may grow
  SmallVec<ProducerLink, 2> links;
  FIELDS(started, has_producer_id, producer_epoch, metadata_needed, metadata_in_flight, next_value, chosen,
         chosen_records, leaders, next_sequence, accumulated, links);
};

struct Producer {
  NodeId id{};
  ProducerMemory memory;
  FIELDS(id, memory);
};

void step(const Context& context, Producer& producer, const Input& input);

}  // namespace model
