#include "sim/kernel/connections.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/bare_net.h"

using namespace tests;

TEST_CASE("a connection opens after one round trip") {
  Net net;
  net.connections.connect(0, from_a_to_b());
  CHECK(net.run_until(kSecond) == Told{"200 a connected"});
  CHECK(net.connections.open_connections(kA) == 1);
  CHECK(net.connections.open_connections(kB) == 1);
}

TEST_CASE("a connection to a machine without the process is refused after one round trip") {
  Net net;
  net.connections.end_process(0, kB, sim::Connections::kNoRow);
  net.connections.connect(0, from_a_to_b());
  CHECK(net.run_until(kSecond) == Told{"200 a refused"});
  CHECK(net.connections.open_connections(kA) == 0);
}

TEST_CASE("messages of one direction never overtake each other") {
  sim::LinkSettings links = exact_links();
  links.latency_min = model::microseconds(1);
  links.latency_max = model::microseconds(5000);
  Net net(links);
  const ConnectionId id = from_a_to_b();
  net.connections.connect(0, id);
  net.run_until(20 * kMs);
  for (int i = 0; i < 200; ++i) {
    net.send(kA, id, i);
    net.now += 10;
  }
  const Told told = net.run_until(kSecond);
  REQUIRE(told.size() == 200);
  for (std::size_t i = 0; i < told.size(); ++i) {
    CHECK(told[i].substr(told[i].find(' ')) == " b fetch " + std::to_string(i));
  }
}

TEST_CASE("what is processed on one connection does not delay another one") {
  Net net;
  const ConnectionId control = net.open({kA, kB, ChannelKind::control, 0, 1});
  const ConnectionId fetch = net.open({kC, kB, ChannelKind::fetch, 0, 2});
  net.connections.send(net.now, kA, control, model::LeaderAndIsrRequest{});
  net.send(kC, fetch, 1);
  net.connections.send(net.now, kA, control, model::UpdateMetadataRequest{});
  const Told told = net.run_until(kSecond);
  REQUIRE(told.size() == 3);
  CHECK(told[0] == "500 b fetch 1");
  CHECK(told[1].ends_with(" b LeaderAndIsr"));
  CHECK(std::stoll(told[1]) >= 500 + 4 * kMs);
  CHECK(std::stoll(told[1]) <= 500 + 28 * kMs);
  CHECK(told[2].ends_with(" b UpdateMetadata"));
}

TEST_CASE("a write of ZooKeeper takes longer than a read") {
  Net net;
  const ConnectionId id = net.open({kA, kB, ChannelKind::zookeeper, 0, 1});
  model::ZkRequest read, write;
  read.ops.push_back(model::ZkOp{model::ZkOpType::get, false, false, false, -1, {}, {}});
  write.ops.push_back(model::ZkOp{model::ZkOpType::set, false, false, false, -1, {}, {}});
  net.connections.send(net.now, kA, id, read);
  CHECK(net.run_until(300) == Told{"300 b ZkRequest"});
  net.connections.send(net.now, kA, id, write);
  const Told told = net.run_until(kSecond);
  REQUIRE(told.size() == 1);
  CHECK(std::stoll(told[0]) >= 400 + 1 * kMs);
  CHECK(std::stoll(told[0]) <= 400 + 9 * kMs);
}

TEST_CASE("a close is told behind the data that was sent before it") {
  Net net;
  const ConnectionId id = net.open();
  net.send(kA, id, 1);
  net.send(kA, id, 2);
  net.connections.close(net.now, kA, id);
  net.send(kA, id, 3);  // after the close: nothing
  CHECK(net.run_until(kSecond) == Told{"300 b fetch 1", "300 b fetch 2", "300 b reset"});
  CHECK(net.connections.open_connections(kA) + net.connections.open_connections(kB) == 0);
}

TEST_CASE("what is on its way to an end that closes is dropped") {
  Net net;
  const ConnectionId id = net.open();
  net.connections.send(net.now, kB, id, model::FetchResponse{});
  net.connections.close(net.now, kA, id);
  CHECK(net.run_until(kSecond) == Told{"300 b reset"});
}

TEST_CASE("both ends may close at once, and nobody is told") {
  Net net;
  const ConnectionId id = net.open();
  net.connections.close(net.now, kA, id);
  net.connections.close(net.now, kB, id);
  CHECK(net.run_until(kSecond).empty());
}

TEST_CASE("a killed process resets its connections and loses what was on its way to it") {
  Net net;
  const ConnectionId to_b = net.open();
  net.open({kB, kC, ChannelKind::fetch, 0, 2});
  net.send(kA, to_b, 1);
  net.connections.end_process(net.now, kB, 1);
  net.connections.start(net.now + 10, kB);  // a new process does not inherit it
  CHECK(net.run_until(kSecond) == Told{"500 a reset", "500 c reset"});
  CHECK(net.effects[1].reset == 2);
  CHECK(net.effects[1].lost == 1);
}

TEST_CASE("a message that was sent before the cut arrives") {
  Net net;
  const ConnectionId id = net.open();
  net.send(kA, id, 1);
  net.cut(kA, kB);
  CHECK(net.run_until(kSecond) == Told{"300 b fetch 1"});
  CHECK(net.effects[0].stalled == 0);
}

TEST_CASE("stalled messages arrive in order with the first retransmission after the heal") {
  // Sent at 0: retransmissions at 0.2 s, 0.6 s, 1.4 s, 3.0 s, 6.2 s.
  struct Case {
    std::int64_t heal, arrives;
  };
  for (const Case& c : {Case{50, 200}, Case{201, 600}, Case{900, 1400}, Case{1500, 3000}, Case{3001, 6200}}) {
    Net net;
    const ConnectionId id = net.open();
    const std::int64_t sent = net.now;
    net.cut(kA, kB);
    net.send(kA, id, 1);
    net.run_until(sent + 20 * kMs);
    net.send(kA, id, 2);
    CHECK(net.run_until(sent + c.heal * kMs).empty());
    CHECK(net.effects[0].stalled == 2);
    net.connections.heal_application(net.now, 1);
    net.send(kA, id, 3);  // behind the stalled ones
    const std::string at = std::to_string(sent + c.arrives * kMs + 100);
    CHECK(net.run_until(100 * kSecond) == Told{at + " b fetch 1", at + " b fetch 2", at + " b fetch 3"});
  }
}

TEST_CASE("the interval between retransmissions doubles up to its maximum") {
  sim::LinkSettings links;
  links.retransmit_first = model::milliseconds(200);
  links.timer_wheel = false;
  links.retransmit_max = model::seconds(1);
  CHECK(sim::next_retransmission(links, 0, 0, 1) == 200 * kMs);
  CHECK(sim::next_retransmission(links, 0, 200 * kMs, 1) == 600 * kMs);
  CHECK(sim::next_retransmission(links, 0, 600 * kMs, 1) == 1400 * kMs);
  CHECK(sim::next_retransmission(links, 0, 1400 * kMs, 1) == 2400 * kMs);
  CHECK(sim::next_retransmission(links, 0, 3399 * kMs, 1) == 3400 * kMs);
}

TEST_CASE("a retransmission into another cut waits for the next heal") {
  Net net;
  const ConnectionId id = net.open();
  const std::int64_t sent = net.now;
  net.cut(kA, kB, 1);
  net.send(kA, id, 1);
  net.run_until(sent + 300 * kMs);
  net.connections.heal_application(net.now, 1);
  net.run_until(sent + 500 * kMs);
  net.cut(kA, kB, 2, 1);
  CHECK(net.run_until(sent + 1000 * kMs).empty());
  net.connections.heal_application(net.now, 2);
  CHECK(net.run_until(sent + 9 * kSecond) == Told{std::to_string(sent + 1400 * kMs + 100) + " b fetch 1"});
}

TEST_CASE("a direction is free when the last of its cuts is healed") {
  Net net;
  const ConnectionId id = net.open();
  const std::int64_t sent = net.now;
  net.cut(kA, kB, 1);
  net.cut(kA, kB, 2, 1);
  net.send(kA, id, 1);
  CHECK(net.connections.heal_application(net.now, 1));
  CHECK(net.run_until(sent + 1000 * kMs).empty());
  CHECK(net.connections.heal_direction(net.now, kA, kB));
  CHECK_FALSE(net.connections.heal_all(net.now));
  CHECK(net.run_until(sent + 9 * kSecond).size() == 1);
  CHECK(net.effects[0].stalled == 1);
  CHECK(net.effects[1].stalled == 1);
}

TEST_CASE("a cut of one direction leaves the other one alone") {
  Net net;
  const ConnectionId id = net.open();
  net.cut(kB, kA);
  net.send(kA, id, 1);
  net.connections.send(net.now, kB, id, model::FetchResponse{});
  CHECK(net.run_until(9 * kSecond) == Told{"300 b fetch 1"});
  CHECK(net.effects[0].stalled == 1);
}

TEST_CASE("a close stalls in a cut like data, and late data of a closed connection comes before it") {
  Net net;
  const ConnectionId id = net.open();
  const std::int64_t sent = net.now;
  net.cut(kA, kB);
  net.send(kA, id, 1);
  net.run_until(sent + 400 * kMs);
  net.connections.close(net.now, kA, id);
  // A second connection does not wait for the first one's close.
  CHECK(net.run_until(sent + 500 * kMs).empty());
  CHECK(net.connections.open_connections(kB) == 1);
  net.connections.heal_all(net.now);
  const ConnectionId second = from_a_to_b(2);
  net.connections.connect(net.now, second);
  const std::string opened = std::to_string(sent + 500 * kMs + 200), late = std::to_string(sent + 600 * kMs + 100);
  CHECK(net.run_until(9 * kSecond) == Told{opened + " a connected", late + " b fetch 1", late + " b reset"});
  CHECK(net.connections.open_connections(kB) == 1);
}

TEST_CASE("a killed process behind a cut is found out after the heal") {
  Net net;
  net.open();
  const std::int64_t killed = net.now;
  net.cut(kB, kA);
  net.connections.end_process(killed, kB, 1);
  CHECK(net.run_until(killed + 5 * kSecond).empty());
  net.connections.heal_all(net.now);
  CHECK(net.run_until(killed + 9 * kSecond) == Told{std::to_string(killed + 6200 * kMs + 100) + " a reset"});
}

TEST_CASE("connection attempts into a cut are repeated each second, later at doubling intervals") {
  struct Case {
    std::int64_t heal, goes_out;
  };
  for (const Case& c : {Case{0, 1000}, Case{999, 1000}, Case{1000, 2000}, Case{2500, 3000}, Case{3001, 4000},
                        Case{4001, 5000}, Case{5001, 7000}, Case{7001, 11000}}) {
    for (const bool towards : {true, false}) {  // either direction suffices to keep it back
      Net net;
      net.cut(towards ? kA : kB, towards ? kB : kA);
      net.connections.connect(0, from_a_to_b());
      CHECK(net.run_until(c.heal * kMs).empty());
      CHECK(net.effects[0].stalled == 1);
      net.connections.heal_all(net.now);
      CHECK(net.run_until(60 * kSecond) == Told{std::to_string(c.goes_out * kMs + 200) + " a connected"});
    }
  }
}

TEST_CASE("an attempt that its client has given up is not repeated") {
  Net net;
  net.cut(kA, kB);
  net.connections.connect(0, from_a_to_b());
  net.run_until(kSecond);
  net.connections.close(net.now, kA, from_a_to_b());
  net.connections.heal_all(net.now);
  CHECK(net.run_until(60 * kSecond).empty());
  CHECK(net.connections.open_connections(kB) == 0);
}

TEST_CASE("an attempt that is given up on its way is closed at the server again") {
  Net net;
  net.connections.connect(0, from_a_to_b());
  net.run_until(150);  // accepted, not yet told
  net.connections.close(net.now, kA, from_a_to_b());
  CHECK(net.run_until(kSecond) == Told{"250 b reset"});
}

TEST_CASE("after a power loss the peer is told nothing until it sends to the machine that came back") {
  Net net;
  const ConnectionId id = net.open();
  net.connections.lose_power(kB, 2);
  net.send(kA, id, 1);
  net.connections.connect(net.now, from_a_to_b(2));  // no answer either
  CHECK(net.run_until(2500 * kMs).empty());
  CHECK(net.effects[2].lost == 1);
  net.connections.start(net.now, kB);
  net.send(kA, id, 2);
  CHECK(net.run_until(2600 * kMs) == Told{"2500200 a reset"});
  CHECK(net.run_until(9 * kSecond) == Told{"3000400 a connected"});
}

TEST_CASE("a broker that talks to itself gets requests at the server's end and answers at the client's") {
  Net net;
  const ConnectionId id{kA, kA, ChannelKind::control, 0, 1};
  net.cut(kA, kA);  // nothing cuts a node from itself
  net.open(id);
  net.send(kA, id, 1);
  net.connections.send(net.now, kA, id, model::FetchResponse{});
  CHECK(net.run_until(1000) == Told{"300 a fetch 1", "300 a Fetch answer"});
  net.connections.close(net.now, kA, id);
  CHECK(net.run_until(2000) == Told{"1100 a reset"});
  CHECK(net.connections.open_connections(kA) == 0);
}

TEST_CASE("packets that waited for a paused process keep their order, before those that arrive later") {
  Net net;
  const ConnectionId id = net.open();
  for (int i = 1; i <= 3; ++i) net.send(kA, id, i);
  std::vector<std::uint32_t> waiting;
  for (int i = 0; i < 3; ++i) waiting.push_back(net.queue.pop().slot());
  for (const std::uint32_t packet : waiting) net.connections.hold(packet);
  net.now = 1000;
  net.send(kA, id, 4);  // due at 1100, while the first three are still to be delivered
  for (const std::uint32_t packet : waiting) net.connections.redeliver(packet, 1500);
  Told told;
  while (!net.queue.empty()) {
    const sim::Event event = net.queue.pop();
    net.now = event.at_us;
    if (net.connections.must_wait(net.now, event.slot())) continue;
    told.push_back(net.describe(net.connections.arrive(net.now, event.slot())));
    net.connections.release(event.slot());
  }
  CHECK(told == Told{"1500 b fetch 1", "1501 b fetch 2", "1502 b fetch 3", "1503 b fetch 4"});
}

TEST_CASE("a link's latencies do not depend on what other links carry") {
  sim::LinkSettings links = exact_links();
  links.latency_min = model::microseconds(60);
  links.latency_max = model::microseconds(250);
  const auto arrivals = [&](bool others) {
    Net net(links);
    const ConnectionId id = from_a_to_b(), other{kC, kB, ChannelKind::fetch, 0, 2};
    net.connections.connect(0, id);
    if (others) net.connections.connect(0, other);
    net.run_until(kMs);
    Told told;
    for (int i = 0; i < 20; ++i) {
      net.send(kA, id, i);
      if (others) net.send(kC, other, 1000 + i);
      for (const std::string& line : net.run_until(net.now + kMs)) told.push_back(line);
    }
    return told;
  };
  const Told alone = arrivals(false), crowded = arrivals(true);
  REQUIRE(alone.size() == 20);
  REQUIRE(crowded.size() == 40);
  for (const std::string& line : alone) CHECK(std::find(crowded.begin(), crowded.end(), line) != crowded.end());
}
