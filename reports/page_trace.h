// A run as a page shows it: every event and fault as a row of a timeline, with the facts that were told there and
// the fields of the nodes' state that changed.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "reports/page_columns.h"
#include "reports/page_state.h"
#include "reports/trace_line.h"
#include "sim/kernel/observer.h"
#include "sim/kernel/world.h"

namespace reports {

class PageTrace final : public sim::Observer {
 public:
  // Kinds of rows: those of sim::EventKind, then these.
  static constexpr std::int64_t kFault = 6, kUndo = 7;

  struct Rows {
    std::vector<std::int64_t> at_us, kind, node, peer;  // node, peer: by NodeId; -1 none
    std::vector<std::int64_t> what, via;                // texts; via: -1 none
    std::vector<std::int64_t> back;                     // so many rows before lies what it began with; 0: nothing
  };
  struct Facts {
    std::vector<std::int64_t> row, node, what;
  };
  struct FaultRow {
    std::int64_t row = 0;
    sim::AppliedFault applied;
  };

  explicit PageTrace(const sim::Plan& plan);  // which outlives it

  // Between the two the world, which this observes, runs. Both look at every node.
  void begin(const sim::World& world);
  void finish();

  bool wants_events() const override { return true; }
  bool wants_causes() const override { return true; }
  void on_event(const sim::EventView& event) override;
  void on_fact(sim::Time at, model::NodeId node, const model::Fact& fact) override;
  void on_step_over(sim::Time) override { is_cluster_due_ = true; }
  void on_fault(const sim::AppliedFault& applied) override;

  const TextTable& texts() const { return texts_; }
  const TextTable& shapes() const { return shapes_; }
  const Rows& rows() const { return rows_; }
  const ShapeColumn& row_details() const { return row_details_; }
  const Facts& facts() const { return facts_; }
  const ShapeColumn& fact_details() const { return fact_details_; }
  const std::vector<FaultRow>& faults() const { return faults_; }
  const PageState& state() const { return state_; }

 private:
  std::int64_t last_row() const { return static_cast<std::int64_t>(rows_.at_us.size()) - 1; }
  void add_row(sim::Time at, std::int64_t kind, model::NodeId node, model::NodeId peer, std::string_view what);
  void add_cause(sim::Cause cause);  // of the row that was added last
  void look();                       // at the nodes that may have changed
  std::int64_t via_of(const model::ConnectionId& via);
  template <typename Write>
  void add_details(ShapeColumn& column, Write write);

  const sim::Plan& plan_;
  const sim::World* world_ = nullptr;
  TextTable texts_, shapes_;
  std::string written_;
  TraceLine line_;
  Rows rows_;
  Facts facts_;
  ShapeColumn row_details_, fact_details_;
  std::vector<FaultRow> faults_;
  PageState state_;
  std::vector<std::int64_t> event_rows_{-1};  // by number of the event
  std::vector<model::NodeId> touched_;
  std::map<model::ConnectionId, std::int64_t> connections_;
  bool is_cluster_due_ = false;
};

// Carries the plan out once more, watched. Returns the fingerprint, which is that of a run that nobody watches.
std::uint64_t watch(const sim::Plan& plan, PageTrace& trace);

}  // namespace reports
