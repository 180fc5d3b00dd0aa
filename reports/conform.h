// What replaying recordings has shown, as text for people and as JSON, version 1.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/search/conform.h"
#include "sim/search/recording.h"

namespace reports {

struct ConformedRecording {
  const sim::Recording* recording = nullptr;
  const sim::Conformance* conformance = nullptr;
};

// A line per recording with how likely it is, the race or the first difference below it; then the totals, with
// what is not supported on a line of its own.
std::string text_of_conformance(const std::vector<ConformedRecording>& rows, bool colour);

// {"version": 1, "recordings": [...]}, the shown run's facts in the recordings' own form.
std::string json_of_conformance(const std::vector<ConformedRecording>& rows);

}  // namespace reports
