#include "model/log.h"

#include <doctest/doctest.h>

using namespace model;

namespace {

Batch batch(const Log& log, std::int32_t count, LeaderEpoch epoch, std::int32_t first_value = 0) {
  Batch made;
  made.base_offset = log.end();
  made.count = count;
  made.epoch = epoch;
  made.first_value = first_value;
  return made;
}

// Epoch 1: offsets 0 to 9, epoch 3: 10 to 14, epoch 6: 15 to 21.
Log three_epochs() {
  Log log;
  append(log, batch(log, 4, 1, 0));
  append(log, batch(log, 6, 1, 4));
  append(log, batch(log, 5, 3, 10));
  append(log, batch(log, 7, 6, 15));
  return log;
}

}  // namespace

TEST_CASE("an empty log ends where it starts and knows no epoch") {
  Log log;
  log.start = 12;
  CHECK(log.end() == 12);
  CHECK(log.latest_epoch() == kNoEpoch);
  CHECK(end_of_epoch(log, 0) == EpochEnd{});
  CHECK(first_batch_at(log, 12) == 0);
}

TEST_CASE("appending moves the end and notes where each epoch starts, once") {
  const Log log = three_epochs();
  CHECK(log.end() == 22);
  CHECK(log.latest_epoch() == 6);
  CHECK(log.epochs == SmallVec<EpochStart, 2>{{1, 0}, {3, 10}, {6, 15}});
}

TEST_CASE("the end of an epoch is where the next known one starts, and the log's end for the latest") {
  const Log log = three_epochs();
  CHECK(end_of_epoch(log, 1) == EpochEnd{1, 10});
  CHECK(end_of_epoch(log, 3) == EpochEnd{3, 15});
  CHECK(end_of_epoch(log, 6) == EpochEnd{6, 22});
}

TEST_CASE("an epoch the cache skipped answers with the largest one below it") {
  const Log log = three_epochs();
  CHECK(end_of_epoch(log, 2) == EpochEnd{1, 10});
  CHECK(end_of_epoch(log, 5) == EpochEnd{3, 15});
}

TEST_CASE("an epoch before the first one ends at the first one's start, a newer or missing one is undefined") {
  const Log log = three_epochs();
  CHECK(end_of_epoch(log, 0) == EpochEnd{0, 0});
  CHECK(end_of_epoch(log, 7) == EpochEnd{});
  CHECK(end_of_epoch(log, kNoEpoch) == EpochEnd{});
}

TEST_CASE("truncating between batches drops whole batches and the epochs that start there") {
  Log log = three_epochs();
  truncate(log, 15);
  CHECK(log.end() == 15);
  CHECK(log.latest_epoch() == 3);
  CHECK(log.batches.size() == 3);
  truncate(log, 10);
  CHECK(log.end() == 10);
  CHECK(log.epochs == SmallVec<EpochStart, 2>{{1, 0}});
}

TEST_CASE("truncating inside a batch cuts it and keeps its identity") {
  Log log = three_epochs();
  truncate(log, 12);
  CHECK(log.end() == 12);
  CHECK(log.batches.back().base_offset == 10);
  CHECK(log.batches.back().count == 2);
  CHECK(log.batches.back().first_value == 10);
  CHECK(log.latest_epoch() == 3);
}

TEST_CASE("truncating at or beyond the end keeps the records") {
  Log log = three_epochs();
  const Log before = log;
  truncate(log, 22);
  CHECK(log == before);
  truncate(log, 100);
  CHECK(log == before);
}

TEST_CASE("an epoch without records is dropped by a truncation to the end") {
  Log log = three_epochs();
  assign_epoch(log, 8, 22);
  CHECK(log.latest_epoch() == 8);
  CHECK(end_of_epoch(log, 6) == EpochEnd{6, 22});
  CHECK(end_of_epoch(log, 8) == EpochEnd{8, 22});
  truncate(log, 22);
  CHECK(log.latest_epoch() == 6);
}

TEST_CASE("truncating to the start leaves an empty log that can grow again") {
  Log log = three_epochs();
  truncate(log, 0);
  CHECK(log.end() == 0);
  CHECK(log.epochs.empty());
  append(log, batch(log, 3, 9));
  CHECK(log.end() == 3);
  CHECK(log.epochs == SmallVec<EpochStart, 2>{{9, 0}});
}

TEST_CASE("what was flushed never lies beyond the end") {
  Log log = three_epochs();
  log.flushed = 18;
  truncate(log, 20);
  CHECK(log.flushed == 18);
  truncate(log, 11);
  CHECK(log.flushed == 11);
}

TEST_CASE("assigning the latest epoch again changes nothing, one that contradicts drops entries from the end") {
  Log log = three_epochs();
  assign_epoch(log, 6, 22);
  CHECK(log.epochs.back() == EpochStart{6, 15});
  SUBCASE("an older epoch") {
    assign_epoch(log, 2, 22);
    CHECK(log.epochs == SmallVec<EpochStart, 2>{{1, 0}, {2, 22}});
  }
  SUBCASE("a newer epoch at an earlier offset") {
    assign_epoch(log, 7, 10);
    CHECK(log.epochs == SmallVec<EpochStart, 2>{{1, 0}, {7, 10}});
  }
  SUBCASE("the same epoch at an earlier offset") {
    assign_epoch(log, 6, 12);
    CHECK(log.epochs == SmallVec<EpochStart, 2>{{1, 0}, {3, 10}, {6, 12}});
  }
}

TEST_CASE("the batch of an offset is found at its edges and in its middle") {
  const Log log = three_epochs();  // batches from 0, 4, 10 and 15
  const std::size_t expected[] = {0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3};
  for (Offset offset = 0; offset != 22; ++offset) CHECK(first_batch_at(log, offset) == expected[offset]);
  CHECK(first_batch_at(log, 22) == 4);
  CHECK(first_batch_at(log, 1'000) == 4);
}
