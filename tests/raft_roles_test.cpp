// Roles of a member of the quorum: what it is when it starts, and what it becomes.
#include <doctest/doctest.h>

#include "model/raft/member.h"
#include "tests/stepped_quorum.h"

using namespace model;
using sim::test::rules_with;
using sim::test::SteppedMember;
using sim::test::SteppedQuorum;

namespace {

// The role that a member has after its start, from what is on its disk.
SteppedMember& started(SteppedQuorum& quorum, ElectionState election, LeaderEpoch log_epoch = 0, Offset log_end = 0) {
  RaftDisk& disk = quorum[1].disk();
  disk.election = election;
  while (disk.log.end() < log_end) append(disk.log, {disk.log.end(), log_epoch, {}, {NoOpRecord{}}});
  quorum[1].start();
  return quorum[1];
}

ReplicaKey key(const SteppedQuorum& quorum, std::int32_t number) { return {quorum.id(number), 0}; }

}  // namespace

TEST_CASE("a member with an empty disk starts unattached in epoch 0") {
  SteppedQuorum quorum(3, rules_with(false));
  SteppedMember& member = started(quorum, {});
  REQUIRE(member.role<Unattached>() != nullptr);
  CHECK(member.memory().epoch == 0);
  CHECK(member.is_armed(TimerKind::quorum_election));
  CHECK(member.timer(TimerKind::quorum_election).min == milliseconds(1'000));
  CHECK(member.timer(TimerKind::quorum_election).max == milliseconds(2'000) - microseconds(1));
}

TEST_CASE("a log that is ahead of the election on disk counts first") {
  SteppedQuorum quorum(3, rules_with(false));
  SteppedMember& member = started(quorum, {3, quorum.id(1), {}}, 5, 4);
  REQUIRE(member.role<Unattached>() != nullptr);
  CHECK(member.memory().epoch == 5);
  CHECK(leader_of(member.memory()) == kNoNode);
  CHECK(member.disk().election == ElectionState{5, kNoNode, {}});
}

TEST_CASE("a leader comes back as one that has resigned, and names no successors") {
  SteppedQuorum quorum(3, rules_with(false));
  SteppedMember& member = started(quorum, {5, quorum.id(1), {}}, 5, 4);
  const Resigned* resigned = member.role<Resigned>();
  REQUIRE(resigned != nullptr);
  CHECK(member.memory().epoch == 5);
  CHECK(resigned->preferred_successors.empty());
  CHECK(resigned->unacknowledged.size() == 2);
}

TEST_CASE("a leader that may come back as such begins its epoch a second time") {
  Rules careless = rules_with(false);
  careless.quorum.restarted_leader_resigns = false;
  SteppedQuorum quorum(3, careless);
  SteppedMember& member = started(quorum, {5, quorum.id(1), {}}, 5, 4);
  REQUIRE(member.role<Leader>() != nullptr);
  CHECK(member.memory().epoch == 5);
  CHECK(member.disk().log.end() == 5);
  CHECK(member.disk().log.batches.back().epoch == 5);
}

TEST_CASE("a candidate comes back as one in the same epoch") {
  SteppedQuorum quorum(3, rules_with(false));
  SteppedMember& member = started(quorum, {5, kNoNode, key(quorum, 1)}, 4, 4);
  REQUIRE(member.role<Candidate>() != nullptr);
  CHECK(member.memory().epoch == 5);
  CHECK(member.disk().election == ElectionState{5, kNoNode, key(quorum, 1)});
}

TEST_CASE("a vote for somebody else is kept over a restart") {
  SteppedQuorum quorum(3, rules_with(false));
  SteppedMember& member = started(quorum, {5, kNoNode, key(quorum, 2)}, 4, 4);
  REQUIRE(member.role<Unattached>() != nullptr);
  CHECK(voted_of(member.memory()) == key(quorum, 2));
}

TEST_CASE("a follower comes back to its leader, with its vote if there are pre-votes") {
  for (const bool pre_vote : {false, true}) {
    CAPTURE(pre_vote);
    SteppedQuorum quorum(3, rules_with(pre_vote));
    SteppedMember& member = started(quorum, {5, quorum.id(2), key(quorum, 3)}, 4, 4);
    const Follower* follower = member.role<Follower>();
    REQUIRE(follower != nullptr);
    CHECK(follower->leader == quorum.id(2));
    CHECK((follower->voted == key(quorum, 3)) == pre_vote);
    CHECK(member.timer(TimerKind::quorum_fetch).min == milliseconds(2'000));
  }
}

TEST_CASE("a leader that is no voter is known and not followed") {
  SteppedQuorum quorum(3, rules_with(false));
  SteppedMember& member = started(quorum, {5, NodeId{77}, {}}, 4, 4);
  REQUIRE(member.role<Unattached>() != nullptr);
  CHECK(leader_of(member.memory()) == NodeId{77});
}

TEST_CASE("a quorum of one elects itself when it starts") {
  for (const bool pre_vote : {false, true}) {
    CAPTURE(pre_vote);
    SteppedQuorum quorum(1, rules_with(pre_vote));
    SteppedMember& member = started(quorum, {});
    REQUIRE(member.role<Leader>() != nullptr);
    CHECK(member.memory().epoch == 1);
    CHECK(member.memory().high_watermark == 1);
    CHECK(member.is_armed(TimerKind::quorum_commit));
    CHECK_FALSE(member.is_armed(TimerKind::quorum_check));
  }
}

TEST_CASE("a quorum of one that led before leads the next epoch") {
  for (const bool pre_vote : {false, true}) {
    CAPTURE(pre_vote);
    SteppedQuorum quorum(1, rules_with(pre_vote));
    SteppedMember& member = started(quorum, {5, quorum.id(1), {}}, 5, 4);
    REQUIRE(member.role<Leader>() != nullptr);
    CHECK(member.memory().epoch == 6);
  }
}

TEST_CASE("an observer waits for no election and asks voters who leads") {
  SteppedQuorum quorum(3, rules_with(false), 4);
  quorum[4].start();
  REQUIRE(quorum[4].role<Unattached>() != nullptr);
  CHECK_FALSE(quorum[4].is_armed(TimerKind::quorum_election));
  REQUIRE(quorum[4].effects().connects.size() == 1);
  CHECK(quorum.config.voters.contains(quorum[4].effects().connects[0].server));
}

TEST_CASE("the winner of an election writes a LeaderChange and makes itself known at once") {
  SteppedQuorum quorum(3, rules_with(false));
  quorum.start_all();
  quorum.elect(1);
  CHECK(quorum[1].disk().election == ElectionState{1, quorum.id(1), {}});
  const MetadataBatch& first = quorum[1].disk().log.batches.front();
  CHECK(first.epoch == 1);
  REQUIRE(std::holds_alternative<LeaderChangeRecord>(first.records[0]));
  for (const std::int32_t other : {2, 3}) {
    REQUIRE(quorum[other].role<Follower>() != nullptr);
    CHECK(quorum[other].role<Follower>()->leader == quorum.id(1));
    CHECK(quorum[other].disk().log == quorum[1].disk().log);
  }
  CHECK(quorum[1].memory().high_watermark == 1);
}

TEST_CASE("becoming a follower forgets the vote, unless pre-votes need it") {
  for (const bool pre_vote : {false, true}) {
    CAPTURE(pre_vote);
    SteppedQuorum quorum(3, rules_with(pre_vote));
    quorum.start_all();
    quorum.elect(1);
    CHECK((quorum[2].disk().election.voted == key(quorum, 1)) == pre_vote);
  }
}

TEST_CASE("a vote that does not outlive a role within an epoch is forgotten") {
  Rules forgetful = rules_with(true);
  forgetful.quorum.vote_outlives_transition = false;
  SteppedQuorum quorum(3, forgetful);
  SteppedMember& member = started(quorum, {5, kNoNode, key(quorum, 2)}, 4, 4);
  member.fire(TimerKind::quorum_election);
  REQUIRE(member.role<Prospective>() != nullptr);
  CHECK(voted_of(member.memory()) == ReplicaKey{});
}

TEST_CASE("a lost pre-vote leads back to the leader that is known, or to none") {
  SteppedQuorum quorum(3, rules_with(true));
  SteppedMember& member = started(quorum, {5, quorum.id(2), {}}, 4, 4);
  member.fire(TimerKind::quorum_fetch);
  REQUIRE(member.role<Prospective>() != nullptr);
  CHECK(leader_of(member.memory()) == quorum.id(2));
  member.fire(TimerKind::quorum_election);
  REQUIRE(member.role<Follower>() != nullptr);
  CHECK(member.memory().epoch == 5);
  CHECK(member.is_armed(TimerKind::quorum_fetch));

  SteppedQuorum other(3, rules_with(true));
  SteppedMember& lone = started(other, {5, kNoNode, {}}, 4, 4);
  lone.fire(TimerKind::quorum_election);
  REQUIRE(lone.role<Prospective>() != nullptr);
  lone.fire(TimerKind::quorum_election);
  REQUIRE(lone.role<Unattached>() != nullptr);
  CHECK(lone.timer(TimerKind::quorum_election).max == milliseconds(0));
}

TEST_CASE("a candidate without an outcome backs off and stands again, or asks beforehand") {
  SteppedQuorum quorum(3, rules_with(false));
  SteppedMember& member = started(quorum, {});
  member.fire(TimerKind::quorum_election);
  member.fire(TimerKind::quorum_election);
  REQUIRE(member.role<Candidate>() != nullptr);
  CHECK(member.role<Candidate>()->backing_off);
  member.fire(TimerKind::quorum_backoff);
  REQUIRE(member.role<Candidate>() != nullptr);
  CHECK(member.memory().epoch == 2);
  CHECK(member.role<Candidate>()->retries == 2);

  SteppedQuorum later(3, rules_with(true));
  SteppedMember& waits = started(later, {5, kNoNode, key(later, 1)}, 4, 4);
  waits.fire(TimerKind::quorum_election);
  REQUIRE(waits.role<Prospective>() != nullptr);
  CHECK(waits.memory().epoch == 5);
}

TEST_CASE("a candidate that hears of a higher epoch keeps what is left of its election timer") {
  SteppedQuorum quorum(3, rules_with(false));
  SteppedMember& member = started(quorum, {});
  member.fire(TimerKind::quorum_election);
  member.answer_to<VoteResponse>(quorum.id(2), VoteRequest{key(quorum, 2), key(quorum, 1), 9, {0, 0}, false});
  REQUIRE(member.role<Unattached>() != nullptr);
  CHECK(member.memory().epoch == 9);
  CHECK(member.is_armed(TimerKind::quorum_election));
}

TEST_CASE("a resigned leader stands again in the next epoch, or waits in it when there are pre-votes") {
  SteppedQuorum quorum(3, rules_with(false));
  SteppedMember& member = started(quorum, {5, quorum.id(1), {}}, 5, 4);
  member.fire(TimerKind::quorum_election);
  REQUIRE(member.role<Candidate>() != nullptr);
  CHECK(member.memory().epoch == 6);

  SteppedQuorum later(3, rules_with(true));
  SteppedMember& waits = started(later, {5, later.id(1), {}}, 5, 4);
  waits.fire(TimerKind::quorum_election);
  REQUIRE(waits.role<Unattached>() != nullptr);
  CHECK(waits.memory().epoch == 6);
}

TEST_CASE("two leaders of one epoch end the process that hears of the second") {
  SteppedQuorum quorum(3, rules_with(false));
  SteppedMember& member = started(quorum, {5, quorum.id(2), {}}, 4, 4);
  member.receive({quorum.id(3), quorum.id(1), ChannelKind::quorum, 0, 9},
                 BeginQuorumEpochRequest{quorum.id(3), 5, key(quorum, 1)});
  CHECK(member.told<QuorumFailed>().fault == QuorumFault::two_leaders);
  CHECK(member.effects().exits);
}

TEST_CASE("whoever is told that it leads, and does not, ends its process") {
  SteppedQuorum quorum(3, rules_with(false));
  SteppedMember& member = started(quorum, {});
  member.receive({quorum.id(3), quorum.id(1), ChannelKind::quorum, 0, 9},
                 BeginQuorumEpochRequest{quorum.id(1), 5, key(quorum, 1)});
  CHECK(member.told<QuorumFailed>().fault == QuorumFault::two_leaders);
}

TEST_CASE("BeginQuorumEpoch makes a follower and does not reset the fetch timer of one") {
  SteppedQuorum quorum(3, rules_with(false));
  SteppedMember& member = started(quorum, {});
  const BeginQuorumEpochRequest begin{quorum.id(2), 3, key(quorum, 1)};
  CHECK(member.answer_to<BeginQuorumEpochResponse>(quorum.id(2), begin).error == ErrorCode::none);
  REQUIRE(member.role<Follower>() != nullptr);
  member.answer_to<BeginQuorumEpochResponse>(quorum.id(2), begin);
  for (const Arm& arm : member.effects().arms) CHECK(arm.key.kind != TimerKind::quorum_fetch);
  const BeginQuorumEpochRequest older{quorum.id(2), 2, key(quorum, 1)};
  CHECK(member.answer_to<BeginQuorumEpochResponse>(quorum.id(2), older).error == ErrorCode::fenced_leader_epoch);
  const BeginQuorumEpochRequest misdirected{quorum.id(2), 3, key(quorum, 3)};
  CHECK(member.answer_to<BeginQuorumEpochResponse>(quorum.id(2), misdirected).error == ErrorCode::invalid_voter_key);
}

TEST_CASE("BeginQuorumEpoch comes again every half fetch timeout; once it came until it was acknowledged") {
  SteppedQuorum quorum(3, rules_with(false));
  quorum.start_all();
  quorum.elect(1);
  CHECK(quorum[1].timer(TimerKind::quorum_begin).min == milliseconds(1'000));
  quorum[1].fire(TimerKind::quorum_begin);
  CHECK(quorum[1].all_sent<BeginQuorumEpochRequest>().size() == 2);

  Rules once = rules_with(false);
  once.quorum.begin_quorum_epoch_is_repeated = false;
  SteppedQuorum older(3, once);
  older.start_all();
  older.elect(1);
  CHECK_FALSE(older[1].is_armed(TimerKind::quorum_begin));
  for (const VoterProgress& voter : older[1].role<Leader>()->voters) {
    CHECK(voter.acknowledged == (voter.voter.node != older.id(1)));
  }
}

TEST_CASE("a successor waits by its place among those that the leader names") {
  const Duration max = milliseconds(1'000);
  const auto delay = [max](std::size_t position, std::size_t count) {
    return successor_delay(max, position, count).us / 1'000;
  };
  CHECK(delay(0, 2) == 0);
  CHECK(delay(1, 2) == 500);
  CHECK(delay(0, 4) == 0);
  CHECK(delay(1, 4) == 125);
  CHECK(delay(2, 4) == 250);
  CHECK(delay(3, 4) == 500);
  CHECK(delay(4, 4) == 1'000);
  CHECK(delay(0, 0) == 0);
}

TEST_CASE("a leader that resigns names its successors, those with the longest logs first") {
  SteppedQuorum quorum(3, rules_with(false));
  quorum.start_all();
  quorum.elect(1);
  Leader* leader = quorum[1].role<Leader>();
  leader->voters[1].end = 0;
  quorum[1].fire(TimerKind::quorum_check);
  const Resigned* resigned = quorum[1].role<Resigned>();
  REQUIRE(resigned != nullptr);
  CHECK(resigned->preferred_successors == SmallVec<NodeId, 5>{quorum.id(3), quorum.id(2)});
  CHECK(quorum[1].disk().election == ElectionState{1, quorum.id(1), {}});  // as it was: this role is not written
  for (const EndQuorumEpochRequest& end : quorum[1].all_sent<EndQuorumEpochRequest>()) {
    CHECK(end.preferred == SmallVec<NodeId, 2>{quorum.id(3), quorum.id(2)});
  }
}

TEST_CASE("EndQuorumEpoch replaces the fetch timer by the delay of the place") {
  SteppedQuorum quorum(3, rules_with(false));
  SteppedMember& member = started(quorum, {5, quorum.id(2), {}}, 4, 4);
  const auto end = [&](SmallVec<NodeId, 2> preferred) {
    member.answer_to<EndQuorumEpochResponse>(quorum.id(2), EndQuorumEpochRequest{quorum.id(2), 5, preferred});
    return member.timer(TimerKind::quorum_fetch).min;
  };
  CHECK(end({quorum.id(3), quorum.id(1)}) == milliseconds(500));
  CHECK(end({quorum.id(1), quorum.id(3)}) == milliseconds(0));
  CHECK(end({quorum.id(3)}) == milliseconds(1'000));
  CHECK(end({}) == milliseconds(0));
}

TEST_CASE("a leader that is asked to resign names no successors when a rule says so") {
  Rules silent = rules_with(false);
  silent.quorum.resigning_leader_names_successors = false;
  SteppedQuorum quorum(3, silent);
  quorum.start_all();
  quorum.elect(1);
  quorum[1].with([](const Context& context, Raft raft) { return resign(context, raft, 1), 0; });
  REQUIRE(quorum[1].role<Resigned>() != nullptr);
  CHECK(quorum[1].role<Resigned>()->preferred_successors.empty());
}

TEST_CASE("a resignation from an epoch that is over has no effect") {
  SteppedQuorum quorum(3, rules_with(false));
  quorum.start_all();
  quorum.elect(1);
  quorum[1].with([](const Context& context, Raft raft) { return resign(context, raft, 0), 0; });
  CHECK(quorum[1].role<Leader>() != nullptr);
}

TEST_CASE("a leader that is stopped hands over first and ends when another leads") {
  SteppedQuorum quorum(3, rules_with(false));
  quorum.start_all();
  quorum.elect(1);
  quorum[1].stop();
  quorum.carry(quorum[1]);
  quorum.settle();
  REQUIRE(quorum[1].role<Resigned>() != nullptr);
  CHECK_FALSE(quorum[1].memory().shutdown_over);
  CHECK(quorum[2].timer(TimerKind::quorum_fetch).min == milliseconds(0));
  quorum.fire(2, TimerKind::quorum_fetch);
  quorum.settle();
  REQUIRE(quorum[2].role<Leader>() != nullptr);
  CHECK(quorum[1].memory().shutdown_over);
}

TEST_CASE("a leader that is stopped waits for a new one only so long") {
  SteppedQuorum quorum(3, rules_with(false));
  quorum.start_all();
  quorum.elect(1);
  quorum.cut_off = {quorum.id(1)};
  quorum[1].stop();
  CHECK(quorum[1].timer(TimerKind::quorum_shutdown).min == milliseconds(2'000));
  CHECK_FALSE(quorum[1].memory().shutdown_over);
  quorum[1].fire(TimerKind::quorum_shutdown);
  CHECK(quorum[1].memory().shutdown_over);
}

TEST_CASE("a follower that is stopped has nothing to wait for") {
  SteppedQuorum quorum(3, rules_with(false));
  quorum.start_all();
  quorum.elect(1);
  quorum[2].stop();
  CHECK(quorum[2].memory().shutdown_over);
}

TEST_CASE(
    "those above are told of their own leadership once they have read its first record, and not of a resigned one") {
  SteppedQuorum quorum(3, rules_with(false));
  quorum.start_all();
  quorum.elect(1);
  RaftListener listener;
  CHECK_FALSE(take_leader_change(quorum[1].raft(), listener).has_value());
  const MetadataBatch* first = next_committed(quorum[1].raft(), listener);
  REQUIRE(first != nullptr);
  listener.next_offset = first->end();
  const auto notice = take_leader_change(quorum[1].raft(), listener);
  REQUIRE(notice.has_value());
  CHECK(notice->leader == quorum.id(1));
  CHECK(notice->epoch == 1);
  CHECK_FALSE(take_leader_change(quorum[1].raft(), listener).has_value());
  quorum[1].fire(TimerKind::quorum_check);
  RaftListener another;
  another.next_offset = 1;
  CHECK_FALSE(take_leader_change(quorum[1].raft(), another).has_value());
}

TEST_CASE("those above followers are told who leads, and again only when that is news") {
  SteppedQuorum quorum(3, rules_with(false));
  quorum.start_all();
  quorum.elect(1);
  RaftListener listener;
  REQUIRE(take_leader_change(quorum[2].raft(), listener).has_value());
  CHECK(listener.leader == quorum.id(1));
  CHECK_FALSE(take_leader_change(quorum[2].raft(), listener).has_value());
}
