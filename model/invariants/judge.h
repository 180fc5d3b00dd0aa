// Judges the rows of invariants() along a run, by facts or, for comparison, after every event.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/invariants/history.h"
#include "model/invariants/invariant.h"
#include "model/invariants/log_pairs.h"

namespace model {

struct RowVerdict {
  std::int64_t exposures = 0;
  bool broken = false;
  Breach breach;  // the first one
};

class Judge {
 public:
  Judge(const ClusterConfig& config, const Rules& rules, const std::vector<Node>& nodes);

  void on_start(NodeId node) { observe_start(history_, node); }
  void on_unclean_request(PartitionId p) { observe_unclean_request(history_, p); }
  // Facts of the boot expose nothing: they would make every run look interesting.
  void count_exposures(bool yes) { counting_ = yes; }

  // A step has told a fact. The nodes are as they are after the step.
  void on_fact(const Told& told);
  // All facts of the step have been told: rows that they can break are judged.
  void on_step_over();
  // Every safety row, everywhere, whatever the facts.
  void judge_all();
  // The run is over, `quiet` after the last fault ended (negative: one never did).
  void conclude(Duration quiet);

  // Rows broken since the last call, in order.
  std::vector<InvariantId> take_broken();
  // Acknowledged records found missing since the last call.
  std::vector<RecordLost> take_lost();
  bool has_news() const { return !broken_.empty() || !lost_.empty(); }

  const std::vector<RowVerdict>& verdicts() const { return verdicts_; }  // by InvariantId
  const History& history() const { return history_; }

 private:
  View view() { return {config_, rules_, nodes_, history_, logs_}; }
  void note(std::size_t row, Breach breach);
  void judge_partition(RowSet rows, PartitionId p);

  std::span<const Invariant> rows_;
  const ClusterConfig& config_;
  const Rules& rules_;
  const std::vector<Node>& nodes_;
  History history_;
  LogPairs logs_;
  std::vector<RowVerdict> verdicts_;
  std::vector<InvariantId> broken_;
  std::vector<RecordLost> lost_;
  bool counting_ = false;
  RowSet unbroken_;                          // rows that still hold: others need no judging
  RowSet due_ = 0;                           // rows to be judged when the step is over...
  SmallVec<PartitionId, 4> due_partitions_;  // ...for these partitions
};

}  // namespace model
