#include "reports/trace_line.h"

#include <array>
#include <charconv>

#include "model/text.h"
#include "reports/json_writer.h"

namespace reports {
namespace {

constexpr std::size_t kBufferBytes = 64 * 1024;
constexpr std::array<std::string_view, 8> kChannels{
    "zookeeper", "control", "alter_partition", "controlled_shutdown",
    "fetch",     "client",  "quorum",          "broker_lifecycle"};  // by ChannelKind

std::string escaped(std::string_view name) {
  std::string quoted;
  append_json_string(quoted, name);
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace

TraceLine::TraceLine(std::FILE* file, const model::ClusterConfig& config)
    : file_(file), config_(config), buffer_(kBufferBytes) {
  for (std::size_t i = 0; i < config.node_count(); ++i) {
    nodes_.push_back(escaped(config.name_of(model::NodeId(static_cast<std::uint8_t>(i)))));
  }
  for (std::size_t i = 0; i < config.partitions.size(); ++i) {
    partitions_.push_back(escaped(config.name_of(model::PartitionId(static_cast<std::uint16_t>(i)))));
  }
}

TraceLine::TraceLine(std::string& text, const model::ClusterConfig& config)
    : TraceLine(static_cast<std::FILE*>(nullptr), config) {
  text_ = &text;
}

bool TraceLine::flush() {
  if (used_ != 0) write({buffer_.data(), used_});
  used_ = 0;
  return !failed_;
}

void TraceLine::write(std::string_view text) {
  if (text_ != nullptr) {
    text_->append(text);
  } else if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) {
    failed_ = true;
  }
}

void TraceLine::put_large(std::string_view text) { write(text); }
void TraceLine::put_large_in_quotes(std::string_view text) {
  put("\"");
  put(text);
  put("\"");
}

void TraceLine::put_number(std::int64_t number) {
  constexpr std::size_t kDigitsMax = 20;
  char* const first = room(kDigitsMax);
  used_ += static_cast<std::size_t>(std::to_chars(first, first + kDigitsMax, number).ptr - first);
}

void TraceLine::put_json_string(std::string_view text) {
  std::string quoted;
  append_json_string(quoted, text);
  put(quoted);
}

void TraceLine::member(std::string_view name, bool truth) {
  key(name);
  put(truth ? "true" : "false");
}

std::string_view TraceLine::name_of(model::NodeId node) const {
  return node == model::kNoNode ? std::string_view("none") : nodes_[static_cast<std::size_t>(node)];
}

void TraceLine::member(std::string_view name, model::NodeId node) { member(name, name_of(node)); }
void TraceLine::member(std::string_view name, model::PartitionId partition) {
  member(name, std::string_view(partitions_[model::index(partition)]));
}
void TraceLine::member(std::string_view name, model::TopicId topic) {
  key(name);
  put_json_string(config_.topics[model::index(topic)].name);
}
void TraceLine::member(std::string_view name, const model::Replicas& replicas) {
  key(name);
  put("\"");
  if (replicas.empty()) put("none");
  for (const model::NodeId& node : replicas) {
    if (&node != replicas.begin()) put(" ");
    put(name_of(node));
  }
  put("\"");
}
void TraceLine::member(std::string_view name, model::Duration duration) {
  member(name, duration.us / 1000);
  std::int64_t rest = duration.us % 1000;
  if (rest <= 0) return;
  put(".");
  for (std::int64_t digit = 100; rest > 0; digit /= 10) {
    put_number(rest / digit);
    rest %= digit;
  }
}
void TraceLine::member(std::string_view name, const model::Path& path) {
  key(name);
  put_json_string(model::text_of(path, config_));
}
void TraceLine::member(std::string_view name, const model::SmallVec<model::Path, 2>& paths) {
  std::string joined;
  for (const model::Path& path : paths) {
    if (!joined.empty()) joined += ' ';
    joined += model::text_of(path, config_);
  }
  key(name);
  put_json_string(joined.empty() ? "none" : joined);
}
void TraceLine::member(std::string_view name, const model::ConnectionId& via) {
  key(name);
  put("\"");
  put(name_of(via.client));
  put(">");
  put(name_of(via.server));
  put("/");
  put(kChannels[static_cast<std::size_t>(via.kind)]);
  put(".");
  put_number(via.index);
  put("#");
  put_number(via.number);
  put("\"");
}

}  // namespace reports
