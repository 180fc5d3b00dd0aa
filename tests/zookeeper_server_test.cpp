#include "model/zookeeper/server.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "model/broker/zk_client.h"
#include "tests/zookeeper/zk_driver.h"

namespace {

using namespace model;
using tests::zk_connection;
using tests::ZkDriver;

const ConnectionId kOne = zk_connection(1);
const ConnectionId kTwo = zk_connection(2);

ZkOp op_of(ZkOpType type) {
  ZkOp op;
  op.type = type;
  return op;
}
ZkRequest set_watches(Zxid seen, std::vector<ZkOp> watches) {
  ZkRequest request;
  request.relative_zxid = seen;
  request.ops.push_back(op_of(ZkOpType::set_watches));
  for (ZkOp& watch : watches) request.ops.push_back(watch);
  return request;
}
ZkDriver started() {
  ZkDriver driver;
  driver.config.zookeeper_tick = milliseconds(2'000);
  driver.config.topics.push_back({"t", {{NodeId{1}, NodeId{2}}, {NodeId{2}, NodeId{1}}}, 1, false, 0});
  driver.start();
  return driver;
}
// Partition state znodes of topic 0 and what they hang on.
void create_topic_tree(ZkDriver& driver) {
  driver.request(kOne, {zk_create(paths::topic(TopicId{0}), TopicInfo{}, false)});
  driver.request(kOne, {zk_create(paths::partitions(TopicId{0}), {}, false)});
  driver.request(kOne, {zk_create(paths::partition(TopicId{0}, 1), {}, false)});
}

TEST_CASE("a started server has Kafka's roots, which no transaction created") {
  ZkDriver driver = started();
  driver.connect(kOne, 6'000);
  for (const Path& path : {paths::broker_ids(), paths::topics(), paths::isr_changes(),
                           Path{} / Word::admin / Word::delete_topics, Path{} / Word::config}) {
    const ZkResponse answer = driver.request(kOne, {zk_read(ZkOpType::exists, path, false)});
    CHECK(answer.code == ZkCode::ok);
    CHECK(answer.results[0].stat.czxid == 0);
    CHECK(answer.zxid == 1);  // the session's
  }
  CHECK(std::is_sorted(driver.server.disk.tree.nodes.begin(), driver.server.disk.tree.nodes.end(),
                       [](const Znode& a, const Znode& b) { return a.path < b.path; }));
}

TEST_CASE("the expiry clock starts at a random phase and then keeps to its tick") {
  ZkDriver driver = started();
  REQUIRE(driver.out.arms.size() == 1);
  CHECK(driver.out.arms[0].min == milliseconds(0));
  CHECK(driver.out.arms[0].max == milliseconds(2'000));
  driver.expire_at(700);
  REQUIRE(driver.out.arms.size() == 1);
  CHECK(driver.out.arms[0].on_grid);
  CHECK(driver.out.arms[0].min == milliseconds(2'000));
  CHECK(driver.out.arms[0].max == milliseconds(2'000));
}

TEST_CASE("a session expires at the first tick strictly later than its timeout") {
  struct Row {
    std::int64_t touched, expires;
  };
  for (const Row row : {Row{1'000, 20'000}, Row{2'000, 22'000}, Row{1'999, 20'000}, Row{0, 20'000}}) {
    CAPTURE(row.touched);
    ZkDriver driver = started();
    driver.now_ms = row.touched;
    const SessionId session = driver.connect(kOne, 18'000);
    for (std::int64_t tick = 2'000; tick < row.expires; tick += 2'000) {
      if (tick <= row.touched) continue;
      driver.expire_at(tick);
      CHECK(driver.facts<ZkSessionClosed>().empty());
    }
    driver.expire_at(row.expires);
    REQUIRE(driver.facts<ZkSessionClosed>().size() == 1);
    CHECK(driver.facts<ZkSessionClosed>()[0].session == session);
    CHECK(driver.facts<ZkSessionClosed>()[0].expired);
    CHECK(driver.out.closes == std::vector<ConnectionId>{kOne});
  }
}

TEST_CASE("anything heard on the session's own connection puts off its expiry") {
  ZkDriver driver = started();
  const SessionId session = driver.connect(kOne, 4'000);
  driver.now_ms = 3'000;
  driver.receive(kOne, ZkPing{});
  CHECK(driver.last_to<ZkPong>(kOne) != nullptr);
  driver.expire_at(6'000);
  CHECK(driver.facts<ZkSessionClosed>().empty());
  driver.now_ms = 6'500;
  driver.request(kOne, {zk_read(ZkOpType::exists, paths::controller(), false)});
  driver.expire_at(10'000);
  CHECK(driver.facts<ZkSessionClosed>().empty());
  driver.now_ms = 10'500;
  driver.receive(zk_connection(1, 2), ZkPing{});  // not its connection
  CHECK(driver.out.sends.empty());
  driver.expire_at(12'000);
  REQUIRE(driver.facts<ZkSessionClosed>().size() == 1);
  CHECK(driver.facts<ZkSessionClosed>()[0].session == session);
}

TEST_CASE("a session's end removes all its ephemerals in one transaction, in an order that is open") {
  for (const std::uint32_t order : {0U, 1U}) {
    CAPTURE(order);
    ZkDriver driver = started();
    const SessionId session = driver.connect(kOne, 6'000);
    driver.connect(kTwo, 40'000);
    driver.request(kOne, {zk_create(paths::broker_id(NodeId{1}), BrokerInfo{NodeId{1}}, true)});
    driver.request(kOne, {zk_create(paths::controller(), ControllerInfo{NodeId{1}}, true)});
    driver.request(kTwo, {zk_read(ZkOpType::exists, paths::controller(), true)});
    driver.request(kTwo, {zk_read(ZkOpType::children, paths::broker_ids(), true)});
    driver.picks = {order};
    driver.asked.clear();
    driver.expire_at(8'000);
    CHECK(driver.asked == std::vector<std::uint32_t>{2});
    REQUIRE(driver.out.facts.size() == 3);
    const auto& closed = std::get<ZkSessionClosed>(driver.out.facts[0]);
    CHECK(closed.session == session);
    CHECK(closed.zxid == 5);
    CHECK(closed.owner == NodeId{1});
    REQUIRE(closed.ephemerals.size() == 2);
    const bool controller_first = closed.ephemerals[0] == paths::controller();
    CHECK(controller_first == (order == 0));
    const auto& vacated = std::get<ControllerVacated>(driver.out.facts[controller_first ? 1 : 2]);
    const auto& gone = std::get<BrokerUnregistered>(driver.out.facts[controller_first ? 2 : 1]);
    CHECK(vacated.broker == NodeId{1});
    CHECK(vacated.zxid == 5);
    CHECK(gone.broker == NodeId{1});
    const std::vector<ZkEvent> events = driver.events_to(kTwo);
    REQUIRE(events.size() == 2);
    CHECK(events[0].type == (controller_first ? ZkEventType::node_deleted : ZkEventType::node_children_changed));
    CHECK(events[0].zxid == 5);
    CHECK(driver.server.disk.sessions.size() == 1);
    CHECK(driver.server.memory.live.size() == 1);
  }
}

TEST_CASE("a watcher is told of a change before anyone is answered, and only once") {
  ZkDriver driver = started();
  driver.connect(kOne, 6'000);
  driver.connect(kTwo, 6'000);
  driver.request(kOne, {zk_read(ZkOpType::exists, paths::controller(), true)});
  driver.request(kOne, {zk_read(ZkOpType::exists, paths::controller(), true)});
  CHECK(driver.server.memory.watches.size() == 1);
  driver.request(kOne, {zk_create(paths::controller(), ControllerInfo{NodeId{1}}, true)});
  const std::vector<Body> sent = driver.sent_to(kOne);
  REQUIRE(sent.size() == 2);
  CHECK(std::get<ZkEvent>(sent[0]).type == ZkEventType::node_created);
  CHECK(std::get<ZkResponse>(sent[1]).code == ZkCode::ok);
  driver.request(kTwo, {zk_set(paths::controller(), ControllerInfo{NodeId{2}}, -1)});
  CHECK(driver.events_to(kOne).empty());
}

TEST_CASE("only exists may watch what is not there") {
  ZkDriver driver = started();
  driver.connect(kOne, 6'000);
  for (const ZkOpType type : {ZkOpType::get, ZkOpType::children}) {
    CHECK(driver.request(kOne, {zk_read(type, paths::controller(), true)}).code == ZkCode::no_node);
    CHECK(driver.server.memory.watches.empty());
  }
}

TEST_CASE("a deletion is one event for a session that watches node and children, and its parent's comes second") {
  ZkDriver driver = started();
  driver.connect(kOne, 6'000);
  driver.connect(kTwo, 6'000);
  const Path path = paths::broker_id(NodeId{2});
  driver.request(kTwo, {zk_create(path, BrokerInfo{NodeId{2}}, true)});
  for (const ZkOpType type : {ZkOpType::exists, ZkOpType::get, ZkOpType::children}) {
    driver.request(kOne, {zk_read(type, path, true)});
  }
  driver.request(kOne, {zk_read(ZkOpType::children, paths::broker_ids(), true)});
  driver.request(kTwo, {zk_delete(path)});
  const std::vector<ZkEvent> events = driver.events_to(kOne);
  REQUIRE(events.size() == 2);
  CHECK(events[0].type == ZkEventType::node_deleted);
  CHECK(events[1].type == ZkEventType::node_children_changed);
  CHECK(events[1].path == paths::broker_ids());
  CHECK(driver.server.memory.watches.empty());
}

TEST_CASE("a session that comes back hears at once what it missed and is armed for the rest") {
  ZkDriver driver = started();
  const SessionId session = driver.connect(kOne, 6'000);
  driver.connect(kTwo, 6'000);
  driver.request(kOne, {zk_create(paths::controller_epoch(), ControllerEpochInfo{1}, false)});
  driver.request(kOne, {zk_create(paths::controller(), ControllerInfo{NodeId{1}}, false)});
  const Zxid seen = driver.request(kOne, {zk_read(ZkOpType::children, paths::topics(), true)}).zxid;
  driver.disconnect(kOne);
  CHECK(driver.server.memory.watches.empty());
  CHECK(driver.facts<ZkSessionClosed>().empty());
  driver.request(kTwo, {zk_set(paths::controller_epoch(), ControllerEpochInfo{2}, 0)});
  driver.request(kTwo, {zk_delete(paths::controller())});
  driver.request(kTwo, {zk_create(paths::broker_id(NodeId{2}), BrokerInfo{NodeId{2}}, true)});

  const ConnectionId again = zk_connection(1, 2);
  CHECK(driver.connect(again, 6'000, session) == session);
  driver.receive(again, set_watches(seen, {zk_read(ZkOpType::get, paths::controller_epoch(), true),
                                           zk_read(ZkOpType::get, paths::controller(), true),
                                           zk_read(ZkOpType::exists, paths::broker_id(NodeId{2}), true),
                                           zk_read(ZkOpType::children, paths::broker_ids(), true),
                                           zk_read(ZkOpType::children, paths::topics(), true),
                                           zk_read(ZkOpType::exists, paths::broker_id(NodeId{3}), true)}));
  const std::vector<ZkEvent> events = driver.events_to(again);
  REQUIRE(events.size() == 4);
  CHECK(events[0].type == ZkEventType::node_data_changed);
  CHECK(events[1].type == ZkEventType::node_deleted);
  CHECK(events[2].type == ZkEventType::node_created);
  CHECK(events[3].type == ZkEventType::node_children_changed);
  CHECK(driver.last_to<ZkResponse>(again) != nullptr);
  CHECK(driver.server.memory.watches ==
        std::vector<ZkWatch>{{session, true, paths::topics()}, {session, false, paths::broker_id(NodeId{3})}});
}

TEST_CASE("a session moves to a new connection, with its ephemerals and without its old connection") {
  ZkDriver driver = started();
  const SessionId session = driver.connect(kOne, 6'000);
  driver.request(kOne, {zk_create(paths::controller(), ControllerInfo{NodeId{1}}, true)});
  driver.request(kOne, {zk_read(ZkOpType::get, paths::controller(), true)});
  const ConnectionId moved = zk_connection(1, 2);
  CHECK(driver.connect(moved, 6'000, session) == session);
  CHECK(driver.out.closes == std::vector<ConnectionId>{kOne});
  CHECK(driver.facts<ZkSessionOpened>().empty());
  CHECK(driver.request(kOne, {zk_delete(paths::controller())}).code == ZkCode::session_expired);
  driver.disconnect(kOne);  // late news of the old one
  CHECK(driver.request(moved, {zk_set(paths::controller(), ControllerInfo{NodeId{1}}, -1)}).code == ZkCode::ok);
  CHECK(driver.events_to(moved).empty());  // the watch was the old connection's
}

TEST_CASE("a session that is unknown or has expired is refused, and the answer is not cut off") {
  ZkDriver driver = started();
  const SessionId session = driver.connect(kOne, 4'000);
  driver.disconnect(kOne);
  driver.expire_at(6'000);
  CHECK(driver.facts<ZkSessionClosed>().size() == 1);
  CHECK(driver.out.closes.empty());
  CHECK(driver.connect(zk_connection(1, 2), 4'000, session) == 0);
  CHECK(driver.out.closes.empty());
  CHECK(driver.connect(zk_connection(1, 3), 4'000, 99) == 0);
  CHECK(driver.connect(zk_connection(1, 4), 4'000) == session + 1);
}

TEST_CASE("after a restart every session on the disk has its full time again and no watch") {
  ZkDriver driver = started();
  const SessionId session = driver.connect(kOne, 6'000);
  driver.request(kOne, {zk_create(paths::controller(), ControllerInfo{NodeId{1}}, true)});
  driver.request(kOne, {zk_read(ZkOpType::get, paths::controller(), true)});
  const Zxid zxid = driver.server.disk.tree.last_zxid;
  driver.server.memory = {};
  driver.receive(kOne, ZkPing{});
  CHECK(driver.out.sends.empty());
  driver.now_ms = 5'900;
  driver.start();
  CHECK(driver.server.disk.tree.last_zxid == zxid);
  driver.expire_at(11'900);
  CHECK(driver.facts<ZkSessionClosed>().empty());
  CHECK(driver.server.memory.watches.empty());
  SUBCASE("it may come back") {
    CHECK(driver.connect(zk_connection(1, 2), 6'000, session) == session);
    CHECK(driver.request(zk_connection(1, 2), {zk_read(ZkOpType::exists, paths::controller(), false)}).code ==
          ZkCode::ok);
  }
  SUBCASE("or expire") {
    driver.expire_at(13'900);
    CHECK(driver.facts<ControllerVacated>().size() == 1);
  }
}

TEST_CASE("a client that closes its session is answered after everyone else has been told") {
  ZkDriver driver = started();
  driver.connect(kOne, 6'000);
  driver.connect(kTwo, 6'000);
  driver.request(kOne, {zk_create(paths::broker_id(NodeId{1}), BrokerInfo{NodeId{1}}, true)});
  driver.request(kTwo, {zk_read(ZkOpType::children, paths::broker_ids(), true)});
  CHECK(driver.request(kOne, {op_of(ZkOpType::close_session)}).zxid == 4);
  REQUIRE(driver.out.sends.size() == 2);
  CHECK(driver.out.sends[0].via == kTwo);
  REQUIRE(driver.facts<ZkSessionClosed>().size() == 1);
  CHECK_FALSE(driver.facts<ZkSessionClosed>()[0].expired);
  CHECK(driver.facts<BrokerUnregistered>().size() == 1);
  CHECK(driver.out.closes.empty());
}

TEST_CASE("sessions end with their connection only where the rules say so") {
  for (const bool outlives : {true, false}) {
    CAPTURE(outlives);
    ZkDriver driver = started();
    driver.rules.session_outlives_connection = outlives;
    driver.connect(kOne, 6'000);
    driver.request(kOne, {zk_create(paths::broker_id(NodeId{1}), BrokerInfo{NodeId{1}}, true)});
    driver.disconnect(kOne);
    CHECK(driver.facts<BrokerUnregistered>().size() == (outlives ? 0 : 1));
    CHECK(driver.server.disk.sessions.size() == (outlives ? 1 : 0));
  }
}

TEST_CASE("becoming controller and raising the epoch in one multi gives both facts under one zxid") {
  ZkDriver driver = started();
  driver.connect(kOne, 6'000);
  driver.request(kOne, {zk_create(paths::controller_epoch(), ControllerEpochInfo{0}, false)});
  CHECK(driver.out.facts.empty());
  driver.request(kOne, {zk_create(paths::controller(), ControllerInfo{NodeId{1}}, true),
                        zk_set(paths::controller_epoch(), ControllerEpochInfo{1}, 0)});
  REQUIRE(driver.out.facts.size() == 2);
  CHECK(std::get<ControllerElected>(driver.out.facts[0]).broker == NodeId{1});
  const auto& epoch = std::get<ControllerEpochChanged>(driver.out.facts[1]);
  CHECK(epoch.epoch == 1);
  CHECK(epoch.broker == NodeId{1});
  CHECK(epoch.zxid == 3);
  driver.step(Act{MoveController{}});
  REQUIRE(driver.facts<ControllerVacated>().size() == 1);
  CHECK(driver.facts<ControllerVacated>()[0].broker == NodeId{1});
  CHECK(driver.facts<ControllerVacated>()[0].zxid == 4);
  driver.request(kOne, {zk_set(paths::controller_epoch(), ControllerEpochInfo{2}, 1)});
  CHECK(driver.facts<ControllerEpochChanged>().at(0).broker == kNoNode);
}

TEST_CASE("partition states are told with the version of their znode, refused writes are not told") {
  ZkDriver driver = started();
  driver.connect(kOne, 6'000);
  create_topic_tree(driver);
  const Path path = paths::partition_state(TopicId{0}, 1);
  PartitionState state{NodeId{2}, 0, {NodeId{2}, NodeId{1}}, 1};
  driver.request(kOne, {zk_create(path, state, false)});
  REQUIRE(driver.facts<PartitionStateChanged>().size() == 1);
  CHECK(driver.facts<PartitionStateChanged>()[0].partition == PartitionId{1});
  CHECK(driver.facts<PartitionStateChanged>()[0].partition_epoch == 0);
  state.leader_epoch = 1;
  driver.request(kOne, {zk_check(paths::topics(), 0), zk_set(path, state, 0)});
  REQUIRE(driver.facts<PartitionStateChanged>().size() == 1);
  CHECK(driver.facts<PartitionStateChanged>()[0].state == state);
  CHECK(driver.facts<PartitionStateChanged>()[0].partition_epoch == 1);
  driver.request(kOne, {zk_check(paths::topics(), 5), zk_set(path, state, 1)});
  CHECK(driver.out.facts.empty());
}

TEST_CASE("announcements of ISR changes are told when they come and when they go") {
  ZkDriver driver = started();
  driver.connect(kOne, 6'000);
  driver.request(kOne, {zk_create(paths::isr_change_prefix(), IsrChangeInfo{}, false, true)});
  REQUIRE(driver.facts<ZnodeCreated>().size() == 1);
  const Path path = driver.facts<ZnodeCreated>()[0].path;
  CHECK(path == paths::isr_changes() / Name{Name::Form::sequence, Word::isr_change_, 0});
  driver.request(kOne, {zk_delete(path)});
  CHECK(driver.facts<ZnodeDeleted>().size() == 1);
}

TEST_CASE("an operator's topic is created with the configured assignment, and a second time not at all") {
  ZkDriver driver = started();
  driver.connect(kOne, 6'000);
  driver.request(kOne, {zk_read(ZkOpType::children, paths::topics(), true)});
  driver.step(Act{CreateTopic{TopicId{0}}});
  REQUIRE(driver.facts<TopicCreated>().size() == 1);
  CHECK(driver.events_to(kOne).size() == 1);
  const ZkResponse answer = driver.request(kOne, {zk_read(ZkOpType::get, paths::topic(TopicId{0}), false)});
  const auto& info = std::get<TopicInfo>(answer.results[0].data);
  REQUIRE(info.assignment.size() == 2);
  CHECK(info.assignment[1].replicas == Replicas{NodeId{2}, NodeId{1}});
  driver.step(Act{CreateTopic{TopicId{0}}});
  CHECK(driver.out.facts.empty());
}

}  // namespace
