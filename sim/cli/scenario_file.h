// A scenario's file, loaded: its plan or its problems, and where its entries stand.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/file_problem.h"
#include "reports/test_report.h"
#include "sim/kernel/plan.h"

namespace cli {

struct ScenarioFile {
  std::string path;
  std::string name;               // without folders and extension
  std::optional<sim::Plan> plan;  // empty: there are errors among the problems
  std::vector<reports::FileProblem> problems;
};
ScenarioFile load_file(const std::string& path);

reports::EntryPlaces places_of(const std::string& path);

}  // namespace cli
