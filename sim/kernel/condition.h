// A state of the cluster, as scenarios name it: isr(t-0), leader(t-0), controller, high_watermark(t-0, b1),
// log_end_offset(t-0, b1), role(t-0, b1), running(b1), registered(b1); and the value that it must have.
// Triggers wait for one to come true, expectations judge one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/ids.h"
#include "model/node.h"

namespace sim {

struct ClusterView;  // roles.h

struct Condition {
  enum class Word : std::uint8_t {
    isr,             // of the partition, as ZooKeeper has it or the quorum has committed it; compared as a set
    leader,          // likewise
    controller,      // who holds /controller; in KRaft mode who leads the quorum
    high_watermark,  // of a running broker's replica; a broker that is down has none
    log_end_offset,  // of what the broker has on disk, running or not
    role,            // what the broker itself believes
    running,         // its process runs, paused or not
    registered,      // /brokers/ids/N exists; in KRaft mode the broker is registered and not fenced
    acknowledged,    // records acknowledged to the producer so far: a count of the run, of which no node knows
  };
  static constexpr std::int64_t kNoLimit = INT64_MAX;
  Word word{};
  model::PartitionId partition{};           // isr, leader, high_watermark, log_end_offset, role
  model::NodeId broker = model::kNoNode;    // high_watermark, log_end_offset, role, running, registered
  model::NodeId producer = model::kNoNode;  // acknowledged
  model::Replicas nodes;                    // isr; leader and controller: one or none
  std::int64_t least = 0;                   // high_watermark, log_end_offset, acknowledged: from here...
  std::int64_t most = kNoLimit;             // ...to here; a single value is both
  model::Role role = model::Role::none;     // role
  bool yes = true;                          // running, registered
};

// Of every word but `acknowledged`: whoever judges that one counts, and compares with `least` and `most`.
bool holds(const Condition& condition, const ClusterView& cluster);

// What is there, in the words of a scenario: "b1 b2", "none", "5", "leader", "false".
std::string value_text(const Condition& condition, const ClusterView& cluster);

// Bit i: the i-th kind of fact may come with a change of it. Starts and ends of processes are no facts; they
// come with faults, starts and exits.
model::FactSet facts_about(Condition::Word word);

}  // namespace sim
