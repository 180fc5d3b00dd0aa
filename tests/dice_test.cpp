#include "sim/kernel/dice.h"

#include <array>
#include <cstdint>

#include <doctest/doctest.h>

using sim::Dice;
using sim::StreamKind;

TEST_CASE("a stream is splitmix64 from its key on") {
  Dice dice(1234567);  // the first values of the reference implementation for this seed
  CHECK(dice.next() == 6457827717110365317ULL);
  CHECK(dice.next() == 3203168211198807973ULL);
  CHECK(dice.next() == 9817491932198370423ULL);
}

TEST_CASE("a seed gives the same draws on every compiler") {
  CHECK(sim::stream_key(42, StreamKind::timer, 7) == 0x87522e60fa3ff9b0ULL);
  Dice dice(sim::stream_key(42, StreamKind::timer, 7));
  for (const std::uint64_t expected : std::array<std::uint64_t, 5>{63, 5, 80, 81, 85}) {
    CHECK(dice.below(100) == expected);
  }
  static_assert(Dice(1234567).next() == 6457827717110365317ULL);
}

TEST_CASE("streams of different kinds, names and seeds differ") {
  const std::uint64_t key = sim::stream_key(1, StreamKind::link, 3);
  CHECK(key != sim::stream_key(2, StreamKind::link, 3));
  CHECK(key != sim::stream_key(1, StreamKind::timer, 3));
  CHECK(key != sim::stream_key(1, StreamKind::link, 4));
}

TEST_CASE("a range includes both ends and nothing else") {
  Dice dice(9);
  std::array<int, 5> seen{};
  for (int i = 0; i < 5000; ++i) {
    const std::int64_t value = dice.range(-2, 2);
    REQUIRE(value >= -2);
    REQUIRE(value <= 2);
    ++seen[static_cast<std::size_t>(value + 2)];
  }
  for (const int count : seen) {
    CHECK(count > 800);
    CHECK(count < 1200);
  }
}

TEST_CASE("a range of one value draws nothing") {
  Dice drawn(5), untouched(5);
  CHECK(drawn.range(7, 7) == 7);
  CHECK(drawn.next() == untouched.next());
}
