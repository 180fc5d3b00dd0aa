// One function per command. Each prints to standard output what depends on its arguments alone, to
// standard error what does not, and returns an exit code.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cli {

// 0 good · 10 safety violated · 11 liveness or an expectation not reached · 12 vacuous · 13 nondeterminism
// · 14 budget ran out · 64 usage · 65 bad scenario · 70 our bug · 130 interrupted
inline constexpr int kGood = 0, kRefuted = 10, kNotReached = 11, kVacuous = 12, kNondeterminism = 13, kBudget = 14,
                     kUsage = 64, kBadScenario = 65, kInternal = 70, kInterrupted = 130;

enum class Format : std::uint8_t { text, json, junit, github };  // the last two of `test` alone
enum class Colour : std::uint8_t { automatic, always, never };

struct RunArguments {
  std::string program = "fencepost";  // as it was called, for commands that can be repeated
  std::vector<std::string> files;
  std::optional<std::uint64_t> seed;
  std::optional<std::pair<std::uint64_t, std::uint64_t>> seeds;  // A:B, both inclusive
  int jobs = 1;
  std::vector<std::string> settings;  // "key=value", Kafka's keys
  std::vector<std::string> defects;   // planted, by name
  std::string trace;                  // file; empty: none
  Format format = Format::text;
  Colour colour = Colour::automatic;
  bool verbose = false;  // wall-clock figures on standard error even where it is no terminal
};
int run_command(const RunArguments& arguments);
int twice_command(const RunArguments& arguments);

// Of commands that look into one run: `run` has one file, and a seed.
struct WhyArguments {
  RunArguments run;
  std::string event;            // number, fact, "fact:2", invariant, "violation"
  std::string mode;             // whatever the file says; empty: as it says
  std::string format = "text";  // of why_formats()
};
int why_command(const WhyArguments& arguments);

// Two runs; what is said of both stands in both.
struct DiffArguments {
  RunArguments a, b;
  std::string mode_a, mode_b;
  Format format = Format::text;
};
int diff_command(const DiffArguments& arguments);

struct ExportArguments {
  RunArguments run;  // has one file
  std::string mode;
  std::string format;  // of export_formats()
  std::string out;     // file; empty: standard output
};
int export_command(const ExportArguments& arguments);

struct ReportArguments {
  RunArguments run;  // has one file
  std::string mode;
  std::string out;  // the page; empty: named after the scenario, in the working directory; "-": standard output
};
// Says on standard output what became of the run, and returns 0 whatever that is: the page is there.
int report_command(const ReportArguments& arguments);

struct ConformArguments {
  std::vector<std::string> files;
  std::optional<std::uint64_t> seed;  // print this seed's run instead of the best one's
  int seeds = 200;
  int jobs = 0;  // 0: as many as there are cores
  std::vector<std::string> defects;
  Format format = Format::text;
  Colour colour = Colour::automatic;
};
int conform_command(const ConformArguments& arguments);

struct CompareArguments {
  RunArguments run;                // trace is unused
  std::vector<std::string> modes;  // each once
};
int compare_command(const CompareArguments& arguments);

struct TestArguments {
  RunArguments run;     // files are folders as well; trace is unused
  std::string out;      // where the report goes, the text then to standard output; empty: there
  std::string summary;  // Markdown is appended to this file; empty: none
};
int test_command(const TestArguments& arguments);

struct ListArguments {
  std::string program = "fencepost";
  std::string folder;  // empty: the library
  Format format = Format::text;
  Colour colour = Colour::automatic;
};
int list_command(const ListArguments& arguments);

struct ValidateArguments {
  std::vector<std::string> files;  // and folders
  Format format = Format::text;
};
int validate_command(const ValidateArguments& arguments);

struct NewArguments {
  std::string program = "fencepost";
  std::string name;  // of the file, with or without ".json"
  std::string from;  // a template or a scenario of the library; empty: the first template
  bool list = false;
};
int new_command(const NewArguments& arguments);

struct DescribeArguments {
  std::string topic;  // of describe_topics(); empty: list of topics
  Format format = Format::text;
};
int describe_command(const DescribeArguments& arguments);
const std::vector<std::string>& describe_topics();

struct CompletionArguments {
  std::string shell;  // of completion_shells()
};
int completion_command(const CompletionArguments& arguments);
const std::vector<std::string>& completion_shells();

int welcome_command();  // no arguments at all: twelve lines

}  // namespace cli
