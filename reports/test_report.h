// What `test` found out: for each scenario the results of its runs folded into one list of checks, and that list in
// the formats that people and CI read. No format depends on a clock or on the order in which runs ended.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "reports/file_problem.h"
#include "sim/kernel/plan.h"
#include "sim/search/run.h"

namespace reports {

// In the order of severity.
enum class Standing : std::uint8_t {
  skipped,  // an invariant that no run put to the test, and that none had to
  held,     // an expectation was met, a fault had an effect, an invariant held or may break
  idle,     // it had to be put to the test and was not: vacuous
  failed,
};

// One thing that a scenario is tested for.
struct Check {
  enum class Kind : std::uint8_t { expectation, fault, invariant };
  Kind kind{};
  std::string text;                       // as in the scenario, one line; the name of an invariant
  std::int32_t line = 0, column = 0;      // in the scenario's file, from 1; 0 unknown
  Standing standing = Standing::skipped;  // the worst of all seeds...
  std::uint64_t seed = 0;                 // ...the first seed that came to it...
  std::string found;                      // ...and what was there: a sentence without its first capital; may be empty
};

struct TestedScenario {
  std::string file;  // as given or found
  std::string name;  // the file without folders and extension
  std::string title;
  std::vector<FileProblem> problems;
  bool is_bad = false;  // no run was possible: there are errors among the problems
  std::uint64_t first_seed = 0, last_seed = 0;
  std::vector<Check> checks;                    // expectations and faults in the order of the file, then all invariants
  std::array<std::int64_t, 4> by_verdict{};     // runs, by sim::Verdict
  std::uint64_t events = 0;                     // of all runs
  sim::Verdict verdict = sim::Verdict::passed;  // the worst of all runs...
  std::uint64_t verdict_seed = 0;               // ...and the first seed that came to it
  std::string repeat;                           // a command that repeats the run of that seed
};

// Where the entries of the lists "expect", "faults" and "exposes" stand, in the order of the file.
struct EntryPlaces {
  std::vector<std::pair<std::int32_t, std::int32_t>> expectations, faults, exposes;  // line, column
};

// The checks of a plan, before anything was run. Faults of the boot are none.
TestedScenario scenario_of(const sim::Plan& plan, std::string file, const EntryPlaces& places);
// Folds one run in. The order of the calls does not matter.
void add_outcome(TestedScenario& scenario, const sim::Plan& plan, const sim::Outcome& outcome);

bool is_good(const Check& check);
bool is_good(const TestedScenario& scenario);
int exit_of(const TestedScenario& scenario);  // 0, 10, 11, 12; 65 if it is bad
// "PASS", "FAIL", "VACUOUS", "BAD"
std::string_view word_of(const TestedScenario& scenario);
// "passed", "safety violated", "not reached", "vacuous", "bad"
std::string_view verdict_of(const TestedScenario& scenario);
// "11 of 11 expectations · 5,123 events": what happened, for one line.
std::string figures_of(const TestedScenario& scenario);
// A check that did not hold, as one sentence without a place: "expected controller_elected ...; found: ...".
std::string sentence_of(const TestedScenario& scenario, const Check& check);
// "8 passed, 0 failed"; what is vacuous or bad has failed.
std::string text_of_totals(const std::vector<TestedScenario>& scenarios);

// One line for each scenario, below it what failed with its place and how to repeat it, then the totals.
std::string text_of_test(const std::vector<TestedScenario>& scenarios, bool colour);
// {"version": 1, "scenarios": [{"name", "file", "title", "verdict", "exit", "seeds": [first, last], "seed", "events",
//  "expectations": [{"text", "line", "column", "met", "decided", "found", "seed"}],
//  "faults": [{"text", "line", "column", "effect", "found", "seed"}],
//  "invariants": [{"name", "kind", "held", "exposed", "found", "seed"}],
//  "problems": [{"severity", "line", "column", "code", "message", "hint"}], "repeat"}], "passed", "failed"}
std::string json_of_test(const std::vector<TestedScenario>& scenarios);

}  // namespace reports
