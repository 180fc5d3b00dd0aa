// Planted defects of what a producer is promised.
#include <array>
#include <string>

#include <doctest/doctest.h>

#include "tests/driven_producer.h"
#include "tests/planted_defects.h"
#include "tests/stepped_broker.h"

using namespace sim::test;
using model::Acks;
using model::ErrorCode;
using model::Rules;
using sim::Plan;

namespace {

// b2 leads t-0, which b3 and b1 follow; min.insync.replicas is 2.
Plan without_records(const Rules& rules) {
  Plan plan = three_brokers(rules.name);
  add_topic(plan, "t", {{kB2, kB3, kB1}}, 2);
  return plan;
}
class Settled : public Cluster {
 public:
  explicit Settled(const Rules& rules) : Cluster(without_records(rules)) {
    run_until(at_s(5));
    REQUIRE(state(kT0).leader == kB2);
  }
};

void produce(SteppedBroker& leader, Acks acks, std::int32_t sequence) {
  model::ProduceRequest request;
  request.acks = acks;
  request.timeout = model::seconds(30);
  request.partitions.push_back({kT0, {0, 1, -1, sequence, sequence, 0, kP1}});
  leader.receive(leader.accept(kP1, model::ChannelKind::client), request);
}

// What the client has heard of its last batch, and what the log holds.
std::string outcome_of_produce(SteppedBroker& leader) {
  const std::string end = std::to_string(leader->log(kT0).end()) + " in the log";
  if (leader.count_sent<model::ProduceResponse>() == 0) return "no answer, " + end;
  return std::string(name_of(leader.sent<model::ProduceResponse>().partitions[0].error)) + ", " + end;
}

std::string write_after_a_long_silence(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker leader(cluster, kB2, rules);
  leader->memory.zk.last_heard = model::kNever;
  produce(leader, Acks::leader, 0);
  return outcome_of_produce(leader);
}

std::string write_that_waits(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker leader(cluster, kB2, rules);
  produce(leader, Acks::all, 0);
  return outcome_of_produce(leader);
}

std::string write_without_an_isr(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker leader(cluster, kB2, rules);
  leader->memory.partitions[0].isr = {kB2};
  produce(leader, Acks::all, 0);
  REQUIRE(leader.told<model::NotEnoughReplicas>().isr == 1);
  return outcome_of_produce(leader);
}

std::string the_same_batch_twice(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker leader(cluster, kB2, rules);
  produce(leader, Acks::leader, 0);
  produce(leader, Acks::leader, 0);
  return outcome_of_produce(leader);
}

std::string a_batch_out_of_order(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker leader(cluster, kB2, rules);
  produce(leader, Acks::leader, 0);
  produce(leader, Acks::leader, 5);
  return outcome_of_produce(leader);
}

std::string sequence_of_a_retry(const Rules& rules) {
  model::test::Driven driven(model::test::idempotent());
  driven.rules = rules;
  driven.boot();
  const model::Batch first = driven.take_batch(kB1);
  driven.reply_produce(kB1, ErrorCode::not_enough_replicas);
  driven.advance(model::milliseconds(200));
  const model::Batch again = driven.take_batch(kB1);
  REQUIRE(again.first_value == first.first_value);
  return std::to_string(first.first_sequence) + ", then " + std::to_string(again.first_sequence);
}

constexpr std::array kCases{
    PlantedCase{"woken-leader-refuses-produce", "3.9", write_after_a_long_silence, "none, 1 in the log",
                "not_leader_or_follower, 0 in the log"},
    PlantedCase{"acknowledges-at-append", "3.9", write_that_waits, "no answer, 1 in the log", "none, 1 in the log"},
    PlantedCase{"min-isr-checked-after-append", "3.9", write_without_an_isr, "not_enough_replicas, 0 in the log",
                "not_enough_replicas, 1 in the log"},
    PlantedCase{"duplicates-appended", "3.9", the_same_batch_twice, "none, 1 in the log", "none, 2 in the log"},
    PlantedCase{"sequence-gaps-taken", "3.9", a_batch_out_of_order, "out_of_order_sequence_number, 1 in the log",
                "none, 2 in the log"},
    PlantedCase{"retries-with-new-sequence", "3.9", sequence_of_a_retry, "0, then 0", "0, then 1"},
};

}  // namespace

std::span<const PlantedCase> sim::test::planted_client_cases() { return kCases; }

TEST_CASE("each planted defect of what a producer is promised decides otherwise than the sound rule") {
  check_planted(kCases);
}
