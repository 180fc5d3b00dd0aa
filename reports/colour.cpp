#include "reports/colour.h"

#include <array>

namespace reports {
namespace {

constexpr std::array<std::string_view, 7> kCodes{"", "1", "2", "31", "32", "33", "36"};  // by Ink

bool is_set(const std::string& variable) { return !variable.empty() && variable != "0"; }

}  // namespace

std::string paint(std::string_view text, Ink ink, bool colour) {
  if (!colour || ink == Ink::plain) return std::string(text);
  std::string painted = "\x1b[";
  painted += kCodes[static_cast<std::size_t>(ink)];
  painted += 'm';
  painted += text;
  painted += "\x1b[0m";
  return painted;
}

bool wants_colour(const ColourEnvironment& environment) {
  if (environment.asked) return *environment.asked;
  if (!environment.no_color.empty()) return false;
  if (is_set(environment.force_color) || is_set(environment.clicolor_force)) return true;
  return environment.is_terminal && environment.term != "dumb";
}

}  // namespace reports
