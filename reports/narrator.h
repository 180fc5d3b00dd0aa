// Turns faults and facts into lines, one after the other. What it has to remember for that (who controls,
// who leads, who is dead) it learns from the facts alone.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "model/text.h"
#include "reports/story.h"
#include "reports/words.h"
#include "sim/search/run.h"

namespace reports {

// A producer that hears nothing for longer has a story; causes and effects lie closer together.
inline constexpr model::Duration kSilence = model::seconds(1);

struct ProducerStory {
  std::optional<sim::Time> heard;  // started, or last acknowledged
  bool acknowledged = false;
  // The line about failures that is still growing.
  std::optional<std::size_t> failure_line;
  model::ErrorCode error = model::ErrorCode::none;
  bool outcome_unknown = false;
  sim::Time failure_last;
  std::int64_t failures = 0;
};

struct ReadingStory {                     // of one partition
  model::NodeId broker = model::kNoNode;  // that the last line said it reads from
  std::int64_t turns = 0;                 // to a broker, each for a moment, since then
};
struct ConsumerStory {
  std::optional<sim::Time> heard;     // last given records
  std::vector<ReadingStory> reading;  // by PartitionId
};

struct PartitionStory {
  std::optional<model::PartitionState> state;
  model::ReplicaAssignment assignment;
  model::Offset committed = -1;  // highest high watermark that a leader told; -1: not told
};

// What a member of the metadata quorum told of itself, and of a broker what the metadata log says.
struct MemberStory {
  std::optional<model::QuorumRoleChanged> role;  // none: not since its process began
  // The line about elections that it tries to win in vain is still growing.
  std::optional<std::size_t> election_line;
  model::LeaderEpoch first_election = 0;
};
struct RegistrationStory {
  bool fenced = false;
  bool in_controlled_shutdown = false;
};

// Walks over the facts once. A fact that a line about an earlier one has used is skipped.
class Narrator {
 public:
  Narrator(const sim::Plan& plan, const sim::Outcome& outcome)
      : plan_(plan),
        config_(plan.config),
        facts_(outcome.facts),
        faults_(outcome.faults),
        used_(outcome.facts.size(), false),
        partitions_(plan.config.partitions.size()),
        members_(plan.config.node_count()),
        registrations_(plan.config.node_count()),
        producers_(plan.config.producers.size()),
        consumers_(plan.config.consumers.size(), {std::nullopt, std::vector<ReadingStory>(partitions_.size())}) {
    for (std::size_t i = 0; i < partitions_.size(); ++i) {
      const auto number = static_cast<std::size_t>(config_.partitions[i].number);
      const model::PartitionId id{static_cast<std::uint16_t>(i)};
      partitions_[i].assignment.replicas = config_.topic_of(id).assignment[number];
    }
  }

  void fault(const sim::RecordedFault& recorded);
  void fact(std::size_t i);
  void boot_ends();
  std::vector<Line> lines() const { return story_.lines(); }

  void operator()(const model::ZkSessionClosed&);
  void operator()(const model::BrokerRegistered&);
  void operator()(const model::BrokerUnregistered&);
  void operator()(const model::ControllerElected&);
  void operator()(const model::ControllerVacated&);
  void operator()(const model::ControllerEpochChanged&);
  void operator()(const model::TopicCreated&);
  void operator()(const model::PartitionStateChanged&);
  void operator()(const model::StartFailed&);
  void operator()(const model::Stopped&);
  void operator()(const model::ZkConnectionLost&);
  void operator()(const model::ZkSessionExpiredSeen&);
  void operator()(const model::ControllerResigned&);
  void operator()(const model::ControllerMoved&);
  void operator()(const model::ElectionFailed&);
  void operator()(const model::Truncated&);
  void operator()(const model::HighWatermarkMoved&);
  void operator()(const model::IsrShrinkProposed&);
  void operator()(const model::IsrExpandProposed&);
  void operator()(const model::IsrChangeRefused&);
  void operator()(const model::RequestFenced&);
  void operator()(const model::NotEnoughReplicas&);
  void operator()(const model::ProducerStarted&);
  void operator()(const model::RecordsAcknowledged&);
  void operator()(const model::RecordsFailed&);
  void operator()(const model::RecordLost&);
  void operator()(const model::LogLost&);
  void operator()(const model::LeaderUnavailable&);
  void operator()(const model::InvariantViolated&);
  void operator()(const model::TopicConfigChanged&);
  void operator()(const model::TopicConfigApplied&);
  void operator()(const model::AssignmentChanged&);
  void operator()(const model::ReassignmentRefused&);
  void operator()(const model::ReplicaDeleted&);
  // The metadata log and its quorum: narrator_quorum.cpp.
  void operator()(const model::LeaderChange&);
  void operator()(const model::BrokerChanged&);
  void operator()(const model::ElrChanged&);
  void operator()(const model::QuorumRoleChanged&);
  void operator()(const model::VoteAnswered&);
  void operator()(const model::MetadataTruncated&);
  void operator()(const model::MetadataSnapshot&);
  void operator()(const model::MetadataLogLost&);
  void operator()(const model::QuorumFailed&);
  void operator()(const model::RegistrationRefused&);
  // Consumers: narrator_consumers.cpp.
  void operator()(const model::FetchesFrom&);
  void operator()(const model::RecordsConsumed&);
  void operator()(const model::PositionReset&);
  void operator()(const model::ConsumerFailed&);
  // Followed from the lines about what caused them.
  void operator()(const model::ConsumerStarted&) {}
  void operator()(const model::ReadReplicaPreferred&) {}
  void operator()(const model::LatestOffsetAnswered&) {}
  void operator()(const model::ZkSessionOpened&) {}
  void operator()(const model::ZnodeCreated&) {}
  void operator()(const model::ZnodeDeleted&) {}
  void operator()(const model::IsrCheckStarted&) {}
  void operator()(const model::BelievesController&) {}
  void operator()(const model::ControllerSeesBrokers&) {}
  void operator()(const model::BecameLeader&) {}
  void operator()(const model::BecameFollower&) {}
  void operator()(const model::RecordsAppended&) {}
  void operator()(const model::IsrCommitted&) {}
  void operator()(const model::ControlRequestApplied&) {}
  void operator()(const model::AcksAllAnswered&) {}
  void operator()(const model::MetadataAppended&) {}
  void operator()(const model::MetadataHighWatermarkMoved&) {}

 private:
  ConsumerStory& consumer();  // that tells now
  std::string name(model::NodeId node) const { return short_name(node, config_); }
  std::string names(const model::Replicas& nodes) const { return model::text_of(nodes, config_); }
  std::string teller() const { return name(now_->node); }
  // Who tells what is committed: ZooKeeper, or the leader of the metadata quorum.
  std::string committer() const { return config_.is_kraft() ? name(controller_) : "zk"; }
  void say(std::string who, std::string what, Ink ink = Ink::plain) {
    story_.tell({now_->at, std::move(who), {}, std::move(what), "", ink, 1, {}});
  }
  void say_of(model::PartitionId partition, std::string who, std::string what, std::string why = "",
              Ink ink = Ink::plain) {
    story_.tell({now_->at, std::move(who), {config_.name_of(partition)}, std::move(what), std::move(why), ink, 1, {}});
  }
  void say_again(std::vector<std::string> subjects, std::string what, Ink ink) {
    story_.tell_again({now_->at, teller(), std::move(subjects), std::move(what), "", ink, 1, {}});
  }
  // The first unused fact of this type after the current one, within `within`, that `fits`; marked as used.
  template <typename F, typename Fits>
  const F* take_next(model::Duration within, Fits fits) {
    for (std::size_t i = index_ + 1; i < facts_.size() && facts_[i].at - now_->at <= within; ++i) {
      const F* found = std::get_if<F>(&facts_[i].fact);
      if (found == nullptr || used_[i] || !fits(facts_[i], *found)) continue;
      used_[i] = true;
      story_.also_about(i);
      return found;
    }
    return nullptr;
  }
  bool resigns_soon(model::NodeId node) {
    return take_next<model::ControllerResigned>(kSilence, [&](const auto& told, const model::ControllerResigned& f) {
             return told.node == node && f.epoch != 0;
           }) != nullptr;
  }
  model::NodeId writer_of(const model::PartitionState& before, const model::PartitionState& after) const;
  std::string reason(model::PartitionId partition, const model::PartitionState& before,
                     const model::PartitionState& after) const;
  std::string needlessness(const sim::Fault& fault) const;
  bool is_wiped_now(model::NodeId node) const;
  std::string predecessor_of(model::NodeId node) const;
  void broker_registers(model::NodeId broker, model::BrokerEpoch broker_epoch);
  void tell_causes(const model::PartitionState& before, const model::PartitionState& after);
  void becomes_candidate(MemberStory& member, const model::QuorumRoleChanged& f);
  void follows(const MemberStory& member, const model::QuorumRoleChanged& f);
  void resigns(const MemberStory& member);
  const model::Replicas& assignment_of(model::PartitionId partition) const;
  std::string why_leader_stays(model::PartitionId partition, const model::PartitionState& state) const;
  bool is_committed_later(model::PartitionId partition, const model::Replicas& isr) const;
  void proposal(model::PartitionId partition, const model::Replicas& isr, const model::Replicas& to,
                std::string_view because);

  const sim::Plan& plan_;
  const model::ClusterConfig& config_;
  const std::vector<sim::RecordedFact>& facts_;
  const std::vector<sim::RecordedFault>& faults_;
  std::vector<bool> used_;
  std::vector<PartitionStory> partitions_;
  std::vector<MemberStory> members_;              // by node
  std::vector<RegistrationStory> registrations_;  // likewise
  std::vector<ProducerStory> producers_;
  std::vector<ConsumerStory> consumers_;
  std::map<model::ControllerEpoch, model::NodeId> controllers_;  // who won which epoch, in KRaft mode of the quorum
  model::NodeId controller_ = model::kNoNode;
  model::ControllerEpoch epoch_ = 0;
  std::set<model::NodeId> alive_;  // registered, in KRaft mode unfenced as well
  std::set<model::NodeId> ever_registered_, were_dead_, stopping_;
  std::set<std::pair<model::NodeId, model::SessionId>> expiry_seen_;
  std::optional<sim::Time> boot_elected_, boot_states_;
  bool in_boot_ = true;
  Story story_;
  const sim::RecordedFact* now_ = nullptr;
  std::size_t index_ = 0;
};

std::string elr_text(const model::ElrChanged& f, const model::ClusterConfig& config);  // "elr b2 · last known elr b3"

inline std::size_t producer_index(const model::ClusterConfig& config, model::NodeId node) {
  return static_cast<std::size_t>(node) - 1 - config.brokers.size();
}

}  // namespace reports
