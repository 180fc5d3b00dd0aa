// Small clusters for tests of the protocol through the kernel: plans written in C++, a witness that hears
// every fact and checks the promises of the control plane while it listens, and a cluster that is stepped.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "model/node.h"
#include "sim/kernel/observer.h"
#include "sim/kernel/plan.h"
#include "sim/kernel/world.h"

namespace sim::test {

inline constexpr model::NodeId kB1{1}, kB2{2}, kB3{3}, kP1{4}, kP2{5};
inline constexpr model::PartitionId kT0{0}, kT1{1}, kT2{2};
inline constexpr model::TopicId kT{0}, kU{1};

constexpr Time at_ms(std::int64_t ms) { return {ms * 1000}; }
constexpr Time at_s(std::int64_t s) { return {s * 1'000'000}; }

// --- plans ---------------------------------------------------------------------------------------

// Three brokers under the rules of `version`: session 6 s, lag 10 s, no automatic rebalance. No topic yet.
Plan three_brokers(std::string_view version = "3.9");
void set_lag(Plan& plan, model::Duration lag);
// Topics are numbered in the order in which they are added; created before 0 unless a fault creates them.
void add_topic(Plan& plan, std::string name, std::vector<model::Replicas> assignment, std::int32_t min_isr = 1,
               bool unclean = false);
// One record per `interval` to topic 0 (or `topic`), idempotent. Node ids from kP1 on.
void add_producer(Plan& plan, model::Acks acks, Time start, model::Duration interval, std::int32_t count,
                  model::TopicId topic = kT);

// A fault of `plan`, for further settings.
Fault& crash(Plan& plan, model::NodeId node, Time at, std::optional<model::Duration> lasts = {});
Fault& power_loss(Plan& plan, model::NodeId node, Time at, std::optional<model::Duration> lasts = {});
Fault& pause(Plan& plan, model::NodeId node, Time at, model::Duration lasts);
Fault& stop(Plan& plan, model::NodeId node, Time at);
Fault& start(Plan& plan, model::NodeId node, Time at);
using Nodes = std::vector<model::NodeId>;
Fault& cut(Plan& plan, const Nodes& from, const Nodes& to, Time at, model::Duration lasts);
Fault& cut_one_way(Plan& plan, const Nodes& from, const Nodes& to, Time at, model::Duration lasts);
Fault& elect(Plan& plan, model::PartitionId partition, Time at, bool unclean = false);
Fault& move_controller(Plan& plan, Time at);
Fault& create_topic(Plan& plan, model::TopicId topic, Time at);
Fault& reassign(Plan& plan, model::PartitionId partition, const model::Replicas& to, Time at);

// --- what happened -------------------------------------------------------------------------------

template <typename F>
struct Told {
  Time at;
  model::NodeId node{};
  F fact;
};

// Keeps the facts and judges them as they come: controller epochs grow by one and each has one owner, one
// broker at a time holds /controller, nothing is written under an epoch that has passed; broker epochs grow;
// partition epochs grow by one, leader epochs tell leaders apart; the ISR is never empty, within the assignment,
// and clean elections choose from it; roles follow what was committed, epochs of a process grow, an epoch has
// one leader; a leader's high watermark never falls and every new leader has the records below it; a follower
// of a current leader never truncates below its own high watermark.
class Witness : public Observer {
 public:
  explicit Witness(const Plan& plan) : plan_(plan) {}
  void on_fact(Time at, model::NodeId node, const model::Fact& fact) override;
  void on_fault(const AppliedFault& applied) override;

  const std::vector<std::string>& broken() const { return broken_; }

  template <typename F>
  std::vector<Told<F>> all() const {
    std::vector<Told<F>> found;
    for (const Heard& heard : heard_) {
      if (const F* fact = std::get_if<F>(&heard.fact)) found.push_back({heard.at, heard.node, *fact});
    }
    return found;
  }
  // The first one at or after `from` that `wanted` accepts.
  template <typename F, typename Wanted>
  std::optional<Told<F>> first(Time from, Wanted wanted) const {
    for (const Heard& heard : heard_) {
      const F* fact = heard.at < from ? nullptr : std::get_if<F>(&heard.fact);
      if (fact != nullptr && wanted(heard.node, *fact)) return Told<F>{heard.at, heard.node, *fact};
    }
    return std::nullopt;
  }
  template <typename F>
  std::optional<Told<F>> first(Time from = {INT64_MIN}) const {
    return first<F>(from, [](model::NodeId, const F&) { return true; });
  }
  template <typename F>
  bool ever(Time from = {INT64_MIN}) const {
    return first<F>(from).has_value();
  }
  // When the state znode of `partition` came to have this ISR, as a set.
  std::optional<Time> isr_became(model::PartitionId partition, const Nodes& isr, Time from) const;

 private:
  struct Heard {
    Time at;
    model::NodeId node{};
    model::Fact fact;
  };
  struct Stored {
    model::PartitionState state;
    model::PartitionEpoch partition_epoch = -1;
    std::map<model::LeaderEpoch, model::NodeId> leaders;  // by epoch, as written
    std::map<model::LeaderEpoch, model::NodeId> became;   // who took up the role in it
    model::Offset committed = 0;                          // the highest high watermark of a current leader
  };

  void judge(Time at, model::NodeId node, const model::Fact& fact);
  void judge_epoch(const model::ControllerEpochChanged& fact);
  void judge_state(const model::PartitionStateChanged& fact);
  void note_assignment(const model::AssignmentChanged& fact);
  const model::ReplicaAssignment& assignment(model::PartitionId p);
  void judge_leader(model::NodeId node, const model::BecameLeader& fact);
  void judge_role(model::NodeId node, model::PartitionId p, model::NodeId leader, model::LeaderEpoch epoch);
  void judge_high_watermark(model::NodeId node, const model::HighWatermarkMoved& fact);
  void fail(std::string what);

  const Plan& plan_;
  std::vector<Heard> heard_;
  std::vector<std::string> broken_;
  Time now_;
  model::ControllerEpoch epoch_ = -1;
  std::map<model::ControllerEpoch, model::NodeId> owners_;
  model::NodeId holder_ = model::kNoNode;
  std::map<model::NodeId, bool> registered_;
  std::map<model::NodeId, model::Zxid> registrations_;
  std::map<model::PartitionId, Stored> stored_;
  std::map<model::PartitionId, model::ReplicaAssignment> assigned_;
  std::set<std::pair<model::NodeId, model::PartitionId>> given_up_;
  std::map<std::pair<model::NodeId, model::PartitionId>, model::LeaderEpoch> epochs_;  // of running processes
  std::map<std::pair<model::NodeId, model::PartitionId>, model::Offset> high_watermarks_;
  bool unclean_allowed_ = false;   // by an operator
  bool unclean_election_ = false;  // one has taken place
};

// --- a running cluster ---------------------------------------------------------------------------

class Cluster {
 public:
  explicit Cluster(Plan plan, bool boot_together = false);  // adds the boot to the plan

  void run_until(Time t) { world_.run_until(t); }
  void run() { world_.run(); }
  World& world() { return world_; }
  const World& world() const { return world_; }
  const Plan& plan() const { return plan_; }
  const Witness& seen() const { return seen_; }

  const model::Broker& broker(model::NodeId id) const;
  const model::Partition& replica(model::NodeId id, model::PartitionId p) const;
  const model::Log& log(model::NodeId id, model::PartitionId p) const;
  const model::PartitionState& state(model::PartitionId p) const;
  Nodes isr(model::PartitionId p) const;  // ascending

  // What is missing for the cluster to be at rest (9.5 L1 to L3): one controller that everybody knows,
  // leaders, full ISRs, equal logs with high watermarks at their ends, no ISR change under way, and every
  // acknowledged record of acks=all exactly where it was acknowledged.
  std::vector<std::string> unsettled() const;
  // Records that were acknowledged and are not in their leader's log at that offset.
  std::vector<std::string> lost_records() const;

 private:
  Plan plan_;
  Witness seen_;
  World world_;
};

std::string joined(const std::vector<std::string>& lines);

}  // namespace sim::test
