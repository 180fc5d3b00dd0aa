#include "sim/kernel/disturbances.h"

#include <doctest/doctest.h>

#include "tests/bare_net.h"

using namespace tests;

namespace {

sim::Fault delay_of(model::Duration by, model::Duration jitter = {}) {
  sim::Fault fault;
  fault.kind = sim::FaultKind::delay;
  fault.by = by;
  fault.jitter = jitter;
  return fault;
}
sim::Fault loss_of(std::int32_t per_mille) {
  sim::Fault fault;
  fault.kind = sim::FaultKind::lose;
  fault.per_mille = per_mille;
  return fault;
}

}  // namespace

TEST_CASE("a delay adds to the way of each packet, one way only, and is counted") {
  Net net;
  const ConnectionId via = net.open();
  net.connections.disturbances().add_way(1, 0, delay_of(model::milliseconds(50)), kA, kB);
  net.send(kA, via, 1);
  net.send(kB, via, 2);
  CHECK(net.run_until(kSecond) == Told{"300 a fetch 2", "50300 b fetch 1"});
  CHECK(net.effects[0].delayed == 1);
}

TEST_CASE("delays of one way add up") {
  Net net;
  const ConnectionId via = net.open();
  net.connections.disturbances().add_way(1, 0, delay_of(model::milliseconds(50)), kA, kB);
  net.connections.disturbances().add_way(2, 1, delay_of(model::milliseconds(7)), kA, kB);
  net.send(kA, via, 1);
  CHECK(net.run_until(kSecond) == Told{"57300 b fetch 1"});
}

TEST_CASE("what is sent after a delay has ended does not overtake what is still on its way") {
  Net net;
  const ConnectionId via = net.open();
  net.connections.disturbances().add_way(1, 0, delay_of(model::milliseconds(50)), kA, kB);
  net.send(kA, via, 1);
  net.run_until(10 * kMs);
  CHECK(net.connections.heal_application(net.now, 1));
  net.send(kA, via, 2);
  CHECK(net.run_until(kSecond) == Told{"50300 b fetch 1", "50300 b fetch 2"});
  CHECK_FALSE(net.connections.heal_application(net.now, 1));
}

TEST_CASE("jitter never reorders one direction, and stays within its bounds") {
  Net net;
  const ConnectionId via = net.open();
  net.connections.disturbances().add_way(1, 0, delay_of(model::milliseconds(50), model::milliseconds(40)), kA, kB);
  Told expected;
  for (std::int32_t i = 0; i < 20; ++i) net.send(kA, via, i);
  const Told told = net.run_until(kSecond);
  REQUIRE(told.size() == 20);
  for (std::int32_t i = 0; i < 20; ++i) {
    const std::string suffix = " b fetch " + std::to_string(i);
    CHECK(told[static_cast<std::size_t>(i)].ends_with(suffix));
    const std::int64_t at = std::stoll(told[static_cast<std::size_t>(i)]);
    CHECK(at >= 10'300);
    CHECK(at <= 90'300);
  }
  CHECK(told.front() != told.back());
}

TEST_CASE("a connection takes its attempts along a slow way, too") {
  Net net;
  net.connections.disturbances().add_way(1, 0, delay_of(model::milliseconds(50)), kA, kB);
  net.connections.disturbances().add_way(1, 0, delay_of(model::milliseconds(30)), kB, kA);
  net.connections.connect(0, from_a_to_b());
  CHECK(net.run_until(kSecond) == Told{"80200 a connected"});
}

TEST_CASE("a lost packet arrives with its retransmission, and what is behind it waits") {
  Net net;
  const ConnectionId via = net.open();
  net.connections.disturbances().add_way(1, 0, loss_of(1'000), kA, kB);
  net.send(kA, via, 1);
  net.run_until(10 * kMs);
  net.connections.heal_application(net.now, 1);
  net.send(kA, via, 2);
  net.send(kB, via, 3);
  CHECK(net.run_until(kSecond) == Told{"10100 a fetch 3", "200300 b fetch 1", "200300 b fetch 2"});
  CHECK(net.effects[0].dropped == 1);
}

TEST_CASE("a packet that is lost again and again is repeated at doubling intervals") {
  Net net;
  const ConnectionId via = net.open();
  net.connections.disturbances().add_way(1, 0, loss_of(1'000), kA, kB);
  net.send(kA, via, 1);
  CHECK(net.run_until(700 * kMs).empty());  // lost at 0.2, 200.2 and 600.2 ms
  CHECK(net.effects[0].dropped == 3);
  CHECK(net.connections.heal_all(net.now));
  CHECK(net.run_until(2 * kSecond) == Told{"1400300 b fetch 1"});
}

TEST_CASE("of a ratio about that part of the packets is lost") {
  Net net;
  const ConnectionId via = net.open();
  net.connections.disturbances().add_way(1, 0, loss_of(100), kA, kB);
  for (std::int32_t i = 0; i < 2'000; ++i) {
    net.run_until(net.now + 10 * kSecond);
    net.send(kA, via, i);
  }
  CHECK(net.effects[0].dropped > 150);
  CHECK(net.effects[0].dropped < 300);
}

TEST_CASE("an attempt to connect that is lost either way is repeated after a second") {
  for (const bool there : {true, false}) {
    Net net;
    net.connections.disturbances().add_way(1, 0, loss_of(1'000), there ? kA : kB, there ? kB : kA);
    net.connections.connect(0, from_a_to_b());
    net.run_until(kSecond / 2);
    net.connections.heal_direction(net.now, there ? kA : kB, there ? kB : kA);
    CHECK(net.run_until(2 * kSecond) == Told{"1000200 a connected"});
    CHECK(net.effects[0].dropped == 1);
  }
}

TEST_CASE("a reset tells both ends at once and loses what is on its way") {
  Net net;
  const ConnectionId via = net.open();
  const ConnectionId other = net.open({kA, kC, ChannelKind::fetch, 0, 2});
  net.send(kA, via, 1);
  net.connections.reset(net.now, 0, kB, kA);
  CHECK(net.run_until(net.now + kMs) == Told{"400 b reset", "400 a reset"});
  CHECK(net.effects[0].reset == 1);
  CHECK(net.connections.open_connections(kB) == 0);
  net.send(kA, other, 2);  // it was not between the two
  CHECK(net.run_until(net.now + kMs) == Told{"1500 c fetch 2"});
  net.open(from_a_to_b(3));
  CHECK(net.connections.open_connections(kB) == 1);
}

TEST_CASE("a reset behind a cut loses what the cut had stalled, and there is nothing to reset twice") {
  Net net;
  const ConnectionId via = net.open();
  net.cut(kA, kB, 1, 1);
  net.send(kA, via, 1);
  net.connections.reset(net.now, 0, kA, kB);
  net.connections.reset(net.now, 0, kA, kB);
  CHECK(net.run_until(net.now + kMs) == Told{"200 b reset", "200 a reset"});
  net.connections.heal_all(net.now);
  CHECK(net.run_until(10 * kSecond).empty());
  CHECK(net.effects[0].reset == 1);
}
