// What the facts of a run say about the nodes' states, kept apart from the states themselves. After each step the
// two are held against each other: what was told and did not happen shows, and what happened and was not told.
//
// A ledger of values (a high watermark, a log's end, an ISR) is moved by the facts alone and must then equal the
// state. Where a fact reports a change as such, it is derived from the state before and after.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/broker/broker.h"
#include "model/client/consumer.h"
#include "model/client/producer.h"
#include "model/facts.h"
#include "model/rules.h"
#include "model/zookeeper/server.h"

namespace sim::test {

using Facts = std::vector<model::Fact>;
using Wrongs = std::vector<std::string>;

// One by one, in any order: what is told and not derived, and what is derived and not told.
void compare_facts(Facts derived, const Facts& told, const std::string& who, Wrongs& wrong);

class ZooKeeperLedger {
 public:
  // `by_message`: the step answered a client; else a session that ended has expired.
  void check(const model::ClusterConfig& config, const model::ZooKeeper& now, const Facts& told, bool by_message,
             Wrongs& wrong);

 private:
  Facts derive(const model::ClusterConfig& config, const model::ZooKeeper& now, bool by_message) const;

  model::ZnodeTree tree_ = model::empty_tree();
  std::vector<model::ZkSession> sessions_;
  model::Zxid told_until_ = 0;  // facts come in zxid order
};

struct ReplicaLedger {
  bool hosted = false;
  model::Role role = model::Role::none;
  model::NodeId leader = model::kNoNode;
  model::LeaderEpoch leader_epoch = model::kNoEpoch;
  model::PartitionEpoch partition_epoch = -1;
  model::Offset high_watermark = 0;
  model::Offset log_end = 0;
  model::Offset checkpoint = 0;
  model::Replicas isr;
  model::PendingIsr pending = model::PendingIsr::none;
  model::Replicas proposed;
};

// What of a broker's life is derived from the state before and after.
struct BrokerLife {
  model::BrokerPhase phase = model::BrokerPhase::down;
  model::ZkClient::State zk = model::ZkClient::State::off;
  model::SessionId session = 0;
  model::ShutdownProgress::Stage stage = model::ShutdownProgress::Stage::running;
  bool isr_check_started = false;
  std::vector<model::TopicSettings> topic_settings;
  // The controller.
  model::ControllerEpoch epoch = 0;
  std::uint32_t generation = 0;
  std::size_t queued = 0;
  bool busy = false;
  bool reads_controller = false;     // its step is to find out who is controller
  bool reads_brokers_first = false;  // its step is to read the brokers at failover
  model::Replicas live;
  std::vector<model::BrokerEpoch> live_epochs;
};
BrokerLife life_of(const model::Broker& broker);

class BrokerLedger {
 public:
  BrokerLedger(const model::ClusterConfig& config, const model::Rules& rules, model::NodeId id);
  void check(const model::Broker& now, bool running, const model::ZnodeTree& tree, const Facts& told, Wrongs& wrong);
  // Has it told that it acknowledges this write of acks=all?
  bool has_acknowledged(model::PartitionId p, model::Offset base_offset) const {
    return acknowledged_.contains({p, base_offset});
  }

 private:
  friend struct BrokerReplay;
  void forget_process();
  void open_replicas(const model::Broker& now);
  void compare_replicas(const model::Broker& now, Wrongs& wrong) const;
  void compare_senders(const model::Broker& now, Wrongs& wrong);
  Facts derive(const BrokerLife& now) const;
  std::string name(model::PartitionId p) const;

  const model::ClusterConfig& config_;
  const model::Rules& rules_;
  model::NodeId id_;
  std::vector<ReplicaLedger> replicas_;  // by PartitionId
  model::ControllerEpoch controller_epoch_ = 0;
  std::set<model::NodeId> senders_;  // brokers that it talks to as controller
  std::set<std::pair<model::PartitionId, model::Offset>> acknowledged_;
  BrokerLife life_;
};

class ConsumerLedger {
 public:
  ConsumerLedger(const model::ClusterConfig& config, const model::Rules& rules, model::NodeId id)
      : config_(config), rules_(rules), id_(id) {}
  // `answer`: what the step received; null: it was no message. `from`: whose.
  void check(const model::Consumer& now, bool running, const model::Body* answer, model::NodeId from, const Facts& told,
             Wrongs& wrong);

 private:
  Facts derive(const model::ConsumerMemory& now, const model::Body* answer, model::NodeId from) const;

  const model::ClusterConfig& config_;
  const model::Rules& rules_;
  model::NodeId id_;
  model::ConsumerMemory before_;
};

class ProducerLedger {
 public:
  ProducerLedger(const model::ClusterConfig& config, model::NodeId id) : config_(config), id_(id) {}
  // `answer`: what the step received, if it is the answer to a produce request; `from`: whose.
  void check(const model::Producer& now, bool running, const model::ProduceResponse* answer, model::NodeId from,
             const Facts& told, Wrongs& wrong);

 private:
  struct Fate {
    bool open = true;  // neither acknowledged nor given up
    bool placed = false;
    model::PartitionId partition{};  // if it is placed
  };
  void settle(model::PartitionId p, std::int32_t first, std::int32_t count, std::string_view what, Wrongs& wrong);
  void check_acknowledged(const model::RecordsAcknowledged& fact, const model::ProduceResult* entry,
                          Wrongs& wrong) const;
  void check_failed(const model::RecordsFailed& fact, const model::ProduceResult* entry, Wrongs& wrong) const;
  // What the answer says of the batch that begins with this value; null: it is not what is answered.
  const model::ProduceResult* entry_for(const model::ProduceResponse* answer, model::NodeId from, model::PartitionId p,
                                        std::int32_t first) const;
  void compare_open(const model::ProducerMemory& now, Wrongs& wrong);

  const model::ClusterConfig& config_;
  model::NodeId id_;
  bool started_ = false;
  std::vector<Fate> fates_;  // by value
  // By broker from 1 on: the first value of each batch in the oldest request that it has still to answer.
  std::vector<std::vector<std::pair<model::PartitionId, std::int32_t>>> next_answered_;
  std::int64_t open_ = 0;
};

}  // namespace sim::test
