#include "reports/json_writer.h"

#include <fmt/format.h>

#include <iterator>

#include "reports/escape.h"

namespace reports {
namespace {

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
