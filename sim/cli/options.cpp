#include "sim/cli/options.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <optional>
#include <string_view>
#include <thread>

#include "scenarios/suggest.h"
#include "sim/cli/output.h"

namespace cli {
namespace {

constexpr const char* kAbout =
    "Fencepost simulates a Kafka cluster, deterministically: brokers, ZooKeeper, the controller and\n"
    "clients on a virtual clock, with the faults of a JSON scenario. The same scenario and seed always\n"
    "give the same run.";
constexpr const char* kExitCodes =
    "\nExit codes:\n"
    "  0 good   10 safety violated   11 an expectation not reached   12 vacuous: a fault or a check did nothing\n"
    "  13 nondeterminism   14 budget ran out   64 wrong usage   65 bad scenario   70 our bug   130 interrupted\n"
    "\nFirst steps:\n"
    "  fencepost run scenarios/library/zombie-controller.json\n"
    "  fencepost describe fidelity";
constexpr const char* kRunAbout =
    "Runs each scenario and tells what happened: a header with what the run depends on, one line for\n"
    "each change of state, the verdict, and a command that repeats the run. With --seeds, one line for\n"
    "each seed and the first one that fails in full; the exit code is that of the worst run.";
constexpr const char* kRunExamples =
    "\nExamples:\n"
    "  fencepost run scenarios/library/zombie-controller.json\n"
    "  fencepost run scenarios/library/zombie-controller.json --seeds 1:100 --jobs 2\n"
    "  fencepost run scenarios/library/zombie-controller.json --set replica.lag.time.max.ms=5000\n"
    "  fencepost run scenarios/library/zombie-controller.json --format json --trace run.jsonl";
constexpr const char* kTwiceAbout =
    "Runs each scenario twice and compares every event, fact and fault. Says \"same\", or names the first\n"
    "event in which the two runs part; then the exit code is 13, and the bug is ours.";
constexpr const char* kTwiceExamples =
    "\nExample:\n  fencepost twice scenarios/library/zombie-controller.json --seed 7";
constexpr const char* kConformAbout =
    "Replays the faults of recordings of a real cluster in the model, with many seeds, and lines the\n"
    "model's facts up with what really happened.";
constexpr const char* kConformExamples = "\nExample:\n  fencepost conform tests/recordings/z02-controller-pause.json";
constexpr const char* kDescribeAbout =
    "Shows what the program knows: fidelity (where the model differs from a real cluster), facts, rules,\n"
    "defects, settings and faults. Without a topic it lists the topics.";
constexpr const char* kDescribeExamples = "\nExample:\n  fencepost describe fidelity";

// What is wrong with the command line, in one sentence; the command to ask for help.
struct Mistake {
  std::string sentence;
  std::string command;
};

// Text of options before they are checked.
struct Texts {
  std::string seed, seeds, jobs, format = "text", colour = "auto", tries;
};

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

template <typename Words>
std::string suggestion(std::string_view word, const Words& words) {
  std::vector<std::string_view> views;
  for (const auto& known : words) views.emplace_back(known);
  const std::string text = scenarios::did_you_mean(word, views);
  return text.empty() ? "" : "; " + text;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// CLI11 lists what it did not expect in reverse and without a suggestion.
std::optional<Mistake> unknown_argument(const CLI::App& app) {
  for (const CLI::App* command : app.get_subcommands()) {
    for (const std::string& word : command->remaining()) {
      const std::string name = word.substr(0, word.find('='));
      return Mistake{"unknown option \"" + name + "\"" + suggestion(name, option_names(*command)), command->get_name()};
    }
  }
  for (const std::string& word : app.remaining()) {
    if (word.starts_with("-")) {
      return Mistake{"unknown option \"" + word + "\"" + suggestion(word, option_names(app)), ""};
    }
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
      names.push_back(command->get_name());
    }
    return Mistake{"unknown command \"" + word + "\"" + suggestion(word, names), ""};
  }
  return std::nullopt;
}

std::optional<std::string> choose(std::string_view option, const std::string& text,
                                  const std::vector<std::string_view>& words, std::size_t& chosen) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == text) {
      chosen = i;
      return std::nullopt;
    }
  }
  std::string known;
  for (const std::string_view& word : words) {
    known += known.empty() ? "" : &word == &words.back() ? " or " : ", ";
    known += word;
  }
  return std::string(option) + " takes " + known + ", not \"" + text + "\"" + suggestion(text, words);
}

std::optional<std::string> read_format(const Texts& texts, Format& format) {
  std::size_t chosen = 0;
  auto wrong = choose("--format", texts.format, {"text", "json"}, chosen);
  format = static_cast<Format>(chosen);
  return wrong;
}

std::optional<std::string> read_colour(const Texts& texts, Colour& colour) {
  std::size_t chosen = 0;
  auto wrong = choose("--color", texts.colour, {"auto", "always", "never"}, chosen);
  colour = static_cast<Colour>(chosen);
  return wrong;
}

constexpr int kJobsMax = 256;

std::optional<std::string> read_count(std::string_view option, const std::string& text, int least, int most,
                                      int& count) {
  if (text.empty()) return std::nullopt;
  const auto number = number_of(text);
  if (!number || *number < static_cast<std::uint64_t>(least) || *number > static_cast<std::uint64_t>(most)) {
    return std::string(option) + " takes a number from " + std::to_string(least) + " to " + std::to_string(most) +
           ", not \"" + text + "\"";
  }
  count = static_cast<int>(*number);
  return std::nullopt;
}

std::optional<std::string> read_seed(const std::string& text, std::optional<std::uint64_t>& seed) {
  if (text.empty()) return std::nullopt;
  seed = number_of(text);
  if (!seed) return "--seed takes a number of at most 64 bits, not \"" + text + "\"";
  return std::nullopt;
}

constexpr std::uint64_t kSeedsMax = 10'000'000;

std::optional<std::string> read_seeds(const std::string& text,
                                      std::optional<std::pair<std::uint64_t, std::uint64_t>>& seeds) {
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

std::optional<std::string> read_run(const Texts& texts, bool is_twice, RunArguments& run) {
  if (auto wrong = read_seed(texts.seed, run.seed)) return wrong;
  if (auto wrong = read_seeds(texts.seeds, run.seeds)) return wrong;
  if (run.seed && run.seeds) return "--seed and --seeds exclude each other";
  if (auto wrong = read_count("--jobs", texts.jobs, 0, kJobsMax, run.jobs)) return wrong;
  if (run.jobs == 0) run.jobs = all_cores();
  if (auto wrong = read_format(texts, run.format)) return wrong;
  if (auto wrong = read_colour(texts, run.colour)) return wrong;
  if (run.trace.empty()) return std::nullopt;
  if (is_twice) return "twice writes no trace";
  if (run.seeds || run.files.size() > 1) return "--trace takes one run: one FILE and one seed";
  if (run.trace == "-" && run.format == Format::json) {
    return "--trace - and --format json would mix on standard output; give the trace a file";
  }
  return std::nullopt;
}

std::optional<std::string> read_conform(const Texts& texts, ConformArguments& conform) {
  if (auto wrong = read_seed(texts.seed, conform.seed)) return wrong;
  if (auto wrong = read_count("--seeds", texts.tries, 1, 1'000'000, conform.seeds)) return wrong;
  if (auto wrong = read_count("--jobs", texts.jobs, 0, kJobsMax, conform.jobs)) return wrong;
  if (auto wrong = read_format(texts, conform.format)) return wrong;
  return read_colour(texts, conform.colour);
}

void add_output(CLI::App& app, Texts& texts) {
  app.add_option("--format", texts.format, "text (for people) or json (for programs; with a \"version\")")
      ->option_text("text|json");
  app.add_option("--color", texts.colour, "auto, always or never; auto heeds NO_COLOR and FORCE_COLOR")
      ->option_text("WHEN");
}

void add_run(CLI::App& app, Texts& texts, RunArguments& run) {
  app.add_option("FILE", run.files, "scenarios")->required()->option_text("...");
  app.add_option("--seed", texts.seed, "run this seed instead of the scenario's")->option_text("N");
  app.add_option("--seeds", texts.seeds, "run each seed from A to B")->option_text("A:B");
  app.add_option("--jobs,-j", texts.jobs, "seeds to run at the same time; 0: as many as there are cores (1)")
      ->option_text("N");
  app.add_option("--set", run.settings, "change a setting of Kafka everywhere; repeat it for more")
      ->option_text("KEY=VALUE")
      ->allow_extra_args(false);
  app.add_option("--defect", run.defects, "plant a wrong decision (fencepost describe defects)")
      ->option_text("NAME")
      ->allow_extra_args(false);
  add_output(app, texts);
  app.add_flag("--verbose,-v", run.verbose, "wall-clock figures on standard error, even if it is no terminal");
}

// Everything that CLI11 fills, and the commands by which the result is read.
struct Parser {
  CLI::App app{kAbout, "fencepost"};
  Texts texts;
  CommandLine line;
  CLI::App *run, *twice, *conform, *describe;

  Parser() {
    app.footer(kExitCodes);
    app.set_version_flag("--version", std::string("fencepost ") + kVersion, "print the version");
    app.set_help_flag("--help,-h", "print this help; also after a command");
    run = command("run", "run scenarios and tell what happened", kRunAbout, kRunExamples);
    add_run(*run, texts, line.run);
    run->add_option("--trace", line.run.trace, "write every event, fact and fault as JSON Lines; - is standard output")
        ->option_text("FILE");
    twice = command("twice", "run scenarios twice and compare every event", kTwiceAbout, kTwiceExamples);
    add_run(*twice, texts, line.run);
    conform =
        command("conform", "compare the model with recordings of a real cluster", kConformAbout, kConformExamples);
    ConformArguments& arguments = line.conform;
    conform->add_option("RECORDING", arguments.files, "recordings")->required()->option_text("...");
    conform->add_option("--seed", texts.seed, "show this seed's run instead of the best one's")->option_text("N");
    conform->add_option("--seeds", texts.tries, "seeds to try (200)")->option_text("N");
    conform->add_option("--jobs,-j", texts.jobs, "seeds to run at the same time; 0: as many as there are cores (0)")
        ->option_text("N");
    conform->add_option("--defect", arguments.defects, "plant a wrong decision (fencepost describe defects)")
        ->option_text("NAME")
        ->allow_extra_args(false);
    add_output(*conform, texts);
    describe = command("describe", "show what the program knows", kDescribeAbout, kDescribeExamples);
    describe->add_option("TOPIC", line.describe.topic, "fidelity, facts, rules, defects, settings or faults")
        ->option_text(" ");
    add_output(*describe, texts);
    app.allow_extras();
  }

  CLI::App* command(const char* name, const char* summary, const char* about, const char* examples) {
    CLI::App* added = app.add_subcommand(name, summary);
    added->allow_extras();
    added->footer(std::string("\n") + about + "\n" + examples);
    return added;
  }
};

CommandLine fail(CommandLine line, const Mistake& mistake) {
  const std::string command = mistake.command.empty() ? "fencepost" : "fencepost " + mistake.command;
  print_error(command + ": " + mistake.sentence + "\nTry \"" + command + " --help\".\n");
  line.command = CommandLine::Command::none;
  line.exit = kUsage;
  return line;
}

std::optional<std::string> read(Parser& parser) {
  CommandLine& line = parser.line;
  if (parser.run->parsed() || parser.twice->parsed()) {
    line.command = parser.run->parsed() ? CommandLine::Command::run : CommandLine::Command::twice;
    return read_run(parser.texts, parser.twice->parsed(), line.run);
  }
  if (parser.conform->parsed()) {
    line.command = CommandLine::Command::conform;
    return read_conform(parser.texts, line.conform);
  }
  if (parser.describe->parsed()) {
    line.command = CommandLine::Command::describe;
    Colour ignored{};
    if (auto wrong = read_format(parser.texts, line.describe.format)) return wrong;
    return read_colour(parser.texts, ignored);
  }
  line.command = CommandLine::Command::welcome;
  return std::nullopt;
}

// How a user calls the program again. One in a build folder is run by the wrapper at the root of the sources,
// and two builds of the same sources print the same.
std::string program_of(std::string_view called) {
  if (called.find('/') == std::string_view::npos) return "fencepost";
  return std::string(called.ends_with("/sim/cli/fencepost") ? "./fencepost" : called);
}

}  // namespace

CommandLine parse(int argc, const char* const* argv) {
  Parser parser;
  parser.line.run.program = program_of(argc > 0 ? argv[0] : "fencepost");
  // CLI11 takes the words from the end.
  std::vector<std::string> words;
  for (int i = argc - 1; i > 0; --i) words.emplace_back(argv[i]);
  if (!words.empty() && words.back() == "help") {
    words.pop_back();
    words.insert(words.begin(), "--help");
  }
  std::string command;
  try {
    parser.app.parse(words);
  } catch (const CLI::Success& success) {
    parser.line.exit = parser.app.exit(success);
    return parser.line;
  } catch (const CLI::ParseError& error) {
    for (const CLI::App* app : parser.app.get_subcommands()) command = app->get_name();
    if (const auto mistake = unknown_argument(parser.app)) return fail(parser.line, *mistake);
    return fail(parser.line, {error.what(), command});
  }
  for (const CLI::App* app : parser.app.get_subcommands()) command = app->get_name();
  if (const auto mistake = unknown_argument(parser.app)) return fail(parser.line, *mistake);
  if (const auto sentence = read(parser)) return fail(parser.line, {*sentence, command});
  return parser.line;
}

}  // namespace cli
