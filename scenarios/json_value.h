// A JSON text as a tree that knows where each of its values stands. // and /* */ comments are accepted.
// Trailing commas, duplicate keys, zero bytes and whatever is above one of the limits below are refused; a text
// that is too large is refused before it takes memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/source.h"

namespace scenarios {

inline constexpr std::size_t kTextBytesMax = std::size_t{1} << 20;
inline constexpr std::size_t kDepthMax = 64;
inline constexpr std::size_t kItemsMax = 10'000;        // of one list
inline constexpr std::size_t kMembersMax = 1'000;       // of one object
inline constexpr std::size_t kValuesMax = 100'000;      // in all
inline constexpr std::size_t kStringBytesMax = 10'000;  // of one string
inline constexpr std::size_t kKeyBytesMax = 250;

struct Member;

struct Value {
  enum class Kind : std::uint8_t { null, boolean, integer, number, string, array, object };
  Kind kind = Kind::null;
  Position at;          // of its first character
  std::size_t end = 0;  // offset behind its last character
  bool boolean = false;
  std::int64_t integer = 0;
  double number = 0;            // also for integers
  std::string text;             // of a string, unescaped; of an integer or number, as written
  std::vector<Value> items;     // of an array
  std::vector<Member> members;  // of an object, in the order of the text

  bool is(Kind k) const { return kind == k; }
  bool is_object() const { return kind == Kind::object; }
  bool is_array() const { return kind == Kind::array; }
  bool is_string() const { return kind == Kind::string; }
  bool is_integer() const { return kind == Kind::integer; }
  const Value* find(std::string_view key) const;          // null if this is no object or has no such key
  const Member* find_member(std::string_view key) const;  // likewise
};

struct Member {
  std::string key;
  Position key_at;          // of the opening quote
  std::size_t key_end = 0;  // offset behind the closing quote
  Value value;
};

// "an object", "a list of 3", "the number 5", "\"b1\"": for messages.
std::string describe(const Value& value);

// Adds what is wrong to `problems`; a value only if the text is well formed (duplicate keys leave a value,
// in which find() gives the first).
std::optional<Value> parse_json(Problems& problems);

}  // namespace scenarios
