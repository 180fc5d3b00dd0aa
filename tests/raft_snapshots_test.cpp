// Snapshots of the metadata log, and the voters that it holds (KIP-630, KIP-853).
#include <doctest/doctest.h>

#include "model/raft/member.h"
#include "tests/stepped_quorum.h"

using namespace model;
using sim::test::rules_with;
using sim::test::SteppedMember;
using sim::test::SteppedQuorum;

namespace {

void append_records(SteppedMember& leader, std::int32_t records) {
  SmallVec<MetadataRecord, 1> made;
  for (std::int32_t i = 0; i < records; ++i) made.emplace_back(NoOpRecord{});
  leader.with(
      [&](const Context& context, Raft raft) { return prepare_append(context, raft, raft.memory.epoch, made); });
  leader.fire(TimerKind::quorum_linger);
}

void take_snapshot(SteppedMember& member, Offset end) {
  MetadataImage image;
  image.offset = end;
  member.with([&](const Context& context, Raft raft) { return make_snapshot(context, raft, image), 0; });
}

// Voters of a quorum whose log holds them.
struct Dynamic {
  explicit Dynamic(std::int32_t voters, std::int32_t controllers) : quorum(voters, rules_with(false), controllers) {
    quorum.config.quorum.kraft_version = 1;
    quorum.start_all();
    quorum.elect(1);
    // Observers asked too early who leads.
    for (std::int32_t number = voters + 1; number <= controllers; ++number) {
      quorum.fire(number, TimerKind::quorum_retry, static_cast<std::uint16_t>(quorum.id(1)));
      quorum.settle();
    }
  }
  ErrorCode add(std::int32_t number, std::uint32_t directory = 1) {
    const ErrorCode error = quorum[1].with([&](const Context& context, Raft raft) {
      return add_voter(context, raft, {quorum.id(number), directory});
    });
    quorum.carry(quorum[1]);
    return error;
  }
  ErrorCode remove(std::int32_t number, std::uint32_t directory = 1) {
    const ErrorCode error = quorum[1].with([&](const Context& context, Raft raft) {
      return remove_voter(context, raft, {quorum.id(number), directory});
    });
    quorum.carry(quorum[1]);
    return error;
  }
  void settle() { quorum.settle(); }
  SteppedQuorum quorum;
};

}  // namespace

TEST_CASE("a snapshot is named by its end and the epoch of the last record in it, and is made once") {
  SteppedQuorum quorum(1, rules_with(false));
  quorum[1].start();
  append_records(quorum[1], 4);
  REQUIRE(quorum[1].memory().high_watermark == 5);
  take_snapshot(quorum[1], 5);
  CHECK(quorum[1].told<MetadataSnapshot>().offset == 5);
  REQUIRE(quorum[1].disk().log.snapshots.size() == 1);
  CHECK(quorum[1].disk().log.snapshots[0].id == OffsetAndEpoch{1, 5});
  take_snapshot(quorum[1], 5);
  take_snapshot(quorum[1], 1);
  CHECK(quorum[1].disk().log.snapshots.size() == 1);
}

TEST_CASE("retention deletes the oldest snapshots, and the log before the next") {
  SteppedQuorum quorum(1, rules_with(false));
  quorum.config.quorum.metadata_max_retention_bytes = 300;
  quorum[1].start();
  append_records(quorum[1], 4);
  take_snapshot(quorum[1], 5);
  quorum[1].fire(TimerKind::quorum_clean);
  CHECK(quorum[1].disk().log.start == 0);  // the only one stays, and its log
  append_records(quorum[1], 4);
  take_snapshot(quorum[1], 9);
  quorum[1].fire(TimerKind::quorum_clean);
  CHECK(quorum[1].disk().log.start == 9);
  CHECK(quorum[1].disk().log.end() == 9);
  REQUIRE(quorum[1].disk().log.snapshots.size() == 1);
  CHECK(quorum[1].disk().log.snapshots[0].id.offset == 9);
}

TEST_CASE("a follower without a log is given the snapshot and goes on from its end") {
  SteppedQuorum quorum(3, rules_with(false));
  for (const std::int32_t number : {1, 2}) quorum[number].start();
  quorum.cut_off = {quorum.id(3)};
  for (const std::int32_t number : {1, 2}) quorum.carry(quorum[number]);
  quorum.settle();
  quorum.elect(1);
  append_records(quorum[1], 4);
  quorum.carry(quorum[1]);
  quorum.settle();
  REQUIRE(quorum[1].memory().high_watermark == 5);
  take_snapshot(quorum[1], 5);
  append_records(quorum[1], 2);
  quorum.cut_off = {};
  quorum[3].start();
  quorum.carry(quorum[3]);
  quorum.settle();
  const MetadataLog& log = quorum[3].disk().log;
  CHECK(log.start == 5);
  CHECK(log.end() == 7);
  CHECK(log.snapshots.size() == 1);
  CHECK(quorum[3].memory().high_watermark >= 5);
  RaftListener listener;
  const Snapshot* loaded = snapshot_to_load(quorum[3].raft(), listener);
  REQUIRE(loaded != nullptr);
  CHECK(loaded->id.offset == 5);
}

TEST_CASE("a snapshot that the leader has no more sends its fetcher back to fetching") {
  SteppedQuorum quorum(3, rules_with(false));
  quorum[2].disk().election = {2, quorum.id(1), {}};
  quorum[2].start();
  const ConnectionId via = quorum[2].effects().connects.front();
  quorum[2].give(Connected{via});
  QuorumFetchResponse fetched;
  fetched.leader = quorum.id(1);
  fetched.epoch = 2;
  fetched.snapshot = OffsetAndEpoch{1, 5};
  quorum[2].receive(via, fetched);
  CHECK(quorum[2].sent<FetchSnapshotRequest>().id == OffsetAndEpoch{1, 5});
  FetchSnapshotResponse missing;
  missing.leader = quorum.id(1);
  missing.epoch = 2;
  missing.error = ErrorCode::snapshot_not_found;
  quorum[2].receive(via, missing);
  CHECK(quorum[2].all_sent<QuorumFetchRequest>().size() == 1);
}

TEST_CASE("a log that ends before its snapshot begins anew from it when the process starts") {
  SteppedQuorum quorum(3, rules_with(false));
  MetadataLog& log = quorum[1].disk().log;
  while (log.end() < 3) append(log, {log.end(), 1, {}, {NoOpRecord{}}});
  Snapshot snapshot;
  snapshot.id = {2, 8};
  log.snapshots.push_back(snapshot);
  quorum[1].start();
  CHECK(log.start == 8);
  CHECK(log.end() == 8);
  CHECK(quorum[1].memory().epoch == 2);
}

TEST_CASE("the first leader writes the voters with their disks, and they count from then on") {
  Dynamic dynamic(3, 3);
  const MetadataBatch& first = dynamic.quorum[1].disk().log.batches.front();
  REQUIRE(first.records.size() == 2);
  REQUIRE(std::holds_alternative<VotersRecord>(first.records[1]));
  const Voters voters = voters_of(dynamic.quorum.config, dynamic.quorum[2].disk().log);
  REQUIRE(voters.size() == 3);
  CHECK(voters[1] == ReplicaKey{dynamic.quorum.id(2), 1});
  CHECK(dynamic.quorum[2].memory().voters == voters);
  dynamic.quorum[2].memory().self.directory = 2;
  CHECK_FALSE(dynamic.quorum[2].with([](const Context& context, Raft raft) { return is_voter(context, raft); }));
}

TEST_CASE("a voter is added when it has caught up, one at a time, and counts as soon as the record is written") {
  Dynamic dynamic(3, 4);
  SteppedQuorum& quorum = dynamic.quorum;
  CHECK(dynamic.add(2) == ErrorCode::duplicate_voter);
  REQUIRE(quorum[1].role<Leader>()->observers.size() == 1);
  CHECK(dynamic.add(4, 9) == ErrorCode::request_timed_out);  // another disk has not fetched
  CHECK(dynamic.add(4) == ErrorCode::none);
  CHECK(quorum[1].memory().voters.size() == 4);
  CHECK(quorum[1].role<Leader>()->voters.size() == 4);
  CHECK(dynamic.remove(3) == ErrorCode::request_timed_out);
  dynamic.settle();
  CHECK(quorum[4].memory().voters.size() == 4);
  CHECK_FALSE(quorum[1].role<Leader>()->adding.has_value());
  CHECK(dynamic.remove(3) == ErrorCode::none);
}

TEST_CASE("voters of the configuration cannot be changed") {
  SteppedQuorum quorum(3, rules_with(false));
  quorum.start_all();
  quorum.elect(1);
  const ErrorCode error = quorum[1].with([&](const Context& context, Raft raft) {
    return add_voter(context, raft, {quorum.id(2), 1});
  });
  CHECK(error == ErrorCode::unsupported_version);
}

TEST_CASE("a leader that removes itself leads until that is committed") {
  Dynamic dynamic(3, 3);
  SteppedQuorum& quorum = dynamic.quorum;
  CHECK(dynamic.remove(5) == ErrorCode::voter_not_found);
  CHECK(dynamic.remove(1) == ErrorCode::none);
  CHECK(quorum[1].role<Leader>() != nullptr);
  CHECK(quorum[1].role<Leader>()->voters.size() == 2);
  dynamic.settle();
  CHECK(quorum[1].role<Leader>() == nullptr);
  CHECK(voters_of(quorum.config, quorum[2].disk().log).size() == 2);
}

TEST_CASE("voters that were written and cut off again are those before") {
  Dynamic dynamic(3, 4);
  SteppedMember& leader = dynamic.quorum[1];
  const Offset end = leader.disk().log.end();
  REQUIRE(dynamic.add(4) == ErrorCode::none);
  REQUIRE(voters_of(dynamic.quorum.config, leader.disk().log).size() == 4);
  truncate(leader.disk().log, end);
  leader.with([](const Context& context, Raft raft) { return find_voters(context, raft), 0; });
  CHECK(leader.memory().voters.size() == 3);
}
