// Facts are testimony: this observer derives from the nodes' states what must have been told, step by step, and
// compares both ways. It can be told to hear one fact wrongly, which it must then notice.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/kernel/observer.h"
#include "sim/kernel/world.h"
#include "tests/state_ledger_quorum.h"
#include "tests/state_ledgers.h"

namespace sim::test {

// A kind of fact, or one field of it, that no difference of states can show, and why.
struct Unshown {
  std::size_t kind = 0;
  std::string_view field;  // empty: the whole fact
  std::string_view why;
};
const std::vector<Unshown>& unshown();
bool is_shown(std::size_t kind, std::string_view field = "");

// The `nth` fact of a kind, from 1 on, is withheld, or one of its fields altered, before it is compared.
struct Forgery {
  std::size_t kind = 0;
  std::int64_t nth = 1;
  std::optional<std::size_t> field;  // none: withheld
};

// Names of the fields of a kind of fact, in order.
std::vector<std::string_view> field_names(std::size_t kind);

// In KRaft mode only what the quorum tells is compared: ledgers of the data plane are kept in ZooKeeper mode.
class StateWitness final : public Observer {
 public:
  explicit StateWitness(const Plan& plan, std::optional<Forgery> forgery = {});

  void watch(const World& world) { world_ = &world; }
  // The world has taken a step.
  void look();

  const Wrongs& wrong() const { return wrong_; }
  bool has_forged() const { return forged_; }
  // Facts compared, by kind.
  const std::array<std::int64_t, model::kFactKinds>& compared() const { return compared_; }

  void on_fact(Time at, model::NodeId node, const model::Fact& fact) override;
  void on_step_over(Time at) override;
  void on_fault(const AppliedFault&) override { everybody_ = true; }
  bool wants_events() const override { return true; }
  void on_event(const EventView& event) override;

 private:
  void check(model::NodeId node);
  void check_quorum(model::NodeId node);
  void note_vote(const EventView& event);

  const Plan& plan_;
  std::optional<Forgery> forgery_;
  const World* world_ = nullptr;
  ZooKeeperLedger zookeeper_;
  std::vector<BrokerLedger> brokers_;      // from broker 1 on
  std::vector<ProducerLedger> producers_;  // in the order of their nodes
  std::vector<ConsumerLedger> consumers_;  // likewise
  std::vector<QuorumLedger> members_;      // by NodeId; empty in ZooKeeper mode
  CommittedLedger committed_;
  std::optional<model::VoteRequest> vote_asked_;  // by the step
  Facts told_;                                    // of the step, as heard
  model::NodeId teller_ = model::kNoNode;
  model::NodeId where_ = model::kNoNode;  // the event's node
  bool by_message_ = false;
  std::optional<model::ProduceResponse> answer_;
  std::optional<model::Body> read_;      // what a consumer received
  model::NodeId from_ = model::kNoNode;  // whose answer
  bool everybody_ = false;               // a fault may have changed any node
  bool forged_ = false;
  std::array<std::int64_t, model::kFactKinds> heard_{}, compared_{};
  Wrongs wrong_;
};

struct WitnessedRun {
  Wrongs wrong;  // at most the first few
  bool forged = false;
  std::array<std::int64_t, model::kFactKinds> compared{};
  std::uint64_t fingerprint = 0;
};
// Stops at the first difference.
WitnessedRun witness(const Plan& plan, std::optional<Forgery> forgery = {});

}  // namespace sim::test
