#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "reports/narrate.h"
#include "reports/settings.h"
#include "reports/text_run.h"
#include "tests/zombie_outcome.h"

using namespace tests;
using namespace model;

namespace {

constexpr NodeId kC1{5}, kC2{6}, kC3{7};

sim::Plan kraft_plan() {
  sim::Plan plan = zombie_plan();
  plan.config.controllers = 3;
  plan.config.voters = {kC1, kC2, kC3};
  plan.faults.clear();
  return plan;
}

// The quorum's leader is c1, in epoch 1; b1 to b3 are registered and unfenced; t-0 is led by b2, t-1 by b1.
struct Story {
  sim::Plan plan = kraft_plan();
  sim::Outcome outcome;

  Story() {
    tell(-9'000, kC1, QuorumRoleChanged{QuorumRole::candidate, 1, kNoNode, kC1});
    tell(-8'990, kC2, VoteAnswered{kC1, 1, true, false});
    tell(-8'980, kC1, QuorumRoleChanged{QuorumRole::leader, 1, kC1, kC1});
    tell(-8'970, kC2, QuorumRoleChanged{QuorumRole::follower, 1, kC1, kNoNode});
    tell(-8'970, kC3, QuorumRoleChanged{QuorumRole::follower, 1, kC1, kNoNode});
    tell(-8'950, kZooKeeper, LeaderChange{1, 1, kC1});
    for (std::uint8_t id = 1; id <= 3; ++id) {
      tell(-5'000, kZooKeeper, BrokerRegistered{10 + id, NodeId{id}, 10 + id});
      tell(-4'000, kZooKeeper, BrokerChanged{20 + id, NodeId{id}, 10 + id, false, false});
    }
    tell(-2'000, kZooKeeper, PartitionStateChanged{30, kT0, {kB2, 0, {kB2, kB3, kB1}, 1}, 0});
    tell(-2'000, kZooKeeper, PartitionStateChanged{31, kT1, {kB1, 0, {kB1, kB2, kB3}, 1}, 0});
  }

  void tell(std::int64_t ms, NodeId node, const Fact& fact) { outcome.facts.push_back({at_ms(ms), node, fact}); }
  void fault(sim::FaultKind kind, std::int64_t ms, NodeId node, bool undo = false) {
    sim::Fault row;
    row.kind = kind;
    row.at = at_ms(ms);
    row.text = std::string(sim::name_of(kind));
    plan.faults.push_back(row);
    outcome.faults.push_back({{at_ms(ms), plan.faults.size() - 1, undo, {node}, {}, {}, ""}, {}, outcome.facts.size()});
  }
  // "c2 leads the metadata quorum, epoch 2 (was c1, epoch 1)", a line each; `why` behind " -- ".
  std::vector<std::string> lines(sim::Time from = at_ms(0)) const {
    std::vector<std::string> texts;
    for (const reports::Line& line : reports::narrate(plan, outcome)) {
      if (line.at >= from) texts.push_back(line.who + " " + line.what + (line.why.empty() ? "" : " -- " + line.why));
    }
    return texts;
  }
};

using Lines = std::vector<std::string>;

void check(const Story& story, const Lines& expected, sim::Time from = at_ms(0)) {
  const Lines told = story.lines(from);
  CHECK(told.size() == expected.size());
  for (std::size_t i = 0; i < std::min(told.size(), expected.size()); ++i) CHECK(told[i] == expected[i]);
}

}  // namespace

TEST_CASE("a cluster in KRaft mode boots in two lines, told by the leader of the quorum") {
  check(Story(), Lines{"c1 leads the metadata quorum, epoch 1", "c1 t-0 leader b2, t-1 leader b1 · every isr full"},
        at_ms(-10'000));
}

TEST_CASE("an election is told by who asks, who votes and who leads, not by who goes along") {
  Story story;
  story.fault(sim::FaultKind::crash, 10'000, kC1);
  for (const NodeId observer : {kB1, kB2, kB3})
    story.tell(12'100, observer, QuorumRoleChanged{QuorumRole::unattached, 2, kNoNode, kNoNode});
  story.tell(12'100, kC2, QuorumRoleChanged{QuorumRole::candidate, 2, kNoNode, kC2});
  story.tell(12'101, kC3, QuorumRoleChanged{QuorumRole::unattached, 2, kNoNode, kC2});
  story.tell(12'101, kC3, VoteAnswered{kC2, 2, true, false});
  story.tell(12'102, kC2, QuorumRoleChanged{QuorumRole::leader, 2, kC2, kC2});
  story.tell(12'103, kC3, QuorumRoleChanged{QuorumRole::follower, 2, kC2, kC2});
  story.tell(12'104, kB1, QuorumRoleChanged{QuorumRole::follower, 2, kC2, kNoNode});
  story.tell(12'110, kZooKeeper, LeaderChange{40, 2, kC2});
  story.tell(12'111, kC2, BelievesController{2});
  check(story, Lines{"FAULT crash c1", "c2 candidate, epoch 2", "c3 votes for c2 in epoch 2",
                     "c2 leads the metadata quorum, epoch 2 (was c1, epoch 1)"});
}

TEST_CASE("elections that nobody wins are one line that grows") {
  Story story;
  for (LeaderEpoch epoch = 2; epoch <= 9; ++epoch)
    story.tell(10'000 + epoch * 1'000, kC2, QuorumRoleChanged{QuorumRole::candidate, epoch, kNoNode, kC2});
  check(story, Lines{"c2 candidate, epochs 2 to 9, until 19.000"});
  story.tell(20'000, kC2, QuorumRoleChanged{QuorumRole::follower, 10, kC3, kNoNode});
  story.tell(30'000, kC2, QuorumRoleChanged{QuorumRole::candidate, 11, kNoNode, kC2});
  check(story, Lines{"c2 candidate, epochs 2 to 9, until 19.000", "c2 learns that epoch 10 has begun, follows c3",
                     "c2 candidate, epoch 11"});
}

TEST_CASE("a deposed leader learns it; one without a majority resigns, and says so once") {
  Story story;
  story.tell(5'000, kC1, QuorumRoleChanged{QuorumRole::follower, 3, kC2, kNoNode});
  story.tell(5'000, kC1, ControllerResigned{1});
  check(story, Lines{"c1 learns that epoch 3 has begun, follows c2"});

  Story alone;
  alone.tell(5'000, kC1, QuorumRoleChanged{QuorumRole::resigned, 1, kC1, kNoNode});
  alone.tell(5'000, kC1, ControllerResigned{1});
  check(alone, Lines{"c1 resigns: no majority has fetched for 3 s"});

  Story stopping;
  stopping.fault(sim::FaultKind::stop, 5'000, kC1);
  stopping.tell(5'000, kC1, QuorumRoleChanged{QuorumRole::resigned, 1, kC1, kNoNode});
  check(stopping, Lines{"ACT stop c1", "c1 resigns: it is stopping"});

  Story of_its_own;
  of_its_own.tell(5'000, kC1, ControllerResigned{1});
  check(of_its_own, Lines{"c1 resigns as controller of epoch 1"});
}

TEST_CASE("a process that comes back does not resign from what the one before it led") {
  Story story;
  story.fault(sim::FaultKind::crash, 5'000, kC1);
  story.fault(sim::FaultKind::start, 6'000, kC1);
  story.tell(6'001, kC1, QuorumRoleChanged{QuorumRole::resigned, 1, kC1, kNoNode});
  check(story, Lines{"FAULT crash c1", "ACT start c1"});
}

TEST_CASE("a refused vote has the reason that the voter's own role gives") {
  Story story;
  story.tell(5'000, kC3, QuorumRoleChanged{QuorumRole::unattached, 2, kNoNode, kC2});
  story.tell(5'000, kC3, VoteAnswered{kC2, 2, true, false});
  story.tell(5'001, kC3, VoteAnswered{kC1, 2, false, false});
  story.tell(5'002, kC2, VoteAnswered{kC1, 1, false, true});
  story.tell(5'003, kC2, VoteAnswered{kC1, 7, false, false});
  check(story, Lines{"c3 votes for c2 in epoch 2", "c3 refuses its vote to c1 in epoch 2: it has voted for c2",
                     "c2 refuses its pre-vote to c1 in epoch 1: c1 leads", "c2 refuses its vote to c1 in epoch 7"});
}

TEST_CASE("a fenced broker stands before what follows for its partitions") {
  Story story;
  story.tell(19'000, kZooKeeper, PartitionStateChanged{50, kT0, {kB3, 1, {kB3, kB1}, 1}, 1});
  story.tell(19'000, kZooKeeper, ElrChanged{50, kT0, {kB2}, {}});
  story.tell(19'000, kZooKeeper, PartitionStateChanged{51, kT1, {kB1, 0, {kB1, kB3}, 1}, 1});
  story.tell(19'000, kZooKeeper, BrokerChanged{52, kB2, 12, true, false});
  story.tell(30'000, kZooKeeper, BrokerRegistered{90, kB2, 88});
  story.tell(31'000, kZooKeeper, BrokerChanged{95, kB2, 88, false, false});
  story.tell(32'000, kZooKeeper, PartitionStateChanged{96, kT0, {kB3, 1, {kB3, kB1, kB2}, 1}, 2});
  check(story,
        Lines{"c1 b2 fenced: no heartbeat for a session",
              "c1 t-0 leader b3 · leader epoch 1 · isr b3 b1 · elr b2 -- b2 is fenced",
              "c1 t-1 isr b1 b3 -- b2 is fenced", "b2 registers again, broker epoch 88 (fenced until it has caught up)",
              "c1 b2 unfenced", "c1 t-0 isr b3 b1 b2 -- b2 is back"});
}

TEST_CASE("a broker that stops is in controlled shutdown first and fenced because it has shut down") {
  Story story;
  story.tell(10'000, kZooKeeper, BrokerChanged{50, kB2, 12, false, true});
  story.tell(10'000, kZooKeeper, PartitionStateChanged{51, kT0, {kB3, 1, {kB3, kB1}, 1}, 1});
  story.tell(10'050, kZooKeeper, BrokerChanged{52, kB2, 12, true, true});
  check(story,
        Lines{"c1 b2 is in controlled shutdown", "c1 t-0 leader b3 · leader epoch 1 · isr b3 b1 -- b2 is stopping",
              "c1 b2 fenced: it has shut down"});
}

TEST_CASE("what happens to the metadata log is told where something is lost or replaced") {
  Story story;
  story.tell(5'000, kC3, MetadataAppended{50, 2, 1, false});
  story.tell(5'000, kC3, MetadataHighWatermarkMoved{50, 52, false});
  story.tell(5'001, kC3, MetadataTruncated{52, 49});
  story.tell(5'002, kC3, MetadataSnapshot{40, 1, true});
  story.tell(5'003, kC3, MetadataSnapshot{45, 1, false});
  story.tell(5'004, kC1, MetadataSnapshot{45, 1, false});
  story.tell(5'005, kC3, MetadataLogLost{52, 50});
  story.tell(5'006, kC3, QuorumFailed{QuorumFault::two_leaders, 4});
  for (int i = 0; i < 3; ++i) story.tell(6'000 + i, kB2, RegistrationRefused{ErrorCode::duplicate_broker_registration});
  check(story,
        Lines{"c3 truncates 3 records of the metadata log to offset 49",
              "c3 loads a snapshot of the metadata log that ends at offset 40",
              "c1 makes a snapshot of the metadata log that ends at offset 45",
              "c3 loses 2 records of the metadata log that its disk had not been given (log end 52 -> 50)",
              "c3 epoch 4: it learnt of two leaders of one epoch; the process ends",
              "b2 is refused registration: duplicate_broker_registration (its former process has a session still)"
              "  (× 3, until 6.002)"});
}

TEST_CASE("a plan in KRaft mode shows the quorum's settings in the place of ZooKeeper's") {
  sim::Plan plan = kraft_plan();
  plan.config.quorum.broker_session_timeout = seconds(6);
  plan.config.quorum.controller_quorum_fetch_timeout = milliseconds(500);
  plan.config.quorum.metadata_record_bytes = 7;
  plan.config.zookeeper_tick = seconds(1);
  const std::vector<std::string> changed = reports::changed_settings(plan);
  const auto has = [&](const char* text) { return std::find(changed.begin(), changed.end(), text) != changed.end(); };
  CHECK(has("broker.session.timeout.ms=6000"));
  CHECK(has("controller.quorum.fetch.timeout.ms=500"));
  CHECK(has("replica.lag.time.max.ms=10000"));
  CHECK(std::none_of(changed.begin(), changed.end(), [](const std::string& text) {
    return text.find("zookeeper") != std::string::npos || text.find("record.bytes") != std::string::npos;
  }));
  plan.mode = "kraft";
  const std::string text = reports::text_of_run(plan, Story().outcome, {false, "f.json", "again"});
  CHECK(text.find("kraft mode, Kafka 3.9 rules, 3 brokers, 3 controllers, t: 2 partitions") != std::string::npos);
}
