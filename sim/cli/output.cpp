#include "sim/cli/output.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "reports/colour.h"

namespace cli {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

bool print(std::string_view text) {
  const bool is_written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (!is_written)
    print_error(std::string("fencepost: cannot write to standard output: ") + std::strerror(errno) + "\n");
  return is_written;
}

void print_error(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

bool is_coloured(Colour asked) {
  reports::ColourEnvironment environment;
  if (asked != Colour::automatic) environment.asked = asked == Colour::always;
  environment.no_color = variable("NO_COLOR");
  environment.force_color = variable("FORCE_COLOR");
  environment.clicolor_force = variable("CLICOLOR_FORCE");
  environment.term = variable("TERM");
  environment.is_terminal = isatty(STDOUT_FILENO) == 1;
  return reports::wants_colour(environment);
}

bool shows_wall_clock(bool verbose) { return verbose || isatty(STDERR_FILENO) == 1; }

int worse_of(int a, int b) {
  constexpr std::array<int, 8> kByWeight{kGood,    kVacuous,        kBudget,      kNotReached,
                                         kRefuted, kNondeterminism, kBadScenario, kInternal};
  const auto weight = [&](int code) { return std::find(kByWeight.begin(), kByWeight.end(), code) - kByWeight.begin(); };
  return weight(a) < weight(b) ? b : a;
}

}  // namespace cli
