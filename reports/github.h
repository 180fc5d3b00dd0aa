// Test results for GitHub: workflow commands that mark lines of the scenarios, and a summary in Markdown.
#pragma once

#include <string>
#include <vector>

#include "reports/test_report.h"

namespace reports {

// `::error file=F,line=L,col=C,title=T::MESSAGE` for each failed check and each error of a file, `::warning` for its
// warnings, then the totals. Files as given, since GitHub looks them up from the root of the repository.
std::string github_of_test(const std::vector<TestedScenario>& scenarios);
// A heading with the totals, a table with a row for each scenario, and what failed.
std::string markdown_of_test(const std::vector<TestedScenario>& scenarios);

}  // namespace reports
