// Recordings of a real cluster: JSON to sim::Recording. A recording with consumers, or with a fault
// that the model does not have is well formed; its `not_supported` says why it cannot be replayed.
#pragma once

#include <string_view>

#include "scenarios/result.h"
#include "sim/search/recording.h"

namespace scenarios {

// `name` is what messages call the file. A file without any of the four observed parts (metadata_facts,
// node_facts, clients, final_logs) can be replayed, not judged; one with only some of them is an error.
Result<sim::Recording> load_recording(std::string_view name, std::string_view text);

}  // namespace scenarios
