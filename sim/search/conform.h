// Many seeds of one recording: how many reproduce it, which one comes closest, and what makes it rare. The same
// recording and options give the same answer, however many threads work on it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/search/judge.h"
#include "sim/search/recording.h"
#include "sim/search/replay.h"

namespace sim {

struct ConformOptions {
  std::uint64_t seeds = 200;  // 1, 2, ...
  int jobs = 1;
  std::optional<std::uint64_t> shown;  // keep this seed's run instead of the best one's
};

enum class ConformStatus : std::uint8_t { reproduced, refuted, not_supported };
std::string_view name_of(ConformStatus status);

// At least so many of a thousand seeds must reproduce a recording, or the race that makes it rarer is named.
inline constexpr std::int64_t kCommonShare = 50;

struct Conformance {
  ConformStatus status = ConformStatus::not_supported;
  std::string reason;  // of not_supported
  std::uint64_t seeds_tried = 0;
  std::uint64_t reproducing = 0;  // seeds
  std::int64_t share = 0;         // of them, per mille; at least 1 if there is one
  std::optional<std::string> race;
  std::optional<std::string> first_difference;  // of the shown seed
  Judgement judgement;                          // of the shown seed: the best one, unless another was asked for
  Simulated simulated;                          // likewise, with its facts
  bool has_run = false;                         // false: there is no shown run
};

// The lowest seed that reproduces; else the one whose story agrees longest, then with the fewest facts at another
// time, then the lowest. Index into `judgements`, which holds at least one.
std::size_t best_of(const std::vector<Judgement>& judgements);

Conformance conform(const Recording& recording, const ConformOptions& options);

}  // namespace sim
