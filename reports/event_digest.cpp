#include "reports/event_digest.h"

#include <fmt/format.h>

#include <array>

namespace reports {
namespace {

constexpr std::array<std::string_view, 6> kKinds{"message", "timer", "connected", "disconnected", "started", "act"};

void add_nodes(model::Hasher& hasher, const std::vector<model::NodeId>& nodes) {
  hasher.add(nodes.size());
  for (const model::NodeId node : nodes) model::hash_append(hasher, node);
}

}  // namespace

std::string text_of_event(const sim::EventView& event, const model::ClusterConfig& config) {
  const std::int64_t us = event.at.us;
  const std::int64_t size = us < 0 ? -us : us;
  std::string text = fmt::format("{}{}.{:06} s {}: ", us < 0 ? "-" : "", size / 1'000'000, size % 1'000'000,
                                 config.name_of(event.node));
  if (event.kind == sim::EventKind::message) {
    text += model::name_of(*event.body);
  } else if (event.kind == sim::EventKind::timer) {
    text += fmt::format("timer {} {}", model::name_of(event.timer.kind), event.timer.about);
  } else {
    text += kKinds[static_cast<std::size_t>(event.kind)];
  }
  if (event.peer != model::kNoNode) {
    text += fmt::format(" from {} on connection {} of {}", config.name_of(event.peer), event.via.number,
                        config.name_of(event.via.client));
  }
  return text;
}

void EventDigests::on_event(const sim::EventView& event) {
  model::Hasher hasher = between_;
  between_ = {};
  model::hash_append(hasher, event.number);
  hash_append(hasher, event);
  const std::uint64_t digest = hasher.value();
  const std::size_t index = count_++;
  if (describe_ == index) description_ = text_of_event(event, config_);
  if (expected_ == nullptr) {
    digests_.push_back(digest);
    return;
  }
  if (first_difference_ || (index < expected_->size() && (*expected_)[index] == digest)) return;
  first_difference_ = index;
  if (!describe_) description_ = text_of_event(event, config_);
}

void EventDigests::on_fact(sim::Time at, model::NodeId node, const model::Fact& fact) {
  model::hash_append(between_, at.us);
  model::hash_append(between_, node);
  model::hash_append(between_, fact);
}

void EventDigests::on_fault(const sim::AppliedFault& applied) {
  model::hash_append(between_, applied.at.us);
  model::hash_append(between_, applied.row);
  model::hash_append(between_, applied.undo);
  add_nodes(between_, applied.who);
  add_nodes(between_, applied.from);
  add_nodes(between_, applied.to);
}

}  // namespace reports
