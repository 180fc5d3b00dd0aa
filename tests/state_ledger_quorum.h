// What the facts of members of the metadata quorum say about their logs, roles and high watermarks, held against the
// states; and what was told of the committed metadata, held against the log of the leader that committed it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "model/message.h"
#include "sim/kernel/committed_metadata.h"
#include "tests/state_ledgers.h"

namespace sim::test {

// One member, voter or observer.
class QuorumLedger {
 public:
  QuorumLedger(const model::ClusterConfig& config, model::NodeId id) : config_(config), id_(id) {}
  // `memory`: null if no process runs. `asked`: the vote that the step was asked for; null: it was not.
  void check(const model::RaftDisk& disk, const model::RaftMemory* memory, const model::VoteRequest* asked,
             const Facts& told, Wrongs& wrong);
  // Its answer has reached the candidate: it was told as it was given. Errors are no votes.
  void check_vote(model::NodeId candidate, const model::VoteResponse& answer, Wrongs& wrong);

 private:
  void say(Wrongs& wrong, const std::string& what) const;
  void begin_process(const model::MetadataLog& log);
  void apply(const model::MetadataAppended& fact, const model::MetadataLog& log, Wrongs& wrong);
  void apply(const model::MetadataSnapshot& fact, const model::MetadataLog& log, Wrongs& wrong);
  void apply(const model::QuorumRoleChanged& fact);
  void apply(const model::VoteAnswered& fact, const model::VoteRequest* asked, Wrongs& wrong);
  void cut(model::Offset from, model::Offset to, Wrongs& wrong);
  void compare_log(const model::RaftDisk& disk, bool running, Wrongs& wrong);
  void compare_memory(const model::RaftMemory& memory, Wrongs& wrong) const;
  bool leads() const { return role_ && role_->role == model::QuorumRole::leader; }

  const model::ClusterConfig& config_;
  model::NodeId id_;
  bool running_ = false;
  std::optional<model::QuorumRoleChanged> role_;  // none: the process has told none
  model::Offset log_end_ = 0;
  model::Offset high_watermark_ = model::kUnknownOffset;
  model::OffsetAndEpoch snapshot_;         // the latest
  std::map<model::NodeId, bool> granted_;  // by candidate: its last answer, until that arrives
};

// What the quorum has committed: records of KRaft's own are told once each, in the order of offsets.
class CommittedLedger {
 public:
  void check(const model::RaftDisk& disk, const model::RaftMemory& memory, const Facts& told, Wrongs& wrong);

 private:
  struct Registration {
    model::BrokerEpoch epoch = -1;
    bool fenced = true;
    bool in_controlled_shutdown = false;
  };
  struct Eligible {
    model::Replicas elr, last;
  };
  void load(const model::Snapshot& snapshot);
  void derive(const model::MetadataRecord& record, model::LeaderEpoch epoch, Facts& facts);

  model::Offset offset_ = 0;
  std::map<model::NodeId, Registration> brokers_;
  std::map<model::PartitionId, Eligible> eligible_;
};

// Facts that these two compare.
bool is_of_quorum(const model::Fact& fact);

}  // namespace sim::test
