// Scenarios as plans, with what the command line changes in them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scenarios/loader.h"
#include "scenarios/result.h"
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
LoadedPlans load_plans(const RunArguments& arguments, const scenarios::LoadOptions& options = {});

// Gives a file that is not there the nearest scenario of its folder or of the library as a hint.
void suggest_nearest(const std::string& path, std::vector<scenarios::Problem>& errors);
// What --set and --defect change. False: they are wrong, which is said on standard error.
bool change_plan(const RunArguments& arguments, sim::Plan& plan);

std::string quoted(const std::string& word);  // for a shell
// A command that repeats one run, quoted for a shell.
std::string repeat_command(const RunArguments& arguments, std::string_view command, const std::string& path,
                           std::uint64_t seed);

}  // namespace cli
