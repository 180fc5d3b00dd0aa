// Tells two executions of one plan apart: one remembers a digest of each of its events, the other is
// compared with them as it goes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/value.h"
#include "sim/kernel/observer.h"

namespace reports {

// "10.000312 b2: Fetch answer from b1 on b2>b1/fetch.0#1": where and what, for people.
std::string text_of_event(const sim::EventView& event, const model::ClusterConfig& config);

// Everything that an event is, and the facts and faults told since the one before.
class EventDigests final : public sim::Observer {
 public:
  // `expected`: digests of an earlier execution, by event; null remembers its own instead. `describe` is an
  // event to put into words as well.
  explicit EventDigests(const model::ClusterConfig& config, const std::vector<std::uint64_t>* expected = nullptr,
                        std::optional<std::size_t> describe = std::nullopt)
      : config_(config), expected_(expected), describe_(describe) {}

  bool wants_events() const override { return true; }
  void on_event(const sim::EventView& event) override;
  void on_fact(sim::Time at, model::NodeId node, const model::Fact& fact) override;
  void on_fault(const sim::AppliedFault& applied) override;

  std::size_t count() const { return count_; }
  const std::vector<std::uint64_t>& digests() const { return digests_; }  // empty if there were expected ones
  // Index of the first event that differs from the expected one; none if all agree so far.
  std::optional<std::size_t> first_difference() const { return first_difference_; }
  // Of the first event that differs, or of the one that was asked for.
  const std::string& description() const { return description_; }

 private:
  const model::ClusterConfig& config_;
  const std::vector<std::uint64_t>* expected_;
  std::optional<std::size_t> describe_;
  std::size_t count_ = 0;
  std::vector<std::uint64_t> digests_;
  model::Hasher between_;  // since the last event
  std::optional<std::size_t> first_difference_;
  std::string description_;
};

}  // namespace reports
