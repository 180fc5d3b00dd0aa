#include "model/ensure.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace model {

void ensure_failed(const char* condition, const char* file, int line) {
  const char* base = std::strrchr(file, '/');
  std::fprintf(stderr,
               "fencepost: internal error: ENSURE(%s) does not hold at %s:%d\n"
               "This is a bug of Fencepost, not of your scenario. The same command repeats it.\n",
               condition, base != nullptr ? base + 1 : file, line);
  std::fflush(stderr);
  std::_Exit(70);
}

}  // namespace model
