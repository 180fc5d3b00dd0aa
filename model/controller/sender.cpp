// Control requests on their way: gathered in a batch, then one queue, one connection and one request in
// flight per broker; the same request again until it is answered
// (controller/ControllerChannelManager, RequestSendThread, AbstractControllerBrokerRequestBatch).
#include <algorithm>

#include "model/controller/steps.h"

namespace model {
namespace {

constexpr Duration kBackoff = milliseconds(100);

std::uint16_t about(NodeId broker) { return static_cast<std::uint16_t>(broker); }

Sender* find_sender(Controller& controller, NodeId broker) {
  for (Sender& sender : controller.senders) {
    if (sender.broker == broker) return &sender;
  }
  return nullptr;
}

ConnectionId channel_id(const Broker& self, const Sender& sender) {
  return {self.id, sender.broker, ChannelKind::control, 0, sender.connection};
}

void go_on(const Context& context, Broker& self, Sender& sender) {
  if (sender.queue.empty() || sender.in_flight) return;
  const BrokerSettings& settings = context.config.broker(self.id);
  if (sender.state == Sender::State::closed) {
    const ConnectionId id = connection_to(self, sender.broker, ChannelKind::control);
    sender.connection = id.number;
    sender.state = Sender::State::connecting;
    context.out.connects.push_back(id);
    context.arm({TimerKind::sender_timeout, about(sender.broker)}, settings.socket_connection_setup_timeout);
  } else if (sender.state == Sender::State::open) {
    sender.in_flight = true;
    context.send(channel_id(self, sender), sender.queue.front());
    context.arm({TimerKind::sender_timeout, about(sender.broker)}, settings.controller_socket_timeout);
  }
}

// The request stays at the front of the queue: it may have been carried out, and is sent again.
void lose_connection(const Context& context, Sender& sender) {
  sender.state = Sender::State::waiting;
  sender.in_flight = false;
  context.disarm({TimerKind::sender_timeout, about(sender.broker)});
  context.arm({TimerKind::sender_backoff, about(sender.broker)}, kBackoff);
}

void close_sender(const Context& context, const Broker& self, const Sender& sender) {
  if (sender.state == Sender::State::open || sender.state == Sender::State::connecting) {
    context.out.closes.push_back(channel_id(self, sender));
  }
  context.disarm({TimerKind::sender_timeout, about(sender.broker)});
  context.disarm({TimerKind::sender_backoff, about(sender.broker)});
}

LeaderAndIsrPartition leader_and_isr_of(const Controller& controller, const ControlItem& item) {
  const PartitionInfo& info = controller.partitions[index(item.partition)];
  LeaderAndIsrPartition entry;
  entry.partition = item.partition;
  entry.is_new = item.is_new;
  entry.leader = info.state.leader;
  entry.leader_epoch = info.state.leader_epoch;
  entry.controller_epoch = info.state.controller_epoch;
  entry.partition_epoch = info.partition_epoch;
  entry.isr = info.state.isr;
  entry.replicas = info.assignment.replicas;
  return entry;
}

UpdateMetadataRequest metadata_for(const Broker& self, NodeId to) {
  const Controller& controller = self.memory.controller;
  UpdateMetadataRequest request{
      self.id, controller.epoch, live_epoch(controller, to), controller.live, {}, controller.batch.other_partitions};
  for (const PartitionId p : controller.batch.metadata_about) {
    const PartitionInfo& info = controller.partitions[index(p)];
    request.partitions.push_back({p, info.state.leader, info.state.leader_epoch, info.partition_epoch, info.state.isr});
  }
  return request;
}

}  // namespace

void add_leader_and_isr(Controller& controller, const Replicas& to, PartitionId p, bool is_new) {
  for (const NodeId broker : to) {
    if (is_live(controller, broker)) controller.batch.leader_and_isr.push_back({broker, p, is_new, false});
  }
  add_metadata(controller, controller.live, p);
}

void add_metadata(Controller& controller, const Replicas& to) {
  controller.batch.metadata = true;
  for (const NodeId broker : to) {
    if (is_live(controller, broker) && !controller.batch.metadata_to.contains(broker))
      controller.batch.metadata_to.push_back(broker);
  }
}

void add_metadata(Controller& controller, const Replicas& to, PartitionId p) {
  add_metadata(controller, to);
  std::vector<PartitionId>& about_which = controller.batch.metadata_about;
  if (std::find(about_which.begin(), about_which.end(), p) == about_which.end()) about_which.push_back(p);
}

void add_stop_replica(Controller& controller, NodeId to, PartitionId p, bool deletes) {
  if (is_live(controller, to)) controller.batch.stop_replica.push_back({to, p, false, deletes});
}

// For each destination all LeaderAndIsr come first, then all UpdateMetadata, then all StopReplica: a
// broker knows its new role before clients hear of it.
void send_batch(const Context& context, Broker& broker) {
  Controller& controller = broker.memory.controller;
  const ControlBatch batch = controller.batch;
  for (const NodeId to : controller.live) {
    LeaderAndIsrRequest request{broker.id, controller.epoch, live_epoch(controller, to), {}, batch.other_partitions};
    for (const ControlItem& item : batch.leader_and_isr) {
      if (item.to == to) request.partitions.push_back(leader_and_isr_of(controller, item));
    }
    if (!request.partitions.empty()) enqueue(context, broker, to, std::move(request));
  }
  if (batch.metadata) {
    for (const NodeId to : batch.metadata_to) enqueue(context, broker, to, metadata_for(broker, to));
  }
  for (const NodeId to : controller.live) {
    StopReplicaRequest request{broker.id, controller.epoch, live_epoch(controller, to), {}};
    for (const ControlItem& item : batch.stop_replica) {
      const LeaderEpoch epoch = controller.partitions[index(item.partition)].state.leader_epoch;
      if (item.to == to) request.partitions.push_back({item.partition, epoch, item.deletes});
    }
    if (!request.partitions.empty()) enqueue(context, broker, to, std::move(request));
  }
  controller.batch = {};
}

void add_sender(Controller& controller, NodeId broker) {
  Sender& sender = controller.senders.emplace_back();
  sender.broker = broker;
}

void remove_sender(const Context& context, Broker& self, NodeId broker) {
  Controller& controller = self.memory.controller;
  Sender* sender = find_sender(controller, broker);
  if (sender == nullptr) return;
  close_sender(context, self, *sender);
  controller.senders.erase(sender);
}

void remove_all_senders(const Context& context, Broker& self) {
  for (const Sender& sender : self.memory.controller.senders) close_sender(context, self, sender);
  self.memory.controller.senders.clear();
}

void enqueue(const Context& context, Broker& self, NodeId to, Body request) {
  Sender* sender = find_sender(self.memory.controller, to);
  if (sender == nullptr) return;
  sender->queue.push_back(std::move(request));
  go_on(context, self, *sender);
}

bool on_sender_connected(const Context& context, Broker& broker, const ConnectionId& via) {
  Sender* sender = find_sender(broker.memory.controller, via.server);
  if (sender == nullptr || sender->connection != via.number || sender->state != Sender::State::connecting) return false;
  sender->state = Sender::State::open;
  context.disarm({TimerKind::sender_timeout, about(sender->broker)});
  go_on(context, broker, *sender);
  return true;
}

bool on_sender_disconnected(const Context& context, Broker& broker, const ConnectionId& via) {
  Sender* sender = find_sender(broker.memory.controller, via.server);
  if (sender == nullptr || sender->connection != via.number) return false;
  lose_connection(context, *sender);
  return true;
}

bool on_sender_timer(const Context& context, Broker& broker, TimerKey key) {
  Sender* sender = find_sender(broker.memory.controller, NodeId(static_cast<std::uint8_t>(key.about)));
  if (sender == nullptr) return false;
  if (key.kind == TimerKind::sender_backoff) {
    if (sender->state == Sender::State::waiting) sender->state = Sender::State::closed;
    go_on(context, broker, *sender);
  } else if (sender->state == Sender::State::connecting || sender->in_flight) {
    context.out.closes.push_back(channel_id(broker, *sender));
    lose_connection(context, *sender);
  }
  return true;
}

void on_control_answer(const Context& context, Broker& broker, const ConnectionId& via, const ControlResponse&) {
  Sender* sender = find_sender(broker.memory.controller, via.server);
  if (sender == nullptr || sender->connection != via.number || !sender->in_flight) return;
  sender->in_flight = false;
  sender->queue.erase(sender->queue.begin());
  context.disarm({TimerKind::sender_timeout, about(sender->broker)});
  go_on(context, broker, *sender);
}

}  // namespace model
