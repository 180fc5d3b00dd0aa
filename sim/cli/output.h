// What the commands share to write their output.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "sim/cli/commands.h"

namespace cli {

inline constexpr const char* kVersion = FENCEPOST_VERSION;  // of meson.build

// To standard output, at once. False: it could not be written, which is said on standard error.
bool print(std::string_view text);
void print_error(std::string_view text);  // to standard error

// What a file gets. False: it could not be written, which is said.
bool write_file(const std::string& path, std::string_view text);
bool append_file(const std::string& path, std::string_view text);

bool is_coloured(Colour asked);       // standard output
bool shows_wall_clock(bool verbose);  // on standard error
// Of standard output: those of the terminal, at most 100, and 100 where it is none.
std::size_t columns();

// Of the exit codes of several runs the one that matters most.
int worse_of(int a, int b);

}  // namespace cli
