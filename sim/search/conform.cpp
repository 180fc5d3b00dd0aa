#include "sim/search/conform.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <tuple>

#include "model/ensure.h"
#include "sim/search/threads.h"

namespace sim {
namespace {

std::vector<Judgement> judge_seeds(const Recording& recording, const Plan& plan, const ConformOptions& options) {
  const Reference reference(recording);
  std::vector<Judgement> judgements(options.seeds);
  std::atomic<std::uint64_t> next{0};
  on_threads(static_cast<std::size_t>(std::max(options.jobs, 1)), [&](std::size_t) {
    for (std::uint64_t i = next.fetch_add(1); i < options.seeds; i = next.fetch_add(1)) {
      judgements[i] = judge(reference, replay(recording.setup, plan, i + 1, false));
    }
  });
  return judgements;
}

// --- the race that makes a recording rare --------------------------------------------------------

constexpr Millis kFollowsAtOnce = 1'000;  // a controller's answer to a broker's coming or going

std::string role_of(const StoryFact& fact, const model::ClusterConfig& config) {
  const std::string broker = config.name_of(fact.node);
  if (fact.kind == StoryFact::Kind::broker_unregistered) {
    return "the session expiry of " + broker + " (its last ping and ZooKeeper's tick decide the second)";
  }
  if (fact.kind == StoryFact::Kind::broker_changed && fact.fenced == true) {
    return "the session of " + broker + " (its last heartbeat decides when the controller takes it for dead)";
  }
  if (fact.kind == StoryFact::Kind::broker_changed) {
    return "the heartbeats of " + broker + " (when it has read the metadata log, against their interval)";
  }
  if (fact.kind == StoryFact::Kind::leader_change) {
    return "the election of the quorum's leader (fetch and election timeouts are drawn)";
  }
  if (fact.kind == StoryFact::Kind::broker_registered && config.is_kraft()) {
    return "the registration of " + broker + " (its attempts against the session of its process before)";
  }
  if (fact.kind == StoryFact::Kind::broker_registered) {
    return "the registration of " + broker + " (its reconnect attempts against the expiry of its old session)";
  }
  return "the election of the controller (the first broker to create /controller)";
}

// What decides a story fact: the broker that came or went just before it, the leader's own check, or the follower.
std::string cause_of(const StoryFact& fact, const Recording& recording) {
  const model::ClusterConfig& config = recording.setup.config;
  const bool is_partition = fact.kind == StoryFact::Kind::partition_state;
  if (!is_partition && fact.kind != StoryFact::Kind::controller_epoch) {
    return role_of(fact, config);
  }
  for (const CountedFact& counted : story_after_zero(recording.observed)) {
    const bool is_fact = counted.own_check && counted.fact.t == fact.t && fact.kind == counted.fact.kind &&
                         counted.fact.partition == fact.partition;
    if (is_fact) return "the leader's ISR check (its phase against the follower's last caught-up time)";
  }
  const StoryFact* before = nullptr;
  for (const StoryFact& other : recording.observed.story) {
    if (other.kind == StoryFact::Kind::partition_state || other.kind == fact.kind) continue;
    if (other.t <= fact.t && fact.t - other.t <= kFollowsAtOnce) before = &other;
  }
  if (before != nullptr) return role_of(*before, config);
  if (fact.kind == StoryFact::Kind::controller_epoch) return role_of(fact, config);
  return "replication (when a follower has caught up, against the leader's changes of the ISR)";
}

std::string cause_of(const Miss& miss, const Recording& recording) {
  switch (miss.kind) {
    case Miss::Kind::boot:
      return recording.setup.config.is_kraft() ? "the boot (which controller wins the first election)"
                                               : "the boot (which broker becomes controller)";
    case Miss::Kind::differs:
    case Miss::Kind::absent:
    case Miss::Kind::late:
      return cause_of(*miss.recorded, recording);
    case Miss::Kind::extra:
      return cause_of(*miss.simulated, recording);
    case Miss::Kind::failed_starts:
      return "a restart (it registers before or after its old session has expired)";
    case Miss::Kind::log_epochs:
      return "replication (whether a record is appended before the next leader epoch)";
    case Miss::Kind::missing_records:
      return "replication (what was acknowledged and not yet copied)";
    case Miss::Kind::reader_stay:
    case Miss::Kind::reader_silence:
      return "the consumer's way to a replica (its back-off, metadata refresh and preferred replica)";
    case Miss::Kind::silence:
      break;
  }
  return "the producer's way to the new leader (its time-outs, back-off and metadata refresh)";
}

struct Tally {
  std::uint64_t seeds = 0;
  Miss like;
  std::optional<Millis> earliest, latest;  // where those runs have it
};

// "the session expiry of b2 (...): 62 % of the seeds part from the recording first at b2 unregistered at 15.875,
// theirs between 13.1 and 17.9". A seed counts for the first thing in which it parts, since the rest follows.
std::string race_text(const std::vector<Judgement>& judgements, const Recording& recording) {
  const model::ClusterConfig& config = recording.setup.config;
  std::map<std::string, Tally> tallies;
  for (const Judgement& judgement : judgements) {
    if (judgement.reproduces()) continue;
    const Miss& miss = first_miss(judgement);
    Tally& tally = tallies[name_of(miss, config) + seconds_text(miss.kind == Miss::Kind::extra ? 0 : miss.t)];
    if (tally.seeds++ == 0) tally.like = miss;
    if (!miss.simulated) continue;
    tally.earliest = std::min(tally.earliest.value_or(miss.simulated->t), miss.simulated->t);
    tally.latest = std::max(tally.latest.value_or(miss.simulated->t), miss.simulated->t);
  }
  const auto top = std::max_element(tallies.begin(), tallies.end(),
                                    [](const auto& a, const auto& b) { return a.second.seeds < b.second.seeds; });
  ENSURE(top != tallies.end());
  const Tally& tally = top->second;
  std::string text = cause_of(tally.like, recording) + ": " + std::to_string(tally.seeds * 100 / judgements.size()) +
                     " % of the seeds part from the recording first at " + name_of(tally.like, config) + " at " +
                     seconds_text(tally.like.t);
  if (tally.earliest) {
    text +=
        ", where they have something between " + seconds_text(*tally.earliest) + " and " + seconds_text(*tally.latest);
  }
  return text;
}

}  // namespace

std::string_view name_of(ConformStatus status) {
  switch (status) {
    case ConformStatus::reproduced:
      return "reproduced";
    case ConformStatus::refuted:
      return "refuted";
    case ConformStatus::not_supported:
      break;
  }
  return "not_supported";
}

std::size_t best_of(const std::vector<Judgement>& judgements) {
  const auto rank = [](const Judgement& j) {
    return std::tuple(!j.reproduces(), !j.story_ok, ~j.prefix, j.late, j.misses.size());
  };
  std::size_t best = 0;
  for (std::size_t i = 1; i < judgements.size(); ++i) {
    if (rank(judgements[i]) < rank(judgements[best])) best = i;
    if (judgements[best].reproduces()) break;
  }
  return best;
}

Conformance conform(const Recording& recording, const ConformOptions& options) {
  Conformance result;
  if (!recording.not_supported.empty()) {
    result.reason = recording.not_supported;
    return result;
  }
  const Plan plan = replay_plan(recording.setup);
  result.has_run = true;
  if (!recording.has_observations) {
    result.reason = "the file holds no observations to judge by";
    result.simulated = replay(recording.setup, plan, options.shown.value_or(1), true);
    result.judgement.seed = result.simulated.seed;
    return result;
  }
  ENSURE(options.seeds > 0);
  const std::vector<Judgement> judgements = judge_seeds(recording, plan, options);
  result.seeds_tried = options.seeds;
  for (const Judgement& judgement : judgements) result.reproducing += judgement.reproduces() ? 1U : 0U;
  result.status = result.reproducing > 0 ? ConformStatus::reproduced : ConformStatus::refuted;
  if (result.reproducing > 0) {
    result.share = std::max<std::int64_t>(1, static_cast<std::int64_t>(result.reproducing * 1000 / options.seeds));
    if (result.share < kCommonShare) result.race = race_text(judgements, recording);
  }
  const std::uint64_t shown = options.shown.value_or(judgements[best_of(judgements)].seed);
  result.simulated = replay(recording.setup, plan, shown, true);
  result.judgement = judge(Reference(recording), result.simulated);
  if (!result.judgement.misses.empty()) {
    const std::string seed = std::to_string(shown);
    const std::string run = options.shown ? "the run of seed " + seed : "the closest run (seed " + seed + ")";
    result.first_difference = text_of(first_miss(result.judgement), recording.setup.config, run);
  }
  return result;
}

}  // namespace sim
