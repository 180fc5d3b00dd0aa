#include "reports/escape.h"

#include <doctest/doctest.h>

using namespace reports;

TEST_CASE("XML gets markup escaped, in attributes line breaks too") {
  CHECK(xml_text("a<b & \"c\">]]>") == "a&lt;b &amp; &quot;c&quot;&gt;]]&gt;");
  CHECK(xml_text("one\ntwo\tthree\r") == "one\ntwo\tthree&#13;");
  CHECK(xml_attribute("one\ntwo\tthree\r") == "one&#10;two&#9;three&#13;");
}

TEST_CASE("characters that XML does not allow are written out") {
  CHECK(xml_text(std::string_view("\0\x01\x1b[31m\x7f", 8)) == "\\x00\\x01\\x1b[31m\\x7f");
  CHECK(xml_text("\xC2\x85") == "\\x85");  // C1: next line
  CHECK(xml_text("\xEF\xBF\xBE") == "\xEF\xBF\xBD");
  CHECK(xml_text("\xEF\xBF\xBF") == "\xEF\xBF\xBD");
}

TEST_CASE("bytes that are not UTF-8 become replacement characters in every format") {
  for (const std::string_view bad : {"\xFF", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82"}) {
    for (const std::string& text : {xml_text(bad), xml_attribute(bad), one_line(bad), github_message(bad)}) {
      CHECK(text.starts_with("\xEF\xBF\xBD"));
      CHECK(text.find(bad) == std::string::npos);
    }
  }
  CHECK(xml_text("é × 🙂") == "é × 🙂");
  CHECK(one_line("é × 🙂") == "é × 🙂");
}

TEST_CASE("a terminal gets no control characters") {
  CHECK(one_line("a\nb\r\tc\x1b[2J\x07\xC2\x9B") == "a\\nb\\r\\tc\\x1b[2J\\x07\\x9b");
}

TEST_CASE("GitHub's commands escape per cent and line breaks, in properties also colons and commas") {
  CHECK(github_message("50%: a,b\r\nc") == "50%25: a,b%0D%0Ac");
  CHECK(github_property("50%: a,b\r\nc") == "50%25%3A a%2Cb%0D%0Ac");
  CHECK(github_message("\x1b[31m") == "\\x1b[31m");
}

TEST_CASE("a cell of a table in Markdown has no markup of its own") {
  CHECK(markdown("a|b") == "a&#124;b");
  CHECK(markdown("<img src=x> @all `c`") == "&#60;img src=x&#62; &#64;all &#96;c&#96;");
  CHECK(markdown("a\nb").find('\n') == std::string::npos);
}
