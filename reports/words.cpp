#include "reports/words.h"

#include <fmt/format.h>

namespace reports {

std::string seconds_text(std::int64_t us) {
  const std::int64_t ms = us / 1000;
  const std::int64_t size = ms < 0 ? -ms : ms;
  return fmt::format("{}{}.{:03}", ms < 0 ? "-" : "", size / 1000, size % 1000);
}

std::string short_seconds(model::Duration d) {
  if (d.us < 0 || d.us % 1000 != 0) return fmt::format("{} µs", d.us);
  const std::int64_t ms = d.us / 1000;
  if (ms != 0 && ms < 1000) return fmt::format("{} ms", ms);
  if (ms % 1000 == 0) return fmt::format("{} s", ms / 1000);
  std::string fraction = fmt::format("{:03}", ms % 1000);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return fmt::format("{}.{} s", ms / 1000, fraction);
}

std::string tenths(model::Duration d) { return fmt::format("{}.{} s", d.us / 1'000'000, d.us / 100'000 % 10); }

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

std::string hex16(std::uint64_t number) { return fmt::format("{:016x}", number); }

std::string counted(std::int64_t n, std::string_view noun) {
  return fmt::format("{} {}{}", grouped(static_cast<std::uint64_t>(n)), noun, n == 1 ? "" : "s");
}

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

std::string names_of(const std::vector<model::NodeId>& nodes, const model::ClusterConfig& config) {
  std::vector<std::string> names;
  for (const model::NodeId node : nodes) names.push_back(config.name_of(node));
  return joined(names, " ");
}

std::string_view verb_of(sim::FaultKind kind) {
  switch (kind) {
    case sim::FaultKind::crash:
      return "crash";
    case sim::FaultKind::power_loss:
      return "power loss of";
    case sim::FaultKind::stop:
      return "stop";
    case sim::FaultKind::start:
      return "start";
    case sim::FaultKind::pause:
      return "pause";
    case sim::FaultKind::resume:
      return "resume";
    case sim::FaultKind::cut:
      return "cut";
    case sim::FaultKind::heal:
      return "heal";
    case sim::FaultKind::delay:
      return "delay packets";
    case sim::FaultKind::lose:
      return "lose packets";
    case sim::FaultKind::reset:
      return "reset the connections";
    case sim::FaultKind::wipe:
      return "wipe the disk of";
    case sim::FaultKind::slow_disk:
      return "slow disk of";
    case sim::FaultKind::clock_rate:
      return "clock of";
    case sim::FaultKind::expire_session:
      return "expire the session of";
    case sim::FaultKind::elect:
      return "elect a leader of";
    case sim::FaultKind::move_controller:
      return "move the controller: delete /controller";
    case sim::FaultKind::create_topic:
      return "create topic";
    case sim::FaultKind::alter_config:
      return "alter the config of";
  }
  return "";
}

bool is_operator_act(sim::FaultKind kind) {
  return kind == sim::FaultKind::elect || kind == sim::FaultKind::move_controller ||
         kind == sim::FaultKind::create_topic || kind == sim::FaultKind::alter_config ||
         kind == sim::FaultKind::start || kind == sim::FaultKind::stop;
}

namespace {

// Of a fault that has ended.
std::string_view end_of(sim::FaultKind kind) {
  using sim::FaultKind;
  if (kind == FaultKind::pause) return verb_of(FaultKind::resume);
  if (kind == FaultKind::cut) return verb_of(FaultKind::heal);
  if (kind == FaultKind::delay) return "no more delay";
  if (kind == FaultKind::lose) return "no more loss of packets";
  if (kind == FaultKind::slow_disk) return "no more slow disk of";
  if (kind == FaultKind::clock_rate) return "normal again: clock of";
  return verb_of(FaultKind::start);
}

// "10%", "0.5%"
std::string percent(std::int32_t per_mille) {
  return per_mille % 10 == 0 ? fmt::format("{}%", per_mille / 10)
                             : fmt::format("{}.{}%", per_mille / 10, per_mille % 10);
}

// How much, of those kinds that have a measure.
std::string measure(const sim::Fault& fault) {
  std::string by = fault.by.us == 0 ? "" : " by " + short_seconds(fault.by);
  if (fault.jitter.us != 0) by += fmt::format(" (±{})", short_seconds(fault.jitter));
  if (fault.kind == sim::FaultKind::lose) return ", " + percent(fault.per_mille);
  if (fault.kind == sim::FaultKind::clock_rate) return " runs at " + percent(fault.per_mille);
  if (fault.per_mille != 0) return fmt::format(", {} times slower", fault.per_mille / 1'000);
  return by;
}

std::string altered(const model::AlterConfig& act, const model::ClusterConfig& config) {
  std::vector<std::string> settings;
  if (act.min_insync_replicas) settings.push_back(fmt::format("min.insync.replicas={}", *act.min_insync_replicas));
  if (act.unclean_leader_election_enable) {
    settings.push_back(fmt::format("unclean.leader.election.enable={}", *act.unclean_leader_election_enable));
  }
  return fmt::format("{}: {}", config.topics[model::index(act.topic)].name, joined(settings, ", "));
}

std::string sides(const sim::Fault& fault, const sim::AppliedFault& applied, const model::ClusterConfig& config) {
  const std::string to = fault.to.empty() && !fault.from.empty() ? "everybody else" : names_of(applied.to, config);
  const bool parts = fault.kind == sim::FaultKind::cut || fault.kind == sim::FaultKind::heal;
  if (parts) return fmt::format("{} {} {}", names_of(applied.from, config), fault.one_way ? "towards" : "from", to);
  return fmt::format("{} {} {} {}", fault.one_way ? "from" : "between", names_of(applied.from, config),
                     fault.one_way ? "to" : "and", to);
}

std::string whom(const sim::Plan& plan, const sim::Fault& fault, const sim::AppliedFault& applied) {
  const model::ClusterConfig& config = plan.config;
  if (fault.kind == sim::FaultKind::elect) {
    return config.name_of(fault.partition) + (fault.unclean ? ", unclean if need be" : "");
  }
  if (fault.kind == sim::FaultKind::create_topic) return config.topics[model::index(fault.topic)].name;
  if (fault.kind == sim::FaultKind::move_controller) return "";
  if (fault.kind == sim::FaultKind::alter_config) return altered(fault.alteration, config);
  if (applied.from.empty() && applied.to.empty()) return names_of(applied.who, config);
  return sides(fault, applied, config);
}

}  // namespace

std::string fault_text(const sim::Plan& plan, const sim::AppliedFault& applied) {
  const sim::Fault& fault = plan.faults[applied.row];
  const sim::FaultKind kind = fault.kind;
  std::string text(applied.undo ? end_of(kind) : verb_of(kind));
  const std::string about = whom(plan, fault, applied);
  if (!about.empty()) text += " " + about;
  // Roles matter where a process is hit; an act at the controller is about something else.
  const bool hits_processes = !applied.from.empty() || (!applied.who.empty() && kind != sim::FaultKind::elect &&
                                                        kind != sim::FaultKind::move_controller);
  if (!applied.undo && hits_processes && !applied.note.empty()) text += " (" + applied.note + ")";
  if (!applied.undo) text += measure(fault);
  if (!applied.undo && fault.lasts) text += " for " + short_seconds(*fault.lasts);
  return text;
}

std::string effect_text(const sim::FaultEffect& effect) {
  std::vector<std::string> parts;
  if (effect.held > 0) parts.push_back("held " + counted(effect.held, "message"));
  if (effect.stalled > 0) parts.push_back("stalled " + counted(effect.stalled, "message"));
  if (effect.lost > 0) parts.push_back("lost " + counted(effect.lost, "message"));
  if (effect.reset > 0) parts.push_back("reset " + counted(effect.reset, "connection"));
  if (effect.delayed > 0) parts.push_back("delayed " + counted(effect.delayed, "packet"));
  if (effect.dropped > 0) parts.push_back("dropped " + counted(effect.dropped, "packet"));
  if (effect.slowed > 0) parts.push_back("slowed " + counted(effect.slowed, "write"));
  if (effect.skewed > 0) parts.push_back("moved " + counted(effect.skewed, "timer"));
  if (effect.wiped > 0) parts.push_back("took " + counted(effect.wiped, "record") + " from disk");
  if (parts.empty()) return effect.acted ? "acted" : "did nothing";
  return joined(parts, ", ");
}

std::string loss_text(model::LossReason reason) {
  switch (reason) {
    case model::LossReason::none:
      return "no reason";
    case model::LossReason::acks:
      return "acks=1, only the old leader ever had to have them";
    case model::LossReason::unclean_election:
      return "unclean election, a replica outside the ISR leads";
    case model::LossReason::power_loss:
      return "power loss, no copy that could lead had kept them";
    case model::LossReason::lost_isr_write:
      return "before KIP-497, the leader never learnt of the ISR that it had written";
  }
  return "";
}

}  // namespace reports
