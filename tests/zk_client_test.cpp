// A broker's ZooKeeper client, seen from the server's end of its connection: the test is the server.
#include "model/broker/zk_client.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "model/broker/broker.h"
#include "model/rules/profiles.h"
#include "model/step.h"

namespace {

using namespace model;

constexpr TimerKey kPing{TimerKind::zk_ping, 0};
constexpr TimerKey kEarlyPing{TimerKind::zk_ping, 1};
constexpr TimerKey kReadTimeout{TimerKind::zk_read_timeout, 0};
constexpr TimerKey kConnectTimeout{TimerKind::zk_connect_timeout, 0};
constexpr TimerKey kReconnect{TimerKind::zk_reconnect, 0};
constexpr SessionId kSession = 5;
// Known to nobody but the test, and of an owner that does nothing with the reply.
const Path kWatched = Path{} / Word::free_words;
const Path kOther = Path{} / Word::config / Word::free_words;

struct Due {
  std::int64_t from_ms, to_ms;
  bool operator==(const Due&) const = default;
};

struct Bench {
  ClusterConfig config;
  Broker broker;
  Effects out;  // of the last step
  std::int64_t now_ms = 0;
  std::map<TimerKey, Due> timers;
  ConnectionId via;  // of the last attempt

  explicit Bench(std::int64_t timeout_ms = 18'000) {
    BrokerSettings settings;
    settings.zookeeper_session_timeout = milliseconds(timeout_ms);
    config.brokers.push_back(settings);
    broker.id = NodeId{1};
  }

  // `act` gets a context; then its effects are carried out as a driver does.
  template <typename Act>
  void carry_out(Act&& act) {
    out.clear();
    const Clock clock(Instant{now_ms * 1000});
    const Choices choices;
    act(Context{kafka_3_9::rules(), config, clock, choices, out});
    for (const ConnectionId& opened : out.connects) {
      if (opened.kind == ChannelKind::zookeeper) via = opened;
    }
    for (const TimerKey& key : out.disarms) timers.erase(key);
    for (const Arm& arm : out.arms) timers[arm.key] = {now_ms + arm.min.us / 1000, now_ms + arm.max.us / 1000};
  }
  void give(const Input& input) {
    carry_out([&](const Context& context) { step(context, broker, input); });
  }
  void receive(const Body& body) { give(Received{via, &body}); }
  void receive_at(std::int64_t at_ms, const Body& body) {
    now_ms = at_ms;
    receive(body);
  }
  // At the earliest instant that the arming allows.
  void fire(TimerKey key) {
    REQUIRE(timers.contains(key));
    now_ms = std::max(now_ms, timers[key].from_ms);
    timers.erase(key);
    give(TimerFired{key});
  }
  void ask(ZkOp op) {
    carry_out(
        [&](const Context& context) { zk_request(context, broker, ZkOwner::nobody, 0, zk_single(std::move(op))); });
  }

  void start() {
    give(Started{});
    if (timers.contains({TimerKind::zk_start, 0})) fire({TimerKind::zk_start, 0});
  }
  void shake_hands(SessionId session, std::int64_t timeout_ms) {
    give(Connected{via});
    receive(ZkConnectResponse{session, milliseconds(timeout_ms)});
  }
  void open(std::int64_t timeout_ms) {
    start();
    shake_hands(kSession, timeout_ms);
  }
  void reconnect() {
    give(Disconnected{via, DisconnectReason::reset});
    fire(kReconnect);
  }

  template <typename B>
  std::vector<B> sent() const {
    std::vector<B> found;
    for (const Send& send : out.sends) {
      if (send.via != via) continue;
      if (const B* one = std::get_if<B>(&send.body)) found.push_back(*one);
    }
    return found;
  }
  bool pinged() const { return sent<ZkPing>().size() == 1; }
  template <typename F>
  int told() const {
    return static_cast<int>(std::count_if(out.facts.begin(), out.facts.end(),
                                          [](const Fact& fact) { return std::holds_alternative<F>(fact); }));
  }
  bool closed(const ConnectionId& connection) const {
    return std::count(out.closes.begin(), out.closes.end(), connection) == 1;
  }
};

ZkResponse answer_to(const ZkRequest& request, ZkCode code, Zxid zxid) {
  ZkResponse response;
  response.xid = request.xid;
  response.code = code;
  response.zxid = zxid;
  response.results.emplace_back().code = code;
  return response;
}

TEST_CASE("a broker's first attempt to reach ZooKeeper waits for nothing, every later one for one to two seconds") {
  Bench bench;
  bench.start();
  REQUIRE(bench.out.connects.size() == 1);
  CHECK(bench.via.server == kZooKeeper);
  CHECK(bench.via.kind == ChannelKind::zookeeper);
  CHECK_FALSE(bench.timers.contains(kReconnect));
  const ConnectionId first = bench.via;
  bench.give(Disconnected{first, DisconnectReason::refused});
  CHECK(bench.out.connects.empty());
  CHECK(bench.timers.at(kReconnect) == Due{bench.now_ms + 1'000, bench.now_ms + 2'000});
  CHECK_FALSE(bench.timers.contains(kConnectTimeout));
  CHECK(bench.told<ZkConnectionLost>() == 0);  // there was none
  bench.fire(kReconnect);
  CHECK(bench.out.connects.size() == 1);
  CHECK(bench.via.number > first.number);
}

TEST_CASE("an attempt is given up after the session timeout, whether the connection opens or not") {
  for (const bool opens : {false, true}) {
    CAPTURE(opens);
    Bench bench;
    bench.start();
    const ConnectionId first = bench.via;
    if (opens) bench.give(Connected{first});
    CHECK(bench.timers.at(kConnectTimeout).from_ms == bench.now_ms + 18'000);
    bench.fire(kConnectTimeout);
    CHECK(bench.closed(first));
    CHECK(bench.timers.contains(kReconnect));
    bench.give(Connected{first});  // too late
    CHECK(bench.out.sends.empty());
  }
}

TEST_CASE("the handshake asks for the configured timeout and takes the negotiated one") {
  Bench bench;
  bench.start();
  bench.give(Connected{bench.via});
  REQUIRE(bench.sent<ZkConnectRequest>().size() == 1);
  CHECK(bench.sent<ZkConnectRequest>()[0].session == 0);
  CHECK(bench.sent<ZkConnectRequest>()[0].timeout == milliseconds(18'000));
  bench.receive(ZkConnectResponse{kSession, milliseconds(9'000)});
  CHECK(bench.broker.memory.zk.session == kSession);
  CHECK(bench.broker.memory.zk.state == ZkClient::State::connected);
  CHECK_FALSE(bench.timers.contains(kConnectTimeout));
  CHECK(bench.timers.at(kReadTimeout).from_ms == bench.now_ms + 6'000);
  CHECK(bench.timers.at(kPing).from_ms == bench.now_ms + 3'000);
}

TEST_CASE("a client with nothing to say pings every third of its session timeout") {
  Bench bench;
  bench.open(18'000);
  std::int64_t last_send = bench.now_ms;
  for (int round = 0; round < 4; ++round) {
    bench.fire(kEarlyPing);
    CHECK(bench.now_ms == last_send + 5'000);
    CHECK(bench.out.sends.empty());
    bench.fire(kPing);
    CHECK(bench.now_ms == last_send + 6'000);
    CHECK(bench.pinged());
    last_send = bench.now_ms;
    bench.receive_at(last_send + 1, ZkPong{});
    CHECK(bench.out.sends.empty());
  }
}

TEST_CASE("a client woken in an idle stretch takes a second off its next ping") {
  struct Row {
    std::int64_t heard_after;  // the last send
    std::int64_t pings_after;
  };
  // T = 18 s: due after 6 s, or 5 s if it was woken with more than one second of silence behind it.
  for (const Row row : {Row{800, 6'000}, Row{1'000, 6'000}, Row{1'001, 5'000}, Row{4'000, 5'000}, Row{5'200, 5'200}}) {
    CAPTURE(row.heard_after);
    Bench bench;
    bench.open(18'000);
    const std::int64_t start = bench.now_ms;
    if (row.heard_after > 5'000) bench.fire(kEarlyPing);
    bench.receive_at(start + row.heard_after, ZkPong{});
    if (!bench.pinged() && row.heard_after <= 5'000) bench.fire(kEarlyPing);
    if (!bench.pinged()) bench.fire(kPing);
    CHECK(bench.pinged());
    CHECK(bench.now_ms == start + row.pings_after);
    CHECK(bench.timers.at(kPing).from_ms == bench.now_ms + 6'000);
  }
}

TEST_CASE("with a short session whatever arrives after a second of silence is followed by a ping") {
  Bench bench(6'000);
  bench.open(6'000);
  const std::int64_t start = bench.now_ms;
  bench.receive_at(start + 1'000, ZkPong{});
  CHECK_FALSE(bench.pinged());
  bench.receive_at(start + 1'200, ZkPong{});
  CHECK(bench.pinged());
  bench.receive_at(start + 1'201, ZkPong{});
  CHECK_FALSE(bench.pinged());
}

TEST_CASE("two thirds of the session timeout in silence end the connection, not the session") {
  Bench bench;
  bench.open(18'000);
  bench.receive_at(bench.now_ms + 3'000, ZkPong{});
  const std::int64_t heard = bench.now_ms;
  CHECK(bench.timers.at(kReadTimeout).from_ms == heard + 12'000);
  const ConnectionId first = bench.via;
  bench.fire(kReadTimeout);
  CHECK(bench.now_ms == heard + 12'000);
  CHECK(bench.closed(first));
  CHECK(bench.told<ZkConnectionLost>() == 1);
  CHECK(bench.told<ZkSessionExpiredSeen>() == 0);
  CHECK(bench.timers.at(kReconnect) == Due{heard + 13'000, heard + 14'000});
  bench.fire(kReconnect);
  bench.give(Connected{bench.via});
  REQUIRE(bench.sent<ZkConnectRequest>().size() == 1);
  CHECK(bench.sent<ZkConnectRequest>()[0].session == kSession);
}

TEST_CASE("a client that wakes from a long pause drops its connection and does not ping first") {
  Bench bench;
  bench.open(18'000);
  bench.now_ms += 16'000;
  SUBCASE("nothing has arrived meanwhile") {
    bench.fire(kEarlyPing);
    CHECK(bench.out.sends.empty());
    bench.fire(kPing);
    CHECK(bench.out.sends.empty());
    CHECK(bench.closed(bench.via));
    CHECK(bench.told<ZkConnectionLost>() == 1);
  }
  SUBCASE("an answer has arrived, and is read first") {
    bench.receive(ZkPong{});
    CHECK(bench.pinged());
    CHECK(bench.out.closes.empty());
  }
}

TEST_CASE("a read time-out that fires although something has just been heard is set again") {
  Bench bench;
  bench.open(18'000);
  bench.receive_at(bench.now_ms + 11'000, ZkPong{});
  bench.now_ms += 1'000;
  bench.give(TimerFired{kReadTimeout});
  CHECK(bench.out.closes.empty());
  CHECK(bench.timers.at(kReadTimeout).from_ms == bench.now_ms + 12'000);
}

TEST_CASE("a request that was sent on a lost connection is sent again, in order and under a new number") {
  Bench bench;
  bench.open(18'000);
  std::vector<ZkRequest> sent;
  for (const Path& path : {kOther, kWatched}) {
    bench.ask(zk_create(path, {}, false));
    REQUIRE(bench.sent<ZkRequest>().size() == 1);
    sent.push_back(bench.sent<ZkRequest>()[0]);
  }
  const ConnectionId first = bench.via;
  bench.give(Disconnected{first, DisconnectReason::reset});
  CHECK(bench.told<ZkConnectionLost>() == 1);
  bench.ask(zk_delete(kOther));  // while there is no connection
  CHECK(bench.out.sends.empty());
  bench.fire(kReconnect);
  const Body late = answer_to(sent[0], ZkCode::ok, 9);
  bench.give(Received{first, &late});
  CHECK(bench.broker.memory.zk.pending.size() == 3);
  bench.shake_hands(kSession, 18'000);
  const std::vector<ZkRequest> again = bench.sent<ZkRequest>();
  REQUIRE(again.size() == 3);
  CHECK(again[0].ops[0].path == kOther);
  CHECK(again[1].ops[0].path == kWatched);
  CHECK(again[2].ops[0].type == ZkOpType::remove);
  CHECK(again[0].xid > sent[1].xid);
  CHECK(again[0].xid < again[1].xid);
  CHECK(again[1].xid < again[2].xid);
  bench.receive(answer_to(sent[0], ZkCode::ok, 10));  // nobody asks under the old number
  CHECK(bench.broker.memory.zk.pending.size() == 3);
  bench.receive(answer_to(again[0], ZkCode::node_exists, 10));
  REQUIRE(bench.broker.memory.zk.pending.size() == 2);
  CHECK(bench.broker.memory.zk.pending[0].request.xid == again[1].xid);
}

TEST_CASE("a client that comes back restores its watches before anything else") {
  Bench bench;
  bench.open(18'000);
  const std::size_t others = bench.broker.memory.zk.watches.size();
  bench.ask(zk_read(ZkOpType::exists, kWatched, true));
  bench.receive(answer_to(bench.sent<ZkRequest>().at(0), ZkCode::no_node, 40));
  bench.ask(zk_read(ZkOpType::get, kOther, true));
  bench.receive(answer_to(bench.sent<ZkRequest>().at(0), ZkCode::no_node, 41));  // sets none
  bench.ask(zk_read(ZkOpType::children, kOther, true));
  bench.receive(answer_to(bench.sent<ZkRequest>().at(0), ZkCode::ok, 42));
  bench.ask(zk_read(ZkOpType::exists, kOther, true));
  bench.receive(answer_to(bench.sent<ZkRequest>().at(0), ZkCode::ok, 43));
  bench.ask(zk_read(ZkOpType::exists, kOther, true));
  bench.receive(answer_to(bench.sent<ZkRequest>().at(0), ZkCode::ok, 42));
  bench.ask(zk_create(kOther, {}, false));
  bench.reconnect();
  bench.shake_hands(kSession, 18'000);
  const std::vector<ZkRequest> sent = bench.sent<ZkRequest>();
  REQUIRE(sent.size() == 2);
  CHECK(sent[0].ops[0].type == ZkOpType::set_watches);
  CHECK(sent[0].relative_zxid == 43);
  CHECK(sent[1].ops[0].type == ZkOpType::create);
  REQUIRE(sent[0].ops.size() == others + 4);
  const ZkOp* watches = &sent[0].ops[others + 1];
  CHECK(watches[0].type == ZkOpType::exists);
  CHECK(watches[0].path == kWatched);
  CHECK(watches[1].type == ZkOpType::children);
  CHECK(watches[2].type == ZkOpType::get);  // what exists watches its data
  CHECK(watches[2].path == kOther);
  bench.receive(answer_to(sent[0], ZkCode::ok, 44));
  CHECK(bench.broker.memory.zk.pending.size() == 1);
}

TEST_CASE("an event takes away the watches that it fires and no others") {
  struct Row {
    ZkEventType event;
    std::vector<ZkOpType> left;
  };
  const std::vector<Row> rows{
      {ZkEventType::node_deleted, {}},
      {ZkEventType::node_data_changed, {ZkOpType::children}},
      {ZkEventType::node_created, {ZkOpType::children}},
      {ZkEventType::node_children_changed, {ZkOpType::get}},
  };
  for (const Row& row : rows) {
    CAPTURE(static_cast<int>(row.event));
    Bench bench;
    bench.open(18'000);
    for (const ZkOpType type : {ZkOpType::get, ZkOpType::children}) {
      bench.ask(zk_read(type, kWatched, true));
      bench.receive(answer_to(bench.sent<ZkRequest>().at(0), ZkCode::ok, 3));
    }
    bench.receive(ZkEvent{row.event, kOther, 4});
    bench.receive(ZkEvent{row.event, kWatched, 4});
    std::vector<ZkOpType> left;
    for (const ZkOp& watch : bench.broker.memory.zk.watches) {
      if (watch.path == kWatched) left.push_back(watch.type);
    }
    CHECK(left == row.left);
  }
}

TEST_CASE("a client learns that its session is gone only when it comes back, and opens another at once") {
  Bench bench;
  bench.open(18'000);
  bench.ask(zk_read(ZkOpType::exists, kWatched, true));
  bench.receive(answer_to(bench.sent<ZkRequest>().at(0), ZkCode::ok, 3));
  bench.ask(zk_create(kWatched, {}, false));
  bench.give(Disconnected{bench.via, DisconnectReason::reset});
  bench.now_ms += 60'000;
  CHECK(bench.told<ZkSessionExpiredSeen>() == 0);
  bench.fire(kReconnect);
  const ConnectionId refused = bench.via;
  bench.shake_hands(0, 0);
  REQUIRE(bench.told<ZkSessionExpiredSeen>() == 1);
  for (const Fact& fact : bench.out.facts) {
    if (const auto* seen = std::get_if<ZkSessionExpiredSeen>(&fact)) CHECK(seen->session == kSession);
  }
  CHECK(bench.closed(refused));
  CHECK(bench.broker.memory.zk.watches.empty());
  CHECK(bench.broker.memory.zk.pending.empty());  // told that it expired
  REQUIRE(bench.via.number > refused.number);     // no delay: a new client object
  bench.give(Connected{bench.via});
  REQUIRE(bench.sent<ZkConnectRequest>().size() == 1);
  CHECK(bench.sent<ZkConnectRequest>()[0].session == 0);
  CHECK(bench.sent<ZkConnectRequest>()[0].timeout == milliseconds(18'000));
  bench.receive(ZkConnectResponse{kSession + 1, milliseconds(18'000)});
  CHECK(bench.broker.memory.zk.session == kSession + 1);
  for (const ZkRequest& request : bench.sent<ZkRequest>()) CHECK(request.ops[0].path != kWatched);
}

TEST_CASE("a registration that the expiry of the first session cut off goes out on the next one") {
  Bench bench;
  bench.open(18'000);
  bench.fire({TimerKind::register_broker, 0});
  REQUIRE(bench.sent<ZkRequest>().size() == 1);
  CHECK(bench.sent<ZkRequest>()[0].ops[0].path == paths::broker_id(NodeId{1}));
  bench.reconnect();
  bench.shake_hands(0, 0);
  bench.shake_hands(kSession + 1, 18'000);
  const std::vector<ZkRequest> sent = bench.sent<ZkRequest>();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].ops[0].type == ZkOpType::create);
  CHECK(sent[0].ops[0].path == paths::broker_id(NodeId{1}));
}

TEST_CASE("a request refused on a connection that serves no session waits for the next handshake") {
  Bench bench;
  bench.open(18'000);
  bench.ask(zk_create(kWatched, {}, false));
  const ConnectionId first = bench.via;
  bench.receive(answer_to(bench.sent<ZkRequest>().at(0), ZkCode::session_expired, 3));
  CHECK(bench.closed(first));
  CHECK(bench.told<ZkSessionExpiredSeen>() == 0);
  bench.fire(kReconnect);
  bench.shake_hands(kSession, 18'000);
  REQUIRE(bench.sent<ZkRequest>().size() == 1);
  CHECK(bench.sent<ZkRequest>()[0].ops[0].path == kWatched);
}

TEST_CASE("a client that closes its session says so and is silent afterwards") {
  Bench bench;
  bench.open(18'000);
  bench.carry_out([&](const Context& context) { close_session(context, bench.broker); });
  REQUIRE(bench.sent<ZkRequest>().size() == 1);
  CHECK(bench.sent<ZkRequest>()[0].ops[0].type == ZkOpType::close_session);
  CHECK(bench.out.closes.empty());  // or the request would be lost with the connection
  CHECK(bench.broker.memory.zk.state == ZkClient::State::off);
  CHECK_FALSE(bench.timers.contains(kPing));
  CHECK_FALSE(bench.timers.contains(kReadTimeout));
  bench.give(Disconnected{bench.via, DisconnectReason::reset});
  CHECK_FALSE(bench.timers.contains(kReconnect));
}

}  // namespace
