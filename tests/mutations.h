// Seeded damage to a JSON text: what hands, editors, transfers and hostile senders do to a file.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace damage {

// The tests' own dice: the same damage everywhere, whatever the standard library.
struct Random {
  std::uint64_t state = 1;
  std::size_t below(std::size_t n) {
    state = state * 6'364'136'223'846'793'005ULL + 1'442'695'040'888'963'407ULL;
    return static_cast<std::size_t>((state >> 33) % n);
  }
};

enum class Kind : std::uint8_t {
  truncated,       // cut off anywhere before the last bracket
  wrong_type,      // one value is of another type
  huge_number,     // one number is far beyond every limit
  deep_nesting,    // one value stands in a hundred lists
  invalid_utf8,    // one string holds bytes that are no UTF-8
  unknown_name,    // one letter of one string or key is another
  duplicated_key,  // one member stands twice
  zero_byte,
  byte_order_mark,
  carriage_returns,  // every line ends in CR LF
  bytes,             // a few bytes are inserted, deleted, repeated or replaced
};
inline constexpr std::array kKinds{
    Kind::truncated,       Kind::wrong_type,       Kind::huge_number,    Kind::deep_nesting,
    Kind::invalid_utf8,    Kind::unknown_name,     Kind::duplicated_key, Kind::zero_byte,
    Kind::byte_order_mark, Kind::carriage_returns, Kind::bytes,
};
std::string_view name_of(Kind kind);

// `text` is well formed and without comments.
std::string damaged(std::string_view text, Kind kind, Random& random);

}  // namespace damage
