#include "sim/cli/commands.h"
#include "sim/cli/output.h"

namespace cli {

int welcome_command() {
  constexpr std::string_view kWelcome =
      "Fencepost simulates a Kafka cluster: brokers, ZooKeeper, the controller and clients on a virtual\n"
      "clock. A JSON scenario breaks things; the run tells what happened and whether it was as expected.\n"
      "The same scenario and seed always give the same run, byte for byte.\n"
      "\n"
      "Try first:\n"
      "  fencepost list                                          scenarios that are there\n"
      "  fencepost run scenarios/library/zombie-controller.json  a paused controller comes back\n"
      "  fencepost new mine && fencepost run mine.json           a scenario of your own\n"
      "  fencepost test scenarios/library                        all of them: what CI runs\n"
      "  fencepost conform tests/recordings/*.json               the model against a real Apache Kafka\n"
      "  fencepost describe fidelity                             where a real cluster does otherwise\n"
      "\n"
      "fencepost --help lists the commands; fencepost run --help explains one.\n";
  return print(kWelcome) ? kGood : kInternal;
}

}  // namespace cli
