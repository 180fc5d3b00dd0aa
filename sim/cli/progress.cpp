#include "sim/cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "reports/words.h"
#include "sim/cli/output.h"

namespace cli {
namespace {

constexpr std::chrono::milliseconds kInterval{100};
constexpr const char* kErase = "\r\x1b[K";

}  // namespace

struct Progress::Clock {
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point shown = start;
};

Progress::Progress(std::uint64_t total) : total_(total) {
  if (isatty(STDERR_FILENO) == 1) clock_ = std::make_unique<Clock>();
}
Progress::~Progress() { clear(); }

void Progress::add(std::uint64_t runs) {
  done_ += runs;
  if (clock_ == nullptr) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - clock_->shown < kInterval) return;
  clock_->shown = now;
  show();
}

void Progress::show() {
  const double seconds = std::chrono::duration<double>(clock_->shown - clock_->start).count();
  const auto rate = static_cast<std::uint64_t>(static_cast<double>(done_) / std::max(seconds, 1e-3));
  print_error(fmt::format("\r{} of {} runs, {} seeds/s\x1b[K", reports::grouped(done_), reports::grouped(total_),
                          reports::grouped(rate)));
  is_shown_ = true;
}

void Progress::clear() {
  if (is_shown_) print_error(kErase);
  is_shown_ = false;
}

}  // namespace cli
