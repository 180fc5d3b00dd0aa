#include "reports/file_problem.h"
#include "sim/cli/commands.h"
#include "sim/cli/find.h"
#include "sim/cli/output.h"
#include "sim/cli/scenario_file.h"

namespace cli {

int validate_command(const ValidateArguments& arguments) {
  const Found found = find_scenarios(arguments.files);
  for (const std::string& mistake : found.mistakes) print_error("fencepost validate: " + mistake + "\n");
  if (!found.mistakes.empty()) return kUsage;
  std::vector<reports::ValidatedFile> files;
  int exit = kGood;
  for (const std::string& path : found.files) {
    ScenarioFile file = load_file(path);
    if (!file.plan) exit = kBadScenario;
    files.push_back({path, std::move(file.problems)});
  }
  const bool is_json = arguments.format == Format::json;
  return print(is_json ? reports::json_of_validation(files) : reports::text_of_validation(files)) ? exit : kInternal;
}

}  // namespace cli
