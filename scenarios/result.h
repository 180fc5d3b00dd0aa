// What loading gives: a value, or every problem at once; warnings in either case.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace scenarios {

// A sentence about a place in a file. Lines and columns count from 1, columns in code points; line 0
// means that there is no place (a command line option, a file that cannot be read).
struct Problem {
  enum class Severity : std::uint8_t { error, warning };
  Severity severity = Severity::error;
  std::string file;
  std::int32_t line = 0;
  std::int32_t column = 0;
  std::int32_t width = 1;  // code points that the caret line marks
  std::string code;        // stable, for tools and searches: "unknown-node"
  std::string message;
  std::string hint;         // may be empty
  std::string source_line;  // the text of `line`, tabs as they are
};

// orders.json:14:22: error[unknown-node]: "b4" is not a node; did you mean "b3"?
std::string headline_of(const Problem& problem);
// The headline, then the source line and a line of carets. No line break at the end.
std::string text_of(const Problem& problem);

template <typename T>
struct Result {
  std::optional<T> value;       // empty exactly if there are errors
  std::vector<Problem> errors;  // in the order of their places
  std::vector<Problem> warnings;
  bool ok() const { return value.has_value(); }
};

}  // namespace scenarios
