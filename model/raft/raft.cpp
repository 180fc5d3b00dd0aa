#include "model/raft/raft.h"

namespace model {

void start_raft(const Context&, Raft) {}
void on_raft_request(const Context&, Raft, const ConnectionId&, const Body&) {}
void on_raft_answer(const Context&, Raft, const ConnectionId&, const Body&) {}
void on_raft_connected(const Context&, Raft, const ConnectionId&) {}
void on_raft_disconnected(const Context&, Raft, const ConnectionId&) {}
bool on_raft_timer(const Context&, Raft, TimerKey) { return false; }
void poll_raft(const Context&, Raft) {}
void begin_raft_shutdown(const Context&, Raft) {}
const MetadataBatch* next_committed(const Raft&, const RaftListener&) { return nullptr; }
const Snapshot* snapshot_to_load(const Raft&, const RaftListener&) { return nullptr; }
std::optional<LeaderNotice> take_leader_change(const Raft&, RaftListener&) { return std::nullopt; }
std::optional<Offset> prepare_append(const Context&, Raft, LeaderEpoch, const SmallVec<MetadataRecord, 1>&) {
  return std::nullopt;
}
Offset next_append_offset(const Raft&) { return 0; }
void resign(const Context&, Raft, LeaderEpoch) {}
void make_snapshot(const Context&, Raft, const MetadataImage&) {}
NodeId leader_of(const RaftMemory&) { return kNoNode; }
ReplicaKey voted_of(const RaftMemory&) { return {}; }
bool is_voter(const Context&, const Raft&) { return false; }
Voters voters_of(const ClusterConfig&, const MetadataLog&) { return {}; }

}  // namespace model
