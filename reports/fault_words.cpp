#include "reports/fault_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "model/text.h"
#include "reports/words.h"

namespace reports {
namespace {

using sim::FaultKind;

// "b1", "b1 and b2", "b1, b2 and b3"
std::string listed(const std::vector<std::string>& parts) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += i + 1 == parts.size() ? " and " : ", ";
    text += parts[i];
  }
  return text;
}

std::string listed(const std::vector<model::NodeId>& nodes, const model::ClusterConfig& config) {
  std::vector<std::string> names;
  for (const model::NodeId node : nodes) names.push_back(config.name_of(node));
  return listed(names);
}

// "10%", "0.5%"
std::string percent(std::int32_t per_mille) {
  return per_mille % 10 == 0 ? fmt::format("{}%", per_mille / 10)
                             : fmt::format("{}.{}%", per_mille / 10, per_mille % 10);
}

std::string other_side(const sim::Fault& fault, const sim::AppliedFault& applied, const model::ClusterConfig& config) {
  if (fault.to.empty() && !fault.from.empty()) return "everybody else";
  // Of "brokers" only the others: nobody has a way to itself.
  std::vector<model::NodeId> others;
  for (const model::NodeId node : applied.to) {
    if (applied.from.size() != 1 || node != applied.from.front()) others.push_back(node);
  }
  return names_of(others.empty() ? applied.to : others, config);
}

// "between b1 (controller) and b2", "from b1 to b2"
std::string ways(const sim::Fault& fault, const sim::AppliedFault& applied, const model::ClusterConfig& config,
                 const std::string& note) {
  return fmt::format("{} {}{} {} {}", fault.one_way ? "from" : "between", names_of(applied.from, config), note,
                     fault.one_way ? "to" : "and", other_side(fault, applied, config));
}

std::string altered(const model::AlterConfig& act, const model::ClusterConfig& config) {
  std::vector<std::string> settings;
  if (act.min_insync_replicas) settings.push_back(fmt::format("min.insync.replicas={}", *act.min_insync_replicas));
  if (act.unclean_leader_election_enable) {
    settings.push_back(fmt::format("unclean.leader.election.enable={}", *act.unclean_leader_election_enable));
  }
  return fmt::format("{}: {}", config.topics[model::index(act.topic)].name, joined(settings, ", "));
}

// " by 100 ms (±20 ms)"
std::string added_time(const sim::Fault& fault) {
  const std::string jitter = fault.jitter.us == 0 ? "" : fmt::format(" (±{})", short_seconds(fault.jitter));
  return fmt::format(" by {}{}", short_seconds(fault.by), jitter);
}

// `note`: the roles of those that are hit, in parentheses.
std::string beginning(const sim::Plan& plan, const sim::AppliedFault& applied, const std::string& note) {
  const model::ClusterConfig& config = plan.config;
  const sim::Fault& fault = plan.faults[applied.row];
  const std::string who = names_of(applied.who, config) + note;
  switch (fault.kind) {
    case FaultKind::crash:
      return "crash " + who;
    case FaultKind::power_loss:
      return "power loss of " + who;
    case FaultKind::stop:
      return "stop " + who;
    case FaultKind::start:
      return "start " + who;
    case FaultKind::pause:
      return "pause " + who;
    case FaultKind::resume:
      return "resume " + who;
    case FaultKind::cut:
    case FaultKind::heal:
      if (applied.from.empty() && applied.to.empty()) return "heal everything";
      return fmt::format("{} {}{} {} {}", fault.kind == FaultKind::cut ? "cut" : "heal", names_of(applied.from, config),
                         note, fault.one_way ? "towards" : "from", other_side(fault, applied, config));
    case FaultKind::delay:
      return "delay packets " + ways(fault, applied, config, note) + added_time(fault);
    case FaultKind::lose:
      return fmt::format("lose {} of the packets {}", percent(fault.per_mille), ways(fault, applied, config, note));
    case FaultKind::reset:
      return "reset the connections " + ways(fault, applied, config, note);
    case FaultKind::wipe:
      return "wipe the disk of " + who;
    case FaultKind::slow_disk:
      if (fault.per_mille != 0) {
        return fmt::format("make the disk of {} {} times slower", who, fault.per_mille / 1'000);
      }
      return fmt::format("slow down the disk of {}{} a write", who, added_time(fault));
    case FaultKind::clock_rate:
      return fmt::format("run the clock of {} at {}", who, percent(fault.per_mille));
    case FaultKind::expire_session:
      return "expire the session of " + who;
    case FaultKind::elect:
      return fault.unclean ? fmt::format("elect a leader of {}, unclean if need be", config.name_of(fault.partition))
                           : "elect the preferred leader of " + config.name_of(fault.partition);
    case FaultKind::move_controller:
      return "move the controller: delete /controller";
    case FaultKind::create_topic:
      return "create topic " + config.topics[model::index(fault.topic)].name;
    case FaultKind::alter_config:
      return "alter the config of " + altered(fault.alteration, config);
    case FaultKind::reassign:
      return fmt::format("reassign {} to {}", config.name_of(fault.partition), model::text_of(fault.replicas, config));
    case FaultKind::add_voter:
      return "add the voter " + who;
    case FaultKind::remove_voter:
      return "remove the voter " + who;
  }
  return "";
}

// Of a fault that lasted.
std::string ending(const sim::Plan& plan, const sim::AppliedFault& applied) {
  const model::ClusterConfig& config = plan.config;
  const sim::Fault& fault = plan.faults[applied.row];
  const std::string who = names_of(applied.who, config);
  if (fault.kind == FaultKind::pause) return "resume " + who;
  if (fault.kind == FaultKind::delay) return "no more delay " + ways(fault, applied, config, "");
  if (fault.kind == FaultKind::lose) return "no more loss of packets " + ways(fault, applied, config, "");
  if (fault.kind == FaultKind::slow_disk) return "no more slow disk of " + who;
  if (fault.kind == FaultKind::clock_rate) return fmt::format("run the clock of {} at 100%", who);
  if (fault.kind != FaultKind::cut) return "start " + who;
  return fmt::format("heal {} {} {}", names_of(applied.from, config), fault.one_way ? "towards" : "from",
                     other_side(fault, applied, config));
}

// What had the effect: "crash", "loss"; whom it was about comes behind.
std::string_view noun_of(FaultKind kind) {
  switch (kind) {
    case FaultKind::power_loss:
      return "power loss";
    case FaultKind::stop:
      return "shutdown";
    case FaultKind::resume:
      return "waking";
    case FaultKind::lose:
      return "loss";
    case FaultKind::slow_disk:
      return "slow disk";
    case FaultKind::clock_rate:
      return "clock";
    case FaultKind::expire_session:
      return "expired session";
    case FaultKind::elect:
      return "election";
    case FaultKind::move_controller:
      return "move of the controller";
    case FaultKind::create_topic:
      return "new topic";
    case FaultKind::alter_config:
      return "new config";
    case FaultKind::reassign:
      return "reassignment";
    case FaultKind::add_voter:
      return "new voter";
    case FaultKind::remove_voter:
      return "removed voter";
    case FaultKind::crash:
    case FaultKind::start:
    case FaultKind::pause:
    case FaultKind::cut:
    case FaultKind::heal:
    case FaultKind::delay:
    case FaultKind::reset:
    case FaultKind::wipe:
      return sim::name_of(kind);
  }
  return "";
}

std::vector<std::string> deeds(const sim::FaultEffect& effect, FaultKind kind) {
  std::vector<std::string> parts;
  const auto did = [&](std::int64_t count, std::string_view verb, std::string_view noun) {
    if (count > 0) parts.push_back(fmt::format("{} {}", verb, counted(count, noun)));
  };
  did(effect.wiped, "took", "record");
  // A process that sleeps keeps both waiting.
  if (effect.held > 0) {
    parts.push_back(effect.held == 1 ? "held back 1 message or timer"
                                     : "held back " + counted(effect.held, "message") + " and timers");
  }
  did(effect.stalled, "stalled", "message");
  did(effect.lost, "lost", "message");
  did(effect.reset, kind == FaultKind::reset ? "tore down" : "reset", "connection");
  did(effect.delayed, "delayed", "packet");
  did(effect.dropped, "dropped", "packet");
  did(effect.slowed, "slowed", "write");
  did(effect.skewed, "moved", "timer");
  return parts;
}

bool is_the_same(const std::vector<model::NodeId>& a, const std::vector<model::NodeId>& b) {
  return a.size() == 1 && a == b;
}

}  // namespace

std::string fault_text(const sim::Plan& plan, const sim::AppliedFault& applied) {
  if (applied.undo) return ending(plan, applied);
  const sim::Fault& fault = plan.faults[applied.row];
  std::string text = beginning(plan, applied, applied.note.empty() ? "" : " (" + applied.note + ")");
  if (fault.lasts) text += (fault.kind == FaultKind::wipe ? ", down for " : " for ") + short_seconds(*fault.lasts);
  // Two roles may turn out to be one broker.
  if (is_the_same(applied.from, applied.to)) text += ", which changes nothing";
  return text;
}

std::string effect_text(const sim::Plan& plan, const sim::RecordedFault& recorded) {
  const sim::Fault& fault = plan.faults[recorded.applied.row];
  const std::vector<std::string> parts = deeds(recorded.effect, fault.kind);
  if (parts.empty()) return "";
  std::string whom;
  if (!recorded.applied.from.empty()) {
    whom = " " + ways(fault, recorded.applied, plan.config, "");
  } else if (!recorded.applied.who.empty()) {
    whom = " of " + listed(recorded.applied.who, plan.config);
  }
  return fmt::format("the {}{} {}", noun_of(fault.kind), whom, listed(parts));
}

std::string idle_text(const sim::Plan& plan, const sim::AppliedFault& applied) {
  if (!is_the_same(applied.from, applied.to)) return "nobody noticed it";
  return names_of(applied.from, plan.config) + " is on both sides";
}

std::string_view absence_text(const sim::Fault& fault) {
  if (fault.when) return "the fact it waits for was not told";
  return fault.when_state ? "the state it waits for did not come about" : "the run ends before it";
}

bool is_operator_act(FaultKind kind) {
  return kind == FaultKind::elect || kind == FaultKind::move_controller || kind == FaultKind::create_topic ||
         kind == FaultKind::alter_config || kind == FaultKind::reassign || kind == FaultKind::add_voter ||
         kind == FaultKind::remove_voter || kind == FaultKind::start || kind == FaultKind::stop;
}

}  // namespace reports
