// A broker's life in KRaft mode: registration, heartbeats, the channel that carries them, controlled shutdown.
#include <vector>

#include <doctest/doctest.h>

#include "tests/kraft_broker.h"

using namespace sim::test;
using model::BrokerHeartbeatRequest;
using model::BrokerHeartbeatResponse;
using model::BrokerRegistrationRequest;
using model::BrokerRegistrationResponse;
using model::BrokerState;
using model::ChannelKind;
using model::ErrorCode;
using model::NodeId;
using model::TimerKind;

namespace {

model::ClusterConfig nothing_to_serve() { return kraft_config({{NodeId{1}, NodeId{3}}}); }

}  // namespace

TEST_CASE("a broker asks every 100 ms who leads the quorum, and registers with it once it knows") {
  KraftBroker broker(nothing_to_serve());
  broker.come_up();
  broker.know_leader(model::kNoNode);
  broker.fire(TimerKind::register_broker);
  CHECK(broker.state() == BrokerState::starting);
  CHECK(broker.connects(ChannelKind::broker_lifecycle).empty());
  CHECK(broker.armed_ms(TimerKind::lifecycle_send, 100));
  CHECK(broker.armed_ms(TimerKind::lifecycle_give_up, 60'000));
  broker.know_leader(kC2);
  broker.fire(TimerKind::lifecycle_send);
  REQUIRE(broker.connects(ChannelKind::broker_lifecycle).size() == 1);
  CHECK(broker.connects(ChannelKind::broker_lifecycle).front().server == kC2);
  CHECK(broker.armed_ms(TimerKind::lifecycle_timeout, 8'000, 12'000));
  broker.connect_lifecycle();
  const auto request = broker.only<BrokerRegistrationRequest>();
  CHECK(request.broker == kBroker);
  CHECK(request.previous_broker_epoch == -1);
  CHECK(request.incarnation != 0);
  CHECK(broker.armed_ms(TimerKind::lifecycle_timeout, 4'500));
}

TEST_CASE("no two processes of a cluster register as the same incarnation") {
  std::vector<model::Incarnation> seen;
  for (const int id : {1, 2}) {
    KraftBroker broker(nothing_to_serve(), NodeId(static_cast<std::uint8_t>(id)));
    for (int process = 0; process < 3; ++process) {
      broker.begin_registration();
      const model::Incarnation incarnation = broker.only<BrokerRegistrationRequest>().incarnation;
      for (const model::Incarnation other : seen) CHECK(other != incarnation);
      seen.push_back(incarnation);
      broker.crash();
    }
  }
  CHECK(seen.size() == 6);
}

TEST_CASE("from its registration on a broker goes through catching up and being ready to being unfenced") {
  KraftBroker broker(nothing_to_serve());
  broker.register_now();
  CHECK(broker->memory.broker_epoch == kEpoch);
  // The first heartbeat at once, the next ones soon, until the controller says that it has caught up.
  const auto first = broker.only<BrokerHeartbeatRequest>();
  CHECK(first.broker_epoch == kEpoch);
  CHECK(first.want_fence);
  CHECK_FALSE(first.want_shut_down);
  CHECK(first.current_metadata_offset == -1);
  broker.heard(false, true);
  CHECK(broker.state() == BrokerState::starting);
  CHECK(broker.armed_ms(TimerKind::lifecycle_send, 10));
  broker.fire(TimerKind::lifecycle_send);
  CHECK(broker.only<BrokerHeartbeatRequest>().want_fence);
  broker.heard(true, true);
  CHECK(broker.state() == BrokerState::recovery);
  CHECK(broker.armed_ms(TimerKind::lifecycle_send, 10));
  broker.fire(TimerKind::lifecycle_send);
  broker.heard(true, true);
  CHECK(broker.armed_ms(TimerKind::lifecycle_send, 2'000));
  // Published, and after the time that it takes to begin to serve it says that it is ready.
  broker.fire(TimerKind::isr_check);
  broker.commit({KraftBroker::registered(2, kEpoch, true)});
  REQUIRE(broker.kraft().published);
  CHECK(broker.armed_us(TimerKind::begin_serving) != std::pair<std::int64_t, std::int64_t>{-1, -1});
  CHECK_FALSE(broker->memory.serving);
  broker.fire(TimerKind::begin_serving);
  CHECK(broker->memory.serving);
  const auto ready = broker.only<BrokerHeartbeatRequest>();
  CHECK_FALSE(ready.want_fence);
  CHECK(ready.current_metadata_offset == 0);
  broker.heard(true, true);  // the record is not committed yet
  CHECK(broker.state() == BrokerState::recovery);
  CHECK(broker->memory.phase == model::BrokerPhase::loading);
  broker.fire(TimerKind::lifecycle_send);
  broker.heard(true, false);
  CHECK(broker.state() == BrokerState::running);
  CHECK(broker->memory.phase == model::BrokerPhase::running);
  CHECK(broker.armed_ms(TimerKind::lifecycle_send, 2'000));
}

TEST_CASE("a broker that becomes ready while a heartbeat is outstanding says so right after its answer") {
  KraftBroker broker(nothing_to_serve());
  broker.recover();
  broker.commit({KraftBroker::registered(2, kEpoch, true)});
  broker.fire(TimerKind::lifecycle_send);
  REQUIRE(broker.only<BrokerHeartbeatRequest>().want_fence);
  broker.fire(TimerKind::begin_serving);
  CHECK(broker.sent<BrokerHeartbeatRequest>().empty());
  broker.heard(true, true);
  CHECK_FALSE(broker.only<BrokerHeartbeatRequest>().want_fence);
  broker.heard(true, true);
  CHECK(broker.sent<BrokerHeartbeatRequest>().empty());
  CHECK(broker.armed_ms(TimerKind::lifecycle_send, 2'000));
}

TEST_CASE("a broker that is refused asks again after 100 ms, twice as long each time, up to a session") {
  KraftBroker broker(nothing_to_serve());
  broker.begin_registration();
  std::int64_t expected = 100;
  for (int attempt = 0; attempt < 9; ++attempt) {
    broker.answer(BrokerRegistrationResponse{ErrorCode::duplicate_broker_registration, -1});
    REQUIRE(broker.told<model::RegistrationRefused>().size() == 1);
    CHECK(broker.told<model::RegistrationRefused>().front().error == ErrorCode::duplicate_broker_registration);
    const auto [min, max] = broker.armed_us(TimerKind::lifecycle_send);
    CHECK(min == expected * 980);
    CHECK(max == std::min<std::int64_t>(expected * 1'020, 9'000'000));
    expected = std::min<std::int64_t>(expected * 2, 9'000);
    broker.fire(TimerKind::lifecycle_send);
    CHECK(broker.sent<BrokerRegistrationRequest>().size() == 1);
  }
  broker.answer(BrokerRegistrationResponse{ErrorCode::none, kEpoch});
  // A success forgets the failures.
  broker.answer(BrokerHeartbeatResponse{ErrorCode::stale_broker_epoch, false, true, false});
  CHECK(broker.armed_ms(TimerKind::lifecycle_send, 98, 102));
  CHECK(broker.told<model::RegistrationRefused>().empty());
}

TEST_CASE("a broker that cannot register for a minute ends, and one that has registered does not") {
  KraftBroker broker(nothing_to_serve());
  broker.begin_registration();
  broker.fire(TimerKind::lifecycle_give_up);
  CHECK(broker.told<model::StartFailed>().size() == 1);
  CHECK(broker.effects().exits);
  KraftBroker other(nothing_to_serve());
  other.register_now();
  bool disarmed = false;
  for (const model::TimerKey& key : other.effects().disarms) disarmed |= key.kind == TimerKind::lifecycle_give_up;
  CHECK(disarmed);
}

TEST_CASE("a controller that does not lead any more, or is gone, is given up and the request goes to the next one") {
  for (const bool refuses : {true, false}) {
    CAPTURE(refuses);
    KraftBroker broker(nothing_to_serve());
    broker.register_now();
    const model::ConnectionId old = broker.lifecycle_channel();
    broker.know_leader(kC2);
    if (refuses) {
      broker.answer(BrokerHeartbeatResponse{ErrorCode::not_controller, false, true, false});
      CHECK(broker.closes(ChannelKind::broker_lifecycle));
    } else {
      broker.give(model::Disconnected{old, model::DisconnectReason::reset});
    }
    CHECK(broker.told<model::RegistrationRefused>().empty());
    CHECK(broker.armed_ms(TimerKind::lifecycle_send, 40, 50));
    broker.fire(TimerKind::lifecycle_send);
    REQUIRE(broker.connects(ChannelKind::broker_lifecycle).size() == 1);
    CHECK(broker.connects(ChannelKind::broker_lifecycle).front().server == kC2);
    broker.connect_lifecycle();
    CHECK(broker.sent<BrokerHeartbeatRequest>().size() == 1);
    // What the one before still says is not heard.
    broker.receive(old, BrokerHeartbeatResponse{ErrorCode::none, true, true, false});
    CHECK(broker.state() == BrokerState::starting);
    broker.heard(true, true);
    CHECK(broker.state() == BrokerState::recovery);
  }
}

TEST_CASE("a heartbeat that nobody answers for half a session has failed, and the next one finds the new controller") {
  KraftBroker broker(nothing_to_serve());
  broker.register_now();
  broker.know_leader(kC2);  // the one before is paused: no connection ends
  broker.wait(model::milliseconds(4'500));
  broker.fire(TimerKind::lifecycle_timeout);
  CHECK(broker.closes(ChannelKind::broker_lifecycle));
  broker.wait(model::milliseconds(50));
  broker.fire(TimerKind::lifecycle_send);
  CHECK(broker.connects(ChannelKind::broker_lifecycle).empty());
  CHECK(broker.armed_ms(TimerKind::lifecycle_send, 98, 102));
  broker.fire(TimerKind::lifecycle_send);
  REQUIRE(broker.connects(ChannelKind::broker_lifecycle).size() == 1);
  CHECK(broker.connects(ChannelKind::broker_lifecycle).front().server == kC2);
  // A connection that hangs does not keep a request for longer either, but the attempt goes on.
  CHECK(broker.armed_ms(TimerKind::lifecycle_send, 4'500));
  broker.wait(model::milliseconds(4'500));
  broker.fire(TimerKind::lifecycle_send);
  CHECK(broker.armed_ms(TimerKind::lifecycle_send, 196, 204));
  CHECK_FALSE(broker.closes(ChannelKind::broker_lifecycle));
  broker.fire(TimerKind::lifecycle_send);
  CHECK(broker.connects(ChannelKind::broker_lifecycle).empty());
  broker.connect_lifecycle();
  CHECK(broker.sent<BrokerHeartbeatRequest>().size() == 1);
}

TEST_CASE("a running broker that is fenced, or whose epoch has passed, goes on serving") {
  KraftBroker broker(nothing_to_serve());
  broker.run();
  broker.fire(TimerKind::lifecycle_send);
  broker.heard(true, true);
  CHECK(broker.state() == BrokerState::running);
  CHECK(broker.armed_ms(TimerKind::lifecycle_send, 2'000));
  for (int i = 0; i < 20; ++i) {
    broker.fire(TimerKind::lifecycle_send);
    CHECK(broker.only<BrokerHeartbeatRequest>().broker_epoch == kEpoch);
    broker.answer(BrokerHeartbeatResponse{ErrorCode::stale_broker_epoch, false, true, false});
  }
  CHECK(broker.state() == BrokerState::running);
  CHECK(broker->memory.phase == model::BrokerPhase::running);
  CHECK(broker->memory.serving);
  CHECK_FALSE(broker.effects().exits);
}

// --- stopping -------------------------------------------------------------------------------------

TEST_CASE("a controlled shutdown asks at once, again after 50 ms, then with every heartbeat, until it may go") {
  KraftBroker broker(kraft_config({{NodeId{1}, kBroker}}));
  broker.run();
  broker.fire(TimerKind::lifecycle_send);
  broker.heard(true, false);
  broker.log().flushed = 0;
  model::append(broker.log(), {0, 3, 0, 0, -1, -1, NodeId{9}});
  broker.give(model::Act{model::Stop{}});
  CHECK(broker.state() == BrokerState::pending_controlled_shutdown);
  const auto request = broker.only<BrokerHeartbeatRequest>();
  CHECK(request.want_shut_down);
  CHECK_FALSE(request.want_fence);
  CHECK(broker.armed_ms(TimerKind::shutdown_timeout, 300'000));
  broker.heard(true, false, false);
  CHECK(broker.armed_ms(TimerKind::lifecycle_send, 50));
  broker.fire(TimerKind::lifecycle_send);
  broker.heard(true, false, false);
  CHECK(broker.armed_ms(TimerKind::lifecycle_send, 2'000));
  CHECK_FALSE(broker.effects().stops_listening);
  broker.fire(TimerKind::lifecycle_send);
  CHECK(broker.only<BrokerHeartbeatRequest>().want_shut_down);
  broker.heard(true, true, true);
  CHECK(broker.state() == BrokerState::shutting_down);
  CHECK(broker.effects().stops_listening);
  CHECK(broker.closes(ChannelKind::broker_lifecycle));
  CHECK(broker.log().flushed == 3);
  CHECK(broker->disk.clean_shutdown_epoch == kEpoch);
  CHECK_FALSE(broker.effects().exits);
  broker.fire(TimerKind::shutdown_steps);
  CHECK(broker.told<model::Stopped>().size() == 1);
  CHECK(broker.effects().exits);
}

TEST_CASE("a clean end is told with the next registration, and is over once the logs are open again") {
  KraftBroker broker(kraft_config({{NodeId{1}, kBroker}}));
  broker->disk.clean_shutdown_epoch = 3;
  broker.begin_registration();
  CHECK(broker.only<BrokerRegistrationRequest>().previous_broker_epoch == 3);
  broker.crash();  // before its logs were open: nothing has changed in them
  CHECK(broker->disk.clean_shutdown_epoch == 3);
  broker.recover();
  broker.commit({KraftBroker::registered(2, kEpoch, true)});
  REQUIRE(broker.kraft().published);
  broker.crash();
  broker.begin_registration();
  CHECK(broker.only<BrokerRegistrationRequest>().previous_broker_epoch == -1);
}

TEST_CASE("a broker that does not run yet just ends when it is stopped") {
  SUBCASE("before it has come up") {
    KraftBroker broker(nothing_to_serve());
    broker.give(model::Started{});
    broker.give(model::Act{model::Stop{}});
    CHECK(broker.told<model::Stopped>().size() == 1);
    CHECK(broker.effects().exits);
  }
  SUBCASE("before it is unfenced, and says nothing of an end that it cannot vouch for") {
    KraftBroker broker(nothing_to_serve());
    broker->disk.clean_shutdown_epoch = 3;
    broker.register_now();
    broker.give(model::Act{model::Stop{}});
    CHECK(broker.state() == BrokerState::shutting_down);
    CHECK(broker.sent<BrokerHeartbeatRequest>().empty());
    CHECK(broker.effects().stops_listening);
    CHECK(broker->disk.clean_shutdown_epoch == 3);
    broker.fire(TimerKind::shutdown_steps);
    CHECK(broker.told<model::Stopped>().size() == 1);
    CHECK(broker.effects().exits);
  }
}

TEST_CASE("a controlled shutdown that nobody grants is over after five minutes") {
  KraftBroker broker(nothing_to_serve());
  broker.run();
  broker.give(model::Act{model::Stop{}});
  broker.fire(TimerKind::shutdown_timeout);
  CHECK(broker.state() == BrokerState::shutting_down);
  CHECK(broker.effects().stops_listening);
}

TEST_CASE("without controlled.shutdown.enable a running broker stops without asking") {
  model::ClusterConfig config = nothing_to_serve();
  for (model::BrokerSettings& settings : config.brokers) settings.controlled_shutdown_enable = false;
  KraftBroker broker(config);
  broker.run();
  broker.give(model::Act{model::Stop{}});
  CHECK(broker.state() == BrokerState::shutting_down);
  CHECK(broker.sent<BrokerHeartbeatRequest>().empty());
}

TEST_CASE("who asks a broker before it serves finds nobody listening") {
  KraftBroker broker(kraft_config({{NodeId{1}, kBroker}}));
  broker.recover();
  broker.commit({KraftBroker::registered(2, kEpoch, true)});
  broker.receive(broker.accept(NodeId{1}, ChannelKind::fetch), model::FetchRequest{});
  CHECK(broker.closes(ChannelKind::fetch));
  broker.fire(TimerKind::begin_serving);
  broker.receive(broker.accept(NodeId{1}, ChannelKind::fetch), model::FetchRequest{});
  CHECK(broker.sent<model::FetchResponse>().size() == 1);
}
