#include "model/raft/metadata_log.h"

#include <utility>

#include <doctest/doctest.h>

using namespace model;

namespace {

MetadataBatch batch(const MetadataLog& log, LeaderEpoch epoch, std::int32_t records = 1) {
  MetadataBatch made;
  made.base_offset = log.end();
  made.epoch = epoch;
  for (std::int32_t i = 0; i < records; ++i) made.records.emplace_back(NoOpRecord{});
  return made;
}

void grow(MetadataLog& log, LeaderEpoch epoch, Offset end) {
  while (log.end() < end) append(log, batch(log, epoch));
}

// {1@0, 3@10, 6@25}, end 30.
MetadataLog leaders_log() {
  MetadataLog log;
  grow(log, 1, 10);
  grow(log, 3, 25);
  grow(log, 6, 30);
  return log;
}

Snapshot snapshot(LeaderEpoch epoch, Offset end) {
  Snapshot made;
  made.id = {epoch, end};
  made.image.offset = end;
  return made;
}

}  // namespace

TEST_CASE("a metadata log ends behind its last batch and knows where each epoch begins") {
  const MetadataLog log = leaders_log();
  CHECK(log.end() == 30);
  CHECK(log.epochs == SmallVec<EpochStart, 2>{{1, 0}, {3, 10}, {6, 25}});
  CHECK(position(log) == OffsetAndEpoch{6, 30});
}

TEST_CASE("an empty metadata log is at offset 0 of epoch 0") {
  const MetadataLog log{};
  CHECK(position(log) == OffsetAndEpoch{0, 0});
  CHECK(end_of_epoch(log, 0) == OffsetAndEpoch{0, 0});
  CHECK(end_of_epoch(log, 4) == OffsetAndEpoch{0, 0});
}

TEST_CASE("positions of logs are compared epoch first") {
  const OffsetAndEpoch mine{4, 20};
  CHECK(OffsetAndEpoch{5, 3} > mine);
  CHECK(OffsetAndEpoch{4, 20} >= mine);
  CHECK(OffsetAndEpoch{4, 19} < mine);
  CHECK(OffsetAndEpoch{3, 900} < mine);
}

TEST_CASE("the end of an epoch is where the next known one begins, and the end of the log for the latest") {
  const MetadataLog log = leaders_log();
  CHECK(end_of_epoch(log, 1) == OffsetAndEpoch{1, 10});
  CHECK(end_of_epoch(log, 2) == OffsetAndEpoch{1, 10});
  CHECK(end_of_epoch(log, 3) == OffsetAndEpoch{3, 25});
  CHECK(end_of_epoch(log, 5) == OffsetAndEpoch{3, 25});
  CHECK(end_of_epoch(log, 6) == OffsetAndEpoch{6, 30});
}

TEST_CASE("an epoch that a leader does not know makes its fetcher diverge at the end of the log") {
  const MetadataLog log = leaders_log();
  CHECK(end_of_epoch(log, 7) == OffsetAndEpoch{6, 30});
  const Validation validation = validate(log, 30, 7);
  CHECK(validation.kind == Validity::diverging);
  CHECK(validation.at == OffsetAndEpoch{6, 30});
}

TEST_CASE("an epoch before the first one ends where the first one begins") {
  MetadataLog log;
  grow(log, 3, 4);
  CHECK(end_of_epoch(log, 2) == OffsetAndEpoch{2, 0});
}

TEST_CASE("a follower with an epoch of its own cuts to where the common one ends in its log") {
  const MetadataLog leader = leaders_log();
  MetadataLog follower;
  grow(follower, 1, 8);
  grow(follower, 2, 14);
  const Validation first = validate(leader, 14, 2);
  REQUIRE(first.kind == Validity::diverging);
  CHECK(first.at == OffsetAndEpoch{1, 10});
  CHECK(end_of_epoch(follower, 1) == OffsetAndEpoch{1, 8});
  CHECK(truncation_point(follower, first.at) == 8);
  truncate(follower, 8);
  CHECK(position(follower) == OffsetAndEpoch{1, 8});
  CHECK(validate(leader, 8, 1).kind == Validity::valid);
}

TEST_CASE("a follower with two epochs of its own needs two rounds to find the common part") {
  MetadataLog leader;
  grow(leader, 1, 10);
  grow(leader, 3, 20);
  MetadataLog follower;
  grow(follower, 1, 8);
  grow(follower, 2, 12);
  grow(follower, 4, 15);
  const Validation first = validate(leader, 15, 4);
  REQUIRE(first.kind == Validity::diverging);
  CHECK(first.at == OffsetAndEpoch{3, 20});
  CHECK(truncation_point(follower, first.at) == 12);
  truncate(follower, 12);
  const Validation second = validate(leader, 12, 2);
  REQUIRE(second.kind == Validity::diverging);
  CHECK(second.at == OffsetAndEpoch{1, 10});
  CHECK(truncation_point(follower, second.at) == 8);
}

TEST_CASE("a follower that is told of epoch 0 cuts to the offset, as far as its log goes") {
  MetadataLog follower;
  grow(follower, 2, 6);
  CHECK(truncation_point(follower, {0, 4}) == 4);
  CHECK(truncation_point(follower, {0, 9}) == 6);
}

TEST_CASE("a follower that is in the leader's epoch but beyond its end diverges there") {
  const MetadataLog leader = leaders_log();
  const Validation validation = validate(leader, 31, 6);
  CHECK(validation.kind == Validity::diverging);
  CHECK(validation.at == OffsetAndEpoch{6, 30});
  CHECK(validate(leader, 30, 6).kind == Validity::valid);
}

TEST_CASE("everybody may begin at offset 0 of a log that begins there") {
  CHECK(validate(leaders_log(), 0, 0).kind == Validity::valid);
  CHECK(validate(leaders_log(), 0, 9).kind == Validity::valid);
}

TEST_CASE("truncating drops whole batches and the epochs that begin there") {
  MetadataLog log;
  append(log, batch(log, 1, 4));
  append(log, batch(log, 2, 3));
  log.flushed = 7;
  truncate(log, 6);
  CHECK(log.end() == 4);
  CHECK(log.flushed == 4);
  CHECK(log.epochs == SmallVec<EpochStart, 2>{{1, 0}});
}

TEST_CASE("truncating at the end of a log takes back an epoch that has begun without records") {
  MetadataLog log;
  grow(log, 1, 4);
  begin_epoch(log, 3);
  CHECK(position(log) == OffsetAndEpoch{3, 4});
  truncate(log, 4);
  CHECK(position(log) == OffsetAndEpoch{1, 4});
}

TEST_CASE("an epoch that begins before its first record is not noted twice") {
  MetadataLog log;
  grow(log, 1, 4);
  begin_epoch(log, 3);
  grow(log, 3, 6);
  CHECK(log.epochs == SmallVec<EpochStart, 2>{{1, 0}, {3, 4}});
}

TEST_CASE("a power loss takes what was not flushed, with its epoch") {
  MetadataLog log;
  grow(log, 1, 4);
  log.flushed = 4;
  grow(log, 2, 9);
  lose_unflushed(log);
  CHECK(position(log) == OffsetAndEpoch{1, 4});
  lose_unflushed(log);
  CHECK(log.end() == 4);
}

TEST_CASE("a fetch is served from the batch that holds its offset") {
  MetadataLog log;
  append(log, batch(log, 1, 4));
  append(log, batch(log, 1, 3));
  append(log, batch(log, 1, 2));
  CHECK(first_batch_at(log, 0) == 0);
  CHECK(first_batch_at(log, 3) == 0);
  CHECK(first_batch_at(log, 4) == 1);
  CHECK(first_batch_at(log, 8) == 2);
  CHECK(first_batch_at(log, 9) == 3);
}

TEST_CASE("a log that is cut at a snapshot keeps what is behind it and where its epoch is") {
  MetadataLog log = leaders_log();
  log.snapshots = {snapshot(1, 8), snapshot(3, 20)};
  delete_before(log, 20);
  CHECK(log.start == 20);
  CHECK(log.end() == 30);
  CHECK(log.snapshots.size() == 1);
  CHECK(log.epochs == SmallVec<EpochStart, 2>{{3, 20}, {6, 25}});
  CHECK(end_of_epoch(log, 3) == OffsetAndEpoch{3, 25});
}

TEST_CASE("whoever asks below the start of the log, or of another history, is sent the latest snapshot") {
  MetadataLog log = leaders_log();
  log.snapshots = {snapshot(3, 20), snapshot(6, 28)};
  delete_before(log, 20);
  CHECK(validate(log, 12, 3).kind == Validity::snapshot);
  CHECK(validate(log, 12, 3).at == OffsetAndEpoch{6, 28});
  CHECK(validate(log, 20, 2).kind == Validity::snapshot);
  CHECK(validate(log, 22, 1).kind == Validity::snapshot);
  CHECK(validate(log, 20, 3).kind == Validity::valid);
  CHECK(validate(log, 0, 0).kind == Validity::snapshot);
}

TEST_CASE("an epoch that ends where the oldest snapshot does is named by that snapshot") {
  MetadataLog log;
  log.snapshots = {snapshot(2, 10)};
  log.start = 10;
  grow(log, 5, 14);
  CHECK(end_of_epoch(log, 3) == OffsetAndEpoch{2, 10});
  CHECK(end_of_epoch(log, 5) == OffsetAndEpoch{5, 14});
}

TEST_CASE("a log that begins anew from a snapshot holds nothing else and continues its epoch") {
  MetadataLog log = leaders_log();
  log.snapshots = {snapshot(3, 20)};
  start_from(log, snapshot(9, 50));
  CHECK(log.start == 50);
  CHECK(log.end() == 50);
  CHECK(log.flushed == 50);
  CHECK(log.snapshots.size() == 1);
  CHECK(position(log) == OffsetAndEpoch{9, 50});
}
