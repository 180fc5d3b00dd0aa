// The `readers` of a run in the form of a recording, and what its clients have in common with them.
#pragma once

#include <string_view>
#include <vector>

#include "model/config.h"
#include "reports/json_writer.h"
#include "sim/search/recording.h"

namespace reports {

void write_seconds(JsonWriter& json, std::string_view key, sim::Millis t);
void write_silent(JsonWriter& json, const std::vector<sim::SilentWindow>& windows);
void write_readers(JsonWriter& json, const sim::Observed& observed, const model::ClusterConfig& config);

}  // namespace reports
