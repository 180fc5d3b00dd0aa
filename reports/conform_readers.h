// The `readers` of a run in the form of a recording.
#pragma once

#include "model/config.h"
#include "reports/json_writer.h"
#include "sim/search/recording.h"

namespace reports {

void write_readers(JsonWriter& json, const sim::Observed& observed, const model::ClusterConfig& config);

}  // namespace reports
