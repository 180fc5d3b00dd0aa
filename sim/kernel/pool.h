// Everything that travels on a connection waits in a slot of this pool. Slots are reused and keep their
// capacity, so a run that is warm allocates nothing for a message.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "model/message.h"

namespace sim {

enum class PacketType : std::uint8_t {
  data,
  fin,       // the sender's end is closed: by its process or with it
  accepted,  // the server's end is open
  refused,
  torn,  // the connection was reset: to both ends at once
  // Never seen by a process:
  syn,
  syn_retry,   // at the client: the next attempt to connect is due
  retransmit,  // at the sender: the first stalled packet is sent again
};

inline constexpr std::uint32_t kNoSlot = UINT32_MAX;

struct Packet {
  model::Body body;  // data only
  std::int64_t sent_us = 0;
  std::int64_t delay_us = 0;  // latency and processing
  std::uint32_t connection = kNoSlot;
  std::uint32_t next = kNoSlot;  // behind it in a stalled direction, or in the free list
  PacketType type = PacketType::data;
  std::uint8_t direction = 0;
  bool held = false;  // has waited for a paused process, behind those with smaller tickets
  std::uint32_t ticket = 0;
};

class PacketPool {
 public:
  std::uint32_t take() {
    if (free_ == kNoSlot) {
      packets_.emplace_back();
      return static_cast<std::uint32_t>(packets_.size() - 1);
    }
    const std::uint32_t slot = free_;
    free_ = packets_[slot].next;
    packets_[slot].next = kNoSlot;
    packets_[slot].held = false;
    return slot;
  }
  void give_back(std::uint32_t slot) {
    packets_[slot].next = free_;
    free_ = slot;
  }
  Packet& operator[](std::uint32_t slot) { return packets_[slot]; }
  const Packet& operator[](std::uint32_t slot) const { return packets_[slot]; }

 private:
  std::vector<Packet> packets_;
  std::uint32_t free_ = kNoSlot;
};

}  // namespace sim
