// Random draws that do not disturb each other. Every source of randomness (a link, a timer, a node's
// choices) has a stream of its own, named by small integers: the n-th draw of a stream depends on the seed,
// the stream's name and n alone, so what one part of a run draws does not move what another one draws.
#pragma once

#include <cstdint>

#include "model/ensure.h"

namespace sim {

inline constexpr std::uint64_t kGoldenGamma = 0x9e3779b97f4a7c15ULL;

// The finaliser of splitmix64 (Steele, Lea, Flood 2014; variant 13 of Stafford).
constexpr std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// What a stream is for. The numbers are part of what a seed means.
enum class StreamKind : std::uint64_t {
  link = 1,
  timer = 2,
  choices = 3,
  resume = 4,
  commands = 5,
  faults = 6,
  disturbance = 7,
  writeback = 8
};

// `name` packs what tells two streams of a kind apart: nodes, channel, direction, timer.
constexpr std::uint64_t stream_key(std::uint64_t seed, StreamKind kind, std::uint64_t name) {
  return mix(mix(mix(seed + kGoldenGamma) + static_cast<std::uint64_t>(kind)) ^ name);
}

__extension__ using Wide = unsigned __int128;  // both compilers have it, ISO C++ does not

// One stream: splitmix64 from its key on. Draw one value per statement, since the order in which the
// arguments of a call are evaluated differs between compilers.
class Dice {
 public:
  Dice() = default;
  explicit constexpr Dice(std::uint64_t key) : key_(key) {}

  constexpr std::uint64_t next() { return mix(key_ + kGoldenGamma * ++drawn_); }
  // 0 <= result < n. The bias of multiply-shift is below n / 2^64.
  constexpr std::uint64_t below(std::uint64_t n) {
    return static_cast<std::uint64_t>((static_cast<Wide>(next()) * n) >> 64);
  }
  // Both ends included. No draw if there is nothing to choose.
  constexpr std::int64_t range(std::int64_t min, std::int64_t max) {
    ENSURE(min <= max);
    if (min == max) return min;
    return min + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(max - min) + 1));
  }

 private:
  std::uint64_t key_ = 0;
  std::uint64_t drawn_ = 0;
};

}  // namespace sim
