// What was simulated and how long that took. The latter goes to standard error alone.
#pragma once

#include <cstdint>
#include <memory>

#include "sim/search/run.h"

namespace cli {

class Meter {
 public:
  Meter();
  ~Meter();
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

  void add(const sim::Outcome& outcome);
  void report() const;

 private:
  struct Start;

  std::unique_ptr<Start> start_;
  std::uint64_t events_ = 0;
  std::int64_t simulated_us_ = 0;
};

}  // namespace cli
