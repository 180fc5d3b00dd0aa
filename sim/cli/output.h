// What the commands share to write their output.
#pragma once

#include <string_view>

#include "sim/cli/commands.h"

namespace cli {

inline constexpr const char* kVersion = FENCEPOST_VERSION;  // of meson.build

// To standard output, at once. False: it could not be written, which is said on standard error.
bool print(std::string_view text);
void print_error(std::string_view text);  // to standard error

bool is_coloured(Colour asked);       // standard output
bool shows_wall_clock(bool verbose);  // on standard error

// Of the exit codes of several runs the one that matters most.
int worse_of(int a, int b);

}  // namespace cli
