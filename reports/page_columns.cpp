#include "reports/page_columns.h"

#include <charconv>

namespace reports {

void ShapeColumn::add(std::string_view json) {
  shape_.clear();
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    const bool is_digit = c >= '0' && c <= '9';
    const bool begins = is_digit || (c == '-' && i + 1 < json.size() && json[i + 1] >= '0' && json[i + 1] <= '9');
    if (in_string || !begins) {
      if (c == '"') in_string = !in_string;
      shape_ += c;
      // An escaped quote does not end a string.
      if (in_string && c == '\\' && i + 1 < json.size()) shape_ += json[++i];
      continue;
    }
    std::int64_t number = 0;
    const char* const end = std::from_chars(json.data() + i, json.data() + json.size(), number).ptr;
    const auto next = static_cast<std::size_t>(end - json.data());
    // A number with decimals stays in the shape as it is.
    std::size_t after = next;
    while (after < json.size() && (json[after] == '.' || (json[after] >= '0' && json[after] <= '9'))) ++after;
    if (after != next) {
      shape_ += json.substr(i, after - i);
    } else {
      shape_ += '#';
      numbers_.push_back(number);
    }
    i = after - 1;
  }
  rows_.push_back(shapes_.number_of(shape_));
}

}  // namespace reports
