#include "model/quorum/server.h"

#include "model/ensure.h"

namespace model {
namespace {

ControllerContext controller_of(const Context& context, ControllerServer& server) {
  return {context, raft_of(server), server.memory.controller};
}

void start(const Context& context, ControllerServer& server) {
  server.memory.running = true;
  const StartupTimes& times = context.config.startup;
  context.arm({TimerKind::quorum_start}, times.connect_min, times.connect_max);
}

void come_up(const Context& context, ControllerServer& server) {
  server.memory.up = true;
  start_raft(context, raft_of(server));
  start_controller(controller_of(context, server));
}

void on_received(const Context& context, ControllerServer& server, const ConnectionId& via, const Body& body) {
  if (via.kind == ChannelKind::quorum) {
    if (via.client == server.id && is_answer(body)) return on_raft_answer(context, raft_of(server), via, body);
    return on_raft_request(context, raft_of(server), via, body);
  }
  if (via.server == server.id) on_controller_request(controller_of(context, server), via, body);
}

void on_timer(const Context& context, ControllerServer& server, TimerKey key) {
  if (key.kind == TimerKind::quorum_start) return come_up(context, server);
  if (!on_raft_timer(context, raft_of(server), key)) on_controller_timer(controller_of(context, server), key);
}

void on_act(const Context& context, ControllerServer& server, const Act& act) {
  if (std::holds_alternative<Stop>(act)) return begin_raft_shutdown(context, raft_of(server));
  on_controller_act(controller_of(context, server), act);
}

void on_disconnected(const Context& context, ControllerServer& server, const ConnectionId& via) {
  if (via.kind == ChannelKind::quorum) return on_raft_disconnected(context, raft_of(server), via);
  if (via.kind == ChannelKind::broker_lifecycle) on_controller_disconnected(controller_of(context, server), via);
}

void take(const Context& context, ControllerServer& server, const Input& input) {
  std::visit(overloaded{
                 [](const Started&) {},
                 [&](const Received& r) { on_received(context, server, r.via, *r.body); },
                 [&](const TimerFired& t) { on_timer(context, server, t.key); },
                 [&](const Connected& c) {
                   if (c.via.kind == ChannelKind::quorum) on_raft_connected(context, raft_of(server), c.via);
                 },
                 [&](const Disconnected& d) { on_disconnected(context, server, d.via); },
                 [&](const Act& act) { on_act(context, server, act); },
             },
             input);
}

}  // namespace

void step(const Context& context, ControllerServer& server, const Input& input) {
  if (std::holds_alternative<Started>(input)) return start(context, server);
  if (!server.memory.running) return;
  // Before its raft member has begun nothing is listened to: the sender comes again.
  const TimerFired* timer = std::get_if<TimerFired>(&input);
  if (!server.memory.up && (timer == nullptr || timer->key.kind != TimerKind::quorum_start)) {
    if (const Act* act = std::get_if<Act>(&input); act != nullptr && std::holds_alternative<Stop>(*act)) {
      context.out.exits = true;
    }
    if (const Received* received = std::get_if<Received>(&input)) context.out.closes.push_back(received->via);
    return;
  }
  take(context, server, input);
  run_controller(controller_of(context, server));
  poll_raft(context, raft_of(server));
  if (server.memory.raft.shutdown_over) {
    context.tell(Stopped{});
    context.out.exits = true;
  }
}

}  // namespace model
