#include "reports/text_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/fault_words.h"
#include "reports/invariants.h"
#include "reports/narrate.h"
#include "reports/settings.h"
#include "reports/words.h"
#include "reports/wrap.h"

namespace reports {
namespace {

std::string topic_text(const model::TopicConfig& topic) {
  std::size_t least = model::kReplicasMax, most = 0;
  for (const model::Replicas& replicas : topic.assignment) {
    least = std::min(least, replicas.size());
    most = std::max(most, replicas.size());
  }
  return fmt::format("{}: {} × {}", topic.name,
                     counted(static_cast<std::int64_t>(topic.assignment.size()), "partition"),
                     least == most ? std::to_string(most) : fmt::format("{}..{}", least, most));
}

std::string header(const sim::Plan& plan, const sim::Outcome& outcome, const TextOptions& options) {
  const model::ClusterConfig& config = plan.config;
  std::vector<std::string> parts{plan.mode + " mode", fmt::format("Kafka {} rules", plan.version),
                                 counted(static_cast<std::int64_t>(config.brokers.size()), "broker")};
  if (config.controllers > 0) parts.push_back(counted(config.controllers, "controller"));
  for (const model::TopicConfig& topic : config.topics) parts.push_back(topic_text(topic));
  if (config.other_partitions.count > 0) {
    parts.push_back(
        fmt::format("{} more partitions", grouped(static_cast<std::uint64_t>(config.other_partitions.count))));
  }
  std::string text =
      fmt::format("{}  seed {}  {}\n", paint(plan.file, Ink::bold, options.colour), outcome.seed, joined(parts, ", "));
  const auto row = [&](std::string_view name, const std::vector<std::string>& values, std::string_view separator) {
    if (values.empty()) return;
    text += paint(padded(name, 10), Ink::dim, options.colour) + joined(values, separator) + "\n";
  };
  std::vector<std::string> clients;
  for (const model::ProducerConfig& producer : config.producers) clients.push_back(producer_text(plan, producer));
  for (const model::ConsumerConfig& consumer : config.consumers) clients.push_back(consumer_text(plan, consumer));
  if (!plan.title.empty()) row("about", {plan.title}, "");
  row("clients", clients, "; ");
  row("settings", changed_settings(plan), ", ");
  row("planted", plan.defects, ", ");
  return text;
}

// The reasons stand in a column of their own, as long as the sentences before them are of a usual length.
constexpr std::size_t kWhyColumnMax = 56;

std::string body(const std::vector<Line>& lines, bool colour) {
  std::size_t who = 5, time = 8, what = 0;
  for (const Line& line : lines) {
    who = std::max(who, width_of(line.who));
    time = std::max(time, seconds_text(line.at.us).size());
    if (!line.why.empty() && width_of(line.what) <= kWhyColumnMax) what = std::max(what, width_of(line.what));
  }
  std::string text;
  for (const Line& line : lines) {
    const std::string sentence = line.why.empty() ? line.what : padded(line.what, what);
    text += fmt::format("{:>{}}  {}  {}", seconds_text(line.at.us), time,
                        paint(padded(line.who, who), line.ink == Ink::plain ? Ink::bold : line.ink, colour),
                        paint(sentence, line.ink, colour));
    if (!line.why.empty()) text += "   " + paint(line.why, Ink::dim, colour);
    text += '\n';
  }
  return text;
}

std::int64_t met(const sim::Outcome& outcome) {
  return std::count_if(outcome.expectations.begin(), outcome.expectations.end(),
                       [](const sim::ExpectationResult& result) { return result.met; });
}

// "4 of 4 expectations", with what the verdict found amiss besides.
std::string score(const sim::Outcome& outcome) {
  if (outcome.expectations.empty()) return "no expectations";
  return fmt::format("{} of {}", met(outcome),
                     counted(static_cast<std::int64_t>(outcome.expectations.size()), "expectation"));
}

std::string verdict_word(sim::Verdict verdict, bool colour) {
  const bool passed = verdict == sim::Verdict::passed;
  return paint(passed ? "PASS" : "FAIL", passed ? Ink::green : Ink::red, colour);
}

// What the scenario's own faults did; the acts of the boot are no story.
std::vector<std::string> effects(const sim::Plan& plan, const sim::Outcome& outcome) {
  std::vector<std::string> texts;
  for (const sim::RecordedFault& fault : outcome.faults) {
    if (fault.applied.undo || fault.applied.at < sim::Time{0}) continue;
    std::string text = effect_text(plan, fault);
    if (!text.empty()) texts.push_back(std::move(text));
  }
  return texts;
}

std::string indented(const std::string& lines) {
  std::string text;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = lines.find('\n', at) + 1;
    text += "  " + lines.substr(at, end - at);
    at = end;
  }
  return text;
}

std::string place(const sim::Plan& plan, const std::string& path, std::int32_t line) {
  const std::string& file = path.empty() ? plan.file : path;
  return line > 0 ? fmt::format("{}:{}", file, line) : file;
}

std::string described(const sim::Plan& plan, std::size_t row) {
  return plan.faults[row].text.empty() ? std::string(sim::name_of(plan.faults[row].kind)) : plan.faults[row].text;
}

}  // namespace

std::vector<std::string> complaints_of(const sim::Plan& plan, const sim::Outcome& outcome, const std::string& path) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < outcome.expectations.size() && i < plan.expectations.size(); ++i) {
    const sim::ExpectationResult& result = outcome.expectations[i];
    const sim::Expectation& wanted = plan.expectations[i];
    const std::string expected = fmt::format("{}: expected {}", place(plan, path, wanted.line), wanted.text);
    if (!result.decided) {
      texts.push_back(fmt::format("{}; never decided: the run ends at {} s", expected, seconds_text(plan.until.us)));
    } else if (!result.met) {
      texts.push_back(
          fmt::format("{}; found: {}", expected, result.found.empty() ? "nothing of that kind" : result.found));
    }
  }
  for (const model::InvariantId id : plan.exposes) {
    if (outcome.invariants[static_cast<std::size_t>(id)].exposures > 0) continue;
    texts.push_back(fmt::format("{}: {} was never put to the test: it takes {}", place(plan, path, 0),
                                model::row_of(id).name, model::row_of(id).precondition));
  }
  for (std::size_t row = 0; row < plan.faults.size(); ++row) {
    const sim::RecordedFault* last = nullptr;
    bool acted = false;
    for (const sim::RecordedFault& fault : outcome.faults) {
      if (fault.applied.row != row || fault.applied.undo) continue;
      last = &fault;
      acted = acted || fault.effect.any();
    }
    const std::string where = place(plan, path, plan.faults[row].line);
    if (last == nullptr) {
      texts.push_back(
          fmt::format("{}: \"{}\" never came: {}", where, described(plan, row), absence_text(plan.faults[row])));
    } else if (!acted) {
      texts.push_back(
          fmt::format("{}: \"{}\" did nothing: {}", where, described(plan, row), idle_text(plan, last->applied)));
    }
  }
  return texts;
}

std::string text_of_run(const sim::Plan& plan, const sim::Outcome& outcome, const TextOptions& options) {
  std::string text = header(plan, outcome, options) + "\n" + body(narrate(plan, outcome), options.colour) + "\n";
  std::vector<std::string> parts{score(outcome), invariants_text(outcome)};
  if (outcome.verdict != sim::Verdict::passed) parts.insert(parts.begin(), std::string(sim::name_of(outcome.verdict)));
  // One effect ends the line of the verdict; several have lines of their own.
  std::vector<std::string> did = effects(plan, outcome);
  if (did.size() == 1) parts.push_back(std::move(did.front()));
  text += fmt::format("{}  {}\n", verdict_word(outcome.verdict, options.colour), joined(parts, " · "));
  for (std::size_t i = 0; did.size() > 1 && i < did.size(); ++i) text += "  " + did[i] + "\n";
  for (const std::string& proof : proofs_of(plan, outcome, options.whys)) text += indented(proof);
  for (const std::string& complaint : complaints_of(plan, outcome, options.path)) text += "  " + complaint + "\n";
  if (const std::string losses = design_losses_text(plan, outcome); !losses.empty()) text += losses + "\n";
  for (const std::string& client : client_summaries(plan, outcome)) text += client + "\n";
  text += fmt::format("fingerprint {} · {} events · {} s simulated\n", hex16(outcome.fingerprint),
                      grouped(outcome.events), seconds_text(outcome.simulated.us));
  if (!options.repeat.empty()) text += "again: " + options.repeat + "\n";
  return text;
}

std::string text_of_seed(const sim::Outcome& outcome, const TextOptions& options) {
  const std::string word =
      outcome.verdict == sim::Verdict::passed ? "" : fmt::format("{} · ", sim::name_of(outcome.verdict));
  return fmt::format("seed {}  {}  {}{} · {} events · fingerprint {}\n", outcome.seed,
                     verdict_word(outcome.verdict, options.colour), word, score(outcome), grouped(outcome.events),
                     hex16(outcome.fingerprint));
}

std::string text_of_tally(const SeedTally& tally) {
  std::vector<std::string> parts;
  std::int64_t all = 0;
  for (std::size_t i = 0; i < tally.by_verdict.size(); ++i) {
    const std::int64_t count = tally.by_verdict[i];
    all += count;
    if (count == 0 && i != 0) continue;
    parts.push_back(
        fmt::format("{} {}", grouped(static_cast<std::uint64_t>(count)), sim::name_of(static_cast<sim::Verdict>(i))));
  }
  return fmt::format("{}: {}\n", counted(all, "seed"), joined(parts, ", "));
}

}  // namespace reports
