// Writes JSON as it goes: keys in the order of the calls, integers, strings, booleans and null. The same
// calls give the same bytes. Containers above `laid_out` levels put each element on a line of its own,
// deeper ones stay on one line: a table of rows reads as a table. With 0 levels nothing but JSON is written.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace reports {

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out, int laid_out = 0) : out_(out), laid_out_(laid_out) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }
  // Only directly inside an object, before its value.
  void key(std::string_view name);

  void value(std::string_view text);
  void value(const std::string& text) { value(std::string_view(text)); }
  void value(const char* text) { value(std::string_view(text)); }
  void value(bool truth);
  template <std::integral T>
  void value(T number) {
    if constexpr (std::is_signed_v<T>) {
      signed_value(static_cast<std::int64_t>(number));
    } else {
      unsigned_value(static_cast<std::uint64_t>(number));
    }
  }
  void null();
  // A value that is JSON already: a decimal integer, true or false.
  void raw(std::string_view json);

  template <typename T>
  void member(std::string_view name, const T& held) {
    key(name);
    value(held);
  }

 private:
  void open(char bracket);
  void close(char bracket);
  void before_value();
  void signed_value(std::int64_t number);
  void unsigned_value(std::uint64_t number);
  void next_element();

  std::string& out_;
  int laid_out_;
  std::vector<bool> has_elements_;  // by depth
  bool after_key_ = false;
};

// Appends `text` in quotes. Bytes that are not UTF-8 become U+FFFD, so that the result is always JSON.
void append_json_string(std::string& out, std::string_view text);

}  // namespace reports
