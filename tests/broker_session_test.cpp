// Brokers in KRaft mode as the active controller sees them: registration, heartbeats, sessions, controlled shutdown.
#include <limits>

#include <doctest/doctest.h>

#include "tests/driven_controller.h"

using namespace model;
using namespace model::test;

namespace {

constexpr Heartbeat kWantsFence{true, false, kUnknownOffset, -1};
constexpr Heartbeat kWantsShutdown{false, true, kUnknownOffset, -1};
constexpr Heartbeat kWantsBoth{true, true, kUnknownOffset, -1};
constexpr TimerKey kEveryEighth{TimerKind::fence_stale_brokers, 0xffff};

BrokerContact contact_of(DrivenController& driven, NodeId id) {
  for (const BrokerContact& contact : driven.controller().contacts) {
    if (contact.broker == id) return contact;
  }
  FAIL("no contact");
  return {};
}

// The others are heard of; what they answer is not looked at.
void keep_in_contact(DrivenController& driven, std::initializer_list<NodeId> ids) {
  for (const NodeId id : ids) {
    driven.send_heartbeat(id);
    driven.take<BrokerHeartbeatResponse>(id);
  }
  driven.commit();
}

}  // namespace

// --- registration --------------------------------------------------------------------------------

TEST_CASE("a broker is registered fenced, and its epoch is the offset of its registration") {
  DrivenController driven;
  driven.lead(1);
  driven.commit();
  const Offset end = driven.log().end();
  CHECK(driven.register_broker(kB1, 7).broker_epoch == end);
  CHECK(driven.broker(kB1) == BrokerRegistration{kB1, 7, end, end, true, false});
}

TEST_CASE("a registration that comes twice changes nothing but its offset") {
  DrivenController driven;
  driven.boot();
  const BrokerRegistration before = driven.broker(kB1);
  const BrokerRegistrationResponse again = driven.register_broker(kB1, 1);
  CHECK(again.error == ErrorCode::none);
  CHECK(again.broker_epoch == before.broker_epoch);
  CHECK_FALSE(driven.broker(kB1).fenced);
  CHECK(driven.broker(kB1).registered_at > before.registered_at);
}

TEST_CASE("a new incarnation has a new broker epoch") {
  for (const bool is_new : {true, false}) {
    DrivenController driven;
    driven.rules.kraft.new_registration_has_new_epoch = is_new;
    driven.boot();
    driven.heartbeat(kB1, kWantsFence);
    const BrokerEpoch before = driven.broker(kB1).broker_epoch;
    CHECK((driven.register_broker(kB1, 2).broker_epoch > before) == is_new);
    CHECK(driven.broker(kB1).incarnation == 2);
  }
}

TEST_CASE("while the session of one incarnation lives another is refused") {
  for (const bool refused : {true, false}) {
    DrivenController driven;
    driven.rules.kraft.duplicate_registration_is_refused = refused;
    driven.boot();
    driven.advance(milliseconds(9'000));
    driven.heartbeat(kB2);
    const ErrorCode error = driven.register_broker(kB2, 2).error;
    CHECK(error == (refused ? ErrorCode::duplicate_broker_registration : ErrorCode::none));
  }
}

TEST_CASE("a fenced broker has no session until 3.9, and keeps it in 4.0") {
  for (const bool tracked : {false, true}) {
    DrivenController driven;
    if (tracked) driven.rules.kraft.fence_check = FenceCheck::every_eighth;
    driven.boot();
    driven.heartbeat(kB1, kWantsFence);
    const ErrorCode error = driven.register_broker(kB1, 2).error;
    CHECK(error == (tracked ? ErrorCode::duplicate_broker_registration : ErrorCode::none));
  }
}

TEST_CASE("a new incarnation takes the one before out of partitions, before it registers") {
  for (const bool leaves : {true, false}) {
    DrivenController driven;
    driven.rules.kraft.new_incarnation_leaves_isr = leaves;
    driven.rules.kraft.duplicate_registration_is_refused = false;
    driven.boot_with_topic();
    const BrokerEpoch before = driven.broker(kB1).broker_epoch;
    const BrokerRegistrationResponse answer = driven.register_broker(kB1, 2);
    CHECK(answer.broker_epoch > before);
    CHECK(answer.broker_epoch == driven.broker(kB1).registered_at - (leaves ? 1 : 0));
    CHECK(shown(driven.partition()) == (leaves ? "L2 ISR{2,3} le1 pe1" : "L1 ISR{1,2,3} le0 pe0"));
  }
}

TEST_CASE("with ELR a clean shutdown keeps the replica eligible, its epoch proves it") {
  for (const bool clean : {true, false}) {
    DrivenController driven;
    driven.enable_elr();
    driven.rules.kraft.new_incarnation_leaves_isr = true;
    driven.rules.kraft.duplicate_registration_is_refused = false;
    driven.boot_with_topic();
    driven.heartbeat(kB1, kWantsFence);
    driven.heartbeat(kB2, kWantsFence);
    REQUIRE(shown(driven.partition()) == "L3 ISR{3} le2 pe2 ELR{2}");
    driven.register_broker(kB2, 2, clean ? driven.broker(kB2).broker_epoch : -1);
    CHECK(shown(driven.partition()) == (clean ? "L3 ISR{3} le2 pe2 ELR{2}" : "L3 ISR{3} le2 pe3"));
  }
}

// --- heartbeats ----------------------------------------------------------------------------------

TEST_CASE("a heartbeat of another epoch or of a stranger is stale") {
  DrivenController driven;
  driven.boot();
  driven.send_heartbeat(kB1, {false, false, kUnknownOffset, driven.broker(kB1).broker_epoch - 1});
  auto answer = driven.take<BrokerHeartbeatResponse>(kB1);
  REQUIRE(answer.has_value());
  CHECK(answer->error == ErrorCode::stale_broker_epoch);
  driven.request(kC2, ChannelKind::broker_lifecycle, BrokerHeartbeatRequest{kC2, 0, 0, false, false});
  answer = driven.take<BrokerHeartbeatResponse>(kC2);
  REQUIRE(answer.has_value());
  CHECK(answer->error == ErrorCode::stale_broker_epoch);
  CHECK(driven.told<RequestFenced>().size() == 2);
  SUBCASE("unless nobody looks, a planted defect") {
    driven.rules.kraft.checks_broker_epoch = false;
    CHECK(driven.heartbeat(kB1, {false, false, kUnknownOffset, 0}).error == ErrorCode::none);
  }
}

TEST_CASE("a fenced broker is unfenced when it has read its registration") {
  DrivenController driven;
  driven.lead(1);
  driven.commit();
  driven.register_broker(kB1, 1);
  const Offset registered_at = driven.broker(kB1).registered_at;
  for (int i = 0; i != 3; ++i) driven.fire({TimerKind::write_no_op});
  driven.commit();
  const BrokerHeartbeatResponse behind = driven.heartbeat(kB1, {false, false, registered_at - 1, -1});
  CHECK_FALSE(behind.is_caught_up);
  CHECK(behind.is_fenced);
  const BrokerHeartbeatResponse unwilling = driven.heartbeat(kB1, {true, false, registered_at, -1});
  CHECK(unwilling.is_caught_up);
  CHECK(unwilling.is_fenced);
  SUBCASE("not the end of the log") {
    const BrokerHeartbeatResponse there = driven.heartbeat(kB1, {false, false, registered_at, -1});
    CHECK(there.is_caught_up);
    CHECK_FALSE(there.is_fenced);
    CHECK_FALSE(driven.broker(kB1).fenced);
  }
  SUBCASE("as before KAFKA-13955, when NoOps kept it away") {
    driven.rules.kraft.has_caught_up = [](Offset reported, Offset, Offset log_end) { return reported >= log_end - 1; };
    CHECK(driven.heartbeat(kB1, {false, false, registered_at, -1}).is_fenced);
    CHECK_FALSE(driven.heartbeat(kB1).is_fenced);
  }
}

TEST_CASE("a fenced broker may shut down at once") {
  DrivenController driven;
  driven.boot_with_topic();
  driven.heartbeat(kB1, kWantsFence);
  for (const Heartbeat& wish : {kWantsShutdown, kWantsBoth}) {
    const BrokerHeartbeatResponse answer = driven.heartbeat(kB1, wish);
    CHECK(answer.should_shut_down);
    CHECK(answer.is_fenced);
  }
}

TEST_CASE("an unfenced broker is fenced when it wants, and may shut down at once if it leads nothing") {
  DrivenController driven;
  driven.boot_with_topic();
  SUBCASE("it only wants to be fenced") {
    const BrokerHeartbeatResponse answer = driven.heartbeat(kB1, kWantsFence);
    CHECK(answer.is_fenced);
    CHECK_FALSE(answer.should_shut_down);
    CHECK(shown(driven.partition()) == "L2 ISR{2,3} le1 pe1");
  }
  SUBCASE("it wants both") {
    CHECK(driven.heartbeat(kB1, kWantsBoth).should_shut_down);
    CHECK(driven.broker(kB1).fenced);
  }
  SUBCASE("it leads nothing") {
    CHECK(driven.heartbeat(kB2, kWantsShutdown).should_shut_down);
    CHECK(shown(driven.partition()) == "L1 ISR{1,3} le0 pe1");
  }
  SUBCASE("it wants nothing") {
    const Offset end = driven.image().offset;
    CHECK_FALSE(driven.heartbeat(kB1).is_fenced);
    CHECK(driven.image().offset == end);
  }
}

// --- controlled shutdown ---------------------------------------------------------------------------

TEST_CASE("a leader that shuts down moves its partitions and waits until the others know") {
  DrivenController driven;
  driven.boot_with_topic();
  const Offset before = driven.controller().stable.offset - 1;
  const BrokerHeartbeatResponse begun = driven.heartbeat(kB1, kWantsShutdown);
  CHECK_FALSE(begun.should_shut_down);
  CHECK_FALSE(begun.is_fenced);
  CHECK(driven.broker(kB1).in_controlled_shutdown);
  CHECK_FALSE(is_active(driven.image(), kB1));
  CHECK(shown(driven.partition()) == "L2 ISR{2,3} le1 pe1");
  const Offset moved_at = driven.image().offset - 1;
  CHECK(contact_of(driven, kB1).controlled_shutdown_at == moved_at);
  SUBCASE("all have to") {
    for (const NodeId id : {kB2, kB3, kB4}) driven.heartbeat(id, {false, false, moved_at, -1});
    driven.heartbeat(kB5, {false, false, before, -1});
    CHECK_FALSE(driven.heartbeat(kB1, kWantsShutdown).should_shut_down);
    driven.heartbeat(kB5, {false, false, moved_at, -1});
    const BrokerHeartbeatResponse over = driven.heartbeat(kB1, kWantsShutdown);
    CHECK(over.should_shut_down);
    CHECK(over.is_fenced);
    CHECK(driven.broker(kB1).fenced);
  }
  SUBCASE("those that are fenced or stopping too have not") {
    for (const NodeId id : {kB3, kB4}) driven.heartbeat(id, {false, false, moved_at, -1});
    driven.heartbeat(kB5, {true, false, before, -1});
    driven.heartbeat(kB2, {false, true, before, -1});
    CHECK(shown(driven.partition()) == "L3 ISR{3} le2 pe2");
    CHECK(driven.heartbeat(kB1, kWantsShutdown).should_shut_down);
  }
  SUBCASE("a planted defect does not wait") {
    driven.rules.kraft.shutdown_waits_for_others = false;
    CHECK(driven.heartbeat(kB1, kWantsShutdown).should_shut_down);
  }
  SUBCASE("before KAFKA-14292 the offset moved on with every heartbeat") {
    driven.rules.kraft.shutdown_offset_is_kept = false;
    driven.fire({TimerKind::write_no_op});
    driven.heartbeat(kB1, kWantsShutdown);
    CHECK(contact_of(driven, kB1).controlled_shutdown_at > moved_at);
    for (const NodeId id : {kB2, kB3, kB4, kB5}) driven.heartbeat(id, {false, false, moved_at, -1});
    CHECK_FALSE(driven.heartbeat(kB1, kWantsShutdown).should_shut_down);
  }
}

TEST_CASE("a broker that leads alone leaves its partition without a leader, and waits for nobody") {
  DrivenController driven;
  driven.config.topics[0].assignment = {{kB1}};
  driven.boot_with_topic();
  for (const NodeId id : {kB2, kB3, kB4, kB5}) driven.heartbeat(id, kWantsFence);
  CHECK_FALSE(driven.heartbeat(kB1, kWantsShutdown).should_shut_down);
  CHECK(shown(driven.partition()) == "L-1 ISR{1} le1 pe1");
  CHECK(driven.heartbeat(kB1, kWantsShutdown).should_shut_down);
}

TEST_CASE("a controlled shutdown is over with the office, in memory, and the flag stays") {
  DrivenController driven;
  driven.boot_with_topic();
  driven.heartbeat(kB1, kWantsShutdown);
  driven.lose_office(2);
  driven.lead(3);
  driven.commit();
  CHECK(driven.broker(kB1).in_controlled_shutdown);
  CHECK(driven.heartbeat(kB1, kWantsShutdown).should_shut_down);
  SUBCASE("until the broker registers anew") {
    driven.register_broker(kB1, 2);
    CHECK_FALSE(driven.broker(kB1).in_controlled_shutdown);
    CHECK_FALSE(driven.heartbeat(kB1).is_fenced);
    CHECK(is_active(driven.image(), kB1));
  }
}

// --- sessions ------------------------------------------------------------------------------------

TEST_CASE("a silent broker is fenced when strictly more than its session has passed") {
  DrivenController driven;
  driven.boot_with_topic();
  driven.heartbeat(kB1);
  driven.advance(seconds(5));
  keep_in_contact(driven, {kB2, kB3, kB4, kB5});
  driven.advance(seconds(4));
  CHECK_FALSE(driven.broker(kB1).fenced);
  driven.advance(microseconds(1));
  CHECK(driven.broker(kB1).fenced);
  CHECK(shown(driven.partition()) == "L2 ISR{2,3} le1 pe1");
  for (const NodeId id : {kB2, kB3, kB4, kB5}) CHECK_FALSE(driven.broker(id).fenced);
}

TEST_CASE("heartbeats of the registered epoch keep a session, others do not") {
  DrivenController driven;
  driven.boot();
  for (int i = 0; i != 6; ++i) {
    driven.advance(seconds(2));
    driven.heartbeat(kB1);
    driven.send_heartbeat(kB2, {false, false, kUnknownOffset, 1});
  }
  CHECK_FALSE(driven.broker(kB1).fenced);
  CHECK(driven.broker(kB2).fenced);
}

TEST_CASE("since 4.0 sessions are looked at eight times a session, and one broker is fenced at a time") {
  DrivenController driven;
  driven.rules.kraft.fence_check = FenceCheck::every_eighth;
  driven.boot();
  REQUIRE(driven.is_armed(kEveryEighth));
  driven.advance(milliseconds(7'900));
  keep_in_contact(driven, {kB3, kB4, kB5});
  driven.now.us += 1'200'000;
  driven.fire(kEveryEighth);
  CHECK(driven.broker(kB1).fenced != driven.broker(kB2).fenced);
  driven.advance({});
  CHECK(driven.broker(kB1).fenced);
  CHECK(driven.broker(kB2).fenced);
  driven.advance({});
  CHECK_FALSE(driven.broker(kB3).fenced);
  CHECK(driven.is_armed(kEveryEighth));
}

TEST_CASE("since 4.0 a broker that dies is seen up to an eighth of a session late") {
  DrivenController driven;
  driven.rules.kraft.fence_check = FenceCheck::every_eighth;
  driven.boot();
  driven.advance(milliseconds(1'000));
  driven.heartbeat(kB1);
  driven.advance(milliseconds(9'100));
  CHECK_FALSE(driven.broker(kB1).fenced);
  driven.advance(milliseconds(1'125));
  CHECK(driven.broker(kB1).fenced);
}

TEST_CASE("a new controller gives every broker a session, or one that died meanwhile would stay") {
  for (const FenceCheck check : {FenceCheck::at_expiry, FenceCheck::every_eighth}) {
    for (const bool seeded : {true, false}) {
      DrivenController driven;
      driven.rules.kraft.fence_check = check;
      driven.rules.kraft.contacts_are_seeded = seeded;
      driven.boot();
      driven.lose_office(2);
      driven.advance(seconds(60));
      driven.lead(3);
      driven.commit();
      driven.advance(seconds(9));
      CHECK_FALSE(driven.broker(kB1).fenced);
      driven.advance(milliseconds(1'126));
      CHECK(driven.broker(kB1).fenced == seeded);
    }
  }
}

TEST_CASE("the contacts of fenced brokers are seeded too until 4.1, hence they register late") {
  for (const bool seeded : {true, false}) {
    DrivenController driven;
    driven.rules.kraft.fence_check = FenceCheck::every_eighth;
    driven.rules.kraft.fenced_contacts_are_seeded = seeded;
    driven.boot();
    driven.heartbeat(kB1, kWantsFence);
    driven.lose_office(2);
    driven.lead(3);
    driven.commit();
    CHECK(driven.register_broker(kB1, 2).error ==
          (seeded ? ErrorCode::duplicate_broker_registration : ErrorCode::none));
  }
}

TEST_CASE("a session outlives its connection") {
  for (const bool outlives : {true, false}) {
    DrivenController driven;
    driven.rules.kraft.session_outlives_connection = outlives;
    driven.boot_with_topic();
    driven.with([](const ControllerContext& c) {
      on_controller_disconnected(c, {kB1, kC1, ChannelKind::broker_lifecycle, 0, 1});
    });
    CHECK(driven.broker(kB1).fenced == !outlives);
    CHECK(shown(driven.partition()) == (outlives ? "L1 ISR{1,2,3} le0 pe0" : "L2 ISR{2,3} le1 pe1"));
  }
}

TEST_CASE("a broker that was fenced while it lived comes back with its epoch") {
  DrivenController driven;
  driven.boot_with_topic();
  const BrokerEpoch epoch = driven.broker(kB1).broker_epoch;
  driven.advance(seconds(5));
  keep_in_contact(driven, {kB2, kB3, kB4, kB5});
  driven.advance(seconds(5));
  REQUIRE(driven.broker(kB1).fenced);
  CHECK_FALSE(driven.heartbeat(kB1).is_fenced);
  CHECK(driven.broker(kB1).broker_epoch == epoch);
  driven.advance(seconds(5));
  keep_in_contact(driven, {kB2, kB3, kB4, kB5});
  driven.advance(seconds(5));
  CHECK(driven.broker(kB1).fenced);
}
