#include "model/quorum/controller.h"

namespace model {

void start_controller(const ControllerContext&) {}
void on_controller_request(const ControllerContext&, const ConnectionId&, const Body&) {}
bool on_controller_timer(const ControllerContext&, TimerKey) { return false; }
void on_controller_act(const ControllerContext&, const Act&) {}
void run_controller(const ControllerContext&) {}

}  // namespace model
