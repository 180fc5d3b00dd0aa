// A process with process.roles=controller: a voter of the metadata quorum and the controller above it
// (server/ControllerServer). A process with both roles is a Broker that carries the same two.
#pragma once

#include "model/quorum/controller.h"
#include "model/raft/raft.h"
#include "model/step.h"
#include "model/value.h"

namespace model {

struct ControllerDisk {
  RaftDisk raft;
  FIELDS(raft);
};
struct ControllerMemory {
  bool running = false;
  bool up = false;  // its raft member has begun
  RaftMemory raft;
  QuorumController controller;
  FIELDS(running, up, raft, controller);
};
struct ControllerServer {
  NodeId id{};
  ControllerDisk disk;
  ControllerMemory memory;
  FIELDS(id, disk, memory);
};

void step(const Context& context, ControllerServer& server, const Input& input);

inline Raft raft_of(ControllerServer& server) { return {server.id, server.disk.raft, server.memory.raft}; }

}  // namespace model
