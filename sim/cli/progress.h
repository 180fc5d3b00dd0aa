// A line on standard error that counts the runs of long work, if that is a terminal.
#pragma once

#include <cstdint>
#include <memory>

namespace cli {

// One thread at a time. The line is gone when the object is.
class Progress {
 public:
  explicit Progress(std::uint64_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void add(std::uint64_t runs);
  void clear();  // before something else is printed; the next add() may show it again

 private:
  struct Clock;
  void show();

  std::unique_ptr<Clock> clock_;  // null: no terminal
  std::uint64_t total_ = 0;
  std::uint64_t done_ = 0;
  bool is_shown_ = false;
};

}  // namespace cli
