// ENSURE states what must hold if the program itself is right. It is on in every build: a simulator
// that continues after a broken assumption reports nonsense with confidence.
#pragma once

namespace model {
[[noreturn]] void ensure_failed(const char* condition, const char* file, int line);
}  // namespace model

#define ENSURE(condition)                                                     \
  do {                                                                        \
    if (!(condition)) ::model::ensure_failed(#condition, __FILE__, __LINE__); \
  } while (false)
