// What stands behind the options of the command line, checked: each function gives a sentence about what is wrong, or
// nothing. An empty text means that the option was not given and leaves the value as it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/cli/commands.h"

namespace cli {

// Texts of options before they are checked.
struct Texts {
  std::string seed, seeds, jobs, format = "text", colour = "auto", tries, modes = "zookeeper,kraft";
  std::string seed_a, seed_b;  // of diff
};

using Wrong = std::optional<std::string>;

inline constexpr int kJobsMax = 256;

const std::vector<std::string>& formats();         // "text", "json"
const std::vector<std::string>& report_formats();  // and "junit", "github": of `test`
const std::vector<std::string>& colours();
const std::vector<std::string>& why_formats();     // text, mermaid, dot, json
const std::vector<std::string>& export_formats();  // shiviz, perfetto, mermaid, csv
std::vector<std::string> mode_names();

// "; did you mean \"crash\"?", or empty.
std::string suggestion(std::string_view word, const std::vector<std::string>& words);

Wrong read_format(const Texts& texts, const std::vector<std::string>& known, Format& format);
Wrong read_colour(const Texts& texts, Colour& colour);
Wrong read_seed(const Texts& texts, std::optional<std::uint64_t>& seed);
Wrong read_count(std::string_view option, const std::string& text, int least, int most, int& count);

Wrong read_run(const Texts& texts, RunArguments& run);
Wrong read_twice(const Texts& texts, RunArguments& run);
Wrong read_compare(const Texts& texts, CompareArguments& compare);
Wrong read_why(const Texts& texts, WhyArguments& why);
Wrong read_diff(const Texts& texts, DiffArguments& diff);
Wrong read_export(const Texts& texts, ExportArguments& arguments);
Wrong read_test(const Texts& texts, TestArguments& test);
Wrong read_conform(const Texts& texts, ConformArguments& conform);
Wrong read_new(const NewArguments& arguments);

}  // namespace cli
