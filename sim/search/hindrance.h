// How long faults were at work, and what they kept from arriving.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/search/causes.h"

namespace sim {

class Hindrances {
 public:
  Hindrances(const Plan& plan, const CausalRun& run);

  // Faults that were at work within (from, to] and kept `speaker` from being heard by `listener`: one of the two
  // processes, or the way between them. Numbers, in order; of a fault that had ended by `to`, its end.
  std::vector<std::uint32_t> between(model::NodeId speaker, model::NodeId listener, Time from, Time to) const;

 private:
  struct Span {
    std::uint32_t number = 0, ended_by = 0;  // 0: it never ended
    Time from, to;
    FaultKind kind{};
    const AppliedFault* applied = nullptr;
  };
  std::vector<Span> spans_;
};

}  // namespace sim
