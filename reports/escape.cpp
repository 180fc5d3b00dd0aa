#include "reports/escape.h"

#include <fmt/format.h>

#include <iterator>

namespace reports {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Calls `take` with each character of `text`: one well-formed sequence of UTF-8 at a time.
template <typename Take>
void for_each_character(std::string_view text, const Take& take) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    take(length == 0 ? kReplacement : text.substr(0, length));
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

// C0, DEL and C1 (two bytes in UTF-8, 0xC2 0x80 to 0xC2 0x9F).
bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20U || first == 0x7FU;
  return character.size() == 2 && first == 0xC2U && static_cast<unsigned char>(character[1]) < 0xA0U;
}

void append_written_out(std::string& out, std::string_view character) {
  const auto code = static_cast<unsigned char>(character.back());
  switch (code) {
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", code);
  }
}

void append_xml(std::string& out, std::string_view character, bool is_attribute) {
  const char c = character[0];
  if (character == "\xEF\xBF\xBE" || character == "\xEF\xBF\xBF") {
    out += kReplacement;  // U+FFFE and U+FFFF: no characters of XML
  } else if (c == '&') {
    out += "&amp;";
  } else if (c == '<') {
    out += "&lt;";
  } else if (c == '>') {
    out += "&gt;";  // "]]>" may not stand in text
  } else if (c == '"') {
    out += "&quot;";
  } else if (c == '\r' || (is_attribute && (c == '\t' || c == '\n'))) {
    fmt::format_to(std::back_inserter(out), "&#{};", static_cast<int>(c));
  } else if (is_control(character) && c != '\t' && c != '\n') {
    append_written_out(out, character);
  } else {
    out += character;
  }
}

std::string for_github(std::string_view text, bool is_property) {
  std::string out;
  for_each_character(text, [&](std::string_view character) {
    const char c = character[0];
    const bool is_reserved = c == '%' || c == '\r' || c == '\n' || (is_property && (c == ':' || c == ','));
    if (is_reserved) {
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned>(c));
    } else if (is_control(character)) {
      append_written_out(out, character);
    } else {
      out += character;
    }
  });
  return out;
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80U) return text.empty() ? 0 : 1;
  if (first >= 0xC2U && first < 0xE0U) return continues(1) ? 2 : 0;
  if (first >= 0xE0U && first < 0xF0U) {
    const bool overlong = first == 0xE0U && byte(1) < 0xA0U;
    const bool surrogate = first == 0xEDU && byte(1) >= 0xA0U;
    return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0U && first < 0xF5U) {
    const bool overlong = first == 0xF0U && byte(1) < 0x90U;
    const bool beyond = first == 0xF4U && byte(1) >= 0x90U;
    return continues(1) && continues(2) && continues(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

std::string one_line(std::string_view text) {
  std::string out;
  for_each_character(text, [&](std::string_view character) {
    if (is_control(character)) {
      append_written_out(out, character);
    } else {
      out += character;
    }
  });
  return out;
}

std::string xml_text(std::string_view text) {
  std::string out;
  for_each_character(text, [&](std::string_view character) { append_xml(out, character, false); });
  return out;
}

std::string xml_attribute(std::string_view text) {
  std::string out;
  for_each_character(text, [&](std::string_view character) { append_xml(out, character, true); });
  return out;
}

std::string github_message(std::string_view text) { return for_github(text, false); }
std::string github_property(std::string_view text) { return for_github(text, true); }

std::string markdown(std::string_view text) {
  // Character references instead of backslashes: inside a table a backslash before "|" is taken away first.
  constexpr std::string_view kMarkup = "\\`*_{}[]()<>#+!|&~@$";
  std::string out;
  for (const char c : one_line(text)) {
    if (kMarkup.find(c) != std::string_view::npos) {
      fmt::format_to(std::back_inserter(out), "&#{};", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace reports
