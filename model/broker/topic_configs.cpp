// Topic configurations that change while the cluster runs. A tool writes /config/topics/T and then a notification
// under /config/changes, on which every broker has a watch (ZkConfigManager, ZkNodeChangeNotificationListener,
// TopicConfigHandler). A broker reads them with every new session, too: before it registers, and when it has lost
// one and may have missed notifications. Until it has read a change it goes by the old configuration.
//
// Unlike Kafka, a broker reads the configuration of every topic upon a notification, not only of the one that the
// notification names.
#include "model/broker/broker.h"

namespace model {
namespace {

constexpr std::uint32_t kWatchTag = 0xffffU;  // other tags are TopicIds

void watch_changes(const Context& context, Broker& broker) {
  zk_request(context, broker, ZkOwner::topic_config, kWatchTag,
             zk_single(zk_read(ZkOpType::children, paths::config_changes(), true)));
}

void read_all(const Context& context, Broker& broker) {
  for (std::size_t i = 0; i < broker.memory.topic_settings.size(); ++i) {
    const Path path = paths::topic_config(TopicId(static_cast<std::uint16_t>(i)));
    zk_request(context, broker, ZkOwner::topic_config, static_cast<std::uint32_t>(i),
               zk_single(zk_read(ZkOpType::get, path, false)));
  }
}

}  // namespace

TopicSettings settings_of(const Context& context, const Broker& broker, TopicId topic) {
  if (broker.memory.kraft) return broker.memory.kraft->image.topics[index(topic)].settings;
  if (!broker.memory.topic_settings.empty()) return broker.memory.topic_settings[index(topic)];
  const TopicConfig& created = context.config.topics[index(topic)];
  return {created.min_insync_replicas, created.unclean_leader_election_enable};
}

void forget_topic_configs(const Context& context, Broker& broker) {
  broker.memory.topic_settings.clear();
  if (!context.config.topic_configs_change || context.config.is_kraft()) return;
  for (const TopicConfig& created : context.config.topics) {
    broker.memory.topic_settings.push_back({created.min_insync_replicas, created.unclean_leader_election_enable});
  }
}

void read_topic_configs(const Context& context, Broker& broker) {
  if (broker.memory.topic_settings.empty()) return;
  watch_changes(context, broker);  // first: a change in between is noticed either way
  read_all(context, broker);
}

bool on_config_watch(const Context& context, Broker& broker, const ZkEvent& event) {
  if (event.path != paths::config_changes()) return false;
  if (event.type == ZkEventType::node_children_changed) read_topic_configs(context, broker);
  return true;
}

void on_topic_config_reply(const Context& context, Broker& broker, std::uint32_t tag, const ZkResponse& response) {
  if (tag == kWatchTag || response.code != ZkCode::ok) return;  // without a znode it is as created
  const TopicSettings* read = std::get_if<TopicSettings>(&response.results.front().data);
  if (read == nullptr || tag >= broker.memory.topic_settings.size()) return;
  TopicSettings& known = broker.memory.topic_settings[tag];
  if (known == *read) return;
  const bool may_elect = read->unclean_leader_election_enable && !known.unclean_leader_election_enable;
  known = *read;
  const TopicId topic = TopicId(static_cast<std::uint16_t>(tag));
  context.tell(TopicConfigApplied{topic, known.min_insync_replicas, known.unclean_leader_election_enable});
  // The controller among the brokers elects where a partition has no leader (enableTopicUncleanLeaderElection).
  if (may_elect) put_event(context, broker, UncleanElectionEnabled{topic});
}

}  // namespace model
