// Completion scripts, made from what the parser takes.
#pragma once

#include <string>
#include <vector>

#include "sim/cli/options.h"

namespace cli {

std::string bash_completion(const std::vector<CommandShape>& commands);
std::string zsh_completion(const std::vector<CommandShape>& commands);
std::string fish_completion(const std::vector<CommandShape>& commands);

}  // namespace cli
