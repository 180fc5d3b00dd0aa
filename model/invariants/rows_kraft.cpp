// KRaft mode: the controller above the metadata log, and brokers as it sees them.
#include <algorithm>
#include <array>

#include "model/invariants/rows.h"
#include "model/rules.h"

namespace model {
namespace {

const QuorumHistory& quorum(const View& view) { return view.history.quorum; }
std::string number_text(std::int64_t value) { return std::to_string(value); }

// --- the controller -------------------------------------------------------------------------------

bool controller_claims_its_own_epoch(const View& view, const Told& told, Breach& breach) {
  const auto& claim = std::get<BelievesController>(told.fact);
  const RaftMemory* raft = raft_at(view, told.teller);
  if (!view.config.is_kraft() || raft == nullptr) return true;
  const auto& claimed = quorum(view).claimed;
  const bool is_taken = std::find(claimed.begin(), claimed.end(), claim.epoch) != claimed.end();
  if (!is_taken && raft->epoch == claim.epoch && is_leader(*raft)) return true;
  breach.broker = told.teller;
  breach.what = name_of(view, told.teller) + " acts as controller in epoch " + number_text(claim.epoch) +
                (is_taken ? ", in which another one has" : ", in which it does not lead the quorum");
  return false;
}

// What a state machine above the log holds, at the offset that it has read.
bool is_the_logs_word(const View& view, const MetadataImage& image) {
  const auto& images = quorum(view).images;
  const auto at = std::lower_bound(images.begin(), images.end(), image.offset,
                                   [](const ImageAt& known, Offset offset) { return known.offset < offset; });
  return at == images.end() || at->offset != image.offset || at->hash == hash_of(image);
}

bool images_are_the_logs_word(const View& view, const Told& told, Breach& breach) {
  const QuorumController* controller = controller_at(view, told.teller);
  const MetadataImage* published = published_at(view, told.teller);
  const bool controller_is = controller == nullptr || is_the_logs_word(view, controller->stable);
  if (controller_is && (published == nullptr || is_the_logs_word(view, *published))) return true;
  breach.broker = told.teller;
  breach.what = name_of(view, told.teller) + "'s " + (controller_is ? "published metadata" : "controller") +
                " is not what the metadata log says up to offset " +
                number_text(controller_is ? published->offset : controller->stable.offset);
  return false;
}

bool renouncing_reverts(const View& view, const Told& told, Breach& breach) {
  const QuorumController* controller = controller_at(view, told.teller);
  if (!view.config.is_kraft() || controller == nullptr) return true;
  if (is_active(*controller)) return true;  // in office again within the step
  if (controller->stable.offset <= committed_end(quorum(view)) && is_the_logs_word(view, controller->stable))
    return true;
  breach.broker = told.teller;
  breach.what = name_of(view, told.teller) + " is no controller any more and keeps what was never committed";
  return false;
}

// --- brokers --------------------------------------------------------------------------------------

bool broker_epochs_grow(const View& view, const Told& told, Breach& breach) {
  const auto& registered = std::get<BrokerRegistered>(told.fact);
  if (!view.config.is_kraft()) return true;
  const BrokerHistory& past = view.history.brokers[static_cast<std::size_t>(registered.broker)];
  if (past.registrations == 0) return true;
  // The same process again, which had missed the answer, keeps its epoch.
  const bool may_be_equal = incarnation_of(view, told.teller, registered) == past.incarnation;
  const bool grows = may_be_equal ? registered.session >= past.session : registered.session > past.session;
  if (grows && registered.session <= registered.zxid) return true;
  breach.broker = registered.broker;
  breach.what = name_of(view, registered.broker) + " is registered with broker epoch " +
                number_text(registered.session) + " at offset " + number_text(registered.zxid) + " after epoch " +
                number_text(past.session);
  return false;
}

// --- partitions -----------------------------------------------------------------------------------

// Before KAFKA-18106 a broker that comes back before it is fenced keeps its partitions, although it is registered as
// fenced until it has caught up.
bool inactive_brokers_lead_nothing(const View& view, PartitionId p, Breach& breach) {
  if (!view.config.is_kraft()) return true;
  const MetadataImage& image = quorum(view).image;
  const PartitionRegistration& partition = image.partitions[index(p)];
  if (!partition.exists) return true;
  const auto excused = [&](NodeId broker) {
    if (view.history.brokers[static_cast<std::size_t>(broker)].unfenced_while_stopping) return true;
    const BrokerRegistration* registration = find_broker(image, broker);
    return registration != nullptr && !view.rules.kraft.new_incarnation_leaves_isr &&
           view.history.brokers[static_cast<std::size_t>(broker)].registrations > 1;
  };
  if (partition.leader != kNoNode && !is_active(image, partition.leader) && !excused(partition.leader)) {
    breach.broker = partition.leader;
    breach.what = name_of(view, partition.leader) + " is stored as leader, and is fenced or shutting down";
    return false;
  }
  // The last one stays where nobody would know otherwise who has the records.
  const bool is_last = partition.leader == kNoNode && partition.isr.size() == 1;
  for (const NodeId member : partition.isr) {
    if (is_last || is_active(image, member) || excused(member)) continue;
    breach.broker = member;
    breach.what = name_of(view, member) + " is stored in the ISR, and is fenced or shutting down";
    return false;
  }
  return true;
}

bool eligible_replicas_are_consistent(const View& view, PartitionId p, Breach& breach) {
  if (!view.config.is_kraft()) return true;
  const PartitionRegistration& partition = quorum(view).image.partitions[index(p)];
  if (!partition.exists || partition.eligible_leader_replicas.empty()) return true;
  const auto replicas = static_cast<std::int32_t>(partition.assignment.replicas.size());
  const std::int32_t min_isr = std::min(
      quorum(view).image.topics[index(view.config.partitions[index(p)].topic)].settings.min_insync_replicas, replicas);
  for (const NodeId member : partition.eligible_leader_replicas) {
    if (partition.assignment.replicas.contains(member) && !partition.isr.contains(member)) continue;
    breach.broker = member;
    breach.what = name_of(view, member) + " is stored as eligible, and " +
                  (partition.isr.contains(member) ? "is in the ISR too" : "is not assigned");
    return false;
  }
  if (static_cast<std::int32_t>(partition.isr.size()) < min_isr) return true;
  breach.what = "eligible leader replicas are stored although the ISR has min.insync.replicas members";
  return false;
}

// Whoever is eligible can be elected without loss: it left the ISR when nothing could be committed without it.
bool eligible_replicas_are_complete(const View& view, PartitionId p, Breach& breach) {
  if (!view.config.is_kraft()) return true;
  const PartitionHistory& past = history_of(view, p);
  if (past.loss != LossReason::none || epochs_are_reused(view, p)) return true;
  for (const NodeId member : past.eligible_leader_replicas) {
    const Offset held = past.replicas[static_cast<std::size_t>(member)].committed_held;
    if (held >= past.committed.end() || misses_what_it_lost(view, p, member)) continue;
    breach.broker = member;
    breach.what = name_of(view, member) + " is eligible to lead and holds committed records only below offset " +
                  number_text(held) + " of " + number_text(past.committed.end());
    return false;
  }
  return true;
}

// --- when the faults are over ---------------------------------------------------------------------

bool quorum_has_a_leader(const View& view, Breach& breach) {
  if (!view.config.is_kraft() || !majority_of_voters_runs(view)) return true;
  const NodeId leader = quorum_leader_of(view.nodes);
  if (leader == kNoNode) {
    breach.what = "a majority of the voters lives, and nobody leads the quorum";
    return false;
  }
  const LeaderEpoch epoch = raft_at(view, leader)->epoch;
  for (std::size_t id = 0; id < view.nodes.size(); ++id) {
    const auto node = NodeId(static_cast<std::uint8_t>(id));
    const RaftMemory* raft = raft_at(view, node);
    if (raft == nullptr || raft->shutting_down || (raft->epoch == epoch && leader_of(*raft) == leader)) continue;
    breach.broker = node;
    breach.what = name_of(view, node) + " has not heard that " + name_of(view, leader) + " leads the quorum in epoch " +
                  number_text(epoch);
    return false;
  }
  return true;
}

bool metadata_has_arrived(const View& view, Breach& breach) {
  if (!view.config.is_kraft() || !majority_of_voters_runs(view)) return true;
  const MetadataImage& image = quorum(view).image;
  for (std::size_t id = 1; id <= view.config.brokers.size(); ++id) {
    const auto broker = NodeId(static_cast<std::uint8_t>(id));
    const MetadataImage* published = published_at(view, broker);
    if (published == nullptr || broker_at(view, broker).memory.phase != BrokerPhase::running) continue;
    if (published->partitions == image.partitions && published->brokers == image.brokers) continue;
    breach.broker = broker;
    breach.what = name_of(view, broker) + " has read the metadata log up to offset " + number_text(published->offset) +
                  ", and what it says of partitions and brokers up to " + number_text(image.offset) +
                  " is something else";
    return false;
  }
  return true;
}

bool brokers_are_seen_as_they_are(const View& view, Breach& breach) {
  if (!view.config.is_kraft() || !majority_of_voters_runs(view)) return true;
  for (const BrokerRegistration& registration : quorum(view).image.brokers) {
    const BrokerPhase phase = broker_at(view, registration.broker).memory.phase;
    const bool runs = phase == BrokerPhase::running || phase == BrokerPhase::loading;
    const bool is_gone = phase == BrokerPhase::down;
    if ((!runs || !registration.fenced) && (!is_gone || registration.fenced)) continue;
    breach.broker = registration.broker;
    breach.what = name_of(view, registration.broker) +
                  (runs ? " lives, and is still fenced" : " has been gone for long, and is not fenced");
    return false;
  }
  return true;
}

Duration election_time(const ClusterConfig& config) {
  const QuorumSettings& quorum = config.quorum;
  return quorum.controller_quorum_fetch_timeout * 2 + quorum.controller_quorum_election_timeout * 4 +
         quorum.controller_quorum_request_timeout * 2 + seconds(5);
}
Duration fencing_time(const ClusterConfig& config) {
  return election_time(config) + config.quorum.broker_session_timeout * 5 / 4 + seconds(10);
}

// --- preconditions --------------------------------------------------------------------------------

bool is_in_kraft_mode(const View& view, const Told&) { return view.config.is_kraft(); }
bool has_registered_before(const View& view, const Told& told) {
  const auto& registered = std::get<BrokerRegistered>(told.fact);
  return view.config.is_kraft() && view.history.brokers[static_cast<std::size_t>(registered.broker)].registrations > 0;
}
bool fences(const View&, const Told& told) { return std::get<BrokerChanged>(told.fact).fenced; }
bool is_elr(const View&, const Told& told) { return !std::get<ElrChanged>(told.fact).eligible_leader_replicas.empty(); }

constexpr std::array<std::string_view, 2> kClaim{"quorum-minority-elects", "restarted-leader-leads-on"};
constexpr std::array<std::string_view, 5> kImage{"standby-skips-records", "quorum-minority-elects",
                                                 "leader-drops-unconfirmed", "votes-for-shorter-log",
                                                 "keeps-uncommitted-on-renounce"};
constexpr std::array<std::string_view, 5> kReverts{"keeps-uncommitted-on-renounce", "quorum-minority-elects",
                                                   "leader-drops-unconfirmed", "votes-for-shorter-log",
                                                   "standby-skips-records"};
constexpr std::array<std::string_view, 1> kEpochs{"broker-epoch-reused"};
constexpr std::array<std::string_view, 7> kInactive{
    "fenced-broker-stays-in-isr", "quorum-minority-elects", "leader-drops-unconfirmed", "votes-for-shorter-log",
    "standby-skips-records",      "broker-epoch-reused",    "isr-admits-inactive"};
constexpr std::array<std::string_view, 3> kElr{"elr-kept", "leader-drops-unconfirmed", "votes-for-shorter-log"};
constexpr std::array<std::string_view, 11> kElrComplete{"elr-kept",
                                                        "quorum-minority-elects",
                                                        "leader-drops-unconfirmed",
                                                        "answers-before-commit",
                                                        "kraft-election-keeps-leader-epoch",
                                                        "kraft-election-outside-isr",
                                                        "commits-alone",
                                                        "high-watermark-ignores-min-isr",
                                                        "truncates-to-high-watermark",
                                                        "never-truncates",
                                                        "stamps-older-epoch"};
constexpr std::array<std::string_view, 3> kLed{"never-gives-up-leader", "metadata-never-truncates",
                                               "publishes-at-once"};
constexpr std::array<std::string_view, 7> kArrives{
    "broker-stops-reading",     "quorum-minority-elects", "leader-drops-unconfirmed", "votes-for-shorter-log",
    "metadata-never-truncates", "never-gives-up-leader",  "standby-skips-records"};
constexpr std::array<std::string_view, 9> kSeen{
    "unfences-at-log-end-only", "quorum-minority-elects",   "leader-drops-unconfirmed",
    "votes-for-shorter-log",    "metadata-never-truncates", "never-gives-up-leader",
    "standby-skips-records",    "broker-stops-reading",     "publishes-at-once"};

constexpr std::string_view kQuiet = "the faults are over, and there was time";

const std::array kRows{
    Invariant{
        .name = "controller-leads-quorum",
        .promise = "A controller acts only in an epoch in which its node leads the quorum, and alone in it.",
        .precondition = "a controller takes office",
        .facts = facts_of<BelievesController>(),
        .exposed_by = facts_of<BelievesController>(),
        .occurs = is_in_kraft_mode,
        .allows = controller_claims_its_own_epoch,
        .broken_by = kClaim,
    },
    Invariant{
        .name = "metadata-is-the-log",
        .promise = "Controllers and brokers that have read the metadata log up to the same offset hold the same.",
        .precondition = "a high watermark of the metadata log moves",
        .facts = facts_of<MetadataHighWatermarkMoved, MetadataSnapshot>(),
        .exposed_by = facts_of<MetadataHighWatermarkMoved>(),
        .allows = images_are_the_logs_word,
        .broken_by = kImage,
    },
    Invariant{
        .name = "renouncing-reverts",
        .promise = "A controller that leaves office forgets what was never committed.",
        .precondition = "a controller leaves office",
        .facts = facts_of<ControllerResigned>(),
        .exposed_by = facts_of<ControllerResigned>(),
        .occurs = is_in_kraft_mode,
        .allows = renouncing_reverts,
        .broken_by = kReverts,
    },
    Invariant{
        .name = "broker-epochs-grow",
        .promise = "Every new process of a broker is registered with a higher broker epoch.",
        .precondition = "a broker registers again",
        .facts = facts_of<BrokerRegistered>(),
        .exposed_by = facts_of<BrokerRegistered>(),
        .occurs = has_registered_before,
        .allows = broker_epochs_grow,
        .broken_by = kEpochs,
    },
    Invariant{
        .name = "inactive-brokers-lead-nothing",
        .promise =
            "A fenced broker, or one that is shutting down, neither leads nor is in an ISR, but as its last member.",
        .precondition = "a broker is fenced",
        .facts = facts_of<PartitionStateChanged, BrokerChanged, BrokerRegistered>(),
        .exposed_by = facts_of<BrokerChanged>(),
        .occurs = fences,
        .holds = inactive_brokers_lead_nothing,
        .broken_by = kInactive,
    },
    Invariant{
        .name = "eligible-replicas-consistent",
        .promise = "Eligible leader replicas are assigned, not in the ISR, and none are kept once the ISR has "
                   "min.insync.replicas members.",
        .precondition = "a replica becomes eligible outside the ISR",
        .facts = facts_of<PartitionStateChanged, ElrChanged>(),
        .exposed_by = facts_of<ElrChanged>(),
        .occurs = is_elr,
        .holds = eligible_replicas_are_consistent,
        .broken_by = kElr,
    },
    Invariant{
        .name = "eligible-replicas-complete",
        .promise = "Every eligible leader replica holds everything that was committed.",
        .precondition = "a replica becomes eligible outside the ISR",
        .facts = facts_of<ElrChanged, HighWatermarkMoved, Truncated, LogLost, PartitionStateChanged>(),
        .exposed_by = facts_of<ElrChanged>(),
        .occurs = is_elr,
        .holds = eligible_replicas_are_complete,
        .broken_by = kElrComplete,
    },
    Invariant{
        .name = "quorum-led",
        .promise = "With a majority of the voters alive one leads the quorum, and every member knows it.",
        .precondition = kQuiet,
        .kind = InvariantKind::liveness,
        .holds_everywhere = quorum_has_a_leader,
        .settles = election_time,
        .broken_by = kLed,
    },
    Invariant{
        .name = "metadata-arrives",
        .promise = "Every live broker acts on the metadata that was committed last.",
        .precondition = kQuiet,
        .kind = InvariantKind::liveness,
        .holds_everywhere = metadata_has_arrived,
        .settles = fencing_time,
        .broken_by = kArrives,
    },
    Invariant{
        .name = "fencing-follows-life",
        .promise = "A broker that lives is not fenced, and one that is gone for long is.",
        .precondition = kQuiet,
        .kind = InvariantKind::liveness,
        .holds_everywhere = brokers_are_seen_as_they_are,
        .settles = fencing_time,
        .broken_by = kSeen,
    },
};

}  // namespace

std::span<const Invariant> kraft_rows() { return kRows; }

}  // namespace model
