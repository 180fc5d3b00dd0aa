#include "model/zookeeper/tree.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "model/broker/zk_client.h"

namespace {

using namespace model;

constexpr SessionId kSession = 7;

Path word(int i) { return Path{} / Word(static_cast<std::uint8_t>(static_cast<int>(Word::free_words) + i)); }
const Path kA = word(0);
const Path kB = word(1);
const Path kKid = kA / Word::state;

ZkRequest multi(std::vector<ZkOp> ops) {
  ZkRequest request;
  request.multi = true;
  for (ZkOp& op : ops) request.ops.push_back(op);
  return request;
}

struct Bench {
  ZnodeTree tree = empty_tree();
  std::vector<ZnodeChange> changes;

  ZkResponse write(std::vector<ZkOp> ops, SessionId session = kSession) {
    changes.clear();
    return apply_write(tree, session, multi(std::move(ops)), changes);
  }
  ZnodeStat stat(const Path& path) const {
    const Znode* node = find(tree, path);
    REQUIRE(node != nullptr);
    return node->stat;
  }
};

std::vector<ZkCode> codes(const ZkResponse& response) {
  std::vector<ZkCode> found;
  for (const ZkResult& result : response.results) found.push_back(result.code);
  return found;
}

TEST_CASE("an empty tree has a root without children") {
  const ZnodeTree tree = empty_tree();
  REQUIRE(tree.nodes.size() == 1);
  CHECK(tree.last_zxid == 0);
  CHECK(find(tree, Path{}) != nullptr);
  CHECK(children_of(tree, Path{}).empty());
}

TEST_CASE("a failed write takes a zxid and changes nothing else") {
  Bench bench;
  bench.write({zk_create(kA, {}, false)});
  const std::uint64_t before = hash_of(bench.tree.nodes);
  CHECK(bench.write({zk_create(kA, {}, false)}).code == ZkCode::node_exists);
  CHECK(bench.write({zk_create(kB / Word::state, {}, false)}).code == ZkCode::no_node);
  CHECK(bench.write({zk_set(kA, {}, 3)}).code == ZkCode::bad_version);
  CHECK(bench.write({zk_delete(kB)}).code == ZkCode::no_node);
  CHECK(bench.changes.empty());
  CHECK(bench.tree.last_zxid == 5);
  CHECK(hash_of(bench.tree.nodes) == before);
}

TEST_CASE("a multi that fails late is undone in every part, over creations, deletions and changes of the same nodes") {
  Bench bench;
  bench.write({zk_create(kA, BrokerInfo{NodeId{1}}, false)});
  bench.write({zk_create(kKid, {}, true)});
  const std::uint64_t before = hash_of(bench.tree.nodes);
  const ZkResponse response = bench.write(
      {zk_set(kA, BrokerInfo{NodeId{2}}, 0), zk_delete(kKid), zk_create(kKid, {}, false), zk_create(kB, {}, false),
       zk_create(kB / Word::state, {}, false), zk_delete(kB / Word::state), zk_check(kA, 0), zk_delete(kA)});
  CHECK(response.code == ZkCode::bad_version);
  const ZkCode ok = ZkCode::ok;
  CHECK(codes(response) ==
        std::vector<ZkCode>{ok, ok, ok, ok, ok, ok, ZkCode::bad_version, ZkCode::runtime_inconsistency});
  CHECK(bench.changes.empty());
  CHECK(hash_of(bench.tree.nodes) == before);
  CHECK(bench.tree.last_zxid == 3);
}

TEST_CASE("the operations of a multi see each other and share one zxid") {
  Bench bench;
  const ZkResponse response = bench.write(
      {zk_create(kA, {}, false), zk_set(kA, BrokerInfo{NodeId{4}}, 0), zk_check(kA, 1), zk_create(kKid, {}, true)});
  REQUIRE(response.code == ZkCode::ok);
  CHECK(response.zxid == 1);
  CHECK(bench.stat(kA).czxid == 1);
  CHECK(bench.stat(kA).mzxid == 1);
  CHECK(bench.stat(kA).pzxid == 1);
  CHECK(bench.stat(kA).version == 1);
  CHECK(bench.stat(kKid).ephemeral_owner == kSession);
  REQUIRE(bench.changes.size() == 3);
  CHECK(bench.changes[0].kind == ZnodeChange::Kind::created);
  CHECK(bench.changes[1].kind == ZnodeChange::Kind::data_changed);
  CHECK(bench.changes[2].path == kKid);
}

TEST_CASE("a read is no part of a transaction") {
  Bench bench;
  const ZkResponse response = bench.write({zk_create(kA, {}, false), zk_read(ZkOpType::get, kA, false)});
  CHECK(response.code == ZkCode::runtime_inconsistency);
  CHECK(find(bench.tree, kA) == nullptr);
}

TEST_CASE("sequential names count every child ever created, also one created under a plain name") {
  Bench bench;
  bench.write({zk_create(kA, {}, false)});
  bench.write({zk_create(kKid, {}, false)});
  bench.write({zk_delete(kKid)});
  const Path prefix = kA / Word::isr_change_;
  const ZkResponse first = bench.write({zk_create(prefix, {}, false, true)});
  const ZkResponse second = bench.write({zk_create(prefix, {}, false, true)});
  CHECK(first.results[0].created == kA / Name{Name::Form::sequence, Word::isr_change_, 1});
  CHECK(second.results[0].created == kA / Name{Name::Form::sequence, Word::isr_change_, 2});
  CHECK(children_of(bench.tree, kA).size() == 2);
  CHECK(bench.stat(kA).cversion == 4);
}

TEST_CASE("a node with children stays, an ephemeral takes none, and the root cannot go") {
  Bench bench;
  bench.write({zk_create(kA, {}, false)});
  bench.write({zk_create(kB, {}, true)});
  bench.write({zk_create(kKid, {}, false)});
  CHECK(bench.write({zk_delete(kA)}).code == ZkCode::not_empty);
  CHECK(bench.write({zk_create(kB / Word::state, {}, false)}).code == ZkCode::no_children_for_ephemerals);
  CHECK(bench.write({zk_delete(Path{})}).code == ZkCode::not_empty);
  CHECK(bench.write({zk_create(Path{}, {}, false)}).code == ZkCode::node_exists);
}

TEST_CASE("children are the direct ones only, however deep the tree goes on") {
  Bench bench;
  const Path partitions = paths::partitions(TopicId{0});
  for (const Path& path :
       {Path{} / Word::brokers, paths::topics(), paths::topic(TopicId{0}), partitions, paths::partition(TopicId{0}, 1),
        paths::partition(TopicId{0}, 0), paths::partition_state(TopicId{0}, 1), paths::topic(TopicId{1})}) {
    REQUIRE(bench.write({zk_create(path, {}, false)}).code == ZkCode::ok);
  }
  CHECK(children_of(bench.tree, partitions) ==
        std::vector<Path>{paths::partition(TopicId{0}, 0), paths::partition(TopicId{0}, 1)});
  CHECK(children_of(bench.tree, paths::topics()).size() == 2);
  CHECK(children_of(bench.tree, paths::partition_state(TopicId{0}, 1)).empty());
  const ZkResponse answer = answer_read(bench.tree, zk_read(ZkOpType::children, partitions, false));
  CHECK(answer.children.size() == 2);
  CHECK(answer.results[0].stat.children == 2);
  CHECK(answer.zxid == 8);
}

TEST_CASE("a read of what is not there says so and takes no zxid") {
  Bench bench;
  for (const ZkOpType type : {ZkOpType::exists, ZkOpType::get, ZkOpType::children}) {
    const ZkResponse answer = answer_read(bench.tree, zk_read(type, kA, false));
    CHECK(answer.code == ZkCode::no_node);
    CHECK(answer.children.empty());
  }
  CHECK(bench.tree.last_zxid == 0);
}

TEST_CASE("the end of a session takes its ephemerals and nobody else's") {
  Bench bench;
  bench.write({zk_create(kA, {}, false)});
  bench.write({zk_create(kKid, {}, true)}, 7);
  bench.write({zk_create(kB, {}, true)}, 7);
  bench.write({zk_create(word(2), {}, true)}, 8);
  bench.changes.clear();
  bench.tree.last_zxid = 9;
  remove_ephemerals(bench.tree, 7, bench.changes);
  REQUIRE(bench.changes.size() == 2);
  CHECK(bench.changes[0].path == kB);
  CHECK(bench.changes[1].path == kKid);
  CHECK(bench.stat(kA).pzxid == 9);
  CHECK(bench.stat(kA).children == 0);
  CHECK(find(bench.tree, word(2)) != nullptr);
  CHECK(bench.tree.last_zxid == 9);
}

}  // namespace
