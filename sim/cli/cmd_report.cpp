#include <fmt/format.h>

#include <filesystem>

#include "reports/page.h"
#include "reports/words.h"
#include "sim/cli/commands.h"
#include "sim/cli/load.h"
#include "sim/cli/output.h"

namespace cli {

int report_command(const ReportArguments& arguments) {
  const LoadedPlans loaded = load_plans(arguments.run, {arguments.mode, !arguments.mode.empty()});
  if (loaded.exit != kGood) return loaded.exit;
  const LoadedPlan& one = loaded.plans.front();
  // `run` knows no other mode than the file's.
  std::string repeat =
      repeat_command(arguments.run, arguments.mode.empty() ? "run" : "report", one.path, one.plan.seed);
  if (!arguments.mode.empty()) repeat += " --mode " + arguments.mode;
  const reports::Page page = reports::page_of(one.plan, repeat);
  if (arguments.out == "-") return print(page.html) ? kGood : kInternal;
  // Beside whoever asks, not beside the scenario: a library may be read-only.
  const std::string out =
      arguments.out.empty() ? std::filesystem::path(one.plan.file).stem().string() + ".html" : arguments.out;
  if (!write_file(out, page.html)) return kUsage;
  const bool has_passed = page.outcome.verdict == sim::Verdict::passed;
  return print(fmt::format("{}  {}  {} events, {} KB; open it in a browser\n", out,
                           has_passed ? "PASS" : "FAIL (" + std::string(sim::name_of(page.outcome.verdict)) + ")",
                           reports::grouped(page.outcome.events), reports::grouped(page.html.size() / 1024)))
             ? kGood
             : kInternal;
}

}  // namespace cli
