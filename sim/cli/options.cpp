#include "sim/cli/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>

#include "model/rules.h"
#include "sim/cli/help.h"
#include "sim/cli/output.h"
#include "sim/cli/templates.h"
#include "sim/cli/values.h"

namespace cli {
namespace {

// What is wrong with the command line, in one sentence; the command to ask for help.
struct Mistake {
  std::string sentence;
  std::string command;
};

// What completion has to know about an option beyond what CLI11 keeps.
struct Meaning {
  bool is_file = false;
  std::vector<std::string> values;
};

struct Options {
  Texts texts;
  CommandLine line;
  std::map<const CLI::Option*, Meaning> meanings;

  void file(CLI::Option* option) { meanings[option].is_file = true; }
  void choice(CLI::Option* option, const std::vector<std::string>& values) { meanings[option].values = values; }
};

std::string alternatives(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : "|") + word;
  return text;
}

std::vector<std::string> defect_names() {
  std::vector<std::string> names;
  for (const model::Defect& defect : model::defects()) names.emplace_back(defect.name);
  return names;
}

void add_format(CLI::App& app, Options& options, const std::vector<std::string>& known = formats()) {
  CLI::Option* format =
      app.add_option("--format", options.texts.format,
                     known.size() > 2 ? "text (for people), json (for programs), junit or github"
                                      : "text (for people) or json (for programs; with a \"version\")");
  options.choice(format->option_text(alternatives(known)), known);
}

void add_colour(CLI::App& app, Options& options) {
  CLI::Option* colour = app.add_option("--color", options.texts.colour,
                                       "auto heeds NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal");
  options.choice(colour->option_text(alternatives(colours())), colours());
}

void add_jobs(CLI::App& app, Options& options, const char* about) {
  app.add_option("--jobs,-j", options.texts.jobs, about)->option_text("N");
}

void add_defect(CLI::App& app, Options& options, std::vector<std::string>& defects) {
  CLI::Option* defect = app.add_option("--defect", defects, "plant a wrong decision (fencepost describe defects)");
  options.choice(defect->option_text("NAME")->allow_extra_args(false), defect_names());
}

// Of every command that runs scenarios.
void add_runs(CLI::App& app, Options& options, RunArguments& run, const char* files, const char* about) {
  options.file(app.add_option(files, run.files, about)->required()->option_text("..."));
  app.add_option("--seed", options.texts.seed, "run this seed instead of the scenario's")->option_text("N");
  app.add_option("--seeds", options.texts.seeds, "run each seed from A to B")->option_text("A:B");
  add_jobs(app, options, "runs at the same time; 0: as many as there are cores (1)");
  app.add_option("--set", run.settings, "change a setting of Kafka everywhere; repeat it for more")
      ->option_text("KEY=VALUE")
      ->allow_extra_args(false);
  add_defect(app, options, run.defects);
}

void add_run(CLI::App& app, Options& options) {
  RunArguments& run = options.line.run;
  add_runs(app, options, run, "FILE", "scenarios");
  add_format(app, options);
  add_colour(app, options);
  app.add_flag("--verbose,-v", run.verbose, "wall-clock figures on standard error, even if it is no terminal");
  CLI::Option* trace =
      app.add_option("--trace", run.trace, "write every event, fact and fault as JSON Lines; - is standard output");
  options.file(trace->option_text("FILE"));
}

void add_twice(CLI::App& app, Options& options) {
  RunArguments& run = options.line.run;
  add_runs(app, options, run, "FILE", "scenarios");
  add_format(app, options);
  add_colour(app, options);
  app.add_flag("--verbose,-v", run.verbose, "wall-clock figures on standard error, even if it is no terminal");
}

void add_compare(CLI::App& app, Options& options) {
  add_runs(app, options, options.line.compare.run, "FILE", "scenarios");
  CLI::Option* modes = app.add_option("--modes", options.texts.modes, "which, side by side in this order");
  modes->option_text("MODE,...")->default_str(options.texts.modes);
  add_format(app, options);
}

// Of every command that looks into one run.
void add_one_run(CLI::App& app, Options& options, RunArguments& run, std::string& mode) {
  run.files.resize(1);
  options.file(app.add_option("FILE", run.files.front(), "a scenario")->required()->option_text(" "));
  app.add_option("--seed", options.texts.seed, "this seed instead of the scenario's")->option_text("N");
  CLI::Option* modes = app.add_option("--mode", mode, "in this mode, whatever the file says");
  options.choice(modes->option_text(alternatives(mode_names())), mode_names());
  app.add_option("--set", run.settings, "change a setting of Kafka everywhere; repeat it for more")
      ->option_text("KEY=VALUE")
      ->allow_extra_args(false);
  add_defect(app, options, run.defects);
}

void add_why(CLI::App& app, Options& options) {
  WhyArguments& why = options.line.why;
  add_one_run(app, options, why.run, why.mode);
  app.add_option("EVENT", why.event, "an event's number, a fact (the last one; fact:2 is the second), a promise")
      ->option_text(" ");
  CLI::Option* format =
      app.add_option("--format", options.texts.format, "text for people, mermaid and dot to draw, json");
  options.choice(format->option_text(alternatives(why_formats())), why_formats());
  add_colour(app, options);
}

void add_export(CLI::App& app, Options& options) {
  ExportArguments& to = options.line.export_run;
  add_one_run(app, options, to.run, to.mode);
  CLI::Option* format = app.add_option("--format", to.format, "for which program");
  options.choice(format->required()->option_text(alternatives(export_formats())), export_formats());
  options.file(app.add_option("--out,-o", to.out, "write to this file, not to standard output")->option_text("FILE"));
}

void add_diff(CLI::App& app, Options& options) {
  DiffArguments& diff = options.line.diff;
  diff.a.files.resize(1);
  diff.b.files.resize(1);
  options.file(app.add_option("A", diff.a.files.front(), "a scenario")->required()->option_text(" "));
  options.file(app.add_option("B", diff.b.files.front(), "another one (A)")->option_text(" "));
  app.add_option("--seed", options.texts.seed, "this seed of both")->option_text("N");
  const auto add_side = [&](const char* seed, const char* mode, std::string& seed_text, std::string& mode_text,
                            const std::string& whose) {
    app.add_option(seed, seed_text, "this seed of " + whose)->option_text("N");
    CLI::Option* modes = app.add_option(mode, mode_text, "the mode of " + whose);
    options.choice(modes->option_text(alternatives(mode_names())), mode_names());
  };
  add_side("--seed-a", "--mode-a", options.texts.seed_a, diff.mode_a, "A");
  add_side("--seed-b", "--mode-b", options.texts.seed_b, diff.mode_b, "B");
  const auto add_changes = [&](const char* set, const char* defect, RunArguments& run, const std::string& whose) {
    app.add_option(set, run.settings, "change a setting of " + whose)
        ->option_text("KEY=VALUE")
        ->allow_extra_args(false);
    CLI::Option* planted = app.add_option(defect, run.defects, "plant a wrong decision in " + whose);
    options.choice(planted->option_text("NAME")->allow_extra_args(false), defect_names());
  };
  add_changes("--set", "--defect", diff.a, "both");
  add_changes("--set-b", "--defect-b", diff.b, "B");
  add_format(app, options);
  add_colour(app, options);
}

void add_test(CLI::App& app, Options& options) {
  TestArguments& test = options.line.test;
  add_runs(app, options, test.run, "DIR|FILE", "scenarios, and folders with scenarios");
  add_format(app, options, report_formats());
  options.file(app.add_option("--out", test.out, "write the report of --format to this file, text to standard output")
                   ->option_text("FILE"));
  options.file(
      app.add_option("--summary", test.summary, "append a summary in Markdown to this file")->option_text("FILE"));
  add_colour(app, options);
  app.add_flag("--verbose,-v", test.run.verbose, "wall-clock figures on standard error, even if it is no terminal");
}

void add_conform(CLI::App& app, Options& options) {
  ConformArguments& conform = options.line.conform;
  options.file(app.add_option("RECORDING", conform.files, "recordings")->required()->option_text("..."));
  app.add_option("--seed", options.texts.seed, "show this seed's run instead of the best one's")->option_text("N");
  app.add_option("--seeds", options.texts.tries, "seeds to try (200)")->option_text("N");
  add_jobs(app, options, "seeds to run at the same time; 0: as many as there are cores (0)");
  add_defect(app, options, conform.defects);
  add_format(app, options);
  add_colour(app, options);
}

void add_report(CLI::App& app, Options& options) {
  ReportArguments& report = options.line.report;
  add_one_run(app, options, report.run, report.mode);
  CLI::Option* out =
      app.add_option("--out,-o", report.out, "the page (named after the scenario); - is standard output");
  options.file(out->option_text("FILE"));
}

void add_list(CLI::App& app, Options& options) {
  options.file(app.add_option("DIR", options.line.list.folder, "where to look (the library)")->option_text(" "));
  add_format(app, options);
  add_colour(app, options);
}

void add_validate(CLI::App& app, Options& options) {
  options.file(app.add_option("FILE", options.line.validate.files, "scenarios, and folders with scenarios")
                   ->required()
                   ->option_text("..."));
  add_format(app, options);
}

void add_new(CLI::App& app, Options& options) {
  NewArguments& create = options.line.create;
  options.file(app.add_option("NAME", create.name, "of the file, with or without .json")->option_text(" "));
  CLI::Option* from = app.add_option(
      "--from", create.from, "a template or a scenario of the library (" + std::string(templates().front().name) + ")");
  options.choice(from->option_text("NAME"), names_to_start_from());
  app.add_flag("--list", create.list, "show what there is to start from");
}

void add_describe(CLI::App& app, Options& options) {
  CLI::Option* topic =
      app.add_option("TOPIC", options.line.describe.topic, "one of: " + alternatives(describe_topics()));
  options.choice(topic->option_text(" "), describe_topics());
  add_format(app, options);
  add_colour(app, options);
}

void add_completion(CLI::App& app, Options& options) {
  CLI::Option* shell = app.add_option("SHELL", options.line.completion.shell, "bash, zsh or fish");
  options.choice(shell->required()->option_text(" "), completion_shells());
}

struct CommandRow {
  CommandLine::Command command;
  const char* name;
  const char* summary;
  const char* help;
  void (*add)(CLI::App&, Options&);
  Wrong (*read)(const Texts&, CommandLine&);
};
// In the order of --help.
constexpr std::array<CommandRow, 14> kCommands{{
    {CommandLine::Command::run, "run", "run scenarios and tell what happened", help::kRun, add_run,
     [](const Texts& texts, CommandLine& line) { return read_run(texts, line.run); }},
    {CommandLine::Command::test, "test", "run folders of scenarios: the entry point for CI", help::kTest, add_test,
     [](const Texts& texts, CommandLine& line) { return read_test(texts, line.test); }},
    {CommandLine::Command::twice, "twice", "run scenarios twice and compare every event", help::kTwice, add_twice,
     [](const Texts& texts, CommandLine& line) { return read_twice(texts, line.run); }},
    {CommandLine::Command::compare, "compare", "run scenarios with ZooKeeper and with KRaft, side by side",
     help::kCompare, add_compare,
     [](const Texts& texts, CommandLine& line) { return read_compare(texts, line.compare); }},
    {CommandLine::Command::why, "why", "tell what led to an event, back to the faults", help::kWhy, add_why,
     [](const Texts& texts, CommandLine& line) { return read_why(texts, line.why); }},
    {CommandLine::Command::diff, "diff", "show the first event in which two runs part, and why", help::kDiff, add_diff,
     [](const Texts& texts, CommandLine& line) { return read_diff(texts, line.diff); }},
    {CommandLine::Command::export_run, "export", "write a run for ShiViz, Perfetto, Mermaid or as CSV", help::kExport,
     add_export, [](const Texts& texts, CommandLine& line) { return read_export(texts, line.export_run); }},
    {CommandLine::Command::conform, "conform", "compare the model with recordings of a real cluster", help::kConform,
     add_conform, [](const Texts& texts, CommandLine& line) { return read_conform(texts, line.conform); }},
    {CommandLine::Command::report, "report", "write a run as a page for a browser", help::kReport, add_report,
     [](const Texts& texts, CommandLine& line) { return read_seed(texts, line.report.run.seed); }},
    {CommandLine::Command::list, "list", "list scenarios", help::kList, add_list,
     [](const Texts& texts, CommandLine& line) {
       const Wrong wrong = read_colour(texts, line.list.colour);
       return wrong ? wrong : read_format(texts, formats(), line.list.format);
     }},
    {CommandLine::Command::validate, "validate", "check scenarios without running them", help::kValidate, add_validate,
     [](const Texts& texts, CommandLine& line) { return read_format(texts, formats(), line.validate.format); }},
    {CommandLine::Command::create, "new", "write a scenario to start from", help::kNew, add_new,
     [](const Texts&, CommandLine& line) { return read_new(line.create); }},
    {CommandLine::Command::describe, "describe", "show what the program knows", help::kDescribe, add_describe,
     [](const Texts& texts, CommandLine& line) {
       Colour ignored{};
       const Wrong wrong = read_colour(texts, ignored);
       return wrong ? wrong : read_format(texts, formats(), line.describe.format);
     }},
    {CommandLine::Command::completion, "completion", "print a completion script for a shell", help::kCompletion,
     add_completion, [](const Texts&, CommandLine&) { return Wrong{}; }},
}};

// Everything that CLI11 fills, and the commands by which the result is read.
struct Parser {
  CLI::App app{help::kAbout, "fencepost"};
  Options options;
  std::array<CLI::App*, kCommands.size()> commands{};

  Parser() {
    app.footer(std::string(help::kExitCodes) + help::kFirstSteps);
    app.set_version_flag("--version", std::string("fencepost ") + kVersion, "print the version");
    app.set_help_flag("--help,-h", "print this help; also after a command");
    for (std::size_t i = 0; i < kCommands.size(); ++i) {
      commands[i] = app.add_subcommand(kCommands[i].name, kCommands[i].summary);
      commands[i]->allow_extras();
      commands[i]->footer(std::string("\n") + kCommands[i].help + "\n" + help::kExitCodes);
      kCommands[i].add(*commands[i], options);
    }
    app.allow_extras();
  }
};

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const CommandRow& row : kCommands) names.emplace_back(row.name);
  return names;
}

// CLI11 lists what it did not expect in reverse and without a suggestion.
std::optional<Mistake> unknown_argument(const CLI::App& app) {
  for (const CLI::App* command : app.get_subcommands()) {
    for (const std::string& word : command->remaining()) {
      const std::string name = word.substr(0, word.find('='));
      if (!word.starts_with("-")) return Mistake{"\"" + word + "\" is one argument too many", command->get_name()};
      return Mistake{"unknown option \"" + name + "\"" + suggestion(name, option_names(*command)), command->get_name()};
    }
  }
  for (const std::string& word : app.remaining()) {
    if (word.starts_with("-")) {
      return Mistake{"unknown option \"" + word + "\"" + suggestion(word, option_names(app)), ""};
    }
    return Mistake{"unknown command \"" + word + "\"" + suggestion(word, command_names()), ""};
  }
  return std::nullopt;
}

CommandLine fail(CommandLine line, const Mistake& mistake) {
  const std::string command = mistake.command.empty() ? "fencepost" : "fencepost " + mistake.command;
  print_error(command + ": " + mistake.sentence + "\nTry \"" + command + " --help\".\n");
  line.command = CommandLine::Command::none;
  line.exit = kUsage;
  return line;
}

Wrong read(Parser& parser) {
  CommandLine& line = parser.options.line;
  for (std::size_t i = 0; i < kCommands.size(); ++i) {
    if (!parser.commands[i]->parsed()) continue;
    line.command = kCommands[i].command;
    return kCommands[i].read(parser.options.texts, line);
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

void set_program(CommandLine& line, const std::string& program) {
  line.why.run.program = line.diff.a.program = line.diff.b.program = line.export_run.run.program = program;
  line.run.program = line.compare.run.program = line.test.run.program = line.list.program = line.create.program =
      line.report.run.program = program;
}

OptionShape shape_of(const CLI::Option& option, const Options& options) {
  OptionShape shape;
  for (const std::string& name : option.get_lnames()) shape.names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) shape.names.push_back("-" + name);
  shape.about = option.get_description();
  shape.takes_value = option.get_items_expected_max() > 0;
  shape.takes_many = option.get_items_expected_max() > 1;
  const auto meaning = options.meanings.find(&option);
  if (meaning == options.meanings.end()) return shape;
  shape.takes_file = meaning->second.is_file;
  shape.values = meaning->second.values;
  return shape;
}

CommandShape shape_of(const CLI::App& app, const std::string& name, const Options& options) {
  CommandShape shape{name, app.get_description(), {}};
  for (const CLI::Option* option : app.get_options()) shape.options.push_back(shape_of(*option, options));
  return shape;
}

}  // namespace

CommandLine parse(int argc, const char* const* argv) {
  Parser parser;
  CommandLine& line = parser.options.line;
  set_program(line, program_of(argc > 0 ? argv[0] : "fencepost"));
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
    line.exit = parser.app.exit(success);
    return line;
  } catch (const CLI::ParseError& error) {
    for (const CLI::App* app : parser.app.get_subcommands()) command = app->get_name();
    if (const auto mistake = unknown_argument(parser.app)) return fail(line, *mistake);
    return fail(line, {error.what(), command});
  }
  for (const CLI::App* app : parser.app.get_subcommands()) command = app->get_name();
  if (const auto mistake = unknown_argument(parser.app)) return fail(line, *mistake);
  if (const auto sentence = read(parser)) return fail(line, {*sentence, command});
  return line;
}

std::vector<CommandShape> command_shapes() {
  const Parser parser;
  std::vector<CommandShape> shapes{shape_of(parser.app, "", parser.options)};
  for (const CLI::App* command : parser.commands) {
    shapes.push_back(shape_of(*command, command->get_name(), parser.options));
  }
  return shapes;
}

}  // namespace cli
