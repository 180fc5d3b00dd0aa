#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>

#include "scenarios/suggest.h"
#include "sim/cli/commands.h"
#include "sim/cli/find.h"
#include "sim/cli/load.h"
#include "sim/cli/output.h"
#include "sim/cli/templates.h"

namespace cli {
namespace {

int show_list() {
  std::size_t width = 0;
  for (const Template& row : templates()) width = std::max(width, row.name.size());
  std::string text = "Templates:\n";
  for (const Template& row : templates()) {
    text +=
        "  " + std::string(row.name) + std::string(width + 2 - row.name.size(), ' ') + std::string(row.about) + "\n";
  }
  text += "Scenarios of the library, of which --from makes a copy: fencepost list\n";
  return print(text) ? kGood : kInternal;
}

// The schema is found from where the library lies, not from where the copy goes.
std::string without_schema(const std::string& text) {
  std::string out;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    const std::string line = text.substr(begin, end - begin);
    const std::size_t first = line.find_first_not_of(" \t");
    const bool is_schema = first != std::string::npos && line.compare(first, 9, "\"$schema\"") == 0 &&
                           (line.ends_with(",\n") || line.ends_with(",\r\n"));
    if (!is_schema) out += line;
    begin = end;
  }
  return out;
}

std::optional<std::string> text_of_library_scenario(const std::string& name) {
  const std::string library = library_folder();
  if (library.empty()) return std::nullopt;
  for (const std::string& path : find_scenarios({library}).files) {
    if (name_of(path) != name) continue;
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    return without_schema({std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()});
  }
  return std::nullopt;
}

std::optional<std::string> text_to_start_from(const std::string& name) {
  for (const Template& row : templates()) {
    if (name.empty() || row.name == name) return std::string(row.text);
  }
  return text_of_library_scenario(name);
}

// "x" in the mode: a file that exists, or that somebody else makes at this moment, stays as it is.
bool create(const std::string& path, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "wbx");
  if (file == nullptr) {
    print_error("fencepost new: " + path +
                (errno == EEXIST ? " exists already and stays as it is; take another name"
                                 : ": " + std::string(std::strerror(errno))) +
                "\n");
    return false;
  }
  const bool is_written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (std::fclose(file) == 0 && is_written) return true;
  print_error("fencepost new: cannot write to " + path + ": " + std::strerror(errno) + "\n");
  return false;
}

}  // namespace

int new_command(const NewArguments& arguments) {
  if (arguments.list) return show_list();
  const std::optional<std::string> text = text_to_start_from(arguments.from);
  if (!text) {
    const std::vector<std::string> names = names_to_start_from();
    const std::vector<std::string_view> known(names.begin(), names.end());
    print_error("fencepost new: --from: \"" + arguments.from + "\" is neither a template nor in the library; " +
                scenarios::did_you_mean_or_list(arguments.from, known, "known") + "\n");
    return kUsage;
  }
  const std::string path = arguments.name.ends_with(".json") ? arguments.name : arguments.name + ".json";
  if (!create(path, *text)) return kUsage;
  return print("wrote " + path + "\nrun it: " + quoted(arguments.program) + " run " + quoted(path) + "\n") ? kGood
                                                                                                           : kInternal;
}

}  // namespace cli
