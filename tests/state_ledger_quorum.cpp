#include "tests/state_ledger_quorum.h"

#include <algorithm>
#include <variant>

namespace sim::test {
namespace {

template <typename F>
bool is_a(const model::Fact& fact) {
  return std::holds_alternative<F>(fact);
}

bool is_of_committed(const model::Fact& fact) {
  return is_a<model::LeaderChange>(fact) || is_a<model::BrokerChanged>(fact) || is_a<model::ElrChanged>(fact);
}

bool holds(const model::MetadataLog& log, model::OffsetAndEpoch id) {
  return std::any_of(log.snapshots.begin(), log.snapshots.end(),
                     [&](const model::Snapshot& snapshot) { return snapshot.id == id; });
}

}  // namespace

bool is_of_quorum(const model::Fact& fact) {
  return is_of_committed(fact) || is_a<model::QuorumRoleChanged>(fact) || is_a<model::VoteAnswered>(fact) ||
         is_a<model::MetadataAppended>(fact) || is_a<model::MetadataTruncated>(fact) ||
         is_a<model::MetadataHighWatermarkMoved>(fact) || is_a<model::MetadataSnapshot>(fact) ||
         is_a<model::MetadataLogLost>(fact);
}

// --- one member ----------------------------------------------------------------------------------

void QuorumLedger::say(Wrongs& wrong, const std::string& what) const {
  wrong.push_back(config_.name_of(id_) + ": " + what);
}

// A log that ends before its snapshot begins anew from it, which nobody is told of.
void QuorumLedger::begin_process(const model::MetadataLog& log) {
  if (snapshot_.offset > log_end_ && holds(log, snapshot_)) log_end_ = snapshot_.offset;
}

// Of its records at least the epoch stands in the log, unless the step has cut them off again.
void QuorumLedger::apply(const model::MetadataAppended& fact, const model::MetadataLog& log, Wrongs& wrong) {
  if (fact.base_offset != log_end_) say(wrong, "metadata appended elsewhere than at the end of the log");
  if (fact.as_leader != leads()) say(wrong, "metadata appended in another role than told");
  log_end_ = fact.base_offset + fact.count;
  if (log.end() < log_end_) return;
  const auto batch = std::find_if(log.batches.begin(), log.batches.end(), [&](const model::MetadataBatch& each) {
    return each.base_offset == fact.base_offset;
  });
  if (batch == log.batches.end()) return;
  if (batch->epoch != fact.epoch || batch->end() != log_end_) say(wrong, "metadata appended is another batch");
}

void QuorumLedger::apply(const model::MetadataSnapshot& fact, const model::MetadataLog& log, Wrongs& wrong) {
  const model::OffsetAndEpoch id{fact.epoch, fact.offset};
  if (!holds(log, id)) say(wrong, "a snapshot that it does not have");
  if (fact.loaded != (log.start == fact.offset)) say(wrong, "a snapshot is made here, or loaded");
  if (fact.loaded) log_end_ = fact.offset;
  snapshot_ = id;
}

// A new leader knows no high watermark.
void QuorumLedger::apply(const model::QuorumRoleChanged& fact) {
  const bool led_in_it = leads() && role_->epoch == fact.epoch;
  role_.emplace(fact);
  if (leads() && !led_in_it) high_watermark_ = model::kUnknownOffset;
}

void QuorumLedger::apply(const model::VoteAnswered& fact, const model::VoteRequest* asked, Wrongs& wrong) {
  if (asked == nullptr || asked->candidate.node != fact.candidate || asked->epoch != fact.epoch ||
      asked->pre_vote != fact.pre_vote) {
    say(wrong, "a vote that was not asked for");
  }
  granted_[fact.candidate] = fact.granted;
}

void QuorumLedger::check_vote(model::NodeId candidate, const model::VoteResponse& answer, Wrongs& wrong) {
  if (answer.error != model::ErrorCode::none) return;
  const auto told = granted_.find(candidate);
  if (told == granted_.end() || told->second != answer.granted) say(wrong, "a vote that was not told so");
  if (told != granted_.end()) granted_.erase(told);
}

void QuorumLedger::cut(model::Offset from, model::Offset to, Wrongs& wrong) {
  if (from != log_end_ || to >= from) say(wrong, "metadata cut from where the log does not end");
  log_end_ = to;
}

// Without a process only the whole disk can go untold.
void QuorumLedger::compare_log(const model::RaftDisk& disk, bool running, Wrongs& wrong) {
  const model::MetadataLog& log = disk.log;
  if (!running && log.end() == 0 && log.snapshots.empty()) {
    log_end_ = 0;
    snapshot_ = {};
  }
  if (log.end() != log_end_) {
    say(wrong, "metadata log ends at " + std::to_string(log.end()) + ", told " + std::to_string(log_end_));
  }
  const model::Snapshot* latest = latest_snapshot(log);
  if ((latest == nullptr ? model::OffsetAndEpoch{} : latest->id) != snapshot_) say(wrong, "another snapshot than told");
}

void QuorumLedger::compare_memory(const model::RaftMemory& memory, Wrongs& wrong) const {
  if (!role_) return say(wrong, "it has a role in the quorum, and has told none");
  const model::QuorumRoleChanged now{static_cast<model::QuorumRole>(memory.state.index()), memory.epoch,
                                     leader_of(memory), voted_of(memory).node};
  if (now.fields() != role_->fields()) say(wrong, "its role in the quorum is another than told");
  if (memory.high_watermark != high_watermark_) say(wrong, "the metadata high watermark is another than told");
}

void QuorumLedger::check(const model::RaftDisk& disk, const model::RaftMemory* memory, const model::VoteRequest* asked,
                         const Facts& told, Wrongs& wrong) {
  const bool running = memory != nullptr && memory->running;
  if (running && !running_) begin_process(disk.log);
  for (const model::Fact& fact : told) {
    std::visit(model::overloaded{
                   [&](const model::MetadataAppended& f) { apply(f, disk.log, wrong); },
                   [&](const model::MetadataSnapshot& f) { apply(f, disk.log, wrong); },
                   [&](const model::QuorumRoleChanged& f) { apply(f); },
                   [&](const model::VoteAnswered& f) { apply(f, asked, wrong); },
                   [&](const model::MetadataTruncated& f) { cut(f.from, f.to, wrong); },
                   [&](const model::MetadataLogLost& f) { cut(f.from, f.to, wrong); },
                   [&](const model::MetadataHighWatermarkMoved& f) {
                     if (f.from != high_watermark_) say(wrong, "the metadata high watermark moves from elsewhere");
                     if (f.as_leader != leads()) say(wrong, "the metadata high watermark moves in another role");
                     high_watermark_ = f.to;
                   },
                   [](const auto&) {},
               },
               fact);
  }
  compare_log(disk, running, wrong);
  if (running) {
    compare_memory(*memory, wrong);
  } else {
    role_.reset();
    high_watermark_ = model::kUnknownOffset;
    granted_.clear();
  }
  running_ = running;
}

// --- what is committed ---------------------------------------------------------------------------

void CommittedLedger::load(const model::Snapshot& snapshot) {
  offset_ = snapshot.id.offset;
  brokers_.clear();
  for (const model::BrokerRegistration& each : snapshot.image.brokers) {
    brokers_[each.broker] = {each.broker_epoch, each.fenced, each.in_controlled_shutdown};
  }
  for (std::size_t i = 0; i < snapshot.image.partitions.size(); ++i) {
    const model::PartitionRegistration& partition = snapshot.image.partitions[i];
    eligible_[model::PartitionId(static_cast<std::uint16_t>(i))] = {partition.eligible_leader_replicas,
                                                                    partition.last_known_elr};
  }
}

void CommittedLedger::derive(const model::MetadataRecord& record, model::LeaderEpoch epoch, Facts& facts) {
  if (const auto* led = std::get_if<model::LeaderChangeRecord>(&record)) {
    facts.emplace_back(model::LeaderChange{offset_, epoch, led->leader});
  } else if (const auto* registered = std::get_if<model::RegisterBrokerRecord>(&record)) {
    brokers_[registered->broker] = {registered->broker_epoch, registered->fenced, registered->in_controlled_shutdown};
  } else if (const auto* gone = std::get_if<model::UnregisterBrokerRecord>(&record)) {
    brokers_.erase(gone->broker);
  } else if (const auto* changed = std::get_if<model::BrokerRegistrationChangeRecord>(&record)) {
    const auto known = brokers_.find(changed->broker);
    if (known == brokers_.end() || known->second.epoch != changed->broker_epoch) return;
    Registration& now = known->second;
    if (changed->fenced != model::FenceChange::none) now.fenced = changed->fenced == model::FenceChange::fence;
    now.in_controlled_shutdown = now.in_controlled_shutdown || changed->in_controlled_shutdown;
    facts.emplace_back(
        model::BrokerChanged{offset_, changed->broker, now.epoch, now.fenced, now.in_controlled_shutdown});
  } else if (const auto* partition = std::get_if<model::PartitionChangeRecord>(&record)) {
    if (!partition->eligible_leader_replicas && !partition->last_known_elr) return;
    Eligible& now = eligible_[partition->partition];
    if (partition->eligible_leader_replicas) now.elr = *partition->eligible_leader_replicas;
    if (partition->last_known_elr) now.last = *partition->last_known_elr;
    facts.emplace_back(model::ElrChanged{offset_, partition->partition, now.elr, now.last});
  }
}

void CommittedLedger::check(const model::RaftDisk& disk, const model::RaftMemory& memory, const Facts& told,
                            Wrongs& wrong) {
  Facts derived;
  const model::MetadataLog& log = disk.log;
  if (is_leader(memory) && memory.high_watermark > offset_) {
    if (log.start > offset_) {
      const auto covers = std::find_if(log.snapshots.begin(), log.snapshots.end(), [&](const model::Snapshot& each) {
        return each.id.offset >= log.start && each.id.offset <= memory.high_watermark;
      });
      if (covers != log.snapshots.end()) load(*covers);
    }
    for (std::size_t i = first_batch_at(log, offset_); i < log.batches.size(); ++i) {
      const model::MetadataBatch& batch = log.batches[i];
      model::Offset at = batch.base_offset;
      for (const model::MetadataRecord& record : batch.records) {
        if (at == offset_ && at < memory.high_watermark) {
          derive(record, batch.epoch, derived);
          ++offset_;
        }
        ++at;
      }
    }
  }
  Facts of_committed;
  std::copy_if(told.begin(), told.end(), std::back_inserter(of_committed), is_of_committed);
  compare_facts(std::move(derived), of_committed, "the committed metadata", wrong);
}

}  // namespace sim::test
