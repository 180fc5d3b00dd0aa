#include "reports/diff.h"
#include "sim/cli/commands.h"
#include "sim/cli/load.h"
#include "sim/cli/output.h"

namespace cli {

int diff_command(const DiffArguments& arguments) {
  const LoadedPlans a = load_plans(arguments.a, {arguments.mode_a, !arguments.mode_a.empty()});
  if (a.exit != kGood) return a.exit;
  const LoadedPlans b = load_plans(arguments.b, {arguments.mode_b, !arguments.mode_b.empty()});
  if (b.exit != kGood) return b.exit;
  const reports::Diff diff = reports::diff_of(a.plans.front().plan, b.plans.front().plan);
  const bool is_json = arguments.format == Format::json;
  return print(is_json ? reports::json_of_diff(diff) : reports::text_of_diff(diff, is_coloured(arguments.a.colour)))
             ? kGood
             : kInternal;
}

}  // namespace cli
