#include "model/client/link.h"

#include <algorithm>

namespace model {
namespace {

constexpr Duration kConnectTimeout = seconds(10);     // socket.connection.setup.timeout.ms
constexpr Duration kConnectTimeoutMax = seconds(30);  // socket.connection.setup.timeout.max.ms

}  // namespace

Backoff backoff(Duration base, Duration max, std::int32_t failures) {
  Duration delay = base;
  for (std::int32_t i = 0; i < failures && delay < max; ++i) delay = delay * 2;
  return {std::min(delay * 4 / 5, max), std::min(delay * 6 / 5, max)};
}

Backoff connect_timeout(std::int32_t failed_connects) {
  return backoff(kConnectTimeout, kConnectTimeoutMax, failed_connects);
}

}  // namespace model
