// Compares text with a file of tests/golden. ACCEPT=1 in the environment writes the file instead, so that a
// change of a report shows up as a difference under version control.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace tests {

inline void check_golden(const std::string& name, const std::string& text) {
  const std::string path = "tests/golden/" + name;
  const char* accept = std::getenv("ACCEPT");
  if (accept != nullptr && std::string(accept) == "1") {
    std::ofstream file(path, std::ios::binary);
    file << text;
    REQUIRE_MESSAGE(file.good(), "cannot write " << path);
    return;
  }
  std::ifstream file(path, std::ios::binary);
  REQUIRE_MESSAGE(file.good(), "cannot read " << path << "; ACCEPT=1 writes it");
  const std::string expected{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  INFO("ACCEPT=1 rewrites " << path);
  CHECK(text == expected);
}

}  // namespace tests
