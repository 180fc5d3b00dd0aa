// Vote: who may get whose vote, and what becomes of the answers.
#include <doctest/doctest.h>

#include "tests/stepped_quorum.h"

using namespace model;
using sim::test::rules_with;
using sim::test::SteppedQuorum;

namespace {

VoteRequest request(const SteppedQuorum& quorum, std::int32_t candidate, std::int32_t voter, LeaderEpoch epoch,
                    OffsetAndEpoch last, bool pre_vote = false) {
  return {{quorum.id(candidate), 0}, {quorum.id(voter), 0}, epoch, last, pre_vote};
}

VoteResponse answer(SteppedQuorum& quorum, std::int32_t candidate, std::int32_t voter, LeaderEpoch epoch,
                    OffsetAndEpoch last, bool pre_vote = false) {
  return quorum[voter].answer_to<VoteResponse>(quorum.id(candidate),
                                               request(quorum, candidate, voter, epoch, last, pre_vote));
}

// Epoch 4, log end 20; nobody else runs.
struct Lone {
  explicit Lone(bool pre_vote) : quorum(3, rules_with(pre_vote)) {
    RaftDisk& disk = quorum[1].disk();
    while (disk.log.end() < 20) append(disk.log, {disk.log.end(), 4, {}, {NoOpRecord{}}});
    disk.log.flushed = 20;
    disk.election.epoch = 4;
  }
  SteppedQuorum quorum;
};

}  // namespace

TEST_CASE("a vote goes to a log that ends in a later epoch, or in the same one and not before") {
  const auto granted = [](OffsetAndEpoch last) {
    Lone lone(false);
    lone.quorum[1].start();
    return answer(lone.quorum, 2, 1, 6, last).granted;
  };
  CHECK(granted({5, 3}));
  CHECK(granted({4, 20}));
  CHECK_FALSE(granted({4, 19}));
  CHECK_FALSE(granted({3, 900}));
}

TEST_CASE("a candidate's log cannot end in the epoch it stands for; one that asks beforehand may") {
  Lone lone(true);
  lone.quorum[1].start();
  CHECK(answer(lone.quorum, 2, 1, 5, {5, 30}).error == ErrorCode::invalid_request);
  const VoteResponse pre_vote = answer(lone.quorum, 2, 1, 5, {5, 30}, true);
  CHECK(pre_vote.error == ErrorCode::none);
  CHECK(pre_vote.granted);
  CHECK(answer(lone.quorum, 2, 1, 5, {6, 30}, true).error == ErrorCode::invalid_request);
  CHECK(answer(lone.quorum, 2, 1, 6, {4, -1}).error == ErrorCode::invalid_request);
}

TEST_CASE("a request of an older epoch is fenced with the epoch and the leader that are known") {
  Lone lone(false);
  lone.quorum[1].disk().election = {7, lone.quorum.id(3), {}};
  lone.quorum[1].start();
  const VoteResponse fenced = answer(lone.quorum, 2, 1, 6, {5, 30});
  CHECK(fenced.error == ErrorCode::fenced_leader_epoch);
  CHECK(fenced.epoch == 7);
  CHECK(fenced.leader == lone.quorum.id(3));
  CHECK_FALSE(fenced.granted);
}

TEST_CASE("a request that is meant for another disk or node is refused, though its epoch counts") {
  Lone lone(false);
  lone.quorum[1].start();
  CHECK(lone.quorum[1].answer_to<VoteResponse>(lone.quorum.id(2), request(lone.quorum, 2, 3, 6, {5, 30})).error ==
        ErrorCode::invalid_voter_key);
  CHECK(lone.quorum[1].memory().epoch == 6);
  CHECK(lone.quorum[1].disk().election == ElectionState{6, kNoNode, {}});
}

TEST_CASE("a vote is on disk when it is answered, and given once per epoch") {
  Lone lone(false);
  lone.quorum[1].start();
  CHECK(answer(lone.quorum, 2, 1, 6, {5, 30}).granted);
  CHECK(lone.quorum[1].disk().election == ElectionState{6, kNoNode, {lone.quorum.id(2), 0}});
  CHECK(answer(lone.quorum, 2, 1, 6, {5, 30}).granted);
  CHECK_FALSE(answer(lone.quorum, 3, 1, 6, {5, 30}).granted);
  lone.quorum[1].crash();
  lone.quorum[1].start();
  CHECK_FALSE(answer(lone.quorum, 3, 1, 6, {5, 30}).granted);
  CHECK(answer(lone.quorum, 3, 1, 7, {5, 30}).granted);
}

TEST_CASE("a vote that is not on disk is given again after a restart") {
  Rules forgetful = rules_with(false);
  forgetful.quorum.votes_are_durable = false;
  SteppedQuorum quorum(3, forgetful);
  quorum[1].start();
  CHECK(answer(quorum, 2, 1, 1, {0, 0}).granted);
  CHECK_FALSE(answer(quorum, 3, 1, 1, {0, 0}).granted);
  quorum[1].crash();
  quorum[1].start();
  CHECK(answer(quorum, 3, 1, 1, {0, 0}).granted);
}

TEST_CASE("without the rule of one vote per epoch, everybody gets it") {
  Rules generous = rules_with(false);
  generous.quorum.votes_once_per_epoch = false;
  SteppedQuorum quorum(3, generous);
  quorum[1].start();
  CHECK(answer(quorum, 2, 1, 1, {0, 0}).granted);
  CHECK(answer(quorum, 3, 1, 1, {0, 0}).granted);
}

TEST_CASE("granting a vote starts the election timer anew, hearing of an epoch does not") {
  Lone lone(false);
  lone.quorum[1].start();
  answer(lone.quorum, 2, 1, 6, {3, 1});
  for (const Arm& arm : lone.quorum[1].effects().arms) CHECK(arm.key.kind != TimerKind::quorum_election);
  CHECK(lone.quorum[1].is_armed(TimerKind::quorum_election));
  answer(lone.quorum, 2, 1, 6, {5, 30});
  bool armed = false;
  for (const Arm& arm : lone.quorum[1].effects().arms) armed |= arm.key.kind == TimerKind::quorum_election;
  CHECK(armed);
}

TEST_CASE("a member that knows its epoch's leader gives no vote, and a pre-vote as an unattached one") {
  Lone lone(true);
  lone.quorum[1].disk().election = {6, NodeId{77}, {}};  // not a voter: it cannot be followed
  lone.quorum[1].start();
  REQUIRE(lone.quorum[1].role<Unattached>() != nullptr);
  CHECK_FALSE(answer(lone.quorum, 2, 1, 6, {5, 30}).granted);
  CHECK(answer(lone.quorum, 2, 1, 6, {5, 30}, true).granted);
  CHECK_FALSE(answer(lone.quorum, 2, 1, 6, {3, 30}, true).granted);
}

TEST_CASE("a pre-vote leaves no trace and may be given to many") {
  Lone lone(true);
  lone.quorum[1].start();
  CHECK(answer(lone.quorum, 2, 1, 4, {4, 20}, true).granted);
  CHECK(answer(lone.quorum, 3, 1, 4, {4, 20}, true).granted);
  CHECK(lone.quorum[1].disk().election == ElectionState{4, kNoNode, {}});
}

TEST_CASE("a follower gives no vote, and a pre-vote until it has fetched from its leader") {
  Lone lone(true);
  lone.quorum[1].disk().election = {6, lone.quorum.id(3), {}};
  lone.quorum[1].start();
  Follower* follower = lone.quorum[1].role<Follower>();
  REQUIRE(follower != nullptr);
  CHECK_FALSE(answer(lone.quorum, 2, 1, 6, {5, 30}).granted);
  CHECK(answer(lone.quorum, 2, 1, 6, {5, 30}, true).granted);
  CHECK_FALSE(answer(lone.quorum, 2, 1, 6, {3, 30}, true).granted);
  follower->has_fetched = true;
  CHECK_FALSE(answer(lone.quorum, 2, 1, 6, {5, 30}, true).granted);
}

TEST_CASE("a follower that always refuses pre-votes is one of the rules") {
  Rules stubborn = rules_with(true);
  stubborn.quorum.fresh_follower_grants_pre_vote = false;
  SteppedQuorum quorum(3, stubborn);
  quorum[1].disk().election = {6, quorum.id(3), {}};
  quorum[1].start();
  CHECK_FALSE(answer(quorum, 2, 1, 6, {5, 30}, true).granted);
}

TEST_CASE("a candidate gives no vote, and a pre-vote to a log that is good enough") {
  Lone lone(true);
  lone.quorum[1].disk().election = {6, kNoNode, {lone.quorum.id(1), 0}};
  lone.quorum[1].start();
  REQUIRE(lone.quorum[1].role<Candidate>() != nullptr);
  CHECK_FALSE(answer(lone.quorum, 2, 1, 6, {5, 30}).granted);
  CHECK(answer(lone.quorum, 2, 1, 6, {5, 30}, true).granted);
  CHECK_FALSE(answer(lone.quorum, 2, 1, 6, {4, 19}, true).granted);
}

TEST_CASE("a resigned leader gives no vote, and a pre-vote to a log that is good enough") {
  Lone lone(true);
  lone.quorum[1].disk().election = {6, lone.quorum.id(1), {}};
  lone.quorum[1].start();
  REQUIRE(lone.quorum[1].role<Resigned>() != nullptr);
  CHECK_FALSE(answer(lone.quorum, 2, 1, 6, {5, 30}).granted);
  CHECK(answer(lone.quorum, 2, 1, 6, {5, 30}, true).granted);
}

TEST_CASE("a leader gives neither") {
  SteppedQuorum quorum(3, rules_with(true));
  quorum.start_all();
  quorum.elect(1);
  CHECK_FALSE(answer(quorum, 2, 1, 1, {1, 90}, true).granted);
  CHECK_FALSE(answer(quorum, 2, 1, 1, {0, 90}).granted);
}

TEST_CASE("a prospective member gives a binding vote and stays what it is") {
  Lone lone(true);
  lone.quorum[1].start();
  lone.quorum[1].fire(TimerKind::quorum_election);
  REQUIRE(lone.quorum[1].role<Prospective>() != nullptr);
  CHECK(answer(lone.quorum, 2, 1, 4, {3, 30}).granted == false);
  CHECK(lone.quorum[1].memory().epoch == 4);
  const VoteResponse granted = answer(lone.quorum, 2, 1, 4, {3, 30}, true);
  CHECK_FALSE(granted.granted);
  lone.quorum[1].disk().log = {};
  CHECK(answer(lone.quorum, 2, 1, 4, {3, 30}).granted);
  REQUIRE(lone.quorum[1].role<Prospective>() != nullptr);
  CHECK(lone.quorum[1].role<Prospective>()->voted == ReplicaKey{lone.quorum.id(2), 0});
  CHECK(lone.quorum[1].disk().election.voted == ReplicaKey{lone.quorum.id(2), 0});
  CHECK_FALSE(answer(lone.quorum, 3, 1, 4, {3, 30}).granted);
}

TEST_CASE("a pre-vote is asked in the epoch that is, a vote in the next") {
  SteppedQuorum quorum(3, rules_with(true));
  quorum.start_all();
  quorum.cut_off = {quorum.id(3)};
  quorum.fire(1, TimerKind::quorum_election);
  quorum.settle();
  REQUIRE(quorum[1].role<Leader>() != nullptr);
  CHECK(quorum[1].memory().epoch == 1);
  CHECK(quorum[2].memory().epoch == 1);
  CHECK(quorum[3].memory().epoch == 0);
}

TEST_CASE("without pre-votes an election timeout begins the next epoch at once") {
  SteppedQuorum quorum(3, rules_with(false));
  quorum[1].start();
  quorum[1].fire(TimerKind::quorum_election);
  REQUIRE(quorum[1].role<Candidate>() != nullptr);
  CHECK(quorum[1].memory().epoch == 1);
  CHECK(quorum[1].disk().election == ElectionState{1, kNoNode, {quorum.id(1), 0}});
}

TEST_CASE("of four voters three are a majority, and two refusals end an election") {
  SteppedQuorum quorum(4, rules_with(false));
  quorum.start_all();
  quorum[1].fire(TimerKind::quorum_election);
  Candidate* candidate = quorum[1].role<Candidate>();
  REQUIRE(candidate != nullptr);
  const auto say = [&](std::size_t voter, Vote vote) { quorum[1].role<Candidate>()->answers[voter].vote = vote; };
  const auto poll = [&] { return quorum[1].with([](const Context&, Raft) { return 0; }); };
  say(1, Vote::granted);
  poll();
  REQUIRE(quorum[1].role<Candidate>() != nullptr);
  say(2, Vote::rejected);
  poll();
  CHECK_FALSE(quorum[1].role<Candidate>()->backing_off);
  say(3, Vote::rejected);
  poll();
  CHECK(quorum[1].role<Candidate>()->backing_off);
  CHECK(quorum[1].is_armed(TimerKind::quorum_backoff));
}

TEST_CASE("a voter that takes its answer back ends the process") {
  SteppedQuorum quorum(3, rules_with(false));
  quorum[1].start();
  quorum[1].fire(TimerKind::quorum_election);
  const ConnectionId via = quorum[1].effects().connects.front();
  quorum[1].give(Connected{via});
  REQUIRE(quorum[1].sent<VoteRequest>().epoch == 1);
  VoteResponse granted;
  granted.epoch = 1;
  granted.granted = true;
  for (VoterAnswer& answer : quorum[1].role<Candidate>()->answers) {
    if (answer.voter == via.server) answer.vote = Vote::rejected;
  }
  quorum[1].receive(via, granted);
  CHECK(quorum[1].told<QuorumFailed>().fault == QuorumFault::vote_changed);
  CHECK(quorum[1].effects().exits);
}
