#include "sim/search/tally.h"

#include <algorithm>
#include <atomic>
#include <string_view>

#include "model/ensure.h"
#include "sim/search/run.h"
#include "sim/search/threads.h"

namespace sim {

using model::Fact;
using model::NodeId;

std::string_view name_of(MessageGroup group) {
  switch (group) {
    case MessageGroup::replication:
      return "replication";
    case MessageGroup::controller:
      return "controller";
    case MessageGroup::metadata:
      return "metadata";
    case MessageGroup::clients:
      return "clients";
  }
  return "";
}

MessageGroup group_of(model::ChannelKind kind) {
  switch (kind) {
    case model::ChannelKind::zookeeper:
    case model::ChannelKind::quorum:
      return MessageGroup::metadata;
    case model::ChannelKind::control:
    case model::ChannelKind::alter_partition:
    case model::ChannelKind::controlled_shutdown:
    case model::ChannelKind::broker_lifecycle:
      return MessageGroup::controller;
    case model::ChannelKind::fetch:
      return MessageGroup::replication;
    case model::ChannelKind::client:
      return MessageGroup::clients;
  }
  return MessageGroup::clients;
}

// --- one outage ----------------------------------------------------------------------------------

void Stopwatch::set(bool is_out, Time at) {
  // The boot does not count.
  const Time now = std::max(at, Time{0});
  if (is_out) {
    if (!since_) since_ = now;
    return;
  }
  if (!since_) return;
  const model::Duration lasted = now - *std::exchange(since_, std::nullopt);
  outage_.total = outage_.total + lasted;
  outage_.longest = std::max(outage_.longest, lasted);
}

Outage Stopwatch::conclude(Time end) {
  set(false, end);
  return outage_;
}

// --- what happens to processes -------------------------------------------------------------------

Tallier::Tallier(const Plan& plan)
    : plan_(plan),
      config_(plan.config),
      processes_(plan.config.node_count()),
      partitions_(plan.config.partitions.size()),
      producers_(plan.config.producers.size()) {
  for (std::size_t i = 0; i < producers_.size(); ++i) producers_[i].count = config_.producers[i].count;
  measure(Time{0});
}

bool Tallier::acts(NodeId node) const {
  if (node == model::kNoNode) return false;
  const Process& process = processes_[static_cast<std::size_t>(node)];
  return process.lives && !process.paused;
}

Tallier::Sending* Tallier::sending(NodeId node) {
  return config_.is_producer(node) ? &producers_[static_cast<std::size_t>(node) - 1 - config_.brokers.size()] : nullptr;
}

// Nobody acts who was not there before: figures grow until somebody tells of having taken over.
void Tallier::measure(Time at) {
  without_controller_.set(!has_taken_over_ || !acts(in_office_), at);
  for (Led& partition : partitions_) {
    if (partition.exists) partition.without.set(!partition.has_taken_role || !acts(partition.leader), at);
  }
}

void Tallier::office_ends(NodeId holder) {
  if (in_office_ != holder) return;
  in_office_ = model::kNoNode;
  has_taken_over_ = false;
}

void Tallier::ends(Time at, NodeId node) {
  processes_[static_cast<std::size_t>(node)] = {};
  office_ends(node);
  for (Led& partition : partitions_) {
    if (partition.leader == node) partition.has_taken_role = false;
  }
  if (Sending* producer = sending(node)) hears(at, *producer, false);
}

void Tallier::pauses(Time at, NodeId node, bool paused) {
  Process& process = processes_[static_cast<std::size_t>(node)];
  if (!process.lives || process.paused == paused) return;
  process.paused = paused;
  Sending* producer = sending(node);
  if (producer == nullptr) return;
  hears(at, *producer, false);
  if (!paused && producer->done < producer->count) producer->heard = at;
}

void Tallier::on_start(Time at, NodeId node) {
  ends(at, node);
  processes_[static_cast<std::size_t>(node)] = {true, false};
  measure(at);
}

void Tallier::on_fault(const AppliedFault& applied) {
  const FaultKind kind = plan_.faults[applied.row].kind;
  const bool ends_at_once = kind == FaultKind::crash || kind == FaultKind::power_loss || kind == FaultKind::wipe;
  for (const NodeId node : applied.who) {
    // A broker stops in its own time and tells when it has.
    const bool is_stopped = kind == FaultKind::stop && !config_.is_broker(node);
    if (!applied.undo && (ends_at_once || is_stopped)) ends(applied.at, node);
    if (kind == FaultKind::pause) pauses(applied.at, node, !applied.undo);
    if (kind == FaultKind::resume) pauses(applied.at, node, false);
  }
  measure(applied.at);
}

// --- what they tell ------------------------------------------------------------------------------

bool Tallier::controller_told(NodeId node, const Fact& fact) {
  if (const auto* believes = std::get_if<model::BelievesController>(&fact)) {
    if (believes->epoch < epoch_) return false;  // it was deposed before it knew that it was elected
    epoch_ = believes->epoch;
    in_office_ = node;
    has_taken_over_ = config_.is_kraft();
  } else if (const auto* applied = std::get_if<model::ControlRequestApplied>(&fact)) {
    if (applied->controller == in_office_ && applied->controller_epoch == epoch_) has_taken_over_ = true;
  } else if (const auto* resigned = std::get_if<model::ControllerResigned>(&fact)) {
    if (resigned->epoch != 0) office_ends(node);
  } else if (const auto* vacated = std::get_if<model::ControllerVacated>(&fact)) {
    office_ends(vacated->broker);
  } else if (const auto* role = std::get_if<model::QuorumRoleChanged>(&fact)) {
    const bool replaces = role->role == model::QuorumRole::leader && role->epoch > epoch_;
    if (replaces || (node == in_office_ && role->role != model::QuorumRole::leader)) office_ends(in_office_);
  } else {
    return false;
  }
  return true;
}

bool Tallier::partition_told(NodeId node, const Fact& fact) {
  if (const auto* changed = std::get_if<model::PartitionStateChanged>(&fact)) {
    Led& partition = partitions_[model::index(changed->partition)];
    partition.exists = true;
    if (partition.leader != changed->state.leader) partition.has_taken_role = false;
    partition.leader = changed->state.leader;
    return true;
  }
  const auto* led = std::get_if<model::BecameLeader>(&fact);
  if (led == nullptr || partitions_[model::index(led->partition)].leader != node) return false;
  partitions_[model::index(led->partition)].has_taken_role = true;
  return true;
}

void Tallier::hears(Time at, Sending& producer, bool goes_on) {
  if (!producer.heard) return;
  producer.longest = std::max(producer.longest, std::max(at, Time{0}) - std::max(*producer.heard, Time{0}));
  producer.heard.reset();
  if (goes_on) producer.heard = at;
}

void Tallier::producer_told(Time at, NodeId node, const Fact& fact) {
  if (const auto* loss = std::get_if<model::RecordLost>(&fact)) {
    tally_.lost += loss->count;
    return;
  }
  Sending* producer = sending(node);
  if (producer == nullptr) return;
  if (std::holds_alternative<model::ProducerStarted>(fact)) {
    producer->heard = at;
  } else if (const auto* done = std::get_if<model::RecordsAcknowledged>(&fact)) {
    tally_.acknowledged += done->count;
    producer->done += done->count;
    hears(at, *producer, producer->done < producer->count);
  } else if (const auto* failed = std::get_if<model::RecordsFailed>(&fact)) {
    producer->done += failed->count;
    if (producer->done >= producer->count) hears(at, *producer, false);
  }
}

void Tallier::on_fact(Time at, NodeId node, const Fact& fact) {
  const bool is_end = std::holds_alternative<model::Stopped>(fact) ||
                      std::holds_alternative<model::StartFailed>(fact) ||
                      std::holds_alternative<model::QuorumFailed>(fact);
  if (is_end) ends(at, node);
  producer_told(at, node, fact);
  if (controller_told(node, fact) || partition_told(node, fact) || is_end) measure(at);
}

void Tallier::on_event(const EventView& event) {
  if (event.kind == EventKind::message && event.at >= Time{0})
    ++tally_.messages[static_cast<std::size_t>(group_of(event.via.kind))];
}

Tally Tallier::conclude(Time end) {
  tally_.controller = without_controller_.conclude(end);
  for (Led& partition : partitions_) tally_.partitions.push_back(partition.without.conclude(end));
  for (Sending& producer : producers_) {
    hears(end, producer, false);
    tally_.silences.push_back(producer.longest);
  }
  return tally_;
}

// --- runs ----------------------------------------------------------------------------------------

Tally run_tallied(const Plan& plan) {
  Tallier tallier(plan);
  RunOptions options;
  options.observer = &tallier;
  const Outcome outcome = run(plan, options);
  Tally tally = tallier.conclude(plan.until);
  tally.events = outcome.events;
  return tally;
}

std::vector<Tally> run_tallied(const Plan& plan, std::uint64_t first, std::uint64_t last, int jobs) {
  ENSURE(first <= last && jobs > 0);
  std::vector<Tally> tallies(static_cast<std::size_t>(last - first + 1));
  std::atomic<std::size_t> next{0};
  on_threads(std::min(tallies.size(), static_cast<std::size_t>(jobs)), [&](std::size_t) {
    Plan own = plan;
    for (std::size_t i = next++; i < tallies.size(); i = next++) {
      own.seed = first + i;
      tallies[i] = run_tallied(own);
    }
  });
  return tallies;
}

namespace {

template <typename Figure>
auto median(const std::vector<Tally>& tallies, Figure figure) {
  std::vector<decltype(figure(tallies.front()))> values;
  for (const Tally& tally : tallies) values.push_back(figure(tally));
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

template <typename Part>
Outage median_outage(const std::vector<Tally>& tallies, Part part) {
  return {median(tallies, [&](const Tally& tally) { return part(tally).total; }),
          median(tallies, [&](const Tally& tally) { return part(tally).longest; })};
}

}  // namespace

Tally median_of(const std::vector<Tally>& tallies) {
  ENSURE(!tallies.empty());
  const Tally& any = tallies.front();
  Tally middle;
  middle.controller = median_outage(tallies, [](const Tally& tally) { return tally.controller; });
  for (std::size_t i = 0; i < any.partitions.size(); ++i)
    middle.partitions.push_back(median_outage(tallies, [i](const Tally& tally) { return tally.partitions[i]; }));
  for (std::size_t i = 0; i < any.silences.size(); ++i)
    middle.silences.push_back(median(tallies, [i](const Tally& tally) { return tally.silences[i]; }));
  middle.acknowledged = median(tallies, [](const Tally& tally) { return tally.acknowledged; });
  middle.lost = median(tallies, [](const Tally& tally) { return tally.lost; });
  for (std::size_t i = 0; i < kMessageGroups; ++i)
    middle.messages[i] = median(tallies, [i](const Tally& tally) { return tally.messages[i]; });
  middle.events = median(tallies, [](const Tally& tally) { return tally.events; });
  return middle;
}

}  // namespace sim
