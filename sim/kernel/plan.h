// Everything that a run depends on. Same plan, same bytes: a run reads no clock, no file and no
// environment. Times are microseconds of virtual time; 0 is the scenario's 0, the boot comes before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/config.h"
#include "model/facts.h"
#include "model/ids.h"
#include "model/rules.h"
#include "model/step.h"
#include "model/time.h"
#include "sim/kernel/condition.h"

namespace sim {

struct Time {
  std::int64_t us = 0;
  auto operator<=>(const Time&) const = default;
};
constexpr Time operator+(Time t, model::Duration d) { return {t.us + d.us}; }
constexpr Time operator-(Time t, model::Duration d) { return {t.us - d.us}; }
constexpr model::Duration operator-(Time a, Time b) { return {a.us - b.us}; }

// Who a fault or an operator act is about. Roles are resolved when it happens.
struct Target {
  enum class Form : std::uint8_t {
    node,
    controller,   // in KRaft mode the leader of the quorum
    controllers,  // all of KRaft mode
    leader,
    follower,
    isr,
    replica,
    brokers,
    others,
    rack,
  };
  Form form = Form::node;
  model::NodeId node = model::kNoNode;  // node, others
  model::PartitionId partition{};       // leader, follower (the first of the ISR that does not lead), isr, replica
  std::int32_t rank = 0;                // replica(t-0, 2): position in the assignment, from 0
  std::string rack;                     // rack(us-east): brokers whose broker.rack it is
  std::string text;                     // as written: "leader(t-0)"
};

// A fact with some of its fields given, as text: {"broker", "b2"}, {"epoch", "2"}, {"isr", "b1 b2"}.
struct FactPattern {
  std::size_t fact = 0;                                     // index of model::Fact
  std::vector<std::pair<std::string, std::string>> fields;  // "node": who told it
};
bool matches(const FactPattern& pattern, const model::ClusterConfig& config, model::NodeId teller,
             const model::Fact& fact);

enum class FaultKind : std::uint8_t {
  crash,
  power_loss,
  stop,
  start,
  pause,
  resume,
  cut,
  heal,
  delay,
  lose,
  reset,
  wipe,
  slow_disk,
  clock_rate,
  expire_session,
  elect,
  move_controller,
  create_topic,
  alter_config,
  reassign,
  add_voter,
  remove_voter,
};
inline constexpr std::size_t kFaultKinds = static_cast<std::size_t>(FaultKind::remove_voter) + 1;
std::string_view name_of(FaultKind kind);

struct Fault {
  FaultKind kind{};
  Time at;                              // if there is no trigger
  std::optional<FactPattern> when;      // each time this fact is told, `times` times; or
  std::optional<Condition> when_state;  // each time this comes true that was false before, `times` times
  Time waits_from{INT64_MIN};           // what `when` or `when_state` wait for counts from here on; the boot too
  model::Duration after;                // from then to the fault
  std::int32_t times = 1;
  std::vector<Target> who;  // crash, power_loss, stop, start, pause, resume, wipe, slow_disk, clock_rate,
                            // expire_session, add_voter, remove_voter
  // cut, heal, delay, lose, reset: packets from one side to the other, and back unless one way. Without a second
  // side (delay, lose, reset): everybody else.
  std::vector<Target> from, to;
  bool one_way = false;
  std::optional<model::Duration> lasts;  // then undone: pause by resume, cut by heal, crash by start
  model::Duration by, jitter;  // delay, slow_disk: added to each packet or write, evenly by - jitter to by + jitter
  std::int32_t per_mille = 0;  // lose: of the packets; clock_rate, slow_disk: of the normal, 1000 being as usual
  // Of a fault that takes several commands, `at` being when the last one had been given: how many followed
  // this one. Each takes Plan::command_min..command_max, drawn once per run.
  std::int32_t commands_after = 0;
  model::PartitionId partition{};  // elect, reassign
  bool unclean = false;            // elect
  model::TopicId topic{};          // create_topic
  model::AlterConfig alteration;   // alter_config
  model::Replicas replicas;        // reassign: the target
  // Durations known beforehand, for a start that replays a real one: pins of single draws.
  std::optional<model::Duration> pin_connect, pin_register, pin_isr_check;
  std::string text;       // one line for people: "pause controller for 25 s"
  std::int32_t line = 0;  // where it stands in the scenario file; 0 unknown
};

struct Expectation {
  enum class Form : std::uint8_t {
    fact,      // the pattern occurs, within [from, to]
    never,     // the pattern does not occur
    state,     // `condition` holds: at `from`, or at some instant of [from, to], or always within it
    violates,  // the invariant is broken: `pattern` says by which fact that is told
  };
  Form form = Form::fact;
  FactPattern pattern;
  Time from{INT64_MIN}, to{INT64_MAX};
  std::int32_t times = 0;          // fact: exactly so often; 0: at least once
  Condition condition;             // state
  bool always = false;             // state: not only at some instant
  model::InvariantId invariant{};  // violates
  std::string text;                // as in the scenario, one line
  std::int32_t line = 0;
};

// How long a packet takes from one node to another.
struct Latency {
  model::Duration min, max;
};

// Latencies and TCP's timers. Ranges are drawn uniformly; every one stands in `describe fidelity`.
struct LinkSettings {
  model::Duration latency_min = model::microseconds(60), latency_max = model::microseconds(250);
  std::vector<Latency> by_way{};  // in its place: by sender, then receiver; empty: all ways are alike
  // The smallest time-out, 200 ms, and a tick of 4 ms.
  model::Duration retransmit_first = model::milliseconds(204);  // then doubling...
  model::Duration retransmit_max = model::seconds(120);         // ...up to here
  // Linux keeps timers in a wheel whose slots get coarser with the time-out; each fires at the end of its
  // slot, up to an eighth late. Over seven doublings that is a second.
  bool timer_wheel = true;
  model::Duration syn_retry = model::seconds(1);  // connection attempts are repeated at this interval...
  std::int32_t syn_linear = 4;                    // ...so often, then doubling (tcp_syn_linear_timeouts)
  // Processing by the receiver before a message takes effect, by what has to be done.
  model::Duration request_min = model::microseconds(20), request_max = model::microseconds(200);
  model::Duration control_min = model::milliseconds(4), control_max = model::milliseconds(28);  // LeaderAndIsr...
  model::Duration control_per_partition = model::microseconds(45);  // of those that are not modelled
  model::Duration zk_write_min = model::milliseconds(1),
                  zk_write_max = model::milliseconds(9);  // fsync, the quorum's too
};

struct Start {
  model::NodeId node{};
  Time at;
  std::optional<model::Duration> connect, registration, isr_check;  // pins
};

struct Plan {
  std::string title, story;
  std::string file;                // name of the scenario, without folders
  std::string mode = "zookeeper";  // where the cluster keeps its metadata, as the scenario says
  std::string version = "3.9";
  model::ClusterConfig config;
  model::Rules rules{};
  std::vector<std::string> defects;  // planted, by name
  std::uint64_t seed = 1;
  std::uint64_t boot_draw = 0;  // another boot of the same seed
  Time begins{-15'000'000};
  Time until{60'000'000};
  std::vector<Start> starts;  // brokers, ZooKeeper or controllers, and producers
  std::vector<Fault> faults;  // acts of the boot (topics) included
  std::vector<Expectation> expectations;
  std::vector<model::InvariantId> exposes;  // that the run must put to the test, else it is vacuous
  LinkSettings links;
  std::vector<std::string> places;  // by NodeId: the rack where a node stands, empty: anywhere; none at all: no racks
  model::Duration command_min, command_max;  // see Fault::commands_after

  std::string_view place_of(model::NodeId node) const {
    return places.empty() ? std::string_view() : places[static_cast<std::size_t>(node)];
  }
};

}  // namespace sim
