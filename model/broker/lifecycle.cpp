#include "model/broker/broker.h"

namespace model {

void start_lifecycle(const Context&, Broker&) {}
void set_ready_to_unfence(const Context&, Broker&) {}
bool on_lifecycle_connected(const Context&, Broker&, const ConnectionId&) { return true; }
bool on_lifecycle_disconnected(const Context&, Broker&, const ConnectionId&) { return true; }
bool on_lifecycle_timer(const Context&, Broker&, TimerKey) { return false; }
void on_registration_answer(const Context&, Broker&, const BrokerRegistrationResponse&) {}
void on_heartbeat_answer(const Context&, Broker&, const BrokerHeartbeatResponse&) {}
void begin_kraft_shutdown(const Context&, Broker&) {}

}  // namespace model
