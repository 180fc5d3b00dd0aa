// Readers, as a recording of a real cluster shows them: what a run told of its consumers, and whether both went the
// same way.
#pragma once

#include <vector>

#include "model/facts.h"
#include "sim/search/recording.h"

namespace sim {

// Gathers what one run tells of its consumers.
class ReaderLog {
 public:
  explicit ReaderLog(const model::ClusterConfig& config);
  void note(Millis t, model::NodeId node, const model::Fact& fact, Millis end);
  std::vector<ReaderResult> take() { return std::move(results_); }

 private:
  ReaderResult& result_of(model::NodeId consumer);
  void consumed(Millis t, ReaderResult& result, const model::RecordsConsumed& told, Millis end) const;

  const model::ClusterConfig& config_;
  std::vector<ReaderResult> results_;
};

// Where a reader read from when: its `asked` rows of a partition without stays shorter than two seconds, equal
// neighbours merged. The last one lasts to `end`.
std::vector<ReaderAsked> stays_of(const ReaderResult& reader, model::PartitionId partition, Millis end);

}  // namespace sim
