#include "sim/cli/output.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "reports/colour.h"

namespace cli {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool put(const std::string& path, std::string_view text, const char* mode) {
  std::FILE* file = std::fopen(path.c_str(), mode);
  bool is_written = file != nullptr;
  if (file != nullptr) {
    is_written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    // The last bytes may fail only here.
    is_written = std::fclose(file) == 0 && is_written;
  }
  if (!is_written) print_error("fencepost: cannot write to " + path + ": " + std::strerror(errno) + "\n");
  return is_written;
}

constexpr std::size_t kColumnsMin = 40, kColumnsMax = 100;

}  // namespace

bool print(std::string_view text) {
  const bool is_written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (!is_written)
    print_error(std::string("fencepost: cannot write to standard output: ") + std::strerror(errno) + "\n");
  return is_written;
}

void print_error(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

bool write_file(const std::string& path, std::string_view text) { return put(path, text, "wb"); }
bool append_file(const std::string& path, std::string_view text) { return put(path, text, "ab"); }

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

std::size_t columns() {
  winsize size{};
  if (isatty(STDOUT_FILENO) != 1 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
    return kColumnsMax;
  }
  return std::clamp<std::size_t>(size.ws_col, kColumnsMin, kColumnsMax);
}

int worse_of(int a, int b) {
  constexpr std::array<int, 8> kByWeight{kGood,    kVacuous,        kBudget,      kNotReached,
                                         kRefuted, kNondeterminism, kBadScenario, kInternal};
  const auto weight = [&](int code) { return std::find(kByWeight.begin(), kByWeight.end(), code) - kByWeight.begin(); };
  return weight(a) < weight(b) ? b : a;
}

}  // namespace cli
