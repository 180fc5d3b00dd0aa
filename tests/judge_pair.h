// Two judges of one run: one judges a row when a fact occurs that the row names, as every run does; the other
// judges every row after every event, whatever was told. Both must find the same rows broken at the same event:
// else a row does not name all the facts that can break it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/invariants/judge.h"
#include "sim/kernel/observer.h"
#include "sim/kernel/plan.h"
#include "sim/kernel/world.h"

namespace sim::test {

// A row that the comparison judges by these facts instead of its own: a set too small must be noticed.
struct OtherFacts {
  model::InvariantId row{};
  model::FactSet facts = 0;
};

struct RowBreak {
  model::InvariantId row{};
  std::uint64_t event = 0;  // 0: found at the end of the run
  bool operator==(const RowBreak&) const = default;
};

struct JudgedRun {
  std::vector<RowBreak> by_facts, after_every_event;  // by row
  std::uint64_t events = 0;
  std::uint64_t fingerprint = 0;
  // Rows that are not broken at the same event, in words; empty: the judges agree.
  std::vector<std::string> differences() const;
};

JudgedRun judge_twice(const Plan& plan, std::optional<OtherFacts> other = {});

}  // namespace sim::test
