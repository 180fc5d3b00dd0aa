// The command line: which command, with which arguments. Help, the version and mistakes are printed here.
#pragma once

#include "sim/cli/commands.h"

namespace cli {

struct CommandLine {
  enum class Command : std::uint8_t { none, welcome, run, twice, conform, describe };
  Command command = Command::none;  // none: all is said, leave with `exit`
  int exit = kGood;
  RunArguments run;  // of run and twice
  ConformArguments conform;
  DescribeArguments describe;
};

CommandLine parse(int argc, const char* const* argv);

}  // namespace cli
