// The partition and replica state machines: each change is read, decided and written back under the
// controller's guard and the znode's version, and tried again if the leader was faster
// (controller/PartitionStateMachine, ReplicaStateMachine).
#include <algorithm>

#include "model/controller/steps.h"

namespace model {
namespace {

Replicas without(const Replicas& replicas, NodeId one) {
  Replicas rest = replicas;
  rest.remove(one);
  return rest;
}

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

PartitionState initial_state(const Controller& controller, PartitionId p) {
  PartitionState state;
  state.leader_epoch = 0;
  state.controller_epoch = controller.epoch;
  for (const NodeId replica : controller.partitions[index(p)].assignment) {
    if (is_online(controller, replica)) state.isr.push_back(replica);
  }
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
  std::erase_if(step.partitions, [&](PartitionId p) { return initial_state(controller, p).leader == kNoNode; });
  if (step.partitions.empty()) return Progress::done;
  for (const PartitionId p : step.partitions) step.states.push_back(initial_state(controller, p));
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

// --- replicas -> OfflineReplica --------------------------------------------------------------------

namespace {

// The partitions of one replica at a time: two replicas of one partition would get in each other's way.
// In which order Kafka takes the replicas is a hash map's business.
void begin_round(const Context& context, Broker& broker, TakeReplicasOffline& step) {
  const std::uint32_t at = context.choices.below(static_cast<std::uint32_t>(step.todo.size()));
  const NodeId replica = step.todo[at].replica;
  step.round.clear();
  for (const ReplicaOfPartition& item : step.todo) {
    if (item.replica == replica) step.round.push_back(item);
  }
  std::erase_if(step.todo, [&](const ReplicaOfPartition& item) { return item.replica == replica; });
  step.stage = 1;
  step.answers = 0;
  step.states.assign(step.round.size(), {});
  step.versions.assign(step.round.size(), -1);
  for (std::size_t i = 0; i < step.round.size(); ++i) {
    ask_zookeeper(context, broker, static_cast<std::uint32_t>(i),
                  zk_single(zk_read(ZkOpType::get, state_path(context, step.round[i].partition), false)));
  }
}

void replica_is_out(Controller& controller, const ReplicaOfPartition& item, const PartitionState& state,
                    PartitionEpoch version) {
  remember(controller, item.partition, state, version);
  const PartitionInfo& info = controller.partitions[index(item.partition)];
  tell_new_state(controller, without(info.assignment, item.replica), item.partition, false);
}

// The sole member stays in the ISR, without a leader: an empty ISR would forget who has the data.
PartitionState without_replica(const Context& context, const Controller& controller, const PartitionState& read,
                               NodeId replica) {
  PartitionState state = read;
  if (read.leader == replica) state.leader = kNoNode;
  if (read.isr.size() > 1) state.isr.remove(replica);
  state.leader_epoch = context.rules.epoch_after_isr_removal(read.leader_epoch);
  state.controller_epoch = controller.epoch;
  return state;
}

// All states of the round are read: write those from which the replica has to go. Left in `round` and
// `states` is what is being written.
bool write_round(const Context& context, Broker& broker, TakeReplicasOffline& step) {
  Controller& controller = broker.memory.controller;
  std::vector<ReplicaOfPartition> writing;
  std::vector<PartitionState> states;
  for (std::size_t i = 0; i < step.round.size(); ++i) {
    const PartitionState& read = step.states[i];
    if (step.versions[i] < 0 || read.controller_epoch > controller.epoch) continue;  // gone, or a newer controller's
    if (!read.isr.contains(step.round[i].replica)) {
      replica_is_out(controller, step.round[i], read, step.versions[i]);
      continue;
    }
    const PartitionState state = without_replica(context, controller, read, step.round[i].replica);
    ask_zookeeper(
        context, broker, static_cast<std::uint32_t>(writing.size()),
        guarded(context, controller, zk_set(state_path(context, step.round[i].partition), state, step.versions[i])));
    writing.push_back(step.round[i]);
    states.push_back(state);
  }
  step.round = std::move(writing);
  step.states = std::move(states);
  step.stage = 2;
  step.answers = 0;
  return !step.round.empty();
}

Progress next_round(const Context& context, Broker& broker, TakeReplicasOffline& step) {
  if (step.todo.empty()) {
    send_batch(context, broker);
    return Progress::done;
  }
  begin_round(context, broker, step);
  return Progress::waiting;
}

}  // namespace

Progress enter(const Context& context, Broker& broker, TakeReplicasOffline& step) {
  Controller& controller = broker.memory.controller;
  std::erase_if(step.todo, [&](const ReplicaOfPartition& item) {
    return !controller.partitions[index(item.partition)].has_state;
  });
  for (const ReplicaOfPartition& item : step.todo) add_stop_replica(controller, item.replica, item.partition);
  return next_round(context, broker, step);
}

Progress resume(const Context& context, Broker& broker, TakeReplicasOffline& step, std::uint32_t index_of_answer,
                const ZkResponse& response) {
  Controller& controller = broker.memory.controller;
  if (step.stage == 1) {
    if (response.code == ZkCode::ok) {
      step.states[index_of_answer] = std::get<PartitionState>(response.results.front().data);
      step.versions[index_of_answer] = response.results.front().stat.version;
    }
    if (++step.answers < step.round.size()) return Progress::waiting;
    if (write_round(context, broker, step)) return Progress::waiting;
    return next_round(context, broker, step);
  }
  if (is_fenced(context, response)) {
    controller_moved(context, broker);
    return Progress::done;
  }
  const ReplicaOfPartition item = step.round[index_of_answer];
  if (response.code == ZkCode::ok) {
    replica_is_out(controller, item, step.states[index_of_answer], write_result(response).stat.version);
  } else if (response.code == ZkCode::bad_version) {
    step.todo.push_back(item);  // the leader changed the ISR meanwhile: decide anew
  }
  if (++step.answers < step.round.size()) return Progress::waiting;
  return next_round(context, broker, step);
}

// --- Online/Offline -> OnlinePartition -------------------------------------------------------------

namespace {

void begin_round(const Context& context, Broker& broker, ElectLeaders& step) {
  step.round = std::move(step.todo);
  step.todo.clear();
  step.stage = 1;
  step.answers = 0;
  step.states.assign(step.round.size(), {});
  step.versions.assign(step.round.size(), -1);
  for (std::size_t i = 0; i < step.round.size(); ++i) {
    ask_zookeeper(context, broker, static_cast<std::uint32_t>(i),
                  zk_single(zk_read(ZkOpType::get, state_path(context, step.round[i]), false)));
  }
}

ElectionChoice choose(const Context& context, const Controller& controller, const ElectLeaders& step, PartitionId p,
                      const PartitionState& read, const Replicas& online) {
  const PartitionInfo& info = controller.partitions[index(p)];
  const bool unclean = step.allow_unclean || context.config.topic_of(p).unclean_leader_election_enable;
  const ElectionView view{read, info.assignment, online, controller.shutting_down, unclean};
  switch (step.strategy) {
    case Strategy::offline:
      return context.rules.elect_offline(view);
    case Strategy::preferred:
      return context.rules.elect_preferred(view);
    case Strategy::controlled_shutdown:
      return context.rules.elect_controlled_shutdown(view);
  }
  return {};
}

Replicas recipients(const Controller& controller, const ElectLeaders& step, PartitionId p) {
  Replicas to;
  for (const NodeId replica : controller.partitions[index(p)].assignment) {
    const bool told =
        step.strategy == Strategy::offline ? is_online(controller, replica) : is_live(controller, replica);
    if (told) to.push_back(replica);
  }
  return to;
}

bool write_round(const Context& context, Broker& broker, ElectLeaders& step) {
  Controller& controller = broker.memory.controller;
  const Replicas online = online_brokers(controller);
  std::vector<PartitionId> writing;
  std::vector<PartitionState> states;
  for (std::size_t i = 0; i < step.round.size(); ++i) {
    const PartitionId p = step.round[i];
    const PartitionState& read = step.states[i];
    if (step.versions[i] < 0 || read.controller_epoch > controller.epoch) continue;
    const ElectionChoice choice = choose(context, controller, step, p, read, online);
    if (choice.leader == kNoNode) {
      context.tell(ElectionFailed{p});
      continue;
    }
    const PartitionState state{choice.leader, read.leader_epoch + 1, choice.isr, controller.epoch};
    ask_zookeeper(context, broker, static_cast<std::uint32_t>(writing.size()),
                  guarded(context, controller, zk_set(state_path(context, p), state, step.versions[i])));
    writing.push_back(p);
    states.push_back(state);
  }
  step.round = std::move(writing);
  step.states = std::move(states);
  step.stage = 2;
  step.answers = 0;
  return !step.round.empty();
}

Progress next_round(const Context& context, Broker& broker, ElectLeaders& step) {
  if (step.todo.empty()) {
    send_batch(context, broker);
    return Progress::done;
  }
  begin_round(context, broker, step);
  return Progress::waiting;
}

}  // namespace

Progress enter(const Context& context, Broker& broker, ElectLeaders& step) { return next_round(context, broker, step); }

Progress resume(const Context& context, Broker& broker, ElectLeaders& step, std::uint32_t index_of_answer,
                const ZkResponse& response) {
  Controller& controller = broker.memory.controller;
  if (step.stage == 1) {
    if (response.code == ZkCode::ok) {
      step.states[index_of_answer] = std::get<PartitionState>(response.results.front().data);
      step.versions[index_of_answer] = response.results.front().stat.version;
    }
    if (++step.answers < step.round.size()) return Progress::waiting;
    if (write_round(context, broker, step)) return Progress::waiting;
    return next_round(context, broker, step);
  }
  if (is_fenced(context, response)) {
    controller_moved(context, broker);
    return Progress::done;
  }
  const PartitionId p = step.round[index_of_answer];
  if (response.code == ZkCode::ok) {
    remember(controller, p, step.states[index_of_answer], write_result(response).stat.version);
    controller.partitions[index(p)].phase = PartitionPhase::online;
    tell_new_state(controller, recipients(controller, step, p), p, false);
  } else if (response.code == ZkCode::bad_version) {
    step.todo.push_back(p);
  }
  if (++step.answers < step.round.size()) return Progress::waiting;
  return next_round(context, broker, step);
}

}  // namespace model
