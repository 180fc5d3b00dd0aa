// Planted defects of leader epochs: where logs are cut, who is fenced, what records are stamped with.
#include <array>
#include <string>

#include <doctest/doctest.h>

#include "tests/planted_defects.h"
#include "tests/stepped_broker.h"

using namespace sim::test;
using model::NodeId;
using model::Rules;
using sim::Plan;

namespace {

constexpr model::Offset kEnd = 60;

// b2 leads t-0, which b3 and b1 follow; kEnd records of epoch 0 are everywhere.
Plan with_records(const Rules& rules) {
  Plan plan = three_brokers(rules.name);
  add_topic(plan, "t", {{kB2, kB3, kB1}});
  add_producer(plan, model::Acks::all, at_s(1), model::milliseconds(50), kEnd);
  return plan;
}
class Settled : public Cluster {
 public:
  explicit Settled(const Rules& rules) : Cluster(with_records(rules)) {
    run_until(at_s(10));
    REQUIRE(log(kB2, kT0).end() == kEnd);
  }
};

void begin_epoch(SteppedBroker& broker, NodeId leader, model::LeaderEpoch epoch) {
  broker.receive(
      broker.accept(kB1, model::ChannelKind::control),
      model::LeaderAndIsrRequest{kB1, 1, -1, {{kT0, false, leader, epoch, 1, epoch, {kB2, kB3}, {kB2, kB3, kB1}}}});
}

void append(SteppedBroker& leader) {
  model::ProduceRequest produce;
  produce.acks = model::Acks::leader;
  produce.partitions.push_back({kT0, {0, 1, -1, 7, -1, -1, kP2}});
  leader.receive(leader.accept(kP1, model::ChannelKind::client), produce);
}

void fetch(SteppedBroker& leader, NodeId follower, model::LeaderEpoch epoch, model::Offset from) {
  leader.receive(leader.accept(follower, model::ChannelKind::fetch),
                 model::FetchRequest{follower, model::milliseconds(500), 1, {{kT0, epoch, model::kNoEpoch, from}}});
}

std::string text(const model::EpochAnswer& entry) {
  if (entry.error != model::ErrorCode::none) return std::string(name_of(entry.error));
  return "epoch " + std::to_string(entry.end.epoch) + " ends at " + std::to_string(entry.end.end);
}

// --- where a follower cuts -------------------------------------------------------------------------

// b3, which knows 50 of its 60 records to be committed, hears of a new epoch.
std::string place_in_new_epoch(const Rules& rules, NodeId leader) {
  const Settled cluster(rules);
  SteppedBroker follower(cluster, kB3, rules);
  follower->memory.partitions[0].high_watermark = 50;
  begin_epoch(follower, leader, 1);
  const model::Partition& partition = follower->memory.partitions[0];
  return std::to_string(follower->log(kT0).end()) + " records, fetches from " + std::to_string(partition.fetch_offset) +
         " after epoch " + std::to_string(partition.last_fetched_epoch);
}
std::string place_under_another_leader(const Rules& rules) { return place_in_new_epoch(rules, kB1); }
std::string place_under_the_same_leader(const Rules& rules) { return place_in_new_epoch(rules, kB2); }

// What the follower sends to its new leader first, once their connection is open.
std::string first_question(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker follower(cluster, kB3, rules);
  begin_epoch(follower, kB1, 1);
  REQUIRE(follower.effects().connects.size() == 1);
  follower.give(model::Connected{follower.effects().connects[0]});
  return follower.count_sent<model::OffsetsForLeaderEpochRequest>() == 1 ? "asks where the epoch ends" : "fetches";
}

// The leader's log ends before the follower's: the fetch is out of range, and the leader says where it ends.
std::string end_beyond_the_leaders_log(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker leader(cluster, kB1, rules);
  model::truncate(leader->log(kT0), 50);
  begin_epoch(leader, kB1, 1);
  SteppedBroker follower(cluster, kB3, rules);
  begin_epoch(follower, kB1, 1);
  while (exchange(follower, leader)) {
  }
  const bool delayed = follower->memory.partitions[0].delayed;
  return "ends at " + std::to_string(follower->log(kT0).end()) + (delayed ? ", waits" : ", fetches");
}

// --- what a leader answers -------------------------------------------------------------------------

model::EpochAnswer ask_epoch_end(SteppedBroker& leader, model::LeaderEpoch asked_in, model::LeaderEpoch epoch) {
  leader.receive(leader.accept(kB3, model::ChannelKind::fetch),
                 model::OffsetsForLeaderEpochRequest{kB3, {{kT0, asked_in, epoch}}});
  return leader.sent<model::OffsetsForLeaderEpochResponse>().partitions[0];
}

// The leader has epochs 0 and 2; the follower's last one is 1.
std::string end_of_an_epoch_it_never_saw(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker leader(cluster, kB2, rules);
  begin_epoch(leader, kB2, 2);
  return text(ask_epoch_end(leader, 2, 1));
}

std::string end_asked_in_an_older_epoch(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker leader(cluster, kB2, rules);
  begin_epoch(leader, kB2, 2);
  return text(ask_epoch_end(leader, 1, 0));
}

std::string known_epoch_without_records(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker leader(cluster, kB2, rules);
  begin_epoch(leader, kB2, 2);
  return "epoch " + std::to_string(leader->log(kT0).latest_epoch());
}

std::string epoch_of_a_new_record(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker leader(cluster, kB2, rules);
  begin_epoch(leader, kB2, 2);
  append(leader);
  append(leader);
  return "epoch " + std::to_string(leader->log(kT0).batches.back().epoch);
}

// In epoch 2 the leader and b3 are the ISR. One more record; then b3 and b1 fetch behind it, as of epoch 0.
std::string fetches_of_an_older_epoch(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker leader(cluster, kB2, rules);
  begin_epoch(leader, kB2, 2);
  append(leader);
  fetch(leader, kB3, 0, kEnd + 1);
  const std::string high_watermark = std::to_string(leader->memory.partitions[0].high_watermark);
  fetch(leader, kB1, 0, kEnd + 1);
  return high_watermark + (leader.all_told<model::IsrExpandProposed>().empty() ? ", b1 stays out" : ", b1 joins");
}

constexpr std::array kCases{
    PlantedCase{"truncates-to-high-watermark", "3.9", place_under_another_leader,
                "60 records, fetches from 60 after epoch 0", "50 records, fetches from 50 after epoch -1"},
    PlantedCase{"truncates-to-high-watermark", "2.6", first_question, "asks where the epoch ends", "fetches"},
    PlantedCase{"truncates-by-epoch-end-only", "3.9", end_of_an_epoch_it_never_saw, "epoch 0 ends at 60",
                "epoch -1 ends at 60"},
    PlantedCase{"truncates-by-epoch-end-only", "3.9", first_question, "fetches", "asks where the epoch ends"},
    PlantedCase{"never-truncates", "3.9", place_under_another_leader, "60 records, fetches from 60 after epoch 0",
                "60 records, fetches from 60 after epoch -1"},
    PlantedCase{"never-truncates", "2.6", first_question, "asks where the epoch ends", "fetches"},
    PlantedCase{"never-truncates", "3.9", end_beyond_the_leaders_log, "ends at 50, fetches", "ends at 60, waits"},
    PlantedCase{"skips-truncation-for-same-leader", "3.9", place_under_the_same_leader,
                "60 records, fetches from 60 after epoch 0", "60 records, fetches from 60 after epoch -1"},
    PlantedCase{"truncation-unfenced", "2.6", end_asked_in_an_older_epoch, "fenced_leader_epoch", "epoch 0 ends at 60"},
    PlantedCase{"truncation-unfenced", "3.9", first_question, "fetches", "asks where the epoch ends"},
    PlantedCase{"fetch-unfenced", "3.9", fetches_of_an_older_epoch, "60, b1 stays out", "61, b1 joins"},
    PlantedCase{"high-watermark-counts-other-epochs", "3.9", fetches_of_an_older_epoch, "60, b1 stays out",
                "61, b1 stays out"},
    PlantedCase{"isr-admits-other-epochs", "3.9", fetches_of_an_older_epoch, "60, b1 stays out", "60, b1 joins"},
    PlantedCase{"stamps-older-epoch", "3.9", epoch_of_a_new_record, "epoch 2", "epoch 0"},
    PlantedCase{"new-leader-notes-no-epoch", "3.9", known_epoch_without_records, "epoch 2", "epoch 0"},
};

}  // namespace

std::span<const PlantedCase> sim::test::planted_log_cases() { return kCases; }

TEST_CASE("each planted defect of leader epochs decides otherwise than the sound rule") { check_planted(kCases); }
