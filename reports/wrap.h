// Words on lines of at most so many columns.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace reports {

// Columns that a text takes on a terminal: code points, since no report writes wide characters.
std::size_t width_of(std::string_view text);
std::string padded(std::string_view text, std::size_t width);  // with spaces behind it

// Appends `text` and a line break to a line that is `indent` columns long; what does not fit goes to further lines,
// indented. A word that is longer than a line stays whole.
void append_wrapped(std::string& out, std::string_view text, std::size_t indent, std::size_t columns);

}  // namespace reports
