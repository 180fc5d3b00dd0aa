#include "sim/cli/find.h"

#include <algorithm>
#include <filesystem>

namespace cli {
namespace {

namespace fs = std::filesystem;

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

bool is_scenario(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.ends_with(".json") && !name.ends_with(".schema.json");
}

// A name that begins with a dash would be taken for an option when the command is repeated.
std::string normal(const fs::path& path) {
  std::string text = path.lexically_normal().generic_string();
  return text.starts_with('-') ? "./" + text : text;
}

void find_below(const std::string& folder, Found& found) {
  std::error_code error;
  bool is_empty = true;
  fs::recursive_directory_iterator entry(folder, error);
  while (!error && entry != fs::recursive_directory_iterator()) {
    std::error_code kind;
    if (is_hidden(entry->path())) {
      entry.disable_recursion_pending();
    } else if (is_scenario(entry->path()) && !entry->is_directory(kind)) {
      found.files.push_back(normal(entry->path()));
      is_empty = false;
    }
    entry.increment(error);
  }
  if (error) {
    found.mistakes.push_back("cannot read all of \"" + folder + "\": " + error.message());
  } else if (is_empty) {
    found.mistakes.push_back("there is no scenario (*.json) in \"" + folder + "\"");
  }
}

}  // namespace

Found find_scenarios(const std::vector<std::string>& paths) {
  Found found;
  for (const std::string& path : paths) {
    std::error_code error;
    if (fs::is_directory(path, error)) {
      find_below(path, found);
    } else {
      found.files.push_back(normal(path));
    }
  }
  // A folder lists its files in no order.
  std::sort(found.files.begin(), found.files.end());
  found.files.erase(std::unique(found.files.begin(), found.files.end()), found.files.end());
  return found;
}

std::string library_folder() {
  const fs::path library = fs::path("scenarios") / "library";
  std::error_code error;
  if (fs::is_directory(library, error)) return library.generic_string();
  fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  while (!error && !folder.empty()) {
    std::error_code missing;
    if (fs::is_directory(folder / library, missing)) return (folder / library).generic_string();
    if (folder == folder.root_path()) break;
    folder = folder.parent_path();
  }
  return "";
}

std::string name_of(std::string_view path) { return fs::path(path).stem().string(); }

}  // namespace cli
