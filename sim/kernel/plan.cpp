#include "sim/kernel/plan.h"

#include <algorithm>

#include "model/text.h"

namespace sim {
namespace {

// Facts in which "broker" is somebody else than their teller have a field of that name.
bool means_teller(std::string_view field) { return field == "node" || field == "broker"; }

}  // namespace

bool matches(const FactPattern& pattern, const model::ClusterConfig& config, model::NodeId teller,
             const model::Fact& fact) {
  if (fact.index() != pattern.fact) return false;
  if (pattern.fields.empty()) return true;
  const std::vector<model::FieldText> fields = model::fields_of(fact, config);
  return std::all_of(pattern.fields.begin(), pattern.fields.end(), [&](const auto& wanted) {
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [&](const model::FieldText& held) { return held.name == wanted.first; });
    if (field != fields.end()) return field->text == wanted.second;
    return means_teller(wanted.first) && config.name_of(teller) == wanted.second;
  });
}

std::string_view name_of(FaultKind kind) {
  switch (kind) {
    case FaultKind::crash:
      return "crash";
    case FaultKind::power_loss:
      return "power_loss";
    case FaultKind::stop:
      return "stop";
    case FaultKind::start:
      return "start";
    case FaultKind::pause:
      return "pause";
    case FaultKind::resume:
      return "resume";
    case FaultKind::cut:
      return "cut";
    case FaultKind::heal:
      return "heal";
    case FaultKind::delay:
      return "delay";
    case FaultKind::lose:
      return "lose";
    case FaultKind::reset:
      return "reset";
    case FaultKind::wipe:
      return "wipe";
    case FaultKind::slow_disk:
      return "slow_disk";
    case FaultKind::clock_rate:
      return "clock_rate";
    case FaultKind::expire_session:
      return "expire_session";
    case FaultKind::elect:
      return "elect";
    case FaultKind::move_controller:
      return "move_controller";
    case FaultKind::create_topic:
      return "create_topic";
    case FaultKind::alter_config:
      return "alter_config";
    case FaultKind::reassign:
      return "reassign";
    case FaultKind::add_voter:
      return "add_voter";
    case FaultKind::remove_voter:
      return "remove_voter";
  }
  return "";
}

}  // namespace sim
