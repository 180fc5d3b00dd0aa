#include "reports/github.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/escape.h"

namespace reports {
namespace {

struct Annotation {
  bool is_warning = false;
  std::int32_t line = 0, column = 0;
  std::string title;
  std::string message;
};

std::string text_of(const std::string& file, const Annotation& annotation) {
  // GitHub looks for the file by its path from the root, without "./".
  const std::string path = file.starts_with("./") ? file.substr(2) : file;
  std::string text = fmt::format("::{} file={}", annotation.is_warning ? "warning" : "error", github_property(path));
  if (annotation.line > 0) text += fmt::format(",line={},col={}", annotation.line, std::max(annotation.column, 1));
  return text + fmt::format(",title={}::{}\n", github_property(annotation.title), github_message(annotation.message));
}

std::string title_of(const TestedScenario& scenario, const Check& check) {
  if (check.kind == Check::Kind::fault) return scenario.name + ": a fault had no effect";
  if (check.kind == Check::Kind::invariant) {
    return scenario.name + ": " + check.text + (check.standing == Standing::idle ? " not exposed" : " broken");
  }
  return scenario.name + (check.standing == Standing::idle ? ": never decided" : ": expectation not met");
}

bool has_failed_check(const TestedScenario& scenario) {
  return std::any_of(scenario.checks.begin(), scenario.checks.end(),
                     [](const Check& check) { return !is_good(check); });
}

std::vector<Annotation> annotations_of(const TestedScenario& scenario) {
  std::vector<Annotation> annotations;
  for (const FileProblem& problem : scenario.problems) {
    annotations.push_back({problem.is_warning, problem.line, problem.column,
                           fmt::format("{}: {}", scenario.name, problem.code), sentence_of(problem)});
  }
  const std::string again = scenario.repeat.empty() ? "" : "\nagain: " + scenario.repeat;
  for (const Check& check : scenario.checks) {
    if (is_good(check)) continue;
    // An invariant has no line of its own; without one GitHub would not show the annotation in the file.
    annotations.push_back({false, std::max(check.line, 1), std::max(check.column, 1), title_of(scenario, check),
                           sentence_of(scenario, check) + again});
  }
  if (!scenario.is_bad && !is_good(scenario) && !has_failed_check(scenario)) {
    annotations.push_back({false, 1, 1, scenario.name, std::string(verdict_of(scenario)) + again});
  }
  return annotations;
}

}  // namespace

std::string github_of_test(const std::vector<TestedScenario>& scenarios) {
  std::string out;
  for (const TestedScenario& scenario : scenarios) {
    for (const Annotation& annotation : annotations_of(scenario)) out += text_of(scenario.file, annotation);
  }
  return out + text_of_totals(scenarios) + "\n";
}

std::string markdown_of_test(const std::vector<TestedScenario>& scenarios) {
  std::string out = fmt::format("## Fencepost: {}\n\n| | scenario | |\n|---|---|---|\n", text_of_totals(scenarios));
  for (const TestedScenario& scenario : scenarios) {
    out += fmt::format("| {} | {} | {} |\n", word_of(scenario), markdown(scenario.file), figures_of(scenario));
  }
  for (const TestedScenario& scenario : scenarios) {
    if (is_good(scenario)) continue;
    out += fmt::format("\n**{}**{}{}\n\n", markdown(scenario.file), scenario.title.empty() ? "" : ": ",
                       markdown(scenario.title));
    for (const Annotation& annotation : annotations_of(scenario)) {
      const std::string sentence = annotation.message.substr(0, annotation.message.find("\nagain: "));
      out += annotation.line > 0 ? fmt::format("- line {}: {}\n", annotation.line, markdown(sentence))
                                 : fmt::format("- {}\n", markdown(sentence));
    }
    if (!scenario.repeat.empty()) out += fmt::format("- again: {}\n", markdown(scenario.repeat));
  }
  return out + "\n";
}

}  // namespace reports
