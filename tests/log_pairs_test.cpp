// Where two logs part, and what may be remembered of it.
#include "model/invariants/log_pairs.h"

#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include "model/invariants/history.h"
#include "tests/cluster_fixture.h"

using namespace model;
using sim::test::kB1;
using sim::test::kB2;
using sim::test::kB3;
using sim::test::kT0;
using sim::test::kT1;

namespace {

constexpr NodeId kP{4};
constexpr Offset kNoBound = std::numeric_limits<Offset>::max();

ClusterConfig two_partitions() {
  sim::Plan plan = sim::test::three_brokers();
  sim::test::add_topic(plan, "t", {{kB1, kB2, kB3}, {kB1, kB2, kB3}});
  return plan.config;
}

// Batches of these sizes, values in order from 0 on, as epoch 0 wrote them.
Log log_of(const std::vector<std::int32_t>& counts) {
  Log log;
  for (const std::int32_t count : counts) {
    const auto end = static_cast<std::int32_t>(log.end());
    append(log, Batch{log.end(), count, 0, end, end, 0, kP});
  }
  return log;
}

// The logs agree below 4 and the second has another batch there.
Offset parted_by(const Batch& other) {
  LogPairs pairs(two_partitions());
  Log changed = log_of({4});
  append(changed, other);
  return pairs.agree_until(kT0, kB1, log_of({4, 4}), kB2, changed, kNoBound);
}

}  // namespace

TEST_CASE("equal logs agree to the end of the shorter one, or to the bound") {
  LogPairs pairs(two_partitions());
  CHECK(pairs.agree_until(kT0, kB1, log_of({4, 4}), kB2, log_of({4}), kNoBound) == 4);
  CHECK(pairs.agree_until(kT0, kB1, log_of({4, 4}), kB3, log_of({4, 4}), 6) == 6);
  CHECK(pairs.agree_until(kT0, kB2, log_of({}), kB3, log_of({4}), kNoBound) == 0);
}

TEST_CASE("the same records agree however they were batched") {
  LogPairs pairs(two_partitions());
  CHECK(pairs.agree_until(kT0, kB1, log_of({4, 4, 2}), kB2, log_of({1, 6, 3}), kNoBound) == 10);
}

TEST_CASE("logs part at the first record of another epoch, producer, value or sequence") {
  CHECK(parted_by({4, 4, 0, 4, 4, 0, kP}) == 8);
  CHECK(parted_by({4, 4, 1, 4, 4, 0, kP}) == 4);
  CHECK(parted_by({4, 4, 0, 4, 4, 0, NodeId{5}}) == 4);
  CHECK(parted_by({4, 4, 0, 5, 4, 0, kP}) == 4);
  CHECK(parted_by({4, 4, 0, 4, 5, 0, kP}) == 4);
  CHECK(parted_by({4, 4, 0, 4, 4, 1, kP}) == 4);
  CHECK(parted_by({4, 4, 0, 4, -1, 0, kP}) == 4);
}

TEST_CASE("a pair is the same whoever is named first, and each partition has its own") {
  LogPairs pairs(two_partitions());
  Log other = log_of({4});
  append(other, Batch{4, 4, 1, 40, -1, 0, kP});
  CHECK(pairs.agree_until(kT0, kB1, log_of({8}), kB2, other, kNoBound) == 4);
  CHECK(pairs.agree_until(kT0, kB2, other, kB1, log_of({8}), kNoBound) == 4);
  CHECK(pairs.agree_until(kT1, kB1, log_of({8}), kB2, log_of({8}), kNoBound) == 8);
  CHECK(pairs.agree_until(kT0, kB1, log_of({8}), kB2, other, kNoBound) == 4);
}

TEST_CASE("logs that grow are compared on from where they agreed") {
  LogPairs pairs(two_partitions());
  CHECK(pairs.agree_until(kT0, kB1, log_of({4}), kB2, log_of({4}), kNoBound) == 4);
  CHECK(pairs.agree_until(kT0, kB1, log_of({4, 3}), kB2, log_of({4, 3}), kNoBound) == 7);
  Log other = log_of({4, 3});
  append(other, Batch{7, 1, 1, 70, -1, 0, kP});
  CHECK(pairs.agree_until(kT0, kB1, log_of({4, 3, 1}), kB2, other, kNoBound) == 7);
}

TEST_CASE("a log that was cut is compared again from there, with every other log and with what is committed") {
  Log rewritten = log_of({4});
  append(rewritten, Batch{4, 4, 1, 40, -1, 0, kP});
  for (const NodeId other : {kCommitted, kB1, kB3}) {
    CAPTURE(number(other));
    LogPairs pairs(two_partitions());
    CHECK(pairs.agree_until(kT0, other, log_of({8}), kB2, log_of({8}), kNoBound) == 8);
    pairs.cut(kT0, kB2, 4);
    CHECK(pairs.agree_until(kT0, other, log_of({8}), kB2, rewritten, kNoBound) == 4);
  }
}

TEST_CASE("what is committed can be cut as well, and a cut concerns nobody else") {
  Log rewritten = log_of({4});
  append(rewritten, Batch{4, 4, 1, 40, -1, 0, kP});
  LogPairs pairs(two_partitions());
  CHECK(pairs.agree_until(kT0, kCommitted, log_of({8}), kB2, log_of({8}), kNoBound) == 8);
  CHECK(pairs.agree_until(kT0, kB1, log_of({8}), kB2, log_of({8}), kNoBound) == 8);
  pairs.cut(kT0, kCommitted, 4);
  CHECK(pairs.agree_until(kT0, kCommitted, rewritten, kB2, log_of({8}), kNoBound) == 4);
  // Compared once is compared for good: without a cut nobody looks below 8 again.
  CHECK(pairs.agree_until(kT0, kB1, rewritten, kB2, log_of({8}), kNoBound) == 8);
}

TEST_CASE("a record and its epoch are found by offset, and nothing outside the log") {
  Log log = log_of({4});
  append(log, Batch{4, 2, 3, 40, -1, 0, kP});
  REQUIRE(batch_at(log, 3) != nullptr);
  CHECK(batch_at(log, 3)->base_offset == 0);
  CHECK(batch_at(log, 6) == nullptr);
  CHECK(batch_at(log, -1) == nullptr);
  CHECK(epoch_at(log, 4) == 3);
  CHECK(epoch_at(log, 3) == 0);
  CHECK(epoch_at(log, 6) == kNoEpoch);
  const Log split = log_of({2, 2});
  CHECK(same_record(log.batches[0], split.batches[1], 3));
  CHECK_FALSE(same_record(log.batches[1], Batch{4, 2, 2, 40, -1, 0, kP}, 5));
}
