// Fetches of the metadata log: what a leader answers and makes of them, what followers make of the answers, and the
// connections below.
#include <doctest/doctest.h>

#include "model/raft/member.h"
#include "tests/stepped_quorum.h"

using namespace model;
using sim::test::rules_with;
using sim::test::SteppedMember;
using sim::test::SteppedQuorum;

namespace {

QuorumFetchRequest fetch(const SteppedQuorum& quorum, std::int32_t replica, LeaderEpoch epoch, Offset offset,
                         LeaderEpoch last, Duration wait = milliseconds(500)) {
  return {{quorum.id(replica), 0}, epoch, offset, last, wait, kUnknownOffset};
}

ConnectionId stranger(const SteppedQuorum& quorum, std::int32_t client, std::int32_t server, std::uint32_t number) {
  return {quorum.id(client), quorum.id(server), ChannelKind::quorum, 0, number};
}

// Node 1 leads epoch 1, and nobody fetches unless the test does so.
struct Led {
  explicit Led(std::int32_t voters = 3, const Rules& rules = rules_with(false), std::int32_t controllers = 0)
      : quorum(voters, rules, controllers) {
    quorum.start_all();
    quorum.fire(1, TimerKind::quorum_election);
    Candidate* candidate = quorum[1].role<Candidate>();
    REQUIRE(candidate != nullptr);
    for (VoterAnswer& answer : candidate->answers) answer.vote = Vote::granted;
    quorum[1].with([](const Context&, Raft) { return 0; });
    REQUIRE(quorum[1].role<Leader>() != nullptr);
  }
  SteppedMember& leader() { return quorum[1]; }
  std::optional<Offset> prepare(std::int32_t records = 1) {
    SmallVec<MetadataRecord, 1> made;
    for (std::int32_t i = 0; i < records; ++i) made.emplace_back(NoOpRecord{});
    return quorum[1].with(
        [&](const Context& context, Raft raft) { return prepare_append(context, raft, raft.memory.epoch, made); });
  }
  void append_records(std::int32_t records) {
    prepare(records);
    quorum[1].fire(TimerKind::quorum_linger);
  }
  // No answer: it waits.
  std::vector<QuorumFetchResponse> ask(std::int32_t replica, Offset offset, LeaderEpoch last) {
    quorum[1].receive(stranger(quorum, replica, 1, ++asked), fetch(quorum, replica, 1, offset, last));
    return quorum[1].all_sent<QuorumFetchResponse>();
  }
  SteppedQuorum quorum;
  std::uint32_t asked = 500;
};

}  // namespace

TEST_CASE("the high watermark is what a majority has, and lies beyond the first record of the epoch") {
  Led led(5);
  REQUIRE(led.leader().disk().log.end() == 1);
  led.append_records(11);
  REQUIRE(led.leader().disk().log.end() == 12);
  led.ask(2, 0, 0);
  led.ask(3, 0, 0);
  CHECK(led.leader().memory().high_watermark == kUnknownOffset);
  const auto ends = [&](std::vector<Offset> given) {
    Leader& leader = *led.leader().role<Leader>();
    for (std::size_t i = 0; i < given.size(); ++i) leader.voters[i].end = given[i];
    led.leader().memory().high_watermark = kUnknownOffset;
    led.leader().with([](const Context& context, Raft raft) { return update_high_watermark(context, raft), 0; });
    return led.leader().memory().high_watermark;
  };
  CHECK(ends({12, 11, 11, 10, 10}) == 11);
  CHECK(ends({12, 11, 10, kUnknownOffset, kUnknownOffset}) == 10);
  CHECK(ends({12, 11, kUnknownOffset, kUnknownOffset, kUnknownOffset}) == kUnknownOffset);
  led.leader().role<Leader>()->epoch_start = 11;
  CHECK(ends({12, 11, 11, 10, 10}) == kUnknownOffset);
  CHECK(ends({12, 12, 12, 10, 10}) == 12);
}

TEST_CASE("of four voters the third has to have it") {
  Led led(4);
  Leader& leader = *led.leader().role<Leader>();
  const std::vector<Offset> ends{12, 11, 10, 9};
  for (std::size_t i = 0; i < ends.size(); ++i) leader.voters[i].end = ends[i];
  led.leader().with([](const Context& context, Raft raft) { return update_high_watermark(context, raft), 0; });
  CHECK(led.leader().memory().high_watermark == 10);
}

TEST_CASE("a leader whose rule lets it commit without a record of its own epoch does so") {
  Rules eager = rules_with(false);
  eager.quorum.high_watermark_may_be = [](Offset candidate, Offset epoch_start) { return candidate >= epoch_start; };
  Led led(3, eager);
  led.ask(2, 0, 0);
  CHECK(led.leader().memory().high_watermark == 0);
}

TEST_CASE("the high watermark does not go back when a voter has lost its log") {
  Led led;
  led.ask(2, 1, 1);
  CHECK(led.leader().memory().high_watermark == 1);
  led.ask(2, 0, 0);
  CHECK(led.leader().memory().high_watermark == 1);
}

TEST_CASE("a majority that fetches keeps the leader; the same follower twice counts once") {
  Led led(5);
  const auto rearmed = [&] {
    for (const Arm& arm : led.leader().effects().arms) {
      if (arm.key.kind == TimerKind::quorum_check) return true;
    }
    return false;
  };
  CHECK(led.leader().timer(TimerKind::quorum_check).min == milliseconds(3'000));
  led.ask(2, 0, 0);
  CHECK_FALSE(rearmed());
  led.ask(2, 0, 0);
  CHECK_FALSE(rearmed());
  led.ask(3, 0, 0);
  CHECK(rearmed());
  led.ask(3, 0, 0);
  CHECK_FALSE(rearmed());
  led.ask(2, 0, 0);
  CHECK(rearmed());
  led.leader().fire(TimerKind::quorum_check);
  CHECK(led.leader().role<Resigned>() != nullptr);
}

TEST_CASE("before check quorum a leader that nobody fetches from stays") {
  Rules before = rules_with(false);
  before.quorum.check_quorum = false;
  Led led(3, before);
  CHECK_FALSE(led.leader().is_armed(TimerKind::quorum_check));
}

TEST_CASE("a fetch that diverges tells where, and is no sign of life") {
  Led led;
  led.append_records(3);
  const auto answers = led.ask(2, 9, 1);
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].diverging == OffsetAndEpoch{1, 4});
  CHECK(led.leader().role<Leader>()->voters[1].end == kUnknownOffset);
  CHECK(led.leader().role<Leader>()->fetched.empty());
}

TEST_CASE("only the leader of the request's epoch answers a fetch") {
  Led led;
  const auto error = [&](std::int32_t at, QuorumFetchRequest request) {
    return led.quorum[at].answer_to<QuorumFetchResponse>(led.quorum.id(2), request).error;
  };
  CHECK(error(1, fetch(led.quorum, 2, 0, 0, 0)) == ErrorCode::fenced_leader_epoch);
  CHECK(error(1, fetch(led.quorum, 2, 2, 0, 0)) == ErrorCode::unknown_leader_epoch);
  CHECK(led.leader().role<Leader>() != nullptr);
  CHECK(error(3, fetch(led.quorum, 2, 0, 0, 0)) == ErrorCode::not_leader_or_follower);
  CHECK(error(1, fetch(led.quorum, 2, 1, -1, 0)) == ErrorCode::invalid_request);
  CHECK(error(1, fetch(led.quorum, 2, 1, 0, 2)) == ErrorCode::invalid_request);
}

TEST_CASE("a fetch at the end waits for records, for at most what it names") {
  Led led;
  CHECK(led.ask(2, 1, 1).empty());
  CHECK(led.leader().timer(TimerKind::quorum_fetch_wait, 0).min == milliseconds(500));
  led.append_records(2);
  const QuorumFetchResponse answer = led.leader().sent<QuorumFetchResponse>();
  REQUIRE(answer.records.size() == 1);
  CHECK(answer.records[0].base_offset == 1);
  CHECK(answer.high_watermark == 1);
  CHECK_FALSE(led.leader().is_armed(TimerKind::quorum_fetch_wait, 0));
}

TEST_CASE("a fetch whose wait is over is answered as when it came") {
  Led led(5);
  CHECK(led.ask(2, 1, 1).empty());
  CHECK(led.ask(3, 1, 1).empty());
  REQUIRE(led.leader().memory().high_watermark == 1);
  led.leader().fire(TimerKind::quorum_fetch_wait, 0);
  const QuorumFetchResponse answer = led.leader().sent<QuorumFetchResponse>();
  CHECK(answer.high_watermark == kUnknownOffset);
  CHECK(answer.epoch == 1);
  CHECK(answer.leader == led.quorum.id(1));
}

TEST_CASE("a new high watermark wakes the fetches that wait, since KIP-1166") {
  Rules eager = rules_with(false);
  eager.quorum.new_high_watermark_wakes_fetches = true;
  Led led(5, eager);
  CHECK(led.ask(2, 1, 1).empty());
  led.ask(3, 1, 1);
  REQUIRE(led.leader().memory().high_watermark == 1);
  const auto answers = led.leader().all_sent<QuorumFetchResponse>();
  REQUIRE(answers.size() == 2);
  for (const QuorumFetchResponse& answer : answers) CHECK(answer.high_watermark == 1);
}

TEST_CASE("a leader that resigns fails the fetches that wait, unless a rule keeps them") {
  Led led;
  led.ask(2, 1, 1);
  led.leader().fire(TimerKind::quorum_check);
  CHECK(led.leader().sent<QuorumFetchResponse>().error == ErrorCode::not_leader_or_follower);

  Rules before = rules_with(false);
  before.quorum.resignation_fails_parked_fetches = false;
  Led older(3, before);
  older.ask(2, 1, 1);
  older.leader().fire(TimerKind::quorum_check);
  CHECK(older.leader().all_sent<QuorumFetchResponse>().empty());
  CHECK(older.leader().is_armed(TimerKind::quorum_fetch_wait, 0));
}

TEST_CASE("a fetch whose connection is gone waits no longer") {
  Led led;
  led.ask(2, 1, 1);
  led.leader().give(Disconnected{stranger(led.quorum, 2, 1, led.asked), DisconnectReason::reset});
  CHECK_FALSE(led.leader().is_armed(TimerKind::quorum_fetch_wait, 0));
  led.append_records(1);
  CHECK(led.leader().all_sent<QuorumFetchResponse>().empty());
}

TEST_CASE("records wait for the linger, and those prepared together stay together") {
  Led led;
  CHECK(led.prepare(3) == 3);
  CHECK(led.leader().timer(TimerKind::quorum_linger).min == milliseconds(25));
  CHECK(led.prepare(2) == 5);
  CHECK(led.leader().disk().log.end() == 1);
  CHECK(next_append_offset(led.leader().raft()) == 6);
  led.leader().fire(TimerKind::quorum_linger);
  const auto& batches = led.leader().disk().log.batches;
  REQUIRE(batches.size() == 3);
  CHECK(batches[1].records.size() == 3);
  CHECK(batches[2].base_offset == 4);
}

TEST_CASE("what a leader appends it shows before it is on disk, and commits only then") {
  Led led;
  led.ask(2, 1, 1);
  led.append_records(2);
  CHECK(led.leader().sent<QuorumFetchResponse>().records.size() == 1);
  CHECK(led.leader().disk().log.end() == 3);
  CHECK(led.leader().disk().log.flushed == 1);
  led.ask(2, 3, 1);
  CHECK(led.leader().memory().high_watermark == 3);
  CHECK(led.leader().disk().log.flushed == 3);

  SteppedQuorum single(1, rules_with(false));
  single[1].start();
  CHECK(single[1].memory().high_watermark == 1);
  CHECK(single[1].disk().log.flushed == 1);
}

TEST_CASE("whoever does not lead in the epoch cannot append") {
  Led led;
  const auto append = [&](std::int32_t at, LeaderEpoch epoch) {
    return led.quorum[at].with([&](const Context& context, Raft raft) {
      return prepare_append(context, raft, epoch, SmallVec<MetadataRecord, 1>{NoOpRecord{}});
    });
  };
  CHECK_FALSE(append(1, 0).has_value());
  CHECK_FALSE(append(2, 1).has_value());
  CHECK(append(1, 1).has_value());
}

TEST_CASE("a follower has on disk what it asks beyond, unless a rule lets it be") {
  for (const bool flushes : {true, false}) {
    CAPTURE(flushes);
    Rules rules = rules_with(false);
    rules.quorum.voters_flush_before_fetching = flushes;
    SteppedQuorum quorum(3, rules);
    quorum.start_all();
    quorum.elect(1);
    CHECK(quorum[2].disk().log.end() == 1);
    CHECK(quorum[2].disk().log.flushed == (flushes ? 1 : 0));
  }
}

TEST_CASE("a follower cuts its log where it diverges, and not below its high watermark") {
  const auto cut = [](Offset high_watermark, const Rules& rules) {
    SteppedQuorum quorum(3, rules);
    RaftDisk& disk = quorum[2].disk();
    while (disk.log.end() < 5) append(disk.log, {disk.log.end(), 1, {}, {NoOpRecord{}}});
    disk.election = {2, quorum.id(1), {}};
    quorum[2].start();
    quorum[2].memory().high_watermark = high_watermark;
    const ConnectionId via = quorum[2].effects().connects.front();
    quorum[2].give(Connected{via});
    CHECK(quorum[2].sent<QuorumFetchRequest>().fetch_offset == 5);
    QuorumFetchResponse answer;
    answer.leader = quorum.id(1);
    answer.epoch = 2;
    answer.diverging = OffsetAndEpoch{1, 3};
    quorum[2].receive(via, answer);
    if (!quorum[2].effects().exits && rules.quorum.truncates_when_diverging) {
      CHECK(quorum[2].told<MetadataTruncated>().to == 3);
      CHECK(quorum[2].sent<QuorumFetchRequest>().fetch_offset == 3);
    }
    return std::pair{disk.log.end(), quorum[2].effects().exits};
  };
  CHECK(cut(3, rules_with(false)) == std::pair{Offset{3}, false});
  CHECK(cut(4, rules_with(false)) == std::pair{Offset{5}, true});
  Rules keeps = rules_with(false);
  keeps.quorum.truncates_when_diverging = false;
  CHECK(cut(3, keeps) == std::pair{Offset{5}, false});
}

TEST_CASE("a follower's high watermark is the leader's as far as its log goes, and never less") {
  SteppedQuorum quorum(3, rules_with(false));
  quorum[2].disk().election = {2, quorum.id(1), {}};
  quorum[2].start();
  const ConnectionId via = quorum[2].effects().connects.front();
  quorum[2].give(Connected{via});
  QuorumFetchResponse answer;
  answer.leader = quorum.id(1);
  answer.epoch = 2;
  answer.high_watermark = 7;
  answer.records = {{0, 2, {}, {NoOpRecord{}, NoOpRecord{}}}};
  quorum[2].receive(via, answer);
  CHECK(quorum[2].memory().high_watermark == 2);
  CHECK(quorum[2].role<Follower>()->has_fetched);
  answer.records = {};
  answer.high_watermark = kUnknownOffset;
  quorum[2].receive(via, answer);
  CHECK(quorum[2].memory().high_watermark == 2);
  answer.high_watermark = 1;
  quorum[2].receive(via, answer);
  CHECK(quorum[2].told<QuorumFailed>().fault == QuorumFault::high_watermark_decreased);
}

TEST_CASE("the rest of an answer with records of a later epoch is not taken") {
  for (const bool only_current : {true, false}) {
    CAPTURE(only_current);
    Rules rules = rules_with(false);
    rules.quorum.appends_only_current_epoch = only_current;
    SteppedQuorum quorum(3, rules);
    quorum[2].disk().election = {2, quorum.id(1), {}};
    quorum[2].start();
    const ConnectionId via = quorum[2].effects().connects.front();
    quorum[2].give(Connected{via});
    QuorumFetchResponse answer;
    answer.leader = quorum.id(1);
    answer.epoch = 2;
    answer.records = {{0, 2, {}, {NoOpRecord{}}}, {1, 3, {}, {NoOpRecord{}}}};
    quorum[2].receive(via, answer);
    CHECK(quorum[2].disk().log.end() == (only_current ? 1 : 2));
  }
}

TEST_CASE("an answer to a request of an earlier role is dropped, and the next request waits for it") {
  SteppedQuorum quorum(3, rules_with(false));
  quorum[2].disk().election = {2, quorum.id(1), {}};
  quorum[2].start();
  const ConnectionId via = quorum[2].effects().connects.front();
  quorum[2].give(Connected{via});
  REQUIRE(quorum[2].all_sent<QuorumFetchRequest>().size() == 1);
  quorum[2].fire(TimerKind::quorum_fetch);
  REQUIRE(quorum[2].role<Candidate>() != nullptr);
  CHECK(quorum[2].all_sent<VoteRequest>().empty());  // its fetch is still on the wire
  QuorumFetchResponse answer;
  answer.leader = quorum.id(1);
  answer.epoch = 2;
  answer.records = {{0, 2, {}, {NoOpRecord{}}}};
  quorum[2].receive(via, answer);
  CHECK(quorum[2].disk().log.end() == 0);
  CHECK(quorum[2].sent<VoteRequest>().epoch == 3);
}

TEST_CASE("an answer to a request of an earlier role counts where the rule is off") {
  Rules keeps = rules_with(true);
  keeps.quorum.drops_answers_of_older_roles = false;
  SteppedQuorum quorum(3, keeps);
  quorum[2].start();
  quorum[2].fire(TimerKind::quorum_election);
  REQUIRE(quorum[2].role<Prospective>() != nullptr);
  REQUIRE(quorum[2].memory().peers.size() == 2);
  for (const Peer& peer : quorum[2].memory().peers) CHECK(peer.awaited != 0);
}

TEST_CASE("a request that is not answered in time closes the connection, and the node is left alone for a while") {
  SteppedQuorum quorum(3, rules_with(false));
  quorum[2].disk().election = {2, quorum.id(1), {}};
  quorum[2].start();
  const ConnectionId via = quorum[2].effects().connects.front();
  quorum[2].give(Connected{via});
  const auto node = static_cast<std::uint16_t>(quorum.id(1));
  const auto since_sent = static_cast<std::uint16_t>(256 + node);
  CHECK(quorum[2].timer(TimerKind::quorum_request, since_sent).min == milliseconds(2'000));
  quorum[2].fire(TimerKind::quorum_request, since_sent);
  REQUIRE(quorum[2].effects().closes.size() == 1);
  CHECK(quorum[2].effects().closes[0] == via);
  CHECK(quorum[2].timer(TimerKind::quorum_reconnect, node).min == milliseconds(40));
  CHECK(quorum[2].timer(TimerKind::quorum_reconnect, node).max == milliseconds(60));
  CHECK(quorum[2].effects().connects.empty());
  quorum[2].fire(TimerKind::quorum_reconnect, node);
  REQUIRE(quorum[2].effects().connects.size() == 1);
  CHECK(quorum[2].effects().connects[0].number != via.number);
}

TEST_CASE("a connection that is refused again and again is tried at growing intervals up to half a second") {
  SteppedQuorum quorum(3, rules_with(false));
  quorum[2].disk().election = {2, quorum.id(1), {}};
  quorum[2].start();
  const auto node = static_cast<std::uint16_t>(quorum.id(1));
  std::vector<std::int64_t> waits;
  for (int attempt = 0; attempt < 5; ++attempt) {
    quorum[2].give(Disconnected{quorum[2].effects().connects.front(), DisconnectReason::refused});
    waits.push_back(quorum[2].timer(TimerKind::quorum_reconnect, node).min.us * 10 / 8 / 1'000);
    quorum[2].fire(TimerKind::quorum_reconnect, node);
  }
  CHECK(waits == std::vector<std::int64_t>{50, 100, 200, 400, 500});
}

TEST_CASE("a node that says it is not available is asked again after the retry back-off") {
  SteppedQuorum quorum(3, rules_with(false));
  quorum[2].disk().election = {2, quorum.id(1), {}};
  quorum[2].start();
  const ConnectionId via = quorum[2].effects().connects.front();
  quorum[2].give(Connected{via});
  QuorumFetchResponse answer;
  answer.leader = quorum.id(1);
  answer.epoch = 2;
  answer.error = ErrorCode::broker_not_available;
  quorum[2].receive(via, answer);
  const auto node = static_cast<std::uint16_t>(quorum.id(1));
  CHECK(quorum[2].timer(TimerKind::quorum_retry, node).min == milliseconds(20));
  CHECK(quorum[2].all_sent<QuorumFetchRequest>().empty());
  quorum[2].fire(TimerKind::quorum_retry, node);
  CHECK(quorum[2].all_sent<QuorumFetchRequest>().size() == 1);
}

TEST_CASE("an answer that says the request was invalid ends the process") {
  SteppedQuorum quorum(3, rules_with(false));
  quorum[2].disk().election = {2, quorum.id(1), {}};
  quorum[2].start();
  const ConnectionId via = quorum[2].effects().connects.front();
  quorum[2].give(Connected{via});
  QuorumFetchResponse answer;
  answer.epoch = 2;
  answer.error = ErrorCode::invalid_request;
  quorum[2].receive(via, answer);
  CHECK(quorum[2].told<QuorumFailed>().fault == QuorumFault::invalid_request);
}

TEST_CASE("an observer finds the leader by asking a voter, one at a time") {
  SteppedQuorum quorum(3, rules_with(false), 4);
  for (const std::int32_t number : {1, 2, 3}) quorum[number].start();
  for (const std::int32_t number : {1, 2, 3}) quorum.carry(quorum[number]);
  quorum.settle();
  quorum.elect(1);
  quorum[4].start();
  REQUIRE(quorum[4].effects().connects.size() == 1);
  quorum.carry(quorum[4]);
  quorum.settle();
  REQUIRE(quorum[4].role<Follower>() != nullptr);
  CHECK(quorum[4].role<Follower>()->leader == quorum.id(1));
  CHECK(quorum[4].disk().log.end() == 1);
  CHECK(quorum[1].role<Leader>()->observers.size() == 1);
  quorum[4].fire(TimerKind::quorum_fetch);
  CHECK(quorum[4].role<Follower>() != nullptr);
}

TEST_CASE("an unattached voter looks for the leader since 3.9, and only waits before") {
  for (const bool looks : {true, false}) {
    CAPTURE(looks);
    Rules rules = rules_with(false);
    rules.quorum.unattached_voter_fetches = looks;
    SteppedQuorum quorum(3, rules);
    quorum[1].start();
    CHECK(quorum[1].effects().connects.size() == (looks ? 1 : 0));
  }
}
