#include "model/value.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "model/path.h"
#include "model/small_vec.h"
#include "model/time.h"

using namespace model;

// Not in an anonymous namespace: counting the members of an aggregate needs types with linkage.
namespace value_test {

struct Inner {
  std::int32_t a = 1;
  bool b = false;
  FIELDS(a, b);
};
struct Outer {
  Inner inner;
  std::vector<std::int32_t> list;
  std::optional<Inner> maybe;
  std::variant<std::monostate, Inner, std::string> choice;
  std::array<std::int16_t, 2> pair{};
  FIELDS(inner, list, maybe, choice, pair);
};
struct Nothing {
  NO_FIELDS();
};
struct Stamped {
  std::int32_t a = 0;
  Instant seen;
  FIELDS(a, seen);
};

// Counts its living copies.
struct Counted {
  std::shared_ptr<int> token;
};

}  // namespace value_test

using namespace value_test;

TEST_CASE("a value's fields are visited in order under their names") {
  std::string seen;
  for_each_field(Inner{7, true}, [&](std::string_view name, const auto& value) {
    seen += std::string(name) + "=" + std::to_string(value) + " ";
  });
  CHECK(seen == "a=7 b=1 ");
  CHECK(field_name<Outer>(3) == "choice");
  CHECK(field_name<Outer>(4) == "pair");
  for_each_field(Nothing{}, [](std::string_view name, const auto&) { FAIL(name); });
}

TEST_CASE("a hash depends on every field and on how values are grouped") {
  const Outer base{{}, {1, 2}, std::nullopt, std::monostate{}, {3, 4}};
  const std::uint64_t hash = hash_of(base);
  CHECK(hash_of(Outer{base}) == hash);
  Outer changed = base;
  SUBCASE("nested") { changed.inner.b = true; }
  SUBCASE("list element") { changed.list[1] = 3; }
  SUBCASE("list length") { changed.list.push_back(0); }
  SUBCASE("optional") { changed.maybe = Inner{}; }
  SUBCASE("alternative") { changed.choice = std::string(); }
  SUBCASE("array") { changed.pair[0] = 4; }
  CHECK(hash_of(changed) != hash);
}

TEST_CASE("lists next to each other do not hash like one list") {
  using Lists = std::vector<std::vector<std::int32_t>>;
  CHECK(hash_of(Lists{{1}, {2}}) != hash_of(Lists{{1, 2}, {}}));
  CHECK(hash_of(std::string("12345678")) != hash_of(std::string("123456780")));
}

TEST_CASE("a hash is the same number on every machine") {
  CHECK(hash_of(Inner{1, true}) == 15865309192133588610ULL);
  CHECK(hash_of(std::string("controller_epoch")) == 7882216784576275637ULL);
}

TEST_CASE("instants are no part of a hash") {
  CHECK(hash_of(Stamped{1, kNever}) == hash_of(Stamped{1, Instant{5}}));
  CHECK(hash_of(Stamped{1, kNever}) != hash_of(Stamped{2, kNever}));
}

TEST_CASE("a fixed vector keeps order and removes by value") {
  FixedVec<std::int32_t, 4> values{3, 1, 2};
  CHECK(values.contains(1));
  values.remove(1);
  values.remove(9);
  CHECK(values == FixedVec<std::int32_t, 4>{3, 2});
  CHECK_FALSE(values == FixedVec<std::int32_t, 4>{2, 3});
  CHECK(hash_of(values) == hash_of(FixedVec<std::int32_t, 4>{3, 2}));
  values.push_back(5);
  values.push_back(6);
  CHECK(values.size() == values.capacity());
  CHECK(values.back() == 6);
  values.clear();
  CHECK(values.empty());
}

TEST_CASE("a small vector copies and moves in place and on the heap") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{2}, std::size_t{9}}) {
    SmallVec<std::string, 2> values;
    for (std::size_t i = 0; i != size; ++i)
      values.push_back("a string too long to be kept in place " + std::to_string(i));
    const SmallVec<std::string, 2> copy = values;
    CHECK(copy == values);
    CHECK(hash_of(copy) == hash_of(values));
    SmallVec<std::string, 2> moved = std::move(values);
    CHECK(moved == copy);
    SmallVec<std::string, 2> assigned{"x", "y", "z"};
    assigned = copy;
    CHECK(assigned == copy);
    assigned = std::move(moved);
    CHECK(assigned == copy);
    const SmallVec<std::string, 2>& itself = assigned;
    assigned = itself;
    CHECK(assigned == copy);
  }
}

TEST_CASE("a moved-from small vector is empty and usable") {
  SmallVec<std::int32_t, 1> values{1, 2, 3};
  const SmallVec<std::int32_t, 1> taken = std::move(values);
  CHECK(values.empty());  // NOLINT(bugprone-use-after-move): that is the promise
  values.push_back(7);
  CHECK(values.back() == 7);
  CHECK(taken.size() == 3);
}

TEST_CASE("a small vector may push one of its own elements") {
  SmallVec<std::string, 1> values{"first, and long enough to live on the heap"};
  for (int i = 0; i != 5; ++i) values.push_back(values.front());
  CHECK(values.size() == 6);
  for (const std::string& value : values) CHECK(value == values.front());
}

TEST_CASE("a small vector erases one, a range, and everything") {
  SmallVec<std::int32_t, 2> values{0, 1, 2, 3, 4, 5};
  std::int32_t* at = values.erase(values.begin() + 1);
  CHECK(*at == 2);
  at = values.erase(values.begin() + 1, values.begin() + 3);
  CHECK(*at == 4);
  CHECK(values == SmallVec<std::int32_t, 2>{0, 4, 5});
  values.pop_back();
  CHECK(values.back() == 4);
  values.erase(values.begin(), values.end());
  CHECK(values.empty());
}

TEST_CASE("a small vector destroys what it held, once") {
  const auto token = std::make_shared<int>(1);
  {
    SmallVec<Counted, 2> values;
    for (int i = 0; i != 5; ++i) values.push_back(Counted{token});
    SmallVec<Counted, 2> copy = values;
    CHECK(token.use_count() == 11);
    copy.erase(copy.begin());
    CHECK(token.use_count() == 10);
    values = std::move(copy);
    CHECK(token.use_count() == 5);
  }
  CHECK(token.use_count() == 1);
}

TEST_CASE("durations compute and compare in whole microseconds") {
  CHECK(milliseconds(3) + microseconds(5) == microseconds(3'005));
  CHECK(seconds(1) - milliseconds(1) == milliseconds(999));
  CHECK(milliseconds(1) * 3 / 2 == microseconds(1'500));
  CHECK(milliseconds(2) < seconds(1));
}

TEST_CASE("a limit has elapsed only when it is exceeded, and never has always elapsed") {
  const Clock clock(Instant{10'000});
  CHECK_FALSE(clock.has_elapsed(Instant{9'000}, milliseconds(1)));
  CHECK(clock.has_elapsed(Instant{8'999}, milliseconds(1)));
  CHECK(clock.has_elapsed(kNever, seconds(1'000)));
}

TEST_CASE("never is older than every stamp but not than itself") {
  const Clock clock(Instant{10'000});
  CHECK(clock.is_older(kNever, Instant{0}));
  CHECK_FALSE(clock.is_older(Instant{0}, kNever));
  CHECK_FALSE(clock.is_older(kNever, kNever));
  CHECK(clock.is_older(Instant{1}, Instant{2}));
  CHECK_FALSE(clock.is_older(Instant{2}, Instant{2}));
  CHECK(clock.later_of(kNever, Instant{2}) == Instant{2});
}

TEST_CASE("a scripted clock answers in the order of the questions, then no, and asks nothing about never") {
  ScriptedAnswers script{{true, false, true}, 0};
  const Clock clock(Instant{0}, &script);
  CHECK(clock.has_elapsed(Instant{0}, seconds(1)));
  CHECK(clock.has_elapsed(kNever, seconds(1)));
  CHECK_FALSE(clock.is_older(Instant{0}, Instant{9}));
  CHECK(clock.has_elapsed(Instant{0}, seconds(1)));
  CHECK_FALSE(clock.has_elapsed(Instant{0}, seconds(1)));
  CHECK(script.asked == 4);
}

TEST_CASE("a path knows its parent and its children") {
  const Path state = paths::partition_state(TopicId{3}, 1);
  CHECK(state.depth() == 6);
  CHECK(state.parent() == paths::partition(TopicId{3}, 1));
  CHECK(state.is_child_of(paths::partition(TopicId{3}, 1)));
  CHECK_FALSE(state.is_child_of(paths::partition(TopicId{3}, 2)));
  CHECK_FALSE(state.is_child_of(paths::partitions(TopicId{3})));
  CHECK(paths::controller().parent().is_root());
  CHECK(state.last() == Name{Name::Form::word, Word::state, 0});
  CHECK(hash_of(state) != hash_of(paths::partition_state(TopicId{3}, 2)));
}

TEST_CASE("a path is written as ZooKeeper writes it") {
  const auto text = [](const Path& path) {
    return text_of(
        path, [](TopicId topic) { return "topic" + std::to_string(static_cast<int>(topic)); },
        [](int word) { return "free" + std::to_string(word); });
  };
  CHECK(text(Path{}) == "/");
  CHECK(text(paths::broker_id(NodeId{2})) == "/brokers/ids/2");
  CHECK(text(paths::partition_state(TopicId{3}, 1)) == "/brokers/topics/topic3/partitions/1/state");
  CHECK(text(paths::isr_changes() / Name{Name::Form::sequence, Word::isr_change_, 42}) ==
        "/isr_change_notification/isr_change_0000000042");
  CHECK(text(Path{} / Word(static_cast<int>(Word::free_words) + 5)) == "/free5");
  CHECK(text(paths::isr_change_prefix()) == "/isr_change_notification/isr_change_");
}
