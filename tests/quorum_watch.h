// Watches a metadata quorum from outside, disks of stopped processes included, and judges it after every event.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/kernel/world.h"

namespace sim::test {

// Over the whole of a run (a disk that is lost binds its node to nothing any more, and a majority may then be short
// of it):
//   an epoch has one leader, whoever names it;
//   a node's epoch on disk never falls, and is that of its process;
//   what a leader has committed is on the disks of a majority, and beyond the first record of its epoch;
//   the high watermark of the newest leader never falls;
//   an offset in an epoch is one batch, in whichever log it stands;
//   what was committed once stays: at that offset no other batch is ever committed, new leaders have it, and so does
//   every process that it was shown to;
//   a log begins where one of its snapshots ends, and no process ends by its own fault.
class QuorumWatch : public Observer {
 public:
  explicit QuorumWatch(const Plan& plan);
  void on_fact(Time at, model::NodeId node, const model::Fact& fact) override;
  void on_fault(const AppliedFault& applied) override;
  void look(const World& world);

  const std::vector<std::string>& broken() const { return broken_; }
  model::Offset committed() const { return static_cast<model::Offset>(committed_.size()); }
  // Of the newest epoch; kNoNode: none runs.
  model::NodeId leader() const { return leader_; }
  model::LeaderEpoch leader_epoch() const { return leader_epoch_; }

 private:
  struct Seen {
    std::uint64_t state = 0;  // of what is looked at: nothing of it has changed since
    model::LeaderEpoch epoch = 0;
    model::Offset checked = 0;  // of its committed records
    model::Offset log_checked = 0;
    std::size_t batches = 0;
    bool led = false;
  };
  void breach(const World& world, model::NodeId node, const std::string& what);
  void look_at(const World& world, model::NodeId node);
  void check_epoch(const World& world, model::NodeId node, Seen& seen);
  void check_log(const World& world, model::NodeId node, Seen& seen);
  void check_leader(const World& world, model::NodeId node, Seen& seen);
  void check_committed(const World& world, model::NodeId node, Seen& seen);
  void name_leader(const World& world, model::NodeId node, model::LeaderEpoch epoch, model::NodeId leader);

  const Plan& plan_;
  std::vector<Seen> seen_;
  bool disk_was_lost_ = false;
  std::map<model::LeaderEpoch, model::NodeId> leaders_;
  std::map<std::pair<model::Offset, model::LeaderEpoch>, std::uint64_t> batches_;
  std::vector<std::pair<model::LeaderEpoch, std::uint64_t>> committed_;  // by offset: its batch's epoch and hash
  model::NodeId leader_ = model::kNoNode;
  model::LeaderEpoch leader_epoch_ = 0;
  model::Offset leader_high_watermark_ = 0;
  std::vector<std::string> broken_;
};

}  // namespace sim::test
