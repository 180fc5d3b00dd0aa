#include "reports/export.h"
#include "sim/cli/commands.h"
#include "sim/cli/load.h"
#include "sim/cli/output.h"

namespace cli {

int export_command(const ExportArguments& arguments) {
  const LoadedPlans loaded = load_plans(arguments.run, {arguments.mode, !arguments.mode.empty()});
  if (loaded.exit != kGood) return loaded.exit;
  const sim::Plan& plan = loaded.plans.front().plan;
  const sim::CausalRun run = sim::run_with_causes(plan);
  const std::string& format = arguments.format;
  const std::string text = format == "shiviz"     ? reports::shiviz_of_run(plan, run)
                           : format == "perfetto" ? reports::perfetto_of_run(plan, run)
                           : format == "mermaid"  ? reports::mermaid_of_run(plan, run)
                                                  : reports::csv_of_run(plan, run);
  return (arguments.out.empty() ? print(text) : write_file(arguments.out, text)) ? kGood : kInternal;
}

}  // namespace cli
