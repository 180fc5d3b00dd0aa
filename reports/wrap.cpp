#include "reports/wrap.h"

#include <algorithm>

namespace reports {

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

void append_wrapped(std::string& out, std::string_view text, std::size_t indent, std::size_t columns) {
  std::size_t used = indent;
  bool is_first = true;
  while (!text.empty()) {
    const std::size_t length = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, length);
    if (!is_first && used + 1 + width_of(word) > columns) {
      out += '\n';
      out.append(indent, ' ');
      used = indent;
      is_first = true;
    }
    if (!is_first) {
      out += ' ';
      ++used;
    }
    out += word;
    used += width_of(word);
    is_first = false;
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  out += '\n';
}

std::string padded(std::string_view text, std::size_t width) {
  const std::size_t used = width_of(text);
  return std::string(text) + std::string(used < width ? width - used : 0, ' ');
}

}  // namespace reports
