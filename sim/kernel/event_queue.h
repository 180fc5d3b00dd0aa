// What happens next: a 4-ary heap of 16-byte events. The order is total, by time and then by the sequence
// number drawn when the event was scheduled, so no run depends on how a heap breaks ties.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/ensure.h"

namespace sim {

// Which table the slot of an event refers to.
enum class Wake : std::uint8_t {
  packet,   // PacketPool
  timer,    // Timers
  control,  // faults and starts
  act,      // an operator's act that waited for a paused process
};

struct Event {
  static constexpr unsigned kSlotBits = 24, kWakeBits = 2;
  static constexpr std::uint64_t kSlotMask = (std::uint64_t{1} << kSlotBits) - 1;

  std::int64_t at_us = 0;
  std::uint64_t order = 0;  // sequence (38 bits), wake (2), slot (24)

  Wake wake() const { return static_cast<Wake>((order >> kSlotBits) & 3U); }
  std::uint32_t slot() const { return static_cast<std::uint32_t>(order & kSlotMask); }
};
static_assert(sizeof(Event) == 16);

inline bool comes_before(const Event& a, const Event& b) {
  __extension__ using Signed = __int128;  // both compilers have it, ISO C++ does not
  const auto whole = [](const Event& e) { return (static_cast<Signed>(e.at_us) << 64) | e.order; };
  return whole(a) < whole(b);
}

class EventQueue {
 public:
  // A place in the order among events of the same time.
  std::uint64_t draw_order(Wake wake, std::uint32_t slot) {
    ENSURE(slot <= Event::kSlotMask && sequence_ < kSequenceEnd);
    return (sequence_++ << (Event::kSlotBits + Event::kWakeBits)) |
           (static_cast<std::uint64_t>(wake) << Event::kSlotBits) | slot;
  }
  void push(std::int64_t at_us, Wake wake, std::uint32_t slot) { push(Event{at_us, draw_order(wake, slot)}); }

  void push(const Event& event) {
    if (root_is_hole_) {
      root_is_hole_ = false;
      sink(event);
      return;
    }
    heap_.push_back(event);
    std::size_t at = heap_.size() - 1;
    while (at != 0) {
      const std::size_t parent = (at - 1) / 4;
      if (!comes_before(event, heap_[parent])) break;
      heap_[at] = heap_[parent];
      at = parent;
    }
    heap_[at] = event;
  }

  bool empty() const { return size() == 0; }
  std::size_t size() const { return heap_.size() - (root_is_hole_ ? 1U : 0U); }

  // The queue must not be empty.
  const Event& top() {
    close_hole();
    return heap_.front();
  }
  // Leaves a hole at the root: most events schedule another one, which then sinks in from there.
  Event pop() {
    close_hole();
    root_is_hole_ = true;
    return heap_.front();
  }

 private:
  static constexpr std::uint64_t kSequenceEnd = std::uint64_t{1} << 38;

  void close_hole() {
    if (!root_is_hole_) return;
    root_is_hole_ = false;
    const Event last = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) sink(last);
  }

  // Puts `event` where the root was.
  void sink(const Event& event) {
    const std::size_t size = heap_.size();
    std::size_t at = 0;
    for (;;) {
      const std::size_t first = 4 * at + 1;
      if (first >= size) break;
      const std::size_t end = first + 4 < size ? first + 4 : size;
      std::size_t least = first;
      for (std::size_t child = first + 1; child < end; ++child) {
        if (comes_before(heap_[child], heap_[least])) least = child;
      }
      if (!comes_before(heap_[least], event)) break;
      heap_[at] = heap_[least];
      at = least;
    }
    heap_[at] = event;
  }

  std::vector<Event> heap_;
  std::uint64_t sequence_ = 0;
  bool root_is_hole_ = false;
};

}  // namespace sim
