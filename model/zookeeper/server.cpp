#include "model/zookeeper/server.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "model/rules.h"

namespace model {
namespace {

constexpr TimerKey kExpire{TimerKind::zk_expire, 0};

ZkLiveSession* find_live(ZooKeeper& server, SessionId id) {
  std::vector<ZkLiveSession>& live = server.memory.live;
  const auto at = std::find_if(live.begin(), live.end(), [&](const ZkLiveSession& one) { return one.id == id; });
  return at == live.end() ? nullptr : &*at;
}
ZkLiveSession* find_attached(ZooKeeper& server, const ConnectionId& via) {
  std::vector<ZkLiveSession>& live = server.memory.live;
  const auto at =
      std::find_if(live.begin(), live.end(), [&](const ZkLiveSession& one) { return one.attached && one.via == via; });
  return at == live.end() ? nullptr : &*at;
}

// --- facts --------------------------------------------------------------------------------------

NodeId holder_of_controller(const ZnodeTree& tree) {
  const Znode* node = find(tree, paths::controller());
  const ControllerInfo* info = node == nullptr ? nullptr : std::get_if<ControllerInfo>(&node->data);
  return info == nullptr ? kNoNode : info->broker;
}
NodeId broker_in(const Path& path) {
  if (path.is_root() || path.last().form != Name::Form::number || !path.is_child_of(paths::broker_ids())) {
    return kNoNode;
  }
  return NodeId(static_cast<std::uint8_t>(path.last().value));
}
// Znodes that only announce something.
bool is_announcement(const Path& path) {
  return path.depth() > 1 &&
         (path.name(0).word_part == Word::isr_change_notification || path.name(0).word_part == Word::admin);
}

void tell_partition_state(const Context& context, const Znode& node, Zxid zxid) {
  const PartitionState* state = std::get_if<PartitionState>(&node.data);
  if (state == nullptr || node.path.depth() != 6) return;
  const Name topic = node.path.name(2);
  const std::int32_t number = node.path.name(4).value;
  if (topic.form != Name::Form::topic || static_cast<std::size_t>(topic.value) >= context.config.topics.size()) return;
  const TopicId id = TopicId(static_cast<std::uint16_t>(topic.value));
  if (node.path != paths::partition_state(id, number) || number < 0 ||
      static_cast<std::size_t>(number) >= context.config.topics[index(id)].assignment.size()) {
    return;
  }
  context.tell(PartitionStateChanged{zxid, context.config.partition_of(id, number), *state, node.stat.version});
}

void tell_created(const Context& context, const ZnodeTree& tree, const Znode& node, Zxid zxid) {
  const Path& path = node.path;
  if (const NodeId broker = broker_in(path); broker != kNoNode) {
    context.tell(BrokerRegistered{zxid, broker, node.stat.ephemeral_owner});
  } else if (path == paths::controller()) {
    const ControllerInfo* info = std::get_if<ControllerInfo>(&node.data);
    const Znode* epoch_node = find(tree, paths::controller_epoch());
    const ControllerEpochInfo* epoch =
        epoch_node == nullptr ? nullptr : std::get_if<ControllerEpochInfo>(&epoch_node->data);
    context.tell(
        ControllerElected{zxid, info == nullptr ? kNoNode : info->broker, epoch == nullptr ? 0 : epoch->epoch});
  } else if (path.is_child_of(paths::topics()) && path.last().form == Name::Form::topic) {
    context.tell(TopicCreated{zxid, TopicId(static_cast<std::uint16_t>(path.last().value))});
  } else if (is_announcement(path)) {
    context.tell(ZnodeCreated{zxid, path});
  } else {
    tell_partition_state(context, node, zxid);
  }
}

// The partitions that are assigned differently than before.
void tell_assignments(const Context& context, const Znode& node, const TopicInfo& before, Zxid zxid) {
  const TopicInfo* after = std::get_if<TopicInfo>(&node.data);
  if (after == nullptr || node.path.last().form != Name::Form::topic) return;
  const TopicId topic{static_cast<std::uint16_t>(node.path.last().value)};
  for (std::size_t number = 0; number < after->assignment.size(); ++number) {
    const ReplicaAssignment& now = after->assignment[number];
    if (number < before.assignment.size() && now == before.assignment[number]) continue;
    const PartitionId p = context.config.partition_of(topic, static_cast<std::int32_t>(number));
    context.tell(AssignmentChanged{zxid, p, now.replicas, now.adding, now.removing});
  }
}

void tell_data_changed(const Context& context, const ZnodeTree& tree, const Znode& node, Zxid zxid) {
  const ControllerEpochInfo* info = std::get_if<ControllerEpochInfo>(&node.data);
  if (node.path == paths::controller_epoch() && info != nullptr) {
    context.tell(ControllerEpochChanged{zxid, info->epoch, holder_of_controller(tree)});
  } else {
    tell_partition_state(context, node, zxid);
  }
}

// `holder`: who held /controller before the transaction, since its data is gone by now.
void tell_deleted(const Context& context, const Path& path, NodeId holder, bool ephemeral, Zxid zxid) {
  if (const NodeId broker = broker_in(path); broker != kNoNode) {
    context.tell(BrokerUnregistered{zxid, broker});
  } else if (path == paths::controller()) {
    context.tell(ControllerVacated{zxid, holder});
  } else if (ephemeral || is_announcement(path)) {
    context.tell(ZnodeDeleted{zxid, path});
  }
}

void tell_change(const Context& context, const ZnodeTree& tree, const ZnodeChange& change, NodeId holder, Zxid zxid) {
  if (change.kind == ZnodeChange::Kind::deleted) {
    tell_deleted(context, change.path, holder, false, zxid);
    return;
  }
  const Znode* node = find(tree, change.path);
  if (node == nullptr) return;  // deleted again within the same multi
  if (change.kind == ZnodeChange::Kind::created) {
    tell_created(context, tree, *node, zxid);
  } else {
    tell_data_changed(context, tree, *node, zxid);
  }
}

// What the request is about to replace, if it is a topic's assignments.
std::optional<TopicInfo> assignments_before(const ZnodeTree& tree, const ZkRequest& request) {
  if (request.ops.empty()) return std::nullopt;
  const ZkOp& op = request.ops.back();  // behind the check of a guarded write
  if (op.type != ZkOpType::set || !std::holds_alternative<TopicInfo>(op.data)) return std::nullopt;
  const Znode* node = find(tree, op.path);
  const TopicInfo* info = node == nullptr ? nullptr : std::get_if<TopicInfo>(&node->data);
  return info == nullptr ? std::nullopt : std::optional(*info);
}

// --- watches ------------------------------------------------------------------------------------

enum class Watched : std::uint8_t { data, children, either };

void add_watch(ZooKeeper& server, const ZkWatch& watch) {
  std::vector<ZkWatch>& watches = server.memory.watches;
  if (std::find(watches.begin(), watches.end(), watch) == watches.end()) watches.push_back(watch);
}
void drop_watches(ZooKeeper& server, SessionId session) {
  std::erase_if(server.memory.watches, [&](const ZkWatch& watch) { return watch.session == session; });
}

// One event per session, however many of its watches fire; they are gone afterwards.
void notify(const Context& context, ZooKeeper& server, const ZkEvent& event, Watched watched) {
  const auto fires = [&](const ZkWatch& watch) {
    return watch.path == event.path && (watched == Watched::either || watch.children == (watched == Watched::children));
  };
  SmallVec<SessionId, 4> told;
  for (const ZkWatch& watch : server.memory.watches) {
    if (!fires(watch) || std::find(told.begin(), told.end(), watch.session) != told.end()) continue;
    told.push_back(watch.session);
    const ZkLiveSession* live = find_live(server, watch.session);
    if (live != nullptr && live->attached) context.send(live->via, event);
  }
  if (!told.empty()) std::erase_if(server.memory.watches, fires);
}

// DataTree.createNode, setData, deleteNode.
void fire(const Context& context, ZooKeeper& server, const ZnodeChange& change, Zxid zxid) {
  const ZkEvent to_parent{ZkEventType::node_children_changed, change.path.parent(), zxid};
  switch (change.kind) {
    case ZnodeChange::Kind::created:
      notify(context, server, {ZkEventType::node_created, change.path, zxid}, Watched::data);
      notify(context, server, to_parent, Watched::children);
      break;
    case ZnodeChange::Kind::data_changed:
      notify(context, server, {ZkEventType::node_data_changed, change.path, zxid}, Watched::data);
      break;
    case ZnodeChange::Kind::deleted:
      notify(context, server, {ZkEventType::node_deleted, change.path, zxid}, Watched::either);
      notify(context, server, to_parent, Watched::children);
      break;
  }
}

// What happened on a path after the zxid that the client has seen last, if it concerns this kind of watch
// (DataTree.setWatches).
bool is_missed(const Znode* node, ZkOpType watched, Zxid seen, ZkEventType& type) {
  if (watched == ZkOpType::exists) {
    type = ZkEventType::node_created;
    return node != nullptr;
  }
  if (node == nullptr) {
    type = ZkEventType::node_deleted;
    return true;
  }
  const bool children = watched == ZkOpType::children;
  type = children ? ZkEventType::node_children_changed : ZkEventType::node_data_changed;
  return (children ? node->stat.pzxid : node->stat.mzxid) > seen;
}

// Watches end with the connection on which they were set; a client that comes back sets them again.
void restore_watches(const Context& context, ZooKeeper& server, SessionId session, const ConnectionId& via,
                     const ZkRequest& request) {
  for (std::size_t i = 1; i < request.ops.size(); ++i) {
    const ZkOp& watch = request.ops[i];
    ZkEventType type{};
    if (is_missed(find(server.disk.tree, watch.path), watch.type, request.relative_zxid, type)) {
      context.send(via, ZkEvent{type, watch.path, server.disk.tree.last_zxid});
    } else {
      add_watch(server, {session, watch.type == ZkOpType::children, watch.path});
    }
  }
}

// --- transactions -------------------------------------------------------------------------------

// Events leave before the answer that the caller sends: a client never reads a change before it has been
// told of it.
ZkResponse commit(const Context& context, ZooKeeper& server, SessionId session, const ZkRequest& request) {
  const NodeId holder = holder_of_controller(server.disk.tree);
  const std::optional<TopicInfo> assigned_before = assignments_before(server.disk.tree, request);
  std::vector<ZnodeChange> changes;
  ZkResponse response = apply_write(server.disk.tree, session, request, changes);
  for (const ZnodeChange& change : changes) tell_change(context, server.disk.tree, change, holder, response.zxid);
  if (assigned_before && response.code == ZkCode::ok) {
    tell_assignments(context, *find(server.disk.tree, request.ops.back().path), *assigned_before, response.zxid);
  }
  for (const ZnodeChange& change : changes) fire(context, server, change, response.zxid);
  return response;
}

// The closeSession transaction. ZooKeeper walks the ephemerals in the order of a hash set.
void end_session(const Context& context, ZooKeeper& server, SessionId id, bool expired) {
  std::vector<ZkSession>& sessions = server.disk.sessions;
  const auto at = std::find_if(sessions.begin(), sessions.end(), [&](const ZkSession& one) { return one.id == id; });
  if (at == sessions.end()) return;
  ZnodeTree& tree = server.disk.tree;
  const Zxid zxid = ++tree.last_zxid;
  ZkSessionClosed closed{zxid, id, at->owner, expired, {}};
  sessions.erase(at);
  std::erase_if(server.memory.live, [&](const ZkLiveSession& one) { return one.id == id; });
  drop_watches(server, id);

  const NodeId holder = holder_of_controller(tree);
  std::vector<ZnodeChange> changes;
  if (!expired || context.rules.expiry_deletes_ephemerals) remove_ephemerals(tree, id, changes);
  for (std::size_t i = 0; i + 1 < changes.size(); ++i) {
    std::swap(changes[i], changes[i + context.choices.below(static_cast<std::uint32_t>(changes.size() - i))]);
  }
  for (const ZnodeChange& change : changes) closed.ephemerals.push_back(change.path);
  context.tell(std::move(closed));
  for (const ZnodeChange& change : changes) tell_deleted(context, change.path, holder, true, zxid);
  for (const ZnodeChange& change : changes) fire(context, server, change, zxid);
}

// The server closes the connection, too: the client learns when it comes back.
void expire_session(const Context& context, ZooKeeper& server, SessionId id) {
  const ZkLiveSession* live = find_live(server, id);
  if (live != nullptr && live->attached) context.out.closes.push_back(live->via);
  end_session(context, server, id, true);
}

void expire_sessions(const Context& context, ZooKeeper& server) {
  SmallVec<SessionId, 4> silent;
  for (const ZkSession& session : server.disk.sessions) {
    const ZkLiveSession* live = find_live(server, session.id);
    if (live != nullptr && context.clock.has_elapsed(live->touched, session.timeout)) silent.push_back(session.id);
  }
  for (const SessionId id : silent) expire_session(context, server, id);
}

// --- messages -----------------------------------------------------------------------------------

void open_new_session(const Context& context, ZooKeeper& server, const ConnectionId& via, Duration asked) {
  const Duration tick = context.config.zookeeper_tick;
  const Duration timeout = std::clamp(asked, tick * 2, tick * 20);
  const ZkSession session{server.disk.next_session++, via.client, timeout};
  const Zxid zxid = ++server.disk.tree.last_zxid;
  server.disk.sessions.push_back(session);
  server.memory.live.push_back({session.id, context.clock.now(), true, via});
  context.tell(ZkSessionOpened{zxid, session.id, session.owner, timeout});
  context.send(via, ZkConnectResponse{session.id, timeout});
}

void on_connect(const Context& context, ZooKeeper& server, const ConnectionId& via, const ZkConnectRequest& request) {
  if (find_attached(server, via) != nullptr) return;  // a second handshake
  if (request.session == 0) {
    open_new_session(context, server, via, request.timeout);
    return;
  }
  ZkLiveSession* live = find_live(server, request.session);
  if (live == nullptr) {
    context.send(via, ZkConnectResponse{0, {}});  // the client closes: a close from here would outrun the answer
    return;
  }
  if (live->attached) context.out.closes.push_back(live->via);
  drop_watches(server, live->id);
  live->attached = true;
  live->via = via;
  live->touched = context.clock.now();
  const auto session = std::find_if(server.disk.sessions.begin(), server.disk.sessions.end(),
                                    [&](const ZkSession& one) { return one.id == request.session; });
  ENSURE(session != server.disk.sessions.end());
  context.send(via, ZkConnectResponse{session->id, session->timeout});
}

bool is_read(ZkOpType type) { return type == ZkOpType::exists || type == ZkOpType::get || type == ZkOpType::children; }

ZkResponse read(ZooKeeper& server, SessionId session, const ZkOp& op) {
  ZkResponse response = answer_read(server.disk.tree, op);
  // Only `exists` can wait for a node that is not there.
  if (op.watch && (response.code == ZkCode::ok || op.type == ZkOpType::exists)) {
    add_watch(server, {session, op.type == ZkOpType::children, op.path});
  }
  return response;
}

void on_request(const Context& context, ZooKeeper& server, const ConnectionId& via, const ZkRequest& request) {
  ZkLiveSession* live = find_attached(server, via);
  ZkResponse response;
  if (live == nullptr) {
    response.code = ZkCode::session_expired;
  } else {
    live->touched = context.clock.now();
    const SessionId session = live->id;
    const ZkOpType type = request.ops.empty() ? ZkOpType::check : request.ops.front().type;
    if (type == ZkOpType::close_session) {
      end_session(context, server, session, false);
    } else if (type == ZkOpType::set_watches) {
      restore_watches(context, server, session, via, request);
    } else if (is_read(type) && request.ops.size() == 1) {
      response = read(server, session, request.ops.front());
    } else {
      response = commit(context, server, session, request);
    }
  }
  response.xid = request.xid;
  response.zxid = server.disk.tree.last_zxid;
  context.send(via, std::move(response));
}

void on_received(const Context& context, ZooKeeper& server, const Received& received) {
  if (const auto* connect = std::get_if<ZkConnectRequest>(received.body)) {
    on_connect(context, server, received.via, *connect);
  } else if (const auto* request = std::get_if<ZkRequest>(received.body)) {
    on_request(context, server, received.via, *request);
  } else if (std::holds_alternative<ZkPing>(*received.body)) {
    ZkLiveSession* live = find_attached(server, received.via);
    if (live == nullptr) return;
    live->touched = context.clock.now();
    context.send(received.via, ZkPong{});
  }
}

// --- life ---------------------------------------------------------------------------------------

// What Kafka's first broker would create. No transactions of the run: nobody could have seen them.
void create_roots(ZnodeTree& tree) {
  const Path admin = Path{} / Word::admin;
  for (const Path& path :
       {Path{} / Word::brokers, paths::broker_ids(), paths::topics(), paths::isr_changes(), admin,
        admin / Word::delete_topics, paths::config(), paths::topic_configs(), paths::config_changes()}) {
    for (Znode& node : tree.nodes) {
      if (!path.is_child_of(node.path)) continue;
      ++node.children_created;
      ++node.stat.children;
      ++node.stat.cversion;
    }
    Znode made;
    made.path = path;
    const auto at =
        std::find_if(tree.nodes.begin(), tree.nodes.end(), [&](const Znode& node) { return path < node.path; });
    tree.nodes.insert(at, std::move(made));
  }
}

// Every session gets its full time again: how long it was silent before is not on the disk.
void start(const Context& context, ZooKeeper& server) {
  if (server.disk.tree.nodes.size() == 1) create_roots(server.disk.tree);
  server.memory = {};
  server.memory.running = true;
  for (const ZkSession& session : server.disk.sessions) {
    server.memory.live.push_back({session.id, context.clock.now(), false, {}});
  }
  context.arm(kExpire, {}, context.config.zookeeper_tick);
}

void on_disconnected(const Context& context, ZooKeeper& server, const ConnectionId& via) {
  ZkLiveSession* live = find_attached(server, via);
  if (live == nullptr) return;
  live->attached = false;
  drop_watches(server, live->id);
  if (!context.rules.session_outlives_connection) end_session(context, server, live->id, true);
}

void create_topic(const Context& context, ZooKeeper& server, TopicId topic) {
  if (index(topic) >= context.config.topics.size()) return;
  TopicInfo info;
  for (const Replicas& replicas : context.config.topics[index(topic)].assignment)
    info.assignment.push_back({replicas, {}, {}});
  ZkOp op;
  op.type = ZkOpType::create;
  op.path = paths::topic(topic);
  op.data = std::move(info);
  ZkRequest request;
  request.ops.push_back(std::move(op));
  commit(context, server, 0, request);
}

// kafka-configs --alter: the configuration, then the notification that makes the brokers read it
// (AdminZkClient.changeEntityConfig).
void alter_config(const Context& context, ZooKeeper& server, const AlterConfig& act) {
  if (index(act.topic) >= context.config.topics.size()) return;
  const Path path = paths::topic_config(act.topic);
  const Znode* node = find(server.disk.tree, path);
  const TopicSettings* stored = node == nullptr ? nullptr : std::get_if<TopicSettings>(&node->data);
  const TopicConfig& created = context.config.topics[index(act.topic)];
  TopicSettings settings{created.min_insync_replicas, created.unclean_leader_election_enable};
  if (stored != nullptr) settings = *stored;
  if (act.min_insync_replicas) settings.min_insync_replicas = *act.min_insync_replicas;
  if (act.unclean_leader_election_enable) {
    settings.unclean_leader_election_enable = *act.unclean_leader_election_enable;
  }
  ZkOp write;
  write.type = stored == nullptr ? ZkOpType::create : ZkOpType::set;
  write.path = path;
  write.data = settings;
  ZkRequest request;
  request.ops.push_back(std::move(write));
  const Zxid zxid = commit(context, server, 0, request).zxid;
  context.tell(
      TopicConfigChanged{zxid, act.topic, settings.min_insync_replicas, settings.unclean_leader_election_enable});
  ZkOp notification;
  notification.type = ZkOpType::create;
  notification.sequential = true;
  notification.path = paths::config_change_prefix();
  notification.data = ConfigChangeInfo{act.topic};
  request.ops.front() = std::move(notification);
  commit(context, server, 0, request);
}

void on_act(const Context& context, ZooKeeper& server, const Act& act) {
  if (std::holds_alternative<MoveController>(act)) {
    ZkOp op;
    op.type = ZkOpType::remove;
    op.path = paths::controller();
    ZkRequest request;
    request.ops.push_back(std::move(op));
    commit(context, server, 0, request);
  } else if (const auto* create = std::get_if<CreateTopic>(&act)) {
    create_topic(context, server, create->topic);
  } else if (const auto* alter = std::get_if<AlterConfig>(&act)) {
    alter_config(context, server, *alter);
  } else if (const auto* expire = std::get_if<ExpireSession>(&act)) {
    SmallVec<SessionId, 4> ending;
    for (const ZkSession& session : server.disk.sessions) {
      if (session.owner == expire->owner) ending.push_back(session.id);
    }
    for (const SessionId id : ending) expire_session(context, server, id);
  }
}

}  // namespace

void step(const Context& context, ZooKeeper& server, const Input& input) {
  if (std::holds_alternative<Started>(input)) {
    start(context, server);
    return;
  }
  if (!server.memory.running) return;
  if (const auto* received = std::get_if<Received>(&input)) {
    on_received(context, server, *received);
  } else if (const auto* timer = std::get_if<TimerFired>(&input)) {
    if (timer->key != kExpire) return;
    context.arm_on_grid(kExpire, context.config.zookeeper_tick);
    expire_sessions(context, server);
  } else if (const auto* gone = std::get_if<Disconnected>(&input)) {
    on_disconnected(context, server, gone->via);
  } else if (const auto* act = std::get_if<Act>(&input)) {
    on_act(context, server, *act);
  }
}

}  // namespace model
