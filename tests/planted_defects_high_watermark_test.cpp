// Planted defects of the high watermark and of the ISR.
#include <array>
#include <string>

#include <doctest/doctest.h>

#include "tests/planted_defects.h"
#include "tests/stepped_broker.h"

using namespace sim::test;
using model::NodeId;
using model::Replicas;
using model::Rules;
using sim::Plan;

namespace {

constexpr model::Offset kEnd = 60;

// b2 leads t-0, which b3 and b1 follow; kEnd records are everywhere. It has come to this by sound rules.
Plan with_records(const Rules& rules) {
  Plan plan = three_brokers(rules.name);
  add_topic(plan, "t", {{kB2, kB3, kB1}}, 2);
  add_producer(plan, model::Acks::all, at_s(1), model::milliseconds(50), kEnd);
  return plan;
}
class Settled : public Cluster {
 public:
  explicit Settled(const Rules& rules) : Cluster(with_records(rules)) {
    run_until(at_s(10));
    REQUIRE(replica(kB2, kT0).high_watermark == kEnd);
  }
};

// The leader's log grows by one record.
void append(SteppedBroker& leader) {
  model::ProduceRequest produce;
  produce.acks = model::Acks::leader;
  produce.partitions.push_back({kT0, {0, 1, -1, 7, -1, -1, kP2}});
  leader.receive(leader.accept(kP1, model::ChannelKind::client), produce);
}

void fetch(SteppedBroker& leader, NodeId follower, model::Offset from) {
  leader.receive(leader.accept(follower, model::ChannelKind::fetch),
                 model::FetchRequest{follower, model::milliseconds(500), 1, {{kT0, 0, 0, from}}});
}

// Members outside `isr` have not been caught up for long.
void set_isr(SteppedBroker& leader, const Replicas& isr) {
  model::Partition& partition = leader->memory.partitions[0];
  partition.isr = isr;
  for (model::Remote& remote : partition.remotes) {
    if (!isr.contains(remote.replica)) remote.last_caught_up = model::kNever;
  }
}

std::string high_watermark(SteppedBroker& broker) {
  return std::to_string(broker->memory.partitions[0].high_watermark);
}

// --- the high watermark ----------------------------------------------------------------------------

std::string high_watermark_of_a_follower(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker follower(cluster, kB3, rules);
  const model::Fetcher& fetcher = follower->memory.fetchers[0];
  REQUIRE(fetcher.asked == model::Fetcher::Asked::fetch);
  follower.receive({kB3, kB2, model::ChannelKind::fetch, fetcher.id, fetcher.connection},
                   model::FetchResponse{{{kT0, model::ErrorCode::none, kEnd + 5, 0, {}, {}}}});
  return high_watermark(follower);
}

std::string high_watermark_when_a_member_starts_over(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker leader(cluster, kB2, rules);
  fetch(leader, kB3, 50);
  return high_watermark(leader);
}

std::string high_watermark_after_append(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker leader(cluster, kB2, rules);
  append(leader);
  return high_watermark(leader);
}

std::string high_watermark_while_b1_joins(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker leader(cluster, kB2, rules);
  set_isr(leader, {kB2, kB3});
  leader->memory.partitions[0].pending = model::PendingIsr::expand;
  leader->memory.partitions[0].proposed = {kB2, kB3, kB1};
  append(leader);
  fetch(leader, kB3, kEnd + 1);
  return high_watermark(leader);
}

std::string high_watermark_while_b1_leaves(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker leader(cluster, kB2, rules);
  leader->memory.partitions[0].pending = model::PendingIsr::shrink;
  leader->memory.partitions[0].proposed = {kB2, kB3};
  append(leader);
  fetch(leader, kB3, kEnd + 1);
  return high_watermark(leader);
}

std::string high_watermark_below_min_isr(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker leader(cluster, kB2, rules);
  set_isr(leader, {kB2});
  append(leader);
  return high_watermark(leader);
}

// --- the ISR ---------------------------------------------------------------------------------------

std::string next_isr_check(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker leader(cluster, kB2, rules);
  leader.give(model::TimerFired{{model::TimerKind::isr_check}});
  REQUIRE(leader.effects().arms.size() == 1);
  return std::to_string(leader.effects().arms[0].min.us / 1000) + " ms";
}

std::string proposals(const SteppedBroker& leader) {
  return std::to_string(leader.all_told<model::IsrExpandProposed>().size()) + " proposed";
}

std::string fetch_from_far_behind(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker leader(cluster, kB2, rules);
  set_isr(leader, {kB2, kB3});
  fetch(leader, kB1, 10);
  return proposals(leader);
}

// A new leader whose own high watermark is stale: it knows 40 of 60 to be committed, and b1 has 50.
std::string fetch_from_behind_the_epoch(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker leader(cluster, kB2, rules);
  leader.receive(leader.accept(kB1, model::ChannelKind::control),
                 model::LeaderAndIsrRequest{kB1, 1, -1, {{kT0, false, kB2, 4, 1, 4, {kB2, kB3}, {kB2, kB3, kB1}}}});
  REQUIRE(leader->memory.partitions[0].epoch_start == kEnd);
  leader->memory.partitions[0].high_watermark = 40;
  leader.receive(leader.accept(kB1, model::ChannelKind::fetch),
                 model::FetchRequest{kB1, model::milliseconds(500), 1, {{kT0, 4, 0, 50}}});
  return proposals(leader);
}

std::string fetch_of_a_dead_replica(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker leader(cluster, kB2, rules);
  set_isr(leader, {kB2, kB3});
  leader->memory.cached_live = {kB2, kB3};
  fetch(leader, kB1, kEnd);
  return proposals(leader);
}

std::string ask_controller(SteppedBroker& controller, const Cluster& cluster, model::PartitionEpoch known) {
  controller.receive(
      controller.accept(kB2, model::ChannelKind::alter_partition),
      model::AlterPartitionRequest{kB2, cluster.broker(kB2).memory.broker_epoch, {{kT0, 0, known, {kB2, kB3}, {}}}});
  if (controller.count_sent<model::AlterPartitionResponse>() == 0) {
    return "written over version " + std::to_string(controller.sent<model::ZkRequest>().ops[1].version);
  }
  return std::string(name_of(controller.sent<model::AlterPartitionResponse>().partitions[0].error));
}

std::string change_of_a_dead_replica(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker controller(cluster, kB1, rules);
  controller->memory.controller.shutting_down.push_back(kB3);
  return ask_controller(controller, cluster, 0);
}

std::string change_of_an_older_state(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker controller(cluster, kB1, rules);
  controller->memory.controller.partitions[0].partition_epoch = 1;
  return ask_controller(controller, cluster, 0);
}

std::string direct_change(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker leader(cluster, kB2, rules);
  set_isr(leader, {kB2, kB3});
  fetch(leader, kB1, kEnd);
  return "written over version " + std::to_string(leader.sent<model::ZkRequest>().ops[0].version);
}

constexpr std::array kCases{
    PlantedCase{"follower-trusts-high-watermark", "3.9", high_watermark_of_a_follower, "60", "65"},
    PlantedCase{"follower-trusts-high-watermark", "2.6", high_watermark_of_a_follower, "60", "65"},
    PlantedCase{"high-watermark-falls", "3.9", high_watermark_when_a_member_starts_over, "60", "50"},
    PlantedCase{"commits-alone", "3.9", high_watermark_after_append, "60", "61"},
    PlantedCase{"commits-alone", "2.6", high_watermark_after_append, "60", "61"},
    PlantedCase{"high-watermark-ignores-pending-expansion", "3.9", high_watermark_while_b1_joins, "60", "61"},
    PlantedCase{"high-watermark-assumes-pending-shrink", "3.9", high_watermark_while_b1_leaves, "60", "61"},
    PlantedCase{"high-watermark-ignores-min-isr", "3.9", high_watermark_below_min_isr, "60", "61"},
    PlantedCase{"isr-check-at-once", "3.9", next_isr_check, "5000 ms", "50 ms"},
    PlantedCase{"joins-isr-at-once", "3.9", fetch_from_far_behind, "0 proposed", "1 proposed"},
    PlantedCase{"joins-isr-behind-epoch-start", "3.9", fetch_from_behind_the_epoch, "0 proposed", "1 proposed"},
    PlantedCase{"isr-write-unchecked", "3.9", change_of_an_older_state, "invalid_update_version",
                "written over version -1"},
    PlantedCase{"isr-write-unchecked", "2.6", direct_change, "written over version 0", "written over version -1"},
    PlantedCase{"rejoining-dead-replica", "3.9", fetch_of_a_dead_replica, "0 proposed", "1 proposed"},
    PlantedCase{"rejoining-dead-replica", "3.9", change_of_a_dead_replica, "ineligible_replica",
                "written over version 0"},
};

}  // namespace

std::span<const PlantedCase> sim::test::planted_high_watermark_cases() { return kCases; }

TEST_CASE("each planted defect of the high watermark and the ISR decides otherwise than the sound rule") {
  check_planted(kCases);
}
