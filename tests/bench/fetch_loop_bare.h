// The fetch loop of a replicated partition written by hand, with nothing around it: what a simulator of
// this workload could reach at best. The model's speed is given as a multiple of it.
#pragma once

#include <cstdint>

namespace bench {

struct BareResult {
  std::uint64_t events = 0;
  std::uint64_t simulated_ns = 0;
  std::uint64_t acknowledged = 0;  // produce requests answered
  std::uint64_t checksum = 0;      // of the order of events: the same at every run
};

// Three brokers, one partition, one producer. It sends five records, waits until both followers have
// them, thinks for 0.2 to 2 ms and sends the next. Every hop takes 100 to 500 us.
BareResult run_bare_fetch_loop(std::uint64_t events, std::uint64_t seed);

}  // namespace bench
