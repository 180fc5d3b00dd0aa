// The smallest cluster that replicates: two brokers, one partition on both, a producer of one record.
#pragma once

#include "model/ensure.h"
#include "model/rules.h"
#include "sim/search/check_world.h"

namespace bench {

inline model::ClusterConfig two_brokers() {
  model::ClusterConfig config;
  config.brokers.assign(2, {});

  model::TopicConfig topic;
  topic.name = "t";
  topic.assignment.push_back({model::NodeId{1}, model::NodeId{2}});
  config.topics.push_back(topic);
  config.partitions.push_back({model::TopicId{0}, 0});

  model::ProducerConfig producer;
  producer.name = "p1";
  producer.topic = model::TopicId{0};
  producer.count = 1;
  config.producers.push_back(producer);
  return config;
}

inline bool watermark_is_in_log(const model::ClusterConfig&, const model::Node& node) {
  const auto* broker = std::get_if<model::Broker>(&node);
  if (broker == nullptr) return true;
  for (std::size_t p = 0; p < broker->memory.partitions.size(); ++p) {
    const model::Partition& partition = broker->memory.partitions[p];
    const model::Offset end = broker->disk.partitions[p].log.end();
    if (partition.role == model::Role::leader && partition.high_watermark > end) return false;
  }
  return true;
}

inline bool epochs_have_one_leader(const model::ClusterConfig& config, const model::Node& a, const model::Node& b) {
  const auto& one = std::get<model::Broker>(a).memory.partitions;
  const auto& other = std::get<model::Broker>(b).memory.partitions;
  if (one.empty() || other.empty()) return true;  // no process
  for (std::size_t p = 0; p < config.partitions.size(); ++p) {
    const bool both_lead = one[p].role == model::Role::leader && other[p].role == model::Role::leader;
    if (both_lead && one[p].leader_epoch == other[p].leader_epoch) return false;
  }
  return true;
}

inline sim::CheckPlan two_broker_search() {
  const model::Profile* profile = model::find_profile("3.9");
  ENSURE(profile != nullptr);
  sim::CheckPlan plan{.model = {two_brokers(), *profile->rules, {}, {}, false}, .bounds = {}, .starts_producers = true};
  plan.model.properties = {
      {.name = "the high watermark is within the log", .node = &watermark_is_in_log, .pair = nullptr},
      {.name = "an epoch has one leader", .node = nullptr, .pair = &epochs_have_one_leader},
  };
  return plan;
}

}  // namespace bench
