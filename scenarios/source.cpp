#include "scenarios/source.h"

#include <algorithm>

#include "scenarios/json_value.h"

namespace scenarios {
namespace {

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

constexpr std::size_t kBlockBytes = 256;

std::int32_t count_code_points(std::string_view text) {
  return static_cast<std::int32_t>(std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

// Length of the UTF-8 sequence at `i`; 0: the bytes there are none. Overlong forms pass, they do no harm.
std::size_t sequence_length(std::string_view text, std::size_t i) {
  const auto first = static_cast<unsigned char>(text[i]);
  const std::size_t length = first < 0x80U ? 1 : first < 0xC2U ? 0 : first < 0xE0U ? 2 : first < 0xF0U ? 3 : 4;
  if (first > 0xF4U || i + length > text.size()) return 0;
  for (std::size_t k = 1; k < length; ++k) {
    if (!is_continuation(text[i + k])) return 0;
  }
  return length;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20U || c == 0x7F; }

std::string escaped(char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  return std::string("\\x") + kHex[byte >> 4U] + kHex[byte & 0xFU];
}

// What a message repeats of a file reaches terminals and one-line formats: control characters and bytes that
// are no UTF-8 are written as \x1b.
std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = is_control(text[i]) ? 0 : sequence_length(text, i);
    out += length == 0 ? escaped(text[i]) : std::string(text.substr(i, length));
    i += std::max<std::size_t>(length, 1);
  }
  return out;
}

// The same for a line of the source, whose columns stay where they are.
std::string printable_line(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size();) {
    const bool is_shown = line[i] == '\t' || !is_control(line[i]);
    const std::size_t length = is_shown ? sequence_length(line, i) : 0;
    if (length > 0) {
      out += line.substr(i, length);
    } else if (!is_continuation(line[i])) {
      out += '?';
    }
    i += std::max<std::size_t>(length, 1);
  }
  return out;
}

bool is_before(const Problem& a, const Problem& b) { return a.line != b.line ? a.line < b.line : a.column < b.column; }

}  // namespace

std::string headline_of(const Problem& problem) {
  std::string text = problem.file;
  if (problem.line > 0) text += ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column);
  text += problem.severity == Problem::Severity::error ? ": error[" : ": warning[";
  text += problem.code + "]: " + problem.message;
  if (!problem.hint.empty()) text += (problem.message.ends_with('?') ? " " : "; ") + problem.hint;
  return text;
}

std::string text_of(const Problem& problem) {
  std::string text = headline_of(problem);
  if (problem.line == 0 || problem.source_line.empty()) return text;
  std::string number = std::to_string(problem.line);
  if (number.size() < 4) number.insert(0, 4 - number.size(), ' ');
  text += "\n" + number + " | " + problem.source_line + "\n" + std::string(number.size(), ' ') + " | ";
  // Tabs are repeated, so that the carets stand under the text at any tab width.
  std::int32_t column = 1;
  for (const char c : problem.source_line) {
    if (column >= problem.column) break;
    if (is_continuation(c)) continue;
    text += c == '\t' ? '\t' : ' ';
    ++column;
  }
  text.append(static_cast<std::size_t>(std::max(problem.width, 1)), '^');
  return text;
}

Source::Source(std::string_view name, std::string_view text) : name_(name), text_(text) {
  line_starts_.push_back(text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') line_starts_.push_back(i + 1);
  }
  code_points_before_block_.push_back(0);
  for (std::size_t i = 0; i + kBlockBytes <= text.size(); i += kBlockBytes) {
    code_points_before_block_.push_back(code_points_before_block_.back() +
                                        count_code_points(text.substr(i, kBlockBytes)));
  }
}

Position Source::position(std::size_t offset) const {
  offset = std::min(offset, text_.size());
  const auto after = std::upper_bound(line_starts_.begin() + 1, line_starts_.end(), offset);
  const auto line = static_cast<std::int32_t>(after - line_starts_.begin());
  const std::size_t begin = std::min(*(after - 1), offset);
  return {offset, line, 1 + code_points(begin, offset)};
}

std::string_view Source::line(std::int32_t number) const {
  const auto i = static_cast<std::size_t>(number) - 1;
  if (i >= line_starts_.size()) return {};
  const std::size_t begin = line_starts_[i];
  std::size_t end = i + 1 < line_starts_.size() ? line_starts_[i + 1] - 1 : text_.size();
  if (end > begin && text_[end - 1] == '\r') --end;
  return text_.substr(begin, end - begin);
}

std::int32_t Source::code_points(std::size_t begin, std::size_t end) const {
  return code_points_before(end) - code_points_before(begin);
}

std::int32_t Source::code_points_before(std::size_t offset) const {
  offset = std::min(offset, text_.size());
  const std::size_t block = offset / kBlockBytes;
  return code_points_before_block_[block] + count_code_points(text_.substr(block * kBlockBytes, offset % kBlockBytes));
}

Problem Problems::make(Problem::Severity severity, std::string_view code, Position at, std::size_t end,
                       std::string message, std::string hint) const {
  Problem problem;
  problem.severity = severity;
  problem.file = source_.name();
  problem.line = at.line;
  problem.column = at.column;
  problem.code = code;
  problem.message = printable(message);
  problem.hint = printable(hint);
  // One line is shown: what spans several is marked at its first character, a minified file is not shown.
  constexpr std::size_t kShownMax = 400;
  const std::string_view line = source_.line(at.line);
  if (line.size() <= kShownMax) problem.source_line = printable_line(line);
  const std::string_view marked =
      source_.text().substr(std::min(at.offset, source_.text().size()), end > at.offset ? end - at.offset : 0);
  if (marked.find('\n') == std::string_view::npos) {
    problem.width = std::max(1, source_.code_points(at.offset, at.offset + marked.size()));
  }
  return problem;
}

void Problems::error(std::string_view code, Position at, std::size_t end, std::string message, std::string hint) {
  if (is_full_) return;
  if (errors_.size() >= kProblemsMax) {
    is_full_ = true;
    code = "too-many-errors";
    message = "there are more errors behind the first " + std::to_string(kProblemsMax);
    hint.clear();
  }
  errors_.push_back(make(Problem::Severity::error, code, at, end, std::move(message), std::move(hint)));
}

void Problems::error(std::string_view code, const Value& at, std::string message, std::string hint) {
  error(code, at.at, at.end, std::move(message), std::move(hint));
}

void Problems::error_at_key(std::string_view code, const Member& at, std::string message, std::string hint) {
  error(code, at.key_at, at.key_end, std::move(message), std::move(hint));
}

void Problems::warning(std::string_view code, const Value& at, std::string message, std::string hint) {
  if (warnings_.size() >= kProblemsMax) return;
  warnings_.push_back(make(Problem::Severity::warning, code, at.at, at.end, std::move(message), std::move(hint)));
}

void Problems::warning_at_key(std::string_view code, const Member& at, std::string message, std::string hint) {
  if (warnings_.size() >= kProblemsMax) return;
  warnings_.push_back(
      make(Problem::Severity::warning, code, at.key_at, at.key_end, std::move(message), std::move(hint)));
}

void Problems::add(Problem problem) {
  const bool is_error = problem.severity == Problem::Severity::error;
  (is_error ? errors_ : warnings_).push_back(std::move(problem));
}

void Problems::sort() {
  // What says that there are more stays last.
  std::stable_sort(errors_.begin(), is_full_ ? errors_.end() - 1 : errors_.end(), is_before);
  std::stable_sort(warnings_.begin(), warnings_.end(), is_before);
}

}  // namespace scenarios
