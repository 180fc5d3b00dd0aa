// Test results as JUnit XML, as GitLab, Jenkins and others read it: a testsuite for each scenario, a testcase for each
// of its checks. There are no times: the file depends on the scenarios alone.
#pragma once

#include <string>
#include <vector>

#include "reports/test_report.h"

namespace reports {

// A check that failed is a <failure> of type "expectation", "invariant" or "vacuous", an invariant that was not exposed
// is <skipped>, a file that is no scenario an <error> of the problem's code. Each testcase has the `file` and `line` of
// what it is about.
std::string junit_of_test(const std::vector<TestedScenario>& scenarios);

}  // namespace reports
