#include "reports/json_writer.h"

#include <fmt/format.h>

#include <iterator>

namespace reports {
namespace {

// Length of the well-formed UTF-8 sequence at the beginning of `text`; 0 if there is none. Overlong forms,
// surrogates and values beyond U+10FFFF are not well-formed.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80U) return 1;
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

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
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
      if (static_cast<unsigned char>(c) < 0x20U || c == 0x7F) {
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
      } else {
        out += c;
      }
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 1) {
      append_escaped(out, text.front());
    } else if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

void JsonWriter::next_element() {
  if (has_elements_.empty()) return;
  const int depth = static_cast<int>(has_elements_.size());
  const bool first = !has_elements_.back();
  has_elements_.back() = true;
  if (depth <= laid_out_) {
    out_ += first ? "\n" : ",\n";
    out_.append(static_cast<std::size_t>(depth) * 2, ' ');
  } else if (!first) {
    out_ += laid_out_ > 0 ? ", " : ",";
  }
}

void JsonWriter::before_value() {
  if (after_key_) {
    after_key_ = false;
  } else {
    next_element();
  }
}

void JsonWriter::key(std::string_view name) {
  next_element();
  append_json_string(out_, name);
  out_ += laid_out_ > 0 ? ": " : ":";
  after_key_ = true;
}

void JsonWriter::open(char bracket) {
  before_value();
  out_ += bracket;
  has_elements_.push_back(false);
}

void JsonWriter::close(char bracket) {
  const int depth = static_cast<int>(has_elements_.size());
  if (depth <= laid_out_ && has_elements_.back()) {
    out_ += '\n';
    out_.append(static_cast<std::size_t>(depth - 1) * 2, ' ');
  }
  has_elements_.pop_back();
  out_ += bracket;
  if (has_elements_.empty() && laid_out_ > 0) out_ += '\n';
}

void JsonWriter::value(std::string_view text) {
  before_value();
  append_json_string(out_, text);
}
void JsonWriter::value(bool truth) {
  before_value();
  out_ += truth ? "true" : "false";
}
void JsonWriter::null() {
  before_value();
  out_ += "null";
}
void JsonWriter::raw(std::string_view json) {
  before_value();
  out_ += json;
}
void JsonWriter::signed_value(std::int64_t number) {
  before_value();
  const fmt::format_int digits(number);
  out_.append(digits.data(), digits.size());
}
void JsonWriter::unsigned_value(std::uint64_t number) {
  before_value();
  const fmt::format_int digits(number);
  out_.append(digits.data(), digits.size());
}

}  // namespace reports
