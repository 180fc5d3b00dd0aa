#include "sim/search/judge.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "model/ensure.h"
#include "sim/search/readers.h"

namespace sim {
namespace {

constexpr Millis kTolerance = 1'500, kOwnCheckTolerance = 500, kProposalAge = 1'000;
constexpr Millis kLongSilence = 2'000;

bool same_set(const model::Replicas& a, const model::Replicas& b) {
  return a.size() == b.size() && std::all_of(a.begin(), a.end(), [&](model::NodeId id) { return b.contains(id); });
}

bool same_fact(const CountedFact& a, const CountedFact& b) {
  return a.fact.kind == b.fact.kind && a.fact.node == b.fact.node && a.epoch == b.epoch &&
         same_set(a.fact.isr, b.fact.isr) && a.fact.fenced == b.fact.fenced &&
         a.fact.in_controlled_shutdown == b.fact.in_controlled_shutdown;
}

Millis distance(Millis a, Millis b) { return a < b ? b - a : a - b; }

// Per subject the places of its facts, in order.
using Places = std::map<Subject, std::vector<std::size_t>>;
Places places_of(const std::vector<CountedFact>& story) {
  Places places;
  for (std::size_t i = 0; i < story.size(); ++i) places[subject_of(story[i].fact)].push_back(i);
  return places;
}

// One judgement in the making.
struct Bench {
  const Reference& reference;
  const Simulated& simulated;
  std::vector<CountedFact> story;  // of the run
  Judgement& judgement;

  const model::ClusterConfig& config() const { return reference.recording.setup.config; }
  const Observed& recorded() const { return reference.recording.observed; }
  const Observed& observed() const { return simulated.observed; }
  Miss& miss(Miss::Kind kind, Millis t) {
    judgement.misses.emplace_back();
    judgement.misses.back().kind = kind;
    judgement.misses.back().t = t;
    return judgement.misses.back();
  }
};

void compare_subject(Bench& bench, const std::vector<std::size_t>& recorded, const std::vector<std::size_t>& told) {
  for (std::size_t i = 0; i < std::max(recorded.size(), told.size()); ++i) {
    const CountedFact* r = i < recorded.size() ? &bench.reference.story[recorded[i]] : nullptr;
    const CountedFact* s = i < told.size() ? &bench.story[told[i]] : nullptr;
    const bool is_same = r != nullptr && s != nullptr && same_fact(*r, *s);
    if (is_same) {
      const Millis limit = r->own_check ? kOwnCheckTolerance : kTolerance;
      if (distance(r->fact.t, s->fact.t) <= limit) continue;
    }
    const auto kind = is_same        ? Miss::Kind::late
                      : r == nullptr ? Miss::Kind::extra
                      : s == nullptr ? Miss::Kind::absent
                                     : Miss::Kind::differs;
    Miss& miss = bench.miss(kind, r != nullptr ? r->fact.t : s->fact.t);
    if (r != nullptr) miss.recorded = r->fact;
    if (s != nullptr) miss.simulated = s->fact;
    if (!is_same) return;  // what follows no longer lines up
  }
}

void compare_stories(Bench& bench) {
  Places recorded = places_of(bench.reference.story), told = places_of(bench.story);
  std::set<Subject> subjects;
  for (const auto& [subject, places] : recorded) subjects.insert(subject);
  for (const auto& [subject, places] : told) subjects.insert(subject);
  for (const Subject& subject : subjects) compare_subject(bench, recorded[subject], told[subject]);
}

void compare_failed_starts(Bench& bench) {
  const auto count_in = [](const std::vector<model::NodeId>& all, model::NodeId node) {
    return static_cast<std::int64_t>(std::count(all.begin(), all.end(), node));
  };
  for (std::size_t b = 1; b <= bench.config().brokers.size(); ++b) {
    const auto node = model::NodeId(static_cast<std::uint8_t>(b));
    const std::int64_t recorded = count_in(bench.recorded().failed_starts, node);
    const std::int64_t told = count_in(bench.observed().failed_starts, node);
    if (recorded == told) continue;
    Miss& miss = bench.miss(Miss::Kind::failed_starts, bench.reference.recording.setup.end);
    miss.node = node;
    miss.recorded_count = recorded;
    miss.simulated_count = told;
  }
}

// The last leader epoch of the partition at or before 0.
std::int32_t base_epoch(const Observed& observed, model::PartitionId partition) {
  std::int32_t base = 0;
  for (const StoryFact& fact : observed.story) {
    if (fact.t > 0) continue;
    if (fact.kind == StoryFact::Kind::partition_state && fact.partition == partition) base = fact.epoch;
  }
  return base;
}

std::vector<std::int32_t> epochs_of(const Observed& observed, model::PartitionId partition, model::NodeId replica) {
  const std::int32_t base = base_epoch(observed, partition);
  std::vector<std::int32_t> epochs;
  for (const ReplicaLog& log : observed.logs) {
    if (log.partition != partition || log.replica != replica) continue;
    for (const model::EpochStart& entry : log.epochs) epochs.push_back(entry.epoch - base);
  }
  return epochs;
}

void compare_logs(Bench& bench, model::PartitionId partition) {
  for (const model::NodeId replica : bench.config().topic_of(partition).assignment.front()) {
    if (epochs_of(bench.recorded(), partition, replica) == epochs_of(bench.observed(), partition, replica)) continue;
    Miss& miss = bench.miss(Miss::Kind::log_epochs, bench.reference.recording.setup.end);
    miss.node = replica;
    miss.partition = partition;
  }
}

const ClientPartition* only_partition(const Observed& observed, std::size_t producer) {
  if (producer >= observed.clients.size() || observed.clients[producer].partitions.empty()) return nullptr;
  return &observed.clients[producer].partitions.front();
}

bool is_missing_in(const ClientPartition* partition, model::NodeId replica) {
  if (partition == nullptr) return false;
  return std::any_of(partition->missing.begin(), partition->missing.end(),
                     [&](const MissingRecords& row) { return row.replica == replica && row.count > 0; });
}

void compare_missing(Bench& bench, model::PartitionId partition, std::size_t producer) {
  const ClientPartition* recorded = only_partition(bench.recorded(), producer);
  const ClientPartition* told = only_partition(bench.observed(), producer);
  for (const model::NodeId replica : bench.config().topic_of(partition).assignment.front()) {
    const bool is_recorded = is_missing_in(recorded, replica);
    if (is_recorded == is_missing_in(told, replica)) continue;
    Miss& miss = bench.miss(Miss::Kind::missing_records, bench.reference.recording.setup.end);
    miss.node = replica;
    miss.partition = partition;
    miss.producer = producer;
    miss.is_recorded = is_recorded;
  }
}

// Every long window of `from` must have a partner in `to`.
void compare_windows(Bench& bench, const std::vector<SilentWindow>& from, const std::vector<SilentWindow>& to,
                     Miss like) {
  for (const SilentWindow& window : from) {
    if (window.to - window.from <= kLongSilence) continue;
    const auto is_partner = [&](const SilentWindow& other) {
      return distance(other.from, window.from) <= kTolerance && distance(other.to, window.to) <= kTolerance;
    };
    if (std::any_of(to.begin(), to.end(), is_partner)) continue;
    like.t = window.from;
    like.window = window;
    bench.judgement.misses.push_back(like);
  }
}

void compare_both_ways(Bench& bench, const std::vector<SilentWindow>& recorded, const std::vector<SilentWindow>& told,
                       Miss like) {
  like.is_recorded = true;
  compare_windows(bench, recorded, told, like);
  like.is_recorded = false;
  compare_windows(bench, told, recorded, like);
}

void compare_silence(Bench& bench, model::PartitionId partition, std::size_t producer) {
  const ClientPartition* recorded = only_partition(bench.recorded(), producer);
  const ClientPartition* told = only_partition(bench.observed(), producer);
  Miss like;
  like.kind = Miss::Kind::silence;
  like.partition = partition;
  like.producer = producer;
  compare_both_ways(bench, recorded != nullptr ? recorded->silent : std::vector<SilentWindow>{},
                    told != nullptr ? told->silent : std::vector<SilentWindow>{}, like);
}

void compare_stays(Bench& bench, std::size_t consumer, model::PartitionId partition) {
  const Millis end = bench.reference.recording.setup.end;
  const std::vector<ReaderAsked> recorded = stays_of(bench.recorded().readers[consumer], partition, end);
  const std::vector<ReaderAsked> told = stays_of(bench.observed().readers[consumer], partition, end);
  for (std::size_t i = 0; i < std::max(recorded.size(), told.size()); ++i) {
    const bool both = i < recorded.size() && i < told.size();
    if (both && recorded[i].broker == told[i].broker && distance(recorded[i].t, told[i].t) <= kTolerance) continue;
    Miss& miss = bench.miss(Miss::Kind::reader_stay, i < recorded.size() ? recorded[i].t : told[i].t);
    miss.consumer = consumer;
    miss.partition = partition;
    miss.node = i < recorded.size() ? recorded[i].broker : model::kNoNode;
    return;
  }
}

void compare_readers(Bench& bench) {
  const model::ClusterConfig& config = bench.config();
  if (bench.recorded().readers.size() != config.consumers.size()) return;
  for (std::size_t c = 0; c < config.consumers.size(); ++c) {
    const model::TopicConfig& topic = config.topics[model::index(config.consumers[c].topic)];
    for (std::size_t number = 0; number < topic.assignment.size(); ++number) {
      compare_stays(bench, c, config.partition_of(config.consumers[c].topic, static_cast<std::int32_t>(number)));
    }
    Miss like;
    like.kind = Miss::Kind::reader_silence;
    like.consumer = c;
    compare_both_ways(bench, bench.recorded().readers[c].silent, bench.observed().readers[c].silent, like);
  }
}

// Topics of several partitions are left out: which partition a producer prefers is chance.
void compare_ends(Bench& bench) {
  compare_failed_starts(bench);
  compare_readers(bench);
  for (std::size_t t = 0; t < bench.config().topics.size(); ++t) {
    const model::TopicConfig& topic = bench.config().topics[t];
    if (topic.assignment.size() != 1) continue;
    const auto partition = model::PartitionId(static_cast<std::uint16_t>(topic.first_partition));
    compare_logs(bench, partition);
    for (std::size_t p = 0; p < bench.config().producers.size(); ++p) {
      if (model::index(bench.config().producers[p].topic) != t) continue;
      compare_missing(bench, partition, p);
      compare_silence(bench, partition, p);
    }
  }
}

void sum_up(const Reference& reference, Judgement& judgement) {
  std::stable_sort(judgement.misses.begin(), judgement.misses.end(),
                   [](const Miss& a, const Miss& b) { return a.t < b.t; });
  judgement.prefix = reference.story.size();
  for (const Miss& miss : judgement.misses) {
    if (is_story(miss.kind)) {
      judgement.story_ok = false;
      std::size_t before = 0;
      while (before < reference.story.size() && reference.story[before].fact.t < miss.t) ++before;
      judgement.prefix = std::min(judgement.prefix, before);
    } else if (miss.kind == Miss::Kind::late) {
      judgement.times_ok = false;
      ++judgement.late;
    } else {
      judgement.ends_ok = false;
    }
  }
}

// --- words ---------------------------------------------------------------------------------------

std::string id_text(model::NodeId id) { return std::to_string(model::number(id)); }

std::string state_text(const StoryFact& fact, const model::ClusterConfig& config) {
  switch (fact.kind) {
    case StoryFact::Kind::broker_registered:
      return "registered";
    case StoryFact::Kind::broker_unregistered:
      return "unregistered";
    case StoryFact::Kind::controller_epoch:
      return "broker " + id_text(fact.node) + " epoch " + std::to_string(fact.epoch);
    case StoryFact::Kind::leader_change:
      return "leader " + config.name_of(fact.node);
    case StoryFact::Kind::broker_changed:
      if (!fact.fenced) return "in controlled shutdown";
      return *fact.fenced ? "fenced" : "unfenced";
    case StoryFact::Kind::partition_state:
      break;
  }
  std::string text = fact.node == model::kNoNode ? "no leader" : "leader " + id_text(fact.node);
  text += " epoch " + std::to_string(fact.epoch) + " isr";
  for (const model::NodeId id : fact.isr) text += " " + id_text(id);
  return text;
}

std::string subject_text(const StoryFact& fact, const model::ClusterConfig& config) {
  const Subject subject = subject_of(fact);
  if (subject.form == Subject::Form::controller) return config.is_kraft() ? "quorum" : "controller";
  return subject.form == Subject::Form::partition ? config.name_of(fact.partition) : config.name_of(fact.node);
}

std::string window_text(const SilentWindow& window) {
  return "from " + seconds_text(window.from) + " to " + seconds_text(window.to);
}

std::string story_text(const Miss& miss, const model::ClusterConfig& config, const std::string& run) {
  const StoryFact& about = miss.recorded ? *miss.recorded : *miss.simulated;
  std::string text = subject_text(about, config) + ": at " + seconds_text(about.t) + " ";
  if (!miss.recorded) return text + run + " has " + state_text(about, config) + "; the recording has nothing more";
  text += "the recording has " + state_text(about, config) + "; " + run + " has ";
  if (!miss.simulated) return text + "nothing more";
  if (miss.kind == Miss::Kind::late) return text + "it at " + seconds_text(miss.simulated->t);
  return text + state_text(*miss.simulated, config) + " at " + seconds_text(miss.simulated->t);
}

}  // namespace

std::vector<CountedFact> story_after_zero(const Observed& observed) {
  std::map<Subject, std::int32_t> base;
  std::vector<CountedFact> story;
  for (const StoryFact& fact : observed.story) {
    const Subject subject = subject_of(fact);
    if (fact.t <= 0) {
      base[subject] = fact.epoch;
      continue;
    }
    CountedFact counted{fact, fact.epoch - base[subject], false};
    counted.own_check =
        fact.kind == StoryFact::Kind::partition_state &&
        std::any_of(observed.shrinks.begin(), observed.shrinks.end(), [&](const ShrinkProposal& proposal) {
          return proposal.partition == fact.partition && same_set(proposal.to, fact.isr) && proposal.t <= fact.t &&
                 fact.t - proposal.t <= kProposalAge;
        });
    story.push_back(counted);
  }
  return story;
}

bool is_story(Miss::Kind kind) {
  return kind == Miss::Kind::boot || kind == Miss::Kind::differs || kind == Miss::Kind::absent ||
         kind == Miss::Kind::extra;
}

const Miss& first_miss(const Judgement& judgement) {
  ENSURE(!judgement.misses.empty());
  for (const Miss& miss : judgement.misses) {
    if (is_story(miss.kind) || miss.kind == Miss::Kind::late) return miss;
  }
  return judgement.misses.front();
}

Reference::Reference(const Recording& of) : recording(of), story(story_after_zero(of.observed)) {}

Judgement judge(const Reference& reference, const Simulated& simulated) {
  Judgement judgement;
  judgement.seed = simulated.seed;
  Bench bench{reference, simulated, story_after_zero(simulated.observed), judgement};
  if (!simulated.boot_as_recorded) bench.miss(Miss::Kind::boot, 0);
  compare_stories(bench);
  compare_ends(bench);
  sum_up(reference, judgement);
  return judgement;
}

std::string text_of(const Miss& miss, const model::ClusterConfig& config, const std::string& run) {
  const std::string who = miss.is_recorded ? "the recording" : run;
  const std::string other = miss.is_recorded ? run : "the recording";
  switch (miss.kind) {
    case Miss::Kind::boot:
      return std::string(config.is_kraft() ? "quorum" : "controller") +
             ": no draw of the boot ends with the recorded one";
    case Miss::Kind::differs:
    case Miss::Kind::absent:
    case Miss::Kind::extra:
    case Miss::Kind::late:
      return story_text(miss, config, run);
    case Miss::Kind::failed_starts:
      return config.name_of(miss.node) + ": the recording has " + std::to_string(miss.recorded_count) +
             " failed starts, " + run + " has " + std::to_string(miss.simulated_count);
    case Miss::Kind::log_epochs:
      return config.name_of(miss.partition) + ": the log of " + config.name_of(miss.node) + " in " + run +
             " ends with other leader epochs than in the recording";
    case Miss::Kind::missing_records:
      return config.name_of(miss.partition) + ": in " + who + " the log of " + config.name_of(miss.node) +
             " lacks acknowledged records of " + config.producers[miss.producer].name + ", in " + other +
             " it does not";
    case Miss::Kind::reader_stay:
      return config.consumers[miss.consumer].name + ": at " + seconds_text(miss.t) + " " +
             (miss.node == model::kNoNode
                  ? "the recording goes nowhere else with " + config.name_of(miss.partition)
                  : "the recording reads " + config.name_of(miss.partition) + " from " + config.name_of(miss.node)) +
             "; " + run + " does otherwise";
    case Miss::Kind::reader_silence:
      return config.consumers[miss.consumer].name + ": " + who + " reads nothing " + window_text(miss.window) + "; " +
             other + " has no such silence";
    case Miss::Kind::silence:
      break;
  }
  return config.name_of(miss.partition) + ": " + who + " has no acknowledgement of " +
         config.producers[miss.producer].name + " " + window_text(miss.window) + "; " + other + " has no such silence";
}

std::string name_of(const Miss& miss, const model::ClusterConfig& config) {
  switch (miss.kind) {
    case Miss::Kind::boot:
      return config.is_kraft() ? "the quorum's leader after the boot" : "the boot's controller";
    case Miss::Kind::differs:
    case Miss::Kind::absent:
    case Miss::Kind::late:
      return subject_text(*miss.recorded, config) + " " + state_text(*miss.recorded, config);
    case Miss::Kind::extra:
      return subject_text(*miss.simulated, config) + " " + state_text(*miss.simulated, config);
    case Miss::Kind::failed_starts:
      return "failed starts of " + config.name_of(miss.node);
    case Miss::Kind::log_epochs:
      return "leader epochs in the log of " + config.name_of(miss.partition) + " on " + config.name_of(miss.node);
    case Miss::Kind::missing_records:
      return "acknowledged records missing from " + config.name_of(miss.partition) + " on " + config.name_of(miss.node);
    case Miss::Kind::reader_stay:
      return "where " + config.consumers[miss.consumer].name + " reads " + config.name_of(miss.partition);
    case Miss::Kind::reader_silence:
      return "silence of " + config.consumers[miss.consumer].name;
    case Miss::Kind::silence:
      break;
  }
  return "silence of " + config.producers[miss.producer].name + " on " + config.name_of(miss.partition);
}

}  // namespace sim
