#include "reports/file_problem.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/escape.h"
#include "reports/json_writer.h"
#include "reports/words.h"

namespace reports {
namespace {

void write_problem(JsonWriter& json, const FileProblem& problem, const std::string* file) {
  json.begin_object();
  json.member("severity", problem.is_warning ? "warning" : "error");
  if (file != nullptr) json.member("file", *file);
  json.member("line", problem.line);
  json.member("column", problem.column);
  json.member("code", problem.code);
  json.member("message", problem.message);
  json.member("hint", problem.hint);
  json.end_object();
}

struct Totals {
  std::size_t errors = 0, warnings = 0;
};

Totals totals_of(const std::vector<ValidatedFile>& files) {
  Totals totals;
  for (const ValidatedFile& file : files) {
    const std::size_t errors = count_errors(file.problems);
    totals.errors += errors;
    totals.warnings += file.problems.size() - errors;
  }
  return totals;
}

std::string number(std::size_t count, std::string_view noun) { return counted(static_cast<std::int64_t>(count), noun); }

}  // namespace

std::string sentence_of(const FileProblem& problem) {
  const std::string_view separator = problem.hint.empty() ? "" : problem.message.ends_with('?') ? " " : "; ";
  return one_line(fmt::format("{}{}{}", problem.message, separator, problem.hint));
}

std::string text_of(const FileProblem& problem, std::size_t indent) {
  std::string out;
  for (std::size_t begin = 0; begin <= problem.text.size();) {
    const std::size_t end = std::min(problem.text.find('\n', begin), problem.text.size());
    out += fmt::format("{:{}}{}\n", "", indent, one_line(std::string_view(problem.text).substr(begin, end - begin)));
    begin = end + 1;
  }
  return out;
}

std::size_t count_errors(const std::vector<FileProblem>& problems) {
  return static_cast<std::size_t>(
      std::count_if(problems.begin(), problems.end(), [](const FileProblem& problem) { return !problem.is_warning; }));
}

void write_problems(JsonWriter& json, const std::vector<FileProblem>& problems) {
  json.key("problems");
  json.begin_array();
  for (const FileProblem& problem : problems) write_problem(json, problem, nullptr);
  json.end_array();
}

std::string text_of_validation(const std::vector<ValidatedFile>& files) {
  std::string out;
  for (const ValidatedFile& file : files) {
    for (const FileProblem& problem : file.problems) out += text_of(problem, 0);
  }
  const Totals totals = totals_of(files);
  return out + fmt::format("{}, {}, {}\n", number(files.size(), "file"), number(totals.errors, "error"),
                           number(totals.warnings, "warning"));
}

std::string json_of_validation(const std::vector<ValidatedFile>& files) {
  std::string out;
  JsonWriter json(out, 4);
  json.begin_object();
  json.member("version", 1);
  json.key("files");
  json.begin_array();
  for (const ValidatedFile& file : files) {
    json.begin_object();
    json.member("file", file.file);
    json.member("ok", count_errors(file.problems) == 0);
    json.key("problems");
    json.begin_array();
    for (const FileProblem& problem : file.problems) write_problem(json, problem, &file.file);
    json.end_array();
    json.end_object();
  }
  json.end_array();
  const Totals totals = totals_of(files);
  json.member("errors", totals.errors);
  json.member("warnings", totals.warnings);
  json.end_object();
  return out;
}

}  // namespace reports
