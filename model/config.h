// What a cluster is made of: immutable during a run, shared by every node. Settings carry Kafka's own
// names with dots as underscores; their defaults are those of Kafka 3.9 (docs/configuration), the
// version profiles of rules/registry.cpp change the ones that moved.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/ids.h"
#include "model/time.h"
#include "model/value.h"

namespace model {

// Which replica a leader sends a consumer to (KIP-392). leader: LeaderSelector, or no selector, which is the default;
// rack_aware: RackAwareReplicaSelector.
enum class ReplicaSelector : std::uint8_t { leader, rack_aware };

struct BrokerSettings {
  Duration zookeeper_session_timeout = milliseconds(18'000);
  Duration replica_lag_time_max = milliseconds(30'000);
  Duration replica_fetch_wait_max = milliseconds(500);
  std::int32_t replica_fetch_min_bytes = 1;
  std::int32_t replica_fetch_max_bytes = 1 << 20;
  Duration replica_fetch_backoff = milliseconds(1'000);
  Duration replica_socket_timeout = milliseconds(30'000);
  std::int32_t num_replica_fetchers = 1;
  Duration replica_high_watermark_checkpoint_interval = milliseconds(5'000);
  Duration request_timeout = milliseconds(30'000);
  Duration controller_socket_timeout = milliseconds(30'000);
  Duration socket_connection_setup_timeout = milliseconds(10'000);
  bool auto_leader_rebalance_enable = true;
  Duration leader_imbalance_check_interval = seconds(300);
  std::int32_t leader_imbalance_per_broker_percentage = 10;
  bool controlled_shutdown_enable = true;
  std::int32_t controlled_shutdown_max_retries = 3;
  Duration controlled_shutdown_retry_backoff = milliseconds(5'000);
  bool unclean_leader_election_enable = false;
  std::int32_t min_insync_replicas = 1;
  ReplicaSelector replica_selector_class = ReplicaSelector::leader;
  FIELDS(zookeeper_session_timeout, replica_lag_time_max, replica_fetch_wait_max, replica_fetch_min_bytes,
         replica_fetch_max_bytes, replica_fetch_backoff, replica_socket_timeout, num_replica_fetchers,
         replica_high_watermark_checkpoint_interval, request_timeout, controller_socket_timeout,
         socket_connection_setup_timeout, auto_leader_rebalance_enable, leader_imbalance_check_interval,
         leader_imbalance_per_broker_percentage, controlled_shutdown_enable, controlled_shutdown_max_retries,
         controlled_shutdown_retry_backoff, unclean_leader_election_enable, min_insync_replicas,
         replica_selector_class);
  bool operator==(const BrokerSettings&) const = default;
};

// How long a broker process takes to come up: not a setting of Kafka, but of the machine.
struct StartupTimes {
  Duration connect_min = milliseconds(450), connect_max = milliseconds(750);        // start to ZooKeeper session
  Duration register_min = milliseconds(700), register_max = milliseconds(1'100);    // session to registration
  Duration isr_check_min = milliseconds(650), isr_check_max = milliseconds(1'050);  // session to first check
  Duration serve_min = milliseconds(150), serve_max = milliseconds(350);  // registration to first request served
  Duration stop_min = milliseconds(60), stop_max = milliseconds(120);     // controlled shutdown to closed session
  FIELDS(connect_min, connect_max, register_min, register_max, isr_check_min, isr_check_max, serve_min, serve_max,
         stop_min, stop_max);
  bool operator==(const StartupTimes&) const = default;
};

struct TopicConfig {
  std::string name;
  std::vector<Replicas> assignment;  // by partition number; the first replica is the preferred leader
  std::int32_t min_insync_replicas = 1;
  bool unclean_leader_election_enable = false;
  std::int32_t first_partition = 0;  // PartitionId of partition 0; the others follow
  FIELDS(name, assignment, min_insync_replicas, unclean_leader_election_enable, first_partition);
  bool operator==(const TopicConfig&) const = default;
};

struct PartitionConfig {
  TopicId topic{};
  std::int32_t number = 0;
  FIELDS(topic, number);
  bool operator==(const PartitionConfig&) const = default;
};

enum class Acks : std::int8_t { none = 0, leader = 1, all = -1 };

struct ProducerConfig {
  std::string name;
  TopicId topic{};
  Acks acks = Acks::all;
  Duration interval = milliseconds(50);  // between two records
  std::int32_t count = 0;                // records to send in all
  bool enable_idempotence = true;
  std::int32_t retries = 2'147'483'647;
  std::int32_t max_in_flight = 5;      // requests per connection
  std::int32_t batch_records = 1'489;  // batch.size over the size of a record
  Duration linger = milliseconds(0);
  Duration request_timeout = milliseconds(30'000);
  Duration delivery_timeout = milliseconds(120'000);
  Duration retry_backoff = milliseconds(100);
  Duration retry_backoff_max = milliseconds(1'000);
  Duration reconnect_backoff = milliseconds(50);
  Duration reconnect_backoff_max = milliseconds(1'000);
  Duration metadata_max_age = seconds(300);
  FIELDS(name, topic, acks, interval, count, enable_idempotence, retries, max_in_flight, batch_records, linger,
         request_timeout, delivery_timeout, retry_backoff, retry_backoff_max, reconnect_backoff, reconnect_backoff_max,
         metadata_max_age);
  bool operator==(const ProducerConfig&) const = default;
};

// Where a consumer begins that has no position, or whose position is in no log any more.
enum class OffsetReset : std::uint8_t { latest, earliest, none };

// Reads all partitions of a topic, as by KafkaConsumer.assign: groups are not modelled.
struct ConsumerConfig {
  std::string name;
  TopicId topic{};
  OffsetReset auto_offset_reset = OffsetReset::latest;
  Duration fetch_max_wait = milliseconds(500);
  std::int32_t fetch_min_bytes = 1;
  std::int32_t max_partition_fetch_bytes = 1 << 20;
  Duration request_timeout = milliseconds(30'000);
  Duration retry_backoff = milliseconds(100);
  Duration retry_backoff_max = milliseconds(1'000);
  Duration reconnect_backoff = milliseconds(50);
  Duration reconnect_backoff_max = milliseconds(1'000);
  Duration metadata_max_age = seconds(300);  // also how long it keeps to a preferred read replica
  std::string client_rack;                   // empty: none
  FIELDS(name, topic, auto_offset_reset, fetch_max_wait, fetch_min_bytes, max_partition_fetch_bytes, request_timeout,
         retry_backoff, retry_backoff_max, reconnect_backoff, reconnect_backoff_max, metadata_max_age, client_rack);
  bool operator==(const ConsumerConfig&) const = default;
};

// What all processes of a cluster in KRaft mode share (raft/QuorumConfig, server/config/KRaftConfigs).
struct QuorumSettings {
  Duration controller_quorum_election_timeout = milliseconds(1'000);
  Duration controller_quorum_fetch_timeout = milliseconds(2'000);
  Duration controller_quorum_election_backoff_max = milliseconds(1'000);
  Duration controller_quorum_append_linger = milliseconds(25);
  Duration controller_quorum_request_timeout = milliseconds(2'000);
  Duration controller_quorum_retry_backoff = milliseconds(20);
  Duration broker_heartbeat_interval = milliseconds(2'000);
  Duration broker_session_timeout = milliseconds(9'000);
  Duration initial_broker_registration_timeout = milliseconds(60'000);
  Duration metadata_max_idle_interval = milliseconds(500);  // 0: no NoOp records
  Duration metadata_log_max_snapshot_interval = milliseconds(3'600'000);
  std::int64_t metadata_log_max_record_bytes_between_snapshots = 20'971'520;
  std::int64_t metadata_max_retention_bytes = 104'857'600;
  std::int32_t metadata_record_bytes = 100;           // not a setting of Kafka: how much a record counts above
  std::int32_t eligible_leader_replicas_version = 0;  // feature level with which the cluster is formatted (4.0)
  std::int32_t kraft_version = 0;                     // likewise; 1: voters in the log (KIP-853)
  FIELDS(controller_quorum_election_timeout, controller_quorum_fetch_timeout, controller_quorum_election_backoff_max,
         controller_quorum_append_linger, controller_quorum_request_timeout, controller_quorum_retry_backoff,
         broker_heartbeat_interval, broker_session_timeout, initial_broker_registration_timeout,
         metadata_max_idle_interval, metadata_log_max_snapshot_interval,
         metadata_log_max_record_bytes_between_snapshots, metadata_max_retention_bytes, metadata_record_bytes,
         eligible_leader_replicas_version, kraft_version);
  bool operator==(const QuorumSettings&) const = default;
};

// Partitions that the cluster has besides those that are modelled. Nothing happens to them; they cost time when a
// controller in ZooKeeper mode takes over: it reads the state of each, then tells every broker of all of them. A
// controller in KRaft mode has replayed theirs with the log.
struct OtherPartitions {
  std::int32_t count = 0;
  Duration read = microseconds(140);  // per partition: 100,000 in 14 s (Kafka 1.1.0, docs/failover.md)
  FIELDS(count, read);
  bool operator==(const OtherPartitions&) const = default;
};

struct ClusterConfig {
  std::vector<BrokerSettings> brokers;  // of broker 1, 2, ...
  std::vector<TopicConfig> topics;
  std::vector<PartitionConfig> partitions;  // by PartitionId
  std::vector<ProducerConfig> producers;    // node ids follow the brokers'
  Duration zookeeper_tick = milliseconds(2'000);
  StartupTimes startup;
  std::int32_t record_bytes = 11;    // size of a record as batches and fetches count it: small, as VerifiableProducer's
  std::vector<std::string> racks{};  // broker.rack of broker 1, 2, ...; none: no racks
  // Topic configurations may change while the cluster runs. Only then do brokers and controller ask ZooKeeper for
  // them: what never changes needs no events.
  bool topic_configs_change = false;
  // KRaft mode if there are voters: controllers of their own, whose ids follow the producers', or brokers with both
  // roles. A controller that is no voter at the start can be added (KIP-853).
  Replicas voters{};
  std::int32_t controllers = 0;  // processes with the controller's role alone
  QuorumSettings quorum{};
  OtherPartitions other_partitions{};
  std::vector<ConsumerConfig> consumers{};  // node ids follow the controllers'
  FIELDS(brokers, topics, partitions, producers, zookeeper_tick, startup, record_bytes, racks, topic_configs_change,
         voters, controllers, quorum, other_partitions, consumers);
  bool operator==(const ClusterConfig&) const = default;

  bool is_kraft() const { return !voters.empty(); }
  std::size_t node_count() const {
    return 1 + brokers.size() + producers.size() + static_cast<std::size_t>(controllers) + consumers.size();
  }
  bool is_controller(NodeId id) const {  // a process with that role alone
    return static_cast<std::size_t>(id) > brokers.size() + producers.size() &&
           static_cast<std::size_t>(id) < first_consumer();
  }
  NodeId controller(std::int32_t number) const {  // c1, c2, ...
    return NodeId(static_cast<std::uint8_t>(brokers.size() + producers.size() + static_cast<std::size_t>(number)));
  }
  bool is_broker(NodeId id) const { return id != kZooKeeper && static_cast<std::size_t>(id) <= brokers.size(); }
  const BrokerSettings& broker(NodeId id) const { return brokers[static_cast<std::size_t>(id) - 1]; }
  bool is_producer(NodeId id) const {
    return static_cast<std::size_t>(id) > brokers.size() &&
           static_cast<std::size_t>(id) <= brokers.size() + producers.size();
  }
  const ProducerConfig& producer(NodeId id) const {
    return producers[static_cast<std::size_t>(id) - 1 - brokers.size()];
  }
  std::size_t first_consumer() const { return node_count() - consumers.size(); }  // its node id; they come last
  bool is_consumer(NodeId id) const {
    return static_cast<std::size_t>(id) >= first_consumer() && static_cast<std::size_t>(id) < node_count();
  }
  std::size_t consumer_index(NodeId id) const { return static_cast<std::size_t>(id) - first_consumer(); }
  const ConsumerConfig& consumer(NodeId id) const { return consumers[consumer_index(id)]; }
  // By the name of a rack, which is a broker's: kNoRack if there is none, kForeignRack if no broker is there.
  RackId rack_id(std::string_view name) const {
    if (name.empty()) return kNoRack;
    for (std::size_t i = 0; i < racks.size(); ++i) {
      if (racks[i] == name) return RackId(static_cast<std::int16_t>(i));
    }
    return kForeignRack;
  }
  RackId rack_of(NodeId broker) const {
    return racks.empty() ? kNoRack : rack_id(racks[static_cast<std::size_t>(broker) - 1]);
  }
  const TopicConfig& topic_of(PartitionId id) const { return topics[index(partitions[index(id)].topic)]; }
  PartitionId partition_of(TopicId topic, std::int32_t number) const {
    return PartitionId(static_cast<std::uint16_t>(topics[index(topic)].first_partition + number));
  }
  std::string name_of(PartitionId id) const {
    return topic_of(id).name + "-" + std::to_string(partitions[index(id)].number);
  }
  std::string name_of(NodeId id) const {  // "zookeeper", "b1", "p1", "c1"; "none" for kNoNode
    if (id == kZooKeeper) return "zookeeper";
    if (id == kNoNode) return "none";
    if (is_controller(id))
      return "c" + std::to_string(static_cast<std::size_t>(id) - brokers.size() - producers.size());
    if (is_consumer(id)) return consumer(id).name;
    return is_broker(id) ? "b" + std::to_string(number(id)) : producer(id).name;
  }
};

}  // namespace model
