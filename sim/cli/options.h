// The command line: which command, with which arguments. Help, the version and mistakes are printed here.
#pragma once

#include <string>
#include <vector>

#include "sim/cli/commands.h"

namespace cli {

struct CommandLine {
  // none: all is said, leave with `exit`
  enum class Command : std::uint8_t {
    none,
    welcome,
    run,
    test,
    twice,
    compare,
    why,
    diff,
    export_run,
    conform,
    report,
    list,
    validate,
    create,
    describe,
    completion
  };
  Command command = Command::none;
  int exit = kGood;
  RunArguments run;  // of run and twice
  CompareArguments compare;
  WhyArguments why;
  DiffArguments diff;
  ExportArguments export_run;
  TestArguments test;
  ConformArguments conform;
  ReportArguments report;
  ListArguments list;
  ValidateArguments validate;
  NewArguments create;
  DescribeArguments describe;
  CompletionArguments completion;
};

CommandLine parse(int argc, const char* const* argv);

// What the parser takes, for completion: taken from the parser itself, so that it cannot fall behind.
struct OptionShape {
  std::vector<std::string> names;  // "--seed", "-j"; none: an argument by its place
  std::string about;
  bool takes_value = false;
  bool takes_many = false;          // an argument by its place that may be repeated
  bool takes_file = false;          // a file or a folder
  std::vector<std::string> values;  // all that it takes, if they are known
};
struct CommandShape {
  std::string name;  // empty: the program itself
  std::string about;
  std::vector<OptionShape> options;
};
// The program itself, then its commands.
std::vector<CommandShape> command_shapes();

}  // namespace cli
