// A node's own clock, which may run too fast or too slow. It never jumps: a change of its rate leaves what it
// shows as it is, so two clocks that once ran apart stay apart.
#pragma once

#include <cstdint>

namespace sim {

class LocalClock {
 public:
  static constexpr std::int32_t kAsUsual = 1'000;

  std::int32_t per_mille() const { return per_mille_; }
  bool is_as_usual() const { return per_mille_ == kAsUsual; }
  // What it shows at this moment of virtual time.
  std::int64_t shows_us(std::int64_t now_us) const {
    if (is_as_usual()) return now_us + ahead_us_;
    return now_us + ahead_us_ + (now_us - changed_us_) * (per_mille_ - kAsUsual) / kAsUsual;
  }
  // How long it takes until it has gone on by `local_us`.
  std::int64_t takes_us(std::int64_t local_us) const { return local_us * kAsUsual / per_mille_; }
  void set_rate(std::int64_t now_us, std::int32_t per_mille) {
    ahead_us_ = shows_us(now_us) - now_us;
    changed_us_ = now_us;
    per_mille_ = per_mille;
  }

 private:
  std::int64_t ahead_us_ = 0;  // of virtual time, when the rate was changed last
  std::int64_t changed_us_ = 0;
  std::int32_t per_mille_ = kAsUsual;
};

}  // namespace sim
