// Scenarios as plans, with what the command line changes in them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/cli/commands.h"
#include "sim/kernel/plan.h"

namespace cli {

struct LoadedPlan {
  std::string path;  // as given
  sim::Plan plan;
};
struct LoadedPlans {
  std::vector<LoadedPlan> plans;  // by RunArguments::files; empty unless all are good
  int exit = kGood;
};
// Tells every problem of every file and every setting on standard error. A name that is no file gets the
// nearest scenario of its folder or of the library.
LoadedPlans load_plans(const RunArguments& arguments);

// A command that repeats one run, quoted for a shell.
std::string repeat_command(const RunArguments& arguments, std::string_view command, const std::string& path,
                           std::uint64_t seed);

}  // namespace cli
