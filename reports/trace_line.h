// Puts the pieces of a trace's lines into a buffer that is written when it is full, to a file or to the end of a
// text. Names are escaped once, before the run.
#pragma once

#include <concepts>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "model/config.h"
#include "model/ensure.h"
#include "model/facts.h"
#include "model/ids.h"
#include "model/invariants/invariant.h"
#include "model/message.h"

namespace reports {

class TraceLine {
 public:
  TraceLine(std::FILE* file, const model::ClusterConfig& config);
  TraceLine(std::string& text, const model::ClusterConfig& config);  // it gets what is written at each flush

  void put(std::string_view text) {
    char* at = room(text.size());
    if (at == nullptr) return put_large(text);
    std::memcpy(at, text.data(), text.size());
    used_ += text.size();
  }
  void begin_object() {  // the next member has no comma in front
    put("{");
    is_first_member_ = true;
  }
  void put_number(std::int64_t number);
  void put_json_string(std::string_view text);

  // A key and what stands under it, with a comma in front unless it is the first. `name` needs no escaping
  // and is at most kNameMax bytes long.
  void member(std::string_view name, std::string_view text) {
    key(name);
    char* at = room(text.size() + 2);
    if (at == nullptr) return put_large_in_quotes(text);
    *at = '"';
    std::memcpy(at + 1, text.data(), text.size());
    at[text.size() + 1] = '"';
    used_ += text.size() + 2;
  }
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
  void member(std::string_view name, model::ResetReason reason) { member(name, model::name_of(reason)); }
  void member(std::string_view name, model::LossReason reason) { member(name, model::name_of(reason)); }
  void member(std::string_view name, model::QuorumRole role) { member(name, model::name_of(role)); }
  void member(std::string_view name, model::QuorumFault fault) { member(name, model::name_of(fault)); }
  void member(std::string_view name, model::InvariantId id) { member(name, model::row_of(id).name); }
  void member(std::string_view name, const model::Path& path);
  void member(std::string_view name, const model::SmallVec<model::Path, 2>& paths);
  void member(std::string_view name, const model::ConnectionId& via);
  void session(std::string_view name, model::SessionId id);  // "0x1"
  void key(std::string_view name) {
    ENSURE(name.size() <= kNameMax);
    char* at = room(kNameMax + 4);
    char* const begin = at;
    if (!is_first_member_) *at++ = ',';
    is_first_member_ = false;
    *at++ = '"';
    std::memcpy(at, name.data(), name.size());
    at += name.size();
    *at++ = '"';
    *at++ = ':';
    used_ += static_cast<std::size_t>(at - begin);
  }

  // What a message carries: the fields that say what it is about.
  void body(const model::Body& body);
  // Every field of a fact, named as model::fields_of names them.
  void fact(const model::Fact& fact);

  bool flush();  // false: something could not be written
  const model::ClusterConfig& config() const { return config_; }

 private:
  static constexpr std::size_t kNameMax = 64;  // of a key

  // Where `size` bytes fit; null if they are more than the buffer holds.
  char* room(std::size_t size) {
    if (size > buffer_.size() - used_) flush();
    return size > buffer_.size() ? nullptr : buffer_.data() + used_;
  }
  void put_large(std::string_view text);
  void put_large_in_quotes(std::string_view text);
  std::string_view name_of(model::NodeId node) const;
  void write(std::string_view text);

  std::FILE* file_ = nullptr;
  std::string* text_ = nullptr;
  const model::ClusterConfig& config_;
  std::vector<std::string> nodes_, partitions_;  // escaped, without quotes
  std::vector<char> buffer_;
  std::size_t used_ = 0;
  bool is_first_member_ = false;
  bool failed_ = false;
};

}  // namespace reports
