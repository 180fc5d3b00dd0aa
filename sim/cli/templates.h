// Scenarios to start from: small, with comments that say what to change.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

struct Template {
  std::string_view name;
  std::string_view about;
  std::string_view text;  // of the file
};
// The first is what `new` writes unless told otherwise.
std::span<const Template> templates();

// Names of the templates, then of the library's scenarios.
std::vector<std::string> names_to_start_from();

}  // namespace cli
