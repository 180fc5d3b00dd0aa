#include "scenarios/json_value.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

namespace scenarios {
namespace {

// Hands the text to nlohmann's lexer and counts what it has taken, which tells where each token ends.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, std::size_t* taken) : at_(at), taken_(taken) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    ++*taken_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  std::size_t* taken_;
};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool belongs_to_number(char c) {
  return (c >= '0' && c <= '9') || std::string_view("+-.eE").find(c) != std::string_view::npos;
}

// The next offset at or after `i` that is neither white space nor comment.
std::size_t skip_blank(std::string_view text, std::size_t i) {
  while (i < text.size()) {
    if (is_blank(text[i])) {
      ++i;
    } else if (text.substr(i, 2) == "//") {
      i = std::min(text.find('\n', i), text.size());
    } else if (text.substr(i, 2) == "/*") {
      const std::size_t close = text.find("*/", i + 2);
      i = close == std::string_view::npos ? text.size() : close + 2;
    } else {
      break;
    }
  }
  return i;
}

// nlohmann's own words without its prefix and without the raw bytes that it read last.
std::string plain_message(std::string_view what) {
  if (const auto bracket = what.find("] "); bracket != std::string_view::npos) what.remove_prefix(bracket + 2);
  if (what.substr(0, 11) == "parse error") {
    if (const auto colon = what.find(": "); colon != std::string_view::npos) what.remove_prefix(colon + 2);
  }
  std::string text(what.substr(0, what.find("; last read:")));
  if (const auto last = what.find("; last read:"); last != std::string_view::npos) {
    if (const auto expected = what.find("'; expected ", last); expected != std::string_view::npos) {
      text += what.substr(expected + 1);
    }
  }
  return text;
}

class TreeBuilder {
 public:
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  TreeBuilder(Problems& problems, const std::size_t& taken)
      : problems_(problems), source_(problems.source()), taken_(taken) {}

  Value take_root() { return std::move(root_); }

  bool null() { return place(token(Value::Kind::null, 4)); }
  bool boolean(bool value) {
    Value made = token(Value::Kind::boolean, value ? 4 : 5);
    made.boolean = value;
    return place(std::move(made));
  }
  bool number_integer(number_integer_t value) { return integer(value); }
  bool number_unsigned(number_unsigned_t value) {
    if (value <= static_cast<number_unsigned_t>(INT64_MAX)) return integer(static_cast<std::int64_t>(value));
    return number_float(static_cast<double>(value), {});
  }
  bool number_float(number_float_t value, const string_t&) {
    Value made = number_token(Value::Kind::number);
    made.number = value;
    return place(std::move(made));
  }
  bool string(string_t& value) {
    Value made = token(Value::Kind::string, string_length());
    if (value.size() > kStringBytesMax) {
      problems_.error(
          "too-long", made,
          "a string has at most " + std::to_string(kStringBytesMax) + " bytes, not " + std::to_string(value.size()));
      value.clear();
    }
    made.text = std::move(value);
    return place(std::move(made));
  }
  bool binary(binary_t&) { return false; }
  bool start_object(std::size_t) { return open(Value::Kind::object); }
  bool start_array(std::size_t) { return open(Value::Kind::array); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(string_t& name);
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& error);

 private:
  struct Frame {
    Value value;
    std::set<std::string> keys;  // an object's, to find duplicates without a search per key
    Member pending;              // the key whose value comes next
  };

  Value token(Value::Kind kind, std::size_t length) {
    Value made;
    made.kind = kind;
    made.end = last_end_ = taken_;
    made.at = source_.position(taken_ - std::min(taken_, length));
    return made;
  }
  Value number_token(Value::Kind kind) {
    // The lexer has read one character more, except at the end of the text.
    const std::string_view text = source_.text();
    std::size_t end = taken_;
    if (end > 0 && !belongs_to_number(text[end - 1])) --end;
    std::size_t begin = end;
    while (begin > 0 && belongs_to_number(text[begin - 1])) --begin;
    Value made;
    made.kind = kind;
    made.at = source_.position(begin);
    made.end = last_end_ = end;
    made.text = text.substr(begin, end - begin);
    return made;
  }
  bool integer(std::int64_t value) {
    Value made = number_token(Value::Kind::integer);
    made.integer = value;
    made.number = static_cast<double>(value);
    return place(std::move(made));
  }
  // Length of the string literal that ends at taken_: back to the quote that no backslash escapes.
  std::size_t string_length() const {
    const std::string_view text = source_.text();
    std::size_t i = taken_ - 1;
    while (i > 0) {
      --i;
      if (text[i] != '"') continue;
      std::size_t backslashes = 0;
      while (backslashes < i && text[i - 1 - backslashes] == '\\') ++backslashes;
      if (backslashes % 2 == 0) break;
    }
    return taken_ - i;
  }
  bool open(Value::Kind kind) {
    Value made = token(kind, 1);
    if (open_.size() >= kDepthMax) {
      problems_.error("too-deep", made, "values are nested more than " + std::to_string(kDepthMax) + " deep");
      return false;
    }
    open_.push_back(Frame{std::move(made), {}, {}});
    return true;
  }
  bool close() {
    Value made = std::move(open_.back().value);
    made.end = last_end_ = taken_;
    open_.pop_back();
    return place(std::move(made));
  }
  bool too_many(const Value& first_beyond, std::string_view what, std::size_t limit) {
    problems_.error("too-many", first_beyond, std::string(what) + " at most " + std::to_string(limit));
    return false;
  }
  bool place(Value value) {
    if (++values_ > kValuesMax) return too_many(value, "the values of a file are", kValuesMax);
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (Frame& frame = open_.back(); frame.value.kind == Value::Kind::array) {
      if (frame.value.items.size() == kItemsMax) return too_many(value, "the entries of a list are", kItemsMax);
      frame.value.items.push_back(std::move(value));
    } else {
      if (frame.value.members.size() == kMembersMax) {
        return too_many(value, "the members of an object are", kMembersMax);
      }
      frame.pending.value = std::move(value);
      frame.value.members.push_back(std::move(frame.pending));
      frame.pending = Member{};
    }
    return true;
  }

  Problems& problems_;
  const Source& source_;
  const std::size_t& taken_;
  std::size_t last_end_ = 0;
  std::size_t values_ = 0;
  Value root_;
  std::vector<Frame> open_;
};

bool TreeBuilder::key(string_t& name) {
  Frame& frame = open_.back();
  const std::size_t begin = taken_ - string_length();
  last_end_ = taken_;
  frame.pending.key_at = source_.position(begin);
  frame.pending.key_end = taken_;
  // Keys are repeated in messages: a long one ends the file.
  if (name.size() > kKeyBytesMax) {
    problems_.error_at_key(
        "too-long", frame.pending,
        "a key has at most " + std::to_string(kKeyBytesMax) + " bytes, not " + std::to_string(name.size()));
    return false;
  }
  frame.pending.key = std::move(name);
  if (!frame.keys.insert(frame.pending.key).second) {
    const Member* first = frame.value.find_member(frame.pending.key);
    problems_.error_at_key("duplicate-key", frame.pending, "\"" + frame.pending.key + "\" appears twice in one object",
                           first == nullptr ? "" : "first in line " + std::to_string(first->key_at.line));
  }
  return true;
}

bool TreeBuilder::parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& error) {
  const std::string_view text = source_.text();
  const std::size_t at = position == 0 ? 0 : std::min(position - 1, text.size());
  const std::size_t next = skip_blank(text, last_end_);
  if (next < text.size() && text[next] == ',' && at < text.size() && (text[at] == '}' || text[at] == ']') &&
      skip_blank(text, next + 1) == at) {
    problems_.error("syntax", source_.position(next), next + 1, "a comma stands before the closing bracket",
                    "JSON has no trailing commas: delete it");
    return false;
  }
  const std::string message = plain_message(error.what());
  std::string_view hint;
  if (skip_blank(text, at) >= text.size()) {
    hint = "the text ends too early";
  } else if (message.ends_with("expected '}'") || message.ends_with("expected ']'")) {
    hint = "is a comma missing before it?";
  }
  // A token in the wrong place is marked from its first character; one that is no token, where it fails.
  std::size_t begin = next;
  if (begin < at && (text[begin] == ',' || text[begin] == ':')) begin = skip_blank(text, begin + 1);
  if (begin > at || message.find("unexpected") == std::string::npos) begin = at;
  problems_.error("syntax", source_.position(begin), at + 1, message, std::string(hint));
  return false;
}

}  // namespace

const Member* Value::find_member(std::string_view key) const {
  for (const Member& member : members) {
    if (member.key == key) return &member;
  }
  return nullptr;
}

const Value* Value::find(std::string_view key) const {
  const Member* member = find_member(key);
  return member == nullptr ? nullptr : &member->value;
}

std::string describe(const Value& value) {
  constexpr std::size_t kShownMax = 40;
  switch (value.kind) {
    case Value::Kind::null:
      return "null";
    case Value::Kind::boolean:
      return value.boolean ? "true" : "false";
    case Value::Kind::integer:
    case Value::Kind::number:
      return value.text.size() <= kShownMax ? "the number " + value.text : "a long number";
    case Value::Kind::string:
      return value.text.size() <= kShownMax ? "\"" + value.text + "\"" : "a long string";
    case Value::Kind::array:
      return value.items.empty() ? "an empty list" : "a list of " + std::to_string(value.items.size());
    case Value::Kind::object:
      return "an object";
  }
  return {};
}

std::optional<Value> parse_json(Problems& problems) {
  const std::string_view text = problems.source().text();
  if (text.size() > kTextBytesMax) {
    problems.error("too-large", Position{}, 0,
                   "the file has " + std::to_string(text.size()) + " bytes; at most " + std::to_string(kTextBytesMax) +
                       " are read");
    return std::nullopt;
  }
  // The lexer takes a zero byte for the end of the text, and would ignore what follows.
  if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos) {
    problems.error("syntax", problems.source().position(zero), zero + 1, "a zero byte: this is not a text");
    return std::nullopt;
  }
  if (skip_blank(text, kByteOrderMark.size() * (text.starts_with(kByteOrderMark) ? 1 : 0)) == text.size()) {
    problems.error("syntax", Position{}, 0, "the file is empty");
    return std::nullopt;
  }
  std::size_t taken = 0;
  std::size_t uncounted = 0;  // of the end iterator, which never moves
  TreeBuilder builder(problems, taken);
  const CountingIterator begin(text.data(), &taken);
  const CountingIterator end(text.data() + text.size(), &uncounted);
  const bool is_well_formed = nlohmann::json::sax_parse(begin, end, &builder, nlohmann::json::input_format_t::json,
                                                        /*strict=*/true, /*ignore_comments=*/true);
  if (!is_well_formed) return std::nullopt;
  return builder.take_root();
}

}  // namespace scenarios
