// https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU (Trace Event Format)
#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "reports/export.h"
#include "reports/json_writer.h"
#include "reports/step_words.h"

namespace reports {
namespace {

constexpr int kFaults = 999;     // the process of faults
constexpr int kEvents = 1;       // tracks of a node
constexpr int kController = 2;   // and of its role
constexpr int kPartitions = 10;  // from here on by partition

class Perfetto {
 public:
  Perfetto(const sim::Plan& plan, const sim::CausalRun& run) : plan_(plan), run_(run), words_(plan, run) {}

  std::string write() {
    json_.begin_object();
    json_.member("displayTimeUnit", "ms");
    json_.key("otherData");
    json_.begin_object();
    json_.member("file", plan_.file);
    json_.member("seed", std::to_string(run_.outcome.seed));
    json_.member("zero_of_the_scenario_us", std::to_string(-plan_.begins.us));
    json_.end_object();
    json_.key("traceEvents");
    json_.begin_array();
    names();
    steps();
    roles();
    faults();
    json_.end_array();
    json_.end_object();
    return out_ + "\n";
  }

 private:
  using Track = std::pair<int, int>;  // process, thread
  struct Role {
    sim::Time since;
    std::string name;
  };

  void begin(const char* phase, std::string_view name, int pid, int tid) {
    json_.begin_object();
    json_.member("ph", phase);
    json_.member("name", name);
    json_.member("pid", pid);
    json_.member("tid", tid);
  }
  void time(sim::Time at) { json_.member("ts", at.us - plan_.begins.us); }
  void name(const char* what, int pid, int tid, const std::string& text) {
    begin("M", what, pid, tid);
    json_.key("args");
    json_.begin_object();
    json_.member("name", text);
    json_.end_object();
    json_.end_object();
  }

  void names() {
    for (std::size_t i = plan_.config.is_kraft() ? 1 : 0; i < plan_.config.node_count(); ++i) {
      const int pid = static_cast<int>(i);
      name("process_name", pid, 0, plan_.config.name_of(model::NodeId(static_cast<std::uint8_t>(i))));
      name("thread_name", pid, kEvents, "steps");
    }
    name("process_name", kFaults, 0, "faults");
  }

  void steps() {
    for (std::size_t i = 0; i < run_.events.size(); ++i) {
      const sim::CausalEvent& event = run_.events[i];
      begin("X", words_.beginning(event), static_cast<int>(event.node), kEvents);
      time(event.at);
      json_.member("dur", 1);
      json_.key("args");
      json_.begin_object();
      json_.member("event", i + 1);
      if (event.facts_begin != event.facts_end) json_.member("told", words_.what(sim::Cause::event(i + 1)));
      json_.end_object();
      json_.end_object();
      if (event.kind != sim::EventKind::message || !event.cause.is_event()) continue;
      flow("s", run_.event(event.cause.event()), event, i + 1);
      flow("f", event, event, i + 1);
    }
  }

  void flow(const char* phase, const sim::CausalEvent& at, const sim::CausalEvent& message, std::size_t id) {
    begin(phase, model::name_of_body(message.body), static_cast<int>(at.node), kEvents);
    json_.member("cat", "message");
    json_.member("id", id);
    if (phase[0] == 'f') json_.member("bp", "e");
    time(at.at);
    json_.end_object();
  }

  void take(Track track, sim::Time at, std::string role) {
    leave(track, at);
    open_[track] = {at, std::move(role)};
  }
  void leave(Track track, sim::Time at) {
    const auto held = open_.find(track);
    if (held == open_.end()) return;
    begin("X", held->second.name, track.first, track.second);
    time(held->second.since);
    json_.member("dur", at - held->second.since == model::Duration{} ? 1 : (at - held->second.since).us);
    json_.end_object();
    open_.erase(held);
  }
  void leave_all(int pid, sim::Time at) {
    for (auto track = open_.lower_bound({pid, 0}); track != open_.end() && track->first.first == pid;) {
      const Track name = (track++)->first;
      leave(name, at);
    }
  }

  // A process that ends holds no role any more.
  void ends_until(sim::Time at) {
    const auto& faults = run_.outcome.faults;
    for (; next_fault_ < faults.size() && faults[next_fault_].applied.at <= at; ++next_fault_) {
      const sim::AppliedFault& applied = faults[next_fault_].applied;
      const sim::FaultKind kind = plan_.faults[applied.row].kind;
      const bool ends =
          kind == sim::FaultKind::crash || kind == sim::FaultKind::power_loss || kind == sim::FaultKind::wipe;
      for (const model::NodeId node : applied.who) {
        if (ends && !applied.undo) leave_all(static_cast<int>(node), applied.at);
      }
    }
  }

  void roles() {
    for (const sim::RecordedFact& told : run_.outcome.facts) {
      ends_until(told.at);
      const int pid = static_cast<int>(told.node);
      std::visit(
          model::overloaded{
              [&](const model::BecameLeader& f) {
                take(track(pid, f.partition), told.at, fmt::format("leader, epoch {}", f.leader_epoch));
              },
              [&](const model::BecameFollower& f) {
                const std::string leader = f.leader == model::kNoNode ? "nobody" : plan_.config.name_of(f.leader);
                take(track(pid, f.partition), told.at, fmt::format("follows {}, epoch {}", leader, f.leader_epoch));
              },
              [&](const model::BelievesController& f) {
                take({pid, kController}, told.at, fmt::format("controller, epoch {}", f.epoch));
              },
              [&](const model::ControllerResigned&) {
                leave({pid, kController}, told.at);
              },
              [&](const model::QuorumRoleChanged& f) {
                take({pid, kController}, told.at, fmt::format("{}, epoch {}", model::name_of(f.role), f.epoch));
              },
              [&](const model::Stopped&) { leave_all(pid, told.at); }, [](const auto&) {}},
          told.fact);
    }
    ends_until(plan_.until);
    while (!open_.empty()) leave(open_.begin()->first, plan_.until);
  }

  Track track(int pid, model::PartitionId partition) {
    const int tid = kPartitions + static_cast<int>(model::index(partition));
    if (open_.find({pid, tid}) == open_.end()) name("thread_name", pid, tid, plan_.config.name_of(partition));
    return {pid, tid};
  }

  void faults() {
    for (std::uint32_t n = 1; n <= run_.outcome.faults.size(); ++n) {
      begin("i", words_.what(sim::Cause::fault(n)), kFaults, 1);
      json_.member("s", "g");
      time(run_.at(sim::Cause::fault(n)));
      json_.end_object();
    }
  }

  const sim::Plan& plan_;
  const sim::CausalRun& run_;
  StepWords words_;
  std::string out_;
  JsonWriter json_{out_, 2};
  std::map<Track, Role> open_;
  std::size_t next_fault_ = 0;
};

}  // namespace

std::string perfetto_of_run(const sim::Plan& plan, const sim::CausalRun& run) { return Perfetto(plan, run).write(); }

}  // namespace reports
