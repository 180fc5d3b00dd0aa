// The path of a znode, as a small flat value: up to six names. A name is a well-known word, a number,
// a topic, or a word with ZooKeeper's ten-digit sequence number. Topics appear by TopicId, so that
// state never holds strings.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>

#include "model/ensure.h"
#include "model/ids.h"
#include "model/value.h"

namespace model {

enum class Word : std::uint8_t {
  brokers,
  ids,
  topics,
  partitions,
  state,
  controller,
  controller_epoch,
  config,
  isr_change_notification,
  isr_change_,
  admin,
  delete_topics,
  preferred_replica_election,
  changes,
  config_change_,
  free_words,  // a replayed script numbers its own words from here on
};
std::string_view text_of(Word word);

// One component of a path. Ordered as (form, value, word): total, but not ZooKeeper's own order of
// children, which is unspecified.
struct Name {
  enum class Form : std::uint8_t { none, word, number, topic, sequence };
  Form form = Form::none;
  Word word_part{};        // for word and sequence
  std::int32_t value = 0;  // for number, topic and sequence
  FIELDS(form, word_part, value);
  auto operator<=>(const Name&) const = default;
};

class Path {
 public:
  static constexpr std::size_t kDepthMax = 6;
  Path() = default;  // the root
  Path operator/(Name name) const {
    ENSURE(depth_ < kDepthMax);
    Path longer = *this;
    longer.names_[longer.depth_++] = name;
    return longer;
  }
  Path operator/(Word word) const { return *this / Name{Name::Form::word, word, 0}; }
  Path operator/(TopicId topic) const { return *this / Name{Name::Form::topic, {}, static_cast<std::int32_t>(topic)}; }
  Path operator/(std::int32_t number) const { return *this / Name{Name::Form::number, {}, number}; }
  bool is_root() const { return depth_ == 0; }
  std::size_t depth() const { return depth_; }
  Name name(std::size_t i) const { return names_[i]; }
  Name last() const { return names_[depth_ - 1U]; }
  Path parent() const {
    Path shorter = *this;
    shorter.names_[--shorter.depth_] = {};
    return shorter;
  }
  bool is_child_of(const Path& parent_path) const {
    return depth_ == parent_path.depth_ + 1U && parent() == parent_path;
  }
  auto fields() const { return std::tie(depth_, names_); }
  static constexpr std::string_view kFieldNames = "depth_, names_";
  auto operator<=>(const Path&) const = default;

 private:
  std::uint8_t depth_ = 0;
  std::array<Name, kDepthMax> names_{};
};

// Kafka's paths (zk/ZkData.scala).
namespace paths {
inline Path controller() { return Path{} / Word::controller; }
inline Path controller_epoch() { return Path{} / Word::controller_epoch; }
inline Path broker_ids() { return Path{} / Word::brokers / Word::ids; }
inline Path broker_id(NodeId broker) { return broker_ids() / static_cast<std::int32_t>(broker); }
inline Path topics() { return Path{} / Word::brokers / Word::topics; }
inline Path topic(TopicId id) { return topics() / id; }
inline Path partitions(TopicId id) { return topic(id) / Word::partitions; }
inline Path partition(TopicId id, int number) { return partitions(id) / std::int32_t{number}; }
inline Path partition_state(TopicId id, int number) { return partition(id, number) / Word::state; }
inline Path config() { return Path{} / Word::config; }
inline Path topic_config(TopicId id) { return config() / Word::topics / id; }
inline Path topic_configs() { return config() / Word::topics; }
inline Path config_changes() { return config() / Word::changes; }
inline Path config_change_prefix() { return config_changes() / Word::config_change_; }
inline Path isr_changes() { return Path{} / Word::isr_change_notification; }
// The prefix of a sequential create; the server fills in the number.
inline Path isr_change_prefix() { return isr_changes() / Word::isr_change_; }
}  // namespace paths

// "/brokers/topics/t/partitions/0/state". `name_of_topic(TopicId)` and `name_of_free_word(int)` supply
// what a path only refers to.
template <typename NameOfTopic, typename NameOfFreeWord>
std::string text_of(const Path& path, NameOfTopic name_of_topic, NameOfFreeWord name_of_free_word) {
  if (path.is_root()) return "/";
  std::string out;
  for (std::size_t i = 0; i < path.depth(); ++i) {
    const Name name = path.name(i);
    out += '/';
    if (name.form == Name::Form::number) {
      out += std::to_string(name.value);
    } else if (name.form == Name::Form::topic) {
      out += name_of_topic(TopicId(static_cast<std::uint16_t>(name.value)));
    } else {
      out += name.word_part < Word::free_words
                 ? std::string(text_of(name.word_part))
                 : name_of_free_word(static_cast<int>(name.word_part) - static_cast<int>(Word::free_words));
      if (name.form == Name::Form::sequence) {
        const std::string digits = std::to_string(name.value);
        out += std::string(10 - digits.size(), '0') + digits;
      }
    }
  }
  return out;
}

}  // namespace model
