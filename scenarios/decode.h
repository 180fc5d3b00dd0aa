// JSON values into plain ones. Each function adds a problem and gives nothing when the value does not fit.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/time.h"
#include "scenarios/json_value.h"

namespace scenarios {

// Every object may carry "note": words for its readers.
inline constexpr std::string_view kNoteKey = "note";

// Reports each member whose key is not allowed, with a suggestion. `what`: "a fault", for the message.
void check_keys(const Value& object, std::span<const std::string_view> allowed, std::string_view what,
                Problems& problems);

// `what` names the thing in messages: "\"count\"".
std::optional<std::string> read_text(const Value& value, std::string_view what, Problems& problems);
std::optional<std::int64_t> read_integer(const Value& value, std::string_view what, std::int64_t min, std::int64_t max,
                                         Problems& problems);
std::optional<bool> read_boolean(const Value& value, std::string_view what, Problems& problems);

struct DurationRange {
  model::Duration min, max;
};
// "250ms", "1.5s", "-2s"; units us, ms, s, m, h. Whole microseconds.
std::optional<model::Duration> read_duration(const Value& value, std::string_view what, DurationRange range,
                                             Problems& problems);
// A number of seconds with up to six decimals.
std::optional<model::Duration> read_seconds(const Value& value, std::string_view what, DurationRange range,
                                            Problems& problems);
// "20/s" or a number per second; the interval between two.
std::optional<model::Duration> read_rate(const Value& value, Problems& problems);

// "25 s", "100 ms", "1.5 s", "2 min", "24 h"
std::string text_of(model::Duration duration);

}  // namespace scenarios
