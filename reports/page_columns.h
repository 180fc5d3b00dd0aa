// How a page keeps a run small: texts are numbered, and of a text with numbers in it only the numbers are kept
// apart from the shape that it shares with others.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace reports {

// Texts by number, in the order in which they came first.
class TextTable {
 public:
  std::int64_t number_of(std::string_view text) {
    const auto found = numbers_.find(text);
    if (found != numbers_.end()) return found->second;
    texts_.emplace_back(text);
    return numbers_.emplace(text, static_cast<std::int64_t>(texts_.size()) - 1).first->second;
  }
  const std::vector<std::string>& texts() const { return texts_; }

 private:
  std::map<std::string, std::int64_t, std::less<>> numbers_;
  std::vector<std::string> texts_;
};

// JSON values by shape: {"partition":"t-0","offset":123} has the shape {"partition":"t-0","offset":#} and the
// number 123. Digits inside strings belong to the shape.
class ShapeColumn {
 public:
  explicit ShapeColumn(TextTable& shapes) : shapes_(shapes) {}

  void add(std::string_view json);
  const std::vector<std::int64_t>& shapes() const { return rows_; }
  // Those of all rows, one after the other: a row has as many as its shape has '#' outside strings.
  const std::vector<std::int64_t>& numbers() const { return numbers_; }

 private:
  TextTable& shapes_;
  std::vector<std::int64_t> rows_, numbers_;
  std::string shape_;
};

}  // namespace reports
