// What is amiss in a file, as far as reports tell it, and the report of `validate`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace reports {

struct FileProblem {
  bool is_warning = false;
  std::int32_t line = 0, column = 0;  // from 1; 0: no place
  std::string code, message, hint;
  std::string text;  // the headline, then the line of the file and carets; its line breaks are those of the report
};

// "\"b4\" is not a node; did you mean \"b3\"?": without its place, on one line.
std::string sentence_of(const FileProblem& problem);
// The problem's text, every line `indent` blanks in and safe for a terminal.
std::string text_of(const FileProblem& problem, std::size_t indent);
std::size_t count_errors(const std::vector<FileProblem>& problems);

class JsonWriter;
// The key "problems" with [{"severity", "line", "column", "code", "message", "hint"}].
void write_problems(JsonWriter& json, const std::vector<FileProblem>& problems);

struct ValidatedFile {
  std::string file;
  std::vector<FileProblem> problems;
};
// Every problem, then "3 files, 1 error, 2 warnings".
std::string text_of_validation(const std::vector<ValidatedFile>& files);
// {"version": 1, "files": [{"file", "ok", "problems": [...]}], "errors", "warnings"}; a problem also names its "file".
std::string json_of_validation(const std::vector<ValidatedFile>& files);

}  // namespace reports
