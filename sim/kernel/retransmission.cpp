// TCP's persistence: what is sent again, and when.
#include <algorithm>

#include "sim/kernel/connections.h"

namespace sim {
namespace {

constexpr std::int32_t kInitialCongestionWindow = 10;  // segments (RFC 6928); small requests are one each

// kernel/time/timer.c with 250 ticks a second: 64 slots a level, each level eight times as coarse.
std::int64_t timer_slot_us(std::int64_t interval_us) {
  std::int64_t slot = 4'000;
  while (interval_us >= 63 * slot) slot *= 8;
  return slot;
}

}  // namespace

std::int64_t next_retransmission(const LinkSettings& links, std::int64_t sent_us, std::int64_t now_us,
                                 std::uint64_t key) {
  std::int64_t interval = std::max<std::int64_t>(links.retransmit_first.us, 1);
  Dice lateness(key);
  std::int64_t at = sent_us + interval;
  while (at <= now_us) {
    interval = std::max(interval, std::min(2 * interval, links.retransmit_max.us));
    at += interval;
    if (links.timer_wheel) at += lateness.range(0, timer_slot_us(interval));
  }
  return at;
}

std::int64_t next_attempt(const LinkSettings& links, std::int64_t attempted_us, std::int64_t now_us) {
  std::int64_t interval = std::max<std::int64_t>(links.syn_retry.us, 1);
  std::int64_t at = attempted_us + interval;
  for (std::int32_t repeats = 1; at <= now_us; ++repeats) {
    // The first interval after the linear ones is still that long: 1 1 1 1, 1 2 4 ...
    if (repeats > links.syn_linear) interval = std::max(interval, std::min(2 * interval, links.retransmit_max.us));
    at += interval;
  }
  return at;
}

// Nothing is scheduled while a direction is cut: a retransmission into a cut has no effect, so the next one
// is worked out when the way is free again.
void Connections::path_opened(std::int64_t now_us) {
  for (std::uint32_t i = 0; i < connections_.size(); ++i) {
    if (!connections_[i].used) continue;
    schedule_retransmission(now_us, i, 0);
    schedule_retransmission(now_us, i, 1);
    schedule_attempt(now_us, i);
  }
}

// Data arrives while only the other direction is cut, but its acknowledgements do not: after the first
// time-out, or a full congestion window, the sender repeats what has long arrived and sends nothing new.
bool Connections::lacks_acknowledgements(std::int64_t now_us, Connection& c, std::size_t direction) const {
  Direction& sending = c.directions[direction];
  if (!is_cut(c, 1 - direction)) {
    sending.unacknowledged_since = INT64_MIN;
    return false;
  }
  if (sending.unacknowledged_since == INT64_MIN) {
    sending.unacknowledged_since = now_us;
    sending.unacknowledged = 0;
  }
  return now_us - sending.unacknowledged_since >= links_.retransmit_first.us ||
         ++sending.unacknowledged > kInitialCongestionWindow;
}

// Something comes back at last: what waited for acknowledgements goes on.
void Connections::acknowledge(std::int64_t now_us, std::uint32_t connection, std::size_t direction) {
  Direction& sending = connections_[connection].directions[direction];
  if (sending.unacknowledged_since == INT64_MIN || is_cut(connections_[connection], direction)) return;
  release_stalled(now_us, sending);
}

void Connections::release_stalled(std::int64_t now_us, Direction& direction) {
  direction.unacknowledged_since = INT64_MIN;
  std::uint32_t packet = direction.first_stalled;
  direction.first_stalled = direction.last_stalled = kNoSlot;
  while (packet != kNoSlot) {
    const std::uint32_t behind = packets_[packet].next;
    packets_[packet].next = kNoSlot;
    direction.last_arrival = std::max(direction.last_arrival, now_us + takes_us(packets_[packet]));
    queue_.push(direction.last_arrival, Wake::packet, packet);
    packet = behind;
  }
}

bool Connections::is_held_up(const Connection& c, std::size_t direction) const {
  if (is_cut(c, direction)) return true;
  return c.directions[direction].unacknowledged_since != INT64_MIN && is_cut(c, 1 - direction);
}

void Connections::schedule_retransmission(std::int64_t now_us, std::uint32_t connection, std::size_t direction) {
  const Connection& c = connections_[connection];
  Direction& stalled = connections_[connection].directions[direction];
  if (stalled.first_stalled == kNoSlot || stalled.retransmit_queued || is_held_up(c, direction)) return;
  stalled.retransmit_queued = true;
  const bool repeats = stalled.unacknowledged_since != INT64_MIN;
  const std::int64_t since = repeats ? stalled.unacknowledged_since : packets_[stalled.first_stalled].sent_us;
  const std::uint64_t key = mix(seed_ ^ mix(packed(c.id) ^ static_cast<std::uint64_t>(since)) ^ direction);
  const std::int64_t at = next_retransmission(links_, since, now_us, key);
  queue_.push(at, Wake::packet, new_packet(now_us, connection, PacketType::retransmit, direction, 0));
}

void Connections::schedule_attempt(std::int64_t now_us, std::uint32_t connection) {
  const Connection& c = connections_[connection];
  if (c.attempt_waits && !attempt_is_blocked(c)) retry_attempt(now_us, connection);
}

void Connections::retry_attempt(std::int64_t now_us, std::uint32_t connection) {
  Connection& c = connections_[connection];
  if (c.retry_queued) return;
  c.retry_queued = true;
  const std::int64_t at = next_attempt(links_, c.attempted_us, now_us);
  queue_.push(at, Wake::packet, new_packet(now_us, connection, PacketType::syn_retry, 0, 0));
}

// The first stalled packet gets through, and with it the ones behind it.
void Connections::retransmit(std::int64_t now_us, std::uint32_t connection, std::size_t direction) {
  Direction& stalled = connections_[connection].directions[direction];
  stalled.retransmit_queued = false;
  if (is_held_up(connections_[connection], direction)) return;
  if (is_lost(connections_[connection], direction)) return schedule_retransmission(now_us, connection, direction);
  release_stalled(now_us, stalled);
  acknowledge(now_us, connection, 1 - direction);
}

bool Connections::heal_application(std::int64_t now_us, std::uint32_t application) {
  bool any = cuts_.heal_id(application);
  any |= disturbances_.end(application);
  path_opened(now_us);
  return any;
}

bool Connections::heal_direction(std::int64_t now_us, model::NodeId from, model::NodeId to) {
  bool any = cuts_.heal_direction(from, to);
  any |= disturbances_.end_way(from, to);
  path_opened(now_us);
  return any;
}

bool Connections::heal_all(std::int64_t now_us) {
  bool any = cuts_.heal_all();
  any |= disturbances_.end_all_ways();
  path_opened(now_us);
  return any;
}

}  // namespace sim
