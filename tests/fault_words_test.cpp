#include "reports/fault_words.h"

#include <doctest/doctest.h>

#include "reports/narrate.h"
#include "tests/zombie_outcome.h"

using namespace tests;
using sim::FaultKind;

namespace {

std::vector<model::NodeId> nodes(std::initializer_list<model::NodeId> list) { return list; }

// A fault of this kind at 10 s, applied: b1 was hit as the controller, or packets between b1 and b2.
struct Applied {
  sim::Plan plan = zombie_plan();
  sim::RecordedFault recorded;
  sim::Fault& fault() { return plan.faults[0]; }

  explicit Applied(FaultKind kind, bool has_sides = false) {
    plan.faults.assign(1, {});
    fault().kind = kind;
    recorded.applied.at = at_ms(10'000);
    recorded.applied.note = "controller";
    if (has_sides) {
      fault().from.resize(1);
      fault().to.resize(1);
      recorded.applied.from = nodes({kB1});
      recorded.applied.to = nodes({kB2});
    } else {
      recorded.applied.who = nodes({kB1});
    }
  }
  std::string text() const { return reports::fault_text(plan, recorded.applied); }
  std::string end() {
    recorded.applied.undo = true;
    return text();
  }
  std::string effect() const { return reports::effect_text(plan, recorded); }
};

std::string story_of(const sim::Plan& plan, const sim::Outcome& outcome) {
  std::string text;
  for (const reports::Line& line : reports::narrate(plan, outcome)) {
    if (line.at < at_ms(0)) continue;
    text += line.who + ": " + line.what + (line.why.empty() ? "" : " [" + line.why + "]") + "\n";
  }
  return text;
}

// What the controller b1 tells after `facts` of a boot in which b2 leads t-0 with b3 and b1.
std::string told_by_controller(std::vector<sim::RecordedFact> later) {
  sim::Outcome outcome;
  tell_boot(outcome.facts);
  for (sim::RecordedFact& told : later) outcome.facts.push_back(std::move(told));
  return story_of(zombie_plan(), outcome);
}

}  // namespace

TEST_CASE("a fault of processes says who was hit, as what, and for how long") {
  Applied pause(FaultKind::pause);
  pause.fault().lasts = model::microseconds(4'275'253);
  CHECK(pause.text() == "pause b1 (controller) for 4.275 s");
  CHECK(pause.end() == "resume b1");
  Applied wipe(FaultKind::wipe);
  wipe.fault().lasts = model::seconds(5);
  CHECK(wipe.text() == "wipe the disk of b1 (controller), down for 5 s");
  CHECK(wipe.end() == "start b1");
  Applied clock(FaultKind::clock_rate);
  clock.fault().per_mille = 905;
  CHECK(clock.text() == "run the clock of b1 (controller) at 90.5%");
  CHECK(clock.end() == "run the clock of b1 at 100%");
  Applied disk(FaultKind::slow_disk);
  disk.fault().by = model::milliseconds(100);
  disk.fault().jitter = model::milliseconds(20);
  CHECK(disk.text() == "slow down the disk of b1 (controller) by 100 ms (±20 ms) a write");
  disk.fault().per_mille = 5'000;
  CHECK(disk.text() == "make the disk of b1 (controller) 5 times slower");
  CHECK(disk.end() == "no more slow disk of b1");
  CHECK(Applied(FaultKind::crash).text() == "crash b1 (controller)");
  CHECK(Applied(FaultKind::power_loss).text() == "power loss of b1 (controller)");
  CHECK(Applied(FaultKind::expire_session).text() == "expire the session of b1 (controller)");
}

TEST_CASE("a fault of links names both sides, and the roles of the first beside it") {
  Applied cut(FaultKind::cut, true);
  CHECK(cut.text() == "cut b1 (controller) from b2");
  cut.fault().one_way = true;
  CHECK(cut.text() == "cut b1 (controller) towards b2");
  CHECK(cut.end() == "heal b1 towards b2");
  Applied lose(FaultKind::lose, true);
  lose.fault().per_mille = 66;
  lose.fault().lasts = model::microseconds(14'151'218);
  CHECK(lose.text() == "lose 6.6% of the packets between b1 (controller) and b2 for 14.151 s");
  CHECK(lose.end() == "no more loss of packets between b1 and b2");
  Applied delay(FaultKind::delay, true);
  delay.fault().by = model::seconds(2);
  delay.fault().to.clear();
  delay.recorded.applied.to = nodes({kB2, kB3});
  CHECK(delay.text() == "delay packets between b1 (controller) and everybody else by 2 s");
  Applied all(FaultKind::cut, true);
  all.recorded.applied.to = nodes({kB1, kB2, kB3});
  CHECK(all.text() == "cut b1 (controller) from b2 b3");
}

TEST_CASE("two roles that turn out to be one broker are told as the nothing that they are") {
  Applied cut(FaultKind::cut, true);
  cut.recorded.applied.to = nodes({kB1});
  CHECK(cut.text() == "cut b1 (controller) from b1, which changes nothing");
  CHECK(reports::idle_text(cut.plan, cut.recorded.applied) == "b1 is on both sides");
  cut.recorded.applied.to = nodes({kB2});
  CHECK(reports::idle_text(cut.plan, cut.recorded.applied) == "nobody noticed it");
}

TEST_CASE("an operator's election says which kind it is, and whether there is anything to elect") {
  Applied elect(FaultKind::elect);
  elect.fault().partition = kT0;
  CHECK(elect.text() == "elect the preferred leader of t-0");
  sim::Outcome outcome;
  tell_boot(outcome.facts);
  outcome.faults = {elect.recorded};
  CHECK(story_of(elect.plan, outcome) == "ACT: elect the preferred leader of t-0 [b2 leads already]\n");
  elect.fault().unclean = true;
  CHECK(elect.text() == "elect a leader of t-0, unclean if need be");
  CHECK(story_of(elect.plan, outcome) ==
        "ACT: elect a leader of t-0, unclean if need be [b2 leads, so nothing to do]\n");
}

TEST_CASE("an election that finds nobody is told by what is the case: the leader lives, stops or is dead") {
  using namespace model;
  const sim::RecordedFact failed{at_ms(20'000), kB1, ElectionFailed{kT0}};
  const sim::RecordedFact b3_leads{at_ms(9'000), kZooKeeper,
                                   PartitionStateChanged{80, kT0, {kB3, 1, {kB3, kB1}, 1}, 1}};
  const sim::RecordedFact b2_is_gone{at_ms(9'500), kZooKeeper, BrokerUnregistered{90, kB2}};
  const auto last_line = [](const std::string& text) { return text.substr(text.rfind('\n', text.size() - 2) + 1); };
  CHECK(last_line(told_by_controller({b3_leads, failed})) ==
        "b1: t-0 leader stays b3: the preferred leader b2 is not in the isr\n");
  CHECK(last_line(told_by_controller({b3_leads, b2_is_gone, failed})) ==
        "b1: t-0 leader stays b3: the preferred leader b2 is dead\n");
  const sim::RecordedFact alone{at_ms(9'000), kZooKeeper, PartitionStateChanged{80, kT0, {kB2, 1, {kB2}, 1}, 1}};
  CHECK(last_line(told_by_controller({alone, b2_is_gone, failed})) ==
        "b1: t-0 stays without a leader: nobody of isr b2 lives\n");
  Applied stop(FaultKind::stop);
  stop.recorded.applied.who = nodes({kB2});
  sim::Outcome outcome;
  tell_boot(outcome.facts);
  outcome.facts.push_back(alone);
  outcome.facts.push_back(failed);
  outcome.faults = {stop.recorded};
  CHECK(last_line(story_of(stop.plan, outcome)) ==
        "b1: t-0 leader stays b2, which is stopping: no other member of isr b2 could lead\n");
}

TEST_CASE("what an operator did stands between two refusals") {
  using namespace model;
  Applied elect(FaultKind::elect);
  elect.fault().partition = kT1;
  sim::Outcome outcome;
  tell_boot(outcome.facts);
  outcome.facts.push_back({at_ms(8'000), kZooKeeper, BrokerUnregistered{90, kB2}});
  for (const std::int64_t ms : {9'000, 11'000, 12'000}) {
    outcome.facts.push_back({at_ms(ms), kB1, ElectionFailed{kT0}});
  }
  outcome.faults = {elect.recorded};
  CHECK(story_of(elect.plan, outcome) ==
        "zk: /brokers/ids/2 is gone\n"
        "b1: t-0 stays without a leader: nobody of isr b2 b3 b1 lives\n"
        "ACT: elect the preferred leader of t-1 [b1 leads already]\n"
        "b1: t-0 stays without a leader: nobody of isr b2 b3 b1 lives  (× 2, until 12.000)\n");
}

TEST_CASE("a disk that is wiped takes what a loss of power would have left") {
  using namespace model;
  for (const FaultKind kind : {FaultKind::wipe, FaultKind::power_loss}) {
    Applied fault(kind);
    sim::Outcome outcome;
    tell_boot(outcome.facts);
    outcome.facts.push_back({at_ms(10'000), kB1, LogLost{kT0, 5, 0}});
    outcome.faults = {fault.recorded};
    const std::string story = story_of(fault.plan, outcome);
    const std::string lost = kind == FaultKind::wipe ? "with its disk" : "that its disk had not been given";
    CHECK(story.ends_with("b1: t-0 loses 5 records " + lost + " [log end 5 -> 0]\n"));
  }
}

TEST_CASE("what a fault did is a sentence whatever its kind") {
  Applied cut(FaultKind::cut, true);
  cut.recorded.effect.stalled = 2;
  CHECK(cut.effect() == "the cut between b1 and b2 stalled 2 messages");
  Applied lose(FaultKind::lose, true);
  lose.fault().one_way = true;
  lose.recorded.effect.dropped = 1;
  CHECK(lose.effect() == "the loss from b1 to b2 dropped 1 packet");
  Applied stop(FaultKind::stop);
  stop.recorded.effect.reset = 1;
  CHECK(stop.effect() == "the shutdown of b1 reset 1 connection");
  Applied reset(FaultKind::reset, true);
  reset.recorded.effect.reset = 3;
  CHECK(reset.effect() == "the reset between b1 and b2 tore down 3 connections");
  Applied wipe(FaultKind::wipe);
  wipe.recorded.effect.wiped = 120;
  wipe.recorded.effect.lost = 1;
  wipe.recorded.effect.reset = 4;
  CHECK(wipe.effect() == "the wipe of b1 took 120 records, lost 1 message and reset 4 connections");
  Applied pause(FaultKind::pause);
  pause.recorded.effect.held = 1;
  CHECK(pause.effect() == "the pause of b1 held back 1 message or timer");
  pause.recorded.applied.who = nodes({kB1, kB2, kB3});
  pause.recorded.effect.held = 15;
  CHECK(pause.effect() == "the pause of b1, b2 and b3 held back 15 messages and timers");
  Applied disk(FaultKind::slow_disk);
  disk.recorded.effect.slowed = 10;
  CHECK(disk.effect() == "the slow disk of b1 slowed 10 writes");
  Applied clock(FaultKind::clock_rate);
  clock.recorded.effect.skewed = 59;
  CHECK(clock.effect() == "the clock of b1 moved 59 timers");
  Applied session(FaultKind::expire_session);
  session.recorded.effect.reset = 1;
  CHECK(session.effect() == "the expired session of b1 reset 1 connection");
  CHECK(Applied(FaultKind::move_controller).effect() == "");
}

TEST_CASE("a fault that never came waited for a fact, for a state, or for the end") {
  sim::Fault fault;
  CHECK(reports::absence_text(fault) == "the run ends before it");
  fault.when_state = sim::Condition{};
  CHECK(reports::absence_text(fault) == "the state it waits for did not come about");
  fault.when_state.reset();
  fault.when = sim::FactPattern{};
  CHECK(reports::absence_text(fault) == "the fact it waits for was not told");
}
