#include "reports/test_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/ensure.h"
#include "model/invariants/invariant.h"
#include "reports/colour.h"
#include "reports/escape.h"
#include "reports/fault_words.h"
#include "reports/json_writer.h"
#include "reports/words.h"
#include "reports/wrap.h"

namespace reports {
namespace {

constexpr std::size_t kFileColumnsMax = 60;

using Places = std::vector<std::pair<std::int32_t, std::int32_t>>;

// The column of the next entry that begins on `line`; the lists of plan and file have the same order.
std::int32_t column_of(const Places& places, std::int32_t line, std::size_t& next) {
  for (std::size_t i = next; i < places.size(); ++i) {
    if (places[i].first != line) continue;
    next = i + 1;
    return places[i].second;
  }
  return line > 0 ? 1 : 0;
}

void fold(Check& check, Standing standing, std::uint64_t seed, std::string found) {
  const bool is_worse = standing > check.standing;
  const bool is_earlier = standing == check.standing && seed < check.seed;
  if (!is_worse && !is_earlier) return;
  check.standing = standing;
  check.seed = seed;
  check.found = std::move(found);
}

void fold_expectation(Check& check, const sim::ExpectationResult& result, const sim::Plan& plan, std::uint64_t seed) {
  if (!result.decided) {
    const std::string end = seconds_text(plan.until.us);
    fold(check, Standing::idle, seed, fmt::format("never decided: the run ends at {} s", end));
  } else if (!result.met) {
    fold(check, Standing::failed, seed, result.found.empty() ? "nothing of that kind" : result.found);
  } else {
    fold(check, Standing::held, seed, result.found);
  }
}

void fold_fault(Check& check, const sim::Plan& plan, std::size_t row, const sim::Outcome& outcome) {
  const sim::RecordedFault* last = nullptr;
  bool acted = false;
  for (const sim::RecordedFault& fault : outcome.faults) {
    if (fault.applied.row != row || fault.applied.undo) continue;
    last = &fault;
    acted = acted || fault.effect.any();
  }
  const std::uint64_t seed = outcome.seed;
  if (acted) return fold(check, Standing::held, seed, "");
  if (last != nullptr) {
    return fold(check, Standing::idle, seed, "did nothing: " + idle_text(plan, last->applied));
  }
  fold(check, Standing::idle, seed, fmt::format("never came: {}", absence_text(plan.faults[row])));
}

bool is_expected(const sim::Plan& plan, std::size_t invariant) {
  return std::any_of(plan.expectations.begin(), plan.expectations.end(), [&](const sim::Expectation& row) {
    return row.form == sim::Expectation::Form::violates && static_cast<std::size_t>(row.invariant) == invariant;
  });
}

bool has_to_be_exposed(const sim::Plan& plan, std::size_t invariant) {
  return std::any_of(plan.exposes.begin(), plan.exposes.end(),
                     [&](model::InvariantId id) { return static_cast<std::size_t>(id) == invariant; });
}

void fold_invariant(Check& check, const sim::Plan& plan, std::size_t i, const sim::Outcome& outcome) {
  const sim::InvariantResult& result = outcome.invariants[i];
  const std::uint64_t seed = outcome.seed;
  if (!result.broken) {
    const Standing unexposed = has_to_be_exposed(plan, i) ? Standing::idle : Standing::skipped;
    return fold(check, result.exposures > 0 ? Standing::held : unexposed, seed, "");
  }
  const std::string where =
      result.breach.has_partition ? ", " + plan.config.name_of(result.breach.partition) : std::string();
  std::string found = fmt::format("at {} s{}: {}", seconds_text(result.at.us), where, result.breach.what);
  // What a scenario is there to show, or what that version of Kafka never promised, fails nothing.
  const bool may_break = is_expected(plan, i) || !result.promised;
  fold(check, may_break ? Standing::held : Standing::failed, seed, std::move(found));
}

// A fault of the boot stands in no file.
bool is_written(const sim::Fault& fault) { return fault.line > 0; }

int severity(sim::Verdict verdict) {
  switch (verdict) {
    case sim::Verdict::passed:
      return 0;
    case sim::Verdict::vacuous:
      return 1;
    case sim::Verdict::not_reached:
      return 2;
    case sim::Verdict::safety_violated:
      return 3;
  }
  return 0;
}

bool is_safety(const Check& check) { return model::find_invariant(check.text)->kind == model::InvariantKind::safety; }

bool is_single(const TestedScenario& scenario) { return scenario.first_seed == scenario.last_seed; }

std::size_t count(const TestedScenario& scenario, Check::Kind kind, bool only_held) {
  return static_cast<std::size_t>(std::count_if(
      scenario.checks.begin(), scenario.checks.end(),
      [&](const Check& check) { return check.kind == kind && (!only_held || check.standing == Standing::held); }));
}

std::size_t count_passed(const std::vector<TestedScenario>& scenarios) {
  return static_cast<std::size_t>(std::count_if(scenarios.begin(), scenarios.end(),
                                                [](const TestedScenario& scenario) { return is_good(scenario); }));
}

std::string place(const std::string& file, std::int32_t line) {
  return line > 0 ? fmt::format("{}:{}", one_line(file), line) : one_line(file);
}

std::string details(const TestedScenario& scenario) {
  std::string text;
  for (const FileProblem& problem : scenario.problems) text += text_of(problem, 2);
  for (const Check& check : scenario.checks) {
    if (is_good(check)) continue;
    text += fmt::format("  {}: {}\n", place(scenario.file, check.line), sentence_of(scenario, check));
  }
  if (!is_good(scenario) && !scenario.repeat.empty()) text += fmt::format("  again: {}\n", one_line(scenario.repeat));
  return text;
}

void write_invariant(JsonWriter& json, const Check& check) {
  json.begin_object();
  json.member("name", check.text);
  json.member("kind", is_safety(check) ? "safety" : "liveness");
  json.member("held", check.standing != Standing::failed);
  json.member("exposed", check.standing == Standing::held || check.standing == Standing::failed);
  json.member("found", check.found);
  json.member("seed", check.seed);
  json.end_object();
}

void write_check(JsonWriter& json, const Check& check) {
  if (check.kind == Check::Kind::invariant) return write_invariant(json, check);
  json.begin_object();
  json.member("text", check.text);
  json.member("line", check.line);
  json.member("column", check.column);
  if (check.kind == Check::Kind::expectation) {
    json.member("met", check.standing == Standing::held);
    json.member("decided", check.standing != Standing::idle);
  } else {
    json.member("effect", check.standing == Standing::held);
  }
  json.member("found", check.found);
  json.member("seed", check.seed);
  json.end_object();
}

void write_checks(JsonWriter& json, std::string_view key, const TestedScenario& scenario, Check::Kind kind) {
  json.key(key);
  json.begin_array();
  for (const Check& check : scenario.checks) {
    if (check.kind == kind) write_check(json, check);
  }
  json.end_array();
}

void write_scenario(JsonWriter& json, const TestedScenario& scenario) {
  json.begin_object();
  json.member("name", scenario.name);
  json.member("file", scenario.file);
  json.member("title", scenario.title);
  json.member("verdict", verdict_of(scenario));
  json.member("exit", exit_of(scenario));
  if (!scenario.is_bad) {
    json.key("seeds");
    json.raw(fmt::format("[{}, {}]", scenario.first_seed, scenario.last_seed));
    json.member("seed", scenario.verdict_seed);
    json.member("events", scenario.events);
    write_checks(json, "expectations", scenario, Check::Kind::expectation);
    write_checks(json, "faults", scenario, Check::Kind::fault);
    write_checks(json, "invariants", scenario, Check::Kind::invariant);
    json.member("repeat", scenario.repeat);
  }
  write_problems(json, scenario.problems);
  json.end_object();
}

}  // namespace

TestedScenario scenario_of(const sim::Plan& plan, std::string file, const EntryPlaces& places) {
  TestedScenario scenario;
  scenario.file = std::move(file);
  scenario.title = plan.title;
  std::size_t next = 0;
  for (const sim::Expectation& row : plan.expectations) {
    Check check;
    check.text = row.text;
    check.line = row.line;
    check.column = column_of(places.expectations, row.line, next);
    scenario.checks.push_back(std::move(check));
  }
  next = 0;
  for (const sim::Fault& row : plan.faults) {
    if (!is_written(row)) continue;
    Check check;
    check.kind = Check::Kind::fault;
    check.text = row.text.empty() ? std::string(sim::name_of(row.kind)) : row.text;
    check.line = row.line;
    check.column = column_of(places.faults, row.line, next);
    scenario.checks.push_back(std::move(check));
  }
  for (std::size_t i = 0; i < model::invariants().size(); ++i) {
    Check check;
    check.kind = Check::Kind::invariant;
    check.text = model::invariants()[i].name;
    for (std::size_t at = 0; at < std::min(plan.exposes.size(), places.exposes.size()); ++at) {
      if (static_cast<std::size_t>(plan.exposes[at]) != i) continue;
      check.line = places.exposes[at].first;
      check.column = places.exposes[at].second;
    }
    scenario.checks.push_back(std::move(check));
  }
  // Larger than every seed: the first outcome that agrees takes the place of this one.
  for (Check& check : scenario.checks) check.seed = UINT64_MAX;
  scenario.verdict_seed = UINT64_MAX;
  return scenario;
}

void add_outcome(TestedScenario& scenario, const sim::Plan& plan, const sim::Outcome& outcome) {
  ENSURE(outcome.expectations.size() == plan.expectations.size());
  std::size_t next = 0;
  for (const sim::ExpectationResult& result : outcome.expectations) {
    fold_expectation(scenario.checks[next++], result, plan, outcome.seed);
  }
  for (std::size_t row = 0; row < plan.faults.size(); ++row) {
    if (is_written(plan.faults[row])) fold_fault(scenario.checks[next++], plan, row, outcome);
  }
  ENSURE(outcome.invariants.size() == model::invariants().size());
  for (std::size_t i = 0; i < outcome.invariants.size(); ++i) {
    fold_invariant(scenario.checks[next++], plan, i, outcome);
  }
  ++scenario.by_verdict[static_cast<std::size_t>(outcome.verdict)];
  scenario.events += outcome.events;
  const int difference = severity(outcome.verdict) - severity(scenario.verdict);
  if (difference < 0 || (difference == 0 && outcome.seed >= scenario.verdict_seed)) return;
  scenario.verdict = outcome.verdict;
  scenario.verdict_seed = outcome.seed;
}

bool is_good(const Check& check) { return check.standing == Standing::held || check.standing == Standing::skipped; }
bool is_good(const TestedScenario& scenario) { return exit_of(scenario) == 0; }

int exit_of(const TestedScenario& scenario) { return scenario.is_bad ? 65 : sim::exit_code(scenario.verdict); }

std::string_view word_of(const TestedScenario& scenario) {
  if (scenario.is_bad) return "BAD";
  if (scenario.verdict == sim::Verdict::passed) return "PASS";
  return scenario.verdict == sim::Verdict::vacuous ? "VACUOUS" : "FAIL";
}

std::string_view verdict_of(const TestedScenario& scenario) {
  return scenario.is_bad ? "bad" : sim::name_of(scenario.verdict);
}

std::string figures_of(const TestedScenario& scenario) {
  if (scenario.is_bad) {
    return counted(static_cast<std::int64_t>(count_errors(scenario.problems)), "error") + ", not run";
  }
  std::vector<std::string> parts;
  if (scenario.verdict == sim::Verdict::safety_violated || scenario.verdict == sim::Verdict::not_reached) {
    parts.emplace_back(sim::name_of(scenario.verdict));
  }
  if (is_single(scenario)) {
    parts.push_back(fmt::format("seed {}", scenario.first_seed));
  } else {
    std::int64_t runs = 0;
    for (const std::int64_t count : scenario.by_verdict) runs += count;
    parts.push_back(fmt::format("{} of {} passed", grouped(static_cast<std::uint64_t>(scenario.by_verdict[0])),
                                counted(runs, "seed")));
  }
  const std::size_t all = count(scenario, Check::Kind::expectation, false);
  parts.push_back(all == 0 ? "no expectations"
                           : fmt::format("{} of {}", count(scenario, Check::Kind::expectation, true),
                                         counted(static_cast<std::int64_t>(all), "expectation")));
  const std::size_t promises = count(scenario, Check::Kind::invariant, true);
  parts.push_back(counted(static_cast<std::int64_t>(promises), "invariant") + " exposed");
  parts.push_back(grouped(scenario.events) + " events");
  return joined(parts, " · ");
}

std::string sentence_of(const TestedScenario& scenario, const Check& check) {
  std::string text;
  switch (check.kind) {
    case Check::Kind::expectation:
      text =
          fmt::format("expected {}; {}{}", check.text, check.standing == Standing::idle ? "" : "found: ", check.found);
      break;
    case Check::Kind::fault:
      text = fmt::format("\"{}\" {}", check.text, check.found);
      break;
    case Check::Kind::invariant: {
      const model::Invariant& row = *model::find_invariant(check.text);
      text = check.standing == Standing::failed
                 ? fmt::format("{} {} {}. {}", row.name, is_safety(check) ? "violated" : "not reached", check.found,
                               row.promise)
                 : fmt::format("{} was never put to the test; needed: {}", row.name, row.precondition);
      break;
    }
  }
  if (!is_single(scenario) && check.standing != Standing::skipped) text += fmt::format(" (seed {})", check.seed);
  return one_line(text);
}

std::string text_of_totals(const std::vector<TestedScenario>& scenarios) {
  const std::size_t passed = count_passed(scenarios);
  return fmt::format("{} passed, {} failed", passed, scenarios.size() - passed);
}

std::string text_of_test(const std::vector<TestedScenario>& scenarios, bool colour) {
  std::size_t width = 0, file_width = 0;
  for (const TestedScenario& scenario : scenarios) {
    width = std::max(width, word_of(scenario).size());
    // A path that is longer than usual moves its own figures only.
    const std::size_t columns = width_of(one_line(scenario.file));
    if (columns <= kFileColumnsMax) file_width = std::max(file_width, columns);
  }
  std::string text;
  for (const TestedScenario& scenario : scenarios) {
    const std::string_view word = word_of(scenario);
    const Ink ink = is_good(scenario) ? Ink::green : word == "VACUOUS" ? Ink::yellow : Ink::red;
    const std::string file = one_line(scenario.file);
    const std::size_t blanks = file_width - std::min(file_width, width_of(file));
    text += fmt::format("{}{:{}}  {}{:{}}  {}\n", paint(word, ink, colour), "", width - word.size(), file, "", blanks,
                        paint(figures_of(scenario), Ink::dim, colour));
    text += details(scenario);
  }
  return text + text_of_totals(scenarios) + "\n";
}

std::string json_of_test(const std::vector<TestedScenario>& scenarios) {
  std::string out;
  JsonWriter json(out, 4);
  json.begin_object();
  json.member("version", 1);
  json.key("scenarios");
  json.begin_array();
  for (const TestedScenario& scenario : scenarios) write_scenario(json, scenario);
  json.end_array();
  const std::size_t passed = count_passed(scenarios);
  json.member("passed", passed);
  json.member("failed", scenarios.size() - passed);
  json.end_object();
  return out;
}

}  // namespace reports
