// What model/one_of.h leaves to the one source file that instantiates a OneOf.
#pragma once

#include "model/one_of.h"

namespace model {

template <typename... A>
OneOf<std::variant<A...>>::OneOf() = default;
template <typename... A>
OneOf<std::variant<A...>>::OneOf(const OneOf& other) = default;
template <typename... A>
OneOf<std::variant<A...>>::OneOf(OneOf&& other) noexcept = default;
template <typename... A>
OneOf<std::variant<A...>>& OneOf<std::variant<A...>>::operator=(const OneOf& other) = default;
template <typename... A>
OneOf<std::variant<A...>>& OneOf<std::variant<A...>>::operator=(OneOf&& other) noexcept = default;
template <typename... A>
OneOf<std::variant<A...>>::~OneOf() = default;

}  // namespace model
