#include "sim/search/replay.h"

#include <algorithm>
#include <map>
#include <type_traits>
#include <utility>
#include <variant>

#include "model/ensure.h"
#include "model/errors.h"
#include "sim/kernel/world.h"
#include "sim/search/committed_story.h"
#include "sim/search/readers.h"

namespace sim {
namespace {

// From the start of a process to its session, where only the time of the session is known.
constexpr Millis kBootLead = 600;
// A start whose session was never seen, and a producer without any acknowledgement.
constexpr Millis kUsualConnect = 550, kUsualFirstAck = 700;
constexpr Millis kUsualFirstFetch = 5'400;  // of a process that joins a group
// The recorded times are those of the commit: opening the connection and the transaction itself take this long.
constexpr Millis kHandshake = 5, kCommit = 5;
constexpr Millis kZooKeeperLead = 3'000, kBootRoom = 1'000;
// `acked_but_missing` leaves out what was acknowledged in the last two seconds.
constexpr Millis kCutOff = 2'000;
constexpr Millis kSilent = 1'000, kSilentToTheEnd = 2'000;

model::Duration duration_of(Millis ms) { return model::milliseconds(std::max<Millis>(ms, 0)); }

struct Pins {
  std::optional<model::Duration> connect, registration, isr_check;
};

// In KRaft mode nothing lies between: `up` is the member's first state, `registered` the append.
std::optional<model::Duration> registration_pin(const RecordingSetup& setup, const ProcessStart& boot) {
  if (!boot.up || !boot.registered) return std::nullopt;
  return duration_of(*boot.registered - *boot.up - (setup.config.is_kraft() ? 0 : kCommit));
}

bool is_server(const RecordingSetup& setup, model::NodeId node) {
  return setup.config.is_broker(node) || setup.config.is_controller(node);
}

const ProcessStart* boot_of(const RecordingSetup& setup, model::NodeId node) {
  for (const ProcessStart& row : setup.starts) {
    if (row.node == node) return &row;
  }
  return nullptr;
}

const ProcessStart* row_of_start(const RecordingSetup& setup, model::NodeId node, Millis at) {
  for (const ProcessStart& row : setup.starts) {
    if (row.node == node && row.started == at) return &row;
  }
  return nullptr;
}

// Of a process that begins at `at`; `row` is its own row, `boot` that of its broker's first start.
Pins pins_of(const RecordingSetup& setup, const ProcessStart* row, const ProcessStart* boot, Millis at) {
  Pins pins;
  const bool is_seen = row != nullptr && row->up.has_value();
  const Millis up = is_seen ? *row->up : at + kUsualConnect;
  pins.connect = duration_of(up - at - (setup.config.is_kraft() ? 0 : kHandshake));
  if (boot != nullptr) pins.registration = registration_pin(setup, *boot);
  if (row != nullptr && row->isr_check_from) {
    pins.isr_check = duration_of(*row->isr_check_from - at);
  } else if (boot != nullptr && boot->up && boot->isr_check_from) {
    pins.isr_check = duration_of(up - at + *boot->isr_check_from - *boot->up);
  }
  return pins;
}

// When a process of the boot began, if anything of it was seen.
std::optional<Millis> begin_of(const ProcessStart& boot) {
  if (boot.up) return *boot.up - kBootLead;
  if (boot.isr_check_from) return *boot.isr_check_from - 2 * kBootLead;
  if (boot.registered) return *boot.registered - 2 * kBootLead;
  return std::nullopt;
}

void add_servers(const RecordingSetup& setup, Plan& plan) {
  for (const ProcessStart& row : setup.starts) {
    if (row.started || !is_server(setup, row.node)) continue;
    const std::optional<Millis> at = begin_of(row);
    if (!at) continue;
    const Pins pins = pins_of(setup, &row, &row, *at);
    plan.starts.push_back({row.node, time_of(*at), pins.connect, pins.registration, pins.isr_check});
  }
}

void add_producers(const RecordingSetup& setup, Plan& plan) {
  for (std::size_t i = 0; i < setup.producers.size(); ++i) {
    const ProducerStart& producer = setup.producers[i];
    const Millis at = producer.first_ack.value_or(producer.start + kUsualFirstAck);
    const auto node = model::NodeId(static_cast<std::uint8_t>(1 + setup.config.brokers.size() + i));
    plan.starts.push_back({node, time_of(at), std::nullopt, std::nullopt, std::nullopt});
  }
}

// The recorded one begins to fetch when its group has let it: what comes before is not modelled.
void add_consumers(const RecordingSetup& setup, Plan& plan) {
  for (std::size_t i = 0; i < setup.consumers.size(); ++i) {
    const ConsumerStart& consumer = setup.consumers[i];
    const Millis at = consumer.first_fetch.value_or(consumer.start + kUsualFirstFetch);
    const std::size_t node = setup.config.first_consumer() + i;
    plan.starts.push_back(
        {model::NodeId(static_cast<std::uint8_t>(node)), time_of(at), std::nullopt, std::nullopt, std::nullopt});
  }
}

void add_start_fault(const RecordingSetup& setup, const Fault& fault, Plan& plan) {
  for (const Target& target : fault.who) {
    Fault one = fault;
    one.who = {target};
    one.text = "start " + target.text;
    if (is_server(setup, target.node)) {
      const Millis at = millis_of(fault.at);
      const Pins pins = pins_of(setup, row_of_start(setup, target.node, at), boot_of(setup, target.node), at);
      one.pin_connect = pins.connect;
      one.pin_register = pins.registration;
      one.pin_isr_check = pins.isr_check;
    }
    plan.faults.push_back(std::move(one));
  }
}

// The recorder cuts one direction of one pair after the other and notes the time when it is done. In the
// moments between, one follower may still hear from a leader that another one has already lost.
void add_cut(const Fault& fault, Plan& plan) {
  const std::size_t ways = fault.one_way ? 1 : 2;
  auto left = static_cast<std::int32_t>(fault.from.size() * fault.to.size() * ways);
  for (const Target& from : fault.from) {
    for (const Target& to : fault.to) {
      for (std::size_t way = 0; way < ways; ++way) {
        Fault one = fault;
        one.from = {way == 0 ? from : to};
        one.to = {way == 0 ? to : from};
        one.one_way = true;
        one.commands_after = --left;
        plan.faults.push_back(std::move(one));
      }
    }
  }
}

void add_faults(const RecordingSetup& setup, Plan& plan) {
  std::vector<bool> is_created(setup.config.topics.size(), false);
  for (const Fault& fault : setup.faults) {
    if (fault.kind == FaultKind::create_topic) is_created[model::index(fault.topic)] = true;
    if (millis_of(fault.at) > setup.end) continue;
    if (fault.kind == FaultKind::start) {
      add_start_fault(setup, fault, plan);
    } else if (fault.kind == FaultKind::cut) {
      add_cut(fault, plan);
    } else {
      plan.faults.push_back(fault);
    }
  }
  for (const TopicCreation& creation : setup.topics_created) {
    if (is_created[model::index(creation.topic)] || creation.t > setup.end) continue;
    Fault fault;
    fault.kind = FaultKind::create_topic;
    fault.at = time_of(creation.t);
    // Its time is that of the append, and records are held together before.
    if (setup.config.is_kraft()) fault.at = fault.at - setup.config.quorum.controller_quorum_append_linger;
    fault.topic = creation.topic;
    fault.text = "create topic " + setup.config.topics[model::index(creation.topic)].name;
    plan.faults.push_back(std::move(fault));
  }
  std::stable_sort(plan.faults.begin(), plan.faults.end(), [](const Fault& a, const Fault& b) { return a.at < b.at; });
}

// ZooKeeper runs before the first broker does.
void add_zookeeper(const RecordingSetup& setup, Plan& plan) {
  std::optional<Time> first;
  for (const Start& start : plan.starts) {
    if (setup.config.is_broker(start.node) && (!first || start.at < *first)) first = start.at;
  }
  for (const Fault& fault : plan.faults) {
    if (fault.kind != FaultKind::start || !setup.config.is_broker(fault.who.front().node)) continue;
    if (!first || fault.at < *first) first = fault.at;
  }
  const Time at = first.value_or(Time{0}) - model::milliseconds(kZooKeeperLead);
  plan.starts.insert(plan.starts.begin(), {model::kZooKeeper, at, std::nullopt, std::nullopt, std::nullopt});
}

// Kafka's exceptions that are not the error's name in camel case (protocol/Errors).
struct ExceptionName {
  model::ErrorCode error;
  const char* name;
};
constexpr ExceptionName kExceptions[] = {
    {model::ErrorCode::request_timed_out, "TimeoutException"},
    {model::ErrorCode::network_exception, "NetworkException"},
    {model::ErrorCode::out_of_order_sequence_number, "OutOfOrderSequenceException"},
    {model::ErrorCode::duplicate_sequence_number, "DuplicateSequenceException"},
    {model::ErrorCode::kafka_storage_error, "KafkaStorageException"},
    {model::ErrorCode::unknown_server_error, "UnknownServerException"},
};

std::string exception_name(model::ErrorCode error) {
  for (const ExceptionName& row : kExceptions) {
    if (row.error == error) return row.name;
  }
  std::string name;
  bool is_upper = true;
  for (const char c : model::name_of(error)) {
    if (c == '_') {
      is_upper = true;
      continue;
    }
    name += is_upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    is_upper = false;
  }
  return name + "Exception";
}

// Keeps of a run what a recording holds, and no more.
class ReplayObserver final : public Observer {
 public:
  ReplayObserver(const RecordingSetup& setup, bool keep_facts)
      : setup_(setup), keep_facts_(keep_facts), readers_(setup.config) {
    simulated_.observed.clients.resize(setup.config.producers.size());
    acks_.resize(setup.config.producers.size());
    hosted_.assign(setup.config.brokers.size() * setup.config.partitions.size(), false);
  }

  void on_fact(Time at, model::NodeId node, const model::Fact& fact) override {
    readers_.note(millis_of(at), node, fact, setup_.end);
    std::visit([&](const auto& told) { note(at, node, told, fact); }, fact);
  }

  // What the run has shown, with the disks as they are now.
  Simulated finish(const std::vector<model::Node>& nodes) {
    if (setup_.config.is_kraft()) add_committed(nodes);
    add_logs(nodes);
    for (std::size_t i = 0; i < acks_.size(); ++i) finish_client(i, nodes);
    simulated_.observed.readers = readers_.take();
    return std::move(simulated_);
  }

 private:
  struct Acknowledged {
    Millis t = 0;
    model::PartitionId partition{};
    std::int32_t first_value = 0;
    std::int32_t count = 0;
  };

  template <typename T>
  void note(Time at, model::NodeId node, const T& told, const model::Fact& fact) {
    if constexpr (std::is_same_v<T, model::RecordsAcknowledged>) {
      acknowledged(millis_of(at), node, told);
    } else if constexpr (std::is_same_v<T, model::RecordsFailed>) {
      failed(millis_of(at), node, told);
    } else if constexpr (!std::is_same_v<T, model::HighWatermarkMoved> && !std::is_same_v<T, model::RecordsAppended>) {
      // What a quorum commits is told by its leader, when it is; a recording has it from the log.
      if (setup_.config.is_kraft() && is_committed<T>()) return;
      tell_story(millis_of(at), node, told);
      if (!keep_facts_ || setup_.config.is_consumer(node)) return;
      auto& rows = node == model::kZooKeeper ? simulated_.metadata_facts : simulated_.node_facts;
      rows.push_back({at, node, fact});
    }
  }

  template <typename T>
  static constexpr bool is_committed() {
    return requires(const T& told) { told.zxid; }
    || std::is_same_v<T, model::LeaderChange> || std::is_same_v<T, model::BrokerChanged> ||
        std::is_same_v<T, model::ElrChanged>;
  }

  void add_committed(const std::vector<model::Node>& nodes) {
    std::vector<CommittedFact> facts = read_committed(nodes, setup_.config);
    simulated_.observed.story = story_of(facts);
    if (!keep_facts_) return;
    for (CommittedFact& fact : facts) {
      simulated_.metadata_facts.push_back(std::move(fact.told));
      simulated_.raft_epochs.push_back(fact.raft_epoch);
    }
  }

  template <typename T>
  void tell_story(Millis t, model::NodeId node, const T& told) {
    Observed& observed = simulated_.observed;
    if constexpr (std::is_same_v<T, model::PartitionStateChanged>) {
      observed.story.push_back({t, StoryFact::Kind::partition_state, told.partition, told.state.leader,
                                told.state.leader_epoch, told.state.isr});
    } else if constexpr (std::is_same_v<T, model::BrokerRegistered>) {
      observed.story.push_back({t, StoryFact::Kind::broker_registered, {}, told.broker, 0, {}});
    } else if constexpr (std::is_same_v<T, model::BrokerUnregistered>) {
      observed.story.push_back({t, StoryFact::Kind::broker_unregistered, {}, told.broker, 0, {}});
    } else if constexpr (std::is_same_v<T, model::ControllerEpochChanged>) {
      // The recordings hold writes of the znode; its creation with 0 is none.
      if (told.epoch > 0) {
        observed.story.push_back({t, StoryFact::Kind::controller_epoch, {}, told.broker, told.epoch, {}});
      }
    } else if constexpr (std::is_same_v<T, model::IsrShrinkProposed>) {
      observed.shrinks.push_back({t, told.partition, told.to});
    } else if constexpr (std::is_same_v<T, model::StartFailed>) {
      observed.failed_starts.push_back(node);
    } else if constexpr (std::is_same_v<T, model::BecameLeader> || std::is_same_v<T, model::BecameFollower>) {
      hosted_[slot_of(node, told.partition)] = true;
    }
  }

  std::size_t slot_of(model::NodeId broker, model::PartitionId partition) const {
    const auto row = static_cast<std::size_t>(broker) - 1;
    return row * setup_.config.partitions.size() + model::index(partition);
  }
  std::size_t producer_index(model::NodeId node) const {
    return static_cast<std::size_t>(node) - 1 - setup_.config.brokers.size();
  }

  void acknowledged(Millis t, model::NodeId node, const model::RecordsAcknowledged& told) {
    const std::size_t producer = producer_index(node);
    acks_[producer].push_back({t, told.partition, told.first_value, told.count});
    std::vector<ClientPartition>& partitions = simulated_.observed.clients[producer].partitions;
    const std::int32_t number = setup_.config.partitions[model::index(told.partition)].number;
    auto found = std::find_if(partitions.begin(), partitions.end(),
                              [&](const ClientPartition& p) { return p.number == number; });
    if (found == partitions.end()) {
      partitions.push_back({number, 0, t, t, {}, {}});
      found = partitions.end() - 1;
    }
    if (t - found->last_ack > kSilent) found->silent.push_back({found->last_ack, t});
    found->last_ack = t;
    found->acked += told.count;
  }

  void failed(Millis t, model::NodeId node, const model::RecordsFailed& told) {
    std::vector<ClientError>& errors = simulated_.observed.clients[producer_index(node)].errors;
    const std::string name = exception_name(told.error);
    auto found =
        std::find_if(errors.begin(), errors.end(), [&](const ClientError& error) { return error.name == name; });
    if (found == errors.end()) {
      errors.push_back({name, 0, t, t});
      found = errors.end() - 1;
    }
    found->count += told.count;
    found->last = t;
  }

  // A replica's directory exists from the first time that its broker is told to host it.
  void add_logs(const std::vector<model::Node>& nodes) {
    const model::ClusterConfig& config = setup_.config;
    for (std::size_t p = 0; p < config.partitions.size(); ++p) {
      const auto id = model::PartitionId(static_cast<std::uint16_t>(p));
      for (std::size_t b = 1; b <= config.brokers.size(); ++b) {
        const auto replica = model::NodeId(static_cast<std::uint8_t>(b));
        const auto& broker = std::get<model::Broker>(nodes[b]);
        const model::Log& log = broker.log(id);
        if (!hosted_[slot_of(replica, id)] && log.batches.empty()) continue;
        ReplicaLog row{id, replica, log.end(), 0, {}};
        for (const model::Batch& batch : log.batches) {
          row.records += batch.count;
          if (row.epochs.empty() || row.epochs.back().epoch != batch.epoch) {
            row.epochs.push_back({batch.epoch, batch.base_offset});
          }
        }
        simulated_.observed.logs.push_back(std::move(row));
      }
    }
  }

  void finish_client(std::size_t producer, const std::vector<model::Node>& nodes) {
    ClientResult& client = simulated_.observed.clients[producer];
    const model::ProducerConfig& config = setup_.config.producers[producer];
    if (client.partitions.size() == 1) {
      ClientPartition& only = client.partitions.front();
      std::int64_t answered = only.acked;
      for (const ClientError& error : client.errors) answered += error.count;
      if (setup_.end - only.last_ack > kSilentToTheEnd && answered < config.count) {
        only.silent.push_back({only.last_ack, setup_.end});
      }
    }
    for (ClientPartition& partition : client.partitions) {
      const model::PartitionId id = setup_.config.partition_of(config.topic, partition.number);
      for (const ReplicaLog& row : simulated_.observed.logs) {
        if (row.partition != id) continue;
        const auto& broker = std::get<model::Broker>(nodes[static_cast<std::size_t>(row.replica)]);
        partition.missing.push_back({row.replica, missing_in(broker.log(id), producer, id)});
      }
    }
  }

  std::int64_t missing_in(const model::Log& log, std::size_t producer, model::PartitionId partition) const {
    const auto node = model::NodeId(static_cast<std::uint8_t>(1 + setup_.config.brokers.size() + producer));
    std::vector<bool> present(static_cast<std::size_t>(std::max(setup_.config.producers[producer].count, 0)), false);
    for (const model::Batch& batch : log.batches) {
      if (batch.producer != node) continue;
      for (std::int32_t i = 0; i < batch.count; ++i) {
        const auto value = static_cast<std::size_t>(batch.first_value + i);
        if (value >= present.size()) present.resize(value + 1, false);
        present[value] = true;
      }
    }
    std::int64_t missing = 0;
    for (const Acknowledged& ack : acks_[producer]) {
      if (ack.partition != partition || ack.t > setup_.end - kCutOff) continue;
      for (std::int32_t i = 0; i < ack.count; ++i) {
        const auto value = static_cast<std::size_t>(ack.first_value + i);
        if (value >= present.size() || !present[value]) ++missing;
      }
    }
    return missing;
  }

  const RecordingSetup& setup_;
  bool keep_facts_;
  Simulated simulated_;
  std::vector<std::vector<Acknowledged>> acks_;  // by producer
  ReaderLog readers_;
  std::vector<bool> hosted_;  // by broker and partition
};

}  // namespace

std::string seconds_text(Millis t) {
  const Millis magnitude = t < 0 ? -t : t;
  std::string digits = std::to_string(1000 + magnitude % 1000).substr(1);
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  return (t < 0 ? "-" : "") + std::to_string(magnitude / 1000) + "." + digits;
}

Subject subject_of(const StoryFact& fact) {
  switch (fact.kind) {
    case StoryFact::Kind::partition_state:
      return {Subject::Form::partition, static_cast<std::int32_t>(fact.partition)};
    case StoryFact::Kind::broker_registered:
    case StoryFact::Kind::broker_unregistered:
    case StoryFact::Kind::broker_changed:
      return {Subject::Form::broker, model::number(fact.node)};
    case StoryFact::Kind::controller_epoch:
    case StoryFact::Kind::leader_change:
      break;
  }
  return {Subject::Form::controller, 0};
}

Plan replay_plan(const RecordingSetup& setup) {
  Plan plan;
  plan.title = setup.name;
  plan.version = setup.version;
  plan.config = setup.config;
  plan.rules = setup.rules;
  plan.defects = setup.defects;
  if (setup.config.is_kraft()) plan.mode = "kraft";
  plan.until = time_of(setup.end);
  add_servers(setup, plan);
  add_producers(setup, plan);
  add_consumers(setup, plan);
  plan.command_min = model::milliseconds(3);
  plan.command_max = model::milliseconds(25);
  add_faults(setup, plan);
  if (!setup.config.is_kraft()) add_zookeeper(setup, plan);
  Time first{0};
  for (const Start& start : plan.starts) first = std::min(first, start.at);
  plan.begins = first - model::milliseconds(kBootRoom);
  return plan;
}

bool nothing_comes_up(const RecordingSetup& setup) {
  return std::none_of(setup.starts.begin(), setup.starts.end(), [&](const ProcessStart& row) {
    return (row.up && *row.up <= setup.end) || (row.started && *row.started <= setup.end);
  });
}

Simulated replay(const RecordingSetup& setup, const Plan& plan, std::uint64_t seed, bool keep_facts) {
  Plan drawn = plan;
  drawn.seed = seed;
  for (drawn.boot_draw = 0;; ++drawn.boot_draw) {
    ReplayObserver observer(setup, keep_facts);
    World world(drawn, &observer);
    world.run_until(Time{0});
    const bool is_as_recorded = !setup.controller_at_0 || world.controller() == *setup.controller_at_0;
    if (!is_as_recorded && drawn.boot_draw + 1 < kBootDraws) continue;
    world.run();
    Simulated simulated = observer.finish(world.nodes());
    simulated.seed = seed;
    simulated.boot_draw = drawn.boot_draw;
    simulated.boot_as_recorded = is_as_recorded;
    return simulated;
  }
}

}  // namespace sim
