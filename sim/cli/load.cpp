#include "sim/cli/load.h"

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "model/rules.h"
#include "scenarios/loader.h"
#include "scenarios/settings.h"
#include "scenarios/suggest.h"
#include "sim/cli/output.h"

namespace cli {
namespace {

void tell(const std::vector<scenarios::Problem>& problems) {
  for (const scenarios::Problem& problem : problems) print_error(scenarios::text_of(problem) + "\n");
}

// Scenarios that lie where the user looked, and those of the library if it is near.
std::string nearest_scenario(const std::string& path) {
  namespace fs = std::filesystem;
  const fs::path wanted(path);
  std::vector<std::string> paths;
  for (const fs::path& folder : {wanted.parent_path(), fs::path("scenarios/library")}) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder.empty() ? fs::path(".") : folder, error)) {
      if (entry.path().extension() == ".json") paths.push_back((folder / entry.path().filename()).string());
    }
  }
  // A folder lists its files in no order.
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> stems;
  for (const std::string& found : paths) stems.push_back(fs::path(found).stem().string());
  const std::vector<std::string_view> words(stems.begin(), stems.end());
  const std::string stem = wanted.stem().string();
  const std::string_view nearest = scenarios::nearest(stem, words);
  for (std::size_t i = 0; i < words.size() && !nearest.empty(); ++i) {
    if (words[i] == nearest) return paths[i];
  }
  return "";
}

bool plant(const std::vector<std::string>& names, sim::Plan& plan) {
  bool is_good = true;
  for (const std::string& name : names) {
    const model::Defect* defect = model::find_defect(name);
    if (defect == nullptr) {
      std::vector<std::string_view> known;
      for (const model::Defect& row : model::defects()) known.push_back(row.name);
      print_error("fencepost: --defect: " + std::string("\"") + name + "\" is no defect; " +
                  scenarios::did_you_mean_or_list(name, known, "known") + "\n");
      is_good = false;
      continue;
    }
    defect->plant(plan.rules);
    plan.defects.push_back(name);
  }
  return is_good;
}

bool set(const std::vector<std::string>& settings, sim::Plan& plan) {
  bool is_good = true;
  for (const std::string& setting : settings) {
    for (const scenarios::Problem& problem : scenarios::apply_setting(plan, setting)) {
      print_error(scenarios::text_of(problem) + "\n");
      is_good = is_good && problem.severity == scenarios::Problem::Severity::warning;
    }
  }
  return is_good;
}

}  // namespace

void suggest_nearest(const std::string& path, std::vector<scenarios::Problem>& errors) {
  for (scenarios::Problem& problem : errors) {
    const std::string nearest = problem.code == "no-file" ? nearest_scenario(path) : "";
    if (!nearest.empty()) problem.hint = "did you mean \"" + nearest + "\"?";
  }
}

bool change_plan(const RunArguments& arguments, sim::Plan& plan) {
  return set(arguments.settings, plan) && plant(arguments.defects, plan);
}

std::string quoted(const std::string& word) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string text = "'";
  for (const char c : word) {
    if (c == '\'') {
      text += "'\\''";
    } else {
      text += c;
    }
  }
  return text + "'";
}

LoadedPlans load_plans(const RunArguments& arguments, const scenarios::LoadOptions& options) {
  LoadedPlans loaded;
  for (const std::string& path : arguments.files) {
    scenarios::Result<sim::Plan> result = scenarios::load_scenario_file(path, options);
    suggest_nearest(path, result.errors);
    tell(result.errors);
    tell(result.warnings);
    if (!result.ok()) {
      loaded.exit = kBadScenario;
      continue;
    }
    sim::Plan& plan = *result.value;
    if (arguments.seed) plan.seed = *arguments.seed;
    if (loaded.exit == kGood && !change_plan(arguments, plan)) loaded.exit = kUsage;
    loaded.plans.push_back({path, std::move(plan)});
  }
  if (loaded.exit != kGood) loaded.plans.clear();
  return loaded;
}

std::string repeat_command(const RunArguments& arguments, std::string_view command, const std::string& path,
                           std::uint64_t seed) {
  std::string text = quoted(arguments.program) + " " + std::string(command) + " " + quoted(path);
  text += " --seed " + std::to_string(seed);
  for (const std::string& setting : arguments.settings) text += " --set " + quoted(setting);
  for (const std::string& defect : arguments.defects) text += " --defect " + quoted(defect);
  return text;
}

}  // namespace cli
