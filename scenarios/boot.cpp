#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "scenarios/plan_builder.h"

namespace scenarios {
namespace {

// c1 has asked for votes, and got them from c2, before another's election timeout can be over: its own is 2 s at most.
void add_controllers(const sim::Plan& plan, bool together, std::vector<sim::Start>& starts) {
  constexpr model::Duration kSecond = model::milliseconds(1'400), kStep = model::milliseconds(100);
  sim::Time at = plan.begins;
  for (std::int32_t i = 1; i <= plan.config.controllers; ++i) {
    if (i > 1 && !together) at = at + (i == 2 ? kSecond : kStep);
    starts.push_back({plan.config.controller(i), at, {}, {}, {}});
  }
}

void add_brokers(const sim::Plan& plan, bool together, std::vector<sim::Start>& starts) {
  const auto brokers = static_cast<std::int64_t>(plan.config.brokers.size());
  const bool votes = plan.config.is_kraft() && plan.config.controllers == 0;
  // The first waits no longer than 1.8 s for the second, so that it has registered by then; the others share
  // what is left until -5 s. In KRaft mode it takes longer until a broker is in use: it is fenced at first, and where
  // brokers are the controllers, somebody has to be elected before.
  constexpr sim::Time kFirst{-12'000'000}, kTogether{-6'000'000};
  constexpr std::int64_t kStepUs = 1'800'000;
  const std::int64_t spread = plan.config.is_kraft() ? 4'200'000 : 5'200'000;
  const model::Duration earlier = model::milliseconds(votes ? 3'000 : 0);
  const std::int64_t step = brokers > 2 ? std::min(kStepUs, spread / (brokers - 2)) : kStepUs;
  for (std::int64_t i = 0; i < brokers; ++i) {
    const std::int64_t delay = i == 0 ? 0 : kStepUs + (i - 1) * step;
    const sim::Time at = together ? kTogether : kFirst + model::microseconds(delay);
    starts.push_back({static_cast<model::NodeId>(i + 1), at - earlier, {}, {}, {}});
  }
}

}  // namespace

void add_boot(sim::Plan& plan, bool together) {
  std::vector<sim::Start> starts;
  if (!plan.config.is_kraft()) starts.push_back({model::kZooKeeper, plan.begins, {}, {}, {}});
  add_controllers(plan, together, starts);
  add_brokers(plan, together, starts);
  plan.starts.insert(plan.starts.begin(), starts.begin(), starts.end());

  std::vector<sim::Fault> creations;
  for (std::size_t i = 0; i < plan.config.topics.size(); ++i) {
    const auto topic = static_cast<model::TopicId>(i);
    const auto creates_it = [topic](const sim::Fault& fault) {
      return fault.kind == sim::FaultKind::create_topic && fault.topic == topic;
    };
    if (std::any_of(plan.faults.begin(), plan.faults.end(), creates_it)) continue;
    sim::Fault creation;
    creation.kind = sim::FaultKind::create_topic;
    creation.at = {-3'000'000};
    creation.topic = topic;
    creation.text = "create topic " + plan.config.topics[i].name;
    creations.push_back(std::move(creation));
  }
  plan.faults.insert(plan.faults.begin(), creations.begin(), creations.end());
}

}  // namespace scenarios
