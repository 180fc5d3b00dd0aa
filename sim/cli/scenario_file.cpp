#include "sim/cli/scenario_file.h"

#include <fstream>

#include "scenarios/json_value.h"
#include "scenarios/loader.h"
#include "scenarios/source.h"
#include "sim/cli/find.h"
#include "sim/cli/load.h"

namespace cli {
namespace {

reports::FileProblem problem_of(const scenarios::Problem& problem) {
  return {problem.severity == scenarios::Problem::Severity::warning,
          problem.line,
          problem.column,
          problem.code,
          problem.message,
          problem.hint,
          scenarios::text_of(problem)};
}

std::vector<std::pair<std::int32_t, std::int32_t>> places_in(const scenarios::Value& root, std::string_view key) {
  std::vector<std::pair<std::int32_t, std::int32_t>> places;
  const scenarios::Value* list = root.find(key);
  if (list == nullptr) return places;
  for (const scenarios::Value& item : list->items) places.emplace_back(item.at.line, item.at.column);
  return places;
}

}  // namespace

ScenarioFile load_file(const std::string& path) {
  scenarios::Result<sim::Plan> loaded = scenarios::load_scenario_file(path);
  suggest_nearest(path, loaded.errors);
  ScenarioFile file{path, name_of(path), std::move(loaded.value), {}};
  for (const scenarios::Problem& problem : loaded.errors) file.problems.push_back(problem_of(problem));
  for (const scenarios::Problem& problem : loaded.warnings) file.problems.push_back(problem_of(problem));
  return file;
}

reports::EntryPlaces places_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(scenarios::kTextBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  const scenarios::Source source(path, text);
  scenarios::Problems problems(source);
  const std::optional<scenarios::Value> root = scenarios::parse_json(problems);
  if (!root) return {};
  return {places_in(*root, "expect"), places_in(*root, "faults"), places_in(*root, "exposes")};
}

}  // namespace cli
