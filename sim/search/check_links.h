// The connections in a flat state of a search: entries of [name, head, packets to the server, packets to the client],
// ordered by name. See CheckState.
#pragma once

#include <cstdint>
#include <vector>

#include "model/ensure.h"

namespace sim {

class CheckLinks {
 public:
  static constexpr std::size_t kClient = 0, kServer = 1;  // sides; a direction is named by the side that sends
  static constexpr std::size_t kNone = SIZE_MAX;

  CheckLinks(std::vector<std::uint32_t>& words, std::size_t begin) : words_(words), begin_(begin) {}

  std::size_t begin() const { return begin_; }
  std::size_t end() const { return words_.size(); }
  std::size_t next(std::size_t at) const { return at + kHead + length(at, kClient) + length(at, kServer); }
  std::size_t find(std::uint32_t name) const {
    for (std::size_t at = begin_; at < words_.size(); at = next(at)) {
      if (words_[at] == name) return at;
    }
    return kNone;
  }
  std::uint32_t name(std::size_t at) const { return words_[at]; }
  bool is_open(std::size_t at, std::size_t side) const { return (words_[at + 1] >> side & 1U) != 0; }
  std::size_t length(std::size_t at, std::size_t direction) const {
    return words_[at + 1] >> shift(direction) & kLengthMax;
  }
  std::uint32_t front(std::size_t at, std::size_t direction) const { return words_[first(at, direction)]; }

  void pop(std::size_t at, std::size_t direction) {
    words_.erase(words_.begin() + static_cast<std::ptrdiff_t>(first(at, direction)));
    words_[at + 1] -= 1U << shift(direction);
  }
  void push(std::size_t at, std::size_t direction, std::uint32_t packet) {
    const std::size_t count = length(at, direction);
    ENSURE(count < kLengthMax);
    words_.insert(words_.begin() + static_cast<std::ptrdiff_t>(first(at, direction) + count), packet);
    words_[at + 1] += 1U << shift(direction);
  }
  void set_open(std::size_t at, std::size_t side) { words_[at + 1] |= 1U << side; }

  // A new connection whose client waits for `answer`.
  void add(std::uint32_t name, bool accepted, std::uint32_t answer) {
    std::size_t at = begin_;
    while (at < words_.size() && words_[at] < name) at = next(at);
    ENSURE(at == words_.size() || words_[at] != name);
    const std::uint32_t head = 1U << kClient | (accepted ? 1U : 0U) << kServer | 1U << shift(kServer);
    words_.insert(words_.begin() + static_cast<std::ptrdiff_t>(at), {name, head, answer});
  }
  // What was on the way to that end is lost; the peer, if it is there, finds `closed` behind what was sent to it.
  // Returns whether the connection is still in the table.
  bool close(std::size_t at, std::size_t side, std::uint32_t closed) {
    const std::size_t peer = 1 - side;
    while (length(at, peer) > 0) pop(at, peer);
    words_[at + 1] &= ~(1U << side);
    if (is_open(at, peer)) {
      push(at, side, closed);
      return true;
    }
    remove(at);
    return false;
  }
  // The end at `side` has heard that the other one is gone.
  void remove(std::size_t at) {
    const auto from = words_.begin() + static_cast<std::ptrdiff_t>(at);
    words_.erase(from, words_.begin() + static_cast<std::ptrdiff_t>(next(at)));
  }

 private:
  static constexpr std::size_t kHead = 2;
  static constexpr std::uint32_t kLengthMax = 0xfff;
  static constexpr std::uint32_t shift(std::size_t direction) { return direction == kClient ? 8 : 20; }
  std::size_t first(std::size_t at, std::size_t direction) const {
    return at + kHead + (direction == kServer ? length(at, kClient) : 0);
  }

  std::vector<std::uint32_t>& words_;
  std::size_t begin_;
};

}  // namespace sim
