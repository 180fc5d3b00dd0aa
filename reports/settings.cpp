#include "reports/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <concepts>
#include <type_traits>

#include "model/rules.h"
#include "reports/words.h"

namespace reports {
namespace {

std::string key_of(std::string_view field, bool is_duration) {
  std::string key(field);
  std::replace(key.begin(), key.end(), '_', '.');
  if (field == "retry_backoff_max" || field == "reconnect_backoff_max") return key + ".ms";
  if (field == "max_in_flight") return "max.in.flight.requests.per.connection";
  if (field == "metadata_max_age") return "metadata.max.age.ms";
  if (field == "leader_imbalance_check_interval") return key + ".seconds";
  return is_duration ? key + ".ms" : key;
}

std::string value_text(std::string_view field, model::Duration d) {
  return std::to_string(d.us / (field == "leader_imbalance_check_interval" ? 1'000'000 : 1'000));
}
std::string value_text(std::string_view, bool truth) { return truth ? "true" : "false"; }
std::string value_text(std::string_view, std::integral auto number) { return std::to_string(number); }
std::string value_text(std::string_view, model::Acks acks) {
  return acks == model::Acks::all ? "all" : std::to_string(static_cast<int>(acks));
}

std::string value_text(std::string_view, model::ReplicaSelector selector) {
  return selector == model::ReplicaSelector::leader ? "LeaderSelector" : "RackAwareReplicaSelector";
}
std::string value_text(std::string_view, model::OffsetReset reset) {
  if (reset == model::OffsetReset::none) return "none";
  return reset == model::OffsetReset::earliest ? "earliest" : "latest";
}

// The model's own words for what Kafka has no setting for.
bool is_kafka_setting(std::string_view field) {
  return field != "name" && field != "topic" && field != "interval" && field != "count" && field != "batch_records" &&
         field != "metadata_record_bytes";
}

template <typename T>
std::vector<Setting> rows_of(const T& settings) {
  std::vector<Setting> rows;
  model::for_each_field(settings, [&](std::string_view field, const auto& held) {
    using Held = std::decay_t<decltype(held)>;
    if constexpr (!std::is_same_v<Held, std::string> && !std::is_same_v<Held, model::TopicId>) {
      if (!is_kafka_setting(field)) return;
      rows.push_back({key_of(field, std::is_same_v<Held, model::Duration>), value_text(field, held)});
    }
  });
  return rows;
}

std::vector<std::string> differences(const std::vector<Setting>& now, const std::vector<Setting>& usual) {
  std::vector<std::string> changed;
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (now[i].value != usual[i].value) changed.push_back(now[i].key + "=" + now[i].value);
  }
  return changed;
}

// "20/s"; also where the interval is the nearest whole number of microseconds, as with 3/s.
std::string rate_text(model::Duration interval) {
  constexpr std::int64_t kSecond = 1'000'000;
  const std::int64_t rate = interval.us > 0 ? (kSecond + interval.us / 2) / interval.us : 0;
  if (rate > 0 && kSecond / rate == interval.us) return fmt::format("{}/s", rate);
  return "one every " + short_seconds(interval);
}

}  // namespace

std::vector<Setting> settings_of(const model::BrokerSettings& settings) { return rows_of(settings); }
std::vector<Setting> settings_of(const model::ProducerConfig& producer) { return rows_of(producer); }
std::vector<Setting> settings_of(const model::ConsumerConfig& consumer) { return rows_of(consumer); }
std::vector<Setting> settings_of(const model::QuorumSettings& settings) { return rows_of(settings); }

std::vector<std::string> changed_settings(const sim::Plan& plan) {
  model::BrokerSettings defaults;
  if (const model::Profile* profile = model::find_profile(plan.version)) profile->settings(defaults);
  const std::vector<Setting> usual = settings_of(defaults);
  std::vector<std::vector<std::string>> by_broker;
  for (const model::BrokerSettings& broker : plan.config.brokers) {
    by_broker.push_back(differences(settings_of(broker), usual));
    // Nothing of KRaft mode reads it.
    if (plan.config.is_kraft())
      std::erase_if(by_broker.back(), [](const auto& text) { return text.starts_with("zookeeper."); });
  }
  std::vector<std::string> changed;
  const auto everywhere = [&](const std::string& text) {
    return std::all_of(by_broker.begin(), by_broker.end(), [&](const std::vector<std::string>& texts) {
      return std::find(texts.begin(), texts.end(), text) != texts.end();
    });
  };
  for (std::size_t i = 0; i < by_broker.size(); ++i) {
    for (const std::string& text : by_broker[i]) {
      if (!everywhere(text)) {
        changed.push_back(fmt::format("b{} {}", i + 1, text));
      } else if (i == 0) {
        changed.push_back(text);
      }
    }
  }
  const model::BrokerSettings& first = plan.config.brokers.empty() ? defaults : plan.config.brokers.front();
  for (const model::TopicConfig& topic : plan.config.topics) {
    if (topic.min_insync_replicas != first.min_insync_replicas) {
      changed.push_back(fmt::format("{} min.insync.replicas={}", topic.name, topic.min_insync_replicas));
    }
    if (topic.unclean_leader_election_enable != first.unclean_leader_election_enable) {
      changed.push_back(
          fmt::format("{} unclean.leader.election.enable={}", topic.name, topic.unclean_leader_election_enable));
    }
  }
  if (plan.config.is_kraft()) {
    const std::vector<Setting> quorum = settings_of(model::QuorumSettings{});
    for (std::string& text : differences(settings_of(plan.config.quorum), quorum)) changed.push_back(std::move(text));
    return changed;
  }
  if (plan.config.zookeeper_tick != model::ClusterConfig{}.zookeeper_tick) {
    changed.push_back(fmt::format("zookeeper tickTime={}", plan.config.zookeeper_tick.us / 1000));
  }
  return changed;
}

std::string producer_text(const sim::Plan& plan, const model::ProducerConfig& producer) {
  std::string text = fmt::format("{} → {}, acks={}", producer.name,
                                 plan.config.topics[model::index(producer.topic)].name, value_text("", producer.acks));
  text += ", " + rate_text(producer.interval) + ", " + counted(producer.count, "record");
  model::ProducerConfig defaults;
  if (const model::Profile* profile = model::find_profile(plan.version)) profile->producer(defaults);
  defaults.acks = producer.acks;
  for (const std::string& changed : differences(settings_of(producer), settings_of(defaults))) text += ", " + changed;
  return text;
}

std::string consumer_text(const sim::Plan& plan, const model::ConsumerConfig& consumer) {
  std::string text = fmt::format("{} ← {}", consumer.name, plan.config.topics[model::index(consumer.topic)].name);
  if (!consumer.client_rack.empty()) text += ", client.rack=" + consumer.client_rack;
  for (const std::string& changed : differences(settings_of(consumer), settings_of(model::ConsumerConfig{}))) {
    text += ", " + changed;
  }
  return text;
}

}  // namespace reports
