#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "scenarios/loader.h"
#include "scenarios/recordings.h"
#include "sim/search/run.h"
#include "tests/mutations.h"
#include "tests/soundness.h"

namespace {

using damage::Kind;

std::string read_all(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE_MESSAGE(file.good(), path.string());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> texts_in(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() == ".json" && name != "comments.json") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  REQUIRE_FALSE(paths.empty());
  std::vector<std::string> texts;
  for (const auto& path : paths) texts.push_back(read_all(path));
  return texts;
}

std::vector<std::string> scenario_texts() {
  std::vector<std::string> texts = texts_in("tests/scenarios/good");
  for (std::string& text : texts_in("scenarios/library")) texts.push_back(std::move(text));
  return texts;
}

// No reader may take these for a good file; those that may be harmless are not among them.
bool is_always_refused(Kind kind) {
  constexpr std::array kRefused{Kind::truncated, Kind::deep_nesting, Kind::invalid_utf8, Kind::duplicated_key,
                                Kind::zero_byte};
  return std::find(kRefused.begin(), kRefused.end(), kind) != kRefused.end();
}
bool is_harmless(Kind kind) { return kind == Kind::byte_order_mark || kind == Kind::carriage_returns; }

constexpr std::size_t kTexts = 1'000;

// Damages `originals` in turn and in every way; gives how many were refused, by kind.
template <typename Load>
std::array<std::size_t, damage::kKinds.size()> refused_of(const std::vector<std::string>& originals, Load load) {
  damage::Random random{20'240'229};
  std::array<std::size_t, damage::kKinds.size()> refused{};
  for (std::size_t i = 0; i < kTexts; ++i) {
    const std::size_t k = i % damage::kKinds.size();
    const std::string text = damage::damaged(originals[i % originals.size()], damage::kKinds[k], random);
    const auto result = load(text);
    CAPTURE(damage::name_of(damage::kKinds[k]));
    CAPTURE(text);
    CHECK(unsoundness_of(result, text) == "");
    if (is_always_refused(damage::kKinds[k])) CHECK_FALSE(result.ok());
    if (is_harmless(damage::kKinds[k])) CHECK(result.ok());
    refused[k] += result.ok() ? 0 : 1;
  }
  return refused;
}

// The start of a run is enough to meet a setting or a target that the protocol cannot bear.
void run_briefly(sim::Plan plan) {
  plan.until = std::min(plan.until, sim::Time{1'000'000});
  const sim::Outcome outcome = sim::run(plan, {});
  CHECK(outcome.events > 0);
}

}  // namespace

TEST_CASE("a thousand damaged scenarios give positioned errors, or plans that run") {
  std::size_t ran = 0;
  const auto refused = refused_of(scenario_texts(), [&](const std::string& text) {
    auto result = scenarios::load_scenario("damaged.json", text);
    if (result.ok()) {
      run_briefly(*result.value);
      ++ran;
    }
    return result;
  });
  CHECK(ran > 100);
  // Most other damage is noticed: the rest hits words for readers, or makes another good scenario.
  for (std::size_t k = 0; k < refused.size(); ++k) {
    CAPTURE(damage::name_of(damage::kKinds[k]));
    const bool is_noticed = !is_harmless(damage::kKinds[k]);
    CHECK(refused[k] >= (is_noticed ? kTexts / damage::kKinds.size() / 2 : 0));
  }
}

TEST_CASE("a thousand damaged recordings give positioned errors, or recordings") {
  const auto refused = refused_of(texts_in("tests/recordings"), [](const std::string& text) {
    return scenarios::load_recording("damaged.json", text);
  });
  // Much of a recording is for information, and one in KRaft mode is not looked into: damage there is not noticed.
  for (const Kind kind : {Kind::wrong_type, Kind::huge_number, Kind::bytes}) {
    CAPTURE(damage::name_of(kind));
    CHECK(refused[static_cast<std::size_t>(kind)] >= kTexts / damage::kKinds.size() / 3);
  }
}

TEST_CASE("what the fuzzers found stays found") {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("tests/fuzz/found")) {
    const std::string text = read_all(entry.path());
    CAPTURE(entry.path().string());
    CHECK(unsoundness_of(scenarios::load_scenario("found.json", text), text) == "");
    CHECK(unsoundness_of(scenarios::load_recording("found.json", text), text) == "");
    ++count;
  }
  CHECK(count > 0);
}

TEST_CASE("every prefix of a good scenario is refused without harm") {
  const std::string text = read_all("tests/scenarios/good/everything.json");
  const std::size_t closing = text.rfind('}');
  for (std::size_t length = 0; length <= closing; ++length) {
    const std::string_view prefix = std::string_view(text).substr(0, length);
    const auto result = scenarios::load_scenario("prefix.json", prefix);
    CHECK(unsoundness_of(result, prefix) == "");
    CHECK_FALSE(result.ok());
  }
}

TEST_CASE("a byte order mark takes no column") {
  const auto result = scenarios::load_scenario("bom.json", "\xEF\xBB\xBF{\"cluster\": {}, \"x\": 1}\n");
  REQUIRE(result.errors.size() == 1);
  CHECK(scenarios::text_of(result.errors[0]).find("bom.json:1:17: error[unknown-key]") == 0);
  CHECK(result.errors[0].source_line == "{\"cluster\": {}, \"x\": 1}");
}

TEST_CASE("what a message repeats of a file cannot steer a terminal") {
  const auto result = scenarios::load_scenario("x.json", "{\"cluster\": {}, \"a\\u001b[2J\\n\": 1}");
  REQUIRE(result.errors.size() == 1);
  CHECK(result.errors[0].message == "\"a\\x1b[2J\\x0a\" is not a member of a scenario");
  const auto raw = scenarios::load_scenario("x.json", "{\"cluster\": \x1b[2J \xff\x80}");
  REQUIRE(raw.errors.size() == 1);
  CHECK(raw.errors[0].source_line == "{\"cluster\": ?[2J ?}");
}

TEST_CASE("what is too large is refused by the limit's name") {
  const auto first = [](const std::string& text) {
    const auto result = scenarios::load_scenario("large.json", text);
    REQUIRE_FALSE(result.ok());
    CHECK(unsoundness_of(result, text) == "");
    return result.errors.front().code + ": " + result.errors.front().message;
  };
  const auto repeated = [](std::string_view one, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += (i == 0 ? "" : ",") + std::string(one);
    return text;
  };
  CHECK(first("{\"note\": \"" + std::string(1 << 20, 'x') + "\"}") ==
        "too-large: the file has 1048588 bytes; at most 1048576 are read");
  CHECK(first(std::string(500'000, '[')) == "too-deep: values are nested more than 64 deep");
  CHECK(first("{\"cluster\": {}, \"exposes\": [" + repeated("1", 10'001) + "]}") ==
        "too-many: the entries of a list are at most 10000");
  CHECK(first("[" + repeated("[" + repeated("1", 9'999) + "]", 11) + "]") ==
        "too-many: the values of a file are at most 100000");
  CHECK(first("{\"cluster\": {}, \"story\": \"" + std::string(10'001, 's') + "\"}") ==
        "too-long: a string has at most 10000 bytes, not 10001");
  CHECK(first("{\"" + std::string(251, 'k') + "\": 1}") == "too-long: a key has at most 250 bytes, not 251");
  std::string members;
  for (int i = 0; i <= 1'000; ++i) members += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\": 1";
  CHECK(first("{\"cluster\": {" + members + "}}") == "too-many: the members of an object are at most 1000");
  std::string topics;
  for (int i = 0; i < 16; ++i) {
    topics += (i == 0 ? "\"t" : ", \"t") + std::to_string(i) + "\": {\"partitions\": [" +
              repeated("[1,2,3,4,5,6,7,8]", 64) + "]}";
  }
  CHECK(first("{\"cluster\": {\"brokers\": 8, \"topics\": {" + topics + "}}}") ==
        "out-of-range: at most 4096 replicas of all partitions together");
}
