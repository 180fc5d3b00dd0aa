#include "scenarios/decode.h"

#include <algorithm>
#include <array>

#include "scenarios/suggest.h"

namespace scenarios {
namespace {

// value / 10^decimals
struct Decimal {
  std::int64_t value = 0;
  int decimals = 0;
};
constexpr std::size_t kDigitsMax = 15;

// Digits with at most one point; takes them off the front of `text`.
std::optional<Decimal> take_decimal(std::string_view& text) {
  Decimal number;
  bool has_point = false;
  std::size_t digits = 0, i = 0;
  for (; i < text.size(); ++i) {
    if (text[i] == '.' && !has_point && digits > 0) {
      has_point = true;
    } else if (text[i] >= '0' && text[i] <= '9') {
      if (++digits > kDigitsMax) return std::nullopt;
      number.value = number.value * 10 + (text[i] - '0');
      number.decimals += has_point ? 1 : 0;
    } else {
      break;
    }
  }
  if (digits == 0 || text[i - 1] == '.') return std::nullopt;
  text.remove_prefix(i);
  return number;
}

// number * unit in microseconds; nothing if it is no whole number of them or far too large.
std::optional<std::int64_t> scaled(Decimal number, std::int64_t unit) {
  constexpr std::int64_t kLargest = 1'000'000'000'000'000;  // 31 years
  while (number.decimals > 0 && unit % 10 == 0) {
    unit /= 10;
    --number.decimals;
  }
  while (number.decimals > 0 && number.value % 10 == 0) {
    number.value /= 10;
    --number.decimals;
  }
  if (number.decimals > 0 || number.value > kLargest / unit) return std::nullopt;
  return number.value * unit;
}

struct Unit {
  std::string_view name;
  std::int64_t us;
};
constexpr std::array kUnits{Unit{"us", 1}, Unit{"ms", 1'000}, Unit{"s", 1'000'000}, Unit{"m", 60'000'000},
                            Unit{"h", 3'600'000'000}};

std::optional<model::Duration> in_range(model::Duration duration, const Value& value, std::string_view what,
                                        DurationRange range, Problems& problems) {
  if (duration >= range.min && duration <= range.max) return duration;
  problems.error("out-of-range", value,
                 std::string(what) + " is between " + text_of(range.min) + " and " + text_of(range.max) + ", not " +
                     text_of(duration));
  return std::nullopt;
}

std::string decimal_text(std::int64_t us, std::int64_t unit) {
  std::string text = std::to_string(us / unit);
  if (us % unit == 0) return text;
  std::string rest = std::to_string(unit + us % unit).substr(1);
  while (rest.back() == '0') rest.pop_back();
  return text + "." + rest;
}

}  // namespace

void check_keys(const Value& object, std::span<const std::string_view> allowed, std::string_view what,
                Problems& problems) {
  for (const Member& member : object.members) {
    if (member.key == kNoteKey || std::find(allowed.begin(), allowed.end(), member.key) != allowed.end()) continue;
    problems.error_at_key("unknown-key", member, "\"" + member.key + "\" is not a member of " + std::string(what),
                          did_you_mean_or_list(member.key, allowed, "known"));
  }
}

std::optional<std::string> read_text(const Value& value, std::string_view what, Problems& problems) {
  if (value.is_string()) return value.text;
  problems.error("wrong-type", value, std::string(what) + " is a string, not " + describe(value));
  return std::nullopt;
}

std::optional<std::int64_t> read_integer(const Value& value, std::string_view what, std::int64_t min, std::int64_t max,
                                         Problems& problems) {
  if (value.is_integer() && value.integer >= min && value.integer <= max) return value.integer;
  const bool is_number = value.is_integer() || value.is(Value::Kind::number);
  problems.error(is_number ? "out-of-range" : "wrong-type", value,
                 std::string(what) + " is a whole number from " + std::to_string(min) + " to " + std::to_string(max) +
                     ", not " + describe(value));
  return std::nullopt;
}

std::optional<bool> read_boolean(const Value& value, std::string_view what, Problems& problems) {
  if (value.is(Value::Kind::boolean)) return value.boolean;
  problems.error("wrong-type", value, std::string(what) + " is true or false, not " + describe(value));
  return std::nullopt;
}

std::optional<model::Duration> read_duration(const Value& value, std::string_view what, DurationRange range,
                                             Problems& problems) {
  const bool is_number = value.is_integer() || value.is(Value::Kind::number);
  if (is_number) {
    const std::string shown = value.text.size() <= kDigitsMax ? value.text : "5";
    problems.error("bad-duration", value, std::string(what) + " is a duration with a unit, not " + describe(value),
                   "write \"" + shown + "s\" or \"" + shown + "ms\"");
    return std::nullopt;
  }
  if (!value.is_string()) {
    problems.error("wrong-type", value, std::string(what) + " is a duration such as \"1.5s\", not " + describe(value));
    return std::nullopt;
  }
  std::string_view rest = value.text;
  const bool is_negative = !rest.empty() && rest.front() == '-';
  if (is_negative) rest.remove_prefix(1);
  const std::optional<Decimal> number = take_decimal(rest);
  const auto unit = std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& u) { return u.name == rest; });
  if (!number || unit == kUnits.end()) {
    problems.error("bad-duration", value, describe(value) + " is not a duration",
                   "write a number and us, ms, s, m or h: \"250ms\", \"1.5s\"");
    return std::nullopt;
  }
  const std::optional<std::int64_t> us = scaled(*number, unit->us);
  if (!us) {
    problems.error("bad-duration", value, describe(value) + " is too long, or finer than a microsecond");
    return std::nullopt;
  }
  return in_range({is_negative ? -*us : *us}, value, what, range, problems);
}

std::optional<model::Duration> read_seconds(const Value& value, std::string_view what, DurationRange range,
                                            Problems& problems) {
  std::string_view rest = value.text;
  const bool is_negative = !rest.empty() && rest.front() == '-';
  if (is_negative) rest.remove_prefix(1);
  const std::optional<Decimal> number = take_decimal(rest);
  const std::optional<std::int64_t> us = number ? scaled(*number, 1'000'000) : std::nullopt;
  if (!(value.is_integer() || value.is(Value::Kind::number)) || !us || !rest.empty()) {
    problems.error("wrong-type", value,
                   std::string(what) + " is a number of seconds with at most six decimals, not " + describe(value));
    return std::nullopt;
  }
  return in_range({is_negative ? -*us : *us}, value, what, range, problems);
}

std::optional<model::Duration> read_rate(const Value& value, Problems& problems) {
  constexpr std::int64_t kPerSecondMax = 100'000;
  std::string_view rest = value.text;  // of a number: as written
  const bool is_scalar = value.is_string() || value.is_integer() || value.is(Value::Kind::number);
  std::optional<Decimal> number;
  if (is_scalar) number = take_decimal(rest);
  const bool is_rate = number && (value.is_string() ? rest == "/s" : rest.empty());
  // In thousandths of a record per second.
  const std::optional<std::int64_t> rate = is_rate ? scaled(*number, 1'000) : std::nullopt;
  if (!rate || *rate == 0 || *rate > kPerSecondMax * 1'000) {
    problems.error("bad-rate", value,
                   "\"rate\" is a number of records per second from 0.001 to 100000, not " + describe(value),
                   "write \"20/s\"");
    return std::nullopt;
  }
  return model::Duration{1'000'000'000 / *rate};
}

std::string text_of(model::Duration duration) {
  const std::int64_t us = duration.us < 0 ? -duration.us : duration.us;
  std::string text = duration.us < 0 ? "-" : "";
  if (us == 0) return "0 s";
  if (us < 1'000) return text + std::to_string(us) + " us";
  if (us < 1'000'000) return text + decimal_text(us, 1'000) + " ms";
  if (us >= 7'200'000'000 && us % 3'600'000'000 == 0) return text + std::to_string(us / 3'600'000'000) + " h";
  if (us >= 120'000'000 && us % 60'000'000 == 0) return text + std::to_string(us / 60'000'000) + " min";
  return text + decimal_text(us, 1'000'000) + " s";
}

}  // namespace scenarios
