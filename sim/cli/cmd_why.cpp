#include <algorithm>

#include "reports/why.h"
#include "reports/words.h"
#include "sim/cli/commands.h"
#include "sim/cli/event_name.h"
#include "sim/cli/load.h"
#include "sim/cli/output.h"
#include "sim/search/slice.h"

namespace cli {
namespace {

int refuse(const std::string& sentence) {
  print_error("fencepost why: " + sentence + "\nTry \"fencepost why --help\".\n");
  return kUsage;
}

}  // namespace

int why_command(const WhyArguments& arguments) {
  LoadedPlans loaded = load_plans(arguments.run, {arguments.mode, !arguments.mode.empty()});
  if (loaded.exit != kGood) return loaded.exit;
  const sim::Plan& plan = loaded.plans.front().plan;
  const sim::CausalRun run = sim::run_with_causes(plan);
  const auto& invariants = run.outcome.invariants;
  const bool is_broken = std::any_of(invariants.begin(), invariants.end(), [](const auto& row) { return row.broken; });
  if (arguments.event.empty() && !is_broken) {
    return refuse("which EVENT? Every promise held; facts that were told: " + reports::joined(told_facts(run), ", "));
  }
  const NamedEvent named = find_event(plan, run, arguments.event.empty() ? "violation" : arguments.event);
  if (named.targets.empty()) return refuse(named.wrong);
  const sim::Slice slice = sim::slice_of(plan, run, named.targets);
  const reports::WhyOptions options{is_coloured(arguments.run.colour), columns(), named.question};
  const std::string text = arguments.format == "mermaid" ? reports::mermaid_of_slice(plan, run, slice)
                           : arguments.format == "dot"   ? reports::dot_of_slice(plan, run, slice)
                           : arguments.format == "json"  ? reports::json_of_slice(plan, run, slice, named.question)
                                                         : reports::text_of_slice(plan, run, slice, options);
  return print(text) ? kGood : kInternal;
}

}  // namespace cli
