#include "model/text.h"

#include <array>
#include <charconv>
#include <concepts>
#include <type_traits>

#include "model/invariants/invariant.h"
#include "model/step.h"

namespace model {

namespace {

std::string milliseconds_text(Duration duration) {
  const bool negative = duration.us < 0;
  const std::int64_t us = negative ? -duration.us : duration.us;
  std::string text = (negative ? "-" : "") + std::to_string(us / 1000);
  if (us % 1000 == 0) return text;
  std::string decimals = std::to_string(1000 + us % 1000).substr(1);
  while (decimals.back() == '0') decimals.pop_back();
  return text + "." + decimals;
}

std::string session_text(SessionId session) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), static_cast<std::uint64_t>(session), 16);
  return "0x" + std::string(digits.data(), end.ptr);
}

// Collects the fields of one fact. One overload per type that a fact may hold; a new one does not
// compile until it has words of its own.
struct Writer {
  const ClusterConfig& config;
  std::vector<FieldText> fields;

  void text(std::string_view name, std::string value) { fields.push_back({name, std::move(value), false}); }
  void number(std::string_view name, std::string value) { fields.push_back({name, std::move(value), true}); }

  void operator()(std::string_view name, NodeId value) { text(name, config.name_of(value)); }
  void operator()(std::string_view name, PartitionId value) { text(name, config.name_of(value)); }
  void operator()(std::string_view name, TopicId value) { text(name, config.topics[index(value)].name); }
  void operator()(std::string_view name, const Replicas& value) { text(name, text_of(value, config)); }
  void operator()(std::string_view name, const Path& value) { text(name, text_of(value, config)); }
  void operator()(std::string_view name, ErrorCode value) { text(name, std::string(name_of(value))); }
  void operator()(std::string_view name, LossReason value) { text(name, std::string(name_of(value))); }
  void operator()(std::string_view name, ResetReason value) { text(name, std::string(name_of(value))); }
  void operator()(std::string_view name, QuorumRole value) { text(name, std::string(name_of(value))); }
  void operator()(std::string_view name, QuorumFault value) { text(name, std::string(name_of(value))); }
  void operator()(std::string_view name, InvariantId value) { text(name, std::string(row_of(value).name)); }
  void operator()(std::string_view name, Duration value) { number(name, milliseconds_text(value)); }
  void operator()(std::string_view name, bool value) { number(name, value ? "true" : "false"); }
  template <typename T>
    requires std::same_as<T, std::int32_t> || std::same_as<T, std::int64_t>
  void operator()(std::string_view name, T value) {
    // Session ids share their type with offsets; only the name tells them apart.
    if (std::same_as<T, SessionId> && name == "session") return text(name, session_text(value));
    number(name, std::to_string(value));
  }
  void operator()(std::string_view name, const SmallVec<Path, 2>& paths) {
    std::string joined;
    for (const Path& path : paths) joined += (joined.empty() ? "" : " ") + text_of(path, config);
    text(name, joined.empty() ? "none" : joined);
  }
  void operator()(std::string_view, const PartitionState& state) { for_each_field(state, *this); }
};

}  // namespace

std::vector<FieldText> fields_of(const Fact& fact, const ClusterConfig& config) {
  Writer writer{config, {}};
  std::visit([&](const auto& held) { for_each_field(held, writer); }, fact);
  const auto* fenced = std::get_if<RequestFenced>(&fact);
  const auto* violated = std::get_if<InvariantViolated>(&fact);
  if ((fenced != nullptr && !fenced->has_partition) || (violated != nullptr && !violated->has_partition)) {
    for (FieldText& field : writer.fields) {
      if (field.name == "partition") field.text = "none";
    }
  }
  return writer.fields;
}

std::string text_of(const Path& path, const ClusterConfig& config) {
  return text_of(
      path, [&](TopicId topic) { return config.topics[index(topic)].name; },
      [](int word) { return "word" + std::to_string(word); });
}

std::string text_of(const Replicas& replicas, const ClusterConfig& config) {
  std::string joined;
  for (const NodeId replica : replicas) joined += (joined.empty() ? "" : " ") + config.name_of(replica);
  return joined.empty() ? "none" : joined;
}

#define ROW(kind) \
  std::pair<TimerKind, std::string_view> { TimerKind::kind, #kind }

std::string_view name_of(TimerKind kind) {
  static constexpr std::array kNames{
      ROW(zk_expire),
      ROW(zk_start),
      ROW(zk_ping),
      ROW(zk_read_timeout),
      ROW(zk_connect_timeout),
      ROW(zk_reconnect),
      ROW(register_broker),
      ROW(begin_serving),
      ROW(isr_check),
      ROW(checkpoint_high_watermarks),
      ROW(isr_change_propagation),
      ROW(shutdown_retry),
      ROW(shutdown_steps),
      ROW(fetch_wait),
      ROW(produce_wait),
      ROW(fetcher_timeout),
      ROW(fetch_backoff),
      ROW(alter_partition_timeout),
      ROW(alter_partition_retry),
      ROW(shutdown_timeout),
      ROW(sender_timeout),
      ROW(sender_backoff),
      ROW(rebalance_check),
      ROW(produce_next),
      ROW(client_timeout),
      ROW(client_backoff),
      ROW(client_connect_timeout),
      ROW(metadata_refresh),
      ROW(delivery_timeout),
      ROW(metadata_timeout),
      ROW(produce_retry),
      ROW(produce_linger),
      ROW(producer_id_retry),
      ROW(quorum_start),
      ROW(quorum_election),
      ROW(quorum_fetch),
      ROW(quorum_check),
      ROW(quorum_begin),
      ROW(quorum_backoff),
      ROW(quorum_request),
      ROW(quorum_retry),
      ROW(quorum_reconnect),
      ROW(quorum_linger),
      ROW(quorum_fetch_wait),
      ROW(quorum_shutdown),
      ROW(quorum_clean),
      ROW(quorum_commit),
      ROW(lifecycle_send),
      ROW(lifecycle_timeout),
      ROW(lifecycle_give_up),
      ROW(fence_stale_brokers),
      ROW(write_no_op),
      ROW(elect_preferred),
      ROW(elect_unclean),
      ROW(read_partitions),
      ROW(preferred_replica_lease),
      ROW(position_retry),
  };
  static_assert(kNames.size() == static_cast<std::size_t>(TimerKind::kinds), "every kind has a row");
  for (const auto& row : kNames) {
    if (row.first == kind) return row.second;
  }
  return "?";
}

#undef ROW

}  // namespace model
