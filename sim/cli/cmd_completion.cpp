#include "scenarios/suggest.h"
#include "sim/cli/commands.h"
#include "sim/cli/completion.h"
#include "sim/cli/output.h"

namespace cli {

const std::vector<std::string>& completion_shells() {
  static const std::vector<std::string> kShells{"bash", "zsh", "fish"};
  return kShells;
}

int completion_command(const CompletionArguments& arguments) {
  const std::vector<CommandShape> commands = command_shapes();
  if (arguments.shell == "bash") return print(bash_completion(commands)) ? kGood : kInternal;
  if (arguments.shell == "zsh") return print(zsh_completion(commands)) ? kGood : kInternal;
  if (arguments.shell == "fish") return print(fish_completion(commands)) ? kGood : kInternal;
  const std::vector<std::string_view> known(completion_shells().begin(), completion_shells().end());
  print_error("fencepost completion: \"" + arguments.shell + "\" is no shell that is known here; " +
              scenarios::did_you_mean_or_list(arguments.shell, known, "known") + "\n");
  return kUsage;
}

}  // namespace cli
