#include "tests/mutations.h"

#include <algorithm>
#include <vector>

namespace damage {
namespace {

// A string, a number or a word of the text; brackets, colons and commas are not among them.
struct Token {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool is_key = false;
  bool is_string = false;
  bool is_number = false;
};

std::size_t end_of_string(std::string_view text, std::size_t begin) {
  std::size_t i = begin + 1;
  while (i < text.size() && text[i] != '"') i += text[i] == '\\' ? 2 : 1;
  return std::min(i + 1, text.size());
}

std::vector<Token> tokens_of(std::string_view text) {
  constexpr std::string_view kBetween = " \t\r\n{}[],:";
  std::vector<Token> tokens;
  for (std::size_t i = text.find_first_not_of(kBetween); i < text.size(); i = text.find_first_not_of(kBetween, i)) {
    Token token;
    token.begin = i;
    token.is_string = text[i] == '"';
    token.is_number = text[i] == '-' || (text[i] >= '0' && text[i] <= '9');
    token.end = token.is_string ? end_of_string(text, i) : std::min(text.find_first_of(kBetween, i), text.size());
    const std::size_t next = text.find_first_not_of(" \t\r\n", token.end);
    token.is_key = token.is_string && next != std::string_view::npos && text[next] == ':';
    i = token.end;
    tokens.push_back(token);
  }
  return tokens;
}

// Of a text without such a token: the place before its first character.
template <typename Wanted>
Token pick(std::string_view text, Random& random, Wanted wanted) {
  std::vector<Token> tokens = tokens_of(text);
  tokens.erase(std::remove_if(tokens.begin(), tokens.end(), [&](const Token& token) { return !wanted(token); }),
               tokens.end());
  return tokens.empty() ? Token{} : tokens[random.below(tokens.size())];
}

std::string replaced(std::string_view text, std::size_t begin, std::size_t end, std::string_view by) {
  return std::string(text.substr(0, begin)) + std::string(by) + std::string(text.substr(end));
}

std::string with_wrong_type(std::string_view text, Random& random) {
  constexpr std::array<std::string_view, 7> kOthers{"null", "true", "{}", "[]", "[[]]", "-7.5", "\"?\""};
  const Token token = pick(text, random, [](const Token& t) { return !t.is_key; });
  return replaced(text, token.begin, token.end, kOthers[random.below(kOthers.size())]);
}

std::string with_huge_number(std::string_view text, Random& random) {
  constexpr std::array<std::string_view, 6> kHuge{"99999999999999999999", "-9223372036854775808", "1e308", "1e999",
                                                  "2147483648",           "18446744073709551616"};
  const Token token = pick(text, random, [](const Token& t) { return t.is_number; });
  return replaced(text, token.begin, token.end, kHuge[random.below(kHuge.size())]);
}

std::string nested(std::string_view text, Random& random) {
  constexpr std::size_t kLevels = 100;
  const Token token = pick(text, random, [](const Token& t) { return !t.is_key; });
  return replaced(text, token.begin, token.end,
                  std::string(kLevels, '[') + std::string(text.substr(token.begin, token.end - token.begin)) +
                      std::string(kLevels, ']'));
}

std::string with_invalid_utf8(std::string_view text, Random& random) {
  constexpr std::array<std::string_view, 5> kWrong{"\xff", "\x80", "\xc3", "\xed\xa0\x80", "\xf5\x80\x80\x80"};
  const Token token = pick(text, random, [](const Token& t) { return t.is_string; });
  return replaced(text, token.begin + 1, token.begin + 1, kWrong[random.below(kWrong.size())]);
}

std::string with_unknown_name(std::string_view text, Random& random) {
  const Token token = pick(text, random, [](const Token& t) { return t.is_string && t.end - t.begin > 2; });
  const std::size_t at = token.begin + 1 + random.below(token.end - token.begin - 2);
  const std::string letter(1, static_cast<char>('a' + random.below(26)));
  return replaced(text, at, at + random.below(2), letter);
}

// In front of the key: itself with another value.
std::string with_duplicated_key(std::string_view text, Random& random) {
  const Token token = pick(text, random, [](const Token& t) { return t.is_key; });
  return replaced(text, token.begin, token.begin,
                  std::string(text.substr(token.begin, token.end - token.begin)) + ": 1, ");
}

std::string with_carriage_returns(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? "\r\n" : std::string(1, c);
  return out;
}

std::string with_other_bytes(std::string text, Random& random) {
  static const std::array<std::string, 14> kPieces{
      "{", "}", "[", "]", ",", ":", "\"", "\\u0000", "\xff", "-1", "1e400", "null", "99999999999999999999", "//"};
  const std::size_t edits = 1 + random.below(4);
  for (std::size_t i = 0; i < edits && !text.empty(); ++i) {
    const std::size_t at = random.below(text.size());
    const std::size_t length = std::min(random.below(30), text.size() - at);
    switch (random.below(6)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, kPieces[random.below(kPieces.size())]);
        break;
      case 2:
        text[at] = static_cast<char>(random.below(256));
        break;
      case 3:
        text.insert(random.below(text.size()), text.substr(at, length));
        break;
      case 4:
        text.replace(at, length, kPieces[random.below(kPieces.size())]);
        break;
      default:
        text.resize(at);
        break;
    }
  }
  return text;
}

}  // namespace

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::truncated:
      return "truncated";
    case Kind::wrong_type:
      return "wrong type";
    case Kind::huge_number:
      return "huge number";
    case Kind::deep_nesting:
      return "deep nesting";
    case Kind::invalid_utf8:
      return "invalid UTF-8";
    case Kind::unknown_name:
      return "unknown name";
    case Kind::duplicated_key:
      return "duplicated key";
    case Kind::zero_byte:
      return "zero byte";
    case Kind::byte_order_mark:
      return "byte order mark";
    case Kind::carriage_returns:
      return "carriage returns";
    case Kind::bytes:
      return "bytes";
  }
  return "";
}

std::string damaged(std::string_view text, Kind kind, Random& random) {
  switch (kind) {
    case Kind::truncated:
      return std::string(text.substr(0, random.below(text.rfind('}') + 1)));
    case Kind::wrong_type:
      return with_wrong_type(text, random);
    case Kind::huge_number:
      return with_huge_number(text, random);
    case Kind::deep_nesting:
      return nested(text, random);
    case Kind::invalid_utf8:
      return with_invalid_utf8(text, random);
    case Kind::unknown_name:
      return with_unknown_name(text, random);
    case Kind::duplicated_key:
      return with_duplicated_key(text, random);
    case Kind::zero_byte: {
      const std::size_t at = random.below(text.size() + 1);
      return replaced(text, at, at, std::string_view("\0", 1));
    }
    case Kind::byte_order_mark:
      return "\xEF\xBB\xBF" + std::string(text);
    case Kind::carriage_returns:
      return with_carriage_returns(text);
    case Kind::bytes:
      return with_other_bytes(std::string(text), random);
  }
  return {};
}

}  // namespace damage
