// A trace as JSON Lines: one object for each event, fact and fault, in the order in which they happen.
//
//   {"n":812,"t_us":10000312,"node":"b2","event":"message","peer":"b1","via":"b2>b1/fetch.0#1","type":"Fetch answer",…}
//   {"n":812,"t_us":10000312,"node":"b2","event":"fact","fact":"high_watermark","partition":"t-0",…}
//   {"n":813,"t_us":10000400,"event":"fault","row":2,"undo":false,"text":"pause b1 …","who":["b1"]}
//
// `n` counts events; a fact and a fault carry the number of the event before or around them. `via` names the
// connection: client>server/kind.index#attempt. A trace is written as the run goes, without allocations per
// event, so that its size is limited by the disk alone.
#pragma once

#include <cstdio>
#include <memory>

#include "sim/kernel/observer.h"

namespace reports {

class TraceWriter final : public sim::Observer {
 public:
  // `file` is open for writing and stays the caller's; it and the plan outlive the writer.
  TraceWriter(std::FILE* file, const sim::Plan& plan);
  ~TraceWriter() override;  // writes what is left
  TraceWriter(const TraceWriter&) = delete;
  TraceWriter& operator=(const TraceWriter&) = delete;

  // Writes what is left. False: some of the trace could not be written.
  bool finish();

  void on_fact(sim::Time at, model::NodeId node, const model::Fact& fact) override;
  void on_fault(const sim::AppliedFault& applied) override;
  bool wants_events() const override { return true; }
  void on_event(const sim::EventView& event) override;

 private:
  class Line;
  std::unique_ptr<Line> line_;
  const sim::Plan& plan_;
  std::uint64_t number_ = 0;  // of the last event
};

}  // namespace reports
