#include "tests/bench/fetch_loop_plan.h"

#include "model/ensure.h"
#include "model/rules.h"

namespace bench {
namespace {

constexpr int kBrokers = 3;
constexpr model::Duration kBoot = model::seconds(15);

model::ClusterConfig cluster() {
  model::ClusterConfig config;
  model::BrokerSettings settings;
  settings.replica_fetch_wait_max = model::milliseconds(5);
  config.brokers.assign(kBrokers, settings);

  model::TopicConfig topic;
  topic.name = "t";
  model::Replicas replicas;
  for (int broker = 1; broker <= kBrokers; ++broker) replicas.push_back(model::NodeId(broker));
  topic.assignment.push_back(replicas);
  topic.min_insync_replicas = 2;
  config.topics.push_back(topic);
  config.partitions.push_back({model::TopicId{0}, 0});

  // Five records, then the next five: a batch is full every 2.3 ms, which is the hand-written loop's round
  // trip and thinking together, and never leaves before it is full.
  model::ProducerConfig producer;
  producer.name = "p1";
  producer.topic = model::TopicId{0};
  producer.acks = model::Acks::all;
  producer.interval = model::microseconds(460);
  producer.count = 1'000'000'000;
  producer.max_in_flight = 1;
  producer.batch_records = 5;
  producer.linger = model::milliseconds(50);
  config.producers.push_back(producer);
  return config;
}

}  // namespace

sim::Plan fetch_loop_plan(model::Duration simulated, std::uint64_t seed) {
  const model::Profile* profile = model::find_profile("3.9");
  ENSURE(profile != nullptr);

  sim::Plan plan;
  plan.title = "fetch loop";
  plan.config = cluster();
  plan.rules = *profile->rules;
  plan.seed = seed;
  plan.begins = sim::Time{} - kBoot;
  plan.until = sim::Time{} + simulated;
  plan.links.latency_min = model::microseconds(100);
  plan.links.latency_max = model::microseconds(500);
  // The hand-written brokers take no time to process a request.
  plan.links.request_min = plan.links.request_max = model::microseconds(0);

  plan.starts.push_back(
      {.node = model::kZooKeeper, .at = plan.begins, .connect = {}, .registration = {}, .isr_check = {}});
  for (int broker = 1; broker <= kBrokers; ++broker) {
    const sim::Time at = plan.begins + model::milliseconds(500 * broker);
    plan.starts.push_back(
        {.node = model::NodeId(broker), .at = at, .connect = {}, .registration = {}, .isr_check = {}});
  }
  plan.starts.push_back(
      {.node = model::NodeId(kBrokers + 1), .at = sim::Time{}, .connect = {}, .registration = {}, .isr_check = {}});

  sim::Fault create;
  create.kind = sim::FaultKind::create_topic;
  create.at = sim::Time{} - model::seconds(3);
  create.topic = model::TopicId{0};
  create.text = "create topic t";
  plan.faults.push_back(create);
  return plan;
}

}  // namespace bench
