// Real keys that the model does not implement, from the configuration tables of Kafka 2.6 to 4.0
// (docs/configuration). Naming them tells a key without effect from a misspelt one.
#include "scenarios/settings.h"

namespace scenarios {
namespace {

constexpr std::string_view kBrokerKeys[] = {
    "advertised.listeners", "alter.config.policy.class.name", "alter.log.dirs.replication.quota.window.num",
    "alter.log.dirs.replication.quota.window.size.seconds", "authorizer.class.name", "auto.include.jmx.reporter",
    "background.threads", "broker.heartbeat.interval.ms", "broker.id", "broker.id.generation.enable", "broker.rack",
    "broker.session.timeout.ms", "client.quota.callback.class", "compression.gzip.level", "compression.lz4.level",
    "compression.type", "compression.zstd.level", "connection.failed.authentication.delay.ms",
    "connections.max.idle.ms", "connections.max.reauth.ms", "control.plane.listener.name",
    "controller.listener.names", "controller.quorum.append.linger.ms", "controller.quorum.bootstrap.servers",
    "controller.quorum.election.backoff.max.ms", "controller.quorum.election.timeout.ms",
    "controller.quorum.fetch.timeout.ms", "controller.quorum.request.timeout.ms",
    "controller.quorum.retry.backoff.ms", "controller.quorum.voters", "controller.quota.window.num",
    "controller.quota.window.size.seconds", "create.topic.policy.class.name", "default.replication.factor",
    "delegation.token.expiry.check.interval.ms", "delegation.token.expiry.time.ms",
    "delegation.token.max.lifetime.ms", "delegation.token.secret.key",
    "delete.records.purgatory.purge.interval.requests", "delete.topic.enable", "early.start.listeners",
    "eligible.leader.replicas.enable", "fetch.max.bytes", "fetch.purgatory.purge.interval.requests",
    "group.consumer.assignors", "group.consumer.heartbeat.interval.ms", "group.consumer.session.timeout.ms",
    "group.coordinator.rebalance.protocols", "group.coordinator.threads", "group.initial.rebalance.delay.ms",
    "group.max.session.timeout.ms", "group.max.size", "group.min.session.timeout.ms",
    "initial.broker.registration.timeout.ms", "inter.broker.listener.name", "inter.broker.protocol.version",
    "kafka.metrics.polling.interval.secs", "kafka.metrics.reporters", "listener.security.protocol.map", "listeners",
    "log.cleaner.backoff.ms", "log.cleaner.dedupe.buffer.size", "log.cleaner.delete.retention.ms",
    "log.cleaner.enable", "log.cleaner.io.buffer.load.factor", "log.cleaner.io.buffer.size",
    "log.cleaner.io.max.bytes.per.second", "log.cleaner.max.compaction.lag.ms", "log.cleaner.min.cleanable.ratio",
    "log.cleaner.min.compaction.lag.ms", "log.cleaner.threads", "log.cleanup.policy", "log.dir", "log.dirs",
    "log.flush.interval.messages", "log.flush.interval.ms", "log.flush.offset.checkpoint.interval.ms",
    "log.flush.scheduler.interval.ms", "log.flush.start.offset.checkpoint.interval.ms", "log.index.interval.bytes",
    "log.index.size.max.bytes", "log.local.retention.bytes", "log.local.retention.ms",
    "log.message.downconversion.enable", "log.message.format.version", "log.message.timestamp.after.max.ms",
    "log.message.timestamp.before.max.ms", "log.message.timestamp.difference.max.ms", "log.message.timestamp.type",
    "log.preallocate", "log.retention.bytes", "log.retention.check.interval.ms", "log.retention.hours",
    "log.retention.minutes", "log.retention.ms", "log.roll.hours", "log.roll.jitter.hours", "log.roll.jitter.ms",
    "log.roll.ms", "log.segment.bytes", "log.segment.delete.delay.ms", "max.connection.creation.rate",
    "max.connections", "max.connections.per.ip", "max.connections.per.ip.overrides",
    "max.incremental.fetch.session.cache.slots", "message.max.bytes", "metadata.log.dir",
    "metadata.log.max.record.bytes.between.snapshots", "metadata.log.max.snapshot.interval.ms",
    "metadata.log.segment.bytes", "metadata.log.segment.ms", "metadata.max.idle.interval.ms",
    "metadata.max.retention.bytes", "metadata.max.retention.ms", "metric.reporters", "metrics.num.samples",
    "metrics.recording.level", "metrics.sample.window.ms", "node.id", "num.io.threads", "num.network.threads",
    "num.partitions", "num.recovery.threads.per.data.dir", "num.replica.alter.log.dirs.threads",
    "offset.metadata.max.bytes", "offsets.commit.required.acks", "offsets.commit.timeout.ms",
    "offsets.load.buffer.size", "offsets.retention.check.interval.ms", "offsets.retention.minutes",
    "offsets.topic.compression.codec", "offsets.topic.num.partitions", "offsets.topic.replication.factor",
    "offsets.topic.segment.bytes", "password.encoder.secret", "principal.builder.class", "process.roles",
    "producer.id.expiration.check.interval.ms", "producer.id.expiration.ms",
    "producer.purgatory.purge.interval.requests", "queued.max.request.bytes", "queued.max.requests",
    "quota.window.num", "quota.window.size.seconds", "remote.log.manager.thread.pool.size",
    "remote.log.storage.system.enable", "replica.fetch.response.max.bytes", "replica.selector.class",
    "replica.socket.receive.buffer.bytes", "replication.quota.window.num", "replication.quota.window.size.seconds",
    "reserved.broker.max.id", "sasl.enabled.mechanisms", "sasl.mechanism.inter.broker.protocol",
    "security.inter.broker.protocol", "security.providers", "server.max.startup.time.ms",
    "socket.connection.setup.timeout.max.ms", "socket.listen.backlog.size", "socket.receive.buffer.bytes",
    "socket.request.max.bytes", "socket.send.buffer.bytes", "ssl.client.auth", "ssl.enabled.protocols",
    "ssl.key.password", "ssl.keystore.location", "ssl.keystore.password", "ssl.keystore.type", "ssl.protocol",
    "ssl.truststore.location", "ssl.truststore.password",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms", "transaction.max.timeout.ms",
    "transaction.remove.expired.transaction.cleanup.interval.ms", "transaction.state.log.load.buffer.size",
    "transaction.state.log.min.isr", "transaction.state.log.num.partitions",
    "transaction.state.log.replication.factor", "transaction.state.log.segment.bytes",
    "transactional.id.expiration.ms", "unclean.recovery.strategy", "unstable.api.versions.enable",
    "unstable.feature.versions.enable", "zookeeper.clientCnxnSocket", "zookeeper.connect",
    "zookeeper.connection.timeout.ms", "zookeeper.max.in.flight.requests", "zookeeper.metadata.migration.enable",
    "zookeeper.set.acl", "zookeeper.ssl.client.enable", "zookeeper.sync.time.ms",
};

constexpr std::string_view kTopicKeys[] = {
    "cleanup.policy", "compression.gzip.level", "compression.lz4.level", "compression.type",
    "compression.zstd.level", "delete.retention.ms", "file.delete.delay.ms", "flush.messages", "flush.ms",
    "follower.replication.throttled.replicas", "index.interval.bytes", "leader.replication.throttled.replicas",
    "local.retention.bytes", "local.retention.ms", "max.compaction.lag.ms", "max.message.bytes",
    "message.downconversion.enable", "message.format.version", "message.timestamp.after.max.ms",
    "message.timestamp.before.max.ms", "message.timestamp.difference.max.ms", "message.timestamp.type",
    "min.cleanable.dirty.ratio", "min.compaction.lag.ms", "preallocate", "remote.storage.enable", "retention.bytes",
    "retention.ms", "segment.bytes", "segment.index.bytes", "segment.jitter.ms", "segment.ms",
};

constexpr std::string_view kProducerKeys[] = {
    "auto.include.jmx.reporter", "bootstrap.servers", "buffer.memory", "client.dns.lookup", "client.id",
    "compression.gzip.level", "compression.lz4.level", "compression.type", "compression.zstd.level",
    "connections.max.idle.ms", "enable.metrics.push", "interceptor.classes", "key.serializer", "max.block.ms",
    "max.request.size", "metadata.max.idle.ms", "metadata.recovery.strategy", "metric.reporters",
    "metrics.num.samples", "metrics.recording.level", "metrics.sample.window.ms",
    "partitioner.adaptive.partitioning.enable", "partitioner.availability.timeout.ms", "partitioner.class",
    "partitioner.ignore.keys", "receive.buffer.bytes", "sasl.jaas.config", "sasl.mechanism", "security.protocol",
    "security.providers", "send.buffer.bytes", "socket.connection.setup.timeout.max.ms",
    "socket.connection.setup.timeout.ms", "ssl.key.password", "ssl.keystore.location", "ssl.keystore.password",
    "ssl.truststore.location", "ssl.truststore.password", "transaction.timeout.ms", "transactional.id",
    "value.serializer",
};

}  // namespace

std::span<const std::string_view> unmodelled_broker_keys() { return kBrokerKeys; }
std::span<const std::string_view> unmodelled_topic_keys() { return kTopicKeys; }
std::span<const std::string_view> unmodelled_producer_keys() { return kProducerKeys; }

}  // namespace scenarios
