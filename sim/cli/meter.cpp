#include "sim/cli/meter.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "reports/words.h"
#include "sim/cli/output.h"

namespace cli {
namespace {

std::string rate(double value) { return reports::grouped(static_cast<std::uint64_t>(value)); }

}  // namespace

struct Meter::Start {
  std::chrono::steady_clock::time_point at = std::chrono::steady_clock::now();
};

Meter::Meter() : start_(std::make_unique<Start>()) {}
Meter::~Meter() = default;

void Meter::add(const sim::Outcome& outcome) {
  events_ += outcome.events;
  simulated_us_ += outcome.simulated.us;
}

void Meter::report() const {
  const auto taken = std::chrono::steady_clock::now() - start_->at;
  const double seconds = std::max(std::chrono::duration<double>(taken).count(), 1e-6);
  print_error(fmt::format("{} events in {:.3f} s: {} events/s, {} simulated s/s\n", reports::grouped(events_), seconds,
                          rate(static_cast<double>(events_) / seconds),
                          rate(static_cast<double>(simulated_us_) / 1e6 / seconds)));
}

}  // namespace cli
