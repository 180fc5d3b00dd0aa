// The power to refute, on recordings of a real cluster: whatever is changed in one, or wrong in the rules, no
// seed reproduces it any more.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/rules.h"
#include "reports/conform.h"
#include "scenarios/recordings.h"
#include "sim/search/conform.h"
#include "sim/search/readers.h"

namespace {

using sim::StoryFact;

constexpr std::uint64_t kSeeds = 40;
// From the shortest story to the longest, one mode after the other.
const std::vector<std::string> kNames = {
    "z18-boot-together",
    "z05-follower-cut-from-leader",
    "z03-leader-crash",
    "v26-leader-crash",
    "z23-retrying-leader-crash",
    "z13-zombie-leader-acks1",
    "z06-leader-cut-from-zk",
    "v26-leader-cut-from-zk",
    "z04-follower-pause",
    "z08-all-isr-die-clean",
    "z02-controller-pause",
    "z01-controller-crash",
    "z20-preferred-after-crash",
    "z10-rolling-restart",
    "z26-move-controller",
    "k01-controller-crash",
    "k03-leader-crash",
    "k04-follower-pause",
    "k08-all-isr-die-clean",
    "k16-retrying-leader-crash",
    "k11-zombie-leader-acks1",
    "v40-controller-crash",
    "v40-leader-crash",
    "k06-leader-cut-from-controllers",
    "k13-leader-cut-from-followers-min2",
    "f02-follower-read-kraft",
};

std::string read(const std::string& name) {
  std::ifstream file("tests/recordings/" + name + ".json", std::ios::binary);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

sim::Recording load(const std::string& name) {
  auto loaded = scenarios::load_recording(name, read(name));
  REQUIRE(loaded.ok());
  return std::move(*loaded.value);
}

std::vector<sim::Simulated> run_seeds(const sim::Recording& recording) {
  const sim::Plan plan = sim::replay_plan(recording.setup);
  std::vector<sim::Simulated> runs;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) runs.push_back(sim::replay(recording.setup, plan, seed, false));
  return runs;
}

std::size_t reproducing(const sim::Recording& recording, const std::vector<sim::Simulated>& runs) {
  const sim::Reference reference(recording);
  return static_cast<std::size_t>(std::count_if(
      runs.begin(), runs.end(), [&](const sim::Simulated& run) { return sim::judge(reference, run).reproduces(); }));
}

// The first seed that reproduces; 0: none does.
std::uint64_t first_reproducing(const sim::Recording& recording) {
  const sim::Plan plan = sim::replay_plan(recording.setup);
  const sim::Reference reference(recording);
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    if (sim::judge(reference, sim::replay(recording.setup, plan, seed, false)).reproduces()) return seed;
  }
  return 0;
}

// Calls `change` with a copy for each story fact after 0; it returns false to leave that one out.
std::size_t check_refuted(const std::string& name, const std::vector<sim::Simulated>& runs,
                          const sim::Recording& recording,
                          const std::function<bool(std::vector<StoryFact>&, std::size_t)>& change) {
  std::size_t changed = 0;
  for (std::size_t i = 0; i < recording.observed.story.size(); ++i) {
    if (recording.observed.story[i].t <= 0) continue;
    sim::Recording copy = recording;
    if (!change(copy.observed.story, i)) continue;
    ++changed;
    CAPTURE(name);
    CAPTURE(i);
    CHECK(reproducing(copy, runs) == 0);
  }
  return changed;
}

nlohmann::ordered_json shown_run(const sim::Recording& recording, std::uint64_t seed) {
  sim::ConformOptions options;
  options.seeds = 1;
  options.shown = seed;
  const sim::Conformance found = sim::conform(recording, options);
  auto json = nlohmann::ordered_json::parse(reports::json_of_conformance({{&recording, &found}}));
  nlohmann::ordered_json run;
  for (const char* key : {"metadata_facts", "node_facts", "clients", "readers", "final_logs"}) {
    run[key] = json["recordings"][0][key];
  }
  return run;
}

// --- a recording and a run made by hand, for the judge alone --------------------------------------

constexpr model::NodeId kB1{1}, kB2{2}, kB3{3};
constexpr model::PartitionId kT0{};

StoryFact state(sim::Millis t, model::NodeId leader, std::int32_t epoch, model::Replicas isr) {
  return {t, StoryFact::Kind::partition_state, kT0, leader, epoch, isr};
}

sim::Recording made_by_hand() {
  sim::Recording recording;
  sim::RecordingSetup& setup = recording.setup;
  setup.config.brokers.resize(3);
  model::TopicConfig topic;
  topic.name = "t";
  topic.assignment = {{kB1, kB2, kB3}};
  setup.config.topics = {topic};
  setup.config.partitions = {{model::TopicId{}, 0}};
  model::ProducerConfig producer;
  producer.name = "p1";
  setup.config.producers = {producer};
  setup.end = 60'000;
  recording.has_observations = true;
  sim::Observed& seen = recording.observed;
  seen.story = {state(-3'000, kB1, 4, {kB1, kB2, kB3}),
                {15'000, StoryFact::Kind::broker_unregistered, {}, kB3, 0, {}},
                state(15'020, kB1, 5, {kB1, kB2}),
                state(30'000, kB1, 5, {kB1})};
  seen.shrinks = {{29'990, kT0, {kB1}}};
  seen.clients = {{{{0, 100, 2'000, 59'000, {{10'000, 15'100}}, {{kB1, 0}, {kB2, 3}, {kB3, 0}}}}, {}}};
  seen.logs = {{kT0, kB1, 103, 103, {{4, 0}, {5, 50}}}, {kT0, kB2, 100, 100, {{4, 0}, {5, 50}}}};
  return recording;
}

sim::Judgement judged(const sim::Recording& recording, const std::function<void(sim::Observed&)>& change) {
  sim::Simulated run;
  run.seed = 7;
  run.observed = recording.observed;
  change(run.observed);
  return sim::judge(sim::Reference(recording), run);
}

}  // namespace

TEST_CASE("a run that shows the same as the recording reproduces it") {
  CHECK(judged(made_by_hand(), [](sim::Observed&) {}).reproduces());
}

TEST_CASE("what is recorded as information takes no part in the judgement") {
  CHECK(judged(made_by_hand(), [](sim::Observed& run) {
          run.shrinks.clear();
          run.logs[0].records = 7;
          run.clients[0].errors.push_back({"TimeoutException", 3, 1, 2});
          run.clients[0].partitions[0].missing[1].count = 900;  // some, as recorded
        }).reproduces());
}

TEST_CASE("an ISR is a set and epochs count from the last one at or before 0") {
  CHECK(judged(made_by_hand(), [](sim::Observed& run) {
          run.story[2].isr = {kB2, kB1};
          for (StoryFact& fact : run.story) {
            if (fact.kind == StoryFact::Kind::partition_state) fact.epoch -= 4;
          }
          for (sim::ReplicaLog& log : run.logs) {
            for (model::EpochStart& entry : log.epochs) entry.epoch -= 4;
          }
        }).reproduces());
}

TEST_CASE("a story fact may be 1.5 s off, and half a second if the leader's own check decided it") {
  const auto moved = [](std::size_t fact, sim::Millis by) {
    return judged(made_by_hand(), [=](sim::Observed& run) { run.story[fact].t += by; });
  };
  CHECK(moved(1, 1'500).reproduces());
  CHECK(moved(1, -1'500).reproduces());
  CHECK(!moved(1, 1'501).times_ok);
  CHECK(moved(1, 1'501).story_ok);
  CHECK(moved(3, 500).reproduces());
  CHECK(!moved(3, 501).times_ok);
  CHECK(!moved(3, -501).times_ok);
}

TEST_CASE("a fact that is missing, additional or different breaks the story at its place") {
  const sim::Recording recording = made_by_hand();
  const auto missing = judged(recording, [](sim::Observed& run) { run.story.erase(run.story.begin() + 2); });
  CHECK(!missing.story_ok);
  CHECK(missing.prefix == 1);
  const auto more = judged(recording, [](sim::Observed& run) { run.story.push_back(state(40'000, kB1, 6, {kB1})); });
  CHECK(!more.story_ok);
  CHECK(more.prefix == 3);
  const auto other = judged(recording, [](sim::Observed& run) { run.story[2].node = kB2; });
  REQUIRE(!other.misses.empty());
  CHECK(sim::text_of(other.misses[0], recording.setup.config, "the closest run (seed 7)") ==
        "t-0: at 15.02 the recording has leader 1 epoch 5 isr 1 2; the closest run (seed 7) has leader 2 epoch 5 "
        "isr 1 2 at 15.02");
}

TEST_CASE("the ends are failed starts, epochs of the logs, missing records and silent windows") {
  const auto ends = [](const std::function<void(sim::Observed&)>& change) {
    const sim::Judgement judgement = judged(made_by_hand(), change);
    CHECK(judgement.story_ok);
    CHECK(judgement.times_ok);
    return judgement.ends_ok;
  };
  CHECK(!ends([](sim::Observed& run) { run.failed_starts = {kB3}; }));
  CHECK(!ends([](sim::Observed& run) { run.logs[1].epochs.pop_back(); }));
  CHECK(!ends([](sim::Observed& run) { run.clients[0].partitions[0].missing[1].count = 0; }));
  CHECK(!ends([](sim::Observed& run) { run.clients[0].partitions[0].missing[0].count = 1; }));
  const auto silent = [&](std::vector<sim::SilentWindow> windows) {
    return ends([&](sim::Observed& run) { run.clients[0].partitions[0].silent = windows; });
  };
  CHECK(silent({{11'500, 16'600}}));
  CHECK(!silent({{11'501, 16'600}}));
  CHECK(!silent({}));
  CHECK(!silent({{10'000, 15'100}, {40'000, 42'001}}));
  CHECK(silent({{10'000, 15'100}, {40'000, 42'000}}));  // not longer than two seconds
}

TEST_CASE("times are read and written as the recordings have them") {
  CHECK(sim::seconds_text(16'582) == "16.582");
  CHECK(sim::seconds_text(-3'300) == "-3.3");
  CHECK(sim::seconds_text(10'000) == "10.0");
  CHECK(sim::seconds_text(-7) == "-0.007");
  CHECK(sim::millis_of(sim::Time{1'499}) == 1);
  CHECK(sim::millis_of(sim::Time{1'500}) == 2);
  CHECK(sim::millis_of(sim::Time{-1'501}) == -2);
  CHECK(sim::millis_of(sim::Time{-1'500}) == -1);
}

TEST_CASE("a replayed process comes up as fast as the recorded one") {
  const sim::Plan plan = sim::replay_plan(load("z03-leader-crash").setup);
  const auto start_of = [&](model::NodeId node) {
    return *std::find_if(plan.starts.begin(), plan.starts.end(), [&](const sim::Start& s) { return s.node == node; });
  };
  CHECK(start_of(kB1).at == sim::Time{-10'304'000});
  CHECK(start_of(kB1).isr_check == model::milliseconds(1'772));
  CHECK(start_of(model::kZooKeeper).at == sim::Time{-13'304'000});
  CHECK(start_of(model::NodeId{4}).at == sim::Time{1'951'000});
  CHECK(plan.begins < start_of(model::kZooKeeper).at);
  REQUIRE(plan.faults.size() == 3);
  CHECK(plan.faults[0].kind == sim::FaultKind::create_topic);
  CHECK(plan.faults[2].pin_isr_check == model::milliseconds(1'350));
  CHECK(plan.faults[2].pin_connect < model::milliseconds(541));
  CHECK(plan.faults[2].pin_register < model::milliseconds(901));
}

TEST_CASE("every recording is reproduced") {
  sim::ConformOptions options;
  options.seeds = kSeeds;
  options.jobs = 2;
  for (const std::string& name : kNames) {
    const sim::Recording recording = load(name);
    const sim::Conformance found = sim::conform(recording, options);
    CAPTURE(name);
    CAPTURE(found.first_difference.value_or("none"));
    CHECK(found.status == sim::ConformStatus::reproduced);
    CHECK(found.race.has_value() == (found.share < sim::kCommonShare && found.reproducing > 0));
  }
}

TEST_CASE("a recording with one story fact removed, one ISR changed or one fact moved by 4 s is refuted") {
  for (const std::string name : {"z03-leader-crash", "z02-controller-pause", "z06-leader-cut-from-zk",
                                 "k03-leader-crash", "k04-follower-pause", "f02-follower-read-kraft"}) {
    const sim::Recording recording = load(name);
    const std::vector<sim::Simulated> runs = run_seeds(recording);
    CAPTURE(name);
    CHECK(reproducing(recording, runs) > 0);
    using Story = std::vector<StoryFact>;
    CHECK(check_refuted(name, runs, recording, [](Story& story, std::size_t i) {
            story.erase(story.begin() + static_cast<std::ptrdiff_t>(i));
            return true;
          }) > 2);
    CHECK(check_refuted(name, runs, recording, [](Story& story, std::size_t i) {
            if (story[i].kind != StoryFact::Kind::partition_state) return false;
            model::Replicas& isr = story[i].isr;
            if (isr.contains(kB1) && isr.size() > 1) {
              isr.remove(kB1);
            } else {
              isr.push_back(isr.contains(kB1) ? kB2 : kB1);
            }
            return true;
          }) > 0);
    for (const sim::Millis by : {sim::Millis{4'000}, sim::Millis{-4'000}}) {
      CHECK(check_refuted(name, runs, recording, [by](Story& story, std::size_t i) {
              story[i].t += by;
              return story[i].t > 0;
            }) > 2);
    }
  }
}

TEST_CASE("a reader that read from elsewhere, at another time, or without its silence refutes the model") {
  const sim::Recording recording = load("f02-follower-read-kraft");
  const std::vector<sim::Simulated> runs = run_seeds(recording);
  CHECK(reproducing(recording, runs) == kSeeds);
  const sim::Millis end = recording.setup.end;
  const std::vector<sim::ReaderAsked> stays = sim::stays_of(recording.observed.readers[0], kT0, end);
  REQUIRE(stays.size() == 3);  // near it, at the leader while the near one is dead, near it again
  const auto refuted = [&](const std::function<void(sim::ReaderResult&)>& change) {
    sim::Recording copy = recording;
    change(copy.observed.readers[0]);
    return reproducing(copy, runs) == 0;
  };
  for (const sim::ReaderAsked& stay : stays) {
    CAPTURE(stay.t);
    const auto row_of = [&](sim::ReaderResult& reader) {
      return std::find_if(reader.asked.begin(), reader.asked.end(),
                          [&](const sim::ReaderAsked& row) { return row.t == stay.t; });
    };
    CHECK(refuted([&](sim::ReaderResult& reader) { row_of(reader)->broker = kB2; }));
    CHECK(refuted([&](sim::ReaderResult& reader) {
      for (auto row = row_of(reader); row != reader.asked.end(); ++row) row->t += 4'000;
    }));
  }
  CHECK(refuted([](sim::ReaderResult& reader) { reader.silent.clear(); }));
  CHECK(refuted([](sim::ReaderResult& reader) { reader.silent.push_back({50'000, 53'000}); }));
  CHECK(!refuted([](sim::ReaderResult& reader) { reader.silent[0].to -= 1'000; }));
}

TEST_CASE("leaders that serve all readers themselves bring the recording of readers to zero") {
  sim::Recording recording = load("f02-follower-read-kraft");
  recording.setup.rules.consumers_read_from_followers = false;
  CHECK(first_reproducing(recording) == 0);
}

TEST_CASE("a file stripped of its observations gives the same run for each seed") {
  for (const std::string& name : kNames) {
    auto json = nlohmann::ordered_json::parse(read(name));
    for (const char* key : {"metadata_facts", "node_facts", "clients", "readers", "final_logs", "recorded_from"}) {
      json.erase(key);
    }
    const std::string text = json.dump();
    const auto stripped = scenarios::load_recording(name, text);
    REQUIRE(stripped.ok());
    const sim::Recording whole = load(name);
    for (const std::uint64_t seed : {1U, 17U}) {
      CAPTURE(name);
      CAPTURE(seed);
      CHECK(shown_run(whole, seed).dump() == shown_run(*stripped.value, seed).dump());
    }
  }
}

TEST_CASE("each wrong rule brings a recording to zero that the right rules reproduce") {
  for (const char* wrong :
       {"session-ends-with-connection", "isr-check-at-once", "no-epoch-bump-on-removal", "one-step-failover",
        "election-outside-isr", "woken-leader-refuses-produce", "fenced-broker-stays-in-isr",
        "isr-removal-bumps-leader-epoch", "fences-with-connection", "kraft-election-outside-isr"}) {
    const model::Defect* defect = model::find_defect(wrong);
    CAPTURE(wrong);
    REQUIRE(defect != nullptr);
    std::string refuted;
    for (const std::string& name : kNames) {
      sim::Recording recording = load(name);
      defect->plant(recording.setup.rules);
      if (first_reproducing(recording) != 0) continue;
      if (first_reproducing(load(name)) == 0) continue;
      refuted = name;
      break;
    }
    CHECK_MESSAGE(!refuted.empty(), "no recording refutes this rule");
  }
}

TEST_CASE("the answer does not depend on the number of threads") {
  const sim::Recording recording = load("z03-leader-crash");
  std::string first;
  for (const int jobs : {1, 3}) {
    sim::ConformOptions options;
    options.seeds = 12;
    options.jobs = jobs;
    const sim::Conformance found = sim::conform(recording, options);
    const std::string json = reports::json_of_conformance({{&recording, &found}});
    if (first.empty()) first = json;
    CHECK(json == first);
  }
}

TEST_CASE("a recording that cannot be replayed is not supported, never reproduced") {
  sim::Recording recording = load("z26-move-controller");
  recording.not_supported = "there is no profile of Kafka 3.8";
  const sim::Conformance found = sim::conform(recording, {});
  CHECK(found.status == sim::ConformStatus::not_supported);
  const auto json = nlohmann::json::parse(reports::json_of_conformance({{&recording, &found}}));
  CHECK(json["version"] == 1);
  CHECK(json["recordings"][0]["status"] == "not_supported");
  CHECK(json["recordings"][0]["reproduced"] == false);
  CHECK(json["recordings"][0]["seed"].is_null());
  const std::string text = reports::text_of_conformance({{&recording, &found}}, false);
  CHECK(text.find("\n1 not supported\n") != std::string::npos);
}
