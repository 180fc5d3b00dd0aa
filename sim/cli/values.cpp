#include "sim/cli/values.h"

#include <algorithm>
#include <charconv>
#include <thread>

#include "scenarios/plan_builder.h"
#include "scenarios/suggest.h"

namespace cli {
namespace {

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

Wrong choose(std::string_view option, const std::string& text, const std::vector<std::string>& words,
             std::size_t& chosen) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == text) {
      chosen = i;
      return std::nullopt;
    }
  }
  std::string known;
  for (const std::string& word : words) {
    known += known.empty() ? "" : &word == &words.back() ? " or " : ", ";
    known += word;
  }
  return std::string(option) + " takes " + known + ", not \"" + text + "\"" + suggestion(text, words);
}

constexpr std::uint64_t kSeedsMax = 10'000'000;

Wrong read_seeds(const std::string& text, std::optional<std::pair<std::uint64_t, std::uint64_t>>& seeds) {
  if (text.empty()) return std::nullopt;
  const std::size_t colon = text.find(':');
  const auto first = number_of(text.substr(0, colon));
  const auto last = colon == std::string::npos ? std::nullopt : number_of(text.substr(colon + 1));
  if (!first || !last) return "--seeds takes FIRST:LAST, such as 1:100, not \"" + text + "\"";
  if (*last < *first) return "--seeds " + text + " is empty: the first seed is the larger one";
  if (*last - *first >= kSeedsMax) return "--seeds " + text + " are more than " + std::to_string(kSeedsMax) + " seeds";
  seeds = {*first, *last};
  return std::nullopt;
}

int all_cores() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

// What all commands that run scenarios have.
Wrong read_runs(const Texts& texts, RunArguments& run) {
  if (auto wrong = read_seed(texts, run.seed)) return wrong;
  if (auto wrong = read_seeds(texts.seeds, run.seeds)) return wrong;
  if (run.seed && run.seeds) return "--seed and --seeds exclude each other";
  if (auto wrong = read_count("--jobs", texts.jobs, 0, kJobsMax, run.jobs)) return wrong;
  if (run.jobs == 0) run.jobs = all_cores();
  return read_colour(texts, run.colour);
}

}  // namespace

const std::vector<std::string>& formats() {
  static const std::vector<std::string> kFormats{"text", "json"};
  return kFormats;
}
const std::vector<std::string>& report_formats() {
  static const std::vector<std::string> kFormats{"text", "json", "junit", "github"};
  return kFormats;
}
const std::vector<std::string>& why_formats() {
  static const std::vector<std::string> kFormats{"text", "mermaid", "dot", "json"};
  return kFormats;
}
const std::vector<std::string>& export_formats() {
  static const std::vector<std::string> kFormats{"shiviz", "perfetto", "mermaid", "csv"};
  return kFormats;
}
std::vector<std::string> mode_names() { return {scenarios::modes().begin(), scenarios::modes().end()}; }
const std::vector<std::string>& colours() {
  static const std::vector<std::string> kColours{"auto", "always", "never"};
  return kColours;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& words) {
  const std::vector<std::string_view> views(words.begin(), words.end());
  const std::string text = scenarios::did_you_mean(word, views);
  return text.empty() ? "" : "; " + text;
}

Wrong read_format(const Texts& texts, const std::vector<std::string>& known, Format& format) {
  std::size_t chosen = 0;
  Wrong wrong = choose("--format", texts.format, known, chosen);
  format = static_cast<Format>(chosen);
  return wrong;
}

Wrong read_colour(const Texts& texts, Colour& colour) {
  std::size_t chosen = 0;
  Wrong wrong = choose("--color", texts.colour, colours(), chosen);
  colour = static_cast<Colour>(chosen);
  return wrong;
}

Wrong read_seed(const Texts& texts, std::optional<std::uint64_t>& seed) {
  if (texts.seed.empty()) return std::nullopt;
  seed = number_of(texts.seed);
  if (!seed) return "--seed takes a number of at most 64 bits, not \"" + texts.seed + "\"";
  return std::nullopt;
}

Wrong read_count(std::string_view option, const std::string& text, int least, int most, int& count) {
  if (text.empty()) return std::nullopt;
  const auto number = number_of(text);
  if (!number || *number < static_cast<std::uint64_t>(least) || *number > static_cast<std::uint64_t>(most)) {
    return std::string(option) + " takes a number from " + std::to_string(least) + " to " + std::to_string(most) +
           ", not \"" + text + "\"";
  }
  count = static_cast<int>(*number);
  return std::nullopt;
}

Wrong read_run(const Texts& texts, RunArguments& run) {
  if (auto wrong = read_runs(texts, run)) return wrong;
  if (auto wrong = read_format(texts, formats(), run.format)) return wrong;
  if (run.trace.empty()) return std::nullopt;
  if (run.seeds || run.files.size() > 1) return "--trace takes one run: one FILE and one seed";
  if (run.trace == "-" && run.format == Format::json) {
    return "--trace - and --format json would mix on standard output; give the trace a file";
  }
  return std::nullopt;
}

Wrong read_twice(const Texts& texts, RunArguments& run) {
  if (auto wrong = read_runs(texts, run)) return wrong;
  return read_format(texts, formats(), run.format);
}

Wrong read_compare(const Texts& texts, CompareArguments& compare) {
  if (auto wrong = read_runs(texts, compare.run)) return wrong;
  if (auto wrong = read_format(texts, formats(), compare.run.format)) return wrong;
  const std::vector<std::string> known(scenarios::modes().begin(), scenarios::modes().end());
  for (std::size_t begin = 0; begin <= texts.modes.size();) {
    const std::size_t end = std::min(texts.modes.find(',', begin), texts.modes.size());
    const std::string mode = texts.modes.substr(begin, end - begin);
    std::size_t ignored = 0;
    if (auto wrong = choose("--modes", mode, known, ignored)) return wrong;
    if (std::find(compare.modes.begin(), compare.modes.end(), mode) != compare.modes.end()) {
      return "--modes has \"" + mode + "\" twice";
    }
    compare.modes.push_back(mode);
    begin = end + 1;
  }
  return std::nullopt;
}

namespace {

Wrong read_mode(std::string_view option, const std::string& mode) {
  std::size_t ignored = 0;
  return mode.empty() ? std::nullopt : choose(option, mode, mode_names(), ignored);
}

}  // namespace

Wrong read_why(const Texts& texts, WhyArguments& why) {
  if (auto wrong = read_runs(texts, why.run)) return wrong;
  if (auto wrong = read_mode("--mode", why.mode)) return wrong;
  std::size_t chosen = 0;
  why.format = texts.format;
  return choose("--format", why.format, why_formats(), chosen);
}

// What is not said of B alone holds for both.
Wrong read_diff(const Texts& texts, DiffArguments& diff) {
  if (auto wrong = read_runs(texts, diff.a)) return wrong;
  const auto read_side = [](const char* option, const std::string& text, std::optional<std::uint64_t>& seed) {
    Texts side;
    side.seed = text;
    Wrong wrong = read_seed(side, seed);
    return wrong ? Wrong(option + wrong->substr(std::string_view("--seed").size())) : wrong;
  };
  diff.b.seed = diff.a.seed;
  if (auto wrong = read_side("--seed-a", texts.seed_a, diff.a.seed)) return wrong;
  if (auto wrong = read_side("--seed-b", texts.seed_b, diff.b.seed)) return wrong;
  diff.b.settings.insert(diff.b.settings.begin(), diff.a.settings.begin(), diff.a.settings.end());
  diff.b.defects.insert(diff.b.defects.begin(), diff.a.defects.begin(), diff.a.defects.end());
  if (diff.b.files.front().empty()) diff.b.files = diff.a.files;
  if (auto wrong = read_mode("--mode-a", diff.mode_a)) return wrong;
  if (auto wrong = read_mode("--mode-b", diff.mode_b)) return wrong;
  return read_format(texts, formats(), diff.format);
}

Wrong read_export(const Texts& texts, ExportArguments& arguments) {
  if (auto wrong = read_runs(texts, arguments.run)) return wrong;
  if (auto wrong = read_mode("--mode", arguments.mode)) return wrong;
  std::size_t chosen = 0;
  return choose("--format", arguments.format, export_formats(), chosen);
}

Wrong read_test(const Texts& texts, TestArguments& test) {
  if (auto wrong = read_runs(texts, test.run)) return wrong;
  return read_format(texts, report_formats(), test.run.format);
}

Wrong read_conform(const Texts& texts, ConformArguments& conform) {
  if (auto wrong = read_seed(texts, conform.seed)) return wrong;
  if (auto wrong = read_count("--seeds", texts.tries, 1, 1'000'000, conform.seeds)) return wrong;
  if (auto wrong = read_count("--jobs", texts.jobs, 0, kJobsMax, conform.jobs)) return wrong;
  if (auto wrong = read_format(texts, formats(), conform.format)) return wrong;
  return read_colour(texts, conform.colour);
}

Wrong read_new(const NewArguments& arguments) {
  if (arguments.list == arguments.name.empty()) return std::nullopt;
  return arguments.list ? "--list writes no file; leave NAME out"
                        : "which NAME? --list shows what there is to start from";
}

}  // namespace cli
