// Puts the pieces of a trace's lines into a buffer that is written when it is full. Names are escaped once,
// before the run.
#pragma once

#include <concepts>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "model/config.h"
#include "model/facts.h"
#include "model/ids.h"
#include "model/message.h"

namespace reports {

class TraceLine {
 public:
  TraceLine(std::FILE* file, const model::ClusterConfig& config);

  void put(std::string_view text);
  void begin_object();  // the next member has no comma in front
  void put_number(std::int64_t number);
  void put_json_string(std::string_view text);

  // A key and what stands under it, with a comma in front unless it is the first. `name` needs no escaping.
  void member(std::string_view name, std::string_view text);
  void member(std::string_view name, const char* text) { member(name, std::string_view(text)); }
  void member(std::string_view name, bool truth);
  template <std::integral T>
  void member(std::string_view name, T number) {
    key(name);
    put_number(static_cast<std::int64_t>(number));
  }
  void member(std::string_view name, model::NodeId node);
  void member(std::string_view name, model::PartitionId partition);
  void member(std::string_view name, model::TopicId topic);
  void member(std::string_view name, const model::Replicas& replicas);  // "b1 b2"; "none" if empty
  void member(std::string_view name, model::Duration duration);         // milliseconds, not negative
  void member(std::string_view name, model::ErrorCode error) { member(name, model::name_of(error)); }
  void member(std::string_view name, const model::Path& path);
  void member(std::string_view name, const model::SmallVec<model::Path, 2>& paths);
  void member(std::string_view name, const model::ConnectionId& via);
  void session(std::string_view name, model::SessionId id);  // "0x1"
  void key(std::string_view name);

  // What a message carries: the fields that say what it is about.
  void body(const model::Body& body);
  // Every field of a fact, named as model::fields_of names them.
  void fact(const model::Fact& fact);

  bool flush();  // false: something could not be written
  const model::ClusterConfig& config() const { return config_; }

 private:
  std::string_view name_of(model::NodeId node) const;

  std::FILE* file_;
  const model::ClusterConfig& config_;
  std::vector<std::string> nodes_, partitions_;  // escaped, without quotes
  std::vector<char> buffer_;
  std::size_t used_ = 0;
  bool is_first_member_ = false;
  bool failed_ = false;
};

}  // namespace reports
