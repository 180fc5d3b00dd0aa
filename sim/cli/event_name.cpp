#include "sim/cli/event_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <string_view>

#include "model/invariants/invariant.h"
#include "model/text.h"
#include "reports/words.h"
#include "sim/cli/values.h"
#include "sim/search/slice.h"

namespace cli {
namespace {

std::optional<std::uint64_t> number_of(std::string text) {
  std::erase(text, ',');
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

NamedEvent by_number(const sim::CausalRun& run, std::uint64_t number) {
  if (number == 0 || number > run.events.size()) {
    return {{}, "", fmt::format("there is no event {}: the run has {}", number, reports::grouped(run.events.size()))};
  }
  return {{sim::Cause::event(number)}, "event " + reports::grouped(number), ""};
}

// "controller_elected (broker b3, epoch 2)"
std::string described(const sim::Plan& plan, const sim::RecordedFact& told) {
  std::vector<std::string> fields;
  for (const model::FieldText& field : model::fields_of(told.fact, plan.config)) {
    if (field.name != "zxid") fields.push_back(fmt::format("{} {}", field.name, field.text));
  }
  const std::string name(model::name_of(told.fact));
  return fields.empty() ? name : fmt::format("{} ({})", name, reports::joined(fields, ", "));
}

NamedEvent by_fact(const sim::Plan& plan, const sim::CausalRun& run, const std::string& name,
                   const std::string& place) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < run.told_by.size(); ++i) {
    const bool is_of_a_step = run.told_by[i] != sim::Cause();
    if (is_of_a_step && model::name_of(run.outcome.facts[i].fact) == name) found.push_back(i);
  }
  if (found.empty()) {
    return {
        {}, "", fmt::format("{} was not told in this run; told were {}", name, reports::joined(told_facts(run), ", "))};
  }
  std::size_t which = found.size();
  if (!place.empty() && place != "last") {
    const auto number = place == "first" ? std::optional<std::uint64_t>(1) : number_of(place);
    if (!number || *number == 0 || *number > found.size()) {
      return {{},
              "",
              fmt::format("{} takes a number from 1 to {}, first or last behind the colon, not \"{}\"", name,
                          found.size(), place)};
    }
    which = static_cast<std::size_t>(*number);
  }
  const std::size_t fact = found[which - 1];
  std::string question = described(plan, run.outcome.facts[fact]);
  if (found.size() > 1) question += fmt::format(", number {} of {}", which, found.size());
  return {{run.told_by[fact]}, question, ""};
}

NamedEvent by_invariant(const sim::CausalRun& run, std::size_t row) {
  const model::Invariant& invariant = model::invariants()[row];
  const sim::InvariantResult& result = run.outcome.invariants[row];
  if (!result.broken) return {{}, "", fmt::format("{} held in this run", invariant.name)};
  std::vector<sim::Cause> targets = sim::causes_of_breach(run, row);
  if (targets.empty()) {
    return {{}, "", fmt::format("{} was broken at the end of the run, and no single event led there", invariant.name)};
  }
  return {std::move(targets), fmt::format("{} was broken: {}", invariant.name, result.breach.what), ""};
}

NamedEvent first_violation(const sim::CausalRun& run) {
  std::optional<std::size_t> first;
  for (std::size_t i = 0; i < run.outcome.invariants.size(); ++i) {
    const sim::InvariantResult& result = run.outcome.invariants[i];
    if (result.broken && (!first || result.at < run.outcome.invariants[*first].at)) first = i;
  }
  if (first) return by_invariant(run, *first);
  return {{}, "", "every promise held in this run: there is no violation"};
}

std::string unknown(const std::string& name) {
  std::vector<std::string> known{"violation"};
  for (const model::FactRow& row : model::fact_rows()) known.emplace_back(row.name);
  for (const model::Invariant& row : model::invariants()) known.emplace_back(row.name);
  return fmt::format("\"{}\" is no event's number, no fact and no promise{}", name, suggestion(name, known));
}

}  // namespace

std::vector<std::string> told_facts(const sim::CausalRun& run) {
  std::set<std::size_t> kinds;
  for (const sim::RecordedFact& told : run.outcome.facts) kinds.insert(told.fact.index());
  std::vector<std::string> names;
  for (const std::size_t kind : kinds) names.emplace_back(model::fact_rows()[kind].name);
  return names;
}

NamedEvent find_event(const sim::Plan& plan, const sim::CausalRun& run, const std::string& name) {
  if (const auto number = number_of(name)) return by_number(run, *number);
  if (name == "violation") return first_violation(run);
  const auto invariants = model::invariants();
  for (std::size_t i = 0; i < invariants.size(); ++i) {
    if (invariants[i].name == name) return by_invariant(run, i);
  }
  const std::size_t colon = name.find(':');
  const std::string fact = name.substr(0, colon);
  const auto& rows = model::fact_rows();
  if (std::none_of(rows.begin(), rows.end(), [&](const model::FactRow& row) { return row.name == fact; })) {
    return {{}, "", unknown(fact)};
  }
  return by_fact(plan, run, fact, colon == std::string::npos ? "" : name.substr(colon + 1));
}

}  // namespace cli
