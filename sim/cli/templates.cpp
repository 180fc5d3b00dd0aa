#include "sim/cli/templates.h"

#include <array>

#include "sim/cli/find.h"

namespace cli {
namespace {

constexpr std::string_view kCrash = R"json(// Run this with: fencepost run FILE. Comments are welcome everywhere.
// "fencepost describe faults", "describe facts" and "describe settings" list the words to use.
{
  "title": "A leader crashes and comes back",
  "story": "b2 leads t-0 and dies. When its session has expired, b3 is elected; b2 returns as a follower.",
  "cluster": {
    "mode": "zookeeper",
    "version": "3.9",  // of Kafka: its rules and its defaults
    "brokers": 3,      // b1, b2, b3; b1 starts first and becomes the controller
    "config": {        // Kafka's own keys
      "zookeeper.session.timeout.ms": 6000,
      "auto.leader.rebalance.enable": false
    },
    // The replicas of each partition, the preferred leader first.
    "topics": {"t": {"partitions": [[2, 3, 1]], "config": {"min.insync.replicas": 2}}}
  },
  "clients": [
    {"producer": "p1", "topic": "t", "acks": "all", "rate": "20/s", "start": "1s", "count": 1000}
  ],
  // What goes wrong, and when. A fault that has no effect fails the scenario.
  "faults": [
    {"at": "10s", "crash": "leader(t-0)", "for": "20s"}
  ],
  "until": "60s",
  // What has to come true. Try "between": ["10s", "12s"] to see how a failure looks.
  "expect": [
    {"fact": "zk_session_closed", "owner": "b2", "expired": true, "between": ["12s", "19s"]},
    {"fact": "became_leader", "node": "b3", "partition": "t-0", "between": ["12s", "20s"]},
    {"at": "59s", "leader(t-0)": "b3"},
    {"at": "59s", "isr(t-0)": ["b1", "b2", "b3"]},
    {"never": "record_lost"}
  ]
}
)json";

constexpr std::string_view kPause = R"json(// Run this with: fencepost run FILE. Comments are welcome everywhere.
// "fencepost describe faults", "describe facts" and "describe settings" list the words to use.
{
  "title": "A leader sleeps longer than its session lives",
  "story": "b2 leads t-0 and stands still; b3 is elected. On waking b2 believes that it leads, until it is told.",
  "cluster": {
    "mode": "zookeeper",
    "version": "3.9",
    "brokers": 3,
    "config": {
      "zookeeper.session.timeout.ms": 6000,
      "auto.leader.rebalance.enable": false
    },
    "topics": {"t": {"partitions": [[2, 3, 1]], "config": {"min.insync.replicas": 2}}}
  },
  "clients": [
    {"producer": "p1", "topic": "t", "acks": "all", "rate": "20/s", "start": "1s", "count": 1000}
  ],
  // A pause is a long garbage collection, a stopped virtual machine, a kill -STOP. Make it shorter than the session
  // ("for": "3s"): nobody is elected, and the expectations say so.
  "faults": [
    {"at": "10s", "pause": "leader(t-0)", "for": "15s"}
  ],
  "until": "60s",
  "expect": [
    // What others decide while b2 sleeps.
    {"fact": "zk_session_closed", "owner": "b2", "expired": true, "between": ["12s", "19s"]},
    {"fact": "became_leader", "node": "b3", "partition": "t-0", "between": ["12s", "20s"]},
    // What b2 learns on waking.
    {"fact": "zk_session_expired_seen", "node": "b2", "after": "25s"},
    {"fact": "became_follower", "node": "b2", "partition": "t-0", "leader": "b3", "after": "25s"},
    {"at": "59s", "isr(t-0)": ["b1", "b2", "b3"]},
    {"never": "record_lost"}
  ]
}
)json";

constexpr std::string_view kCut = R"json(// Run this with: fencepost run FILE. Comments are welcome everywhere.
// "fencepost describe faults", "describe facts" and "describe settings" list the words to use.
{
  "title": "A follower is cut off from its leader",
  "story": "b3 cannot fetch from b2, which leads t-0, and leaves the ISR, though both live. Later it catches up.",
  "cluster": {
    "mode": "zookeeper",
    "version": "3.9",
    "brokers": 3,
    "config": {
      "replica.lag.time.max.ms": 10000,
      "auto.leader.rebalance.enable": false
    },
    "topics": {"t": {"partitions": [[2, 3, 1]], "config": {"min.insync.replicas": 2}}}
  },
  "clients": [
    {"producer": "p1", "topic": "t", "acks": "all", "rate": "20/s", "start": "1s", "count": 1000}
  ],
  // Packets between the two sides are lost; connections stay open until somebody times out. Sides may be lists and
  // roles: [["leader(t-0)"], ["zookeeper", "b1"]]. "one_way": true loses only packets from the first to the second.
  "faults": [
    {"at": "10s", "cut": ["b3", "b2"], "for": "30s"}
  ],
  "until": "100s",
  "expect": [
    // Leaders look every half replica.lag.time.max.ms for followers that have been behind for longer than it.
    {"fact": "partition_state", "partition": "t-0", "isr": ["b2", "b1"], "between": ["20s", "27s"]},
    {"at": "39s", "leader(t-0)": "b2"},
    {"at": "39s", "isr(t-0)": ["b1", "b2"]},
    {"at": "99s", "isr(t-0)": ["b1", "b2", "b3"]},
    {"never": "zk_session_closed"},
    {"never": "record_lost"}
  ]
}
)json";

constexpr std::string_view kUpgrade = R"json(// Run this with: fencepost run FILE. Comments are welcome everywhere.
// "fencepost describe faults", "describe facts" and "describe settings" list the words to use.
{
  "title": "What an upgrade changes: min.insync.replicas above the number of replicas",
  "story": "Two replicas are never three: 2.6 refuses every write with acks=all. In 3.9 the smaller number counts.",
  "cluster": {
    "mode": "zookeeper",
    "version": "2.6",  // with 3.9 these expectations fail, each with what was found instead
    "brokers": 3,
    "config": {"auto.leader.rebalance.enable": false},
    "topics": {"t": {"partitions": [[2, 3]], "config": {"min.insync.replicas": 3}}}
  },
  "clients": [
    {
      "producer": "p1", "topic": "t", "acks": "all", "rate": "20/s", "start": "1s", "count": 200,
      "props": {"request.timeout.ms": 5000, "delivery.timeout.ms": 10000}
    }
  ],
  // A new controller changes nothing about it.
  "faults": [
    {"at": "5s", "move_controller": true}
  ],
  "until": "30s",
  // "fencepost describe rules" shows how the versions decide.
  "expect": [
    {"fact": "not_enough_replicas", "node": "b2", "partition": "t-0"},
    {"fact": "records_failed", "node": "p1"},
    {"never": "records_acknowledged"}
  ]
}
)json";

constexpr std::array<Template, 4> kTemplates{{
    {"crash", "A leader crashes and comes back.", kCrash},
    {"pause", "A leader sleeps longer than its ZooKeeper session lives.", kPause},
    {"cut", "A follower is cut off from its leader and leaves the ISR.", kCut},
    {"upgrade", "A decision that changed between two versions of Kafka.", kUpgrade},
}};

}  // namespace

std::span<const Template> templates() { return kTemplates; }

std::vector<std::string> names_to_start_from() {
  std::vector<std::string> names;
  for (const Template& row : kTemplates) names.emplace_back(row.name);
  const std::string library = library_folder();
  if (library.empty()) return names;
  for (const std::string& path : find_scenarios({library}).files) names.push_back(name_of(path));
  return names;
}

}  // namespace cli
