// A run made by hand: what a real cluster told when its controller was paused (recording
// z02-controller-pause), shortened. Reports are tested with it without running anything.
#pragma once

#include "model/rules.h"
#include "sim/kernel/plan.h"
#include "sim/search/run.h"

namespace tests {

inline constexpr model::NodeId kB1{1}, kB2{2}, kB3{3}, kP1{4};
inline constexpr model::PartitionId kT0{0}, kT1{1};

constexpr sim::Time at_ms(std::int64_t ms) { return {ms * 1000}; }

inline sim::Plan zombie_plan() {
  sim::Plan plan;
  plan.title = "A paused controller comes back";
  plan.file = "zombie.json";
  const model::Profile* profile = model::find_profile(plan.version);
  plan.rules = *profile->rules;
  plan.seed = 42;
  plan.config.brokers.assign(3, {});
  for (model::BrokerSettings& broker : plan.config.brokers) {
    broker.zookeeper_session_timeout = model::milliseconds(6'000);
    broker.replica_lag_time_max = model::milliseconds(10'000);
  }
  plan.config.brokers[1].num_replica_fetchers = 2;
  plan.config.topics = {{"t", {{kB2, kB3, kB1}, {kB1, kB2, kB3}}, 2, false, 0}};
  plan.config.partitions = {{model::TopicId{0}, 0}, {model::TopicId{0}, 1}};
  model::ProducerConfig producer;
  producer.name = "p1";
  producer.count = 500;
  plan.config.producers = {producer};
  sim::Fault pause;
  pause.kind = sim::FaultKind::pause;
  pause.at = at_ms(10'000);
  pause.lasts = model::seconds(25);
  pause.text = "pause controller for 25 s";
  pause.line = 20;
  sim::Fault never;
  never.kind = sim::FaultKind::crash;
  never.when = sim::FactPattern{model::kFactIndex<model::ElectionFailed>, {}};
  never.text = "crash leader(t-0)";
  never.line = 21;
  plan.faults = {pause, never};
  sim::Expectation elected;
  elected.pattern = {model::kFactIndex<model::ControllerElected>, {{"broker", "b2"}}};
  elected.text = "controller_elected broker=b2 between 14 s and 20 s";
  elected.line = 31;
  sim::Expectation late = elected;
  late.text = "controller_resigned broker=b1 before 30 s";
  late.line = 32;
  sim::Expectation open = elected;
  open.text = "isr(t-0) = b1 b2 b3 at 70 s";
  open.line = 33;
  plan.expectations = {elected, late, open};
  return plan;
}

// The parts of the story, in the order of time.
inline void tell_boot(std::vector<sim::RecordedFact>& facts) {
  using namespace model;
  facts.push_back({at_ms(-8'799), kZooKeeper, ZkSessionOpened{1, 1, kB1, milliseconds(6'000)}});
  facts.push_back({at_ms(-7'934), kZooKeeper, BrokerRegistered{25, kB1, 1}});
  facts.push_back({at_ms(-7'862), kZooKeeper, ControllerElected{27, kB1, 1}});
  facts.push_back({at_ms(-7'862), kZooKeeper, ControllerEpochChanged{27, 1, kB1}});
  facts.push_back({at_ms(-7'852), kB1, BelievesController{1}});
  facts.push_back({at_ms(-6'235), kZooKeeper, BrokerRegistered{45, kB2, 2}});
  facts.push_back({at_ms(-4'564), kZooKeeper, BrokerRegistered{61, kB3, 3}});
  facts.push_back({at_ms(-3'460), kZooKeeper, TopicCreated{64, TopicId{0}}});
  facts.push_back({at_ms(-3'424), kZooKeeper, PartitionStateChanged{68, kT0, {kB2, 0, {kB2, kB3, kB1}, 1}, 0}});
  facts.push_back({at_ms(-3'424), kZooKeeper, PartitionStateChanged{69, kT1, {kB1, 0, {kB1, kB2, kB3}, 1}, 0}});
  facts.push_back({at_ms(-3'196), kB3, Truncated{kT1, 0, 0, 0}});
}
inline void tell_failover(std::vector<sim::RecordedFact>& facts) {
  using namespace model;
  facts.push_back({at_ms(1'000), kP1, ProducerStarted{}});
  facts.push_back({at_ms(1'765), kP1, RecordsAcknowledged{kT0, 0, 20, 0}});
  facts.push_back({at_ms(9'950), kB2, HighWatermarkMoved{kT0, 0, 20, true}});
  facts.push_back({at_ms(9'950), kP1, RecordsAcknowledged{kT0, 20, 152, 20}});
  ZkSessionClosed closed{70, 1, kB1, true, {paths::controller(), paths::broker_id(kB1)}};
  facts.push_back({at_ms(15'001), kZooKeeper, closed});
  facts.push_back({at_ms(15'001), kZooKeeper, ControllerVacated{70, kB1}});
  facts.push_back({at_ms(15'001), kZooKeeper, BrokerUnregistered{70, kB1}});
  facts.push_back({at_ms(15'019), kZooKeeper, ControllerElected{71, kB2, 2}});
  facts.push_back({at_ms(15'019), kZooKeeper, ControllerEpochChanged{71, 2, kB2}});
  facts.push_back({at_ms(15'118), kZooKeeper, PartitionStateChanged{73, kT1, {kNoNode, 1, {kB2, kB3}, 2}, 1}});
  facts.push_back({at_ms(15'119), kZooKeeper, PartitionStateChanged{74, kT0, {kB2, 1, {kB2, kB3}, 2}, 1}});
  facts.push_back({at_ms(15'129), kB2, BecameLeader{kT0, 1, 0, 1, 172, 171, {kB2, kB3}}});
  facts.push_back({at_ms(15'151), kZooKeeper, PartitionStateChanged{75, kT1, {kB2, 2, {kB2, kB3}, 2}, 2}});
  facts.push_back({at_ms(15'152), kB2, HighWatermarkMoved{kT1, 0, 0, true}});
  facts.push_back({at_ms(16'350), kP1, RecordsAcknowledged{kT0, 172, 148, 172}});
}
inline void tell_return(std::vector<sim::RecordedFact>& facts) {
  using namespace model;
  facts.push_back({at_ms(35'010), kB2, RequestFenced{kB1, ErrorCode::stale_controller_epoch, false, kT0, 1, 2}});
  facts.push_back({at_ms(35'012), kB2, RequestFenced{kB1, ErrorCode::fenced_leader_epoch, true, kT1, 0, 2}});
  facts.push_back({at_ms(35'112), kB2, RequestFenced{kB1, ErrorCode::fenced_leader_epoch, true, kT1, 0, 2}});
  facts.push_back({at_ms(36'188), kB1, ZkSessionExpiredSeen{1}});
  facts.push_back({at_ms(36'189), kB1, ZkSessionExpiredSeen{1}});
  facts.push_back({at_ms(36'205), kB1, ControllerResigned{1}});
  facts.push_back({at_ms(36'209), kZooKeeper, BrokerRegistered{78, kB1, 4}});
  facts.push_back({at_ms(36'237), kP1, RecordsFailed{kT1, 320, 156, ErrorCode::not_leader_or_follower, false}});
  facts.push_back({at_ms(36'259), kP1, RecordsFailed{kT1, 476, 1, ErrorCode::not_leader_or_follower, false}});
  facts.push_back({at_ms(36'257), kB1, Truncated{kT1, 352, 0, 2}});
  facts.push_back({at_ms(36'280), kB2, IsrShrinkProposed{kT0, {kB2, kB3}, {kB2}, 10, 12}});
  facts.push_back({at_ms(36'281), kB2, IsrChangeRefused{kT0, ErrorCode::invalid_update_version}});
  facts.push_back({at_ms(36'295), kZooKeeper, PartitionStateChanged{79, kT1, {kB2, 2, {kB2, kB3, kB1}, 2}, 3}});
  facts.push_back({at_ms(36'310), kZooKeeper, PartitionStateChanged{80, kT0, {kB2, 1, {kB2, kB3, kB1}, 2}, 2}});
}

// Two promises were put to the test and held, one that must come true in the end did not.
inline std::vector<sim::InvariantResult> judged() {
  std::vector<sim::InvariantResult> rows(model::invariants().size());
  const auto row = [&](std::string_view name) -> sim::InvariantResult& {
    return rows[static_cast<std::size_t>(model::id_of(*model::find_invariant(name)))];
  };
  row("controller-epoch-grows").exposures = 1;
  row("one-leader-per-epoch").exposures = 2;
  sim::InvariantResult& recovers = row("isr-recovers");
  recovers.exposures = 1;
  recovers.broken = true;
  recovers.at = at_ms(75'000);
  recovers.breach = {kB1, true, kT0, "b1 lives and is not in the ISR"};
  return rows;
}

inline sim::Outcome zombie_outcome() {
  sim::Outcome outcome;
  outcome.seed = 42;
  outcome.fingerprint = 0x53de64a7;
  outcome.events = 10'412;
  outcome.simulated = model::seconds(75);
  tell_boot(outcome.facts);
  tell_failover(outcome.facts);
  tell_return(outcome.facts);
  sim::AppliedFault pause{at_ms(10'000), 0, false, {kB1}, {}, {}, "controller, leader of t-1"};
  sim::AppliedFault resume{at_ms(35'000), 0, true, {kB1}, {}, {}, ""};
  const sim::FaultEffect effect{31, 0, 2, 0, false};
  outcome.faults = {{pause, effect}, {resume, effect}};
  outcome.expectations = {{true, true, at_ms(15'019), ""}, {true, false, at_ms(30'000), "36.205 b1"}, {}};
  outcome.invariants = judged();
  outcome.verdict = sim::Verdict::not_reached;
  return outcome;
}

}  // namespace tests
