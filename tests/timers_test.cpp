#include "sim/kernel/timers.h"

#include <cstdint>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using model::Arm;
using model::TimerKey;
using model::TimerKind;

namespace {

constexpr model::NodeId kNode{1}, kOther{2};
constexpr TimerKey kPing{TimerKind::zk_ping}, kCheck{TimerKind::isr_check};

struct Fired {
  std::int64_t at_us;
  model::NodeId node;
  TimerKey key;
  bool operator==(const Fired&) const = default;
};

struct Alarm {
  sim::EventQueue queue;
  sim::Timers timers;
  explicit Alarm(std::uint64_t seed = 1) : timers(seed, 3, queue) {}

  void arm(std::int64_t now_us, model::NodeId node, TimerKey key, std::int64_t after_us) {
    timers.arm(now_us, node, Arm{key, {after_us}, {after_us}});
  }
  std::vector<Fired> fire_until(std::int64_t end_us) {
    std::vector<Fired> fired;
    while (!queue.empty() && queue.top().at_us <= end_us) {
      const sim::Event event = queue.pop();
      if (!timers.is_due(event)) continue;
      fired.push_back({event.at_us, sim::Timers::node(event.slot()), timers.take(event.slot())});
    }
    return fired;
  }
};

}  // namespace

TEST_CASE("a timer fires once, at its time") {
  Alarm alarm;
  alarm.arm(0, kNode, kPing, 100);
  CHECK(alarm.fire_until(99).empty());
  CHECK(alarm.fire_until(1000) == std::vector<Fired>{{100, kNode, kPing}});
  CHECK(alarm.fire_until(9000).empty());
}

TEST_CASE("arming again replaces the deadline, later or earlier") {
  Alarm alarm;
  alarm.arm(0, kNode, kPing, 100);
  alarm.arm(50, kNode, kPing, 100);
  CHECK(alarm.fire_until(149).empty());
  alarm.arm(149, kNode, kPing, 500);
  alarm.arm(149, kNode, kPing, 10);
  CHECK(alarm.fire_until(10'000) == std::vector<Fired>{{159, kNode, kPing}});
}

TEST_CASE("a timer that is armed a thousand times has one entry in the queue") {
  Alarm alarm;
  for (std::int64_t now = 0; now < 1000; ++now) alarm.arm(now, kNode, kPing, 10'000);
  CHECK(alarm.queue.size() == 1);
  CHECK(alarm.fire_until(20'000) == std::vector<Fired>{{10'999, kNode, kPing}});
}

TEST_CASE("a disarmed timer does not fire, one that is armed again does") {
  Alarm alarm;
  alarm.arm(0, kNode, kPing, 100);
  alarm.timers.disarm(kNode, kPing);
  alarm.timers.disarm(kNode, kCheck);  // never armed
  CHECK(alarm.fire_until(200).empty());
  alarm.arm(200, kNode, kPing, 100);
  alarm.timers.disarm(kNode, kPing);
  alarm.arm(210, kNode, kPing, 40);
  CHECK(alarm.fire_until(1000) == std::vector<Fired>{{250, kNode, kPing}});
}

TEST_CASE("of timers that are due at once the one armed first fires first") {
  Alarm alarm;
  alarm.arm(0, kNode, kPing, 50);
  alarm.arm(0, kOther, kPing, 100);
  alarm.arm(20, kNode, kPing, 80);  // its old entry comes up at 50 and must not overtake
  CHECK(alarm.fire_until(1000) == std::vector<Fired>{{100, kOther, kPing}, {100, kNode, kPing}});
}

TEST_CASE("the death of a process takes its timers and nobody else's") {
  Alarm alarm;
  alarm.arm(0, kNode, kPing, 10);
  alarm.arm(0, kNode, kCheck, 20);
  alarm.arm(0, kOther, kPing, 30);
  alarm.timers.disarm_all(kNode);
  CHECK(alarm.fire_until(1000) == std::vector<Fired>{{30, kOther, kPing}});
}

TEST_CASE("timers of one kind are told apart by what they are about") {
  Alarm alarm;
  for (const int about : {5, 0, 65535}) {
    alarm.arm(0, kNode, TimerKey{TimerKind::fetch_wait, static_cast<std::uint16_t>(about)}, 10 + about);
  }
  alarm.timers.disarm(kNode, TimerKey{TimerKind::fetch_wait, 0});
  CHECK(alarm.fire_until(100'000) ==
        std::vector<Fired>{{15, kNode, {TimerKind::fetch_wait, 5}}, {65545, kNode, {TimerKind::fetch_wait, 65535}}});
}

TEST_CASE("a task at a fixed rate keeps its grid when it is delivered late, and catches up") {
  Alarm alarm;
  alarm.arm(0, kNode, kCheck, 100);
  const sim::Event due = alarm.queue.pop();
  REQUIRE(alarm.timers.is_due(due));
  alarm.timers.postpone(due.slot(), 350);  // the process slept from before 100 until 350
  std::vector<std::int64_t> fired;
  while (fired.size() < 5) {
    const sim::Event event = alarm.queue.pop();
    if (!alarm.timers.is_due(event)) continue;
    alarm.timers.take(event.slot());
    fired.push_back(event.at_us);
    alarm.timers.arm(event.at_us, kNode, Arm{kCheck, {100}, {100}, true});
  }
  CHECK(fired == std::vector<std::int64_t>{350, 350, 350, 400, 500});
}

TEST_CASE("after the death of its process a task at a fixed rate begins anew") {
  Alarm alarm;
  alarm.arm(0, kNode, kCheck, 100);
  CHECK(alarm.fire_until(100).size() == 1);
  alarm.timers.disarm_all(kNode);
  alarm.timers.arm(1000, kNode, Arm{kCheck, {100}, {100}, true});
  CHECK(alarm.fire_until(5000) == std::vector<Fired>{{1100, kNode, kCheck}});
}

TEST_CASE("what one timer draws does not depend on what others draw") {
  const auto draws = [](std::uint64_t seed, bool others) {
    Alarm alarm(seed);
    std::vector<std::int64_t> at;
    for (std::int64_t now = 0; now < 20'000'000; now += 2'000'000) {
      alarm.timers.arm(now, kNode, Arm{kPing, {1000}, {900'000}});
      if (others) alarm.timers.arm(now, kOther, Arm{kPing, {1000}, {900'000}});
      if (others) alarm.timers.arm(now, kNode, Arm{kCheck, {1000}, {900'000}});
      for (const Fired& fired : alarm.fire_until(now + 1'000'000)) {
        if (fired.node == kNode && fired.key == kPing) at.push_back(fired.at_us - now);
      }
    }
    return at;
  };
  CHECK(draws(1, false).size() == 10);
  CHECK(draws(1, false) == draws(1, true));
  CHECK(draws(1, false) != draws(2, false));
}
