#include "sim/search/hindrance.h"

#include <algorithm>

namespace sim {
namespace {

using Nodes = std::vector<model::NodeId>;

bool has(const Nodes& nodes, model::NodeId node) { return std::find(nodes.begin(), nodes.end(), node) != nodes.end(); }

bool hits_processes(FaultKind kind) {
  return kind == FaultKind::crash || kind == FaultKind::power_loss || kind == FaultKind::stop ||
         kind == FaultKind::wipe || kind == FaultKind::pause || kind == FaultKind::slow_disk ||
         kind == FaultKind::clock_rate;
}

bool hits_ways(FaultKind kind) {
  return kind == FaultKind::cut || kind == FaultKind::delay || kind == FaultKind::lose || kind == FaultKind::reset;
}

// Without naming it, as an undoing does.
bool ends(FaultKind ending, const AppliedFault& by, FaultKind kind, const AppliedFault& applied) {
  const auto hits_one = [&](const Nodes& theirs, const Nodes& ours) {
    return std::any_of(ours.begin(), ours.end(), [&](model::NodeId node) { return has(theirs, node); });
  };
  if (ending == FaultKind::resume) return kind == FaultKind::pause && hits_one(by.who, applied.who);
  if (ending == FaultKind::start) return kind != FaultKind::pause && hits_one(by.who, applied.who);
  if (ending != FaultKind::heal || !hits_ways(kind)) return false;
  if (by.from.empty() && by.to.empty()) return true;
  return (hits_one(by.from, applied.from) && hits_one(by.to, applied.to)) ||
         (hits_one(by.from, applied.to) && hits_one(by.to, applied.from));
}

}  // namespace

Hindrances::Hindrances(const Plan& plan, const CausalRun& run) {
  const auto& faults = run.outcome.faults;
  for (std::size_t i = 0; i < faults.size(); ++i) {
    const AppliedFault& applied = faults[i].applied;
    const FaultKind kind = plan.faults[applied.row].kind;
    if (applied.undo || (!hits_processes(kind) && !hits_ways(kind))) continue;
    Span span{applied.number, 0, applied.at, Time{INT64_MAX}, kind, &applied};
    if (kind == FaultKind::reset) span.to = applied.at;
    for (std::size_t later = i + 1; later < faults.size() && span.ended_by == 0; ++later) {
      const AppliedFault& by = faults[later].applied;
      const bool is_undoing = by.undo && by.cause == Cause::fault(applied.number);
      if (!is_undoing && (by.undo || !ends(plan.faults[by.row].kind, by, kind, applied))) continue;
      span.ended_by = by.number;
      span.to = by.at;
    }
    spans_.push_back(span);
  }
}

std::vector<std::uint32_t> Hindrances::between(model::NodeId speaker, model::NodeId listener, Time from,
                                               Time to) const {
  std::vector<std::uint32_t> found;
  for (const Span& span : spans_) {
    if (span.from > to || span.to <= from) continue;
    const AppliedFault& a = *span.applied;
    const bool is_one = hits_processes(span.kind) && (has(a.who, speaker) || has(a.who, listener));
    // What cannot be acknowledged is not sent either, so a cut of one direction holds up both.
    const bool is_way = hits_ways(span.kind) && ((has(a.from, speaker) && has(a.to, listener)) ||
                                                 (has(a.from, listener) && has(a.to, speaker)));
    if (!is_one && !is_way) continue;
    found.push_back(span.to <= to && span.ended_by != 0 ? span.ended_by : span.number);
  }
  return found;
}

}  // namespace sim
