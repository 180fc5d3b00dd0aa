// KRaft mode: the quorum, and the brokers as the metadata log has them.
#include <fmt/format.h>

#include "reports/narrator.h"
#include "reports/words.h"

namespace reports {

using model::NodeId;
using model::QuorumRole;

namespace {

std::string fault_text(model::QuorumFault fault) {
  switch (fault) {
    case model::QuorumFault::two_leaders:
      return "it learnt of two leaders of one epoch";
    case model::QuorumFault::truncation_below_high_watermark:
      return "it was to truncate committed records of the metadata log";
    case model::QuorumFault::high_watermark_decreased:
      return "the high watermark of the metadata log went back";
    case model::QuorumFault::invalid_request:
      return "its request was answered with INVALID_REQUEST";
    case model::QuorumFault::illegal_transition:
      return "its role cannot change like this";
    case model::QuorumFault::vote_changed:
      return "a voter changed its vote";
    case model::QuorumFault::record_contradicts_state:
      return "a record contradicts the state that it is to change";
  }
  return "";
}

}  // namespace

// --- the metadata log's facts --------------------------------------------------------------------

void Narrator::operator()(const model::LeaderChange& f) {
  controller_ = f.leader;
  epoch_ = f.epoch;
  controllers_[f.epoch] = f.leader;
  if (in_boot_) boot_elected_ = now_->at;
}

void Narrator::broker_registers(NodeId broker, model::BrokerEpoch broker_epoch) {
  const bool again = !ever_registered_.insert(broker).second;
  stopping_.erase(broker);
  alive_.erase(broker);
  registrations_[static_cast<std::size_t>(broker)] = {true, false};
  if (again) were_dead_.insert(broker);
  if (in_boot_) return;
  say(name(broker),
      fmt::format("registers{}, broker epoch {} (fenced until it has caught up)", again ? " again" : "", broker_epoch));
}

void Narrator::operator()(const model::BrokerChanged& f) {
  RegistrationStory& known = registrations_[static_cast<std::size_t>(f.broker)];
  const RegistrationStory before = std::exchange(known, {f.fenced, f.in_controlled_shutdown});
  const bool is_stopping = f.in_controlled_shutdown || stopping_.contains(f.broker);
  if (f.in_controlled_shutdown) stopping_.insert(f.broker);
  if (f.fenced) {
    alive_.erase(f.broker);
    were_dead_.insert(f.broker);
  } else {
    alive_.insert(f.broker);
  }
  if (in_boot_) return;
  if (f.fenced && !before.fenced) {
    say(committer(),
        fmt::format("{} fenced: {}", name(f.broker), is_stopping ? "it has shut down" : "no heartbeat for a session"));
  } else if (!f.fenced && before.fenced) {
    say(committer(), name(f.broker) + " unfenced");
  } else if (f.in_controlled_shutdown && !before.in_controlled_shutdown) {
    say(committer(), name(f.broker) + " is in controlled shutdown");
  }
}

// The log has a fenced broker's partitions before the broker itself: told the other way round, each is a
// consequence of what was told before.
void Narrator::tell_causes(const model::PartitionState& before, const model::PartitionState& after) {
  const auto tell_of = [&](NodeId node) {
    const auto is_it = [&](const auto&, const model::BrokerChanged& f) { return f.broker == node; };
    if (node == model::kNoNode || !alive_.contains(node)) return;
    if (const auto* changed = take_next<model::BrokerChanged>({}, is_it)) (*this)(*changed);
  };
  for (const NodeId node : before.isr) {
    if (!after.isr.contains(node)) tell_of(node);
  }
  if (before.leader != after.leader) tell_of(before.leader);
}

std::string elr_text(const model::ElrChanged& f, const model::ClusterConfig& config) {
  std::string text = "elr " + model::text_of(f.eligible_leader_replicas, config);
  if (!f.last_known_elr.empty()) text += " · last known elr " + model::text_of(f.last_known_elr, config);
  return text;
}

void Narrator::operator()(const model::ElrChanged& f) {
  if (!in_boot_) say_of(f.partition, committer(), elr_text(f, config_));
}

// --- the quorum ----------------------------------------------------------------------------------

// Observers and voters that go along with an election leave no line: they do what its winner's line says.
void Narrator::operator()(const model::QuorumRoleChanged& f) {
  const NodeId node = now_->node;
  if (!config_.is_controller(node) && !config_.voters.contains(node)) return;
  MemberStory& member = members_[static_cast<std::size_t>(node)];
  const MemberStory before = member;
  member.role = f;
  const bool is_trying = f.role == QuorumRole::candidate || f.role == QuorumRole::prospective;
  if (!is_trying) member.election_line.reset();
  if (in_boot_) return;
  switch (f.role) {
    case QuorumRole::unattached:
      if (before.role && before.role->role == QuorumRole::leader)
        say(name(node), fmt::format("learns that epoch {} has begun, leads no longer", f.epoch));
      return;
    case QuorumRole::prospective:
      if (!member.election_line) say_again({}, fmt::format("asks for pre-votes, epoch {}", f.epoch), Ink::plain);
      return;
    case QuorumRole::candidate:
      return becomes_candidate(member, f);
    case QuorumRole::leader:
      say(name(node), fmt::format("leads the metadata quorum, epoch {}{}", f.epoch, predecessor_of(node)), Ink::green);
      return;
    case QuorumRole::follower:
      return follows(before, f);
    case QuorumRole::resigned:
      return resigns(before);
  }
}

// Elections that nobody wins follow each other for as long as there is no majority.
void Narrator::becomes_candidate(MemberStory& member, const model::QuorumRoleChanged& f) {
  if (!member.election_line) {
    member.election_line = story_.size();
    member.first_election = f.epoch;
    say(teller(), fmt::format("candidate, epoch {}", f.epoch));
    return;
  }
  if (f.epoch == member.first_election) return;
  story_.at(*member.election_line).what =
      fmt::format("candidate, epochs {} to {}, until {}", member.first_election, f.epoch, seconds_text(now_->at.us));
}

void Narrator::follows(const MemberStory& member, const model::QuorumRoleChanged& f) {
  if (!member.role) {
    if (f.leader == controller_ && f.epoch == epoch_)
      say(teller(), fmt::format("follows {}, epoch {}", name(f.leader), f.epoch));
    return;
  }
  switch (member.role->role) {
    case QuorumRole::leader:
    case QuorumRole::resigned:
    case QuorumRole::candidate:
      say(teller(), f.epoch > member.role->epoch
                        ? fmt::format("learns that epoch {} has begun, follows {}", f.epoch, name(f.leader))
                        : fmt::format("follows {}, epoch {}", name(f.leader), f.epoch));
      return;
    case QuorumRole::prospective:
      say_again({}, fmt::format("follows {}, epoch {}", name(f.leader), f.epoch), Ink::plain);
      return;
    case QuorumRole::unattached:
    case QuorumRole::follower:
      return;
  }
}

// Without having led before, a process that comes back finds on its disk that the one before it led.
void Narrator::resigns(const MemberStory& member) {
  if (!member.role || member.role->role != QuorumRole::leader) return;
  if (stopping_.contains(now_->node)) {
    say(teller(), "resigns: it is stopping");
    return;
  }
  const model::Duration check = config_.quorum.controller_quorum_fetch_timeout * 3 / 2;
  // Where voters change it may also be that it is one no more: the fact gives no reason.
  const char* removed = config_.quorum.kraft_version > 0 ? "it votes no more, or " : "";
  say(teller(), fmt::format("resigns: {}no majority has fetched for {}", removed, short_seconds(check)));
}

void Narrator::operator()(const model::VoteAnswered& f) {
  if (in_boot_) return;
  if (f.granted) {
    if (!f.pre_vote) say(teller(), fmt::format("votes for {} in epoch {}", name(f.candidate), f.epoch));
    return;
  }
  const std::optional<model::QuorumRoleChanged>& role = members_[static_cast<std::size_t>(now_->node)].role;
  std::string why;
  if (role && role->epoch == f.epoch && role->leader != model::kNoNode) {
    why = role->leader == now_->node ? ": it leads" : ": " + name(role->leader) + " leads";
  } else if (role && role->epoch == f.epoch && role->voted != model::kNoNode && role->voted != f.candidate) {
    why = role->voted == now_->node ? ": it is a candidate itself" : ": it has voted for " + name(role->voted);
  }
  say_again({},
            fmt::format("refuses its {} to {} in epoch {}{}", f.pre_vote ? "pre-vote" : "vote", name(f.candidate),
                        f.epoch, why),
            Ink::plain);
}

void Narrator::operator()(const model::MetadataTruncated& f) {
  if (f.from <= f.to) return;
  say(teller(), fmt::format("truncates {} of the metadata log to offset {}", counted(f.from - f.to, "record"), f.to));
}

// A snapshot comes about on every node within moments: the leader's stands for all.
void Narrator::operator()(const model::MetadataSnapshot& f) {
  if (in_boot_ || (!f.loaded && now_->node != controller_)) return;
  say(teller(),
      fmt::format("{} a snapshot of the metadata log that ends at offset {}", f.loaded ? "loads" : "makes", f.offset));
}

void Narrator::operator()(const model::MetadataLogLost& f) {
  const std::string what = counted(f.from - f.to, "record") + " of the metadata log";
  const std::string with = is_wiped_now(now_->node) ? " with its disk" : " that its disk had not been given";
  say(teller(), fmt::format("loses {}{} (log end {} -> {})", what, with, f.from, f.to), Ink::red);
}

void Narrator::operator()(const model::QuorumFailed& f) {
  say(teller(), fmt::format("epoch {}: {}; the process ends", f.epoch, fault_text(f.fault)), Ink::red);
}

void Narrator::operator()(const model::RegistrationRefused& f) {
  const bool is_held = f.error == model::ErrorCode::duplicate_broker_registration;
  say_again({},
            fmt::format("is refused registration: {}{}", model::name_of(f.error),
                        is_held ? " (its former process has a session still)" : ""),
            Ink::cyan);
}

}  // namespace reports
