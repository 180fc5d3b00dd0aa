// Small sets: bit i says whether i is in it. Of facts, of rows.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace model {

__extension__ typedef unsigned __int128 Bits;

inline constexpr std::size_t kBits = 128;

// Undefined for the empty set.
constexpr std::size_t lowest(Bits bits) {
  const auto low = static_cast<std::uint64_t>(bits);
  if (low != 0) return static_cast<std::size_t>(std::countr_zero(low));
  return 64 + static_cast<std::size_t>(std::countr_zero(static_cast<std::uint64_t>(bits >> 64)));
}
constexpr bool contains(Bits bits, std::size_t i) { return ((bits >> i) & 1U) != 0; }

}  // namespace model
