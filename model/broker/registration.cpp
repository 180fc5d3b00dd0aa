// A broker's registration in ZooKeeper: at start, and again after its session has expired
// (KafkaZkClient.registerBroker, CheckedEphemeral; facts of KAFKA-7165 and ZOOKEEPER-2985).
#include "model/broker/broker.h"
#include "model/rules.h"

namespace model {
namespace {

enum Tag : std::uint32_t { kCreate, kWhoOwnsIt, kDeleteOwn };

void fail_to_start(const Context& context, Broker& broker) {
  context.tell(StartFailed{});
  close_session(context, broker);
  context.out.exits = true;
}

void registered(const Context& context, Broker& broker, BrokerEpoch epoch) {
  BrokerMemory& memory = broker.memory;
  memory.broker_epoch = epoch;
  memory.registered_before = true;
  memory.registered_session = memory.zk.session;
  if (memory.phase == BrokerPhase::loading) {
    memory.phase = BrokerPhase::running;
    context.arm({TimerKind::begin_serving}, context.config.startup.serve_min, context.config.startup.serve_max);
    return put_event(context, broker, ControllerStartup{});
  }
  put_event(context, broker, Reelect{});
}

void on_owner_known(const Context& context, Broker& broker, const ZkResponse& response) {
  if (response.code == ZkCode::no_node) return start_registration(context, broker);
  const ZnodeStat& stat = response.results.front().stat;
  // Our own earlier attempt got through and only its answer was lost.
  if (stat.ephemeral_owner == broker.memory.zk.session) return registered(context, broker, stat.czxid);
  if (broker.memory.registered_before && stat.ephemeral_owner == broker.memory.registered_session) {
    return zk_request(context, broker, ZkOwner::registration, kDeleteOwn,
                      zk_single(zk_delete(paths::broker_id(broker.id))));
  }
  // The session of a killed predecessor still lives: only its expiry makes room.
  if (broker.memory.phase == BrokerPhase::loading) fail_to_start(context, broker);
}

}  // namespace

void on_session_opened(const Context& context, Broker& broker) {
  read_topic_configs(context, broker);
  if (broker.memory.phase == BrokerPhase::connecting) {
    broker.memory.phase = BrokerPhase::loading;
    const StartupTimes& times = context.config.startup;
    return context.arm({TimerKind::register_broker}, times.register_min, times.register_max);
  }
  if (broker.memory.phase == BrokerPhase::loading) return;  // it had lost its first session before it registered
  if (broker.memory.phase == BrokerPhase::running) start_registration(context, broker);
}

void on_session_expired(const Context& context, Broker& broker) {
  expire_controller(context, broker);
  open_session(context, broker);
}

void start_registration(const Context& context, Broker& broker) {
  if (broker.memory.phase != BrokerPhase::loading && broker.memory.phase != BrokerPhase::running) return;
  zk_request(context, broker, ZkOwner::registration, kCreate,
             zk_single(zk_create(paths::broker_id(broker.id), BrokerInfo{broker.id}, true)));
}

void on_registration_reply(const Context& context, Broker& broker, std::uint32_t tag, const ZkResponse& response) {
  if (response.code == ZkCode::session_expired) {
    // While starting nobody else begins anew; later on_session_opened does.
    if (broker.memory.phase == BrokerPhase::loading) start_registration(context, broker);
    return;
  }
  switch (tag) {
    case kCreate:
      if (response.code == ZkCode::ok) return registered(context, broker, response.results.front().stat.czxid);
      return zk_request(context, broker, ZkOwner::registration, kWhoOwnsIt,
                        zk_single(zk_read(ZkOpType::get, paths::broker_id(broker.id), false)));
    case kWhoOwnsIt:
      return on_owner_known(context, broker, response);
    case kDeleteOwn:
      return start_registration(context, broker);
    default:
      return;
  }
}

}  // namespace model
