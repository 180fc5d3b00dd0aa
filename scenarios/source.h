// The text of one input file, its places, and the list of what is wrong with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/result.h"

namespace scenarios {

// Some editors begin a UTF-8 text with it. It takes no column.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// A place in a source: byte offset from 0, line and column from 1, columns in code points.
struct Position {
  std::size_t offset = 0;
  std::int32_t line = 1;
  std::int32_t column = 1;
};

// Keeps views: the name and the text outlive it.
class Source {
 public:
  Source(std::string_view name, std::string_view text);
  std::string_view name() const { return name_; }
  std::string_view text() const { return text_; }
  Position position(std::size_t offset) const;
  std::string_view line(std::int32_t number) const;  // without its line break
  std::int32_t code_points(std::size_t begin, std::size_t end) const;

 private:
  std::int32_t code_points_before(std::size_t offset) const;

  std::string_view name_;
  std::string_view text_;
  std::vector<std::size_t> line_starts_;
  // How many there are before each block of bytes: a file may be one long line with a hundred thousand values.
  std::vector<std::int32_t> code_points_before_block_;
};

struct Value;
struct Member;

// Collects problems while a file is decoded. At most kProblemsMax errors are kept, so that a hostile file
// cannot make megabytes of messages; one more says that there are others.
class Problems {
 public:
  static constexpr std::size_t kProblemsMax = 200;

  explicit Problems(const Source& source) : source_(source) {}
  const Source& source() const { return source_; }

  void error(std::string_view code, Position at, std::size_t end, std::string message, std::string hint = {});
  void error(std::string_view code, const Value& at, std::string message, std::string hint = {});
  void error_at_key(std::string_view code, const Member& at, std::string message, std::string hint = {});
  void warning(std::string_view code, const Value& at, std::string message, std::string hint = {});
  void warning_at_key(std::string_view code, const Member& at, std::string message, std::string hint = {});
  void add(Problem problem);  // as it is
  bool has_errors() const { return !errors_.empty(); }

  // The result of a load: `value` unless there are errors.
  template <typename T>
  Result<T> finish(T value) {
    sort();
    Result<T> result{{}, std::move(errors_), std::move(warnings_)};
    if (result.errors.empty()) result.value = std::move(value);
    return result;
  }

 private:
  Problem make(Problem::Severity severity, std::string_view code, Position at, std::size_t end, std::string message,
               std::string hint) const;
  void sort();

  const Source& source_;
  std::vector<Problem> errors_;
  std::vector<Problem> warnings_;
  bool is_full_ = false;
};

}  // namespace scenarios
