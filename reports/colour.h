// Colour for terminals: whether to use it, and the few inks that reports use. Without colour a report is
// the same text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace reports {

enum class Ink : std::uint8_t { plain, bold, dim, red, green, yellow, cyan };

// `text` in that ink if `colour`, else as it is.
std::string paint(std::string_view text, Ink ink, bool colour);

struct ColourEnvironment {
  std::optional<bool> asked;                                // --color always or never
  std::string no_color, force_color, clicolor_force, term;  // the variables; empty if unset
  bool is_terminal = false;                                 // standard output
};
// --color, then NO_COLOR (https://no-color.org), then FORCE_COLOR and CLICOLOR_FORCE, then the terminal.
bool wants_colour(const ColourEnvironment& environment);

}  // namespace reports
