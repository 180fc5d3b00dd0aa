// Time as the protocol sees it: durations it may ask for, and opaque instants it may only compare
// through a Clock. Node state holds no other notion of time, so the exhaustive search can treat every
// answer of the Clock as possible and leave instants out of its fingerprints.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <limits>
#include <vector>

#include "model/value.h"

namespace model {

struct Duration {
  std::int64_t us = 0;
  FIELDS(us);
  auto operator<=>(const Duration&) const = default;
};
constexpr Duration microseconds(std::int64_t n) { return {n}; }
constexpr Duration milliseconds(std::int64_t n) { return {n * 1000}; }
constexpr Duration seconds(std::int64_t n) { return {n * 1'000'000}; }
constexpr Duration operator+(Duration a, Duration b) { return {a.us + b.us}; }
constexpr Duration operator-(Duration a, Duration b) { return {a.us - b.us}; }
constexpr Duration operator*(Duration a, std::int64_t n) { return {a.us * n}; }
constexpr Duration operator/(Duration a, std::int64_t n) { return {a.us / n}; }

// A moment, stamped from Clock::now(). Not part of hashes: see hash_append below.
struct Instant {
  std::int64_t us = std::numeric_limits<std::int64_t>::min();  // the initial value is `never`
  bool operator==(const Instant&) const = default;
};
inline constexpr Instant kNever{};
inline void hash_append(Hasher&, const Instant&) {}

// Answers to has_elapsed and is_older in the order they are asked, chosen by a search instead of by
// virtual time. `asked` counts the questions of the last step.
struct ScriptedAnswers {
  std::vector<bool> answers;
  std::size_t asked = 0;
};

class Clock {
 public:
  explicit Clock(Instant now, ScriptedAnswers* script = nullptr) : now_(now), script_(script) {}

  Instant now() const { return now_; }
  // now - since > limit. Strict: Kafka's and ZooKeeper's comparisons are. `never` has always elapsed.
  bool has_elapsed(Instant since, Duration limit) const {
    if (since == kNever) return true;
    if (script_ != nullptr) return next_answer();
    return now_.us - since.us > limit.us;
  }
  bool is_older(Instant a, Instant b) const {
    if (a == kNever || b == kNever) return a == kNever && b != kNever;
    if (script_ != nullptr) return next_answer();
    return a.us < b.us;
  }
  // Never asks: the later of two stamps is one of them.
  Instant later_of(Instant a, Instant b) const { return {std::max(a.us, b.us)}; }

 private:
  bool next_answer() const {
    const std::size_t i = script_->asked++;
    return i < script_->answers.size() && script_->answers[i];
  }

  Instant now_;
  ScriptedAnswers* script_;
};

}  // namespace model
