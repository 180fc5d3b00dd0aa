#include <fmt/format.h>

#include <algorithm>

#include "reports/colour.h"
#include "reports/conform.h"
#include "reports/words.h"

namespace reports {
namespace {

struct Totals {
  std::int64_t reproduced = 0, refuted = 0, not_supported = 0;
};

Ink ink_of(sim::ConformStatus status) {
  switch (status) {
    case sim::ConformStatus::reproduced:
      return Ink::green;
    case sim::ConformStatus::refuted:
      return Ink::red;
    case sim::ConformStatus::not_supported:
      break;
  }
  return Ink::dim;
}

void count(sim::ConformStatus status, Totals& totals) {
  switch (status) {
    case sim::ConformStatus::reproduced:
      ++totals.reproduced;
      return;
    case sim::ConformStatus::refuted:
      ++totals.refuted;
      return;
    case sim::ConformStatus::not_supported:
      ++totals.not_supported;
      return;
  }
}

std::string_view word_of(sim::ConformStatus status) {
  return status == sim::ConformStatus::not_supported ? "not supported" : sim::name_of(status);
}

// "71.5 %": shares are per mille.
std::string percent(std::int64_t per_mille) { return fmt::format("{}.{} %", per_mille / 10, per_mille % 10); }

std::string criteria_text(const sim::Judgement& judgement) {
  const auto word = [](bool is_ok) { return is_ok ? "as recorded" : "otherwise"; };
  return fmt::format("story {}, times {}, ends {}", word(judgement.story_ok), word(judgement.times_ok),
                     word(judgement.ends_ok));
}

std::string text_of_row(const ConformedRecording& row, std::size_t width, bool colour) {
  const sim::Conformance& found = *row.conformance;
  const std::string status = fmt::format("{:<13}", word_of(found.status));
  std::string text =
      fmt::format("{:<{}}  {}", row.recording->setup.name, width, paint(status, ink_of(found.status), colour));
  if (found.status == sim::ConformStatus::not_supported) return text + "  " + found.reason + "\n";
  text += fmt::format("  {:>7} of {}, shown: seed {}\n", percent(found.share),
                      counted(static_cast<std::int64_t>(found.seeds_tried), "seed"), found.judgement.seed);
  if (found.race) text += "    race: " + *found.race + "\n";
  if (found.first_difference) {
    text += "    " + criteria_text(found.judgement) + "\n";
    text += "    first difference: " + *found.first_difference + "\n";
  }
  if (sim::nothing_comes_up(row.recording->setup)) {
    text += "    note: no process comes up before the end of this recording; read literally, nothing happens in it\n";
  }
  return text;
}

}  // namespace

std::string text_of_conformance(const std::vector<ConformedRecording>& rows, bool colour) {
  std::size_t width = 0;
  Totals totals;
  for (const ConformedRecording& row : rows) {
    width = std::max(width, row.recording->setup.name.size());
    count(row.conformance->status, totals);
  }
  std::string text;
  for (const ConformedRecording& row : rows) text += text_of_row(row, width, colour);
  const std::int64_t judged = totals.reproduced + totals.refuted;
  text +=
      fmt::format("{} of {} reproduced, {} refuted\n", totals.reproduced, counted(judged, "recording"), totals.refuted);
  if (totals.not_supported > 0) text += fmt::format("{} not supported\n", totals.not_supported);
  return text;
}

}  // namespace reports
