// Runs are independent of each other: they are spread over threads.
#pragma once

#include <cstddef>
#include <thread>
#include <vector>

namespace sim {

// Calls work(0) on this thread and work(1) to work(count - 1) on others, and waits for all. It must not throw.
template <typename Work>
void on_threads(std::size_t count, const Work& work) {
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < count; ++i) threads.emplace_back([&work, i] { work(i); });
  work(0);
  for (std::thread& thread : threads) thread.join();
}

}  // namespace sim
