// The partition and replica state machines: each change is read, decided and written back under the
// controller's guard and the znode's version, and tried again if the leader was faster
// (controller/PartitionStateMachine, ReplicaStateMachine).
#include <algorithm>
#include <optional>

#include "model/controller/steps.h"

namespace model {
namespace {

void remember(Controller& controller, PartitionId p, const PartitionState& state, PartitionEpoch version) {
  PartitionInfo& info = controller.partitions[index(p)];
  info.has_state = true;
  info.state = state;
  info.partition_epoch = version;
}

void tell_new_state(Controller& controller, const Replicas& to, PartitionId p, bool is_new) {
  add_leader_and_isr(controller, to, p, is_new);
  add_metadata(controller, controller.live, p);
}

}  // namespace

// --- NewPartition -> OnlinePartition ---------------------------------------------------------------

namespace {

PartitionState initial_state(const Context& context, const Controller& controller, PartitionId p) {
  PartitionState state;
  state.leader_epoch = 0;
  state.controller_epoch = controller.epoch;
  state.isr = context.rules.first_isr(controller.partitions[index(p)].assignment.replicas, online_brokers(controller));
  if (!state.isr.empty()) state.leader = state.isr.front();
  return state;
}

ZkOp creation(const Context& context, const CreatePartitions& step, std::size_t i) {
  const PartitionConfig& config = context.config.partitions[index(step.partitions[i])];
  if (step.level == 0) return zk_create(paths::partitions(config.topic), {}, false);
  if (step.level == 1) return zk_create(paths::partition(config.topic, config.number), {}, false);
  return zk_create(paths::partition_state(config.topic, config.number), step.states[i], false);
}

void ask_creations(const Context& context, Broker& broker, const CreatePartitions& step) {
  for (std::size_t i = 0; i < step.partitions.size(); ++i) {
    ask_zookeeper(context, broker, static_cast<std::uint32_t>(i),
                  guarded(context, broker.memory.controller, creation(context, step, i)));
  }
}

}  // namespace

Progress enter(const Context& context, Broker& broker, CreatePartitions& step) {
  const Controller& controller = broker.memory.controller;
  // Without a live replica a new partition stays new.
  std::erase_if(step.partitions,
                [&](PartitionId p) { return initial_state(context, controller, p).leader == kNoNode; });
  if (step.partitions.empty()) return Progress::done;
  for (const PartitionId p : step.partitions) step.states.push_back(initial_state(context, controller, p));
  ask_creations(context, broker, step);
  return Progress::waiting;
}

Progress resume(const Context& context, Broker& broker, CreatePartitions& step, std::uint32_t index_of_answer,
                const ZkResponse& response) {
  if (is_fenced(context, response)) {
    controller_moved(context, broker);
    return Progress::done;
  }
  Controller& controller = broker.memory.controller;
  if (step.level == 2 && response.code == ZkCode::ok) {
    const PartitionId p = step.partitions[index_of_answer];
    const PartitionState& state = step.states[index_of_answer];
    remember(controller, p, state, 0);
    controller.partitions[index(p)].phase = PartitionPhase::online;
    tell_new_state(controller, state.isr, p, true);
  }
  if (++step.answers < step.partitions.size()) return Progress::waiting;
  if (step.level == 2) {
    send_batch(context, broker);
    return Progress::done;
  }
  ++step.level;
  step.answers = 0;
  ask_creations(context, broker, step);
  return Progress::waiting;
}

// --- rounds of reading and writing states -----------------------------------------------------------

namespace {

void begin_reading(const Context& context, Broker& broker, StateRound& round, std::vector<ReplicaOfPartition> items) {
  round = {};
  round.items = std::move(items);
  round.states.resize(round.items.size());
  round.versions.assign(round.items.size(), -1);
  for (std::size_t i = 0; i < round.items.size(); ++i) {
    ask_zookeeper(context, broker, static_cast<std::uint32_t>(i),
                  read_state(context, broker.memory.controller, round.items[i].partition));
  }
}

// All states are read: `decide` says what each has to become, or that it stays. False: nothing is written.
template <typename Decide>
bool begin_writing(const Context& context, Broker& broker, StateRound& round, Decide&& decide) {
  const Controller& controller = broker.memory.controller;
  StateRound writes;
  writes.writing = true;
  for (std::size_t i = 0; i < round.items.size(); ++i) {
    const PartitionState& read = round.states[i];
    if (round.versions[i] < 0 || read.controller_epoch > controller.epoch) continue;  // gone, or a newer controller's
    const std::optional<PartitionState> wanted = decide(round.items[i], read, round.versions[i]);
    if (!wanted) continue;
    const Path path = state_path(context, round.items[i].partition);
    ask_zookeeper(context, broker, static_cast<std::uint32_t>(writes.items.size()),
                  guarded(context, controller, zk_set(path, *wanted, round.versions[i])));
    writes.items.push_back(round.items[i]);
    writes.states.push_back(*wanted);
  }
  round = std::move(writes);
  return !round.items.empty();
}

// A step that works in rounds says how: which states come next, what each has to become (nothing: it
// stays), what follows once it is written, and that the leader was faster.
Progress next_round(const Context& context, Broker& broker, TakeReplicasOffline& step);
Progress next_round(const Context& context, Broker& broker, ElectLeaders& step);
Progress next_round(const Context& context, Broker& broker, BumpLeaderEpoch& step);
std::optional<PartitionState> decide(const Context& context, Controller& controller, const TakeReplicasOffline& step,
                                     const ReplicaOfPartition& item, const PartitionState& read,
                                     PartitionEpoch version);
std::optional<PartitionState> decide(const Context& context, Controller& controller, const ElectLeaders& step,
                                     const ReplicaOfPartition& item, const PartitionState& read,
                                     PartitionEpoch version);
std::optional<PartitionState> decide(const Context& context, Controller& controller, const BumpLeaderEpoch& step,
                                     const ReplicaOfPartition& item, const PartitionState& read,
                                     PartitionEpoch version);
void written(Controller& controller, const TakeReplicasOffline& step, const ReplicaOfPartition& item,
             const PartitionState& state, PartitionEpoch version);
void written(Controller& controller, const ElectLeaders& step, const ReplicaOfPartition& item,
             const PartitionState& state, PartitionEpoch version);
void written(Controller& controller, const BumpLeaderEpoch& step, const ReplicaOfPartition& item,
             const PartitionState& state, PartitionEpoch version);
void retry(TakeReplicasOffline& step, const ReplicaOfPartition& item);
void retry(ElectLeaders& step, const ReplicaOfPartition& item);
void retry(BumpLeaderEpoch& step, const ReplicaOfPartition& item);

template <typename Step>
Progress resume_round(const Context& context, Broker& broker, Step& step, std::uint32_t index_of_answer,
                      const ZkResponse& response) {
  StateRound& round = step.round;
  if (!round.writing) {
    if (response.code == ZkCode::ok) {
      round.states[index_of_answer] = std::get<PartitionState>(response.results.front().data);
      round.versions[index_of_answer] = response.results.front().stat.version;
    }
    if (++round.answers < round.items.size()) return Progress::waiting;
    const auto decision = [&](const ReplicaOfPartition& item, const PartitionState& read, PartitionEpoch version) {
      return decide(context, broker.memory.controller, step, item, read, version);
    };
    if (begin_writing(context, broker, round, decision)) return Progress::waiting;
    return next_round(context, broker, step);
  }
  if (is_fenced(context, response)) {
    controller_moved(context, broker);
    return Progress::done;
  }
  const ReplicaOfPartition& item = round.items[index_of_answer];
  if (response.code == ZkCode::ok) {
    written(broker.memory.controller, step, item, round.states[index_of_answer], write_result(response).stat.version);
  } else if (response.code == ZkCode::bad_version) {
    retry(step, item);  // the leader changed the ISR meanwhile: decide anew
  }
  if (++round.answers < round.items.size()) return Progress::waiting;
  return next_round(context, broker, step);
}

// --- replicas -> OfflineReplica --------------------------------------------------------------------

void replica_is_out(Controller& controller, const ReplicaOfPartition& item, const PartitionState& state,
                    PartitionEpoch version) {
  remember(controller, item.partition, state, version);
  const PartitionInfo& info = controller.partitions[index(item.partition)];
  tell_new_state(controller, without(info.assignment.replicas, {item.replica}), item.partition, false);
}

// The sole member stays in the ISR, without a leader: an empty ISR would forget who has the data.
std::optional<PartitionState> decide(const Context& context, Controller& controller, const TakeReplicasOffline&,
                                     const ReplicaOfPartition& item, const PartitionState& read,
                                     PartitionEpoch version) {
  if (!read.isr.contains(item.replica)) {
    replica_is_out(controller, item, read, version);
    return std::nullopt;
  }
  PartitionState state = read;
  if (read.leader == item.replica) state.leader = kNoNode;
  if (read.isr.size() > 1 || !context.rules.last_isr_member_stays) state.isr.remove(item.replica);
  state.leader_epoch = context.rules.epoch_after_isr_removal(read.leader_epoch);
  state.controller_epoch = controller.epoch;
  return state;
}

void written(Controller& controller, const TakeReplicasOffline&, const ReplicaOfPartition& item,
             const PartitionState& state, PartitionEpoch version) {
  replica_is_out(controller, item, state, version);
}

void retry(TakeReplicasOffline& step, const ReplicaOfPartition& item) { step.todo.push_back(item); }

// The partitions of one replica at a time: two replicas of one partition would get in each other's way.
// In which order Kafka takes the replicas is a hash map's business.
Progress next_round(const Context& context, Broker& broker, TakeReplicasOffline& step) {
  if (step.todo.empty()) {
    send_batch(context, broker);
    return Progress::done;
  }
  const std::uint32_t at = context.choices.below(static_cast<std::uint32_t>(step.todo.size()));
  const NodeId replica = step.todo[at].replica;
  std::vector<ReplicaOfPartition> items;
  for (const ReplicaOfPartition& item : step.todo) {
    if (item.replica == replica) items.push_back(item);
  }
  std::erase_if(step.todo, [&](const ReplicaOfPartition& item) { return item.replica == replica; });
  begin_reading(context, broker, step.round, std::move(items));
  return Progress::waiting;
}

}  // namespace

Progress enter(const Context& context, Broker& broker, TakeReplicasOffline& step) {
  Controller& controller = broker.memory.controller;
  std::erase_if(step.todo, [&](const ReplicaOfPartition& item) {
    return !controller.partitions[index(item.partition)].has_state;
  });
  for (const ReplicaOfPartition& item : step.todo) add_stop_replica(controller, item.replica, item.partition, false);
  return next_round(context, broker, step);
}

Progress resume(const Context& context, Broker& broker, TakeReplicasOffline& step, std::uint32_t index_of_answer,
                const ZkResponse& response) {
  return resume_round(context, broker, step, index_of_answer, response);
}

// --- Online/Offline -> OnlinePartition -------------------------------------------------------------

namespace {

bool is_unclean_allowed(const Context& context, const Controller& controller, PartitionId p) {
  const TopicId topic = context.config.partitions[index(p)].topic;
  if (controller.topic_settings.empty()) return context.config.topics[index(topic)].unclean_leader_election_enable;
  return controller.topic_settings[index(topic)].unclean_leader_election_enable;
}

ElectionChoice choose(const Context& context, const Controller& controller, const ElectLeaders& step, PartitionId p,
                      const PartitionState& read) {
  const PartitionInfo& info = controller.partitions[index(p)];
  const bool unclean = step.allow_unclean || is_unclean_allowed(context, controller, p);
  const Replicas online = online_brokers(controller);
  const ElectionView view{read, info.assignment.replicas, online, controller.shutting_down, unclean};
  switch (step.strategy) {
    case Strategy::offline:
      return context.rules.elect_offline(view);
    case Strategy::preferred:
      return context.rules.elect_preferred(view);
    case Strategy::controlled_shutdown:
      return context.rules.elect_controlled_shutdown(view);
    case Strategy::reassigned:
      return context.rules.elect_reassigned(view);
  }
  return {};
}

Replicas recipients(const Controller& controller, const ElectLeaders& step, PartitionId p) {
  Replicas to;
  for (const NodeId replica : controller.partitions[index(p)].assignment.replicas) {
    const bool told =
        step.strategy == Strategy::offline ? is_online(controller, replica) : is_live(controller, replica);
    if (told) to.push_back(replica);
  }
  return to;
}

std::optional<PartitionState> decide(const Context& context, Controller& controller, const ElectLeaders& step,
                                     const ReplicaOfPartition& item, const PartitionState& read, PartitionEpoch) {
  const ElectionChoice choice = choose(context, controller, step, item.partition, read);
  if (choice.leader == kNoNode) {
    context.tell(ElectionFailed{item.partition});
    return std::nullopt;
  }
  const LeaderEpoch leader_epoch = context.rules.epoch_after_election(read.leader_epoch, controller.epoch);
  return PartitionState{choice.leader, leader_epoch, choice.isr, controller.epoch};
}

void written(Controller& controller, const ElectLeaders& step, const ReplicaOfPartition& item,
             const PartitionState& state, PartitionEpoch version) {
  remember(controller, item.partition, state, version);
  controller.partitions[index(item.partition)].phase = PartitionPhase::online;
  tell_new_state(controller, recipients(controller, step, item.partition), item.partition, false);
}

void retry(ElectLeaders& step, const ReplicaOfPartition& item) { step.todo.push_back(item.partition); }

// Those that are left: whole partitions, once each.
template <typename Step>
Progress next_partitions(const Context& context, Broker& broker, Step& step) {
  if (step.todo.empty()) {
    send_batch(context, broker);
    return Progress::done;
  }
  std::vector<ReplicaOfPartition> items;
  for (const PartitionId p : step.todo) items.push_back({p, kNoNode});
  step.todo.clear();
  begin_reading(context, broker, step.round, std::move(items));
  return Progress::waiting;
}

Progress next_round(const Context& context, Broker& broker, ElectLeaders& step) {
  return next_partitions(context, broker, step);
}

}  // namespace

Progress enter(const Context& context, Broker& broker, ElectLeaders& step) { return next_round(context, broker, step); }

Progress resume(const Context& context, Broker& broker, ElectLeaders& step, std::uint32_t index_of_answer,
                const ZkResponse& response) {
  return resume_round(context, broker, step, index_of_answer, response);
}

// --- a new leader epoch and nothing else (KafkaController.updateLeaderEpochAndSendRequest) -----------

namespace {

std::optional<PartitionState> decide(const Context&, Controller& controller, const BumpLeaderEpoch&,
                                     const ReplicaOfPartition&, const PartitionState& read, PartitionEpoch) {
  PartitionState state = read;
  ++state.leader_epoch;
  state.controller_epoch = controller.epoch;
  return state;
}

void written(Controller& controller, const BumpLeaderEpoch&, const ReplicaOfPartition& item,
             const PartitionState& state, PartitionEpoch version) {
  remember(controller, item.partition, state, version);
  const ReplicaAssignment& assignment = controller.partitions[index(item.partition)].assignment;
  tell_new_state(controller, origin_of(assignment), item.partition, false);
  tell_new_state(controller, assignment.adding, item.partition, true);
}

void retry(BumpLeaderEpoch& step, const ReplicaOfPartition& item) { step.todo.push_back(item.partition); }

Progress next_round(const Context& context, Broker& broker, BumpLeaderEpoch& step) {
  return next_partitions(context, broker, step);
}

}  // namespace

Progress enter(const Context& context, Broker& broker, BumpLeaderEpoch& step) {
  return next_round(context, broker, step);
}

Progress resume(const Context& context, Broker& broker, BumpLeaderEpoch& step, std::uint32_t index_of_answer,
                const ZkResponse& response) {
  return resume_round(context, broker, step, index_of_answer, response);
}

}  // namespace model
