// The office of the active controller in KRaft mode: what it writes and when it answers, what it forgets.
#include <doctest/doctest.h>

#include "tests/driven_controller.h"

using namespace model;
using namespace model::test;

namespace {

template <typename R>
std::vector<R> records_of(const MetadataLog& log) {
  std::vector<R> found;
  for (const MetadataBatch& batch : log.batches) {
    for (const MetadataRecord& record : batch.records) {
      if (const R* one = std::get_if<R>(&record)) found.push_back(*one);
    }
  }
  return found;
}

// What a standby that starts now would have read.
MetadataImage replayed(DrivenController& driven) {
  MetadataImage image = empty_image(driven.config);
  for (const MetadataBatch& batch : driven.log().batches) {
    if (batch.end() > driven.server.memory.raft.high_watermark) break;
    for (std::size_t i = 0; i < batch.records.size(); ++i) {
      REQUIRE(replay(image, batch.records[i], batch.base_offset + static_cast<Offset>(i)));
    }
  }
  return image;
}

}  // namespace

TEST_CASE("a controller claims its office when the first record of its epoch is committed") {
  DrivenController driven;
  driven.lead(3);
  CHECK(is_active(driven.controller()));
  CHECK(driven.controller().claim_epoch == 3);
  REQUIRE(driven.told<BelievesController>().size() == 1);
  CHECK(driven.told<BelievesController>()[0].epoch == 3);
}

TEST_CASE("the first controller writes with what the cluster was formatted, a later one does not") {
  DrivenController driven;
  driven.rules.kraft.metadata_version = 7;
  driven.enable_elr();
  driven.lead(1);
  driven.commit();
  CHECK(driven.controller().stable.metadata_version == 7);
  CHECK(driven.controller().stable.eligible_leader_replicas_version == 1);
  CHECK(driven.controller().stable.controllers.size() == 1);
  const auto features = records_of<FeatureLevelRecord>(driven.log()).size();
  driven.lose_office(2);
  driven.lead(3);
  driven.commit();
  CHECK(records_of<FeatureLevelRecord>(driven.log()).size() == features);
  CHECK(records_of<RegisterControllerRecord>(driven.log()).size() == 1);
  CHECK(driven.controller().stable == replayed(driven));
}

TEST_CASE("ELR is not enabled in a version that does not know it") {
  DrivenController driven;
  driven.lead(1);
  driven.commit();
  CHECK(driven.controller().stable.eligible_leader_replicas_version == 0);
  driven.with([](const ControllerContext& c) { CHECK_FALSE(elr_enabled(c)); });
}

TEST_CASE("a new process of a controller registers itself again") {
  DrivenController driven;
  driven.lead(1);
  driven.commit();
  driven.lose_office(2);
  ++driven.server.disk.raft.processes;
  driven.lead(3);
  driven.commit();
  REQUIRE(driven.image().controllers.size() == 1);
  CHECK(driven.image().controllers[0].incarnation == driven.server.disk.raft.processes);
}

TEST_CASE("an answer waits until its records are committed") {
  DrivenController driven;
  driven.lead(1);
  driven.commit();
  driven.request(kB1, ChannelKind::broker_lifecycle, BrokerRegistrationRequest{kB1, 1, -1});
  CHECK(find_broker(driven.image(), kB1) != nullptr);
  CHECK(find_broker(driven.controller().stable, kB1) == nullptr);
  CHECK_FALSE(driven.take<BrokerRegistrationResponse>(kB1));
  driven.drain();
  driven.run();
  CHECK_FALSE(driven.take<BrokerRegistrationResponse>(kB1));
  driven.commit();
  const auto answer = driven.take<BrokerRegistrationResponse>(kB1);
  REQUIRE(answer.has_value());
  CHECK(answer->broker_epoch == find_broker(driven.controller().stable, kB1)->registered_at);
}

TEST_CASE("an answer that does not wait is a planted defect") {
  DrivenController driven;
  driven.rules.kraft.answers_wait_for_commit = false;
  driven.lead(1);
  driven.commit();
  driven.request(kB1, ChannelKind::broker_lifecycle, BrokerRegistrationRequest{kB1, 1, -1});
  CHECK(driven.take<BrokerRegistrationResponse>(kB1));
}

TEST_CASE("a heartbeat that changes nothing waits for what is pending, and only then") {
  DrivenController driven;
  driven.boot();
  driven.send_heartbeat(kB1);
  CHECK(driven.take<BrokerHeartbeatResponse>(kB1));
  driven.fire({TimerKind::write_no_op});
  driven.send_heartbeat(kB1);
  CHECK_FALSE(driven.take<BrokerHeartbeatResponse>(kB1));
  driven.commit();
  CHECK(driven.take<BrokerHeartbeatResponse>(kB1));
}

TEST_CASE("answers go in the order of their offsets") {
  DrivenController driven;
  driven.lead(1);
  driven.commit();
  for (const NodeId id : {kB2, kB1, kB3}) {
    driven.request(id, ChannelKind::broker_lifecycle, BrokerRegistrationRequest{id, 1, -1});
  }
  driven.commit();
  REQUIRE(driven.sends.size() == 3);
  CHECK(driven.sends[0].via.client == kB2);
  CHECK(driven.sends[1].via.client == kB1);
  CHECK(driven.sends[2].via.client == kB3);
}

TEST_CASE("what was not committed is forgotten with the office, and whoever waited is told") {
  for (const bool reverts : {true, false}) {
    DrivenController driven;
    driven.rules.kraft.renouncing_reverts = reverts;
    driven.boot();
    driven.send_heartbeat(kB2, {true, false, kUnknownOffset, -1});
    CHECK(driven.broker(kB2).fenced);
    driven.lose_office(2);
    CHECK_FALSE(is_active(driven.controller()));
    REQUIRE(driven.told<ControllerResigned>().size() == 1);
    CHECK(driven.told<ControllerResigned>()[0].epoch == 1);
    const auto answer = driven.take<BrokerHeartbeatResponse>(kB2);
    REQUIRE(answer.has_value());
    CHECK(answer->error == ErrorCode::not_controller);
    CHECK(driven.broker(kB2).fenced == !reverts);
    CHECK((driven.controller().stable == replayed(driven)) == reverts);
    CHECK(driven.timers.empty());
    // The one that kept its memory misses what the other leader writes there.
    driven.receive({LeaderChangeRecord{kC2, {}, {}}, NoOpRecord{}});
    driven.receive({BrokerRegistrationChangeRecord{kB3, driven.broker(kB3).broker_epoch, FenceChange::fence, false}});
    CHECK((driven.controller().stable == replayed(driven)) == reverts);
  }
}

TEST_CASE("a write that raft refuses ends the office, and raft's leadership too") {
  for (const bool resigns : {true, false}) {
    DrivenController driven;
    driven.rules.kraft.renouncing_resigns = resigns;
    driven.boot();
    driven.controller().claim_epoch = 0;  // raft knows a newer epoch than it claimed
    driven.server.memory.raft.epoch = 1;
    driven.send_heartbeat(kB1, {true, false, kUnknownOffset, -1});
    CHECK_FALSE(is_active(driven.controller()));
    const auto answer = driven.take<BrokerHeartbeatResponse>(kB1);
    REQUIRE(answer.has_value());
    CHECK(answer->error == ErrorCode::not_controller);
    driven.controller().claim_epoch = 1;
    driven.controller().working = driven.controller().stable;
    driven.with([](const ControllerContext& c) { renounce(c); });
    CHECK(driven.leader().resign_requested == resigns);
  }
}

TEST_CASE("a controller that is not active refers to another") {
  DrivenController driven;
  driven.request(kB1, ChannelKind::broker_lifecycle, BrokerRegistrationRequest{kB1, 1, -1});
  driven.request(kB1, ChannelKind::broker_lifecycle, BrokerHeartbeatRequest{});
  driven.request(kB1, ChannelKind::alter_partition, AlterPartitionRequest{});
  const auto registered = driven.take<BrokerRegistrationResponse>(kB1);
  const auto heard = driven.take<BrokerHeartbeatResponse>(kB1);
  const auto altered = driven.take<AlterPartitionResponse>(kB1);
  REQUIRE((registered && heard && altered));
  CHECK(registered->error == ErrorCode::not_controller);
  CHECK(heard->error == ErrorCode::not_controller);
  CHECK(altered->error == ErrorCode::not_controller);
}

TEST_CASE("an active controller writes a NoOp record in every idle interval") {
  DrivenController driven;
  driven.lead(1);
  driven.commit();
  driven.advance(milliseconds(1'700));
  driven.commit();
  CHECK(records_of<NoOpRecord>(driven.log()).size() == 3);
  driven.lose_office(2);
  driven.advance(seconds(5));
  CHECK(records_of<NoOpRecord>(driven.log()).size() == 3);
}

TEST_CASE("no idle interval, no NoOp records") {
  DrivenController driven;
  driven.config.quorum.metadata_max_idle_interval = {};
  driven.lead(1);
  driven.commit();
  CHECK_FALSE(driven.is_armed({TimerKind::write_no_op}));
}

TEST_CASE("leading again in a later epoch is another office") {
  DrivenController driven;
  driven.boot();
  driven.lead(4);
  CHECK(driven.controller().claim_epoch == 4);
  REQUIRE(driven.told<ControllerResigned>().size() == 1);
  CHECK(driven.told<ControllerResigned>()[0].epoch == 1);
  REQUIRE(driven.told<BelievesController>().size() == 1);
  CHECK(driven.told<BelievesController>()[0].epoch == 4);
}

TEST_CASE("records of raft's own between two writes move the offsets and nothing else") {
  DrivenController driven;
  driven.boot();
  driven.drain();
  append(driven.log(), MetadataBatch{driven.log().end(), 1, driven.now, {VotersRecord{}}});
  driven.leader().accumulator.next_offset = driven.log().end();
  CHECK(driven.heartbeat(kB1, {true, false, kUnknownOffset, -1}).is_fenced);
  CHECK(driven.image() == driven.controller().stable);
  CHECK(driven.image() == replayed(driven));
}

TEST_CASE("a controller standing by knows what the log says") {
  for (const bool reads_everything : {true, false}) {
    DrivenController driven;
    driven.rules.kraft.standby_reads_everything = reads_everything;
    driven.boot();
    driven.lose_office(2);
    driven.receive({BrokerRegistrationChangeRecord{kB3, driven.broker(kB3).broker_epoch, FenceChange::fence, false}});
    CHECK((driven.controller().stable == replayed(driven)) == reads_everything);
  }
}

TEST_CASE("a record that contradicts what is known ends the process") {
  DrivenController driven;
  driven.boot();
  driven.lose_office(2);
  driven.receive({BrokerRegistrationChangeRecord{kB1, 9'999, FenceChange::fence, false}});
  CHECK(driven.exited);
  REQUIRE(driven.told<QuorumFailed>().size() == 1);
  CHECK(driven.told<QuorumFailed>()[0].fault == QuorumFault::record_contradicts_state);
}

TEST_CASE("a controller standing by loads a snapshot, an active one must not need to") {
  DrivenController driven;
  driven.boot();
  Snapshot snapshot;
  snapshot.id = {1, driven.controller().stable.offset + 4};
  snapshot.image = driven.controller().stable;
  snapshot.image.offset = snapshot.id.offset;
  snapshot.image.metadata_version = 99;
  SUBCASE("standing by") {
    driven.lose_office(2);
    start_from(driven.log(), snapshot);
    driven.server.memory.raft.high_watermark = snapshot.id.offset;
    driven.run();
    CHECK(driven.controller().stable == snapshot.image);
    CHECK_FALSE(driven.exited);
  }
  SUBCASE("active") {
    start_from(driven.log(), snapshot);
    driven.server.memory.raft.high_watermark = snapshot.id.offset;
    driven.run();
    CHECK(driven.exited);
  }
}
