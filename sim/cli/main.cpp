#include <unistd.h>

#include <csignal>
#include <exception>
#include <string>
#include <string_view>

#include "sim/cli/commands.h"
#include "sim/cli/options.h"
#include "sim/cli/output.h"

namespace {

extern "C" void leave_interrupted(int) { _exit(cli::kInterrupted); }

int dispatch(const cli::CommandLine& line) {
  switch (line.command) {
    case cli::CommandLine::Command::none:
      return line.exit;
    case cli::CommandLine::Command::welcome:
      return cli::welcome_command();
    case cli::CommandLine::Command::run:
      return cli::run_command(line.run);
    case cli::CommandLine::Command::test:
      return cli::test_command(line.test);
    case cli::CommandLine::Command::twice:
      return cli::twice_command(line.run);
    case cli::CommandLine::Command::compare:
      return cli::compare_command(line.compare);
    case cli::CommandLine::Command::why:
      return cli::why_command(line.why);
    case cli::CommandLine::Command::diff:
      return cli::diff_command(line.diff);
    case cli::CommandLine::Command::export_run:
      return cli::export_command(line.export_run);
    case cli::CommandLine::Command::conform:
      return cli::conform_command(line.conform);
    case cli::CommandLine::Command::report:
      return cli::report_command(line.report);
    case cli::CommandLine::Command::list:
      return cli::list_command(line.list);
    case cli::CommandLine::Command::validate:
      return cli::validate_command(line.validate);
    case cli::CommandLine::Command::create:
      return cli::new_command(line.create);
    case cli::CommandLine::Command::describe:
      return cli::describe_command(line.describe);
    case cli::CommandLine::Command::completion:
      return cli::completion_command(line.completion);
  }
  return cli::kInternal;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGINT, leave_interrupted);
  // Scripts ask for the version often; the parser takes longer to set up than to answer.
  if (argc == 2 && std::string_view(argv[1]) == "--version") {
    return cli::print(std::string("fencepost ") + cli::kVersion + "\n") ? cli::kGood : cli::kInternal;
  }
  try {
    return dispatch(cli::parse(argc, argv));
  } catch (const std::exception& error) {
    cli::print_error(std::string("fencepost: internal error: ") + error.what() +
                     "\nThis is a bug of Fencepost, not of your scenario. The same command repeats it.\n");
    return cli::kInternal;
  }
}
