// What came of a run for its consumers: how much they read, how late, from how far away.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/kernel/plan.h"
#include "sim/search/run.h"

namespace reports {

struct ReaderSummary {
  std::int64_t read = 0;       // records
  std::int64_t committed = 0;  // records of its topic, by the end, of all partitions
  // From the moment at which a record was due at its producer to the one at which the consumer had it: whatever held
  // it up counts, also what kept the producer from sending it.
  model::Duration median, p99;
  // How many committed records it had not been given yet, at most, once it had been given its first.
  std::int64_t most_behind = 0;
  std::int64_t bytes_across_racks = 0;  // served by a broker of another rack than its own
};

// By ClusterConfig::consumers. The run must have kept the facts that come with each record.
std::vector<ReaderSummary> summaries_of_readers(const sim::Plan& plan, const sim::Outcome& outcome);
// "tokyo: 1,662 of 1,670 records read, end to end 1 ms (median) and 412 ms (p99), at most 168 behind, ..."
std::vector<std::string> reader_texts(const sim::Plan& plan, const sim::Outcome& outcome);

}  // namespace reports
