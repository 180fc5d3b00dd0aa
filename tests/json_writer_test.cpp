#include "reports/json_writer.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>

using reports::JsonWriter;

namespace {

std::string as_json(std::string_view text) {
  std::string out;
  reports::append_json_string(out, text);
  return out;
}

}  // namespace

TEST_CASE("keys stay in the order in which they were written") {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("zebra", 1);
  json.member("ant", "a");
  json.key("list");
  json.begin_array();
  json.value(true);
  json.null();
  json.raw("7");
  json.begin_object();
  json.end_object();
  json.end_array();
  json.end_object();
  CHECK(out == R"({"zebra":1,"ant":"a","list":[true,null,7,{}]})");
}

TEST_CASE("rows stand on lines of their own") {
  std::string out;
  JsonWriter json(out, 2);
  json.begin_object();
  json.member("version", 1);
  json.key("rows");
  json.begin_array();
  for (int i = 0; i < 2; ++i) {
    json.begin_object();
    json.member("a", i);
    json.member("b", "x");
    json.end_object();
  }
  json.end_array();
  json.key("none");
  json.begin_array();
  json.end_array();
  json.end_object();
  CHECK(out ==
        "{\n  \"version\": 1,\n  \"rows\": [\n    {\"a\": 0, \"b\": \"x\"},\n    {\"a\": 1, \"b\": \"x\"}\n  ],\n"
        "  \"none\": []\n}\n");
  CHECK(nlohmann::json::parse(out)["rows"][1]["a"] == 1);
}

TEST_CASE("every integer comes back as it was") {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  json.value(std::numeric_limits<std::int64_t>::min());
  json.value(std::numeric_limits<std::int64_t>::max());
  json.value(std::numeric_limits<std::uint64_t>::max());
  json.value(std::uint8_t{200});
  json.value(std::int16_t{-3});
  json.end_array();
  const auto back = nlohmann::json::parse(out);
  CHECK(back[0].get<std::int64_t>() == std::numeric_limits<std::int64_t>::min());
  CHECK(back[1].get<std::int64_t>() == std::numeric_limits<std::int64_t>::max());
  CHECK(back[2].get<std::uint64_t>() == std::numeric_limits<std::uint64_t>::max());
  CHECK(back[3] == 200);
  CHECK(back[4] == -3);
}

TEST_CASE("every text of valid UTF-8 comes back as it was") {
  std::string all_ascii;
  for (int c = 0; c < 128; ++c) all_ascii += static_cast<char>(c);
  for (const std::string& text : {all_ascii, std::string("é € 😀 \" \\ /"), std::string()}) {
    CHECK(nlohmann::json::parse(as_json(text)).get<std::string>() == text);
  }
}

TEST_CASE("bytes that are not UTF-8 become replacement characters") {
  CHECK(as_json("a\xFFz") == "\"a\xEF\xBF\xBDz\"");
  CHECK(as_json("\xC0\x80") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");                  // overlong
  CHECK(as_json("\xED\xA0\x80") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");  // a surrogate
  CHECK(as_json("\xE2\x82") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");                  // cut short
}

TEST_CASE("random bytes always give JSON") {
  std::mt19937 dice(7);
  const auto below = [&](std::uint32_t n) { return static_cast<int>(dice() % n); };
  for (int round = 0; round < 2'000; ++round) {
    std::string bytes;
    for (int i = below(12); i > 0; --i) bytes += static_cast<char>(below(4) == 0 ? below(256) : 0xE0 + below(32));
    INFO("round " << round);
    CHECK(nlohmann::json::accept(as_json(bytes)));
  }
}
