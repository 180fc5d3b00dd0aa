// One run of a plan, and what came of it.
#pragma once

#include <string>
#include <vector>

#include "model/invariants/invariant.h"
#include "sim/kernel/observer.h"
#include "sim/kernel/plan.h"
#include "sim/kernel/world.h"
#include "sim/search/trace_ring.h"

namespace sim {

struct RecordedFact {
  Time at;
  model::NodeId node{};
  model::Fact fact;
};
struct RecordedFault {
  AppliedFault applied;
  FaultEffect effect;
  std::size_t facts_before = 0;  // of Outcome::facts, those that had been told when it happened
};
struct ExpectationResult {
  bool decided = false;  // false: the run ended before it could be judged
  bool met = false;
  Time at;            // when it was decided
  std::string found;  // what was there instead, or the nearest fact of that name
};

struct InvariantResult {  // by model::InvariantId
  std::int64_t exposures = 0;
  bool promised = true;  // by this version of Kafka
  bool broken = false;
  Time at;                  // of the first breach...
  std::uint64_t event = 0;  // ...which this event's step was; 0: found at the end
  model::Breach breach;
  std::vector<PastEvent> before;  // the last events at the breach's broker
};

enum class Verdict : std::uint8_t { passed, safety_violated, not_reached, vacuous };
std::string_view name_of(Verdict verdict);
int exit_code(Verdict verdict);  // 0, 10, 11, 12

struct Outcome {
  std::uint64_t seed = 0;
  std::uint64_t fingerprint = 0;
  std::uint64_t events = 0;
  model::Duration simulated;
  std::vector<RecordedFact> facts;  // if asked for
  std::vector<RecordedFault> faults;
  std::vector<ExpectationResult> expectations;  // by Plan::expectations
  std::vector<InvariantResult> invariants;
  std::vector<RecordedFact> losses;  // record_lost facts, by design or not
  Verdict verdict = Verdict::passed;
};

struct RunOptions {
  bool keep_facts = false;         // every fact but those that come with each record
  bool keep_record_facts = false;  // those too: high_watermark, records_appended, records_acknowledged, ...
  Observer* observer = nullptr;    // told everything as well
};
Outcome run(const Plan& plan, const RunOptions& options);

// Many seeds of one plan, on `jobs` threads; results in the order of the seeds.
std::vector<Outcome> run_seeds(const Plan& plan, std::uint64_t first, std::uint64_t last, int jobs,
                               const RunOptions& options);

}  // namespace sim
