// What a global observer remembers: committed records, acknowledgements, and what its rows go by.
#include "model/invariants/history.h"

#include <doctest/doctest.h>

#include "tests/told_by_hand.h"

using namespace model;
using namespace model::test;

// --- committed ---------------------------------------------------------------------------------------

TEST_CASE("what the current leader holds below its high watermark is committed, record by record") {
  ToldByHand told;
  told.elect(kB1, 0, {kB1, kB2});
  told.append_to({kB1}, 0, kAll, 100, 10);
  CHECK(told.past().committed.end() == 0);
  told.move_high_watermark(kB1, 4);
  told.move_high_watermark(kB1, 7);
  REQUIRE(told.past().committed.batches.size() == 2);
  CHECK(told.past().committed.batches[0] == Batch{0, 4, 0, 100, 100, 0, kAll});
  CHECK(told.past().committed.batches[1] == Batch{4, 3, 0, 104, 104, 0, kAll});
  CHECK(told.past().committed_values.front() == 107);
}

TEST_CASE("neither a follower nor a leader that ZooKeeper does not name commits anything") {
  ToldByHand told;
  told.elect(kB1, 0, {kB1, kB2});
  told.append_to({kB1, kB2}, 0, kAll, 0, 10);
  told.move_high_watermark(kB2, 10, false);
  CHECK(told.past().committed.end() == 0);
  CHECK(told.replica(kB2).reign_high_watermark == kUnknownOffset);
  told.store(kB2, 1, {kB2});
  told.move_high_watermark(kB1, 10);
  CHECK(told.past().committed.end() == 0);
  told.lead(kB2, 1);
  CHECK(told.past().committed.end() == 10);
}

TEST_CASE("how much of the committed records a replica holds follows its log down and up again") {
  ToldByHand told;
  told.commit_ten();
  CHECK(told.replica(kB2).committed_held == 10);
  truncate(told.log(kB2), 6);
  told.tell(kB2, Truncated{kT0, 10, 6, 0});
  CHECK(told.replica(kB2).committed_held == 6);
  append(told.log(kB2), Batch{6, 4, 0, 6, 6, 0, kAll});
  told.tell(kB2, RecordsAppended{kT0, 6, 4, false});
  CHECK(told.replica(kB2).committed_held == 10);
}

TEST_CASE("records that a replica takes for committed ones are not held as those") {
  ToldByHand told;
  told.commit_ten();
  truncate(told.log(kB2), 6);
  told.tell(kB2, Truncated{kT0, 10, 6, 0});
  told.append_to({kB2}, 1, kLeader, 50, 4);
  CHECK(told.log(kB2).end() == 10);
  CHECK(told.replica(kB2).committed_held == 6);
}

// --- the rest of what is remembered ------------------------------------------------------------------------

TEST_CASE("acknowledgements of one producer join, also when others come between") {
  ToldByHand told;
  told.acknowledge(kAll, 0, 2);
  told.acknowledge(kLeader, 0, 1);
  told.acknowledge(kAll, 2, 3);
  told.acknowledge(kAll, 7, 1);
  REQUIRE(told.past().acknowledged.size() == 3);
  CHECK(told.past().acknowledged[0].producer == kAll);
  CHECK(told.past().acknowledged[0].end == 5);
  CHECK(told.past().acknowledged[2].first == 7);
}

TEST_CASE("only a definite failure says that records were not written") {
  ToldByHand told;
  told.tell(kAll, RecordsFailed{kT0, 0, 3, ErrorCode::request_timed_out, true});
  CHECK(told.past().refused.empty());
  told.tell(kAll, RecordsFailed{kT0, 3, 2, ErrorCode::not_enough_replicas, false});
  REQUIRE(told.past().refused.size() == 1);
  CHECK(told.past().refused.front().first == 3);
  CHECK(told.past().refused.front().end == 5);
}

TEST_CASE("a change of the ISR is stuck when it is refused for good, until another one or another process") {
  ToldByHand told;
  const auto refuse = [&](ErrorCode error) { told.tell(kB1, IsrChangeRefused{kT0, error}); };
  refuse(ErrorCode::unknown_server_error);
  CHECK_FALSE(told.replica(kB1).stuck_pending);
  refuse(ErrorCode::fenced_leader_epoch);
  CHECK(told.replica(kB1).stuck_pending);
  CHECK_FALSE(told.replica(kB2).stuck_pending);
  told.tell(kB1, IsrExpandProposed{kT0, {kB1}, {kB1, kB2}});
  CHECK_FALSE(told.replica(kB1).stuck_pending);
  refuse(ErrorCode::invalid_update_version);
  observe_start(told.history, kB1);
  CHECK_FALSE(told.replica(kB1).stuck_pending);
}

TEST_CASE("a process that begins has acted in no epoch; what the cluster has committed stays") {
  ToldByHand told;
  told.commit_ten();
  told.tell(kB1, ControlRequestApplied{kB2, 1, 1});
  CHECK(told.replica(kB1).highest_epoch == 0);
  CHECK(told.replica(kB1).reign_high_watermark == 10);
  observe_start(told.history, kB1);
  CHECK(told.replica(kB1).highest_epoch == kNoEpoch);
  CHECK(told.replica(kB1).reign_high_watermark == kUnknownOffset);
  CHECK(told.history.brokers[1].highest_controller_epoch == 0);
  CHECK(told.past().committed.end() == 10);
}

TEST_CASE("metadata is late when no controller waits any more for the request that brought it") {
  ToldByHand told;
  auto& senders = told.broker(kB2).memory.controller.senders;
  const auto is_late = [&] {
    told.tell(kB1, ControlRequestApplied{kB2, 1, 1});
    return told.history.brokers[1].metadata_is_late;
  };
  CHECK(is_late());  // b2 has resigned since
  senders.push_back(Sender{});
  senders.front().broker = kB1;
  senders.front().in_flight = true;
  senders.front().queue.push_back(LeaderAndIsrRequest{});
  CHECK(is_late());  // which says nothing of who lives
  senders.front().queue.front() = UpdateMetadataRequest{};
  CHECK_FALSE(is_late());
  senders.front().in_flight = false;
  CHECK(is_late());
  observe_start(told.history, kB1);
  CHECK_FALSE(told.history.brokers[1].metadata_is_late);
}

TEST_CASE("the first leader stored with an epoch keeps it") {
  ToldByHand told;
  told.store(kB1, 0, {kB1, kB2});
  told.store(kNoNode, 1, {kB2});
  told.store(kB2, 2, {kB2});
  told.store(kB3, 2, {kB3});
  REQUIRE(told.past().leader_of_epoch.size() == 3);
  CHECK(told.past().leader_of_epoch[0] == kB1);
  CHECK(told.past().leader_of_epoch[1] == kNoNode);
  CHECK(told.past().leader_of_epoch[2] == kB2);
  CHECK(told.past().before.leader == kB2);
}
