// A recording of a real cluster under faults, as values. It has two halves: what a replay may be told (set-up,
// faults, how fast processes came up, the end) and what was observed. The replay takes the first half alone, so
// that no observation can reach it. Times are whole milliseconds, the recordings' own resolution; 0 is the
// scenario's 0.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/ids.h"
#include "model/log.h"
#include "model/rules.h"
#include "sim/kernel/plan.h"

namespace sim {

using Millis = std::int64_t;

constexpr Time time_of(Millis t) { return {t * 1000}; }
// To the nearest millisecond, as ZooKeeper's log and the nodes' own logs have it.
constexpr Millis millis_of(Time t) {
  const std::int64_t shifted = t.us + 500;
  return shifted >= 0 ? shifted / 1000 : -((999 - shifted) / 1000);
}
std::string seconds_text(Millis t);  // as a decimal number: "16.582", "-3.3", "10.0"

// --- what a replay may be told -------------------------------------------------------------------

// How fast a process came up. `started` is empty for a process of the boot; whatever was not seen is empty.
struct ProcessStart {
  model::NodeId node{};
  std::optional<Millis> started;         // the process
  std::optional<Millis> up;              // its ZooKeeper session opened; in KRaft mode its member of the quorum began
  std::optional<Millis> registered;      // a broker's first start only
  std::optional<Millis> isr_check_from;  // its first periodic ISR check
};
struct ProducerStart {
  Millis start = 0;                 // its process
  std::optional<Millis> first_ack;  // empty: nothing was ever acknowledged
};
struct ConsumerStart {
  Millis start = 0;                   // its process
  std::optional<Millis> first_fetch;  // empty: it never fetched
};
struct TopicCreation {
  model::TopicId topic{};
  Millis t = 0;
};
struct RecordingSetup {
  std::string name;
  std::string version;
  model::ClusterConfig config;
  model::Rules rules{};
  std::vector<std::string> defects;  // planted in `rules`, by name
  std::vector<Fault> faults;         // in the order of the file
  Millis end = 0;
  std::vector<ProcessStart> starts;
  std::vector<ProducerStart> producers;  // by ClusterConfig::producers
  std::vector<ConsumerStart> consumers;  // by ClusterConfig::consumers
  std::vector<TopicCreation> topics_created;
  std::optional<model::NodeId> controller_at_0;  // in KRaft mode the leader of the quorum
};

// --- what was observed, in a recording or in a run -----------------------------------------------

struct Subject {
  enum class Form : std::uint8_t { partition, broker, controller };
  Form form{};
  std::int32_t id = 0;  // PartitionId or broker id; 0 for the controller, or the leader of the quorum
  auto operator<=>(const Subject&) const = default;
};
struct StoryFact {
  enum class Kind : std::uint8_t {
    partition_state,
    broker_registered,
    broker_unregistered,
    controller_epoch,  // with ZooKeeper
    broker_changed,    // in KRaft mode, likewise
    leader_change,
  };
  Millis t = 0;
  Kind kind{};
  model::PartitionId partition{};       // partition_state
  model::NodeId node = model::kNoNode;  // leader, broker, who holds /controller or leads the quorum
  std::int32_t epoch = 0;               // leader epoch or controller epoch, as committed
  model::Replicas isr;                  // partition_state
  std::optional<bool> fenced{};         // broker_changed; empty: not changed
  bool in_controlled_shutdown = false;  // broker_changed
};
Subject subject_of(const StoryFact& fact);

struct ShrinkProposal {
  Millis t = 0;
  model::PartitionId partition{};
  model::Replicas to;
};
struct SilentWindow {
  Millis from = 0;
  Millis to = 0;
};
struct MissingRecords {
  model::NodeId replica{};
  std::int64_t count = 0;
};
struct ClientPartition {
  std::int32_t number = 0;
  std::int64_t acked = 0;
  Millis first_ack = 0;
  Millis last_ack = 0;
  std::vector<SilentWindow> silent;     // longer than a second
  std::vector<MissingRecords> missing;  // per replica: acknowledged, and not in its log at the end
};
struct ClientError {
  std::string name;  // Kafka's exception: "NotLeaderOrFollowerException"
  std::int64_t count = 0;
  Millis first = 0;
  Millis last = 0;
};
struct ClientResult {
  std::vector<ClientPartition> partitions;  // in the order of their first acknowledgement
  std::vector<ClientError> errors;          // in the order of their first occurrence
};
struct ReaderAsked {  // from here on it asks this broker
  Millis t = 0;
  model::PartitionId partition{};
  model::NodeId broker{};
  model::Offset offset = 0;
};
struct ReaderPreferred {  // it was told to prefer this broker; equal answers less than 2 s apart are one
  Millis t = 0;
  model::PartitionId partition{};
  model::NodeId broker{};
  std::int64_t times = 1;
  Millis last = 0;
};
struct ReaderResult {
  std::int64_t read = 0;
  std::optional<Millis> last_read;
  std::vector<SilentWindow> silent;  // longer than a second
  std::vector<ReaderPreferred> preferred;
  std::vector<ReaderAsked> asked;  // changes only, the first 60
};
struct ReplicaLog {
  model::PartitionId partition{};
  model::NodeId replica{};
  model::Offset log_end_offset = 0;
  std::int64_t records = 0;
  std::vector<model::EpochStart> epochs;  // of the record batches
};
struct Observed {
  std::vector<StoryFact> story;  // from the boot on, in commit order
  std::vector<ShrinkProposal> shrinks;
  std::vector<model::NodeId> failed_starts;  // one entry each
  std::vector<ClientResult> clients;         // by ClusterConfig::producers
  std::vector<ReaderResult> readers;         // by ClusterConfig::consumers
  std::vector<ReplicaLog> logs;              // by partition, then replica
};

struct Recording {
  RecordingSetup setup;
  std::string not_supported;      // why this model cannot replay it; empty: it can
  bool has_observations = false;  // false: only what a replay may be told was in the file
  Observed observed;
};

}  // namespace sim
