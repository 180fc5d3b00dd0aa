// Planted defects of what a consumer is given.
#include <array>
#include <string>

#include <doctest/doctest.h>

#include "model/client/consumer.h"
#include "tests/planted_defects.h"
#include "tests/stepped_broker.h"

using namespace sim::test;
using model::Rules;
using sim::Plan;

namespace {

constexpr model::NodeId kReader{4};  // no producer has an id

// b2 leads t-0, which b3 and b1 follow; a consumer exists.
Plan with_a_reader(const Rules& rules) {
  Plan plan = three_brokers(rules.name);
  add_topic(plan, "t", {{kB2, kB3, kB1}});
  model::ConsumerConfig consumer;
  consumer.name = "reader";
  plan.config.consumers.push_back(consumer);
  return plan;
}
class Settled : public Cluster {
 public:
  explicit Settled(const Rules& rules) : Cluster(with_a_reader(rules)) {
    run_until(at_s(5));
    REQUIRE(state(kT0).leader == kB2);
  }
};

std::string fetch_of_what_nobody_has_copied(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker leader(cluster, kB2, rules);
  model::ProduceRequest produce;
  produce.acks = model::Acks::leader;
  produce.partitions.push_back({kT0, {0, 1, -1, 0, 0, 0, kReader}});
  leader.receive(leader.accept(kReader, model::ChannelKind::client), produce);
  REQUIRE(leader->log(kT0).end() == 1);
  model::FetchRequest fetch;
  fetch.client = kReader;
  fetch.max_wait = model::milliseconds(500);
  fetch.partitions.push_back({kT0, model::kNoEpoch, model::kNoEpoch, 0});
  leader.receive(leader.accept(kReader, model::ChannelKind::client), fetch);
  if (leader.count_sent<model::FetchResponse>() == 0) return "it waits";
  return std::to_string(leader.sent<model::FetchResponse>().partitions[0].records.size()) + " batch";
}

std::string latest_offset_of_a_new_leader(const Rules& rules) {
  const Settled cluster(rules);
  SteppedBroker leader(cluster, kB2, rules);
  // Five records were committed under its predecessor; it has them, and does not know that they are.
  leader->memory.partitions[0].epoch_start = 5;
  leader.receive(leader.accept(kReader, model::ChannelKind::client), model::ListOffsetsRequest{kT0, model::kNoEpoch});
  const auto answer = leader.sent<model::ListOffsetsResponse>();
  return std::string(name_of(answer.error)) + ", " + std::to_string(answer.log_end);
}

// A consumer of three brokers that reads t-0 from `from`, with the answer to a fetch of offset `asked` on its way.
std::string position_after(const Rules& rules, model::NodeId preferred, model::Offset position, model::Offset asked,
                           const model::FetchData& data) {
  const Plan plan = with_a_reader(rules);
  model::Consumer consumer;
  consumer.id = kReader;
  consumer.memory.started = true;
  consumer.memory.brokers = {kB1, kB2, kB3};
  model::ConsumerPartition& partition = consumer.memory.partitions.emplace_back();
  partition.leader = partition.position_leader = kB2;
  partition.leader_epoch = partition.position_leader_epoch = 0;
  partition.state = model::PositionState::fetching;
  partition.position = position;
  partition.preferred = preferred;
  for (const model::NodeId broker : {kB1, kB2, kB3}) {
    model::ConsumerLink& link = consumer.memory.links.emplace_back();
    link.broker = broker;
    link.state = model::LinkState::open;
  }
  model::ConsumerRequest& request = consumer.memory.links[2].in_flight.emplace_back();
  request.partitions.push_back({kT0, 0, model::kNoEpoch, asked});
  model::FetchResponse response;
  response.partitions.push_back(data);
  const model::Body body(response);
  model::Effects out;
  const model::Clock clock({1'000'000});
  const model::Choices choices;
  model::step(model::Context{rules, plan.config, clock, choices, out}, consumer,
              model::Received{connection_of(kReader, consumer.memory.links[2]), &body});
  const bool looks_up = consumer.memory.partitions[0].state == model::PositionState::awaits_reset;
  return looks_up ? "looks its position up" : "goes on from " + std::to_string(consumer.memory.partitions[0].position);
}

std::string answer_to_an_older_fetch(const Rules& rules) {
  model::FetchData data;
  data.partition = kT0;
  data.records.push_back({3, 1, 0, 3, -1, 0, kReader});
  return position_after(rules, kB3, 5, 3, data);
}

std::string out_of_range_at_a_follower(const Rules& rules) {
  model::FetchData data;
  data.partition = kT0;
  data.error = model::ErrorCode::offset_out_of_range;
  return position_after(rules, kB3, 5, 5, data);
}

constexpr std::array kCases{
    PlantedCase{"consumers-see-uncommitted", "3.9", fetch_of_what_nobody_has_copied, "it waits", "1 batch"},
    PlantedCase{"latest-offset-of-new-leader", "3.9", latest_offset_of_a_new_leader, "offset_not_available, 0",
                "none, 0"},
    PlantedCase{"late-fetches-accepted", "3.9", answer_to_an_older_fetch, "goes on from 5", "goes on from 4"},
    PlantedCase{"follower-resets-consumer", "3.9", out_of_range_at_a_follower, "goes on from 5",
                "looks its position up"},
};

}  // namespace

std::span<const PlantedCase> sim::test::planted_consumer_cases() { return kCases; }

TEST_CASE("each planted defect of what a consumer is given decides otherwise than the sound rule") {
  check_planted(kCases);
}
