// A std::variant of many alternatives, compiled once.
//
// Whoever copies, moves or destroys a std::variant makes its compiler write a table with a function for each
// alternative, in every source file that does; for sixty facts and forty messages that was half of the time of a
// build. The members declared here are compiled in one source file, which includes model/one_of_members.h and says
// `template class OneOf<Fact::Alternatives>;`. All of <variant> works on it as on its base.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>
#include <variant>

namespace model {

template <typename Variant>
class OneOf;

template <typename... A>
class OneOf<std::variant<A...>> : public std::variant<A...> {
 public:
  using Alternatives = std::variant<A...>;
  static constexpr std::size_t kSize = sizeof...(A);

  OneOf();
  template <typename T>
    requires(std::is_same_v<std::remove_cvref_t<T>, A> || ...)
  OneOf(T&& held)  // NOLINT: converts, as a variant does
      : Alternatives(std::in_place_type<std::remove_cvref_t<T>>, std::forward<T>(held)) {}
  OneOf(const OneOf& other);
  OneOf(OneOf&& other) noexcept;
  OneOf& operator=(const OneOf& other);
  OneOf& operator=(OneOf&& other) noexcept;
  ~OneOf();
};

}  // namespace model
