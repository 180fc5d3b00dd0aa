#include "reports/narrator.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/rules.h"
#include "reports/words.h"

namespace reports {

using model::NodeId;
using model::PartitionId;

// The controller, or the leader itself where it writes its ISR to ZooKeeper.
NodeId Narrator::writer_of(const model::PartitionState& before, const model::PartitionState& after) const {
  const bool only_isr = before.leader == after.leader && before.leader_epoch == after.leader_epoch;
  if (only_isr && plan_.rules.isr_channel == model::IsrChannel::zookeeper) return after.leader;
  const auto found = controllers_.find(after.controller_epoch);
  return found != controllers_.end() ? found->second : controller_;
}

const model::Replicas& Narrator::assignment_of(PartitionId partition) const {
  return partitions_[model::index(partition)].assignment.replicas;
}

std::string Narrator::reason(PartitionId partition, const model::PartitionState& before,
                             const model::PartitionState& after) const {
  std::vector<std::string> parts;
  const char* const dead = config_.is_kraft() ? " is fenced" : " is dead";
  const model::ReplicaAssignment& assigned = partitions_[model::index(partition)].assignment;
  const auto is_to_go = [&](NodeId node) {
    return assigned.removing.contains(node) || !assigned.replicas.contains(node);
  };
  for (const NodeId node : before.isr) {
    if (after.isr.contains(node)) continue;
    const char* what = !alive_.contains(node)     ? dead
                       : stopping_.contains(node) ? " is stopping"
                       : is_to_go(node)           ? " is to go"
                                                  : " fell behind";
    parts.push_back(name(node) + what);
  }
  for (const NodeId node : after.isr) {
    if (!before.isr.contains(node))
      parts.push_back(name(node) + (were_dead_.contains(node) ? " is back" : " caught up"));
  }
  const bool has_new_leader = after.leader != before.leader && after.leader != model::kNoNode;
  if (has_new_leader && !before.isr.contains(after.leader)) {
    return fmt::format("UNCLEAN: {} was not in isr {}", name(after.leader), names(before.isr));
  }
  if (has_new_leader && parts.empty() && before.leader != model::kNoNode) {
    if (stopping_.contains(before.leader)) {
      parts.push_back(name(before.leader) + " is stopping");
    } else if (!alive_.contains(before.leader)) {
      parts.push_back(name(before.leader) + dead);
    } else if (is_to_go(before.leader)) {
      parts.push_back(name(before.leader) + " is to go");
    } else if (!assigned.replicas.empty() && assigned.replicas.front() == after.leader) {
      parts.push_back("preferred leader");
    }
  }
  return joined(parts, ", ");
}

void Narrator::operator()(const model::PartitionStateChanged& f) {
  std::optional<model::PartitionState>& known = partitions_[model::index(f.partition)].state;
  const std::optional<model::PartitionState> before = std::exchange(known, f.state);
  if (in_boot_) {
    boot_states_ = now_->at;
    return;
  }
  if (config_.is_kraft() && before) tell_causes(*before, f.state);
  const bool only_isr = before && before->leader == f.state.leader && before->leader_epoch == f.state.leader_epoch;
  const std::string leader = f.state.leader == model::kNoNode ? "no leader" : "leader " + name(f.state.leader);
  std::string what =
      only_isr ? "isr " + names(f.state.isr)
               : fmt::format("{} · leader epoch {} · isr {}", leader, f.state.leader_epoch, names(f.state.isr));
  const auto same_record = [&](const auto&, const model::ElrChanged& elr) { return elr.partition == f.partition; };
  if (const auto* elr = take_next<model::ElrChanged>({}, same_record)) what += " · " + elr_text(*elr, config_);
  const std::string why = before ? reason(f.partition, *before, f.state) : "";
  const Ink ink = why.starts_with("UNCLEAN") || f.state.leader == model::kNoNode ? Ink::red : Ink::plain;
  say_of(f.partition, name(before ? writer_of(*before, f.state) : controller_), what, why, ink);
}

void Narrator::operator()(const model::AssignmentChanged& f) {
  model::ReplicaAssignment& assigned = partitions_[model::index(f.partition)].assignment;
  assigned = {f.replicas, f.adding, f.removing};
  std::string what = (is_being_reassigned(assigned) ? "moves to " : "is assigned to ") + names(target_of(assigned));
  if (!f.adding.empty()) what += " · adding " + names(f.adding);
  if (!f.removing.empty()) what += " · removing " + names(f.removing);
  say_of(f.partition, name(controller_), what);
}

void Narrator::operator()(const model::ReassignmentRefused& f) {
  const bool is_dead = f.error == model::ErrorCode::invalid_replica_assignment;
  say_of(f.partition, teller(), fmt::format("reassignment is refused: {}", model::name_of(f.error)),
         is_dead ? "a new replica's broker is not alive" : "", Ink::red);
}

void Narrator::operator()(const model::ReplicaDeleted& f) {
  say_of(f.partition, teller(), fmt::format("deletes its replica, {}", counted(f.log_end_offset, "record")));
}

// --- replication ---------------------------------------------------------------------------------

void Narrator::operator()(const model::Truncated& f) {
  if (f.from <= f.to) return;
  const model::Offset committed = partitions_[model::index(f.partition)].committed;
  const bool is_uncommitted = committed >= 0 && f.to >= committed;
  say_of(f.partition, teller(),
         fmt::format("truncates {} to offset {}",
                     counted(f.from - f.to, is_uncommitted ? "uncommitted record" : "record"), f.to));
}

void Narrator::operator()(const model::HighWatermarkMoved& f) {
  model::Offset& committed = partitions_[model::index(f.partition)].committed;
  if (f.as_leader) committed = std::max(committed, f.to);
}

bool Narrator::is_committed_later(PartitionId partition, const model::Replicas& isr) const {
  for (std::size_t i = index_ + 1; i < facts_.size(); ++i) {
    const auto* changed = std::get_if<model::PartitionStateChanged>(&facts_[i].fact);
    if (changed == nullptr || changed->partition != partition) continue;
    return changed->state.isr == isr;
  }
  return false;
}

// Only a proposal that does not come about deserves a line of its own.
void Narrator::proposal(PartitionId partition, const model::Replicas& isr, const model::Replicas& to,
                        std::string_view because) {
  if (is_committed_later(partition, to)) return;
  model::Replicas moved;
  const model::Replicas& longer = isr.size() > to.size() ? isr : to;
  const model::Replicas& shorter = isr.size() > to.size() ? to : isr;
  for (const NodeId node : longer) {
    if (!shorter.contains(node)) moved.push_back(node);
  }
  say_again({config_.name_of(partition)},
            fmt::format("proposes isr {} ({} {}); it does not come about", names(to), names(moved), because),
            Ink::plain);
}
void Narrator::operator()(const model::IsrShrinkProposed& f) { proposal(f.partition, f.isr, f.to, "fell behind"); }
void Narrator::operator()(const model::IsrExpandProposed& f) { proposal(f.partition, f.isr, f.to, "caught up"); }

void Narrator::operator()(const model::IsrChangeRefused& f) {
  say_again({config_.name_of(f.partition)}, fmt::format("isr change is refused: {}", model::name_of(f.error)),
            Ink::cyan);
}

std::string_view epoch_word(model::ErrorCode error) {
  if (error == model::ErrorCode::stale_controller_epoch) return "controller epoch";
  return error == model::ErrorCode::stale_broker_epoch ? "broker epoch" : "leader epoch";
}

void Narrator::operator()(const model::RequestFenced& f) {
  const std::string epoch = fmt::format("{} {}", epoch_word(f.error), f.requested);
  const std::vector<std::string> subjects =
      f.has_partition ? std::vector<std::string>{config_.name_of(f.partition)} : std::vector<std::string>{};
  std::string held_against;
  if (f.error == model::ErrorCode::stale_broker_epoch && f.local < 0) {
    held_against = epoch + " is registered no longer";
  } else if (f.requested < f.local) {
    held_against = fmt::format("{} has passed, it is {}", epoch, f.local);
  } else if (f.requested > f.local) {
    held_against = fmt::format("{} is not known here yet, only {}", epoch, f.local);
  } else {
    say_again(subjects, fmt::format("refuses {}: {} in {}", name(f.sender), model::name_of(f.error), epoch), Ink::cyan);
    return;
  }
  const std::string refusal = fmt::format("refuses {}: {} ({})", name(f.sender), held_against, model::name_of(f.error));
  say_again(subjects, refusal, Ink::cyan);
}

void Narrator::operator()(const model::NotEnoughReplicas& f) {
  say_again({config_.name_of(f.partition)},
            fmt::format("refuses writes: isr of {}, min.insync.replicas {}", f.isr, f.min_insync_replicas), Ink::red);
}

// --- clients -------------------------------------------------------------------------------------

void Narrator::operator()(const model::ProducerStarted&) {
  producers_[producer_index(config_, now_->node)].heard = now_->at;
}

void Narrator::operator()(const model::RecordsAcknowledged&) {
  ProducerStory& producer = producers_[producer_index(config_, now_->node)];
  const model::Duration usual = config_.producer(now_->node).interval * 2;
  if (producer.heard && now_->at - *producer.heard > std::max(kSilence, usual)) {
    const std::string silence = tenths(now_->at - *producer.heard);
    say(teller(), producer.acknowledged ? fmt::format("acknowledged again after {} of silence", silence)
                                        : fmt::format("acknowledged for the first time, after {}", silence));
  }
  producer.heard = now_->at;
  producer.acknowledged = true;
}

void Narrator::operator()(const model::RecordLost& f) {
  const std::string why = f.reason == model::LossReason::none ? "" : ": by design, " + loss_text(f.reason);
  say(teller(),
      fmt::format("{} lacks {} that {} had acknowledged{}", config_.name_of(f.partition), counted(f.count, "record"),
                  name(f.producer), why),
      Ink::red);
}

void Narrator::operator()(const model::LeaderUnavailable& f) {
  say_of(f.partition, teller(), fmt::format("cannot follow {} in leader epoch {}", name(f.leader), f.leader_epoch),
         "its metadata shows " + name(f.leader) + " dead");
}

bool Narrator::is_wiped_now(NodeId node) const {
  return std::any_of(faults_.begin(), faults_.end(), [&](const sim::RecordedFault& recorded) {
    const sim::AppliedFault& applied = recorded.applied;
    const bool is_wipe = plan_.faults[applied.row].kind == sim::FaultKind::wipe && !applied.undo;
    return is_wipe && applied.at == now_->at &&
           std::find(applied.who.begin(), applied.who.end(), node) != applied.who.end();
  });
}

void Narrator::operator()(const model::LogLost& f) {
  const std::string what = counted(f.from - f.to, "record");
  say_of(f.partition, teller(),
         is_wiped_now(now_->node) ? fmt::format("loses {} with its disk", what)
                                  : fmt::format("loses {} that its disk had not been given", what),
         fmt::format("log end {} -> {}", f.from, f.to), Ink::red);
}

void Narrator::operator()(const model::InvariantViolated& f) {
  const std::string where = f.has_partition ? config_.name_of(f.partition) + " " : "";
  say(f.broker == model::kNoNode ? "" : name(f.broker),
      fmt::format("{}breaks {}", where, model::row_of(f.invariant).name), Ink::red);
}

void Narrator::operator()(const model::RecordsFailed& f) {
  ProducerStory& producer = producers_[producer_index(config_, now_->node)];
  const bool goes_on = producer.failure_line && producer.error == f.error &&
                       producer.outcome_unknown == f.outcome_unknown && now_->at - producer.failure_last <= kSilence;
  if (!goes_on) {
    producer.failure_line = story_.size();
    producer.failures = 0;
    say(teller(), "", Ink::red);
  }
  producer.failures += f.count;
  producer.error = f.error;
  producer.outcome_unknown = f.outcome_unknown;
  producer.failure_last = now_->at;
  Draft& line = story_.at(*producer.failure_line);
  line.what = fmt::format("gives up on {}: {}", counted(producer.failures, "record"), model::name_of(f.error));
  if (now_->at > line.at) line.what += ", until " + seconds_text(now_->at.us);
  if (f.outcome_unknown) line.what += " (may have been appended)";
}

}  // namespace reports
