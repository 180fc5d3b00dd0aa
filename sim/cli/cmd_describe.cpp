#include <fmt/format.h>

#include <array>

#include "reports/fidelity.h"
#include "reports/tables.h"
#include "scenarios/settings.h"
#include "scenarios/suggest.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"

namespace cli {
namespace {

template <typename Owner>
void add_settings(reports::Table& table, std::string_view owner, const Owner& defaults) {
  const auto rows = [] {
    if constexpr (std::is_same_v<Owner, model::BrokerSettings>) {
      return scenarios::broker_settings();
    } else if constexpr (std::is_same_v<Owner, model::QuorumSettings>) {
      return scenarios::quorum_settings();
    } else if constexpr (std::is_same_v<Owner, model::TopicConfig>) {
      return scenarios::topic_settings();
    } else if constexpr (std::is_same_v<Owner, model::ConsumerConfig>) {
      return scenarios::consumer_settings();
    } else {
      return scenarios::producer_settings();
    }
  }();
  for (const scenarios::Setting<Owner>& row : rows) {
    const std::string shown = scenarios::value_text(row, defaults);
    table.rows.push_back(
        {std::string(row.key), fmt::format("{}, default {}", owner, shown.empty() ? "none" : shown), ""});
  }
}

reports::Table settings_table() {
  reports::Table table{
      "settings",
      "Settings of Kafka with an effect in the model, with the defaults of the newest version. Other real "
      "keys warn, unknown ones are errors.",
      {}};
  add_settings(table, "broker", model::BrokerSettings{});
  add_settings(table, "KRaft mode", model::QuorumSettings{});
  add_settings(table, "topic", model::TopicConfig{});
  add_settings(table, "producer", model::ProducerConfig{});
  add_settings(table, "consumer", model::ConsumerConfig{});
  return table;
}

struct Topic {
  std::string_view name;
  std::string_view what;
  reports::Table (*table)();
  std::string (*json)() = nullptr;  // where a row has more members than a table's
};
constexpr std::array<Topic, 7> kTopics{{
    {"fidelity", "Where the model differs from a real cluster, and why.", reports::fidelity_table},
    {"facts", "What a run can tell: the words of \"expect\" and \"when\".", reports::facts_table},
    {"faults", "What a scenario can do to its cluster.", reports::faults_table},
    {"rules", "Kafka versions and how they decide, and planted wrong decisions.", reports::rules_table},
    {"invariants", "What the protocol promises, and which defects break it.", reports::invariants_table,
     reports::json_of_invariants},
    {"defects", "Wrong decisions that --defect plants.", reports::defects_table},
    {"settings", "Settings of Kafka with an effect, and their defaults.", settings_table},
}};

reports::Table topics_table() {
  reports::Table table{"topics", "Topics of \"fencepost describe TOPIC\":", {}};
  for (const Topic& topic : kTopics) table.rows.push_back({std::string(topic.name), std::string(topic.what), ""});
  return table;
}

const Topic* find_topic(std::string_view name) {
  for (const Topic& topic : kTopics) {
    if (topic.name == name) return &topic;
  }
  return nullptr;
}

}  // namespace

const std::vector<std::string>& describe_topics() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const Topic& topic : kTopics) names.emplace_back(topic.name);
    return names;
  }();
  return kNames;
}

int describe_command(const DescribeArguments& arguments) {
  constexpr Topic kTopicsThemselves{"topics", "", topics_table};
  const Topic* topic = arguments.topic.empty() ? &kTopicsThemselves : find_topic(arguments.topic);
  if (topic == nullptr) {
    const std::vector<std::string_view> names(describe_topics().begin(), describe_topics().end());
    print_error("fencepost describe: \"" + arguments.topic + "\" is no topic; " +
                scenarios::did_you_mean_or_list(arguments.topic, names, "topics") + "\n");
    return kUsage;
  }
  const reports::Table table = topic->table();
  if (arguments.format != Format::json) return print(reports::text_of_table(table, columns())) ? kGood : kInternal;
  return print(topic->json != nullptr ? topic->json() : reports::json_of_table(table)) ? kGood : kInternal;
}

}  // namespace cli
