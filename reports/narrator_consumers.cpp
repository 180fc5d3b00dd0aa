// What consumers tell of themselves: where they read, when they wait, where they go on.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "reports/narrator.h"
#include "reports/words.h"

namespace reports {
namespace {

// A broker that a consumer leaves again at once has not served it.
constexpr model::Duration kMoment = model::seconds(2);

std::string reset_text(model::ResetReason reason) {
  switch (reason) {
    case model::ResetReason::no_position:
      return "";
    case model::ResetReason::out_of_range:
      return "the leader's log does not hold its position";
    case model::ResetReason::truncated:
      return "the records before its position are not the leader's";
  }
  return "";
}

}  // namespace

ConsumerStory& Narrator::consumer() { return consumers_[config_.consumer_index(now_->node)]; }

void Narrator::operator()(const model::FetchesFrom& f) {
  const auto after = facts_.begin() + static_cast<std::ptrdiff_t>(index_) + 1;
  const auto next = std::find_if(after, facts_.end(), [&](const sim::RecordedFact& told) {
    const auto* other = std::get_if<model::FetchesFrom>(&told.fact);
    return other != nullptr && told.node == now_->node && other->partition == f.partition;
  });
  ReadingStory& story = consumer().reading[index(f.partition)];
  if (next != facts_.end() && next->at - now_->at < kMoment) {
    ++story.turns;
    return;
  }
  // It asks its leader now and then whether another replica would be better.
  const std::int64_t turns = std::exchange(story.turns, 0);
  if (std::exchange(story.broker, f.broker) == f.broker) return;
  say_of(f.partition, teller(), fmt::format("reads from {} from offset {} on", name(f.broker), f.offset),
         turns > 2 ? fmt::format("{} to other brokers in vain", counted(turns, "turn")) : "");
}

void Narrator::operator()(const model::RecordsConsumed&) {
  ConsumerStory& story = consumer();
  if (story.heard && now_->at - *story.heard > kSilence) {
    say(teller(), fmt::format("given records again after {} of silence", tenths(now_->at - *story.heard)));
  }
  story.heard = now_->at;
}

void Narrator::operator()(const model::PositionReset& f) {
  const bool is_first = f.reason == model::ResetReason::no_position;
  say_of(
      f.partition, teller(),
      is_first ? fmt::format("begins at offset {}", f.to) : fmt::format("goes on from offset {}, not {}", f.to, f.from),
      reset_text(f.reason));
}

void Narrator::operator()(const model::ConsumerFailed& f) {
  const std::string why = f.reason == model::ResetReason::no_position ? "it has no position" : reset_text(f.reason);
  say_of(f.partition, teller(), "gives up: auto.offset.reset is none", why, Ink::red);
}

}  // namespace reports
