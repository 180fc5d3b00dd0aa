// Scenarios as `list` shows them.
#pragma once

#include <string>
#include <vector>

#include "reports/file_problem.h"
#include "sim/kernel/plan.h"

namespace reports {

struct ListedScenario {
  std::string name;  // the file without folders and extension
  std::string file;
  const sim::Plan* plan = nullptr;  // null: a bad one
  std::vector<FileProblem> problems;
};

// A name and a title for each, below it what the cluster is and what happens to it; at most `columns` wide unless a
// name is longer. `run`: how the program is called to run one, for the last line; empty: no such line.
std::string text_of_list(const std::vector<ListedScenario>& scenarios, std::size_t columns, bool colour,
                         const std::string& run);
// {"version": 1, "scenarios": [{"name", "file", "ok", "title", "story", "mode", "kafka", "brokers", "topics": [{"name",
//  "partitions"}], "faults": [{"text", "line"}], "expectations": [{"text", "line"}], "problems": [...]}]}; bad ones
// have "name", "file", "ok" and "problems".
std::string json_of_list(const std::vector<ListedScenario>& scenarios);

}  // namespace reports
