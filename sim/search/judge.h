// Does a run reproduce a recording? Three criteria: the story (per subject the same facts in the same order), the
// times (each within 1.5 s; within 0.5 s where the leader's own ISR check decided), the ends (failed starts, logs,
// missing records, silent windows, where consumers read).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/search/recording.h"
#include "sim/search/replay.h"

namespace sim {

// A story fact after 0, its epoch counted from the last one of its subject at or before 0.
struct CountedFact {
  StoryFact fact;
  std::int32_t epoch = 0;
  bool own_check = false;  // decided by a leader's own ISR check: its time is narrower
};
std::vector<CountedFact> story_after_zero(const Observed& observed);

// One thing in which a run parts from the recording.
struct Miss {
  enum class Kind : std::uint8_t {
    boot,     // no draw of the boot ends with the recorded controller
    differs,  // the run has another fact in this place
    absent,   // the recording has one more fact
    extra,    // the run has one more fact
    late,     // the same fact at another time
    failed_starts,
    log_epochs,
    missing_records,
    silence,         // a silent window without a partner on the other side
    reader_stay,     // a consumer read from elsewhere, or at another time
    reader_silence,  // as silence
  };
  Kind kind{};
  Millis t = 0;  // where it belongs in the recording
  std::optional<StoryFact> recorded, simulated;
  model::NodeId node = model::kNoNode;  // failed_starts: the broker; log_epochs, missing_records: the replica
  model::PartitionId partition{};       // log_epochs, missing_records, silence
  std::size_t producer = 0;             // missing_records, silence
  std::size_t consumer = 0;             // reader_stay, reader_silence
  SilentWindow window;                  // silence
  bool is_recorded = false;             // silence, missing_records: it is the recording that has it
  std::int64_t recorded_count = 0, simulated_count = 0;  // failed_starts
};
bool is_story(Miss::Kind kind);

struct Judgement {
  std::uint64_t seed = 0;
  bool story_ok = true;
  bool times_ok = true;  // of the facts that line up
  bool ends_ok = true;
  std::size_t prefix = 0;  // recorded story facts before the first one in which the story parts
  std::int32_t late = 0;
  std::vector<Miss> misses;  // by time
  bool reproduces() const { return story_ok && times_ok && ends_ok; }
};
// The first fact in which the run parts from the recording; if the facts agree, the first end. There must be one.
const Miss& first_miss(const Judgement& judgement);

// The recorded half of the comparison, prepared once.
struct Reference {
  explicit Reference(const Recording& recording);
  const Recording& recording;
  std::vector<CountedFact> story;
};

Judgement judge(const Reference& reference, const Simulated& simulated);

// "t-0: at 16.582 the recording has leader 3 epoch 1 isr 3 1; the closest run (seed 17) has leader 1 epoch 1 isr
// 1 3 at 16.4"; `run` is what the run is called.
std::string text_of(const Miss& miss, const model::ClusterConfig& config, const std::string& run);
// "t-0 leader 3 epoch 1 isr 3 1", "b2 unregistered", "silence of p1 on t-0 from 9.999"
std::string name_of(const Miss& miss, const model::ClusterConfig& config);

}  // namespace sim
