#include "sim/search/causes.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "reports/why.h"
#include "scenarios/loader.h"
#include "sim/search/slice.h"
#include "tests/golden.h"

namespace {

using sim::Cause;
using sim::EventKind;

sim::Plan library(const std::string& name) {
  auto loaded = scenarios::load_scenario_file("scenarios/library/" + name + ".json");
  REQUIRE(loaded.ok());
  return std::move(*loaded.value);
}

// What no cause may look like; an empty text: it may.
std::string wrong_with(const sim::CausalRun& run, std::uint64_t number, const sim::LinkSettings& links) {
  const sim::CausalEvent& event = run.event(number);
  if (event.cause == Cause()) return event.kind == EventKind::started ? "" : "nothing led there";
  if (event.cause.is_fault()) {
    if (event.cause.fault() > run.outcome.faults.size()) return "no such fault";
    return run.order(event.cause) < event.order ? "" : "a fault that comes later";
  }
  if (event.cause.event() >= number) return "an event that does not come before";
  const sim::CausalEvent& before = run.event(event.cause.event());
  if (before.at > event.at) return "later";
  if (event.kind == EventKind::message) {
    if (before.node != event.peer) return "sent by somebody else";
    // No fault is at work in the boot: what arrives was sent a moment ago, and took its time.
    if (event.at < sim::Time{0} && event.at - before.at > links.control_max + links.latency_max) return "sent long ago";
    if (event.at - before.at < links.latency_min) return "faster than the network";
  }
  if (event.kind == EventKind::timer && before.node != event.node) return "armed by somebody else";
  if (event.kind == EventKind::connected && before.node != event.node) return "opened by somebody else";
  if (event.kind == EventKind::disconnected && before.node != event.peer && before.node != event.node)
    return "closed by somebody else";
  return "";
}

std::size_t count_wrong(const sim::CausalRun& run, const sim::LinkSettings& links) {
  std::size_t wrong = 0;
  for (std::uint64_t number = 1; number <= run.events.size(); ++number) {
    const std::string what = wrong_with(run, number, links);
    if (what.empty()) continue;
    ++wrong;
    if (wrong > 3) continue;
    MESSAGE("event " << number << ": " << what);
  }
  return wrong;
}

template <typename F, typename Fits>
Cause last_told(const sim::CausalRun& run, Fits fits) {
  for (std::size_t i = run.told_by.size(); i-- > 0;) {
    const F* fact = std::get_if<F>(&run.outcome.facts[i].fact);
    if (fact != nullptr && fits(*fact)) return run.told_by[i];
  }
  return {};
}

const sim::Link* find_link(const sim::Slice& slice, Cause to, sim::LinkKind kind) {
  for (const sim::Link& link : slice.links) {
    if (link.to == to && link.kind == kind) return &link;
  }
  return nullptr;
}

sim::FaultKind kind_of(const sim::Plan& plan, const sim::CausalRun& run, Cause fault) {
  return plan.faults[run.fault(fault.fault()).applied.row].kind;
}

}  // namespace

TEST_CASE("a run whose causes are gathered is the run itself") {
  for (const std::string name : {"zombie-controller", "leader-crash", "kraft-leader-dies", "lost-packets"}) {
    sim::Plan plan = library(name);
    for (plan.seed = 1; plan.seed <= 5; ++plan.seed) {
      CAPTURE(name);
      CAPTURE(plan.seed);
      const sim::Outcome silent = sim::run(plan, {});
      const sim::CausalRun run = sim::run_with_causes(plan);
      CHECK(run.outcome.fingerprint == silent.fingerprint);
      CHECK(run.events.size() == silent.events);
      CHECK(run.told_by.size() == run.outcome.facts.size());
      CHECK(run.fault_orders.size() == run.outcome.faults.size());
    }
  }
}

TEST_CASE("what an event began with is an earlier step of the right node, or a fault") {
  for (const std::string name :
       {"zombie-controller", "quick-bounce", "power-loss-all", "reset-while-waiting", "quorum-leader-cut-off"}) {
    CAPTURE(name);
    const sim::Plan plan = library(name);
    CHECK(count_wrong(sim::run_with_causes(plan), plan.links) == 0);
  }
}

TEST_CASE("a wrong cause is noticed") {
  const sim::Plan plan = library("leader-crash");
  const sim::CausalRun good = sim::run_with_causes(plan);
  std::size_t tried = 0, noticed = 0;
  for (std::uint64_t number = 2; number < 400; ++number) {
    if (good.event(number).cause == Cause()) continue;
    for (const Cause wrong : {Cause(), Cause::event(number), Cause::event(number - 1), Cause::event(1)}) {
      if (wrong == good.event(number).cause || (wrong == Cause() && good.event(number).kind == EventKind::started))
        continue;
      sim::CausalRun bad = {};
      bad.outcome.faults = good.outcome.faults;
      bad.events = good.events;
      bad.fault_orders = good.fault_orders;
      bad.events[number - 1].cause = wrong;
      ++tried;
      if (!wrong_with(bad, number, plan.links).empty()) ++noticed;
    }
  }
  CHECK(tried > 1'000);
  CHECK(noticed * 10 > tried * 8);  // another step of the same node at about the same time may pass
}

TEST_CASE("a session that expires in silence is blamed on the pause, and on what was heard last") {
  const sim::Plan plan = library("zombie-controller");
  const sim::CausalRun run = sim::run_with_causes(plan);
  const Cause elected =
      last_told<model::ControllerElected>(run, [](const model::ControllerElected& f) { return f.epoch == 2; });
  REQUIRE(elected.is_event());
  const sim::Slice slice = sim::slice_of(plan, run, {elected});
  CHECK(slice.steps.back() == elected);
  CHECK(slice.steps.size() <= 6);
  const Cause expired =
      last_told<model::ZkSessionClosed>(run, [](const model::ZkSessionClosed& f) { return f.expired; });
  const sim::Link* silence = find_link(slice, expired, sim::LinkKind::silence);
  REQUIRE(silence != nullptr);
  CHECK(kind_of(plan, run, silence->from) == sim::FaultKind::pause);
  const sim::Link* heard = find_link(slice, expired, sim::LinkKind::last_heard);
  REQUIRE(heard != nullptr);
  CHECK(run.event(heard->from.event()).peer == model::NodeId{1});
  CHECK(run.at(heard->from) <= run.at(silence->from) + model::milliseconds(1));
}

TEST_CASE("every step but the first ones of a slice has a cause in it, which comes before") {
  for (const std::string name :
       {"zombie-controller", "leader-crash", "leader-cut-from-followers", "kraft-leader-dies"}) {
    CAPTURE(name);
    const sim::Plan plan = library(name);
    const sim::CausalRun run = sim::run_with_causes(plan);
    const Cause target = last_told<model::PartitionStateChanged>(run, [](const auto&) { return true; });
    REQUIRE(target.is_event());
    const sim::Slice slice = sim::slice_of(plan, run, {target});
    CHECK(std::any_of(slice.steps.begin(), slice.steps.end(), [](Cause step) { return step.is_fault(); }));
    for (const sim::Link& link : slice.links) {
      CHECK(run.order(link.from) < run.order(link.to));
      CHECK(std::find(slice.steps.begin(), slice.steps.end(), link.from) != slice.steps.end());
      CHECK(std::find(slice.steps.begin(), slice.steps.end(), link.to) != slice.steps.end());
      CHECK(std::is_sorted(link.through.begin(), link.through.end()));
    }
    CHECK(std::any_of(slice.links.begin(), slice.links.end(), [&](const auto& link) { return link.to == target; }));
  }
}

TEST_CASE("a fault that waited for a fact was caused by the step that told it, its end by the fault") {
  sim::Plan plan = library("zombie-controller");
  sim::Fault pause;
  pause.kind = sim::FaultKind::pause;
  pause.when = sim::FactPattern{model::kFactIndex<model::ControllerElected>, {}};
  pause.waits_from = sim::Time{0};
  pause.lasts = model::milliseconds(10);
  sim::Target target;
  target.node = model::NodeId{3};
  pause.who = {target};
  plan.faults.push_back(pause);
  const sim::CausalRun run = sim::run_with_causes(plan);
  const auto& faults = run.outcome.faults;
  const auto waited = std::find_if(faults.begin(), faults.end(),
                                   [&](const auto& f) { return f.applied.row == plan.faults.size() - 1; });
  REQUIRE(waited != faults.end());
  CHECK(waited->applied.cause == last_told<model::ControllerElected>(run, [](const auto&) { return true; }));
  const auto ended = std::find_if(faults.begin(), faults.end(), [&](const auto& f) {
    return f.applied.row == plan.faults.size() - 1 && f.applied.undo;
  });
  REQUIRE(ended != faults.end());
  CHECK(ended->applied.cause == Cause::fault(waited->applied.number));
}

TEST_CASE("why a new controller was elected reads as it always did") {
  const sim::Plan plan = library("zombie-controller");
  const sim::CausalRun run = sim::run_with_causes(plan);
  std::string text =
      "Why b3 became controller while b1 slept: the pause is the root, the session that expired in silence the\n"
      "step between. Then the truncation of the zombie, which needs both the election and the waking.\n\n";
  const Cause elected = last_told<model::ControllerElected>(run, [](const auto& f) { return f.epoch == 2; });
  const Cause cut = last_told<model::Truncated>(run, [](const auto& f) { return f.from > f.to; });
  for (const Cause target : {elected, cut}) {
    reports::WhyOptions options;
    options.question = target == elected ? "controller_elected" : "truncates";
    text += reports::text_of_slice(plan, run, sim::slice_of(plan, run, {target}), options) + "\n";
  }
  tests::check_golden("why_zombie.txt", text);
}
