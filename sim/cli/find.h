// Where scenarios are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cli {

// The files of all `paths`, sorted, each once: a file as it is given (it need not exist), a folder with everything
// below it that ends with .json, except *.schema.json and what is hidden. Paths are normal ("a/./b.json" is
// "a/b.json"), with slashes.
struct Found {
  std::vector<std::string> files;
  // A sentence for each folder that cannot be read or has no scenarios: a test of nothing must not pass.
  std::vector<std::string> mistakes;
};
Found find_scenarios(const std::vector<std::string>& paths);

// scenarios/library in the working directory, else beside the program or in a folder above it. Empty: nowhere.
std::string library_folder();

// "dir/zombie.json" is "zombie".
std::string name_of(std::string_view path);

}  // namespace cli
