#include "reports/junit.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "reports/escape.h"

namespace reports {
namespace {

struct Counts {
  std::size_t tests = 0, failures = 0, errors = 0, skipped = 0;
};

Counts counts_of(const TestedScenario& scenario) {
  Counts counts;
  if (scenario.is_bad) {
    counts.errors = count_errors(scenario.problems);
    counts.tests = counts.errors;
    return counts;
  }
  // The run itself is a testcase too: a suite without any would be taken for one that was never run.
  counts.tests = scenario.checks.size() + 1;
  counts.failures = static_cast<std::size_t>(std::count_if(scenario.checks.begin(), scenario.checks.end(),
                                                           [](const Check& check) { return !is_good(check); }));
  if (!is_good(scenario) && counts.failures == 0) ++counts.failures;
  counts.skipped =
      static_cast<std::size_t>(std::count_if(scenario.checks.begin(), scenario.checks.end(),
                                             [](const Check& check) { return check.standing == Standing::skipped; }));
  return counts;
}

std::string attributes(const Counts& counts) {
  return fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"", counts.tests, counts.failures,
                     counts.errors, counts.skipped);
}

// Test reports tell cases apart by their names.
class Names {
 public:
  std::string unique(const std::string& name) {
    std::string chosen = name;
    for (int i = 2; !taken_.insert(chosen).second; ++i) chosen = fmt::format("{} ({})", name, i);
    return chosen;
  }

 private:
  std::set<std::string> taken_;
};

// Not the name alone: two folders may have a scenario of the same name.
std::string class_of(const TestedScenario& scenario) {
  const std::string& file = scenario.file;
  return file.ends_with(".json") ? file.substr(0, file.size() - 5) : file;
}

std::string opening(const TestedScenario& scenario, const std::string& name, std::int32_t line) {
  return fmt::format(R"(    <testcase classname="{}" name="{}" file="{}" line="{}")", xml_attribute(class_of(scenario)),
                     xml_attribute(name), xml_attribute(scenario.file), std::max(line, 1));
}

std::string place(const TestedScenario& scenario, std::int32_t line) {
  return line > 0 ? fmt::format("{}:{}", scenario.file, line) : scenario.file;
}

void append_failure(std::string& out, const TestedScenario& scenario, std::string_view type, const std::string& message,
                    std::int32_t line) {
  std::string text = fmt::format("{}: {}", place(scenario, line), message);
  if (!scenario.repeat.empty()) text += "\nagain: " + scenario.repeat;
  out += fmt::format(">\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>\n", type,
                     xml_attribute(message), xml_text(text));
}

std::string_view prefix_of(Check::Kind kind) {
  switch (kind) {
    case Check::Kind::expectation:
      return "";
    case Check::Kind::fault:
      return "fault: ";
    case Check::Kind::invariant:
      return "invariant: ";
  }
  return "";
}

std::string_view failure_type(const Check& check) {
  if (check.standing == Standing::idle) return "vacuous";
  return check.kind == Check::Kind::invariant ? "invariant" : "expectation";
}

void append_check(std::string& out, const TestedScenario& scenario, const Check& check, Names& names) {
  out += opening(scenario, names.unique(std::string(prefix_of(check.kind)) + check.text), check.line);
  const std::string sentence = sentence_of(scenario, check);
  if (check.standing == Standing::held) {
    out += "/>\n";
  } else if (check.standing == Standing::skipped) {
    out += fmt::format(">\n      <skipped message=\"{}\"/>\n    </testcase>\n", xml_attribute(sentence));
  } else {
    append_failure(out, scenario, failure_type(check), sentence, check.line);
  }
}

void append_run(std::string& out, const TestedScenario& scenario, bool is_failed, Names& names) {
  out += opening(scenario, names.unique("run"), 1);
  if (is_failed) {
    append_failure(out, scenario, "verdict", std::string(verdict_of(scenario)), 0);
  } else {
    out += "/>\n";
  }
}

void append_problem(std::string& out, const TestedScenario& scenario, const FileProblem& problem, Names& names) {
  out += opening(scenario, names.unique(fmt::format("{}:{} {}", problem.line, problem.column, problem.code)),
                 problem.line);
  out += fmt::format(">\n      <error type=\"{}\" message=\"{}\">{}</error>\n    </testcase>\n",
                     xml_attribute(problem.code), xml_attribute(sentence_of(problem)), xml_text(problem.text));
}

void append_properties(std::string& out, const TestedScenario& scenario) {
  const auto append = [&](std::string_view name, const std::string& value) {
    out += fmt::format("      <property name=\"{}\" value=\"{}\"/>\n", name, xml_attribute(value));
  };
  out += "    <properties>\n";
  append("title", scenario.title);
  append("verdict", std::string(verdict_of(scenario)));
  if (!scenario.is_bad) {
    append("seed", scenario.first_seed == scenario.last_seed
                       ? std::to_string(scenario.first_seed)
                       : fmt::format("{}:{}", scenario.first_seed, scenario.last_seed));
    append("events", std::to_string(scenario.events));
  }
  out += "    </properties>\n";
}

void append_suite(std::string& out, const TestedScenario& scenario, const Counts& counts) {
  out += fmt::format("  <testsuite name=\"{}\" {}>\n", xml_attribute(scenario.file), attributes(counts));
  append_properties(out, scenario);
  Names names;
  if (scenario.is_bad) {
    for (const FileProblem& problem : scenario.problems) {
      if (!problem.is_warning) append_problem(out, scenario, problem, names);
    }
  } else {
    const bool all_held =
        std::all_of(scenario.checks.begin(), scenario.checks.end(), [](const Check& check) { return is_good(check); });
    append_run(out, scenario, all_held && !is_good(scenario), names);
    for (const Check& check : scenario.checks) append_check(out, scenario, check, names);
  }
  out += "  </testsuite>\n";
}

}  // namespace

std::string junit_of_test(const std::vector<TestedScenario>& scenarios) {
  Counts all;
  for (const TestedScenario& scenario : scenarios) {
    const Counts counts = counts_of(scenario);
    all.tests += counts.tests;
    all.failures += counts.failures;
    all.errors += counts.errors;
    all.skipped += counts.skipped;
  }
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out += fmt::format("<testsuites name=\"fencepost\" {}>\n", attributes(all));
  for (const TestedScenario& scenario : scenarios) append_suite(out, scenario, counts_of(scenario));
  return out + "</testsuites>\n";
}

}  // namespace reports
