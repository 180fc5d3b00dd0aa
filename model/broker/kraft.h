// What a broker has in KRaft mode in place of its ZooKeeper session and of the controller that every ZooKeeper
// broker carries: a raft member that observes the metadata log (or votes, with both roles), its registration and
// heartbeats (server/BrokerLifecycleManager), and the image that it publishes to itself (image/MetadataLoader,
// server/BrokerMetadataPublisher). The data plane below is the same.
#pragma once

#include <cstdint>
#include <optional>

#include "model/ids.h"
#include "model/metadata/image.h"
#include "model/quorum/controller.h"
#include "model/raft/raft.h"
#include "model/value.h"

namespace model {

enum class BrokerState : std::uint8_t {
  not_running,
  starting,  // registers, reads the metadata log up to its registration
  recovery,  // caught up; fenced until it is ready
  running,
  pending_controlled_shutdown,
  shutting_down,
};

// The one request that is outstanding, on a connection to the active controller as raft knows it.
struct LifecycleChannel {
  enum class State : std::uint8_t { closed, connecting, open };
  State state = State::closed;
  NodeId controller = kNoNode;
  std::uint32_t connection = 0;
  bool in_flight = false;
  std::int32_t failed_attempts = 0;  // in a row, for the back-off
  FIELDS(state, controller, connection, in_flight, failed_attempts);
};

struct BrokerLifecycle {
  BrokerState state = BrokerState::not_running;
  Incarnation incarnation = 0;
  bool registered = false;
  bool ready_to_unfence = false;
  bool wants_shutdown = false;
  bool had_shutdown_answer = false;
  LifecycleChannel channel;
  FIELDS(state, incarnation, registered, ready_to_unfence, wants_shutdown, had_shutdown_answer, channel);
};

struct KraftMemory {
  RaftMemory raft;
  std::optional<QuorumController> controller;  // process.roles=broker,controller
  BrokerLifecycle lifecycle;
  RaftListener listener;
  MetadataImage image;     // as far as the loader has read
  bool published = false;  // the loader had caught up once: the data plane follows the image from then on
  FIELDS(raft, controller, lifecycle, listener, image, published);
};

}  // namespace model
