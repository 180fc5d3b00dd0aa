#include "scenarios/names.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "scenarios/suggest.h"

namespace scenarios {
namespace {

using sim::Target;

std::vector<std::string_view> views_of(const std::vector<std::string>& words) { return {words.begin(), words.end()}; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::string quoted(std::string_view name) {
  constexpr std::size_t kShownMax = 60;
  return "\"" + std::string(name.substr(0, kShownMax)) + (name.size() > kShownMax ? "...\"" : "\"");
}

struct Role {
  std::string_view word;
  Target::Form form;
  std::size_t arguments;
  std::string_view example;
};
constexpr std::array kRoles{
    Role{"controller", Target::Form::controller, 0, "controller"},
    Role{"quorum_leader", Target::Form::controller, 0, "quorum_leader"},
    Role{"controllers", Target::Form::controllers, 0, "controllers"},
    Role{"brokers", Target::Form::brokers, 0, "brokers"},
    Role{"others", Target::Form::others, 1, "others(b1)"},
    Role{"leader", Target::Form::leader, 1, "leader(t-0)"},
    Role{"follower", Target::Form::follower, 1, "follower(t-0)"},
    Role{"isr", Target::Form::isr, 1, "isr(t-0)"},
    Role{"rack", Target::Form::rack, 1, "rack(us-east)"},
    Role{"replica", Target::Form::replica, 2, "replica(t-0, 2)"},
};

// Roles that nobody has with ZooKeeper.
constexpr std::array<std::string_view, 2> kQuorumRoles{"controllers", "quorum_leader"};

bool is_missing(std::string_view role, const Names& names) {
  return !names.config().is_kraft() && std::find(kQuorumRoles.begin(), kQuorumRoles.end(), role) != kQuorumRoles.end();
}

std::optional<Target> read_role(const Role& role, const Call& call, const Value& value, const Names& names,
                                Problems& problems) {
  if (is_missing(role.word, names)) {
    problems.error("unknown-role", value, "with ZooKeeper there is no " + quoted(role.word),
                   "write \"controller\", or add \"mode\": \"kraft\" to the cluster");
    return std::nullopt;
  }
  Target target;
  target.form = role.form;
  target.text = trimmed(value.text);
  if (call.arguments.size() != role.arguments || call.has_parentheses != (role.arguments > 0)) {
    problems.error("bad-target", value, quoted(value.text) + " is incomplete",
                   "write \"" + std::string(role.example) + "\"");
    return std::nullopt;
  }
  if (role.form == Target::Form::others) {
    const auto node = names.find_broker(call.arguments[0], value, problems);
    if (!node) return std::nullopt;
    target.node = *node;
  } else if (role.form == Target::Form::rack) {
    const auto rack = names.find_rack(call.arguments[0], value, problems);
    if (!rack) return std::nullopt;
    target.rack = *rack;
  } else if (role.arguments > 0) {
    const auto partition = names.find_partition(call.arguments[0], value.at, value.end, problems);
    if (!partition) return std::nullopt;
    target.partition = *partition;
  }
  if (role.form == Target::Form::replica) {
    const std::string_view text = call.arguments[1];
    const model::PartitionConfig& part = names.config().partitions[model::index(target.partition)];
    const auto& assignment = names.config().topic_of(target.partition).assignment;
    const std::size_t replicas = assignment[static_cast<std::size_t>(part.number)].size();
    const char* end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, target.rank);
    if (error != std::errc{} || at != end || target.rank < 0 || static_cast<std::size_t>(target.rank) >= replicas) {
      problems.error("bad-target", value,
                     quoted(text) + " is not the place of a replica in the assignment; they count from 0 to " +
                         std::to_string(replicas - 1));
      return std::nullopt;
    }
  }
  return target;
}

std::optional<Target> read_target(const Value& value, const Names& names, Problems& problems) {
  if (!value.is_string()) {
    problems.error("wrong-type", value,
                   "a target is a string such as \"b1\" or \"leader(t-0)\", not " + describe(value));
    return std::nullopt;
  }
  const std::optional<Call> call = parse_call(value.text);
  if (!call) {
    problems.error("bad-target", value, quoted(value.text) + " is not a target",
                   "write a name or a role: \"b1\", \"controller\", \"leader(t-0)\"");
    return std::nullopt;
  }
  for (const Role& role : kRoles) {
    if (role.word == call->role) return read_role(role, *call, value, names, problems);
  }
  if (call->has_parentheses) {
    std::vector<std::string_view> words;
    for (const Role& role : kRoles) words.push_back(role.word);
    problems.error("unknown-role", value, quoted(call->role) + " is not a role",
                   did_you_mean_or_list(call->role, words, "known"));
    return std::nullopt;
  }
  const auto node = names.find_node(call->role, value, problems);
  if (!node) return std::nullopt;
  Target target;
  target.node = *node;
  target.text = call->role;
  return target;
}

}  // namespace

Names::Names(const model::ClusterConfig& config) : config_(config) {
  for (std::size_t i = 0; i < config.node_count(); ++i) {
    const bool is_there = i > 0 || !config.is_kraft();
    nodes_.push_back(is_there ? config.name_of(static_cast<model::NodeId>(i)) : std::string());
  }
  for (std::size_t i = 0; i < config.partitions.size(); ++i) {
    partitions_.push_back(config.name_of(static_cast<model::PartitionId>(i)));
  }
}

std::optional<model::NodeId> Names::node(std::string_view name) const {
  const auto at = std::find(nodes_.begin(), nodes_.end(), name);
  if (name.empty() || at == nodes_.end()) return std::nullopt;
  return static_cast<model::NodeId>(at - nodes_.begin());
}

std::optional<model::PartitionId> Names::partition(std::string_view name) const {
  const auto at = std::find(partitions_.begin(), partitions_.end(), name);
  if (at == partitions_.end()) return std::nullopt;
  return static_cast<model::PartitionId>(at - partitions_.begin());
}

std::optional<model::TopicId> Names::topic(std::string_view name) const {
  for (std::size_t i = 0; i < config_.topics.size(); ++i) {
    if (config_.topics[i].name == name) return static_cast<model::TopicId>(i);
  }
  return std::nullopt;
}

std::optional<model::NodeId> Names::find_node(std::string_view name, const Value& at, Problems& problems) const {
  if (const auto found = node(name)) return found;
  std::vector<std::string_view> words = views_of(nodes_);
  if (words.front().empty()) words.erase(words.begin());
  if (name == "zookeeper") {
    problems.error("unknown-node", at, "in KRaft mode there is no \"zookeeper\"",
                   "write \"controllers\", or leave out \"mode\"");
    return std::nullopt;
  }
  const std::string list = did_you_mean_or_list(name, words, "nodes");
  for (const Role& role : kRoles) words.push_back(role.word);
  const std::string guess = did_you_mean(name, words);
  problems.error("unknown-node", at, quoted(name) + " is not a node", guess.empty() ? list : guess);
  return std::nullopt;
}

std::optional<model::NodeId> Names::find_broker(std::string_view name, const Value& at, Problems& problems) const {
  const auto found = node(name);
  if (found && config_.is_broker(*found)) return found;
  std::vector<std::string_view> words = views_of(nodes_);
  words.erase(words.begin() + 1 + static_cast<std::ptrdiff_t>(config_.brokers.size()), words.end());
  words.erase(words.begin());
  problems.error("unknown-node", at, quoted(name) + " is not a broker", did_you_mean_or_list(name, words, "brokers"));
  return std::nullopt;
}

std::optional<model::NodeId> Names::find_controller(std::string_view name, const Value& at, Problems& problems) const {
  const auto found = node(name);
  if (found && (config_.is_controller(*found) || config_.voters.contains(*found))) return found;
  std::vector<std::string_view> words;
  for (std::size_t i = 1; i < nodes_.size(); ++i) {
    const auto id = static_cast<model::NodeId>(i);
    if (config_.is_controller(id) || config_.voters.contains(id)) words.push_back(nodes_[i]);
  }
  problems.error("unknown-node", at, quoted(name) + " is not a controller",
                 did_you_mean_or_list(name, words, "controllers"));
  return std::nullopt;
}

std::optional<model::PartitionId> Names::find_partition(std::string_view name, Position at, std::size_t end,
                                                        Problems& problems) const {
  if (const auto found = partition(name)) return found;
  const std::vector<std::string_view> words = views_of(partitions_);
  std::string hint = did_you_mean(name, words);
  if (hint.empty()) hint = "partitions are written topic-number, as in \"t-0\"";
  problems.error("unknown-partition", at, end, quoted(name) + " is not a partition", hint);
  return std::nullopt;
}

std::optional<model::TopicId> Names::find_topic(std::string_view name, const Value& at, Problems& problems) const {
  if (const auto found = topic(name)) return found;
  std::vector<std::string_view> words;
  for (const model::TopicConfig& topic : config_.topics) words.push_back(topic.name);
  problems.error("unknown-topic", at, quoted(name) + " is not a topic", did_you_mean_or_list(name, words, "topics"));
  return std::nullopt;
}

std::optional<std::string> Names::find_rack(std::string_view name, const Value& at, Problems& problems) const {
  std::vector<std::string_view> words;
  for (const std::string& rack : config_.racks) {
    if (rack == name) return rack;
    if (!rack.empty() && std::find(words.begin(), words.end(), rack) == words.end()) words.push_back(rack);
  }
  problems.error("unknown-rack", at, quoted(name) + " is not a rack",
                 words.empty() ? "add \"racks\": {\"us-east\": [1, 2]} to the cluster"
                               : did_you_mean_or_list(name, words, "racks"));
  return std::nullopt;
}

std::optional<Call> parse_call(std::string_view text) {
  Call call;
  text = trimmed(text);
  const std::size_t open = text.find('(');
  call.role = trimmed(text.substr(0, open));
  if (call.role.empty()) return std::nullopt;
  if (open == std::string_view::npos) return call;
  if (text.back() != ')') return std::nullopt;
  call.has_parentheses = true;
  std::string_view inside = text.substr(open + 1, text.size() - open - 2);
  while (true) {
    const std::size_t comma = inside.find(',');
    call.arguments.push_back(trimmed(inside.substr(0, comma)));
    if (comma == std::string_view::npos) return call;
    inside.remove_prefix(comma + 1);
  }
}

std::vector<Target> read_targets(const Value& value, const Names& names, Problems& problems) {
  constexpr std::size_t kTargetsMax = 32;
  std::vector<Target> targets;
  if (!value.is_array()) {
    if (auto target = read_target(value, names, problems)) targets.push_back(std::move(*target));
    return targets;
  }
  if (value.items.empty() || value.items.size() > kTargetsMax) {
    problems.error("out-of-range", value, "a list of targets has 1 to " + std::to_string(kTargetsMax) + " entries");
    return targets;
  }
  for (const Value& item : value.items) {
    if (auto target = read_target(item, names, problems)) targets.push_back(std::move(*target));
  }
  return targets;
}

}  // namespace scenarios
