// What a run cost those who use the cluster: how long nobody controlled it, nobody led a partition, no write was
// acknowledged; what was lost, and how many messages it took. For comparing runs, not for judging one.
//
// Told by facts, process ends and pauses, from second 0 to the end of the run. A process that a cut keeps away from
// the others counts as what it believes to be, until the cluster has replaced it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/config.h"
#include "model/facts.h"
#include "sim/kernel/observer.h"
#include "sim/kernel/plan.h"

namespace sim {

struct Outage {
  model::Duration total, longest;
  bool operator==(const Outage&) const = default;
};

// By the connection that they come on.
enum class MessageGroup : std::uint8_t {
  replication,  // between followers and leaders
  controller,   // between the controller and brokers: orders, ISR changes, shutdowns, registrations, heartbeats
  metadata,     // ZooKeeper's, or the metadata quorum's
  clients,
};
inline constexpr std::size_t kMessageGroups = 4;
std::string_view name_of(MessageGroup group);
MessageGroup group_of(model::ChannelKind kind);

struct Tally {
  // Nobody acts as controller: from the death or pause of the one in office, or the end of its office, until another
  // has taken over. With ZooKeeper that is when a broker first obeys the new one, which reads everything before.
  Outage controller;
  // By PartitionId: the broker that the committed state names as leader does not live, or has not taken the role yet.
  // From the partition's creation on.
  std::vector<Outage> partitions;
  // By producer: between two acknowledged writes, the longest time, while it had records to send and lived.
  std::vector<model::Duration> silences;
  std::int64_t acknowledged = 0;                        // records
  std::int64_t lost = 0;                                // of them, by design or not
  std::array<std::int64_t, kMessageGroups> messages{};  // that arrived
  std::uint64_t events = 0;
  bool operator==(const Tally&) const = default;
};

// Times one kind of outage.
class Stopwatch {
 public:
  void set(bool is_out, Time at);
  Outage conclude(Time end);

 private:
  std::optional<Time> since_;
  Outage outage_;
};

class Tallier final : public Observer {
 public:
  explicit Tallier(const Plan& plan);  // outlives it

  void on_start(Time at, model::NodeId node) override;
  void on_fact(Time at, model::NodeId node, const model::Fact& fact) override;
  void on_fault(const AppliedFault& applied) override;
  bool wants_events() const override { return true; }
  void on_event(const EventView& event) override;
  Tally conclude(Time end);

 private:
  struct Process {
    bool lives = false;
    bool paused = false;
  };
  struct Led {
    bool exists = false;
    model::NodeId leader = model::kNoNode;
    bool has_taken_role = false;
    Stopwatch without;
  };
  struct Sending {
    std::optional<Time> heard;  // since when it waits for an acknowledgement; none: it does not
    std::int64_t count = 0;     // records to send
    std::int64_t done = 0;      // of them acknowledged or given up
    model::Duration longest;
  };

  bool acts(model::NodeId node) const;
  void ends(Time at, model::NodeId node);
  void pauses(Time at, model::NodeId node, bool paused);
  void office_ends(model::NodeId holder);
  // Whether the fact was about that.
  bool controller_told(model::NodeId node, const model::Fact& fact);
  bool partition_told(model::NodeId node, const model::Fact& fact);
  void producer_told(Time at, model::NodeId node, const model::Fact& fact);
  static void hears(Time at, Sending& producer, bool goes_on);
  void measure(Time at);

  Sending* sending(model::NodeId node);  // null: no producer

  const Plan& plan_;
  const model::ClusterConfig& config_;
  std::vector<Process> processes_;  // by NodeId
  model::NodeId in_office_ = model::kNoNode;
  std::int64_t epoch_ = 0;  // the highest of any controller
  bool has_taken_over_ = false;
  Stopwatch without_controller_;
  std::vector<Led> partitions_;
  std::vector<Sending> producers_;
  Tally tally_;
};

Tally run_tallied(const Plan& plan);
// Many seeds on `jobs` threads, in the order of the seeds.
std::vector<Tally> run_tallied(const Plan& plan, std::uint64_t first, std::uint64_t last, int jobs);

// Of each figure by itself the median, of an even number of runs the lower of the two in the middle. Not empty.
Tally median_of(const std::vector<Tally>& tallies);

}  // namespace sim
