// A value type names its fields once. Hashing, printing, comparing and JSON follow from that list,
// and a member that was left out of it does not compile.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

// Names every data member of an aggregate, in order. The names become JSON keys and trace keys.
#define FIELDS(...)                                     \
  auto fields() const { return std::tie(__VA_ARGS__); } \
  static constexpr std::string_view kFieldNames = #__VA_ARGS__

// An aggregate without members.
#define NO_FIELDS()                              \
  auto fields() const { return std::tuple<>{}; } \
  static constexpr std::string_view kFieldNames = ""

namespace model {

namespace detail {
struct AnyField {
  template <typename T>
  operator T() const;  // NOLINT: converts to whatever member is initialised
};

template <typename T, std::size_t... I>
constexpr bool accepts_initialisers(std::index_sequence<I...>) {
  return requires { T{((void)I, AnyField{})...}; };
}

template <typename T, std::size_t N = 0>
constexpr std::size_t count_members() {
  if constexpr (accepts_initialisers<T>(std::make_index_sequence<N + 1>{})) {
    return count_members<T, N + 1>();
  } else {
    return N;
  }
}
}  // namespace detail

template <typename T>
concept HasFields = requires(const T& value) {
  value.fields();
  T::kFieldNames;
};

// Fails to compile when FIELDS(...) lists fewer members than the aggregate has.
template <HasFields T>
constexpr void require_every_member_is_listed() {
  if constexpr (std::is_aggregate_v<T>) {
    static_assert(std::tuple_size_v<decltype(std::declval<const T&>().fields())> == detail::count_members<T>(),
                  "FIELDS(...) must list every member");
  }
}

// 64-bit running hash. The same bytes give the same value on every compiler and build type.
class Hasher {
 public:
  void add(std::uint64_t word) {
    state_ = (state_ ^ word) * 0x9e3779b97f4a7c15ULL;
    state_ ^= state_ >> 32;
  }
  std::uint64_t value() const {
    std::uint64_t x = state_;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
  }

 private:
  std::uint64_t state_ = 0x243f6a8885a308d3ULL;
};

template <typename T>
  requires std::integral<T> || std::is_enum_v<T>
void hash_append(Hasher& hasher, T value) { hasher.add(static_cast<std::uint64_t>(value)); }

inline void hash_append(Hasher& hasher, std::string_view text) {
  hasher.add(text.size());
  std::uint64_t word = 0;
  std::size_t used = 0;
  for (const char c : text) {
    word = (word << 8) | static_cast<unsigned char>(c);
    if (++used == 8) {
      hasher.add(word);
      word = 0;
      used = 0;
    }
  }
  if (used != 0) hasher.add(word);
}
inline void hash_append(Hasher& hasher, const std::string& text) { hash_append(hasher, std::string_view(text)); }
inline void hash_append(Hasher&, std::monostate) {}

template <HasFields T>
void hash_append(Hasher& hasher, const T& value);
template <typename T>
void hash_append(Hasher& hasher, const std::vector<T>& values);
template <typename T>
void hash_append(Hasher& hasher, const std::optional<T>& value);
template <typename... T>
void hash_append(Hasher& hasher, const std::variant<T...>& value);
template <typename T, std::size_t N>
void hash_append(Hasher& hasher, const std::array<T, N>& values);

template <HasFields T>
void hash_append(Hasher& hasher, const T& value) {
  require_every_member_is_listed<T>();
  std::apply([&](const auto&... field) { (hash_append(hasher, field), ...); }, value.fields());
}
template <typename T>
void hash_append(Hasher& hasher, const std::vector<T>& values) {
  hasher.add(values.size());
  for (const auto& value : values) hash_append(hasher, value);
}
template <typename T>
void hash_append(Hasher& hasher, const std::optional<T>& value) {
  hasher.add(value.has_value() ? 1 : 0);
  if (value) hash_append(hasher, *value);
}
template <typename... T>
void hash_append(Hasher& hasher, const std::variant<T...>& value) {
  hasher.add(value.index());
  std::visit([&](const auto& held) { hash_append(hasher, held); }, value);
}
template <typename T, std::size_t N>
void hash_append(Hasher& hasher, const std::array<T, N>& values) {
  for (const auto& value : values) hash_append(hasher, value);
}

template <typename T>
std::uint64_t hash_of(const T& value) {
  Hasher hasher;
  hash_append(hasher, value);
  return hasher.value();
}

// The name of field `index` as written in FIELDS(...).
template <HasFields T>
constexpr std::string_view field_name(std::size_t index) {
  std::string_view rest = T::kFieldNames;
  for (; index != 0; --index) rest.remove_prefix(rest.find(',') + 1);
  while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  return rest.substr(0, rest.find(','));
}

// Calls visit(name, member) for every field, in order.
template <HasFields T, typename Visit>
void for_each_field(const T& value, Visit&& visit) {
  require_every_member_is_listed<T>();
  const auto members = value.fields();
  [&]<std::size_t... I>(std::index_sequence<I...>) { (visit(field_name<T>(I), std::get<I>(members)), ...); }
  (std::make_index_sequence<std::tuple_size_v<decltype(members)>>{});
}

// Overload set for std::visit.
template <typename... F>
struct overloaded : F... {
  using F::operator()...;
};
template <typename... F>
overloaded(F...) -> overloaded<F...>;

}  // namespace model
