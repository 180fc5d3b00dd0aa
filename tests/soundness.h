// What holds for every problem with every text, however broken.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "scenarios/result.h"

// Empty, or what is wrong with a problem that was reported for `text`.
inline std::string unsoundness_of(const scenarios::Problem& problem, std::string_view text) {
  const std::string headline = scenarios::headline_of(problem);
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20U || c == 0x7F; };
  if (problem.line < 1 || problem.line > 1 + std::count(text.begin(), text.end(), '\n')) return "no line: " + headline;
  if (problem.column < 1 || problem.column > static_cast<std::int64_t>(text.size()) + 1)
    return "no column: " + headline;
  if (problem.message.empty() || problem.code.empty()) return "no message: " + headline;
  if (std::any_of(headline.begin(), headline.end(), is_control)) return "a control character: " + headline;
  return {};
}

// Empty, or what is wrong with the result of a load of `text`: it is a value or errors, never both or neither.
template <typename T>
std::string unsoundness_of(const scenarios::Result<T>& result, std::string_view text) {
  if (result.ok() != result.errors.empty()) return result.ok() ? "a value and errors" : "neither a value nor errors";
  for (const auto* problems : {&result.errors, &result.warnings}) {
    for (const scenarios::Problem& problem : *problems) {
      if (std::string wrong = unsoundness_of(problem, text); !wrong.empty()) return wrong;
    }
  }
  return {};
}
