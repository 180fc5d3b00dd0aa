#include "sim/kernel/event_queue.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include "sim/kernel/dice.h"

using sim::Event;
using sim::EventQueue;
using sim::Wake;

TEST_CASE("an event carries its table and slot") {
  EventQueue queue;
  queue.push(-5, Wake::timer, 0xabcdef);
  const Event event = queue.pop();
  CHECK(event.at_us == -5);
  CHECK(event.wake() == Wake::timer);
  CHECK(event.slot() == 0xabcdef);
  CHECK(queue.empty());
}

TEST_CASE("times before zero come before times after it") {
  EventQueue queue;
  for (const std::int64_t at : {3, -1, 0, -15'000'000, 7}) queue.push(at, Wake::packet, 0);
  std::vector<std::int64_t> popped;
  while (!queue.empty()) popped.push_back(queue.pop().at_us);
  CHECK(popped == std::vector<std::int64_t>{-15'000'000, -1, 0, 3, 7});
}

TEST_CASE("events of one time come in the order in which they were scheduled") {
  EventQueue queue;
  // The table and the slot are part of the key, but behind the sequence number.
  for (std::uint32_t i = 0; i < 200; ++i) {
    queue.push(100, i % 2 == 0 ? Wake::act : Wake::packet, 1000 - i);
  }
  for (std::uint32_t i = 0; i < 200; ++i) REQUIRE(queue.pop().slot() == 1000 - i);
}

TEST_CASE("the queue sorts like a sorted list, whatever is pushed between the pops") {
  EventQueue queue;
  std::vector<Event> reference;  // latest first
  sim::Dice dice(4);
  std::int64_t now = 0;
  const auto push = [&] {
    const std::int64_t after = dice.range(0, 50);
    const Event event{now + after, queue.draw_order(Wake::packet, 1)};
    queue.push(event);
    reference.insert(std::upper_bound(reference.begin(), reference.end(), event,
                                      [](const Event& a, const Event& b) { return sim::comes_before(b, a); }),
                     event);
  };
  for (int round = 0; round < 20'000; ++round) {
    const std::int64_t pushes = dice.range(0, queue.size() < 100 ? 3 : 1);
    for (std::int64_t i = 0; i < pushes; ++i) push();
    REQUIRE(queue.size() == reference.size());
    if (queue.empty()) continue;
    if (dice.below(4) == 0) REQUIRE(queue.top().order == reference.back().order);
    const Event event = queue.pop();
    REQUIRE(event.order == reference.back().order);
    REQUIRE(event.at_us == reference.back().at_us);
    now = event.at_us;
    reference.pop_back();
  }
}
