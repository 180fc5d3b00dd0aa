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
#include "model/time.h"
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

// The one request that is outstanding, on a connection to the active controller as raft knew it when it was looked up
// (server/NodeToControllerChannelManager).
struct LifecycleChannel {
  enum class State : std::uint8_t { closed, connecting, open };
  State state = State::closed;
  NodeId controller = kNoNode;  // kNoNode: to be looked up
  std::uint32_t connection = 0;
  bool in_flight = false;  // a request waits to be sent or answered...
  bool sent = false;       // ...namely answered
  Instant asked;           // when it was made: it is given up after half a session
  FIELDS(state, controller, connection, in_flight, sent, asked);
};

struct BrokerLifecycle {
  BrokerState state = BrokerState::not_running;
  Incarnation incarnation = 0;
  bool registered = false;
  bool ready_to_unfence = false;
  bool wants_shutdown = false;
  bool had_shutdown_answer = false;
  bool next_at_once = false;         // what is to be said next has come up while a request was outstanding
  std::int32_t failed_attempts = 0;  // in a row, for the back-off
  LifecycleChannel channel;
  FIELDS(state, incarnation, registered, ready_to_unfence, wants_shutdown, had_shutdown_answer, next_at_once,
         failed_attempts, channel);
};

struct KraftMemory {
  RaftMemory raft;
  std::optional<QuorumController> controller;  // process.roles=broker,controller
  BrokerLifecycle lifecycle;
  RaftListener listener;
  MetadataImage image;     // as far as the loader has read
  bool caught_up = false;  // the loader has been at the high watermark once: it publishes what it reads
  bool published = false;  // the data plane follows the image: from the first publication after the broker's RECOVERY
  FIELDS(raft, controller, lifecycle, listener, image, caught_up, published);
};

}  // namespace model
