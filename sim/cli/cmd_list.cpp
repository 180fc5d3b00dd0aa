#include "reports/scenario_list.h"
#include "sim/cli/commands.h"
#include "sim/cli/find.h"
#include "sim/cli/load.h"
#include "sim/cli/output.h"
#include "sim/cli/scenario_file.h"

namespace cli {

int list_command(const ListArguments& arguments) {
  const std::string folder = arguments.folder.empty() ? library_folder() : arguments.folder;
  if (folder.empty()) {
    print_error("fencepost list: there is no scenarios/library here or beside the program; name a folder\n");
    return kUsage;
  }
  const Found found = find_scenarios({folder});
  for (const std::string& mistake : found.mistakes) print_error("fencepost list: " + mistake + "\n");
  if (!found.mistakes.empty()) return kUsage;

  std::vector<ScenarioFile> files;
  for (const std::string& path : found.files) files.push_back(load_file(path));
  std::vector<reports::ListedScenario> rows;
  const ScenarioFile* first_good = nullptr;
  for (const ScenarioFile& file : files) {
    rows.push_back({file.name, file.path, file.plan ? &*file.plan : nullptr, file.problems});
    if (first_good == nullptr && file.plan) first_good = &file;
  }
  if (arguments.format == Format::json) return print(reports::json_of_list(rows)) ? kGood : kInternal;
  const std::string run = first_good == nullptr ? "" : quoted(arguments.program) + " run " + quoted(first_good->path);
  return print(reports::text_of_list(rows, columns(), is_coloured(arguments.colour), run)) ? kGood : kInternal;
}

}  // namespace cli
